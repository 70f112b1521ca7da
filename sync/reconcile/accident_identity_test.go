package reconcile_test

import (
	"fmt"
	"testing"

	"ringroster/sync"
)

// These are stories of people without an rcUserId whose ids, names, mailboxes and extensions
// change: nobody leaves, and nobody is two members.
func TestIdentityWhoIsStillListedStays(t *testing.T) {
	agent := func(w *world, i int) *sync.Agent { return &w.group("1/10").Agents[i] }
	nothing := func(*world) {}
	team := email("team@example.com")
	four := func(w *world) {
		for i, who := range []string{"Ada Byron", "Bob Roy", "Cy Poe", "Dan Fox"} {
			w.agent("1/10", fmt.Sprint(501+i), who, userName(who))
		}
	}
	for _, c := range []struct {
		name    string
		before  func(*world)
		days    []func(*world)
		members int
	}{
		{"a colleague's agent id goes to one whose own is gone (R13)", four, []func(*world){
			func(w *world) { agent(w, 0).ID, agent(w, 3).ID = "617", "501" },
			nothing,
		}, 4},
		{"all agent ids move on (R13)", four, []func(*world){
			func(w *world) {
				for i := range 4 {
					agent(w, i).ID = fmt.Sprint(501 + i + 2)
				}
			},
			nothing,
		}, 4},
		{"likewise, of two with one first name (R13)", func(w *world) {
			w.agent("1/10", "501", "Leo Meyer", email("leo.meyer@example.com"))
			w.agent("1/10", "502", "Leo Stone", email("leo.stone@example.com"))
			w.agent("1/10", "503", "Cy Poe")
		}, []func(*world){
			func(w *world) { agent(w, 0).ID, agent(w, 1).ID = "509", "501" },
			nothing,
		}, 3},
		{"a shared mailbox, and one's record is made anew (R12)", func(w *world) {
			w.agent("1/10", "501", "Pam Klein", team)
			w.agent("1/10", "502", "Bob Roy", team)
			w.agent("1/10", "503", "Cy Poe")
		}, []func(*world){
			func(w *world) { agent(w, 0).ID = "510" },
			nothing,
		}, 3},
		{"a team's mailbox, and most records are made anew (R12)", func(w *world) {
			for i, who := range []string{"Ada Byron", "Bob Roy", "Cy Poe", "Dan Fox", "Eva Klein", "Fay Ng"} {
				w.agent("1/10", fmt.Sprint(501+i), who, team)
			}
		}, []func(*world){
			func(w *world) {
				for i := range 4 {
					agent(w, i).ID = fmt.Sprint(601 + i)
				}
			},
			nothing,
		}, 6},
		{"agent and administrator, and the last name changes in one list first (R5)", func(w *world) {
			four(w)
			w.admin("301", "Ada Byron")
			w.admin("302", "Zoe Otto")
		}, []func(*world){
			func(w *world) { agent(w, 0).LastName = "King" },
			nothing,
			func(w *world) { w.Snapshot.Admins[0].LastName = "King" },
			nothing,
		}, 5},
		{"agent and administrator, and the first name changes in one list first (R5)", func(w *world) {
			four(w)
			w.admin("301", "Ada Byron")
			w.admin("302", "Zoe Otto")
		}, []func(*world){
			func(w *world) { w.Snapshot.Admins[0].FirstName = "Adelaide" },
			nothing,
			func(w *world) { agent(w, 0).FirstName = "Adelaide" },
			nothing,
		}, 5},
		{"two logins, and the last name changes in one record first (R5)", func(w *world) {
			four(w)
			w.agent("1/11", "601", "Ada Byron")
		}, []func(*world){
			func(w *world) { agent(w, 0).LastName = "King" },
			nothing,
			func(w *world) { w.group("1/11").Agents[0].LastName = "King" },
		}, 4},
		{"e-mails are missing on the administrators list for a day (R5)", func(w *world) {
			four(w)
			w.admin("301", "Ada Byron")
			w.admin("302", "Bob Roy")
		}, []func(*world){
			func(w *world) { w.Snapshot.Admins[0].Email, w.Snapshot.Admins[1].Email = "", "" },
			func(w *world) {
				w.Snapshot.Admins[0].Email, w.Snapshot.Admins[1].Email = "ada@example.com", "bob@example.com"
			},
			nothing,
		}, 4},
		{"a mailbox is shared, and a record made anew has no name for a day (R6)", func(w *world) {
			w.agent("1/10", "501", "Oda Evans", team)
			w.agent("1/10", "502", "Xia Ng", team)
			w.agent("1/10", "503", "Cy Poe")
		}, []func(*world){
			func(w *world) {
				*agent(w, 1) = sync.Agent{ID: "520", Email: "team@example.com", Type: "AGENT", Active: true}
			},
			func(w *world) { agent(w, 1).FirstName, agent(w, 1).LastName = "Xia", "Ng" },
			nothing,
		}, 3},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld()
			c.before(w)
			w.today(t)
			roles := w.member(1).Profile[sync.Role]
			for i, change := range c.days {
				w.tomorrow()
				change(w)
				plan := w.today(t)
				w.mustStay(t)
				if got := w.member(1).Profile[sync.Role]; got != roles {
					t.Errorf("day %d: member 1 is %s\n%v", i+2, got, lines(plan))
				}
			}
			if len(w.members) != c.members {
				t.Errorf("%d members", len(w.members))
			}
		})
	}
}

