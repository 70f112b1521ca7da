package reconcile_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"ringroster/sync"
)

// An approval means the question that was shown: what a full run would ask anew by now is not
// applied, but shown under the number of the approval (R25).

// waitsAs are the reasons for which a field of a member waits, and the number under which.
func (w *world) waitsAs(member int64, field string) (run sync.RunID, why []string) {
	for i := range w.books.state.Open {
		if h := &w.books.state.Open[i]; h.Member == member && h.Field == field && h.State == sync.Waiting {
			return h.Run, sync.ReasonWords(h.Why)
		}
	}
	return 0, nil
}

// mustShowAnew says that an approval of a run applies nothing, and that what it names waits under
// the approval's own number for a reason; approving that applies it.
func (w *world) mustShowAnew(t *testing.T, shown sync.RunID, member int64, field, reason string) *sync.Plan {
	t.Helper()
	if plan := w.approve(t, shown, nil); len(plan.Changes)+len(plan.Released) > 0 {
		t.Fatalf("approved: %v", lines(plan))
	}
	if run, why := w.waitsAs(member, field); run != w.lastRun || !slices.Contains(why, reason) {
		t.Fatalf("%s of member %d waits under run %d of %d for %v", field, member, run, w.lastRun, why)
	}
	if plan := w.approve(t, shown, nil); len(plan.Changes) > 0 {
		t.Fatalf("approved once more: %v", lines(plan))
	}
	return w.approve(t, w.lastRun, nil)
}

// A list loses people, gets them back unseen, and a scope that nobody was asked about leaves
// them out: the approval of the one is none of the other (R23, R25).
func TestAccidentAnApprovalOfALossAppliesAScope(t *testing.T) {
	bothLimits(t, func(t *testing.T, w *world) {
		restore := w.lists()
		w.unlist("1", "10")
		shown := w.today(t).Held.Run
		restore()
		w.later(time.Hour).scopeOut(`"first"`, "p00?@*", "p010@*")
		if plan := w.approve(t, shown, nil); len(plan.Changes) > 0 {
			t.Fatalf("approved: %v", lines(plan))
		}
		w.mustStay(t)
		run, why := w.waitsAs(1, sync.StatusField)
		if run != w.lastRun || !slices.Contains(why, "settings_changed") {
			t.Errorf("member 1 waits under run %d of %d for %v", run, w.lastRun, why)
		}
		if run, _ := w.waitsAs(12, sync.StatusField); run != shown {
			t.Errorf("member 12, whom no scope leaves out, waits under run %d", run)
		}
		again := w.lastRun
		w.tomorrow().today(t)
		if run, _ := w.waitsAs(1, sync.StatusField); run != again {
			t.Errorf("a day later member 1 waits under run %d, not %d", run, again)
		}
		w.approve(t, again, nil)
		same(t, w.inactive(), from(1, 10))
		if got := w.books.state.Accepted["scope"]; got != "" {
			t.Errorf("accepted by the approval of an approval's number: %s", got)
		}
		w.tomorrow().today(t) // holds nobody for it any more
		if got := w.books.state.Accepted["scope"]; got != `"first"` {
			t.Errorf("accepted: %s", got)
		}
	})
}

// Who rejects what an approval showed anew says that the settings are wrong, as of what a full
// run shows (R23).
func TestR23ARejectionOfWhatAnApprovalShowed(t *testing.T) {
	w := seventeen(t, usualLimits)
	restore := w.lists()
	w.unlist("1", "10")
	shown := w.today(t).Held.Run
	restore()
	w.later(time.Hour).scopeOut(`"first"`, "p001@*", "p002@*")
	w.approve(t, shown, nil)
	w.reject(t, w.lastRun, these(1, 2))
	w.daysOn(t, 3)
	if got := w.books.state.Accepted["scope"]; got != "" {
		t.Errorf("accepted: %s", got)
	}
}

