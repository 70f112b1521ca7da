package main

import (
	"context"
	"flag"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/zap"

	"ringroster/cmd/ringroster/observe"
	"ringroster/ringcentral"
	"ringroster/ringcentral/simulator"
	"ringroster/store"
	"ringroster/store/views"
	"ringroster/sync"
	"ringroster/sync/reconcile"
)

var soakRuns = flag.Int("soak.runs", 15, "how many runs the soak makes; `make soak` makes 200")

// soakFaults are faults of every kind, each with a small chance on every call: those
// that every answer could have, of lists that lost people all that the fault table knows,
// and those of one look alone at both looks.
var soakFaults = []simulator.Fault{
	{Kind: "status", Status: 500},
	{Kind: "status", Status: 503, RetryAfter: 5},
	{Kind: "status", Status: 429, RetryAfter: 7},
	{Kind: "status", Status: 403},
	{Kind: "status", Status: 404, Op: simulator.OpAgents},
	{Kind: "cut"},
	{Kind: "null"},
	{Kind: "empty_object"},
	{Kind: "empty_body"},
	{Kind: "html"},
	{Kind: "cut_json"},
	{Kind: "short_body"},
	{Kind: "endless", Op: simulator.OpAdministrators},
	{Kind: "slow_body", Delay: simulator.Duration(time.Minute)},
	{Kind: "wrong_types"},
	{Kind: "duplicate"},
	{Kind: "totals_change", Op: simulator.OpExtensions},
	{Kind: "page_missing", Op: simulator.OpExtensions},
	{Kind: "page_twice", Op: simulator.OpExtensions},
	{Kind: "per_page_lowered", N: 20, Op: simulator.OpExtensions},
	{Kind: "emptied", Op: simulator.OpAgents},
	{Kind: "emptied", Op: simulator.OpGroups},
	{Kind: "emptied", Op: simulator.OpAdministrators},
	{Kind: "truncated", N: 3, Op: simulator.OpAgents},
	{Kind: "truncated", N: 1, Op: simulator.OpAgents},
	{Kind: "truncated", N: 1, Op: simulator.OpAdministrators},
	{Kind: "truncated", N: 1, Op: simulator.OpAdministrators, Look: 1},
	{Kind: "lost", Share: 0.5, Op: simulator.OpAdministrators, Look: 2},
	{Kind: "other_group", Op: simulator.OpAgents},
	{Kind: "moved_unseen", Op: simulator.OpAgents},
	{Kind: "moved_twice", Op: simulator.OpAgents},
	{Kind: "partial"},
	{Kind: "partial", Status: 202},
	{Kind: "partial", Status: 203},
	{Kind: "partial", Status: 207},
	{Kind: "latin1"},
	{Kind: "lone_surrogate", Op: simulator.OpAgents},
	{Kind: "name_twice"},
	{Kind: "decomposed"},
	{Kind: "claimed", N: 40_000_000, Op: simulator.OpExtensions},
	{Kind: "empty_records", N: 100_000, Op: simulator.OpAgents},
	{Kind: "lost", Share: 0.5, Op: simulator.OpAgents, Look: 1},
	{Kind: "lost", Share: 0.5, Op: simulator.OpAgents, Look: 2},
	{Kind: "lost", Share: 0.5, Op: simulator.OpExtensions},
	{Kind: "inactive", Op: simulator.OpAgents},
	{Kind: "inactive", Op: simulator.OpAgents, Look: 1},
	{Kind: "inactive", Op: simulator.OpAgents, Look: 2},
	{Kind: "unlisted", ID: "1002", Op: simulator.OpGroups},
	{Kind: "unlisted", ID: "1003", Op: simulator.OpGroups, Look: 1},
	{Kind: "unlisted", ID: "1004", Op: simulator.OpGroups, Look: 2},
	{Kind: "unlisted", ID: "99990002", Op: simulator.OpSubAccounts, Look: 2},
	{Kind: "unlisted", ID: "3201", Op: simulator.OpAdministrators, Look: 2},
	{Kind: "unlisted", ID: "700000009", Op: simulator.OpExtensions},
	{Kind: "unlisted", ID: "700000010", Op: simulator.OpExtensions, Look: 1},
	{Kind: "unlisted", ID: "700000012", Op: simulator.OpExtensions, Look: 2},
	{Kind: "unlisted", ID: "700000009", Op: simulator.OpAssignedRoles, Look: 1},
	{Kind: "unlisted", ID: "700000010", Op: simulator.OpAssignedRoles, Look: 2},
	{Kind: "lost", Share: 0.5, Op: simulator.OpAssignedRoles},
	{Kind: "gone", ID: "99990001", Op: simulator.OpSubAccounts},
	{Kind: "redirect", Location: "https://elsewhere.example.com/"},
	{Kind: "token_lost"},
	{Kind: "latency", Delay: simulator.Duration(3 * time.Second)},
}