// An extension is made anew, or its e-mail and name differ from the agent's: who had it has it (R7).
func TestIdentityExtensionsStayWhoseTheyAre(t *testing.T) {
	agent := func(w *world, i int) *sync.Agent { return &w.group("1/10").Agents[i] }
	ext := func(w *world, i int) *sync.Extension { return &w.Snapshot.Extensions[i] }
	nothing := func(*world) {}
	plain := func(w *world) { three(w) }
	for _, c := range []struct {
		name   string
		before func(*world)
		days   []func(*world)
	}{
		{"a shared mailbox, and one extension made anew has it and a name", func(w *world) {
			w.agent("1/10", "501", "Ann Roy", email("ann@example.com"), agentType("SUPERVISOR"))
			w.agent("1/10", "502", "Una Fox", email("ann@example.com"), agentType("SUPERVISOR"))
			w.extension("7001", "Ann Roy", number("1"), email("ann@example.com"))
			w.extension("7002", "Una Fox", number("2"), email("una@example.com"))
			w.Snapshot.Extensions[1].Email = "ann.roy@example.com"
			w.group("1/10").Agents[0].Email, w.group("1/10").Agents[1].Email = "ann.roy@example.com", "una@example.com"
		}, []func(*world){
			func(w *world) {
				agent(w, 0).Email, agent(w, 1).Email = "ann@example.com", "ann@example.com"
				ext(w, 1).Email = "ann@example.com"
			},
			nothing,
			func(w *world) { ext(w, 1).ID, ext(w, 1).Number = "8001", "801" },
			nothing,
		}},
		{"the agent's e-mail is in another domain already, and the extension is made anew", plain, []func(*world){
			func(w *world) { agent(w, 0).Email = "p001@example.org" },
			func(w *world) { ext(w, 1).ID, ext(w, 1).Number = "8001", "801" },
			nothing,
		}},
		{"last name, e-mail and number change in RingEX first", plain, []func(*world){
			func(w *world) {
				ext(w, 1).LastName, ext(w, 1).Email, ext(w, 1).Number = "King", "king@example.com", "801"
			},
			nothing,
			func(w *world) { agent(w, 0).LastName, agent(w, 0).Email = "King", "king@example.com" },
		}},
		{"the agent record is made anew, and the e-mail changes with it", plain, []func(*world){
			func(w *world) {
				agent(w, 0).ID, agent(w, 0).Email, ext(w, 1).Email = "601", "new@example.com", "new@example.com"
			},
			nothing,
		}},
	} {
		for name, rule := range map[string]func(*world){
			"require_ringex": func(w *world) { w.Policy.RequireRingEX = true },
			"role_permission": func(w *world) {
				w.Policy.Access = sync.Access{Rule: sync.AccessPermission, Name: "WFM"}
				w.role("1", "WFM User", []string{"WFM"}, "7001", "7002", "7003", "8001")
			},
		} {
			t.Run(c.name+", "+name, func(t *testing.T) {
				w := newWorld()
				c.before(w)
				rule(w)
				w.today(t)
				n := len(w.members)
				for i, change := range c.days {
					w.tomorrow()
					change(w)
					plan := w.today(t)
					w.mustStay(t)
					if m := w.member(1); m.Profile[sync.Role] != sync.RoleSupervisor || len(w.active(1)) != 1 || len(w.members) != n {
						t.Errorf("day %d: %d members, the first is %s with %v\n%v", i+2, len(w.members), m.Profile[sync.Role], w.active(1), lines(plan))
					}
				}
			})
		}
	}
}

// Of somebody with an rcUserId an extension was kept by its number. On the next day extensions say no
// names (R7).
func TestIdentityAKeptExtensionWithoutAName(t *testing.T) {
	w := newWorld()
	w.Policy.RequireRingEX = true
	for _, id := range []string{"001", "002", "003"} {
		w.agent("1/10", "5"+id, "P"+id+" Roy", rc("7"+id))
		w.extension("7"+id, "P"+id+" Roy", number(id), email("x"+id+"@example.org"))
	}
	w.today(t)
	w.tomorrow()
	w.Snapshot.Extensions[1].ID, w.Snapshot.Extensions[1].Email = "8001", "other@example.org"
	w.today(t)
	w.mustStay(t)
	w.tomorrow()
	w.Snapshot.Extensions[1].FirstName, w.Snapshot.Extensions[1].LastName = "", ""
	w.today(t)
	w.mustStay(t)
}

