package main

import (
	"fmt"
	"io"
	"strings"

	"ringroster/store"
	"ringroster/sync"
)

func printHeldSet(w io.Writer, set *store.HeldSet) {
	what := ""
	if set.Job == sync.JobContacts {
		what = ", contacts"
	}
	_, _ = fmt.Fprintf(w, "Run %d, account %s%s, held since %s\n", set.RunID, set.Account, what, set.OpenedAt)
	for _, r := range set.Reasons {
		_, _ = fmt.Fprintf(w, "  because of %s: %s\n", r.Reason, clean(r.Detail))
	}
	for _, m := range set.Shown() {
		_, _ = fmt.Fprintf(w, "  - %s: %s (%s)%s\n", heldText(&m), m.Reason, clean(m.Detail),
			map[string]string{"approved": " approved", "rejected": " rejected"}[m.State])
	}
	_, _ = fmt.Fprintf(w, "  release: ringroster approve %d    keep them: ringroster reject %d\n", set.RunID, set.RunID)
}

// heldText names a member or contact, safe for a terminal.
func heldText(m *store.HeldMember) string {
	word := "member"
	if m.ContactID != 0 {
		word = "contact"
	}
	text := fmt.Sprintf("%s %d", word, m.ID()) + prefixed(" ", clean(heldName(m)))
	if m.Email != "" {
		text += " <" + clean(m.Email) + ">"
	}
	return text
}

func heldName(m *store.HeldMember) string { return strings.TrimSpace(m.FirstName + " " + m.LastName) }

// heldListing is the sets themselves in JSON, a row per member in CSV.
func heldListing(sets []store.HeldSet) *listing[store.HeldSet] {
	return &listing[store.HeldSet]{
		key: "held", columns: []string{"run_id", "account", "opened_at", "members", "reasons", "job"}, rows: each(sets),
		cells: func(s store.HeldSet) []string {
			members, reasons := make([]string, len(s.Shown())), make([]string, len(s.Reasons))
			for i, m := range s.Shown() {
				members[i] = fmt.Sprint(m.ID())
			}
			for i, r := range s.Reasons {
				reasons[i] = string(r.Reason)
			}
			return []string{fmt.Sprint(s.RunID), s.Account, s.OpenedAt, strings.Join(members, " "), strings.Join(reasons, " "), s.Job}
		},
	}
}
