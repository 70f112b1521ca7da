package reconcile_test

import (
	"slices"
	"testing"
	"time"

	"ringroster/sync"
	"ringroster/sync/edit"
	"ringroster/sync/plan"
)

// These were tried to get somebody past the guard who is still there.

func TestAttackGraceEndsWhileAGroupIsNotListed(t *testing.T) {
	bothLimits(t, func(t *testing.T, w *world) {
		w.Policy.GraceDays = 7
		w.dropExtensions(numbers(1, 12)...) // so that their reason is removed
		w.daysOn(t, 1)
		restore := w.lists()
		w.unlist("1", "10")
		w.daysOn(t, 7)
		same(t, w.waiting(sync.Suspect), from(1, 12))
		w.daysOn(t, 2)
		same(t, w.waiting(sync.Waiting), from(1, 12)) // somebody must be asked at last (R16)
		restore()
		w.daysOn(t, 1)
		same(t, w.waiting(sync.Waiting), nil)
	})
}

func TestAttackAProtectedGroupIsGoneAndProtectIsEditedLater(t *testing.T) {
	bothLimits(t, func(t *testing.T, w *world) {
		w.Policy.Protect = []sync.Match{{AgentGroup: "10"}}
		w.unlist("1", "10")
		w.daysOn(t, 7)
		same(t, w.waiting(sync.Suspect), from(1, 12))
		w.Policy.Protect = nil // also where it is no deciding setting
		w.daysOn(t, 5)
		same(t, w.waiting(sync.Waiting), from(1, 12))
	})
}

func TestAttackAFaultyRecordWhileManyAreHeld(t *testing.T) {
	bothLimits(t, func(t *testing.T, w *world) {
		gone := make([]int, 0, 22)
		for n := 1; len(gone) < 22; n += 9 {
			gone = append(gone, n)
		}
		w.drop(gone...)
		w.dropExtensions(gone...)
		w.daysOn(t, 1)
		w.Snapshot.Admins = []sync.Admin{{Faulty: "cut short"}} // it could be anybody's
		w.daysOn(t, 1)
		if n := len(w.waiting(sync.Suspect)); n != 22 {
			t.Errorf("%d are suspect, not 22", n)
		}
		w.Snapshot.Admins = nil
		w.daysOn(t, 9)
		if n := len(w.waiting(sync.Waiting)); n != 22 {
			t.Errorf("%d wait, not 22", n)
		}
	})
}

func TestAttackRejectedAndClearedToSeeThemAgain(t *testing.T) {
	bothLimits(t, func(t *testing.T, w *world) {
		w.unlist("1", "10")
		plan := w.today(t)
		w.reject(t, plan.Held.Run, nil)
		w.daysOn(t, 1)
		w.clearing(t, nil)
		w.daysOn(t, 3)
		same(t, w.waiting(sync.Waiting), from(1, 12))
	})
}

func TestAttackRejectedAndTheListFlaps(t *testing.T) {
	bothLimits(t, func(t *testing.T, w *world) {
		restore := w.lists()
		w.shorten("1/10", 0)
		plan := w.today(t)
		w.reject(t, plan.Held.Run, nil)
		for _, rows := range []int{4, 1, 4, 1, 12, 4, 1, 4, 4, 4, 4, 1, 1} {
			restore()
			w.shorten("1/10", rows)
			w.daysOn(t, 1)
		}
	})
}

func TestAttackASetWaitsForWeeksAndAnotherGroupVanishes(t *testing.T) {
	bothLimits(t, func(t *testing.T, w *world) {
		w.unlist("1", "10")
		w.daysOn(t, 21)
		w.team("1/50", 300, 12)
		w.daysOn(t, 2)
		w.unlist("1", "50")
		w.daysOn(t, 3)
		same(t, w.waiting(sync.Waiting), slices.Concat(from(1, 12), from(205, 216)))
	})
}

// The first run after the upgrade: nothing is known of lists but what the members tell.
func TestAttackTheFirstRunAfterTheUpgrade(t *testing.T) {
	bothLimits(t, func(t *testing.T, w *world) {
		w.books = books{state: sync.State{LastSeen: w.books.state.LastSeen, Accepted: w.books.state.Accepted}}
		w.unlist("1", "10")
		w.daysOn(t, 9)
		same(t, w.waiting(sync.Waiting), from(1, 12))
	})
}

