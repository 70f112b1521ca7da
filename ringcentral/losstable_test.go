package ringcentral

import (
	"fmt"
	"slices"
	"testing"

	"ringroster/ringcentral/simulator"
	"ringroster/sync"
)

// lossTable are the rows of doc.go about answers that look well: parts of lists,
// other encodings, claims, and lists that lost people.
var lossTable = []faultRow{
	{name: "206 without the last record", outcome: triedAgain, faults: []*simulator.Fault{on(simulator.OpAgents, "partial", 1)}},
	{name: "206 without the last record, ever", outcome: fails, faults: []*simulator.Fault{on(simulator.OpAgents, "partial", 0)}, says: "answered 206: Partial Content"},
	{name: "203, ever", outcome: fails, faults: []*simulator.Fault{{Kind: "partial", Op: simulator.OpExtensions, Status: 203}}, says: "answered 203: "},
	{name: "207, ever", outcome: fails, faults: []*simulator.Fault{{Kind: "partial", Op: simulator.OpGroups, Status: 207}}, says: "answered 207: "},
	{name: "202, ever", outcome: fails, faults: []*simulator.Fault{{Kind: "partial", Op: simulator.OpAdministrators, Status: 202}}, says: "answered 202: "},
	{name: "Latin-1", outcome: triedAgain, faults: []*simulator.Fault{on(simulator.OpExtensions, "latin1", 1)}},
	{name: "Latin-1, ever", outcome: fails, faults: []*simulator.Fault{on(simulator.OpExtensions, "latin1", 0)}, says: "not UTF-8"},
	{name: "a name twice", outcome: triedAgain, faults: []*simulator.Fault{on(simulator.OpAgents, "name_twice", 1)}},
	{name: "a name twice, ever", outcome: fails, faults: []*simulator.Fault{on(simulator.OpAgents, "name_twice", 0)}, says: "duplicate"},
	{
		name: "a lone surrogate", outcome: oneFaulty, faults: []*simulator.Fault{{Kind: "lone_surrogate", Op: simulator.OpAgents, Path: "*/1001/agents"}},
		check: func(t *testing.T, s *sync.Snapshot) {
			sameAgents(t, s)
			var faults []string
			for _, a := range agentsIn(s, "1001") {
				if a.Faulty != "" {
					faults = append(faults, a.Faulty)
				}
			}
			if !slices.Equal(faults, []string{"firstName: not text"}) {
				t.Errorf("faults: %q", faults)
			}
		},
	},
	{name: "letters with marks in two characters", outcome: fine, faults: []*simulator.Fault{on(simulator.OpAgents, "decomposed", 0), on(simulator.OpExtensions, "decomposed", 0), on(simulator.OpGroups, "decomposed", 0)}},
	{name: "a total of millions", outcome: fails, faults: []*simulator.Fault{{Kind: "claimed", Op: simulator.OpExtensions, N: 40_000_000}}, says: "claims 40000 pages"},
	{name: "empty records", outcome: fails, faults: []*simulator.Fault{{Kind: "empty_records", Op: simulator.OpAgents, N: 100_000}}, says: "they are empty"},
	{
		name: "a group that lost half", outcome: held, faults: []*simulator.Fault{{Kind: "lost", Op: simulator.OpAgents, Path: "*/1001/agents", Share: 0.5}},
		check: shows(func(whole int) int { return whole - whole/2 }),
	},
	{
		name: "a group of one row", outcome: held, faults: []*simulator.Fault{{Kind: "truncated", Op: simulator.OpAgents, Path: "*/1001/agents", N: 1}},
		check: shows(func(int) int { return 1 }),
	},
	{
		name: "a group that is no longer listed", outcome: held, faults: []*simulator.Fault{{Kind: "unlisted", Op: simulator.OpGroups, ID: "1003"}},
		check: func(t *testing.T, s *sync.Snapshot) {
			if n := lengthOf(t, s, "agent groups of 99990001"); n != 1 {
				t.Errorf("%d groups", n)
			}
		},
	},
	{
		name: "administrators shrunk", outcome: held, faults: []*simulator.Fault{{Kind: "truncated", Op: simulator.OpAdministrators, N: 1}},
		check: func(t *testing.T, s *sync.Snapshot) {
			if len(s.Admins) != 1 {
				t.Errorf("%d administrators", len(s.Admins))
			}
		},
	},
	{
		name: "a group that is all inactive", outcome: secondLook, faults: []*simulator.Fault{{Kind: "inactive", Op: simulator.OpAgents, Path: "*/1001/agents", Look: 1}},
		check: active(func(n, _ int) bool { return n == 0 }), seesAgain: active(func(n, of int) bool { return n > of/2 }),
	},
	{
		name: "a group that is all inactive at the second look", outcome: secondLook,
		faults: []*simulator.Fault{{Kind: "inactive", Op: simulator.OpAgents, Path: "*/1001/agents", Look: 2}},
		check:  active(func(n, of int) bool { return n > of/2 }), seesAgain: active(func(n, _ int) bool { return n == 0 }),
	},
	{
		name: "an extension missing with right totals", outcome: secondLook,
		faults: []*simulator.Fault{{Kind: "unlisted", Op: simulator.OpExtensions, ID: lostExtension, Look: 1}},
		check:  hasExtension(false), again: &sync.Look{Extensions: []string{lostExtension}}, seesAgain: hasExtension(true),
	},
	{
		name: "an assignment missing with right totals", outcome: secondLook,
		faults: []*simulator.Fault{{Kind: "unlisted", Op: simulator.OpAssignedRoles, ID: lostExtension, Look: 1}},
		config: func(c *Config) { c.Roles = true },
		check:  hasRoles(false), again: &sync.Look{Roles: true}, seesAgain: hasRoles(true),
	},
}

