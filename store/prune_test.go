package store

import (
	"context"
	"database/sql"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"ringroster/store/sqlrows"
	"ringroster/store/views"
	"ringroster/sync"
)

// year starts a roster of two members: Ann changes on day 10 and 20, Bob never.
// Runs 1 to 3 end on the days 0, 10 and 20.
func year(t *testing.T) (s *Store, ann, bob *sync.Member) {
	t.Helper()
	s, ann, bob = newTestStore(t), person("acme", "Ann", "Lee"), person("acme", "Bob", "Ray")
	apply(t, s, monday, planOf(t, s, "acme", onboard(ann), onboard(bob)))
	apply(t, s, monday.AddDate(0, 0, 10), planOf(t, s, "acme", rename(ann, "Ten")))
	apply(t, s, monday.AddDate(0, 0, 20), planOf(t, s, "acme", rename(ann, "Twenty")))
	return s, ann, bob
}

// history lists what is left: "2 Ann update".
func history(t testing.TB, s *Store) []string {
	t.Helper()
	all, err := sqlrows.Collect(sqlrows.Stream(t.Context(), s.db.Reads, scanText, `
		SELECT c.run_id || ' ' || m.first_name || ' ' || c.kind
		  FROM changes c JOIN members m USING (member_id) ORDER BY change_id`))
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// scanStep reads a line of EXPLAIN QUERY PLAN.
func scanStep(text *string, rows *sql.Rows) error {
	var id, parent, unused int
	return rows.Scan(&id, &parent, &unused, text)
}

// prunedRuns lists the runs that cannot be undone any more.
func prunedRuns(t testing.TB, s *Store) (all []sync.RunID) {
	t.Helper()
	for run := range sync.RunID(20) {
		pruned, err := s.RunPruned(t.Context(), run)
		if err != nil {
			t.Fatal(err)
		}
		if pruned {
			all = append(all, run)
		}
	}
	return all
}

func TestPruneKeepsWhatIsYoungAndEverybodysLastChange(t *testing.T) {
	for name, c := range map[string]struct {
		day  int // everything before this day is old
		want []string
		runs []sync.RunID
	}{
		"nothing is old":             {0, []string{"1 Ann onboard", "1 Bob onboard", "2 Ann update", "3 Ann update"}, nil},
		"the first run is old":       {10, []string{"1 Bob onboard", "2 Ann update", "3 Ann update"}, []sync.RunID{1}},
		"the second one is, too":     {20, []string{"1 Bob onboard", "3 Ann update"}, []sync.RunID{1, 2}},
		"everything is old":          {99, []string{"1 Bob onboard", "3 Ann update"}, []sync.RunID{1, 2}},
		"the moment itself is young": {-1, []string{"1 Ann onboard", "1 Bob onboard", "2 Ann update", "3 Ann update"}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			s, ann, bob := year(t)
			n, err := s.Prune(t.Context(), monday.AddDate(0, 0, c.day))
			if err != nil || n != 4-len(c.want) {
				t.Errorf("%d rows pruned, %v", n, err)
			}
			if diff := cmp.Diff(c.want, history(t, s)); diff != "" {
				t.Error(diff)
			}
			if diff := cmp.Diff(c.runs, prunedRuns(t, s)); diff != "" {
				t.Errorf("pruned runs: %s", diff)
			}
			for m, want := range map[*sync.Member]bool{ann: n > 0, bob: false} {
				if pruned, err := s.MemberPruned(t.Context(), m.ID); pruned != want || err != nil {
					t.Errorf("%s is pruned: %v, %v", m.Profile.Name(), pruned, err)
				}
			}
		})
	}
}

