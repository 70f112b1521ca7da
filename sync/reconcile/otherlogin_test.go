package reconcile_test

import (
	"slices"
	"strings"
	"testing"

	"ringroster/sync"
)

// The rejection of a loss of logins keeps those, and no others of the member (R26).

// threeLogins is a company in which the first twelve have records in the groups 40 and 41 as well.
// One morning group 40 answers nothing, which is rejected; a day later it lacks member 1 alone.
func threeLogins(t *testing.T) *world {
	t.Helper()
	w := seventeen(t, usualLimits, func(w *world) {
		for n := range 12 {
			a := w.group("1/10").Agents[n]
			w.agent("1/40", "9"+a.ID, a.FirstName+" "+a.LastName, rc(a.RCUserID))
			w.agent("1/41", "8"+a.ID, a.FirstName+" "+a.LastName, rc(a.RCUserID))
		}
	})
	all := slices.Clone(w.group("1/40").Agents)
	w.shorten("1/40", 0)
	same(t, reasonsFor(w.today(t)), []string{"list_emptied"})
	w.refuse(t)
	w.group("1/40").Agents = all[1:]
	w.tomorrow().today(t)
	same(t, w.active(1), []string{"1/5001", "1/85001", "1/95001"})
	return w.tomorrow()
}

// refusals are the rejected losses of logins of a member.
func (w *world) refusals(member int64) (n int) {
	for _, h := range w.books.state.Open {
		if h.Member == member && h.Field == sync.LoginsField && h.State == sync.Rejected {
			n++
		}
	}
	return n
}

func TestR26AnotherLoginEndsByTheOrdinaryRules(t *testing.T) {
	w := threeLogins(t)
	back := w.lists()
	w.group("1/41").Agents = w.group("1/41").Agents[1:]
	plan := w.today(t)
	same(t, fields(plan), []string{"logins, source_changed"})
	for range 2 {
		same(t, w.active(1), []string{"1/5001", "1/95001"})
		if w.refusals(1) != 1 || !slices.ContainsFunc(plan.Notes, func(n sync.Note) bool {
			return n.Member == 1 && n.Reason == sync.NoteRefused && strings.HasPrefix(n.Detail, "95001 in Group 40 stays: ")
		}) {
			t.Errorf("the rejection stands %d times: %+v", w.refusals(1), plan.Notes)
		}
		if plan = w.tomorrow().today(t); len(plan.Changes) > 0 || plan.Held != nil {
			t.Errorf("the next day: %v", lines(plan))
		}
	}
	back()
	w.agent("1/40", "95001", "P001 Roy", rc("7001"))
	for day := range sync.PresentDays {
		if w.refusals(1) != 1 {
			t.Errorf("the rejection has ended after %d days of presence", day)
		}
		w.tomorrow().today(t)
	}
	if w.refusals(1) != 0 {
		t.Error("the rejection goes on")
	}
	same(t, w.active(1), []string{"1/5001", "1/85001", "1/95001"})
}

// What the guard holds of the others waits beside the rejection, and is decided about by itself.
func TestR26AnotherLoginWaitsBesideTheRejection(t *testing.T) {
	for name, decide := range map[string]func(t *testing.T, w *world) (active []string, refusals int){
		"approved": func(t *testing.T, w *world) ([]string, int) {
			w.approve(t, w.lastRun, these(1))
			return []string{"1/5001", "1/95001"}, 1
		},
		"rejected": func(t *testing.T, w *world) ([]string, int) {
			w.refuse(t, 1)
			return []string{"1/5001", "1/85001", "1/95001"}, 2
		},
		"rejected, and all cleared": func(t *testing.T, w *world) ([]string, int) {
			w.refuse(t, 1)
			w.clearing(t, these(1))
			return []string{"1/5001", "1/85001", "1/95001"}, 0
		},
		"the first one cleared": func(t *testing.T, w *world) ([]string, int) {
			w.clearing(t, these(1))
			return []string{"1/5001", "1/85001", "1/95001"}, 0
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := threeLogins(t)
			w.shorten("1/41", 0)
			plan := w.today(t)
			same(t, reasonsFor(plan), []string{"list_emptied"})
			if _, why := w.waitsAs(1, sync.LoginsField); len(why) == 0 || w.refusals(1) != 1 {
				t.Fatalf("waits for %v, beside %d rejections", why, w.refusals(1))
			}
			same(t, w.active(1), []string{"1/5001", "1/85001", "1/95001"})
			active, refusals := decide(t, w)
			for range 2 {
				same(t, w.active(1), active)
				if w.refusals(1) != refusals {
					t.Errorf("%d rejections stand", w.refusals(1))
				}
				w.tomorrow().today(t)
			}
			if run, _ := w.waitsAs(1, sync.LoginsField); (run != 0) != (refusals == 0) {
				t.Errorf("waits under %d", run)
			}
		})
	}
}

// What waits beside a rejection waits on when that is cleared, also where the rejected logins are
// back by then (R25).
func TestR25WhatWaitsBesideAClearedRejection(t *testing.T) {
	w := threeLogins(t)
	w.shorten("1/41", 0)
	w.today(t)
	w.clearing(t, these(1))
	w.agent("1/40", "95001", "P001 Roy", rc("7001"))
	for n := 1; n < 12; n++ { // the list is believed again, and lacks member 1 alone
		a := w.group("1/10").Agents[n]
		w.agent("1/41", "8"+a.ID, a.FirstName+" "+a.LastName, rc(a.RCUserID))
	}
	for range 2 {
		w.tomorrow().today(t)
		same(t, w.active(1), []string{"1/5001", "1/85001", "1/95001"})
		if run, _ := w.waitsAs(1, sync.LoginsField); run == 0 {
			t.Error("waits no more")
		}
	}
	if open := w.books.state.Open; len(slices.DeleteFunc(slices.Clone(open), func(h sync.HeldChange) bool { return h.Member != 1 })) != 1 {
		t.Errorf("open: %+v", open)
	}
}
