package sync

import (
	"fmt"
	"slices"
	"time"
)

// contactLeaver is a contact that RingCentral does not list, with what would become of it.
type contactLeaver struct {
	contact *Contact
	change  ContactChange
}

// contactWatch is what the end of an open removal is decided by.
type contactWatch struct{ listed, could bool }

// guard holds removals, and marks, that look like a mistake: by the rules for members as
// far as they concern a directory (R21 to R23, R25).
func (p *contactPlanner) guard() {
	found := p.findings()
	plan := p.plan
	for i := range p.leave {
		l := &p.leave[i]
		row := p.open.of(l.contact.ID, statusField)
		why := p.reasons(l, &found, row)
		switch {
		case p.in.Approved != nil:
			if row != nil && row.State == Waiting && slices.Contains(p.in.Approved, row.ID) {
				p.release(l, row, why)
			}
		case len(why) == 0:
			plan.Changes = append(plan.Changes, l.change)
		default:
			p.hold(l, row, why)
		}
	}
	if p.in.Approved == nil {
		p.closeSet()
	}
}

func (p *contactPlanner) findings() Findings {
	l := p.in.List
	f := Facts{
		Noun: "contacts", Now: p.in.Now, Limit: p.in.Policy.Limit, Active: p.held,
		Recent:          [2]int{p.in.State.Recent[0].Deactivated, p.in.State.Recent[1].Deactivated},
		OwnerMissing:    p.missingOwner(),
		SettingsChanged: movedSettings(p.in.State.Accepted, contactSettings(&p.in.Policy, l), "contacts"),
	}
	if n := l.Nameless; n > 0 {
		f.Unreadable = fmt.Sprintf("%d entries have no id that can be read: they may be those that seem to be missing", n)
	}
	whole := p.rolls.roll(listKey{kind: directoryList})
	whole.Length, whole.Total = len(l.Contacts)+len(l.Faulty)+l.Nameless, l.Total >= 0
	f.Rolls = p.rolls.sorted()
	for i := range p.leave {
		f.Leavers = append(f.Leavers, p.leave[i].contact.LeavingSince)
	}
	f.Leavers = append(f.Leavers, p.refused...)
	return Check(&f)
}

// reasons are why a contact that would go is held.
func (p *contactPlanner) reasons(l *contactLeaver, found *Findings, row *HeldChange) (why []HoldReason) {
	why = slices.Clone(found.All)
	for _, list := range contactLists(l.contact) {
		why = withReasons(why, found.Lists[list])
	}
	if len(why) == 0 && row != nil {
		return row.asShown() // what was held stays held (R25)
	}
	return why
}

func (p *contactPlanner) hold(l *contactLeaver, row *HeldChange, why []HoldReason) {
	c := l.change
	c.Why = why
	if p.plan.Held == nil {
		p.plan.Held = &HeldContacts{}
	}
	p.plan.Held.Changes = append(p.plan.Held.Changes, c)
	for _, r := range why {
		if !slices.Contains(p.plan.Held.Reasons, r) {
			p.plan.Held.Reasons = append(p.plan.Held.Reasons, r)
		}
	}
	if row != nil {
		p.open.touched[row] = true
	}
	p.plan.Open = append(p.plan.Open, p.row(l, row, why))
	p.keepSince(l.contact)
}

// row is what the open set says of a contact that would go. It keeps the number under which
// that was shown (R25).
func (p *contactPlanner) row(l *contactLeaver, row *HeldChange, why []HoldReason) HeldChange {
	h := HeldChange{
		State: Waiting, Since: p.in.Now, Kind: Kind(l.change.Kind), Member: l.contact.ID, Field: statusField,
		Before: l.contact.Fields[ContactStatus], After: StatusRemoved, Name: l.contact.Label(), Email: l.contact.Fields[ContactEmail],
		Reason: l.change.Reason, Detail: l.contact.Fields[ContactType], Why: why,
	}
	if row != nil {
		h.ID, h.Since = row.ID, row.Since
		if isSameQuestion(row, &h) {
			h.Run = row.Run
		}
	}
	return h
}

// release applies what an operator approved, if it would be held as it was shown: who was shown
// that a contact would be marked said nothing of deleting it. Else it is shown anew.
func (p *contactPlanner) release(l *contactLeaver, row *HeldChange, why []HoldReason) {
	if h := p.row(l, row, why); h.Run == 0 {
		p.plan.Renewed = append(p.plan.Renewed, h)
		return
	}
	p.plan.Released = append(p.plan.Released, row.ID)
	p.plan.Changes = append(p.plan.Changes, l.change)
}

// keepSince writes down since when a contact is not listed (R21).
func (p *contactPlanner) keepSince(c *Contact) {
	if c.LeavingSince.IsZero() {
		next := *c
		next.LeavingSince = p.in.Now
		p.plan.Marks = append(p.plan.Marks, &next)
	}
}

// closeSet is the open set after a run of the whole directory (R25, R26).
func (p *contactPlanner) closeSet() {
	today := p.in.Now.UTC().Format(time.DateOnly)
	for i := range p.open.all {
		h := &p.open.all[i]
		w := p.watched[h.Member]
		switch {
		case p.open.touched[h], w == nil, h.State != Rejected && (w.listed || !w.could):
			continue
		case h.State == Rejected && w.listed && h.PresentOn < today:
			h.PresentOn, h.PresentDays = today, h.PresentDays+1
			if h.PresentDays >= PresentDays {
				continue
			}
		case h.State != Rejected:
			h.Why = h.asShown()
		}
		p.plan.Open = append(p.plan.Open, *h)
	}
	slices.SortFunc(p.plan.Open, func(a, b HeldChange) int { return int(a.Member - b.Member) })
}

// contactLists are the lists that a contact is on: the directory, and what it can lose as
// a whole: the entries of a type, or those of a site.
func contactLists(c *Contact) []listKey {
	lists := []listKey{{kind: directoryList}}
	for _, f := range []ContactField{ContactType, ContactSite} {
		if c.Fields[f] != "" {
			lists = append(lists, listKey{crowdList, f.String(), c.Fields[f]})
		}
	}
	return lists
}

// enroll notes on which lists a contact was, and whether it is there now.
func (p *contactPlanner) enroll(c *Contact, there bool) {
	if c.kept() {
		return
	}
	p.count(c, there)
}

// enrollGone adds those that runs of the last hours removed or marked, and that are not listed
// again: a list must not dwindle by the hour (R22).
func (p *contactPlanner) enrollGone() {
	for _, c := range p.in.State.GoneContacts {
		if _, listed := p.listed[c.RCID]; !listed {
			p.count(c, false)
		}
	}
}

func (p *contactPlanner) count(c *Contact, there bool) {
	for _, list := range contactLists(c) {
		roll := p.rolls.roll(list)
		roll.Was++
		if !there {
			roll.Lost++
		}
	}
}

// missingOwner: whoever authenticated is there. An owner whom the directory never
// listed, as hidden ones are not, says nothing.
func (p *contactPlanner) missingOwner() string {
	owner := p.in.List.Identity.OwnerID
	for i := range p.leave {
		if p.leave[i].contact.RCID == owner {
			return fmt.Sprintf("the directory no longer lists %s, who authenticated", owner)
		}
	}
	return ""
}

// contactSettings are the settings whose change holds contacts (R23).
func contactSettings(policy *ContactPolicy, l *ContactList) []Setting {
	return withOwner(policy.Deciding, l.Identity.OwnerID)
}
