package reconcile_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"ringroster/sync"
)

// Runs at an interval of an hour (R30) must not let through by pieces what one run a day
// would hold: the windows of the guard are hours, not runs, and what counts days counts
// days of UTC.

// hourly makes a run an hour, before each of which something happens, and says what the
// last one was.
func (w *world) hourly(t *testing.T, hours int, happens func(hour int)) (last *sync.Plan) {
	t.Helper()
	for hour := range hours {
		happens(hour)
		last = w.today(t)
		w.later(time.Hour)
	}
	return last
}

func nothing(int) {}

// TestR21OneLeaverAnHour: of 204 people 10 are 5 %; the eleventh within 23 hours is held.
func TestR21OneLeaverAnHour(t *testing.T) {
	w := seventeen(t, usualLimits)
	plan := w.hourly(t, 17, func(hour int) { w.drop(hour*12 + 1) }) // one of each group
	if gone := w.inactive(); len(gone) != 10 {
		t.Errorf("inactive: %v, want 10", gone)
	}
	if got := len(w.waiting(sync.Waiting)); got != 7 {
		t.Errorf("%d wait, want 7", got)
	}
	if got := reasonsFor(plan); !slices.Contains(got, "limit") {
		t.Errorf("held for %v", got)
	}
	w.hourly(t, 48, nothing) // time frees nobody
	if gone := w.inactive(); len(gone) != 10 {
		t.Errorf("inactive two days later: %v, want 10", gone)
	}
}

// TestR22AListThatLosesOneAnHour: half of a group of 12 is the most that a list may lose
// in 20 hours.
func TestR22AListThatLosesOneAnHour(t *testing.T) {
	w := seventeen(t, laxLimits)
	w.hourly(t, 1, nothing)
	plan := w.hourly(t, 12, func(hour int) { w.shorten("1/10", 11-hour) })
	same(t, w.inactive(), from(8, 12))
	same(t, w.waiting(sync.Waiting), from(1, 7))
	if got := reasonsFor(plan); len(got) != 1 || got[0] != "list_shrunk" && got[0] != "list_emptied" {
		t.Errorf("held for %v", got)
	}
	w.hourly(t, 48, nothing)
	same(t, w.inactive(), from(8, 12))
}

// TestR22AdministratorsOneAnHour: the second within 20 hours is a tenth of ten.
func TestR22AdministratorsOneAnHour(t *testing.T) {
	w := seventeen(t, laxLimits, func(w *world) { w.boss(1, 13, 25, 37, 49, 61, 73, 85, 97, 109) })
	w.hourly(t, 1, nothing)
	w.hourly(t, 5, func(int) { w.Snapshot.Admins = w.Snapshot.Admins[1:] })
	admins := 0
	for _, m := range w.members {
		if m.Profile[sync.Role] == sync.RoleAdministrator {
			admins++
		}
	}
	if admins != 9 {
		t.Errorf("%d administrators are left, want 9: one lost the role, the others wait", admins)
	}
}

// TestR22ASparseListThatLosesOneAnHour: the roster has one of its twelve people. Each hour
// one of the others goes, and she at last: one run a day would see the list emptied.
func TestR22ASparseListThatLosesOneAnHour(t *testing.T) {
	w := seventeen(t, usualLimits, func(w *world) {
		w.agent("1/40", "5400", "Bo Ss", rc("7400"), agentType("SUPERVISOR"))
		w.extension("7400", "Bo Ss")
		w.team("1/40", 300, 11)
		w.Policy.Scope.Include = []sync.Match{{Role: sync.RoleSupervisor}, {AgentGroup: "1?"}, {AgentGroup: "2?"}}
	})
	w.hourly(t, 1, nothing)
	w.hourly(t, 12, func(hour int) { w.shorten("1/40", 11-hour) })
	w.mustStay(t)
	same(t, w.waiting(sync.Waiting), []int64{205})
}

// TestR35ChangesByTheHour: three new last names an hour are more than 30 % of 204 in 23
// hours, and so are four newcomers.
func TestR35ChangesByTheHour(t *testing.T) {
	t.Run("updates", func(t *testing.T) {
		w := seventeen(t, usualLimits)
		w.hourly(t, 23, func(hour int) {
			for i := range 3 {
				n := hour*3 + i
				w.group(fmt.Sprintf("1/%d", 10+n/12)).Agents[n%12].LastName = "Married"
			}
		})
		renamed := 0
		for _, m := range w.members {
			if m.Profile[sync.LastName] == "Married" {
				renamed++
			}
		}
		if renamed < 30 || renamed > 61 {
			t.Errorf("%d were renamed of 69, want 61 at most", renamed)
		}
	})
	t.Run("onboardings", func(t *testing.T) {
		w := seventeen(t, usualLimits)
		w.hourly(t, 23, func(hour int) { w.team("1/40", 300+4*hour, 4) })
		if came := len(w.members) - 204; came < 30 || came > 85 { // 30 % of those who were there by then
			t.Errorf("%d of 92 came in, want 85 at most", came)
		}
	})
}

// TestR17AnAbsenceAnHour counts once a day.
func TestR17AnAbsenceAnHour(t *testing.T) {
	w := seventeen(t, usualLimits)
	w.Policy.GraceDays = 2
	w.later(-w.Now.Sub(w.Now.Truncate(24 * time.Hour))) // midnight
	w.drop(5)
	w.dropExtensions(5)
	w.hourly(t, 24, nothing)
	if days := w.member(5).AbsentDays; days != 1 {
		t.Errorf("after a day of runs absent for %d days, want 1", days)
	}
	w.mustStay(t)
	w.hourly(t, 24, nothing)
	w.mustStay(t)
	w.hourly(t, 24, nothing)
	same(t, w.inactive(), []int64{5})
}

// TestR26PresentByTheHour: a rejection lasts until somebody was present on three days, and
// not in three runs.
func TestR26PresentByTheHour(t *testing.T) {
	w := seventeen(t, usualLimits)
	back := w.lists()
	w.later(-w.Now.Sub(w.Now.Truncate(24 * time.Hour)))
	w.shorten("1/10", 2)
	w.today(t)
	w.reject(t, w.lastRun, nil)
	back()
	w.later(time.Hour).hourly(t, 40, nothing) // into the second day
	if got := w.waiting(sync.Rejected); !slices.Equal(got, from(3, 12)) {
		t.Errorf("rejected still: %v", got)
	}
	w.hourly(t, 24, nothing)
	same(t, w.waiting(sync.Rejected), nil)
}
