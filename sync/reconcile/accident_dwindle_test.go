package reconcile_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"ringroster/sync"
)

// Lists that lose their people a few at a time, and doubts that end too soon (R22).

// Somebody is lost from a list that is believed, while another is not. That one heals.
func TestAccidentTheListInDoubtHeals(t *testing.T) {
	for _, place := range []string{"1/11", "2/50"} { // of the same sub-account, and of another
		t.Run(place, func(t *testing.T) {
			bothLimits(t, func(t *testing.T, w *world) {
				w.team("2/50", 300, 12)
				w.daysOn(t, 2)
				restore := w.lists()
				w.unlist("1", "10")
				g := w.group(place)
				gone := g.Agents[2].RCUserID
				g.Agents = slices.Delete(slices.Clone(g.Agents), 2, 3)
				w.today(t)
				restore()
				g = w.group(place)
				g.Agents = slices.Delete(slices.Clone(g.Agents), 2, 3)
				w.daysOn(t, 9)
				if waits := w.waiting(sync.Waiting); len(waits) != 1 || w.member(waits[0]).RCUserID != gone {
					t.Errorf("%v wait, not the member with %s", waits, gone)
				}
			})
		})
	}
}

// Whoever moves on the very day on which the new group answers nothing is known from the old
// one alone.
func TestAccidentMovedIntoAGroupThatAnswersNothing(t *testing.T) {
	bothLimits(t, func(t *testing.T, w *world) {
		w.team("2/50", 300, 12)
		w.daysOn(t, 2)
		w.drop(1)                    // to group 50, of another sub-account
		w.group("2/50").Agents = nil // which answers nothing
		w.daysOn(t, 9)
		same(t, w.waiting(sync.Waiting), append([]int64{1}, from(205, 216)...))
		w.agent("2/50", "9001", "P001 Roy", rc("7001"))
		w.team("2/50", 300, 12)
		w.daysOn(t, 1)
		same(t, w.waiting(sync.Waiting), nil)
	})
}

// Half of a group moves, to a group each, and is lost from there within hours.
func TestAccidentMovedAndLostWithinHours(t *testing.T) {
	bothLimits(t, func(t *testing.T, w *world) {
		w.team("1/40", 300, 30) // a longer list than theirs
		w.daysOn(t, 2)
		moved := numbers(1, 6)
		w.later(time.Hour).drop(moved...)
		for _, n := range moved {
			w.agent(fmt.Sprintf("1/%d", 10+n), fmt.Sprintf("9%03d", n), fmt.Sprintf("P%03d Roy", n), rc(fmt.Sprintf("7%03d", n)))
		}
		w.today(t)
		w.later(time.Hour).drop(moved[:4]...) // below every limit
		w.today(t)
		same(t, w.waiting(sync.Waiting), nil)
		same(t, w.inactive(), from(1, 4))
		w.later(time.Hour).drop(moved...)
		w.today(t)
		same(t, w.waiting(sync.Waiting), from(5, 6))
	})
}

// An agent made anew within the group lost nothing: while its list is not believed hours later,
// a new e-mail of theirs waits for nobody.
func TestR22MadeAnewAndTheListShrinksWithinHours(t *testing.T) {
	bothLimits(t, func(t *testing.T, w *world) {
		w.daysOn(t, 2)
		w.later(time.Hour).drop(5)
		w.agent("1/10", "9005", "P005 Roy", rc("7005"))
		w.today(t)
		w.later(time.Hour).drop(numbers(6, 12)...)
		agents := w.group("1/10").Agents
		agents[len(agents)-1].Email = "wed@example.com"
		same(t, lines(w.today(t))[:1], []string{"update 5 rc:7005 source_changed"})
		same(t, w.waiting(sync.Waiting), from(6, 12))
	})
}

// Hourly runs in which the extension list, the roles and the administrators list lose one
// after the other: a look at the last run alone would see no list that was halved.
func TestAccidentListsDwindleByTheHour(t *testing.T) {
	for name, c := range map[string]struct {
		before func(*world)
		lose   func(*world, int)
	}{
		"extensions": {func(w *world) { w.Policy.RequireRingEX = true }, func(w *world, n int) { w.dropExtensions(n) }},
		"roles": {func(w *world) {
			w.Policy.Access = sync.Access{Rule: sync.AccessPermission, Name: "WFM"}
			w.role("1", "WFM User", []string{"WFM"}, rcIDs(1, 30)...)
		}, func(w *world, n int) { delete(w.Snapshot.Assigned, fmt.Sprintf("7%03d", n)) }},
		"administrators": {func(w *world) { w.boss(numbers(1, 30)...) }, func(w *world, n int) {
			w.Snapshot.Admins = slices.DeleteFunc(slices.Clone(w.Snapshot.Admins), func(a sync.Admin) bool { return a.RCUserID == fmt.Sprintf("7%03d", n) })
		}},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld()
			w.Policy.Limits = sync.Limits{Deactivations: sync.Limit{Percent: 100, Floor: 50}, Onboardings: sync.Limit{Percent: 30, Floor: 20}, Updates: sync.Limit{Percent: 30, Floor: 20}, Administrators: sync.Limit{Percent: 20, Floor: 3}} // which holds nobody
			w.team("1/10", 0, 30)
			c.before(w)
			w.today(t)
			w.tomorrow().today(t)
			held := 0
			for n := 1; n <= 20 && held == 0; n++ {
				c.lose(w.later(50*time.Minute), n)
				plan := w.today(t)
				if plan.Held != nil {
					held = n
				}
			}
			if want := map[string]int{"extensions": 15, "roles": 15, "administrators": 3}[name]; held != want {
				t.Errorf("held at the loss of %d, not %d", held, want)
			}
		})
	}
}

func rcIDs(first, last int) (all []string) {
	for n := first; n <= last; n++ {
		all = append(all, fmt.Sprintf("7%03d", n))
	}
	return all
}

// Somebody has two logins, and one of them is lost from a list that is believed while another
// list is empty: it may have moved there. What they lose waits, as a leaver does.
func TestAccidentALoginIsLostWhileAListIsInDoubt(t *testing.T) {
	w := seventeen(t, usualLimits, func(w *world) {
		w.agent("1/11", "6001", "P001 Roy", rc("7001"))
		w.agent("1/11", "6002", "P002 Roy", rc("7002"), agentType("SUPERVISOR"))
		w.Policy.RolePrecedence = sync.RoleSupervisor
	})
	w.shorten("1/12", 0)
	g := w.group("1/11")
	g.Agents = g.Agents[:12]
	var open []string
	for _, h := range w.today(t).Open {
		if h.Member < 3 {
			open = append(open, fmt.Sprint(h.Member, " ", h.Field, " ", h.Why[0].Reason))
		}
	}
	same(t, open, []string{"1 logins list_in_doubt", "2 logins list_in_doubt", "2 role list_in_doubt"})
	w.daysOn(t, 2)
	for id := range int64(2) {
		if m := w.member(id + 1); !m.Logins[1].Active {
			t.Errorf("member %d has lost a login: %+v", m.ID, m.Logins)
		}
	}
}
