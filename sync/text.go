package sync

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"
)

// EmployeeKey begins a word for somebody that is an employee number.
const EmployeeKey = "employee:"

// FoldText is what names, filters and usernames are compared by (R33). Texts that
// people take for the same fold to one: Unicode NFKC, full case folding, every
// apostrophe and dash as one, runs of any space as one, outer space and invisible
// characters gone. What is folded already stays as it is.
func FoldText(s string) string { return foldBy(s, true) }

// FoldEmail is FoldText for e-mails, in which apostrophes and dashes tell people
// apart.
func FoldEmail(s string) string { return foldBy(s, false) }

// SameText says whether two texts fold to one.
func SameText(a, b string) bool {
	if a == b {
		return true
	}
	if needOf(a, true) <= upper && needOf(b, true) <= upper { // the words of RingCentral and of settings: no copies
		return strings.EqualFold(a, b)
	}
	return FoldText(a) == FoldText(b)
}

// SameValue compares two values of a field.
func SameValue(f Field, a, b string) bool {
	if f == Email {
		return FoldEmail(a) == FoldEmail(b)
	}
	return SameText(a, b)
}

// need says how much of folding a text needs.
type need int

const (
	folded  need = iota // none
	upper               // ASCII letters become small
	foreign             // all of it
)

func foldBy(s string, marks bool) string {
	switch needOf(s, marks) {
	case folded:
		return s
	case upper:
		return strings.ToLower(s)
	}
	// What is invisible goes before NFKC joins letters with their accents. NFKC comes
	// before case folding, which looks at one letter at a time, and after it, which may
	// take letters apart. Both make apostrophes, dashes and spaces of other characters;
	// of an acute accent by itself they would make a space.
	s = norm.NFKC.String(visible(s, marks))
	s = norm.NFKC.String(cases.Fold().String(s))
	return visible(s, marks)
}

func needOf(s string, marks bool) need {
	n := folded
	space := true // an outer one
	for i := range len(s) {
		switch c := s[i]; {
		case c == ' ' && space, c < ' ', c >= utf8.RuneSelf-1, c == '`' && marks:
			return foreign
		case c >= 'A' && c <= 'Z':
			n = upper
		}
		space = s[i] == ' '
	}
	if space && s != "" {
		return foreign
	}
	return n
}

// visible leaves out what cannot be seen, and makes one of each run of spaces; of
// each mark as well, if marks are to be made one.
func visible(s string, marks bool) string {
	var b strings.Builder
	b.Grow(len(s))
	space := false
	for _, r := range s {
		switch {
		case unicode.IsSpace(r):
			space = true
			continue
		case invisible(r):
			continue
		case r >= 0xab70 && r <= 0xabbf: // x/text swaps the cases of Cherokee: let it have one
			r -= 0xab70 - 0x13a0
		case r >= 0x13f8 && r <= 0x13fd:
			r -= 0x13f8 - 0x13f0
		case marks && isApostrophe(r):
			r = '\''
		case marks && isDash(r):
			r = '-'
		}
		if space && b.Len() > 0 {
			b.WriteByte(' ')
		}
		space = false
		b.WriteRune(r)
	}
	return b.String()
}

// invisible says whether a character shows nothing: zero width spaces and joiners,
// soft hyphens, byte order and direction marks, variation selectors, controls.
func invisible(r rune) bool {
	if r < utf8.RuneSelf {
		return r < ' ' || r == 0x7f
	}
	return unicode.In(r, unicode.Cc, unicode.Cf, unicode.Other_Default_Ignorable_Code_Point, unicode.Variation_Selector) &&
		!unicode.Is(unicode.Prepended_Concatenation_Mark, r)
}

// isApostrophe knows what keyboards, word processors and transliterations put in
// the place of an apostrophe: quotation marks, primes, accents by themselves, modifier
// letters, and those of Greek, Armenian, Hebrew, N'Ko and Saltillo.
func isApostrophe(r rune) bool {
	switch r {
	case '\'', '`', '\u00b4', '\u02b9', '\u02bb', '\u02bc', '\u02bd', '\u02be', '\u02bf', '\u02c8', '\u02ca', '\u02cb',
		'\u055a', '\u05f3', '\u07f4', '\u07f5', '\u1fbd', '\u1ffd', '\u2018', '\u2019', '\u201b', '\u2032', '\u2035',
		'\ua78b', '\ua78c':
		return true
	}
	return false
}

// isDash knows Unicode's dashes, and the signs that look like one: minus, bullet,
// modifier letter, heavy minus.
func isDash(r rune) bool {
	switch r {
	case '\u2212', '\u2043', '\u02d7', '\u2796':
		return true
	}
	return unicode.Is(unicode.Pd, r)
}

// CheckText refuses a value, given by hand, that would break tables and logs.
func CheckText(field, value string) error {
	switch {
	case !utf8.ValidString(value):
		return fmt.Errorf("%s must be UTF-8 text", field)
	case strings.ContainsFunc(value, unicode.IsControl):
		return fmt.Errorf("%s must be one line of text without control characters", field)
	case len(value) > maxText:
		return fmt.Errorf("%s must not be longer than %d bytes", field, maxText)
	}
	return nil
}

// FormerID marks an rc user id, or the key of a login, that passed to another human (R13).
const FormerID = "was:"

// maxText bounds what an operator may write into one field, in bytes.
const maxText = 500

// FlagText is how a column says yes or no.
func FlagText(b bool) string { return map[bool]string{true: "1", false: "0"}[b] }

func orNull[T comparable](v T) *T {
	var zero T
	if v == zero {
		return nil
	}
	return &v
}

func orEmpty[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}
