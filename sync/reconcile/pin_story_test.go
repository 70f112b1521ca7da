package reconcile_test

import (
	"slices"
	"testing"
	"time"

	"ringroster/sync"
	"ringroster/sync/edit"
)

// A pin keeps a value, and answers no question: what waits about the field waits on, and what the
// end of the pin changes is RingCentral's doing, or the settings' (R25, R35).

// six are the groups of the first 72 members.
var six = []string{"1/10", "1/11", "1/12", "1/13", "1/14", "1/15"}

// retype gives all agents of groups another type.
func (w *world) retype(agentType string, places ...string) {
	for _, place := range places {
		g := w.group(place)
		g.Agents = slices.Clone(g.Agents)
		for i := range g.Agents {
			g.Agents[i].Type = agentType
		}
	}
}

// supervised is a company in which the first n of these groups are supervisors.
func supervised(t *testing.T, n int, more ...func(*world)) *world {
	return seventeen(t, usualLimits, append(more, func(w *world) { w.retype("SUPERVISOR", six[:n]...) })...)
}

// pinRole pins the role of the first members: until the day after, or a later one.
func (w *world) pinRole(t *testing.T, role string, members, days int) {
	t.Helper()
	for id := range members {
		w.edit(t, edit.PinField(int64(id+1), sync.Pin{Field: sync.Role, Value: role, Until: w.Now.AddDate(0, 0, days).Format(time.DateOnly), Reason: "theirs", By: "chief"}))
	}
}

// unpinRole takes the pins of the first members out by hand.
func (w *world) unpinRole(t *testing.T, members int) {
	t.Helper()
	for id := range members {
		w.edit(t, edit.Unpin(int64(id+1), sync.Role))
	}
}

// mustBe says that the first members have a role.
func (w *world) mustBe(t *testing.T, role string, members int) {
	t.Helper()
	for id := range members {
		if got := w.member(int64(id + 1)).Profile[sync.Role]; got != role {
			t.Fatalf("on %s member %d is %s", w.Now.Format(time.DateOnly), id+1, got)
		}
	}
}

// mustHold says in which state, and for which reason, the role of the first members is open.
func (w *world) mustHold(t *testing.T, state sync.HeldState, reason string, members int) {
	t.Helper()
	open := 0
	for i := range w.books.state.Open {
		if h := &w.books.state.Open[i]; h.Field == sync.Role.String() && h.State == state && slices.Contains(sync.ReasonWords(h.Why), reason) {
			open++
		}
	}
	if open != members {
		t.Fatalf("on %s %d roles are %s for %s, not %d: %v", w.Now.Format(time.DateOnly), open, state, reason, members, w.books.state.Open)
	}
}

// endings are how the pins of the first members end.
var endings = map[string]func(t *testing.T, w *world, members int){
	"by itself": func(t *testing.T, w *world, _ int) { w.tomorrow().tomorrow() },
	"by hand":   func(t *testing.T, w *world, members int) { w.unpinRole(t, members) },
}

// RingCentral makes agents of 72 supervisors, and an operator pins what they have: once the pins
// end, they wait as before (R25).
func TestAccidentPinsEndAQuestionOfRoles(t *testing.T) {
	for how, end := range endings {
		t.Run(how, func(t *testing.T) {
			w := supervised(t, 6)
			w.retype("AGENT", six...)
			same(t, reasonsFor(w.today(t)), []string{"update_limit"})
			w.pinRole(t, sync.RoleSupervisor, 72, 1)
			for range 2 {
				if plan := w.today(t); len(plan.Changes) > 0 || plan.Held != nil || plan.Summary.Unchanged != 204 {
					t.Fatalf("pinned: %v, %+v", lines(plan), plan.Summary)
				}
				w.mustHold(t, sync.Suspect, "update_limit", 72)
			}
			end(t, w, 72)
			for range 3 {
				same(t, reasonsFor(w.tomorrow().today(t)), []string{"update_limit"})
				w.mustBe(t, sync.RoleSupervisor, 72)
				w.mustHold(t, sync.Waiting, "update_limit", 72)
			}
			w.approve(t, w.lastRun, these(1))
			if role := w.member(1).Profile[sync.Role]; role != sync.RoleAgent {
				t.Errorf("approved: %s", role)
			}
			w.retype("SUPERVISOR", six...)
			w.tomorrow().today(t)
			w.mustBe(t, sync.RoleSupervisor, 72)
			if m := w.member(2); len(w.books.state.Open)+len(m.Pins) > 0 {
				t.Errorf("open: %v, pins: %v", w.books.state.Open, m.Pins)
			}
		})
	}
}

