package reconcile_test

import (
	"fmt"
	"testing"
	"time"

	"ringroster/sync"
	"ringroster/sync/edit"
)

// The roster has few people of a list: what the list loses is told by its records.
func TestAccidentASparseListLosesPeople(t *testing.T) {
	supervisors := func(w *world) {
		w.agent("1/40", "5400", "Bo Ss", rc("7400"), agentType("SUPERVISOR"))
		w.extension("7400", "Bo Ss")
		w.team("1/40", 300, 11)
		w.Policy.Scope.Include = []sync.Match{{Role: sync.RoleSupervisor}, {AgentGroup: "1?"}, {AgentGroup: "2?"}}
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
			same(t, w.waiting(sync.Waiting), []int64{boss})
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
		same(t, w.waiting(sync.Waiting), nil)
	})
	t.Run("an older version kept no day: the number counts for a week", func(t *testing.T) {
		w := seventeen(t, usualLimits, supervisors)
		w.books.state.Lengths["1/40"] = sync.Length{Records: 12}
		w.shorten("1/40", 8)
		w.daysOn(t, 6)
		behind(w, 5)
		w.daysOn(t, 1)
		same(t, w.waiting(sync.Waiting), []int64{boss})
	})
	t.Run("half of it is on the roster", func(t *testing.T) {
		w := seventeen(t, usualLimits, func(w *world) {
			w.team("1/40", 300, 2)
			w.Policy.Scope.Exclude = []sync.Match{{Email: "p301@*"}}
		})
		w.shorten("1/40", 0)
		w.daysOn(t, 9)
	})
	t.Run("the others are detached", func(t *testing.T) {
		w := seventeen(t, usualLimits, func(w *world) { w.team("1/40", 300, 5) })
		for id := int64(205); id < 209; id++ {
			w.edit(t, edit.Manage(id, false))
		}
		w.daysOn(t, 1)
		w.shorten("1/40", 0)
		w.daysOn(t, 9)
	})
}

// A list becomes sparse and loses people before any run has seen it so.
func TestAccidentAListIsSparseSinceTheLastRun(t *testing.T) {
	t.Run("the other administrator was detached", func(t *testing.T) {
		w := seventeen(t, usualLimits, func(w *world) { w.boss(1, 50) })
		w.edit(t, edit.Manage(1, false))
		w.Snapshot.Admins = nil
		w.daysOn(t, 9)
		if m := w.member(50); m.Profile[sync.Role] != sync.RoleAdministrator {
			t.Errorf("member 50 is %s", m.Profile[sync.Role])
		}
	})
	t.Run("the others were detached", func(t *testing.T) {
		w := seventeen(t, usualLimits)
		for id := range int64(11) {
			w.edit(t, edit.Manage(id+1, false))
		}
		w.shorten("1/10", 0)
		w.daysOn(t, 9)
		same(t, w.waiting(sync.Waiting), from(12, 12))
	})
	t.Run("that the others left for another scope was approved", func(t *testing.T) {
		w := seventeen(t, laxLimits)
		w.scopeOut(`"first"`, "p00?@*", "p010@*", "p011@*")
		w.today(t)
		w.approve(t, w.lastRun, nil)
		same(t, w.inactive(), from(1, 11))
		w.shorten("1/10", 0)
		w.tomorrow().today(t)
		same(t, w.inactive(), from(1, 11))
		same(t, w.waiting(sync.Waiting), from(12, 12))
	})
	t.Run("one of the few left: no question", func(t *testing.T) {
		w := seventeen(t, usualLimits)
		for id := range int64(10) {
			w.edit(t, edit.Manage(id+1, false))
		}
		w.shorten("1/10", 11)
		w.tomorrow().today(t)
		same(t, w.inactive(), from(12, 12))
	})
	t.Run("nearly all moved, and one left: no question", func(t *testing.T) {
		w := seventeen(t, usualLimits)
		g := w.group("1/10")
		w.group("1/11").Agents = append(w.group("1/11").Agents, g.Agents[:10]...)
		g.Agents = g.Agents[10:11]
		w.tomorrow().today(t)
		same(t, w.inactive(), from(12, 12))
	})
}

