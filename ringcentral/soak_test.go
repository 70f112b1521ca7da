package ringcentral

import (
	"math/rand/v2"
	"testing"
	"testing/synctest"
	"time"

	"ringroster/ringcentral/simulator"
	"ringroster/sync"

	"github.com/google/go-cmp/cmp"
)

// provable are the kinds of faults that no snapshot may show a trace of: what
// they do is either repaired or fails the account.
var provable = []simulator.Fault{
	{Kind: "cut"},
	{Kind: "status", Status: 500},
	{Kind: "status", Status: 503, RetryAfter: 5},
	{Kind: "status", Status: 429},
	{Kind: "token_lost"},
	{Kind: "null"},
	{Kind: "empty_object"},
	{Kind: "empty_body"},
	{Kind: "html"},
	{Kind: "cut_json"},
	{Kind: "short_body"},
	{Kind: "latency", Delay: simulator.Duration(2 * attemptTimeout)},
	{Kind: "wrong_types", Op: simulator.OpAgents},
	{Kind: "wrong_types", Op: simulator.OpGroups},
	{Kind: "duplicate", Op: simulator.OpAgents},
	{Kind: "duplicate", Op: simulator.OpAdministrators},
	{Kind: "page_twice", Op: simulator.OpExtensions},
	{Kind: "page_missing", Op: simulator.OpExtensions},
	{Kind: "totals_change", Op: simulator.OpExtensions},
	{Kind: "other_group", Op: simulator.OpAgents},
	{Kind: "partial"},
	{Kind: "partial", Status: 203},
	{Kind: "latin1", Op: simulator.OpExtensions},
	{Kind: "latin1", Op: simulator.OpAgents},
	{Kind: "name_twice"},
	{Kind: "decomposed"},
	{Kind: "claimed", N: 40_000_000, Op: simulator.OpExtensions},
	{Kind: "empty_records", N: 100_000, Op: simulator.OpAgents},
}

// anyOrder: two faults can swap two pages, which loses nobody.
var anyOrder = cmp.Transformer("anyOrder", func(list []sync.Extension) map[string]sync.Extension {
	byID := map[string]sync.Extension{}
	for _, x := range list {
		byID[x.ID] = x
	}
	return byID
})

// TestNoFaultLeavesATrace reads an account 200 times while everything goes wrong
// now and then, under real limits: a snapshot is the fault-free one, or none.
func TestNoFaultLeavesATrace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		world := simulator.Generate(60, 1)
		world.Limits, world.Latency = &simulator.Limits{}, simulator.Duration(50*time.Millisecond)
		s := simulator.New(world, simulator.Options{})
		whole := readAll(t, s)
		dice := rand.New(rand.NewPCG(1, 2))
		failed := 0
		for range 200 {
			s.Change(func(w *simulator.World) {
				w.Faults = []*simulator.Fault{{Kind: "per_page_lowered", Op: simulator.OpExtensions, N: 30}}
				for _, f := range provable {
					f.Probability, f.Seed = 0.4/float64(len(provable)), dice.Uint64()
					w.Faults = append(w.Faults, &f)
				}
			})
			d := mustNew(t, demoConfig(s))
			snapshot, err := d.Snapshot(t.Context(), nil)
			d.Close(t.Context())
			time.Sleep(5 * time.Minute) // on the bubble's clock, so that the limits forget
			if err != nil {
				failed++
				t.Log(err)
				continue
			}
			if diff := cmp.Diff(whole, facts(snapshot), anyOrder); diff != "" {
				t.Errorf("a fault left a trace:\n%s", diff)
			}
		}
		t.Logf("%d of 200 readings failed; faults: %v", failed, s.FaultHits())
		if failed > 20 {
			t.Errorf("%d of 200 readings failed", failed)
		}
	})
}
