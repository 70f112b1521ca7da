package reconcile_test

import (
	"errors"
	"slices"
	"testing"

	"ringroster/sync"
	"ringroster/sync/edit"
)

func TestR4RetireEndsWhoeverIsActiveAndNotDetached(t *testing.T) {
	members := []*sync.Member{
		{ID: 1, Status: sync.Active, Managed: true, Linked: true},
		{ID: 2, Status: sync.Active, Managed: true}, // never linked, and no leaver in a sync (R15)
		{ID: 3, Status: sync.Active},
		{ID: 4, Status: sync.Inactive, Managed: true, DeactivationReason: sync.ReasonRemoved},
	}
	bound := sync.State{Bound: sync.Identity{MainAccountID: "99990000"}}
	plan, settled, err := edit.Retire("acme")(bound, slices.Values(members))
	if err != nil || settled != nil {
		t.Fatal(settled, err)
	}
	var ended []int64
	for i := range plan.Changes {
		c := &plan.Changes[i]
		next := c.Next()
		if c.Kind != sync.Deactivate || next.Status != sync.Inactive || next.Synced.Status != sync.Inactive || next.DeactivationReason != sync.ReasonRetired {
			t.Errorf("change %+v to %+v", c, next)
		}
		ended = append(ended, c.Member)
	}
	if !slices.Equal(ended, []int64{1, 2}) || !plan.Retired {
		t.Errorf("ended %v, retired %t", ended, plan.Retired)
	}
	if len(plan.Notes) != 1 || plan.Notes[0].Member != 3 || plan.Notes[0].Reason != sync.NoteNotManaged {
		t.Errorf("notes %+v", plan.Notes)
	}
	if members[0].Status != sync.Active {
		t.Error("the member itself was changed")
	}
}

func TestR4RetireAgainIsNothingToDo(t *testing.T) {
	gone := []*sync.Member{{ID: 4, Status: sync.Inactive, Managed: true}}
	_, _, err := edit.Retire("acme")(sync.State{}, slices.Values(gone))
	if _, ok := errors.AsType[*edit.NothingToDoError](err); !ok {
		t.Errorf("error %v", err)
	}
	// A binding alone is something to free.
	bound := sync.State{Bound: sync.Identity{RingEXAccountID: "8"}}
	if plan, _, err := edit.Retire("acme")(bound, slices.Values(gone)); err != nil || !plan.Retired || len(plan.Changes) > 0 {
		t.Errorf("plan %+v, error %v", plan, err)
	}
}