// lostExtension is one with roles that the generated world has.
var lostExtension = func() string {
	for _, e := range acme(simulator.Generate(60, 1)).Extensions {
		if len(e.Roles) > 0 && e.ID != simulator.DemoOwnerID {
			return fmt.Sprint(e.ID)
		}
	}
	panic("nobody has a role")
}()

func agentsIn(s *sync.Snapshot, group string) []sync.Agent {
	for _, sub := range s.SubAccounts {
		for _, g := range sub.Groups {
			if g.ID == group {
				return g.Agents
			}
		}
	}
	return nil
}

// shows wants so many agents of group 1001, of as many as it has.
func shows(want func(whole int) int) func(*testing.T, *sync.Snapshot) {
	return func(t *testing.T, s *sync.Snapshot) {
		whole := len(acme(simulator.Generate(60, 1)).SubAccounts[0].Groups[0].Agents)
		if got := len(agentsIn(s, "1001")); whole < 4 || got != want(whole) {
			t.Errorf("%d agents of %d", got, whole)
		}
	}
}

// active judges how many agents of group 1001 are active.
func active(right func(n, of int) bool) func(*testing.T, *sync.Snapshot) {
	return func(t *testing.T, s *sync.Snapshot) {
		n, agents := 0, agentsIn(s, "1001")
		for _, a := range agents {
			if a.Active {
				n++
			}
		}
		if !right(n, len(agents)) {
			t.Errorf("%d of %d agents are active", n, len(agents))
		}
	}
}

func hasExtension(want bool) func(*testing.T, *sync.Snapshot) {
	return func(t *testing.T, s *sync.Snapshot) {
		if got := slices.ContainsFunc(s.Extensions, func(x sync.Extension) bool { return x.ID == lostExtension }); got != want {
			t.Errorf("extension %s: %t", lostExtension, got)
		}
	}
}

func hasRoles(want bool) func(*testing.T, *sync.Snapshot) {
	return func(t *testing.T, s *sync.Snapshot) {
		if got := len(s.Assigned[lostExtension]) > 0; got != want {
			t.Errorf("roles of %s: %v", lostExtension, s.Assigned[lostExtension])
		}
	}
}
