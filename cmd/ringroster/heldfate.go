package main

import (
	"context"
	"errors"
	"fmt"

	"ringroster/store"
	"ringroster/store/contactrows"
	"ringroster/store/heldrows"
	"ringroster/sync"
)

// suspectFate is when a suspect is held: one whom another rule keeps, and what was rejected
// until that was cleared; and what a pin hides. Which of them it is the next full run finds out.
const suspectFate = "at the next full run that finds it, unless another rule, or a pin, keeps it"

// fates say what became of something held.
var fates = map[string]string{
	string(sync.Waiting):  "still waiting",
	string(sync.Suspect):  "held " + suspectFate,
	string(sync.Rejected): "rejected already",
	heldrows.Approved:     "approved already",
	heldrows.Ended:        "no longer held",
}

// fateWords say what somebody decided about a change, who and when.
func fateWords(h *heldrows.Row) string {
	words := fates[h.State] + prefixed(" by ", clean(h.DecidedBy)) + prefixed(" at ", text(h.DecidedAt))
	if h.DecidedRun != nil {
		words += fmt.Sprintf(", run %d", *h.DecidedRun)
	}
	return words
}

// fateText says what became of a change that does not wait.
func fateText(ctx context.Context, st *store.Store, h *heldrows.Row) (string, error) {
	if h.State == string(sync.Waiting) { // and was not found where it was looked for
		return fmt.Sprintf("%s: %s: first shown as it is now by run %d, so decide about that number", subjectText(h), whatHeld(h), h.RunID), nil
	}
	now, _, err := standsNow(ctx, st, h)
	return fmt.Sprintf("%s: %s%s, and %s", subjectText(h), fates[h.State], prefixed(" by ", h.DecidedBy), now), err
}

// standsNow says how the roster has whom a change is about; there is false for one who is
// inactive, or removed.
func standsNow(ctx context.Context, st *store.Store, h *heldrows.Row) (now string, there bool, err error) {
	switch {
	case h.ContactID != nil:
		_, err := st.Contact(ctx, *h.ContactID)
		if _, gone := errors.AsType[*contactrows.NoContactError](err); gone {
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
