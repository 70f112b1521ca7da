package store

import (
	"errors"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"ringroster/store/deliver"
)

// published is the one destination of a store.
func published(t *testing.T, s *Store) *deliver.Publication {
	t.Helper()
	rows, err := s.Publications(t.Context())
	if err != nil || len(rows) != 1 {
		t.Fatalf("there are %+v, %v", rows, err)
	}
	return &rows[0]
}

// deliverTo notes a delivery to the one destination.
func deliverTo(t *testing.T, s *Store, version string, rows []byte) {
	t.Helper()
	p := published(t, s)
	if mine, err := s.Claim(t.Context(), &p.Destination, monday, time.Minute); err != nil || !mine {
		t.Fatalf("claimed: %v, %v", mine, err)
	}
	p.Done("")
	p.Version, p.Rows, p.DeliveredAt = version, len(rows), monday
	if err := s.SettlePublished(t.Context(), p, deliver.Given{Rows: rows}); err != nil {
		t.Fatal(err)
	}
}

func publishTo(t *testing.T, s *Store, name, kind string) {
	t.Helper()
	if err := s.Publish(t.Context(), map[string]string{name: kind}, monday); err != nil {
		t.Fatal(err)
	}
}

// TestPublished: what was delivered last is kept, also without the settings, until it is
// forgotten.
func TestPublished(t *testing.T) {
	s := newTestStore(t)
	publishTo(t, s, "drop", deliver.OfRoster)
	deliverTo(t, s, "v1", []byte("rows"))
	publishTo(t, s, "drop", deliver.OfRoster)
	if err := s.Publish(t.Context(), nil, monday); err != nil {
		t.Fatal(err)
	}
	p := published(t, s)
	g, err := s.Given(t.Context(), p)
	if err != nil || p.Version != "v1" || p.Rows != 4 || string(g.Rows) != "rows" || !p.DeliveredAt.Equal(monday) || p.Restored {
		t.Errorf("it stands as %+v with %q, %v", p, g.Rows, err)
	}
	if err := s.Unpublish(t.Context(), "drop"); err != nil {
		t.Fatal(err)
	}
	if rows, err := s.Publications(t.Context()); err != nil || len(rows) != 0 {
		t.Errorf("there are %+v, %v", rows, err)
	}
}

// Whoever lost the claim, since it took too long, notes nothing any more.
func TestALostClaimNotesNothing(t *testing.T) {
	s := newTestStore(t)
	publishTo(t, s, "drop", deliver.OfRoster)
	slow := published(t, s)
	if mine, err := s.Claim(t.Context(), &slow.Destination, monday, time.Minute); err != nil || !mine {
		t.Fatalf("claimed: %v, %v", mine, err)
	}
	quick := published(t, s)
	if mine, err := s.Claim(t.Context(), &quick.Destination, monday.Add(2*time.Minute), time.Minute); err != nil || !mine {
		t.Fatalf("claimed: %v, %v", mine, err)
	}
	slow.Version = "slow"
	if err := s.SettlePublished(t.Context(), slow, deliver.Given{}); err != nil {
		t.Fatal(err)
	}
	quick.Version = "quick"
	if err := s.SettlePublished(t.Context(), quick, deliver.Given{}); err != nil {
		t.Fatal(err)
	}
	if p := published(t, s); p.Version != "quick" {
		t.Errorf("the version is %s", p.Version)
	}
}

