package sync

import (
	"cmp"
	"fmt"
	"iter"
	"slices"
	"strings"
	"time"
)

// Input is everything a plan depends on; the same input gives the same plan.
type Input struct {
	Snapshot *Snapshot // of both looks, once there was a second (R2)
	State    State
	// Members yields the members, in any order, once: they never stand in memory
	// together. Those that the plan knows by their seal may be passed over.
	Members  func(Known) iter.Seq[*Member]
	Policy   Policy
	Now      time.Time
	Only     string           // narrows the plan to one person, after the guard (R28)
	Approved map[int64]Reason // leavers an operator released, with the reason shown (R25)
	Reviewed Reviewed         // a saved plan: exactly these changes, or an error; nil: all
	Picks    *Picks           // people whom an operator brings in, and nobody else; nil: all
	Trace    *Trace           // for explain; may be nil
	// Everybody is told how each person stands, in the order of their names, until
	// it returns false; nil, as in every run: nobody asks.
	Everybody func(*Standing) bool
}

// MakePlan decides what happens to everybody. It is pure: no I/O, no clock, and
// the order of Members changes nothing. It returns an error when the snapshot
// cannot be trusted or Only names nobody.
//
// The decision table. A person is somebody RingCentral reports, a member
// somebody the roster holds; the first row that fits decides.
//
//	person           member found            what happens
//	---------------  ----------------------  ------------------------------------------
//	anybody          was forgotten           skipped: declined, until they are picked
//	a faulty record  any or none             conflict faulty_record (R19)
//	two persons or two members, one id       conflict identity_mismatch, ambiguous_link (R5)
//	does not belong  none, or inactive       skipped: no_access, out_of_scope … (R9, R11, R14)
//	does not belong  active                  skipped, and the member is a leaver (R14)
//	belongs          not managed             skipped: not_managed (R19)
//	belongs          inactive, was disabled  skipped: extension_unproved, while no list shows
//	                                         the extension (R8)
//	belongs          inactive, undone        skipped: declined (R18), until they are picked
//	belongs          same id, other human    conflict identity_reused (R13)
//	belongs, lacks a required field          conflict missing_required, unless the member has it (R19)
//	belongs          never linked            link (R12, R18)
//	belongs          inactive                reactivate (R12, R18)
//	belongs          active, differs         update (R19)
//	belongs          active, the same        unchanged
//	belongs          none, e-mail is taken   conflict email_in_use, ambiguous_link (R12)
//	belongs          none                    skipped: extension_unproved, while the extension
//	                                         list lacks them and the owner (R8, R22)
//	belongs          none, manual mode       skipped: manual_mode, until they are picked
//	belongs          none                    onboard
//	nobody           active                  a leaver (R14)
//	nobody           inactive                nothing
//
// Members are found by rcUserId, else by login or administrator id (R5), else,
// for a person no member matches, by e-mail (R12). Leavers then climb down the
// ladder of R16 (leaver.go) and pass the guard of R21 to R24 (guard.go).
func MakePlan(in Input) (*Plan, error) {
	p, err := newPlanner(in)
	if err != nil {
		return nil, err
	}
	return p.planFor(in.Members(p.known()))
}

func (p *planner) planFor(members iter.Seq[*Member]) (*Plan, error) {
	if err := p.pick(); err != nil {
		return nil, err
	}
	for m := range members {
		p.meet(m)
	}
	p.settleLoose()
	p.settleNewcomers()
	p.settleLeavers()
	p.guard()
	p.finish()
	p.tellEverybody()
	err := p.narrow()
	p.forgetPeople()
	return p.plan, err
}

