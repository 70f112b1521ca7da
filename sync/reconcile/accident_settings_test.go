package reconcile_test

import (
	"fmt"
	"testing"
	"time"

	"ringroster/sync"
)

// scopeOut leaves people out of the scope, by e-mail, and makes the scope a deciding
// setting of the given value.
func (w *world) scopeOut(value string, emails ...string) {
	w.Policy.Scope = sync.Scope{}
	for _, e := range emails {
		w.Policy.Scope.Exclude = append(w.Policy.Scope.Exclude, sync.Match{Email: e})
	}
	w.Policy.Deciding = []sync.Setting{{Key: "scope", Value: value, Default: `""`}}
}

// Ten are held by a change of scope, the scope is changed again, and the first set is
// approved: what was never shown waits, and nothing is accepted that is not in force (R23).
func TestAccidentAnApprovalAcceptsTheNextSettings(t *testing.T) {
	bothLimits(t, func(t *testing.T, w *world) {
		w.scopeOut(`"first"`, "p00?@*", "p010@*")
		first := w.today(t)
		same(t, w.waiting(sync.Waiting), from(1, 10))
		w.tomorrow().scopeOut(`"second"`, "p00?@*", "p010@*", "p02?@*")
		w.today(t)
		w.later(time.Hour).approve(t, first.Held.Run, nil)
		same(t, w.inactive(), from(1, 10))
		for range 5 {
			plan := w.tomorrow().today(t)
			same(t, w.inactive(), from(1, 10))
			same(t, w.waiting(sync.Waiting), from(20, 29))
			if got := w.books.state.Accepted["scope"]; got != "" {
				t.Errorf("accepted: %s", got)
			}
			same(t, reasonsFor(plan)[len(reasonsFor(plan))-1:], []string{"settings_changed"})
		}
		w.approve(t, w.lastRun, nil)
		if got := w.books.state.Accepted["scope"]; got != `"second"` {
			t.Errorf("accepted: %s", got)
		}
	})
}

// The settings of a run are accepted when the last leaver whom it held for them is decided
// approved, not the first, and by a full run that holds nobody (R23).
func TestR23WhenSettingsAreAccepted(t *testing.T) {
	accepted := func(t *testing.T, w *world, want string) {
		t.Helper()
		if got := w.books.state.Accepted["scope"]; got != want {
			t.Errorf("accepted: %q, not %q", got, want)
		}
	}
	w := seventeen(t, usualLimits)
	w.scopeOut(`"first"`, "p001@*", "p002@*")
	plan := w.today(t)
	accepted(t, w, "")
	w.approve(t, plan.Held.Run, these(1))
	accepted(t, w, "")
	w.reject(t, plan.Held.Run, these(2))
	accepted(t, w, "")
	w.tomorrow().today(t)
	accepted(t, w, `"first"`)
	w.scopeOut(`"second"`)
	w.tomorrow().today(t)
	accepted(t, w, `"second"`) // it holds nobody
	w.tomorrow().scopeOut(`"third"`, "p003@*")
	w.today(t)
	accepted(t, w, `"second"`)
	w.tomorrow().scopeOut(`"second"`)
	w.today(t)
	accepted(t, w, `"second"`)
	same(t, w.waiting(sync.Waiting), nil) // present again
}

// `held` showed 12, twelve more join overnight, and the first number is approved: the
// others were not shown by it (R25).
func TestAccidentTwelveMoreJoinOvernight(t *testing.T) {
	bothLimits(t, func(t *testing.T, w *world) {
		w.unlist("1", "10")
		first := w.today(t)
		w.tomorrow().unlist("1", "11")
		second := w.today(t)
		w.later(time.Hour).approve(t, first.Held.Run, nil)
		same(t, w.inactive(), from(1, 12))
		w.tomorrow().today(t)
		same(t, w.waiting(sync.Waiting), from(13, 24))
		w.approve(t, second.Held.Run, nil)
		same(t, w.inactive(), from(1, 24))
	})
}

