package ringcentral

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	stdsync "sync"
	"testing"
	"testing/synctest"
	"time"

	"ringroster/ringcentral/simulator"
	"ringroster/sync"

	"github.com/google/go-cmp/cmp"
)

func TestASnapshotTakesNoCallToSpare(t *testing.T) {
	tests := []struct {
		name   string
		config func(*Config)
		pages  int
		subs   int
		groups int
		roles  int
	}{
		{name: "every active sub-account", pages: 1, subs: 2, groups: 4},
		{name: "with roles", config: func(c *Config) { c.Roles = true }, pages: 1, subs: 2, groups: 4, roles: 2},
		{name: "one sub-account", config: func(c *Config) { c.SubAccounts = []string{"99990002"} }, pages: 1, subs: 1, groups: 2},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s := simulator.New(simulator.Generate(60, 1), simulator.Options{})
			server := httptest.NewServer(s)
			defer server.Close()
			cfg := demoConfig(s)
			cfg.BaseURL, cfg.RingCXURL, cfg.Transport = server.URL, server.URL, nil
			if test.config != nil {
				test.config(&cfg)
			}
			var calls sent
			cfg.OnCall = calls.add
			d := mustNew(t, cfg)
			if _, err := d.Snapshot(t.Context(), nil); err != nil {
				t.Fatal(err)
			}
			d.Close(t.Context())
			want := 3 + 1 + 1 + 1 + test.subs + test.groups + test.pages + test.roles
			arrived := 0
			for _, n := range s.Calls() {
				arrived += n
			}
			if d.Calls() != want || arrived != want || len(calls.calls) != want {
				t.Errorf("%d calls counted, %d arrived, %d told of; want %d: %v", d.Calls(), arrived, len(calls.calls), want, calls.ops())
			}
			for _, c := range calls.calls {
				if c.Account != "acme" || c.Status != http.StatusOK || c.Attempt != 1 || c.Group == "" || strings.ContainsAny(c.Path, "?=") {
					t.Errorf("%+v", c)
				}
			}
		})
	}
}

// R3: retrieval order is the order of the bodies, whatever the order of answers.
func TestOrderDoesNotDependOnArrival(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		read := func(faults ...*simulator.Fault) sync.Snapshot {
			world := simulator.Generate(200, 7)
			world.Faults = faults
			s := simulator.New(world, simulator.Options{})
			return readAll(t, s)
		}
		slow := func(path string, by time.Duration) *simulator.Fault {
			return &simulator.Fault{Kind: "latency", Path: path, Delay: simulator.Duration(by)}
		}
		straight := read()
		turned := read(slow("*/99990001/agentGroups", 5*time.Second), slow("*/1001/agents", 3*time.Second), slow("*/1003/agents", time.Second), slow("*/users/*", 9*time.Second))
		if diff := cmp.Diff(straight, turned); diff != "" {
			t.Error(diff)
		}
	})
}

