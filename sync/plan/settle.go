package plan

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"ringroster/sync"
	"ringroster/sync/guard"
)

// settling turns two drafts into a plan: read is what RingCentral says as it was read,
// kept is the same with the records that unbelieved lists lost put back. Where nothing is
// unbelieved they are one draft. What the two do differently is held; of what they agree
// on, the guard holds what it has a reason for, and what was held before stays so (R25).
type settling struct {
	read, kept *planner
	found      *guard.Findings
	open       *sync.OpenSet

	passes  map[guard.List]int          // logins that pass to others, by agent group, when somebody asks
	emptied map[int64]bool              // members of whose change nothing is left
	hidden  map[int64]bool              // members who leave by read and not by kept: nothing happens to them
	decided map[sync.HeldKey]bool       // what the open set of this plan has a row for
	lists   map[int64][]sync.HoldReason // of each member, why lists are not believed that lost it
	doubted map[int64]bool              // members lost from an agent list while another is not believed
	heldAt  map[sync.HeldKey]int        // in held, by member and kind
	held    []sync.Change               // what waits, each change with what of it does
	rows    []sync.HeldChange           // the open set as it will be
	goes    []*leaver                   // who leaves, unless the last administrator is among them
	waits   []*leaver                   // whose leaving is held
	whyGoes map[int64][]sync.HoldReason
	why     []sync.HoldReason // every reason that holds anything, once
}