// Hourly runs with 30, 16, 9 and 5 rows of a group: a look at the last run alone would see
// no list that was halved.
func TestAttackAListDwindlesByTheHour(t *testing.T) {
	t.Run("10 % and 5", func(t *testing.T) {
		w := seventeen(t, laxLimits, func(w *world) { w.team("1/40", 300, 30) })
		w.today(t)
		for hour, rows := range []int{16, 9, 5} {
			w.later(time.Hour).shorten("1/40", rows)
			w.today(t)
			// The first step is below every threshold: no limit catches it.
			if n := len(w.inactive()); n != 14 {
				t.Errorf("hour %d: %d inactive", hour, n)
			}
		}
		if n := len(w.waiting(sync.Waiting)); n != 11 {
			t.Errorf("%d wait, not 11", n)
		}
	})
	t.Run("the default limits", func(t *testing.T) {
		w := seventeen(t, usualLimits, func(w *world) { w.team("1/40", 300, 30) })
		for _, rows := range []int{16, 9, 5} {
			w.later(time.Hour).shorten("1/40", rows)
			w.today(t)
			w.mustStay(t)
		}
	})
}

// A hook runs `sync --user` for each person who is missing.
func TestAttackOneByOne(t *testing.T) {
	bothLimits(t, func(t *testing.T, w *world) {
		w.unlist("1", "10")
		for n := range 12 {
			w.one(t, w.member(int64(n+1)).RCUserID)
			w.mustStay(t)
		}
		w.daysOn(t, 3)
	})
	t.Run("while the list dwindles", func(t *testing.T) {
		w := seventeen(t, laxLimits)
		for n := range 12 {
			w.later(time.Minute).drop(n + 1)
			w.one(t, w.member(int64(n+1)).RCUserID)
		}
		if n := len(w.inactive()); n > 5 { // half of the list: below every threshold
			t.Errorf("%d inactive: %v", n, w.inactive())
		}
	})
}

// 24 were detached and are absent; 20 of them are attached.
func TestAttackManyAreAttachedAtOnce(t *testing.T) {
	bothLimits(t, func(t *testing.T, w *world) {
		gone := make([]int, 0, 24)
		for n := 1; len(gone) < 24; n += 7 {
			gone = append(gone, n)
			w.edit(t, edit.Manage(int64(n), false))
		}
		w.drop(gone...)
		w.dropExtensions(gone...)
		w.daysOn(t, 12)
		for _, n := range gone[:20] {
			w.edit(t, edit.Manage(int64(n), true))
		}
		w.daysOn(t, 1)
		if n := len(w.waiting(sync.Waiting)); n != 20 {
			t.Errorf("%d wait, not 20", n)
		}
	})
}

func TestAttackPeopleMoveIntoAHeldGroup(t *testing.T) {
	bothLimits(t, func(t *testing.T, w *world) {
		w.shorten("1/10", 0)
		w.daysOn(t, 1)
		for _, n := range []string{"9013", "9014", "9015"} {
			w.drop(int(n[3]-'0') + 10)
			w.agent("1/10", n, "P0"+n[2:]+" Roy", rc("70"+n[2:]))
		}
		w.daysOn(t, 5)
		same(t, w.waiting(sync.Waiting), from(1, 12))
	})
}

// 25 were approved by mistake and are all back the next day: they are active the same day.
func TestAttackWronglyApprovedAndBack(t *testing.T) {
	bothLimits(t, func(t *testing.T, w *world) {
		restore := w.lists()
		w.unlist("1", "10", "11")
		w.drop(25)
		plan := w.today(t)
		w.approve(t, plan.Held.Run, nil)
		if n := len(w.inactive()); n < 24 {
			t.Fatalf("%d inactive", n)
		}
		restore()
		plan = w.tomorrow().today(t)
		w.mustStay(t)
		if len(plan.Open) > 0 {
			t.Errorf("still open: %+v", plan.Open)
		}
	})
}

func numbers(first, last int) (all []int) {
	for n := first; n <= last; n++ {
		all = append(all, n)
	}
	return all
}

// one is `sync --user`: what becomes of one person.
func (w *world) one(t *testing.T, who string) *sync.Plan {
	t.Helper()
	in := w.Input
	in.State = w.state()
	in.Members, in.Only = w.stream, who
	plan, err := plan.Make(in)
	if err != nil {
		t.Fatalf("MakePlan for %s: %v", who, err)
	}
	w.end(&sync.Commit{Plan: plan}, sync.Manual)
	return plan
}