// R3: sub-accounts as configured, then those that are not read, as listed.
func TestSubAccountsStandAsConfigured(t *testing.T) {
	tests := []struct {
		configured []string
		want       []string
	}{
		{nil, []string{"99990001 read", "99990002 read", "99990003"}},
		{[]string{"99990002", "99990001"}, []string{"99990002 read", "99990001 read", "99990003"}},
		{[]string{"99990003"}, []string{"99990003 read", "99990001", "99990002"}}, // inactive, and configured
	}
	for _, test := range tests {
		t.Run(strings.Join(test.configured, ","), func(t *testing.T) {
			cfg := demoConfig(simulator.New(simulator.Generate(60, 1), simulator.Options{}))
			cfg.SubAccounts = test.configured
			d := mustNew(t, cfg)
			defer d.Close(t.Context())
			snapshot, err := d.Snapshot(t.Context(), nil)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, sub := range snapshot.SubAccounts {
				text := sub.ID
				if sub.Read {
					text += " read"
				} else if sub.Groups != nil {
					t.Errorf("%s was not read and has groups", sub.ID)
				}
				got = append(got, text)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// R4: main_account_id may be the RingCX or the RingEX number.
func TestMainAccountMayBeGivenByEitherNumber(t *testing.T) {
	for configured, warns := range map[string]bool{simulator.DemoMainAccountID: false, fmt.Sprint(simulator.DemoAccountID): true} {
		t.Run(configured, func(t *testing.T) {
			cfg := demoConfig(simulator.New(simulator.Generate(60, 1), simulator.Options{}))
			cfg.MainAccountID = configured
			d := mustNew(t, cfg)
			defer d.Close(t.Context())
			snapshot, err := d.Snapshot(t.Context(), nil)
			if err != nil {
				t.Fatal(err)
			}
			want := sync.Identity{MainAccountID: simulator.DemoMainAccountID, RingEXAccountID: fmt.Sprint(simulator.DemoAccountID), OwnerID: fmt.Sprint(simulator.DemoOwnerID)}
			if diff := cmp.Diff(want, snapshot.Identity); diff != "" {
				t.Error(diff)
			}
			warned := slices.ContainsFunc(snapshot.Warnings, func(w sync.Warning) bool { return w.Reason == WarningMainIsRingEX })
			if warned != warns {
				t.Errorf("warnings: %v", snapshot.Warnings)
			}
			if _, err := d.LookAgain(t.Context(), sync.Look{RingCX: true}, nil); err != nil {
				t.Errorf("the second look: %v", err)
			}
		})
	}
}

// R1: every list is a fact for the guard, by name.
func TestListsAreNamedAndCounted(t *testing.T) {
	cfg := demoConfig(simulator.New(simulator.Generate(60, 1), simulator.Options{}))
	d := mustNew(t, cfg)
	defer d.Close(t.Context())
	snapshot, err := d.Snapshot(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, l := range snapshot.Lists {
		names = append(names, l.Name)
		if (l.Total >= 0) != (l.Name == "extensions") || l.Total >= 0 && l.Total != l.Length {
			t.Errorf("%+v", l)
		}
	}
	want := []string{
		"administrators", "sub-accounts",
		"agent groups of 99990001", "agents of 99990001/1001", "agents of 99990001/1003",
		"agent groups of 99990002", "agents of 99990002/1002", "agents of 99990002/1004",
		"extensions",
	}
	if diff := cmp.Diff(want, names); diff != "" {
		t.Error(diff)
	}
	if snapshot.TakenAt.IsZero() || snapshot.Account != "acme" {
		t.Errorf("taken at %s for %q", snapshot.TakenAt, snapshot.Account)
	}
}

func TestProgressTellsHowFarReadingIs(t *testing.T) {
	cfg := demoConfig(simulator.New(simulator.Generate(60, 1), simulator.Options{}))
	d := mustNew(t, cfg)
	defer d.Close(t.Context())
	var mu stdsync.Mutex
	last := map[string]sync.Progress{}
	_, err := d.Snapshot(t.Context(), func(p sync.Progress) {
		if !mu.TryLock() {
			t.Error("two reports at once")
			return
		}
		defer mu.Unlock()
		if p.Account != "acme" {
			t.Errorf("%+v", p)
		}
		last[strings.TrimSpace(p.Step+" "+p.SubAccount)] = p
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, step := range []string{"administrators", "sub-accounts", "extensions", "agents Example Production", "agents Example Service"} {
		if p := last[step]; p.Done == 0 || p.Done != p.Of {
			t.Errorf("%s: %+v", step, p)
		}
	}
}

// The forms that RingCentral's schemas and bodies leave open change nothing.
func TestVariationsOfTheWireChangeNothing(t *testing.T) {
	for seed := range uint64(5) {
		world := simulator.Generate(60, seed)
		world.Variations = true
		s := simulator.New(world, simulator.Options{})
		plain := readAll(t, simulator.New(simulator.Generate(60, seed), simulator.Options{}))
		varied := readAll(t, s)
		if diff := cmp.Diff(agentsOf(&plain), agentsOf(&varied)); diff != "" {
			t.Errorf("seed %d: %s", seed, diff)
		}
		for _, sub := range varied.SubAccounts {
			for _, g := range sub.Groups {
				for _, a := range g.Agents {
					if a.Faulty != "" {
						t.Errorf("seed %d: %+v", seed, a)
					}
				}
			}
		}
		if len(plain.Extensions) != len(varied.Extensions) || len(plain.Admins) != len(varied.Admins) {
			t.Errorf("seed %d: %d extensions, %d administrators", seed, len(varied.Extensions), len(varied.Admins))
		}
	}
}

func TestAFailureStopsTheRest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		world := simulator.Generate(60, 1)
		world.Faults = []*simulator.Fault{
			{Kind: "status", Op: simulator.OpAdministrators, Status: 403},
			{Kind: "latency", Op: simulator.OpExtensions, Delay: simulator.Duration(50 * time.Second)},
		}
		d := mustNew(t, demoConfig(simulator.New(world, simulator.Options{})))
		defer d.Close(t.Context())
		began := time.Now()
		_, err := d.Snapshot(t.Context(), nil)
		if e, ok := errors.AsType[*Error](err); !ok || e.Status != http.StatusForbidden || errors.Is(err, context.Canceled) {
			t.Errorf("got %v", err)
		}
		if took := time.Since(began); took > time.Second {
			t.Errorf("it went on for %s", took)
		}
	})
}

// RingCentral has been seen to refuse under status 200 (API.md 3).
func TestALimitUnderStatus200IsALimit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := simulator.New(simulator.Generate(60, 1), simulator.Options{})
		cfg := demoConfig(s)
		refused := false
		cfg.Transport = roundTrip(func(r *http.Request) (*http.Response, error) {
			if strings.HasSuffix(r.URL.Path, "/extension") && !refused {
				refused = true
				return answer(http.StatusOK, `{"errorCode":"CMN-301","message":"Request rate exceeded","errors":[]}`), nil
			}
			return s.Transport().RoundTrip(r)
		})
		d := mustNew(t, cfg)
		defer d.Close(t.Context())
		began := time.Now()
		if _, err := d.Snapshot(t.Context(), nil); err != nil {
			t.Fatal(err)
		}
		if took := time.Since(began); took < limitPenalty {
			t.Errorf("the penalty was %s", took)
		}
	})
}
