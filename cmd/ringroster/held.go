package main

import (
	"context"
	"fmt"
	"slices"

	"github.com/spf13/cobra"

	"ringroster/store/heldrows"
	"ringroster/sync"
)

func heldCommand(a *app) *cobra.Command {
	c := &cobra.Command{
		Use: "held", Short: "Show the changes that wait for a decision, and those that were rejected", Args: cobra.NoArgs,
		Long: `Lists what waits, by the reason for which it is held, with the number of the run that
first showed each change as it is now; then what was rejected and still stands; then
what was decided lately. JSON and CSV have the same rows with all that is known.`,
		RunE: func(c *cobra.Command, _ []string) error { return a.held(c.Context()) },
	}
	a.addOutput(c)
	return c
}

// decidedShown is how many of the last decisions `held` shows.
const decidedShown = 10

func (a *app) held(ctx context.Context) error {
	st, err := a.readStore(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = st.Close() }()
	rows, err := st.Held(ctx, heldrows.Filter{Decided: decidedShown})
	if err != nil {
		return err
	}
	if a.output == formatTable {
		_, err = fmt.Fprint(a.stdout, heldText(rows))
		if err == nil && waits(rows) {
			a.sayWhereRulesAre(rulesOf(rows)...)
		}
		return err
	}
	return heldListing(rows).print(a.stdout, a.output)
}

// rulesOf are the rules by which rows wait, each once and in order.
func rulesOf(rows []heldrows.Row) (rules []string) {
	for i := range rows {
		for _, r := range rows[i].Why {
			if rule := ruleOfReason(r.Reason); rows[i].State == string(sync.Waiting) && !slices.Contains(rules, rule) {
				rules = append(rules, rule)
			}
		}
	}
	slices.Sort(rules)
	return rules
}

// ruleOfReason is the rule that says what a reason for holding something means.
func ruleOfReason(r sync.Reason) string {
	switch r {
	case sync.ReasonLimit:
		return "R21"
	case sync.ReasonSettings:
		return "R23"
	case sync.ReasonLastAdmin, sync.ConflictFaulty:
		return "R24"
	case sync.ReasonAttached:
		return "R25"
	case sync.NoteRejected:
		return "R26"
	case sync.ReasonForgotten:
		return "R34"
	case sync.ReasonOnboardLimit, sync.ReasonUpdateLimit, sync.ReasonAdminLimit:
		return "R35"
	}
	return "R22"
}
