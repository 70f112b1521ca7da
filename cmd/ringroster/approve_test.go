package main

import (
	"bytes"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"ringroster/cmd/ringroster/config"
	"ringroster/store"
	"ringroster/store/heldrows"
	"ringroster/sync"
)

// Two operators decide about the same at a time: the later is told who was first, and that
// nothing came of it.
func TestApprovingWhatOthersDecided(t *testing.T) {
	for decision, want := range map[sync.Trigger]string{
		sync.Approve: "nothing was applied: it was decided otherwise meanwhile: approved already by kim at ",
		sync.Reject:  "nothing was applied: it was decided otherwise meanwhile: rejected already by kim at ",
	} {
		t.Run(string(decision), func(t *testing.T) {
			st, set := heldOnce(t)
			first := commitAs(t, st, "kim", &sync.Commit{Plan: &sync.Plan{}, Settled: &sync.Settled{Decision: decision, Held: set.ids()}})
			mine := commitAs(t, st, "lee", &sync.Commit{Plan: &sync.Plan{}, Settled: &sync.Settled{Decision: sync.Approve}})
			var out bytes.Buffer
			a := &app{stdout: &out, stderr: &out}
			err := a.tellApproved(t.Context(), &config.Settings{}, st, mine, []chosenSet{set})
			if err == nil || !strings.HasPrefix(err.Error(), want) || !strings.HasSuffix(err.Error(), fmt.Sprintf(", run %d", first)) {
				t.Errorf("%v\n%s", err, out.String())
			}
		})
	}
}

// heldOnce is a roster in which one newcomer waits, whom two operators were shown.
func heldOnce(t *testing.T) (*store.Store, chosenSet) {
	t.Helper()
	st, err := store.Open(t.Context(), filepath.Join(t.TempDir(), "roster.db"), store.Options{Mode: 0o600, New: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = st.Close() })
	commitAs(t, st, "wfm-sync", &sync.Commit{Full: true, TakenAt: time.Now(), Plan: &sync.Plan{Open: []sync.HeldChange{{
		State: sync.Waiting, Since: time.Now(), Kind: sync.Onboard, Person: "rc:1", IDs: []string{"rc:1"}, Name: "Ada Byron",
		Reason: sync.ReasonNew, Why: []sync.HoldReason{{Reason: sync.ReasonOnboardLimit, Detail: "so it is"}},
	}}}})
	rows, err := st.Held(t.Context(), heldrows.Filter{})
	if err != nil || len(rows) != 1 {
		t.Fatal(rows, err)
	}
	return st, chosenSet{account: "demo", job: sync.JobMembers, rows: rows, shown: 1}
}

// commitAs makes a run of somebody's and returns its number.
func commitAs(t *testing.T, st *store.Store, actor string, c *sync.Commit) sync.RunID {
	t.Helper()
	run, err := st.Begin(t.Context(), sync.Run{Accounts: []string{"demo"}, Trigger: sync.Approve, Actor: actor, StartedAt: time.Now()})
	if err != nil {
		t.Fatal(err)
	}
	state, err := st.State(t.Context(), "demo", time.Now())
	if err != nil {
		t.Fatal(err)
	}
	c.Run, c.Account, c.FinishedAt, c.Status = run, "demo", time.Now(), sync.Succeeded
	c.Plan.Account, c.Plan.Version = "demo", state.Version
	if err := st.Commit(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	return run
}

// What stands in the way of an approved change, by what the settings and the roster say.
func TestObstacles(t *testing.T) {
	var id int64 = 7
	o := obstacles{
		policy: sync.Policy{}, leaving: map[int64]bool{id: true},
		members: map[int64]*sync.Member{id: {ID: id, Pins: []sync.Pin{{Field: sync.Site}}}},
	}
	for _, c := range []struct {
		kind  sync.Kind
		field string
		want  string
	}{
		{sync.Deactivate, "status", "`deactivate: false` in the settings keeps it from happening"},
		{sync.Update, "site", "a pin keeps it from happening (`ringroster roster unpin`)"},
		{sync.Update, "role", "whether they leave is open: a full run must see them present first (R25)"},
		{sync.Update, "logins", "whether they leave is open: a full run must see them present first (R25)"},
		{sync.Update, "email", "it is not planned now"}, // whoever leaves may be renamed
		{sync.Onboard, "", "it is not planned now"},
	} {
		h := &heldrows.Row{Kind: c.kind, Field: c.field, MemberID: &id}
		if c.kind == sync.Onboard {
			h.MemberID = nil
		}
		if got := o.inTheWay(h); got != c.want {
			t.Errorf("%s of %q: %s", c.kind, c.field, got)
		}
	}
}
