package store

import (
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	stdsync "sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"ringroster/sync"
)

var holder = sync.Holder{PID: os.Getpid(), Host: "here", Since: monday}

func TestR27LockIsExclusive(t *testing.T) {
	s := newTestStore(t)
	other := openTestStore(t, s.Path())
	release, err := s.Lock(t.Context(), holder)
	if err != nil {
		t.Fatal(err)
	}
	_, err = other.Lock(t.Context(), holder)
	busy, ok := errors.AsType[*sync.BusyError](err)
	if !ok || busy.Holder != holder {
		t.Errorf("second lock: %v, want a BusyError naming the first", err)
	}
	if got, held, err := other.Holder(t.Context()); !held || err != nil || got != holder {
		t.Errorf("holder %v, %t, %v", got, held, err)
	}
	if err := errors.Join(release(), release()); err != nil {
		t.Errorf("released twice: %v", err)
	}
	if _, held, err := other.Holder(t.Context()); held || err != nil {
		t.Errorf("after the release: held %t, %v", held, err)
	}
	again, err := other.Lock(t.Context(), holder)
	if err != nil {
		t.Fatal(err)
	}
	if err := again(); err != nil {
		t.Error(err)
	}
}

// The kernel frees the lock of a process that dies without a chance to.
func TestR27KillFreesTheLock(t *testing.T) {
	s := newTestStore(t)
	cmd := helperCommand(t, "hold-lock", s.Path())
	out := start(t, cmd)
	if !out.Scan() || out.Text() != "locked" {
		t.Fatalf("helper said %q, %v", out.Text(), out.Err())
	}
	_, err := s.Lock(t.Context(), holder)
	busy, ok := errors.AsType[*sync.BusyError](err)
	if !ok || busy.Holder.PID != cmd.Process.Pid || !strings.Contains(err.Error(), "process "+strconv.Itoa(cmd.Process.Pid)+" on helper") {
		t.Fatalf("lock beside the helper: %v", err)
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait() // killed
	if _, held, err := s.Holder(t.Context()); held || err != nil {
		t.Errorf("holder after the kill: %t, %v", held, err)
	}
	release, err := s.Lock(t.Context(), holder)
	if err != nil {
		t.Fatal(err)
	}
	if err := release(); err != nil {
		t.Error(err)
	}
}

// Looking at the lock takes it for an instant; nobody must notice.
func TestHolderDoesNotDisturbLock(t *testing.T) {
	s := newTestStore(t)
	var looks stdsync.WaitGroup
	done := make(chan struct{})
	looks.Go(func() {
		for {
			select {
			case <-done:
				return
			default:
				_, _, _ = s.Holder(t.Context())
				runtime.Gosched()
			}
		}
	})
	defer looks.Wait()
	defer close(done)
	for range 50 {
		release, err := s.Lock(t.Context(), holder)
		if err != nil {
			t.Fatal(err)
		}
		if err := release(); err != nil {
			t.Fatal(err)
		}
	}
}

func TestR27InterruptedRunsAreClosed(t *testing.T) {
	s := newTestStore(t)
	dead, err := s.Begin(t.Context(), sync.Run{Accounts: []string{"acme", "beta"}, Trigger: sync.Scheduled, StartedAt: monday})
	if err != nil {
		t.Fatal(err)
	}
	err = s.Commit(t.Context(), &sync.Commit{
		Run: dead, Account: "beta", FinishedAt: monday, Status: sync.Succeeded, Plan: planOf(t, s, "beta"), Full: true,
	})
	if err != nil {
		t.Fatal(err)
	}
	next := beginRun(t, s, monday, "acme", sync.Manual)
	if next != dead+1 {
		t.Errorf("run %d after %d", next, dead)
	}
	rows, err := s.Run(t.Context(), dead)
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for _, r := range rows {
		got[r.Account] = string(r.Status) + " " + r.Error
	}
	want := map[string]string{"acme": "failed interrupted", "beta": "succeeded "}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	err = s.Commit(t.Context(), &sync.Commit{Run: dead, Account: "acme", FinishedAt: monday, Status: sync.Failed})
	if err == nil || !strings.Contains(err.Error(), "has ended") {
		t.Errorf("commit of an interrupted run: %v", err)
	}
}

// Two programs may create and migrate one database at the same moment.
func TestConcurrentFirstOpen(t *testing.T) {
	path := filepath.Join(t.TempDir(), "roster.db")
	var all stdsync.WaitGroup
	for range 4 {
		all.Go(func() {
			if err := openAndClose(t.Context(), path); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
}
