package observe

import (
	"bytes"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"
)

// Names come from elsewhere. What is not seen in them can move the cursor, reorder
// the line, or make two names look like one: in text for people it becomes a
// visible escape, in JSON an escape that programs read as the same character.

// Escape makes text safe for a line on a terminal: control characters, line ends,
// marks that reorder text and characters without a width become \uXXXX.
func Escape(s string) string {
	if strings.IndexFunc(s, steers) < 0 {
		return s
	}
	var b strings.Builder
	before := ' '
	for _, r := range s {
		if steers(r) && (!isJoiner(r) || !joins(before)) {
			fmt.Fprintf(&b, "\\u%04x", r)
		} else {
			b.WriteRune(r)
		}
		before = r
	}
	return b.String()
}

// EscapeJSON escapes the same in a JSON text, which stays the same document. It
// returns the text itself when there is nothing to escape.
func EscapeJSON(text []byte) []byte {
	if bytes.IndexFunc(text, func(r rune) bool { return r >= 0x7f && steers(r) }) < 0 {
		return text
	}
	var b bytes.Buffer
	for _, r := range string(text) {
		switch {
		case r < 0x7f || !steers(r):
			b.WriteRune(r)
		case r > 0xffff:
			high, low := utf16.EncodeRune(r)
			fmt.Fprintf(&b, "\\u%04x\\u%04x", high, low)
		default:
			fmt.Fprintf(&b, "\\u%04x", r)
		}
	}
	return b.Bytes()
}

// steers says whether a terminal might do something else than show the character.
func steers(r rune) bool {
	if r < utf8.RuneSelf {
		return r < ' ' || r == 0x7f
	}
	return unicode.In(r, unicode.Cc, unicode.Cf, unicode.Zl, unicode.Zp, unicode.Other_Default_Ignorable_Code_Point) || r == utf8.RuneError
}

// Joiners are part of how some scripts, and emoji, are written.
func isJoiner(r rune) bool { return r == '\u200c' || r == '\u200d' }

// joins says whether a joiner has its place after a character: not among letters
// that stand alone.
func joins(r rune) bool {
	return r >= utf8.RuneSelf && !steers(r) && !unicode.In(r, unicode.Latin, unicode.Greek, unicode.Cyrillic, unicode.Zs)
}

// escapeLine escapes a line of a log, up to its end.
func escapeLine(line []byte) []byte {
	text, ended := bytes.CutSuffix(line, []byte("\n"))
	if !bytes.ContainsFunc(text, steers) {
		return line
	}
	text = []byte(Escape(string(text)))
	if ended {
		text = append(text, '\n')
	}
	return text
}
