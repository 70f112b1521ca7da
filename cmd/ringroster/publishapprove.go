package main

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"ringroster/cmd/ringroster/config"
	"ringroster/cmd/ringroster/publish"
	"ringroster/cmd/ringroster/wire"
	"ringroster/store"
	"ringroster/store/deliver"
	"ringroster/sync"
)

func publishApproveCommand(a *app) *cobra.Command {
	var d decision
	c := &cobra.Command{
		Use: "approve NAME", Short: "Deliver what waits because it lacks too many rows", Args: cobra.ExactArgs(1),
		Long: `Shows which rows of the last delivery would be missing and that no run decided about, asks,
and delivers. It means what was there when the delivery began to wait: when more would be
missing by now, it refuses.`,
		RunE: func(c *cobra.Command, args []string) error {
			return a.withWriter(c.Context(), func(s *config.Settings, st *store.Store) error {
				return a.approvePublication(c.Context(), s, st, args[0], d)
			})
		},
	}
	c.Flags().StringVar(&d.actor, "actor", "", "who decides (else $SUDO_USER, else the operating-system user)")
	c.Flags().BoolVarP(&d.yes, "yes", "y", false, "do not ask")
	a.addOutput(c)
	return c
}

func (a *app) approvePublication(ctx context.Context, s *config.Settings, st *store.Store, name string, d decision) error {
	if err := publishes(s, name); err != nil {
		return err
	}
	p := wire.Publisher(s, version, st, unheard)
	pre, err := p.Preview(ctx, name)
	switch {
	case err != nil:
		return err
	case pre.WaitsSince.IsZero():
		return fmt.Errorf("nothing waits for %s: there is nothing to approve", name)
	case pre.MoreThanHeld > 0:
		return fmt.Errorf("%s would be missing by now than when it began to wait: nothing was approved; `ringroster publish %s` makes it wait anew, with those",
			counted(pre.MoreThanHeld, "more row", "more rows"), name)
	}
	a.showLeaving(ctx, st, pre)
	if err := a.ask(ctx, d.yes, fmt.Sprintf("Deliver %s to %s?", counted(pre.Rows, "row", "rows"), name), "nothing was delivered"); err != nil {
		return err
	}
	if err := p.Approve(ctx, pre, operator(d.actor)); err != nil {
		return err
	}
	return a.publishOn(ctx, s, st, name)
}

// mostShown is how many rows `publish approve` names.
const mostShown = 20

// showLeaving names the rows that would be missing.
func (a *app) showLeaving(ctx context.Context, st *store.Store, pre *publish.Preview) {
	if pre.Reason != "" {
		_, _ = fmt.Fprint(a.stderr, wrapped("", "  ", fmt.Sprintf("%s waits since %s: %s.", pre.Destination, pre.WaitsSince.UTC().Format(time.RFC3339), pre.Why())))
	}
	for _, id := range pre.LeavingIDs[:min(len(pre.LeavingIDs), mostShown)] {
		_, _ = fmt.Fprint(a.stderr, wrapped("  - ", "    ", clean(whoLeaves(ctx, st, pre.Kind, id))))
	}
	if more := len(pre.LeavingIDs) - mostShown; more > 0 {
		_, _ = fmt.Fprintf(a.stderr, "  and %d more\n", more)
	}
}

// whoLeaves names a member or contact, who may be gone.
func whoLeaves(ctx context.Context, st *store.Store, kind string, id int64) string {
	if kind == deliver.OfContacts {
		c, err := st.Contact(ctx, id)
		if err != nil {
			return fmt.Sprintf("contact %d, which is gone", id)
		}
		return fmt.Sprintf("contact %d: %s", id, c.Label())
	}
	row, err := memberRow(ctx, st, id)
	if err != nil {
		return fmt.Sprintf("member %d, who is gone", id)
	}
	return fmt.Sprintf("member %d: %s %s %s, %s", id, row.FirstName, row.LastName, row.Email, row.Status)
}

// losing says of each destination how many rows what is approved takes from it.
func (a *app) losing(ctx context.Context, s *config.Settings, st *store.Store, sets []chosenSet) error {
	kind, ids := leaversOf(sets)
	if len(s.Publish) == 0 || len(ids) == 0 {
		return nil
	}
	losing, err := wire.Publisher(s, version, st, unheard).Losing(ctx, kind, ids)
	if err != nil {
		return err
	}
	for i := range s.Publish {
		if n := losing[s.Publish[i].Name]; n > 0 {
			_, _ = fmt.Fprintf(a.stderr, "  %s from what is published to %s\n", counted(n, "row goes", "rows go"), s.Publish[i].Name)
		}
	}
	return nil
}

// leaversOf are the members or contacts whom approved changes take out.
func leaversOf(sets []chosenSet) (kind string, ids []int64) {
	for i := range sets {
		for j := range sets[i].rows {
			switch h := &sets[i].rows[j]; {
			case h.Kind == sync.Deactivate && h.MemberID != nil:
				kind, ids = deliver.OfRoster, append(ids, *h.MemberID)
			case h.Kind == sync.Kind(sync.RemoveContact) && h.ContactID != nil:
				kind, ids = deliver.OfContacts, append(ids, *h.ContactID)
			}
		}
	}
	slices.Sort(ids)
	return kind, slices.Compact(ids)
}
