package reconcile_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"ringroster/sync"
	"ringroster/sync/guard"
)

// mustKeepLaws checks what is true of every plan, whatever it was made from.
func mustKeepLaws(t rapid.TB, plan *sync.Plan, members []*sync.Member) {
	t.Helper()
	s := plan.Summary
	if sum := s.Onboard + s.Link + s.Update + s.Reactivate + s.Unchanged + s.Conflicts + s.Skipped + s.HeldPeople; s.People != sum {
		t.Errorf("R32: %d people, but the parts come to %d: %+v", s.People, sum, s)
	}
	mustExplainSkips(t, plan)
	mustTouchOnce(t, plan)
	mustLeaveRightly(t, plan, members)
	mustKeepLogins(t, plan, members)
	for _, c := range plan.Conflicts {
		if c.Remedy == "" || c.Detail == "" {
			t.Errorf("R20: no remedy or no detail: %+v", c)
		}
	}
}

// mustExplainSkips: every skipped person has one note of their own that says why
// (R32).
func mustExplainSkips(t rapid.TB, plan *sync.Plan) {
	t.Helper()
	why := map[string]bool{}
	remark := []sync.Reason{sync.NoteExtensionMissing, sync.NoteUnknownAgentType, sync.NoteKeptRequired, sync.NotePinned, sync.NoteRefused, sync.NoteLoginPassed, sync.NoteSupervisorMissing}
	ladder := []sync.Reason{sync.NoteNeverLinked, sync.NoteInConflict, sync.NoteDeactivateOff, sync.NoteProtected, sync.NoteRejected, sync.NoteInGrace}
	for _, n := range plan.Notes {
		if n.Person != "" && !slices.Contains(remark, n.Reason) && !slices.Contains(ladder, n.Reason) && !slices.Contains(inConflicts(plan), n.Person) {
			why[n.Person] = true
		}
	}
	if len(why) != plan.Summary.Skipped {
		t.Errorf("R32: %d skipped, but reasons for %d people: %+v", plan.Summary.Skipped, len(why), plan.Notes)
	}
}

// mustTouchOnce: a person and a member are in one change at most, and one held change with
// other fields; of nobody in conflict
// anything is applied.
func mustTouchOnce(t rapid.TB, plan *sync.Plan) {
	t.Helper()
	members, people := map[int64]bool{}, map[string]bool{}
	once := func(changes []sync.Change) {
		inThese := map[string]bool{}
		for i := range changes {
			c := &changes[i]
			if key := fmt.Sprintf("%d %s", c.Member, textIf(c.Member == 0, c.Person)); inThese[key] {
				t.Errorf("more than one change for member %d, person %q", c.Member, c.Person)
			} else {
				inThese[key] = true
			}
			for _, f := range c.Fields {
				key := fmt.Sprintf("%d %s", c.Member, f.Field)
				if inThese[key] {
					t.Errorf("%s of member %d changes twice", f.Field, c.Member)
				}
				inThese[key] = true
			}
		}
	}
	once(plan.Changes)
	for i := range plan.Changes {
		members[plan.Changes[i].Member], people[plan.Changes[i].Person] = true, true
	}
	if plan.Held != nil {
		once(plan.Held.Changes)
	}
	for _, c := range plan.Conflicts {
		leaverInTheWay := c.Reason == sync.ConflictEmailInUse // R12: that member is an ordinary leaver
		if people[c.Person] || members[c.Member] && c.Member != 0 && !leaverInTheWay {
			t.Errorf("%s (member %d) is in conflict and changed all the same", c.Person, c.Member)
		}
	}
}

func allChanges(plan *sync.Plan) []sync.Change {
	if plan.Held == nil {
		return plan.Changes
	}
	return slices.Concat(plan.Changes, plan.Held.Changes)
}