// planner is the state of one MakePlan.
type planner struct {
	in     Input
	access *access
	people *people
	read   map[string]bool // sub-accounts that were read
	picked map[*Person]bool
	given  map[giftKey]*gifts
	plan   *Plan

	usernames  []uint64        // taken; hashes, since most are never looked at
	named      map[uint64]bool // the same, once somebody looks
	members    int             // met
	newcomers  []*Person
	renamed    map[*Person]string  // newcomers whose username was taken
	nameless   map[int64]bool      // members who are given their first username
	loose      []*Member           // found by login only: settled when everybody was met
	joining    []*Member           // found by rcUserId, and records without one may be theirs: likewise
	parted     map[*Person][]int64 // whom R5 told apart from members that a login of theirs finds
	unmatched  []*Member           // found by no id
	taken      map[int64]bool      // of the unmatched: found by e-mail after all
	conflicted map[int64]bool
	disputed   map[string]bool // e-mails of people in conflict who may be other members; folded
	leavers    []leaver
	candidates []leaver // what the ladder left for the guard
	tally      tally
	verdicts   map[*Person]verdict // when Everybody asks

	group    []newcomer // room for settleEmail, granted, assessRoles, expand and newMember
	grants   grants
	roles    []string
	expected Member
	room     []byte
	newcomer Member
}

