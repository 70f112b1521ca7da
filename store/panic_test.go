package store

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"ringroster/sync"
)

// TestAPanicInACommitWritesNothing: neither those who were written before it nor
// anything else, and the roster can be written again (R27).
func TestAPanicInACommitWritesNothing(t *testing.T) {
	s := newTestStore(t)
	ann, bob, cy := person("acme", "Ann", "Lee"), person("acme", "Bob", "Roy"), person("acme", "Cy", "Poe")
	apply(t, s, monday, planOf(t, s, "acme", onboard(ann)))
	faulty := onboard(cy)
	faulty.Next = func() *sync.Member { panic("a fault of ours") }
	c := planOf(t, s, "acme", onboard(bob), faulty)
	run := beginRun(t, s, monday, "acme", sync.Scheduled)
	err := sync.Contain(func() error {
		return s.Commit(t.Context(), &sync.Commit{Run: run, Account: "acme", FinishedAt: monday, Status: sync.Succeeded, Plan: c, Full: true})
	})
	if _, ok := errors.AsType[*sync.PanicError](err); !ok {
		t.Fatalf("error %v", err)
	}
	if diff := cmp.Diff([]*sync.Member{ann}, members(t, s, "acme")); diff != "" {
		t.Error(diff)
	}
	apply(t, s, monday, planOf(t, s, "acme", onboard(bob)))
	if got := members(t, s, "acme"); len(got) != 2 {
		t.Errorf("%d members", len(got))
	}
}
