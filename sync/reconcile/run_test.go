package reconcile_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"ringroster/sync"
	"ringroster/sync/edit"
	"ringroster/sync/plan"
	"ringroster/sync/reconcile"
)

func TestRunTellsWhatHappened(t *testing.T) {
	s := newSite(t, one)
	s.reports("acme", without())
	results := s.sync(t, "acme")
	same(t, s.log.lines, []string{"run 2 began, manual", "acme reads agents", "run 2 committed acme: succeeded"})
	same(t, lines(results[0].Plan), []string{"deactivate 1 removed"})
	c := s.roster.commits[0]
	if c.Run != 2 || !c.Full || c.Settings == nil || !c.TakenAt.Equal(noon) || c.Identity.MainAccountID != "9" || !c.FinishedAt.Equal(noon) {
		t.Errorf("commit %+v", *c)
	}
	// Ten calls, one second look, one revoke: the session was closed before the commit.
	if c.APICalls != 12 || results[0].APICalls != 12 {
		t.Errorf("%d calls committed, %d reported", c.APICalls, results[0].APICalls)
	}
	if s.roster.locked {
		t.Error("the lock is still held")
	}
}

func TestR2TheSecondLookIsTaken(t *testing.T) {
	found := func(s *siteUnderTest) { s.directories["acme"].second = s.worldOf(one) }
	for _, c := range []struct {
		name   string
		now    func(*world)
		then   func(*siteUnderTest)
		looks  int
		want   []string
		failed string
	}{
		{name: "nobody would leave", now: one},
		{name: "somebody is in no list", now: without(), looks: 1, want: []string{"deactivate 1 removed"}},
		{name: "… though RingEX lists them", now: without(status("Enabled")), looks: 1, want: []string{"deactivate 1 access_revoked"}},
		{name: "somebody is held", now: without(), then: func(s *siteUnderTest) {
			p := s.policies["acme"]
			p.Limits.Deactivations = sync.Limit{Percent: 0, Floor: 0}
			s.policies["acme"] = p
		}, looks: 1, want: []string{"hold limit", "held deactivate 1 removed"}},
		{name: "a record that says inactive: an active one may be missing", now: adaIs("Enabled", inactive), looks: 1, want: []string{"deactivate 1 rc:701 access_revoked", "note 1 rc:701 no_access"}},
		{name: "… though their extension is disabled", now: without(status("Disabled")), looks: 1, want: []string{"deactivate 1 ringex_disabled"}},
		{name: "… but in the second, which does not say that the disabled extension is theirs", now: without(status("Disabled")), then: func(s *siteUnderTest) {
			s.directories["acme"].second = s.worldOf(func(w *world) { w.agent("1/10", "501", "Ada Byron") })
		}, looks: 1},
		{name: "a list says whose the disabled extension is", now: adaIs("Disabled"), looks: 1, want: []string{"deactivate 1 rc:701 ringex_disabled", "note 1 rc:701 ringex_disabled"}},
		{name: "… but not at the second look: they stay", now: adaIs("Disabled"), then: func(s *siteUnderTest) {
			s.directories["acme"].second = s.worldOf(adaIs("Enabled"))
		}, looks: 1},
		{name: "found again: nothing happens", now: without(status("Enabled")), then: found, looks: 1},
		{name: "the second look fails: so does the account", now: without(), then: func(s *siteUnderTest) {
			s.directories["acme"].againErr = errors.New("503")
		}, looks: 1, failed: "look again for those who seem to have left: 503"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := newSite(t, one)
			d := s.reports("acme", c.now)
			if c.then != nil {
				c.then(s)
			}
			result := s.sync(t, "acme")[0]
			if d.looks != c.looks {
				t.Errorf("%d second looks, want %d", d.looks, c.looks)
			}
			if c.failed != "" {
				if result.Err == nil || result.Err.Error() != c.failed {
					t.Errorf("error %v", result.Err)
				}
				return
			}
			same(t, lines(result.Plan), c.want)
		})
	}
}

func (s *siteUnderTest) worldOf(given func(*world)) *sync.Snapshot {
	w := newWorld()
	given(w)
	return w.Snapshot
}

