package sync

import "slices"

// release makes the plan of an approval: of what RingCentral says now, exactly the open
// changes that an operator released (R25).
func (p *planner) release() (*Plan, error) {
	for _, person := range p.people.all {
		p.collect(person)
	}
	released := func(h *HeldChange) bool {
		if h == nil || h.State != Waiting || !slices.Contains(p.in.Approved, h.ID) {
			return false
		}
		p.plan.Released = append(p.plan.Released, h.ID)
		return true
	}
	p.newcomers = slices.DeleteFunc(p.newcomers, func(person *Person) bool { return !released(p.open.arrival(person)) })
	changes := p.plan.Changes
	p.plan.Changes = nil
	for i := range changes {
		c := &changes[i]
		approved := slices.DeleteFunc(slices.Clone(c.Fields), func(f FieldChange) bool {
			h := p.open.of(c.Member, f.Field)
			return h == nil || h.Kind != c.Kind || h.After != f.After || !released(h)
		})
		switch {
		case len(approved) == 0:
			continue
		case c.Kind == Update: // anything else is held as a whole
			c.Fields = approved
		}
		if c.Kind == Update {
			next, all := *c.was, c.Next()
			next.Username = all.Username
			for _, f := range c.Fields {
				next.revert(f.Field, all)
			}
			c.Next, c.Reason = next.itself, strongest(c.Fields)
		}
		p.plan.Changes = append(p.plan.Changes, *c)
	}
	var going []*leaver
	for i := range p.leavers {
		l := &p.leavers[i]
		if l.step == "" && released(p.open.of(l.member.ID, statusField)) {
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
	for i := range p.plan.Changes {
		p.lookForLoss(&p.plan.Changes[i])
	}
	p.bringIn()
	p.plan.Conflicts, p.plan.Notes, p.plan.Marks, p.plan.Seals = nil, nil, nil, nil
	p.plan.Summary = countChanges(p.plan.Changes)
	p.order()
	p.nameOthers()
	p.forgetPeople()
	return p.plan, nil
}
