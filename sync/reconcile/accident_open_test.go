package reconcile_test

import (
	"strconv"
	"testing"
	"time"

	"ringroster/sync"
)

// A group of 12 is not listed any more: whatever becomes of some of the twelve, the others
// stay held (R25).
func TestAccidentAHeldGroupDissolves(t *testing.T) {
	for _, c := range []struct {
		name  string
		then  func(*testing.T, *world, sync.RunID)
		waits []int64
		left  []int64
	}{
		{"one is rejected", func(t *testing.T, w *world, run sync.RunID) { w.reject(t, run, these(1)) }, from(2, 12), nil},
		{"one is protected in the settings", func(_ *testing.T, w *world, _ sync.RunID) {
			w.Policy.Protect = []sync.Match{{Email: "p001@*"}}
		}, from(2, 12), nil},
		{"eight are approved", func(t *testing.T, w *world, run sync.RunID) { w.approve(t, run, these(from(1, 8)...)) }, from(9, 12), from(1, 8)},
		{"one is found in another group", func(_ *testing.T, w *world, _ sync.RunID) {
			w.agent("1/11", "9001", "P001 Roy", rc("7001"))
		}, from(2, 12), nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			bothLimits(t, func(t *testing.T, w *world) {
				w.unlist("1", "10")
				plan := w.today(t)
				same(t, reasonsFor(plan)[len(reasonsFor(plan))-1:], []string{"agent_group_gone"})
				same(t, w.waiting(sync.Waiting), from(1, 12))
				w.later(time.Hour)
				c.then(t, w, plan.Held.Run)
				for range 10 {
					w.tomorrow().today(t)
					same(t, w.inactive(), c.left)
					same(t, w.waiting(sync.Waiting), c.waits)
				}
			})
		})
	}
}

// 22 of 204 are over the limit: neither a rejection of three nor eight newcomers brings the
// others under it (R25).
func TestAccidentTheLimitIsPassedFromBehind(t *testing.T) {
	everyNinth := func() (numbers []int) {
		for n := 1; n <= 204 && len(numbers) < 22; n += 9 {
			numbers = append(numbers, n)
		}
		return numbers
	}
	t.Run("three of 22 are rejected", func(t *testing.T) {
		bothLimits(t, func(t *testing.T, w *world) {
			gone := everyNinth()
			w.drop(gone...)
			plan := w.today(t)
			same(t, reasonsFor(plan), []string{"limit"})
			w.reject(t, plan.Held.Run, these(1, 10, 19))
			w.daysOn(t, 10)
			if n := len(w.waiting(sync.Waiting)); n != 19 {
				t.Errorf("%d wait, not 19", n)
			}
		})
	})
	t.Run("eight newcomers make the company larger", func(t *testing.T) {
		bothLimits(t, func(t *testing.T, w *world) {
			w.team("1/26", 204, 1)
			w.today(t)
			w.tomorrow()
			w.drop(everyNinth()[:21]...)
			same(t, reasonsFor(w.today(t)), []string{"limit"})
			w.team("1/26", 205, 8)
			w.daysOn(t, 10)
			if n := len(w.waiting(sync.Waiting)); n != 21 {
				t.Errorf("%d wait, not 21", n)
			}
		})
	})
}

// A rejected member's extension is not listed in one run: another reason of absence does
// not end the rejection (R26).
func TestAccidentAnotherReasonOfAbsenceEndsARejection(t *testing.T) {
	bothLimits(t, func(t *testing.T, w *world) {
		w.unlist("1", "10")
		plan := w.today(t)
		w.reject(t, plan.Held.Run, nil)
		w.daysOn(t, 1)
		extensions := w.Snapshot.Extensions
		w.dropExtensions(1, 2, 3)
		w.daysOn(t, 1)
		w.Snapshot.Extensions = extensions
		w.daysOn(t, 10)
		same(t, w.waiting(sync.Rejected), from(1, 12))
	})
}

// A rejection outlives a step of the ladder that comes before it, as a conflict does.
func TestR26ARejectionOutlivesAnotherStep(t *testing.T) {
	bothLimits(t, func(t *testing.T, w *world) {
		w.unlist("1", "10")
		plan := w.today(t)
		w.reject(t, plan.Held.Run, nil)
		w.Snapshot.Admins = []sync.Admin{{Faulty: "cut short"}}
		w.daysOn(t, 1)
		w.Snapshot.Admins = nil
		w.Policy.Protect = []sync.Match{{Email: "p001@*"}}
		w.daysOn(t, 1)
		w.Policy.Protect = nil
		w.daysOn(t, 1)
		same(t, w.waiting(sync.Rejected), from(1, 12))
		w.Snapshot.Extensions[1].Status = "Disabled" // a statement, and no absence
		w.daysOn(t, 2)
		same(t, w.waiting(sync.Rejected), from(2, 12))
		same(t, w.waiting(sync.Waiting), from(1, 1))
	})
}

