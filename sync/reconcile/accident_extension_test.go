package reconcile_test

import (
	"slices"
	"testing"

	"ringroster/sync"
)

// An extension is attached by e-mail where only one can be meant. Where a colleague comes to
// share the mailbox, or a second extension has its address, whoever had the extension has it
// still: the roster knows its number (R7).
func TestR7AMailboxThatIsSharedTakesNoExtension(t *testing.T) {
	colleague := func(w *world) { w.agent("1/11", "9001", "Zoe Fox", email("p001@example.com")) }
	for _, c := range []struct {
		name   string
		before func(*world)
		then   func(*world)
	}{
		{"require_ringex, a colleague", func(w *world) { w.Policy.RequireRingEX = true }, colleague},
		{"require_ringex, a damaged record", func(w *world) { w.Policy.RequireRingEX = true }, func(w *world) {
			w.agent("1/11", "", "Zoe Fox", email("p001@example.com"), faulty("it has no agentId"))
		}},
		{"require_ringex, a second extension", func(w *world) { w.Policy.RequireRingEX = true }, func(w *world) {
			w.extension("9001", "P001 Roy", number("9001"))
		}},
		{"role_permission, a colleague", func(w *world) {
			w.Policy.Access = sync.Access{Rule: sync.AccessPermission, Name: "WFM"}
			w.role("1", "WFM User", []string{"WFM"}, "7001", "7002")
		}, colleague},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld()
			for _, id := range []string{"001", "002"} {
				w.agent("1/10", "5"+id, "P"+id+" Roy", agentType("SUPERVISOR"))
				w.extension("7"+id, "P"+id+" Roy", number(id))
			}
			c.before(w)
			w.today(t)
			w.tomorrow()
			c.then(w)
			w.today(t)
			w.mustStay(t)
			m := w.member(1)
			if m.Profile[sync.ExtensionNumber] != "001" || m.Profile[sync.Role] != sync.RoleSupervisor || len(w.active(1)) != 1 {
				t.Errorf("member 1: extension %q, %s, logins %v", m.Profile[sync.ExtensionNumber], m.Profile[sync.Role], w.active(1))
			}
		})
	}
}

// An e-mail is changed in one place first, or goes from one of them: number and name still say
// whose the extension is (R7).
func TestR7AnEMailThatChangesTakesNoExtension(t *testing.T) {
	for name, then := range map[string]func(*world){
		"in RingEX":       func(w *world) { w.Snapshot.Extensions[1].Email = "new@example.com" },
		"in RingCX":       func(w *world) { w.group("1/10").Agents[0].Email = "new@example.com" },
		"RingEX has none": func(w *world) { w.Snapshot.Extensions[1].Email = "" },
		"RingCX has none": func(w *world) { w.group("1/10").Agents[0].Email = "" },
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld()
			w.Policy.RequireRingEX = true
			for _, id := range []string{"001", "002", "003"} {
				w.agent("1/10", "5"+id, "P"+id+" Roy")
				w.extension("7"+id, "P"+id+" Roy", number(id))
			}
			w.today(t)
			w.tomorrow()
			then(w)
			w.today(t)
			w.mustStay(t)
			if m := w.member(1); m.Profile[sync.ExtensionNumber] != "001" {
				t.Errorf("extension %q", m.Profile[sync.ExtensionNumber])
			}
		})
	}
}

// It has gone with its number, or with its address and name.
func TestR7AnExtensionThatIsAnothers(t *testing.T) {
	for name, then := range map[string]func(*sync.Extension){
		"another address": func(e *sync.Extension) { e.Email, e.FirstName, e.LastName = "zoe@example.com", "Zoe", "Fox" },
		"unassigned":      func(e *sync.Extension) { e.Status = "Unassigned" },
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld()
			w.Policy.RequireRingEX = true
			for _, id := range []string{"001", "002", "003"} {
				w.agent("1/10", "5"+id, "P"+id+" Roy")
				w.extension("7"+id, "P"+id+" Roy", number(id))
			}
			w.today(t)
			w.tomorrow()
			w.agent("1/11", "9001", "Zoe Fox", email("p001@example.com"))
			w.extension("9001", "Zoe Fox", number("901"))
			then(&w.Snapshot.Extensions[1])
			w.today(t)
			same(t, w.inactive(), from(1, 1))
		})
	}
}

