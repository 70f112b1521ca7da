package store

import (
	"database/sql"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestAMirrorHasTheColumnsOfTheViews, each with a comment, and none that is no column.
func TestAMirrorHasTheColumnsOfTheViews(t *testing.T) {
	s := newTestStore(t)
	used := map[string]bool{}
	for _, view := range Mirrored() {
		want, err := collect(stream(t.Context(), s.db.r, func(name *string, rows *sql.Rows) error { return rows.Scan(name) },
			`SELECT name FROM pragma_table_info(?)`, view.Name))
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, view.names()); diff != "" {
			t.Errorf("%s (-view +mirror):\n%s", view.Name, diff)
		}
		for _, c := range view.Columns {
			if c.Comment == "" {
				t.Errorf("%s.%s has no comment", view.Name, c.Name)
			}
			used[view.Name+"."+c.Name], used[c.Name] = true, true
		}
	}
	for name := range comments {
		if !used[name] {
			t.Errorf("there is a comment on %s, which is no column", name)
		}
	}
}