// mustKeepLogins: of no member a login goes, it may only become inactive (R8). What a
// roster writes is what a plan says.
func mustKeepLogins(t rapid.TB, plan *sync.Plan, members []*sync.Member) {
	t.Helper()
	after := map[int64]*sync.Member{}
	for _, m := range plan.Marks {
		after[m.ID] = m
	}
	for _, c := range allChanges(plan) {
		if c.Member != 0 && c.Next != nil {
			after[c.Member] = c.Next()
		}
	}
	for _, m := range members {
		next := after[m.ID]
		for i := range m.Logins {
			if next != nil && !next.EverHeld(m.Logins[i].Key()) {
				t.Errorf("R8: member %d loses login %s", m.ID, m.Logins[i].Key())
			}
		}
	}
}

// mustLeaveRightly: leavers were active, managed and linked before (R15, R16),
// and nothing of theirs changes but the status.
func mustLeaveRightly(t rapid.TB, plan *sync.Plan, members []*sync.Member) {
	t.Helper()
	before := map[int64]*sync.Member{}
	for _, m := range members {
		before[m.ID] = m
	}
	for _, c := range allChanges(plan) {
		if c.Kind != sync.Deactivate {
			continue
		}
		m := before[c.Member]
		if m.Status != sync.Active || !m.Managed || !m.Linked {
			t.Errorf("R15, R16: member %d leaves: status %s, managed %t, linked %t", m.ID, m.Status, m.Managed, m.Linked)
		}
		if m.Profile != c.Next().Profile || !slices.Equal(m.Logins, c.Next().Logins) || m.RCUserID != c.Next().RCUserID {
			t.Errorf("member %d leaves and more than its status changes", m.ID)
		}
	}
	if plan.Held == nil {
		return
	}
	for _, c := range plan.Held.Changes {
		if len(c.Why) == 0 {
			t.Errorf("held without a reason: %+v", c)
		}
	}
}

func TestLawsOfAnyPlan(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := arbitraryWorld(t)
		mustKeepLaws(t, w.plan(t), w.members)
	})
}

// Applying a plan and planning again gives nothing to do. Four things alone may
// follow: newcomers who waited until a leaver gave up their e-mail (R12), or while a list
// was in doubt that the leavers of this plan had shrunk (R9), held
// leavers of a roster that has grown, since the guard counts the members before a
// run (R21, R24), and the records of somebody made anew without an rcUserId, which R5
// joins with what is listed of the old one once the member holds them. After them there
// is nothing at all.
func TestLawNothingLeftToDo(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := arbitraryWorld(t)
		last := w.sync(t)
		for range 4 {
			w.settle(last)
			next := w.sync(t)
			mustFollow(t, next, last)
			last = next
		}
		if len(last.Changes)+len(last.Marks) > 0 {
			t.Errorf("still to do in the fifth plan: %v", lines(last))
		}
		mustBeUnique(t, w.members)
	})
}

func mustFollow(t rapid.TB, next, last *sync.Plan) {
	t.Helper()
	joined := func(p *sync.Plan) int { return len(p.Changes) - p.Summary.Deactivate }
	grown := joined(last)+joined(next) > 0
	for _, c := range next.Changes {
		waited := slices.ContainsFunc(last.Conflicts, func(l sync.Conflict) bool {
			return l.Person == c.Person && l.Reason == sync.ConflictEmailInUse
		}) || slices.ContainsFunc(last.Notes, func(n sync.Note) bool { return n.Person == c.Person && n.Reason == sync.NoteRecordUnproved })
		released := grown && slices.Contains(held(last), c.Member)
		joins := slices.ContainsFunc(last.Changes, func(l sync.Change) bool { return l.Member == c.Member && l.Reason == sync.ReasonRecreated })
		if !waited && !released && !joins {
			t.Errorf("still to do: %v\nafter: %v", lines(next), lines(last))
		}
	}
	if len(next.Changes) == 0 {
		for _, mark := range next.Marks { // of whoever changed by now bears what an extension says, or had a pinned field put back
			changed := slices.ContainsFunc(last.Changes, func(c sync.Change) bool { return c.Member == mark.ID })
			if (!changed || mark.Synced.Extension == "" && len(mark.Pins) == 0) && next.Held == nil && last.Held == nil {
				t.Errorf("nothing changes, but bookkeeping moves: %+v\n%v\nafter: %v", *mark, lines(next), lines(last))
			}
		}
		for _, id := range held(next) {
			suspect := slices.ContainsFunc(last.Open, func(h sync.HeldChange) bool { return h.Member == id && h.State == sync.Suspect })
			linked := slices.ContainsFunc(last.Changes, func(c sync.Change) bool { return c.Member == id && c.Kind == sync.Link })
			if !slices.Contains(held(last), id) && !suspect && !linked { // whose records R5 joins now
				t.Errorf("member %d is held all at once: %v\nafter: %v", id, lines(next), lines(last))
			}
		}
	}
	for _, c := range last.Conflicts {
		if c.Reason != sync.ConflictEmailInUse && !slices.Contains(inConflicts(next), c.Person) {
			t.Errorf("a conflict disappeared: %+v", c)
		}
	}
}

