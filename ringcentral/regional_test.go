package ringcentral

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"ringroster/ringcentral/simulator"
	"ringroster/sync"
)

// regionalDirectory has read a generated company of n people.
func regionalDirectory(t *testing.T, n int, edit func(*simulator.World)) (*Directory, *simulator.Server, *sync.Snapshot) {
	t.Helper()
	world := simulator.Generate(n, 1)
	if edit != nil {
		edit(world)
	}
	s := simulator.New(world, simulator.Options{})
	cfg := demoConfig(s)
	cfg.Regional = true
	d := mustNew(t, cfg)
	snapshot, err := d.Snapshot(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	return d, s, snapshot
}

// people gives the ids of the first n extensions that people have.
func people(s *sync.Snapshot, n int) []string {
	var ids []string
	for _, e := range s.Extensions {
		if e.HasContact && len(ids) < n {
			ids = append(ids, e.ID)
		}
	}
	return ids
}

func TestTheAccountsOwnSettingsTakeNoCallMore(t *testing.T) {
	for _, on := range []bool{false, true} {
		s := simulator.New(simulator.Generate(60, 1), simulator.Options{})
		cfg := demoConfig(s)
		cfg.Regional = on
		d := mustNew(t, cfg)
		snapshot, err := d.Snapshot(t.Context(), nil)
		d.Close(t.Context())
		if err != nil || d.Calls() != 13 || s.Calls()[simulator.OpOwnRegional] != 0 {
			t.Errorf("on %t: %v, %d calls: %v", on, err, d.Calls(), s.Calls())
		}
		want := sync.Region{TimeZone: "America/Los_Angeles", Language: "en-US"}
		switch {
		case on && snapshot.Regional.Account != want:
			t.Errorf("the account's own are %+v", snapshot.Regional)
		case !on && snapshot.Regional != nil:
			t.Errorf("read, though nobody asked: %+v", snapshot.Regional)
		}
	}
}

func TestLookupsOverHTTP(t *testing.T) {
	world := simulator.Generate(60, 1)
	world.Limits = &simulator.Limits{Light: 15, Window: simulator.Duration(time.Second)}
	s := simulator.New(world, simulator.Options{})
	server := httptest.NewServer(s)
	defer server.Close()
	cfg := demoConfig(s)
	cfg.BaseURL, cfg.RingCXURL, cfg.Transport, cfg.Regional = server.URL, server.URL, nil, true
	d := mustNew(t, cfg)
	defer d.Close(t.Context())
	snapshot, err := d.Snapshot(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	before := d.Calls()
	ids := people(snapshot, 20)
	var steps []sync.Progress
	own, warnings, err := d.Regional(t.Context(), ids, func(p sync.Progress) { steps = append(steps, p) })
	if err != nil || len(warnings) > 0 || len(own) != 20 || d.Calls()-before != 20 {
		t.Fatalf("%d read in %d calls, %v, %v", len(own), d.Calls()-before, warnings, err)
	}
	if s.TooManyRequests() > 0 {
		t.Errorf("%d answers of 429", s.TooManyRequests())
	}
	if len(steps) != 20 || steps[19].Done != 20 || steps[19].Of != 20 || steps[19].Step != "regional settings" || steps[19].Account != "acme" {
		t.Errorf("progress %+v", steps)
	}
	for _, e := range acme(world).Extensions {
		id := fmt.Sprint(e.ID)
		if got, read := own[id]; read && (got.TimeZone != IANAZone(e.TimeZone) && e.TimeZone != "" || got.Language != e.Language && e.Language != "" || got == sync.Region{}) {
			t.Errorf("extension %s has %s %s, read as %+v", id, e.TimeZone, e.Language, got)
		}
	}
}

// 200 lookups at 50 a minute take less than four minutes and no refusal, beside
// the account, which is a Light call too.
func TestLookupsKeepTheLightLimit(t *testing.T) {
	for _, c := range []struct {
		light   int
		lookups int
		most    time.Duration
	}{
		{light: 50, lookups: 200, most: 4*time.Minute + 30*time.Second},
		{light: 7, lookups: 30, most: 4*time.Minute + 30*time.Second},
		{light: 1, lookups: 3, most: 3*time.Minute + 30*time.Second},
	} {
		t.Run(fmt.Sprintf("%d a minute", c.light), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				d, s, snapshot := regionalDirectory(t, 250, func(w *simulator.World) {
					w.Limits, w.Latency = &simulator.Limits{Light: c.light}, simulator.Duration(latency)
				})
				defer d.Close(t.Context())
				start := time.Now()
				own, warnings, err := d.Regional(t.Context(), people(snapshot, c.lookups), nil)
				if err != nil || len(own) != c.lookups || len(warnings) > 0 {
					t.Errorf("%d read, %v, %v", len(own), warnings, err)
				}
				if took := time.Since(start); took > c.most || s.TooManyRequests() > 0 {
					t.Errorf("took %s, %d answers of 429", took, s.TooManyRequests())
				}
			})
		})
	}
}

