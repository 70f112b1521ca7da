package reconcile_test

import (
	"fmt"
	"slices"
	"testing"

	"ringroster/sync"
	"ringroster/sync/edit"
)

// Somebody gets the agent id of one who is inactive, was undone, or is detached: the name and e-mail of
// the record say that they are another human, who stays, or comes in like any (R5, R13).
func TestIdentityAnAgentIDOfOneWhoIsAway(t *testing.T) {
	for name, away := range map[string]func(*world, *testing.T){
		"left":     func(w *world, t *testing.T) { w.today(t) },
		"detached": func(w *world, t *testing.T) { w.edit(t, edit.Manage(1, false)); w.today(t) },
		"undone": func(w *world, t *testing.T) {
			w.member(1).Status, w.member(1).Synced.Status, w.member(1).DeactivationReason = sync.Inactive, sync.Inactive, sync.ReasonUndone
			w.today(t)
		},
	} {
		for kind, member := range map[string]bool{"a member": true, "a newcomer": false} {
			t.Run(name+", "+kind, func(t *testing.T) {
				w := newWorld()
				w.agent("1/10", "501", "Uwe Zorn")
				w.agent("1/10", "502", "Cy Poe")
				if member {
					w.agent("1/10", "503", "Bob Roy")
				}
				w.today(t)
				w.tomorrow()
				w.group("1/10").Agents = w.group("1/10").Agents[1:]
				away(w, t)
				w.tomorrow()
				if member {
					w.group("1/10").Agents = w.group("1/10").Agents[:1]
				}
				w.agent("1/10", "501", "Bob Roy")
				plan := w.today(t)
				bob := w.member(3)
				if len(w.members) != 3 || bob.Status != sync.Active || bob.Profile.Name() != "Bob Roy" || len(plan.Conflicts) > 0 {
					t.Errorf("%d members, the third is %s %s\n%v", len(w.members), bob.Profile.Name(), bob.Status, lines(plan))
				}
				w.daysOn(t, 0)
			})
		}
	}
}

// An approval of lost administrators was a mistake, and is undone: the list that lost them is as it was,
// and takes no role again until somebody is asked (R22, R29, R36).
func TestR29AnUndoneLossOfAnAdministratorsRole(t *testing.T) {
	w := newWorld()
	for i := range 5 {
		w.agent("1/10", fmt.Sprint(501+i), fmt.Sprintf("P%d Roy", i), rc(fmt.Sprint(701+i)))
		w.admin(fmt.Sprint(301+i), fmt.Sprintf("P%d Roy", i), rc(fmt.Sprint(701+i)))
	}
	w.today(t)
	all := w.Snapshot.Admins
	w.tomorrow()
	w.Snapshot.Admins = all[:1]
	w.today(t)
	approved := w.approve(t, w.lastRun, nil)
	if w.member(5).Profile[sync.Role] == sync.RoleAdministrator {
		t.Fatalf("nothing was approved: %v", lines(approved))
	}
	w.edit(t, edit.Undo(doneBy(approved, w.members), nil, false))
	for day := range 3 {
		w.today(t)
		w.tomorrow()
		for i := range 5 {
			if got := w.member(int64(i + 1)).Profile[sync.Role]; got != sync.RoleAdministrator {
				t.Errorf("day %d: member %d is %s", day, i+1, got)
			}
		}
	}
	w.Snapshot.Admins = all
	for range 4 {
		w.today(t)
		w.tomorrow()
	}
	if len(w.books.state.Open) > 0 {
		t.Errorf("open: %+v", w.books.state.Open)
	}
}

// Two agent ids were swapped, and one of the two conflicts is answered. The next day that human's e-mail
// changes: they are part of the other conflict, by their name (R13, R16).
func TestIdentityOneOfTwoConflictsIsAnswered(t *testing.T) {
	for name, change := range map[string]func(*sync.Agent){
		"another e-mail": func(a *sync.Agent) { a.Email = "kim.hay@example.org" },
		"married":        func(a *sync.Agent) { a.LastName, a.Email = "King", "king@example.com" },
	} {
		t.Run(name, func(t *testing.T) { answerOneOfTwo(t, change) })
	}
}

func answerOneOfTwo(t *testing.T, change func(*sync.Agent)) {
	w := newWorld()
	w.agent("1/10", "501", "Kim Hay")
	w.agent("1/10", "502", "Lea Orr")
	w.agent("1/10", "503", "Cy Poe")
	w.today(t)
	w.tomorrow()
	agents := w.group("1/10").Agents
	agents[0].ID, agents[1].ID = "502", "501"
	w.today(t)
	w.edit(t, edit.LinkTo(1, "none"))
	w.tomorrow()
	change(&agents[0])
	w.today(t)
	w.mustStay(t)
}

