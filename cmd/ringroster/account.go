package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"ringroster/cmd/ringroster/config"
	"ringroster/store"
	"ringroster/store/views"
)

func accountCommand(a *app) *cobra.Command {
	c := &cobra.Command{
		Use: "account", Short: "The accounts the roster knows, and whose they are",
		Long: `At its first success an account name is bound to the ids of the RingCentral account
that answered. Other ids later fail the account, so that a wrong setting cannot turn
one company's roster into another's.`,
	}
	rename := &cobra.Command{
		Use: "rename OLD NEW", Short: "Follow a new name in the settings", Args: cobra.ExactArgs(2),
		RunE: func(c *cobra.Command, args []string) error {
			if !config.IsAccountName(args[1]) {
				return usagef("%q: the name of an account is made of letters, digits, dots, underscores and hyphens", args[1])
			}
			return a.changeAccount(c.Context(), args[0], func(st *store.Store) error { return st.RenameAccount(c.Context(), args[0], args[1]) },
				fmt.Sprintf("Account %s is called %s now; the settings must call it that, too.", args[0], args[1]))
		},
	}
	rebind := &cobra.Command{
		Use: "rebind NAME", Short: "Bind an account to whoever answers next", Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			return a.changeAccount(c.Context(), args[0], func(st *store.Store) error { return st.RebindAccount(c.Context(), args[0]) },
				fmt.Sprintf("Account %s is bound to whoever answers at its next success; look at `ringroster plan` first.", args[0]))
		},
	}
	a.addWait(rename)
	a.addWait(rebind)
	c.AddCommand(accountListCommand(a), rename, rebind)
	c.AddCommand(accountRetireCommand(a))
	return c
}

// changeAccount changes an account of the roster under its lock.
func (a *app) changeAccount(ctx context.Context, name string, change func(*store.Store) error, done string) error {
	return a.withWriter(ctx, func(s *config.Settings, st *store.Store) (err error) {
		if err := knownAccount(ctx, st, name); err != nil {
			return err
		}
		release, err := a.writer(s, st, nil).Lock(ctx)
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, release()) }()
		if err := change(st); err != nil {
			return err
		}
		_, err = fmt.Fprintln(a.stdout, done)
		return err
	})
}

// knownAccount refuses the name of an account that the roster does not know.
func knownAccount(ctx context.Context, st *store.Store, name string) error {
	known, err := st.Names(ctx, views.AccountThing)
	if err != nil || slices.ContainsFunc(known, func(n views.Name) bool { return n.Text == name }) {
		return err
	}
	names := make([]string, len(known))
	for i := range known {
		names[i] = known[i].Text
	}
	return usagef("the roster has no account %q; it has %s", name, cmp.Or(strings.Join(names, ", "), "none"))
}

func accountListCommand(a *app) *cobra.Command {
	c := &cobra.Command{
		Use: "list", Short: "List the accounts the roster knows", Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			return a.withRoster(c.Context(), func(_ *config.Settings, st *store.Store) error {
				accounts, err := st.Accounts(c.Context())
				if err != nil {
					return err
				}
				return accountListing(accounts).print(a.stdout, a.output)
			})
		},
	}
	a.addOutput(c)
	return c
}

func accountListing(accounts []store.AccountRow) *listing[store.AccountRow] {
	return &listing[store.AccountRow]{
		key: "accounts", rows: each(accounts),
		columns: []string{"account", "main_account_id", "ringex_account_id", "owner_id", "last_snapshot_at"},
		cells: func(r store.AccountRow) []string {
			return []string{r.Account, r.MainAccountID, r.RingEXAccountID, r.OwnerID, text(r.LastSnapshotAt)}
		},
	}
}
