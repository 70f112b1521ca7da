package ringcentral

import (
	"slices"
	"testing"

	"ringroster/ringcentral/simulator"
	"ringroster/sync"
)

// faultTable is the table of doc.go, row by row.
var faultTable = []faultRow{
	{name: "no answer", outcome: triedAgain, faults: []*simulator.Fault{on(simulator.OpAgents, "cut", 2)}},
	{name: "no answer, ever", outcome: fails, faults: []*simulator.Fault{on(simulator.OpAgents, "cut", 0)}, says: "agents of"},
	{name: "an answer too slow", outcome: triedAgain, faults: []*simulator.Fault{
		{Kind: "latency", Op: simulator.OpGroups, Delay: simulator.Duration(10 * attemptTimeout), Count: 1},
	}},
	{name: "a body too slow", outcome: triedAgain, faults: []*simulator.Fault{
		{Kind: "slow_body", Op: simulator.OpAgents, Delay: simulator.Duration(attemptTimeout), Count: 1},
	}},
	{name: "500", outcome: triedAgain, faults: []*simulator.Fault{status(simulator.OpAgents, 500, 2)}},
	{name: "502 with a web page", outcome: triedAgain, faults: []*simulator.Fault{
		{Kind: "status", Op: simulator.OpExtensions, Status: 502, Shape: "html", Count: 1},
	}},
	{name: "503 with Retry-After", outcome: triedAgain, faults: []*simulator.Fault{
		{Kind: "status", Op: simulator.OpAccount, Status: 503, RetryAfter: 20, Count: 1},
	}},
	{name: "504", outcome: triedAgain, faults: []*simulator.Fault{status(simulator.OpSubAccounts, 504, 1)}},
	{name: "500, ever", outcome: fails, faults: []*simulator.Fault{status(simulator.OpAdministrators, 500, 0)}, says: "administrators"},
	{name: "429 with Retry-After", outcome: triedAgain, faults: []*simulator.Fault{
		{Kind: "status", Op: simulator.OpExtensions, Status: 429, RetryAfter: 60, Count: 1},
	}},
	{name: "429 without Retry-After", outcome: triedAgain, faults: []*simulator.Fault{status(simulator.OpAgents, 429, 1)}},
	{name: "429 for a day", outcome: fails, faults: []*simulator.Fault{
		{Kind: "status", Op: simulator.OpAgents, Status: 429, RetryAfter: 86400, Count: 1},
	}, says: "longer than a run waits"},
	{name: "400", outcome: fails, faults: []*simulator.Fault{status(simulator.OpExtensions, 400, 1)}, says: "extensions"},
	{name: "401 Jwt is expired", outcome: triedAgain, faults: []*simulator.Fault{on(simulator.OpAgents, "token_lost", 1)}},
	{name: "401 OAU-213", outcome: triedAgain, faults: []*simulator.Fault{on(simulator.OpExtensions, "token_lost", 1)}},
	{name: "401 on the exchange", outcome: triedAgain, faults: []*simulator.Fault{status(simulator.OpExchange, 401, 1)}, leaves: 1},
	{name: "401 with every token", outcome: fails, faults: []*simulator.Fault{status(simulator.OpAgents, 401, 0)}, says: "401"},
	{name: "401 on the refresh", outcome: triedAgain, faults: []*simulator.Fault{
		on(simulator.OpAgents, "token_lost", 1), status(simulator.OpRefresh, 401, 0),
	}},
	{name: "500 on the token", outcome: triedAgain, faults: []*simulator.Fault{status(simulator.OpToken, 500, 1)}},
	{name: "502 on the token", outcome: fails, faults: []*simulator.Fault{status(simulator.OpToken, 502, 1)}, says: "502"},
	{name: "500 on the revoke", outcome: fine, faults: []*simulator.Fault{status(simulator.OpRevoke, 500, 0)}, leaves: 1},
	{
		name: "wrong client secret", outcome: fails, permanent: true, says: "check client_id and client_secret",
		config: func(c *Config) { c.ClientSecret = "not-the-secret" },
	},
	{
		name: "wrong client id", outcome: fails, permanent: true, says: "check client_id and client_secret",
		config: func(c *Config) { c.ClientID = "nobody" },
	},
	{
		name: "an app without JWT flow", outcome: fails, permanent: true, says: "JWT auth flow",
		world: func(w *simulator.World) { acme(w).NoJWTFlow = true },
	},
	{
		name: "a refused JWT", outcome: fails, permanent: true, says: "the JWT was refused",
		config: func(c *Config) { c.JWT = "eyJhbGciOiJFUzI1NiJ9.e30.bm9wZQ" },
	},
	{
		name: "an app without ReadAccounts", outcome: fails, permanent: true, says: "ReadAccounts scope",
		world: func(w *simulator.World) { acme(w).Scopes = []string{"Faxes"} },
	},
	{
		name: "an owner without ReadExtensions", outcome: fails, permanent: true, says: "ReadExtensions permission",
		world: func(w *simulator.World) { acme(w).MissingPermissions = []string{"ReadExtensions"} },
	},
	{
		name: "an owner without WFO_ACCESS", outcome: fails, permanent: true, says: "grant WFO_ACCESS (Access WEM) to the administrator who owns the JWT",
		world: func(w *simulator.World) { acme(w).NoWFOAccess = true },
	},
	{
		name: "a main account that is another", outcome: fails, permanent: true, says: "set main_account_id to 99990000",
		config: func(c *Config) { c.MainAccountID = "12345" },
	},
	{
		name: "a sub-account that is unknown", outcome: fails, permanent: true, says: "those listed are: 99990001",
		config: func(c *Config) { c.SubAccounts = []string{"777"} },
	},
	{name: "null", outcome: triedAgain, faults: []*simulator.Fault{on(simulator.OpAgents, "null", 1)}},
	{name: "null, ever", outcome: fails, faults: []*simulator.Fault{on(simulator.OpAgents, "null", 0)}, says: "not the JSON"},
	{name: "an object for a list", outcome: triedAgain, faults: []*simulator.Fault{on(simulator.OpGroups, "empty_object", 1)}},
	{name: "an object for a list, ever", outcome: fails, faults: []*simulator.Fault{on(simulator.OpGroups, "empty_object", 0)}, says: "an object where a list belongs"},
	{name: "no records", outcome: fails, faults: []*simulator.Fault{on(simulator.OpExtensions, "empty_object", 0)}, says: "no records"},
	{name: "an empty body", outcome: triedAgain, faults: []*simulator.Fault{on(simulator.OpSubAccounts, "empty_body", 1)}},
	{name: "an empty body, ever", outcome: fails, faults: []*simulator.Fault{on(simulator.OpSubAccounts, "empty_body", 0)}, says: "the body is empty"},
	{name: "a web page", outcome: triedAgain, faults: []*simulator.Fault{on(simulator.OpExtensions, "html", 1)}},
	{name: "a web page, ever", outcome: fails, faults: []*simulator.Fault{on(simulator.OpExtensions, "html", 0)}, says: "check base_url and HTTPS_PROXY"},
	{name: "cut JSON", outcome: triedAgain, faults: []*simulator.Fault{on(simulator.OpAgents, "cut_json", 2)}},
	{name: "cut JSON, ever", outcome: fails, faults: []*simulator.Fault{on(simulator.OpAgents, "cut_json", 0)}, says: "unexpected EOF"},
	{name: "a body shorter than its Content-Length", outcome: triedAgain, faults: []*simulator.Fault{on(simulator.OpAgents, "short_body", 2)}},
	{name: "a body shorter than its Content-Length, ever", outcome: fails, faults: []*simulator.Fault{on(simulator.OpAgents, "short_body", 0)}, says: "unexpected EOF"},
	{name: "an endless body", outcome: fails, faults: []*simulator.Fault{on(simulator.OpAdministrators, "endless", 1)}, says: "larger than"},
	{name: "wrong types", outcome: triedAgain, faults: []*simulator.Fault{on(simulator.OpAgents, "wrong_types", 1)}},
	{name: "wrong types, ever", outcome: fails, faults: []*simulator.Fault{on(simulator.OpAgents, "wrong_types", 0)}, says: "of the wrong type"},
	{name: "duplicate ids", outcome: readAgain, faults: []*simulator.Fault{on(simulator.OpAgents, "duplicate", 1)}},
	{name: "duplicate ids, ever", outcome: fails, faults: []*simulator.Fault{on(simulator.OpAgents, "duplicate", 0)}, says: "came twice"},
	{name: "duplicate administrators, ever", outcome: fails, faults: []*simulator.Fault{on(simulator.OpAdministrators, "duplicate", 0)}, says: "came twice"},
	{name: "a page twice", outcome: readAgain, faults: paged(&simulator.Fault{Kind: "page_twice", Op: simulator.OpExtensions, Skip: 1, Count: 1})},
	{name: "a page twice, ever", outcome: fails, faults: paged(&simulator.Fault{Kind: "page_twice", Op: simulator.OpExtensions}), says: "extensions"},
	{name: "a page missing", outcome: readAgain, faults: paged(&simulator.Fault{Kind: "page_missing", Op: simulator.OpExtensions, Skip: 1, Count: 1})},
	{name: "a page missing, ever", outcome: fails, faults: paged(&simulator.Fault{Kind: "page_missing", Op: simulator.OpExtensions}), says: "extensions"},
	{name: "totals that change", outcome: readAgain, faults: paged(&simulator.Fault{Kind: "totals_change", Op: simulator.OpExtensions, Skip: 1, Count: 1})},
	{name: "totals that are wrong", outcome: fails, faults: []*simulator.Fault{on(simulator.OpExtensions, "totals_change", 0)}, says: "records came of"},
	{name: "perPage lowered", outcome: fine, faults: paged()},
	{
		name: "a configured sub-account gone", outcome: fails, permanent: true, says: "99990002 is not listed",
		faults: []*simulator.Fault{{Kind: "gone", Op: simulator.OpSubAccounts, ID: "99990002"}},
		config: func(c *Config) { c.SubAccounts = []string{"99990001", "99990002"} },
	},
	{
		name: "a sub-account gone", outcome: held,
		faults: []*simulator.Fault{{Kind: "gone", Op: simulator.OpSubAccounts, ID: "99990002"}},
		check: func(t *testing.T, s *sync.Snapshot) {
			if slices.ContainsFunc(s.SubAccounts, func(sub sync.SubAccount) bool { return sub.ID == "99990002" }) {
				t.Error("the guard cannot see that 99990002 is gone")
			}
		},
	},
	{
		name: "a group that vanishes", outcome: fine,
		faults: []*simulator.Fault{
			{Kind: "gone", Op: simulator.OpGroups, ID: "1003", Skip: 2},
			{Kind: "status", Op: simulator.OpAgents, Path: "*/1003/agents", Status: 404},
		},
		check: func(t *testing.T, s *sync.Snapshot) {
			if n := lengthOf(t, s, "agent groups of 99990001"); n != 1 {
				t.Errorf("%d groups, want the one that is left", n)
			}
		},
	},
	{
		name: "a group that is listed and not found", outcome: fails, says: "its agents are not found",
		faults: []*simulator.Fault{{Kind: "status", Op: simulator.OpAgents, Path: "*/1003/agents", Status: 404}},
	},
	{
		name: "no groups where there were many", outcome: held, faults: []*simulator.Fault{on(simulator.OpGroups, "emptied", 1)},
		check: func(t *testing.T, s *sync.Snapshot) {
			if min(lengthOf(t, s, "agent groups of 99990001"), lengthOf(t, s, "agent groups of 99990002")) != 0 {
				t.Error("the guard cannot see the empty list")
			}
		},
	},
	{
		name: "a list at a server's cap", outcome: held,
		world: func(w *simulator.World) {
			g := acme(w).SubAccounts[0].Groups[0]
			for i := len(g.Agents); i < 1000; i++ {
				g.Agents = append(g.Agents, &simulator.Agent{ID: int64(5_000_000 + i), FirstName: "Extra", Email: "extra@example.com"})
			}
		},
		check: func(t *testing.T, s *sync.Snapshot) {
			if n := lengthOf(t, s, "agents of 99990001/1001"); n != 1000 {
				t.Errorf("%d agents, want 1000", n)
			}
		},
	},
	{
		name: "a sub-account whose agents are gone", outcome: held,
		faults: []*simulator.Fault{{Kind: "emptied", Op: simulator.OpAgents, Path: "*/99990002/*"}},
		check: func(t *testing.T, s *sync.Snapshot) {
			if n := lengthOf(t, s, "agents of 99990002/1002"); n != 0 {
				t.Errorf("%d agents, want none", n)
			}
		},
	},
	{
		name: "no administrators", outcome: "fails in the run", faults: []*simulator.Fault{on(simulator.OpAdministrators, "emptied", 0)},
		check: func(t *testing.T, s *sync.Snapshot) {
			if n := lengthOf(t, s, "administrators"); n != 0 {
				t.Errorf("%d administrators, want none", n)
			}
		},
	},
	{
		name: "nobody at all", outcome: fails, says: "an empty answer is no fact",
		faults: []*simulator.Fault{on(simulator.OpAdministrators, "emptied", 0), on(simulator.OpAgents, "emptied", 0)},
	},
	{
		name: "no extensions", outcome: held, faults: []*simulator.Fault{on(simulator.OpExtensions, "emptied", 0)},
		check: func(t *testing.T, s *sync.Snapshot) {
			if len(s.Extensions) != 0 || s.Identity.OwnerID == "" {
				t.Errorf("the guard cannot see that owner %q is missing", s.Identity.OwnerID)
			}
		},
	},
	{name: "agents of another group", outcome: readAgain, faults: []*simulator.Fault{on(simulator.OpAgents, "other_group", 1)}},
	{name: "agents of another group, ever", outcome: fails, faults: []*simulator.Fault{on(simulator.OpAgents, "other_group", 0)}, says: "is in group"},
	{
		name: "an agent who moves and is seen twice", outcome: readAgain,
		faults: []*simulator.Fault{
			{Kind: "moved_twice", Op: simulator.OpAgents, Path: "*/1001/agents", Count: 1},
			{Kind: "latency", Op: simulator.OpAgents, Path: "*/1003/agents", Delay: simulator.Duration(latency)},
		},
		check: func(t *testing.T, s *sync.Snapshot) { sameAgents(t, s) },
	},
	{
		name: "an agent who moves and is not seen", outcome: secondLook,
		faults: []*simulator.Fault{
			{Kind: "moved_unseen", Op: simulator.OpAgents, Path: "*/1003/agents", Count: 1},
			{Kind: "latency", Op: simulator.OpAgents, Path: "*/1003/agents", Delay: simulator.Duration(latency)},
		},
		check: func(t *testing.T, s *sync.Snapshot) {
			if got := len(agentsOf(s)); got != everybody()-1 {
				t.Errorf("%d agents at first, want all but one of %d", got, everybody())
			}
		},
	},
	{
		name: "a redirect to another host", outcome: fails, says: "redirects are never followed",
		faults: []*simulator.Fault{{Kind: "redirect", Op: simulator.OpAgents, Location: "https://elsewhere.example.net/agents", Count: 1}},
	},
}
