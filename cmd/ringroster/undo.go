package main

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"ringroster/cmd/ringroster/config"
	"ringroster/cmd/ringroster/undo"
	"ringroster/cmd/ringroster/wire"
	"ringroster/store"
	"ringroster/sync"
	"ringroster/sync/edit"
	"ringroster/sync/reconcile"
)

func undoCommand(a *app) *cobra.Command {
	var d decision
	var dryRun, force bool
	c := &cobra.Command{
		Use: "undo RUN", Short: "Put back what a run changed", Args: cobra.ExactArgs(1),
		Long: `Restores, member by member and field by field, what a run changed, as a new run
with its own record. What was changed again since is listed and left alone unless
--force. Fields that RingCentral owns hold until the next run.`,
		RunE: func(c *cobra.Command, args []string) error {
			id, err := strconv.ParseInt(args[0], 10, 64)
			if err != nil {
				return usagef("%q is no run number; `ringroster runs` shows them", args[0])
			}
			return a.undo(c.Context(), sync.RunID(id), d, dryRun, force)
		},
	}
	c.Flags().BoolVar(&dryRun, "dry-run", false, "show what would be put back and change nothing")
	c.Flags().BoolVar(&force, "force", false, "put back also what was changed again since")
	c.Flags().BoolVarP(&d.yes, "yes", "y", false, "do not ask")
	d.authorFlags(c)
	return c
}

func (a *app) undo(ctx context.Context, id sync.RunID, d decision, dryRun, force bool) error {
	return a.withWriter(ctx, func(s *config.Settings, st *store.Store) error {
		return a.undoOn(ctx, s, st, id, d, dryRun, force)
	})
}

func (a *app) undoOn(ctx context.Context, s *config.Settings, st *store.Store, id sync.RunID, d decision, dryRun, force bool) error {
	rows, err := st.Run(ctx, id)
	if err != nil {
		return err
	}
	if len(rows) == 0 {
		return noSuchRun(id)
	}
	accounts, edits, err := undo.Edits(ctx, st, rows, force)
	if err != nil {
		return err
	}
	left, refused := 0, 0
	for _, account := range accounts {
		plan, err := a.showUndo(ctx, wire.Runner(s, version, st, nil), account, edits[account])
		if err != nil {
			return err
		}
		left, refused = left+len(plan.Changes), refused+len(plan.Notes)
	}
	if left == 0 {
		by, err := undoneBy(ctx, st, id)
		if err != nil {
			return err
		}
		if refused > 0 {
			return fmt.Errorf("nothing of run %d can be put back%s", id, by)
		}
		return &edit.NothingToDoError{What: fmt.Sprintf("nothing of run %d is left to put back%s", id, by)}
	}
	if dryRun {
		return nil
	}
	if err := a.ask(ctx, d.yes, fmt.Sprintf("Put this back, as it was before run %d?", id), "nothing was changed"); err != nil {
		return err
	}
	for _, account := range accounts {
		run, _, err := a.edit(ctx, s, st, d.run(s, sync.Undoing, account), edits[account])
		if err != nil {
			return err
		}
		_, _ = fmt.Fprintf(a.stdout, "Run %d undid run %d for %s.\n", run, id, account)
	}
	return nil
}

// showUndo prints what undoing would put back, and what it would leave alone.
func (a *app) showUndo(ctx context.Context, r *reconcile.Runner, account string, edit sync.Edit) (*sync.Plan, error) {
	plan, err := r.PreviewEdit(ctx, account, edit)
	if err != nil {
		return nil, err
	}
	_, _ = fmt.Fprintf(a.stdout, "%s: %s to put back\n", account, counted(len(plan.Changes), "member", "members"))
	printChanges(a.stdout, plan.Changes)
	_, _ = fmt.Fprint(a.stdout, notesText(plan.Notes))
	return plan, nil
}

// undoneBy names the undoing runs that put back something of what a run did, whichever
// run they undid: their history takes back what the run's gives.
func undoneBy(ctx context.Context, st *store.Store, id sync.RunID) (string, error) {
	done := map[doneField]bool{}
	for c, err := range st.Changes(ctx, id) {
		if err != nil {
			return "", err
		}
		d := doneField{c.MemberID, text(c.Field), text(c.Before), c.After}
		if c.Field == nil { // what an onboarding gives
			d = doneField{c.MemberID, "status", string(sync.Inactive), string(sync.Active)}
		}
		done[d] = true
	}
	var by []string
	for run, err := range st.Runs(ctx, 0) {
		if err != nil {
			return "", err
		}
		if run.RunID <= id {
			break
		}
		if run.Trigger != sync.Undoing {
			continue
		}
		for c, err := range st.Changes(ctx, run.RunID) {
			if err != nil {
				return "", err
			}
			if done[doneField{c.MemberID, text(c.Field), c.After, text(c.Before)}] {
				by = append(by, fmt.Sprintf("run %d (%s)", run.RunID, run.Account))
				break
			}
		}
	}
	if by == nil {
		return "", nil
	}
	slices.Reverse(by)
	return ", since it was put back by " + strings.Join(by, " and "), nil
}

// doneField is what a run did to one field of a member.
type doneField struct {
	member               int64
	field, before, after string
}
