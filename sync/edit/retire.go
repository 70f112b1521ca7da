package edit

import (
	"fmt"
	"iter"
	"strings"

	"ringroster/sync"
)

// Retire ends an account that is gone for good (R4): its active members become inactive,
// nothing about them waits any more, and its name is bound to no RingCentral account.
// Members who were detached are left alone, with a note: nothing but an edit of theirs
// changes them.
func Retire(account string) sync.Edit {
	return func(state sync.State, all iter.Seq[*sync.Member]) (*sync.Plan, *sync.Settled, error) {
		plan := &sync.Plan{Retired: true}
		for m := range all {
			switch {
			case m.Status != sync.Active:
			case !m.Managed:
				plan.Notes = append(plan.Notes, sync.Note{
					Member: m.ID, Name: m.Profile.Name(), Reason: sync.NoteNotManaged,
					Detail: fmt.Sprintf("detached, and stays active; `ringroster roster attach %d` first, if the member is to end as well", m.ID),
				})
			default:
				plan.Changes = append(plan.Changes, retire(m))
			}
		}
		if len(plan.Changes) == 0 && state.Bound == (sync.Identity{}) {
			what := []string{fmt.Sprintf("account %s has no active member that is not detached, and is bound to no RingCentral account", account)}
			for _, n := range plan.Notes {
				what = append(what, fmt.Sprintf("member %d is %s", n.Member, n.Detail))
			}
			return nil, nil, &NothingToDoError{strings.Join(what, "; ")}
		}
		plan.Summary = sync.CountChanges(plan.Changes)
		return plan, nil, nil
	}
}

func retire(m *sync.Member) sync.Change {
	next := *m
	next.Status, next.Synced.Status, next.DeactivationReason = sync.Inactive, sync.Inactive, sync.ReasonRetired
	return sync.Change{
		Kind: sync.Deactivate, Member: m.ID, Name: m.Profile.Name(), Email: m.Profile[sync.Email],
		Reason: sync.ReasonRetired, Detail: sync.LeaverDetail(sync.ReasonRetired), Next: next.Itself,
		Fields: []sync.FieldChange{{Field: sync.StatusField, Before: string(sync.Active), After: string(sync.Inactive), Reason: sync.ReasonRetired}},
	}
}
