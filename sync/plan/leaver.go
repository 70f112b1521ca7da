package plan

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"ringroster/sync"
)

// leaver is an active member who is not present: nobody reports them, or they
// do not belong any more (R14).
type leaver struct {
	member *sync.Member
	person *Person // nil: nobody reports them
	known  sync.FieldSet
	reason sync.Reason
	words  string      // of the reason
	absent bool        // something of theirs is missing: nothing that is there says that they left (R17)
	step   sync.Reason // of the ladder that keeps them; "": none does
	detail string      // of the step, in words
}

// settleLeavers collects everybody who is active and not present, with the step of the
// ladder that keeps them. Whom one of several looks alone shows present is none (R2).
func (p *planner) settleLeavers() {
	p.leavers = slices.DeleteFunc(p.leavers, func(l leaver) bool { return p.taken[l.member.ID] })
	for i := range p.leavers {
		l := &p.leavers[i]
		p.enroll(l.member, l.person)
		p.watch(l.member, l.person, l.known)
	}
	for _, m := range p.unmatched {
		if p.taken[m.ID] {
			continue
		}
		p.enroll(m, nil)
		p.watch(m, nil, 0)
		if m.Status == sync.Active {
			p.leavers = append(p.leavers, leaver{member: m, reason: p.absence(m)})
		} else {
			p.traceResting(m)
		}
	}
	p.leavers = slices.DeleteFunc(p.leavers, func(l leaver) bool {
		kept := p.oneLookKeeps(l.member.ID, sync.StatusField)
		if kept {
			p.trace(l.person, l.member, "R2", "plan", "stays: would leave by all looks together (%s), and by one of them alone would not", l.reason)
		}
		return kept
	})
	for i := range p.leavers {
		l := &p.leavers[i]
		if l.person == nil {
			p.traceMember(nil, l.member)
		}
		l.words = sync.LeaverDetail(l.reason)
		if l.person == nil && l.reason != sync.ReasonDisabled && p.disputedLeaver(l) != "" {
			l.words = disputedText
		}
		p.traceLeaver(l)
		l.absent = p.isAbsent(l)
		l.step, l.detail = p.step(l)
	}
	slices.SortFunc(p.leavers, func(a, b leaver) int { return cmp.Compare(a.member.ID, b.member.ID) })
}

// traceLeaver says where somebody was looked for, and what came of it.
func (p *planner) traceLeaver(l *leaver) {
	if p.in.Trace == nil {
		return
	}
	if m := l.member; l.person == nil {
		if listed := p.foundByLogin(m); len(listed) > 0 {
			p.trace(nil, m, "R5", "RingCX lists", "no record has rc user id %q; a login, or another id, of theirs is that of %s", m.RCUserID, personKeys(listed))
		} else {
			p.trace(nil, m, "R5", "RingCX lists", "no record has rc user id %q, one of the %d logins, or an administrator id of %q", m.RCUserID, len(m.Logins), m.AdminIDs)
		}
		if e := p.people.extension(m.RCUserID); e != nil {
			p.trace(nil, m, "R14", "RingEX extensions", "extension %s is still listed: %s", e.ID, e.Status)
		} else {
			p.trace(nil, m, "R14", "RingEX extensions", "no extension has rc user id %q", m.RCUserID)
		}
	}
	p.trace(l.person, l.member, "R14", "plan", "would leave, reason %s: %s", l.reason, l.words)
}

// absence is the reason of somebody without a record: the first of R14 that
// fits what is still listed of them.
func (p *planner) absence(m *sync.Member) sync.Reason {
	e := p.people.extension(m.RCUserID)
	switch {
	case m.RCUserID == "" || e == nil:
		return sync.ReasonRemoved
	case e.Status == "Disabled":
		return sync.ReasonDisabled
	case p.in.Policy.RequireRingEX && e.Status == "Unassigned":
		return sync.ReasonNoExtension
	default:
		return sync.ReasonAccessRevoked
	}
}

// rung is a step of the ladder that a would-be leaver climbs down: what it is called where
// it keeps somebody, and in words why it does; "": it does not.
type rung struct {
	step  sync.Reason
	keeps func(*planner, *leaver) string
}

