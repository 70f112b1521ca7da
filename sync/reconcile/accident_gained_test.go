package reconcile_test

import (
	"fmt"
	"slices"
	"testing"

	"ringroster/sync"
)

// What somebody gained while something else of theirs waited is theirs since then: days later
// it is no excuse for a list that loses people (R22).

// Five of six supervisors lose their other logins by an outage, which nobody decides about, or
// which is rejected. They get logins in a third group, which full runs see for days. Then the
// supervisors' own group answers nothing.
func TestAccidentALoginGainedWhileALossWaitsIsNoExcuse(t *testing.T) {
	for _, reject := range []bool{false, true} {
		t.Run(fmt.Sprint("rejected ", reject), func(t *testing.T) {
			w := leads(t, 5)
			w.shorten("1/51", 0)
			w.today(t)
			if reject {
				w.refuse(t)
			}
			w.tomorrow()
			for n := 1; n <= 5; n++ {
				id := fmt.Sprintf("%03d", n)
				w.agent("1/12", "7"+id, "L"+id+" Roy", rc("8"+id))
			}
			w.daysOn(t, 2)
			for _, m := range w.members {
				if w.books.state.Open != nil && m.Profile[sync.Role] == sync.RoleSupervisor && len(m.Logins) > 1 {
					if got := w.active(m.ID); len(got) != 3 {
						t.Errorf("%s has the active logins %v: what was gained is applied, what was lost waits", m.Profile.Name(), got)
					}
				}
			}
			w.shorten("1/50", 0)
			w.today(t)
			w.mustLead(t)
			w.daysOn(t, 2)
			w.mustLead(t)
		})
	}
}

// More than the limit become administrators, which waits, or is rejected. The administrators
// list shows them for days. Then the agent group answers nothing in which they are, and one more.
func TestAccidentAnAdministratorsRecordSeenForDaysIsNoExcuse(t *testing.T) {
	for _, reject := range []bool{false, true} {
		t.Run(fmt.Sprint("rejected ", reject), func(t *testing.T) {
			w := seventeen(t, usualLimits, func(w *world) {
				for n := 1; n <= 6; n++ {
					id := fmt.Sprintf("%03d", n)
					w.agent("1/50", "6"+id, "L"+id+" Roy", rc("8"+id))
				}
				w.boss(1, 2, 3, 4)
				w.Policy.RolePrecedence = sync.RoleAdministrator
			})
			for n := 1; n <= 5; n++ {
				id := fmt.Sprintf("%03d", n)
				w.admin("5"+id, "L"+id+" Roy", rc("8"+id))
			}
			w.today(t)
			if reject {
				w.refuse(t)
			}
			if got := len(w.books.state.Open); got != 5 {
				t.Fatalf("%d changes are open of 5", got)
			}
			w.daysOn(t, 2)
			w.shorten("1/50", 0)
			w.daysOn(t, 2)
			w.mustStay(t)
			for id := int64(205); id <= 210; id++ {
				if len(w.active(id)) == 0 {
					t.Errorf("member %d has lost the login", id)
				}
			}
		})
	}
}

// A loss of logins was rejected. They are active again for a day, and the next morning another
// login of one of these people is missing: the rejection is not about that one, and lasts.
func TestR26AnotherLoginThanTheRejectedIsLost(t *testing.T) {
	w := leads(t, 6)
	restore := w.lists()
	w.shorten("1/51", 0)
	w.today(t)
	w.refuse(t)
	restore()
	w.daysOn(t, 1)
	lost := w.group("1/50").Agents[5].ID
	w.shorten("1/50", 5)
	plan := w.today(t)
	member := int64(210)
	if run, why := w.waitsAs(member, sync.LoginsField); run != 0 || w.refusals(member) != 1 {
		t.Errorf("held for %v: %v", why, lines(plan))
	}
	if got := w.active(member); slices.Contains(got, sync.LoginKey("1", lost)) || len(got) != 1 {
		t.Errorf("the active logins are %v", got)
	}
}
