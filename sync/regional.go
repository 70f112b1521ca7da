package sync

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// Time zone and language are told by no list: each extension's own take one call
// (Directory.Regional). So they are read for those alone who need it, some in each
// run:
//
//	the extension                     its member's time zone and language
//	--------------------------------  --------------------------------------------
//	read in this run                  what was read
//	read before, its record the same  what was read then: an edit by hand is reverted
//	read before, its record another   likewise, and it is to be read again
//	never read                        the account's own stand in, and it is to be read
//	none is attached by rcUserId      unknown if some was read before, else the account's
//
// What is to be read is looked up in this run or in a later one; failing costs
// nothing but the time until then.

// Region is a time zone and a language; empty is unknown.
type Region struct {
	TimeZone string `json:"time_zone,omitempty"` // IANA name, no legacy one
	Language string `json:"language,omitempty"`  // BCP 47 tag
}

// Regional is what one run knows of regional settings.
type Regional struct {
	Account Region            `json:"account,omitzero"` // the account's own
	Own     map[string]Region `json:"own,omitempty"`    // by extension id: what was looked up in this run
}

// undoRegional has an extension read again whose settings were undone (R29).
func (m *Member) undoRegional(f Field) {
	if (f == TimeZone || f == Language) && m.Synced.Regional != "" {
		m.Synced.Regional = "undone" // is no extension's key
	}
}

// regionalKey is an extension's record in a few letters: settings that were read
// under another key are to be read again.
func regionalKey(e *Extension) string {
	d := newDigest()
	for _, value := range []string{e.Type, e.Status, e.Number, e.FirstName, e.LastName, e.Email, e.Department, e.JobTitle, e.Site} {
		d.add(value)
	}
	return e.ID + ":" + d.String()
}

// assessRegional takes a person's time zone and language by the table above, and
// notes whether theirs are to be read. m is nil for a newcomer.
func (p *planner) assessRegional(v *verdict, person *Person, m *Member) {
	regional := p.in.Snapshot.Regional
	if regional == nil {
		return
	}
	synced, before := Profile{}, ""
	if m != nil {
		synced, before = m.Synced.Profile, m.Synced.Regional
	}
	own, source := Region{}, "not known"
	unread := ""
	if e := person.Ext; e != nil && person.ExtByID && e.HasContact {
		key := regionalKey(e)
		if read, ok := regional.Own[e.ID]; ok {
			own, v.Regional, source = read, key, "read in this run"
		} else {
			if before != "" {
				own, source = Region{synced[TimeZone], synced[Language]}, "read in an earlier run"
			}
			if before != key {
				unread = e.ID
				source += ", to be read"
			}
		}
	}
	if unread != person.outcome.details().unread {
		person.outcome.more().unread = unread
	}
	standIn := before == "" && v.Regional == ""
	v.setRegional(TimeZone, own.TimeZone, regional.Account.TimeZone, standIn || synced[TimeZone] == "")
	v.setRegional(Language, own.Language, regional.Account.Language, standIn || synced[Language] == "")
	if p.in.Trace != nil {
		p.trace(person, m, "R8", "RingEX regional settings", "their own are %s: time zone %q, language %q; the account's own are %q and %q",
			source, own.TimeZone, own.Language, regional.Account.TimeZone, regional.Account.Language)
	}
}

// setRegional takes a person's own value, else the account's where that may stand
// in for it; the field stays unknown where there is neither (R8).
func (v *verdict) setRegional(f Field, own, account string, standIn bool) {
	if own == "" && standIn {
		own = account
	}
	if own != "" {
		v.Profile[f] = own
		v.Known = v.Known.With(f)
	}
}

// unread says whether a person's own regional settings are to be read: of people
// who belong to the roster now, and have nothing undecided about them.
func (p *Person) unread() bool {
	o := &p.outcome
	return o.details().unread != "" && (o.decision == changed || o.decision == onboarded || o.decision == unchanged)
}

// lookups names the extensions to look up in this run, at most as many as the
// settings allow. Each version of the roster draws another order, so that those
// who fail each time cannot keep the others waiting for ever.
func (p *planner) lookups() []string {
	type lot struct{ draw, id string }
	var lots []lot
	version := strconv.FormatInt(p.in.State.Version, 10)
	for _, person := range p.people.all {
		if person.unread() {
			d, id := newDigest(), person.outcome.details().unread
			d.add(version)
			d.add(id)
			lots = append(lots, lot{d.String(), id})
		}
	}
	if len(lots) == 0 {
		return nil
	}
	most := p.in.Policy.RegionalLookups
	p.plan.Notes = append(p.plan.Notes, Note{
		Reason: NoteRegionalWaits,
		Detail: fmt.Sprintf("the own time zone and language of %d people are still to be read; a full run reads %d at most", len(lots), most),
	})
	slices.SortFunc(lots, func(a, b lot) int { return cmp.Or(strings.Compare(a.draw, b.draw), strings.Compare(a.id, b.id)) })
	ids := make([]string, min(most, len(lots)))
	for i := range ids {
		ids[i] = lots[i].id
	}
	return ids
}

// withRegional adds what was looked up in this run.
func (s *Snapshot) withRegional(own map[string]Region, warnings []Warning) *Snapshot {
	joined := *s
	regional := Regional{Account: s.Regional.Account, Own: maps.Clone(s.Regional.Own)}
	if regional.Own == nil {
		regional.Own = make(map[string]Region, len(own))
	}
	maps.Copy(regional.Own, own)
	joined.Regional = &regional
	joined.Warnings = slices.Concat(s.Warnings, warnings)
	return &joined
}