// Being present ends a rejection on the third UTC day, and not before (R26).
func TestR26ThreeDaysOfPresence(t *testing.T) {
	bothLimits(t, func(t *testing.T, w *world) {
		restore := w.lists()
		w.unlist("1", "10")
		plan := w.today(t)
		w.reject(t, plan.Held.Run, nil)
		restore()
		for hour := range 3 {
			w.later(time.Hour).today(t)
			if n := len(w.waiting(sync.Rejected)); n != 12 {
				t.Fatalf("%d rejections after %d hours", n, hour+1)
			}
		}
		w.daysOn(t, 1)
		same(t, w.waiting(sync.Rejected), from(1, 12))
		w.daysOn(t, 1)
		same(t, w.waiting(sync.Rejected), nil)
	})
}

// What an operator rejects is kept, a disabled extension as well: it is not asked about anew
// in every run (R26).
func TestR26ARejectedStatementIsNotHeldAnew(t *testing.T) {
	bothLimits(t, func(t *testing.T, w *world) {
		for i := range 24 {
			w.Snapshot.Extensions[i+1].Status = "Disabled"
		}
		plan := w.today(t)
		asked := w.waiting(sync.Waiting)
		if len(asked) < 20 {
			t.Fatal("held are", asked)
		}
		w.reject(t, plan.Held.Run, nil)
		w.daysOn(t, 3)
		same(t, w.waiting(sync.Rejected), asked)
		same(t, w.waiting(sync.Waiting), nil)
	})
}

// Administrators are lost from their list one an hour: from the second on their leaving, or
// their loss of the role, is held, since the runs of the last 20 hours saw both there (R22).
func TestR22AdministratorsDwindle(t *testing.T) {
	for _, c := range []struct {
		name  string
		agent bool // each is an agent as well
	}{
		{"who are nothing else", false},
		{"who are agents as well", true},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld()
			w.Policy.Limits = noLimits
			admins := func(from int) {
				w.clearAll()
				for i := range 12 {
					id := strconv.Itoa(301 + i)
					if i+1 >= from {
						w.admin(id, "Ada A"+id, rc("7"+id))
					}
					if c.agent {
						w.agent("1/10", "5"+id, "Ada A"+id, rc("7"+id))
					}
				}
			}
			admins(1)
			w.sync(t)
			w.later(time.Hour).today(t)
			for gone := range 6 {
				w.later(time.Hour)
				admins(gone + 2)
				w.today(t)
			}
			var lost []int64
			for _, m := range w.members {
				if m.Status == sync.Inactive || m.Profile[sync.Role] != sync.RoleAdministrator {
					lost = append(lost, m.ID)
				}
			}
			same(t, lost, []int64{1})
		})
	}
}

// What was rejected stays out also while a list that has nothing to do with it is not
// believed, and two plans are made (R36).
func TestR36RejectedWhileAListIsNotBelieved(t *testing.T) {
	w := newWorld()
	w.Policy.Limits.Updates = sync.Limit{Percent: 0, Floor: 1}
	for i := range 6 {
		id := strconv.Itoa(701 + i)
		w.agent("1/10", "5"+id, "Ada A"+id, rc(id))
		w.agent("1/11", "6"+id, "Bob B"+id, rc("8"+id))
	}
	w.sync(t)
	w.tomorrow().today(t)
	w.Snapshot.SubAccounts[0].Groups[0].Agents[0].LastName = "Married"
	w.reject(t, w.tomorrow().today(t).Held.Run, nil)
	w.unlist("1", "11")
	w.tomorrow().today(t)
	if name, waiting := w.member(1).Profile[sync.LastName], len(w.waiting(sync.Waiting)); name != "A701" || waiting != 6 {
		t.Errorf("the last name is %s, and %d wait", name, waiting)
	}
}

// A member whom a run of the last hours made inactive, and whom a list still shows as
// inactive, is lost from it once, not twice (R22).
func TestR22WhoLeftIsLostOnce(t *testing.T) {
	w := newWorld()
	w.Policy.Limits = noLimits
	for i := range 5 {
		id := strconv.Itoa(701 + i)
		w.agent("1/10", "5"+id, "Ada A"+id, rc(id))
	}
	w.sync(t)
	w.tomorrow().today(t)
	agents := w.Snapshot.SubAccounts[0].Groups[0].Agents
	for i := range 2 {
		agents[i].Active = false
		w.later(time.Hour).today(t)
	}
	same(t, w.inactive(), from(1, 2))
}
