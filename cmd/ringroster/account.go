package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"ringroster/cmd/ringroster/config"
	"ringroster/store"
	"ringroster/sync"
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
			return a.changeAccount(c.Context(), func(st *store.Store) error { return st.RenameAccount(c.Context(), args[0], args[1]) },
				fmt.Sprintf("Account %s is called %s now; the settings must call it that, too.", args[0], args[1]))
		},
	}
	rebind := &cobra.Command{
		Use: "rebind NAME", Short: "Bind an account to whoever answers next", Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			return a.changeAccount(c.Context(), func(st *store.Store) error { return st.RebindAccount(c.Context(), args[0]) },
				fmt.Sprintf("Account %s is bound to whoever answers at its next success; look at `ringroster plan` first.", args[0]))
		},
	}
	c.AddCommand(accountListCommand(a), rename, rebind)
	return c
}

// changeAccount changes an account under the roster's lock.
func (a *app) changeAccount(ctx context.Context, change func(*store.Store) error, done string) error {
	return a.withWriter(ctx, func(_ *config.Settings, st *store.Store) (err error) {
		release, err := st.Lock(ctx, sync.NewHolder(time.Now()))
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
