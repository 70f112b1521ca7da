package main

import (
	"context"
	"net/http/httptest"
	"path/filepath"
	"testing"
	"time"

	"go.uber.org/zap"

	"ringroster/cmd/ringroster/config"
	"ringroster/cmd/ringroster/observe"
	"ringroster/cmd/ringroster/wire"
	"ringroster/ringcentral/simulator"
	"ringroster/store"
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
	if err := writeNew(file, wire.SimulatorSettings(world, listener.Listener.Addr().String())); err != nil {
		b.Fatal(err)
	}
	s, err := config.Load(file)
	if err != nil {
		b.Fatal(err)
	}
	return s, server
}

func benchSync(b *testing.B, s *config.Settings, path string) {
	st, err := store.Open(b.Context(), path, store.Options{Mode: 0o600, New: true})
	if err != nil {
		b.Fatal(err)
	}
	r := wire.Runner(s, version, st, observe.NewLog(zap.NewNop(), time.Now))
	_, results, err := r.Sync(context.WithoutCancel(b.Context()), reconcile.Request{
		Run: sync.Run{Accounts: []string{s.Accounts[0].Name}, Trigger: sync.Manual, Actor: "bench"},
	})
	if err != nil || results[0].Err != nil {
		b.Fatal(err, results)
	}
	if err := st.Close(); err != nil {
		b.Fatal(err)
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