// A number from an old mail: what came back and is missing again has a new number (R25).
func TestAccidentANumberFromAnOldMail(t *testing.T) {
	bothLimits(t, func(t *testing.T, w *world) {
		restore := w.lists()
		w.unlist("1", "10")
		old := w.today(t)
		restore()
		w.daysOn(t, 1)
		same(t, w.waiting(sync.Waiting), nil)
		w.unlist("1", "10", "11")
		w.daysOn(t, 1)
		plan := w.approve(t, old.Held.Run, nil)
		w.mustStay(t)
		if len(plan.Changes)+len(plan.Released) > 0 {
			t.Errorf("approved: %v", lines(plan))
		}
		same(t, w.waiting(sync.Waiting), from(1, 24))
	})
}

// An approval changes no value that was not shown: another new value is another number.
func TestR25AnotherValueIsAnotherNumber(t *testing.T) {
	w := seventeen(t, usualLimits)
	rename := func(to string) {
		for g := range 7 {
			group := w.group(fmt.Sprintf("1/%d", 10+g))
			for i := range group.Agents {
				group.Agents[i].LastName = to
			}
		}
	}
	rename("Fox")
	first := w.today(t)
	same(t, reasonsFor(first), []string{"update_limit"})
	rename("Wolf")
	w.tomorrow().today(t)
	if plan := w.approve(t, first.Held.Run, nil); len(plan.Changes) > 0 {
		t.Errorf("approved: %v", fields(plan))
	}
	plan := w.approve(t, w.lastRun-1, nil)
	if len(plan.Changes) != 84 || w.member(1).Profile[sync.LastName] != "Wolf" {
		t.Errorf("%d changes, member 1 is %v", len(plan.Changes), w.member(1).Profile)
	}
	if plan := w.tomorrow().today(t); len(plan.Changes)+len(plan.Open) > 0 {
		t.Errorf("still to do: %v", lines(plan))
	}
}

// A change of settings takes the role of many at once: that is asked, as leavers are (R23).
func TestAccidentAChangeOfPrecedenceDemotes(t *testing.T) {
	precedence := func(w *world, role string) {
		w.Policy.RolePrecedence = role
		w.Policy.Deciding = []sync.Setting{{Key: "role_precedence", Value: `"` + role + `"`, Default: `"Administrator"`}}
	}
	w := seventeen(t, usualLimits, func(w *world) {
		precedence(w, sync.RoleAdministrator)
		w.boss(1, 2, 3)
		w.admin("390", "Ida Fox")
	})
	roles := func() (all []string) {
		for _, m := range w.members {
			if m.RCUserID == "7001" || m.RCUserID == "7002" || m.RCUserID == "7003" {
				all = append(all, m.Profile[sync.Role])
			}
		}
		return all
	}
	precedence(w, "Agent")
	same(t, reasonsFor(w.today(t)), []string{"settings_changed"})
	w.daysOn(t, 5)
	same(t, roles(), []string{sync.RoleAdministrator, sync.RoleAdministrator, sync.RoleAdministrator})
	w.approve(t, w.lastRun, nil)
	same(t, roles(), []string{"Agent", "Agent", "Agent"})
	if got := w.books.state.Accepted["role_precedence"]; got != `"Agent"` {
		t.Errorf("accepted: %s", got)
	}
	precedence(w, sync.RoleAdministrator) // nobody is asked who gains by it, within the limit
	same(t, reasonsFor(w.tomorrow().today(t)), []string{"administrator_limit"})
}

// Who rejects all that new settings would do says that they are wrong: they are not accepted
// by that (R23).
func TestAccidentARejectionAcceptsNoSettings(t *testing.T) {
	w := seventeen(t, usualLimits)
	w.scopeOut(`"first"`, "p001@*", "p002@*")
	w.today(t)
	w.refuse(t)
	w.daysOn(t, 3)
	w.scopeOut(`"first"`, "p00?@*") // as if those of today were drawn wider by a new department
	w.daysOn(t, 3)
	same(t, w.waiting(sync.Waiting), from(3, 9))
	if got := w.books.state.Accepted["scope"]; got != "" {
		t.Errorf("accepted: %s", got)
	}
	w.scopeOut(`""`)
	w.daysOn(t, 4)
	if len(w.books.state.Open) > 0 {
		t.Errorf("still open: %+v", w.books.state.Open)
	}
	w.scopeOut(`"second"`)
	w.daysOn(t, 1)
	if got := w.books.state.Accepted["scope"]; got != `"second"` {
		t.Errorf("accepted: %s", got)
	}
}
