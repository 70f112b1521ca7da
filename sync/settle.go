package sync

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"
)

// settling turns two drafts into a plan: read is what RingCentral says as it was read,
// kept is the same with the records that unbelieved lists lost put back. Where nothing is
// unbelieved they are one draft. What the two do differently is held; of what they agree
// on, the guard holds what it has a reason for, and what was held before stays so (R25).
type settling struct {
	read, kept *planner
	found      *Findings
	open       *openSet

	emptied map[int64]bool         // members of whose change nothing is left
	hidden  map[int64]bool         // members who leave by read and not by kept: nothing happens to them
	decided map[heldKey]bool       // what the open set of this plan has a row for
	lists   map[int64][]HoldReason // of each member, why lists are not believed that lost it
	doubted map[int64]bool         // members lost from an agent list while another is not believed
	heldAt  map[heldKey]int        // in held, by member and kind
	held    []Change               // what waits, each change with what of it does
	rows    []HeldChange           // the open set as it will be
	goes    []*leaver              // who leaves, unless the last administrator is among them
	waits   []*leaver              // whose leaving is held
	whyGoes map[int64][]HoldReason
	why     []HoldReason // every reason that holds anything, once
}

func (p *planner) settle(read *planner, found *Findings) {
	s := &settling{read: read, kept: p, found: found, open: read.open, emptied: map[int64]bool{}, hidden: map[int64]bool{}, decided: map[heldKey]bool{}, whyGoes: map[int64][]HoldReason{}, lists: map[int64][]HoldReason{}, doubted: map[int64]bool{}, heldAt: map[heldKey]int{}}
	s.indexLost()
	s.traceLost()
	s.hideLost()
	s.waitForRecords()
	for _, person := range p.people.all {
		p.collect(person)
	}
	s.sortLeavers()
	s.keepRefusedLogins()
	s.holdDifferences()
	admins := s.overAdministrators()
	s.holdArrivals(admins)
	s.holdUpdates(admins)
	s.keepLastAdministrator()
	s.leavePinned()
	s.leave()
	s.lookForLosses()
	s.lookForProofs()
	p.bringIn()
	p.finish(s)
	s.tell()
	s.closeSet()
}

// traceLost says from which lists somebody is missing that are not believed.
func (s *settling) traceLost() {
	for i := range s.read.lists.lost {
		l := &s.read.lists.lost[i]
		for _, r := range s.found.Lists[l.list] {
			s.kept.trace(l.person, l.member, "R22", "RingCentral lists", "missing from a list that is not believed (%s): %s", r.Reason, r.Detail)
		}
	}
}

// hideLost takes whoever leaves by the reading, and not with lost records put back, out of
// the plan: what becomes of them waits.
func (s *settling) hideLost() {
	if s.read == s.kept {
		return
	}
	steps := map[int64]Reason{}
	for i := range s.kept.leavers {
		steps[s.kept.leavers[i].member.ID] = s.kept.leavers[i].step
	}
	reported := map[int64]*Person{}
	for i := range s.read.leavers {
		l := &s.read.leavers[i]
		step, leaves := steps[l.member.ID]
		if !leaves || step == NoteInConflict && l.step != step {
			s.hidden[l.member.ID] = true
			reported[l.member.ID] = l.person
		}
	}
	for _, person := range s.kept.people.all {
		member, now := person.outcome.found, s.read.people.byName(person.Key())
		comesIn := person.outcome.decision == onboarded && (now == nil || now.outcome.decision != onboarded)
		switch was := reported[member]; {
		case now != nil && now.outcome.decision == inConflict: // lost records do not settle it
			s.asRead(person, now)
		case person.ghost:
			person.outcome = outcome{decision: hidden}
		case now != nil && (comesIn || person.outcome.decision == inConflict || person.outcome.decision == skipped): // nor do they make one
			if s.asRead(person, now); person.outcome.decision != skipped {
				person.outcome.decision, person.outcome.rest = unchanged, nil // what the reading says is held
			}
		case !s.hidden[member] && !comesIn:
		case was != nil: // counted and told as it was read
			s.asRead(person, was)
		default:
			person.outcome.decision, person.outcome.rest = unchanged, nil
		}
	}
	s.kept.plan.Notes = slices.DeleteFunc(s.kept.plan.Notes, func(n Note) bool { return s.hidden[n.Member] })
	s.kept.plan.Seals = slices.DeleteFunc(s.kept.plan.Seals, func(m Sealed) bool { return s.hidden[m.ID] }) // an absence is booked
}

// asRead counts and tells a person as the reading has them.
func (s *settling) asRead(person, was *Person) {
	person.outcome = was.outcome
	if v, told := s.read.verdicts[was]; told && s.kept.verdicts != nil {
		s.kept.verdicts[person] = v
	}
}

