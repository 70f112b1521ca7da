package reconcile_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"ringroster/sync"
	"ringroster/sync/plan"
)

// leftBehind renders what the leavers of a plan, held ones included, leave
// behind: "1 supervises: …".
func leftBehind(p *sync.Plan) []string {
	var out []string
	for _, c := range allChanges(p) {
		for _, l := range c.Leaves {
			out = append(out, fmt.Sprintf("%d %s: %s", c.Member, l.What, l.Detail))
		}
	}
	slices.Sort(out)
	return out
}

// team is group 10 with Ada, who supervises Bob and Cy, members 1 to 3, and group
// 11 with Dee, member 4.
func team(w *world) {
	w.agent("1/10", "501", "Ada Byron", rc("701"), agentType("SUPERVISOR"))
	w.agent("1/10", "502", "Bob Roy", rc("702"), under("501"))
	w.agent("1/10", "503", "Cy Poe", rc("703"), under("501"))
	w.agent("1/11", "504", "Dee Fox", rc("704"))
	for i, name := range []string{"Ada Byron", "Bob Roy", "Cy Poe", "Dee Fox"} {
		w.extension(fmt.Sprint(701+i), name)
	}
}

// drop removes agent records, wherever they stand, and their extensions; their
// groups stay.
func drop(ids ...string) func(*world) {
	return func(w *world) {
		for i := range w.Snapshot.SubAccounts {
			for j := range w.Snapshot.SubAccounts[i].Groups {
				g := &w.Snapshot.SubAccounts[i].Groups[j]
				g.Agents = slices.DeleteFunc(g.Agents, func(a sync.Agent) bool { return slices.Contains(ids, a.ID) })
			}
		}
		w.Snapshot.Extensions = slices.DeleteFunc(w.Snapshot.Extensions, func(e sync.Extension) bool {
			return slices.Contains(ids, "5"+strings.TrimPrefix(e.ID, "7"))
		})
	}
}

func all(steps ...func(*world)) func(*world) {
	return func(w *world) {
		for _, step := range steps {
			step(w)
		}
	}
}

func record501(w *world) *sync.Agent { return &w.group("1/10").Agents[0] }

const (
	group10  = "agent group Group 10 (10) of sub-account Sub 1 (1) is left without an active "
	group11  = "agent group Group 11 (11) of sub-account Sub 1 (1) is left without an active "
	wholeSub = "sub-account Sub 1 (1) is left without an active "
)