// ladder are the steps of R16 in their order, as far as the guard: what is below them, held
// and deactivated, settle.go decides. RULES.md has the same list.
var ladder = []rung{
	{sync.NoteNotManaged, func(_ *planner, l *leaver) string { return when(!l.member.Managed, "detached from the sync") }},
	{sync.NoteNeverLinked, func(_ *planner, l *leaver) string {
		return when(!l.member.Linked, "never matched to anybody RingCentral reports (R15)")
	}},
	{sync.NoteInConflict, (*planner).disputedLeaver},
	{sync.NoteDeactivateOff, func(p *planner, _ *leaver) string {
		return when(!p.in.Policy.Deactivate, "deactivate is false in the settings")
	}},
	{sync.NoteProtected, func(p *planner, l *leaver) string {
		return when(Protects(&p.in.Policy, l.member), "named by protect in the settings")
	}},
	{sync.NoteRejected, func(p *planner, l *leaver) string {
		return when(p.refusesLeaver(l),
			"an operator rejected this deactivation; `ringroster reject --clear` ends that")
	}},
	{sync.NoteInGrace, func(p *planner, l *leaver) string {
		days := p.absentDays(l.member)
		return when(l.absent && p.in.Policy.GraceDays > 0 && days <= p.in.Policy.GraceDays,
			fmt.Sprintf("absent on %d UTC days; leaves after %d", days, p.in.Policy.GraceDays))
	}},
}

// refusesLeaver says whether an operator rejected that somebody leaves. A disabled extension
// is a statement, about which nobody was asked yet unless just that was rejected (R26).
func (p *planner) refusesLeaver(l *leaver) bool {
	row := p.open.Of(l.member.ID, sync.StatusField)
	return row != nil && row.State == sync.Rejected && (l.reason != sync.ReasonDisabled || row.Reason == sync.ReasonDisabled)
}

// when is the text if so, else "".
func when(so bool, text string) string {
	if so {
		return text
	}
	return ""
}

// step is the first step of the ladder that keeps a would-be leaver; "": none does.
func (p *planner) step(l *leaver) (step sync.Reason, detail string) {
	for _, r := range ladder {
		if detail := r.keeps(p, l); detail != "" {
			return r.step, detail
		}
	}
	return "", ""
}

// disputedLeaver says why nobody knows whether a would-be leaver is gone.
func (p *planner) disputedLeaver(l *leaver) string {
	m := l.member
	switch {
	case p.conflicted[m.ID]:
		return "part of a conflict"
	case p.disputed[sync.FoldEmail(m.Profile[sync.Email])] || p.disputed[sync.FoldEmail(m.Synced.Profile[sync.Email])],
		p.disputed[foldName(m.Synced.Profile[sync.FirstName], m.Synced.Profile[sync.LastName])]:
		return "a conflict is about somebody with their name or e-mail: who that is, is not decided"
	case strings.HasPrefix(m.RCUserID, sync.FormerID) && slices.ContainsFunc(p.inDispute, func(person *Person) bool { return person.hasPartOf(m) }):
		return "an operator parted them from an id, and a conflict is about somebody with a part of their name"
	case l.person == nil && p.people.couldBeFaulty(m):
		return "a faulty record could be theirs"
	case l.person == nil && p.access != nil: // who has an extension belongs, if it has the role (R9)
		return p.people.unreadOf(nil, m)
	}
	return ""
}

// counts says whether the guard looks at a would-be leaver: the two first steps of the
// ladder are none of its business.
func (l *leaver) counts() bool {
	return l.step != sync.NoteNotManaged && l.step != sync.NoteNeverLinked
}

// Protects says whether the settings keep a member from leaving (R16): as the
// roster holds them, or as RingCentral last reported them, which a pin or an edit
// may hide.
func Protects(p *sync.Policy, m *sync.Member) bool {
	held := m.Original()
	for i := range p.Protect {
		e := &p.Protect[i]
		if matchesLogins(e, m.Logins) && (matchesPerson(e, &held) || m.Linked && matchesPerson(e, &m.Synced.Profile)) {
			return true
		}
	}
	return false
}

// stay keeps a would-be leaver and says why. Whoever the guard looks at gets the absence
// booked; it counts unless nobody knows whether it is one (R17).
func (p *planner) stay(l *leaver, reason sync.Reason, detail string, counts bool) {
	p.trace(l.person, l.member, "R16", "plan", "stays: %s, %s", reason, detail)
	p.plan.Notes = append(p.plan.Notes, sync.Note{
		Member: l.member.ID, Person: l.key(), Name: l.member.Profile.Name(), Reason: reason,
		Detail: fmt.Sprintf("would leave as %s; %s", l.reason, detail),
	})
	if l.counts() {
		p.bookAbsence(l, counts && reason != sync.NoteInConflict)
	}
}

