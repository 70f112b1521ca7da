package deliver_test

import (
	"database/sql"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"ringroster/store"
	"ringroster/store/deliver"
	"ringroster/store/sqlrows"
)

// TestAMirrorHasTheColumnsOfTheViews, each with a comment, and none that is no column.
func TestAMirrorHasTheColumnsOfTheViews(t *testing.T) {
	path := filepath.Join(t.TempDir(), "roster.db")
	s, err := store.Open(t.Context(), path, store.Options{New: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	used := map[string]bool{}
	for _, view := range deliver.Mirrored() {
		want, err := sqlrows.Collect(sqlrows.Stream(t.Context(), db, func(name *string, rows *sql.Rows) error { return rows.Scan(name) },
			`SELECT name FROM pragma_table_info(?)`, view.Name))
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, c := range view.Columns {
			got = append(got, c.Name)
			if c.Comment == "" {
				t.Errorf("%s.%s has no comment", view.Name, c.Name)
			}
			used[view.Name+"."+c.Name], used[c.Name] = true, true
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-view +mirror):\n%s", view.Name, diff)
		}
	}
	for name := range deliver.Comments {
		if !used[name] {
			t.Errorf("there is a comment on %s, which is no column", name)
		}
	}
}
