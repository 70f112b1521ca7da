package sync

import (
	"fmt"
	"time"
)

// leaver is an active member who is not present: nobody reports them, or they
// do not belong any more (R14).
type leaver struct {
	member *Member
	person *Person // nil: nobody reports them
	reason Reason
}

// settleLeavers sends everybody who is active and not present down the ladder.
func (p *planner) settleLeavers() {
	for _, m := range p.unmatched {
		switch {
		case p.taken[m.ID]:
		case m.Status == Active:
			p.leavers = append(p.leavers, leaver{member: m, reason: p.absence(m)})
		default:
			p.traceResting(m)
		}
	}
	for _, l := range p.leavers {
		if l.person == nil {
			p.traceMember(nil, l.member)
		}
		p.traceLeaver(&l)
		p.descend(l)
	}
}

// traceLeaver says where somebody was looked for, and what came of it.
func (p *planner) traceLeaver(l *leaver) {
	if p.in.Trace == nil {
		return
	}
	if m := l.member; l.person == nil {
		p.trace(nil, m, "R5", "RingCX lists", "no record has rc user id %q, one of the %d logins, or an administrator id of %q", m.RCUserID, len(m.Logins), m.AdminIDs)
		if e := p.people.extension(m.RCUserID); e != nil {
			p.trace(nil, m, "R14", "RingEX extensions", "extension %s is still listed: %s", e.ID, e.Status)
		} else {
			p.trace(nil, m, "R14", "RingEX extensions", "no extension has rc user id %q", m.RCUserID)
		}
	}
	p.trace(l.person, l.member, "R14", "plan", "would leave, reason %s: %s", l.reason, leaverDetail[l.reason])
}

// absence is the reason of somebody without a record: the first of R14 that
// fits what is still listed of them.
func (p *planner) absence(m *Member) Reason {
	e := p.people.extension(m.RCUserID)
	switch {
	case m.RCUserID == "" || e == nil:
		return ReasonRemoved
	case e.Status == "Disabled":
		return ReasonDisabled
	case p.in.Policy.RequireRingEX && e.Status == "Unassigned":
		return ReasonNoExtension
	default:
		return ReasonAccessRevoked
	}
}

// descend takes a would-be leaver down the ladder of R16 as far as the guard:
// the first step that applies keeps them.
func (p *planner) descend(l leaver) {
	m, policy := l.member, &p.in.Policy
	switch {
	case !m.Managed:
		p.stay(l, NoteNotManaged, "detached from the sync")
	case !m.Linked:
		p.stay(l, NoteNeverLinked, "never matched to anybody RingCentral reports (R15)")
	case p.conflicted[m.ID]:
		p.stay(l, NoteInConflict, "part of a conflict")
	case p.disputed[FoldEmail(m.Profile[Email])] || p.disputed[FoldEmail(m.Synced.Profile[Email])]:
		p.stay(l, NoteInConflict, "another member holds a login of somebody with their e-mail: who that is, is not decided")
	case l.person == nil && p.people.couldBeFaulty(m):
		p.stay(l, NoteInConflict, "a faulty record could be theirs")
	case !policy.Deactivate:
		p.stay(l, NoteDeactivateOff, "deactivate is false in the settings")
	case p.protected(m):
		p.stay(l, NoteProtected, "named by protect in the settings")
	case m.Rejected != "" && m.Rejected == l.reason:
		p.stay(l, NoteRejected, "an operator rejected this deactivation; `ringroster reject --clear` ends that")
	case l.reason == ReasonRemoved && policy.GraceDays > 0 && p.absentDays(m) <= policy.GraceDays:
		p.stay(l, NoteInGrace, fmt.Sprintf("absent on %d UTC days; leaves after %d", p.absentDays(m), policy.GraceDays))
	default:
		p.candidates = append(p.candidates, l)
	}
}

