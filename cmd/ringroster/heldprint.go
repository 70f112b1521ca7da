package main

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"ringroster/cmd/ringroster/observe"
	"ringroster/store/heldrows"
	"ringroster/sync"
)

// heldText is the table of `held`.
func heldText(rows []heldrows.Row) string {
	byState := map[string][]heldrows.Row{}
	var decided []heldrows.Row
	for _, h := range rows {
		byState[h.State] = append(byState[h.State], h)
		if h.State == heldrows.Approved || h.State == heldrows.Ended {
			decided = append(decided, h)
		}
	}
	var b strings.Builder
	waitingText(&b, byState[string(sync.Waiting)])
	if suspects := byState[string(sync.Suspect)]; len(suspects) > 0 {
		b.WriteString("\nHeld " + suspectFate + "\n")
		for i := range suspects {
			h := &suspects[i]
			b.WriteString(changeHeadText(h))
		}
	}
	if rejected := byState[string(sync.Rejected)]; len(rejected) > 0 {
		b.WriteString("\nRejected, and still so (ringroster reject --clear WHO ends that)\n")
		for i := range rejected {
			b.WriteString(decisionText(&rejected[i]))
		}
	}
	if len(decided) > 0 {
		b.WriteString("\nDecided lately\n")
		slices.SortStableFunc(decided, func(a, b heldrows.Row) int { return cmp.Compare(text(b.DecidedAt), text(a.DecidedAt)) })
		for i := range decided {
			b.WriteString(decisionText(&decided[i]))
		}
	}
	return b.String()
}

// waitingText lists what waits: by account, by the reasons for which it is held, and by
// the number under which it is decided about.
func waitingText(b *strings.Builder, rows []heldrows.Row) {
	if len(rows) == 0 {
		b.WriteString("Nothing is held.\n")
		return
	}
	several := slices.ContainsFunc(rows, func(h heldrows.Row) bool { return h.Account != rows[0].Account })
	for set := range chunks(rows, func(h *heldrows.Row) string { return h.Account + " " + h.Job }) {
		of := set[0].Account
		if set[0].Job == sync.JobContacts {
			of += ", contacts"
		}
		kinds := make([]sync.Kind, len(set))
		var last sync.RunID
		for i := range set {
			kinds[i], last = set[i].Kind, max(last, set[i].RunID)
		}
		fmt.Fprintf(b, "%s: held for a decision: %s\n", of, kindsText(kinds))
		groups := byReasons(set, func(h *heldrows.Row) []sync.HoldReason { return h.Why })
		all := commonReasons(groups)
		reasonsText(b, all)
		for _, group := range groups {
			if len(groups) > 1 {
				b.WriteString("\n")
			}
			reasonsText(b, slices.DeleteFunc(slices.Clone(group[0].Why), func(r sync.HoldReason) bool { return slices.Contains(all, r) }))
			for shown := range chunks(group, func(h *heldrows.Row) string { return fmt.Sprint(h.RunID, h.HeldSince) }) {
				fmt.Fprintf(b, "  Run %d, since %s\n", shown[0].RunID, shown[0].HeldSince)
				subjectsText(b, shown)
			}
		}
		account := ""
		if several {
			account = " --account " + set[0].Account
		}
		them := itOrThem(len(set))
		fmt.Fprintf(b, "\n  %-17sringroster approve %d%s\n  %-17sringroster reject %d%s\n\n",
			"let "+them+" happen:", last, account, "refuse "+them+":", last, account)
	}
}

// commonReasons are those for which all groups are held.
func commonReasons(groups [][]heldrows.Row) (all []sync.HoldReason) {
	for _, r := range groups[0][0].Why {
		if !slices.ContainsFunc(groups, func(g []heldrows.Row) bool { return !slices.Contains(g[0].Why, r) }) {
			all = append(all, r)
		}
	}
	return all
}

// whyText is a line for each reason.
func whyText(indent string, why []sync.HoldReason) string {
	var b strings.Builder
	for _, r := range why {
		b.WriteString(wrapped(indent, indent+"    ", fmt.Sprintf("%s: %s", r.Reason, clean(r.Detail))))
	}
	return b.String()
}

// reasonsText says why something is held.
func reasonsText(b *strings.Builder, why []sync.HoldReason) {
	for _, r := range why {
		b.WriteString(wrapped("  because of ", "      ", fmt.Sprintf("%s: %s", r.Reason, clean(r.Detail))))
	}
}

// waits says whether anything of the rows waits for a decision.
func waits(rows []heldrows.Row) bool {
	return slices.ContainsFunc(rows, func(h heldrows.Row) bool { return h.State == string(sync.Waiting) })
}

// subjectsText lists members, people or contacts, with all that waits of each.
func subjectsText(b *strings.Builder, rows []heldrows.Row) {
	for i := range rows {
		h := &rows[i]
		if i == 0 || !sameSubject(&rows[i-1], h) || rows[i-1].Kind != h.Kind {
			b.WriteString(wrapped("    "+heldSign(h)+" ", "        ", subjectText(h)))
		}
		b.WriteString(wrapped("        ", "          ", whatHeld(h)) + heldSourceText("        ", h))
	}
}

// heldSourceText is a line that says who did at RingCentral what a held change follows; "":
// nobody knows.
func heldSourceText(indent string, h *heldrows.Row) string {
	if h.Source == nil {
		return ""
	}
	return wrapped(indent, indent+"  ", attributionText(h.Source, h.HeldSince))
}

