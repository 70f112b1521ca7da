package reconcile_test

import (
	"fmt"
	"slices"
	"testing"

	"ringroster/sync"
)

// A login of which the loss waits, or was rejected, stays with its member, but not once RingCentral
// lists it as somebody else's: it is one person's (R26).

// lentLogins is a company in which the first so many have records in group 40, too. That group
// answers nothing one morning.
func lentLogins(t *testing.T, n int) *world {
	t.Helper()
	w := seventeen(t, usualLimits, func(w *world) {
		for i := range n {
			a := w.group(fmt.Sprintf("1/%d", 10+i/12)).Agents[i%12]
			w.agent("1/40", "9"+a.ID, a.FirstName+" "+a.LastName, rc(a.RCUserID))
		}
	})
	return w
}

func TestR26ALoginThatIsSomebodyElsesByNow(t *testing.T) {
	for _, reject := range []bool{false, true} {
		for name, c := range map[string]struct {
			rcUserID, name, email string
			inactive              bool
			passes                bool
		}{
			"a colleague's":                   {"7013", "P013 Roy", "p013@example.com", false, true},
			"a newcomer's":                    {"7999", "Mal Evil", "mal@example.com", false, true},
			"a colleague's, but inactive":     {"7013", "P013 Roy", "p013@example.com", true, false},
			"a colleague's, with their name":  {"7013", "P001 Roy", "p013@example.com", false, false},
			"a colleague's, a part and email": {"7013", "P013 Roy", "p001@example.com", false, false},
			"a colleague's, without a name":   {"7013", "", "p013@example.com", false, false},
			"nobody's that is known":          {"", "", "", false, false},
		} {
			t.Run(fmt.Sprintf("%s, rejected %t", name, reject), func(t *testing.T) {
				w := lentLogins(t, 12)
				all := slices.Clone(w.group("1/40").Agents)
				w.shorten("1/40", 0)
				same(t, reasonsFor(w.today(t)), []string{"list_emptied"})
				if reject {
					w.refuse(t)
				}
				w.group("1/40").Agents = all[1:]
				w.tomorrow().agent("1/40", "95001", c.name, rc(c.rcUserID), email(c.email), func(r *record) { r.inactive = c.inactive })
				plan := w.today(t)
				for range 3 {
					want := []string{"1/5001"}
					if !c.passes {
						want = append(want, "1/95001")
					}
					same(t, w.active(1), want)
					if m := w.member(1); m.Status != sync.Active || m.Profile.Name() != "P001 Roy" {
						t.Errorf("the member is %+v", m)
					}
					w.tomorrow().today(t)
				}
				if told := slices.ContainsFunc(plan.Notes, func(n sync.Note) bool { return n.Member == 1 && n.Reason == sync.NoteLoginPassed }); told != c.passes {
					t.Errorf("told: %t, %+v", told, plan.Notes)
				}
				if run, _ := w.waitsAs(1, sync.LoginsField); c.passes && (run != 0 || w.refusals(1) != 0) {
					t.Errorf("something goes on: %+v", w.books.state.Open)
				}
			})
		}
	}
}

// Without rcUserIds a login is somebody else's by another name and another e-mail.
func TestR26ALoginOfAnotherNameAndEmail(t *testing.T) {
	for name, c := range map[string]struct {
		name, email string
		passes      bool
	}{
		"a colleague's":     {"Bob Lee", "bob@example.com", true},
		"another name":      {"Bob Lee", "ada@example.com", false},
		"another e-mail":    {"Ada Byron", "bob@example.com", false},
		"married":           {"Ada Lee", "ada.lee@example.com", false},
		"without an e-mail": {"Bob Lee", "", false},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld()
			for i, name := range []string{"Ada Byron", "Bob Lee", "Cid Poe", "Dora Fox", "Eve Hu"} {
				w.agent("1/10", fmt.Sprintf("50%d", i+1), name)
				if name != "Bob Lee" {
					w.agent("1/40", fmt.Sprintf("60%d", i+1), name)
				}
			}
			w.today(t)
			all := slices.Clone(w.tomorrow().group("1/40").Agents)
			w.group("1/40").Agents = nil
			same(t, reasonsFor(w.today(t)), []string{"list_emptied"})
			w.refuse(t)
			w.group("1/40").Agents = all[1:]
			w.tomorrow().agent("1/40", "601", c.name, email(c.email))
			plan := w.today(t)
			if had := slices.Contains(w.active(1), "1/601"); had == c.passes {
				t.Errorf("the login is still theirs: %t, %v", had, lines(plan))
			}
			if c.passes && !slices.Contains(w.active(2), "1/601") {
				t.Errorf("the colleague has %v: %v", w.active(2), lines(plan))
			}
			w.mustStay(t)
		})
	}
}

