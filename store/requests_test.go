package store

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"ringroster/store/sqlrows"
	"ringroster/sync"
)

// asking is a roster on which one request waits, at a time of its own.
type asking struct {
	*Store
	t  *testing.T
	id int64
}

var asked = Request{
	Approval: map[string]*sync.Approval{"acme": {Run: 3, Held: []int64{7}}},
	Run:      sync.Run{Accounts: []string{"acme"}, Trigger: sync.Approve, Actor: "kim", Note: "left"},
}

func (a *asking) ask() {
	a.t.Helper()
	id, err := a.Ask(a.t.Context(), asked)
	if err != nil {
		a.t.Fatal(err)
	}
	a.id = id
}

// is checks where the request is in its life.
func (a *asking) is(state RequestState, run sync.RunID, why string) {
	a.t.Helper()
	r, err := a.Request(a.t.Context(), a.id)
	if err != nil || r.State != state || r.Result != run || !strings.Contains(r.Error, why) || why == "" && r.Error != "" {
		a.t.Errorf("the request is %+v, %v; want it %s by run %d, %q", r, err, state, run, why)
	}
}

func (a *asking) must(err error) {
	a.t.Helper()
	if err != nil {
		a.t.Fatal(err)
	}
}

// next is what the service would take up.
func (a *asking) next() *Request {
	a.t.Helper()
	r, err := a.NextRequest(a.t.Context())
	a.must(err)
	return r
}

func (a *asking) lock() (release func() error) {
	a.t.Helper()
	release, err := a.Lock(a.t.Context(), sync.NewHolder(time.Now()))
	a.must(err)
	return release
}

// start begins the run of the request.
func (a *asking) start() sync.RunID {
	a.t.Helper()
	id, err := a.try(a.Store)
	a.must(err)
	return id
}

func (a *asking) try(s *Store) (sync.RunID, error) {
	run := asked.Run
	run.StartedAt = time.Now()
	return s.StartRequest(a.t.Context(), a.id, run)
}

func (a *asking) end(run sync.RunID) {
	a.t.Helper()
	a.must(a.Commit(a.t.Context(), &sync.Commit{Run: run, Account: "acme", FinishedAt: time.Now(), Status: sync.Failed, Err: errors.New("no answer")}))
}

// runFor makes a run of another kind that takes so long.
func (a *asking) runFor(d time.Duration) {
	a.t.Helper()
	release := a.lock()
	id, err := a.Begin(a.t.Context(), sync.Run{Accounts: []string{"acme"}, Trigger: sync.Manual, StartedAt: time.Now()})
	a.must(err)
	time.Sleep(d)
	if a.next() == nil {
		a.t.Error("a request expired while a run was at work")
	}
	a.end(id)
	a.must(release())
}

