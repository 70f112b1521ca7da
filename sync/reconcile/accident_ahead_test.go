package reconcile_test

import (
	"fmt"
	"testing"

	"ringroster/sync"
)

// officers is the company with six administrators in group 50.
func officers(t *testing.T, linked bool) *world {
	return seventeen(t, usualLimits, func(w *world) {
		for n := 1; n <= 6; n++ {
			id := fmt.Sprintf("%03d", n)
			options := []option{rc("8" + id)}
			if !linked {
				options = nil
			}
			w.agent("1/50", "6"+id, "L"+id+" Roy", options...)
			w.admin("3"+id, "L"+id+" Roy", options...)
			if linked {
				w.extension("8"+id, "L"+id+" Roy")
			}
		}
		w.Policy.RolePrecedence = sync.RoleAdministrator
	})
}

// The administrators list comes with other rcUserIds, without names, or with other people's. The
// ids are what they were: nobody loses the role unasked (R5, R22).
func TestAccidentTheAdministratorsListSaysOthers(t *testing.T) {
	for _, c := range []struct {
		name   string
		linked bool
		fault  func(int, *sync.Admin)
	}{
		{"other rcUserIds", true, func(i int, a *sync.Admin) { a.RCUserID = fmt.Sprint(9900 + i) }},
		{"another rcUserId of one", true, func(i int, a *sync.Admin) {
			if i == 0 {
				a.RCUserID = "9900"
			}
		}},
		{"no names and e-mails", false, func(_ int, a *sync.Admin) { a.FirstName, a.LastName, a.Email = "", "", "" }},
		{"strangers", false, func(i int, a *sync.Admin) {
			a.FirstName, a.LastName, a.Email = fmt.Sprint("X", i), fmt.Sprint("Y", i), fmt.Sprint("x", i, "@example.org")
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := officers(t, c.linked)
			all := w.Snapshot.Admins
			w.Snapshot.Admins = append([]sync.Admin(nil), all...)
			for i := range w.Snapshot.Admins {
				c.fault(i, &w.Snapshot.Admins[i])
			}
			must := func() {
				t.Helper()
				n := 0
				for _, m := range w.members {
					if m.Profile[sync.Role] == sync.RoleAdministrator && m.Status == sync.Active && m.ID <= 210 {
						n++
					}
				}
				if n != 6 {
					t.Errorf("%d administrators are left of 6", n)
				}
			}
			w.daysOn(t, 2)
			must()
			w.Snapshot.Admins = all
			w.daysOn(t, 2)
			must()
			w.mustStay(t)
		})
	}
}

// A wrong approval ended the logins of one list. They are back on the day on which another list of
// the same people answers nothing: what they had before is no gain (R22).
func TestAccidentWhatComesBackIsNoGain(t *testing.T) {
	w := leads(t, 6)
	restore := w.lists()
	w.shorten("1/51", 0)
	w.today(t)
	w.approve(t, w.lastRun, nil)
	w.tomorrow()
	restore()
	w.shorten("1/50", 0)
	w.daysOn(t, 2)
	w.mustLead(t)
}
