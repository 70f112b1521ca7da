package reconcile_test

import (
	"flag"
	"path/filepath"
	"testing"

	"pgregory.net/rapid"

	"ringroster/store"
	"ringroster/store/storetest"
	"ringroster/sync"
)

var beginRoster = storetest.Copies(store.Open, store.Options{New: true})

// TestRostersKnowWhatTheBooksKnow: what the laws of this package show with books in memory
// holds for the roster that operators have, and for the one of the tests of runs: at each
// step of the laws they know the same, of the account and of each member.
func TestRostersKnowWhatTheBooksKnow(t *testing.T) {
	if checks := flag.Lookup("rapid.checks"); checks.Value.String() == shortChecks {
		_ = flag.Set("rapid.checks", "4") // a database each
		defer func() { _ = flag.Set("rapid.checks", shortChecks) }()
	}
	rosters := map[string]func(*testing.T, *rapid.T) sync.Roster{
		"in memory": func(*testing.T, *rapid.T) sync.Roster { return newMemory() },
		"in SQLite": func(t *testing.T, rt *rapid.T) sync.Roster {
			path := filepath.Join(t.TempDir(), "roster.db")
			if err := beginRoster(path); err != nil {
				rt.Fatal(err)
			}
			s, err := store.Open(t.Context(), path, store.Options{})
			if err != nil {
				rt.Fatal(err)
			}
			rt.Cleanup(func() { _ = s.Close() })
			return s
		},
	}
	laws := map[string]func(*rapid.T, sync.Roster){"days": lawDays, "nobody leaves": lawNobodyLeaves}
	for place, begin := range rosters {
		for name, law := range laws {
			t.Run(name+", "+place, func(t *testing.T) {
				rapid.Check(t, func(rt *rapid.T) { law(rt, begin(t, rt)) })
			})
		}
	}
}
