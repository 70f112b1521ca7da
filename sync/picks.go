package sync

import (
	"errors"
	"fmt"
	"maps"
	"slices"
)

// Picks are the people whom an operator brings to the roster by hand.
type Picks struct {
	Who  []string // each means one person: as for Trace.Who
	Give Given    // over what the settings give
	Role string   // pinned, or the next sync would take it back; "": as RingCentral says
	By   string   // who picked them
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
			problems = append(problems, &UnknownError{Who: who, Account: p.plan.Account, Reported: true})
		case 1:
			maps.Copy(p.picked, meant)
		default:
			problems = append(problems, p.ambiguous(who, func(person *Person) bool { return meant[person] }))
		}
	}
	return errors.Join(problems...)
}

// rolePin is the pin that keeps a picked person's role; nil: there is none.
func (p *planner) rolePin(person *Person) *Pin {
	if p.in.Picks == nil || p.in.Picks.Role == "" || !p.picked[person] {
		return nil
	}
	return &Pin{Field: Role, Value: p.in.Picks.Role, Reason: "brought in with this role", By: p.in.Picks.By}
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
	p.keep(func(c *Change) bool { return keys[c.Person] && c.Kind != Update && c.Kind != Deactivate })
	p.plan.Held, p.plan.Conflicts = nil, nil
	p.plan.Notes = slices.DeleteFunc(p.plan.Notes, func(n Note) bool { return !keys[n.Person] })
	p.plan.Summary = countChanges(p.plan.Changes)
	return nil
}

// skipManual says of a newcomer that nobody picked them.
func (p *planner) skipManual(person *Person) {
	p.skip(person, nil, NoteManual, fmt.Sprintf("onboarding.mode is manual: `ringroster import %s` brings them in", person.Key()))
}
