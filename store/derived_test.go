package store

import (
	"bytes"
	"fmt"
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"ringroster/sync"
	"ringroster/sync/archive"
	"ringroster/sync/fingerprint"
)

// checkDerived sees that a database has the views and triggers of a new one. An upgraded one
// has, from whatever version. Where one of this version has others, their text was changed
// without a migration, and upgraded rosters would keep the old one: add a migration, which may
// be empty, and the fixture of its version.
func checkDerived(t *testing.T, blank, s *Store) {
	t.Helper()
	const query = `SELECT type || ' ' || name || ' ' || sql FROM sqlite_schema
		 WHERE name IN ('roster', 'onboarded', 'members_changing', 'hand_updated_members') ORDER BY name`
	want := rowsAs(t, blank, query)
	if len(want) != 4 {
		t.Fatalf("a new database has %d of four", len(want))
	}
	if diff := cmp.Diff(want, rowsAs(t, s, query)); diff != "" {
		t.Errorf("views and triggers (-new +upgraded):\n%s", diff)
	}
}

// A field is new to an account until a whole run of it has ended well (R19).
func TestR19FieldsAreNewUntilAWholeRun(t *testing.T) {
	s := newTestStore(t)
	isNew := func() (names []string) {
		state, err := s.State(t.Context(), "acme", monday)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range sync.Fields() {
			if state.New.Has(f) {
				names = append(names, f.String())
			}
		}
		return names
	}
	ann := person("acme", "Ann", "Lee")
	apply(t, s, monday, planOf(t, s, "acme", onboard(ann)))
	if got := isNew(); got != nil {
		t.Errorf("after a whole run %v are new", got)
	}
	execute(t, s.Path(), `UPDATE accounts SET known_fields = (
		SELECT json_group_array(value) FROM json_each(known_fields) WHERE value NOT IN ('site', 'language'))`)
	run := beginRun(t, s, monday, "acme", sync.Manual)
	err := s.Commit(t.Context(), &sync.Commit{Run: run, Account: "acme", FinishedAt: monday, Status: sync.Succeeded, Plan: planOf(t, s, "acme", rename(ann, "Lim"))})
	if got := isNew(); !slices.Equal(got, []string{"site", "language"}) || err != nil {
		t.Errorf("after an upgrade and a run for one person %v are new, %v", got, err)
	}
	apply(t, s, monday, planOf(t, s, "acme"))
	if got := isNew(); got != nil {
		t.Errorf("after the next whole run %v are new", got)
	}
}

// An upgrade that adds a field breaks no seal of a member that has no value for it: the first
// run after it need not read everybody.
func TestUpgradeBreaksNoSeal(t *testing.T) {
	s := openCopy(t, filepath.Join("testdata", "v13.sqlite"))
	sealed := 0
	for _, m := range members(t, s, "demo") {
		seal := rowsAs(t, s, fmt.Sprintf(`SELECT coalesce(seal, '') FROM members WHERE member_id = %d ORDER BY 1`, m.ID))[0]
		if seal == "" {
			continue
		}
		if sealed++; seal != fingerprint.Seal(m) {
			t.Errorf("member %d was sealed %q, and is %q", m.ID, seal, fingerprint.Seal(m))
		}
	}
	if sealed == 0 {
		t.Error("the fixture has no seals")
	}
}

// What runs of an older version kept can still be decided again.
func TestUpgradeLeavesKeptRunsReadable(t *testing.T) {
	s := openCopy(t, filepath.Join("testdata", "v13.sqlite"))
	for run, err := range s.KeptRuns(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		kept, err := s.Kept(t.Context(), run)
		if err != nil || len(kept) == 0 {
			t.Fatalf("run %d kept %d, %v", run, len(kept), err)
		}
		for past, err := range archive.ReadPasts(bytes.NewReader(kept[0].Data)) {
			if err == nil {
				_, err = past.Plan("", nil)
			}
			if err != nil {
				t.Errorf("run %d: %v", run, err)
			}
		}
	}
}
