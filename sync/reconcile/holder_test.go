package reconcile_test

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"ringroster/sync"
)

// Whoever has the extension of an agent is that agent, and is brought in once (R7, R9). The
// three agents have no rcUserId; each has an extension with the role that the rule asks for.
func TestR9WhoHasAnAgentsExtensionIsTheAgent(t *testing.T) {
	rules := map[string]func(*world){
		"listed":          func(*world) {},
		"role_permission": func(w *world) { w.Policy.Access = sync.Access{Rule: sync.AccessPermission, Name: "WFM"} },
		"role_name":       func(w *world) { w.Policy.Access = sync.Access{Rule: sync.AccessRole, Name: "WFM User"} },
	}
	changes := map[string]func(*world){
		"RingCX changes the e-mail first": func(w *world) { w.group("1/10").Agents[0].Email = "new@example.com" },
		"RingEX changes the e-mail first": func(w *world) { w.Snapshot.Extensions[1].Email = "new@example.com" },
		"RingEX changes e-mail and last name first": func(w *world) {
			w.Snapshot.Extensions[1].Email, w.Snapshot.Extensions[1].LastName = "new@example.com", "King"
			w.group("1/10").Agents[0].LastName = "King"
		},
		"two come to share a mailbox": func(w *world) {
			for i := range 2 {
				w.group("1/10").Agents[i].Email, w.Snapshot.Extensions[i+1].Email = "team@example.com", "team@example.com"
			}
		},
	}
	for rule, set := range rules {
		for name, change := range changes {
			t.Run(rule+", "+name, func(t *testing.T) {
				w := newWorld()
				three(w)
				set(w)
				w.role("1", "WFM User", []string{"WFM"}, "7001", "7002", "7003")
				w.today(t)
				w.tomorrow()
				change(w)
				if people := w.today(t).Summary.People; people != 3 || len(w.members) != 3 {
					t.Errorf("%d people, %d members", people, len(w.members))
				}
				w.daysOn(t, 3)
				for _, m := range w.members {
					if m.Profile[sync.ExtensionNumber] == "" || m.Profile[sync.Role] != sync.RoleSupervisor || len(w.members) != 3 {
						t.Errorf("%d members; member %d: extension %q, %s", len(w.members), m.ID, m.Profile[sync.ExtensionNumber], m.Profile[sync.Role])
					}
				}
			})
		}
	}
}

// An agent whose extension came in by itself, while the e-mails differed, becomes that member
// once they are the same (R5).
func TestR9AnAgentBecomesWhoHasTheExtension(t *testing.T) {
	for _, name := range []string{"Ada Byron", "A. Byron"} {
		t.Run(name, func(t *testing.T) {
			w := newWorld()
			w.Policy.Access = sync.Access{Rule: sync.AccessPermission, Name: "WFM"}
			w.role("1", "WFM User", []string{"WFM"}, "701", "702")
			w.agent("1/10", "501", "Ada Byron", email("a.byron@example.com"), agentType("SUPERVISOR"))
			w.extension("701", name, number("1"), email("ada@example.com"))
			w.extension("702", "Bob Roy", number("2"))
			w.today(t)
			w.tomorrow()
			w.group("1/10").Agents[0].Email = "ada@example.com"
			plan := w.today(t)
			w.mustStay(t)
			if len(w.members) != 2 || w.member(1).Profile[sync.Role] != sync.RoleSupervisor {
				t.Error(lines(plan))
			}
		})
	}
}

// An agent record goes, and the extension with its role stays: so does the member (R9).
func TestR9WhoLosesTheRecordStaysByTheExtension(t *testing.T) {
	for _, name := range []string{"P001 Roy", "Bob Roy"} {
		t.Run(name, func(t *testing.T) {
			w := newWorld()
			three(w, name)
			w.Policy.Access = sync.Access{Rule: sync.AccessPermission, Name: "WFM"}
			w.role("1", "WFM User", []string{"WFM"}, "7001", "7002", "7003")
			w.today(t)
			w.tomorrow()
			w.group("1/10").Agents = w.group("1/10").Agents[1:]
			plan := w.today(t)
			w.mustStay(t)
			if len(w.members) != 3 || len(w.active(1)) != 0 {
				t.Error(lines(plan))
			}
		})
	}
}

// Who keeps which extension does not depend on the order in which members are met.
func TestLawExtensionsAreKeptInAnyOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := newWorld()
		word := func(label string, words ...string) string { return rapid.SampledFrom(words).Draw(t, label) }
		draw := func() {
			w.clearAll()
			for i := range 4 {
				id := fmt.Sprint(i + 1)
				mail, name := email(word("e-mail", "a@example.com", "b@example.com", "p"+id+"@example.com")), word("name", "P"+id+" Roy", "Ada Roy")
				if word("record", "yes", "yes", "yes", "no") == "yes" {
					w.agent("1/10", "50"+id, name, mail, rc(word("rcUserId", "", "", "70"+id)))
				}
				if word("extension", "yes", "yes", "yes", "no") == "yes" {
					w.extension("70"+id, name, email(word("its e-mail", "a@example.com", "p"+id+"@example.com", "")), number(word("number", id, id, "9"+id, "1")))
				}
			}
		}
		w.role("1", "WFM User", []string{"WFM"}, "701", "702", "703", "704")
		w.agent("1/11", "505", "Otto Owner", rc("900"))
		w.Policy.RequireRingEX = word("require_ringex", "yes", "no") == "yes"
		if word("rule", "listed", "role") == "role" {
			w.Policy.Access = sync.Access{Rule: sync.AccessPermission, Name: "WFM"}
		}
		for range rapid.IntRange(1, 3).Draw(t, "days") {
			draw()
			w.sync(t)
		}
		draw()
		want := w.plan(t)
		w.members = rapid.Permutation(w.members).Draw(t, "order")
		if diff := cmp.Diff(want, w.plan(t), nexts); diff != "" {
			t.Errorf("-as listed +shuffled:\n%s", diff)
		}
	})
}
