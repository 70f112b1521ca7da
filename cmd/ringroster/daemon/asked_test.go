package daemon

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"ringroster/store"
	"ringroster/store/dbfile"
	"ringroster/sync"
	"ringroster/sync/reconcile"
)

// asks makes the machine's service take requests, as the program does, and returns what
// an operator uses to leave one.
func (m *machine) asks() (ask func() int64) {
	m.requests = func(ctx context.Context) (*Asked, error) {
		r, err := m.store.NextRequest(ctx)
		if err != nil || r == nil {
			return nil, err
		}
		return &Asked{
			Request: reconcile.Request{Run: r.Run},
			Begin: func(ctx context.Context, run sync.Run) (sync.RunID, error) {
				return m.store.StartRequest(ctx, r.ID, run)
			},
			Answer: func(ctx context.Context, id sync.RunID, err error) error {
				m.mu.Lock()
				m.events = append(m.events, fmt.Sprintf("answer %d %v", id, err))
				m.mu.Unlock()
				if id != 0 {
					return m.store.FinishRequest(ctx, r.ID)
				}
				_, err = m.store.FailRequest(ctx, r.ID, err.Error())
				return err
			},
		}, nil
	}
	return func() int64 {
		m.t.Helper()
		id, err := m.store.Ask(m.t.Context(), store.Request{Run: sync.Run{Accounts: []string{"acme"}, Trigger: sync.Approve, Actor: "chief"}})
		if err != nil {
			m.t.Fatal(err)
		}
		return id
	}
}

func (m *machine) request(id int64) string {
	m.t.Helper()
	r, err := m.store.Request(m.t.Context(), id)
	if err != nil {
		m.t.Fatal(err)
	}
	return fmt.Sprintf("%s %d %s", r.State, r.Result, r.Error)
}

func TestR25ARequestIsCarriedOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMachine(t)
		ask := m.asks()
		m.on() // catches up
		defer m.off()
		id := ask()
		pass(2 * m.tick)
		if got := m.request(id); got != "done 2 " {
			t.Errorf("the request is %q", got)
		}
		if diff := cmp.Diff([]string{"acme catch_up succeeded", "acme approve succeeded"}, m.runs()); diff != "" {
			t.Error(diff)
		}
	})
}

// While another process is at work a request waits, for hours if it must, and nothing
// is said of it.
func TestR25ARequestWaitsForTheLock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMachine(t)
		ask := m.asks()
		m.on()
		defer m.off()
		release, err := m.store.Lock(t.Context(), sync.NewHolder(time.Now()))
		if err != nil {
			t.Fatal(err)
		}
		other, err := m.store.Begin(t.Context(), sync.Run{Accounts: []string{"acme"}, Trigger: sync.Manual, StartedAt: time.Now()})
		if err != nil {
			t.Fatal(err)
		}
		id := ask()
		pass(2 * time.Hour)
		if got := m.request(id); got != "waiting 0 " || m.told("trouble answer a request") != 0 {
			t.Errorf("the request is %q, told %q", got, m.story())
		}
		err = m.store.Commit(t.Context(), &sync.Commit{Run: other, Account: "acme", FinishedAt: time.Now(), Status: sync.Failed, Err: errors.New("no answer")})
		if err := errors.Join(err, release()); err != nil {
			t.Fatal(err)
		}
		pass(2 * m.tick)
		if got := m.request(id); !strings.HasPrefix(got, "done ") {
			t.Errorf("the request is %q", got)
		}
	})
}

// A service that stops before it got the lock leaves the request to the next one.
func TestR25AStoppedServiceLeavesTheRequest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMachine(t)
		ask := m.asks()
		var slow atomic.Bool
		m.rule = func(ctx context.Context, account string) error {
			if slow.Load() {
				return blocks(ctx, account)
			}
			return nil
		}
		m.on()
		id := ask()
		slow.Store(true)
		pass(2 * m.tick)
		if got := m.request(id); got != "running 2 " {
			t.Errorf("the request is %q", got)
		}
		if err := m.daemon.Stop(t.Context()); err != nil {
			t.Error(err)
		}
		if got := m.request(id); got != "done 2 " {
			t.Errorf("after the stop the request is %q", got)
		}
		second := ask()
		if err := m.store.Close(); err != nil {
			t.Fatal(err)
		}
		slow.Store(false)
		m.on()
		pass(2 * m.tick)
		if got := m.request(second); got != "done 3 " && got != "done 4 " { // a retry is due as well
			t.Errorf("the request is %q", got)
		}
		m.off()
	})
}