// Sub-accounts that the settings leave out take the place of the records that a list lost.
func TestAccidentAnApprovalOfALossAppliesNewAccess(t *testing.T) {
	w := seventeen(t, usualLimits)
	restore := w.lists()
	w.unlist("1", "10")
	shown := w.today(t).Held.Run
	restore()
	for i := range w.group("1/10").Agents {
		w.group("1/10").Agents[i].Active = false
	}
	w.later(time.Hour).Policy.Deciding = []sync.Setting{{Key: "wem_access", Value: `"other"`, Default: `""`}}
	plan := w.mustShowAnew(t, shown, 1, sync.StatusField, "settings_changed")
	if len(plan.Changes) != 12 {
		t.Errorf("approved: %v", lines(plan))
	}
}

// A list loses supervisors' records, gets them back unseen, and a new role_map gives them the
// lower role that was shown as the list's doing.
func TestAccidentAnApprovalOfALossAppliesARoleMap(t *testing.T) {
	w := seventeen(t, usualLimits, func(w *world) {
		for i := range 4 {
			agent := w.group("1/10").Agents[i]
			w.group("1/10").Agents[i].Type = "SUPERVISOR"
			w.agent("1/11", "9"+agent.ID, agent.FirstName+" "+agent.LastName, rc(agent.RCUserID))
		}
		w.Policy.RolePrecedence = sync.RoleSupervisor
	})
	restore := w.lists()
	w.shorten("1/10", 0)
	shown := w.today(t).Held.Run
	if run, _ := w.waitsAs(1, "role"); run != shown {
		t.Fatalf("the role of member 1 waits under run %d", run)
	}
	restore()
	w.later(time.Hour).Policy.RoleMap = []sync.RoleMapping{{AgentType: "SUPERVISOR", Role: sync.RoleAgent}}
	w.Policy.Deciding = []sync.Setting{{Key: "role_map", Value: `"other"`, Default: `""`}}
	plan := w.mustShowAnew(t, shown, 1, "role", "settings_changed")
	same(t, fields(plan)[:1], []string{"role: Supervisor -> Agent, settings_changed"})
}

// Another reason of absence is no other question (R25).
func TestR25AnotherReasonOfAbsenceIsTheSameQuestion(t *testing.T) {
	w := seventeen(t, usualLimits)
	for i := range w.group("1/10").Agents {
		w.group("1/10").Agents[i].Active = false // access_revoked
	}
	shown := w.today(t).Held.Run
	w.later(time.Hour).unlist("1", "10")
	w.dropExtensions(1, 2, 3, 4, 5, 6) // removed
	w.Snapshot.Extensions[7].Status = "Disabled"
	w.approve(t, shown, nil)
	if n := len(w.inactive()); n < 6 {
		t.Errorf("%d left", n)
	}
}

// withArrivals gives a world whose onboardings are held: ten agents who joined.
func withArrivals(t *testing.T) (w *world, shown sync.RunID) {
	w = seventeen(t, sync.Limits{Deactivations: sync.Limit{Percent: 5, Floor: 5}, Onboardings: sync.Limit{Percent: 2, Floor: 2}, Updates: sync.Limit{Percent: 30, Floor: 20}, Administrators: sync.Limit{Percent: 20, Floor: 3}}, func(w *world) { w.boss(200, 201, 202, 203) })
	w.team("1/50", 300, 10)
	plan := w.today(t)
	same(t, reasonsFor(plan), []string{"onboarding_limit"})
	return w, plan.Held.Run
}

// A held onboarding belongs to the human and the role that were shown (R25).
func TestR25AnOnboardingIsWhoWasShown(t *testing.T) {
	for _, c := range []struct {
		name    string
		changes func(*world)
	}{
		{"another human has the ids", func(w *world) {
			a, e := &w.group("1/50").Agents[0], &w.Snapshot.Extensions[len(w.Snapshot.Extensions)-10]
			a.FirstName, a.LastName, a.Email = "Mal", "Evil", "mal@example.com"
			e.FirstName, e.LastName, e.Email = a.FirstName, a.LastName, a.Email
		}},
		{"another e-mail", func(w *world) { w.group("1/50").Agents[0].Email = "other@example.com" }},
		{"a supervisor now", func(w *world) { w.group("1/50").Agents[0].Type = "SUPERVISOR" }},
		{"an administrator now", func(w *world) { w.boss(301) }},
	} {
		t.Run(c.name, func(t *testing.T) {
			w, shown := withArrivals(t)
			c.changes(w)
			plan := w.later(time.Hour).approve(t, shown, nil)
			if len(plan.Changes) != 9 || len(plan.Renewed) != 1 {
				t.Fatalf("approved: %v, anew: %+v", lines(plan), plan.Renewed)
			}
			if plan := w.approve(t, w.lastRun, nil); len(plan.Changes) != 1 {
				t.Errorf("approved as it was shown then: %v", lines(plan))
			}
		})
	}
}

