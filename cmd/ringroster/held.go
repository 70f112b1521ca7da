package main

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/spf13/cobra"

	"ringroster/cmd/ringroster/config"
	"ringroster/store"
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

func approveCommand(a *app) *cobra.Command {
	var d decision
	c := &cobra.Command{
		Use: "approve RUN", Short: "Let held changes happen", Args: cobra.ExactArgs(1),
		Long: `RUN means what that run, or an earlier one, showed and what still waits. Reads
RingCentral afresh and applies those of these changes that are still planned as they
were shown, and nothing else. What is not applied waits on, and the command says so;
that nothing was applied is an error.`,
		RunE: func(c *cobra.Command, args []string) error { return a.approve(c.Context(), args[0], d) },
	}
	d.flags(c)
	a.addOutput(c)
	return c
}

func (a *app) approve(ctx context.Context, run string, d decision) error {
	return a.withWriter(ctx, func(s *config.Settings, st *store.Store) error {
		return a.approveOn(ctx, s, st, run, d)
	})
}

func (a *app) approveOn(ctx context.Context, s *config.Settings, st *store.Store, run string, d decision) error {
	shown, sets, err := a.chooseHeld(ctx, st, run, d)
	if err != nil {
		return err
	}
	var names []string
	approval := map[string]*sync.Approval{}
	for i := range sets {
		approval[sets[i].account] = &sync.Approval{Run: shown, Held: sets[i].ids()}
		names = append(names, sets[i].account)
	}
	slices.Sort(names)
	accounts, err := chosen(s, names)
	if err != nil {
		return err
	}
	if err := a.confirm(ctx, d.yes, sets, "Apply these changes?", "nothing was applied"); err != nil {
		return err
	}
	who := d.run(s, sync.Approve, names...)
	who.Job = sets[0].job // a run has one, and so have all of its sets
	if _, served, err := st.Service(); err != nil || served {
		return orElse(err, func() error { return a.approveThere(ctx, st, store.Request{Approval: approval, Run: who}, sets) })
	}
	if err := config.CheckCredentials(accounts...); err != nil {
		return err
	}
	id, results, err := a.runOn(ctx, s, st, sync.Request{Run: who, Approve: approval})
	if err != nil {
		return err
	}
	if who.Job == sync.JobContacts {
		err = a.reportContacts(id, results)
	} else {
		err = a.report(id, results)
	}
	return errors.Join(err, a.tellApproved(ctx, st, id, sets))
}

// orElse is err, or what f makes when there is none.
func orElse(err error, f func() error) error {
	if err != nil {
		return err
	}
	return f()
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
