// Package benchtest measures whole runs and counts their calls: the real program and the
// parts that it is made of, over companies of many sizes.
package benchtest

import (
	"context"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"
	"time"

	"go.uber.org/zap"

	"ringroster/cmd/ringroster/config"
	"ringroster/cmd/ringroster/observe"
	"ringroster/cmd/ringroster/wire"
	"ringroster/ringcentral/simulator"
	"ringroster/sync"
	"ringroster/sync/reconcile"
)

// benchPeople over benchGroups agent groups: a large customer.
const (
	benchPeople = 10_000
	benchGroups = 40
)

// BenchmarkFirstSync reads and onboards everybody, over real HTTP into a real
// file. calls/op shows that no call is made per person.
func BenchmarkFirstSync(b *testing.B) {
	s, server := benchWorld(b)
	for b.Loop() {
		benchSync(b, s, filepath.Join(b.TempDir(), "roster.db"))
	}
	reportCalls(b, server)
}

// BenchmarkNoChangeSync reads everybody and finds nothing to do.
func BenchmarkNoChangeSync(b *testing.B) {
	s, server := benchWorld(b)
	path := filepath.Join(b.TempDir(), "roster.db")
	benchSync(b, s, path)
	server.ResetCounters()
	for b.Loop() {
		benchSync(b, s, path)
	}
	reportCalls(b, server)
}

func benchWorld(b *testing.B) (*config.Settings, *simulator.Server) {
	world := simulator.GenerateWith(simulator.GenerateOptions{People: benchPeople, Seed: 1, SubAccounts: 2, Groups: benchGroups})
	server := simulator.New(world, simulator.Options{})
	listener := httptest.NewServer(server)
	b.Cleanup(listener.Close)
	file := filepath.Join(b.TempDir(), "config.yaml")
	if err := os.WriteFile(file, []byte(wire.SimulatorSettings(world, listener.Listener.Addr().String())), 0o600); err != nil {
		b.Fatal(err)
	}
	s, err := config.Load(file)
	if err != nil {
		b.Fatal(err)
	}
	return s, server
}

// benchSync makes a run of the members into a roster.
func benchSync(b *testing.B, s *config.Settings, path string) {
	s.Database.Path = path
	syncHere(b, s, sync.JobMembers)
}

// syncHere makes a run of a job in this process, as the command does.
func syncHere(t testing.TB, s *config.Settings, job string) {
	t.Helper()
	ctx := context.WithoutCancel(t.Context())
	st, err := wire.OpenWrite(ctx, s, true)
	if err != nil {
		t.Fatal(err)
	}
	_, results, err := wire.Runner(s, benchVersion, st, observe.NewLog(zap.NewNop(), time.Now)).Sync(ctx, reconcile.Request{
		Run: sync.Run{Job: job, Accounts: []string{s.Accounts[0].Name}, Trigger: sync.Manual, Actor: "bench"},
	})
	if err != nil || results[0].Err != nil {
		t.Fatal(err, results)
	}
	if err := st.Close(); err != nil {
		t.Fatal(err)
	}
}

func reportCalls(b *testing.B, server *simulator.Server) {
	calls := 0
	for _, n := range server.Calls() {
		calls += n
	}
	perRun := float64(calls) / float64(b.N)
	b.ReportMetric(perRun, "calls/op")
	if limit := float64(benchGroups + benchPeople/1000 + 20); perRun > limit {
		b.Errorf("%.0f calls in a run, more than %.0f: is there one per person?", perRun, limit)
	}
}
