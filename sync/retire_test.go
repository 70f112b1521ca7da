package sync

import (
	"errors"
	"slices"
	"testing"
)

func TestR4RetireEndsWhoeverIsActiveAndNotDetached(t *testing.T) {
	members := []*Member{
		{ID: 1, Status: Active, Managed: true, Linked: true},
		{ID: 2, Status: Active, Managed: true}, // never linked, and no leaver in a sync (R15)
		{ID: 3, Status: Active},
		{ID: 4, Status: Inactive, Managed: true, DeactivationReason: ReasonRemoved},
	}
	bound := State{Bound: Identity{MainAccountID: "99990000"}}
	plan, settled, err := Retire("acme")(bound, slices.Values(members))
	if err != nil || settled != nil {
		t.Fatal(settled, err)
	}
	var ended []int64
	for i := range plan.Changes {
		c := &plan.Changes[i]
		next := c.Next()
		if c.Kind != Deactivate || next.Status != Inactive || next.Synced.Status != Inactive || next.DeactivationReason != ReasonRetired {
			t.Errorf("change %+v to %+v", c, next)
		}
		ended = append(ended, c.Member)
	}
	if !slices.Equal(ended, []int64{1, 2}) || !plan.Retired {
		t.Errorf("ended %v, retired %t", ended, plan.Retired)
	}
	if len(plan.Notes) != 1 || plan.Notes[0].Member != 3 || plan.Notes[0].Reason != NoteNotManaged {
		t.Errorf("notes %+v", plan.Notes)
	}
	if members[0].Status != Active {
		t.Error("the member itself was changed")
	}
}

func TestR4RetireAgainIsNothingToDo(t *testing.T) {
	gone := []*Member{{ID: 4, Status: Inactive, Managed: true}}
	_, _, err := Retire("acme")(State{}, slices.Values(gone))
	if _, ok := errors.AsType[*NothingToDoError](err); !ok {
		t.Errorf("error %v", err)
	}
	// A binding alone is something to free.
	bound := State{Bound: Identity{RingEXAccountID: "8"}}
	if plan, _, err := Retire("acme")(bound, slices.Values(gone)); err != nil || !plan.Retired || len(plan.Changes) > 0 {
		t.Errorf("plan %+v, error %v", plan, err)
	}
}
