package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"ringroster/cmd/ringroster/render"
	"ringroster/store"
	"ringroster/store/heldrows"
	"ringroster/store/views"
	"ringroster/sync"
)

func runsCommand(a *app) *cobra.Command {
	var limit int
	var snapshot string
	var wide bool
	c := &cobra.Command{
		Use: "runs [RUN]", Short: "List past runs, or one run with its changes", Args: cobra.RangeArgs(0, 1),
		RunE: func(c *cobra.Command, args []string) error {
			if limit < 0 {
				return usagef("--limit %d: give a number of rows, or 0 for all", limit)
			}
			st, err := a.readStore(c.Context())
			if err != nil {
				return err
			}
			defer func() { _ = st.Close() }()
			if len(args) == 0 && snapshot != "" {
				return usagef("say which run --snapshot is to be saved of")
			}
			if len(args) == 0 {
				l := runListing(st, c.Context(), limit)
				if a.output == formatTable && !wide {
					l.columns = append(slices.Clone(l.columns), "what")
					l.cells = func(r views.RunRow) []string { return append(runCells(r), whatRun(&r)) }
					l.fit("run_id", "account", "status", "trigger", "started_at", "what")
				}
				return l.print(a.stdout, a.output)
			}
			id, err := strconv.ParseInt(args[0], 10, 64)
			if err != nil {
				return usagef("%q is no run number; `ringroster runs` shows them", args[0])
			}
			if snapshot != "" {
				return a.saveKept(c.Context(), st, sync.RunID(id), snapshot)
			}
			return a.oneRun(c.Context(), st, sync.RunID(id))
		},
	}
	c.Flags().IntVar(&limit, "limit", 20, "how many rows; 0: all")
	addWide(c, &wide)
	c.Flags().StringVar(&snapshot, "snapshot", "", "save what RUN decided from to this new file, for ringroster plan --snapshot")
	a.addOutput(c)
	return c
}

func runListing(st *store.Store, ctx context.Context, limit int) *listing[views.RunRow] {
	return &listing[views.RunRow]{
		key: "runs", rows: st.Runs(ctx, limit), cells: runCells,
		columns: []string{
			"run_id", "account", "trigger", "status", "started_at", "people", "onboarded", "linked",
			"updated", "reactivated", "deactivated", "held", "conflicts", "api_calls", "actor", "error", "job",
		},
	}
}

func runCells(r views.RunRow) []string {
	cells := []string{fmt.Sprint(r.RunID), r.Account, string(r.Trigger), string(r.Status), r.StartedAt}
	for _, n := range []int{r.People, r.Onboarded, r.Linked, r.Updated, r.Reactivated, r.Deactivated, r.Held, r.Conflicts, r.APICalls} {
		cells = append(cells, fmt.Sprint(n))
	}
	return append(cells, r.Actor, r.Error, r.Job)
}

// whatRun is what a run came to, in a few words.
func whatRun(r *views.RunRow) string {
	if r.Error != "" {
		return r.Error
	}
	if r.Job == sync.JobContacts {
		return "contacts" + prefixed(", ", amountsText([]amount{
			{r.Held, "held", ""},
			{r.Onboarded, "added", ""},
			{r.Updated, "updated", ""},
			{r.Reactivated, "returned", ""},
			{r.Deactivated, "removed", ""}, // or marked as Removed
			{r.Conflicts, "faulty", ""},
		}, true))
	}
	return amountsText([]amount{
		{r.Held, "held", ""},
		{r.Onboarded, "onboarded", ""},
		{r.Linked, "linked", ""},
		{r.Updated, "updated", ""},
		{r.Reactivated, "reactivated", ""},
		{r.Deactivated, "deactivated", ""},
		{r.Conflicts, "in conflict", ""},
	}, true)
}

// oneRun prints a run like a story: how it began, what it did, how it ended.
func (a *app) oneRun(ctx context.Context, st *store.Store, id sync.RunID) error {
	rows, err := st.Run(ctx, id)
	if err != nil {
		return err
	}
	if len(rows) == 0 {
		return noSuchRun(id)
	}
	pruned, err := st.RunPruned(ctx, id)
	if err != nil {
		return err
	}
	held, err := heldInRun(ctx, st, rows)
	if err != nil {
		return err
	}
	head, err := a.runHead(ctx, st, id, rows)
	if err != nil {
		return err
	}
	if rows[0].Job == sync.JobContacts {
		return a.oneContactRun(head, contactChangeListing(st.ContactChanges(ctx, id)), held, pruned)
	}
	changes := changeListing(st.Changes(ctx, id))
	changes.head = head
	return a.printChanges(changes, held, pruned, "changes of this run are gone, so it cannot be undone (R29)", true)
}

