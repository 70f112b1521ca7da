package reconcile_test

import (
	"slices"
	"strings"
	"testing"

	"ringroster/sync"
	"ringroster/sync/plan"
)

func TestR9WhoBelongs(t *testing.T) {
	// Ada is an agent, Bob an administrator, Cy an inactive agent, Dee has an
	// extension alone, Eve is an agent whose extension is found by e-mail.
	everybody := func(w *world) {
		w.agent("1/10", "501", "Ada Byron", rc("701"))
		w.admin("301", "Bob Roy", rc("702"))
		w.agent("1/10", "503", "Cy Poe", rc("703"), inactive)
		w.agent("1/10", "505", "Eve Kay")
		for id, name := range map[string]string{"701": "Ada Byron", "702": "Bob Roy", "703": "Cy Poe", "704": "Dee Fox", "705": "Eve Kay"} {
			w.extension(id, name)
		}
	}
	for _, c := range []struct {
		name    string
		access  sync.Access
		holders string
		want    []string
	}{
		{"listed", sync.Access{Rule: sync.AccessListed}, "", []string{
			"onboard agent:1/505 new", "onboard rc:701 new", "onboard rc:702 new", "note rc:703 no_access",
		}},
		{"listed is the default", sync.Access{}, "701", []string{
			"onboard agent:1/505 new", "onboard rc:701 new", "onboard rc:702 new", "note rc:703 no_access",
		}},
		{"role_permission: the administrator and whoever holds it", sync.Access{Rule: sync.AccessPermission, Name: "wfm"}, "701 703 704", []string{
			"onboard rc:701 new", "onboard rc:702 new", "onboard rc:704 new", "note agent:1/505 no_access", "note rc:703 no_access",
		}},
		{"role_name: an extension found by e-mail counts, and makes no second person", sync.Access{Rule: sync.AccessRole, Name: "wfm user"}, "705", []string{
			"onboard agent:1/505 new", "onboard rc:702 new", "note rc:701 no_access", "note rc:703 no_access",
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld()
			everybody(w)
			w.role("1", "WFM User", []string{"Other", "WFM"}, strings.Fields(c.holders)...)
			w.role("2", "Nobody's", nil)
			w.Policy.Access = c.access
			plan := w.plan(t)
			same(t, lines(plan), c.want)
			mustKeepLaws(t, plan, nil)
		})
	}
}

func TestR9ExtensionHolders(t *testing.T) {
	holder := func(w *world) {
		w.extension("704", "Dee Fox", number("14"))
		w.role("1", "WFM User", nil, "704")
		w.Policy.Access = sync.Access{Rule: sync.AccessRole, Name: "WFM User"}
	}
	t.Run("are agents without logins", func(t *testing.T) {
		m := newcomerOf(t, "rc:704", holder)
		if m.Profile[sync.Role] != sync.RoleAgent || len(m.Logins) > 0 || m.Username != "dee@example.com" {
			t.Errorf("role %q, %d logins, username %q", m.Profile[sync.Role], len(m.Logins), m.Username)
		}
	})
	play(t, []scenario{
		{
			name: "leave when the role is taken away", before: holder,
			then: func(w *world) { w.Snapshot.Assigned = nil },
			want: []string{"deactivate 1 access_revoked"},
		},
		{
			name: "leave when the extension is gone", before: holder,
			then: func(w *world) { w.clearAll(); w.Snapshot.Assigned = nil },
			want: []string{"deactivate 1 removed"},
		},
		{
			name: "are people only when the extension is a human's",
			then: func(w *world) {
				holder(w)
				w.Snapshot.Extensions[1].Type = "Department"
			},
		},
		{
			name: "who get an agent record become its person", before: holder,
			then: func(w *world) { w.agent("1/10", "504", "Dee Fox", rc("704")) },
			want: []string{"update 1 rc:704 source_changed"},
		},
	})
}

