package plan

import (
	"errors"
	"fmt"
	"maps"
	"slices"

	"ringroster/sync"
)

// aboutAgents says whether the entry looks at agent records at all.
func aboutAgents(m *sync.Match) bool { return m.SubAccount != "" || m.AgentGroup != "" }

// matchesPerson compares the keys that describe a person.
func matchesPerson(m *sync.Match, p *sync.Profile) bool {
	for _, key := range []struct{ pattern, value string }{
		{m.Email, p[sync.Email]},
		{m.Department, p[sync.Department]},
		{m.Title, p[sync.JobTitle]},
		{m.Site, p[sync.Site]},
		{m.Role, p[sync.Role]},
		{m.EmployeeID, p[sync.EmployeeID]},
	} {
		if key.pattern != "" && !sync.Glob(key.pattern, key.value) {
			return false
		}
	}
	return true
}

// readsExtensions says whether the scope hangs on what RingEX alone reports (R8).
func readsExtensions(s *sync.Scope) bool {
	return slices.ContainsFunc(slices.Concat(s.Include, s.Exclude), func(m sync.Match) bool {
		return m.Department != "" || m.Title != "" || m.Site != "" || m.EmployeeID != ""
	})
}

// matchesRecord compares the keys that describe an agent record. A name that nobody knows
// fits if unknown says so.
func matchesRecord(m *sync.Match, r sync.AgentRecord, unknown bool) bool {
	fits := func(key, id, name string) bool {
		return key == "" || sync.Glob(key, id) || sync.Glob(key, name) || name == "" && unknown
	}
	return fits(m.SubAccount, r.Sub.ID, r.Sub.Name) && fits(m.AgentGroup, r.Group.ID, r.Group.Name)
}

// matchesLogins compares the keys that describe agent records with what the
// roster holds of them.
func matchesLogins(m *sync.Match, logins []sync.Login) bool {
	if !aboutAgents(m) {
		return true
	}
	for _, l := range logins {
		if (m.SubAccount == "" || sync.Glob(m.SubAccount, l.SubAccountID) || sync.Glob(m.SubAccount, l.SubAccount)) &&
			(m.AgentGroup == "" || sync.Glob(m.AgentGroup, l.AgentGroupID) || sync.Glob(m.AgentGroup, l.AgentGroup)) {
			return true
		}
	}
	return false
}

// unnumbered is scope for somebody without an employee number, or of whom it is not known:
// no entry that names one leaves them out (R11).
func unnumbered(s *sync.Scope) *sync.Scope {
	left := &sync.Scope{Include: slices.Clone(s.Include), Exclude: slices.Clone(s.Exclude)}
	for i := range left.Include {
		left.Include[i].EmployeeID = ""
	}
	left.Exclude = slices.DeleteFunc(left.Exclude, func(m sync.Match) bool { return m.EmployeeID != "" })
	return left
}

// admitsAgent says whether scope leaves one agent record of somebody (R11).
// Any entry is enough, all keys of an entry must match, exclude wins. kindly says whether
// names that nobody knows are taken for those that would admit it.
func admitsAgent(s *sync.Scope, p *sync.Profile, r sync.AgentRecord, kindly bool) bool {
	for i := range s.Exclude {
		if m := &s.Exclude[i]; matchesPerson(m, p) && matchesRecord(m, r, !kindly) {
			return false
		}
	}
	for i := range s.Include {
		if m := &s.Include[i]; matchesPerson(m, p) && matchesRecord(m, r, kindly) {
			return true
		}
	}
	return len(s.Include) == 0
}

// admitsPerson says whether scope leaves somebody apart from their agent
// records: entries that look at agent records do not concern it (R11).
func admitsPerson(s *sync.Scope, p *sync.Profile) bool {
	for i := range s.Exclude {
		if m := &s.Exclude[i]; !aboutAgents(m) && matchesPerson(m, p) {
			return false
		}
	}
	asked := false
	for i := range s.Include {
		if m := &s.Include[i]; !aboutAgents(m) {
			if matchesPerson(m, p) {
				return true
			}
			asked = true
		}
	}
	return !asked
}

// Picks are the people whom an operator brings to the roster by hand.
type Picks struct {
	Who  []string   // each means one person: as for Trace.Who
	Give sync.Given // over what the settings give
	Role string     // pinned, or the next sync would take it back; "": as RingCentral says
	By   string     // who picked them
}

// pick finds the people that are meant.
func (p *planner) pick() error {
	if p.in.Picks == nil {
		return nil
	}
	p.picked = map[*Person]bool{}
	var problems []error
	for _, who := range p.in.Picks.Who {
		meant := map[*Person]bool{}
		for _, person := range p.people.all {
			if matchesAny(who, person.names()) {
				meant[person] = true
			}
		}
		switch len(meant) {
		case 0:
			problems = append(problems, &sync.UnknownError{Who: who, Account: p.plan.Account, Reported: true})
		case 1:
			maps.Copy(p.picked, meant)
		default:
			problems = append(problems, p.ambiguous(who, func(person *Person) bool { return meant[person] }))
		}
	}
	return errors.Join(problems...)
}

// rolePin is the pin that keeps a picked person's role; nil: there is none.
func (p *planner) rolePin(person *Person) *sync.Pin {
	if p.in.Picks == nil || p.in.Picks.Role == "" || !p.picked[person] {
		return nil
	}
	return &sync.Pin{Field: sync.Role, Value: p.in.Picks.Role, Reason: "brought in with this role", By: p.in.Picks.By}
}

