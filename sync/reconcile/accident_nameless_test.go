package reconcile_test

import (
	"fmt"
	"testing"

	"ringroster/sync"
)

// A list says no names for a day, and on the next day people are made anew there under other ids,
// with their e-mails: a name that is not said contradicts nobody's (R12).
func TestR12ANameThatWasNotSaidContradictsNothing(t *testing.T) {
	for name, silent := range map[string]func(*sync.Agent){
		"no name":       func(a *sync.Agent) { a.FirstName, a.LastName = "", "" },
		"no first name": func(a *sync.Agent) { a.FirstName = "" },
		"no last name":  func(a *sync.Agent) { a.LastName = "" },
	} {
		for when, first := range map[string]bool{"before": true, "on that day": false} {
			t.Run(name+" "+when, func(t *testing.T) {
				w := newWorld()
				w.agent("1/10", "501", "Ada Byron")
				w.agent("1/10", "502", "Bob Roy")
				w.agent("1/10", "503", "Cy Poe")
				w.today(t)
				w.tomorrow()
				ada := &w.group("1/10").Agents[0]
				was := *ada
				if first {
					silent(ada)
					w.today(t)
					w.mustStay(t)
					w.tomorrow()
					*ada = was
				} else {
					silent(ada)
				}
				ada.ID = "601"
				w.today(t)
				w.mustStay(t)
				if len(w.members) != 3 || !w.member(1).HeldID("1/601") {
					t.Errorf("%d members, the first has logins %v", len(w.members), w.active(1))
				}
				w.daysOn(t, 2)
			})
		}
	}
}

// With an inactive member it is no evidence: an address of one who left is given to others.
func TestR12ARecycledAddressOfSomebodyWithoutAName(t *testing.T) {
	w := newWorld()
	w.agent("1/10", "501", "Ada Byron")
	w.agent("1/10", "502", "Bob Roy")
	w.today(t)
	w.tomorrow()
	w.group("1/10").Agents = w.group("1/10").Agents[1:]
	w.today(t)
	same(t, w.inactive(), from(1, 1))
	w.tomorrow()
	w.agent("1/10", "601", "", email("ada@example.com"))
	w.today(t)
	same(t, w.inactive(), from(1, 1))
}

// A second login passes to somebody else, whose record has no rcUserId: it is not the member's whom
// another login says (R5). A record with anything of theirs is.
func TestR5ASecondLoginThatPassesToAStranger(t *testing.T) {
	for _, c := range []struct {
		name    string
		record  func(*sync.Agent)
		members int
		logins  int // of Ada
	}{
		{"a stranger", func(a *sync.Agent) {
			a.FirstName, a.LastName, a.Email, a.UserName = "Zoe", "Fox", "zoe@example.com", "zoe"
		}, 3, 1},
		{"the name is hers", func(a *sync.Agent) { a.Email, a.UserName = "zoe@example.com", "zoe" }, 2, 2},
		{"the last name is", func(a *sync.Agent) { a.FirstName, a.Email, a.UserName = "Zoe", "zoe@example.com", "zoe" }, 2, 2},
		{"the user name is", func(a *sync.Agent) { a.FirstName, a.LastName, a.Email = "Zoe", "Fox", "zoe@example.com" }, 2, 2},
		{"it has no name", func(a *sync.Agent) { a.FirstName, a.LastName, a.Email, a.UserName = "", "", "zoe@example.com", "zoe" }, 2, 2},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld()
			w.agent("1/10", "501", "Ada Byron", rc("701"), userName("ada"))
			w.agent("2/20", "601", "Ada Byron", rc("701"), userName("ada.two"))
			w.agent("1/10", "502", "Bob Roy", rc("702"))
			w.today(t)
			w.tomorrow()
			second := &w.group("2/20").Agents[0]
			second.RCUserID = ""
			c.record(second)
			w.today(t)
			w.mustStay(t)
			if len(w.members) != c.members || len(w.active(1)) != c.logins {
				t.Errorf("%d members, and Ada has %v", len(w.members), w.active(1))
			}
			w.daysOn(t, 2)
		})
	}
}

// Agent ids go round in a family: each record has the name and e-mail of another member, and one last
// name says nothing (R13).
func TestR13AgentIDsThatGoRoundInAFamily(t *testing.T) {
	for name, mailbox := range map[string]option{"e-mails of their own": nil, "one mailbox": email("team@example.com")} {
		t.Run(name, func(t *testing.T) {
			w := newWorld()
			family := []string{"Ada Roy", "Bob Roy", "Cy Roy", "Zoe Fox"}
			for i, who := range family {
				options := []option{userName("u" + who)}
				if mailbox != nil {
					options = append(options, mailbox)
				}
				w.agent("1/10", fmt.Sprint(501+i), who, options...)
			}
			w.today(t)
			w.tomorrow()
			agents := w.group("1/10").Agents
			first := agents[0].ID
			for i := range 2 {
				agents[i].ID = agents[i+1].ID
			}
			agents[2].ID = first
			plan := w.today(t)
			w.mustStay(t)
			for i, who := range family {
				if got := w.member(int64(i + 1)).Profile.Name(); got != who {
					t.Errorf("member %d is %s, and was %s", i+1, got, who)
				}
			}
			if len(plan.Conflicts) != 3 {
				t.Errorf("%v", lines(plan))
			}
		})
	}
}
