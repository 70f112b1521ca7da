package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"time"

	"github.com/spf13/cobra"

	"ringroster/cmd/ringroster/config"
	"ringroster/cmd/ringroster/report"
	"ringroster/store"
	"ringroster/store/views"
)

func reportCommand(a *app) *cobra.Command {
	var out, since, account string
	c := &cobra.Command{
		Use: "report", Short: "Write a page to look at: what happened, what waits, and who is on the roster", Args: cobra.NoArgs,
		Long: `Writes one HTML page for a browser or a printer, which needs nothing else and runs no
script: what waits, with its commands; conflicts, with what settles them; pins that end
soon; members, changes and runs day by day; who came and who left; and the access
review, which says of every active member as what, since when and by which rule.

The page names people, and only its owner can read the file. ` + "`ringroster roster forget`" + `
does not reach it.`,
		Example: "  ringroster report --since 90d --out report.html",
		RunE: func(c *cobra.Command, _ []string) error {
			days, err := parsePast("since", since)
			if err != nil {
				return err
			}
			if out == "" {
				return usagef("say with --out FILE where the page goes")
			}
			return a.withRoster(c.Context(), func(s *config.Settings, st *store.Store) error {
				if err := refuseUnknown(c.Context(), st, rosterNames(s, &views.Filter{Account: account})); err != nil {
					return err
				}
				return a.writeReport(c.Context(), st, out, report.Options{
					Days: int(days / (24 * time.Hour)), Account: account, Now: time.Now(), Version: version,
				})
			})
		},
	}
	c.Flags().StringVar(&out, "out", "", "write the page to this file, such as report.html")
	c.Flags().StringVar(&since, "since", "30d", "how far back, such as 90d")
	c.Flags().StringVar(&account, "account", "", "only this account")
	return c
}

func (a *app) writeReport(ctx context.Context, st *store.Store, out string, o report.Options) error {
	if err := mayReplaceReport(out); err != nil {
		return err
	}
	if err := replaceFile(out, func(w io.Writer) error { return report.Write(ctx, w, st, o) }); err != nil {
		return fmt.Errorf("write the report %s: %w", out, err)
	}
	_, err := fmt.Fprintf(a.stdout, "The report is in %s. It names people: keep it as you keep the roster.\n", clean(out))
	return err
}

// mayReplaceReport refuses a file that is there and is no report.
func mayReplaceReport(path string) error {
	f, _, err := config.Open(path, math.MaxInt64)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err == nil {
		defer func() { _ = f.Close() }() // it was only read
		head := make([]byte, 512)
		n, _ := io.ReadFull(f, head)
		if bytes.Contains(head[:n], []byte(report.Generator)) {
			return nil
		}
	}
	return usagef("%s is there and is no report: give another name, or remove it first", path)
}
