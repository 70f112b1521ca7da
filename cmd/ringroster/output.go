package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"slices"
	"strings"

	"ringroster/cmd/ringroster/observe"
	"ringroster/cmd/ringroster/render"
)

// The formats of --output.
const (
	formatTable = "table"
	formatJSON  = "json"
	formatCSV   = "csv"
)

// aside is where words for people go: among them, or beside a document that
// programs read.
func (a *app) aside() io.Writer {
	if a.output == formatTable {
		return a.stdout
	}
	return a.stderr
}

// clean makes foreign text safe for a line on a terminal.
func clean(s string) string { return observe.Escape(s) }

// widest is how much of a value a table shows; JSON and CSV have all of it.
const widest = 80

func short(s string) string {
	if r := []rune(s); len(r) > widest {
		return string(r[:widest-1]) + "…"
	}
	return s
}

// counted is a number of things, in words that fit it.
func counted(n int, one, many string) string {
	return fmt.Sprintf("%d %s", n, plural(n, one, many))
}

// plural is the word for so many.
func plural(n int, one, many string) string {
	if n == 1 {
		return one
	}
	return many
}

// itOrThem is what so many things are called once they were named.
func itOrThem(n int) string {
	if n == 1 {
		return "it"
	}
	return "them"
}

// rowsOf is a sequence of rows that may end in an error.
type rowsOf[T any] = iter.Seq2[T, error]

// listing is a list that a command prints: in a table or CSV with the given
// columns, in JSON as the rows themselves under key.
type listing[T any] struct {
	head    string // members of the JSON document before the list, each with a comma
	key     string
	columns []string
	cells   func(T) []string
	rows    iter.Seq2[T, error]
	fitted  bool // the table is for a terminal of textWidth columns
}

// print writes the list in the format asked for, as its rows arrive: however long
// it is, it is never in memory as a whole.
func (l *listing[T]) print(w io.Writer, format string) error {
	b := bufio.NewWriter(w)
	var err error
	switch format {
	case formatJSON:
		err = l.printJSON(b)
	case formatCSV:
		err = l.printCSV(b)
	default:
		err = l.printTable(b)
	}
	return errors.Join(err, b.Flush())
}

// alignedRows is how many rows of a table share the widths of their columns.
const alignedRows = 1000

func (l *listing[T]) printTable(w io.Writer) error {
	head := strings.Split(strings.ToUpper(strings.Join(l.columns, "\t")), "\t")
	var rows [][]string
	var kept func([]string) []string // of all rows the columns that the first ones fill
	flush := func() error {
		if kept == nil {
			kept = func(cells []string) []string { return cells }
			if l.fitted {
				kept = filled(slices.Clone(rows), tells(head, slices.Clone(rows)))
			}
			rows = slices.Insert(rows, 0, head)
		}
		for i := range rows {
			rows[i] = kept(rows[i])
		}
		if l.fitted {
			cut(rows)
		}
		err := writeAligned(w, rows)
		rows = rows[:0]
		return err
	}
	for row, err := range l.rows {
		if err != nil {
			return err
		}
		cells := l.cells(row)
		for i := range cells {
			cells[i] = short(clean(cells[i]))
		}
		rows = append(rows, cells)
		if len(rows) == alignedRows {
			if err := flush(); err != nil {
				return err
			}
		}
	}
	if kept != nil && len(rows) == 0 {
		return nil
	}
	return flush()
}

func (l *listing[T]) printCSV(w io.Writer) error {
	c := render.NewCSV(w, ',', l.columns)
	for row, err := range l.rows {
		if err != nil {
			return err
		}
		if err := c.Row(l.cells(row)); err != nil {
			return err
		}
	}
	return c.Flush()
}

func (l *listing[T]) printJSON(w io.Writer) error {
	if _, err := fmt.Fprintf(w, "{\"version\":1,%s%q:[", l.head, l.key); err != nil {
		return err
	}
	separator := "\n  "
	for row, err := range l.rows {
		if err != nil {
			return err
		}
		text, err := render.JSON(row)
		if err != nil {
			return err
		}
		if _, err := fmt.Fprintf(w, "%s%s", separator, text); err != nil {
			return err
		}
		separator = ",\n  "
	}
	_, err := fmt.Fprintln(w, "\n]}")
	return err
}

// printDocument writes one JSON document for people and programs.
func printDocument(w io.Writer, v any) error {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(v); err != nil {
		return err
	}
	_, err := w.Write(observe.EscapeJSON(b.Bytes()))
	return err
}

// each makes a row sequence of a slice.
func each[T any](rows []T) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		for _, row := range rows {
			if !yield(row, nil) {
				return
			}
		}
	}
}
