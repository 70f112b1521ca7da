package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math/rand/v2"
	"strconv"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"ringroster/store/sqlrows"
	"ringroster/store/views"
	"ringroster/sync"
)

func TestCommitWritesWhatThePlanSays(t *testing.T) {
	s := newTestStore(t)
	ann, bob := person("acme", "Ann", "Lee"), person("acme", "Bob", "")
	bob.AdminIDs = []string{"9", "10"}
	apply(t, s, monday, planOf(t, s, "acme", onboard(ann), onboard(bob)))
	if ann.ID == 0 || bob.ID == 0 {
		t.Fatal("new members got no id")
	}
	bob.AdminIDs = []string{"10", "9"} // sorted
	if diff := cmp.Diff([]*sync.Member{ann, bob}, members(t, s, "acme")); diff != "" {
		t.Error(diff)
	}
	if got := members(t, s, "other"); got != nil {
		t.Errorf("another account has %v", got)
	}
}

func TestStatusTransitionsLeaveTheirTimes(t *testing.T) {
	s := newTestStore(t)
	ann := person("acme", "Ann", "Lee")
	apply(t, s, monday, planOf(t, s, "acme", onboard(ann)))
	apply(t, s, monday.AddDate(0, 0, 1), planOf(t, s, "acme", deactivate(ann, sync.ReasonRemoved)))
	apply(t, s, monday.AddDate(0, 0, 2), planOf(t, s, "acme", reactivate(ann)))
	apply(t, s, monday.AddDate(0, 0, 3), planOf(t, s, "acme", rename(ann, "Lim")))

	got := rosterRows(t, s, views.Filter{})[0]
	want := views.RosterRow{
		MemberID: ann.ID, Account: "acme", Status: sync.Active, Role: "Agent", Username: "Ann.Lee",
		FirstName: "Ann", LastName: "Lim", Email: "Ann@example.com", ExtensionNumber: "101",
		ActivityID: "Site 1", DataSource: "ringcx-realtime", RCUserID: "rc-Ann", Managed: 1,
		CreatedAt: "2026-11-23T03:00:00Z", CreatedBy: "wfm-sync",
		UpdatedAt: "2026-11-26T03:00:00Z", UpdatedBy: "wfm-sync",
		DeactivatedAt: new("2026-11-24T03:00:00Z"), ReactivatedAt: new("2026-11-25T03:00:00Z"),
		LastSeenAt: new("2026-11-26T02:59:00Z"),
		Teams:      `["sales"]`, Categories: "[]", Permissions: `{"agent_login":true}`, Pins: "[]", Supervisors: "[]",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestLastSeenIsComputedForWhoIsThere(t *testing.T) {
	s := newTestStore(t)
	here, absent, gone := person("acme", "Here", "A"), person("acme", "Absent", "B"), person("acme", "Gone", "C")
	apply(t, s, monday, planOf(t, s, "acme", onboard(here), onboard(absent), onboard(gone)))
	execute(t, s.Path(), `INSERT INTO members (account, first_name) VALUES ('acme', 'Never')`)

	absent.AbsentDays, absent.AbsentOn, absent.LastSeenAt = 1, "2026-11-24", monday
	gone.LastSeenAt = monday
	p := planOf(t, s, "acme", deactivate(gone, sync.ReasonRemoved))
	p.Marks = []*sync.Member{absent}
	apply(t, s, monday.AddDate(0, 0, 1), p)

	got := map[string]string{}
	for _, r := range rosterRows(t, s, views.Filter{}) {
		got[r.FirstName] = deref(r.LastSeenAt)
	}
	want := map[string]string{
		"Here": "2026-11-24T02:59:00Z", "Absent": "2026-11-23T03:00:00Z", "Gone": "2026-11-23T03:00:00Z", "Never": "",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestMarksAreNotChanges(t *testing.T) {
	s := newTestStore(t)
	ann := person("acme", "Ann", "Lee")
	apply(t, s, monday, planOf(t, s, "acme", onboard(ann)))
	before := rosterRows(t, s, views.Filter{})[0]

	ann.Synced.Profile[sync.Site] = "Dallas"
	ann.LeavingSince, ann.AdminIDs = monday, []string{"5"}
	p := planOf(t, s, "acme")
	p.Marks = []*sync.Member{ann}
	run := apply(t, s, monday.AddDate(0, 0, 1), p)

	if diff := cmp.Diff([]*sync.Member{ann}, members(t, s, "acme")); diff != "" {
		t.Error(diff)
	}
	after := rosterRows(t, s, views.Filter{})[0]
	if before.LastSeenAt, after.LastSeenAt = nil, nil; cmp.Diff(before, after) != "" {
		t.Error("a mark shows:", cmp.Diff(before, after))
	}
	if got, err := sqlrows.Collect(s.Changes(t.Context(), run)); len(got) > 0 || err != nil {
		t.Errorf("history %v, %v", got, err)
	}
}

func TestNothingToDoWritesNoChangeRows(t *testing.T) {
	s := newTestStore(t)
	apply(t, s, monday, planOf(t, s, "acme", onboard(person("acme", "Ann", "Lee"))))
	run := apply(t, s, monday.AddDate(0, 0, 1), planOf(t, s, "acme"))
	if got, err := sqlrows.Collect(s.Changes(t.Context(), run)); len(got) > 0 || err != nil {
		t.Errorf("history %v, %v", got, err)
	}
}

// Two programs plan from one version: the second to commit must plan again.
func TestR27CommitRefusesAStalePlan(t *testing.T) {
	s := newTestStore(t)
	other := openTestStore(t, s.Path())
	stale := planOf(t, other, "acme", onboard(person("acme", "Bob", "Ray")))
	fresh := planOf(t, s, "beta") // another account's commits do not matter
	apply(t, s, monday, planOf(t, s, "acme", onboard(person("acme", "Ann", "Lee"))))
	apply(t, s, monday, fresh)

	commit := &sync.Commit{
		Run: beginRun(t, other, monday, "acme", sync.Manual), Account: "acme", FinishedAt: monday,
		Status: sync.Succeeded, Plan: stale, Full: true,
	}
	if err := other.Commit(t.Context(), commit); !errors.Is(err, sync.ErrMoved) {
		t.Fatalf("stale plan: %v, want ErrMoved", err)
	}
	if got := members(t, s, "acme"); len(got) != 1 {
		t.Errorf("%d members after a refused commit, want 1", len(got))
	}
	commit.Plan = planOf(t, other, "acme", onboard(person("acme", "Bob", "Ray")))
	if err := other.Commit(t.Context(), commit); err != nil {
		t.Errorf("planned again: %v", err)
	}
}

func TestR27MemberDeletedByHandIsARosterThatMoved(t *testing.T) {
	s := newTestStore(t)
	ann := person("acme", "Ann", "Lee")
	ann.Logins = nil
	execute(t, s.Path(), `INSERT INTO members (member_id, account) VALUES (7, 'acme')`)
	ann.ID = 7
	p := planOf(t, s, "acme", rename(ann, "Lim"))
	execute(t, s.Path(), `DELETE FROM members`)
	err := s.Commit(t.Context(), &sync.Commit{
		Run: beginRun(t, s, monday, "acme", sync.Manual), Account: "acme", FinishedAt: monday,
		Status: sync.Succeeded, Plan: p,
	})
	if !errors.Is(err, sync.ErrMoved) {
		t.Errorf("%v, want ErrMoved", err)
	}
}

func TestFailedAccountRecordsItsOutcomeAlone(t *testing.T) {
	s := newTestStore(t)
	apply(t, s, monday, planOf(t, s, "acme", onboard(person("acme", "Ann", "Lee"))))
	before, _ := s.State(t.Context(), "acme", monday)
	run := beginRun(t, s, monday, "acme", sync.Manual)
	err := s.Commit(t.Context(), &sync.Commit{
		Run: run, Account: "acme", FinishedAt: monday, Status: sync.Failed, APICalls: 3, Full: true,
		Err: errors.New("RingCentral is closed today"),
	})
	if err != nil {
		t.Fatal(err)
	}
	after, _ := s.State(t.Context(), "acme", monday)
	if diff := cmp.Diff(before, after); diff != "" {
		t.Error(diff)
	}
	rows, err := s.Run(t.Context(), run)
	if err != nil || len(rows) != 1 || rows[0].Status != sync.Failed || rows[0].APICalls != 3 ||
		rows[0].Error != "RingCentral is closed today" {
		t.Errorf("run %+v, %v", rows, err)
	}
}

func TestR27CancelledCommitWritesNothing(t *testing.T) {
	s := newTestStore(t)
	ctx, cancel := context.WithCancel(t.Context())
	p := planOf(t, s, "acme", onboard(person("acme", "Ann", "Lee")))
	run := beginRun(t, s, monday, "acme", sync.Manual)
	cancel()
	err := s.Commit(ctx, &sync.Commit{Run: run, Account: "acme", FinishedAt: monday, Status: sync.Succeeded, Plan: p})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("%v, want context.Canceled", err)
	}
	if got := members(t, s, "acme"); len(got) > 0 {
		t.Errorf("wrote %v", got)
	}
}

// Whoever is asked to stop does so although another program holds SQLite's lock.
func TestCancelledWhileTheDatabaseIsLocked(t *testing.T) {
	s := newTestStore(t)
	other := openTestStore(t, s.Path())
	err := other.db.Write(t.Context(), func(*sql.Tx) error {
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
		defer cancel()
		_, err := s.Begin(ctx, sync.Run{Accounts: []string{"acme"}, StartedAt: monday})
		return err
	})
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("%v, want context.DeadlineExceeded", err)
	}
}

// A reader in the middle of the roster goes on as it began, whatever is committed.
func TestReaderSeesOneInstant(t *testing.T) {
	s := newTestStore(t)
	apply(t, s, monday, planOf(t, s, "acme", onboard(person("acme", "Ann", "Lee")), onboard(person("acme", "Bob", "Ray"))))
	var names []string
	for m, err := range s.Members(t.Context(), "acme", nil) {
		if err != nil {
			t.Fatal(err)
		}
		if len(names) == 0 {
			all := members(t, s, "acme")
			apply(t, s, monday, planOf(t, s, "acme", rename(all[0], "New"), rename(all[1], "New")))
		}
		names = append(names, m.Profile.Name())
	}
	if diff := cmp.Diff([]string{"Ann Lee", "Bob Ray"}, names); diff != "" {
		t.Error(diff)
	}
	if got := members(t, s, "acme")[1].Profile.Name(); got != "Bob New" {
		t.Errorf("after the commit: %s", got)
	}
}

// Killed at any instant, the roster is the one before or the one after.
func TestR27KillDuringCommit(t *testing.T) {
	s := newTestStore(t)
	const crowd, rounds = 300, 8
	var changes []sync.Change
	for i := range crowd {
		changes = append(changes, onboard(person("acme", "P"+strconv.Itoa(i), "Start")))
	}
	apply(t, s, monday, planOf(t, s, "acme", changes...))
	for range rounds {
		last := killWhileRenaming(t, s.Path())
		checkOneGeneration(t, s, last, crowd)
	}
}

// killWhileRenaming returns the last generation the helper knew committed.
func killWhileRenaming(t *testing.T, path string) (last int) {
	t.Helper()
	cmd := helperCommand(t, "rename", path)
	out := start(t, cmd)
	for out.Scan() {
		if last == 0 {
			time.AfterFunc(rand.N(60*time.Millisecond), func() { _ = cmd.Process.Kill() })
		}
		generation, err := strconv.Atoi(out.Text())
		if err != nil {
			t.Fatal(out.Text())
		}
		last = generation
	}
	_ = cmd.Wait() // killed
	return last
}

func checkOneGeneration(t *testing.T, s *Store, last, crowd int) {
	t.Helper()
	names := map[string]int{}
	for _, m := range members(t, s, "acme") {
		names[m.Profile[sync.LastName]]++
	}
	before, after := map[string]int{fmt.Sprint(last): crowd}, map[string]int{fmt.Sprint(last + 1): crowd}
	if cmp.Diff(before, names) != "" && cmp.Diff(after, names) != "" {
		t.Fatalf("after generation %d the names are %v", last, names)
	}
	if err := verify(t.Context(), s.Path()); err != nil {
		t.Error(err)
	}
	checkReplay(t, s)
}

func deref(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}