// noSuchRun is wrong usage: a number that no run has.
func noSuchRun(id sync.RunID) error {
	return usagef("there was no run %d; `ringroster runs` lists them", id)
}

// runHead tells of a run before its changes: on paper at once, and in JSON as the
// members of the document that it returns.
func (a *app) runHead(ctx context.Context, st *store.Store, id sync.RunID, rows []views.RunRow) (string, error) {
	onBehalfOf, note, err := st.Author(ctx, id)
	if err != nil {
		return "", err
	}
	switch a.output {
	case formatJSON:
		var head strings.Builder
		for _, member := range []struct {
			key   string
			value any
		}{{"runs", rows}, {"on_behalf_of", onBehalfOf}, {"note", note}} {
			text, err := render.JSON(member.value)
			if err != nil {
				return "", err
			}
			fmt.Fprintf(&head, "%q:%s,", member.key, text)
		}
		return head.String(), nil
	case formatTable:
		for i := range rows {
			a.tellRun(&rows[i])
		}
		if onBehalfOf != "" {
			_, _ = fmt.Fprintf(a.stdout, "  on behalf of %s\n", clean(onBehalfOf))
		}
		if note != "" {
			_, _ = fmt.Fprintf(a.stdout, "  note: %s\n", clean(note))
		}
		_, _ = fmt.Fprintln(a.stdout)
	}
	return "", nil
}

// printChanges prints a part of the history with what was held and decided, and says when
// it is no longer whole.
func (a *app) printChanges(changes *listing[views.ChangeRow], held []heldrows.Row, pruned bool, what string, withMember bool) error {
	heldJSON, err := render.JSON(append([]heldrows.Row{}, held...))
	if err != nil {
		return err
	}
	changes.head += fmt.Sprintf(`"held":%s,"pruned":%v,`, heldJSON, pruned)
	if pruned && a.output != formatJSON {
		w := map[bool]io.Writer{true: a.stdout, false: a.stderr}[a.output == formatTable]
		_, _ = fmt.Fprintln(w, "The history is kept short (history.keep_days): "+what+".")
	}
	if a.output == formatTable {
		return errors.Join(a.tellChanges(changes.rows, withMember), a.tellHeld(held))
	}
	return changes.print(a.stdout, a.output)
}

// heldInRun is what a run was the first to hold as it is now, and what it decided.
func heldInRun(ctx context.Context, st *store.Store, rows []views.RunRow) (held []heldrows.Row, err error) {
	for i := range rows {
		all, err := st.Held(ctx, heldrows.Filter{Account: rows[i].Account, Job: rows[i].Job, States: everyState})
		if err != nil {
			return nil, err
		}
		for _, h := range all {
			if id := rows[i].RunID; h.RunID == id || h.DecidedRun != nil && *h.DecidedRun == id {
				held = append(held, h)
			}
		}
	}
	return held, nil
}

// tellHeld says what is, or was, held, and who decided.
func (a *app) tellHeld(held []heldrows.Row) error {
	var b strings.Builder
	for i := range held {
		h := &held[i]
		if i == 0 {
			b.WriteString("\nHeld and decided\n")
		}
		if h.DecidedAt != nil && h.State != string(sync.Waiting) && h.State != string(sync.Suspect) {
			b.WriteString(decisionText(h))
			continue
		}
		b.WriteString(changeHeadText(h))
		b.WriteString(wrapped("      ", "      ", fmt.Sprintf("%s, run %d, since %s: %s", fates[h.State], h.RunID, h.HeldSince, reasonWords(h.Why))))
	}
	_, err := fmt.Fprint(a.stdout, b.String())
	return err
}

// tellChanges prints changes as lines to read, a line each.
func (a *app) tellChanges(rows rowsOf[views.ChangeRow], withMember bool) error {
	b := bufio.NewWriter(a.stdout)
	for row, err := range rows {
		if err != nil {
			return errors.Join(err, b.Flush())
		}
		who := ""
		if withMember {
			who = fmt.Sprintf("member %d  ", row.MemberID)
		}
		by := text(row.Actor) + prefixed(" for ", text(row.OnBehalfOf)) + prefixed(": ", text(row.Note))
		_, _ = fmt.Fprintf(b, "%s  run %d  %s%s (%s) by %s%s\n", text(row.At), row.RunID, who, clean(tellChange(&row)), row.Reason, clean(by),
			prefixed("; ", attributionText(row.Source, text(row.At))))
	}
	return b.Flush()
}

