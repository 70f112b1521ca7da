package store

import (
	"os"
	"path/filepath"
	"testing"
	"testing/fstest"
)

// The next version's migrations, as they will come.
func nextMigrations(t *testing.T) fstest.MapFS {
	t.Helper()
	first, err := embedded.ReadFile("migrations/00001_roster.sql")
	if err != nil {
		t.Fatal(err)
	}
	return fstest.MapFS{
		"00001_roster.sql": {Data: first},
		"00002_next.sql":   {Data: []byte("-- +goose Up\nALTER TABLE members ADD COLUMN shoe_size INTEGER;\n")},
	}
}

func TestMigrationMakesABackup(t *testing.T) {
	s := newTestStore(t)
	apply(t, s, monday, plan(t, s, "acme", onboard(person("acme", "Ann", "Lee"))))
	if err := s.migrate(t.Context(), nextMigrations(t)); err != nil {
		t.Fatal(err)
	}
	if version, err := schemaVersion(t.Context(), s.w); version != 2 || err != nil {
		t.Errorf("version %d, %v; want 2", version, err)
	}
	backup := s.Path() + ".backup-v1"
	if info, err := os.Stat(backup); err != nil || info.Mode().Perm() != 0o600 {
		t.Fatalf("backup: %v, %v", info, err)
	}
	old := openTestStore(t, backup)
	if got := members(t, old, "acme"); len(got) != 1 || got[0].Profile.Name() != "Ann Lee" {
		t.Errorf("backup holds %v", got)
	}
	if _, err := Open(t.Context(), s.Path(), Options{}); !isError[*NewerError](err) {
		t.Errorf("today's program opened tomorrow's database: %v", err)
	}
	left, err := filepath.Glob(s.Path() + "*.tmp*")
	if err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

func TestNewDatabaseNeedsNoBackup(t *testing.T) {
	s := newTestStore(t)
	found, err := filepath.Glob(s.Path() + ".backup*")
	if err != nil || len(found) > 0 {
		t.Errorf("found %v, %v", found, err)
	}
}

func TestFailedMigrationLeavesTheOldVersion(t *testing.T) {
	s := newTestStore(t)
	files := nextMigrations(t)
	files["00002_next.sql"].Data = []byte("-- +goose Up\nDROP TABLE changes;\nSELECT nonsense FROM nowhere;\n")
	if err := s.migrate(t.Context(), files); err == nil {
		t.Fatal("no error")
	}
	if version, err := schemaVersion(t.Context(), s.w); version != 1 || err != nil {
		t.Errorf("version %d, %v; want 1", version, err)
	}
	apply(t, s, monday, plan(t, s, "acme", onboard(person("acme", "Ann", "Lee"))))
}
