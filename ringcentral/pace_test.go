package ringcentral

import (
	"context"
	"errors"
	"net/http"
	stdsync "sync"
	"testing"
	"testing/synctest"
	"time"

	"ringroster/ringcentral/simulator"

	"golang.org/x/sync/errgroup"
)

func TestASlotIsFreeOneWindowAfterTheAnswer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGroup("test", 3, false)
		began := time.Now()
		for i := range 7 {
			if err := g.acquire(t.Context()); err != nil {
				t.Fatal(err)
			}
			// Each window's first call waits for the answer to the one before's.
			want := time.Duration(i/3)*(time.Minute+slack+time.Second) + time.Duration(i%3)*time.Second
			if at := time.Since(began); at != want {
				t.Errorf("call %d sent at %s, want %s", i, at, want)
			}
			time.Sleep(time.Second) // the round trip, on the bubble's clock
			g.answer(rate{remaining: -1})
		}
	})
}

func TestTheLimitIsLearnedFromAnswers(t *testing.T) {
	tests := []struct {
		name    string
		headers map[string]string
		limit   int
		window  time.Duration
		used    int
	}{
		{name: "none", limit: 40, window: time.Minute, used: 1},
		{name: "another limit", headers: map[string]string{"Limit": "7"}, limit: 7, window: time.Minute, used: 1},
		{name: "another window", headers: map[string]string{"Limit": "7", "Window": "10"}, limit: 7, window: 10 * time.Second, used: 1},
		{name: "others use it too", headers: map[string]string{"Limit": "40", "Remaining": "30"}, limit: 40, window: time.Minute, used: 10},
		{name: "nothing left", headers: map[string]string{"Limit": "40", "Remaining": "0"}, limit: 40, window: time.Minute, used: 40},
		{name: "more left than we think", headers: map[string]string{"Limit": "40", "Remaining": "40"}, limit: 40, window: time.Minute, used: 1},
		{name: "more left than the limit", headers: map[string]string{"Limit": "40", "Remaining": "41"}, limit: 40, window: time.Minute, used: 1},
		{name: "no numbers", headers: map[string]string{"Limit": "many", "Remaining": "some", "Window": "soon"}, limit: 40, window: time.Minute, used: 1},
		{name: "below zero", headers: map[string]string{"Limit": "-1", "Remaining": "-1", "Window": "-1"}, limit: 40, window: time.Minute, used: 1},
		{name: "zero", headers: map[string]string{"Limit": "0", "Window": "0"}, limit: 40, window: time.Minute, used: 1},
		{name: "beyond reason", headers: map[string]string{"Limit": "99999999999", "Window": "86400"}, limit: 40, window: time.Minute, used: 1},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			h := http.Header{}
			for name, value := range test.headers {
				h.Set("X-Rate-Limit-"+name, value)
			}
			p := newPacer()
			held, err := p.admit(t.Context(), listExtensions)
			if err != nil {
				t.Fatal(err)
			}
			p.answered(listExtensions, held, h)
			g := p.groups[medium]
			if g.limit != test.limit || g.window != test.window || g.used() != test.used {
				t.Errorf("limit %d, window %s, %d used; want %d, %s, %d", g.limit, g.window, g.used(), test.limit, test.window, test.used)
			}
		})
	}
}

func TestAnOperationCountsInTheGroupThatRingCentralNames(t *testing.T) {
	p := newPacer()
	held, err := p.admit(t.Context(), listExtensions)
	if err != nil {
		t.Fatal(err)
	}
	p.answered(listExtensions, held, http.Header{"X-Rate-Limit-Group": {"Heavy"}, "X-Rate-Limit-Limit": {"9"}})
	if m, h := p.groups[medium].used(), p.groups[heavy].used(); m != 0 || h != 1 {
		t.Errorf("%d used in medium, %d in heavy", m, h)
	}
	if held, err = p.admit(t.Context(), listExtensions); err != nil || held[0].name != heavy || held[0].limit != 9 {
		t.Errorf("the next call goes to %q (%v)", held[0].name, err)
	}
}

func TestRetryAfter(t *testing.T) {
	now := time.Date(2026, 11, 22, 3, 0, 0, 0, time.UTC)
	tests := map[string]time.Duration{
		"60": time.Minute, " 5 ": 5 * time.Second, "": limitPenalty, "0": limitPenalty, "-3": limitPenalty,
		"soon": limitPenalty, "1.5": limitPenalty, "Sun, 22 Nov 2026 03:02:00 GMT": 2 * time.Minute,
		"Sun, 22 Nov 2026 02:00:00 GMT": limitPenalty, "86400": 24 * time.Hour,
	}
	for value, want := range tests {
		if got := retryAfter(http.Header{"Retry-After": {value}}, now, limitPenalty); got != want {
			t.Errorf("%q: %s, want %s", value, got, want)
		}
	}
}

