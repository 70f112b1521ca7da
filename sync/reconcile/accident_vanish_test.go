package reconcile_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"ringroster/sync"
)

// Small groups that vanish at once, and groups that seem to have been dissolved (R22).

// Several groups of one person each are no longer listed, or answer nothing, at once.
func TestAccidentSeveralGroupsOfOne(t *testing.T) {
	places := []string{"1/60", "1/61", "2/62"}
	for name, lose := range map[string]func(*world){
		"are no longer listed": func(w *world) { w.unlist("1", "60", "61"); w.unlist("2", "62") },
		"answer nothing": func(w *world) {
			for _, place := range places {
				w.shorten(place, 0)
			}
		},
		"one is not listed, and one answers nothing": func(w *world) { w.unlist("1", "60", "61"); w.shorten("2/62", 0) },
		"are inactive": func(w *world) {
			for _, place := range places {
				g := w.group(place)
				g.Agents = slices.Clone(g.Agents)
				g.Agents[0].Active = false
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			bothLimits(t, func(t *testing.T, w *world) {
				for i, place := range places {
					w.team(place, 300+i, 1)
				}
				w.team("2/63", 310, 5)
				w.daysOn(t, 2)
				lose(w)
				w.daysOn(t, 9)
				same(t, w.waiting(sync.Waiting), from(205, 207))
			})
		})
	}
}

// A list is believed as one of a dissolved group only where RingEX proves that its people
// have gone. Absence of any knowledge is no proof.
func TestAccidentAGroupSeemsDissolved(t *testing.T) {
	// Of 12, nine move to another group, and three are lost.
	move := func(w *world) {
		from, to := w.group("1/40"), w.group("1/41")
		to.Agents = append(to.Agents, from.Agents[:9]...)
		from.Agents = nil
		w.unlist("1", "40")
	}
	crew := func(w *world, options ...option) {
		for n := 301; n <= 312; n++ {
			w.agent("1/40", fmt.Sprintf("5%03d", n), fmt.Sprintf("P%03d Roy", n), options...)
		}
		w.team("1/41", 320, 4)
	}
	linked := func(w *world, options ...option) {
		for n := 301; n <= 312; n++ {
			id := fmt.Sprintf("7%03d", n)
			w.agent("1/40", fmt.Sprintf("5%03d", n), fmt.Sprintf("P%03d Roy", n), rc(id))
			w.extension(id, fmt.Sprintf("P%03d Roy", n), append(options, number(fmt.Sprint(n)))...)
		}
		w.team("1/41", 320, 4)
	}
	states := func(status string) func(*world) {
		return func(w *world) {
			for i := range w.Snapshot.Extensions {
				if e := &w.Snapshot.Extensions[i]; slices.Contains([]string{"7310", "7311", "7312"}, e.ID) {
					e.Status = status
				}
			}
		}
	}
	// earlier lets something happen before the group is gone.
	earlier := func(t *testing.T, w *world, then func(*world), by time.Duration) {
		then(w)
		w.today(t)
		w.later(by).today(t)
		w.later(by)
	}
	for _, c := range []struct {
		name   string
		before func(*world)
		then   func(*world)
		leave  int
	}{
		{"RingCX alone knows them", func(w *world) { crew(w) }, nil, 0},
		{"they are linked, and RingEX never listed an extension", func(w *world) {
			linked(w)
			w.dropExtensions(numbers(301, 312)...)
		}, nil, 0},
		{"their extensions are in use", func(w *world) { linked(w) }, nil, 0},
		{"their extensions are frozen", func(w *world) { linked(w) }, states("Frozen"), 0},
		{"one extension of three is gone", func(w *world) { linked(w) }, func(w *world) { w.dropExtensions(310) }, 0},
		{"the extensions of all are gone: that is an outage of RingEX, too", func(w *world) { linked(w) }, func(w *world) {
			w.Snapshot.Extensions = w.Snapshot.Extensions[:1] // the owner's
		}, 0},
		{"their extensions are gone", func(w *world) { linked(w) }, func(w *world) { w.dropExtensions(310, 311, 312) }, 3},
		{"nobody has their extensions any more", func(w *world) { linked(w) }, states("Unassigned"), 3},
		{"their extensions are disabled", func(w *world) { linked(w) }, states("Disabled"), 3},
		{"two of three extensions are gone", func(w *world) { linked(w) }, func(w *world) { w.dropExtensions(310, 311) }, 3},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := seventeen(t, usualLimits, c.before)
			if move(w); c.then != nil {
				c.then(w)
			}
			w.today(t)
			if n := len(w.inactive()); n != c.leave {
				t.Errorf("%d left, not %d; %d wait", n, c.leave, len(w.waiting(sync.Waiting)))
			}
			if n := len(w.waiting(sync.Waiting)); n != 3-c.leave {
				t.Errorf("%d wait", n)
			}
		})
	}
	for _, c := range []struct {
		name  string
		then  func(*world)
		by    time.Duration
		leave int
	}{
		{"their extensions were gone days before", func(w *world) { w.dropExtensions(310, 311, 312) }, 24 * time.Hour, 0},
		{"nobody has had their extensions for days", states("Unassigned"), 24 * time.Hour, 0},
		{"their extensions were gone hours before", func(w *world) { w.dropExtensions(310, 311, 312) }, time.Hour, 3},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := seventeen(t, usualLimits, func(w *world) { linked(w) })
			earlier(t, w, c.then, c.by)
			move(w)
			w.today(t)
			if n := len(w.inactive()); n != c.leave {
				t.Errorf("%d left, not %d; %d wait", n, c.leave, len(w.waiting(sync.Waiting)))
			}
			w.daysOn(t, min(3-c.leave, 1))
		})
	}
	t.Run("the first run after an upgrade", func(t *testing.T) { // nothing was noted
		w := seventeen(t, usualLimits, func(w *world) { linked(w) })
		move(w)
		w.dropExtensions(310, 311, 312)
		w.books.state.Ended = nil
		w.daysOn(t, 2)
		same(t, w.waiting(sync.Waiting), from(214, 216))
	})
}
