package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"ringroster/cmd/ringroster/config"
	"ringroster/store"
	"ringroster/store/views"
	"ringroster/sync"
	"ringroster/sync/edit"
)

func rosterForgetCommand(a *app) *cobra.Command {
	var d decision
	c := &cobra.Command{
		Use: "forget MEMBER", Short: "Erase what is personal about a member", Args: cobra.ExactArgs(1),
		Long: `The legal erasure. The row stays, inactive; names, e-mail, user names, numbers and
everything else that is personal is blanked in it, in the history and in what past
runs kept. No sync onboards the person again by itself. It cannot be undone.

` + memberHelp,
		RunE: func(c *cobra.Command, args []string) error {
			return a.withWriter(c.Context(), func(s *config.Settings, st *store.Store) error {
				return a.forget(c.Context(), s, st, args[0], d)
			})
		},
	}
	d.authorFlags(c)
	c.Flags().BoolVarP(&d.yes, "yes", "y", false, "do not ask")
	return c
}

func (a *app) forget(ctx context.Context, s *config.Settings, st *store.Store, member string, d decision) error {
	row, err := st.FindOne(ctx, member)
	if err != nil {
		return err
	}
	id := row.MemberID
	if row.DeactivationReason == string(sync.ReasonForgotten) {
		return &edit.NothingToDoError{What: fmt.Sprintf("member %d was forgotten already", id)}
	}
	_, _ = fmt.Fprintf(a.stderr, "Member %d of %s%s, %s.\n", id, row.Account, prefixed(": ", whoText(strings.TrimSpace(row.FirstName+" "+row.LastName), row.Email, "", 0)), row.Status)
	question := "Erase what is personal about this member, for good?"
	if err := a.ask(ctx, d.yes, question, "nothing was erased"); err != nil {
		return err
	}
	if err := a.editMemberOn(ctx, s, st, row, d, sync.ByHand, edit.Forget(id)); err != nil {
		return err
	}
	if err := st.Compact(ctx); err != nil {
		return fmt.Errorf("what is personal is erased, but unused places of the file may still hold it: run `sqlite3 %s VACUUM` once: %w", st.Path(), err)
	}
	if err := a.tellNaming(ctx, st, row); err != nil {
		return err
	}
	_, _ = fmt.Fprintln(a.stdout, "Backups, exports, saved plans and logs made before still name them, and are yours to clear. RingCentral does, too: as long as it lists them, each run reads and keeps their record again.")
	return nil
}

// tellNaming says in which runs somebody, as the row was, is still named: what
// people wrote is not changed behind their backs.
func (a *app) tellNaming(ctx context.Context, st *store.Store, was *views.RosterRow) error {
	runs, err := st.RunsNaming(ctx, was)
	if err != nil || len(runs) == 0 {
		return err
	}
	ids := make([]string, len(runs))
	for i, id := range runs {
		ids[i] = fmt.Sprint(id)
	}
	list := strings.Join(ids, ", ")
	_, err = fmt.Fprintf(a.stdout, "Their name, e-mail or username still stands in the note or the error of %s %s, which is left as it is. To clear it: sqlite3 %s \"UPDATE runs SET note = '', error = '' WHERE account = '%s' AND run_id IN (%s); VACUUM\"\n",
		map[bool]string{true: "run", false: "the runs"}[len(runs) == 1], list, st.Path(), was.Account, list)
	return err
}
