package daemon

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"ringroster/sync"
	"ringroster/sync/reconcile"
)

// TestThirtyDays: with a crash, an outage, a machine that was off and a daylight
// change, every day has one successful run, none has two (R30).
func TestThirtyDays(t *testing.T) {
	if testing.Short() {
		t.Skip("thirty days take a while under the race detector; `make test` has them")
	}
	berlin, err := time.LoadLocation("Europe/Berlin") // 26 March 2000, 01:00 UTC
	if err != nil {
		t.Skip("this machine has no time zones: ", err)
	}
	local := time.Local
	time.Local = berlin
	defer func() { time.Local = local }()
	synctest.Test(t, func(t *testing.T) {
		m := newMachine(t)
		m.tick = 10 * time.Minute
		m.daily = 90 * time.Minute // 01:30, and in Berlin 02:30, which the 26th does not have
		var hang, down atomic.Bool
		hang.Store(true)
		m.rule = func(ctx context.Context, _ string) error {
			switch {
			case time.Now().UTC().Day() == 9 && hang.Load():
				return blocks(ctx, "")
			case down.Load():
				return errors.New("RingCentral is down")
			}
			return nil
		}
		until(2000, 3, 5, 12, 0)
		m.on()                   // makes up for the 5th
		until(2000, 3, 9, 1, 31) // a run is under way
		m.crash()
		hang.Store(false)
		until(2000, 3, 9, 1, 40)
		m.on()
		until(2000, 3, 14, 1, 0)
		down.Store(true) // from before the slot until after breakfast
		until(2000, 3, 14, 7, 30)
		down.Store(false)
		until(2000, 3, 20, 0, 30)
		m.off()
		until(2000, 3, 20, 15, 0)
		m.on()
		until(2000, 4, 4, 1, 0) // over the daylight change
		got := successes(m)
		m.off()
		for day := time.Date(2000, 3, 5, 0, 0, 0, 0, time.UTC); day.Before(time.Date(2000, 4, 4, 0, 0, 0, 0, time.UTC)); day = day.AddDate(0, 0, 1) {
			if n := got[day.Format(time.DateOnly)]; n != 1 {
				t.Errorf("%s had %d successful runs", day.Format(time.DateOnly), n)
			}
		}
		if len(got) != 30 {
			t.Errorf("successful runs on %d days, want 30", len(got))
		}
	})
}

// successes counts the successful runs of each UTC day.
func successes(m *machine) map[string]int {
	days := map[string]int{}
	for r, err := range m.store.Runs(m.t.Context(), 0) {
		if err != nil {
			m.t.Fatal(err)
		}
		if r.Status == sync.Succeeded {
			days[r.StartedAt[:len(time.DateOnly)]]++
		}
	}
	return days
}

func TestAMissedRunIsMadeUpOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMachine(t)
		until(2000, 1, 5, 2, 59)
		m.on()
		until(2000, 1, 5, 12, 0)
		m.off()
		until(2000, 1, 9, 17, 0)
		m.on()
		pass(time.Hour)
		m.off()
		m.on() // a restart changes nothing
		until(2000, 1, 10, 2, 59)
		got := m.runs()
		m.off()
		want := []string{"acme catch_up succeeded", "acme schedule succeeded", "acme catch_up succeeded"}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
	})
}

// TestR30RetriesFailedAccountsOnly: with growing waits, also over a restart.
func TestR30RetriesFailedAccountsOnly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMachine(t)
		m.accounts = []string{"acme", "beta"}
		m.rule = func(_ context.Context, account string) error {
			if account == "beta" && time.Now().UTC().Hour() < 6 {
				return errors.New("RingCentral is down")
			}
			return nil
		}
		until(2000, 1, 5, 2, 59)
		m.daily = 3 * time.Hour
		m.catchUp = false
		m.on()
		until(2000, 1, 5, 3, 20)
		m.off()
		m.on()
		until(2000, 1, 6, 2, 59)
		var beta []string
		acme := 0
		for r, err := range m.store.Runs(t.Context(), 0) {
			if err != nil {
				t.Fatal(err)
			}
			if r.Account == "acme" {
				acme++
				continue
			}
			beta = append(beta, fmt.Sprintf("%s %s %s", r.StartedAt[11:16], r.Trigger, r.Status))
		}
		slices.Reverse(beta)
		m.off()
		want := []string{
			"03:00 schedule failed", "03:01 retry failed", "03:03 retry failed", "03:07 retry failed", "03:15 retry failed",
			"03:31 retry failed", "04:03 retry failed", "05:03 retry failed", "06:03 retry succeeded",
		}
		if diff := cmp.Diff(want, beta); diff != "" {
			t.Error(diff)
		}
		if acme != 1 {
			t.Errorf("acme, which did not fail, ran %d times", acme)
		}
	})
}

