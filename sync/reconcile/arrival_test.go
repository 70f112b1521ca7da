package reconcile_test

import (
	"slices"
	"testing"
	"time"

	"ringroster/sync"
)

// A held onboarding is one person's (R35): approving it brings in nobody else who has one of the
// ids by now.
func TestR35AHeldOnboardingIsOnePersons(t *testing.T) {
	for name, other := range map[string]string{"of a lower id": "6001", "of a higher one": "9001"} {
		t.Run(name, func(t *testing.T) {
			w, shown := withArrivals(t)
			first := &w.group("1/50").Agents[0]
			w.agent("1/51", "6301", first.FirstName+" "+first.LastName, rc(first.RCUserID))
			first.RCUserID, first.FirstName, first.LastName, first.Email = other, "Mal", "Evil", "mal@example.com"
			w.extension(other, "Mal Evil", email("mal@example.com"))
			plan := w.later(time.Hour).approve(t, shown, nil)
			if len(plan.Changes) != 10 || len(plan.Renewed) > 0 {
				t.Errorf("approved: %v, anew: %+v", lines(plan), plan.Renewed)
			}
			if slices.ContainsFunc(w.members, func(m *sync.Member) bool { return m.RCUserID == other }) {
				t.Error("whoever has one of the logins by now came in with them")
			}
		})
	}
}

// arrivals gives a world in which two onboardings are open of what is one person today.
func arrivals(t *testing.T, first sync.HeldState) *world {
	w := newWorld()
	w.agent("1/10", "501", "Ada Byron", rc("701"))
	w.extension("701", "Ada Byron")
	w.sync(t)
	w.agent("1/10", "502", "Bea New", rc("702"))
	w.agent("1/10", "503", "Bea New", rc("702"))
	w.extension("702", "Bea New")
	open := func(id int64, state sync.HeldState, keys ...string) sync.HeldChange {
		return sync.HeldChange{
			ID: id, Run: sync.RunID(id), State: state, Kind: sync.Onboard, Person: keys[0], IDs: keys, Why: []sync.HoldReason{{Reason: sync.ReasonOnboardLimit, Detail: "too many"}},
			Name: "Bea New", Email: "bea@example.com", Role: sync.RoleAgent, Detail: saidOfNewcomers + "; as Agent",
		}
	}
	w.State.Open = []sync.HeldChange{open(1, first, "agent:1/502"), open(2, sync.Waiting, "rc:702", "agent:1/503"), open(3, sync.Waiting, "agent:1/503")}
	return w
}

// Of several onboardings that are one person's by now, the one that knows the rcUserId stands.
func TestR35OnePersonHasOneOnboarding(t *testing.T) {
	plan := arrivals(t, sync.Waiting).plan(t)
	if len(plan.Open) != 1 || plan.Open[0].ID != 2 || plan.Open[0].Run != 2 {
		t.Errorf("open: %+v", plan.Open)
	}
}

// What an operator rejected of them comes first: they are not offered under another number.
func TestR35ARejectedOnboardingComesFirst(t *testing.T) {
	plan := arrivals(t, sync.Rejected).plan(t)
	if len(plan.Open) != 1 || plan.Open[0].ID != 1 || plan.Open[0].State != sync.Rejected || plan.Held != nil || len(plan.Changes) > 0 {
		t.Errorf("open: %+v, changes %v", plan.Open, lines(plan))
	}
}

// The role is stored beside what is told of it: another sentence asks nothing new, and one that
// waited before roles were stored gets a new number once (R25).
func TestR25TheRoleOfAnArrivalIsStored(t *testing.T) {
	for role, run := range map[string]sync.RunID{sync.RoleAgent: 2, sync.RoleSupervisor: 0, "": 0} {
		w := arrivals(t, sync.Waiting)
		w.State.Open[1].Role, w.State.Open[1].Detail = role, "in other words"
		if plan := w.plan(t); plan.Open[0].Run != run || plan.Open[0].Role != sync.RoleAgent {
			t.Errorf("%q: %+v", role, plan.Open[0])
		}
	}
}
