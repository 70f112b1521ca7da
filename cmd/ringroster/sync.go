package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"ringroster/cmd/ringroster/config"
	"ringroster/cmd/ringroster/observe"
	"ringroster/cmd/ringroster/wire"
	"ringroster/store"
	"ringroster/sync"
	"ringroster/sync/plan"
	"ringroster/sync/reconcile"
)

func syncCommand(a *app) *cobra.Command {
	var accounts []string
	var user, saved string
	var dryRun, isNew bool
	c := &cobra.Command{
		Use: "sync", Short: "Bring the roster in step now", Args: cobra.NoArgs,
		Long: `Reads RingCentral, compares it with the roster and applies the difference, in the
foreground. Changes that look like a mistake are held: the run then ends with exit
code 3 and ` + "`ringroster held`" + ` shows what waits, and why.`,
		RunE: func(c *cobra.Command, _ []string) error {
			if dryRun {
				return a.plan(c.Context(), planRequest{accounts: accounts, user: user})
			}
			return a.sync(c.Context(), accounts, user, saved, isNew)
		},
	}
	c.Flags().StringArrayVar(&accounts, "account", nil, "only this account (repeatable)")
	c.Flags().StringVar(&user, "user", "", "only this person: "+sync.Whom)
	c.Flags().BoolVar(&dryRun, "dry-run", false, "print the plan and change nothing")
	c.Flags().StringVar(&saved, "plan", "", "apply exactly this saved plan, or refuse because the world has moved")
	for _, other := range []string{"account", "user", "dry-run"} {
		c.MarkFlagsMutuallyExclusive("plan", other)
	}
	a.addWait(c)
	newFlag(c, &isNew)
	c.MarkFlagsMutuallyExclusive("new", "dry-run")
	a.addOutput(c)
	return c
}

func (a *app) sync(ctx context.Context, names []string, user, saved string, isNew bool) error {
	var reviewed map[string]plan.Reviewed
	if saved != "" {
		var err error
		if names, reviewed, err = loadPlan(saved); err != nil {
			return err
		}
	}
	s, accounts, err := a.prepare(names, user)
	if err != nil {
		return err
	}
	st, err := wire.OpenWrite(ctx, s, isNew)
	if err != nil {
		return err
	}
	defer func() { _ = st.Close() }()
	id, results, err := a.runOn(ctx, s, st, reconcile.Request{
		Only: user, Reviewed: reviewed,
		Run: sync.Run{Accounts: namesOf(accounts), Trigger: sync.Manual, Actor: s.ImpersonatedUserID, Version: version},
	})
	if err != nil {
		return err
	}
	err = a.report(id, results)
	if user == "" && saved == "" {
		err = errors.Join(err, a.tidy(ctx, s, st))
	}
	a.deliver(ctx, s, st)
	return err
}

// tidy does what follows a full run.
func (a *app) tidy(ctx context.Context, s *config.Settings, st *store.Store) error {
	observer, done, err := a.observer(s)
	if err != nil {
		return err
	}
	defer done()
	prune(ctx, s, st, observer)
	return nil
}

// runOn makes a run and tells its observer of the end.
func (a *app) runOn(ctx context.Context, s *config.Settings, st *store.Store, req reconcile.Request) (sync.RunID, []reconcile.Result, error) {
	observer, done, err := a.observer(s)
	if err != nil {
		return 0, nil, err
	}
	defer done()
	observer.Outdated(s.Outdated())
	a.enroll(ctx, s, st, observer)
	started := time.Now()
	id, results, err := a.writer(s, st, observer).Sync(ctx, req)
	if id != 0 {
		req.Run.StartedAt = started
		observer.Finished(id, req.Run, results)
	}
	for i := range results {
		if isUnrecorded(results[i].Err) {
			tellUnrecorded(ctx, courier(s, st, observer.Notice), results[i].Account, results[i].Err)
		}
	}
	if isUnrecorded(err) {
		tellUnrecorded(ctx, courier(s, st, observer.Notice), "", err)
	}
	return id, results, err
}