// Each row of the table above Request, and what must not happen.
func TestR25TheLifeOfARequest(t *testing.T) {
	for name, live := range map[string]func(a *asking){
		"carried out": func(a *asking) {
			if r := a.next(); r == nil || r.ID != a.id || r.Approval["acme"].Held[0] != 7 || r.Run.Actor != "kim" {
				a.t.Fatalf("%+v", r)
			}
			a.is(RequestWaiting, 0, "")
			release := a.lock()
			run := a.start()
			a.is(RequestRunning, run, "")
			if a.next() != nil {
				a.t.Error("it waits, and is carried out")
			}
			a.end(run)
			a.must(release())
			a.must(a.FinishRequest(a.t.Context(), a.id))
			a.is(RequestDone, run, "")
		},
		"taken back before it began": func(a *asking) {
			if failed, err := a.FailRequest(a.t.Context(), a.id, "taken back"); !failed || err != nil {
				a.t.Error(failed, err)
			}
			a.is(RequestFailed, 0, "taken back")
			release := a.lock()
			before, err := sqlrows.Collect(a.Runs(a.t.Context(), 0))
			a.must(err)
			if id, err := a.try(a.Store); !errors.Is(err, ErrWithdrawn) || id != 0 {
				a.t.Errorf("it began: %d, %v", id, err)
			}
			after, err := sqlrows.Collect(a.Runs(a.t.Context(), 0))
			a.must(err)
			if len(after) != len(before) {
				a.t.Error("there is a run of it")
			}
			a.must(release())
			if a.next() != nil {
				a.t.Error("it waits")
			}
		},
		"never failed while it is carried out": func(a *asking) {
			release := a.lock()
			run := a.start()
			time.Sleep(5 * time.Hour)
			if failed, err := a.FailRequest(a.t.Context(), a.id, "taken back"); failed || err != nil {
				a.t.Error(failed, err)
			}
			a.must(a.ExpireRequests(a.t.Context()))
			a.is(RequestRunning, run, "")
			a.end(run)
			a.must(release())
			a.must(a.FinishRequest(a.t.Context(), a.id))
			if failed, err := a.FailRequest(a.t.Context(), a.id, "too late"); failed || err != nil {
				a.t.Error(failed, err)
			}
			a.is(RequestDone, run, "")
		},
		"expires after ten minutes": func(a *asking) {
			time.Sleep(requestPatience - time.Second)
			if a.next() == nil {
				a.t.Error("it expired early")
			}
			time.Sleep(time.Second)
			if a.next() != nil {
				a.t.Error("it waits for ever")
			}
			a.is(RequestFailed, 0, "within 10m0s in which no run was at work")
		},
		"runs of a clock that was set back say nothing": func(a *asking) {
			a.runFor(time.Second)
			execute(a.t, a.Path(), `UPDATE runs SET started_at = '2090-01-01T00:00:00Z', finished_at = '2090-01-01T00:01:00Z'`)
			if a.next() == nil {
				a.t.Error("it expired at once")
			}
			time.Sleep(requestPatience)
			if a.next() != nil {
				a.t.Error("it waits for ever")
			}
		},
		"not while runs are at work": func(a *asking) {
			time.Sleep(6 * time.Minute)
			a.runFor(3 * time.Hour)
			time.Sleep(6 * time.Minute)
			a.runFor(time.Hour)
			time.Sleep(requestPatience - time.Second)
			if a.next() == nil {
				a.t.Error("it expired")
			}
			time.Sleep(time.Second)
			if a.next() != nil {
				a.t.Error("it waits for ever")
			}
		},
		"months later, just after another run": func(a *asking) {
			time.Sleep(60 * 24 * time.Hour)
			release := a.lock()
			if id, err := a.try(a.Store); !errors.Is(err, ErrWithdrawn) {
				a.t.Errorf("it began: %d, %v", id, err)
			}
			a.must(release())
			a.is(RequestFailed, 0, "no run was at work")
		},
		"months later, when a run of then had died": func(a *asking) {
			_, err := a.Begin(a.t.Context(), sync.Run{Accounts: []string{"acme"}, Trigger: sync.Manual, StartedAt: time.Now()})
			a.must(err)
			time.Sleep(60 * 24 * time.Hour)
			a.must(a.lock()()) // which records it as ended only now
			a.is(RequestFailed, 0, "no run was at work")
		},
		"from the future": func(a *asking) {
			execute(a.t, a.Path(), `UPDATE requests SET asked_at = '2000-01-01T00:00:01Z'`)
			if a.next() != nil {
				a.t.Error("it waits")
			}
			a.is(RequestFailed, 0, "the clock was set back")
		},
		"its process died before it had ended": func(a *asking) {
			release := a.lock()
			run := a.start()
			a.must(release()) // as the kernel does; the rows stay
			a.is(RequestRunning, run, "")
			a.must(a.lock()())
			a.is(RequestFailed, run, "the service died")
		},
		"its process died after it had ended": func(a *asking) {
			release := a.lock()
			run := a.start()
			a.end(run)
			a.must(release())
			a.must(a.lock()())
			a.is(RequestDone, run, "")
		},
		"its end could not be recorded": func(a *asking) {
			release := a.lock()
			run := a.start()
			a.must(a.FinishRequest(a.t.Context(), a.id))
			a.is(RequestRunning, run, "")
			a.must(release())
			a.must(a.lock()())
			a.is(RequestFailed, run, "could not record how it ended")
		},
		"restored while it waited": func(a *asking) {
			copied := filepath.Join(a.t.TempDir(), "copy.db")
			a.must(a.Backup(a.t.Context(), copied))
			_, err := Restore(a.t.Context(), copied, a.Path(), Options{})
			a.must(err)
			a.is(RequestFailed, 0, "restored")
		},
		"restored from before it was asked": func(a *asking) {
			copied := filepath.Join(a.t.TempDir(), "copy.db")
			a.must(a.Backup(a.t.Context(), copied))
			first := a.id
			a.ask()
			_, err := Restore(a.t.Context(), copied, a.Path(), Options{})
			a.must(err)
			if _, err := a.Request(a.t.Context(), a.id); !isError[*NoRequestError](err) {
				a.t.Errorf("request %d, asked after %d, is there: %v", a.id, first, err)
			}
		},
		"in a roster that was taken over": func(a *asking) {
			copied := filepath.Join(a.t.TempDir(), "roster.db")
			a.must(a.Backup(a.t.Context(), copied))
			other := openTestStore(a.t, copied)
			release, err := other.Lock(a.t.Context(), sync.NewHolder(time.Now()))
			a.must(err)
			if id, err := a.try(other); !errors.Is(err, ErrWithdrawn) {
				a.t.Errorf("the copy carries it out: %d, %v", id, err)
			}
			a.must(release())
			again := &asking{Store: other, t: a.t}
			again.ask()
			again.is(RequestWaiting, 0, "")
			if r := again.next(); r == nil || r.ID != again.id {
				a.t.Errorf("what is asked of the copy is not taken up: %+v", r)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				a := &asking{Store: newTestStore(t), t: t}
				a.ask()
				live(a)
			})
		})
	}
}

