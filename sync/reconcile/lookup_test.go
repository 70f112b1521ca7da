package reconcile_test

import (
	"context"
	"errors"
	"iter"
	"slices"
	"testing"

	"ringroster/sync"
	"ringroster/sync/plan"
	"ringroster/sync/reconcile"
)

// regionalSite has Ada and Bob on the roster, whose own regional settings were
// never read; RingCentral has Tokyo for everybody who is looked up.
func regionalSite(t *testing.T, given func(*world)) (*siteUnderTest, *fakeDirectory) {
	t.Helper()
	s := newSite(t, func(w *world) { one(w); w.regional(denver) })
	d := s.reports("acme", func(w *world) { given(w); w.regional(denver) })
	d.regional = func(extensions []string) (map[string]sync.Region, []sync.Warning, error) {
		own := map[string]sync.Region{}
		for _, id := range extensions {
			own[id] = tokyo
		}
		return own, nil, nil
	}
	return s, d
}

func (s *siteUnderTest) request(t *testing.T, req reconcile.Request) reconcile.Result {
	t.Helper()
	req.Run.Accounts = []string{"acme"}
	_, results, err := s.Sync(t.Context(), req)
	if err != nil {
		t.Fatal(err)
	}
	return results[0]
}

func TestARunLooksUpBeforeTheSessionCloses(t *testing.T) {
	s, d := regionalSite(t, one)
	plans := s.countPlans()
	result := s.request(t, reconcile.Request{})
	same(t, regions(result.Plan), []string{
		"time_zone: America/Denver -> Asia/Tokyo, source_changed", "language: en-US -> ja-JP, source_changed",
		"time_zone: America/Denver -> Asia/Tokyo, source_changed", "language: en-US -> ja-JP, source_changed",
	})
	if len(d.lookups) != 1 || len(d.lookups[0]) != 2 || *plans != 2 {
		t.Errorf("looked up %v, %d plans", d.lookups, *plans)
	}
	d.lookups, *plans = nil, 0
	if result := s.request(t, reconcile.Request{}); len(result.Plan.Changes) > 0 || len(d.lookups) > 0 || *plans != 1 {
		t.Errorf("the next run: %v, looked up %v, %d plans", lines(result.Plan), d.lookups, *plans)
	}
}

// countPlans counts the reading of the roster: once for each plan.
func (s *siteUnderTest) countPlans() *int {
	roster := &counting{Roster: s.Roster}
	s.Roster = roster
	return &roster.plans
}

type counting struct {
	sync.Roster
	plans int
}

func (c *counting) Members(ctx context.Context, account string, known sync.Known) iter.Seq2[*sync.Member, error] {
	c.plans++
	return c.Roster.Members(ctx, account, known)
}

// R2: the second look and the lookups together cost one more plan, not two. What the second
// look says alone is judged besides.
func TestTheSecondLookAndTheLookupsShareAPlan(t *testing.T) {
	s, d := regionalSite(t, without())
	plans := s.countPlans()
	result := s.request(t, reconcile.Request{})
	same(t, lines(result.Plan), []string{"update 2 rc:702 source_changed", "deactivate 1 removed"})
	if d.looks != 1 || len(d.lookups) != 1 || *plans != 3 {
		t.Errorf("%d second looks, looked up %v, %d plans", d.looks, d.lookups, *plans)
	}
}

func TestWhatLooksNobodyUp(t *testing.T) {
	for _, c := range []struct {
		name    string
		req     reconcile.Request
		preview bool
		want    []string // who is looked up
	}{
		{name: "a run: everybody who needs it", want: []string{"701", "702"}},
		{name: "a run for one person: that person", req: reconcile.Request{Only: "ada@example.com"}, want: []string{"701"}},
		{name: "a preview of that", req: reconcile.Request{Only: "ada@example.com"}, preview: true, want: []string{"701"}},
		{name: "a preview: nobody", preview: true},
		{name: "explaining somebody: nobody", req: reconcile.Request{Trace: &plan.Trace{Who: "ada@example.com"}}, preview: true},
		{name: "a saved plan: nobody", req: reconcile.Request{Reviewed: map[string]plan.Reviewed{"acme": {}}}},
		{name: "an approval: nobody", req: reconcile.Request{Approve: map[string]*sync.Approval{"acme": {}}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			s, d := regionalSite(t, one)
			if c.preview {
				c.req.Run.Accounts = []string{"acme"}
				s.Preview(t.Context(), c.req)
			} else {
				s.request(t, c.req)
			}
			got := slices.Sorted(slices.Values(slices.Concat(d.lookups...)))
			same(t, got, c.want)
		})
	}
}

// What cannot be looked up is unknown: the run is none the worse for it, and says so.
func TestFailingLookupsFailNothing(t *testing.T) {
	s, d := regionalSite(t, one)
	d.regional = func([]string) (map[string]sync.Region, []sync.Warning, error) {
		return map[string]sync.Region{"701": tokyo}, []sync.Warning{{Reason: "regional_settings_unread", Detail: "1 of 2"}}, nil
	}
	result := s.request(t, reconcile.Request{})
	same(t, lines(result.Plan), []string{
		"update 1 rc:701 source_changed", "note regional_settings_unread", "note regional_settings_wait",
	})
	if got := s.member("acme", 2).Profile[sync.TimeZone]; got != "America/Denver" {
		t.Errorf("member 2 has %s", got)
	}
}

func TestACancelledLookupEndsTheRun(t *testing.T) {
	s, d := regionalSite(t, one)
	d.regional = func([]string) (map[string]sync.Region, []sync.Warning, error) { return nil, nil, context.Canceled }
	result := s.request(t, reconcile.Request{})
	if !errors.Is(result.Err, context.Canceled) || result.Err.Error() != "look up regional settings: context canceled" || result.Plan != nil {
		t.Errorf("%v, plan %v", result.Err, result.Plan)
	}
}

// R27: a roster that moved is planned again with what was looked up, after the
// session is closed: whoever failed then waits for the next run.
func TestR27LookupsAreMadeOnce(t *testing.T) {
	s, d := regionalSite(t, one)
	d.regional = func([]string) (map[string]sync.Region, []sync.Warning, error) {
		return map[string]sync.Region{"701": tokyo}, nil, nil
	}
	s.roster.moves = 3
	result := s.request(t, reconcile.Request{})
	if result.Err != nil || len(d.lookups) != 1 || s.member("acme", 1).Profile[sync.TimeZone] != "Asia/Tokyo" {
		t.Errorf("%v, looked up %v, member 1 %v", result.Err, d.lookups, s.member("acme", 1).Profile)
	}
	same(t, result.Plan.Lookups, []string{"702"})
}

// A snapshot that was kept holds what its run looked up; one person more may be.
func TestLookupsAddUp(t *testing.T) {
	kept := &sync.Snapshot{Regional: &sync.Regional{Account: denver, Own: map[string]sync.Region{"701": tokyo}}}
	joined := kept.WithRegional(map[string]sync.Region{"702": paris}, nil)
	if own := joined.Regional.Own; len(own) != 2 || own["701"] != tokyo || own["702"] != paris || joined.Regional.Account != denver {
		t.Errorf("joined: %+v", joined.Regional)
	}
	if len(kept.Regional.Own) != 1 {
		t.Errorf("the kept one was changed: %+v", kept.Regional)
	}
}
