package sync

import (
	"encoding/json"
	"fmt"
	"strings"
)

// Reviewed is the part of a saved plan that one account must come out with
// again: the changes as `plan` printed them.
type Reviewed []json.RawMessage

// MovedError says that a saved plan no longer comes out the same.
type MovedError struct {
	Account string
	Moved   []string // each saved change that did not come out again
}

func (e *MovedError) Error() string {
	return fmt.Sprintf("account %s: the world has moved, so nothing was applied; plan again and review that. What does not come out the same any more (%d): %s",
		e.Account, len(e.Moved), strings.Join(e.Moved, "; "))
}

// keepReviewed keeps exactly the changes that were reviewed. Each must have come
// out the same; what has come up besides waits for the next run.
func (p *planner) keepReviewed() error {
	now := map[string]bool{}
	for i := range p.plan.Changes {
		text, err := changeText(&p.plan.Changes[i])
		if err != nil {
			return err
		}
		now[text] = true
	}
	wanted := map[string]bool{}
	moved := &MovedError{Account: p.plan.Account}
	for _, saved := range p.in.Reviewed {
		if !now[string(saved)] {
			moved.Moved = append(moved.Moved, describe(saved))
		}
		wanted[string(saved)] = true
	}
	if len(moved.Moved) > 0 {
		return moved
	}
	p.keep(func(c *Change) bool {
		text, err := changeText(c)
		return err == nil && wanted[text]
	})
	p.plan.Held, p.plan.Conflicts, p.plan.Notes = nil, nil, nil
	p.plan.Summary = countChanges(p.plan.Changes)
	return nil
}

// describe is a saved change in words.
func describe(saved json.RawMessage) string {
	var c struct {
		Kind   Kind
		Name   string
		Email  string
		Fields []FieldChange
		Leaves []Left `json:"leaves_behind"`
	}
	if err := json.Unmarshal(saved, &c); err != nil {
		return string(saved)
	}
	text := fmt.Sprintf("%s %s <%s>", c.Kind, c.Name, c.Email)
	if c.Kind == Onboard {
		return text
	}
	for _, f := range c.Fields {
		text += fmt.Sprintf(", %s %q to %q", f.Field, f.Before, f.After)
	}
	if len(c.Leaves) > 0 {
		text += ", leaving behind: " + LeftText(c.Leaves)
	}
	return text
}

// changeText is a change as a saved plan holds it.
func changeText(c *Change) (string, error) {
	text, err := marshal(c)
	return string(text), err
}

// countChanges counts a plan that covers no snapshot, or only a part of one.
func countChanges(changes []Change) Summary {
	s := Summary{}
	for i := range changes {
		switch changes[i].Kind {
		case Onboard:
			s.Onboard++
		case Link:
			s.Link++
		case Reactivate:
			s.Reactivate++
		case Deactivate:
			s.Deactivate++
		default:
			s.Update++
		}
	}
	s.People = s.Onboard + s.Link + s.Reactivate + s.Update
	return s
}