// narrowToPicked keeps the changes that bring the picked people in. Somebody who
// cannot come in is an error that says why: all or nobody.
func (p *planner) narrowToPicked() error {
	var problems []error
	keys := map[string]bool{}
	for _, person := range p.people.all {
		if !p.picked[person] {
			continue
		}
		keys[person.Key()] = true
		switch d := person.outcome.details(); person.outcome.decision {
		case skipped:
			problems = append(problems, fmt.Errorf("%s (%s) cannot come in: %s, %s", person.Key(), d.note.Name, d.note.Reason, d.note.Detail))
		case inConflict:
			problems = append(problems, fmt.Errorf("%s (%s) is a conflict, %s: %s; settle it with: %s", person.Key(), d.conflict.Name, d.conflict.Reason, d.conflict.Detail, d.conflict.Remedy))
		case unchanged:
		}
	}
	if len(problems) > 0 {
		return errors.Join(problems...)
	}
	p.keep(func(c *sync.Change) bool { return keys[c.Person] && c.Kind != sync.Update && c.Kind != sync.Deactivate })
	p.plan.Held, p.plan.Conflicts = nil, nil
	p.plan.Notes = slices.DeleteFunc(p.plan.Notes, func(n sync.Note) bool { return !keys[n.Person] })
	p.plan.Summary = sync.CountChanges(p.plan.Changes)
	return nil
}

// skipManual says of a newcomer that nobody picked them.
func (p *planner) skipManual(person *Person) {
	p.skip(person, nil, sync.NoteManual, fmt.Sprintf("onboarding.mode is manual: `ringroster import %s` brings them in", person.Key()))
}

// narrow keeps the change of one person (R28), of those whom an operator picked,
// or of a plan that was reviewed. It comes after the guard, so
// that one person's change is held whenever the whole plan would hold it.
func (p *planner) narrow() error {
	if p.in.Picks != nil {
		if err := p.narrowToPicked(); err != nil {
			return err
		}
	}
	switch {
	case p.in.Only != "":
		return p.narrowToOne()
	case p.in.Reviewed != nil:
		return p.keepReviewed()
	}
	return nil
}

func (p *planner) narrowToOne() error {
	t := p.in.Trace
	people := map[string]bool{}
	for key, person := range t.people {
		if person != nil {
			people[key] = true
		}
	}
	if len(people) > 1 {
		return p.ambiguous(p.in.Only, func(person *Person) bool { return people[person.Key()] })
	}
	if len(people)+len(t.members) == 0 {
		return &sync.UnknownError{Who: p.in.Only, Account: p.plan.Account}
	}
	p.keep(func(c *sync.Change) bool { return t.means(c.Person, c.Member) })
	if h := p.plan.Held; h != nil {
		h.Changes = slices.DeleteFunc(h.Changes, func(c sync.Change) bool { return !t.means(c.Person, c.Member) })
		if len(h.Changes) == 0 {
			p.plan.Held = nil
		}
	}
	if p.concerned() > 1 {
		return p.severalMembers()
	}
	p.plan.Conflicts = slices.DeleteFunc(p.plan.Conflicts, func(c sync.Conflict) bool { return !t.means(c.Person, c.Member) })
	p.plan.Notes = slices.DeleteFunc(p.plan.Notes, func(n sync.Note) bool { return !t.means(n.Person, n.Member) })
	p.plan.Summary = p.summarizeOne(people)
	p.plan.Lookups = nil
	for _, person := range p.people.all {
		if people[person.Key()] && person.unread() {
			p.plan.Lookups = append(p.plan.Lookups, person.outcome.details().unread)
		}
	}
	return nil
}

// concerned is how many members and newcomers the plan changes, or holds.
func (p *planner) concerned() int {
	all := p.plan.Changes
	if p.plan.Held != nil {
		all = slices.Concat(all, p.plan.Held.Changes)
	}
	return countHeld(all)
}

// ambiguous lists the people whom one word means.
func (p *planner) ambiguous(who string, meant func(*Person) bool) error {
	e := &sync.AmbiguousError{Who: who, Account: p.plan.Account, What: "people"}
	for _, person := range p.people.all {
		if meant(person) {
			e.Candidates = append(e.Candidates, person.candidate())
		}
	}
	return e
}

// severalMembers lists the members whom the one word means, of whom something would
// change.
func (p *planner) severalMembers() error {
	e := &sync.AmbiguousError{Who: p.in.Only, Account: p.plan.Account, What: "members"}
	changes := p.plan.Changes
	if p.plan.Held != nil {
		changes = slices.Concat(changes, p.plan.Held.Changes)
	}
	for i := range changes {
		c := &changes[i]
		e.Candidates = append(e.Candidates, fmt.Sprintf("%d (%s, %s, %s)", c.Member, c.Name, c.Email, c.Person))
	}
	return e
}

// keep drops every change but the wanted ones, and all bookkeeping: a narrowed
// run counts for neither absences nor last-synced values of others.
func (p *planner) keep(want func(*sync.Change) bool) {
	p.plan.Changes = slices.DeleteFunc(p.plan.Changes, func(c sync.Change) bool { return !want(&c) })
	p.plan.Marks, p.plan.Seals, p.plan.Open = nil, nil, nil
}

// summarizeOne counts the one person, so that R32's sum holds.
func (p *planner) summarizeOne(people map[string]bool) sync.Summary {
	s := sync.Summary{}
	for _, person := range p.people.all {
		if people[person.Key()] {
			s.People++
			person.outcome.count(&s)
		}
	}
	for _, c := range p.plan.Changes {
		if c.Kind == sync.Deactivate {
			s.Deactivate++
		}
	}
	if p.plan.Held != nil {
		s.Held = countHeld(p.plan.Held.Changes)
	}
	return s
}
