package reconcile_test

import (
	"testing"

	"ringroster/sync"
)

// Two agents without an rcUserId share a mailbox, and one's record has no name for a day: each has
// their own extension, nobody comes in twice, and nobody leaves when RingEX changes the other's
// last name after that (R6, R7).
func TestR7ASharedMailboxAndARecordWithoutAName(t *testing.T) {
	for name, rule := range map[string]func(*world){
		"require_ringex": func(w *world) { w.Policy.RequireRingEX = true },
		"role_permission": func(w *world) {
			w.Policy.Access = sync.Access{Rule: sync.AccessPermission, Name: "WFM"}
			w.role("1", "WFM User", []string{"WFM"}, "7001", "7002", "7003")
		},
	} {
		for who := range 2 {
			for _, each := range []bool{true, false} { // each extension has the mailbox, or one
				t.Run(name+" "+mailboxCase(who, each), func(t *testing.T) {
					w := newWorld()
					rule(w)
					team := email("team@example.com")
					w.agent("1/10", "501", "Ada Byron", team)
					w.agent("1/10", "502", "Bob Roy", team)
					w.agent("1/10", "503", "Cy Poe")
					w.extension("7001", "Ada Byron", number("1"), team)
					w.extension("7002", "Bob Roy", number("2"), email("bob@example.com"))
					w.extension("7003", "Cy Poe", number("3"))
					if each {
						w.Snapshot.Extensions[2].Email = "team@example.com"
					}
					w.group("1/10").Agents[0].Email, w.group("1/10").Agents[1].Email = "ada@example.com", "bob@example.com"
					w.Snapshot.Extensions[1].Email, w.Snapshot.Extensions[2].Email = "ada@example.com", "bob@example.com"
					w.today(t)
					w.tomorrow()
					w.group("1/10").Agents[0].Email, w.group("1/10").Agents[1].Email = "team@example.com", "team@example.com"
					w.Snapshot.Extensions[1].Email = "team@example.com"
					if each {
						w.Snapshot.Extensions[2].Email = "team@example.com"
					}
					w.today(t)
					w.mustStay(t)
					a := &w.group("1/10").Agents[who]
					was := *a
					w.tomorrow()
					a.FirstName, a.LastName = "", ""
					w.today(t)
					w.mustStay(t)
					*a = was
					w.daysOn(t, 1)
					w.Snapshot.Extensions[1].LastName = "King"
					w.daysOn(t, 2)
					w.Snapshot.Extensions[2].LastName = "King"
					w.daysOn(t, 2)
					if len(w.members) != 3 {
						t.Errorf("%d members", len(w.members))
					}
				})
			}
		}
	}
}

func mailboxCase(who int, each bool) string {
	return []string{"Ada", "Bob"}[who] + textIf(each, ", each")
}
