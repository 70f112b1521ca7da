package store

import (
	"bytes"
	crand "crypto/rand"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"ringroster/store/sqlrows"
	"ringroster/sync"
)

// keepRun commits a full run of nothing but what it keeps.
func keepRun(t testing.TB, s *Store, account string, k *sync.Keep) sync.RunID {
	t.Helper()
	run := beginRun(t, s, monday, account, sync.Scheduled)
	err := s.Commit(t.Context(), &sync.Commit{
		Run: run, Account: account, FinishedAt: monday, Status: sync.Succeeded, Plan: planOf(t, s, account),
		Full: k != nil, TakenAt: monday, Keep: k,
	})
	if err != nil {
		t.Fatal(err)
	}
	return run
}

// piece is the only piece of a run, named after its content.
func piece(content string) []sync.Piece {
	return []sync.Piece{{Name: content, Data: []byte(content)}}
}

// keptOf lists what is kept: "acme 3 three".
func keptOf(t testing.TB, s *Store) []string {
	t.Helper()
	var all []string
	for run, err := range s.KeptRuns(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		rows, err := s.Kept(t.Context(), run)
		if err != nil {
			t.Fatal(err)
		}
		for _, row := range rows {
			all = append(all, fmt.Sprintf("%s %d %s", row.Account, row.RunID, row.Data))
		}
	}
	return all
}

func wantKept(t testing.TB, s *Store, want ...string) {
	t.Helper()
	if diff := cmp.Diff(want, keptOf(t, s)); diff != "" {
		t.Error(diff)
	}
}

func TestTheLastSnapshotsOfEachAccountAreKept(t *testing.T) {
	s := newTestStore(t)
	for _, data := range []string{"one", "two", "three"} {
		keepRun(t, s, "acme", &sync.Keep{Last: 2, Pieces: piece(data)})
	}
	keepRun(t, s, "beta", &sync.Keep{Last: 2, Pieces: piece("four")})
	wantKept(t, s, "acme 2 two", "acme 3 three", "beta 4 four")

	keepRun(t, s, "acme", nil) // a partial run
	wantKept(t, s, "acme 2 two", "acme 3 three", "beta 4 four")
	keepRun(t, s, "acme", &sync.Keep{Last: 1, Pieces: piece("six")})
	wantKept(t, s, "beta 4 four", "acme 6 six")
	if err := s.RenameAccount(t.Context(), "acme", "renamed"); err != nil {
		t.Fatal(err)
	}
	wantKept(t, s, "beta 4 four", "renamed 6 six")
	keepRun(t, s, "renamed", &sync.Keep{})
	wantKept(t, s, "beta 4 four")
	if rows, err := s.Kept(t.Context(), 6); len(rows) > 0 || err != nil {
		t.Error(rows, err)
	}
}

// TestSnapshotsAreKeptByDaysAsWell: of hourly runs, the last so many are few hours.
func TestSnapshotsAreKeptByDaysAsWell(t *testing.T) {
	s := newTestStore(t)
	for _, data := range []string{"one", "two", "three"} {
		keepRun(t, s, "acme", &sync.Keep{Last: 1, Since: monday, Pieces: piece(data)}) // all taken on monday
	}
	wantKept(t, s, "acme 1 one", "acme 2 two", "acme 3 three")
	keepRun(t, s, "acme", &sync.Keep{Last: 2, Since: monday.Add(time.Second), Pieces: piece("four")})
	wantKept(t, s, "acme 3 three", "acme 4 four")
	keepRun(t, s, "acme", &sync.Keep{Since: monday, Pieces: piece("five")})
	wantKept(t, s, "acme 3 three", "acme 4 four", "acme 5 five")
	keepRun(t, s, "acme", &sync.Keep{})
	wantKept(t, s)
}

func TestAnAccountsPartsOfOneRunAreKeptTogether(t *testing.T) {
	s := newTestStore(t)
	run, err := s.Begin(t.Context(), sync.Run{Accounts: []string{"beta", "acme"}, Trigger: sync.Manual, StartedAt: monday})
	if err != nil {
		t.Fatal(err)
	}
	for _, account := range []string{"beta", "acme"} {
		err := s.Commit(t.Context(), &sync.Commit{
			Run: run, Account: account, FinishedAt: monday, Status: sync.HeldRun, Plan: planOf(t, s, account),
			Full: true, TakenAt: monday, Keep: &sync.Keep{Last: 1, Pieces: piece(account)},
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	got, err := s.Kept(t.Context(), run)
	want := []KeptRow{{run, "acme", *sqlrows.Stamp(monday), []byte("acme")}, {run, "beta", *sqlrows.Stamp(monday), []byte("beta")}}
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Error(diff, err)
	}
}

// What cannot be kept costs nobody the run.
func TestAFailureToKeepIsNoFailureOfTheRun(t *testing.T) {
	s := newTestStore(t)
	if _, err := s.db.Writes.ExecContext(t.Context(), `DROP TABLE snapshots`); err != nil {
		t.Fatal(err)
	}
	k := &sync.Keep{Last: 2, Pieces: piece("one")}
	run := keepRun(t, s, "acme", k)
	if k.Err == nil || !strings.Contains(k.Err.Error(), "keep the snapshot of run 1 of account acme in the roster database") {
		t.Error(k.Err)
	}
	rows, err := s.Run(t.Context(), run)
	if err != nil || rows[0].Status != sync.Succeeded || rows[0].Error != "" {
		t.Error(rows, err)
	}
}

// A commit that is refused keeps nothing.
func TestAnOutcomeThatWasNotWrittenKeepsNothing(t *testing.T) {
	s := newTestStore(t)
	k := &sync.Keep{Last: 2, Pieces: piece("one")}
	err := s.Commit(t.Context(), &sync.Commit{Run: 9, Account: "acme", Plan: &sync.Plan{}, Full: true, TakenAt: monday, Keep: k})
	if err == nil {
		t.Error("a run that has not begun was committed")
	}
	wantKept(t, s)
}

// BenchmarkKeep writes what is kept of a run of 100,000 people, and removes the
// oldest.
func BenchmarkKeep(b *testing.B) {
	s := newTestStore(b)
	data := make([]byte, 12<<20)
	random := rand.NewChaCha8([32]byte{})
	_, _ = random.Read(data)
	for b.Loop() {
		k := &sync.Keep{Last: 2, Pieces: []sync.Piece{{Name: crand.Text(), Data: data}}}
		if keepRun(b, s, "acme", k); k.Err != nil {
			b.Fatal(k.Err)
		}
	}
	b.StopTimer()
	rows, err := s.Kept(b.Context(), sync.RunID(b.N))
	if err != nil || !bytes.Equal(rows[0].Data, data) {
		b.Fatal(err)
	}
}
