package contacts

import (
	"fmt"
	"slices"
	"time"

	"ringroster/sync"
	"ringroster/sync/guard"
)

// contactLeaver is a contact that RingCentral does not list, with what would become of it.
type contactLeaver struct {
	contact *sync.Contact
	change  sync.ContactChange
}

// contactWatch is what the end of an open removal is decided by.
type contactWatch struct{ listed, could bool }

// guard holds removals, and marks, that look like a mistake: by the rules for members as
// far as they concern a directory (R21 to R23, R25).
func (p *planner) guard() {
	found := p.findings()
	plan := p.plan
	for i := range p.leave {
		l := &p.leave[i]
		row := p.open.Of(l.contact.ID, sync.StatusField)
		why := p.reasons(l, &found, row)
		switch {
		case p.in.Approved != nil:
			if row != nil && row.State == sync.Waiting && slices.Contains(p.in.Approved, row.ID) {
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

func (p *planner) findings() guard.Findings {
	l := p.in.List
	f := guard.Facts{
		Noun: "contacts", Now: p.in.Now, Limit: p.in.Policy.Limit, Active: p.held,
		Recent:          [2]int{p.in.State.Recent[0].Deactivated, p.in.State.Recent[1].Deactivated},
		OwnerMissing:    p.missingOwner(),
		SettingsChanged: guard.MovedSettings(p.in.State.Accepted, Settings(&p.in.Policy, l), "contacts"),
	}
	if n := l.Nameless; n > 0 {
		f.Unreadable = fmt.Sprintf("%d entries have no id that can be read: they may be those that seem to be missing", n)
	}
	whole := p.rolls.Of(guard.List{Kind: sync.DirectoryList})
	whole.Length, whole.Total = len(l.Contacts)+len(l.Faulty)+l.Nameless, l.Total >= 0
	f.Rolls = p.rolls.Sorted()
	for i := range p.leave {
		f.Leavers = append(f.Leavers, p.leave[i].contact.LeavingSince)
	}
	f.Leavers = append(f.Leavers, p.refused...)
	return guard.Check(&f)
}

// reasons are why a contact that would go is held.
func (p *planner) reasons(l *contactLeaver, found *guard.Findings, row *sync.HeldChange) (why []sync.HoldReason) {
	why = slices.Clone(found.All)
	for _, list := range contactLists(l.contact) {
		why = guard.WithReasons(why, found.Lists[list])
	}
	if len(why) == 0 && row != nil {
		return guard.AsShown(row) // what was held stays held (R25)
	}
	return why
}

func (p *planner) hold(l *contactLeaver, row *sync.HeldChange, why []sync.HoldReason) {
	c := l.change
	c.Why = why
	if p.plan.Held == nil {
		p.plan.Held = &sync.HeldContacts{}
	}
	p.plan.Held.Changes = append(p.plan.Held.Changes, c)
	for _, r := range why {
		if !slices.Contains(p.plan.Held.Reasons, r) {
			p.plan.Held.Reasons = append(p.plan.Held.Reasons, r)
		}
	}
	if row != nil {
		p.open.Touched[row] = true
	}
	p.plan.Open = append(p.plan.Open, p.row(l, row, why))
	p.keepSince(l.contact)
}

// row is what the open set says of a contact that would go. It keeps the number under which
// that was shown (R25).
func (p *planner) row(l *contactLeaver, row *sync.HeldChange, why []sync.HoldReason) sync.HeldChange {
	h := sync.HeldChange{
		State: sync.Waiting, Since: p.in.Now, Kind: sync.Kind(l.change.Kind), Member: l.contact.ID, Field: sync.StatusField,
		Before: l.contact.Fields[sync.ContactStatus], After: sync.StatusRemoved, Name: l.contact.Label(), Email: l.contact.Fields[sync.ContactEmail],
		Reason: l.change.Reason, Detail: l.contact.Fields[sync.ContactType], Why: why,
	}
	if row != nil {
		h.ID, h.Since = row.ID, row.Since
		if guard.IsSameQuestion(row, &h) {
			h.Run = row.Run
		}
	}
	return h
}

// release applies what an operator approved, if it would be held as it was shown: who was shown
// that a contact would be marked said nothing of deleting it. Else it is shown anew.
func (p *planner) release(l *contactLeaver, row *sync.HeldChange, why []sync.HoldReason) {
	if h := p.row(l, row, why); h.Run == 0 {
		p.plan.Renewed = append(p.plan.Renewed, h)
		return
	}
	p.plan.Released = append(p.plan.Released, row.ID)
	p.plan.Changes = append(p.plan.Changes, l.change)
}

// keepSince writes down since when a contact is not listed (R21).
func (p *planner) keepSince(c *sync.Contact) {
	if c.LeavingSince.IsZero() {
		next := *c
		next.LeavingSince = p.in.Now
		p.plan.Marks = append(p.plan.Marks, &next)
	}
}

// closeSet is the open set after a run of the whole directory (R25, R26).
func (p *planner) closeSet() {
	today := p.in.Now.UTC().Format(time.DateOnly)
	for i := range p.open.All {
		h := &p.open.All[i]
		w := p.watched[h.Member]
		switch {
		case p.open.Touched[h], w == nil, h.State != sync.Rejected && (w.listed || !w.could):
			continue
		case h.State == sync.Rejected && w.listed && h.PresentOn < today:
			h.PresentOn, h.PresentDays = today, h.PresentDays+1
			if h.PresentDays >= sync.PresentDays {
				continue
			}
		case h.State != sync.Rejected:
			h.Why = guard.AsShown(h)
		}
		p.plan.Open = append(p.plan.Open, *h)
	}
	slices.SortFunc(p.plan.Open, func(a, b sync.HeldChange) int { return int(a.Member - b.Member) })
}

// contactLists are the lists that a contact is on: the directory, and what it can lose as
// a whole: the entries of a type, or those of a site.
func contactLists(c *sync.Contact) []guard.List {
	lists := []guard.List{{Kind: sync.DirectoryList}}
	for _, f := range []sync.ContactField{sync.ContactType, sync.ContactSite} {
		if c.Fields[f] != "" {
			lists = append(lists, guard.List{Kind: sync.CrowdList, Sub: f.String(), Group: c.Fields[f]})
		}
	}
	return lists
}

// enroll notes on which lists a contact was, and whether it is there now.
func (p *planner) enroll(c *sync.Contact, there bool) {
	if c.IsKept() {
		return
	}
	p.count(c, there)
}

// enrollGone adds those that runs of the last hours removed or marked, and that are not listed
// again: a list must not dwindle by the hour (R22).
func (p *planner) enrollGone() {
	for _, c := range p.in.State.GoneContacts {
		if _, listed := p.listed[c.RCID]; !listed {
			p.count(c, false)
		}
	}
}

func (p *planner) count(c *sync.Contact, there bool) {
	for _, list := range contactLists(c) {
		roll := p.rolls.Of(list)
		roll.Was++
		if !there {
			roll.Lost++
		}
	}
}

// missingOwner: whoever authenticated is there. An owner whom the directory never
// listed, as hidden ones are not, says nothing.
func (p *planner) missingOwner() string {
	owner := p.in.List.Identity.OwnerID
	for i := range p.leave {
		if p.leave[i].contact.RCID == owner {
			return fmt.Sprintf("the directory no longer lists %s, who authenticated", owner)
		}
	}
	return ""
}

// Settings are the settings whose change holds contacts (R23).
func Settings(policy *sync.ContactPolicy, l *sync.ContactList) []sync.Setting {
	return guard.WithOwner(policy.Deciding, l.Identity.OwnerID)
}