// The last change is what its run did to the member, with all its fields.
func TestPruneKeepsAllFieldsOfTheLastChange(t *testing.T) {
	s := newTestStore(t)
	ann := person("acme", "Ann", "Lee")
	apply(t, s, monday, planOf(t, s, "acme", onboard(ann)))
	change := rename(ann, "Two")
	change.Fields = append(change.Fields, sync.FieldChange{Field: "site", Before: "", After: "Dallas", Reason: sync.ReasonSource})
	apply(t, s, monday.AddDate(0, 0, 1), planOf(t, s, "acme", change))
	if n, err := s.Prune(t.Context(), monday.AddDate(1, 0, 0)); n != 1 || err != nil {
		t.Fatal(n, err)
	}
	if diff := cmp.Diff([]string{"2 Ann update", "2 Ann update"}, history(t, s)); diff != "" {
		t.Error(diff)
	}
}

// A row that was kept because it was the last goes once another follows.
func TestPruneFollowsWhatCameSince(t *testing.T) {
	s, _, bob := year(t)
	old := monday.AddDate(0, 0, 15)
	if _, err := s.Prune(t.Context(), old); err != nil {
		t.Fatal(err)
	}
	apply(t, s, monday.AddDate(0, 0, 30), planOf(t, s, "acme", rename(bob, "Thirty")))
	if n, err := s.Prune(t.Context(), old); n != 1 || err != nil {
		t.Fatal(n, err)
	}
	if diff := cmp.Diff([]string{"3 Ann update", "4 Bob update"}, history(t, s)); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]sync.RunID{1, 2}, prunedRuns(t, s)); diff != "" {
		t.Error(diff)
	}
}

// What a run that is under way is about to write has not been looked at.
func TestPruneWaitsForRunsUnderWay(t *testing.T) {
	s, _, bob := year(t)
	p := planOf(t, s, "acme", rename(bob, "Thirty"))
	at := monday.AddDate(0, 0, 30)
	run := beginRun(t, s, at, "acme", sync.Scheduled)
	if _, err := s.Prune(t.Context(), at); err != nil {
		t.Fatal(err)
	}
	if err := s.Commit(t.Context(), &sync.Commit{Run: run, Account: "acme", FinishedAt: at, Status: sync.Succeeded, Plan: p, Full: true}); err != nil {
		t.Fatal(err)
	}
	if n, err := s.Prune(t.Context(), at); n != 1 || err != nil {
		t.Errorf("%d rows pruned, %v: the change of the run that was under way replaces one", n, err)
	}
}

func TestPruneStopsAndGoesOn(t *testing.T) {
	s, p := newTestStore(t), &sync.Plan{Account: "acme"}
	for i := range 5 * pruneStep {
		p.Changes = append(p.Changes, onboard(person("acme", fmt.Sprint("P", i), "One")))
	}
	apply(t, s, monday, p)
	for i := range 3 {
		var all []sync.Change
		for _, m := range members(t, s, "acme") {
			all = append(all, rename(m, fmt.Sprint("Round", i)))
		}
		apply(t, s, monday.AddDate(0, 0, 1+i), planOf(t, s, "acme", all...))
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	go func() { // stop it as soon as it has begun
		for ctx.Err() == nil {
			if pruned, err := s.RunPruned(ctx, 1); pruned || err != nil {
				cancel()
			}
		}
	}()
	first, err := s.Prune(ctx, monday.AddDate(1, 0, 0))
	if ctx.Err() == nil || err == nil {
		t.Fatalf("it was not stopped: %d rows, %v", first, err)
	}
	rest, err := s.Prune(t.Context(), monday.AddDate(1, 0, 0))
	if want := 3 * 5 * pruneStep; first == 0 || rest == 0 || first+rest != want || err != nil {
		t.Errorf("%d and %d rows pruned, %v; want %d together", first, rest, err, want)
	}
	if again, err := s.Prune(t.Context(), monday.AddDate(1, 0, 0)); again != 0 || err != nil {
		t.Errorf("%d rows pruned again, %v", again, err)
	}
}

func TestPruneNeedsTheRightToWrite(t *testing.T) {
	s, _, _ := year(t)
	r, err := OpenRead(t.Context(), s.Path())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = r.Close() }()
	if _, err := r.Prune(t.Context(), monday.AddDate(1, 0, 0)); err == nil || !strings.Contains(err.Error(), "prune the history in the roster database") {
		t.Error(err)
	}
}