// prepare reads settings and credentials, so that a wrong one is reported before
// anything is touched.
func (a *app) prepare(names []string, user string) (*config.Settings, []*config.Account, error) {
	s, err := a.settings()
	if err != nil {
		return nil, nil, err
	}
	accounts, err := chosen(s, names)
	if err != nil {
		return nil, nil, err
	}
	if user != "" && len(accounts) > 1 {
		return nil, nil, usagef("--user needs --account as well: the settings have %s", strings.Join(namesOf(accounts), ", "))
	}
	return s, accounts, config.CheckCredentials(accounts...)
}

// syncDocument is the JSON of `sync`, a contract with scripts.
type syncDocument struct {
	Version  int           `json:"version"`
	RunID    sync.RunID    `json:"run_id"`
	Accounts []syncAccount `json:"accounts"`
}

type syncAccount struct {
	Account     string         `json:"account"`
	Status      sync.RunStatus `json:"status"`
	People      int            `json:"people"`
	Onboarded   int            `json:"onboarded"`
	Linked      int            `json:"linked"`
	Updated     int            `json:"updated"`
	Reactivated int            `json:"reactivated"`
	Deactivated int            `json:"deactivated"`
	Held        int            `json:"held"`
	Conflicts   int            `json:"conflicts"`
	Skipped     int            `json:"skipped"`
	Unchanged   int            `json:"unchanged"`
	APICalls    int            `json:"api_calls"`
	Error       *string        `json:"error"`
}

// reportRun prints how a run ended that another process made.
func (a *app) reportRun(ctx context.Context, st *store.Store, id sync.RunID) error {
	rows, err := st.Run(ctx, id)
	if err != nil {
		return err
	}
	var results []reconcile.Result
	if len(rows) > 0 && rows[0].Job == sync.JobContacts {
		return a.reportContacts(id, contactResults(rows))
	}
	for _, row := range rows {
		r := reconcile.Result{Account: row.Account, Status: row.Status, APICalls: row.APICalls, Plan: &sync.Plan{
			Account: row.Account, Summary: sync.Summary{
				People: row.People, Onboard: row.Onboarded, Link: row.Linked, Update: row.Updated, Reactivate: row.Reactivated,
				Unchanged: row.Unchanged, Deactivate: row.Deactivated, Conflicts: row.Conflicts,
			},
		}}
		if row.Error != "" {
			r.Plan, r.Err = nil, errors.New(row.Error)
		}
		results = append(results, r)
	}
	return a.report(id, results)
}

// report prints how a run ended and gives its exit code.
func (a *app) report(id sync.RunID, results []reconcile.Result) error {
	a.tellFailed(results)
	doc := syncDocument{Version: 1, RunID: id, Accounts: []syncAccount{}}
	for i := range results {
		doc.Accounts = append(doc.Accounts, syncRow(&results[i]))
	}
	var err error
	switch a.output {
	case formatJSON:
		err = printDocument(a.stdout, doc)
	case formatCSV:
		err = syncListing(&doc).print(a.stdout, formatCSV)
	default:
		a.reportTable(id, results)
	}
	return errors.Join(err, exitOf(results))
}

func syncRow(r *reconcile.Result) syncAccount {
	row := syncAccount{Account: r.Account, Status: r.Status, APICalls: r.APICalls}
	if r.Err != nil {
		text := r.Err.Error()
		row.Error = &text
	}
	if r.Plan != nil {
		s := &r.Plan.Summary
		row.People, row.Onboarded, row.Linked, row.Updated = s.People, s.Onboard, s.Link, s.Update
		row.Reactivated, row.Deactivated, row.Held, row.Conflicts = s.Reactivate, s.Deactivate, s.Held, s.Conflicts
		row.Skipped, row.Unchanged = s.Skipped, s.Unchanged
	}
	return row
}

