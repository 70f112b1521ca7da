package sync

import "testing"

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
			w.Policy.Access = Access{AccessPermission, "WFM"}
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
			if m.Profile[ExtensionNumber] != "001" || m.Profile[Role] != RoleSupervisor || len(w.active(1)) != 1 {
				t.Errorf("member 1: extension %q, %s, logins %v", m.Profile[ExtensionNumber], m.Profile[Role], w.active(1))
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
			if m := w.member(1); m.Profile[ExtensionNumber] != "001" {
				t.Errorf("extension %q", m.Profile[ExtensionNumber])
			}
		})
	}
}

// It has gone with its number, or with its address and name.
func TestR7AnExtensionThatIsAnothers(t *testing.T) {
	for name, then := range map[string]func(*Extension){
		"another number":  func(e *Extension) { e.Number = "009" },
		"another address": func(e *Extension) { e.Email, e.FirstName = "zoe@example.com", "Zoe" },
		"unassigned":      func(e *Extension) { e.Status = "Unassigned" },
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
