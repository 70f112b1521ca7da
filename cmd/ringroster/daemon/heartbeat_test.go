package daemon

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"ringroster/sync"
	"ringroster/sync/schedule"
)

// TestTheHeartbeatNeedsEveryAccount: one that failed silences it, whoever else
// succeeded since; held leavers do not.
func TestTheHeartbeatNeedsEveryAccount(t *testing.T) {
	jobs := []schedule.Job{{Account: "acme", Name: sync.JobMembers}, {Account: "beta", Name: sync.JobMembers}}
	attempt := func(run sync.RunID, account string, status sync.RunStatus) schedule.Attempt {
		return schedule.Attempt{Run: run, Account: account, Job: sync.JobMembers, Status: status}
	}
	tests := map[string]struct {
		past []schedule.Attempt
		want bool
	}{
		"nothing yet":            {nil, false},
		"one of two":             {[]schedule.Attempt{attempt(1, "acme", sync.Succeeded)}, false},
		"both":                   {[]schedule.Attempt{attempt(1, "acme", sync.Succeeded), attempt(1, "beta", sync.Succeeded)}, true},
		"held":                   {[]schedule.Attempt{attempt(1, "acme", sync.HeldRun), attempt(1, "beta", sync.Succeeded)}, true},
		"one failed":             {[]schedule.Attempt{attempt(2, "acme", sync.Succeeded), attempt(1, "beta", sync.Failed)}, false},
		"failed, then succeeded": {[]schedule.Attempt{attempt(1, "acme", sync.Succeeded), attempt(2, "beta", sync.Succeeded), attempt(1, "beta", sync.Failed)}, true},
		"succeeded, then failed": {[]schedule.Attempt{attempt(1, "acme", sync.Succeeded), attempt(1, "beta", sync.Succeeded), attempt(2, "beta", sync.Failed)}, false},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if got := inStep(jobs, tt.past); got != tt.want {
				t.Errorf("got %v, want %v", got, tt.want)
			}
		})
	}
}

// TestAFailedHeartbeatKeepsItsAddress: the address may hold a key.
func TestAFailedHeartbeatKeepsItsAddress(t *testing.T) {
	const key = "s3cr3t-planted"
	answer := http.StatusOK
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Location", "/elsewhere?key="+key)
		w.WriteHeader(answer)
	}))
	h := newHeart()
	defer h.stop()
	address := server.URL + "/" + key + "?key=" + key
	if err := h.call(t.Context(), address); err != nil {
		t.Error(err)
	}
	for _, answer = range []int{http.StatusNotFound, http.StatusFound, http.StatusInternalServerError} {
		if err := h.call(t.Context(), address); err == nil || strings.Contains(err.Error(), key) {
			t.Errorf("%d: got %v", answer, err)
		}
	}
	server.Close()
	for _, broken := range []string{address, "://" + key} {
		if err := h.call(t.Context(), broken); err == nil || strings.Contains(err.Error(), key) {
			t.Errorf("got %v", err)
		}
	}
}

// answers is a watcher in the place of one behind a network.
type answers func(*http.Request) (*http.Response, error)

func (a answers) RoundTrip(r *http.Request) (*http.Response, error) { return a(r) }

// TestTheHeartbeatIsMadeAgain with growing waits, until it comes through; a stop
// does not wait for it, and neither does a run.
func TestTheHeartbeatIsMadeAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMachine(t)
		m.heartbeat = "https://watcher.example.com/ping"
		until(2000, 1, 5, 2, 59)
		m.catchUp = false
		var down atomic.Bool
		down.Store(true)
		calls := make(chan string, 100)
		m.watcher = func(r *http.Request) (*http.Response, error) {
			calls <- time.Now().UTC().Format("02 15:04")
			if down.Load() {
				return nil, errors.New("connection refused")
			}
			return &http.Response{StatusCode: http.StatusOK, Body: http.NoBody, Request: r}, nil
		}
		made := func() (at []string) {
			for len(calls) > 0 {
				at = append(at, <-calls)
			}
			return at
		}
		m.on()
		until(2000, 1, 5, 6, 0)
		down.Store(false)
		until(2000, 1, 6, 2, 59)
		want := []string{"05 03:00", "05 03:01", "05 03:03", "05 03:07", "05 03:15", "05 03:31", "05 04:03", "05 05:03", "05 06:03"}
		if diff := cmp.Diff(want, made()); diff != "" {
			t.Error(diff)
		}
		if n := m.told("heartbeat <nil>"); n != 1 {
			t.Errorf("it came through %d times", n)
		}
		// The next day's call takes the place of one that is still tried.
		down.Store(true)
		until(2000, 1, 7, 3, 2)
		at := made()
		if n := len(at); at[0] != "06 03:00" || at[n-2] != "07 03:00" || at[n-1] != "07 03:01" {
			t.Errorf("got %q", at)
		}
		m.off()
	})
}

// TestTheHeartbeatIsNotMadeAgainForARunThatFailed since.
func TestTheHeartbeatIsNotMadeAgainForARunThatFailed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMachine(t)
		m.heartbeat = "https://watcher.example.com/ping"
		until(2000, 1, 5, 2, 59)
		m.catchUp = false
		var down atomic.Bool
		m.rule = func(context.Context, string) error {
			if down.Load() {
				return fmt.Errorf("sign in: %w", wrongSecret{})
			}
			return nil
		}
		var calls atomic.Int32
		m.watcher = func(*http.Request) (*http.Response, error) {
			calls.Add(1)
			return nil, errors.New("connection refused")
		}
		m.on()
		defer m.off()
		until(2000, 1, 6, 2, 59)
		before := calls.Load()
		down.Store(true)
		until(2000, 1, 6, 12, 0)
		if after := calls.Load() - before; before < 20 || after != 0 {
			t.Errorf("%d calls before the run failed, %d after", before, after)
		}
	})
}
