package reconcile_test

import (
	"fmt"
	"testing"

	"ringroster/sync"
)

// Groups that get another number while a list is not whole. The same agent record in a group
// of another number is no record that somebody gained (R22).

// leads is the company with six supervisors in group 50. Five of them, or all, have another
// record in group 51.
func leads(t *testing.T, both int) *world {
	return seventeen(t, usualLimits, func(w *world) {
		for n := 1; n <= 6; n++ {
			id := fmt.Sprintf("%03d", n)
			w.agent("1/50", "6"+id, "L"+id+" Roy", rc("8"+id), agentType("SUPERVISOR"))
			if n <= both {
				w.agent("1/51", "9"+id, "L"+id+" Roy", rc("8"+id))
			}
			w.extension("8"+id, "L"+id+" Roy")
		}
		w.Policy.RolePrecedence = sync.RoleSupervisor
	})
}

// mustLead fails unless all six supervisors are what they were.
func (w *world) mustLead(t *testing.T) {
	t.Helper()
	n := 0
	for _, m := range w.members {
		if m.Status == sync.Active && m.Profile[sync.Role] == sync.RoleSupervisor {
			n++
		}
	}
	if n != 6 {
		t.Errorf("%d supervisors are left of 6", n)
	}
}

func TestAccidentAGroupIsRenumberedWhileAnotherIsEmpty(t *testing.T) {
	for _, both := range []int{5, 6} {
		t.Run(fmt.Sprint(both, " of 6 have another record"), func(t *testing.T) {
			w := leads(t, both)
			w.shorten("1/50", 0)
			w.group("1/51").ID = "52"
			plan := w.today(t)
			if got := reasonsFor(plan); len(got) == 0 || got[0] != "list_emptied" {
				t.Errorf("held for %v", got)
			}
			w.mustLead(t)
			w.daysOn(t, 3)
			w.mustLead(t)
		})
	}
}

// The outage grows, and the other group is renumbered meanwhile.
func TestAccidentAGroupIsRenumberedWhileAnotherShrinks(t *testing.T) {
	w := leads(t, 6)
	restore := w.lists()
	w.shorten("1/50", 3)
	w.today(t)
	for _, left := range []int{2, 1} {
		w.tomorrow()
		restore()
		w.group("1/51").ID = "52"
		w.shorten("1/50", left)
		w.today(t)
		w.mustLead(t)
	}
}

// A loss of logins waits, or was rejected. The list is whole again, and another login of the
// same people is in a group of another number, or moved. What waited ends, what was rejected
// does after three days, the roster follows; and the next outage is held as the first was.
func TestAccidentALossOfLoginsEndsWhenTheyAreBack(t *testing.T) {
	for _, reject := range []bool{false, true} {
		for name, reorganise := range map[string]func(*world){
			"renumbered": func(w *world) { w.group("1/51").ID = "52" },
			"moved": func(w *world) {
				for i := range w.group("1/51").Agents {
					a := w.group("1/51").Agents[i]
					w.agent("1/12", "7"+a.ID, a.FirstName+" "+a.LastName, rc(a.RCUserID))
				}
				w.shorten("1/51", 0)
			},
		} {
			t.Run(fmt.Sprintf("%s, rejected %t", name, reject), func(t *testing.T) {
				w := leads(t, 6)
				restore := w.lists()
				w.shorten("1/50", 0)
				w.today(t)
				if reject {
					w.refuse(t)
				}
				w.tomorrow()
				restore()
				reorganise(w)
				after := w.lists()
				w.daysOn(t, 4)
				if open := w.books.state.Open; len(open) > 0 {
					t.Errorf("open: %+v", open[0])
				}
				w.mustLead(t)
				w.shorten("1/50", 0)
				w.today(t)
				w.mustLead(t)
				after()
				w.daysOn(t, 1)
				w.mustLead(t)
			})
		}
	}
}
