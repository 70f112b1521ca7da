package reconcile_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"ringroster/sync"
)

// What is held stays held for updates, logins and newcomers, too (R25, R35, R36).

// A rejected loss of a login is refused also once another login is gained.
func TestR36ARejectedLossOfALogin(t *testing.T) {
	bothLimits(t, func(t *testing.T, w *world) {
		for n := range 12 { // a second record for all of a group
			id := w.group("1/10").Agents[n]
			w.agent("1/40", "9"+id.ID, id.FirstName+" "+id.LastName, rc(id.RCUserID))
		}
		w.today(t)
		w.tomorrow().shorten("1/40", 0)
		plan := w.today(t)
		same(t, reasonsFor(plan), []string{"list_emptied"})
		w.reject(t, plan.Held.Run, these(1))
		w.agent("1/41", "8001", "P001 Roy", rc("7001"))
		for range 4 {
			w.tomorrow().today(t)
			if !slices.Contains(w.active(1), "1/95001") {
				t.Errorf("member 1 has the logins %v", w.active(1))
			}
		}
		w.clearing(t, nil)
		w.tomorrow().today(t)
		if !slices.Contains(w.active(1), "1/95001") {
			t.Errorf("cleared: member 1 has the logins %v", w.active(1))
		}
	})
}

// active are the keys of a member's active logins.
func (w *world) active(member int64) (keys []string) {
	for _, l := range w.member(member).Logins {
		if l.Active {
			keys = append(keys, l.Key())
		}
	}
	return keys
}

// A rejection that is cleared leaves the value waiting: it is not applied (R25, R26).
func TestR36AClearedUpdateWaits(t *testing.T) {
	w := seventeen(t, usualLimits)
	for i := range w.Snapshot.SubAccounts[0].Groups[:7] {
		g := &w.Snapshot.SubAccounts[0].Groups[i]
		for j := range g.Agents {
			g.Agents[j].LastName = "Fox"
		}
	}
	plan := w.today(t)
	w.reject(t, plan.Held.Run, nil)
	for range 5 {
		if plan := w.tomorrow().today(t); len(plan.Changes) > 0 || plan.Held != nil {
			t.Fatalf("rejected: %v", lines(plan))
		}
	}
	w.clearing(t, these(1, 2))
	plan = w.tomorrow().today(t)
	if len(plan.Changes) > 0 || plan.Held == nil || len(plan.Held.Changes) != 2 {
		t.Fatalf("cleared: %v", lines(plan))
	}
	plan = w.approve(t, w.lastRun, these(1))
	same(t, fields(plan), []string{"last_name: Roy -> Fox, source_changed"})
}

// The onboardings of a week share a limit, those that were held within it included (R35).
func TestR35TheOnboardingsOfAWeek(t *testing.T) {
	w := seventeen(t, sync.Limits{Deactivations: sync.Limit{Percent: 5, Floor: 5}, Onboardings: sync.Limit{Percent: 10, Floor: 10}, Updates: sync.Limit{Percent: 30, Floor: 20}, Administrators: sync.Limit{Percent: 20, Floor: 3}})
	came := func() int { return len(w.members) - 204 }
	for day := range 3 { // 20 a day are within a day's limit: 30 % of 204 is 61 a week
		w.team("1/50", 300+20*day, 20)
		w.today(t)
		w.tomorrow()
	}
	if came() != 60 {
		t.Fatalf("%d came", came())
	}
	w.team("1/51", 400, 30) // over a day's limit
	same(t, reasonsFor(w.today(t)), []string{"onboarding_limit"})
	w.tomorrow().tomorrow().team("1/52", 440, 10)
	same(t, reasonsFor(w.today(t)), []string{"onboarding_limit"})
	if came() != 60 {
		t.Errorf("%d came", came())
	}
}

// New administrators who were held an hour ago count for those of now (R35).
func TestR35NewAdministratorsByTheHour(t *testing.T) {
	w := seventeen(t, usualLimits, func(w *world) { w.boss(100, 101, 102, 103, 104, 105, 106, 107, 108, 109) })
	w.boss(1, 2, 3)
	same(t, reasonsFor(w.today(t)), []string{"administrator_limit"})
	w.later(time.Hour).boss(4, 5)
	plan := w.today(t)
	if len(plan.Changes) > 0 || len(plan.Held.Changes) != 5 {
		t.Errorf("an hour later: %v", lines(plan))
	}
}

// Lost records that are put back change nothing by themselves: who left an hour ago, and is
// still listed without a place, stays inactive until a list shows them.
func TestR22NobodyComesBackByALostRecord(t *testing.T) {
	w := seventeen(t, laxLimits)
	w.drop(1, 2)
	w.agent("1/11", "9001", "P001 Roy", rc("7001"), inactive)
	w.today(t)
	same(t, w.inactive(), from(1, 2))
	w.later(time.Hour).shorten("1/10", 0)
	plan := w.today(t)
	same(t, reasonsFor(plan), []string{"list_emptied"})
	same(t, w.inactive(), from(1, 2))
}

// An approval of somebody who comes back writes all that it does into the history.
func TestR25AnApprovedReactivationIsWhole(t *testing.T) {
	w := seventeen(t, usualLimits)
	w.drop(1)
	w.today(t)
	w.tomorrow().agent("1/10", "9001", "P001 Fox", rc("7001"))
	w.books.state.Open = []sync.HeldChange{{
		ID: 1, Run: 1, State: sync.Waiting, Kind: sync.Reactivate, Member: 1, Field: sync.StatusField, Before: string(sync.Inactive), After: string(sync.Active), Why: []sync.HoldReason{{Reason: sync.ReasonListShrunk, Detail: "x"}},
		Name: "P001 Fox", Email: "p001@example.com", Role: sync.RoleAgent, Detail: "RingCentral reports them again; as Agent",
	}}
	plan := w.approve(t, 1, nil)
	got := fields(plan)
	if !slices.ContainsFunc(got, func(f string) bool { return strings.HasPrefix(f, "last_name") }) || w.member(1).Profile[sync.LastName] != "Fox" {
		t.Errorf("fields %v, member %v", got, w.member(1).Profile)
	}
}

// A wave of other e-mails waits for its limit. Of somebody made anew by then, who had no first name
// in RingCX and gets RingEX's, nothing goes ahead: the first name alone would make another human of
// them (R13).
func TestR13TheNamesOfANewIDWaitTogether(t *testing.T) {
	w := seventeen(t, usualLimits, func(w *world) {
		w.agent("1/10", "6001", "", named("", "Poe"), rc("8001"), email("poe@example.com"))
	})
	for i := range w.Snapshot.SubAccounts[0].Groups[:7] {
		g := &w.Snapshot.SubAccounts[0].Groups[i]
		for j := range g.Agents {
			if a := &g.Agents[j]; a.ID == "6001" {
				a.RCUserID = "8002"
			}
			g.Agents[j].Email = "new" + g.Agents[j].Email
		}
	}
	w.extension("8002", "Kit Poe", email("poe@example.com"))
	w.daysOn(t, 3)
	w.mustStay(t)
	if m := w.member(205); m.RCUserID != "8001" || m.Profile[sync.FirstName] != "" {
		t.Errorf("member 205 is %s %q", m.RCUserID, m.Profile.Name())
	}
}