// More logins than the limit allows become somebody else's at once: they wait, however long that
// takes, and no run ends them unasked (R25, R35).
func TestR35AWaveOfLoginsThatPassWaits(t *testing.T) {
	w := lentLogins(t, 72)
	for i := range w.group("1/40").Agents {
		a, other := &w.group("1/40").Agents[i], w.group(fmt.Sprintf("1/%d", 17+i/12)).Agents[i%12]
		a.RCUserID, a.FirstName, a.LastName, a.Email = other.RCUserID, other.FirstName, other.LastName, other.Email
	}
	for range 10 {
		plan := w.today(t)
		if got := reasonsFor(plan); !slices.Contains(got, "update_limit") {
			t.Errorf("held for %v", got)
		}
		for id := range int64(72) {
			if got := w.active(id + 1); len(got) != 2 {
				t.Fatalf("member %d has %v: %v", id+1, got, lines(plan))
			}
		}
		w.tomorrow()
	}
	w.approve(t, w.lastRun, nil)
	same(t, w.active(1), []string{"1/5001"})
}

// Of several logins that wait, one passes, and the others wait on.
func TestR26OneOfSeveralLoginsPasses(t *testing.T) {
	w := seventeen(t, usualLimits, func(w *world) {
		for i := range 12 {
			a := w.group("1/10").Agents[i]
			w.agent("1/40", "9"+a.ID, a.FirstName+" "+a.LastName, rc(a.RCUserID))
			w.agent("1/41", "8"+a.ID, a.FirstName+" "+a.LastName, rc(a.RCUserID))
		}
	})
	all := slices.Clone(w.group("1/40").Agents)
	w.shorten("1/40", 0)
	w.shorten("1/41", 0)
	w.today(t)
	same(t, w.active(1), []string{"1/5001", "1/85001", "1/95001"})
	w.group("1/40").Agents = all[1:]
	w.agent("1/40", "95001", "P013 Roy", rc("7013"))
	for range 3 {
		w.tomorrow().today(t)
		same(t, w.active(1), []string{"1/5001", "1/85001"})
		same(t, w.active(13), []string{"1/5013", "1/95001"})
		if run, _ := w.waitsAs(1, sync.LoginsField); run == 0 {
			t.Error("the other login waits no more")
		}
	}
	w.approve(t, w.lastRun, these(1))
	same(t, w.active(1), []string{"1/5001"})
}

// Whose leaving was rejected is present again with a login less, which a colleague has.
func TestR25ALoginPassesOfWhomItIsOpenWhetherTheyLeave(t *testing.T) {
	for _, reject := range []bool{false, true} {
		w := lentLogins(t, 12)
		back := w.lists()
		for i := range 12 {
			w.drop(i + 1)
		}
		w.today(t)
		if reject {
			w.refuse(t)
		}
		back()
		w.group("1/40").Agents = w.group("1/40").Agents[1:]
		w.tomorrow().agent("1/40", "95001", "P013 Roy", rc("7013"))
		w.daysOn(t, 2)
		same(t, w.active(1), []string{"1/5001"})
		same(t, w.active(13), []string{"1/5013", "1/95001"})
	}
}

// A list that says for a day who else has the logins of several is wrong sooner than right: they stay
// held, or rejected, as they were (R26).
func TestR26SeveralLoginsOfAGroupDoNotPass(t *testing.T) {
	for _, reject := range []bool{false, true} {
		t.Run(fmt.Sprint("rejected: ", reject), func(t *testing.T) {
			w := lentLogins(t, 12)
			all := slices.Clone(w.group("1/40").Agents)
			w.shorten("1/40", 0)
			w.today(t)
			if reject {
				w.refuse(t)
			}
			w.tomorrow()
			for i := range 12 {
				w.agent("1/40", all[i].ID, fmt.Sprintf("Mal%d Evil", i), rc(fmt.Sprint(7900+i)))
			}
			w.today(t)
			w.tomorrow().group("1/40").Agents = all
			w.today(t)
			for id := range int64(12) {
				if got := w.active(id + 1); len(got) != 2 {
					t.Errorf("member %d has %v", id+1, got)
				}
			}
		})
	}
}
