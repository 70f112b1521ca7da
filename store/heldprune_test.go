package store

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"ringroster/sync"
)

// Held changes go a while after they were done with: never those that are open, however
// old the run is that showed them.
func TestPruneKeepsWhatIsOpen(t *testing.T) {
	f := newHeldFixture(t)
	f.whole(f.leaver("Ann"), f.leaver("Bob"), f.leaver("Cy"), f.arrival("rc:900"))
	if err := errors.Join(f.settle(sync.Approve, f.id("Ann")), f.settle(sync.Reject, f.id("Bob"))); err != nil {
		t.Fatal(err)
	}
	f.whole(slices.DeleteFunc(f.open(), func(h sync.HeldChange) bool { return h.Member == 0 })...)
	for _, c := range []struct {
		before time.Time
		want   []string
	}{
		{monday.AddDate(0, 0, 1), []string{"2: Cy status waiting", "2: Bob status rejected by chief in run 4", "2: rc:900  ended", "2: Ann status approved by chief in run 3"}},
		{monday.AddDate(0, 0, 2), []string{"2: Cy status waiting", "2: Bob status rejected by chief in run 4", "2: rc:900  ended"}},
		{monday.AddDate(1, 0, 0), []string{"2: Cy status waiting", "2: Bob status rejected by chief in run 4"}},
	} {
		if _, err := f.s.Prune(t.Context(), c.before); err != nil {
			t.Fatal(err)
		}
		f.want(c.want...)
	}
	// The number of what is gone is nobody else's.
	f.whole(append(f.open(), f.leaver("Ann"))...)
	if id := f.id("Ann"); id != 5 {
		t.Errorf("a new one has number %d", id)
	}
}

// More than one transaction's worth goes, too.
func TestPruneOfManyHeldChanges(t *testing.T) {
	f := newHeldFixture(t)
	var all []sync.HeldChange
	for i := range pruneStep + 7 {
		all = append(all, f.arrival(fmt.Sprintf("rc:%d", 1000+i)))
	}
	f.whole(all...)
	f.whole()
	if n, err := f.s.Prune(t.Context(), f.day.AddDate(0, 0, 1)); n != len(all) || err != nil {
		t.Errorf("%d of %d went, %v", n, len(all), err)
	}
}
