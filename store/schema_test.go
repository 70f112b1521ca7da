package store

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"testing"
	"testing/fstest"

	"ringroster/store/schema"
)

// today is the schema version of this program.
func today(t *testing.T) int64 {
	t.Helper()
	version, err := schema.Latest(schema.Migrations())
	if err != nil {
		t.Fatal(err)
	}
	return version
}

// nextMigrations are today's and the next version's, as it will come.
func nextMigrations(t *testing.T, next string) fstest.MapFS {
	t.Helper()
	files := fstest.MapFS{}
	err := fs.WalkDir(schema.Migrations(), ".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		text, err := fs.ReadFile(schema.Migrations(), path)
		files[path] = &fstest.MapFile{Data: text}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	files[fmt.Sprintf("%05d_next.sql", today(t)+1)] = &fstest.MapFile{Data: []byte("-- +goose Up\n" + next)}
	return files
}

func TestMigrationMakesABackup(t *testing.T) {
	s := newTestStore(t)
	apply(t, s, monday, planOf(t, s, "acme", onboard(person("acme", "Ann", "Lee"))))
	// One that was killed while it wrote its backup leaves this.
	writeFile(t, fmt.Sprintf("%s.backup-v%d.123.tmp", s.Path(), today(t)), []byte("half"))
	if err := s.migrate(t.Context(), nextMigrations(t, "ALTER TABLE members ADD COLUMN shoe_size INTEGER;\n")); err != nil {
		t.Fatal(err)
	}
	if version, err := schema.SchemaVersion(t.Context(), s.db.Writes); version != today(t)+1 || err != nil {
		t.Errorf("version %d, %v; want %d", version, err, today(t)+1)
	}
	backup := fmt.Sprintf("%s.backup-v%d", s.Path(), today(t))
	if info, err := os.Stat(backup); err != nil || info.Mode().Perm() != 0o600 {
		t.Fatalf("backup: %v, %v", info, err)
	}
	old := openTestStore(t, backup)
	if got := members(t, old, "acme"); len(got) != 1 || got[0].Profile.Name() != "Ann Lee" {
		t.Errorf("backup holds %v", got)
	}
	if _, err := Open(t.Context(), s.Path(), Options{New: true}); !isError[*schema.NewerError](err) {
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
	files := nextMigrations(t, "DROP TABLE changes;\nSELECT nonsense FROM nowhere;\n")
	if err := s.migrate(t.Context(), files); err == nil {
		t.Fatal("no error")
	}
	if version, err := schema.SchemaVersion(t.Context(), s.db.Writes); version != today(t) || err != nil {
		t.Errorf("version %d, %v; want %d", version, err, today(t))
	}
	apply(t, s, monday, planOf(t, s, "acme", onboard(person("acme", "Ann", "Lee"))))
}

// SQLite before 3.45 takes NULL for no JSON, and says in its integrity_check of a column that
// may be NULL, and that json_valid alone checks, that the check failed.
func TestChecksOfColumnsThatMayBeNull(t *testing.T) {
	s := openTestStore(t, filepath.Join(t.TempDir(), "roster.db"))
	alone := regexp.MustCompile(`(\w+)\s+TEXT CHECK \(json_valid\(`)
	for _, sql := range rowsAs(t, s, `SELECT sql FROM sqlite_schema WHERE type = 'table' ORDER BY name`) {
		for _, column := range alone.FindAllString(sql, -1) {
			t.Errorf("a column that may be NULL is checked by json_valid alone: %s", column)
		}
	}
}
