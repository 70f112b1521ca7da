package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"time"

	"ringroster/store"
	"ringroster/store/heldrows"
	"ringroster/sync"
	"ringroster/sync/archive"
	"ringroster/sync/plan"
)

// traceHeld adds to an explanation what waits, was rejected, or is suspect, of whom it is
// about: with who decided, when and why.
func (a *app) traceHeld(ctx context.Context, account string, trace *plan.Trace) error {
	s, err := a.settings()
	if err != nil {
		return err
	}
	st, err := store.OpenRead(ctx, s.Database.Path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer func() { _ = st.Close() }()
	if err := traceLeft(ctx, st, trace); err != nil {
		return err
	}
	rows, err := st.Held(ctx, heldrows.Filter{Account: account, Job: sync.JobMembers})
	if err != nil {
		return err
	}
	for i := range rows {
		if about := aboutOf(&rows[i], trace); about != "" {
			trace.Facts = append(trace.Facts, plan.Fact{About: about, Rule: ruleOf(&rows[i]), Source: "held changes", Text: standingText(&rows[i])})
		}
	}
	return nil
}

// traceRefused adds to what a past run decided who had rejected what it refused, when and why.
func traceRefused(ctx context.Context, st *store.Store, past *archive.Past, trace *plan.Trace) error {
	refused := map[int64]bool{}
	for i := range past.State.Open {
		refused[past.State.Open[i].ID] = past.State.Open[i].State == sync.Rejected
	}
	rows, err := st.Held(ctx, heldrows.Filter{Account: past.Snapshot.Account, Job: sync.JobMembers, States: []string{string(sync.Rejected), heldrows.Ended}})
	if err != nil {
		return err
	}
	for i := range rows {
		row := &rows[i]
		at, err := time.Parse(time.RFC3339, text(row.DecidedAt))
		about := aboutOf(row, trace)
		if about == "" || !refused[row.HeldID] || err != nil || at.After(past.Now) { // later it was decided otherwise
			continue
		}
		row.PresentDays = 0 // as of today
		trace.Facts = append(trace.Facts, plan.Fact{About: about, Rule: refusalRule(row), Source: "held changes", Text: rejectedText(row)})
	}
	return nil
}

// aboutOf is whom of an explanation a held change is about; "": nobody.
func aboutOf(h *heldrows.Row, trace *plan.Trace) string {
	for _, fact := range trace.Facts {
		for name := range strings.SplitSeq(fact.About, ", ") {
			if h.MemberID != nil && name == fmt.Sprintf("member %d", *h.MemberID) || h.MemberID == nil && slices.Contains(h.IDs, name) && !isOfAnother(h, trace, name) {
				return fact.About
			}
		}
	}
	return ""
}

// isOfAnother says whether an onboarding was rejected of somebody who had a person's agent id before.
func isOfAnother(h *heldrows.Row, trace *plan.Trace, person string) bool {
	return trace.IsOfAnother(&sync.HeldChange{State: sync.HeldState(h.State), IDs: h.IDs, Name: h.Name, Email: h.Email}, person)
}

func ruleOf(h *heldrows.Row) string {
	if h.State != string(sync.Rejected) {
		return "R25"
	}
	return refusalRule(h)
}

func refusalRule(h *heldrows.Row) string {
	if h.Kind == sync.Deactivate {
		return "R26"
	}
	return "R36"
}

// standingText says how an open change stands, with the command that settles it.
func standingText(h *heldrows.Row) string {
	what := whatHeld(h)
	switch h.State {
	case string(sync.Rejected):
		return rejectedText(h)
	case string(sync.Suspect):
		return fmt.Sprintf("%s: is held %s, since %s (%s)", what, suspectFate, h.HeldSince, reasonWords(h.Why))
	}
	return fmt.Sprintf("%s: waits since %s (%s); decide with `ringroster approve %d` or `ringroster reject %d`", what, h.HeldSince, reasonWords(h.Why), h.RunID, h.RunID)
}

// rejectedText says who rejected a change, when and why.
func rejectedText(h *heldrows.Row) string {
	days := ""
	if h.PresentDays > 0 {
		days = fmt.Sprintf(", seen present on %d of %d days since", h.PresentDays, sync.PresentDays)
	}
	return fmt.Sprintf("%s: rejected by %s%s%s%s", whatHeld(h), h.DecidedBy, prefixed(" at ", text(h.DecidedAt)), days, prefixed(": ", h.Note))
}
