package store

import (
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"ringroster/store/heldrows"
	"ringroster/sync"
)

// TestR25Reconcile: the open set after a full run, by what its plan
// leaves open of a set that run 2 opened with Ann and Bob, who wait, and Cy, whom run 3
// rejected.
func TestR25Reconcile(t *testing.T) {
	const ann, bob, cy = 0, 1, 2
	for name, c := range map[string]struct {
		plan func(f *heldFixture, open []sync.HeldChange) []sync.HeldChange
		want []string
	}{
		"all as it was": {
			func(_ *heldFixture, open []sync.HeldChange) []sync.HeldChange { return open },
			[]string{"2: Ann status waiting", "2: Bob status waiting", "2: Cy status rejected by chief in run 3"},
		},
		"one is needed no more": {
			func(_ *heldFixture, open []sync.HeldChange) []sync.HeldChange { return open[bob:] },
			[]string{"2: Bob status waiting", "2: Cy status rejected by chief in run 3", "2: Ann status ended"},
		},
		"another comes": {
			func(f *heldFixture, open []sync.HeldChange) []sync.HeldChange {
				return append(open, f.update("Ann", "last_name", "Ng"), f.arrival("rc:900", "agent:1/2"))
			},
			[]string{
				"2: Ann status waiting", "2: Bob status waiting", "4: rc:900  waiting", "4: Ann last_name waiting",
				"2: Cy status rejected by chief in run 3",
			},
		},
		"one has another value": {
			func(_ *heldFixture, open []sync.HeldChange) []sync.HeldChange {
				open[ann].Run, open[ann].After = 0, "retired"
				return open
			},
			[]string{"2: Bob status waiting", "4: Ann status waiting", "2: Cy status rejected by chief in run 3"},
		},
		"one is kept by a step of the ladder": {
			func(_ *heldFixture, open []sync.HeldChange) []sync.HeldChange {
				open[ann].Run, open[ann].State = 0, sync.Suspect
				return open
			},
			[]string{"2: Bob status waiting", "4: Ann status suspect", "2: Cy status rejected by chief in run 3"},
		},
		"a rejected one waits again": {
			func(_ *heldFixture, open []sync.HeldChange) []sync.HeldChange {
				open[cy].Run, open[cy].State = 0, sync.Waiting
				return open
			},
			[]string{
				"2: Ann status waiting", "2: Bob status waiting", "4: Cy status waiting",
				"2: Cy status ended by chief in run 3",
			},
		},
		"a rejection ends": {
			func(_ *heldFixture, open []sync.HeldChange) []sync.HeldChange { return open[:cy] },
			[]string{"2: Ann status waiting", "2: Bob status waiting", "2: Cy status ended by chief in run 3"},
		},
		"nothing is left": {
			func(*heldFixture, []sync.HeldChange) []sync.HeldChange { return nil },
			[]string{"2: Ann status ended", "2: Bob status ended", "2: Cy status ended by chief in run 3"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			f := newHeldFixture(t)
			f.whole(f.leaver("Ann"), f.leaver("Bob"), f.leaver("Cy"))
			if err := f.settle(sync.Reject, f.id("Cy")); err != nil {
				t.Fatal(err)
			}
			planned := c.plan(f, f.open())
			want := slices.Clone(planned)
			f.whole(planned...)
			slices.Sort(c.want)
			all := f.rows(heldrows.Filter{States: []string{"waiting", "suspect", "rejected", "approved", "ended"}})
			slices.Sort(all)
			if diff := cmp.Diff(c.want, all); diff != "" {
				t.Error(diff)
			}
			checkOpen(t, want, planned, f.open())
		})
	}
}

// checkOpen sees that the roster has open what was planned, under the numbers that the
// plan got.
func checkOpen(t *testing.T, before, planned, open []sync.HeldChange) {
	t.Helper()
	for i := range before {
		if before[i].Run == 0 {
			before[i].Run = 4
		}
		before[i].ID = planned[i].ID
	}
	slices.SortFunc(before, func(a, b sync.HeldChange) int { return int(a.ID - b.ID) })
	if diff := cmp.Diff(before, open); diff != "" {
		t.Error("State.Open:", diff)
	}
}

// A row that says the same is not written again, and one that says something else is.
func TestReconcileWritesNothingTwice(t *testing.T) {
	f := newHeldFixture(t)
	f.whole(f.leaver("Ann"), f.leaver("Bob"))
	byHand(t, f.s, `CREATE TRIGGER told AFTER UPDATE ON held_changes BEGIN
		SELECT RAISE(ABORT, 'written again') WHERE old.member_id = `+fmt.Sprint(f.who["Ann"].ID)+`; END`)
	open := f.open()
	open[1].Detail = "something else"
	f.whole(open...)
	if got := f.open()[1].Detail; got != "something else" {
		t.Errorf("the detail is %q", got)
	}
}

func TestR25AnOpenRowThatIsGoneIsARosterThatMoved(t *testing.T) {
	f := newHeldFixture(t)
	f.whole(f.leaver("Ann"))
	p := planOf(t, f.s, "acme")
	p.Open = f.open()
	byHand(t, f.s, `DELETE FROM held_changes`)
	err := f.s.Commit(t.Context(), &sync.Commit{
		Run: f.begin(sync.Manual), Account: "acme", FinishedAt: f.day, Status: sync.HeldRun, Plan: p, Full: true, TakenAt: f.day,
	})
	if !errors.Is(err, sync.ErrMoved) {
		t.Errorf("%v, want ErrMoved", err)
	}
}