// A sparse list loses those whom the roster does not know first, and its member later: on
// another run, one by one, or days after.
func TestAccidentASparseListLosesStrangersFirst(t *testing.T) {
	lone := func(w *world) {
		w.agent("1/40", "5400", "Bo Ss", rc("7400"), agentType("SUPERVISOR"))
		w.extension("7400", "Bo Ss")
		w.team("1/40", 300, 11)
		w.Policy.Scope.Include = []sync.Match{{Role: sync.RoleSupervisor}, {AgentGroup: "1?"}, {AgentGroup: "2?"}}
	}
	boss := int64(205)
	t.Run("at once", func(t *testing.T) {
		w := seventeen(t, usualLimits, lone)
		w.shorten("1/40", 1)
		w.daysOn(t, 3)
		w.shorten("1/40", 0)
		w.daysOn(t, 9)
		same(t, w.waiting(sync.Waiting), []int64{boss})
		w.approve(t, w.lastRun, nil)
		w.tomorrow().today(t)
		same(t, w.inactive(), []int64{boss})
		if kept := w.books.state.Lengths["1/40"]; kept.Records != 0 {
			t.Errorf("kept of a list on which nobody is: %+v", kept)
		}
	})
	t.Run("one an hour", func(t *testing.T) {
		w := seventeen(t, usualLimits, lone)
		for n := 11; n >= 0; n-- {
			w.later(time.Hour).shorten("1/40", n)
			w.today(t)
		}
		w.daysOn(t, 9)
		same(t, w.waiting(sync.Waiting), []int64{boss})
	})
	t.Run("one a day", func(t *testing.T) {
		w := seventeen(t, usualLimits, lone)
		for n := 6; n >= 0; n-- {
			w.shorten("1/40", n)
			w.daysOn(t, 1)
		}
		same(t, w.waiting(sync.Waiting), []int64{boss})
	})
	t.Run("over months: that is turnover", func(t *testing.T) {
		w := seventeen(t, usualLimits, lone)
		for n := 11; n >= 1; n-- {
			w.shorten("1/40", n)
			w.daysOn(t, 9)
		}
		w.shorten("1/40", 0)
		w.tomorrow().today(t)
		same(t, w.inactive(), []int64{boss})
	})
}

// The roster has few of those whom the extension list and the roles name: they are judged by
// their records as well.
func TestAccidentASparseListOfRingEX(t *testing.T) {
	strangers := func(w *world) {
		for n := 500; n < 520; n++ {
			w.extension(fmt.Sprintf("7%03d", n), fmt.Sprintf("P%03d Roy", n))
		}
		w.team("1/10", 0, 5)
	}
	half := func(w *world) { w.dropExtensions(append(numbers(500, 514), 1)...) }
	start := func(t *testing.T, policy func(*world)) *world {
		w := newWorld()
		w.Policy.Limits = usualLimits
		strangers(w)
		policy(w)
		w.today(t)
		w.tomorrow().today(t)
		return w.tomorrow()
	}
	t.Run("extensions", func(t *testing.T) {
		w := start(t, func(w *world) { w.Policy.RequireRingEX = true })
		half(w)
		w.daysOn(t, 9)
		same(t, w.waiting(sync.Waiting), []int64{1})
	})
	t.Run("roles", func(t *testing.T) {
		w := start(t, func(w *world) {
			w.Policy.Access = sync.Access{Rule: sync.AccessPermission, Name: "WFM"}
			w.Policy.Scope.Exclude = []sync.Match{{Email: "p5*"}}
			w.role("1", "WFM User", []string{"WFM"}, append(rcIDs(500, 519), rcIDs(1, 5)...)...)
		})
		for n := 500; n < 515; n++ {
			delete(w.Snapshot.Assigned, fmt.Sprintf("7%03d", n))
		}
		delete(w.Snapshot.Assigned, "7001")
		w.daysOn(t, 9)
		same(t, w.waiting(sync.Waiting), []int64{1})
	})
	t.Run("one extension of many", func(t *testing.T) {
		w := start(t, func(w *world) { w.Policy.RequireRingEX = true })
		w.dropExtensions(1)
		w.today(t)
		same(t, w.inactive(), []int64{1})
	})
}