// soak is one company, one roster, and a random world around them.
type soak struct {
	t      *testing.T
	rng    *rand.Rand
	server *simulator.Server
	dir    string
	access sync.Access
	joined int
	counts map[sync.RunStatus]int
}

// TestSoak runs against a RingCentral in which every run meets several faults and
// people come and go all the time. After each run the roster is what a run
// without faults would have made of it, except that leavers may stay while a list is
// in doubt, or the run failed and it is as it was;
// what a run held is still active.
func TestSoak(t *testing.T) {
	for name, access := range map[string]sync.Access{
		"by agent records": {Rule: sync.AccessListed},
		"by RingEX roles":  {Rule: sync.AccessRole, Name: "Standard"},
	} {
		t.Run(name, func(t *testing.T) { synctest.Test(t, func(t *testing.T) { runSoak(t, access) }) })
	}
}

func runSoak(t *testing.T, access sync.Access) {
	world := simulator.Generate(60, 3)
	world.Limits = &simulator.Limits{}
	s := &soak{
		t: t, rng: rand.New(rand.NewPCG(1, 2)), server: simulator.New(world, simulator.Options{}),
		dir: t.TempDir(), access: access, counts: map[sync.RunStatus]int{},
	}
	s.sync(s.path("roster.db"))
	var early uint64
	for i := range *soakRuns {
		s.round(i)
		if i == *soakRuns/4 {
			early = liveHeap()
		}
	}
	if late := liveHeap(); late > 2*early {
		t.Errorf("the heap grew from %d to %d bytes", early, late)
	}
	t.Logf("%d runs: %v; faults: %v", *soakRuns, s.counts, s.server.FaultHits())
	if s.counts[sync.Succeeded] == 0 || s.counts[sync.Failed] == 0 {
		t.Errorf("a soak in which nothing succeeds, or nothing fails, shows nothing: %v", s.counts)
	}
}

func liveHeap() uint64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

func (s *soak) path(name string) string { return filepath.Join(s.dir, name) }

// round changes the world, runs without faults on a copy and with faults on the
// roster, and compares.
func (s *soak) round(i int) {
	time.Sleep(23 * time.Hour) // on the bubble's clock
	s.changeWorld()
	before := s.roster(s.path("roster.db"))
	twin := s.copy(fmt.Sprintf("twin%d.db", i))
	s.setFaults(nil)
	if clean := s.sync(twin); clean.Status == sync.Failed {
		s.t.Fatalf("round %d: the run without faults failed: %v", i, clean.Err)
	}
	want := s.roster(twin)
	s.setFaults(s.faults())
	result := s.sync(s.path("roster.db"))
	s.counts[result.Status]++
	got := s.roster(s.path("roster.db"))
	switch result.Status {
	case sync.Failed:
		if diff := cmp.Diff(before, got); diff != "" {
			s.t.Fatalf("round %d failed (%v), and the roster moved:\n%s", i, result.Err, diff)
		}
	case sync.Succeeded:
		forgiveNumbers(before, want, got)
		if diff := cmp.Diff(want, got); diff != "" {
			s.t.Fatalf("round %d succeeded, and the roster is not what a run without faults makes of it:\n%s", i, diff)
		}
	case sync.HeldRun:
		forgiveNumbers(before, want, got)
		for who, state := range got {
			if state != want[who] && state != before[who] {
				s.t.Fatalf("round %d held something, and %s is %s: was %s, and without faults would be %s", i, who, state, before[who], want[who])
			}
		}
	}
	s.noWrongLeaver(i, before, want, got)
}

// forgiveNumbers has extension numbers stay as they were, or unknown, in want: an extension
// that is not listed says nothing (R8).
func forgiveNumbers(before, want, got map[string]string) {
	for who, state := range got {
		person, number, _ := strings.Cut(state, "> ")
		if strings.HasPrefix(want[who], person+"> ") && (number == "" || state == before[who]) {
			want[who] = state
		}
	}
}

