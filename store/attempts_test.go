package store

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"ringroster/store/views"
	"ringroster/sync"
	"ringroster/sync/schedule"
)

// TestR30Attempts: the service's runs whatever became of them, an operator's when
// they covered the whole account, newest first.
func TestR30Attempts(t *testing.T) {
	s := newTestStore(t)
	full := func(trigger sync.Trigger, isFull bool, status sync.RunStatus) {
		t.Helper()
		c := &sync.Commit{
			Run: beginRun(t, s, monday, "acme", trigger), Account: "acme", FinishedAt: monday, Status: status,
			Full: isFull, Err: errors.New("why"),
		}
		if status != sync.Failed {
			c.Plan, c.Err = planOf(t, s, "acme"), nil
		}
		if err := s.Commit(t.Context(), c); err != nil {
			t.Fatal(err)
		}
	}
	full(sync.Scheduled, false, sync.Failed)
	full(sync.Retry, true, sync.Succeeded)
	full(sync.Manual, true, sync.Succeeded)
	full(sync.Manual, false, sync.Succeeded) // one person
	full(sync.Manual, false, sync.Failed)
	full(sync.ByHand, false, sync.Succeeded)
	apply(t, s, monday, planOf(t, s, "beta"))
	beginRun(t, s, monday, "acme", sync.CatchUp)
	attempts, err := s.Attempts(t.Context(), "acme", sync.JobMembers)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, a := range attempts {
		got = append(got, fmt.Sprintf("%d %s %s %v", a.Run, a.Trigger, a.Status, a.Full))
	}
	want := []string{"8 catch_up running false", "3 manual succeeded true", "2 retry succeeded true", "1 schedule failed false"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	last := schedule.Attempt{
		Run: 1, Account: "acme", Job: sync.JobMembers, Trigger: sync.Scheduled, Status: sync.Failed,
		Began: monday.Add(-2 * time.Minute), Ended: monday,
	}
	if diff := cmp.Diff(last, attempts[3]); diff != "" {
		t.Error(diff)
	}
}

func TestLatest(t *testing.T) {
	s := newTestStore(t)
	if l, err := s.Latest(t.Context(), "acme", sync.JobMembers); err != nil || l.Try != nil || l.Ended != nil || l.Success != nil {
		t.Errorf("before the first run: %+v, %v", l, err)
	}
	success := apply(t, s, monday, planOf(t, s, "acme"))
	failed := beginRun(t, s, monday, "acme", sync.Scheduled)
	if err := s.Commit(t.Context(), &sync.Commit{Run: failed, Account: "acme", FinishedAt: monday, Status: sync.Failed, Err: errors.New("why")}); err != nil {
		t.Fatal(err)
	}
	running := beginRun(t, s, monday, "acme", sync.Manual)
	beginRun(t, s, monday, "acme", sync.ByHand) // reads nothing from RingCentral; it ends the one before
	l, err := s.Latest(t.Context(), "acme", sync.JobMembers)
	if err != nil || l.Try.RunID != running || l.Ended.RunID != running || l.Success.RunID != success {
		t.Errorf("got %+v, %v", l, err)
	}
	if l.Ended.Error != "interrupted" {
		t.Errorf("got %+v", l.Ended)
	}
}

func TestCounts(t *testing.T) {
	s := newTestStore(t)
	gone, boss := person("acme", "Cy", "Lee"), person("acme", "Di", "Lee")
	gone.Status, boss.Profile[sync.Role] = sync.Inactive, "Administrator"
	apply(t, s, monday, planOf(t, s, "acme", onboard(person("acme", "Ann", "Lee")), onboard(person("acme", "Bob", "Lee")), onboard(gone), onboard(boss)))
	apply(t, s, monday, planOf(t, s, "beta", onboard(person("beta", "Eve", "Lee"))))
	got, err := s.Counts(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	want := []views.Count{
		{Account: "acme", Status: sync.Active, Role: "Administrator", Members: 1},
		{Account: "acme", Status: sync.Active, Role: "Agent", Members: 2},
		{Account: "acme", Status: sync.Inactive, Role: "Agent", Members: 1},
		{Account: "beta", Status: sync.Active, Role: "Agent", Members: 1},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// Law: whoever was put in, changed or deleted by hand is counted as they stand.
func TestCountsAfterEditsByHand(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		s := newTestStore(t)
		for range rapid.IntRange(0, 12).Draw(rt, "edits") {
			id := rapid.IntRange(1, 6).Draw(rt, "member")
			account := rapid.SampledFrom([]string{"acme", "beta"}).Draw(rt, "account")
			role := rapid.SampledFrom([]string{"Agent", "Supervisor", "agent", ""}).Draw(rt, "role")
			status := rapid.SampledFrom([]sync.Status{sync.Active, sync.Inactive}).Draw(rt, "status")
			switch rapid.IntRange(0, 2).Draw(rt, "what") {
			case 0:
				execute(t, s.Path(), fmt.Sprintf(`INSERT OR REPLACE INTO members (member_id, account, role, status) VALUES (%d, '%s', '%s', '%s')`, id, account, role, status))
			case 1:
				execute(t, s.Path(), fmt.Sprintf(`UPDATE members SET account = '%s', role = '%s', status = '%s' WHERE member_id = %d`, account, role, status, id))
			case 2:
				execute(t, s.Path(), fmt.Sprintf(`DELETE FROM members WHERE member_id = %d`, id))
			}
		}
		counts, err := s.Counts(t.Context())
		if err != nil {
			rt.Fatal(err)
		}
		got := []string{}
		for _, c := range counts {
			got = append(got, fmt.Sprint(c.Account, " ", c.Status, " ", c.Role, " ", c.Members))
		}
		want := rowsAs(t, s, `SELECT account || ' ' || status || ' ' || role || ' ' || count(*) FROM members NOT INDEXED
			GROUP BY account, status, role ORDER BY account, status, role`)
		if diff := cmp.Diff(want, got); diff != "" {
			rt.Error(diff)
		}
	})
}

// TestR26Waiting counts of how many members and people something waits, or is rejected.
func TestR26Waiting(t *testing.T) {
	f := newHeldFixture(t)
	if got, err := f.s.Waiting(t.Context()); err != nil || len(got) != 0 {
		t.Errorf("got %v, %v", got, err)
	}
	f.whole(f.leaver("Ann"), f.leaver("Bob"))
	since := f.day
	suspect := f.leaver("Cy")
	suspect.State = sync.Suspect
	name, email := f.update("Bob", "last_name", "Ng"), f.update("Bob", "email", "bob.ng@example.com") // one member with three
	f.whole(append(f.open(), name, email, suspect, f.arrival("rc:900"))...)
	later := f.day
	if err := f.settle(sync.Reject, f.id("Ann")); err != nil {
		t.Fatal(err)
	}
	got, err := f.s.Waiting(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if !later.After(since) {
		t.Fatal("both runs are of one day")
	}
	if diff := cmp.Diff([]views.Waiting{{Account: "acme", Held: 2, HeldSince: since, Rejected: 1, RejectedSince: since}}, got); diff != "" {
		t.Error(diff)
	}
}
