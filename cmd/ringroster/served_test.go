package main

import (
	"bytes"
	"context"
	"errors"
	"path/filepath"
	"strings"
	stdsync "sync"
	"testing"
	"testing/synctest"
	"time"

	"ringroster/store"
	"ringroster/sync"
)

// counter is a command line at which an approval waits, beside a service that the test
// plays. Time is virtual.
type counter struct {
	t    *testing.T
	st   *store.Store
	path string
	stop context.CancelFunc // Ctrl-C

	out bytes.Buffer
	run sync.RunID
	err error
}

var approval = store.Request{Run: sync.Run{Accounts: []string{"demo"}, Trigger: sync.Approve, Actor: "chief"}}

// serves opens the roster as a service does.
func (c *counter) serves() (st *store.Store, end func()) {
	c.t.Helper()
	st, err := store.Open(c.t.Context(), c.path, store.Options{})
	if err != nil {
		c.t.Fatal(err)
	}
	release, err := st.BeService(c.t.Context(), sync.Holder{PID: 4711, Host: "here", Since: time.Now()})
	if err != nil {
		c.t.Fatal(err)
	}
	return st, stdsync.OnceFunc(func() {
		if err := errors.Join(release(), st.Close()); err != nil {
			c.t.Error(err)
		}
	})
}

// carryOut takes the request up and makes its run, which takes so long. A service that
// dies does not end it.
func (c *counter) carryOut(service *store.Store, d time.Duration, dies bool) {
	c.t.Helper()
	release, err := service.Lock(c.t.Context(), sync.NewHolder(time.Now()))
	if err != nil {
		c.t.Fatal(err)
	}
	r, err := service.NextRequest(c.t.Context())
	if err != nil || r == nil {
		c.t.Fatal(r, err)
	}
	r.Run.StartedAt = time.Now()
	run, err := service.StartRequest(c.t.Context(), r.ID, r.Run)
	if err != nil {
		c.t.Fatal(err)
	}
	time.Sleep(d)
	if !dies {
		err = service.Commit(c.t.Context(), &sync.Commit{Run: run, Account: "demo", FinishedAt: time.Now(), Status: sync.Failed, Err: errors.New("no answer")})
	}
	if err = errors.Join(err, release()); err != nil {
		c.t.Fatal(err)
	}
	if !dies {
		if err := service.FinishRequest(c.t.Context(), r.ID); err != nil {
			c.t.Fatal(err)
		}
	}
}