// noWrongLeaver is the law above all others: nobody is inactive, or has another role, whom
// a run without faults leaves as they were.
func (s *soak) noWrongLeaver(i int, before, want, got map[string]string) {
	for who, state := range got {
		role := func(all map[string]string) string { return strings.Fields(all[who] + " - -")[1] }
		if before[who] != "" && role(got) != role(before) && role(got) != role(want) {
			s.t.Fatalf("round %d: %s was %s, is %s, and nobody said so: %s", i, who, role(before), role(got), role(want))
		}
		if state[:8] == "inactive" && want[who] != "" && want[who][:8] != "inactive" {
			s.t.Fatalf("round %d: %s was deactivated and is still there", i, who)
		}
	}
}

func (s *soak) faults() []*simulator.Fault {
	faults := make([]*simulator.Fault, len(soakFaults))
	for i, f := range soakFaults {
		f.Probability, f.Seed = 0.3/float64(len(soakFaults)), s.rng.Uint64()
		faults[i] = &f
	}
	return faults
}

func (s *soak) setFaults(faults []*simulator.Fault) {
	s.server.Change(func(w *simulator.World) { w.Faults = faults })
}

func (s *soak) changeWorld() {
	s.server.Change(func(w *simulator.World) {
		a := w.Accounts[0]
		s.joined++
		newcomer := simulator.Newcomer{FirstName: "New", LastName: fmt.Sprint("Comer", s.joined), Email: fmt.Sprintf("new%d@example.com", s.joined)}
		if err := a.Join(newcomer); err != nil {
			s.t.Fatal(err)
		}
		a.Extensions[len(a.Extensions)-1].Roles = []string{"3"}
		if s.joined > 5 && s.rng.IntN(2) == 0 {
			a.Leave(fmt.Sprintf("new%d@example.com", 1+s.rng.IntN(s.joined-2)))
		}
		a.Rename(fmt.Sprintf("new%d@example.com", 1+s.rng.IntN(s.joined)), "Re", fmt.Sprint("Named", s.rng.IntN(1000)))
	})
}

func (s *soak) sync(path string) reconcile.Result {
	st, err := store.Open(s.t.Context(), path, store.Options{Mode: 0o600, New: true})
	if err != nil {
		s.t.Fatal(err)
	}
	defer func() { _ = st.Close() }()
	r := &reconcile.Runner{
		Roster: st, Observer: observe.NewLog(zap.NewNop(), time.Now), Now: time.Now,
		Policy: func(string) sync.Policy {
			return sync.Policy{RolePrecedence: "first", Access: s.access, RequireRingEX: s.access.Rule != sync.AccessListed, Deactivate: true, Limits: sync.Limits{
				Deactivations: sync.Limit{Percent: 10, Floor: 5}, Onboardings: sync.Limit{Percent: 30, Floor: 20},
				Updates: sync.Limit{Percent: 30, Floor: 20}, Administrators: sync.Limit{Percent: 20, Floor: 3},
			}}
		},
		Connect: func(account string) (sync.Directory, error) {
			return ringcentral.New(ringcentral.Config{
				Account: account, BaseURL: "https://ringex.example.com", RingCXURL: "https://ringcx.example.com",
				MainAccountID: simulator.DemoMainAccountID, ClientID: simulator.DemoClientID,
				ClientSecret: simulator.DemoClientSecret, JWT: simulator.DemoJWT, Transport: s.server.Transport(),
				Roles: s.access.Rule != sync.AccessListed,
			})
		},
	}
	_, results, err := r.Sync(context.Background(), reconcile.Request{Run: sync.Run{Accounts: []string{"acme"}, Trigger: sync.Scheduled, Actor: "soak"}})
	if err != nil {
		s.t.Fatal(err)
	}
	return results[0]
}

// roster is everybody by RingEX id or username, with what a sync decides.
func (s *soak) roster(path string) map[string]string {
	st, err := store.OpenRead(s.t.Context(), path)
	if err != nil {
		s.t.Fatal(err)
	}
	defer func() { _ = st.Close() }()
	all := map[string]string{}
	for r, err := range st.Roster(s.t.Context(), views.Filter{}) {
		if err != nil {
			s.t.Fatal(err)
		}
		all[r.Username] = fmt.Sprintf("%-8s %s %s %s <%s> %s", r.Status, r.Role, r.FirstName, r.LastName, r.Email, r.ExtensionNumber)
	}
	return all
}

func (s *soak) copy(name string) string {
	st, err := store.OpenRead(s.t.Context(), s.path("roster.db"))
	if err != nil {
		s.t.Fatal(err)
	}
	defer func() { _ = st.Close() }()
	if err := st.Backup(s.t.Context(), s.path(name)); err != nil {
		s.t.Fatal(err)
	}
	return s.path(name)
}
