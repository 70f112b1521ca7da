// Package contacts plans what a run would do to the corporate contacts of one account.
package contacts

import (
	"cmp"
	"iter"
	"slices"
	"strings"
	"time"

	"ringroster/sync"
	"ringroster/sync/guard"
)

// Input is everything a contact plan depends on.
type Input struct {
	List     *sync.ContactList
	State    sync.State              // of the contacts: members have their own
	Contacts iter.Seq[*sync.Contact] // as held: any order, once
	Policy   sync.ContactPolicy
	Now      time.Time
	Approved []int64 // open removals that an operator released: they alone are applied (R25); nil: no such run
}

// Plan decides what happens to every contact. It is pure, as plan.Make
// is. The first row that fits decides.
//
//	entry               contact held       what happens
//	------------------  -----------------  -------------------------------------------
//	cannot be read      any or none        note faulty_record (R19)
//	listed              none               add
//	listed              marked             return
//	listed              differs            update
//	listed              the same           unchanged
//	not listed          rejected           note rejected (R26), listed on three days ends that
//	not listed          delete_remaining   held, or removed (R21 to R23)
//	not listed          marked             nothing
//	not listed          any other          held, or marked (R21 to R23)
//
// Contacts are found by RingCentral's id alone. They follow the directory in
// every field: there is nothing to edit by hand.
func Plan(in Input) *sync.ContactPlan {
	p := &planner{
		in: in, plan: &sync.ContactPlan{Account: in.List.Account, Version: in.State.Version},
		listed: make(map[string]int, len(in.List.Contacts)), met: make([]bool, len(in.List.Contacts)),
		open: sync.NewOpenSet(in.State.Open), watched: map[int64]*contactWatch{}, metFaulty: map[string]bool{},
	}
	for i := range in.List.Contacts {
		p.listed[in.List.Contacts[i].RCID] = i
	}
	for c := range in.Contacts {
		p.meet(c)
	}
	p.enrollGone()
	p.addOthers()
	p.guard()
	p.finish()
	return p.plan
}

// planner is the state of one Plan.
type planner struct {
	in     Input
	plan   *sync.ContactPlan
	listed map[string]int // id -> place in the list
	met    []bool         // by place: a contact is held

	metFaulty map[string]bool // entries that cannot be read, by id: likewise

	held    int    // contacts that could go
	buf     []byte // to compare in
	rolls   guard.Rolls
	open    *sync.OpenSet
	watched map[int64]*contactWatch // about whom something is open
	leave   []contactLeaver         // for the guard
	refused []time.Time             // since when those are missing whose removal was rejected
}

// meet decides about one contact as it streams past.
func (p *planner) meet(c *sync.Contact) {
	could := p.in.Policy.DeleteRemaining || !c.IsKept()
	if could {
		p.held++
	}
	i, listed := p.listed[c.RCID]
	_, faulty := p.in.List.Faulty[c.RCID]
	row := p.open.Of(c.ID, sync.StatusField)
	if row != nil {
		p.watched[c.ID] = &contactWatch{listed: listed, could: could}
	}
	p.enroll(c, listed || faulty) // also where a removal was rejected: the directory is wrong
	switch {
	case listed:
		p.met[i] = true
		p.compare(c, p.in.List.Contacts[i])
	case faulty:
		p.metFaulty[c.RCID] = true
		p.note(c, sync.ConflictFaulty, "its entry cannot be read in full ("+p.in.List.Faulty[c.RCID]+"): it stays as it is")
	case row != nil && row.State == sync.Rejected:
		p.refused = append(p.refused, c.LeavingSince)
		p.keepSince(c)
		p.note(c, sync.NoteRejected, "RingCentral no longer lists it; it stays since its removal was rejected (R26)")
	case !could:
	default:
		p.leave = append(p.leave, contactLeaver{c, p.leaving(c)})
	}
}

// leaving is what becomes of a contact that RingCentral no longer lists.
func (p *planner) leaving(c *sync.Contact) sync.ContactChange {
	if p.in.Policy.DeleteRemaining {
		return sync.ContactChange{Kind: sync.RemoveContact, Reason: sync.ReasonRemoved, Contact: c}
	}
	next := *c
	next.LeavingSince = time.Time{}
	next.Fields[sync.ContactStatus] = sync.StatusRemoved
	return sync.ContactChange{Kind: sync.MarkContact, Reason: sync.ReasonRemoved, Contact: &next, Fields: contactDiff(c, &next, sync.ReasonRemoved)}
}

