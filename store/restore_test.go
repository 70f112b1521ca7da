package store

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"ringroster/store/schema"
	"ringroster/store/views"
	"ringroster/sync"
)

// usernames are the members' usernames, to tell one state from another.
func usernames(t *testing.T, s *Store) string {
	t.Helper()
	var names []string
	for row, err := range s.Roster(t.Context(), views.Filter{}) {
		if err != nil {
			t.Fatal(err)
		}
		names = append(names, row.Account+"/"+row.Username)
	}
	return strings.Join(names, " ")
}

func TestRestorePutsABackupInPlaceOfTheLiveDatabase(t *testing.T) {
	s := newTestStore(t)
	apply(t, s, monday, planOf(t, s, "acme", onboard(person("acme", "Ann", "Lee"))))
	backup := filepath.Join(t.TempDir(), "copy.db")
	if err := s.Backup(t.Context(), backup); err != nil {
		t.Fatal(err)
	}
	apply(t, s, monday, planOf(t, s, "acme", onboard(person("acme", "Ben", "Ray"))))
	before, err := Restore(t.Context(), backup, s.Path(), Options{})
	if err != nil {
		t.Fatal(err)
	}
	if got := usernames(t, s); got != "acme/Ann.Lee" { // through the connections that were open all the time
		t.Errorf("after the restore: %s", got)
	}
	if got := usernames(t, openTestStore(t, before)); got != "acme/Ann.Lee acme/Ben.Ray" {
		t.Errorf("kept from before: %s", got)
	}
	apply(t, s, monday, planOf(t, s, "acme", onboard(person("acme", "Cal", "Fox"))))
	if err := verify(t.Context(), s.Path()); err != nil {
		t.Error(err)
	}
}

func TestRestoreIntoNothingMakesADatabase(t *testing.T) {
	s := newTestStore(t)
	apply(t, s, monday, planOf(t, s, "acme", onboard(person("acme", "Ann", "Lee"))))
	path := filepath.Join(t.TempDir(), "new.db")
	before, err := Restore(t.Context(), s.Path(), path, Options{})
	if err != nil || before != "" {
		t.Fatal(before, err)
	}
	if got := usernames(t, openTestStore(t, path)); got != "acme/Ann.Lee" {
		t.Error(got)
	}
}

// Databases had pages of another size before; a backup comes back into either.
func TestRestoreAcrossPageSizes(t *testing.T) {
	old := openCopy(t, filepath.Join("testdata", "v8.sqlite"))
	young := newTestStore(t)
	apply(t, young, monday, planOf(t, young, "acme", onboard(person("acme", "Ann", "Lee"))))
	sizeOf := func(s *Store) string {
		return rowsAs(t, s, `SELECT page_size FROM pragma_page_size ORDER BY 1`)[0]
	}
	if sizeOf(old) == sizeOf(young) {
		t.Fatal("both have pages of one size")
	}
	for name, tc := range map[string]struct{ from, into *Store }{
		"an old backup":            {old, young},
		"a new one":                {young, openCopy(t, filepath.Join("testdata", "v8.sqlite"))},
		"an old one where none is": {old, nil},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			backup, path := filepath.Join(dir, "backup"), filepath.Join(dir, "roster.db")
			if err := tc.from.Backup(t.Context(), backup); err != nil {
				t.Fatal(err)
			}
			if tc.into != nil {
				if err := tc.into.Backup(t.Context(), path); err != nil {
					t.Fatal(err)
				}
			}
			if _, err := Restore(t.Context(), backup, path, Options{}); err != nil {
				t.Fatal(err)
			}
			restored := openTestStore(t, path)
			if diff := cmp.Diff(rosterRows(t, tc.from, views.Filter{}), rosterRows(t, restored, views.Filter{})); diff != "" {
				t.Error(diff)
			}
			if err := verify(t.Context(), path); err != nil {
				t.Error(err)
			}
			left, err := filepath.Glob(path + "*.tmp*")
			if err != nil || len(left) > 0 {
				t.Errorf("left behind: %v, %v", left, err)
			}
		})
	}
}