func TestNobodySendsDuringAPenalty(t *testing.T) {
	tests := []struct {
		name  string
		fault simulator.Fault
		wait  time.Duration
	}{
		{"429 with Retry-After", simulator.Fault{Kind: "status", Op: simulator.OpAgents, Status: 429, RetryAfter: 60, Skip: 1, Count: 1}, time.Minute},
		{"429 without", simulator.Fault{Kind: "status", Op: simulator.OpAgents, Status: 429, Skip: 1, Count: 1}, limitPenalty},
		{"503 without", simulator.Fault{Kind: "status", Op: simulator.OpAgents, Status: 503, Skip: 1, Count: 1}, outagePenalty},
		{"503 with Retry-After", simulator.Fault{Kind: "status", Op: simulator.OpAgents, Status: 503, RetryAfter: 90, Skip: 1, Count: 1}, 90 * time.Second},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				world := simulator.GenerateWith(simulator.GenerateOptions{People: 400, Seed: 1, Groups: 100})
				world.Latency = simulator.Duration(latency)
				world.Faults = []*simulator.Fault{&test.fault}
				s := simulator.New(world, simulator.Options{})
				cfg := demoConfig(s)
				var mu stdsync.Mutex
				var refused time.Time
				var after []time.Duration
				cfg.OnCall = func(c Call) {
					mu.Lock()
					defer mu.Unlock()
					switch sent := time.Now().Add(-c.Duration); {
					case c.Status == test.fault.Status:
						refused = time.Now()
					case !refused.IsZero() && c.Group == ringcx && sent.After(refused):
						after = append(after, sent.Sub(refused))
					}
				}
				d := mustNew(t, cfg)
				defer d.Close(t.Context())
				if _, err := d.Snapshot(t.Context(), nil); err != nil {
					t.Fatal(err)
				}
				if len(after) == 0 {
					t.Fatal("nothing was sent after the refusal")
				}
				for _, at := range after {
					if at < test.wait {
						t.Errorf("sent %s after the refusal, want at least %s", at, test.wait)
					}
				}
			})
		})
	}
}

// Another process has used up the window, and RingCX tells nobody.
func TestAPenaltyWithoutATimeIsOutlasted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		world := simulator.GenerateWith(simulator.GenerateOptions{People: 300, Seed: 1, Groups: 100})
		world.Limits, world.Latency = &simulator.Limits{NoRetryAfter: true}, simulator.Duration(latency)
		s := simulator.New(world, simulator.Options{})
		readAll(t, s)
		began := time.Now()
		readAll(t, s)
		if took := time.Since(began); s.TooManyRequests() == 0 || took > 3*time.Minute {
			t.Errorf("%d refusals, took %s", s.TooManyRequests(), took)
		}
	})
}

func TestLimitsThatChangeWhileRunning(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		world := simulator.Generate(60, 1)
		world.Limits, world.Latency = &simulator.Limits{}, simulator.Duration(latency)
		s := simulator.New(world, simulator.Options{})
		d := mustNew(t, demoConfig(s))
		defer d.Close(t.Context())
		for i := range 30 {
			if i == 5 {
				s.Change(func(w *simulator.World) { w.Limits.Light = 10 })
			}
			if _, err := d.c.ringEXAccount(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		if n := s.TooManyRequests(); n != 0 {
			t.Errorf("%d answers of 429", n)
		}
	})
}

func TestASmallLimitIsLearnedBeforeItIsExceeded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		world := simulator.Generate(60, 1)
		world.Limits, world.Latency = &simulator.Limits{Medium: 2, Light: 1}, simulator.Duration(latency)
		world.Faults = []*simulator.Fault{{Kind: "per_page_lowered", Op: simulator.OpExtensions, N: 10}}
		s := simulator.New(world, simulator.Options{})
		cfg := demoConfig(s)
		cfg.Roles = true
		d := mustNew(t, cfg)
		defer d.Close(t.Context())
		if _, err := d.Snapshot(t.Context(), nil); err != nil {
			t.Fatal(err)
		}
		if n := s.TooManyRequests(); n != 0 {
			t.Errorf("%d answers of 429", n)
		}
	})
}

func TestWaitsEndWithTheContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGroup("test", 1, false)
		if err := g.acquire(t.Context()); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		var waiting errgroup.Group
		for range 3 {
			waiting.Go(func() error { return g.acquire(ctx) })
		}
		synctest.Wait()
		cancel()
		if err := waiting.Wait(); !errors.Is(err, context.Canceled) {
			t.Errorf("got %v", err)
		}
		began := time.Now()
		g.answer(rate{remaining: -1})
		short, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		if err := g.acquire(short); !errors.Is(err, context.DeadlineExceeded) || time.Since(began) > 0 {
			t.Errorf("got %v after %s, want a refusal at once", err, time.Since(began))
		}
	})
}

func TestASlotGivenBackIsFreeAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGroup("test", 1, false)
		began := time.Now()
		for range 3 {
			if err := g.acquire(t.Context()); err != nil {
				t.Fatal(err)
			}
			g.giveBack()
		}
		if took := time.Since(began); took != 0 {
			t.Errorf("took %s", took)
		}
	})
}
