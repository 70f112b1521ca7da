package reconcile_test

import (
	"slices"
	"testing"

	"ringroster/sync"
)

// A rejected onboarding is of a person. Whoever has their agent id by now, and is somebody else by
// name and e-mail, is a newcomer like any (R35, R36).
func TestR35AStrangerWithARecycledIDIsNotRejected(t *testing.T) {
	const old, fresh = "701", "702"
	for name, c := range map[string]struct {
		was, is    string // rcUserIds
		first      string
		last       string
		email      string
		isStranger bool
	}{
		"another rcUserId, name and e-mail":       {old, fresh, "Mal", "Evil", "mal@example.com", true},
		"another rcUserId and name":               {old, fresh, "Mal", "Evil", "bea@example.com", true},
		"another rcUserId and first name":         {old, fresh, "Mal", "New", "mal@example.com", true},
		"another rcUserId, created anew":          {old, fresh, "Bea", "New", "b.new@example.com", false},
		"another rcUserId, created anew, married": {old, fresh, "Bea", "Roy", "bea@example.com", false},
		"another rcUserId, without a name":        {old, fresh, "", "", "mal@example.com", false},
		"the same rcUserId":                       {old, old, "Mal", "Evil", "mal@example.com", false},
		"no rcUserId, another name and e-mail":    {"", "", "Mal", "Evil", "mal@example.com", true},
		"no rcUserId, another name":               {"", "", "Mal", "Evil", "bea@example.com", false},
		"no rcUserId, another e-mail":             {"", "", "Bea", "New", "mal@example.com", false},
		"no rcUserId, married":                    {"", "", "Bea", "Roy", "bea.roy@example.com", false},
		"no rcUserId, without a name":             {"", "", "", "", "mal@example.com", false},
		"no rcUserId, without an e-mail":          {"", "", "Mal", "Evil", "", false},
		"the rcUserId lost, another name":         {old, "", "Mal", "Evil", "mal@example.com", true},
		"the first rcUserId, another e-mail":      {"", fresh, "Bea", "New", "mal@example.com", false},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld()
			w.agent("1/10", "500", "Ada Byron", rc("700"))
			w.today(t)
			keys := []string{"agent:1/501"}
			if c.was != "" {
				keys = append(keys, "rc:"+c.was)
			}
			w.books.lastHeld++
			w.books.state.Open = []sync.HeldChange{{
				ID: w.books.lastHeld, Run: w.lastRun, State: sync.Rejected, Kind: sync.Onboard, Person: keys[len(keys)-1], IDs: keys,
				Name: "Bea New", Email: "bea@example.com", Role: sync.RoleAgent, Why: []sync.HoldReason{{Reason: sync.ReasonOnboardLimit, Detail: "too many"}},
			}}
			w.tomorrow().agent("1/10", "501", "", named(c.first, c.last), email(c.email), rc(c.is))
			plan := w.today(t)
			if came := len(w.members) == 2; came != c.isStranger {
				t.Errorf("comes in: %t, %v", came, lines(plan))
			}
			if key := "agent:1/501"; c.is == "" && c.was == "" {
				trace := w.told(t, "501")
				if trace.IsOfAnother(&plan.Open[0], key) != c.isStranger {
					t.Errorf("explained as who was rejected: %t", c.isStranger)
				}
			}
			if len(plan.Open) != 1 || plan.Open[0].State != sync.Rejected {
				t.Errorf("the rejection stands no more: %+v", plan.Open)
			}
			w.tomorrow().agent("1/10", "502", "Bea New", rc(c.was)) // who was meant is told by the rcUserId
			if w.today(t); c.was != "" && slices.ContainsFunc(w.members, func(m *sync.Member) bool { return m.RCUserID == c.was }) {
				t.Error("who was rejected came in")
			}
		})
	}
}
