package main

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"
)

// Tables for a terminal of textWidth columns. What does not fit is in --wide, in CSV and
// in JSON.

// addWide gives a command the flag --wide.
func addWide(c *cobra.Command, wide *bool) {
	c.Flags().BoolVar(wide, "wide", false, "all columns of the table, whole, however wide it gets")
}

// fit keeps of a table the given columns, without those that are empty and without the
// account where there is but one, cut to the width of a terminal.
func (l *listing[T]) fit(columns ...string) {
	all, cells := l.columns, l.cells
	l.fitted, l.columns = true, columns
	l.cells = func(row T) []string {
		whole := cells(row)
		shown := make([]string, len(columns))
		for i, name := range columns {
			shown[i] = whole[slices.Index(all, name)]
		}
		return shown
	}
}

// tells says which cells of a fitted table tell something: they are not empty, and no name
// of the only account.
func tells(head []string, rows [][]string) func(column int, cell string) bool {
	return func(column int, cell string) bool {
		if head[column] != "ACCOUNT" {
			return cell != ""
		}
		return slices.ContainsFunc(rows, func(row []string) bool { return row[column] != rows[0][column] })
	}
}

// gap is what parts two columns.
const gap = 2

// least is how much of a column is left when it is cut.
const least = 10

// filled gives of a row the cells of those columns that tell something in some row.
func filled(rows [][]string, tells func(column int, cell string) bool) func(cells []string) []string {
	return func(cells []string) (kept []string) {
		for i, cell := range cells {
			if len(rows) == 0 || slices.ContainsFunc(rows, func(row []string) bool { return tells(i, row[i]) }) {
				kept = append(kept, cell)
			}
		}
		return kept
	}
}

// widths are those of the columns of a table, and the sum with what parts them.
func widths(rows [][]string) (columns []int, sum int) {
	for _, row := range rows {
		for i, cell := range row {
			if i == len(columns) {
				columns = append(columns, 0)
			}
			columns[i] = max(columns[i], screenWidth(cell))
		}
	}
	sum = gap * (len(columns) - 1)
	for _, w := range columns {
		sum += w
	}
	return columns, sum
}

// cut shortens the widest columns of a table, its head included, until it fits. The
// first column is a name to type, and stays whole; so does an e-mail, as long as another
// can give way.
func cut(rows [][]string) {
	columns, sum := widths(rows)
	widest := func(spare string) (at int) {
		for i := range columns {
			if i > 0 && rows[0][i] != spare && columns[i] > least && (at == 0 || columns[i] > columns[at]) {
				at = i
			}
		}
		return at
	}
	for ; sum > textWidth; sum-- {
		at := cmp.Or(widest("EMAIL"), widest(""))
		if at == 0 {
			break
		}
		columns[at]--
	}
	for _, row := range rows {
		for i, cell := range row {
			row[i] = shortened(cell, columns[i])
		}
	}
}

// writeAligned writes rows with their columns under each other.
func writeAligned(w io.Writer, rows [][]string) error {
	columns, _ := widths(rows)
	for _, row := range rows {
		var line strings.Builder
		for i, cell := range row[:len(row)-1] {
			line.WriteString(padded(cell, columns[i]+gap))
		}
		if _, err := fmt.Fprintln(w, line.String()+row[len(row)-1]); err != nil {
			return err
		}
	}
	return nil
}
