package benchtest

import (
	"context"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/zap"

	"ringroster/cmd/ringroster/observe"
	"ringroster/ringcentral"
	"ringroster/ringcentral/simulator"
	"ringroster/store"
	"ringroster/sync"
	"ringroster/sync/reconcile"
	"ringroster/sync/schedule"
)

// TestR30ADaysCalls: a day of runs by the schedule, on a virtual clock and under
// RingCentral's limits. Each makes the calls that the company's size asks for, whatever
// the interval, and none is refused for being one too many.
func TestR30ADaysCalls(t *testing.T) {
	for name, day := range map[string]struct {
		every time.Duration
		runs  int
	}{
		"without an interval": {0, 1},
		"every six hours":     {6 * time.Hour, 4},
		"every hour":          {time.Hour, 24},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				world := simulator.GenerateWith(simulator.GenerateOptions{People: 300, Seed: 1, Groups: 60})
				world.Limits, world.Latency = &simulator.Limits{}, simulator.Duration(200*time.Millisecond)
				server := simulator.New(world, simulator.Options{})
				job := schedule.Job{Account: "acme", Name: sync.JobMembers, At: 3 * time.Hour, Every: day.every, CatchUp: true}
				time.Sleep(time.Until(time.Date(2000, 1, 5, 2, 59, 0, 0, time.UTC)))
				runs := runsOfADay(t, server, job)
				if got, want := sum(server.Calls()), day.runs*callsNeeded(world.Accounts[0]); runs != day.runs || got != want {
					t.Errorf("%d runs with %d calls, want %d with %d", runs, got, day.runs, want)
				}
				if n := server.TooManyRequests(); n > 0 {
					t.Errorf("%d calls were refused by the limits", n)
				}
			})
		})
	}
}

// runsOfADay makes the runs that are due within a day from now.
func runsOfADay(t *testing.T, server *simulator.Server, job schedule.Job) (runs int) {
	st, err := store.Open(t.Context(), filepath.Join(t.TempDir(), "roster.db"), store.Options{Mode: 0o600, New: true})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = st.Close() }()
	r := &reconcile.Runner{
		Roster: st, Observer: observe.NewLog(zap.NewNop(), time.Now), Now: time.Now,
		Policy: func(string) sync.Policy {
			return sync.Policy{RolePrecedence: "first", Access: sync.Access{Rule: sync.AccessListed}, Deactivate: true}
		},
		Connect: func(account string) (sync.Directory, error) {
			return ringcentral.New(ringcentral.Config{
				Account: account, BaseURL: "https://ringex.example.com", RingCXURL: "https://ringcx.example.com",
				MainAccountID: simulator.DemoMainAccountID, ClientID: simulator.DemoClientID,
				ClientSecret: simulator.DemoClientSecret, JWT: simulator.DemoJWT, Transport: server.Transport(),
			})
		},
	}
	job.From = time.Now() // of the slot before nobody was there
	for end := time.Now().Add(24 * time.Hour); ; runs++ {
		past, err := st.Attempts(t.Context(), job.Account, job.Name)
		if err != nil {
			t.Fatal(err)
		}
		next := schedule.Next(time.Now(), job, past)
		if !next.At.Before(end) {
			return runs
		}
		time.Sleep(time.Until(next.At))
		_, results, err := r.Sync(context.Background(), reconcile.Request{Run: sync.Run{Accounts: []string{job.Account}, Trigger: next.Trigger, Actor: "test"}})
		if err != nil || results[0].Err != nil {
			t.Fatal(err, results)
		}
	}
}
