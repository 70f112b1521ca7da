package store

import (
	"errors"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"ringroster/store/database"
	"ringroster/store/deliver"
	"ringroster/sync"
)

// openOn opens a roster on a host.
func openOn(t *testing.T, path, host string) (*Store, error) {
	t.Helper()
	s, err := Open(t.Context(), path, Options{New: true, Host: host})
	if err == nil {
		t.Cleanup(func() { _ = s.Close() })
	}
	return s, err
}

func mustOpenOn(t *testing.T, path, host string) *Store {
	t.Helper()
	s, err := openOn(t, path, host)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// takeOver makes a roster a host's, as `ringroster takeover` does.
func takeOver(t *testing.T, path, host string) {
	t.Helper()
	s := openTestStore(t, path)
	release, err := s.Lock(t.Context(), sync.NewHolder(time.Now()))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.TakeOver(t.Context(), host); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(release(), s.Close()); err != nil {
		t.Fatal(err)
	}
}

// wantHome finds whose the roster is, and returns its epoch.
func wantHome(t *testing.T, path, host string) (epoch int64) {
	t.Helper()
	s, err := OpenRead(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = s.Close() }()
	h, err := s.Home(t.Context())
	if err != nil || h.Host != host {
		t.Errorf("the roster is that of %+v, %v; want %s", h, err, host)
	}
	return h.Epoch
}

func wantElsewhere(t *testing.T, err error, host, here string) {
	t.Helper()
	if e, ok := errors.AsType[*database.HostError](err); !ok || e.Host != host || e.Here != here {
		t.Errorf("%v, want a refusal: the roster is of %s, not %s", err, host, here)
	}
}

func TestR27ARosterBelongsToOneHost(t *testing.T) {
	for _, test := range []struct {
		name           string
		first, second  string // who opens it for writing
		want           string // whose it is then
		refusesTheLast bool
	}{
		{"a new one is its first writer's", "one", "one", "one", false},
		{"one of nobody is the next writer's", "", "two", "two", false},
		{"another host is refused", "one", "two", "one", true},
		{"where the host is not known, as in a container, nothing is checked", "one", "", "one", false},
	} {
		t.Run(test.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "roster.db")
			mustOpenOn(t, path, test.first)
			s, err := openOn(t, path, test.second)
			if test.refusesTheLast {
				wantElsewhere(t, err, test.first, test.second)
			} else if err != nil {
				t.Fatal(err)
			} else {
				beginRun(t, s, monday, "acme", sync.Manual)
			}
			if epoch := wantHome(t, path, test.want); epoch != 1 {
				t.Errorf("its epoch is %d", epoch)
			}
		})
	}
}

// An old roster did not know hosts.
func TestR27AnUpgradeAdoptsTheHost(t *testing.T) {
	path := filepath.Join(t.TempDir(), "roster.db")
	writeFile(t, path, readFile(t, "testdata/v21.sqlite"))
	mustOpenOn(t, path, "one")
	wantHome(t, path, "one")
}

// A roster of another host is left as it is, also where it is of an older version.
func TestR27ARosterOfAnotherHostIsNotTouched(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "roster.db")
	s := mustOpenOn(t, path, "one")
	if err := s.Backup(t.Context(), filepath.Join(dir, "copy.db")); err != nil {
		t.Fatal(err)
	}
	copied := filepath.Join(dir, "copy.db")
	execute(t, copied, `DELETE FROM goose_db_version WHERE version_id = (SELECT max(version_id) FROM goose_db_version)`)
	before := string(readFile(t, copied))
	_, err := openOn(t, copied, "two")
	wantElsewhere(t, err, "one", "two")
	if string(readFile(t, copied)) != before {
		t.Error("the roster of another host was changed")
	}
	if made, err := filepath.Glob(copied + ".*"); err != nil || len(made) > 0 {
		t.Errorf("beside the roster of another host were made %q, %v", made, err)
	}
}

func TestR27TakeoverRaisesTheEpochAndNumbersLeap(t *testing.T) {
	path := filepath.Join(t.TempDir(), "roster.db")
	old := mustOpenOn(t, path, "one")
	beginRun(t, old, monday, "acme", sync.Manual)
	id, err := old.Ask(t.Context(), asked)
	if err != nil {
		t.Fatal(err)
	}
	publishTo(t, old, "drop", deliver.OfRoster)
	deliverTo(t, old, "v1", []byte("rows"))
	first := wantHome(t, path, "one")
	takeOver(t, path, "two")
	second := wantHome(t, path, "two")

	// Who has it open still learns of it.
	_, err = old.Lock(t.Context(), sync.NewHolder(monday))
	wantElsewhere(t, err, "two", "one")
	_, err = old.Begin(t.Context(), sync.Run{Accounts: []string{"acme"}, StartedAt: monday})
	wantElsewhere(t, err, "two", "one")
	_, err = old.Ask(t.Context(), asked)
	wantElsewhere(t, err, "two", "one")

	s := mustOpenOn(t, path, "two")
	if run := beginRun(t, s, monday, "acme", sync.Manual); run < 10_000 || run%10_000 != 1 {
		t.Errorf("run %d follows a takeover, want the first after a leap", run)
	}
	if r, err := s.Request(t.Context(), id); err != nil || r.State != RequestFailed {
		t.Errorf("a request of the old host is %+v, %v; want it failed", r, err)
	}
	if p := published(t, s); !p.Restored || p.Version != "v1" {
		t.Errorf("what was delivered since is not known, and it stands as %+v", p)
	}
	takeOver(t, path, "one")
	if third := wantHome(t, path, "one"); first >= second || second >= third {
		t.Errorf("the epochs of three hosts are %d, %d, %d", first, second, third)
	}
}

// A restored roster is the host's that its backup was; the epoch never goes back, nor does
// it stay where two restores come within a second.
func TestR27RestoreIsNoTakeover(t *testing.T) {
	dir := t.TempDir()
	path, early := filepath.Join(dir, "roster.db"), filepath.Join(dir, "early.db")
	one := mustOpenOn(t, path, "one")
	if err := one.Backup(t.Context(), early); err != nil {
		t.Fatal(err)
	}
	restore := func(path, host string) {
		t.Helper()
		if _, err := Restore(t.Context(), early, path, Options{Host: host}); err != nil {
			t.Fatal(err)
		}
	}
	epochs := []int64{wantHome(t, path, "one")}
	for range 2 {
		restore(path, "one")
		epochs = append(epochs, wantHome(t, path, "one"))
	}
	beginRun(t, one, monday, "acme", sync.Manual)
	takeOver(t, path, "two")
	epochs = append(epochs, wantHome(t, path, "two"))
	restore(path, "two") // of the time before the takeover
	epochs = append(epochs, wantHome(t, path, "one"))
	_, err := openOn(t, path, "two")
	wantElsewhere(t, err, "one", "two")
	if !slices.IsSorted(epochs) || len(slices.Compact(epochs)) != 5 {
		t.Errorf("the epochs are %d, want them to rise", epochs)
	}

	elsewhere := filepath.Join(t.TempDir(), "roster.db")
	restore(elsewhere, "two")
	wantHome(t, elsewhere, "one")
	_, err = openOn(t, elsewhere, "two")
	wantElsewhere(t, err, "one", "two")
	takeOver(t, elsewhere, "two")
	mustOpenOn(t, elsewhere, "two")
}