// What was taken back in the instant in which its run was to begin does not begin.
func TestR25AWithdrawnRequestDoesNotBegin(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMachine(t)
		ask := m.asks()
		take := m.requests
		m.requests = func(ctx context.Context) (*Asked, error) {
			r, err := take(ctx)
			if r != nil {
				begin := r.Begin
				r.Begin = func(ctx context.Context, run sync.Run) (sync.RunID, error) {
					waits, err := m.store.NextRequest(ctx)
					if err != nil {
						return 0, err
					}
					if _, err := m.store.FailRequest(ctx, waits.ID, "taken back"); err != nil {
						return 0, err
					}
					return begin(ctx, run)
				}
			}
			return r, err
		}
		m.on()
		defer m.off()
		id := ask()
		pass(2 * m.tick)
		if got := m.request(id); got != "failed 0 taken back" {
			t.Errorf("the request is %q", got)
		}
		if diff := cmp.Diff([]string{"acme catch_up succeeded"}, m.runs()); diff != "" {
			t.Error(diff)
		}
	})
}

// A roster that is moved away under the service is not written any more, and everybody
// is told; put back, it goes on.
func TestR27ARosterMovedAwayStopsRuns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMachine(t)
		ask := m.asks()
		m.on()
		id := ask()
		if err := os.Rename(m.path, m.path+".away"); err != nil {
			t.Fatal(err)
		}
		until(2000, 1, 3, 3, 1)
		lost := "STATUS=no runs: " + (&dbfile.MovedError{Path: m.path}).Error()
		if m.told("trouble work on the roster") != 1 || m.heard(lost) != 1 {
			t.Errorf("told %q, systemd heard %q", m.story(), m.systemd())
		}
		if err := m.daemon.Alive(t.Context()); err == nil || !strings.Contains(err.Error(), "no longer the file that was opened") {
			t.Errorf("it says that it is ready: %v", err)
		}
		if before := m.heard(watchdog); before == 0 {
			t.Error("the watchdog starves")
		}
		if _, err := os.Stat(m.path); err == nil {
			t.Error("there is a second roster")
		}
		if err := os.Rename(m.path+".away", m.path); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff([]string{"acme catch_up succeeded"}, m.runs()); diff != "" {
			t.Error(diff)
		}
		pass(2 * m.tick)
		if err := m.daemon.Alive(t.Context()); err != nil {
			t.Error(err)
		}
		if got := m.request(id); !strings.HasPrefix(got, "failed 0 the service did not take it up") {
			t.Errorf("after two days the request is %q", got)
		}
		if diff := cmp.Diff([]string{"acme catch_up succeeded", "acme schedule succeeded"}, m.runs()); diff != "" {
			t.Error(diff)
		}
		if heard := m.systemd(); slices.Index(heard, lost) > len(heard)-3 {
			t.Errorf("systemd still hears %q", heard)
		}
		m.off()
	})
}

// A run whose process died counts as tried when it began: taking the lock for the next
// try does not put that off.
func TestAKilledRunIsTriedAgainInAMinute(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMachine(t)
		m.tick = 10 * time.Second
		var slow atomic.Bool
		slow.Store(true)
		m.rule = func(ctx context.Context, account string) error {
			if slow.Load() {
				return blocks(ctx, account)
			}
			return nil
		}
		m.on()
		m.crash()
		slow.Store(false)
		m.on()
		defer m.off()
		pass(75 * time.Second)
		if diff := cmp.Diff([]string{"acme catch_up failed", "acme retry succeeded"}, m.runs()); diff != "" {
			t.Error(diff)
		}
	})
}