func syncListing(doc *syncDocument) *listing[syncAccount] {
	return &listing[syncAccount]{
		key: "accounts",
		columns: []string{
			"account", "status", "people", "onboarded", "linked", "updated",
			"reactivated", "deactivated", "held", "conflicts", "api_calls", "error", "skipped", "unchanged",
		},
		cells: func(r syncAccount) []string {
			cells := []string{r.Account, string(r.Status)}
			for _, n := range []int{
				r.People, r.Onboarded, r.Linked, r.Updated, r.Reactivated,
				r.Deactivated, r.Held, r.Conflicts, r.APICalls,
			} {
				cells = append(cells, fmt.Sprint(n))
			}
			return append(cells, text(r.Error), fmt.Sprint(r.Skipped), fmt.Sprint(r.Unchanged))
		},
		rows: each(doc.Accounts),
	}
}

// reportTable prints the summary for people, with what to do next.
func (a *app) reportTable(id sync.RunID, results []reconcile.Result) {
	_, _ = fmt.Fprintf(a.stdout, "Run %d\n", id)
	for i := range results {
		r := &results[i]
		text := ""
		if r.Plan != nil {
			text = prefixed(": ", summaryText(&r.Plan.Summary, true))
		}
		a.tellResult(r, text)
	}
	for i := range results {
		a.advise(&results[i])
	}
}

// tellResult says in a line how a run ended for one account.
func (a *app) tellResult(r *reconcile.Result, text string) {
	_, _ = fmt.Fprint(a.stdout, wrapped("", "  ", fmt.Sprintf("%s: %s%s; %s", r.Account, r.Status, text, counted(r.APICalls, "API call", "API calls"))))
}

// failedText says of an account that it failed.
func failedText(r *reconcile.Result) string {
	return fmt.Sprintf("%s failed, its roster is untouched: %s", r.Account, clean(r.Err.Error()))
}

// tellFailed says of each account that failed why, with -q: then nothing else does.
func (a *app) tellFailed(results []reconcile.Result) {
	for i := range results {
		if a.quiet && results[i].Err != nil {
			_, _ = fmt.Fprintf(a.errors, "ringroster: %s\n", failedText(&results[i]))
		}
	}
}

// advise says what needs a human after a run.
func (a *app) advise(r *reconcile.Result) {
	if r.Err != nil {
		_, _ = fmt.Fprintf(a.stdout, "\n%s\n", failedText(r))
		return
	}
	printConflicts(a.stdout, r.Plan)
	if h := r.Plan.Held; h != nil {
		_, _ = fmt.Fprintf(a.stdout, "\n%s: %s %s held, everything else was applied.\n", r.Account, kindsText(kindsOf(h.Changes)), plural(len(h.Changes), "is", "are"))
		_, _ = fmt.Fprint(a.stdout, whyText("  ", h.Reasons))
		if h.Run == 0 { // a run for one person shows nothing that can be decided about (R25, R28)
			_, _ = fmt.Fprintln(a.stdout, "  decide about it once a `ringroster sync` of the whole account has shown it")
			return
		}
		_, _ = fmt.Fprintf(a.stdout, "  %s\n", observe.Decide(h.Run))
	}
}

func printConflicts(w io.Writer, plan *sync.Plan) {
	if len(plan.Conflicts) == 0 {
		return
	}
	_, _ = fmt.Fprintf(w, "\n%s: conflicts, which wait for a decision of yours\n", plan.Account)
	for _, c := range plan.Conflicts { // a command is not broken: it is copied
		_, _ = fmt.Fprintf(w, "%s      settle it: %s\n",
			wrapped("  ", "      ", fmt.Sprintf("%s %s: %s", whoText(c.Name, "", c.Person, c.Member), c.Reason, clean(c.Detail))), clean(c.Remedy))
	}
}

// exitOf gives the exit code of a run.
func exitOf(results []reconcile.Result) error {
	failed, held := 0, 0
	for i := range results {
		switch results[i].Status {
		case sync.Failed:
			failed++
		case sync.HeldRun:
			held++
		}
	}
	switch {
	case failed > 0 && failed == len(results):
		return &exitError{code: exitFailed}
	case failed > 0:
		return &exitError{code: exitPartial}
	case held > 0:
		return &exitError{code: exitHeld}
	}
	return nil
}

// text is what a value that may be missing prints as.
func text(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}
