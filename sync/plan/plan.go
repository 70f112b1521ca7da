// Package plan decides what a run would do to one account, and why: it joins RingCentral's
// records to people, finds their members, and sets both side by side. It is pure: the same
// Input gives the same Plan.
package plan

import (
	"cmp"
	"fmt"
	"iter"
	"slices"
	"strings"
	"time"

	"ringroster/sync"
	"ringroster/sync/guard"
)

// Input is everything a plan depends on; the same input gives the same plan.
type Input struct {
	Snapshot *sync.Snapshot // of both looks, once there was a second (R2)
	State    sync.State
	// Members yields the members, in any order, once: they never stand in memory
	// together. Those that the plan knows by their seal may be passed over.
	Members  func(sync.Known) iter.Seq[*sync.Member]
	Policy   sync.Policy
	Now      time.Time
	Only     string   // narrows the plan to one person, after the guard (R28)
	Approved []int64  // open changes that an operator released: they alone are applied (R25); nil: no such run
	Reviewed Reviewed // a saved plan: exactly these changes, or an error; nil: all
	Picks    *Picks   // people whom an operator brings in, and nobody else; nil: all
	Trace    *Trace   // for explain; may be nil
	// Everybody is told how each person stands, in the order of their names, until
	// it returns false; nil, as in every run: nobody asks.
	Everybody func(*Standing) bool
}

// Make decides what happens to everybody. It is pure: no I/O, no clock, and
// the order of Members changes nothing. It returns an error when the snapshot
// cannot be trusted or Only names nobody.
//
// The decision table, as R32 has it. A person is somebody RingCentral reports, a member
// somebody the roster holds; the first row that fits decides.
//
//	person                             member found                               what happens
//	---------------------------------  -----------------------------------------  ----------------------------------------
//	two people or two members, one id  any                                        conflict identity_mismatch or ambiguous_link (R5)
//	anybody                            was forgotten                              skipped: declined, until an import picks them (R34)
//	a faulty record                    any, or none                               conflict faulty_record (R19)
//	does not belong                    active                                     skipped, and the member is a leaver (R14), unless R12 finds the human made anew
//	does not belong                    inactive, or none                          skipped: no_access, out_of_scope, ringex_disabled or no_extension (R9, R11, R14)
//	belongs                            not managed                                skipped: not_managed (R19)
//	belongs                            inactive, was disabled                     skipped: extension_unproved, while no list shows the extension (R8)
//	belongs                            inactive, undone                           skipped: declined, until an import picks them (R18)
//	belongs                            same id, another human                     conflict identity_reused (R13)
//	belongs, lacks a required field    inactive or never linked, and without one  conflict missing_required (R19)
//	belongs                            never linked                               link (R12, R18)
//	belongs                            inactive                                   reactivate (R12, R18)
//	belongs                            active, differs                            update (R19)
//	belongs                            active, the same                           unchanged
//	belongs                            none                                       skipped: extension_unproved, while the extension list lacks both them and the owner (R8, R22)
//	belongs                            none, the e-mail is a member's             R12's table: a conflict, or that member by the rows above
//	belongs                            none, the onboarding was rejected          skipped: declined, until an import picks them (R36)
//	belongs                            none, manual mode                          skipped: manual_mode, until an import picks them (R34)
//	belongs, lacks a required field    none                                       conflict missing_required (R19)
//	belongs                            none                                       onboard
//	nobody                             active                                     a leaver (R14)
//	nobody                             inactive                                   nothing
//
// Members are found by rcUserId, else by login or administrator id (R5), else,
// for a person no member matches, by e-mail (R12). Leavers then climb down the
// ladder of R16 (leaver.go) and pass the guard of R21 to R24 (sync/guard/guard.go).
func Make(in Input) (*sync.Plan, error) {
	read, err := draft(in, nil)
	if err != nil {
		return nil, err
	}
	if in.Approved != nil {
		return read.release()
	}
	found := read.findings()
	kept := read
	if lost := read.lostFrom(&found); len(lost) > 0 {
		in.Trace.Reset()
		if kept, err = draft(in, lost); err != nil {
			return nil, err
		}
	}
	kept.settle(read, &found)
	kept.tellEverybody()
	if err := kept.narrow(); err != nil {
		return nil, err
	}
	kept.forgetPeople()
	return kept.plan, nil
}