// What waited for the program of before has failed after the upgrade: nobody waits for
// it any more.
func TestR25AnUpgradeEndsRequests(t *testing.T) {
	path := filepath.Join(t.TempDir(), "roster.db")
	writeFile(t, path, readFile(t, filepath.Join("testdata", "v9.sqlite")))
	execute(t, path, `
		INSERT INTO requests (request_id, request, asked_at, state, run_id, error) VALUES
		  (101, '{}', '2026-11-30T00:00:00Z', 'waiting', NULL, ''), (102, '{}', '2026-11-30T00:00:00Z', 'taken', NULL, ''),
		  (103, '{}', '2026-11-30T00:00:00Z', 'done', 7, ''), (104, '{}', '2026-11-30T00:00:00Z', 'failed', 0, 'why')`)
	s := openTestStore(t, path)
	got := strings.Join(rowsAs(t, s, `SELECT request_id || ' ' || state || ' ' || error FROM requests WHERE request_id > 100 ORDER BY 1`), "; ")
	const want = "101 failed ringroster was upgraded after it was asked; 102 failed ringroster was upgraded after it was asked; 103 done ; 104 failed why"
	if got != want {
		t.Errorf("%s\nwant %s", got, want)
	}
	if r, err := s.NextRequest(t.Context()); r != nil || err != nil {
		t.Error(r, err)
	}
}

// A process that is killed while it carries a request out never leaves it undecided.
func TestR25TheServiceIsKilled(t *testing.T) {
	s := newTestStore(t)
	a := &asking{Store: s, t: t}
	a.ask()
	cmd := helperCommand(t, "carry-out", s.Path())
	out := start(t, cmd)
	if !out.Scan() || out.Text() != "begun" {
		t.Fatalf("helper said %q, %v", out.Text(), out.Err())
	}
	if failed, err := s.FailRequest(t.Context(), a.id, "taken back"); failed || err != nil {
		t.Error(failed, err)
	}
	if _, err := s.Lock(t.Context(), holder); !isBusy(err) {
		t.Error(err)
	}
	a.is(RequestRunning, 1, "")
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait() // killed
	a.is(RequestRunning, 1, "")
	a.must(a.lock()())
	a.is(RequestFailed, 1, "the service died")
}

// carryOut begins the run of the request that waits, and never ends it.
func carryOut(ctx context.Context, path string) error {
	s, err := Open(ctx, path, Options{New: true})
	if err != nil {
		return err
	}
	if _, err := s.Lock(ctx, sync.NewHolder(time.Now())); err != nil {
		return err
	}
	r, err := s.NextRequest(ctx)
	if err != nil {
		return err
	}
	run := r.Run
	run.StartedAt = time.Now()
	if _, err := s.StartRequest(ctx, r.ID, run); err != nil {
		return err
	}
	fmt.Println("begun")
	_, err = io.Copy(io.Discard, os.Stdin)
	return err
}
