package ringcentral

import (
	"net"
	"net/http"
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
