package sync

import (
	"fmt"
	"slices"
)

// emailRow is a row of R12's table: what becomes of a newcomer whose e-mail somebody on
// the roster has. The first row that fits decides. RULES.md has the same rows, in the same
// words and order.
type emailRow struct {
	holder   string // who has the e-mail
	sameName string // whether holder and newcomer have one name
	then     string // the word for what happens
	fits     func(h *emailHolders, newcomers int) bool
	settle   func(*planner, *newcomer, []newcomer, *emailHolders)
}

const (
	holderPresent  = "a member matched to another person who belongs"
	holderLeaving  = "an active member for whom no record grants access any more"
	holderUnlinked = "a member never linked"
	holderInactive = "an inactive member"
)

var emailRows = []emailRow{
	{holderPresent, "any", "email_in_use", func(h *emailHolders, _ int) bool { return len(h.present) > 0 }, (*planner).conflictEmailInUse},
	{holderLeaving, "no", "email_in_use", func(h *emailHolders, _ int) bool { return len(h.leaving) > 0 }, (*planner).conflictEmailInUse},
	{"several members of the rows below, or one whom several newcomers could be", "any", "ambiguous_link", func(h *emailHolders, newcomers int) bool {
		return len(h.candidates) > 1 || len(h.candidates) == 1 && newcomers > 1
	}, (*planner).conflictAmbiguous},
	{holderLeaving, "yes", "recreated", func(h *emailHolders, _ int) bool { return h.found(true, Active) }, (*planner).takeOver},
	{holderUnlinked, "any", "link", func(h *emailHolders, _ int) bool { return h.found(false, "") }, (*planner).takeOver},
	{holderInactive, "yes", "rehired", func(h *emailHolders, _ int) bool { return h.found(true, Inactive) }, (*planner).takeOver},
	{holderInactive, "no", "recycled_email", func(h *emailHolders, _ int) bool { return len(h.resting) > 0 }, (*planner).recycle},
	{"nobody", "any", "onboard", func(*emailHolders, int) bool { return true }, (*planner).welcomeNew},
}

// found says whether the newcomer could be exactly one member, and that it is as given; of
// one that was never linked the status does not matter.
func (h *emailHolders) found(linked bool, status Status) bool {
	return len(h.candidates) == 1 && h.candidates[0].Linked == linked && (!linked || h.candidates[0].Status == status)
}

// settleNewcomer goes through the rows of R12. Members whom R5 told apart from the person are
// no holders: whose those are is known.
func (p *planner) settleNewcomer(n *newcomer, group []newcomer, all *emailHolders) {
	if n.person.outcome.decision == hidden { // the extension of somebody settled before them
		return
	}
	h := all
	if apart := p.parted[n.person]; apart != nil {
		others := *all
		h = &others
		h.present = slices.DeleteFunc(slices.Clone(all.present), func(id int64) bool { return slices.Contains(apart, id) })
	}
	for i := range emailRows {
		if row := &emailRows[i]; row.fits(h, len(group)) {
			if p.in.Trace != nil {
				p.trace(n.person, nil, "R12", "plan", "the e-mail is that of %s, same name: %s: %s", row.holder, row.sameName, row.then)
			}
			row.settle(p, n, group, h)
			return
		}
	}
}

// takeOver makes the newcomer the member that alone could be the same human.
func (p *planner) takeOver(n *newcomer, _ []newcomer, h *emailHolders) {
	m := h.candidates[0]
	p.taken[m.ID] = true
	for i := range p.leavers { // what is still listed of the old ids is nobody's any more
		if l := &p.leavers[i]; l.member.ID == m.ID {
			o := &l.person.outcome
			o.found, o.active, o.email = 0, false, 0
			if o.rest != nil && o.rest.note != nil {
				o.rest.note.Member = 0
			}
		}
	}
	p.decide(n.person, m, byEmail)
}

func (p *planner) recycle(n *newcomer, _ []newcomer, h *emailHolders) {
	p.welcomeAs(n, ReasonRecycledEmail, fmt.Sprintf("the e-mail %s belonged to the inactive member %d of another name: a recycled address",
		n.verdict.Profile[Email], h.resting[0].ID))
}

func (p *planner) welcomeNew(n *newcomer, _ []newcomer, _ *emailHolders) {
	p.welcomeAs(n, ReasonNew, nobodyLikeThem)
}
