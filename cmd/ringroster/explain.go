package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"ringroster/sync"
	"ringroster/sync/plan"
	"ringroster/sync/reconcile"
)

func explainCommand(a *app) *cobra.Command {
	var accounts []string
	var run int64
	c := &cobra.Command{
		Use: "explain WHO", Short: "Say what decides about one person, and why", Args: cobra.ExactArgs(1),
		Long: `Plans as a sync would, and prints every fact and rule that decides about one person,
with what waits for a decision about them and what was rejected:
` + whoHelp + ` It writes nothing.

With --run it says what a past run decided, and why, from what that run kept
(snapshots.keep in the settings); RingCentral is not asked.`,
		RunE: func(c *cobra.Command, args []string) error {
			switch who := args[0]; {
			case strings.TrimSpace(who) == "":
				return usagef("say whom to explain: " + sync.Whom)
			case c.Flags().Changed("run"):
				return a.explainPast(c.Context(), who, accounts, sync.RunID(run))
			default:
				return a.explain(c.Context(), who, accounts)
			}
		},
	}
	c.Flags().Int64Var(&run, "run", 0, "what this past run decided")
	c.Flags().StringArrayVar(&accounts, "account", nil, "only this account (repeatable)")
	a.addOutput(c)
	return c
}

func (a *app) explain(ctx context.Context, who string, accounts []string) error {
	_, chosenAccounts, err := a.prepare(accounts, "")
	if err != nil {
		return err
	}
	var told []explanation
	var results []reconcile.Result
	for _, account := range chosenAccounts {
		trace := &plan.Trace{Who: who}
		planned, err := a.preview(ctx, planRequest{accounts: []string{account.Name}}, trace)
		if err = errors.Join(err, ctx.Err()); err != nil {
			return err
		}
		results = append(results, planned...)
		if err := planned[0].Err; err != nil {
			_, _ = fmt.Fprintf(a.errors, "account %s cannot be explained: %s\n", account.Name, clean(err.Error()))
			continue
		}
		if err := trace.Several(account.Name); err != nil {
			return err
		}
		if err := a.traceHeld(ctx, account.Name, trace); err != nil {
			return err
		}
		told = append(told, explanation{account.Name, trace})
	}
	found, err := a.tell(told)
	if !found && len(told) > 0 {
		err = errors.Join(err, &sync.UnknownError{Who: who, Account: accountsOf(told)})
	}
	return errors.Join(planExit(results, false), err)
}

// accountsOf names the accounts that could be looked at.
func accountsOf(told []explanation) string {
	names := make([]string, len(told))
	for i := range told {
		names[i] = told[i].account
	}
	return strings.Join(names, ", ")
}

// explanation is what decides about somebody in one account.
type explanation struct {
	account string
	trace   *plan.Trace
}

// tell prints the facts in the order in which they were weighed. It reports
// false, and prints nothing, when there are none.
func (a *app) tell(told []explanation) (found bool, err error) {
	type row struct {
		Account string `json:"account"`
		plan.Fact
	}
	var rows []row
	for _, e := range told {
		for _, f := range e.trace.Facts {
			rows = append(rows, row{e.account, f})
		}
	}
	switch {
	case len(rows) == 0:
		return false, nil
	case a.output != formatTable:
		return true, (&listing[row]{
			key: "facts", columns: []string{"account", "about", "rule", "source", "text"}, rows: each(rows),
			cells: func(r row) []string { return []string{r.Account, r.About, r.Rule, r.Source, r.Text} },
		}).print(a.stdout, a.output)
	}
	for _, e := range told {
		if e.trace.Found() {
			a.tellTable(e.account, e.trace)
		}
	}
	for _, r := range slices.Backward(rows) {
		if cited, _, _ := strings.Cut(r.Rule, "-"); cited != "" { // R21-R24
			a.sayWhereRulesAre(cited)
			break
		}
	}
	return true, nil
}

func (a *app) tellTable(account string, trace *plan.Trace) {
	about := ""
	for _, f := range trace.Facts {
		if f.About != about {
			about = f.About
			_, _ = fmt.Fprintf(a.stdout, "%s, %s\n", account, clean(about))
		}
		_, _ = fmt.Fprintf(a.stdout, "  %-7s %-22s %s\n", f.Rule, f.Source, clean(f.Text))
	}
	_, _ = fmt.Fprintf(a.stdout, "So: %s.\n", clean(trace.Sentence()))
}
