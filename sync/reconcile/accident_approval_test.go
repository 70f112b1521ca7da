package reconcile_test

import (
	"slices"
	"testing"
	"time"

	"ringroster/sync"
)

// What an approval shows anew, it shows of those alone who were approved: to approve that number
// says nothing of whom else the settings of that day would leave out (R23, R25).

// A list loses six people, comes back unseen, and a scope leaves these and nine others out. The
// six are shown anew and approved: the nine, whom nobody was shown, are asked about.
func TestAccidentAnApprovedNumberOfAnApprovalAcceptsAScope(t *testing.T) {
	w := seventeen(t, laxLimits)
	restore := w.lists()
	w.shorten("1/10", 6)
	shown := w.today(t).Held.Run
	same(t, w.waiting(sync.Waiting), from(7, 12))
	restore()
	w.later(time.Hour).scopeOut(`"first"`, "p007@*", "p008@*", "p009@*", "p010@*", "p011@*", "p012@*", "p02?@*")
	w.approve(t, shown, nil)
	w.mustStay(t)
	w.approve(t, w.lastRun, nil)
	same(t, w.inactive(), from(7, 12))
	for range 5 {
		plan := w.tomorrow().today(t)
		same(t, w.inactive(), from(7, 12))
		same(t, w.waiting(sync.Waiting), from(20, 29))
		same(t, reasonsFor(plan), []string{"settings_changed"})
		if got := w.books.state.Accepted["scope"]; got != "" {
			t.Fatalf("accepted: %s", got)
		}
	}
	w.approve(t, w.lastRun, nil)
	if got := w.books.state.Accepted["scope"]; got != `"first"` {
		t.Errorf("accepted: %s", got)
	}
}

// The settings were put back before the number of the approval is approved: they are those that
// were accepted, and nobody is asked about them.
func TestR23AnApprovedNumberOfAnApprovalCriesNoWolf(t *testing.T) {
	w := seventeen(t, laxLimits)
	restore := w.lists()
	w.shorten("1/10", 6)
	shown := w.today(t).Held.Run
	restore()
	w.later(time.Hour).scopeOut(`"first"`, "p007@*")
	w.approve(t, shown, nil)
	anew := w.lastRun
	w.approve(t, anew, nil)
	w.scopeOut(`""`)
	w.Policy.Deciding = nil
	w.tomorrow().drop(100)
	if plan := w.today(t); plan.Held != nil || w.member(100).Status != sync.Inactive {
		t.Errorf("held: %+v", plan.Held)
	}
}

// The same of a role_map: others lose no role by an approval of those who were shown.
func TestAccidentAnApprovedNumberOfAnApprovalAcceptsARoleMap(t *testing.T) {
	w := seventeen(t, laxLimits, func(w *world) {
		for i := range 4 {
			w.group("1/12").Agents[i].Type, w.group("1/10").Agents[i].Type = "SUPERVISOR", "SUPERVISOR"
			agent := w.group("1/10").Agents[i]
			w.agent("1/11", "9"+agent.ID, agent.FirstName+" "+agent.LastName, rc(agent.RCUserID))
		}
		w.Policy.RolePrecedence = sync.RoleSupervisor
	})
	restore := w.lists()
	w.shorten("1/10", 0)
	shown := w.today(t).Held.Run
	restore()
	w.later(time.Hour).Policy.RoleMap = []sync.RoleMapping{{AgentType: "SUPERVISOR", Role: sync.RoleAgent}}
	w.Policy.Deciding = []sync.Setting{{Key: "role_map", Value: `"other"`, Default: `""`}}
	w.approve(t, shown, nil)
	w.approve(t, w.lastRun, nil)
	roles := func() (supervisors []int64) {
		for _, m := range w.members {
			if m.Profile[sync.Role] == sync.RoleSupervisor {
				supervisors = append(supervisors, m.ID)
			}
		}
		slices.Sort(supervisors)
		return supervisors
	}
	same(t, roles(), from(25, 28))
	for range 3 {
		same(t, reasonsFor(w.tomorrow().today(t)), []string{"settings_changed"})
		same(t, roles(), from(25, 28))
	}
}

// Of logins it is asked which of them end: what becomes of the others meanwhile is applied, and
// asks nothing new (R25).
func TestR25WhatBecomesOfOtherLoginsAsksNothingNew(t *testing.T) {
	for name, approveAtOnce := range map[string]bool{"approved at once": true, "after another run": false} {
		t.Run(name, func(t *testing.T) {
			w := seventeen(t, usualLimits, func(w *world) {
				for _, a := range w.group("1/10").Agents[:12] {
					w.agent("1/40", "9"+a.ID, a.FirstName+" "+a.LastName, rc(a.RCUserID))
				}
			})
			w.shorten("1/40", 0)
			shown := w.today(t).Held.Run
			w.later(time.Hour).group("1/10").Agents[0].UserName = "renamed"
			if !approveAtOnce {
				w.today(t)
			}
			if run, _ := w.waitsAs(1, sync.LoginsField); run != shown {
				t.Errorf("the logins wait under run %d, not %d", run, shown)
			}
			if plan := w.approve(t, shown, nil); len(plan.Changes) != 12 || len(plan.Renewed) > 0 {
				t.Errorf("approved: %v, anew: %+v", lines(plan), plan.Renewed)
			}
			same(t, w.active(1), []string{"1/5001"})
		})
	}
}
