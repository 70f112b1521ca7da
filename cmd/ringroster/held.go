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
		Use: "held", Short: "Show the deactivations, and removals of contacts, that wait for a decision", Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return a.held(c.Context()) },
	}
	a.addOutput(c)
	return c
}

func (a *app) held(ctx context.Context) error {
	st, err := a.readStore(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = st.Close() }()
	sets, err := st.Held(ctx)
	if err != nil {
		return err
	}
	if a.output == formatTable {
		if len(sets) == 0 {
			_, err = fmt.Fprintln(a.stdout, "Nothing is held.")
			return err
		}
		for i := range sets {
			printHeldSet(a.stdout, &sets[i])
		}
		a.sayWhereRulesAre("R22")
		return nil
	}
	return heldListing(sets).print(a.stdout, a.output)
}

// decision is what `approve` and `reject` share: which members of which sets, by
// whom, and why.
type decision struct {
	account      string
	only, except []string
	actor, note  string
	yes          bool
}

func (d *decision) flags(c *cobra.Command) {
	c.Flags().StringVar(&d.account, "account", "", "only the set of this account")
	c.Flags().StringArrayVar(&d.only, "only", nil, "only this member or contact: id, e-mail or name (repeatable)")
	c.Flags().StringArrayVar(&d.except, "except", nil, "all but this member or contact (repeatable)")
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
		Use: "approve RUN", Short: "Release held deactivations, or removals of contacts", Args: cobra.ExactArgs(1),
		Long: `Reads RingCentral afresh and deactivates those of the held set who still leave for
the same reason; of a contact run, it removes the contacts that are still gone.
Nobody else is touched. Whoever does not leave any more is told of; that nobody
went is an error.`,
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
	sets, err := a.openSets(ctx, st, run, d)
	if err != nil {
		return err
	}
	var names []string
	approval := map[string]*sync.Approval{}
	for _, set := range sets {
		approval[set.Account] = &sync.Approval{Held: set.RunID, Members: set.chosen, Whole: set.whole}
		names = append(names, set.Account)
	}
	slices.Sort(names)
	accounts, err := chosen(s, names)
	if err != nil {
		return err
	}
	verb, done := "Deactivate", "deactivated"
	if sets[0].Job == sync.JobContacts {
		verb, done = "Let go", "removed"
	}
	if err := a.confirm(ctx, d.yes, sets, verb, done); err != nil {
		return err
	}
	who := d.run(s, sync.Approve, names...)
	who.Job = sets[0].Job // a run has one, and so have all of its sets
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
	return errors.Join(err, a.approved(ctx, st, id, sets))
}

// orElse is err, or what f makes when there is none.
func orElse(err error, f func() error) error {
	if err != nil {
		return err
	}
	return f()
}

func rejectCommand(a *app) *cobra.Command {
	var d decision
	var clear []string
	var clearContact int64
	c := &cobra.Command{
		Use: "reject RUN", Short: "Keep those whose deactivation or removal is held", Args: cobra.RangeArgs(0, 1),
		Long: `The members stay active until RingCentral reports them again, the reason changes,
or the rejection is cleared with --clear. Contacts stay likewise; --clear-contact
ends that.`,
		RunE: func(c *cobra.Command, args []string) error {
			clearing, clearingContact := c.Flags().Changed("clear"), c.Flags().Changed("clear-contact")
			switch {
			case clearingContact && len(args) == 0:
				return a.clearContact(c.Context(), clearContact, d)
			case clearing && len(args) == 0:
				return a.clearRejections(c.Context(), clear, d)
			case clearing || clearingContact || len(args) == 0:
				return usagef("give either a RUN to reject, or --clear MEMBER for each member, or --clear-contact CONTACT")
			}
			return a.reject(c.Context(), args[0], d)
		},
	}
	d.flags(c)
	c.Flags().StringArrayVar(&clear, "clear", nil, "end the rejection of this member (repeatable)")
	c.Flags().Int64Var(&clearContact, "clear-contact", 0, "end the rejection of this contact id")
	c.MarkFlagsMutuallyExclusive("clear", "clear-contact")
	return c
}

// clearRejections ends the rejections of members, each of which leaves again if
// nothing else keeps it (R26).
func (a *app) clearRejections(ctx context.Context, who []string, d decision) error {
	return a.withWriter(ctx, func(s *config.Settings, st *store.Store) error {
		rows, err := members(ctx, st, who)
		if err != nil {
			return err
		}
		for _, row := range rows {
			if err := a.editMemberOn(ctx, s, st, row, d, sync.Reject, sync.ClearRejection(row.MemberID)); err != nil {
				return err
			}
		}
		return nil
	})
}

func (a *app) reject(ctx context.Context, run string, d decision) error {
	return a.withWriter(ctx, func(s *config.Settings, st *store.Store) error {
		return a.rejectOn(ctx, s, st, run, d)
	})
}

func (a *app) rejectOn(ctx context.Context, s *config.Settings, st *store.Store, run string, d decision) error {
	sets, err := a.openSets(ctx, st, run, d)
	if err != nil {
		return err
	}
	if err := a.confirm(ctx, d.yes, sets, "Keep", "kept active"); err != nil {
		return err
	}
	kept := 0
	for i := range sets {
		set := &sets[i]
		id, err := a.rejectSet(ctx, s, st, set, d)
		if err != nil {
			return err
		}
		here, err := a.kept(ctx, st, id, set)
		if err != nil {
			return err
		}
		kept += here
	}
	if kept == 0 {
		return errors.New("nobody was kept: they are gone already")
	}
	return nil
}

func (a *app) rejectSet(ctx context.Context, s *config.Settings, st *store.Store, set *chosenSet, d decision) (sync.RunID, error) {
	run := d.run(s, sync.Reject, set.Account)
	if set.Job == sync.JobContacts {
		return a.editContacts(ctx, s, st, run, sync.RejectContacts(set.RunID, set.chosen, set.whole))
	}
	id, _, err := a.edit(ctx, s, st, run, sync.RejectHeld(set.RunID, set.chosen, set.whole))
	return id, err
}

// confirm shows who is concerned and asks. Without a terminal and without --yes
// it refuses.
func (a *app) confirm(ctx context.Context, yes bool, sets []chosenSet, verb, done string) error {
	for _, set := range sets {
		for _, m := range set.Shown() {
			if _, ok := set.chosen[m.ID()]; ok {
				_, _ = fmt.Fprintf(a.stderr, "  %s %s: %s (%s)\n", set.Account, heldText(&m), m.Reason, clean(m.Detail))
			}
		}
	}
	what := "these members"
	if sets[0].Job == sync.JobContacts {
		what = "these contacts"
	}
	return a.ask(ctx, yes, fmt.Sprintf("%s %s?", verb, what), "nobody was "+done)
}