// Twelve become administrators by mistake, and are pinned as agents (R35).
func TestAccidentPinsEndAQuestionOfAdministrators(t *testing.T) {
	gain := func(w *world) { w.boss(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12) }
	for how, end := range endings {
		t.Run(how, func(t *testing.T) {
			w := seventeen(t, usualLimits, func(w *world) { w.boss(204) })
			gain(w)
			same(t, reasonsFor(w.today(t)), []string{"administrator_limit"})
			w.pinRole(t, sync.RoleAgent, 12, 1)
			w.today(t)
			w.mustHold(t, sync.Suspect, "administrator_limit", 12)
			end(t, w, 12)
			w.tomorrow().today(t)
			w.mustBe(t, sync.RoleAgent, 12)
			w.mustHold(t, sync.Waiting, "administrator_limit", 12)
		})
	}
	t.Run("pinned before", func(t *testing.T) {
		w := seventeen(t, usualLimits, func(w *world) { w.boss(204) })
		w.pinRole(t, sync.RoleAgent, 12, 1)
		gain(w)
		w.today(t)
		w.mustHold(t, sync.Suspect, "administrator_limit", 12)
	})
}

// role_map makes agents of twelve who are pinned: the settings are accepted, since nobody waits
// for them, and the twelve wait once the pins end (R23).
func TestAccidentPinsHideAChangeOfSettings(t *testing.T) {
	for how, end := range endings {
		t.Run(how, func(t *testing.T) {
			w := supervised(t, 1)
			w.pinRole(t, sync.RoleSupervisor, 12, 1)
			w.today(t)
			w.Policy.RoleMap = []sync.RoleMapping{{AgentType: "SUPERVISOR", Role: sync.RoleAgent}}
			w.Policy.Deciding = []sync.Setting{{Key: "role_map", Value: `"agents"`, Default: `""`}}
			for range 2 {
				if plan := w.today(t); plan.Held != nil {
					t.Fatalf("pinned: %v", lines(plan))
				}
				w.mustHold(t, sync.Suspect, "settings_changed", 12)
			}
			end(t, w, 12)
			for range 2 {
				w.tomorrow().today(t)
				w.mustBe(t, sync.RoleSupervisor, 12)
				w.mustHold(t, sync.Waiting, "settings_changed", 12)
			}
		})
	}
}

// A rejection outlives a pin (R26, R36).
func TestR36ARejectionOutlivesAPin(t *testing.T) {
	for how, end := range endings {
		t.Run(how, func(t *testing.T) {
			w := supervised(t, 6)
			w.retype("AGENT", six...)
			w.reject(t, w.today(t).Held.Run, nil)
			w.pinRole(t, sync.RoleSupervisor, 72, 1)
			w.today(t)
			w.mustHold(t, sync.Rejected, "update_limit", 72)
			end(t, w, 72)
			for range 2 {
				w.tomorrow().today(t)
				w.mustBe(t, sync.RoleSupervisor, 72)
				w.mustHold(t, sync.Rejected, "update_limit", 72)
			}
		})
	}
}