// tellChange says what one row of the history changed.
func tellChange(row *views.ChangeRow) string {
	if row.Field == nil {
		var m struct {
			Role, Email string
		}
		if err := json.Unmarshal([]byte(row.After), &m); err != nil {
			return string(row.Kind)
		}
		if m.Email == "" { // forgotten since, or never known
			return fmt.Sprintf("%s as %s", row.Kind, m.Role)
		}
		return fmt.Sprintf("%s as %s <%s>%s", row.Kind, m.Role, m.Email, mappedText(row))
	}
	before, after := text(row.Before), row.After
	if *row.Field == "logins" {
		before, after = sync.LoginsText(before), sync.LoginsText(after)
	}
	return fmt.Sprintf("%s %s: %s%s -> %s%s", row.Kind, *row.Field, quoted(before), reportedText(row.ReportedBefore), quoted(after), reportedText(row.ReportedAfter))
}

// reportedText is RingCentral's own value, where `map` made another of it.
func reportedText(value *string) string {
	if value == nil {
		return ""
	}
	return fmt.Sprintf(" (RingCentral: %s)", quoted(*value))
}

// mappedText says what `map` made of RingCentral's values of somebody new.
func mappedText(row *views.ChangeRow) string {
	var held map[string]any
	var reported map[string]string
	if row.ReportedAfter == nil || json.Unmarshal([]byte(row.After), &held) != nil || json.Unmarshal([]byte(*row.ReportedAfter), &reported) != nil {
		return ""
	}
	var b strings.Builder
	for _, field := range slices.Sorted(maps.Keys(reported)) {
		fmt.Fprintf(&b, ", %s %s%s", field, quoted(fmt.Sprint(held[field])), reportedText(new(reported[field])))
	}
	return b.String()
}

func (a *app) tellRun(r *views.RunRow) {
	if r.Job == sync.JobContacts {
		a.tellContactRun(r)
		return
	}
	_, _ = fmt.Fprintf(a.stdout, "Run %d of account %s: %s, started %s by %s (%s), %d people, %d API calls\n",
		r.RunID, r.Account, r.Status, r.StartedAt, clean(r.Actor), r.Trigger, r.People, r.APICalls)
	_, _ = fmt.Fprintf(a.stdout, "  onboarded %d, linked %d, updated %d, reactivated %d, deactivated %d, held %d, conflicts %d, unchanged %d\n",
		r.Onboarded, r.Linked, r.Updated, r.Reactivated, r.Deactivated, r.Held, r.Conflicts, r.Unchanged)
	if r.Error != "" {
		_, _ = fmt.Fprintf(a.stdout, "  error: %s\n", clean(r.Error))
	}
	a.tellHeldReasons(r)
}

// tellHeldReasons says why a run held something, a line each.
func (a *app) tellHeldReasons(r *views.RunRow) {
	var reasons []sync.HoldReason
	if json.Unmarshal(r.HeldReasons, &reasons) != nil { // of a program that wrote something else
		_, _ = fmt.Fprintf(a.stdout, "  held because of %s\n", clean(string(r.HeldReasons)))
	}
	for _, reason := range reasons {
		_, _ = fmt.Fprintf(a.stdout, "  held because of %s: %s\n", clean(string(reason.Reason)), clean(reason.Detail))
	}
}

func historyCommand(a *app) *cobra.Command {
	c := &cobra.Command{
		Use: "history MEMBER", Short: "Every change of one member", Args: cobra.ExactArgs(1),
		Long: memberHelp,
		RunE: func(c *cobra.Command, args []string) error {
			st, err := a.readStore(c.Context())
			if err != nil {
				return err
			}
			defer func() { _ = st.Close() }()
			row, err := st.FindOne(c.Context(), args[0])
			if err != nil {
				return err
			}
			pruned, err := st.MemberPruned(c.Context(), row.MemberID)
			if err != nil {
				return err
			}
			held, err := st.Held(c.Context(), heldrows.Filter{Member: row.MemberID, States: everyState})
			if err != nil {
				return err
			}
			changes := changeListing(st.History(c.Context(), row.MemberID))
			return a.printChanges(changes, held, pruned, "earlier changes of this member are gone", false)
		},
	}
	a.addOutput(c)
	return c
}

func changeListing(rows rowsOf[views.ChangeRow]) *listing[views.ChangeRow] {
	return &listing[views.ChangeRow]{
		key: "changes", rows: rows,
		columns: []string{"at", "run_id", "member_id", "kind", "field", "before", "after", "reason", "actor", "on_behalf_of", "note", "reported_before", "reported_after", "source_actor", "source_at"},
		cells: func(r views.ChangeRow) []string {
			return append([]string{
				text(r.At), fmt.Sprint(r.RunID), fmt.Sprint(r.MemberID), string(r.Kind), text(r.Field),
				text(r.Before), r.After, string(r.Reason), text(r.Actor), text(r.OnBehalfOf), text(r.Note),
				text(r.ReportedBefore), text(r.ReportedAfter),
			}, sourceCells(r.Source)...)
		},
	}
}