// TestApprovalsAreOfWhatWasShown: what became held since, or lacks more, is not approved.
func TestApprovalsAreOfWhatWasShown(t *testing.T) {
	s := newTestStore(t)
	publishTo(t, s, "drop", deliver.OfRoster)
	approve := func(p *deliver.Publication) bool {
		t.Helper()
		approved, err := s.ApprovePublication(t.Context(), p, "chief", monday)
		if err != nil {
			t.Fatal(err)
		}
		return approved
	}
	hold := func(since time.Time, leaving int) *deliver.Publication {
		t.Helper()
		p := published(t, s)
		if mine, err := s.Claim(t.Context(), &p.Destination, monday, time.Minute); err != nil || !mine {
			t.Fatalf("claimed: %v, %v", mine, err)
		}
		p.Done("")
		p.Held = deliver.Withheld{Reason: "shrunk", Since: since, Leaving: leaving}
		if err := s.SettlePublished(t.Context(), p, deliver.Given{}); err != nil {
			t.Fatal(err)
		}
		return published(t, s)
	}
	if approve(published(t, s)) {
		t.Error("nothing waited, and was approved")
	}
	shown := hold(monday, 10)
	hold(monday, 11)
	if approve(shown) {
		t.Error("more was missing, and was approved")
	}
	shown = hold(monday.Add(time.Hour), 11)
	hold(monday.Add(2*time.Hour), 11)
	if approve(shown) {
		t.Error("it became held anew, and was approved")
	}
	if !approve(published(t, s)) || published(t, s).Held.ApprovedBy != "chief" {
		t.Errorf("it stands as %+v", published(t, s))
	}
}

// TestARestoredRosterKnowsThatItDoesNotKnow what was delivered since the backup.
func TestARestoredRosterKnowsThatItDoesNotKnow(t *testing.T) {
	s := newTestStore(t)
	publishTo(t, s, "drop", deliver.OfRoster)
	deliverTo(t, s, "v1", []byte("rows"))
	roster, epoch, err := s.Source(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	backup := filepath.Join(t.TempDir(), "copy.db")
	if err := errors.Join(s.Backup(t.Context(), backup), s.Close()); err != nil {
		t.Fatal(err)
	}
	if _, err := Restore(t.Context(), backup, s.Path(), Options{}); err != nil {
		t.Fatal(err)
	}
	if s, err = Open(t.Context(), s.Path(), Options{}); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = s.Close() }()
	if p := published(t, s); !p.Restored || p.Version != "v1" {
		t.Errorf("it stands as %+v", p)
	}
	again, later, err := s.Source(t.Context())
	if err != nil || again != roster || later <= epoch {
		t.Errorf("the source went from %s, %d to %s, %d, %v", roster, epoch, again, later, err)
	}
	if err := s.Unpublish(t.Context(), "drop"); err != nil {
		t.Fatal(err)
	}
	publishTo(t, s, "drop", deliver.OfRoster) // it may have been delivered to before the backup was made
	if p := published(t, s); !p.Restored {
		t.Errorf("it stands as %+v", p)
	}
}

// TestTheVersionOfWhatIsPublished changes with every change, whoever makes it, and with nothing else.
func TestTheVersionOfWhatIsPublished(t *testing.T) {
	s := newTestStore(t)
	version := func() (text string) {
		t.Helper()
		err := s.At(t.Context(), func(i *deliver.Instant) (err error) {
			text, err = i.Version(t.Context(), deliver.OfRoster)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		return text
	}
	ann := person("acme", "Ann", "Lee")
	steps := []struct {
		name    string
		do      func()
		changes bool
	}{
		{"a newcomer", func() { apply(t, s, monday, planOf(t, s, "acme", onboard(ann))) }, true},
		{"a run that changes nothing", func() { apply(t, s, monday, planOf(t, s, "acme")) }, false},
		{"a run that changes something", func() { apply(t, s, monday, planOf(t, s, "acme", rename(ann, "Lim"))) }, true},
		{"an edit by another hand", func() { execute(t, s.Path(), `UPDATE members SET site = 'x'`) }, true},
		{"a row by another hand", func() {
			execute(t, s.Path(), `INSERT INTO members (account, first_name, last_name, email) VALUES ('acme', 'Zoe', 'Lim', 'z@example.com')`)
		}, true},
	}
	for _, step := range steps {
		before := version()
		step.do()
		if diff := cmp.Diff(before, version()); (diff != "") != step.changes {
			t.Errorf("%s: %s", step.name, diff)
		}
	}
}
