package reconcile_test

import (
	"strings"
	"testing"

	"ringroster/sync"
	"ringroster/sync/guard"
)

// A rejection that was cleared leaves a suspect: what it refused is held again, and never
// applied without an approval.
func TestR25WhatAClearedRejectionRefusedIsHeldAgain(t *testing.T) {
	w := newWorld()
	w.agent("1/10", "501", "Ada Byron", rc("701"))
	w.extension("701", "Ada Byron")
	w.sync(t)
	w.agent("1/10", "502", "Bea New", rc("702"))
	w.extension("702", "Bea New")
	w.Snapshot.SubAccounts[0].Groups[0].Agents[0].Email = "other@example.com"
	why := []sync.HoldReason{{Reason: sync.ReasonUpdateLimit, Detail: "too many"}}
	for _, state := range []sync.HeldState{sync.Suspect, sync.Waiting} {
		w.State.Open = []sync.HeldChange{
			{ID: 1, Run: 2, State: state, Kind: sync.Update, Member: 1, Field: "email", Before: "ada@example.com", After: "other@example.com", Why: why},
			{
				ID: 2, Run: 2, State: state, Kind: sync.Onboard, Person: "rc:702", IDs: []string{"rc:702"}, Why: why,
				Name: "Bea New", Email: "bea@example.com", Role: sync.RoleAgent, Detail: saidOfNewcomers + "; as Agent",
			},
		}
		plan := w.plan(t)
		if len(plan.Changes) != 0 || plan.Held == nil || len(plan.Held.Changes) != 2 {
			t.Errorf("%s: changes %+v, held %+v", state, plan.Changes, plan.Held)
		}
		for _, h := range plan.Open {
			if h.State != sync.Waiting || state == sync.Suspect && h.Run != 0 || state == sync.Waiting && h.Run != 2 {
				t.Errorf("%s: %+v", state, h)
			}
		}
	}
}

// What stays held only because it was held says so: the list that was short is whole again, and
// nobody reads of it as of today (R25).
func TestR25WhatStandsTellsThatItsReasonIsAnEarlierRuns(t *testing.T) {
	w := seventeen(t, laxLimits)
	restore := w.lists()
	w.unlist("1", "10")
	shown := w.today(t).Held.Run
	restore()
	for i := range w.group("1/10").Agents[:2] {
		w.group("1/10").Agents[i].Active = false // the others are back: no list is doubted
	}
	for range 3 {
		plan := w.tomorrow().today(t)
		same(t, w.waiting(sync.Waiting), from(1, 2))
		for i := range plan.Open {
			h := &plan.Open[i]
			if len(h.Why) != 1 || h.Why[0].Detail != "an earlier run found: agent group 10 of sub-account 1: 12 of 12 are not on it any more" || h.Run != shown {
				t.Errorf("run %d: %+v", h.Run, h.Why)
			}
		}
		same(t, reasonsFor(plan), []string{"agent_group_gone"})
	}
	w.unlist("1", "10")
	for _, h := range w.tomorrow().today(t).Open {
		if len(h.Why) != 1 || !strings.HasPrefix(h.Why[0].Detail, "agent group 10") {
			t.Errorf("found again: %+v", h.Why)
		}
	}
}

// What this run finds stands in place of the same reason of an earlier one, and none stands twice.
func TestEachReasonOnce(t *testing.T) {
	old, now, list := sync.HoldReason{Reason: sync.ReasonAdminLimit, Detail: "an earlier run found: 3 of 4"}, sync.HoldReason{Reason: sync.ReasonAdminLimit, Detail: "4 of 5"}, sync.HoldReason{Reason: sync.ReasonListShrunk, Detail: "x"}
	for _, c := range []struct{ all, more, want []sync.HoldReason }{
		{[]sync.HoldReason{old, list}, []sync.HoldReason{now, now}, []sync.HoldReason{now, list}},
		{[]sync.HoldReason{now}, []sync.HoldReason{old, list, list}, []sync.HoldReason{now, list}},
		{nil, []sync.HoldReason{old, old}, []sync.HoldReason{old}},
	} {
		same(t, guard.WithReasons(c.all, c.more), c.want)
	}
}