// three are agents without an rcUserId, each with an extension of a number.
func three(w *world, names ...string) {
	for i, id := range []string{"001", "002", "003"} {
		w.agent("1/10", "5"+id, "P"+id+" Roy", agentType("SUPERVISOR"))
		w.extension("7"+id, append(names, "P001 Roy", "P002 Roy", "P003 Roy")[i], number(id), email("p"+id+"@example.com"))
	}
}

// RingCX and RingEX follow each other after days, or never: an extension that was somebody's
// stays theirs as long as it bears a name or an e-mail with which it was (R7).
func TestR7AnExtensionStaysWhoseItWas(t *testing.T) {
	agent := func(w *world) *sync.Agent { return &w.group("1/10").Agents[0] }
	ext := func(w *world) *sync.Extension { return &w.Snapshot.Extensions[1] }
	for _, c := range []struct {
		name string
		ext  string // its name
		days []func(*world)
	}{
		{"RingCX changes last name and e-mail, RingEX after days", "P001 Roy", []func(*world){
			func(w *world) { agent(w).LastName, agent(w).Email = "King", "p001.king@example.com" },
			func(w *world) {},
			func(w *world) {},
			func(w *world) { ext(w).LastName = "King" },
			func(w *world) { ext(w).Email = "p001.king@example.com" },
		}},
		{"RingEX writes the name otherwise, and RingCX changes the e-mail", "Bob Roy", []func(*world){
			func(w *world) { agent(w).Email = "new@example.com" },
			func(w *world) {},
			func(w *world) { ext(w).Email = "new@example.com" },
		}},
		{"likewise, and RingEX gives it another number after that", "Bob Roy", []func(*world){
			func(w *world) { agent(w).Email = "new@example.com" },
			func(w *world) { ext(w).Number = "901" },
			func(w *world) {},
		}},
		{"RingEX changes last name and e-mail, RingCX after days", "P001 Roy", []func(*world){
			func(w *world) { ext(w).LastName, ext(w).Email = "King", "p001.king@example.com" },
			func(w *world) {},
			func(w *world) { agent(w).LastName, agent(w).Email = "King", "p001.king@example.com" },
		}},
		{"RingEX writes the name otherwise, and all its e-mails are in another domain", "Bob Roy", []func(*world){
			func(w *world) { ext(w).Email = "p001@example.org" },
			func(w *world) {},
		}},
		{"likewise, and RingCX changes the last name later", "Bob Roy", []func(*world){
			func(w *world) { agent(w).Email = "new@example.com" },
			func(w *world) { agent(w).LastName = "King" },
			func(w *world) { ext(w).FirstName, ext(w).LastName = "P001", "King" },
			func(w *world) { ext(w).Email = "other@example.com" },
		}},
	} {
		for name, rule := range map[string]func(*world){
			"require_ringex": func(w *world) { w.Policy.RequireRingEX = true },
			"role_permission": func(w *world) {
				w.Policy.Access = sync.Access{Rule: sync.AccessPermission, Name: "WFM"}
				w.role("1", "WFM User", []string{"WFM"}, "7001", "7002", "7003")
			},
		} {
			t.Run(c.name+", "+name, func(t *testing.T) {
				w := newWorld()
				three(w, c.ext)
				rule(w)
				w.today(t)
				for i, change := range c.days {
					w.tomorrow()
					change(w)
					w.today(t)
					w.mustStay(t)
					if m := w.member(1); len(w.members) != 3 || m.Profile[sync.Role] != sync.RoleSupervisor || len(w.active(1)) != 1 || len(w.books.state.Open) > 0 {
						t.Errorf("day %d: %d members, member 1 is %s with logins %v, open %+v", i+2, len(w.members), m.Profile[sync.Role], w.active(1), w.books.state.Open)
					}
				}
			})
		}
	}
}

