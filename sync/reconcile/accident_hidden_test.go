package reconcile_test

import (
	"fmt"
	"slices"
	"testing"

	"ringroster/sync"
)

// Settings are accepted by a full run that holds nobody for them. What an outage hides of their
// effect on that day is asked about when it shows (R23).

// Twelve are agents in one group and supervisors in another. On the day on which the precedence of
// roles is edited, the group of agents answers nothing, or their records bear other names.
func TestAccidentAnOutageHidesWhatSettingsDo(t *testing.T) {
	for name, outage := range map[string]func(*world){
		"an outage": func(w *world) { w.shorten("1/50", 0) },
		"wrong names": func(w *world) {
			for _, group := range []string{"1/50", "1/51"} {
				g := w.group(group)
				g.Agents = slices.Clone(g.Agents)
				for i := range g.Agents {
					a := &g.Agents[i]
					a.FirstName, a.LastName, a.Email = "X"+a.ID, "Y"+a.ID, a.ID+"@example.org"
				}
			}
		},
		"nothing": func(*world) {},
	} {
		t.Run(name, func(t *testing.T) {
			w := seventeen(t, usualLimits, func(w *world) {
				for n := 1; n <= 12; n++ {
					id := fmt.Sprintf("%03d", n)
					w.agent("1/50", "6"+id, "L"+id+" Roy", rc("8"+id))
					w.agent("1/51", "9"+id, "L"+id+" Roy", rc("8"+id), agentType("SUPERVISOR"))
					w.extension("8"+id, "L"+id+" Roy")
				}
				w.Policy.RolePrecedence = sync.RoleSupervisor
				w.Policy.Deciding = []sync.Setting{{Key: "role_precedence", Value: `"Supervisor"`, Default: `"first"`}}
			})
			restore := w.lists()
			w.Policy.RolePrecedence = sync.RoleAgent
			w.Policy.Deciding = []sync.Setting{{Key: "role_precedence", Value: `"Agent"`, Default: `"first"`}}
			outage(w)
			w.today(t)
			w.tomorrow()
			restore()
			w.daysOn(t, 3)
			supervisors := 0
			for _, m := range w.members {
				if m.Profile[sync.Role] == sync.RoleSupervisor {
					supervisors++
				}
			}
			if supervisors != 12 || len(w.books.state.Open) != 12 {
				t.Errorf("%d supervisors are left, %d changes wait", supervisors, len(w.books.state.Open))
			}
		})
	}
}