// TestR30AnInterval: a run for each slot of a day, from daily_at on; systemd hears of the
// next. A shorter interval that a reload brings makes no past slot due.
func TestR30AnInterval(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMachine(t)
		m.every = 6 * time.Hour
		until(2000, 1, 5, 3, 0)
		m.on()
		until(2000, 1, 5, 15, 1)
		if status := "STATUS=run 3 succeeded 2000-01-05T15:00:00Z; next 2000-01-05T21:00:00Z"; m.heard(status) != 1 {
			t.Errorf("systemd heard %q, not %q", m.systemd(), status)
		}
		until(2000, 1, 5, 18, 30)
		m.every = time.Hour
		if err := m.daemon.Reload(t.Context()); err != nil {
			t.Error(err)
		}
		until(2000, 1, 5, 20, 30)
		var got []string
		for r, err := range m.store.Runs(t.Context(), 0) {
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, r.StartedAt[11:16]+" "+string(r.Trigger))
		}
		m.off()
		want := []string{"20:00 schedule", "19:00 schedule", "15:00 schedule", "09:00 schedule", "03:00 schedule"}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
	})
}

// wrongSecret is an error that time does not cure.
type wrongSecret struct{}

func (wrongSecret) Error() string   { return "wrong client secret" }
func (wrongSecret) Permanent() bool { return true }

// TestR30HopelessWaitsForAReload, or for the next slot.
func TestR30HopelessWaitsForAReload(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMachine(t)
		m.rule = func(context.Context, string) error { return fmt.Errorf("sign in: %w", wrongSecret{}) }
		until(2000, 1, 5, 3, 0)
		m.on()
		until(2000, 1, 5, 9, 0)
		if diff := cmp.Diff([]string{"acme schedule failed"}, m.runs()); diff != "" {
			t.Error(diff)
		}
		if err := m.daemon.Reload(t.Context()); err != nil {
			t.Error(err)
		}
		pass(time.Hour)
		if diff := cmp.Diff([]string{"acme schedule failed", "acme retry failed"}, m.runs()); diff != "" {
			t.Error(diff)
		}
		until(2000, 1, 6, 4, 0)
		got := m.runs()
		m.off()
		if diff := cmp.Diff([]string{"acme schedule failed", "acme retry failed", "acme schedule failed"}, got); diff != "" {
			t.Error(diff)
		}
	})
}

// TestTheClockStandsInThePast: a success that seems to come from the future is
// told of once and does not count (R30).
func TestTheClockStandsInThePast(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMachine(t)
		m.on()
		past := time.Now()
		seed(t, m, past.AddDate(1, 0, 0))
		until(2000, 1, 2, 12, 0)
		if n := m.told("trouble look at past runs"); n != 1 {
			t.Errorf("it was told %d times", n)
		}
		got := successes(m)["2000-01-02"]
		m.off()
		if got != 1 {
			t.Errorf("%d successful runs today", got)
		}
	})
}

// seed writes a full successful run that began and ended at a time.
func seed(t *testing.T, m *machine, at time.Time) {
	t.Helper()
	r := *m.daemon.settings.Runner
	r.Now = func() time.Time { return at }
	_, results, err := r.Sync(t.Context(), reconcile.Request{Run: sync.Run{Accounts: []string{"acme"}, Trigger: sync.Manual}})
	if err != nil || results[0].Err != nil {
		t.Fatal(err, results)
	}
}
