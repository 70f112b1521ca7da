package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"ringroster/cmd/ringroster/wire"
	"ringroster/sync"
	"ringroster/sync/plan"
	"ringroster/sync/reconcile"
)

// planRequest is what `plan` and `sync --dry-run` are asked.
type planRequest struct {
	accounts []string
	user     string
	detailed bool   // exit 5 when there is something to change
	out      string // save the plan here
	snapshot string // plan from this file instead of from RingCentral
	today    bool   // with that: as of today, not as of then
	summary  bool   // no more than the numbers
}

func planCommand(a *app) *cobra.Command {
	var req planRequest
	c := &cobra.Command{
		Use: "plan", Short: "Show what a sync would change, and why", Args: cobra.NoArgs,
		Long: `Reads RingCentral and the roster and prints what a sync would do. It writes nothing.

With --snapshot it plans from a file that ` + "`ringroster runs RUN --snapshot FILE`" + ` wrote:
what was decided then, from the file alone; with --today what that snapshot would
do to the roster of today under the settings of today. RingCentral is not asked.`,
		RunE: func(c *cobra.Command, _ []string) error { return a.plan(c.Context(), req) },
	}
	c.Flags().StringArrayVar(&req.accounts, "account", nil, "only this account (repeatable)")
	c.Flags().StringVar(&req.user, "user", "", "only this person: "+sync.Whom)
	c.Flags().BoolVar(&req.detailed, "detailed-exitcode", false, "exit 5 when there is something to change, held changes included")
	c.Flags().StringVar(&req.out, "out", "", "save the plan to this file, for sync --plan")
	c.Flags().StringVar(&req.snapshot, "snapshot", "", "plan from this file of a past run instead of from RingCentral")
	c.Flags().BoolVar(&req.today, "today", false, "with --snapshot: with the roster and the settings of today, not those of then")
	c.Flags().BoolVar(&req.summary, "summary", false, "print the numbers alone")
	c.MarkFlagsMutuallyExclusive("out", "user")
	c.MarkFlagsMutuallyExclusive("out", "snapshot")
	a.addOutput(c)
	c.MarkFlagsMutuallyExclusive("summary", "output")
	return c
}

func (a *app) plan(ctx context.Context, req planRequest) error {
	results, err := a.planned(ctx, req)
	if err = cmp.Or(err, asUsage(results)); err != nil {
		return err
	}
	if req.out != "" {
		err = savePlan(req.out, results)
	}
	switch {
	case a.output == formatJSON && !a.quiet:
		err = errors.Join(err, a.planJSON(results))
	case a.output == formatCSV || a.quiet:
		for i := range results {
			if r := &results[i]; r.Err != nil { // a row could not say so
				_, _ = fmt.Fprintf(a.errors, "%s: no plan: %s\n", r.Account, clean(r.Err.Error()))
			}
		}
		err = errors.Join(err, planListing(results).print(a.stdout, formatCSV))
	default:
		for i := range results {
			a.planTable(&results[i], req.summary)
		}
	}
	return errors.Join(err, planExit(results, req.detailed))
}

// planned gives the plans, from RingCentral or from a file.
func (a *app) planned(ctx context.Context, req planRequest) ([]reconcile.Result, error) {
	switch {
	case req.snapshot != "":
		return a.planPast(ctx, req)
	case req.today:
		return nil, usagef("--today goes with --snapshot")
	case req.out != "":
		if err := mayReplacePlan(req.out); err != nil { // before anybody waits for a plan
			return nil, err
		}
	}
	return a.preview(ctx, req, nil)
}

// preview plans for the chosen accounts without writing anything.
func (a *app) preview(ctx context.Context, req planRequest, trace *plan.Trace) ([]reconcile.Result, error) {
	s, accounts, err := a.prepare(req.accounts, req.user)
	if err != nil {
		return nil, err
	}
	roster, closeRoster, err := wire.PreviewRoster(ctx, s.Database.Path)
	if err != nil {
		return nil, err
	}
	defer closeRoster()
	observer, done := a.planner()
	defer done()
	results := wire.Runner(s, version, roster, observer).Preview(ctx, reconcile.Request{
		Only: req.user, Trace: trace, Run: sync.Run{Accounts: namesOf(accounts)},
	})
	for i := range results {
		a.fault(results[i].Err) // no log shows it
	}
	return results, nil
}

