package plan

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"ringroster/sync"
	"ringroster/sync/guard"
)

// release makes the plan of an approval: of what RingCentral says now, exactly the open
// changes that an operator released and that a full run would hold as they were shown. What it
// would hold as another question is shown anew (R25).
func (p *planner) release() (*sync.Plan, error) {
	full := p.in
	full.Approved, full.Trace, full.Everybody = nil, nil, nil
	would, err := Make(full)
	if err != nil {
		return nil, err
	}
	approved := p.unchangedOf(would.Open)
	for _, person := range p.people.all {
		p.collect(person)
	}
	released := func(h *sync.HeldChange) bool {
		if h == nil || h.State != sync.Waiting || !approved[h.ID] {
			return false
		}
		p.plan.Released = append(p.plan.Released, h.ID)
		return true
	}
	p.newcomers = slices.DeleteFunc(p.newcomers, func(person *Person) bool { return !released(p.arrival(person)) })
	p.releaseChanges(released)
	p.releaseLeavers(released)
	for i := range p.plan.Changes {
		p.lookForLoss(&p.plan.Changes[i])
	}
	p.bringIn()
	p.plan.Conflicts, p.plan.Notes, p.plan.Marks, p.plan.Seals = nil, nil, nil, nil
	p.plan.Summary = sync.CountChanges(p.plan.Changes)
	p.order()
	p.nameOthers()
	p.forgetPeople()
	return p.plan, nil
}

// releaseChanges leaves of the changes of members who stay, or come back, what is released.
func (p *planner) releaseChanges(released func(*sync.HeldChange) bool) {
	changes := p.plan.Changes
	p.plan.Changes = nil
	for i := range changes {
		c := &changes[i]
		fields := slices.DeleteFunc(slices.Clone(c.Fields), func(f sync.FieldChange) bool {
			h := p.open.Asking(c.Member, &f)
			return f.Pinned || h == nil || h.Kind != c.Kind || c.Kind == sync.Update && !guard.AsksFor(h, f.Before, f.After) ||
				p.leavingIsOpen(c, &f) || !released(h)
		})
		if len(fields) == 0 {
			continue
		}
		if c.Kind == sync.Update { // anything else is held as a whole
			c.Fields = fields
			next, all := *c.Was, c.Next()
			next.Username = all.Username
			for _, f := range c.Fields {
				revert(&next, f.Field, all)
			}
			c.Next, c.Reason = next.Itself, strongest(c.Fields)
		}
		p.plan.Changes = append(p.plan.Changes, *c)
	}
}

// releaseLeavers makes the changes of the leavers who are released.
func (p *planner) releaseLeavers(released func(*sync.HeldChange) bool) {
	var going []*leaver
	for i := range p.leavers {
		l := &p.leavers[i]
		if l.step == "" && released(p.open.Of(l.member.ID, sync.StatusField)) {
			going = append(going, l)
		}
	}
	left := p.leavesBehind(going, nil)
	for _, l := range going {
		c := p.leave(l)
		c.Leaves = left[l.member.ID]
		p.lookFor(l)
		p.plan.Changes = append(p.plan.Changes, c)
	}
}

// unchangedOf are the released changes that a full run would hold as they were shown, or not at
// all. would is the open set that it would leave: what it would show anew goes into the plan.
func (p *planner) unchangedOf(would []sync.HeldChange) map[int64]bool {
	approved := map[int64]bool{}
	for _, id := range p.in.Approved {
		approved[id] = true
	}
	for i := range would {
		h := &would[i]
		if !approved[h.ID] || h.Run != 0 && h.State == sync.Waiting {
			continue
		}
		delete(approved, h.ID)
		if h.State == sync.Waiting {
			p.plan.Renewed = append(p.plan.Renewed, *h)
		}
	}
	return approved
}

// leavingIsOpen says whether a change takes a role or a login of somebody of whom it is open
// whether they leave, and of whom no full run has seen since that they do not (R25).
func (p *planner) leavingIsOpen(c *sync.Change, f *sync.FieldChange) bool {
	leaving := p.open.Of(c.Member, sync.StatusField)
	return leaving != nil && leaving.State != sync.Rejected && losesPlace(c, f)
}

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
	p.keep(func(c *sync.Change) bool {
		text, err := changeText(c)
		return err == nil && wanted[text]
	})
	p.plan.Held, p.plan.Conflicts, p.plan.Notes = nil, nil, nil
	p.plan.Summary = sync.CountChanges(p.plan.Changes)
	return nil
}

// describe is a saved change in words.
func describe(saved json.RawMessage) string {
	var c struct {
		Kind   sync.Kind
		Name   string
		Email  string
		Fields []sync.FieldChange
		Leaves []sync.Left `json:"leaves_behind"`
	}
	if err := json.Unmarshal(saved, &c); err != nil {
		return string(saved)
	}
	text := fmt.Sprintf("%s %s <%s>", c.Kind, c.Name, c.Email)
	if c.Kind == sync.Onboard {
		return text
	}
	for _, f := range c.Fields {
		text += fmt.Sprintf(", %s %q to %q", f.Field, f.Before, f.After)
	}
	if len(c.Leaves) > 0 {
		text += ", leaving behind: " + sync.LeftText(c.Leaves)
	}
	return text
}

// changeText is a change as a saved plan holds it.
func changeText(c *sync.Change) (string, error) {
	text, err := sync.Marshal(c)
	return string(text), err
}
