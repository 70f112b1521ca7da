package ringcentral

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	stdsync "sync"
	"testing"
	"testing/synctest"
	"time"

	"ringroster/ringcentral/simulator"

	"golang.org/x/sync/errgroup"
)

// either stands for a number that the order of answers decides.
const either = -1

func TestTokensLastAsLongAsTheRunNeeds(t *testing.T) {
	tests := []struct {
		name                     string
		lifetimes                simulator.Lifetimes
		pause                    time.Duration // between two readings of one session
		faults                   []*simulator.Fault
		tokens, exchanges, fresh int
	}{
		{name: "one session serves two readings", tokens: 1, exchanges: 1},
		{name: "the RingCX token is renewed before its five minutes end", pause: 4*time.Minute + time.Second, tokens: 1, exchanges: 1, fresh: 1},
		{
			name: "a refused refresh is made up for by an exchange", pause: 4*time.Minute + time.Second,
			faults: []*simulator.Fault{{Kind: "status", Op: simulator.OpRefresh, Status: 401}}, tokens: 1, exchanges: 2, fresh: 1,
		},
		{
			name: "a RingCX token that dies early is renewed after its 401", pause: 40 * time.Second,
			lifetimes: simulator.Lifetimes{RingCX: simulator.Duration(30 * time.Second)}, tokens: 1, exchanges: 1, fresh: 1,
		},
		{
			name: "a RingEX token shorter than the run is granted anew", pause: time.Hour,
			lifetimes: simulator.Lifetimes{RingEX: simulator.Duration(10 * time.Minute), RingCXRefresh: simulator.Duration(time.Minute)},
			tokens:    2, exchanges: 2, fresh: 1,
		},
		{
			name: "a RingEX token that claims too long a life is granted anew", pause: time.Hour,
			lifetimes: simulator.Lifetimes{
				RingEX: simulator.Duration(time.Minute), Claimed: simulator.Duration(24 * time.Hour),
				RingCXRefresh: simulator.Duration(time.Minute),
			},
			tokens: 2, exchanges: either, fresh: 1, // the dead token is found by an exchange, or before it by a RingEX call
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				world := simulator.Generate(60, 1)
				world.Lifetimes, world.Faults = test.lifetimes, test.faults
				s := simulator.New(world, simulator.Options{})
				d := mustNew(t, demoConfig(s))
				for range 2 {
					if _, err := d.Snapshot(t.Context(), nil); err != nil {
						t.Fatal(err)
					}
					time.Sleep(test.pause) // the bubble's clock
				}
				d.Close(t.Context())
				calls := s.Calls()
				if test.exchanges == either {
					calls[simulator.OpExchange] = either
				}
				got := [3]int{calls[simulator.OpToken], calls[simulator.OpExchange], calls[simulator.OpRefresh]}
				if want := [3]int{test.tokens, test.exchanges, test.fresh}; got != want {
					t.Errorf("tokens, exchanges, refreshes: %v, want %v", got, want)
				}
			})
		})
	}
}

func TestOneRenewalServesAllGoroutines(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		world := simulator.Generate(60, 1)
		world.Latency = simulator.Duration(latency)
		s := simulator.New(world, simulator.Options{})
		d := mustNew(t, demoConfig(s))
		var g errgroup.Group
		for range 30 {
			g.Go(func() error {
				_, err := d.c.agentGroups(t.Context(), "99990001")
				return err
			})
		}
		if err := g.Wait(); err != nil {
			t.Fatal(err)
		}
		if calls := s.Calls(); calls[simulator.OpToken] != 1 || calls[simulator.OpExchange] != 1 {
			t.Errorf("%d tokens, %d exchanges for 30 goroutines", calls[simulator.OpToken], calls[simulator.OpExchange])
		}
	})
}

func TestRefusedCredentialsArePresentedOnce(t *testing.T) {
	s := simulator.New(simulator.Generate(60, 1), simulator.Options{})
	cfg := demoConfig(s)
	cfg.ClientSecret = "wrong-secret"
	d := mustNew(t, cfg)
	for range 3 {
		if _, err := d.Snapshot(t.Context(), nil); err == nil {
			t.Fatal("no error")
		}
	}
	d.Close(t.Context())
	if n := s.Calls()[simulator.OpToken]; n != 1 {
		t.Errorf("refused credentials presented %d times", n)
	}
}

