package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"ringroster/store"
	"ringroster/sync"
)

// traceHeld adds to an explanation what waits, was rejected, or is suspect, of whom it is
// about: with who decided, when and why.
func (a *app) traceHeld(ctx context.Context, account string, trace *sync.Trace) error {
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
	rows, err := st.Held(ctx, store.HeldFilter{Account: account, Job: sync.JobMembers})
	if err != nil {
		return err
	}
	for i := range rows {
		if about := aboutOf(&rows[i], trace); about != "" {
			trace.Facts = append(trace.Facts, sync.Fact{About: about, Rule: ruleOf(&rows[i]), Source: "held changes", Text: standingText(&rows[i])})
		}
	}
	return nil
}

// aboutOf is whom of an explanation a held change is about; "": nobody.
func aboutOf(h *store.HeldRow, trace *sync.Trace) string {
	for _, fact := range trace.Facts {
		for name := range strings.SplitSeq(fact.About, ", ") {
			if h.MemberID != nil && name == fmt.Sprintf("member %d", *h.MemberID) || h.MemberID == nil && slices.Contains(h.IDs, name) {
				return fact.About
			}
		}
	}
	return ""
}

func ruleOf(h *store.HeldRow) string {
	switch {
	case h.State != string(sync.Rejected):
		return "R25"
	case h.Kind == sync.Deactivate:
		return "R26"
	}
	return "R36"
}

// standingText says how an open change stands, with the command that settles it.
func standingText(h *store.HeldRow) string {
	what := whatHeld(h)
	switch h.State {
	case string(sync.Rejected):
		text := fmt.Sprintf("%s: rejected by %s%s", what, h.DecidedBy, prefixed(" at ", text(h.DecidedAt)))
		if h.PresentDays > 0 {
			text += fmt.Sprintf(", seen present on %d of %d days since", h.PresentDays, sync.PresentDays)
		}
		return text + prefixed(": ", h.Note)
	case string(sync.Suspect):
		return fmt.Sprintf("%s: is held %s, since %s (%s)", what, suspectFate, h.HeldSince, reasonWords(h.Why))
	}
	return fmt.Sprintf("%s: waits since %s (%s); decide with `ringroster approve %d` or `ringroster reject %d`", what, h.HeldSince, reasonWords(h.Why), h.RunID, h.RunID)
}
