package sync

import (
	"fmt"
	"slices"
)

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
		return &UnknownError{Who: p.in.Only, Account: p.plan.Account}
	}
	p.keep(func(c *Change) bool { return t.means(c.Person, c.Member) })
	if h := p.plan.Held; h != nil {
		h.Changes = slices.DeleteFunc(h.Changes, func(c Change) bool { return !t.means(c.Person, c.Member) })
		if len(h.Changes) == 0 {
			p.plan.Held = nil
		}
	}
	if p.concerned() > 1 {
		return p.severalMembers()
	}
	p.plan.Conflicts = slices.DeleteFunc(p.plan.Conflicts, func(c Conflict) bool { return !t.means(c.Person, c.Member) })
	p.plan.Notes = slices.DeleteFunc(p.plan.Notes, func(n Note) bool { return !t.means(n.Person, n.Member) })
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
	e := &AmbiguousError{Who: who, Account: p.plan.Account, What: "people"}
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
	e := &AmbiguousError{Who: p.in.Only, Account: p.plan.Account, What: "members"}
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
func (p *planner) keep(want func(*Change) bool) {
	p.plan.Changes = slices.DeleteFunc(p.plan.Changes, func(c Change) bool { return !want(&c) })
	p.plan.Marks, p.plan.Seals, p.plan.Open = nil, nil, nil
}

// summarizeOne counts the one person, so that R32's sum holds.
func (p *planner) summarizeOne(people map[string]bool) Summary {
	s := Summary{}
	for _, person := range p.people.all {
		if people[person.Key()] {
			s.People++
			person.outcome.count(&s)
		}
	}
	for _, c := range p.plan.Changes {
		if c.Kind == Deactivate {
			s.Deactivate++
		}
	}
	if p.plan.Held != nil {
		s.Held = countHeld(p.plan.Held.Changes)
	}
	return s
}