func TestCloseRevokesAfterCancellationAndOnlyOnce(t *testing.T) {
	s := simulator.New(simulator.Generate(60, 1), simulator.Options{})
	d := mustNew(t, demoConfig(s))
	ctx, cancel := context.WithCancel(t.Context())
	if _, err := d.Snapshot(ctx, nil); err != nil {
		t.Fatal(err)
	}
	cancel()
	d.Close(ctx)
	d.Close(ctx)
	if n, open := s.Calls()[simulator.OpRevoke], s.LiveSessions(simulator.DemoClientID); n != 1 || open != 0 {
		t.Errorf("%d revokes, %d sessions open", n, open)
	}
	if _, err := d.Snapshot(t.Context(), nil); !errors.Is(err, errClosed) {
		t.Errorf("reading a closed session: %v", err)
	}
}

func TestCloseWithoutASessionSendsNothing(t *testing.T) {
	s := simulator.New(simulator.Generate(60, 1), simulator.Options{})
	d := mustNew(t, demoConfig(s))
	d.Close(t.Context())
	if d.Calls() != 0 {
		t.Errorf("%d calls", d.Calls())
	}
}

func TestCloseDoesNotWaitLongForTheRevoke(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		world := simulator.Generate(60, 1)
		world.Faults = []*simulator.Fault{{Kind: "latency", Op: simulator.OpRevoke, Delay: simulator.Duration(time.Hour)}}
		s := simulator.New(world, simulator.Options{})
		d := mustNew(t, demoConfig(s))
		if _, err := d.Snapshot(t.Context(), nil); err != nil {
			t.Fatal(err)
		}
		began := time.Now()
		d.Close(t.Context())
		if took := time.Since(began); took > revokeTimeout {
			t.Errorf("took %s", took)
		}
	})
}

// TestSecretsAreNeverShown makes each operation fail with an answer that quotes
// all it was sent.
func TestSecretsAreNeverShown(t *testing.T) {
	for _, path := range []string{"/oauth/token", "/accesstoken", "/account/~", "/extension", "/subaccounts", "/agents"} {
		t.Run(path, func(t *testing.T) {
			s := simulator.New(simulator.Generate(60, 1), simulator.Options{})
			cfg := demoConfig(s)
			var mu stdsync.Mutex
			var secrets []string
			cfg.Transport = roundTrip(func(r *http.Request) (*http.Response, error) {
				if !strings.HasSuffix(r.URL.Path, path) {
					return s.Transport().RoundTrip(r)
				}
				_, authorization, _ := strings.Cut(r.Header.Get("Authorization"), " ")
				if err := r.ParseForm(); err != nil {
					return nil, err
				}
				mu.Lock()
				defer mu.Unlock()
				secrets = append(secrets, authorization, r.Form.Get("assertion"), r.Form.Get("rcAccessToken"))
				// The cap on foreign text must not leave half a secret.
				return answer(400, strings.Repeat("x", longestText-10)+strings.Join(secrets, " ")), nil
			})
			d := mustNew(t, cfg)
			_, err := d.Snapshot(t.Context(), nil)
			d.Close(t.Context())
			if err == nil {
				t.Fatal("no error")
			}
			for _, secret := range append(secrets, simulator.DemoJWT, simulator.DemoClientSecret) {
				if secret != "" && strings.Contains(err.Error(), secret[:8]) {
					t.Errorf("%q shows %q", err, secret)
				}
			}
		})
	}
}

func TestConfigPrintsNoSecret(t *testing.T) {
	cfg := Config{Account: "acme", ClientSecret: "open sesame", JWT: "ey.jwt"}
	for _, format := range []string{"%v", "%+v", "%s", "%#v"} {
		if text := fmt.Sprintf(format, cfg); strings.Contains(text, "sesame") || strings.Contains(text, "ey.jwt") {
			t.Errorf("%s: %s", format, text)
		}
	}
}
