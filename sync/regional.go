package sync

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
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

// An employee number in a custom field is told by the same call, and by no list that it has
// changed. So everybody's is read again, those first of whom it was read longest ago.

// Region is a time zone and a language; empty is unknown.
type Region struct {
	TimeZone string `json:"time_zone,omitempty"` // IANA name, no legacy one
	Language string `json:"language,omitempty"`  // BCP 47 tag
	// EmployeeID is what the custom field holds; it is unknown where the record has no list
	// of custom fields.
	EmployeeID    string `json:"employee_id,omitempty"`
	HasEmployeeID bool   `json:"has_employee_id,omitempty"`
}

// Regional is what one run knows of regional settings.
type Regional struct {
	Account Region            `json:"account,omitzero"` // the account's own
	Own     map[string]Region `json:"own,omitempty"`    // by extension id: what was looked up in this run
	// CustomField is the name of the one that holds the employee number; "": none is read.
	CustomField string `json:"custom_field,omitempty"`
	CustomOnly  bool   `json:"custom_only,omitempty"` // time zone and language are not synced
}

// undoRegional has an extension read again whose settings were undone (R29).
func (m *Member) undoRegional(f Field) {
	if (f == TimeZone || f == Language || f == EmployeeID) && m.Synced.Regional != "" {
		m.Synced.Regional = "undone" // is no extension's key
	}
}

// key is an extension's record in a few letters, and the custom field that is read:
// what was read under another key is to be read again. Where a custom field is read, the day
// of the reading follows (readKey).
func (r *Regional) key(e *Extension) string {
	d := newDigest()
	for _, value := range []string{e.Type, e.Status, e.Number, e.FirstName, e.LastName, e.Email, e.Department, e.JobTitle, e.Site} {
		d.add(value)
	}
	if r.CustomOnly {
		d.add("custom field only")
	}
	key := e.ID + ":" + d.String()
	if r.CustomField != "" {
		c := newDigest()
		c.add(r.CustomField)
		key += ":" + c.String()
	}
	return key
}

// of is what this run read of a person by itself.
func (r *Regional) of(person *Person) Region {
	if e := person.Ext; r != nil && e != nil && person.ExtByID && e.HasContact {
		return r.Own[e.ID]
	}
	return Region{}
}

// readKey is what a member keeps of a reading: its key and, where a custom field was read, the
// day. It gives them back without what the settings do not ask for any more.
func (r *Regional) readKey(kept string) (key, day string) {
	parts := strings.Split(kept, ":")
	if len(parts) < 4 {
		return kept, ""
	}
	if r.CustomField == "" {
		return strings.Join(parts[:2], ":"), ""
	}
	return strings.Join(parts[:3], ":"), parts[3]
}

// assessRegional takes a person's time zone, language and employee number by the table above,
// and notes whether theirs are to be read. m is nil for a newcomer.
func (p *planner) assessRegional(v *verdict, person *Person, m *Member) {
	regional := p.in.Snapshot.Regional
	if regional == nil {
		return
	}
	synced, kept := Profile{}, ""
	if m != nil {
		synced, kept = m.Synced.Profile, m.Synced.Regional
	}
	before, day := regional.readKey(kept)
	own, source := Region{}, "not known"
	unread, readOn, readBefore, today := "", "", false, p.in.Now.UTC().Format(time.DateOnly)
	if e := person.Ext; e != nil && person.ExtByID && e.HasContact {
		key := regional.key(e)
		readBefore = day != ""
		if read, ok := regional.Own[e.ID]; ok {
			own, v.Regional, source = read, key, "read in this run"
			if regional.CustomField != "" {
				v.Regional += ":" + today
			}
		} else {
			if before != "" {
				own, source = Region{TimeZone: synced[TimeZone], Language: synced[Language]}, "read in an earlier run"
			}
			if before != key {
				unread = e.ID
				source += ", to be read"
			} else if readBefore && day < today {
				unread, readOn = e.ID, day
			}
		}
	}
	if was := person.outcome.details(); unread != was.unread || readOn != was.readOn {
		person.outcome.more().unread, person.outcome.more().readOn = unread, readOn
	}
	p.setEmployeeID(v, own, synced[EmployeeID], readBefore)
	if regional.CustomField != "" {
		p.trace(person, m, "R8", "RingEX custom fields", "the employee number is %s: employee_id %q", source, v.Profile[EmployeeID])
	}
	if regional.CustomOnly {
		return
	}
	standIn := before == "" && v.Regional == ""
	v.setRegional(TimeZone, own.TimeZone, regional.Account.TimeZone, standIn || synced[TimeZone] == "")
	v.setRegional(Language, own.Language, regional.Account.Language, standIn || synced[Language] == "")
	if p.in.Trace != nil {
		p.trace(person, m, "R8", "RingEX regional settings", "their own are %s: time zone %q, language %q; the account's own are %q and %q",
			source, own.TimeZone, own.Language, regional.Account.TimeZone, regional.Account.Language)
	}
}

// setEmployeeID takes the employee number of a custom field: what was read in this run, else
// what was read before.
func (p *planner) setEmployeeID(v *verdict, own Region, synced string, readBefore bool) {
	switch {
	case own.HasEmployeeID:
		v.Profile[EmployeeID] = own.EmployeeID
		if !readBefore {
			v.New = v.New.With(EmployeeID)
		}
	case readBefore && v.Regional == "":
		v.Profile[EmployeeID] = synced
	default:
		return
	}
	v.Known = v.Known.With(EmployeeID)
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
// settings allow: those first that were never read, or longest ago. Each version of the roster draws another order, so that those
// who fail each time cannot keep the others waiting for ever.
func (p *planner) lookups() []string {
	type lot struct{ day, draw, id string }
	var lots []lot
	waiting := 0
	version := strconv.FormatInt(p.in.State.Version, 10)
	for _, person := range p.people.all {
		if person.unread() {
			rest := person.outcome.details()
			d := newDigest()
			d.add(version)
			d.add(rest.unread)
			lots = append(lots, lot{rest.readOn, d.String(), rest.unread})
			if rest.readOn == "" {
				waiting++
			}
		}
	}
	if len(lots) == 0 {
		return nil
	}
	most := p.in.Policy.RegionalLookups
	if waiting > 0 {
		p.plan.Notes = append(p.plan.Notes, Note{
			Reason: NoteRegionalWaits,
			Detail: fmt.Sprintf("%s of %d people are still to be read; a full run reads %d at most", p.in.Snapshot.Regional.what(), waiting, most),
		})
	}
	slices.SortFunc(lots, func(a, b lot) int {
		return cmp.Or(strings.Compare(a.day, b.day), strings.Compare(a.draw, b.draw), strings.Compare(a.id, b.id))
	})
	ids := make([]string, min(most, len(lots)))
	for i := range ids {
		ids[i] = lots[i].id
	}
	return ids
}

// what is looked up for each person.
func (r *Regional) what() string {
	switch {
	case r.CustomField == "":
		return "the own time zone and language"
	case r.CustomOnly:
		return "the employee number"
	}
	return "the own time zone, language and employee number"
}

// withRegional adds what was looked up in this run.
func (s *Snapshot) withRegional(own map[string]Region, warnings []Warning) *Snapshot {
	joined := *s
	regional := *s.Regional
	regional.Own = maps.Clone(regional.Own)
	if regional.Own == nil {
		regional.Own = make(map[string]Region, len(own))
	}
	maps.Copy(regional.Own, own)
	joined.Regional = &regional
	joined.Warnings = slices.Concat(s.Warnings, warnings)
	return &joined
}
