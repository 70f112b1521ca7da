package views_test

import (
	"database/sql"
	"path/filepath"
	"strings"
	"testing"

	"ringroster/store"
	"ringroster/store/sqlrows"
	"ringroster/store/views"
)

// Commands that look at one member, or count, do not read every member's row, but to
// find the logins that somebody has.
func TestNobodyReadsAllMembersToFindOne(t *testing.T) {
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
	for name, query := range map[string]string{
		"one member":      strings.ReplaceAll(strings.ReplaceAll(views.FindMemberSQL, "?1", "1"), "?2", "'a-Ann'"),
		"counts":          views.CountsSQL,
		"what is waiting": views.WaitingSQL,
		"pins":            views.PinsSQL,
	} {
		steps, err := sqlrows.Collect(sqlrows.Stream(t.Context(), db, func(text *string, rows *sql.Rows) error {
			var id, parent, unused int
			return rows.Scan(&id, &parent, &unused, text)
		}, `EXPLAIN QUERY PLAN `+query))
		if err != nil || len(steps) == 0 {
			t.Fatal(steps, err)
		}
		for _, step := range steps {
			if step == "SCAN members" || step == "SCAN m" {
				t.Errorf("%s: %s of %q", name, step, steps)
			}
		}
		t.Logf("%s: %q", name, steps)
	}
}
