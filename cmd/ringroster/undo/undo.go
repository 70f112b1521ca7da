// Package undo reads from the history what a run did, and makes of it the edits that put
// it back (R29).
package undo

import (
	"context"
	"fmt"

	"ringroster/store"
	"ringroster/store/views"
	"ringroster/sync"
	"ringroster/sync/edit"
)

// Edits are what puts back a run, by account; run is its rows, one for each account. A run
// whose changes are not all there any more cannot be undone. Without force, what was
// changed again since is left alone.
func Edits(ctx context.Context, st *store.Store, run []views.RunRow, force bool) (accounts []string, edits map[string]sync.Edit, err error) {
	id := run[0].RunID
	if run[0].Job == sync.JobContacts {
		return nil, nil, fmt.Errorf("run %d kept contacts in step, which follow RingCentral in everything: there is nothing to undo", id)
	}
	done := map[string][]sync.Done{}
	earlier := map[int64]sync.Reason{}
	for c, err := range st.Changes(ctx, id) {
		if err != nil {
			return nil, nil, err
		}
		done[c.Account] = append(done[c.Account], sync.Done{
			Member: c.MemberID, Kind: c.Kind, Field: text(c.Field), Before: text(c.Before), After: c.After, Reason: c.Reason,
			ReportedBefore: c.ReportedBefore, ReportedAfter: c.ReportedAfter,
		})
		if text(c.Field) == "status" && text(c.Before) == string(sync.Inactive) {
			if earlier[c.MemberID], err = leftBefore(ctx, st, c.MemberID, c.ChangeID); err != nil {
				return nil, nil, err
			}
		}
	}
	// Asked last: what was read before a prune is whole.
	if pruned, err := st.RunPruned(ctx, id); err != nil {
		return nil, nil, err
	} else if pruned {
		return nil, nil, fmt.Errorf("run %d cannot be undone: changes of it are gone from the history, which history.keep_days in the settings keeps short (R29)", id)
	}
	edits = map[string]sync.Edit{}
	for _, row := range run {
		if len(done[row.Account]) > 0 {
			accounts = append(accounts, row.Account)
			edits[row.Account] = edit.Undo(done[row.Account], earlier, force)
		}
	}
	if len(accounts) == 0 {
		return nil, nil, &edit.NothingToDoError{What: fmt.Sprintf("run %d changed nothing that could be put back", id)}
	}
	return accounts, edits, nil
}

// leftBefore finds why a member was inactive before a change of its history. When
// that is pruned, what is left to say is that an operator made it so again: no
// reason at all would say that it was set inactive by hand.
func leftBefore(ctx context.Context, st *store.Store, member, before int64) (reason sync.Reason, err error) {
	told := false
	for c, err := range st.History(ctx, member) {
		if err != nil {
			return "", err
		}
		if c.ChangeID >= before {
			break
		}
		switch text(c.Field) {
		case "status":
			told, reason = true, ""
			if c.After == string(sync.Inactive) {
				reason = c.Reason
			}
		case "deactivation_reason": // given or taken since
			told, reason = true, sync.Reason(c.After)
		}
	}
	if pruned, err := st.MemberPruned(ctx, member); err != nil || told || !pruned {
		return reason, err
	}
	return sync.ReasonOperator, nil
}

// text is a value that may be missing.
func text(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}