func TestR27AMovedRosterIsPlannedAgain(t *testing.T) {
	t.Run("three times", func(t *testing.T) {
		s := newSite(t, one)
		d := s.reports("acme", without())
		s.roster.moves = 3
		result := s.sync(t, "acme")[0]
		if result.Err != nil || result.Status != sync.Succeeded || d.looks != 1 {
			t.Errorf("%s, %v, %d second looks", result.Status, result.Err, d.looks)
		}
		same(t, lines(result.Plan), []string{"deactivate 1 removed"})
	})
	t.Run("and not a fourth time", func(t *testing.T) {
		s := newSite(t, one)
		s.reports("acme", without())
		s.roster.moves = 4
		result := s.sync(t, "acme")[0]
		if !errors.Is(result.Err, sync.ErrMoved) || s.member("acme", 1).Status != sync.Active {
			t.Errorf("error %v, member 1 %s", result.Err, s.member("acme", 1).Status)
		}
		if c := s.roster.commits[0]; c.Status != sync.Failed || c.Plan != nil {
			t.Errorf("commit %+v", *c)
		}
	})
	t.Run("leavers that nobody looked up twice end the run", func(t *testing.T) {
		s := newSite(t, one)
		s.reports("acme", one)
		s.reports("acme", without())
		s.member("acme", 1).Managed = false // so that the first plan has no leaver
		s.roster.beforeCommit = func(*sync.Commit) {
			s.roster.moves, s.roster.beforeCommit = 1, nil
			s.member("acme", 1).Managed = true
		}
		result := s.sync(t, "acme")[0]
		if !errors.Is(result.Err, sync.ErrMoved) || s.member("acme", 1).Status != sync.Active {
			t.Errorf("error %v, member 1 %s", result.Err, s.member("acme", 1).Status)
		}
	})
}

func TestRunAccountsAreIndependent(t *testing.T) {
	s := newSite(t, one)
	s.reports("beta", one)
	s.reports("gamma", one).err = errors.New("OAU-213: the JWT was refused")
	results := s.sync(t, "unknown", "gamma", "beta")
	var got []string
	for _, r := range results {
		text := r.Account + " " + string(r.Status)
		if r.Err != nil {
			text += ": " + r.Err.Error()
		}
		got = append(got, text)
	}
	same(t, got, []string{
		"unknown failed: account unknown: the secret cannot be read",
		"gamma failed: OAU-213: the JWT was refused", "beta succeeded",
	})
	if len(s.roster.commits) != 3 || !s.directories["gamma"].closed {
		t.Errorf("%d commits, session of gamma closed: %t", len(s.roster.commits), s.directories["gamma"].closed)
	}
	// The same rcUserIds in two accounts are members of their own.
	if len(s.roster.members["beta"]) != 2 || len(s.roster.members["acme"]) != 2 {
		t.Errorf("members %v", s.roster.members)
	}
}

func TestRunIsCancelled(t *testing.T) {
	s := newSite(t, one)
	ctx, cancel := context.WithCancel(t.Context())
	s.reports("acme", without()).read = cancel
	s.reports("beta", one)
	_, results, err := s.Sync(ctx, reconcile.Request{Run: sync.Run{Accounts: []string{"acme", "beta"}}})
	if err != nil {
		t.Fatal(err)
	}
	for i, r := range results {
		c := s.roster.commits[i]
		if !errors.Is(r.Err, context.Canceled) || c.Status != sync.Failed || c.Plan != nil || !strings.Contains(r.Err.Error(), "stopped before anything was applied") {
			t.Errorf("%s: %v, recorded as %s", r.Account, r.Err, c.Status)
		}
	}
	if s.member("acme", 1).Status != sync.Active || !s.directories["acme"].closed {
		t.Error("something was applied, or the session is open")
	}
}

func TestRunRosterFails(t *testing.T) {
	s := newSite(t, one)
	s.reports("acme", without())
	s.roster.membersErr = errors.New("disk I/O error")
	result := s.sync(t, "acme")[0]
	if result.Err == nil || result.Err.Error() != "read the members of account acme: disk I/O error" || s.member("acme", 1).Status != sync.Active {
		t.Errorf("error %v", result.Err)
	}
}

func TestR27WaitForTheLock(t *testing.T) {
	for _, c := range []struct {
		name  string
		wait  time.Duration
		busy  bool
		after time.Duration
	}{
		{"not at all", 0, true, 0},
		{"not long enough", 90 * time.Second, true, 90 * time.Second},
		{"until it is free", 10 * time.Minute, false, 2 * time.Minute},
		{"an edit, not at all", 0, true, 0},
		{"an edit, until it is free", 10 * time.Minute, false, 2 * time.Minute},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newSite(t, one)
				s.Now, s.Wait = time.Now, c.wait
				work := func() error {
					_, _, err := s.Sync(t.Context(), reconcile.Request{Run: sync.Run{Accounts: []string{"acme"}}})
					return err
				}
				if strings.HasPrefix(c.name, "an edit") {
					work = func() error {
						_, _, err := s.Edit(t.Context(), sync.Run{Accounts: []string{"acme"}, Trigger: sync.ByHand}, edit.Manage(1, false))
						return err
					}
				}
				release, err := s.roster.Lock(t.Context(), sync.Holder{})
				if err != nil {
					t.Fatal(err)
				}
				defer time.AfterFunc(2*time.Minute-time.Second/2, func() { _ = release() }).Stop()
				start := time.Now()
				err = work()
				busy, isBusy := errors.AsType[*sync.BusyError](err)
				if isBusy != c.busy || isBusy && busy.Holder.PID != 7 || time.Since(start) != c.after {
					t.Errorf("after %s: %v", time.Since(start), err)
				}
				if said := slices.Contains(s.log.lines, " reads lock"); said != (c.wait > 0) {
					t.Errorf("it said that it waits: %t", said)
				}
			})
		})
	}
	t.Run("until the wait is cancelled", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			s := newSite(t, one)
			s.Now, s.Wait, s.roster.locked = time.Now, time.Hour, true
			ctx, cancel := context.WithTimeout(t.Context(), time.Second/2)
			defer cancel()
			_, _, err := s.Sync(ctx, reconcile.Request{Run: sync.Run{Accounts: []string{"acme"}}})
			if !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("error %v", err)
			}
		})
	})
}

