package store

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"ringroster/store/memberrows"
	"ringroster/sync"
)

// Guards against other hands are up again after every commit, whole or not.
func TestGuardsComeBack(t *testing.T) {
	guards := `SELECT name, sql FROM sqlite_schema WHERE type = 'trigger' ORDER BY name`
	s := newTestStore(t)
	want := rowsAs(t, s, guards)
	if !strings.Contains(strings.Join(want, " "), "hand_updated_members") {
		t.Fatal("there are no guards")
	}
	commit := func(ctx context.Context, run sync.RunID, p *sync.Plan) error {
		return s.Commit(ctx, &sync.Commit{Run: run, Account: "acme", FinishedAt: monday, Status: sync.Succeeded, Plan: p})
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	cancelling := onboard(person("acme", "Cy", "Ng"))
	cancelling.Next = func() *sync.Member { cancel(); return person("acme", "Cy", "Ng") }
	ann := onboard(person("acme", "Ann", "Lee"))
	for _, c := range []struct {
		name string
		ctx  context.Context
		plan *sync.Plan
		ok   bool
	}{
		{"a commit", t.Context(), planOf(t, s, "acme", ann), true},
		{"one that fails", t.Context(), &sync.Plan{Account: "acme", Version: 1, Changes: []sync.Change{onboard(person("acme", "Bob", "Ray")), ann}}, false},
		{"one that is cancelled", ctx, &sync.Plan{Account: "acme", Version: 1, Changes: []sync.Change{cancelling, onboard(person("acme", "Dee", "Ho"))}}, false},
		{"one that was cancelled before, with seals alone", ctx, &sync.Plan{Account: "acme", Version: 1, Seals: []sync.Sealed{{ID: 1, Text: "seal"}}}, false},
	} {
		if err := commit(c.ctx, beginRun(t, s, monday, "acme", sync.Manual), c.plan); (err == nil) != c.ok {
			t.Errorf("%s: %v", c.name, err)
		}
		if diff := cmp.Diff(want, rowsAs(t, s, guards)); diff != "" {
			t.Errorf("%s:\n%s", c.name, diff)
		}
		if got := rowsAs(t, s, `SELECT first_name, seal FROM members ORDER BY 1`); len(got) != 1 || got[0] != "Ann|NULL" {
			t.Errorf("%s left %q", c.name, got)
		}
	}
	if got := rowsAs(t, s, `SELECT * FROM own_hand`); len(got) > 0 {
		t.Errorf("after these the program still writes: %q", got)
	}
}

// Other connections prepare their statements anew where the schema changed: a first load may do
// that, and no commit of an ordinary day (R27). What is edited by hand after either is seen.
func TestSmallCommitsLeaveTheSchemaAlone(t *testing.T) {
	s := newTestStore(t)
	many := make([]sync.Change, memberrows.ManyRows+100)
	for i := range many {
		many[i] = onboard(person("acme", fmt.Sprintf("Ann%d", i), "Lee"))
	}
	for _, c := range []struct {
		name    string
		changes []sync.Change
		anew    bool
	}{
		{"one person", many[:1], false},
		{"a first load of a small company", many[1:100], false},
		{"that of a large one", many[100:], true},
		{"nobody", nil, false},
	} {
		before := rowsAs(t, s, `PRAGMA schema_version`)
		p := planOf(t, s, "acme", c.changes...)
		run := beginRun(t, s, monday, "acme", sync.Manual)
		if err := s.Commit(t.Context(), &sync.Commit{Run: run, Account: "acme", FinishedAt: monday, Status: sync.Succeeded, Plan: p}); err != nil {
			t.Fatal(err)
		}
		if anew := rowsAs(t, s, `PRAGMA schema_version`)[0] != before[0]; anew != c.anew {
			t.Errorf("%s: the schema is new: %t", c.name, anew)
		}
		edits := rowsAs(t, s, `SELECT edits FROM accounts`)
		execute(t, s.Path(), `UPDATE members SET first_name = first_name || '!' WHERE member_id = 1`)
		if got := rowsAs(t, s, `SELECT edits FROM accounts`); slices.Equal(got, edits) {
			t.Errorf("%s: an edit by hand after it is not seen: %q", c.name, got)
		}
	}
}
