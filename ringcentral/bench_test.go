package ringcentral

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"ringroster/ringcentral/simulator"
)

// latency is a round trip to the simulated RingCentral.
const latency = 200 * time.Millisecond

// pacing is how long a snapshot took on the virtual clock, and what RingCX's
// limit makes of it at the least: window x floor((calls-1)/limit).
type pacing struct {
	took, floor time.Duration
	refused     int
	ringCXCalls int
}

// ideal is the time the goal is measured against: the floor, and one round trip
// for each step that waits for the one before: token, exchange, sub-accounts,
// groups, agents.
func (p pacing) ideal() time.Duration { return p.floor + 5*latency }

// paced reads a world with so many agent groups, under RingCentral's real
// limits, on a virtual clock.
func paced(t *testing.T, groups int) (p pacing) {
	synctest.Test(t, func(t *testing.T) {
		world := simulator.GenerateWith(simulator.GenerateOptions{People: 3 * groups, Seed: 1, Groups: groups})
		world.Limits = &simulator.Limits{}
		world.Latency = simulator.Duration(latency)
		s := simulator.New(world, simulator.Options{})
		d := mustNew(t, demoConfig(s))
		defer d.Close(t.Context())
		began := time.Now()
		snapshot, err := d.Snapshot(t.Context(), nil)
		if err != nil {
			t.Fatal(err)
		}
		if n := len(snapshot.Lists); n < groups {
			t.Fatalf("%d lists read", n)
		}
		calls := s.Calls()
		for _, op := range []simulator.Operation{simulator.OpAdministrators, simulator.OpSubAccounts, simulator.OpGroups, simulator.OpAgents} {
			p.ringCXCalls += calls[op]
		}
		p.took, p.refused = time.Since(began), s.TooManyRequests()
		p.floor = time.Minute * time.Duration((p.ringCXCalls-1)/120)
	})
	return p
}

func TestPacingComesWithinTenPercentOfWhatTheLimitsAllow(t *testing.T) {
	for _, groups := range []int{5, 50, 118, 500} {
		t.Run(fmt.Sprintf("%d groups", groups), func(t *testing.T) {
			p := paced(t, groups)
			t.Logf("%d RingCX calls in %s, floor %s", p.ringCXCalls, p.took, p.floor)
			if p.refused > 0 {
				t.Errorf("%d answers of 429", p.refused)
			}
			goal := p.ideal() + p.floor/10
			if p.floor == 0 {
				goal = 3 * p.ideal()
			}
			if p.took > goal {
				t.Errorf("took %s, want at most %s", p.took, goal)
			}
		})
	}
}

// BenchmarkSnapshotOnAVirtualClock reports how much longer a snapshot takes than
// RingCentral's limits demand. The time per operation is the machine's; the
// metrics are the virtual clock's.
func BenchmarkSnapshotOnAVirtualClock(b *testing.B) {
	for _, groups := range []int{5, 50, 500} {
		b.Run(fmt.Sprintf("groups=%d", groups), func(b *testing.B) {
			var p pacing
			for b.Loop() {
				p = pacedIn(b, groups)
			}
			b.ReportMetric(p.took.Seconds(), "virtual-s")
			b.ReportMetric(p.floor.Seconds(), "floor-s")
			b.ReportMetric(p.took.Seconds()/p.ideal().Seconds(), "time/floor")
			b.ReportMetric(float64(p.refused), "429s")
		})
	}
}

// pacedIn lends a benchmark the test that a synctest bubble wants.
func pacedIn(b *testing.B, groups int) (p pacing) {
	every := func(_, _ string) (bool, error) { return true, nil }
	ok := testing.RunTests(every, []testing.InternalTest{{Name: "bubble", F: func(t *testing.T) { p = paced(t, groups) }}})
	if !ok {
		b.Fatal("the snapshot failed")
	}
	return p
}
