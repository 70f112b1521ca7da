package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"ringroster/store"
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
	rows, err := st.Held(ctx, store.HeldFilter{Decided: decidedShown})
	if err != nil {
		return err
	}
	if a.output == formatTable {
		_, err = fmt.Fprint(a.stdout, heldText(rows))
		if err == nil && waits(rows) {
			a.sayWhereRulesAre("R22")
		}
		return err
	}
	return heldListing(rows).print(a.stdout, a.output)
}