func TestFaultsOfLookups(t *testing.T) {
	const asked = 12
	one := func(f simulator.Fault) []*simulator.Fault {
		f.Op = simulator.OpOwnRegional
		return []*simulator.Fault{&f}
	}
	for _, c := range []struct {
		name   string
		faults []*simulator.Fault
		read   int      // of the twelve
		says   []string // in the warning; nil: there is none
		most   int      // calls; 0: not of interest
	}{
		{name: "none", read: 12, most: 12},
		{name: "500 twice", faults: one(simulator.Fault{Kind: "status", Status: 500, Count: 2}), read: 12, most: 14},
		{name: "an expired token", faults: one(simulator.Fault{Kind: "token_lost", Count: 1}), read: 12},
		{name: "429 once", faults: one(simulator.Fault{Kind: "status", Status: 429, RetryAfter: 60, Count: 1}), read: 12},
		{name: "404 for one", faults: one(simulator.Fault{Kind: "status", Status: 404, Count: 1}), read: 11, most: 12, says: []string{"1 of 12", "0 were not tried", "answered 404", "gone since the list was read"}},
		{name: "403 for one", faults: one(simulator.Fault{Kind: "status", Status: 403, Count: 1}), read: 11, most: 12, says: []string{"1 of 12", "answered 403"}},
		{name: "403 for all", faults: one(simulator.Fault{Kind: "status", Status: 403}), says: []string{"12 of 12", "0 were not tried"}, most: 12},
		{name: "nonsense for all", faults: one(simulator.Fault{Kind: "null"}), says: []string{"12 of 12"}, most: 36},
		{name: "no settings in it", faults: one(simulator.Fault{Kind: "empty_object", Count: 3}), read: 12, most: 15},
		{name: "500, ever: not all are tried", faults: one(simulator.Fault{Kind: "status", Status: 500}), says: []string{"were not tried", "answered 500"}, most: 5 * lookupsAtOnce},
		{name: "no answer, ever", faults: one(simulator.Fault{Kind: "cut"}), says: []string{"were not tried"}, most: 5 * lookupsAtOnce},
		{name: "429 for a day", faults: one(simulator.Fault{Kind: "status", Status: 429, RetryAfter: 86400}), says: []string{"were not tried", "longer than a run waits"}, most: lookupsAtOnce},
		{name: "401 with every token", faults: one(simulator.Fault{Kind: "status", Status: 401}), says: []string{"were not tried", "401"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				d, s, snapshot := regionalDirectory(t, 60, func(w *simulator.World) { w.Faults = c.faults })
				defer d.Close(t.Context())
				own, warnings, err := d.Regional(t.Context(), people(snapshot, asked), nil)
				if err != nil || len(own) != c.read {
					t.Errorf("%d of %d read, %v", len(own), asked, err)
				}
				if n := s.Calls()[simulator.OpOwnRegional]; c.most > 0 && n > c.most {
					t.Errorf("%d calls, want %d at most", n, c.most)
				}
				if c.says == nil {
					if len(warnings) > 0 {
						t.Errorf("warnings %v", warnings)
					}
					return
				}
				if len(warnings) != 1 || warnings[0].Reason != WarningRegionalUnread {
					t.Fatalf("warnings %v", warnings)
				}
				for _, words := range c.says {
					if !strings.Contains(warnings[0].Detail, words) {
						t.Errorf("%q does not say %q", warnings[0].Detail, words)
					}
				}
			})
		})
	}
}

// An outage ends the lookups; extensions that fail one by one, or are gone, do not.
func TestPatienceWithLookups(t *testing.T) {
	outage := &Error{kind: kindAnswer, Status: 500}
	gone := &Error{kind: kindAnswer, Status: 404}
	l := &lookups{c: &client{}, own: map[string]sync.Region{}}
	for range 3 {
		for range lookupsPatience - 1 {
			if l.fail(outage) != nil || l.fail(gone) != nil {
				t.Fatal("ended too early")
			}
		}
		l.keep("1", &wholeExtension{})
	}
	for range lookupsPatience - 1 {
		_ = l.fail(outage)
	}
	if l.fail(outage) == nil {
		t.Error("goes on and on")
	}
}