// Twelve a week lose the role below their pins, which no limit holds. That all pins end on one day
// is one change of 72 roles (R35).
func TestR35PinsThatEndTogether(t *testing.T) {
	w := supervised(t, 6)
	w.pinRole(t, sync.RoleSupervisor, 72, 50)
	for _, place := range six {
		w.retype("AGENT", place)
		if plan := w.today(t); plan.Held != nil || len(plan.Open) > 0 {
			t.Fatalf("pinned: %v", lines(plan))
		}
		for range 8 {
			w.tomorrow()
		}
	}
	for range 10 {
		w.tomorrow().today(t)
		w.mustBe(t, sync.RoleSupervisor, 72)
	}
	w.mustHold(t, sync.Waiting, "update_limit", 72)
	w.pinRole(t, sync.RoleSupervisor, 72, 1)
	w.today(t)
	w.mustHold(t, sync.Suspect, "update_limit", 72)
	w.unpinRole(t, 36)
	for range 3 {
		w.tomorrow().today(t)
		w.mustBe(t, sync.RoleSupervisor, 72)
	}
	w.mustHold(t, sync.Waiting, "update_limit", 72)
	w.approve(t, w.lastRun, nil)
	w.mustBe(t, sync.RoleAgent, 72)
	if plan := w.tomorrow().today(t); len(plan.Open) > 0 || len(w.member(1).Pins) > 0 {
		t.Errorf("approved: %v, pins %v", plan.Open, w.member(1).Pins)
	}
}

// A pin that ends is nothing to ask about, whatever it gives way to (R35).
func TestR35APinThatEnds(t *testing.T) {
	w := supervised(t, 1)
	w.pinRole(t, sync.RoleAdministrator, 1, 1)
	w.retype("AGENT", six[0])
	w.today(t)
	w.tomorrow().tomorrow()
	if plan := w.today(t); plan.Held != nil {
		t.Errorf("held: %v", lines(plan))
	}
	w.mustBe(t, sync.RoleAgent, 1)
}

// A pin at the value that waits settles it: nothing would change by it any more.
func TestR25APinAtTheValueThatWaits(t *testing.T) {
	w := supervised(t, 6)
	w.retype("AGENT", six...)
	w.today(t)
	w.pinRole(t, sync.RoleAgent, 12, 1)
	w.today(t)
	w.mustHold(t, sync.Waiting, "update_limit", 60)
	w.mustHold(t, sync.Suspect, "update_limit", 0)
	w.unpinRole(t, 6)
	w.tomorrow().tomorrow().today(t)
	w.mustBe(t, sync.RoleAgent, 12)
	w.mustHold(t, sync.Waiting, "update_limit", 60)
}

// What waits is not applied by an approval while a pin hides it, before a full run has seen the
// pin or after (R25).
func TestR25AnApprovalOfWhatAPinHides(t *testing.T) {
	w := supervised(t, 6)
	w.retype("AGENT", six...)
	run := w.today(t).Held.Run
	w.pinRole(t, sync.RoleSupervisor, 12, 9)
	w.later(time.Hour).approve(t, run, these(1))
	w.mustBe(t, sync.RoleSupervisor, 12)
	w.tomorrow().today(t)
	w.approve(t, w.lastRun, nil)
	w.mustBe(t, sync.RoleSupervisor, 12)
	if role := w.member(13).Profile[sync.Role]; role != sync.RoleAgent {
		t.Errorf("member 13, who is not pinned, is %s", role)
	}
	w.tomorrow().today(t)
	w.mustHold(t, sync.Suspect, "update_limit", 12)
}

// A pin makes no administrator: that RingCentral takes the role of the last one is held below it
// (R24).
func TestR24ThePinnedLastAdministrator(t *testing.T) {
	w := seventeen(t, usualLimits, func(w *world) { w.boss(1) })
	w.pinRole(t, sync.RoleAdministrator, 1, 1)
	w.Snapshot.Admins = nil
	w.today(t)
	w.mustHold(t, sync.Suspect, "last_administrator", 1)
	w.tomorrow().tomorrow().today(t)
	w.mustHold(t, sync.Waiting, "last_administrator", 1)
	w.mustBe(t, sync.RoleAdministrator, 1)
}
