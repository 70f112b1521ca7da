package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"ringroster/cmd/ringroster/config"
	"ringroster/cmd/ringroster/wire"
	"ringroster/store"
)

func publishVerifyCommand(a *app) *cobra.Command {
	c := &cobra.Command{
		Use: "verify NAME", Short: "Compare a mirror with the roster, row by row", Args: cobra.ExactArgs(1),
		Long: `Compares a mirror in PostgreSQL with the roster, row by row, and says which rows and columns
differ. The exit code is 1 when some do. ` + "`ringroster publish NAME`" + ` puts them right.`,
		RunE: func(c *cobra.Command, args []string) error {
			return a.withRoster(c.Context(), func(s *config.Settings, st *store.Store) error {
				return a.verifyMirror(c.Context(), s, st, args[0])
			})
		},
	}
	a.addOutput(c)
	return c
}

// comparedRow is how a table of a mirror differs, in the output of `publish verify`.
type comparedRow struct {
	Table   string   `json:"table"`
	Rows    int64    `json:"rows"` // that the roster has
	Missing int64    `json:"missing"`
	Extra   int64    `json:"extra"`
	Differ  int64    `json:"differ"`
	Some    []string `json:"some"` // of the rows that differ
}

func (a *app) verifyMirror(ctx context.Context, s *config.Settings, st *store.Store, name string) error {
	if err := publishes(s, name); err != nil {
		return err
	}
	compared, behind, err := wire.Publisher(s, version, st, unheard).Verify(ctx, name)
	if err != nil {
		return err
	}
	equal := true
	rows := make([]comparedRow, len(compared))
	for i := range compared {
		c := &compared[i]
		equal = equal && c.Equal()
		rows[i] = comparedRow{c.Table, c.Rows, c.Missing, c.Extra, c.Differ, append([]string{}, c.Some...)}
	}
	if err := a.printCompared(rows); err != nil || equal {
		return err
	}
	remedy := fmt.Sprintf("`ringroster publish %s` puts it right", name)
	if behind > 0 {
		remedy = fmt.Sprintf("it was not given the last %s yet: %s", counted(int(behind), "change", "changes"), remedy)
	}
	return fmt.Errorf("the mirror %s is not as the roster; %s", name, remedy)
}

func (a *app) printCompared(rows []comparedRow) error {
	list := &listing[comparedRow]{
		key: "compared", rows: each(rows),
		columns: []string{"table", "rows", "missing", "extra", "differ"},
		cells: func(r comparedRow) []string {
			return []string{r.Table, fmt.Sprint(r.Rows), fmt.Sprint(r.Missing), fmt.Sprint(r.Extra), fmt.Sprint(r.Differ)}
		},
	}
	if err := list.print(a.stdout, a.output); err != nil || a.output != formatTable {
		return err
	}
	for i := range rows {
		for _, text := range rows[i].Some {
			_, _ = fmt.Fprint(a.stdout, wrapped("  ", "    ", clean(rows[i].Table+": "+text)))
		}
	}
	return nil
}