// decisionText is a change with who decided about it, when and why.
func decisionText(h *heldrows.Row) string {
	by := cmp.Or(clean(h.DecidedBy), "somebody")
	said := map[string]string{string(sync.Rejected): "rejected", heldrows.Approved: "approved", heldrows.Ended: "rejected, and ended since"}[h.State]
	line := fmt.Sprintf("%s by %s%s", said, by, prefixed(" at ", text(h.DecidedAt)))
	if h.DecidedRun != nil {
		line += fmt.Sprintf(", run %d", *h.DecidedRun)
	}
	if h.Note != "" {
		line += ": " + clean(h.Note)
	}
	if h.State == string(sync.Rejected) && h.PresentDays > 0 {
		line += fmt.Sprintf("; seen present on %s of %d", counted(h.PresentDays, "day", "days"), sync.PresentDays)
	}
	return changeHeadText(h) + wrapped("      ", "        ", line)
}

// changeHeadText says whom a change is about, and what would happen.
func changeHeadText(h *heldrows.Row) string {
	return wrapped("  "+heldSign(h)+" ", "      ", h.Account+" "+subjectText(h)) + wrapped("      ", "        ", whatHeld(h)) + heldSourceText("      ", h)
}

// heldSign marks the kind of a held change, as in a plan.
func heldSign(h *heldrows.Row) string { return cmp.Or(signs[h.Kind], "-") }

// subjectText names whom a held change is about, safe for a terminal.
func subjectText(h *heldrows.Row) string {
	text := clean(h.Person)
	switch {
	case h.MemberID != nil:
		text = fmt.Sprintf("member %d", *h.MemberID)
	case h.ContactID != nil:
		text = fmt.Sprintf("contact %d", *h.ContactID)
	}
	text += prefixed(" ", clean(h.Name))
	if h.Email != "" {
		text += " <" + clean(h.Email) + ">"
	}
	return text
}

// whatHeld says what would happen.
func whatHeld(h *heldrows.Row) string {
	switch {
	case h.Job == sync.JobContacts:
		return fmt.Sprintf("%s, %s (%s)", h.Kind, h.Reason, clean(h.Detail))
	case h.Kind == sync.Update:
		before, after := h.Before, h.After
		if h.Field == "logins" {
			before, after = sync.LoginsText(before), sync.LoginsText(after)
		}
		return fmt.Sprintf("%s: %s -> %s", h.Field, quoted(before), quoted(after))
	}
	return fmt.Sprintf("%s, %s%s", h.Kind, h.Reason, prefixed(": ", clean(h.Detail)))
}

// kindsText counts changes by kind: "6 deactivations, 1 update".
func kindsText(kinds []sync.Kind) string {
	counts := map[sync.Kind]int{}
	for _, kind := range kinds {
		counts[kind]++
	}
	return sync.KindsText(counts)
}

// chunks are the runs of rows with the same key.
func chunks[T any](rows []T, key func(*T) string) func(func([]T) bool) {
	return func(yield func([]T) bool) {
		for start := 0; start < len(rows); {
			end := start + 1
			for end < len(rows) && key(&rows[end]) == key(&rows[start]) {
				end++
			}
			if !yield(rows[start:end]) {
				return
			}
			start = end
		}
	}
}

// byReasons groups rows that are held for the same reasons.
func byReasons[T any](rows []T, why func(*T) []sync.HoldReason) [][]T {
	return grouped(rows, func(row *T) string {
		sorted := slices.SortedFunc(slices.Values(why(row)), func(a, b sync.HoldReason) int {
			return cmp.Or(cmp.Compare(a.Reason, b.Reason), cmp.Compare(a.Detail, b.Detail))
		})
		key, _ := json.Marshal(sorted) // of plain text: cannot fail
		return string(key)
	})
}

// grouped puts rows with the same key together, in the order in which the keys come up.
func grouped[T any](rows []T, key func(*T) string) (groups [][]T) {
	at := map[string]int{}
	for i := range rows {
		k := key(&rows[i])
		n, known := at[k]
		if !known {
			n = len(groups)
			at[k], groups = n, append(groups, nil)
		}
		groups[n] = append(groups[n], rows[i])
	}
	return groups
}

// wrapped breaks text into lines for a terminal.
func wrapped(first, rest, text string) string {
	width := textWidth - max(utf8.RuneCountInString(first), utf8.RuneCountInString(rest))
	return first + strings.Join(observe.Wrap(text, width), "\n"+rest) + "\n"
}

// heldListing is the rows with all that is known of them.
func heldListing(rows []heldrows.Row) *listing[heldrows.Row] {
	return &listing[heldrows.Row]{
		key: "held", rows: each(rows),
		columns: []string{
			"run_id", "account", "job", "state", "kind", "member_id", "contact_id", "person", "name", "email", "field", "before", "after",
			"reason", "detail", "why", "held_since", "decided_at", "decided_by", "on_behalf_of", "note", "decided_run", "present_days", "ids", "held_id", "source_actor", "source_at", "role",
		},
		cells: func(h heldrows.Row) []string {
			return slices.Concat([]string{
				fmt.Sprint(h.RunID), h.Account, h.Job, h.State, string(h.Kind), number(h.MemberID), number(h.ContactID), h.Person, h.Name, h.Email,
				h.Field, h.Before, h.After, string(h.Reason), h.Detail, strings.Join(sync.ReasonWords(h.Why), " "), h.HeldSince,
				text(h.DecidedAt), h.DecidedBy, h.OnBehalfOf, h.Note, number(h.DecidedRun), fmt.Sprint(h.PresentDays),
				strings.Join(h.IDs, " "), fmt.Sprint(h.HeldID),
			}, sourceCells(h.Source), []string{h.Role})
		},
	}
}

// number is a number that may be missing.
func number[T ~int64](n *T) string {
	if n == nil {
		return ""
	}
	return fmt.Sprint(*n)
}