func TestBeforeSomebodyGoesThePlanSaysWhatTheyLeaveBehind(t *testing.T) {
	gone := func(w *world) { w.group("1/10"); drop("501")(w) }
	noSupervisor := []string{
		"1 group_without_supervisor: " + group10 + "supervisor",
		"1 sub_account_without_supervisor: " + wholeSub + "supervisor",
		"1 supervises: supervises 2 agents who remain: Bob Roy, Cy Poe",
	}
	for _, c := range []struct {
		name   string
		before func(*world) // after the team was there
		then   func(*world)
		want   []string
	}{
		{name: "whom they supervise, and where no supervisor is left", then: gone, want: noSupervisor},
		{name: "nothing", then: drop("503")},
		{
			name: "a group without an agent, which says enough", then: drop("504"),
			want: []string{"4 group_without_agent: " + group11 + "agent"},
		},
		{
			name: "several who empty a group together are each told", then: drop("501", "502", "503"),
			want: []string{
				"1 group_without_agent: " + group10 + "agent",
				"1 sub_account_without_supervisor: " + wholeSub + "supervisor",
				"2 group_without_agent: " + group10 + "agent",
				"3 group_without_agent: " + group10 + "agent",
			},
		},
		{
			name: "the held as well, and whoever leaves too is no one who remains",
			then: all(drop("501", "503"), func(w *world) { w.Policy.Limits.Deactivations = sync.Limit{Percent: 0, Floor: 0} }),
			want: []string{noSupervisor[0], noSupervisor[1], "1 supervises: supervises 1 agent who remains: Bob Roy"},
		},
		{
			name: "who was never a supervisor leaves no group without one",
			then: all(drop("502"), func(w *world) { record501(w).Type = "AGENT" }),
		},
		{
			name:   "another supervisor in another group",
			before: func(w *world) { w.agent("1/11", "505", "Eve Kay", rc("705"), agentType("MULTI_SUPERVISOR")) },
			then:   gone,
			want:   []string{noSupervisor[0], noSupervisor[2]},
		},
		{
			name: "a newcomer takes the place",
			then: all(gone, func(w *world) { w.agent("1/10", "506", "Fay Ray", rc("706"), agentType("SUPERVISOR")) }),
			want: noSupervisor[2:],
		},
		{
			name: "one who is still reported", then: func(w *world) { w.Snapshot.Extensions[1].Status = "Disabled" },
			want: noSupervisor,
		},
		{
			name: "an agent who is inactive neither remains nor is supervised",
			then: all(gone, func(w *world) { w.group("1/10").Agents[0].Active = false }),
			want: []string{
				"1 group_without_supervisor: " + group10 + "supervisor",
				"1 sub_account_without_supervisor: " + wholeSub + "supervisor",
				"1 supervises: supervises 1 agent who remains: Cy Poe",
			},
		},
		{
			name:   "whom the roster does not want does not count",
			before: func(w *world) { w.agent("1/11", "507", "Gus Orr", rc("707")) },
			then:   all(drop("504"), func(w *world) { w.Policy.Scope.Exclude = []sync.Match{{Email: "gus@*"}} }),
			want: []string{
				"4 group_without_agent: " + group11 + "agent",
				"5 group_without_agent: " + group11 + "agent",
			},
		},
		{
			name:   "a protected member remains",
			before: func(w *world) { w.agent("1/11", "507", "Gus Orr", rc("707")) },
			then: all(drop("504"), func(w *world) {
				w.Policy.Scope.Exclude = []sync.Match{{Email: "gus@*"}}
				w.Policy.Protect = []sync.Match{{Email: "gus@*"}}
			}),
		},
		{
			name: "somebody in conflict remains, and a faulty record could be a supervisor's",
			then: all(gone, func(w *world) { w.agent("1/10", "508", "Hal Bee", faulty("it has no isActive"), inactive) }),
			want: noSupervisor[2:],
		},
		{
			name: "whom an operator declined, or had forgotten, neither remains nor is named",
			then: all(gone, func(w *world) {
				for id, reason := range map[int64]sync.Reason{2: sync.ReasonUndone, 3: sync.ReasonForgotten} {
					m := w.member(id)
					m.Status, m.Synced.Status, m.DeactivationReason = sync.Inactive, sync.Inactive, reason
				}
			}),
			want: []string{"1 group_without_agent: " + group10 + "agent", noSupervisor[1]},
		},
		{
			name: "of a sub-account that was not read nothing is known",
			then: func(w *world) {
				w.clear()
				w.sub("1").Read = false
				w.admin("301", "Zoe Lee")
			},
		},
		{
			name: "a group that is gone is not left behind",
			then: func(w *world) {
				drop("504")(w)
				w.sub("1").Groups = w.sub("1").Groups[:1]
			},
		},
		{
			name: "a record that passed to somebody else is theirs",
			then: func(w *world) {
				r := record501(w)
				r.RCUserID, r.FirstName, r.LastName, r.Email = "709", "Max", "Neu", "max@example.com"
				w.Snapshot.Extensions = slices.Delete(w.Snapshot.Extensions, 1, 2)
			},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld()
			team(w)
			if c.before != nil {
				c.before(w)
			}
			w.sync(t)
			c.then(w)
			plan := w.plan(t)
			same(t, leftBehind(plan), c.want)
			if !slices.ContainsFunc(allChanges(plan), func(c sync.Change) bool { return c.Kind == sync.Deactivate }) {
				t.Errorf("nobody leaves: %v", lines(plan))
			}
			mustKeepLaws(t, plan, w.members)
		})
	}
}

func TestR24TheLastAdministratorIsToldTheSameWay(t *testing.T) {
	w := newWorld()
	team(w)
	w.admin("301", "Zoe Lee", rc("709"))
	w.sync(t)
	w.Snapshot.Admins = nil
	drop("503")(w)
	same(t, leftBehind(w.plan(t)), []string{"5 last_administrator: no active administrator would be left"})

	t.Run("and nobody else is explained as held for it", func(t *testing.T) {
		if trace := w.explain(t, "cy@example.com"); says(trace, "R21-R24", "held") || !says(trace, "R16", "is deactivated") {
			t.Errorf("facts %+v", trace.Facts)
		}
		if trace := w.explain(t, "zoe@example.com"); !says(trace, "R21-R24", "held: last_administrator") || !says(trace, "", "leaves behind: no active administrator") {
			t.Errorf("facts %+v", trace.Facts)
		}
	})
}

