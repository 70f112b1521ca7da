package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"ringroster/cmd/ringroster/config"
	"ringroster/sync"
)

// decision is what `approve` and `reject` share: which changes, by whom, and why.
type decision struct {
	account      string
	only, except []string
	actor, note  string
	yes          bool
}

func (d *decision) flags(c *cobra.Command) {
	c.Flags().StringVar(&d.account, "account", "", "only what waits in this account")
	c.Flags().StringArrayVar(&d.only, "only", nil, "only this member, person or contact: id, e-mail, name or person key (repeatable)")
	c.Flags().StringArrayVar(&d.except, "except", nil, "all but this member, person or contact (repeatable)")
	d.authorFlags(c)
	c.Flags().BoolVarP(&d.yes, "yes", "y", false, "do not ask")
	c.MarkFlagsMutuallyExclusive("only", "except")
}

func (d *decision) authorFlags(c *cobra.Command) {
	c.Flags().StringVar(&d.actor, "actor", "", "who decides (else $SUDO_USER, else the operating-system user)")
	c.Flags().StringVar(&d.note, "note", "", "why, for the history")
}

// run is the record of an operator's run (R31).
func (d *decision) run(s *config.Settings, trigger sync.Trigger, accounts ...string) sync.Run {
	return sync.Run{
		Accounts: accounts, Trigger: trigger, Actor: operator(d.actor), OnBehalfOf: s.ImpersonatedUserID,
		Note: d.note, Version: version,
	}
}

// confirm shows what is concerned and asks. Without a terminal and without --yes
// it refuses.
func (a *app) confirm(ctx context.Context, yes bool, sets []chosenSet, question, otherwise string) error {
	for i := range sets {
		for j := range sets[i].rows {
			h := &sets[i].rows[j]
			_, _ = fmt.Fprintf(a.stderr, "  %s %s %s: %s\n", h.Account, heldSign(h), subjectText(h), whatHeld(h))
		}
	}
	return a.ask(ctx, yes, question, otherwise)
}
