package sync

import "slices"

// release makes the plan of an approval: of what RingCentral says now, exactly the open
// changes that an operator released and that a full run would hold as they were shown. What it
// would hold as another question is shown anew (R25).
func (p *planner) release() (*Plan, error) {
	full := p.in
	full.Approved, full.Trace, full.Everybody = nil, nil, nil
	would, err := MakePlan(full)
	if err != nil {
		return nil, err
	}
	approved := p.unchangedOf(would.Open)
	for _, person := range p.people.all {
		p.collect(person)
	}
	released := func(h *HeldChange) bool {
		if h == nil || h.State != Waiting || !approved[h.ID] {
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
	p.plan.Summary = countChanges(p.plan.Changes)
	p.order()
	p.nameOthers()
	p.forgetPeople()
	return p.plan, nil
}

// releaseChanges leaves of the changes of members who stay, or come back, what is released.
func (p *planner) releaseChanges(released func(*HeldChange) bool) {
	changes := p.plan.Changes
	p.plan.Changes = nil
	for i := range changes {
		c := &changes[i]
		fields := slices.DeleteFunc(slices.Clone(c.Fields), func(f FieldChange) bool {
			h := p.open.asking(c.Member, &f)
			return f.Pinned || h == nil || h.Kind != c.Kind || c.Kind == Update && !h.asksFor(f.Before, f.After) ||
				p.leavingIsOpen(c, &f) || !released(h)
		})
		if len(fields) == 0 {
			continue
		}
		if c.Kind == Update { // anything else is held as a whole
			c.Fields = fields
			next, all := *c.was, c.Next()
			next.Username = all.Username
			for _, f := range c.Fields {
				next.revert(f.Field, all)
			}
			c.Next, c.Reason = next.itself, strongest(c.Fields)
		}
		p.plan.Changes = append(p.plan.Changes, *c)
	}
}

// releaseLeavers makes the changes of the leavers who are released.
func (p *planner) releaseLeavers(released func(*HeldChange) bool) {
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
}

// unchangedOf are the released changes that a full run would hold as they were shown, or not at
// all. would is the open set that it would leave: what it would show anew goes into the plan.
func (p *planner) unchangedOf(would []HeldChange) map[int64]bool {
	approved := map[int64]bool{}
	for _, id := range p.in.Approved {
		approved[id] = true
	}
	for i := range would {
		h := &would[i]
		if !approved[h.ID] || h.Run != 0 && h.State == Waiting {
			continue
		}
		delete(approved, h.ID)
		if h.State == Waiting {
			p.plan.Renewed = append(p.plan.Renewed, *h)
		}
	}
	return approved
}

// leavingIsOpen says whether a change takes a role or a login of somebody of whom it is open
// whether they leave, and of whom no full run has seen since that they do not (R25).
func (p *planner) leavingIsOpen(c *Change, f *FieldChange) bool {
	leaving := p.open.of(c.Member, statusField)
	return leaving != nil && leaving.State != Rejected && losesPlace(c, f)
}
