package store

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"ringroster/sync"
)

// TestR26LossesOfLoginsStandBesideEachOther: a rejected loss of a login stays open beside another of
// the same member, which is decided about by itself.
func TestR26LossesOfLoginsStandBesideEachOther(t *testing.T) {
	for _, decision := range []sync.Trigger{sync.Approve, sync.Reject, sync.Clear} {
		t.Run(string(decision), func(t *testing.T) {
			f := newHeldFixture(t)
			f.whole(f.update("Ann", "logins", "first"))
			if err := f.settle(sync.Reject, f.open()[0].ID); err != nil {
				t.Fatal(err)
			}
			first := f.open()[0]
			f.whole(first, f.update("Ann", "logins", "second"))
			states := func() (all []string) {
				for _, h := range f.open() {
					all = append(all, fmt.Sprint(h.After, " ", h.State))
				}
				return all
			}
			if diff := cmp.Diff([]string{"first rejected", "second waiting"}, states()); diff != "" {
				t.Fatal(diff)
			}
			id := f.open()[1].ID
			if decision == sync.Clear {
				id = first.ID
			}
			if err := f.settle(decision, id); err != nil {
				t.Fatal(err)
			}
			want := map[sync.Trigger][]string{
				sync.Approve: {"first rejected"},
				sync.Reject:  {"first rejected", "second rejected"},
				sync.Clear:   {"second waiting", "first suspect"},
			}[decision]
			if diff := cmp.Diff(want, states()); diff != "" {
				t.Error(diff)
			}
		})
	}
}