// The extension of somebody with an rcUserId is made anew, with another number and an e-mail that RingCX
// has no more. It is theirs if it alone has their name, and their own is not listed any more (R7).
func TestIdentityAnExtensionMadeAnewOfAnRCUserID(t *testing.T) {
	for name, c := range map[string]struct {
		then func(*world)
		gone []int64
	}{
		"made anew": {func(w *world) { w.Snapshot.Extensions[1].ID = "8001" }, nil},
		"a namesake's besides": {func(w *world) {
			w.Snapshot.Extensions[1].ID = "8001"
			w.extension("8002", "P001 Roy", number("802"), email("y@example.org"))
		}, from(1, 1)},
		"a namesake's, while their own is unassigned": {func(w *world) {
			w.Snapshot.Extensions[1].Status = "Unassigned"
			w.extension("8002", "P001 Roy", number("802"), email("y@example.org"))
		}, from(1, 1)},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld()
			w.Policy.RequireRingEX = true
			for _, id := range []string{"001", "002", "003"} {
				w.agent("1/10", "5"+id, "P"+id+" Roy", rc("7"+id))
				w.extension("7"+id, "P"+id+" Roy", number(id), email("x"+id+"@example.org"))
			}
			w.today(t)
			w.tomorrow()
			c.then(w)
			w.Snapshot.Extensions[1].Number = "801"
			w.today(t)
			same(t, w.inactive(), c.gone)
		})
	}
}

// A record made anew without a name, in the mailbox of a colleague with an rcUserId, is theirs whose
// name it has on the next day (R5, R6).
func TestIdentityARecordWithoutANameInAMailboxOfTwo(t *testing.T) {
	for name, option := range map[string]option{"without an rcUserId": rc(""), "with one": rc("709")} {
		t.Run(name, func(t *testing.T) {
			w := newWorld()
			team := email("team@example.com")
			w.agent("1/10", "501", "Oda Evans", team, rc("701"), userName("oda"))
			w.agent("1/10", "502", "Xia Ng", team, option, userName("xia"))
			w.agent("1/10", "503", "Cy Poe", rc("703"))
			w.today(t)
			w.tomorrow()
			xia := &w.group("1/10").Agents[1]
			*xia = sync.Agent{ID: "520", Email: "team@example.com", UserName: "xia", Type: "AGENT", Active: true}
			w.today(t)
			w.mustStay(t)
			w.tomorrow()
			xia.FirstName, xia.LastName = "Xia", "Ng"
			w.today(t)
			w.mustStay(t)
			w.daysOn(t, 1)
			if len(w.members) != 3 || len(w.active(1)) != 1 || len(w.active(2)) != 1 {
				t.Errorf("%d members, logins %v and %v", len(w.members), w.active(1), w.active(2))
			}
		})
	}
}

// An rcUserId passes to a newcomer on the day on which its owner gets another one: they are two, in
// whatever order the list has them (R5, R13).
func TestIdentityAnRCUserIDThatPassesOn(t *testing.T) {
	for _, ownerFirst := range []bool{true, false} {
		t.Run(fmt.Sprint("the owner first: ", ownerFirst), func(t *testing.T) {
			w := newWorld()
			w.agent("1/10", "501", "Bob Roy", rc("706"))
			w.agent("1/10", "502", "Cy Poe", rc("702"))
			w.today(t)
			w.tomorrow()
			bob := w.group("1/10").Agents[0]
			bob.RCUserID = "709"
			w.group("1/10").Agents = w.group("1/10").Agents[1:]
			if ownerFirst {
				w.group("1/10").Agents = append([]sync.Agent{bob}, w.group("1/10").Agents...)
			}
			w.agent("1/10", "900", "Pam Klein", rc("706"))
			if !ownerFirst {
				w.group("1/10").Agents = append(w.group("1/10").Agents, bob)
			}
			plan := w.today(t)
			w.mustStay(t)
			if len(w.active(1)) != 1 || len(plan.Conflicts) == 0 {
				t.Errorf("Bob has %v\n%v", w.active(1), lines(plan))
			}
		})
	}
}

// The leaver's agent id goes to a newcomer whose record has no e-mail, while the leaver's extension is
// listed yet: what it says is no evidence of who the newcomer is (R13).
func TestIdentityAnExtensionIsNoEvidenceOfItsKeeper(t *testing.T) {
	w := newWorld()
	three(w)
	w.today(t)
	w.tomorrow()
	a := &w.group("1/10").Agents[0]
	a.FirstName, a.LastName, a.Email = "Cid", "Cohen", ""
	plan := w.today(t)
	if got := w.member(1).Profile[sync.FirstName]; got != "P001" || len(plan.Conflicts) != 1 {
		t.Errorf("member 1 is %s\n%v", got, lines(plan))
	}
}