// settle books what a commit books beside the members.
func (w *world) settle(plan *sync.Plan) {
	w.State.Recent[0].Deactivated += plan.Summary.Deactivate
	w.State.LastSeen = w.Snapshot.TakenAt
	w.State.Open = plan.Open
	if plan.Held == nil {
		w.State.Accepted = guard.Accept(&w.Policy, w.Snapshot).Settings
	}
}

func held(plan *sync.Plan) []int64 {
	var ids []int64
	if plan.Held != nil {
		for _, c := range plan.Held.Changes {
			if c.Kind == sync.Deactivate {
				ids = append(ids, c.Member)
			}
		}
	}
	return ids
}

func inConflicts(plan *sync.Plan) []string {
	var keys []string
	for _, c := range plan.Conflicts {
		keys = append(keys, c.Person)
	}
	return keys
}

// mustBeUnique: the roster refuses a commit in which these are not.
func mustBeUnique(t rapid.TB, members []*sync.Member) {
	t.Helper()
	seen := map[string]int64{}
	for _, m := range members {
		for _, key := range []string{"rc user id " + m.RCUserID, "username " + m.Username} {
			if other := seen[key]; other != 0 && key != "rc user id " && key != "username " {
				t.Errorf("members %d and %d have one %s", other, m.ID, key)
			}
			seen[key] = m.ID
		}
		for i := 1; i < len(m.Logins); i++ {
			if sync.CompareLogins(m.Logins[i-1], m.Logins[i]) >= 0 {
				t.Errorf("member %d: logins are not in order, or one stands twice: %+v", m.ID, m.Logins)
			}
		}
	}
}

// The order in which members come changes nothing.
func TestLawMemberOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := arbitraryWorld(t)
		want := w.plan(t)
		w.members = rapid.Permutation(w.members).Draw(t, "order")
		if diff := cmp.Diff(want, w.plan(t), nexts); diff != "" {
			t.Errorf("-as listed +shuffled:\n%s", diff)
		}
	})
}

// What is present stays: somebody with a record that grants access, in scope and
// with no extension that is disabled, is not deactivated.
func TestLawThePresentStay(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := arbitraryWorld(t)
		w.Policy.Scope, w.Policy.RequireRingEX, w.Policy.Access = sync.Scope{}, false, sync.Access{Rule: sync.AccessListed}
		disabled, present := map[string]bool{}, map[string]bool{}
		for _, e := range w.Snapshot.Extensions {
			disabled[e.ID] = e.Status == "Disabled"
		}
		for r := range w.Snapshot.Agents {
			present[r.RCUserID] = present[r.RCUserID] || r.Active
		}
		for _, a := range w.Snapshot.Admins {
			present[a.RCUserID] = true
		}
		for _, c := range allChanges(w.plan(t)) {
			if c.Kind == sync.Deactivate && c.Next().RCUserID != "" && present[c.Next().RCUserID] && !disabled[c.Next().RCUserID] {
				t.Errorf("member %d (rc user id %s) is present and leaves: %s", c.Member, c.Next().RCUserID, c.Reason)
			}
		}
	})
}

// What is held never reaches the roster.
func TestLawHeldStaysOut(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := arbitraryWorld(t)
		plan := w.sync(t)
		for _, id := range held(plan) {
			if w.member(id).Status != sync.Active {
				t.Errorf("member %d is held and was deactivated", id)
			}
		}
	})
}