// bookAbsence marks a member who would leave and stays.
func (p *planner) bookAbsence(l *leaver, counts bool) {
	next := *l.member
	if counts {
		next = *p.absent(l)
	}
	p.keepSince(&next)
	p.mark(l.member, &next)
}

// keepSince writes down since when a member would leave, in full runs of the account
// (R21).
func (p *planner) keepSince(m *sync.Member) {
	if m.LeavingSince.IsZero() && p.in.Only == "" {
		m.LeavingSince = p.in.Now
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
func (p *planner) absentDays(m *sync.Member) int {
	if m.AbsentOn >= p.today() || p.in.Only != "" { // later: the clock was set back
		return m.AbsentDays
	}
	return m.AbsentDays + 1
}

// bookSeen ends an absence. A run for one person books nothing (R28).
func (p *planner) bookSeen(m *sync.Member) {
	if p.in.Only == "" {
		m.AbsentDays, m.AbsentOn, m.LastSeenAt, m.LeavingSince = 0, "", time.Time{}, time.Time{}
	}
}

// isAbsent says whether a would-be leaver is one because something is missing: a record, an
// extension or a role that they had. A list may lack it by mistake. Where all of it is there,
// RingCentral says that they left: it is inactive, or disabled, or out of scope (R17).
func (p *planner) isAbsent(l *leaver) bool {
	m := l.member
	if l.reason == sync.ReasonDisabled {
		return false
	}
	if l.person == nil {
		return true
	}
	if len(m.AdminIDs) > 0 && len(l.person.Admins) == 0 || slices.ContainsFunc(m.Logins, func(login sync.Login) bool {
		return login.Active && !p.unread[login.SubAccountID] && !slices.ContainsFunc(l.person.Agents, func(r sync.AgentRecord) bool {
			return sync.LoginKey(r.Sub.ID, r.ID) == login.Key()
		})
	}) {
		return true
	}
	switch l.reason {
	case sync.ReasonNoExtension:
		return l.person.Ext == nil
	case sync.ReasonAccessRevoked: // an active record, which no role admits any more
		return p.access != nil && slices.ContainsFunc(l.person.Agents, func(r sync.AgentRecord) bool { return r.Active })
	}
	return false
}

// absent is the member with this absence booked. Of whom RingCentral says that they left
// there is none, whatever makes them leave (R17).
func (p *planner) absent(l *leaver) *sync.Member {
	next := *l.member
	switch {
	case !l.absent:
		since := next.LeavingSince
		p.bookSeen(&next)
		next.LeavingSince = since
	case p.in.Only == "":
		next.AbsentDays, next.AbsentOn = p.absentDays(l.member), max(p.today(), l.member.AbsentOn)
		p.keepLastSeen(&next)
	}
	return &next
}

// keepLastSeen writes down, at the beginning of an absence, when it began.
func (p *planner) keepLastSeen(m *sync.Member) {
	if m.LastSeenAt.IsZero() {
		m.LastSeenAt = p.in.State.LastSeen
	}
}

// mark books what changes nothing else.
func (p *planner) mark(m, next *sync.Member) {
	if bookkeepingMoved(m, next) {
		p.plan.Marks = append(p.plan.Marks, next)
	}
}

// leave is the change of somebody who goes: the status alone, nothing else is
// cleared and nothing deleted.
func (p *planner) leave(l *leaver) sync.Change {
	next := p.absent(l)
	p.keepLastSeen(next)
	next.Status, next.Synced.Status, next.DeactivationReason, next.LeavingSince = sync.Inactive, sync.Inactive, l.reason, time.Time{}
	return sync.Change{
		Kind: sync.Deactivate, Member: l.member.ID, Person: l.key(),
		Name: l.member.Profile.Name(), Email: l.member.Profile[sync.Email],
		Reason: l.reason, Detail: l.words,
		Fields: []sync.FieldChange{{Field: sync.StatusField, Before: string(sync.Active), After: string(sync.Inactive), Reason: l.reason}},
		Next:   next.Itself,
	}
}

// disputedText is said in its place of somebody whom nobody is known to be, while it is not decided
// who is: records with their ids, or their e-mail, may well be listed (R20).
const disputedText = "a conflict leaves open whether a record that is listed is theirs"
