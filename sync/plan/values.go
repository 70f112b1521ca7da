package plan

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"ringroster/sync"
)

// mapper applies entries, of which the first that fits counts. It remembers the answers:
// a company has few values.
type mapper struct {
	entries []sync.Mapping
	found   map[mappable]int // the entry; -1: none
}

// mappable is a value of RingCentral's.
type mappable struct {
	field sync.Field
	value string
}

func newMapper(entries []sync.Mapping) *mapper { return &mapper{entries, map[mappable]int{}} }

// entry is the first that fits; -1: none does.
func (m *mapper) entry(f sync.Field, value string) int {
	if len(m.entries) == 0 {
		return -1
	}
	key := mappable{f, value}
	i, ok := m.found[key]
	if !ok {
		i = slices.IndexFunc(m.entries, func(e sync.Mapping) bool {
			return e.Field == f && starMatches(sync.FoldText(e.From), sync.FoldText(value))
		})
		m.found[key] = i
	}
	return i
}

// value is what the roster holds where RingCentral says value.
func (m *mapper) value(f sync.Field, value string) string {
	if i := m.entry(f, value); i >= 0 {
		return m.entries[i].To
	}
	return value
}

// apply gives a new member what is made of RingCentral's values, where they are known.
func (m *mapper) apply(next *sync.Member, known sync.FieldSet) {
	for _, f := range sync.MappedFields {
		if known.Has(f) {
			next.Synced.Report(f, next.Profile[f], m.value(f, next.Profile[f]))
			next.Profile[f] = next.Synced.Given(f)
		}
	}
}

// plain says whether the roster holds what RingCentral says.
func (m *mapper) plain(v *verdict) bool { return len(m.entries) == 0 || m.words(v, nil) == "" }

// words says what was made of RingCentral's values in a change of fields, or in a new
// member where there are none; "": nothing was.
func (m *mapper) words(v *verdict, fields []sync.FieldChange) string {
	var parts []string
	for _, f := range sync.MappedFields {
		to := m.value(f, v.Profile[f])
		given := fields == nil || slices.ContainsFunc(fields, func(c sync.FieldChange) bool { return c.Field == f.String() && c.After == to })
		if to != v.Profile[f] && v.Known.Has(f) && given {
			parts = append(parts, fmt.Sprintf("map makes %s %q of RingCentral's %q", f, to, v.Profile[f]))
		}
	}
	return strings.Join(parts, "; ")
}

// starMatches compares folded texts; * in the pattern stands for any run of characters,
// and everything else for itself.
func starMatches(pattern, value string) bool {
	first, rest, more := strings.Cut(pattern, "*")
	value, ok := strings.CutPrefix(value, first)
	if !more || !ok {
		return ok && value == ""
	}
	parts := strings.Split(rest, "*")
	last := len(parts) - 1
	for _, part := range parts[:last] {
		if _, value, ok = strings.Cut(value, part); !ok {
			return false
		}
	}
	return strings.HasSuffix(value, parts[last])
}

// UnusedMappings says which entries of `map` no extension of a snapshot has use for, with
// what there is.
func UnusedMappings(entries []sync.Mapping, s *sync.Snapshot) (unused []string) {
	if len(entries) == 0 {
		return nil
	}
	m, used, values := newMapper(entries), map[int]bool{}, map[sync.Field]map[string]bool{}
	for _, f := range sync.MappedFields {
		values[f] = map[string]bool{}
	}
	for i := range s.Extensions {
		e := &s.Extensions[i]
		values[sync.Site][e.Site], values[sync.Department][e.Department], values[sync.JobTitle][e.JobTitle] = true, true, true
	}
	for f, all := range values {
		for value := range all {
			used[m.entry(f, value)] = true
		}
	}
	for i, e := range entries {
		if !used[i] {
			unused = append(unused, fmt.Sprintf("map[%d] fits no extension's %s that an earlier entry leaves: from %q; there %s",
				i, e.Field, e.From, thereAre(values[e.Field])))
		}
	}
	return unused
}

// mostValues is how many values are named where one is not there.
const mostValues = 10

func thereAre(values map[string]bool) string {
	var all []string
	for value := range values {
		if value != "" {
			all = append(all, fmt.Sprintf("%q", value))
		}
	}
	slices.Sort(all)
	switch {
	case len(all) == 0:
		return "is none"
	case len(all) > mostValues:
		return fmt.Sprintf("are %s and %d more", strings.Join(all[:mostValues], ", "), len(all)-mostValues)
	}
	return "are " + strings.Join(all, ", ")
}

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