// draft decides about everybody before the guard, with the records that lists lost put
// back.
func draft(in Input, lost []lost) (*planner, error) {
	p, err := newPlanner(in)
	if err != nil {
		return nil, err
	}
	p.people.putBack(lost)
	if err := p.pick(); err != nil {
		return nil, err
	}
	for m := range in.Members(p.known()) {
		p.meet(m)
	}
	p.settleLoose()
	p.settleNewcomers()
	p.settleLeavers()
	return p, nil
}

// planner is the state of one Make.
type planner struct {
	in     Input
	access *access
	people *people
	read   map[string]bool // sub-accounts that were read
	picked map[*Person]bool
	given  map[giftKey]*gifts
	plan   *sync.Plan
	maps   *mapper

	usernames  []uint64        // taken; hashes, since most are never looked at
	named      map[uint64]bool // the same, once somebody looks
	members    int             // met
	newcomers  []*Person
	renamed    map[*Person]string  // newcomers whose username was taken
	nameless   map[int64]bool      // members who are given their first username
	loose      []*sync.Member      // found by login only: settled when everybody was met
	looseBy    map[string]bool     // names and e-mails of the active ones, when somebody asks
	joining    []*sync.Member      // found by rcUserId, and records without one may be theirs: likewise
	parted     map[*Person][]int64 // whom R5 told apart from members that a login of theirs finds
	owners     map[string]int64    // of extensions that no record has by id: the active member whose rcUserId it is
	unmatched  []*sync.Member      // found by no id
	taken      map[int64]bool      // of the unmatched: found by e-mail after all
	conflicted map[int64]bool
	kept       map[sync.Loss]bool // what one look alone keeps (R2); nil: nobody has asked
	forgotten  []*Person          // who would belong, but for being a member who was forgotten
	mayMean    map[int64]bool     // members whom an email_in_use conflict may mean
	inDispute  []*Person          // these people
	disputed   map[string]bool    // names and e-mails of people in conflict who may be other members; folded
	leavers    []leaver
	tally      guard.Tally
	lists      lists
	open       *sync.OpenSet
	claimed    *claims                        // of open onboardings: made when first needed, once everybody was met
	watched    map[int64]*watched             // members about whom something is open
	refusing   map[*sync.HeldChange]sync.Note // rejected losses of logins that would happen, with what is said of each
	unread     map[string]bool                // active sub-accounts that the settings leave out
	verdicts   map[*Person]verdict            // when Everybody asks
	olderSeals bool                           // of a run that kept no extension (sync/archive/past.go)

	group    []newcomer // room for settleEmail, granted, assessRoles, expand and newMember
	grants   grants
	roles    []string
	expected sync.Member
	room     []byte
	newcomer sync.Member
}

func newPlanner(in Input) (*planner, error) {
	access, err := newAccess(in.Policy.Access, in.Snapshot)
	if err != nil {
		return nil, err
	}
	if in.Only != "" && in.Trace == nil {
		in.Trace = &Trace{Who: in.Only}
	}
	var holds func(*sync.Extension) bool
	if access != nil {
		holds = access.admits
	}
	p := &planner{
		in: in, access: access, people: joinPeople(in.Snapshot, holds), read: map[string]bool{},
		plan:     &sync.Plan{Account: in.Snapshot.Account, Version: in.State.Version},
		nameless: map[int64]bool{}, taken: map[int64]bool{}, conflicted: map[int64]bool{}, mayMean: map[int64]bool{}, disputed: map[string]bool{},
		renamed: map[*Person]string{}, parted: map[*Person][]int64{},
		given: map[giftKey]*gifts{}, owners: map[string]int64{},
		maps: newMapper(in.Policy.Map),
		open: sync.NewOpenSet(in.State.Open), watched: map[int64]*watched{}, refusing: map[*sync.HeldChange]sync.Note{}, unread: map[string]bool{},
	}
	if in.Everybody != nil {
		p.verdicts = map[*Person]verdict{}
	}
	p.usernames = make([]uint64, 0, len(p.people.all)) // there are hardly more members
	for i := range in.Snapshot.SubAccounts {
		sub := &in.Snapshot.SubAccounts[i]
		p.read[sub.ID], p.unread[sub.ID] = sub.Read, sub.Active && !sub.Read
	}
	for _, w := range in.Snapshot.Warnings {
		p.plan.Notes = append(p.plan.Notes, sync.Note{Reason: w.Reason, Detail: w.Detail})
	}
	for _, unused := range UnusedMappings(in.Policy.Map, in.Snapshot) {
		p.plan.Notes = append(p.plan.Notes, sync.Note{Reason: sync.NoteMapUnused, Detail: unused})
	}
	return p, nil
}

