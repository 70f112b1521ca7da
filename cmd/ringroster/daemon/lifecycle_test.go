package daemon

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

// blocks is a RingCentral that does not answer until the run is stopped.
func blocks(ctx context.Context, _ string) error {
	<-ctx.Done()
	return context.Cause(ctx)
}

func TestReadyIsToldWhenEverythingStands(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMachine(t)
		m.on()
		defer m.off()
		if m.heard(ready) != 1 || m.told("ready") != 1 {
			t.Errorf("systemd heard %q", m.systemd())
		}
		if err := m.daemon.Start(t.Context()); err != nil || m.heard(ready) != 1 {
			t.Errorf("a second start is none: %v", err)
		}
		if err := m.daemon.Alive(t.Context()); err != nil {
			t.Error(err)
		}
		if !slices.Contains(m.systemd(), "STATUS=run 1 succeeded 2000-01-01T00:00:00Z; next 2000-01-01T03:00:00Z") {
			t.Errorf("systemd shows %q", m.systemd())
		}
	})
}

func TestBadSettingsStartNothing(t *testing.T) {
	m := newMachine(t)
	m.broken = errors.New("config.yaml:1: no accounts")
	d := New(Config{Load: m.load, Observer: (*watcher)(m)})
	if err := d.Start(t.Context()); !errors.Is(err, m.broken) {
		t.Errorf("got %v", err)
	}
	if err := d.Alive(t.Context()); err == nil {
		t.Error("it is not alive")
	}
	if err := errors.Join(d.Reload(t.Context()), d.Stop(t.Context()), d.Stop(t.Context())); err != nil {
		t.Errorf("what never started can be stopped: %v", err)
	}
}

func TestStopInMidRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMachine(t)
		m.rule = blocks
		m.on()
		began := time.Now()
		if err := m.daemon.Stop(t.Context()); err != nil {
			t.Error(err)
		}
		if took := time.Since(began); took > 5*time.Second {
			t.Errorf("it took %s", took)
		}
		if err := m.daemon.Stop(t.Context()); err != nil {
			t.Errorf("a second stop is none: %v", err)
		}
		if m.revoked() != 1 || m.heard(stopping) != 1 || m.told("stopping true") != 1 {
			t.Errorf("%d sessions revoked, systemd heard %q", m.revoked(), m.systemd())
		}
		if diff := cmp.Diff([]string{"acme catch_up failed"}, m.runs()); diff != "" {
			t.Error(diff)
		}
		if err := m.store.Close(); err != nil {
			t.Error(err)
		}
		m.rule = func(context.Context, string) error { return nil }
		pass(time.Minute)
		m.on()
		pass(time.Minute)
		got := m.runs()
		m.off()
		if diff := cmp.Diff([]string{"acme catch_up failed", "acme retry succeeded"}, got); diff != "" {
			t.Error(diff)
		}
	})
}

// TestASecondSignalStopsWaiting: the caller's context ends the waiting.
func TestASecondSignalStopsWaiting(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMachine(t)
		stuck := make(chan struct{})
		m.rule = func(context.Context, string) error { <-stuck; return errors.New("at last") }
		m.on()
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := m.daemon.Stop(ctx); err == nil || !strings.Contains(err.Error(), "did not wait") {
			t.Errorf("got %v", err)
		}
		close(stuck)
		synctest.Wait()
		if err := m.store.Close(); err != nil {
			t.Error(err)
		}
	})
}

// TestTheDeadline ends a run that hangs; the next try is a retry.
func TestTheDeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMachine(t)
		m.rule = blocks
		m.on()
		pass(runDeadline - time.Minute)
		if m.told("failed acme") != 0 {
			t.Error("it was cut short")
		}
		fed := m.heard(watchdog)
		pass(2 * time.Minute)
		if m.told("failed acme") != 1 || m.heard(watchdog) == fed {
			t.Errorf("told %q", m.story())
		}
		m.off()
	})
}

// TestTheWatchdogStarves when a run does not even end at its deadline, and not
// before.
func TestTheWatchdogStarves(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMachine(t)
		stuck := make(chan struct{})
		m.rule = func(context.Context, string) error { <-stuck; return errors.New("at last") }
		m.on()
		pass(runDeadline)
		before := m.heard(watchdog)
		pass(endGrace - time.Minute)
		if m.heard(watchdog) == before {
			t.Error("it starved early")
		}
		pass(2 * time.Minute)
		before = m.heard(watchdog)
		pass(10 * time.Minute)
		if m.heard(watchdog) != before {
			t.Error("a hung run was taken for life")
		}
		if err := m.daemon.Alive(t.Context()); err == nil {
			t.Error("it says that it is ready")
		}
		close(stuck)
		synctest.Wait()
		m.off()
	})
}