// sortLeavers says of each would-be leaver whether they stay, wait or go.
func (s *settling) sortLeavers() {
	for i := range s.read.leavers {
		l := &s.read.leavers[i]
		if !l.counts() {
			s.kept.stay(l, l.step, l.detail, false)
			continue
		}
		why := s.reasons(l)
		row := s.open.of(l.member.ID, statusField)
		switch {
		case l.step == NoteRejected:
			s.kept.stay(l, l.step, l.detail, true)
		case l.step != "":
			s.kept.stay(l, l.step, l.detail, true)
			// A rejection goes on, whatever else keeps the member (R26).
			if refused := s.read.refusesLeaver(l); len(why) > 0 && !refused {
				s.row(row, Suspect, s.kept.leave(l), 0, why)
			}
		case len(why) > 0:
			s.whyGoes[l.member.ID] = why
			s.waits = append(s.waits, l)
			s.kept.bookAbsence(l, true)
		default:
			s.goes = append(s.goes, l)
		}
	}
}

// reasons are why a would-be leaver is held, or suspect.
func (s *settling) reasons(l *leaver) (why []HoldReason) {
	why = slices.Clone(s.found.All)
	if l.reason != ReasonDisabled || s.hidden[l.member.ID] { // that is a statement, whatever the lists lost
		why = withReasons(why, s.lists[l.member.ID])
	}
	if len(why) == 0 && s.hidden[l.member.ID] { // it hangs on what another member lost
		why = s.listReasons(l.member.ID)
	}
	if row := s.open.of(l.member.ID, statusField); len(why) == 0 && row != nil {
		why = row.asShown() // what was held stays held (R25)
		if row.State == Rejected {
			why = []HoldReason{{NoteRejected, "an operator rejected that this member leaves, and the extension is disabled now (R26)"}}
		}
	}
	if len(why) == 0 && (s.open.refused(l.member.ID, Role.String()) || s.open.refused(l.member.ID, loginsField)) {
		why = []HoldReason{{NoteRejected, "an operator rejected that this member loses a role or login, and now they would leave (R26)"}}
	}
	if len(why) == 0 && s.doubted[l.member.ID] && l.reason != ReasonDisabled {
		why = []HoldReason{inDoubt}
	}
	if person := s.read.forgottenAs(l.member); len(why) == 0 && person != nil && l.reason != ReasonDisabled {
		why = []HoldReason{{ReasonForgotten, fmt.Sprintf("%s has their name and e-mail, and is member %d, who was forgotten: they may be there by those ids (R34)", person.Key(), person.outcome.found)}}
	}
	return why
}

// forgottenAs finds who has the name and e-mail of a member and is skipped for being one who was
// forgotten, as if created anew (R12): it is the same human, who came in by other ids since.
func (p *planner) forgottenAs(m *Member) *Person {
	for _, person := range p.forgotten {
		v := p.assess(person, p.granted(person))
		email := FoldEmail(v.Profile[Email])
		if email != "" && (email == FoldEmail(m.Profile[Email]) || email == FoldEmail(m.Synced.Profile[Email])) && sameName(m, v.Profile[FirstName], v.Profile[LastName]) {
			return person
		}
	}
	return nil
}

// inDoubt is why somebody keeps what they have who is lost from a list that is believed,
// while another is not: whoever moved to that one today is known from the old one alone (R22).
var inDoubt = HoldReason{ReasonListInDoubt, "lost while another agent list of the account was not believed"}

// doubtUntil is the time until which somebody must be lost to be in doubt because an agent
// list is not believed: for ever, while anybody is undecided whom such a list lost, or one
// look was enough; where all of them were rejected, about when they were lost, or one
// rejection would hold every leaver of the account: but not those whom RingEX lists yet, who may
// have moved to such a list. Zero: all agent lists are believed.
func (s *settling) doubtUntil() (until time.Time) {
	always := s.kept.in.Now.AddDate(1, 0, 0)
	for i := range s.kept.in.Snapshot.Doubts {
		if d := &s.kept.in.Snapshot.Doubts[i]; d.Sub != "" && s.found.Lists[d.key()] == nil {
			return always
		}
	}
	for i := range s.read.lists.lost {
		l := &s.read.lists.lost[i]
		if l.list.sub == "" || s.found.Lists[l.list] == nil {
			continue
		}
		if !s.open.refused(l.member.ID, statusField) && !s.open.refusedAll(l.member.ID, l.logins()) {
			return always
		}
		if t := s.since(l.member).Add(sameTime); t.After(until) {
			until = t
		}
	}
	return until
}

// since is the start of the first whole run in which a member would leave: this one, where
// none was before.
func (s *settling) since(m *Member) time.Time {
	if m.LeavingSince.IsZero() {
		return s.kept.in.Now
	}
	return m.LeavingSince
}

// sameTime is how much later somebody is lost at about the same time.
const sameTime = SameDay

// mostReasons is how many lists are named where something hangs on what others lost.
const mostReasons = 3

