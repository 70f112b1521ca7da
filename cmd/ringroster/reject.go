package main

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"ringroster/cmd/ringroster/config"
	"ringroster/store"
	"ringroster/store/heldrows"
	"ringroster/sync"
)

func rejectCommand(a *app) *cobra.Command {
	var d decision
	var clear, clearContact []string
	c := &cobra.Command{
		Use: "reject RUN", Short: "Refuse held changes, or end such a refusal", Args: cobra.MaximumNArgs(1),
		Long: `RUN means what that run, or an earlier one, showed and what still waits. Members stay
active, and keep a role or login, until full runs saw them present on three UTC days;
another value is refused for as long as RingCentral says it; newcomers stay out until
they are imported. --clear ends that for a member or person, --clear-contact for a
contact: what RingCentral says then is held again.`,
		RunE: func(c *cobra.Command, args []string) error {
			switch {
			case len(args) == 1 && len(clear)+len(clearContact) == 0:
				return a.withHeld(c.Context(), args[0], d, a.reject)
			case len(args) == 0 && len(clear) > 0:
				return a.clearRejections(c.Context(), sync.JobMembers, clear, d)
			case len(args) == 0 && len(clearContact) > 0:
				return a.clearRejections(c.Context(), sync.JobContacts, clearContact, d)
			}
			return usagef("give either a RUN to reject, or --clear WHO, or --clear-contact CONTACT; each of these can be given several times")
		},
	}
	d.flags(c)
	c.Flags().StringArrayVar(&clear, "clear", nil, "end what was rejected about this member or person (repeatable)")
	c.Flags().StringArrayVar(&clearContact, "clear-contact", nil, "end what was rejected about this contact (repeatable)")
	for _, other := range []string{"only", "except", "clear-contact"} {
		c.MarkFlagsMutuallyExclusive("clear", other)
	}
	c.MarkFlagsMutuallyExclusive("clear-contact", "only")
	c.MarkFlagsMutuallyExclusive("clear-contact", "except")
	return c
}

func (a *app) reject(ctx context.Context, s *config.Settings, st *store.Store, d decision, _ sync.RunID, sets []chosenSet) error {
	if err := a.confirm(ctx, d.yes, sets, "Refuse", "nothing was rejected"); err != nil {
		return err
	}
	kept := 0
	for i := range sets {
		here, err := a.rejectSet(ctx, s, st, &sets[i], d)
		if err != nil {
			return err
		}
		kept += here
	}
	a.deliver(ctx, s, st)
	if kept == 0 {
		return errors.New("nothing was kept: they are gone already")
	}
	return nil
}

// rejectSet refuses what was chosen of one account, and says how much of it there is
// still to keep.
func (a *app) rejectSet(ctx context.Context, s *config.Settings, st *store.Store, set *chosenSet, d decision) (here int, err error) {
	var kinds []sync.Kind
	for i := range set.rows {
		now, there, err := standsNow(ctx, st, &set.rows[i])
		switch {
		case err != nil:
			return 0, err
		case there:
			kinds = append(kinds, set.rows[i].Kind)
		default:
			_, _ = fmt.Fprintf(a.stdout, "%s is gone already: %s\n", subjectText(&set.rows[i]), now)
		}
	}
	id, err := a.settle(ctx, s, st, set.job, d.run(s, sync.Reject, set.account), &sync.Settled{Decision: sync.Reject, Held: set.ids()})
	if err == nil && len(kinds) > 0 {
		_, _ = fmt.Fprint(a.stdout, wrapped("", "  ", fmt.Sprintf("Run %d: rejected %s of %s. `ringroster held` shows %s until that ends.",
			id, kindsText(kinds), set.account, itOrThem(len(kinds)))))
	}
	return len(kinds), err
}

// settle records a decision that needs no RingCentral, as a run of its own.
func (a *app) settle(ctx context.Context, s *config.Settings, st *store.Store, job string, run sync.Run, settled *sync.Settled) (sync.RunID, error) {
	observer, done, err := a.observer(s)
	if err != nil {
		return 0, err
	}
	defer done()
	run.Job = job
	return a.writer(s, st, observer).Settle(ctx, run, settled)
}

// clearRejections ends rejections: what they refused is held again where RingCentral
// still says it (R26, R36).
func (a *app) clearRejections(ctx context.Context, job string, who []string, d decision) error {
	return a.withWriter(ctx, func(s *config.Settings, st *store.Store) error {
		rows, err := st.Held(ctx, heldrows.Filter{Account: d.account, Job: job, States: []string{string(sync.Rejected)}})
		if err != nil {
			return err
		}
		var order []string
		byAccount := map[string]*chosenSet{}
		for _, w := range who {
			found, err := subjectOf(ctx, st, w, rows)
			if err != nil {
				return err
			}
			if found == nil {
				return notRejected(ctx, st, job, w)
			}
			set := byAccount[found[0].Account]
			if set == nil {
				set = &chosenSet{account: found[0].Account, job: job}
				byAccount[set.account], order = set, append(order, set.account)
			}
			set.add(found)
		}
		for _, account := range order {
			set := byAccount[account]
			id, err := a.settle(ctx, s, st, job, d.run(s, sync.Reject, account), &sync.Settled{Decision: sync.Clear, Held: set.ids()})
			if err != nil {
				return err
			}
			for i := range set.rows {
				_, _ = fmt.Fprint(a.stdout, wrapped("", "  ", fmt.Sprintf("Run %d: no longer rejected: %s: %s. It is held again %s.",
					id, subjectText(&set.rows[i]), whatHeld(&set.rows[i]), suspectFate)))
			}
		}
		a.deliver(ctx, s, st)
		return nil
	})
}

// notRejected says that nothing was rejected about somebody who was named.
func notRejected(ctx context.Context, st *store.Store, job, who string) error {
	if job == sync.JobContacts {
		if id, err := strconv.ParseInt(who, 10, 64); err == nil {
			if _, err := st.Contact(ctx, id); err != nil {
				return err
			}
		}
		return fmt.Errorf("no removal of contact %s was rejected; `ringroster held` shows what was", who)
	}
	if _, err := members(ctx, st, []string{who}); err != nil {
		return err
	}
	if strings.Trim(who, "0123456789") == "" {
		who = "member " + who
	}
	return fmt.Errorf("nothing that was rejected is about %s; `ringroster held` shows what was", who)
}
