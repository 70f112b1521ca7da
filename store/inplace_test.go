package store

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"ringroster/store/dbfile"
	"ringroster/store/sqlrows"
	"ringroster/store/views"
	"ringroster/sync"
)

// Nothing is written to a database that is no longer what stands at its name, nor
// under a lock that is not (R27).
func TestR27MovedAwayWhileOpen(t *testing.T) {
	for name, tc := range map[string]struct {
		move func(t *testing.T, path string)
		back func(t *testing.T, path string) // nil: it cannot be put back
	}{
		"moved away": {
			func(t *testing.T, path string) { moveFile(t, path, path+".away") },
			func(t *testing.T, path string) { moveFile(t, path+".away", path) },
		},
		"with all that belongs to it": {
			func(t *testing.T, path string) { moveAll(t, path, path+".away") },
			func(t *testing.T, path string) { moveAll(t, path+".away", path) },
		},
		"its folder": {
			func(t *testing.T, path string) { moveFile(t, filepath.Dir(path), filepath.Dir(path)+".away") },
			func(t *testing.T, path string) { moveFile(t, filepath.Dir(path)+".away", filepath.Dir(path)) },
		},
		"removed": {func(t *testing.T, path string) { remove(t, path) }, nil},
		"replaced": {func(t *testing.T, path string) {
			writeFile(t, path+".new", readFile(t, path))
			moveFile(t, path+".new", path)
		}, nil},
		"its WAL removed":  {func(t *testing.T, path string) { remove(t, path+"-wal") }, nil},
		"the lock removed": {func(t *testing.T, path string) { remove(t, path+dbfile.LockSuffix) }, nil},
		"the lock replaced": {func(t *testing.T, path string) {
			remove(t, path+dbfile.LockSuffix)
			writeFile(t, path+dbfile.LockSuffix, nil)
		}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "in", "roster.db")
			if err := os.Mkdir(filepath.Dir(path), 0o700); err != nil {
				t.Fatal(err)
			}
			mustBegin(t, path)
			s, err := Open(t.Context(), path, Options{})
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = s.Close() }()
			apply(t, s, monday, planOf(t, s, "acme", onboard(person("acme", "Ann", "Lee"))))
			release, err := s.Lock(t.Context(), holder)
			if err != nil {
				t.Fatal(err)
			}
			run := beginRun(t, s, monday, "acme", sync.Manual)
			p := planOf(t, s, "acme", onboard(person("acme", "Ben", "Ray")))
			if err := s.InPlace(); err != nil {
				t.Fatal(err)
			}

			tc.move(t, path)
			writes := map[string]func() error{
				"commit": func() error {
					return s.Commit(t.Context(), &sync.Commit{
						Run: run, Account: "acme", FinishedAt: monday, Status: sync.Succeeded, Plan: p, Full: true,
					})
				},
				"begin": func() error {
					_, err := s.Begin(t.Context(), sync.Run{Accounts: []string{"acme"}, StartedAt: monday})
					return err
				},
				"ask":     func() error { _, err := s.Ask(t.Context(), Request{}); return err },
				"compact": func() error { return s.Compact(t.Context()) },
				"back up": func() error { return s.Backup(t.Context(), filepath.Join(t.TempDir(), "copy.db")) },
				"look":    s.InPlace,
			}
			for verb, write := range writes {
				if err := write(); !isError[*dbfile.MovedError](err) && (verb != "back up" || err == nil) {
					t.Errorf("%s: %v", verb, err)
				}
			}
			if tc.back != nil {
				tc.back(t, path)
				if err := writes["commit"](); err != nil {
					t.Errorf("back in place: %v", err)
				}
				if err := release(); err != nil {
					t.Error(err)
				}
				if got := usernames(t, s); got != "acme/Ann.Lee acme/Ben.Ray" {
					t.Errorf("the roster is %s", got)
				}
				return
			}
			if got := usernames(t, s); got != "acme/Ann.Lee" {
				t.Errorf("the roster is %s", got)
			}
		})
	}
}

// A replaced file is not opened by a connection that comes later.
func TestR27NewConnectionsAreToTheSameFile(t *testing.T) {
	s := newTestStore(t)
	other := rosterFile(t)
	s.db.Reads.SetMaxIdleConns(0) // the next query needs a new one
	moveFile(t, other, s.Path())
	if _, err := sqlrows.Collect(s.Roster(t.Context(), views.Filter{})); !isError[*dbfile.MovedError](err) {
		t.Errorf("got %v", err)
	}
}

func moveFile(t *testing.T, from, to string) {
	t.Helper()
	if err := os.Rename(from, to); err != nil {
		t.Fatal(err)
	}
}

func moveAll(t *testing.T, from, to string) {
	t.Helper()
	for _, suffix := range dbfile.Companions {
		if err := os.Rename(from+suffix, to+suffix); err != nil && !errors.Is(err, fs.ErrNotExist) {
			t.Fatal(err)
		}
	}
}

func remove(t *testing.T, name string) {
	t.Helper()
	if err := os.Remove(name); err != nil {
		t.Fatal(err)
	}
}