func TestRunPreviewWritesNothing(t *testing.T) {
	s := newSite(t, one)
	d := s.reports("acme", without())
	s.roster.locked = true // somebody else's run does not stand in the way
	trace := &plan.Trace{Who: "ada@example.com"}
	results := s.Preview(t.Context(), reconcile.Request{Run: sync.Run{Accounts: []string{"acme", "unknown"}}, Trace: trace})
	same(t, lines(results[0].Plan), []string{"deactivate 1 removed"})
	if len(s.roster.commits) > 0 || s.roster.lastRun != 1 || !d.closed || results[0].APICalls != 12 {
		t.Errorf("%d commits, run %d, closed %t, %d calls", len(s.roster.commits), s.roster.lastRun, d.closed, results[0].APICalls)
	}
	if results[1].Status != sync.Failed || results[1].Err == nil || !trace.Found() {
		t.Errorf("%+v, trace %v", results[1], trace.Facts)
	}
}

func TestR1AndR4Proof(t *testing.T) {
	for _, c := range []struct {
		name  string
		given func(*world)
		state sync.State
		want  string // "": accepted
	}{
		{"somebody", one, sync.State{}, ""},
		{"R1 nobody", func(*world) {}, sync.State{}, "not one person"},
		{"R22 judges an empty list of administrators", one, sync.State{}, ""},
		{"R4 the same account", one, sync.State{Bound: sync.Identity{MainAccountID: "9", RingEXAccountID: "8"}}, ""},
		{"R4 another main account", one, sync.State{Bound: sync.Identity{MainAccountID: "1", RingEXAccountID: "8"}}, "`ringroster account rebind acme`"},
		{"R4 another RingEX account", one, sync.State{Bound: sync.Identity{MainAccountID: "9", RingEXAccountID: "1"}}, "bound to RingEX account 1, but 8 answered"},
		{"R4 another owner of the token is no other account", one, sync.State{Bound: sync.Identity{MainAccountID: "9", RingEXAccountID: "8", OwnerID: "1"}}, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := newSite(t, one)
			before := s.roster.members["acme"]
			s.reports("acme", c.given)
			c.state.Version = s.roster.books["acme"].state.Version
			s.roster.books["acme"].state = c.state
			err := s.sync(t, "acme")[0].Err
			if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
				t.Errorf("error %v, want %q", err, c.want)
			}
			if err != nil {
				same(t, s.roster.members["acme"], before)
			}
		})
	}
}

// What a run may tell the guard about itself (R23, R25, R28).
func TestR23WhoMovesTheAcceptedSettings(t *testing.T) {
	for _, c := range []struct {
		name    string
		request reconcile.Request
		full    bool
	}{
		{"a full run", reconcile.Request{}, true},
		{"a run for one person", reconcile.Request{Only: "ada@example.com"}, false},
		{"an approval", reconcile.Request{Approve: map[string]*sync.Approval{"acme": {Run: 1, Held: []int64{1}}}}, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := newSite(t, one)
			s.reports("acme", without())
			c.request.Run.Accounts = []string{"acme"}
			_, results, err := s.Sync(t.Context(), c.request)
			if err != nil || results[0].Err != nil {
				t.Fatal(err, results)
			}
			if got, settings := s.roster.commits[0], c.request.Only == ""; got.Full != c.full || (got.Settings != nil) != settings {
				t.Errorf("full %t, settings %v, want %t, %t", got.Full, got.Settings, c.full, settings)
			}
		})
	}
}

// R25, R28: a request that names nothing for an account changes nothing there. It
// never falls back to the whole plan.
func TestANarrowedRequestNeverMeansEverything(t *testing.T) {
	for _, c := range []struct {
		name string
		req  reconcile.Request
	}{
		{"an approval of another account", reconcile.Request{Approve: map[string]*sync.Approval{"beta": {}}}},
		{"an approval of nobody", reconcile.Request{Approve: map[string]*sync.Approval{"acme": {}}}},
		{"a saved plan of another account", reconcile.Request{Reviewed: map[string]plan.Reviewed{"beta": {}}}},
		{"a saved plan without a list", reconcile.Request{Reviewed: map[string]plan.Reviewed{"acme": nil}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := newSite(t, one)
			s.reports("acme", without())
			c.req.Run = sync.Run{Accounts: []string{"acme"}, Trigger: sync.Approve}
			_, results, err := s.Sync(t.Context(), c.req)
			if err != nil || results[0].Err != nil {
				t.Fatal(err, results)
			}
			same(t, lines(results[0].Plan), nil)
		})
	}
}
