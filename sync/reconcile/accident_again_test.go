package reconcile_test

import (
	"testing"
	"time"

	"ringroster/sync"
	"ringroster/sync/edit"
)

// Tried against the rules as they are now, to get somebody past the guard who is still there.

// A group is unlisted while its people are in grace, one after the other attached, protected
// and rejected: whatever keeps them, nobody leaves when it ends.
func TestAttackEverythingKeepsThemForAWhile(t *testing.T) {
	bothLimits(t, func(t *testing.T, w *world) {
		w.Policy.GraceDays = 2
		w.edit(t, edit.Manage(1, false))
		w.Policy.Protect = []sync.Match{{Email: "p002@*"}}
		w.unlist("1", "10")
		w.daysOn(t, 4)
		w.refuse(t, 3)
		w.edit(t, edit.Manage(1, true))
		w.Policy.Protect = nil
		w.Policy.GraceDays = 0
		w.daysOn(t, 2)
		w.clearing(t, nil)
		w.daysOn(t, 3)
		same(t, w.waiting(sync.Waiting), from(1, 12))
	})
}

// Three lists lose one person each on a day on which a group is empty; the group heals, is
// empty again, heals.
func TestAttackTheDoubtFlaps(t *testing.T) {
	bothLimits(t, func(t *testing.T, w *world) {
		restore := w.lists()
		for day := range 8 {
			restore()
			w.drop(20, 32, 44)
			if day%2 == 0 {
				w.shorten("1/10", 0)
			}
			w.daysOn(t, 1)
		}
		same(t, w.waiting(sync.Waiting), []int64{20, 32, 44})
	})
}

// Detached, attached and detached again between the runs.
func TestAttackAttachedTwiceBetweenRuns(t *testing.T) {
	w := seventeen(t, laxLimits)
	w.drop(1)
	for range 3 {
		w.edit(t, edit.Manage(1, false))
		w.edit(t, edit.Manage(1, true))
	}
	w.daysOn(t, 2)
	w.edit(t, edit.Manage(1, false))
	w.daysOn(t, 1)
	w.edit(t, edit.Manage(1, true))
	w.one(t, "7001")
	w.daysOn(t, 2)
	same(t, w.waiting(sync.Waiting), from(1, 1))
}

// Small groups answer nothing one after the other, an hour apart.
func TestAttackSmallGroupsVanishByTheHour(t *testing.T) {
	bothLimits(t, func(t *testing.T, w *world) {
		places := []string{"1/60", "1/61", "2/62", "2/64"}
		for i, place := range places {
			w.team(place, 300+i, 1)
		}
		w.team("2/63", 310, 5)
		w.daysOn(t, 2)
		for _, place := range places {
			w.later(time.Hour).shorten(place, 0)
			w.today(t)
		}
		if n := len(w.inactive()); n > 1 { // the first alone is below every threshold
			t.Errorf("%d left: %v", n, w.inactive())
		}
	})
}