func TestR9WhatCannotBeTrustedFailsTheAccount(t *testing.T) {
	for _, c := range []struct {
		name   string
		access sync.Access
		given  func(*world)
		want   string
	}{
		{"a permission that no role has", sync.Access{Rule: sync.AccessPermission, Name: "Typo"}, func(w *world) { w.role("1", "WFM User", []string{"WFM"}) }, `"Typo"`},
		{"a role name that no role has", sync.Access{Rule: sync.AccessRole, Name: "WFM"}, func(w *world) { w.role("1", "WFM User", []string{"WFM"}) }, `"WFM"`},
		{"an assigned role that the role list lacks", sync.Access{Rule: sync.AccessRole, Name: "WFM User"}, func(w *world) {
			w.role("1", "WFM User", nil)
			w.Snapshot.Assigned["701"] = []string{"1", "99"}
		}, "99"},
		{"permissions of a role that cannot be read", sync.Access{Rule: sync.AccessPermission, Name: "WFM"}, func(w *world) {
			w.role("1", "WFM User", []string{"WFM"}, "702")
			w.role("2", "Planner", nil, "701")
			w.Snapshot.Roles[1].Faulty = "no list"
		}, `the RingEX role 2 (Planner), which cannot be read, no list`},
		{"those of the only role that has the permission", sync.Access{Rule: sync.AccessPermission, Name: "WFM"}, func(w *world) {
			w.role("1", "WFM User", nil, "701")
			w.Snapshot.Roles[0].Faulty = "no list"
		}, `the RingEX role 1 (WFM User)`},
		{"the name of a role that cannot be read", sync.Access{Rule: sync.AccessRole, Name: "WFM User"}, func(w *world) {
			w.role("1", "WFM User", nil, "702")
			w.role("2", "", nil, "701")
		}, `the RingEX role 2 (without a name), which cannot be read`},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld()
			adaAndBob(w)
			c.given(w)
			w.Policy.Access = c.access
			plan, err := plan.Make(w.input())
			if err == nil || !strings.Contains(err.Error(), c.want) || plan != nil {
				t.Errorf("plan %v, error %v", plan, err)
			}
		})
	}
}

func TestR10Role(t *testing.T) {
	for _, c := range []struct {
		name, precedence, want string
		given                  func(*world)
	}{
		{"AGENT", "first", "Agent", func(w *world) { w.agent("1/10", "501", "Ada Byron", rc("701")) }},
		{"MULTI_USER", "first", "Agent", func(w *world) { w.agent("1/10", "501", "Ada Byron", rc("701"), agentType("MULTI_USER")) }},
		{"SUPERVISOR", "first", "Supervisor", func(w *world) { w.agent("1/10", "501", "Ada Byron", rc("701"), agentType("SUPERVISOR")) }},
		{"MULTI_SUPERVISOR", "first", "Supervisor", func(w *world) { w.agent("1/10", "501", "Ada Byron", rc("701"), agentType("MULTI_SUPERVISOR")) }},
		{"role_map overrides an entry and adds one", "last", "Planner", func(w *world) {
			w.Policy.RoleMap = []sync.RoleMapping{{AgentType: "supervisor", Role: "Lead"}, {AgentType: "PLANNER", Role: "Planner"}}
			w.agent("1/10", "501", "Ada Byron", rc("701"), agentType("SUPERVISOR"))
			w.agent("2/20", "601", "Ada Byron", rc("701"), agentType("planner"))
		}},
		{"an unknown type is an agent", "first", "Agent", func(w *world) { w.agent("1/10", "501", "Ada Byron", rc("701"), agentType("ROBOT")) }},
		{"three sub-accounts, a named role", "supervisor", "Supervisor", func(w *world) {
			w.agent("1/10", "501", "Ada Byron", rc("701"))
			w.agent("2/20", "601", "Ada Byron", rc("701"), agentType("SUPERVISOR"))
			w.agent("3/30", "801", "Ada Byron", rc("701"), agentType("MULTI_USER"))
		}},
		{"a named role that they lack falls back to first", "Administrator", "Agent", func(w *world) {
			w.agent("1/10", "501", "Ada Byron", rc("701"))
			w.agent("2/20", "601", "Ada Byron", rc("701"), agentType("SUPERVISOR"))
		}},
		{"an inactive record does not count", "last", "Agent", func(w *world) {
			w.agent("1/10", "501", "Ada Byron", rc("701"))
			w.agent("2/20", "601", "Ada Byron", rc("701"), agentType("SUPERVISOR"), inactive)
		}},
		{"agent and administrator under different e-mails", "last", "Agent", func(w *world) {
			w.agent("1/10", "501", "Ada Byron", rc("701"))
			w.admin("301", "Ada Byron", rc("701"), email("admin@example.com"))
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := newcomerOf(t, "rc:701", func(w *world) {
				w.Policy.RolePrecedence = c.precedence
				c.given(w)
			})
			if got := m.Profile[sync.Role]; got != c.want {
				t.Errorf("role %q, want %q", got, c.want)
			}
		})
	}
	t.Run("an unknown type is noted", func(t *testing.T) {
		w := newWorld()
		w.agent("1/10", "501", "Ada Byron", agentType("ROBOT"))
		same(t, lines(w.plan(t)), []string{"onboard agent:1/501 new", "note agent:1/501 unknown_agent_type"})
	})
	t.Run("what the mappings can yield", func(t *testing.T) {
		p := sync.Policy{RoleMap: []sync.RoleMapping{{AgentType: "SUPERVISOR", Role: "Lead"}, {AgentType: "MULTI_SUPERVISOR", Role: "Lead"}}}
		if got, want := p.YieldableRoles(), []string{"Administrator", "Agent", "Lead"}; !slices.Equal(got, want) {
			t.Errorf("roles %q, want %q", got, want)
		}
	})
}

