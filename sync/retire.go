package sync

import (
	"fmt"
	"iter"
	"strings"
)

// ReasonRetired is why the members of an account are inactive that is gone for good.
const ReasonRetired Reason = "account_retired"

// Retire ends an account that is gone for good (R4): its active members become inactive,
// nothing about them waits any more, and its name is bound to no RingCentral account.
// Members who were detached are left alone, with a note: nothing but an edit of theirs
// changes them.
func Retire(account string) Edit {
	return func(state State, all iter.Seq[*Member]) (*Plan, *Settled, error) {
		plan := &Plan{Retired: true}
		for m := range all {
			switch {
			case m.Status != Active:
			case !m.Managed:
				plan.Notes = append(plan.Notes, Note{
					Member: m.ID, Name: m.Profile.Name(), Reason: NoteNotManaged,
					Detail: fmt.Sprintf("detached, and stays active; `ringroster roster attach %d` first, if the member is to end as well", m.ID),
				})
			default:
				plan.Changes = append(plan.Changes, m.retire())
			}
		}
		if len(plan.Changes) == 0 && state.Bound == (Identity{}) {
			what := []string{fmt.Sprintf("account %s has no active member that is not detached, and is bound to no RingCentral account", account)}
			for _, n := range plan.Notes {
				what = append(what, fmt.Sprintf("member %d is %s", n.Member, n.Detail))
			}
			return nil, nil, &NothingToDoError{strings.Join(what, "; ")}
		}
		plan.Summary = countChanges(plan.Changes)
		return plan, nil, nil
	}
}

func (m *Member) retire() Change {
	next := *m
	next.Status, next.Synced.Status, next.DeactivationReason = Inactive, Inactive, ReasonRetired
	return Change{
		Kind: Deactivate, Member: m.ID, Name: m.Profile.Name(), Email: m.Profile[Email],
		Reason: ReasonRetired, Detail: leaverDetail(ReasonRetired), Next: next.itself,
		Fields: []FieldChange{{Field: statusField, Before: string(Active), After: string(Inactive), Reason: ReasonRetired}},
	}
}
