package ringcentral

import (
	"context"
	"errors"
	"net"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"ringroster/ringcentral/simulator"
	"ringroster/sync"
)

// While RingCentral does not answer, progress says so at once, and for how long. A
// refused connection was a silent terminal for 45 s.
func TestProgressTellsOfWaits(t *testing.T) {
	refused := &net.OpError{Op: "dial", Net: "tcp", Err: syscall.ECONNREFUSED}
	for name, c := range map[string]struct {
		answer func() (*http.Response, error)
		waits  int
		says   string
	}{
		"a refused connection": {func() (*http.Response, error) { return nil, refused }, mostTries - 1, "RingCentral does not answer"},
		"an outage":            {func() (*http.Response, error) { return answer(500, "no"), nil }, mostTries - 1, "RingCentral has troubles"},
		"nonsense":             {func() (*http.Response, error) { return answer(200, "null"), nil }, mostNonsense - 1, "RingCentral's answer makes no sense"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				cfg := demoConfig(simulator.New(simulator.Generate(20, 1), simulator.Options{}))
				cfg.Transport = roundTrip(func(*http.Request) (*http.Response, error) { return c.answer() })
				d := mustNew(t, cfg)
				defer d.Close(t.Context())
				began, told := time.Now(), time.Duration(0)
				var waits []sync.Progress
				_, err := d.Snapshot(t.Context(), func(p sync.Progress) { waits, told = append(waits, p), told+p.Wait })
				if err == nil || len(waits) != c.waits {
					t.Fatalf("%v, %+v", err, waits)
				}
				for _, p := range waits {
					if p.Account != "acme" || p.Step != "a token" || p.Waiting != c.says || p.Wait < time.Second {
						t.Errorf("%+v", p)
					}
				}
				if took := time.Since(began); took != told {
					t.Errorf("%s told, and it took %s", told, took)
				}
			})
		})
	}
}

// Whoever interrupts a silent RingCentral is told of the silence; what was answered a
// moment ago is none.
func TestInterruptedInSilence(t *testing.T) {
	refused := &net.OpError{Op: "dial", Net: "tcp", Err: syscall.ECONNREFUSED}
	silent := func(r *http.Request) (*http.Response, error) { <-r.Context().Done(); return nil, r.Context().Err() }
	for name, c := range map[string]struct {
		from   string // the path from which it is so
		answer func(*http.Request) (*http.Response, error)
		after  time.Duration
		want   string
	}{
		"silent from the first call": {"/", silent, 40 * time.Second, "while waiting for RingCentral, which had not answered for 40s"},
		"silent in the middle":       {"/restapi/v1.0/account/~/extension", silent, 40 * time.Second, "while waiting for RingCentral, which had not answered for 40s"},
		"silent for several tries": {
			"/", silent, 3 * time.Minute,
			"while waiting for RingCentral, which had not answered for 3m0s (no whole answer came within " + attemptTimeout.String() + ")",
		},
		"refused":                  {"/", func(*http.Request) (*http.Response, error) { return nil, refused }, 15 * time.Second, "while waiting for RingCentral, which had not answered for 15s (dial tcp: connection refused)"},
		"refused just now":         {"/", func(*http.Request) (*http.Response, error) { return nil, refused }, time.Millisecond, "while waiting for RingCentral, which had not answered (dial tcp: connection refused)"},
		"in the middle of a call":  {"/", silent, time.Second, "context canceled"},
		"answered, with an outage": {"/", func(*http.Request) (*http.Response, error) { return answer(500, "no"), nil }, 7 * time.Second, "context canceled"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				server := simulator.New(simulator.Generate(20, 1), simulator.Options{})
				cfg := demoConfig(server)
				cfg.Transport = roundTrip(func(r *http.Request) (*http.Response, error) {
					if strings.HasPrefix(r.URL.Path, c.from) {
						return c.answer(r)
					}
					return server.Transport().RoundTrip(r)
				})
				d := mustNew(t, cfg)
				ctx, interrupt := context.WithCancel(t.Context())
				time.AfterFunc(c.after, interrupt)
				_, err := d.Snapshot(ctx, nil)
				if !errors.Is(err, context.Canceled) || err.Error() != c.want {
					t.Errorf("got %q, want %q", err, c.want)
				}
			})
		})
	}
}

// A penalty is told of as well, since it lasts a minute and more.
func TestProgressTellsOfPenalties(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		world := simulator.Generate(20, 1)
		world.Faults = []*simulator.Fault{{Kind: "status", Op: simulator.OpAdministrators, Status: 429, RetryAfter: 90, Count: 1}}
		d := mustNew(t, demoConfig(simulator.New(world, simulator.Options{})))
		defer d.Close(t.Context())
		found := false
		_, err := d.Snapshot(t.Context(), func(p sync.Progress) {
			found = found || p.Waiting == "RingCentral asks to be left alone" && p.Wait == 90*time.Second && p.Step == "administrators"
		})
		if err != nil || !found {
			t.Errorf("%v, told %t", err, found)
		}
	})
}

// Without a token no other call is tried, let alone tried again.
func TestNoCallIsTriedAgainWithoutAToken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cfg := demoConfig(simulator.New(simulator.Generate(20, 1), simulator.Options{}))
		cfg.Transport = roundTrip(func(*http.Request) (*http.Response, error) { return answer(500, "no"), nil })
		d := mustNew(t, cfg)
		defer d.Close(t.Context())
		_, first := d.Snapshot(t.Context(), nil)
		began := time.Now()
		_, again := d.Snapshot(t.Context(), func(p sync.Progress) { t.Errorf("%+v", p) })
		if first == nil || again == nil || time.Since(began) != 0 || d.Calls() != mostTries {
			t.Errorf("%v, %v after %s, %d calls", first, again, time.Since(began), d.Calls())
		}
	})
}