// An extension is made anew, with another id and the same number, of somebody whose e-mails differ in
// RingEX and RingCX. The agent's rcUserId follows after days, or goes first (R7).
func TestR7AnExtensionMadeAnewIsWhoseItWas(t *testing.T) {
	agent := func(w *world) { w.group("1/10").Agents[0].RCUserID = "8001" }
	ext := func(w *world) { w.Snapshot.Extensions[1].ID = "8001" }
	nothing := func(*world) {}
	for name, days := range map[string][]func(*world){
		"the extension first": {ext, nothing, agent, nothing},
		"the agent first":     {agent, nothing, nothing, ext, nothing},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld()
			w.Policy.RequireRingEX = true
			for _, id := range []string{"001", "002", "003"} {
				w.agent("1/10", "5"+id, "P"+id+" Roy", rc("7"+id))
				w.extension("7"+id, "P"+id+" Roy", number(id), email("x"+id+"@example.org"))
			}
			w.today(t)
			for _, change := range days {
				w.tomorrow()
				change(w)
				w.today(t)
				w.mustStay(t)
				if len(w.members) != 3 {
					t.Fatalf("%d members", len(w.members))
				}
			}
		})
	}
}

// Where nothing hangs on extensions, one that is not listed for days is theirs when it is back.
func TestR7AnExtensionThatComesBackIsWhoseItWas(t *testing.T) {
	w := newWorld()
	three(w, "Bob Roy")
	w.today(t)
	w.tomorrow()
	w.group("1/10").Agents[0].Email = "new@example.com"
	w.today(t)
	all := w.Snapshot.Extensions
	w.Snapshot.Extensions = all[:1]
	w.daysOn(t, 2)
	w.Snapshot.Extensions = all
	w.Policy.RequireRingEX = true
	w.daysOn(t, 2)
}

// An extension that is another human's by and by is whoever's it is.
func TestR7AnExtensionThatBecomesAnothersStepByStep(t *testing.T) {
	w := newWorld()
	w.Policy.RequireRingEX = true
	three(w, "Bob Roy")
	w.today(t)
	w.tomorrow()
	w.group("1/10").Agents[0].Email = "new@example.com"
	w.today(t)
	w.tomorrow()
	w.Snapshot.Extensions[1].FirstName, w.Snapshot.Extensions[1].LastName = "Zoe", "Fox"
	w.today(t)
	w.mustStay(t)
	w.tomorrow()
	w.Snapshot.Extensions[1].Email = "zoe@example.com"
	w.today(t)
	same(t, w.inactive(), from(1, 1))
}

// A number that was given to a colleague is no reason, though both use one mailbox (R7).
func TestR7ANumberThatIsAColleaguesNow(t *testing.T) {
	w := newWorld()
	team := email("team@example.com")
	w.Policy.RequireRingEX = true
	w.agent("1/10", "501", "Ada Byron", team)
	w.extension("701", "Ada Byron", team, number("1"))
	w.agent("1/10", "502", "Bob Roy", rc("702"))
	w.agent("1/10", "503", "Cy Poe", rc("703"))
	w.extension("702", "Bob Roy", number("2"))
	w.extension("703", "Cy Poe", number("3"))
	w.today(t)
	w.tomorrow()
	w.group("1/10").Agents[1].Email, w.Snapshot.Extensions[2].Email = "team@example.com", "team@example.com"
	w.today(t)
	w.mustStay(t)
	w.tomorrow()
	w.Snapshot.Extensions = slices.DeleteFunc(w.Snapshot.Extensions, func(e sync.Extension) bool { return e.ID == "701" })
	w.Snapshot.Extensions[1].Number = "1"
	w.group("1/10").Agents[1].RCUserID = "" // Bob is found by his login
	w.today(t)
	same(t, w.inactive(), from(1, 1))
}

// Two members with one number do not both get the extension, whoever is met first.
func TestR7OneExtensionIsKeptByOne(t *testing.T) {
	for range 2 {
		w := newWorld()
		w.Policy.RequireRingEX = true
		three(w, "Abe Fox", "Ben Fox", "Cal Fox")
		w.today(t)
		w.tomorrow()
		w.member(2).Synced.Profile[sync.ExtensionNumber], w.member(2).Synced.Extension = "001", w.member(1).Synced.Extension
		for i := range 2 {
			w.group("1/10").Agents[i].Email = "team@example.com"
			w.Snapshot.Extensions[i+1].Email = "team@example.com"
		}
		w.Snapshot.Extensions[2].Number = "009"
		slices.Reverse(w.members)
		w.today(t)
		same(t, w.inactive(), from(2, 2))
	}
}