// What is shown of somebody who comes in, or back, names the role.
func TestR25AnOnboardingShowsTheRole(t *testing.T) {
	w, _ := withArrivals(t)
	if h := &w.books.state.Open[0]; !strings.HasSuffix(h.Detail, "; as Agent") || h.Name == "" || h.Email == "" {
		t.Errorf("shown: %+v", h)
	}
}

// Held newcomers who become administrators count for the limit on these: nobody approves them
// without having been told (R35).
func TestAccidentHeldNewcomersBecomeAdministrators(t *testing.T) {
	w, shown := withArrivals(t)
	w.boss(301, 302, 303, 304)
	w.later(time.Hour)
	plan := w.approve(t, shown, nil)
	if len(plan.Changes) != 6 || len(plan.Renewed) != 4 {
		t.Fatalf("approved: %v, anew: %+v", lines(plan), plan.Renewed)
	}
	if why := sync.ReasonWords(plan.Renewed[0].Why); !slices.Contains(why, "administrator_limit") {
		t.Errorf("held for %v", why)
	}
}

// A held reactivation belongs to the human and the role that were shown, too.
func TestR25AReactivationIsWhoWasShown(t *testing.T) {
	for _, c := range []struct {
		name    string
		changes func(*world)
	}{
		{"another name", func(w *world) { w.group("1/10").Agents[11].LastName = "Other" }},
		{"a supervisor and administrator no more", func(w *world) {
			w.Snapshot.Admins = w.Snapshot.Admins[:0]
			w.group("1/10").Agents[11].Type = "SUPERVISOR"
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := seventeen(t, sync.Limits{Deactivations: sync.Limit{Percent: 5, Floor: 5}, Onboardings: sync.Limit{Percent: 30, Floor: 20}, Updates: sync.Limit{Percent: 30, Floor: 20}, Administrators: sync.Limit{Percent: 5, Floor: 1}}, func(w *world) { w.boss(203) })
			others := w.Snapshot.Admins
			w.drop(12)
			w.today(t)
			if w.member(12).Status != sync.Inactive {
				t.Fatal("member 12 is active")
			}
			w.tomorrow().agent("1/10", "5012", "P012 Roy", rc("7012"))
			w.boss(12, 13)
			shown := w.today(t).Held.Run
			if h := w.books.state.Open[0]; h.Kind != sync.Reactivate || !strings.HasSuffix(h.Detail, "; as Administrator") {
				t.Fatalf("open: %+v", h)
			}
			c.changes(w)
			if w.group("1/10").Agents[11].Type == "SUPERVISOR" {
				w.Snapshot.Admins = others
			}
			plan := w.later(time.Hour).approve(t, shown, these(12))
			if len(plan.Changes) > 0 || len(plan.Renewed) != 1 {
				t.Errorf("approved: %v, anew: %+v", lines(plan), plan.Renewed)
			}
		})
	}
}

// promoted gives a world in which ten agents would be supervisors, which is held.
func promoted(t *testing.T) (w *world, shown sync.RunID) {
	w = seventeen(t, sync.Limits{Deactivations: sync.Limit{Percent: 5, Floor: 5}, Onboardings: sync.Limit{Percent: 30, Floor: 20}, Updates: sync.Limit{Percent: 2, Floor: 2}, Administrators: sync.Limit{Percent: 20, Floor: 3}})
	for i := range 10 {
		w.group("1/10").Agents[i].Type = "SUPERVISOR"
	}
	plan := w.today(t)
	same(t, reasonsFor(plan), []string{"update_limit"})
	return w, plan.Held.Run
}