// protected says whether the settings keep a member from leaving (R16): as the
// roster holds them, or as RingCentral last reported them, which a pin or an edit
// may hide.
func (p *planner) protected(m *Member) bool {
	for i := range p.in.Policy.Protect {
		e := &p.in.Policy.Protect[i]
		if e.matchesLogins(m.Logins) && (e.matchesPerson(&m.Profile) || m.Linked && e.matchesPerson(&m.Synced.Profile)) {
			return true
		}
	}
	return false
}

// stay keeps a would-be leaver, says why, and keeps count of the absence.
func (p *planner) stay(l leaver, reason Reason, detail string) {
	p.trace(l.person, l.member, "R16", "plan", "stays: %s, %s", reason, detail)
	p.plan.Notes = append(p.plan.Notes, Note{
		Member: l.member.ID, Person: l.key(), Name: l.member.Profile.Name(), Reason: reason,
		Detail: fmt.Sprintf("would leave as %s; %s", l.reason, detail),
	})
	if reason != NoteNotManaged && reason != NoteNeverLinked && reason != NoteInConflict {
		p.mark(l.member, p.absent(l))
	}
}

func (l *leaver) key() string {
	if l.person == nil {
		return ""
	}
	return l.person.Key()
}

// today is the UTC day on which an absence counts (R17).
func (p *planner) today() string { return p.in.Now.UTC().Format(time.DateOnly) }

// absentDays counts this absence in, at most once per UTC day (R17). A run for
// one person counts nothing (R28).
func (p *planner) absentDays(m *Member) int {
	if m.AbsentOn >= p.today() || p.in.Only != "" { // later: the clock was set back
		return m.AbsentDays
	}
	return m.AbsentDays + 1
}

// bookSeen ends an absence. A run for one person books nothing (R28).
func (p *planner) bookSeen(m *Member) {
	if p.in.Only == "" {
		m.AbsentDays, m.AbsentOn, m.LastSeenAt = 0, "", time.Time{}
	}
}

// absent is the member with this absence booked. Whom RingCentral still reports
// is not absent, whatever else makes them leave (R17).
func (p *planner) absent(l leaver) *Member {
	next := *l.member
	switch {
	case l.reason != ReasonRemoved:
		p.bookSeen(&next)
	case p.in.Only == "":
		next.AbsentDays, next.AbsentOn = p.absentDays(l.member), max(p.today(), l.member.AbsentOn)
		p.keepLastSeen(&next)
	}
	if next.Rejected != l.reason {
		next.Rejected = "" // the reason changed (R26)
	}
	return &next
}

// keepLastSeen writes down, at the beginning of an absence, when it began.
func (p *planner) keepLastSeen(m *Member) {
	if m.LastSeenAt.IsZero() {
		m.LastSeenAt = p.in.State.LastSeen
	}
}

// mark books what changes nothing else.
func (p *planner) mark(m, next *Member) {
	if bookkeepingMoved(m, next) {
		p.plan.Marks = append(p.plan.Marks, next)
	}
}

// leave is the change of somebody who goes: the status alone, nothing else is
// cleared and nothing deleted.
func (p *planner) leave(l leaver) Change {
	next := p.absent(l)
	p.keepLastSeen(next)
	next.Status, next.Synced.Status, next.DeactivationReason, next.Rejected = Inactive, Inactive, l.reason, ""
	return Change{
		Kind: Deactivate, Member: l.member.ID, Person: l.key(),
		Name: l.member.Profile.Name(), Email: l.member.Profile[Email],
		Reason: l.reason, Detail: leaverDetail[l.reason],
		Fields: []FieldChange{{"status", string(Active), string(Inactive), l.reason}},
		Next:   next.itself,
	}
}

// leaverDetail puts the reasons of R14 into words, for leavers and for those who
// were never there.
var leaverDetail = map[Reason]string{
	ReasonDisabled:      "their RingEX extension is disabled",
	ReasonNoExtension:   "they have no RingEX extension, and require_ringex asks for one",
	ReasonOutOfScope:    "the settings' scope leaves them out",
	ReasonAccessRevoked: "RingCentral still lists them, but nothing grants them a place on the roster",
	ReasonRemoved:       "RingCentral lists them nowhere any more",
}
