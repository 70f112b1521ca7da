package store

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"ringroster/store/sqlrows"
	"ringroster/store/views"
	"ringroster/sync"
)

func TestStateOfAnUnknownAccountIsZero(t *testing.T) {
	s := newTestStore(t)
	state, err := s.State(t.Context(), "acme", monday)
	if diff := cmp.Diff(sync.State{}, state); diff != "" || err != nil {
		t.Error(diff, err)
	}
}

func TestCommitSettlesWhatIsKnownAboutAnAccount(t *testing.T) {
	s := newTestStore(t)
	identity := sync.Identity{MainAccountID: "99990000", RingEXAccountID: "400100", OwnerID: "7"}
	accepted := &sync.Accepted{
		Settings: map[string]string{"scope": `{"exclude":[{"email":"*@<partner>.example.com"}]}`, "deactivate": "true"},
	}
	commit := func(c sync.Commit) {
		t.Helper()
		c.Run, c.Account, c.FinishedAt = beginRun(t, s, monday, "acme", sync.Manual), "acme", monday
		c.Plan = planOf(t, s, "acme")
		if err := s.Commit(t.Context(), &c); err != nil {
			t.Fatal(err)
		}
	}
	commit(sync.Commit{Status: sync.Succeeded, Full: true, TakenAt: monday, Identity: identity, Settings: accepted})
	want := sync.State{
		Version: 1, Bound: identity, Accepted: accepted.Settings, LastSeen: monday,
	}
	check := func(when string) {
		t.Helper()
		got, err := s.State(t.Context(), "acme", monday)
		if diff := cmp.Diff(want, got); diff != "" || err != nil {
			t.Error(when, diff, err)
		}
	}
	check("after the first commit")

	// R4, R23, R28: what a commit does not speak of stays as it was.
	commit(sync.Commit{Status: sync.Succeeded, TakenAt: monday.AddDate(0, 0, 1)})
	want.Version = 2
	check("after a partial run")

	// A held run saw everybody; without settings, nothing new is accepted.
	commit(sync.Commit{Status: sync.HeldRun, Full: true, TakenAt: monday.AddDate(0, 0, 1)})
	want.Version, want.LastSeen = 3, monday.AddDate(0, 0, 1)
	check("after a held run")

	accounts, err := s.Accounts(t.Context())
	if err != nil || len(accounts) != 1 || *accounts[0].LastSnapshotAt != "2026-11-24T03:00:00Z" ||
		accounts[0].Settings["deactivate"] != "true" {
		t.Errorf("accounts %+v, %v", accounts, err)
	}
}

func TestR4OneMainAccountHasOneName(t *testing.T) {
	s := newTestStore(t)
	commit := func(account string) error {
		return s.Commit(t.Context(), &sync.Commit{
			Run: beginRun(t, s, monday, account, sync.Manual), Account: account, FinishedAt: monday,
			Status: sync.Succeeded, Plan: planOf(t, s, account), Identity: sync.Identity{MainAccountID: "99990000"},
		})
	}
	if err := commit("acme"); err != nil {
		t.Fatal(err)
	}
	err := commit("beta")
	if err == nil || !strings.Contains(err.Error(), "ringroster account rename acme beta") {
		t.Error(err)
	}
}

func TestR31HistoryNamesTheAuthors(t *testing.T) {
	s := newTestStore(t)
	run, err := s.Begin(t.Context(), sync.Run{
		Accounts: []string{"acme"}, Trigger: sync.ByHand, StartedAt: monday,
		Actor: "kim", OnBehalfOf: "wfm-sync", Note: "asked by her manager",
	})
	if err != nil {
		t.Fatal(err)
	}
	ann := person("acme", "Ann", "Lee")
	err = s.Commit(t.Context(), &sync.Commit{
		Run: run, Account: "acme", FinishedAt: monday, Status: sync.Succeeded, Plan: planOf(t, s, "acme", onboard(ann)),
	})
	if err != nil {
		t.Fatal(err)
	}
	rows, err := sqlrows.Collect(s.Changes(t.Context(), run))
	if err != nil || len(rows) != 1 {
		t.Fatal(rows, err)
	}
	got := fmt.Sprintf("%s for %s: %s", *rows[0].Actor, *rows[0].OnBehalfOf, *rows[0].Note)
	if want := "kim for wfm-sync: asked by her manager"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if row := rosterRows(t, s, views.Filter{})[0]; row.CreatedBy != "kim" || row.UpdatedBy != "kim" {
		t.Errorf("row %+v", row)
	}
}

func TestBackupOfALiveDatabase(t *testing.T) {
	s := newTestStore(t)
	apply(t, s, monday, planOf(t, s, "acme", onboard(person("acme", "Ann", "Lee"))))
	dst := filepath.Join(t.TempDir(), "copy.db")
	for range 2 { // the second replaces the first
		if err := s.Backup(t.Context(), dst); err != nil {
			t.Fatal(err)
		}
	}
	reading, err := OpenRead(t.Context(), s.Path())
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(reading.Backup(t.Context(), dst+"2"), reading.Close()); err != nil {
		t.Errorf("through a reading store: %v", err)
	}
	for _, name := range []string{dst, dst + "2"} {
		copied := openTestStore(t, name)
		if diff := cmp.Diff(members(t, s, "acme"), members(t, copied, "acme")); diff != "" {
			t.Error(diff)
		}
		if info, err := os.Stat(name); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%v, %v", info, err)
		}
	}
}

func TestFailedBackupLeavesTheOldOne(t *testing.T) {
	s := newTestStore(t)
	dst := filepath.Join(t.TempDir(), "kept")
	if err := os.Mkdir(dst, 0o700); err != nil { // a folder cannot be replaced by a file
		t.Fatal(err)
	}
	if err := s.Backup(t.Context(), dst); err == nil {
		t.Error("no error")
	}
	left, err := filepath.Glob(dst + "*")
	if err != nil || len(left) != 1 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}
