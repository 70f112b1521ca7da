package reconcile_test

import (
	"testing"

	"ringroster/sync"
	"ringroster/sync/edit"
)

// Somebody was forgotten and has come in anew by other ids. Then RingCentral lists the old ids
// again: they are the forgotten member's, and the active one is still there by name and e-mail.
func TestAccidentTheOldIDsOfAForgottenMemberAreListedAgain(t *testing.T) {
	anew := func(w *world) { w.drop(5); w.agent("1/10", "6005", "P005 Roy", rc("8005")) }
	old := func(w *world) {
		g := w.group("1/10")
		g.Agents = g.Agents[:len(g.Agents)-1]
		w.agent("1/10", "5005", "P005 Roy", rc("7005"))
	}
	for _, c := range []struct {
		name string
		then func(*world)
		want []int64 // waiting
	}{
		{"the old ids alone", old, from(205, 205)},
		{"… beside a new record that says inactive", func(w *world) {
			old(w)
			w.agent("1/10", "6005", "P005 Roy", rc("8005"), inactive)
		}, from(205, 205)},
		{"the old ids, of somebody with another name: they have gone", func(w *world) {
			old(w)
			g := w.group("1/10")
			g.Agents[len(g.Agents)-1].FirstName = "Zoe"
		}, nil},
		{"a record of the old ids that grants nothing: likewise", func(w *world) {
			old(w)
			g := w.group("1/10")
			g.Agents[len(g.Agents)-1].Active = false
		}, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := seventeen(t, usualLimits)
			w.edit(t, edit.Forget(5))
			anew(w)
			w.today(t)
			if m := w.member(205); m.Status != sync.Active || m.Profile[sync.Email] != "p005@example.com" {
				t.Fatalf("member 205 is %+v", m)
			}
			c.then(w.tomorrow())
			w.today(t)
			same(t, w.waiting(sync.Waiting), c.want)
			if gone := w.member(205).Status == sync.Inactive; gone == (len(c.want) > 0) {
				t.Errorf("member 205 is %s", w.member(205).Status)
			}
		})
	}
}