func newPlanner(in Input) (*planner, error) {
	access, err := newAccess(in.Policy.Access, in.Snapshot)
	if err != nil {
		return nil, err
	}
	if in.Only != "" && in.Trace == nil {
		in.Trace = &Trace{Who: in.Only}
	}
	var holds func(*Extension) bool
	if access != nil {
		holds = access.admits
	}
	p := &planner{
		in: in, access: access, people: joinPeople(in.Snapshot, holds), read: map[string]bool{},
		plan:     &Plan{Account: in.Snapshot.Account, Version: in.State.Version},
		nameless: map[int64]bool{}, taken: map[int64]bool{}, conflicted: map[int64]bool{}, disputed: map[string]bool{},
		renamed: map[*Person]string{}, parted: map[*Person][]int64{},
		given: map[giftKey]*gifts{}, tally: newTally(),
	}
	p.usernames = make([]uint64, 0, len(p.people.all)) // there are hardly more members
	for i := range in.Snapshot.SubAccounts {
		p.read[in.Snapshot.SubAccounts[i].ID] = in.Snapshot.SubAccounts[i].Read
	}
	for _, w := range in.Snapshot.Warnings {
		p.plan.Notes = append(p.plan.Notes, Note{Reason: w.Reason, Detail: w.Detail})
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
// member was found, by the table above MakePlan.
func (p *planner) decide(person *Person, m *Member, found how) {
	synced := &m.Synced.Profile
	if !m.Linked {
		synced = &m.Profile
	}
	v := p.judge(person, synced)
	p.assessRegional(&v, person, m)
	p.traceMember(person, m)
	p.tracePerson(person, m, &v)
	p.judged(person, &v)
	o := &person.outcome
	o.found = m.ID
	if new := gained(person, m); len(new) > 0 {
		o.more().gained = new
	}
	if m.Status == Active {
		o.active, o.email = true, hashOf(FoldEmail(m.Profile[Email]))
	}
	switch {
	case m.Status == Inactive && m.DeactivationReason == ReasonForgotten && !p.picked[person]:
		p.skip(person, m, NoteDeclined, "the member was forgotten; `ringroster import` brings them back")
	case person.faulty() != "":
		p.conflictFaulty(person, m)
	case !v.Belongs:
		p.skip(person, m, skipReason(v.Why), leaverDetail[v.Why])
		if m.Status == Active {
			p.leavers = append(p.leavers, leaver{member: m, person: person, reason: v.Why})
		} else {
			p.strand(m)
		}
	case !m.Managed:
		p.skip(person, m, NoteNotManaged, "detached from the sync; `ringroster roster attach` resumes it")
	case m.Status == Inactive && m.DeactivationReason == ReasonDisabled && !person.ExtByID:
		p.skip(person, m, NoteUnproved, "their extension was disabled and is not listed now: whether it still is, nobody knows (R8)")
	case m.Status == Inactive && m.DeactivationReason == ReasonUndone && !p.picked[person]:
		p.skip(person, m, NoteDeclined, "their onboarding was undone (R18); `ringroster import` or `attach` brings them back")
	case identityReused(person, m, &v):
		p.conflictReused(person, m, &v)
	case !p.keepRequired(person, m, &v):
		p.conflictMissing(person, m, &v)
	default:
		p.compare(person, m, &v, found)
	}
}

// skipReason is the word for somebody who does not belong and was not there.
func skipReason(why Reason) Reason {
	if why == ReasonAccessRevoked {
		return NoteNoAccess
	}
	return why
}

// identityReused says whether an rcUserId seems to have passed to another human:
// first name, last name and e-mail all differ from what it last meant (R13).
func identityReused(person *Person, m *Member, v *verdict) bool {
	last := &m.Synced.Profile
	if !m.Linked || person.RCUserID == "" || person.RCUserID != m.RCUserID || last[FirstName]+last[LastName]+last[Email] == "" {
		return false // of somebody forgotten nothing is left to compare
	}
	for _, f := range []Field{FirstName, LastName, Email} {
		if !v.Known.Has(f) || sameValue(f, v.Profile[f], last[f]) {
			return false
		}
	}
	return true
}

// keepRequired sees to required_fields: a member who loses one keeps the last
// value. It reports false for somebody who has none to keep (R19).
func (p *planner) keepRequired(person *Person, m *Member, v *verdict) bool {
	for _, f := range p.in.Policy.RequiredFields {
		if v.Known.Has(f) && v.Profile[f] != "" {
			continue
		}
		held := ""
		if m != nil {
			held = m.Profile[f]
		}
		active := m != nil && m.Linked && m.Status == Active
		if held == "" && !active {
			return false
		}
		if v.Known.Has(f) {
			v.Known &^= 1 << f
			p.note(person, m, NoteKeptRequired, fmt.Sprintf("%s is required and RingCentral no longer reports one; kept %q", f, held))
		}
	}
	return true
}

// finish counts, and puts everything into its order.
func (p *planner) finish() {
	s := &p.plan.Summary
	s.People = len(p.people.all)
	for _, person := range p.people.all {
		person.outcome.count(s)
		p.collect(person)
	}
	p.bringIn()
	p.plan.Lookups = p.lookups()
	s.Deactivate = 0
	for i := range p.plan.Changes {
		if p.plan.Changes[i].Kind == Deactivate {
			s.Deactivate++
		}
	}
	if p.plan.Held != nil {
		s.Held = len(p.plan.Held.Changes)
		slices.SortFunc(p.plan.Held.Changes, compareChanges)
	}
	slices.SortFunc(p.plan.Changes, compareChanges)
	slices.SortFunc(p.plan.Conflicts, func(a, b Conflict) int {
		return cmp.Or(strings.Compare(a.Person, b.Person), cmp.Compare(a.Member, b.Member))
	})
	slices.SortFunc(p.plan.Notes, func(a, b Note) int {
		return cmp.Or(cmp.Compare(a.Member, b.Member), strings.Compare(a.Person, b.Person),
			strings.Compare(string(a.Reason), string(b.Reason)), strings.Compare(a.Detail, b.Detail))
	})
	slices.SortFunc(p.plan.Marks, func(a, b *Member) int { return cmp.Compare(a.ID, b.ID) })
	slices.SortFunc(p.plan.Seals, func(a, b Sealed) int { return cmp.Compare(a.ID, b.ID) })
	p.nameOthers()
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
	}
	if d.note != nil {
		p.plan.Notes = append(p.plan.Notes, *d.note)
	}
	if d.mark != nil {
		p.plan.Marks = append(p.plan.Marks, d.mark)
	}
}

var kindOrder = map[Kind]int{Onboard: 0, Link: 1, Reactivate: 2, Update: 3, Deactivate: 4}

func compareChanges(a, b Change) int {
	return cmp.Or(cmp.Compare(kindOrder[a.Kind], kindOrder[b.Kind]),
		cmp.Compare(a.Member, b.Member), strings.Compare(a.Person, b.Person))
}

// forgetPeople lets go of all that was only needed to decide: what a plan brings
// in is made of the person alone.
func (p *planner) forgetPeople() {
	for _, person := range p.people.all {
		person.outcome = outcome{}
	}
	p.people, p.usernames, p.named, p.newcomers, p.loose, p.joining, p.parted, p.unmatched, p.leavers, p.candidates, p.verdicts = nil, nil, nil, nil, nil, nil, nil, nil, nil, nil, nil
}