// listReasons are the reasons of the lists that are not believed and lost a member; else,
// of all such lists, the first: what is to happen hangs on what somebody else lost.
func (s *settling) listReasons(member int64) (why []HoldReason) {
	if why = s.lists[member]; len(why) > 0 {
		return why
	}
	for _, d := range s.found.doubts() {
		if len(why) == mostReasons {
			break
		}
		why = append(why, HoldReason{d.Reason, d.Detail})
	}
	return why
}

// indexLost notes of each member from which unbelieved lists it is lost, and whether from
// any agent list while another is not believed.
func (s *settling) indexLost() {
	until := s.doubtUntil()
	for i := range s.read.lists.lost {
		l := &s.read.lists.lost[i]
		if why := s.found.Lists[l.list]; why != nil {
			s.lists[l.member.ID] = withReasons(s.lists[l.member.ID], why)
		}
		if l.list.sub != "" && !until.IsZero() && (!s.since(l.member).After(until) || s.read.isInRingEX(l.member)) {
			s.doubted[l.member.ID] = true
		}
	}
}

// fresh counts the changes that share a limit within a window, by what is open about each
// (nil: nothing): not those that were held before it, nor what was rejected.
func (s *settling) fresh(rows []*HeldChange, w window) (fresh int) {
	for _, row := range rows {
		if row == nil || row.State != Rejected && row.Since.After(s.kept.in.Now.Add(-w.span)) {
			fresh++
		}
	}
	return fresh
}

// hold notes a change that waits.
func (s *settling) hold(c Change, why []HoldReason) {
	c.Why = why
	key := heldKey{c.Member, string(c.Kind)}
	if same, held := s.heldAt[key]; held && c.Member != 0 { // of another field
		h := &s.held[same]
		h.Fields = append(slices.Clip(h.Fields), c.Fields...)
		h.Reason, h.Why = strongest(h.Fields), withReasons(h.Why, why)
	} else {
		s.heldAt[key] = len(s.held)
		s.held = append(s.held, c)
	}
	s.why = withReasons(s.why, why)
}

// waitsFor says whether anything of a change waits.
func (s *settling) waitsFor(c *Change) bool {
	_, waits := s.heldAt[heldKey{c.Member, string(c.Kind)}]
	return waits
}

// withReasons adds reasons to others, each once: what this run finds in place of what an earlier
// one found.
func withReasons(all, more []HoldReason) []HoldReason {
	all = slices.Clone(all)
	for _, r := range more {
		at := slices.IndexFunc(all, func(x HoldReason) bool {
			return x == r || x.Reason == r.Reason && x.isEarlier() != r.isEarlier()
		})
		switch {
		case at < 0:
			all = append(all, r)
		case all[at].isEarlier():
			all[at] = r
		}
	}
	return all
}

// earlier stands before the detail of a reason that this run does not find.
const earlier = "an earlier run found: "

func (r HoldReason) isEarlier() bool { return strings.HasPrefix(r.Detail, earlier) }

// asShown are the reasons for which something was held that stays held, though this run finds
// none (R25). What it says of lists and numbers is not so today, and must not read as if it were.
func (h *HeldChange) asShown() []HoldReason {
	why := slices.Clone(h.Why)
	for i := range why {
		if r := &why[i]; r.Reason != ReasonAttached && r.Reason != NoteRejected && !r.isEarlier() {
			r.Detail = earlier + r.Detail
		}
	}
	return why
}

// heldReasons are all reasons for which anything is held, each once, in the order of the
// guard.
func (s *settling) heldReasons() []HoldReason {
	order := append(reasonOrder(), ReasonLastAdmin, ReasonOnboardLimit, ReasonUpdateLimit, ReasonAdminLimit)
	slices.SortStableFunc(s.why, func(a, b HoldReason) int {
		return cmp.Or(cmp.Compare(slices.Index(order, a.Reason), slices.Index(order, b.Reason)), strings.Compare(a.Detail, b.Detail))
	})
	return s.why
}

// leave carries out what sortLeavers and keepLastAdministrator decided.
func (s *settling) leave() {
	p := s.kept
	last := map[int64]bool{}
	for id, why := range s.whyGoes {
		last[id] = slices.ContainsFunc(why, func(r HoldReason) bool { return r.Reason == ReasonLastAdmin })
	}
	all := slices.Concat(s.goes, s.waits)
	left := s.read.leavesBehind(all, last)
	for _, l := range all {
		c := p.leave(l)
		c.Leaves = left[l.member.ID]
		for _, what := range c.Leaves {
			p.trace(l.person, l.member, "", "RingCX lists", "leaves behind: %s", what.Detail)
		}
		why := s.whyGoes[l.member.ID]
		row := s.open.of(l.member.ID, statusField)
		if row == nil || row.State == Suspect || len(why) == 0 {
			p.lookFor(l)
		}
		if len(why) > 0 {
			s.row(row, Waiting, c, 0, why)
			s.hold(c, why)
			continue
		}
		p.trace(l.person, l.member, "R16", "plan", "is deactivated, reason %s: %s", l.reason, c.Detail)
		p.plan.Changes = append(p.plan.Changes, c)
	}
}