// Law: whatever came before, a prune leaves exactly what is young and, of each
// member, the rows of the last run; and no run that lost a row can be undone.
func TestPruneLeavesExactlyWhatItShould(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		s := newTestStore(t)
		all := map[string][]*sync.Member{}
		day, lost := 0, map[sync.RunID]bool{}
		for step := range rapid.IntRange(2, 8).Draw(rt, "steps") {
			account := rapid.SampledFrom([]string{"acme", "beta"}).Draw(rt, "account")
			day += rapid.IntRange(0, 3).Draw(rt, "days")
			p := planOf(t, s, account)
			for range rapid.IntRange(0, 2).Draw(rt, "new") {
				m := person(account, fmt.Sprintf("P%d.%d", step, len(all[account])), "New")
				p.Changes, all[account] = append(p.Changes, onboard(m)), append(all[account], m)
			}
			for _, m := range all[account] {
				if m.ID != 0 && rapid.Bool().Draw(rt, "changes") {
					p.Changes = append(p.Changes, rename(m, fmt.Sprint("Step", step)))
				}
			}
			apply(t, s, monday.AddDate(0, 0, day), p)
			if rapid.Bool().Draw(rt, "prune") {
				checkPrune(t, s, monday.AddDate(0, 0, day-rapid.IntRange(-1, 9).Draw(rt, "keep")), lost)
			}
		}
	})
}

func checkPrune(t *testing.T, s *Store, before time.Time, lost map[sync.RunID]bool) {
	t.Helper()
	var want []views.ChangeRow
	rows, last := changes(t, s), map[int64]sync.RunID{}
	for _, c := range rows {
		last[c.MemberID] = max(last[c.MemberID], c.RunID)
	}
	for _, c := range rows {
		if *c.At >= *sqlrows.Stamp(before) || c.RunID == last[c.MemberID] {
			want = append(want, c)
		} else {
			lost[c.RunID] = true
		}
	}
	n, err := s.Prune(t.Context(), before)
	if err != nil || n != len(rows)-len(want) {
		t.Fatalf("%d rows pruned, %v; want %d", n, err, len(rows)-len(want))
	}
	if diff := cmp.Diff(want, changes(t, s)); diff != "" {
		t.Fatal(diff)
	}
	if diff := cmp.Diff(slices.Sorted(maps.Keys(lost)), prunedRuns(t, s)); diff != "" {
		t.Fatalf("pruned runs: %s", diff)
	}
	checkWhole(t, s)
}

func changes(t testing.TB, s *Store) (all []views.ChangeRow) {
	t.Helper()
	rows, err := sqlrows.Collect(sqlrows.Stream(t.Context(), s.db.Reads, (*views.ChangeRow).Scan, `SELECT `+views.ChangeColumns+` FROM roster_changes ORDER BY change_id`))
	if err != nil {
		t.Fatal(err)
	}
	return append(all, rows...)
}

// The history's questions are answered by its two indexes; none is read whole.
func TestTheHistoryIsNeverReadWhole(t *testing.T) {
	s, _, _ := year(t)
	for name, query := range map[string]string{
		"a member's history":        `SELECT * FROM roster_changes WHERE member_id = 1 ORDER BY change_id`,
		"a run's changes":           `SELECT * FROM roster_changes WHERE run_id = 1 ORDER BY change_id`,
		"the next to prune":         strings.ReplaceAll(pasts[0].next(), "?", "7"),
		"what has come of age":      strings.ReplaceAll(pasts[0].aged(), "?", "7"),
		"what others have followed": strings.ReplaceAll(pasts[0].followed(), "?", "7"),
		"contacts: next":            strings.ReplaceAll(pasts[1].next(), "?", "7"),
		"contacts: of age":          strings.ReplaceAll(pasts[1].aged(), "?", "7"),
		"contacts: followed":        strings.ReplaceAll(pasts[1].followed(), "?", "7"),
	} {
		steps, err := sqlrows.Collect(sqlrows.Stream(t.Context(), s.db.Writes, scanStep, `EXPLAIN QUERY PLAN `+query))
		if err != nil || len(steps) == 0 {
			t.Fatal(steps, err)
		}
		for _, step := range steps {
			if strings.HasPrefix(step, "SCAN") && !strings.HasPrefix(step, "SCAN (subquery") && !strings.Contains(step, "VIRTUAL TABLE") || strings.Contains(step, "TEMP B-TREE") {
				t.Errorf("%s: %s", name, step)
			}
		}
		t.Log(name, steps)
	}
}

