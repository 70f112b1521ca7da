package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"ringroster/sync"
)

func explainCommand(a *app) *cobra.Command {
	var accounts []string
	c := &cobra.Command{
		Use: "explain WHO", Short: "Say what decides about one person, and why", Args: cobra.ExactArgs(1),
		Long: `Plans as a sync would, and prints every fact and rule that decides about one person:
WHO is an e-mail, a name, a member id, an rc user id, an agent or administrator id,
or a person key. It writes nothing.`,
		RunE: func(c *cobra.Command, args []string) error { return a.explain(c.Context(), args[0], accounts) },
	}
	c.Flags().StringArrayVar(&accounts, "account", nil, "only this account (repeatable)")
	a.addOutput(c)
	return c
}

func (a *app) explain(ctx context.Context, who string, accounts []string) error {
	if strings.TrimSpace(who) == "" {
		return usagef("say whom to explain: an e-mail, a name, a member id, an rc user id or an agent id")
	}
	s, chosenAccounts, err := a.prepare(accounts, "")
	if err != nil {
		return err
	}
	_ = s
	found := false
	var failures []error
	for _, account := range chosenAccounts {
		trace := &sync.Trace{Who: who}
		results, err := a.preview(ctx, planRequest{accounts: []string{account.Name}}, trace)
		if err != nil {
			return err
		}
		if err := results[0].Err; err != nil {
			failures = append(failures, fmt.Errorf("account %s cannot be explained: %w", account.Name, err))
			continue
		}
		if trace.Found() {
			found = true
			if err := a.tell(account.Name, trace); err != nil {
				return err
			}
		}
	}
	if !found && len(failures) == 0 {
		return fmt.Errorf("RingCentral reports nobody, and the roster has nobody, called %q", who)
	}
	return errors.Join(failures...)
}

// tell prints the facts in the order in which they were weighed.
func (a *app) tell(account string, trace *sync.Trace) error {
	if a.output != formatTable {
		return (&listing[sync.Fact]{
			key: "facts", columns: []string{"about", "rule", "source", "text"}, rows: each(trace.Facts),
			cells: func(f sync.Fact) []string { return []string{f.About, f.Rule, f.Source, f.Text} },
		}).print(a.stdout, a.output)
	}
	about := ""
	for _, f := range trace.Facts {
		if f.About != about {
			about = f.About
			_, _ = fmt.Fprintf(a.stdout, "%s, %s\n", account, clean(about))
		}
		_, _ = fmt.Fprintf(a.stdout, "  %-7s %-22s %s\n", f.Rule, f.Source, clean(f.Text))
	}
	_, err := fmt.Fprintf(a.stdout, "So: %s.\n", clean(trace.Sentence()))
	return err
}
