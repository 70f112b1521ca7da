package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"

	"ringroster/store"
	"ringroster/sync"
)

// fates say what became of something held.
var fates = map[string]string{
	string(sync.Waiting):  "still waiting",
	string(sync.Suspect):  "kept by another rule meanwhile",
	string(sync.Rejected): "rejected already",
	store.HeldApproved:    "approved already",
	store.HeldEnded:       "no longer held",
}

// fateText says what became of a change that does not wait.
func fateText(ctx context.Context, st *store.Store, h *store.HeldRow) (string, error) {
	if h.State == string(sync.Waiting) { // and was not found where it was looked for
		return fmt.Sprintf("%s: %s: first shown as it is now by run %d, so decide about that number", subjectText(h), whatHeld(h), h.RunID), nil
	}
	now, _, err := standsNow(ctx, st, h)
	return fmt.Sprintf("%s: %s%s, and %s", subjectText(h), fates[h.State], prefixed(" by ", h.DecidedBy), now), err
}

// standsNow says how the roster has whom a change is about; there is false for one who is
// inactive, or removed.
func standsNow(ctx context.Context, st *store.Store, h *store.HeldRow) (now string, there bool, err error) {
	switch {
	case h.ContactID != nil:
		_, err := st.Contact(ctx, *h.ContactID)
		if _, gone := errors.AsType[*store.NoContactError](err); gone {
			return "removed", false, nil
		}
		return "still a contact", true, err
	case h.MemberID == nil:
		return "not on the roster", true, nil
	}
	row, err := memberRow(ctx, st, *h.MemberID)
	switch {
	case err != nil:
		return "", false, err
	case row.Status == sync.Active:
		return "active", true, nil
	}
	return "inactive" + prefixed(" since ", text(row.DeactivatedAt)) + prefixed(", reason ", row.DeactivationReason), h.Kind != sync.Deactivate, nil
}

// tellApproved says what of the approved changes was not applied, and what waits on. That
// nothing was applied is an error, since nothing came of the approval.
func (a *app) tellApproved(ctx context.Context, st *store.Store, id sync.RunID, sets []chosenSet) error {
	runs, err := st.Run(ctx, id)
	if err != nil {
		return err
	}
	failed := map[string]bool{}
	for i := range runs {
		failed[runs[i].Account] = runs[i].Status == sync.Failed
	}
	applied, failures := 0, 0
	for i := range sets {
		set := &sets[i]
		if failed[set.account] {
			failures++ // that was told
			continue
		}
		n, err := a.tellApplied(ctx, st, set)
		if err != nil {
			return err
		}
		applied += n
		if set.spared > 0 {
			_, _ = fmt.Fprintf(a.aside(), "\n%s on: `ringroster held` shows them.\n", counted(set.spared, "other change of "+set.account+" waits", "other changes of "+set.account+" wait"))
		}
	}
	if applied == 0 && failures == 0 {
		return errors.New("nothing was applied: none of the approved changes is planned any more as it was shown")
	}
	return nil
}

// tellApplied says of one account what was approved and not applied, and counts the rest.
func (a *app) tellApplied(ctx context.Context, st *store.Store, set *chosenSet) (applied int, err error) {
	rows, err := st.Held(ctx, store.HeldFilter{Account: set.account, Job: set.job, States: everyState})
	if err != nil {
		return 0, err
	}
	state := map[int64]string{}
	for i := range rows {
		state[rows[i].HeldID] = rows[i].State
	}
	for i := range set.rows {
		h := &set.rows[i]
		switch now := state[h.HeldID]; {
		case now == store.HeldApproved:
			applied++
		case now == string(sync.Waiting):
			_, _ = fmt.Fprintf(a.aside(), "not applied: %s: %s. RingCentral does not ask for it now; it waits on%s.\n", subjectText(h), whatHeld(h), toExplain(h))
		default:
			_, _ = fmt.Fprintf(a.aside(), "not applied: %s: %s: %s.\n", subjectText(h), whatHeld(h), fates[now])
		}
	}
	return applied, nil
}

// toExplain names the command that says how somebody stands. Contacts have none.
func toExplain(h *store.HeldRow) string {
	who := h.Person
	switch {
	case h.Job == sync.JobContacts:
		return ""
	case h.MemberID != nil:
		who = strconv.FormatInt(*h.MemberID, 10)
	}
	return fmt.Sprintf(", and `ringroster explain %s` says how they stand", clean(who))
}

// aside is where words for people go: among them, or beside a document that
// programs read.
func (a *app) aside() io.Writer {
	if a.output == formatTable {
		return a.stdout
	}
	return a.stderr
}
