package reconcile_test

import (
	"context"
	"slices"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"ringroster/sync"
)

// twin is a roster that is told all that happens to a world. The laws and stories of this
// package keep their books in memory: they hold for a roster that knows the same at each step.
type twin struct {
	sync.Roster
	t rapid.TB
}

// tell has a roster beside the books from now on; nil: none.
func (w *world) tell(t rapid.TB, r sync.Roster) {
	if r != nil {
		w.twin = &twin{r, t}
	}
}

// end commits what the world is about to do.
func (w *twin) end(c sync.Commit, trigger sync.Trigger) {
	w.t.Helper()
	ctx := context.Background()
	run, err := w.Begin(ctx, sync.Run{Accounts: []string{c.Account}, Trigger: trigger, Actor: "Ada", StartedAt: c.FinishedAt})
	if err != nil {
		w.t.Fatal(err)
	}
	state, err := w.State(ctx, c.Account, c.FinishedAt)
	if err != nil {
		w.t.Fatal(err)
	}
	plan := *c.Plan
	plan.Version, plan.Open = state.Version, slices.Clone(plan.Open)
	if plan.Held != nil {
		held := *plan.Held
		plan.Held = &held
	}
	c.Plan, c.Status = &plan, sync.Succeeded
	if run != c.Run {
		w.t.Fatalf("run %d is number %d of the twin", c.Run, run)
	}
	c.Run = run
	if err := w.Commit(ctx, &c); err != nil {
		w.t.Fatal(err)
	}
}

// mustKnow compares what both know as a plan begins.
func (w *twin) mustKnow(state *sync.State, members []*sync.Member, now time.Time) {
	w.t.Helper()
	got, err := w.State(context.Background(), "acme", now)
	if err != nil {
		w.t.Fatal(err)
	}
	// Versions differ, since the books count no edit that decides nothing; what was kept and
	// other accounts are no matter of the books.
	ignored := cmpopts.IgnoreFields(sync.State{}, "Version", "Kept", "Bases", "Others", "New", "NewSupervisors")
	if diff := cmp.Diff(state, &got, ignored, cmpopts.EquateEmpty()); diff != "" {
		w.t.Errorf("the twin's state differs:\n%s", diff)
	}
	var known []*sync.Member
	for m, err := range w.Members(context.Background(), "acme", nil) {
		if err != nil {
			w.t.Fatal(err)
		}
		known = append(known, m)
	}
	slices.SortFunc(known, func(a, b *sync.Member) int { return int(a.ID - b.ID) })
	if diff := cmp.Diff(members, known, cmpopts.IgnoreFields(sync.Member{}, "Unsealed"), cmpopts.EquateEmpty()); diff != "" {
		w.t.Errorf("the twin's members differ:\n%s", diff)
	}
}
