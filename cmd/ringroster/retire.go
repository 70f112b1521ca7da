package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"

	"github.com/spf13/cobra"

	"ringroster/cmd/ringroster/config"
	"ringroster/cmd/ringroster/wire"
	"ringroster/store"
	"ringroster/store/views"
	"ringroster/sync"
	"ringroster/sync/edit"
)

func accountRetireCommand(a *app) *cobra.Command {
	var d decision
	c := &cobra.Command{
		Use: "retire NAME", Short: "End the members of an account that is gone for good", Args: cobra.ExactArgs(1),
		Long: `Sets every active member of the account inactive, as one run that ` + "`undo`" + ` puts back,
ends what waits for a decision about them, and frees the name's binding. It lists whom
it ends, and asks. An account that the settings still name is refused: no sync would
leave it at that. Reload a running service before. Detached members stay as they are,
and so do contacts.`,
		RunE: func(c *cobra.Command, args []string) error {
			return a.withWriter(c.Context(), func(s *config.Settings, st *store.Store) error {
				return a.retire(c.Context(), s, st, args[0], d)
			})
		},
	}
	d.authorFlags(c)
	c.Flags().BoolVarP(&d.yes, "yes", "y", false, "do not ask")
	return c
}

func (a *app) retire(ctx context.Context, s *config.Settings, st *store.Store, name string, d decision) error {
	if err := cmp.Or(knownAccount(ctx, st, name), mayRetire(ctx, s, st, name)); err != nil {
		return err
	}
	plan, err := wire.Runner(s, version, st, nil).PreviewEdit(ctx, name, edit.Retire(name))
	if err != nil {
		return err
	}
	printChanges(a.stderr, plan.Changes)
	_, _ = fmt.Fprint(a.stderr, notesText(plan.Notes))
	members := counted(len(plan.Changes), "member", "members")
	if err := a.ask(ctx, d.yes, fmt.Sprintf("Retire account %s, and end %s of it?", name, members), "nothing was changed"); err != nil {
		return err
	}
	id, plan, err := a.edit(ctx, s, st, d.run(s, sync.ByHand, name), asListed(edit.Retire(name), plan))
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(a.stdout, "Run %d retired account %s: %s ended. `ringroster undo %d` puts them back.\n",
		id, name, counted(len(plan.Changes), "member", "members"), id)
	return err
}

// mayRetire refuses an account that the settings name, or whose main account one of theirs
// has: the next sync would bring its people back, under this name or another (R4).
func mayRetire(ctx context.Context, s *config.Settings, st *store.Store, name string) error {
	if hasAccount(s, name) {
		return fmt.Errorf("the settings have account %s: take it out of %s first, if it is gone for good (R4)", name, s.File)
	}
	known, err := st.Accounts(ctx)
	if err != nil {
		return err
	}
	for _, row := range known {
		if row.Account != name {
			continue
		}
		for i := range s.Accounts {
			if id := string(s.Accounts[i].MainAccountID); id != "" && (id == row.MainAccountID || id == row.RingEXAccountID) {
				return fmt.Errorf("account %s has the main account id %s, which the settings give to %s: it is not gone; `ringroster account rename %s %s` follows the new name (R4)",
					name, id, s.Accounts[i].Name, name, s.Accounts[i].Name)
			}
		}
	}
	return nil
}

// asListed makes an edit fail that would change others than those whom its preview listed.
func asListed(edit sync.Edit, listed *sync.Plan) sync.Edit {
	return func(state sync.State, all iter.Seq[*sync.Member]) (*sync.Plan, *sync.Settled, error) {
		plan, settled, err := edit(state, all)
		same := func(a, b sync.Change) bool { return a.Member == b.Member }
		if err == nil && !slices.EqualFunc(plan.Changes, listed.Changes, same) {
			err = errors.New("other members are active now than were listed: nothing was changed; run it again")
		}
		return plan, settled, err
	}
}

// retired says whether an account is bound to nothing and has no active member.
func retired(row *store.AccountRow, counts []views.Count) bool {
	return row.MainAccountID == "" && row.RingEXAccountID == "" &&
		!slices.ContainsFunc(counts, func(c views.Count) bool { return c.Account == row.Account && c.Status == sync.Active && c.Members > 0 })
}
