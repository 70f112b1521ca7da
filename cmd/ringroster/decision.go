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

// confirm shows what is concerned and asks whether to do it. Without a terminal and
// without --yes it refuses.
func (a *app) confirm(ctx context.Context, yes bool, sets []chosenSet, verb, otherwise string) error {
	all := 0
	for i := range sets {
		all += len(sets[i].rows)
		for _, same := range grouped(sets[i].rows, whatHeld) {
			_, _ = fmt.Fprint(a.stderr, wrapped("  ", "      ", sets[i].account+": "+whatHeld(&same[0])))
			for j := range same {
				_, _ = fmt.Fprint(a.stderr, wrapped("    "+heldSign(&same[j])+" ", "        ", subjectText(&same[j])))
			}
		}
	}
	return a.ask(ctx, yes, verb+" "+map[bool]string{true: "this change?", false: "these changes?"}[all == 1], otherwise)
}