// how a member was found for a person.
type how int

const (
	byID how = iota
	byLogin
	byEmail
)

// decide is the one function that says what happens to a person for whom a
// member was found, by the table above Make.
func (p *planner) decide(person *Person, m *sync.Member, found how) {
	p.keepExtension(person, m)
	person.remember(m)
	p.disputeNameless(person, m)
	synced := &m.Synced.Profile
	if !m.Linked {
		synced = &m.Profile
	}
	v := p.judge(person, synced)
	person.doubt = cmp.Or(v.Doubt, p.unreadExtension(person, m, &v))
	p.assessRegional(&v, person, m)
	p.traceMember(person, m)
	p.tracePerson(person, m, &v)
	p.judged(person, &v)
	leaves := !v.Belongs && m.Status == sync.Active && person.faulty() == ""
	if !leaves { // else once it is clear that they are nobody made anew (R12)
		p.enroll(m, person)
		p.watch(m, person, v.Known)
	}
	o := &person.outcome
	o.found = m.ID
	if new := gained(person, m); len(new) > 0 {
		o.more().gained = new
	}
	if m.Status == sync.Active {
		o.active, o.email = true, sync.HashText(sync.FoldEmail(m.Profile[sync.Email]))
	}
	switch {
	case m.Status == sync.Inactive && m.DeactivationReason == sync.ReasonForgotten && !p.picked[person]:
		if v.Belongs {
			p.forgotten = append(p.forgotten, person)
		}
		p.skip(person, m, sync.NoteDeclined, fmt.Sprintf("the member was forgotten; `ringroster import %d` brings them back", m.ID))
	case person.faulty() != "":
		p.conflictFaulty(person, m)
	case !v.Belongs:
		p.skip(person, m, skipReason(v.Why), sync.LeaverDetail(v.Why))
		if m.Status == sync.Active {
			p.leavers = append(p.leavers, leaver{member: m, person: person, known: v.Known, reason: v.Why})
		} else {
			p.strand(m)
		}
	case !m.Managed:
		p.skip(person, m, sync.NoteNotManaged, "detached from the sync; `ringroster roster attach` resumes it")
	case m.Status == sync.Inactive && m.DeactivationReason == sync.ReasonDisabled && !person.ExtByID:
		p.skip(person, m, sync.NoteUnproved, "their extension was disabled and is not listed now: whether it still is, nobody knows (R8)")
	case m.Status == sync.Inactive && m.DeactivationReason == sync.ReasonUndone && !p.picked[person]:
		p.skip(person, m, sync.NoteDeclined, fmt.Sprintf("their onboarding was undone (R18); `ringroster import %d` or `ringroster roster attach %d` brings them back", m.ID, m.ID))
	case p.identityReused(person, m, &v):
		p.conflictReused(person, m, &v)
	case !p.keepRequired(person, m, &v):
		p.conflictMissing(person, m, &v)
	default:
		p.compare(person, m, &v, found)
	}
}

// skipReason is the word for somebody who does not belong and was not there.
func skipReason(why sync.Reason) sync.Reason {
	if why == sync.ReasonAccessRevoked {
		return sync.NoteNoAccess
	}
	return why
}

// keepRequired sees to required_fields: a member who loses one keeps the last
// value. It reports false for somebody who has none to keep (R19).
func (p *planner) keepRequired(person *Person, m *sync.Member, v *verdict) bool {
	for _, f := range p.in.Policy.RequiredFields {
		if v.Known.Has(f) && v.Profile[f] != "" {
			continue
		}
		held := ""
		if m != nil {
			held = m.Profile[f]
		}
		active := m != nil && m.Linked && m.Status == sync.Active
		if held == "" && !active {
			return false
		}
		if v.Known.Has(f) {
			v.Known &^= 1 << f
			p.note(person, m, sync.NoteKeptRequired, fmt.Sprintf("%s is required and RingCentral no longer reports one; kept %q", f, held))
		}
	}
	return true
}