// What a change would take away belongs to what was shown: a hand edit made an administrator of
// whom it gives a higher role to, and now it takes that away (R25).
func TestR25AnUpdateTakesWhatWasShown(t *testing.T) {
	w, shown := promoted(t)
	next := *w.member(1)
	next.Profile[sync.Role] = sync.RoleAdministrator
	w.members[slices.Index(w.members, w.member(1))] = &next
	w.later(time.Hour)
	plan := w.approve(t, shown, nil)
	if len(plan.Changes) != 9 || w.member(1).Profile[sync.Role] != sync.RoleAdministrator {
		t.Fatalf("approved: %v; member 1 is %s", lines(plan), w.member(1).Profile[sync.Role])
	}
	if h := plan.Renewed[0]; h.Before != sync.RoleAdministrator || h.After != sync.RoleSupervisor {
		t.Errorf("shown anew: %+v", h)
	}
	w.tomorrow().today(t)
	w.approve(t, w.lastRun, nil)
	if got := w.member(1).Profile[sync.Role]; got != sync.RoleSupervisor {
		t.Errorf("member 1 is %s", got)
	}
}

// A full run shows it anew as well.
func TestR25ANewBeforeIsANewNumber(t *testing.T) {
	w, shown := promoted(t)
	next := *w.member(1)
	next.Profile[sync.Role] = sync.RoleAdministrator
	w.members[slices.Index(w.members, w.member(1))] = &next
	w.later(time.Hour).today(t)
	if run, _ := w.waitsAs(1, "role"); run != w.lastRun {
		t.Errorf("member 1 waits under run %d of %d", run, w.lastRun)
	}
	if run, _ := w.waitsAs(2, "role"); run != shown {
		t.Errorf("member 2 waits under run %d, not %d", run, shown)
	}
}

// Of whom it is open whether they leave, no approval takes a role: a full run must see them
// present first (R25).
func TestR25AnApprovalTakesNoRoleOfASuspect(t *testing.T) {
	w := seventeen(t, sync.Limits{Deactivations: sync.Limit{Percent: 5, Floor: 5}, Onboardings: sync.Limit{Percent: 30, Floor: 20}, Updates: sync.Limit{Percent: 2, Floor: 2}, Administrators: sync.Limit{Percent: 20, Floor: 3}}, func(w *world) {
		for i := range 10 {
			w.group("1/10").Agents[i].Type = "SUPERVISOR"
		}
	})
	for i := range 10 {
		w.group("1/10").Agents[i].Type = "AGENT"
	}
	shown := w.today(t).Held.Run
	w.books.lastHeld++
	w.books.state.Open = append(w.books.state.Open, sync.HeldChange{
		ID: w.books.lastHeld, Run: shown, State: sync.Suspect, Kind: sync.Deactivate, Member: 1, Field: sync.StatusField,
		Before: string(sync.Active), After: string(sync.Inactive), Reason: sync.ReasonRemoved, Why: []sync.HoldReason{{Reason: sync.ReasonAttached, Detail: "x"}},
	})
	w.later(time.Hour).approve(t, shown, nil)
	if one, two := w.member(1).Profile[sync.Role], w.member(2).Profile[sync.Role]; one != sync.RoleSupervisor || two != sync.RoleAgent {
		t.Fatalf("member 1 is %s, member 2 %s", one, two)
	}
	w.later(time.Hour).today(t)
	w.approve(t, w.lastRun, nil)
	if got := w.member(1).Profile[sync.Role]; got != sync.RoleAgent {
		t.Errorf("member 1 is %s", got)
	}
}

// The same logins that were shown end, whatever else of them changed since.
func TestR25TheLoginsThatWereShown(t *testing.T) {
	w := seventeen(t, usualLimits, func(w *world) {
		for n := range 12 {
			a := w.group("1/10").Agents[n]
			w.agent("1/40", "9"+a.ID, a.FirstName+" "+a.LastName, rc(a.RCUserID))
		}
	})
	w.shorten("1/40", 0)
	shown := w.today(t).Held.Run
	for range 2 {
		w.tomorrow().today(t)
	}
	if run, _ := w.waitsAs(1, sync.LoginsField); run != shown {
		t.Errorf("the logins wait under run %d, not %d", run, shown)
	}
	if plan := w.approve(t, shown, nil); len(plan.Changes) != 12 {
		t.Errorf("approved: %v", lines(plan))
	}
}
