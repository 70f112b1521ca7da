// Package render writes rows for programs: CSV and JSON, as exports and deliveries have
// them.
package render

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"unicode"

	"ringroster/cmd/ringroster/observe"
)

// CSV writes rows that no spreadsheet takes for formulas.
type CSV struct{ w *csv.Writer }

// NewCSV begins with the names of the columns.
func NewCSV(w io.Writer, delimiter rune, columns []string) *CSV {
	c := &CSV{csv.NewWriter(w)}
	c.w.Comma = delimiter
	_ = c.w.Write(columns) // an error stays with the writer
	return c
}

// Row writes one, whose cells it changes.
func (c *CSV) Row(cells []string) error {
	for i := range cells {
		cells[i] = GuardCell(printable(cells[i]))
	}
	return c.w.Write(cells)
}

// Flush writes what is still to be written.
func (c *CSV) Flush() error {
	c.w.Flush()
	return c.w.Error()
}

// phoneCharacters are what a cell may consist of to count as a phone number.
const phoneCharacters = "+0123456789 ()-./"

// GuardCell marks a CSV cell that a spreadsheet would take for a formula with a
// leading apostrophe, unless it is only a phone number. A cell that already has
// such a mark gets another, so that taking one away restores every cell.
func GuardCell(s string) string {
	bare := strings.TrimLeft(s, "'")
	if bare == "" || !strings.ContainsRune("=+-@\t\r", rune(bare[0])) {
		return s
	}
	if s[0] == '+' && strings.Trim(s, phoneCharacters) == "" && strings.ContainsAny(s, "0123456789") {
		return s
	}
	return "'" + s
}

// UnguardCell takes away the mark that GuardCell gave, and nothing else.
func UnguardCell(s string) string {
	if bare, marked := strings.CutPrefix(s, "'"); marked && GuardCell(bare) == s {
		return bare
	}
	return s
}

// printable shows control characters that a terminal would obey: files are looked
// at there, too. Line breaks stay.
func printable(s string) string {
	if !strings.ContainsFunc(s, unicode.IsControl) {
		return s
	}
	var b strings.Builder
	for _, r := range s {
		if unicode.IsControl(r) && r != '\n' && r != '\t' {
			fmt.Fprintf(&b, "\\u%04x", r)
		} else {
			b.WriteRune(r)
		}
	}
	return b.String()
}

// JSON is one value on one line, with <, > and & as they are, and what is not seen
// escaped.
func JSON(v any) (string, error) {
	text, err := ExactJSON(v)
	return string(observe.EscapeJSON([]byte(text))), err
}

// ExactJSON is JSON without the escapes, for what is compared byte by byte.
func ExactJSON(v any) (string, error) {
	var b strings.Builder
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	err := enc.Encode(v)
	return strings.TrimSpace(b.String()), err
}
