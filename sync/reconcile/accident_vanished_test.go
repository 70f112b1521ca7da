package reconcile_test

import (
	"slices"
	"testing"
)

// A sub-account is not listed for some days. It comes back with a third of a group missing: of people who
// have a login elsewhere, no login ends unasked (R22, R25).
func TestAccidentASubAccountThatComesBackInPart(t *testing.T) {
	for name, days := range map[string]int{"after a day": 1, "after three": 3} {
		t.Run(name, func(t *testing.T) {
			w := seventeen(t, usualLimits, func(w *world) {
				for i := range 12 {
					a := w.group("1/10").Agents[i]
					w.agent("2/50", "9"+a.ID, a.FirstName+" "+a.LastName, rc(a.RCUserID))
				}
			})
			sub := *w.sub("2")
			all := slices.Clone(sub.Groups[0].Agents)
			at := len(w.Snapshot.SubAccounts) - 1
			w.Snapshot.SubAccounts = w.Snapshot.SubAccounts[:at]
			for range days {
				w.today(t)
				w.mustStay(t)
				w.tomorrow()
			}
			sub.Groups = slices.Clone(sub.Groups)
			sub.Groups[0].Agents = all[4:]
			w.Snapshot.SubAccounts = append(w.Snapshot.SubAccounts, sub)
			plan := w.today(t)
			for id := range int64(12) {
				if got := w.active(id + 1); len(got) != 2 {
					t.Errorf("member %d has %v\n%v", id+1, got, lines(plan))
				}
			}
			w.tomorrow()
			w.sub("2").Groups[0].Agents = all
			w.today(t)
			if len(w.books.state.Open) > 0 {
				t.Errorf("open: %+v", w.books.state.Open)
			}
		})
	}
}