// planExit gives the exit code of a plan, which holds nothing itself.
func planExit(results []reconcile.Result, detailed bool) error {
	var exit *exitError
	if err := exitOf(results); errors.As(err, &exit) && exit.code != exitHeld {
		return err
	}
	for i := range results {
		if p := results[i].Plan; detailed && p != nil && (len(p.Changes) > 0 || p.Held != nil) {
			return &exitError{code: exitChanges}
		}
	}
	return nil
}

// planJSON prints the document of `plan`, a contract with other programs.
func (a *app) planJSON(results []reconcile.Result) error {
	return printDocument(a.stdout, struct {
		Version  int   `json:"version"`
		Accounts []any `json:"accounts"`
	}{1, planAccounts(results)})
}

func planAccounts(results []reconcile.Result) []any {
	accounts := []any{}
	for i := range results {
		if r := &results[i]; r.Err != nil {
			accounts = append(accounts, failedPlan(r))
		} else {
			accounts = append(accounts, r.Plan)
		}
	}
	return accounts
}

// failedPlan has the keys of a plan, empty, and the error.
func failedPlan(r *reconcile.Result) any {
	text, _ := json.Marshal(&sync.Plan{Account: r.Account}) // of an empty plan: cannot fail
	doc := map[string]any{}
	_ = json.Unmarshal(text, &doc)
	doc["error"] = r.Err.Error()
	return doc
}

// planRow is one change in CSV: a row per field, or one for a change without.
type planRow struct {
	account string
	held    bool
	change  *sync.Change
	field   sync.FieldChange
}

// source is who did it, in the row of the field that it is about.
func (r *planRow) source() *sync.Attribution {
	if r.field.Field != r.change.SourceField() {
		return nil
	}
	return r.change.Source
}

func planListing(results []reconcile.Result) *listing[planRow] {
	var rows []planRow
	add := func(account string, held bool, changes []sync.Change) {
		for i := range changes {
			fields := changes[i].Fields
			if len(fields) == 0 {
				fields = []sync.FieldChange{{}}
			}
			for _, f := range fields {
				rows = append(rows, planRow{account, held, &changes[i], f})
			}
		}
	}
	for i := range results {
		if p := results[i].Plan; p != nil {
			add(p.Account, false, p.Changes)
			if p.Held != nil {
				add(p.Account, true, p.Held.Changes)
			}
		}
	}
	return &listing[planRow]{
		key: "changes", rows: each(rows),
		columns: []string{"account", "kind", "held", "member_id", "person", "name", "email", "reason", "field", "before", "after", "field_reason", "leaves_behind", "source_actor", "source_at"},
		cells: func(r planRow) []string {
			return append([]string{
				r.account, string(r.change.Kind), fmt.Sprint(r.held), memberText(r.change.Member), r.change.Person,
				r.change.Name, r.change.Email, string(r.change.Reason), r.field.Field, r.field.Before, r.field.After, string(r.field.Reason), sync.LeftText(r.change.Leaves),
			}, sourceCells(r.source())...)
		},
	}
}

func memberText(id int64) string {
	if id == 0 {
		return ""
	}
	return fmt.Sprint(id)
}

// planTable prints one account's plan for people, the numbers at its end.
func (a *app) planTable(r *reconcile.Result, summary bool) {
	out := func(format string, args ...any) { _, _ = fmt.Fprintf(a.stdout, format, args...) }
	if r.Err != nil {
		out("%s: no plan: %s\n", r.Account, clean(r.Err.Error()))
		return
	}
	if !summary {
		printChanges(a.stdout, r.Plan.Changes)
		if h := r.Plan.Held; h != nil {
			out("\n  %s would be held:\n", kindsText(kindsOf(h.Changes)))
			for _, group := range byReasons(h.Changes, func(c *sync.Change) []sync.HoldReason { return c.Why }) {
				out("%s", whyText("    ", group[0].Why))
				printChanges(a.stdout, group)
			}
		}
		printConflicts(a.stdout, r.Plan)
		out("%s", notesText(r.Plan.Notes))
	}
	out("%s", wrapped("", "  ", r.Account+": "+summaryText(&r.Plan.Summary, false)))
}