func TestR11Scope(t *testing.T) {
	// Ada is an agent of groups 10 and 20 in Sales; Bob of group 20; Cy administers.
	given := func(w *world) {
		w.agent("1/10", "501", "Ada Byron", rc("701"))
		w.agent("2/20", "601", "Ada Byron", rc("701"), agentType("SUPERVISOR"))
		w.agent("2/20", "602", "Bob Roy", rc("702"))
		w.admin("301", "Cy Poe", rc("703"))
		w.extension("701", "Ada Byron", department("Sales", "Lead"), site("Bern"))
		w.extension("702", "Bob Roy")
		w.extension("703", "Cy Poe", department("Board", "Chair"))
	}
	for _, c := range []struct {
		name  string
		scope sync.Scope
		want  string // who is in, by first name and role
	}{
		{"no scope", sync.Scope{}, "Ada:Agent Bob:Agent Cy:Administrator"},
		{"exclude a person", sync.Scope{Exclude: []sync.Match{{Email: "*DA@example.com"}}}, "Bob:Agent Cy:Administrator"},
		{"an administrator too", sync.Scope{Exclude: []sync.Match{{Title: "cha?r"}}}, "Ada:Agent Bob:Agent"},
		{"all keys of an entry must match", sync.Scope{Exclude: []sync.Match{{Department: "Sales", Site: "Basel"}}}, "Ada:Agent Bob:Agent Cy:Administrator"},
		{"any entry is enough", sync.Scope{Include: []sync.Match{{Department: "Board"}, {Site: "bern"}}}, "Ada:Agent Cy:Administrator"},
		{"exclude wins", sync.Scope{Include: []sync.Match{{Department: "*"}}, Exclude: []sync.Match{{Department: "Board"}}}, "Ada:Agent Bob:Agent"},
		{"exclude a group: Ada has another record, Bob has none", sync.Scope{Exclude: []sync.Match{{AgentGroup: "Group 20"}}}, "Ada:Agent Cy:Administrator"},
		{"exclude a group by id: what is left decides the role", sync.Scope{Exclude: []sync.Match{{AgentGroup: "10"}}}, "Ada:Supervisor Bob:Agent Cy:Administrator"},
		{"exclude a sub-account by name", sync.Scope{Exclude: []sync.Match{{SubAccount: "sub 2"}}}, "Ada:Agent Cy:Administrator"},
		{"include a sub-account: administrators are not filtered by it", sync.Scope{Include: []sync.Match{{SubAccount: "1"}}}, "Ada:Agent Cy:Administrator"},
		{"a person's key and a record's in one entry", sync.Scope{Exclude: []sync.Match{{AgentGroup: "20", Email: "ada@*"}}}, "Ada:Agent Bob:Agent Cy:Administrator"},
		{"by role", sync.Scope{Include: []sync.Match{{Role: "administrator"}}}, "Cy:Administrator"},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld()
			given(w)
			w.Policy.Scope = c.scope
			var got []string
			plan := w.plan(t)
			for _, change := range plan.Changes {
				got = append(got, change.Next().Profile[sync.FirstName]+":"+change.Next().Profile[sync.Role])
			}
			slices.Sort(got)
			if strings.Join(got, " ") != c.want {
				t.Errorf("in scope: %v, want %s", got, c.want)
			}
			mustKeepLaws(t, plan, nil)
		})
	}
}

// A role that cannot be read decides nothing where nothing hangs on it.
func TestR9WhatNeedNotBeKnown(t *testing.T) {
	for name, c := range map[string]struct {
		access sync.Access
		faulty sync.RingEXRole
		has    []string
	}{
		"nobody has the role":               {sync.Access{Rule: sync.AccessPermission, Name: "WFM"}, sync.RingEXRole{Name: "Planner"}, []string{"1"}},
		"they have another that is enough":  {sync.Access{Rule: sync.AccessPermission, Name: "WFM"}, sync.RingEXRole{Name: "Planner"}, []string{"1", "2"}},
		"the permission is read":            {sync.Access{Rule: sync.AccessPermission, Name: "WFM"}, sync.RingEXRole{Permissions: []string{"WFM"}}, []string{"2"}},
		"names decide, and not permissions": {sync.Access{Rule: sync.AccessRole, Name: "WFM User"}, sync.RingEXRole{Name: "Planner"}, []string{"1", "2"}},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld()
			w.Policy.Access = c.access
			w.role("1", "WFM User", []string{"WFM"})
			c.faulty.ID, c.faulty.Faulty = "2", "no list"
			w.Snapshot.Roles = append(w.Snapshot.Roles, c.faulty)
			w.agent("1/10", "501", "Ada Byron", rc("701"))
			w.extension("701", "Ada Byron")
			w.Snapshot.Assigned["701"] = c.has
			same(t, lines(w.plan(t)), []string{"onboard rc:701 new"})
		})
	}
}
