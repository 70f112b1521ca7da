package reconcile_test

import (
	"slices"
	"testing"

	"ringroster/sync"
)

// A list lost people: who hangs on it is held, also where another record, a step of the
// ladder or a small number hides how many it lost (R22).
func TestAccidentAListLosesPeople(t *testing.T) {
	type accident struct {
		name   string
		before func(*world)
		then   func(*world)
		reason string
		holds  int // leavers
	}
	eighty := func(w *world) { w.team("1/40", 300, 80) }
	sub2 := func(w *world) { w.team("2/50", 400, 14); w.team("2/51", 414, 14) }
	fours := func(w *world) {
		for g := range 5 {
			w.team([]string{"1/60", "1/61", "1/62", "1/63", "1/64"}[g], 500+4*g, 4)
		}
		w.unlist("1", "26", "25") // 204 again, or nearly
	}
	for _, a := range []accident{
		{"a group of 80 answers [], one of them an administrator", func(w *world) { eighty(w); w.boss(301) }, func(w *world) { w.shorten("1/40", 0) }, "list_emptied", 79},
		{"… one of them in another group, too", func(w *world) { eighty(w); w.agent("1/10", "9301", "P301 Roy", rc("7301")) }, func(w *world) { w.shorten("1/40", 0) }, "list_emptied", 79},
		{"… one of them protected", func(w *world) { eighty(w); w.Policy.Protect = []sync.Match{{Email: "p301@*"}} }, func(w *world) { w.shorten("1/40", 0) }, "list_emptied", 79},
		{"… all of them", eighty, func(w *world) { w.shorten("1/40", 0) }, "list_emptied", 80},
		{"a sub-account of 28 answers no groups, one is an administrator", func(w *world) { sub2(w); w.boss(401) }, func(w *world) { w.sub("2").Groups = nil }, "agent_group_gone", 27},
		{"a sub-account of 28 is not listed", func(w *world) { sub2(w); w.boss(401) }, func(w *world) {
			w.Snapshot.SubAccounts = w.Snapshot.SubAccounts[:1]
		}, "sub_account_gone", 27},
		{"a sub-account of 28 is inactive", sub2, func(w *world) {
			w.Snapshot.SubAccounts[1] = sync.SubAccount{ID: "2", Name: "Sub 2"}
		}, "sub_account_gone", 28},
		{"a group of 28 answers one row", func(w *world) { w.team("1/40", 300, 28) }, func(w *world) { w.shorten("1/40", 1) }, "list_shrunk", 27},
		{"a group of 28 answers one faulty row", func(w *world) { w.team("1/40", 300, 28) }, func(w *world) {
			w.shorten("1/40", 1)
			w.group("1/40").Agents[0].Faulty = "the name is cut short"
		}, "list_shrunk", 27},
		{"five groups of 4 are no longer listed", fours, func(w *world) { w.unlist("1", "60", "61", "62", "63", "64") }, "agent_group_gone", 20},
		{"isActive is false for all 12 of a group", nil, func(w *world) {
			g := w.group("1/10")
			g.Agents = slices.Clone(g.Agents)
			for i := range g.Agents {
				g.Agents[i].Active = false
			}
		}, "list_emptied", 12},
		{"a list of 4 answers [] while one has a second record of old", func(w *world) {
			w.team("1/40", 300, 4)
			w.agent("1/10", "9301", "P301 Roy", rc("7301"))
		}, func(w *world) { w.shorten("1/40", 0) }, "list_emptied", 3},
		{"two groups of 14 are cut at 13, the longest", func(w *world) {
			w.team("1/40", 300, 14)
			w.team("1/41", 320, 14)
		}, func(w *world) { w.shorten("1/40", 13); w.shorten("1/41", 13) }, "list_cap", 2},
	} {
		t.Run(a.name, func(t *testing.T) {
			for _, limits := range []sync.Limits{laxLimits, usualLimits} {
				w := seventeen(t, limits, func(w *world) {
					if a.before != nil {
						a.before(w)
					}
				})
				a.then(w)
				if plan := w.today(t); !slices.Contains(reasonsFor(plan), a.reason) {
					t.Errorf("held for %v", reasonsFor(plan))
				}
				w.mustStay(t)
				waits := w.waiting(sync.Waiting)
				if len(waits) != a.holds {
					t.Errorf("%d held, not %d: %v", len(waits), a.holds, waits)
				}
				w.daysOn(t, 22)
				same(t, w.waiting(sync.Waiting), waits)
			}
		})
	}
}

// The administrators list shrinks from 15 to 1: nobody leaves, and no agent loses the role
// (R22).
func TestAccidentTheAdministratorsShrink(t *testing.T) {
	t.Run("administrators alone", func(t *testing.T) {
		for _, limits := range []sync.Limits{laxLimits, usualLimits} {
			w := seventeen(t, limits, func(w *world) {
				for i := range 15 {
					id := string(rune('a' + i))
					w.admin("33"+id, "Boss"+id+" Fox", rc("8"+id))
					w.extension("8"+id, "Boss"+id+" Fox")
				}
			})
			w.Snapshot.Admins = w.Snapshot.Admins[:1]
			if plan := w.today(t); !slices.Contains(reasonsFor(plan), "list_shrunk") {
				t.Errorf("held for %v", reasonsFor(plan))
			}
			w.daysOn(t, 9)
			if n := len(w.waiting(sync.Waiting)); n != 14 {
				t.Errorf("%d wait, not 14", n)
			}
		}
	})
	t.Run("17 agents would lose the role Administrator", func(t *testing.T) {
		for _, limits := range []sync.Limits{laxLimits, usualLimits} {
			w := seventeen(t, limits, func(w *world) {
				for n := 1; n <= 17; n++ {
					w.boss(n)
				}
			})
			w.Snapshot.Admins = w.Snapshot.Admins[:1]
			plan := w.today(t)
			for range 9 {
				same(t, reasonsFor(plan), []string{"list_shrunk"})
				if len(plan.Changes) > 0 || plan.Summary.Held != 16 {
					t.Fatalf("%d changes, %d held", len(plan.Changes), plan.Summary.Held)
				}
				plan = w.tomorrow().today(t)
			}
			for _, m := range w.members[:17] {
				if m.Profile[sync.Role] != sync.RoleAdministrator {
					t.Errorf("member %d is %s", m.ID, m.Profile[sync.Role])
				}
			}
		}
	})
}

// An agent made anew: a new agent id, no rcUserId yet, the same name and e-mail, while the
// old extension is still listed. It is the same member, active throughout (R12).
func TestAccidentAnAgentIsMadeAnew(t *testing.T) {
	bothLimits(t, func(t *testing.T, w *world) {
		w.drop(5)
		w.agent("1/10", "9005", "P005 Roy")
		same(t, lines(w.today(t)), []string{"update 5 agent:1/9005 recreated"})
		w.mustStay(t)
		w.daysOn(t, 3)
		w.group("1/10").Agents[11].RCUserID = "7005" // linked at last
		plan := w.tomorrow().today(t)
		w.mustStay(t)
		same(t, lines(plan), nil)
	})
}
