package sync

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// IDError is text that a person gave as an id of RingCentral's, and that is none.
type IDError struct {
	Text string
	Hint string // what has probably happened to it; "": unknown
}

func (e *IDError) Error() string {
	if e.Hint == "" {
		return fmt.Sprintf("%q is no id of RingCentral's: those are decimal digits, such as 400100001234", e.Text)
	}
	return fmt.Sprintf("%q is no id of RingCentral's: %s", e.Text, e.Hint)
}

// ParseID reads an id of RingCentral's where a person gives one: decimal digits
// and nothing else (R33). What spreadsheets make of ids is refused, with what to
// do: a rounded id may be somebody else's. Errors are *IDError.
func ParseID(text string) (string, error) {
	id := strings.TrimSpace(text)
	if isDigits(id) {
		return id, nil
	}
	return "", &IDError{Text: text, Hint: mangled(id)}
}

// mangled says what has become of an id that is one no more, as far as that shows.
func mangled(id string) string {
	const remedy = "format the column as text before the ids are put there"
	bare := strings.Trim(id, "'’")
	whole, fraction, point := strings.Cut(bare, ".")
	switch {
	case bare != id && isDigits(bare):
		return "write " + bare + ", without the apostrophe"
	case point && isDigits(whole) && fraction != "" && strings.Trim(fraction, "0") == "" && len(whole) > 3:
		return "write " + whole + "; a spreadsheet has made a number of it: " + remedy
	case strings.ContainsAny(bare, "eE") && isNumber(bare):
		return "a spreadsheet has rounded it, and its last digits are lost: " + remedy
	case grouped.MatchString(bare):
		return "write it without separators"
	}
	return ""
}

func isDigits(s string) bool { return s != "" && strings.Trim(s, "0123456789") == "" }

func isNumber(s string) bool {
	_, err := strconv.ParseFloat(strings.Replace(s, ",", ".", 1), 64)
	return err == nil
}

// grouped are digits in groups of three, and digits with spaces anywhere.
var grouped = regexp.MustCompile(`^([0-9]{1,3}([,.'_’][0-9]{3})+|[0-9]+([\s\x{a0}\x{2009}\x{202f}][0-9]+)+)$`)