// BenchmarkPrune takes nine of ten changes out of 100,000, and then looks when
// there is nothing to prune.
func BenchmarkPrune(b *testing.B) {
	for b.Loop() {
		b.StopTimer()
		s := openTestStore(b, filepath.Join(b.TempDir(), "roster.db"))
		p := &sync.Plan{Account: "acme"}
		for i := range 10_000 {
			p.Changes = append(p.Changes, onboard(person("acme", fmt.Sprint("P", i), "One")))
		}
		apply(b, s, monday, p)
		for i := range 9 {
			all := make([]sync.Change, 0, len(p.Changes))
			for _, m := range members(b, s, "acme") {
				all = append(all, rename(m, fmt.Sprint(i)))
			}
			apply(b, s, monday.AddDate(0, 0, 1+i), planOf(b, s, "acme", all...))
		}
		b.StartTimer()
		if n, err := s.Prune(b.Context(), monday.AddDate(1, 0, 0)); n != 90_000 || err != nil {
			b.Fatal(n, err)
		}
	}
}

// Others get their turn between the steps of a prune.
func TestOthersWriteWhileThereIsPruning(t *testing.T) {
	s, p := newTestStore(t), &sync.Plan{Account: "acme"}
	for i := range 4 * pruneStep {
		p.Changes = append(p.Changes, onboard(person("acme", fmt.Sprint("P", i), "One")))
	}
	apply(t, s, monday, p)
	for i := range 2 {
		var all []sync.Change
		for _, m := range members(t, s, "acme") {
			all = append(all, rename(m, fmt.Sprint("Round", i)))
		}
		apply(t, s, monday.AddDate(0, 0, 1+i), planOf(t, s, "acme", all...))
	}
	other := openTestStore(t, s.Path())
	done := make(chan error, 1)
	go func() {
		_, err := s.Prune(t.Context(), monday.AddDate(1, 0, 0))
		done <- err
	}()
	for i := 0; ; i++ {
		select {
		case err := <-done:
			if err != nil || i == 0 {
				t.Errorf("%d commits meanwhile, %v", i, err)
			}
			return
		default:
			ann := members(t, other, "acme")[0]
			apply(t, other, monday.AddDate(0, 0, 9), planOf(t, other, "acme", rename(ann, fmt.Sprint("Meanwhile", i))))
		}
	}
}

// Contacts have a history of their own, which is pruned with that of the members.
func TestPruneKeepsEveryContactsLastChange(t *testing.T) {
	s := newTestStore(t)
	day := func(n int) time.Time { return monday.AddDate(0, 0, n) }
	importContacts(t, s, day(0), nil, contact("1", "Ann", "Lee"), contact("2", "Bob", "Ray"))
	importContacts(t, s, day(1), nil, contact("1", "Ann", "One"), contact("2", "Bob", "Ray"))
	importContacts(t, s, day(9), nil, contact("1", "Ann", "Nine"), contact("2", "Bob", "Ray"))
	kinds := `SELECT run_id || ' ' || rc_id || ' ' || kind FROM contact_history ORDER BY change_id`
	if n, err := s.Prune(t.Context(), day(5)); n == 0 || err != nil {
		t.Fatal(n, err)
	}
	left, err := sqlrows.Collect(sqlrows.Stream(t.Context(), s.db.Reads, scanText, kinds))
	if diff := cmp.Diff([]string{"1 2 add", "3 1 update"}, slices.Compact(left)); diff != "" || err != nil {
		t.Error(diff, err)
	}
	if diff := cmp.Diff([]sync.RunID{1, 2}, prunedRuns(t, s)); diff != "" {
		t.Error(diff)
	}
}