// regionalKey is an extension's record in a few letters, and the custom field that is read:
// what was read under another key is to be read again. Where a custom field is read, the day
// of the reading follows (regionalRead).
func regionalKey(r *sync.Regional, e *sync.Extension) string {
	d := sync.NewDigest()
	for _, value := range []string{e.Type, e.Status, e.Number, e.FirstName, e.LastName, e.Email, e.Department, e.JobTitle, e.Site} {
		d.Add(value)
	}
	if r.CustomOnly {
		d.Add("custom field only")
	}
	key := e.ID + ":" + d.String()
	if r.CustomField != "" {
		c := sync.NewDigest()
		c.Add(r.CustomField)
		key += ":" + c.String()
	}
	return key
}

// regionOf is what this run read of a person by itself.
func regionOf(r *sync.Regional, person *Person) sync.Region {
	if e := person.Ext; r != nil && e != nil && person.ExtByID && e.HasContact {
		return r.Own[e.ID]
	}
	return sync.Region{}
}

// regionalRead is what a member keeps of a reading: its key and, where a custom field was read, the
// day. It gives them back without what the settings do not ask for any more.
func regionalRead(r *sync.Regional, kept string) (key, day string) {
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
func (p *planner) assessRegional(v *verdict, person *Person, m *sync.Member) {
	regional := p.in.Snapshot.Regional
	if regional == nil {
		return
	}
	synced, kept := sync.Profile{}, ""
	if m != nil {
		synced, kept = m.Synced.Profile, m.Synced.Regional
	}
	before, day := regionalRead(regional, kept)
	own, source := sync.Region{}, "not known"
	unread, readOn, readBefore, today := "", "", false, p.in.Now.UTC().Format(time.DateOnly)
	if e := person.Ext; e != nil && person.ExtByID && e.HasContact {
		key := regionalKey(regional, e)
		readBefore = day != ""
		if read, ok := regional.Own[e.ID]; ok {
			own, v.Regional, source = read, key, "read in this run"
			if regional.CustomField != "" {
				v.Regional += ":" + today
			}
		} else {
			if before != "" {
				own, source = sync.Region{TimeZone: synced[sync.TimeZone], Language: synced[sync.Language]}, "read in an earlier run"
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
	p.setEmployeeID(v, own, synced[sync.EmployeeID], readBefore)
	if regional.CustomField != "" {
		p.trace(person, m, "R8", "RingEX custom fields", "the employee number is %s: employee_id %q", source, v.Profile[sync.EmployeeID])
	}
	if regional.CustomOnly {
		return
	}
	standIn := before == "" && v.Regional == ""
	v.setRegional(sync.TimeZone, own.TimeZone, regional.Account.TimeZone, standIn || synced[sync.TimeZone] == "")
	v.setRegional(sync.Language, own.Language, regional.Account.Language, standIn || synced[sync.Language] == "")
	if p.in.Trace != nil {
		p.trace(person, m, "R8", "RingEX regional settings", "their own are %s: time zone %q, language %q; the account's own are %q and %q",
			source, own.TimeZone, own.Language, regional.Account.TimeZone, regional.Account.Language)
	}
}

// setEmployeeID takes the employee number of a custom field: what was read in this run, else
// what was read before.
func (p *planner) setEmployeeID(v *verdict, own sync.Region, synced string, readBefore bool) {
	switch {
	case own.HasEmployeeID:
		v.Profile[sync.EmployeeID] = own.EmployeeID
		if !readBefore {
			v.New = v.New.With(sync.EmployeeID)
		}
	case readBefore && v.Regional == "":
		v.Profile[sync.EmployeeID] = synced
	default:
		return
	}
	v.Known = v.Known.With(sync.EmployeeID)
}

// setRegional takes a person's own value, else the account's where that may stand
// in for it; the field stays unknown where there is neither (R8).
func (v *verdict) setRegional(f sync.Field, own, account string, standIn bool) {
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
			d := sync.NewDigest()
			d.Add(version)
			d.Add(rest.unread)
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
		p.plan.Notes = append(p.plan.Notes, sync.Note{
			Reason: sync.NoteRegionalWaits,
			Detail: fmt.Sprintf("%s of %d people are still to be read; a full run reads %d at most", regionalWhat(p.in.Snapshot.Regional), waiting, most),
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

// regionalWhat is looked up for each person.
func regionalWhat(r *sync.Regional) string {
	switch {
	case r.CustomField == "":
		return "the own time zone and language"
	case r.CustomOnly:
		return "the employee number"
	}
	return "the own time zone, language and employee number"
}