func kindsOf(changes []sync.Change) []sync.Kind {
	kinds := make([]sync.Kind, len(changes))
	for i := range changes {
		kinds[i] = changes[i].Kind
	}
	return kinds
}

// signs mark the kinds of changes at the start of a line.
var signs = map[sync.Kind]string{
	sync.Onboard: "+", sync.Link: "=", sync.Reactivate: "^", sync.Update: "~", sync.Deactivate: "-", sync.EditMember: "~",
}

// printChanges prints planned changes for people. Those of one kind and for one reason
// stand together, and it is said once.
func printChanges(w io.Writer, changes []sync.Change) {
	for _, group := range grouped(changes, func(c *sync.Change) string { return fmt.Sprint(c.Kind, "\n", c.Reason, "\n", c.Detail) }) {
		first := &group[0]
		why := fmt.Sprintf("(%s%s)", first.Reason, prefixed(": ", clean(first.Detail)))
		head := fmt.Sprintf("  %s ", signs[first.Kind])
		if len(group) == 1 {
			_, _ = fmt.Fprint(w, wrapped(head, "      ", fmt.Sprintf("%s %s %s", first.Kind, subjectOfChange(first), why)), belowText(first, "      "))
			continue
		}
		_, _ = fmt.Fprint(w, wrapped(head, "      ", fmt.Sprintf("%s %d %s:", first.Kind, len(group), why)))
		for i := range group {
			_, _ = fmt.Fprint(w, wrapped("      ", "        ", subjectOfChange(&group[i])), belowText(&group[i], "        "))
		}
	}
}

// subjectOfChange names whom a change is about.
func subjectOfChange(c *sync.Change) string {
	return whoText(c.Name, c.Email, c.Person, c.Member)
}

// belowText is what else there is to say of a change: what it leaves behind, and its fields.
func belowText(c *sync.Change, indent string) string {
	var b strings.Builder
	for _, left := range c.Leaves {
		b.WriteString(wrapped(indent, indent+"  ", "leaves behind: "+clean(left.Detail)))
	}
	if c.Source != nil {
		b.WriteString(wrapped(indent, indent+"  ", attributionText(c.Source, time.Now().UTC().Format(time.RFC3339))))
	}
	for _, f := range c.Fields {
		if f.Field == "status" {
			continue // the kind says it
		}
		before, after := f.Before, f.After
		if f.Field == "logins" {
			before, after = sync.LoginsText(before), sync.LoginsText(after)
		}
		b.WriteString(wrapped(indent, indent+"  ", fmt.Sprintf("%s: %s -> %s (%s)", f.Field, quoted(before), quoted(after), f.Reason)))
	}
	return b.String()
}

// whoText names somebody as far as they are known: of a forgotten member that is the id.
func whoText(name, email, person string, member int64) string {
	who := clean(cmp.Or(name, person))
	if email != "" && email != name {
		who += " <" + clean(email) + ">"
	}
	if member != 0 {
		who += fmt.Sprintf(", member %d", member)
	}
	return strings.TrimPrefix(strings.TrimSpace(who), ", ")
}

func prefixed(prefix, s string) string {
	if s == "" {
		return ""
	}
	return prefix + s
}

func quoted(s string) string {
	if s == "" {
		return "(none)"
	}
	return clean(s)
}

// notesText prints who stays although they would leave, and counts the rest.
func notesText(notes []sync.Note) string {
	var b strings.Builder
	counts := map[sync.Reason]int{}
	for _, n := range notes {
		if n.Member == 0 && n.Person != "" {
			counts[n.Reason]++
			continue
		}
		who := cmp.Or(whoText(n.Name, "", "", n.Member), "the account")
		b.WriteString(wrapped("  . ", "      ", fmt.Sprintf("%s (%s%s)", who, n.Reason, prefixed(": ", clean(n.Detail)))))
	}
	for _, reason := range slices.Sorted(maps.Keys(counts)) {
		fmt.Fprintf(&b, "  . %s not on the roster: %s\n", counted(counts[reason], "person", "people"), reason)
	}
	return b.String()
}