func (p *planner) settle(read *planner, found *guard.Findings) {
	s := &settling{read: read, kept: p, found: found, open: read.open, emptied: map[int64]bool{}, hidden: map[int64]bool{}, decided: map[sync.HeldKey]bool{}, whyGoes: map[int64][]sync.HoldReason{}, lists: map[int64][]sync.HoldReason{}, doubted: map[int64]bool{}, heldAt: map[sync.HeldKey]int{}}
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
	s.suspectVanished()
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
	steps := map[int64]sync.Reason{}
	for i := range s.kept.leavers {
		steps[s.kept.leavers[i].member.ID] = s.kept.leavers[i].step
	}
	reported := map[int64]*Person{}
	for i := range s.read.leavers {
		l := &s.read.leavers[i]
		step, leaves := steps[l.member.ID]
		if !leaves || step == sync.NoteInConflict && l.step != step {
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
	s.kept.plan.Notes = slices.DeleteFunc(s.kept.plan.Notes, func(n sync.Note) bool { return s.hidden[n.Member] })
	s.kept.plan.Seals = slices.DeleteFunc(s.kept.plan.Seals, func(m sync.Sealed) bool { return s.hidden[m.ID] }) // an absence is booked
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
		row := s.open.Of(l.member.ID, sync.StatusField)
		switch {
		case l.step == sync.NoteRejected:
			s.kept.stay(l, l.step, l.detail, true)
		case l.step != "":
			s.kept.stay(l, l.step, l.detail, true)
			// A rejection goes on, whatever else keeps the member (R26).
			if refused := s.read.refusesLeaver(l); len(why) > 0 && !refused {
				s.row(row, sync.Suspect, s.kept.leave(l), 0, why)
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
func (s *settling) reasons(l *leaver) (why []sync.HoldReason) {
	why = slices.Clone(s.found.All)
	if l.reason != sync.ReasonDisabled || s.hidden[l.member.ID] { // that is a statement, whatever the lists lost
		why = guard.WithReasons(why, s.lists[l.member.ID])
	}
	if len(why) == 0 && s.hidden[l.member.ID] { // it hangs on what another member lost
		why = s.listReasons(l.member.ID)
	}
	if row := s.open.Of(l.member.ID, sync.StatusField); len(why) == 0 && row != nil {
		why = guard.AsShown(row) // what was held stays held (R25)
		if row.State == sync.Rejected {
			why = []sync.HoldReason{{Reason: sync.NoteRejected, Detail: "an operator rejected that this member leaves, and the extension is disabled now (R26)"}}
		}
	}
	if len(why) == 0 && (s.open.Refused(l.member.ID, sync.Role.String()) || s.open.Refused(l.member.ID, sync.LoginsField)) {
		why = []sync.HoldReason{{Reason: sync.NoteRejected, Detail: "an operator rejected that this member loses a role or login, and now they would leave (R26)"}}
	}
	if len(why) == 0 && s.doubted[l.member.ID] && l.reason != sync.ReasonDisabled {
		why = []sync.HoldReason{inDoubt}
	}
	if person := s.read.forgottenAs(l.member); len(why) == 0 && person != nil && l.reason != sync.ReasonDisabled {
		why = []sync.HoldReason{{Reason: sync.ReasonForgotten, Detail: fmt.Sprintf("%s has their name and e-mail, and is member %d, who was forgotten: they may be there by those ids (R34)", person.Key(), person.outcome.found)}}
	}
	return why
}

// forgottenAs finds who has the name and e-mail of a member and is skipped for being one who was
// forgotten, as if created anew (R12): it is the same human, who came in by other ids since.
func (p *planner) forgottenAs(m *sync.Member) *Person {
	for _, person := range p.forgotten {
		v := p.assess(person, p.granted(person))
		email := sync.FoldEmail(v.Profile[sync.Email])
		if email != "" && (email == sync.FoldEmail(m.Profile[sync.Email]) || email == sync.FoldEmail(m.Synced.Profile[sync.Email])) && sameName(m, v.Profile[sync.FirstName], v.Profile[sync.LastName]) {
			return person
		}
	}
	return nil
}

// inDoubt is why somebody keeps what they have who is lost from a list that is believed,
// while another is not: whoever moved to that one today is known from the old one alone (R22).
var inDoubt = sync.HoldReason{Reason: sync.ReasonListInDoubt, Detail: "lost while another agent list of the account was not believed"}

// doubtUntil is the time until which somebody must be lost to be in doubt because an agent
// list is not believed: for ever, while anybody is undecided whom such a list lost, or one
// look was enough; where all of them were rejected, about when they were lost, or one
// rejection would hold every leaver of the account: but not those whom RingEX lists yet, who may
// have moved to such a list. Zero: all agent lists are believed.
func (s *settling) doubtUntil() (until time.Time) {
	always := s.kept.in.Now.AddDate(1, 0, 0)
	for i := range s.kept.in.Snapshot.Doubts {
		if d := &s.kept.in.Snapshot.Doubts[i]; d.Sub != "" && s.found.Lists[guard.ListOf(d)] == nil {
			return always
		}
	}
	for i := range s.read.lists.lost {
		l := &s.read.lists.lost[i]
		if l.list.Sub == "" || s.found.Lists[l.list] == nil {
			continue
		}
		if !s.open.Refused(l.member.ID, sync.StatusField) && !s.open.RefusedAll(l.member.ID, l.logins()) {
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
func (s *settling) since(m *sync.Member) time.Time {
	if m.LeavingSince.IsZero() {
		return s.kept.in.Now
	}
	return m.LeavingSince
}

// sameTime is how much later somebody is lost at about the same time.
const sameTime = sync.SameDay

// mostReasons is how many lists are named where something hangs on what others lost.
const mostReasons = 3

// listReasons are the reasons of the lists that are not believed and lost a member; else,
// of all such lists, the first: what is to happen hangs on what somebody else lost.
func (s *settling) listReasons(member int64) (why []sync.HoldReason) {
	if why = s.lists[member]; len(why) > 0 {
		return why
	}
	for _, d := range s.found.Doubts() {
		if len(why) == mostReasons {
			break
		}
		why = append(why, sync.HoldReason{Reason: d.Reason, Detail: d.Detail})
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
			s.lists[l.member.ID] = guard.WithReasons(s.lists[l.member.ID], why)
		}
		if l.list.Sub != "" && !until.IsZero() && (!s.since(l.member).After(until) || s.read.isInRingEX(l.member)) {
			s.doubted[l.member.ID] = true
		}
	}
}

// fresh counts the changes that share a limit within a window, by what is open about each
// (nil: nothing): not those that were held before it, nor what was rejected.
func (s *settling) fresh(rows []*sync.HeldChange, w guard.Window) (fresh int) {
	for _, row := range rows {
		if row == nil || row.State != sync.Rejected && row.Since.After(s.kept.in.Now.Add(-w.Span)) {
			fresh++
		}
	}
	return fresh
}

// hold notes a change that waits.
func (s *settling) hold(c sync.Change, why []sync.HoldReason) {
	c.Why = why
	key := sync.HeldKey{Member: c.Member, Field: string(c.Kind)}
	if same, held := s.heldAt[key]; held && c.Member != 0 { // of another field
		h := &s.held[same]
		h.Fields = append(slices.Clip(h.Fields), c.Fields...)
		h.Reason, h.Why = strongest(h.Fields), guard.WithReasons(h.Why, why)
	} else {
		s.heldAt[key] = len(s.held)
		s.held = append(s.held, c)
	}
	s.why = guard.WithReasons(s.why, why)
}

// waitsFor says whether anything of a change waits.
func (s *settling) waitsFor(c *sync.Change) bool {
	_, waits := s.heldAt[sync.HeldKey{Member: c.Member, Field: string(c.Kind)}]
	return waits
}

// heldReasons are all reasons for which anything is held, each once, in the order of the
// guard.
func (s *settling) heldReasons() []sync.HoldReason {
	order := append(guard.ReasonOrder(), sync.ReasonLastAdmin, sync.ReasonOnboardLimit, sync.ReasonUpdateLimit, sync.ReasonAdminLimit)
	slices.SortStableFunc(s.why, func(a, b sync.HoldReason) int {
		return cmp.Or(cmp.Compare(slices.Index(order, a.Reason), slices.Index(order, b.Reason)), strings.Compare(a.Detail, b.Detail))
	})
	return s.why
}

// leave carries out what sortLeavers and keepLastAdministrator decided.
func (s *settling) leave() {
	p := s.kept
	last := map[int64]bool{}
	for id, why := range s.whyGoes {
		last[id] = slices.ContainsFunc(why, func(r sync.HoldReason) bool { return r.Reason == sync.ReasonLastAdmin })
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
		row := s.open.Of(l.member.ID, sync.StatusField)
		if row == nil || row.State == sync.Suspect || len(why) == 0 {
			p.lookFor(l)
		}
		if len(why) > 0 {
			s.row(row, sync.Waiting, c, 0, why)
			s.hold(c, why)
			continue
		}
		p.trace(l.person, l.member, "R16", "plan", "is deactivated, reason %s: %s", l.reason, c.Detail)
		p.plan.Changes = append(p.plan.Changes, c)
	}
}

// leavePinned takes out of the changes what pins keep from happening, once it is judged.
func (s *settling) leavePinned() {
	changes := s.kept.plan.Changes
	for i := range changes {
		c := &changes[i]
		if slices.ContainsFunc(c.Fields, func(f sync.FieldChange) bool { return f.Pinned }) {
			c.Fields = slices.DeleteFunc(slices.Clone(c.Fields), func(f sync.FieldChange) bool { return f.Pinned })
			s.emptied[c.Member] = len(c.Fields) == 0
		}
	}
	s.dropEmpty()
}