// TestTheTickFollowsTheWatchdog: it comes three times in the time that systemd
// waits.
func TestTheTickFollowsTheWatchdog(t *testing.T) {
	for watchdog, want := range map[time.Duration]time.Duration{
		0: longestTick, time.Minute: longestTick, 3 * time.Second: time.Second,
	} {
		if got := New(Config{Watchdog: watchdog}).tickEvery; got != want {
			t.Errorf("watchdog %s: a tick every %s, want %s", watchdog, got, want)
		}
	}
}

func TestAPanicFailsItsAccountAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMachine(t)
		m.accounts = []string{"acme", "beta"}
		var fault atomic.Bool
		fault.Store(true)
		m.rule = func(_ context.Context, account string) error {
			if fault.Load() && account == "acme" {
				panic("a fault of ours")
			}
			return nil
		}
		m.on()
		if diff := cmp.Diff([]string{"beta catch_up succeeded", "acme catch_up failed"}, m.runs()); diff != "" {
			t.Error(diff)
		}
		fault.Store(false)
		pass(2 * time.Minute)
		got := m.runs()[2:]
		m.off()
		if diff := cmp.Diff([]string{"acme retry succeeded"}, got); diff != "" {
			t.Error(diff)
		}
	})
}

// A panic outside of any account fails all that had not ended.
func TestAPanicIsAFailedRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMachine(t)
		m.accounts = []string{"acme", "beta"}
		var fault atomic.Bool
		fault.Store(true)
		m.onBegan = func() {
			if fault.Load() {
				panic("a fault of ours")
			}
		}
		m.on()
		if m.told("panicked a fault of ours true") != 1 {
			t.Errorf("told %q", m.story())
		}
		if diff := cmp.Diff([]string{"beta catch_up failed", "acme catch_up failed"}, m.runs()); diff != "" {
			t.Error(diff)
		}
		fault.Store(false)
		pass(2 * time.Minute)
		got := m.runs()[2:]
		m.off()
		if diff := cmp.Diff([]string{"beta retry succeeded", "acme retry succeeded"}, got); diff != "" {
			t.Error(diff)
		}
	})
}

func TestReload(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMachine(t)
		m.on() // catches up
		m.broken = errors.New("config.yaml:1: no accounts")
		if err := m.daemon.Reload(t.Context()); err == nil || m.told("refused config.yaml:1: no accounts") != 1 {
			t.Errorf("got %v, told %q", err, m.story())
		}
		if heard := m.systemd(); m.heard(ready) != 2 || !strings.HasPrefix(heard[len(heard)-2], "RELOADING=1\nMONOTONIC_USEC=") {
			t.Errorf("systemd heard %q", m.systemd())
		}
		until(2000, 1, 1, 3, 1)
		if diff := cmp.Diff([]string{"acme catch_up succeeded", "acme schedule succeeded"}, m.runs()); diff != "" {
			t.Errorf("the old settings are not in force: %s", diff)
		}
		m.broken = nil
		until(2000, 1, 1, 12, 0)
		m.accounts, m.daily = []string{"acme", "beta"}, 11*time.Hour
		if err := m.daemon.Reload(t.Context()); err != nil || m.told("reloaded") != 1 {
			t.Errorf("got %v, told %q", err, m.story())
		}
		until(2000, 1, 2, 10, 59)
		if n := len(m.runs()); n != 2 {
			t.Errorf("a reload made a past slot due: %q", m.runs())
		}
		until(2000, 1, 2, 11, 1)
		got := m.runs()[2:]
		m.off()
		if diff := cmp.Diff([]string{"beta schedule succeeded", "acme schedule succeeded"}, got); diff != "" {
			t.Error(diff)
		}
	})
}

// TestServiceDisabled: it idles, and enabling makes no past slot due (R30).
func TestServiceDisabled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMachine(t)
		m.enabled = false
		m.on()
		until(2000, 1, 3, 12, 0)
		if n := len(m.runs()); n != 0 {
			t.Errorf("it made %d runs", n)
		}
		if !slices.Contains(m.systemd(), "STATUS=no run yet; idle: service_enabled is false") {
			t.Errorf("systemd shows %q", m.systemd())
		}
		m.enabled = true
		if err := m.daemon.Reload(t.Context()); err != nil {
			t.Error(err)
		}
		until(2000, 1, 4, 2, 59)
		if n := len(m.runs()); n != 0 {
			t.Errorf("enabling made a past slot due: %q", m.runs())
		}
		until(2000, 1, 4, 3, 1)
		got := m.runs()
		m.off()
		if diff := cmp.Diff([]string{"acme schedule succeeded"}, got); diff != "" {
			t.Error(diff)
		}
	})
}
