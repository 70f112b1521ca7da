package sync

import "testing"

// The roster has few people of a list: what the list loses is told by its records.
func TestAccidentASparseListLosesPeople(t *testing.T) {
	supervisors := func(w *world) {
		w.agent("1/40", "5400", "Bo Ss", rc("7400"), agentType("SUPERVISOR"))
		w.extension("7400", "Bo Ss")
		w.team("1/40", 300, 11)
		w.Policy.Scope.Include = []Match{{Role: RoleSupervisor}, {AgentGroup: "1?"}, {AgentGroup: "2?"}}
	}
	boss := int64(205) // the only one of the group on the roster
	behind := func(w *world, n int) {
		g := w.group("1/40")
		g.Agents = g.Agents[len(g.Agents)-n:]
	}
	for name, lose := range map[string]func(*world){
		"answers nothing":     func(w *world) { w.shorten("1/40", 0) },
		"is no longer listed": func(w *world) { w.unlist("1", "40") },
		"is halved":           func(w *world) { behind(w, 5) },
	} {
		t.Run(name, func(t *testing.T) {
			w := seventeen(t, usualLimits, supervisors)
			lose(w)
			w.daysOn(t, 9)
			same(t, w.waiting(Waiting), []int64{boss})
		})
	}
	t.Run("the supervisor alone left", func(t *testing.T) {
		w := seventeen(t, usualLimits, supervisors)
		behind(w, 11)
		w.today(t)
		same(t, w.inactive(), []int64{boss})
	})
	t.Run("others leave, one a day: no question", func(t *testing.T) {
		w := seventeen(t, usualLimits, supervisors)
		for n := 11; n > 8; n-- {
			w.shorten("1/40", n)
			w.daysOn(t, 1)
		}
		same(t, w.waiting(Waiting), nil)
	})
	t.Run("half of it is on the roster", func(t *testing.T) {
		w := seventeen(t, usualLimits, func(w *world) {
			w.team("1/40", 300, 2)
			w.Policy.Scope.Exclude = []Match{{Email: "p301@*"}}
		})
		w.shorten("1/40", 0)
		w.daysOn(t, 9)
	})
	t.Run("the others are detached", func(t *testing.T) {
		w := seventeen(t, usualLimits, func(w *world) { w.team("1/40", 300, 5) })
		for id := int64(205); id < 209; id++ {
			w.edit(t, Manage(id, false))
		}
		w.daysOn(t, 1)
		w.shorten("1/40", 0)
		w.daysOn(t, 9)
	})
}