// An extension is made anew, and a second login has its new rcUserId, while the old records have the old
// one: they are one human's, who loses nothing (R12).
func TestIdentityASecondLoginWithANewID(t *testing.T) {
	for name, rule := range map[string]func(*world){
		"require_ringex": func(w *world) { w.Policy.RequireRingEX = true },
		"role_permission": func(w *world) {
			w.Policy.Access = sync.Access{Rule: sync.AccessPermission, Name: "WFM"}
			w.role("1", "WFM User", []string{"WFM"}, "701", "702", "801")
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld()
			rule(w)
			w.agent("1/10", "501", "Ada Byron", rc("701"))
			w.agent("1/10", "502", "Bob Roy", rc("702"))
			w.admin("301", "Ada Byron", rc("701"))
			w.admin("302", "Bob Roy", rc("702"))
			w.extension("701", "Ada Byron", number("1"))
			w.extension("702", "Bob Roy", number("2"))
			w.today(t)
			w.tomorrow()
			w.Snapshot.Extensions[1].ID = "801"
			w.today(t)
			w.tomorrow()
			w.agent("1/11", "601", "Ada Byron", rc("801"))
			for range 3 {
				plan := w.today(t)
				w.mustStay(t)
				if m := w.member(1); m.Profile[sync.Role] != sync.RoleAdministrator || !slices.Contains(w.active(1), "1/501") {
					t.Errorf("she is %s with %v\n%v", m.Profile[sync.Role], w.active(1), lines(plan))
				}
				w.tomorrow()
			}
		})
	}
}

// Somebody is renamed and gets another agent id on one day. The e-mail, the extension and the first name
// are the same (R7, R12).
func TestIdentityRenamedAndMadeAnew(t *testing.T) {
	w := newWorld()
	three(w)
	w.today(t)
	w.tomorrow()
	a := &w.group("1/10").Agents[0]
	a.ID, a.LastName = "601", "Stone"
	w.today(t)
	w.mustStay(t)
	w.daysOn(t, 1)
	if len(w.members) != 3 {
		t.Errorf("%d members", len(w.members))
	}
}

// An administrator record is made anew with a former last name, and the same e-mail: while the conflict
// asks whether that is the member, the member stays what it is (R12, R20).
func TestIdentityAnAdministratorRecordMadeAnew(t *testing.T) {
	w := newWorld()
	for i, who := range []string{"Eva Marx", "Bob Roy", "Cy Poe"} {
		w.agent("1/10", fmt.Sprint(501+i), who, rc(fmt.Sprint(701+i)))
		w.admin(fmt.Sprint(301+i), who)
	}
	w.today(t)
	w.tomorrow()
	w.Snapshot.Admins[0].UserID, w.Snapshot.Admins[0].LastName = "401", "Lund"
	for range 3 {
		plan := w.today(t)
		if m := w.member(1); m.Profile[sync.Role] != sync.RoleAdministrator || len(plan.Conflicts) != 1 {
			t.Errorf("she is %s\n%v", m.Profile[sync.Role], lines(plan))
		}
		w.tomorrow()
	}
	w.Snapshot.Admins[0].Email = "lund@example.com"
	w.today(t)
	if m := w.member(1); m.Profile[sync.Role] == sync.RoleAdministrator {
		t.Errorf("it is another human by now, and she is %s", m.Profile[sync.Role])
	}
}

// A leaver's extension goes to a newcomer who shares the first or the last name, on the day on which the
// leaver goes: they are two (R7).
func TestR7ALeaversExtensionForANewcomerOfOneName(t *testing.T) {
	for name, newcomer := range map[string][2]string{"the first name": {"P001", "Zorn"}, "the last name": {"Zoe", "Roy"}} {
		for rule, set := range map[string]func(*world){
			"require_ringex": func(w *world) { w.Policy.RequireRingEX = true },
			"default":        func(*world) {},
			"role_permission": func(w *world) {
				w.Policy.Access = sync.Access{Rule: sync.AccessPermission, Name: "WFM"}
				w.role("1", "WFM User", []string{"WFM"}, "7001", "7002", "7003")
			},
		} {
			t.Run(name+", "+rule, func(t *testing.T) {
				w := newWorld()
				set(w)
				three(w)
				w.today(t)
				w.tomorrow()
				a, e := &w.group("1/10").Agents[0], &w.Snapshot.Extensions[1]
				a.ID, a.FirstName, a.LastName, a.Email = "601", newcomer[0], newcomer[1], "new@example.com"
				e.FirstName, e.LastName, e.Email = newcomer[0], newcomer[1], "new@example.com"
				plan := w.today(t)
				if len(w.members) != 4 || w.member(1).Status != sync.Inactive || w.member(1).Profile[sync.Email] != "p001@example.com" {
					t.Errorf("%d members, the first is %s <%s> and %s\n%v", len(w.members), w.member(1).Profile.Name(), w.member(1).Profile[sync.Email], w.member(1).Status, lines(plan))
				}
			})
		}
	}
}