// TestR25AnApprovalWaitsForItsOutcome, whatever the service does meanwhile.
func TestR25AnApprovalWaitsForItsOutcome(t *testing.T) {
	for name, tt := range map[string]struct {
		service func(c *counter, service *store.Store, end func())
		run     sync.RunID
		err     string // "": none
		says    []string
	}{
		"a list takes longer than a request waits": {
			func(c *counter, service *store.Store, _ func()) {
				time.Sleep(10 * time.Second)
				c.carryOut(service, 15*time.Minute, false)
			},
			1, "",
			[]string{
				"Waiting for the running service to take the approval up: process 4711 on here…",
				"The running service carries the approval out as run 1: it reads RingCentral afresh…",
			},
		},
		"after another run": {
			func(c *counter, service *store.Store, _ func()) {
				release, err := service.Lock(c.t.Context(), sync.Holder{PID: 4712, Host: "here", Since: time.Now()})
				if err != nil {
					c.t.Fatal(err)
				}
				other, err := service.Begin(c.t.Context(), sync.Run{Accounts: []string{"demo"}, Trigger: sync.Manual, StartedAt: time.Now()})
				if err != nil {
					c.t.Fatal(err)
				}
				time.Sleep(15 * time.Minute)
				err = service.Commit(c.t.Context(), &sync.Commit{Run: other, Account: "demo", FinishedAt: time.Now(), Status: sync.Failed, Err: errors.New("no answer")})
				if err := errors.Join(err, release()); err != nil {
					c.t.Fatal(err)
				}
				c.carryOut(service, time.Minute, false)
			},
			2, "",
			[]string{"Waiting for a run to end: process 4712 on here, since 2000-01-01T00:00:00Z…"},
		},
		"not taken up": {
			func(c *counter, _ *store.Store, _ func()) {
				time.Sleep(11 * time.Minute)
			},
			0, "the service did not carry the approval out: the service did not take it up within 10m0s in which no run was at work", nil,
		},
		"stopped before it began": {
			func(c *counter, service *store.Store, _ func()) {
				time.Sleep(5 * time.Second)
				c.stop()
				time.Sleep(time.Second)
				if r, err := service.NextRequest(c.t.Context()); r != nil || err != nil {
					c.t.Errorf("it waits on: %+v, %v", r, err)
				}
			},
			0, "stopped: the approval was taken back, and nothing of it was carried out", nil,
		},
		"stopped while it is carried out": {
			func(c *counter, service *store.Store, _ func()) {
				time.AfterFunc(time.Minute, c.stop)
				c.carryOut(service, 2*time.Minute, false)
			},
			0, "stopped waiting: the service carries the approval out as run 1, and goes on; `ringroster runs` shows how it ends", nil,
		},
		"the service dies in mid-run": {
			func(c *counter, service *store.Store, end func()) {
				c.carryOut(service, time.Minute, true)
				end()
				time.Sleep(time.Second)
			},
			1, "run 1 did not end: the service died, or could not record how it ended. What it had applied stands; approve the others again", nil,
		},
		"the service is restarted": {
			func(c *counter, _ *store.Store, end func()) {
				time.Sleep(5 * time.Second)
				end()
				time.Sleep(30 * time.Second)
				next, end := c.serves()
				defer end()
				time.Sleep(5 * time.Second)
				c.carryOut(next, time.Minute, false)
			},
			1, "",
			[]string{"Waiting for the service, which has stopped, to come back…"},
		},
		"the service is stopped": {
			func(c *counter, _ *store.Store, end func()) {
				time.Sleep(5 * time.Second)
				end()
				time.Sleep(2 * time.Minute)
			},
			0, "the service has stopped: the approval was taken back, and nothing of it was carried out", nil,
		},
		"the roster is restored": {
			func(c *counter, service *store.Store, _ func()) {
				time.Sleep(5 * time.Second)
				copied := filepath.Join(c.t.TempDir(), "copy.db")
				if err := service.Backup(c.t.Context(), copied); err != nil {
					c.t.Fatal(err)
				}
				if _, err := store.Restore(c.t.Context(), copied, c.path, store.Options{}); err != nil {
					c.t.Fatal(err)
				}
				time.Sleep(time.Second)
			},
			0, "the service did not carry the approval out: the roster was restored after it was asked", nil,
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := &counter{t: t, path: filepath.Join(t.TempDir(), "roster.db")}
				err := begin(c.path)
				if err != nil {
					t.Fatal(err)
				}
				if c.st, err = store.Open(t.Context(), c.path, store.Options{}); err != nil {
					t.Fatal(err)
				}
				defer func() { _ = c.st.Close() }()
				ctx, stop := context.WithCancel(t.Context())
				defer stop()
				c.stop = stop
				service, end := c.serves()
				defer end()
				a := &app{stdout: &c.out, stderr: &c.out}
				done := make(chan struct{})
				go func() {
					defer close(done)
					c.run, c.err = a.byService(ctx, c.st, approval)
				}()
				synctest.Wait() // it has asked
				tt.service(c, service, end)
				<-done
				text := ""
				if c.err != nil {
					text = c.err.Error()
				}
				if c.run != tt.run || text != tt.err {
					t.Errorf("run %d, %q; want run %d, %q", c.run, text, tt.run, tt.err)
				}
				for _, line := range tt.says {
					if strings.Count(c.out.String(), line+"\n") != 1 {
						t.Errorf("it does not say once %q:\n%s", line, &c.out)
					}
				}
				if text != "" && strings.Contains(message(c.err, "approve 3", false), "nothing was applied") {
					t.Errorf("the operator reads %q", message(c.err, "approve 3", false))
				}
			})
		})
	}
}