// A run that is stopped stops at once; one with a deadline keeps half of its time.
func TestLookupsEndInTime(t *testing.T) {
	slow := func(w *simulator.World) { w.Limits = &simulator.Limits{Light: 10} }
	t.Run("cancelled", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			d, _, snapshot := regionalDirectory(t, 60, slow)
			defer d.Close(t.Context())
			ctx, cancel := context.WithCancel(t.Context())
			defer time.AfterFunc(10*time.Second, cancel).Stop()
			start := time.Now()
			own, _, err := d.Regional(ctx, people(snapshot, 40), nil)
			if !errors.Is(err, context.Canceled) || own != nil || time.Since(start) != 10*time.Second {
				t.Errorf("%v after %s", err, time.Since(start))
			}
		})
	})
	t.Run("a deadline", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			d, s, snapshot := regionalDirectory(t, 60, slow)
			defer d.Close(t.Context())
			ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
			defer cancel()
			start := time.Now()
			own, warnings, err := d.Regional(ctx, people(snapshot, 40), nil)
			if err != nil || len(own) < 20 || len(own) > 30 || len(warnings) > 0 {
				t.Errorf("%d read, %v, %v", len(own), warnings, err)
			}
			if took := time.Since(start); took > 5*time.Minute/2 || s.TooManyRequests() > 0 {
				t.Errorf("took %s of five minutes, %d answers of 429", took, s.TooManyRequests())
			}
		})
	})
}

// What no table knows is unknown, and is warned of once.
func TestUnknownRegionalSettings(t *testing.T) {
	const settings = `"regionalSettings":{"timezone":{"name":%q},"language":{"id":"1033","localeCode":%q}}`
	zones := map[string]string{"1": "Mars/Base", "2": "Mars/Base", "3": "Moon/Base", "4": "US/Pacific"}
	s := simulator.New(simulator.Generate(10, 1), simulator.Options{})
	cfg := demoConfig(s)
	cfg.Regional = true
	cfg.Transport = roundTrip(func(r *http.Request) (*http.Response, error) {
		id := r.URL.Path[strings.LastIndex(r.URL.Path, "/")+1:]
		switch {
		case id == "~":
			return answer(200, `{"id":8,`+fmt.Sprintf(settings, "Mars/Base", "klingon")+`}`), nil
		case zones[id] != "":
			return answer(200, `{"id":`+id+`,`+fmt.Sprintf(settings, zones[id], "en_GB")+`}`), nil
		}
		return s.Transport().RoundTrip(r)
	})
	d := mustNew(t, cfg)
	defer d.Close(t.Context())
	snapshot, err := d.Snapshot(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if got := snapshot.Regional.Account; got != (sync.Region{Language: "en-US"}) || len(snapshot.Warnings) != 1 {
		t.Errorf("the account's own are %+v, warnings %v", got, snapshot.Warnings)
	}
	own, warnings, err := d.Regional(t.Context(), []string{"1", "2", "3", "4"}, nil)
	if err != nil || own["1"] != (sync.Region{Language: "en-GB"}) || own["4"] != (sync.Region{TimeZone: "America/Los_Angeles", Language: "en-GB"}) {
		t.Errorf("%+v, %v", own, err)
	}
	if len(warnings) != 1 || warnings[0].Reason != WarningUnknownTimeZone || !strings.Contains(warnings[0].Detail, `"Mars/Base" (2), "Moon/Base" (1)`) {
		t.Errorf("warnings %v", warnings)
	}
}

// The account's own settings decide nothing that a run depends on.
func TestOddRegionalSettingsOfTheAccountAreUnknown(t *testing.T) {
	for _, body := range []string{
		`{"id":8}`, `{"id":8,"regionalSettings":null}`, `{"id":8,"regionalSettings":[]}`, `{"id":8,"regionalSettings":{"timezone":7}}`,
	} {
		s := simulator.New(simulator.Generate(10, 1), simulator.Options{})
		cfg := demoConfig(s)
		cfg.Regional = true
		cfg.Transport = roundTrip(func(r *http.Request) (*http.Response, error) {
			if strings.HasSuffix(r.URL.Path, "/account/~") {
				return answer(200, body), nil
			}
			return s.Transport().RoundTrip(r)
		})
		d := mustNew(t, cfg)
		snapshot, err := d.Snapshot(t.Context(), nil)
		d.Close(t.Context())
		if err != nil || snapshot.Regional == nil || snapshot.Regional.Account != (sync.Region{}) {
			t.Errorf("%s: %v, %+v", body, err, snapshot)
		}
	}
}

func TestAnAnswerAboutSomebodyElseIsNonsense(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := simulator.New(simulator.Generate(10, 1), simulator.Options{})
		cfg := demoConfig(s)
		cfg.Transport = roundTrip(func(r *http.Request) (*http.Response, error) {
			if strings.HasSuffix(r.URL.Path, "/extension/5") {
				return answer(200, `{"id":6,"regionalSettings":{"timezone":{"name":"GMT"}}}`), nil
			}
			return s.Transport().RoundTrip(r)
		})
		d := mustNew(t, cfg)
		defer d.Close(t.Context())
		own, warnings, err := d.Regional(t.Context(), []string{"5"}, nil)
		if err != nil || len(own) > 0 || len(warnings) != 1 || !strings.Contains(warnings[0].Detail, "the answer is about extension 6") {
			t.Errorf("%v, %v, %v", own, warnings, err)
		}
	})
}
