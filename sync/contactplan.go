package sync

import (
	"cmp"
	"fmt"
	"iter"
	"slices"
	"strings"
	"time"
)

// ContactInput is everything a contact plan depends on.
type ContactInput struct {
	List     *ContactList
	State    State              // of the contacts: members have their own
	Contacts iter.Seq[*Contact] // as held: any order, once
	Policy   ContactPolicy
	Now      time.Time
	Approved []int64 // open removals that an operator released: they alone are applied (R25); nil: no such run
}

// PlanContacts decides what happens to every contact. It is pure, as MakePlan
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
func PlanContacts(in ContactInput) *ContactPlan {
	p := &contactPlanner{
		in: in, plan: &ContactPlan{Account: in.List.Account, Version: in.State.Version},
		listed: make(map[string]int, len(in.List.Contacts)), met: make([]bool, len(in.List.Contacts)),
		open: newOpenSet(in.State.Open), watched: map[int64]*contactWatch{}, metFaulty: map[string]bool{},
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

// contactPlanner is the state of one PlanContacts.
type contactPlanner struct {
	in     ContactInput
	plan   *ContactPlan
	listed map[string]int // id -> place in the list
	met    []bool         // by place: a contact is held

	metFaulty map[string]bool // entries that cannot be read, by id: likewise

	held    int    // contacts that could go
	buf     []byte // to compare in
	rolls   rolls
	open    *openSet
	watched map[int64]*contactWatch // about whom something is open
	leave   []contactLeaver         // for the guard
	refused []time.Time             // since when those are missing whose removal was rejected
}

// meet decides about one contact as it streams past.
func (p *contactPlanner) meet(c *Contact) {
	could := p.in.Policy.DeleteRemaining || !c.kept()
	if could {
		p.held++
	}
	i, listed := p.listed[c.RCID]
	_, faulty := p.in.List.Faulty[c.RCID]
	row := p.open.of(c.ID, statusField)
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
		p.note(c, ConflictFaulty, "its entry cannot be read in full ("+p.in.List.Faulty[c.RCID]+"): it stays as it is")
	case row != nil && row.State == Rejected:
		p.refused = append(p.refused, c.LeavingSince)
		p.keepSince(c)
		p.note(c, NoteRejected, "RingCentral no longer lists it; it stays since its removal was rejected (R26)")
	case !could:
	default:
		p.leave = append(p.leave, contactLeaver{c, p.leaving(c)})
	}
}

// leaving is what becomes of a contact that RingCentral no longer lists.
func (p *contactPlanner) leaving(c *Contact) ContactChange {
	if p.in.Policy.DeleteRemaining {
		return ContactChange{Kind: RemoveContact, Reason: ReasonRemoved, Contact: c}
	}
	next := *c
	next.LeavingSince = time.Time{}
	next.Fields[ContactStatus] = StatusRemoved
	return ContactChange{Kind: MarkContact, Reason: ReasonRemoved, Contact: &next, Fields: contactDiff(c, &next, ReasonRemoved)}
}

// compare sets a contact and its entry side by side.
func (p *contactPlanner) compare(c *Contact, listed Entry) {
	if listed.holds(&c.Fields, &p.buf) {
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
	change := ContactChange{Kind: UpdateContact, Reason: ReasonSource, Contact: next}
	if c.kept() {
		change.Kind, change.Reason = ReturnContact, ReasonReturned
	}
	change.Fields = contactDiff(c, next, change.Reason)
	p.plan.Changes = append(p.plan.Changes, change)
}

func contactDiff(before, after *Contact, reason Reason) (fields []FieldChange) {
	for f := range contactFieldCount {
		if was, is := before.Fields[f], after.Fields[f]; was != is {
			fields = append(fields, FieldChange{Field: f.String(), Before: was, After: is, Reason: reason})
		}
	}
	return fields
}

// addOthers adds the entries for which no contact is held, as far as they can be
// read.
func (p *contactPlanner) addOthers() {
	for i, met := range p.met {
		if !met {
			p.plan.Changes = append(p.plan.Changes, ContactChange{Kind: AddContact, Reason: ReasonNew, Contact: p.in.List.Contacts[i].Contact()})
		}
	}
	for id, wrong := range p.in.List.Faulty {
		if !p.metFaulty[id] {
			p.note(&Contact{RCID: id}, ConflictFaulty, "its entry cannot be read in full ("+wrong+"): it is not added")
		}
	}
}

func (p *contactPlanner) note(c *Contact, reason Reason, detail string) {
	p.plan.Notes = append(p.plan.Notes, ContactNote{c.ID, c.RCID, c.Label(), reason, detail})
}

// finish narrows the plan to what an operator approved, if that is what the run
// is for (R25), counts, and puts everything into its order.
func (p *contactPlanner) finish() {
	plan, list := p.plan, p.in.List
	s := &plan.Summary
	s.Faulty = len(list.Faulty) + list.Nameless
	s.Listed = len(list.Contacts) + s.Faulty
	if p.in.Approved != nil {
		plan.Changes = slices.DeleteFunc(plan.Changes, func(c ContactChange) bool {
			return c.Kind != RemoveContact && c.Kind != MarkContact
		})
		plan.Open, plan.Held, plan.Notes, plan.Marks, *s = nil, nil, nil, nil, ContactSummary{}
	}
	counts := map[ContactKind]*int{
		AddContact: &s.Added, ReturnContact: &s.Returned, UpdateContact: &s.Updated, MarkContact: &s.Marked, RemoveContact: &s.Removed,
	}
	for i := range plan.Changes {
		*counts[plan.Changes[i].Kind]++
	}
	slices.SortFunc(plan.Changes, compareContacts)
	if plan.Held != nil {
		s.Held = len(plan.Held.Changes)
		slices.SortFunc(plan.Held.Changes, compareContacts)
	}
	slices.SortFunc(plan.Marks, func(a, b *Contact) int { return cmp.Compare(a.ID, b.ID) })
	slices.SortFunc(plan.Notes, func(a, b ContactNote) int {
		return cmp.Or(cmp.Compare(a.ContactID, b.ContactID), strings.Compare(a.RCID, b.RCID))
	})
}

func compareContacts(a, b ContactChange) int {
	return cmp.Or(cmp.Compare(contactKindOrder[a.Kind], contactKindOrder[b.Kind]),
		cmp.Compare(a.Contact.ID, b.Contact.ID), strings.Compare(a.Contact.RCID, b.Contact.RCID))
}

// proveContacts refuses a directory that cannot be this account's whole truth
// (R1, R4).
func proveContacts(l *ContactList, bound Identity) error {
	if len(l.Contacts)+len(l.Faulty)+l.Nameless == 0 {
		return fmt.Errorf("account %s: the company directory is empty: that is an error, not a fact (R1)", l.Account)
	}
	if id := bound.RingEXAccountID; id != "" && id != l.Identity.RingEXAccountID {
		return &IdentityError{Account: l.Account, What: "RingEX account", Bound: id, Now: l.Identity.RingEXAccountID}
	}
	return nil
}