// A backup of any version is migrated on its way, by whoever restores it: nobody else
// could, since that is who holds the lock.
func TestRestoreOfAnOlderVersion(t *testing.T) {
	files, err := filepath.Glob(filepath.Join("testdata", "v*.sqlite"))
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	for i, file := range files {
		for _, existed := range []bool{true, false} {
			// The copy that is migrated knows nothing of what stood there: each version goes
			// to one of both places, every other one to the same.
			if !*long && existed != (i%2 == 0) {
				continue
			}
			path := filepath.Join(t.TempDir(), "roster.db")
			if existed {
				s := newTestStoreAt(t, path)
				apply(t, s, monday, planOf(t, s, "acme", onboard(person("acme", "Ann", "Lee"))))
			}
			before, err := Restore(t.Context(), file, path, Options{})
			if err != nil || (before != "") != existed {
				t.Fatalf("%s, where a database stood: %v: %q, %v", file, existed, before, err)
			}
			s := openTestStore(t, path)
			if version, err := schema.SchemaVersion(t.Context(), s.db.Writes); err != nil || version != today(t) {
				t.Errorf("%s is at version %d, %v", file, version, err)
			}
			if got := rowsAs(t, s, `SELECT count(*) FROM roster WHERE account = 'demo' ORDER BY 1`); got[0] == "0" {
				t.Errorf("%s left nobody", file)
			}
			checkWhole(t, s)
		}
	}
}

func TestRestoreRefuses(t *testing.T) {
	s := newTestStore(t)
	apply(t, s, monday, planOf(t, s, "acme", onboard(person("acme", "Ann", "Lee"))))
	whole, err := os.ReadFile(s.Path())
	if err != nil {
		t.Fatal(err)
	}
	damaged := append([]byte(nil), whole...)
	for i := len(damaged) / 2; i < len(damaged)*3/4; i++ {
		damaged[i] = 0xA5
	}
	for name, content := range map[string][]byte{
		"text": []byte("this is no database, however long it may be"), "empty": {}, "cut off": whole[:len(whole)/2], "damaged": damaged,
	} {
		t.Run(name, func(t *testing.T) {
			src := filepath.Join(t.TempDir(), "backup.db")
			if err := os.WriteFile(src, content, 0o600); err != nil {
				t.Fatal(err)
			}
			if _, err := Restore(t.Context(), src, s.Path(), Options{}); err == nil {
				t.Error("it was restored")
			}
			if got := usernames(t, s); got != "acme/Ann.Lee" {
				t.Errorf("the roster is now %q", got)
			}
		})
	}
	t.Run("during a run", func(t *testing.T) {
		release, err := s.Lock(t.Context(), sync.NewHolder(monday))
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = release() }()
		backup := filepath.Join(t.TempDir(), "copy.db")
		if err := s.Backup(t.Context(), backup); err != nil {
			t.Fatal(err)
		}
		if _, err := Restore(t.Context(), backup, s.Path(), Options{}); !isBusy(err) {
			t.Error(err)
		}
	})
}

func isBusy(err error) bool {
	_, ok := errors.AsType[*sync.BusyError](err)
	return ok
}

func TestR4RenameTakesEverythingAlong(t *testing.T) {
	s := newTestStore(t)
	apply(t, s, monday, planOf(t, s, "acme", onboard(person("acme", "Ann", "Lee"))))
	held := planOf(t, s, "acme")
	held.Open = []sync.HeldChange{{
		State: sync.Waiting, Kind: sync.Deactivate, Field: "status", Member: 1, Since: monday, Reason: sync.ReasonRemoved,
		Why: []sync.HoldReason{{Reason: sync.ReasonSettings}},
	}}
	run := beginRun(t, s, monday, "acme", sync.Scheduled)
	settings := &sync.Accepted{Settings: map[string]string{"scope": `"b"`}}
	if err := s.Commit(t.Context(), &sync.Commit{
		Run: run, Account: "acme", FinishedAt: monday, Status: sync.HeldRun, Plan: held, Full: true, TakenAt: monday, Settings: settings,
	}); err != nil {
		t.Fatal(err)
	}
	if err := s.RenameAccount(t.Context(), "acme", "beta"); err != nil {
		t.Fatal(err)
	}
	if got := usernames(t, s); got != "beta/Ann.Lee" {
		t.Error(got)
	}
	state, err := s.State(t.Context(), "beta", monday)
	if err != nil || state.Version == 0 || len(state.Open) != 1 {
		t.Fatalf("%+v, %v", state, err)
	}
	if got := rowsAs(t, s, `SELECT account FROM held_changes UNION ALL SELECT account FROM run_settings ORDER BY 1`); strings.Join(got, " ") != "beta beta" {
		t.Errorf("what is held, and its settings, are of %v", got)
	}
	for row, err := range s.Runs(t.Context(), 0) {
		if err != nil || row.Account != "beta" {
			t.Errorf("%+v, %v", row, err)
		}
	}
	for _, names := range [][2]string{{"acme", "gamma"}, {"beta", "beta"}} {
		if err := s.RenameAccount(t.Context(), names[0], names[1]); err == nil {
			t.Errorf("renamed %v", names)
		}
	}
}
