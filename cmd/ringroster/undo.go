package main

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"ringroster/cmd/ringroster/config"
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
	accounts, undo, err := undoing(ctx, st, id, force)
	if err != nil {
		return err
	}
	left, refused := 0, 0
	for _, account := range accounts {
		plan, err := a.showUndo(ctx, runner(s, st, nil), account, undo[account])
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
		run, _, err := a.edit(ctx, s, st, d.run(s, sync.Undoing, account), undo[account])
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

// undoing reads what a run did, by account. A run whose rows are not all there
// any more cannot be undone (R29).
func undoing(ctx context.Context, st *store.Store, id sync.RunID, force bool) (accounts []string, edits map[string]sync.Edit, err error) {
	rows, err := st.Run(ctx, id)
	if err != nil {
		return nil, nil, err
	}
	if len(rows) == 0 {
		return nil, nil, noSuchRun(id)
	}
	if rows[0].Job == sync.JobContacts {
		return nil, nil, fmt.Errorf("run %d kept contacts in step, which follow RingCentral in everything: there is nothing to undo", id)
	}
	done := map[string][]sync.Done{}
	earlier := map[int64]sync.Reason{}
	for c, err := range st.Changes(ctx, id) {
		if err != nil {
			return nil, nil, err
		}
		done[c.Account] = append(done[c.Account], sync.Done{
			Member: c.MemberID, Kind: c.Kind, Field: text(c.Field), Before: text(c.Before), After: c.After, Reason: c.Reason,
			ReportedBefore: c.ReportedBefore, ReportedAfter: c.ReportedAfter,
		})
		if text(c.Field) == "status" && text(c.Before) == string(sync.Inactive) {
			if earlier[c.MemberID], err = leftBefore(ctx, st, c.MemberID, c.ChangeID); err != nil {
				return nil, nil, err
			}
		}
	}
	// Asked last: what was read before a prune is whole.
	if pruned, err := st.RunPruned(ctx, id); err != nil {
		return nil, nil, err
	} else if pruned {
		return nil, nil, fmt.Errorf("run %d cannot be undone: changes of it are gone from the history, which history.keep_days in the settings keeps short (R29)", id)
	}
	edits = map[string]sync.Edit{}
	for _, row := range rows {
		if len(done[row.Account]) > 0 {
			accounts = append(accounts, row.Account)
			edits[row.Account] = edit.Undo(done[row.Account], earlier, force)
		}
	}
	if len(accounts) == 0 {
		return nil, nil, &edit.NothingToDoError{What: fmt.Sprintf("run %d changed nothing that could be put back", id)}
	}
	return accounts, edits, nil
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

// leftBefore finds why a member was inactive before a change of its history. When
// that is pruned, what is left to say is that an operator made it so again: no
// reason at all would say that it was set inactive by hand.
func leftBefore(ctx context.Context, st *store.Store, member, before int64) (reason sync.Reason, err error) {
	told := false
	for c, err := range st.History(ctx, member) {
		if err != nil {
			return "", err
		}
		if c.ChangeID >= before {
			break
		}
		switch text(c.Field) {
		case "status":
			told, reason = true, ""
			if c.After == string(sync.Inactive) {
				reason = c.Reason
			}
		case "deactivation_reason": // given or taken since
			told, reason = true, sync.Reason(c.After)
		}
	}
	if pruned, err := st.MemberPruned(ctx, member); err != nil || told || !pruned {
		return reason, err
	}
	return sync.ReasonOperator, nil
}