// compare sets a contact and its entry side by side.
func (p *planner) compare(c *sync.Contact, listed sync.Entry) {
	if listed.Holds(&c.Fields, &p.buf) {
		p.plan.Summary.Unchanged++
		if !c.LeavingSince.IsZero() {
			next := *c
			next.LeavingSince = time.Time{}
			p.plan.Marks = append(p.plan.Marks, &next)
		}
		return
	}
	next := listed.Contact()
	next.ID = c.ID
	change := sync.ContactChange{Kind: sync.UpdateContact, Reason: sync.ReasonSource, Contact: next}
	if c.IsKept() {
		change.Kind, change.Reason = sync.ReturnContact, sync.ReasonReturned
	}
	change.Fields = contactDiff(c, next, change.Reason)
	p.plan.Changes = append(p.plan.Changes, change)
}

func contactDiff(before, after *sync.Contact, reason sync.Reason) (fields []sync.FieldChange) {
	for f := range sync.ContactFieldCount {
		if was, is := before.Fields[f], after.Fields[f]; was != is {
			fields = append(fields, sync.FieldChange{Field: f.String(), Before: was, After: is, Reason: reason})
		}
	}
	return fields
}

// addOthers adds the entries for which no contact is held, as far as they can be
// read.
func (p *planner) addOthers() {
	for i, met := range p.met {
		if !met {
			p.plan.Changes = append(p.plan.Changes, sync.ContactChange{Kind: sync.AddContact, Reason: sync.ReasonNew, Contact: p.in.List.Contacts[i].Contact()})
		}
	}
	for id, wrong := range p.in.List.Faulty {
		if !p.metFaulty[id] {
			p.note(&sync.Contact{RCID: id}, sync.ConflictFaulty, "its entry cannot be read in full ("+wrong+"): it is not added")
		}
	}
}

func (p *planner) note(c *sync.Contact, reason sync.Reason, detail string) {
	p.plan.Notes = append(p.plan.Notes, sync.ContactNote{ContactID: c.ID, RCID: c.RCID, Name: c.Label(), Reason: reason, Detail: detail})
}

// finish narrows the plan to what an operator approved, if that is what the run
// is for (R25), counts, and puts everything into its order.
func (p *planner) finish() {
	plan, list := p.plan, p.in.List
	s := &plan.Summary
	s.Faulty = len(list.Faulty) + list.Nameless
	s.Listed = len(list.Contacts) + s.Faulty
	if p.in.Approved != nil {
		plan.Changes = slices.DeleteFunc(plan.Changes, func(c sync.ContactChange) bool {
			return c.Kind != sync.RemoveContact && c.Kind != sync.MarkContact
		})
		plan.Open, plan.Held, plan.Notes, plan.Marks, *s = nil, nil, nil, nil, sync.ContactSummary{}
	}
	counts := map[sync.ContactKind]*int{
		sync.AddContact: &s.Added, sync.ReturnContact: &s.Returned, sync.UpdateContact: &s.Updated, sync.MarkContact: &s.Marked, sync.RemoveContact: &s.Removed,
	}
	for i := range plan.Changes {
		*counts[plan.Changes[i].Kind]++
	}
	slices.SortFunc(plan.Changes, compareContacts)
	if plan.Held != nil {
		s.Held = len(plan.Held.Changes)
		slices.SortFunc(plan.Held.Changes, compareContacts)
	}
	slices.SortFunc(plan.Marks, func(a, b *sync.Contact) int { return cmp.Compare(a.ID, b.ID) })
	slices.SortFunc(plan.Notes, func(a, b sync.ContactNote) int {
		return cmp.Or(cmp.Compare(a.ContactID, b.ContactID), strings.Compare(a.RCID, b.RCID))
	})
}

func compareContacts(a, b sync.ContactChange) int {
	return cmp.Or(cmp.Compare(contactKindOrder[a.Kind], contactKindOrder[b.Kind]),
		cmp.Compare(a.Contact.ID, b.Contact.ID), strings.Compare(a.Contact.RCID, b.Contact.RCID))
}

var contactKindOrder = map[sync.ContactKind]int{sync.AddContact: 0, sync.ReturnContact: 1, sync.UpdateContact: 2, sync.MarkContact: 3, sync.RemoveContact: 4}
