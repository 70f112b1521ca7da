package sync

import "testing"

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
	why := []HoldReason{{ReasonUpdateLimit, "too many"}}
	for _, state := range []HeldState{Suspect, Waiting} {
		w.State.Open = []HeldChange{
			{ID: 1, Run: 2, State: state, Kind: Update, Member: 1, Field: "email", Before: "ada@example.com", After: "other@example.com", Why: why},
			{
				ID: 2, Run: 2, State: state, Kind: Onboard, Person: "rc:702", IDs: []string{"rc:702"}, Why: why,
				Name: "Bea New", Email: "bea@example.com", Role: RoleAgent, Detail: nobodyLikeThem + "; as Agent",
			},
		}
		plan := w.plan(t)
		if len(plan.Changes) != 0 || plan.Held == nil || len(plan.Held.Changes) != 2 {
			t.Errorf("%s: changes %+v, held %+v", state, plan.Changes, plan.Held)
		}
		for _, h := range plan.Open {
			if h.State != Waiting || state == Suspect && h.Run != 0 || state == Waiting && h.Run != 2 {
				t.Errorf("%s: %+v", state, h)
			}
		}
	}
}
