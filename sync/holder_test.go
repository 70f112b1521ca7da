package sync

import "testing"

// Whoever has the extension of an agent is that agent, and is brought in once (R7, R9). The
// three agents have no rcUserId; each has an extension with the role that the rule asks for.
func TestR9WhoHasAnAgentsExtensionIsTheAgent(t *testing.T) {
	rules := map[string]func(*world){
		"listed":          func(*world) {},
		"role_permission": func(w *world) { w.Policy.Access = Access{AccessPermission, "WFM"} },
		"role_name":       func(w *world) { w.Policy.Access = Access{AccessRole, "WFM User"} },
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
					if m.Profile[ExtensionNumber] == "" || m.Profile[Role] != RoleSupervisor || len(w.members) != 3 {
						t.Errorf("%d members; member %d: extension %q, %s", len(w.members), m.ID, m.Profile[ExtensionNumber], m.Profile[Role])
					}
				}
			})
		}
	}
}
