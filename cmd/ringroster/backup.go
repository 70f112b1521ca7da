package main

import (
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"time"

	"github.com/spf13/cobra"

	"ringroster/cmd/ringroster/config"
	"ringroster/store"
	"ringroster/sync"
)

func backupCommand(a *app) *cobra.Command {
	return &cobra.Command{
		Use: "backup FILE", Short: "Write a verified copy of the live roster", Args: cobra.ExactArgs(1),
		Long: `The copy is whole and checked before it gets its name; a file that is there is
replaced only then. Runs go on meanwhile.`,
		RunE: func(c *cobra.Command, args []string) error {
			return a.withRoster(c.Context(), func(_ *config.Settings, st *store.Store) error {
				if err := st.Backup(c.Context(), args[0]); err != nil {
					return err
				}
				_, err := fmt.Fprintf(a.stdout, "%s is a verified copy of %s.\n", clean(args[0]), clean(st.Path()))
				return err
			})
		},
	}
}

func restoreCommand(a *app) *cobra.Command {
	var yes bool
	c := &cobra.Command{
		Use: "restore FILE", Short: "Put a backup in the roster's place", Args: cobra.ExactArgs(1),
		Long: `FILE is checked first, and what is there now is kept beside the roster. No run may be
going on. A running service goes on with what was restored; only where the roster was
damaged, or is of a newer version, must it be restarted. Numbers of runs go on after
the highest that the roster had; where that is not known they leap to a full ten
thousand. The roster belongs to the host that the backup belonged to: where that is
another one, ` + "`ringroster takeover`" + ` follows.`,
		RunE: func(c *cobra.Command, args []string) error { return a.restore(c.Context(), args[0], yes) },
	}
	c.Flags().BoolVarP(&yes, "yes", "y", false, "do not ask")
	a.addWait(c)
	return c
}

func (a *app) restore(ctx context.Context, file string, yes bool) error {
	s, err := a.settings()
	if err != nil {
		return err
	}
	if err := config.Readable(file, math.MaxInt64); err != nil { // before anybody is asked
		return badInput(file, "a backup that `ringroster backup FILE` wrote", err)
	} else if err := store.CheckBackup(ctx, file, s.Database.Path); err != nil {
		if errors.Is(err, store.ErrNoBackup) {
			err = &usageError{err}
		}
		return err
	}
	if err := a.ask(ctx, yes, fmt.Sprintf("Replace the roster %s by %s?", clean(s.Database.Path), clean(file)), "nothing was restored"); err != nil {
		return err
	}
	was, wasErr := os.Stat(s.Database.Path)
	before, err := a.restoreFree(ctx, file, s)
	if err != nil {
		return err
	}
	_, _ = fmt.Fprintf(a.stdout, "%s holds what was in %s.\n", clean(s.Database.Path), clean(file))
	if before != "" {
		_, _ = fmt.Fprintf(a.stdout, "What was there before is in %s.\n", clean(before))
	}
	if err := a.tellHome(ctx, s); err != nil {
		return err
	}
	if is, err := os.Stat(s.Database.Path); err == nil && wasErr == nil && !os.SameFile(was, is) {
		_, _ = fmt.Fprintln(a.stdout, "It is a new file: restart the service, if it runs.")
	}
	return nil
}

// restoreFree restores once no run is going on, for which it waits as it was told.
func (a *app) restoreFree(ctx context.Context, file string, s *config.Settings) (before string, err error) {
	for deadline := time.Now().Add(a.wait); ; {
		before, err = store.Restore(ctx, file, s.Database.Path, store.Options{Mode: s.Database.FileMode()})
		if _, busy := errors.AsType[*sync.BusyError](err); !busy || time.Now().After(deadline) {
			return before, err
		}
		select {
		case <-ctx.Done():
			return "", ctx.Err()
		case <-time.After(time.Second):
		}
	}
}