func TestTheSupervisedAreNamedUpToTenAndCounted(t *testing.T) {
	for _, c := range []struct {
		supervised int
		want       string
	}{
		{11, "supervises 11 agents who remain: P00 Q, P01 Q, P02 Q, P03 Q, P04 Q, P05 Q, P06 Q, P07 Q, P08 Q, P09 Q, P10 Q"},
		{12, "supervises 12 agents who remain: P00 Q, P01 Q, P02 Q, P03 Q, P04 Q, P05 Q, P06 Q, P07 Q, P08 Q, P09 Q and 2 more"},
	} {
		w := newWorld()
		w.agent("1/10", "501", "Ada Byron")
		for i := range c.supervised {
			w.agent("1/10", fmt.Sprint(600+i), fmt.Sprintf("P%02d Q", i), under("501", "501"))
		}
		w.sync(t)
		drop("501")(w)
		same(t, leftBehind(w.plan(t)), []string{"1 supervises: " + c.want})
	}
}

// What is left behind belongs to what was reviewed: where it differs by the time
// the saved plan is applied, nothing is.
func TestASavedPlanHoldsWhatIsLeftBehind(t *testing.T) {
	w := newWorld()
	team(w)
	w.sync(t)
	drop("501")(w)
	in := w.input()
	in.Reviewed = plan.Reviewed{}
	saved := w.plan(t)
	for i := range saved.Changes {
		text, err := sync.Marshal(&saved.Changes[i])
		if err != nil {
			t.Fatal(err)
		}
		in.Reviewed = append(in.Reviewed, text)
	}
	planned, err := plan.Make(in)
	if err != nil {
		t.Fatal(err)
	}
	same(t, leftBehind(planned), leftBehind(saved))

	drop("503")(w) // who was not reviewed, and whom Ada supervised
	_, err = plan.Make(in)
	want := `account acme: the world has moved, so nothing was applied; plan again and review that. What does not come out the same any more (1): ` +
		`deactivate Ada Byron <ada@example.com>, status "active" to "inactive", leaving behind: supervises 2 agents who remain: Bob Roy, Cy Poe; ` +
		wholeSub + `supervisor; ` + group10 + `supervisor`
	if err == nil || err.Error() != want {
		t.Errorf("got  %v\nwant %s", err, want)
	}
}

// Law: what is left behind is said of leavers alone, and where a list is said to
// be without active agents, nobody whom the plan keeps or brings is active in it.
func TestLawNobodyIsActiveInWhatIsLeftWithoutAgents(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := arbitraryWorld(t)
		w.Policy.Scope, w.Policy.RequiredFields, w.Policy.Access = sync.Scope{}, nil, sync.Access{Rule: sync.AccessListed}
		w.sync(t)
		w.clear()
		arbitraryRecords(t, w.Snapshot)
		staying := map[string]bool{} // lists, as they are named
		in := w.input()
		in.Everybody = func(s *plan.Standing) bool {
			for _, l := range s.Logins {
				if l.Active && s.Outcome != plan.OutcomeSkipped && s.Outcome != plan.OutcomeHeld && s.Outcome != string(sync.Deactivate) {
					staying["sub-account "+l.SubAccountID] = true
					staying["agent group "+withID(l.AgentGroup, l.AgentGroupID)+" of sub-account "+l.SubAccountID] = true
				}
			}
			return true
		}
		plan, err := plan.Make(in)
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range allChanges(plan) {
			if c.Kind != sync.Deactivate && c.Leaves != nil {
				t.Errorf("%s of member %d leaves something behind", c.Kind, c.Member)
			}
		}
		for _, line := range leftBehind(plan) {
			_, text, _ := strings.Cut(line, ": ")
			list, _, without := strings.Cut(text, " is left without an active agent")
			if without && staying[list] {
				t.Errorf("%s, but somebody stays there: %v", line, lines(plan))
			}
		}
	})
}

// withID is how a group is called: by its id alone where it has no name.
func withID(name, id string) string {
	if name == "" {
		return id
	}
	return name + " (" + id + ")"
}