// finish counts, and puts everything into its order.
func (p *planner) finish(s *settling) {
	sum := &p.plan.Summary
	for _, person := range p.people.all {
		if !person.ghost {
			sum.People++
		}
		person.outcome.count(sum)
	}
	p.plan.Lookups, p.plan.Unread = p.lookups(), p.in.Policy.Unread
	for i := range p.plan.Changes {
		if p.plan.Changes[i].Kind == sync.Deactivate {
			sum.Deactivate++
		}
	}
	if len(s.held) > 0 {
		slices.SortFunc(s.held, compareChanges)
		p.plan.Held = &sync.Held{Reasons: s.heldReasons(), Changes: s.held}
		sum.Held = countHeld(s.held)
	}
	p.plan.Doubts = s.found.Doubts()
	p.plan.Lengths, p.plan.Ended = s.read.lengths(s.found), s.read.ended()
	p.noteSupervisors()
	p.order()
	p.nameOthers()
}

// countHeld counts the members and people of whom something is held.
func countHeld(held []sync.Change) int {
	who := map[string]bool{}
	for i := range held {
		who[fmt.Sprintf("%d %s", held[i].Member, when(held[i].Member == 0, held[i].Person))] = true
	}
	return len(who)
}

// order puts everything into its order.
func (p *planner) order() {
	slices.SortFunc(p.plan.Changes, compareChanges)
	slices.Sort(p.plan.Look.Extensions)
	slices.SortFunc(p.plan.Conflicts, func(a, b sync.Conflict) int {
		return cmp.Or(strings.Compare(a.Person, b.Person), cmp.Compare(a.Member, b.Member))
	})
	slices.SortFunc(p.plan.Notes, func(a, b sync.Note) int {
		return cmp.Or(cmp.Compare(a.Member, b.Member), strings.Compare(a.Person, b.Person),
			strings.Compare(string(a.Reason), string(b.Reason)), strings.Compare(a.Detail, b.Detail))
	})
	slices.SortFunc(p.plan.Marks, func(a, b *sync.Member) int { return cmp.Compare(a.ID, b.ID) })
	slices.SortFunc(p.plan.Seals, func(a, b sync.Sealed) int { return cmp.Compare(a.ID, b.ID) })
}

// collect moves one person's outcome into the plan.
func (p *planner) collect(person *Person) {
	o, d := &person.outcome, person.outcome.details()
	switch o.decision {
	case changed:
		p.plan.Changes = append(p.plan.Changes, *d.change)
	case onboarded:
		p.newcomers = append(p.newcomers, person)
	case inConflict:
		p.plan.Conflicts = append(p.plan.Conflicts, *d.conflict)
		if c := d.conflict; p.in.Trace.means(c.Person, c.Member) {
			p.in.Trace.add(c.Person, c.Member, "R20", "plan", "conflict %s: %s; settle it with: %s", c.Reason, c.Detail, c.Remedy)
		}
	}
	if n := d.note; n != nil {
		p.plan.Notes = append(p.plan.Notes, *n)
		if p.in.Trace.means(n.Person, n.Member) {
			p.in.Trace.add(n.Person, n.Member, "R32", "plan", "%s: %s", n.Reason, n.Detail)
		}
	}
	if d.mark != nil {
		p.plan.Marks = append(p.plan.Marks, d.mark)
	}
}

var kindOrder = map[sync.Kind]int{sync.Onboard: 0, sync.Link: 1, sync.Reactivate: 2, sync.Update: 3, sync.Deactivate: 4}

func compareChanges(a, b sync.Change) int {
	return cmp.Or(cmp.Compare(kindOrder[a.Kind], kindOrder[b.Kind]),
		cmp.Compare(a.Member, b.Member), strings.Compare(a.Person, b.Person))
}

// forgetPeople lets go of all that was only needed to decide: what a plan brings
// in is made of the person alone.
func (p *planner) forgetPeople() {
	for _, person := range p.people.all {
		person.outcome = outcome{}
	}
	p.people, p.usernames, p.named, p.newcomers, p.loose, p.looseBy, p.joining, p.parted, p.unmatched, p.leavers, p.verdicts, p.open, p.watched = nil, nil, nil, nil, nil, nil, nil, nil, nil, nil, nil, nil, nil
	p.inDispute = nil
	p.lists = lists{}
}
