package ringcentral

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// longestField is the most characters that a text of a record may have. A longer
// one makes the record faulty: no name has a thousand letters.
const longestField = 1000

// field is a text of a record, under its name on the wire.
type field struct {
	name  string
	value *string
}

// tidy makes the texts of a record fit to be stored, and adds to its fault those
// that are too long, which become empty.
func tidy(fault string, fields ...field) string {
	fault = capped(fault, fields...)
	for _, f := range fields {
		*f.value = plain(*f.value)
	}
	return fault
}

// capped is tidy for words that mean something only as they are.
func capped(fault string, fields ...field) string {
	for _, f := range fields {
		if len(*f.value) > longestField && utf8.RuneCountInString(*f.value) > longestField {
			*f.value = ""
			if fault != "" {
				fault += ", "
			}
			fault += fmt.Sprintf("%s: longer than %d characters", f.name, longestField)
		}
	}
	return fault
}

// plain is a text as it is stored and shown (R33): in NFC, without outer space,
// without control characters and without invisible ones that change nothing.
// Control characters that separate words become spaces.
func plain(text string) string {
	for i := range len(text) {
		if c := text[i]; c < ' ' || c > '~' {
			return strings.TrimSpace(norm.NFC.String(strings.Map(plainRune, text)))
		}
	}
	return strings.TrimSpace(text)
}

func plainRune(r rune) rune {
	switch {
	case r >= ' ' && r <= '~':
		return r
	case unicode.IsControl(r) && unicode.IsSpace(r) || r == '\u2028' || r == '\u2029':
		return ' '
	case unicode.IsControl(r) || unicode.Is(invisible, r):
		return -1
	}
	return r
}

// invisible are the characters of category Cf that change nothing of a name's
// letters: the soft hyphen, zero-width spaces, marks of direction, deprecated ones
// and tags. The joiners U+200C and U+200D are not among them, since Persian and
// Indic names are spelt with them.
var invisible = &unicode.RangeTable{
	R16: []unicode.Range16{
		{Lo: 0x00ad, Hi: 0x00ad, Stride: 1},
		{Lo: 0x061c, Hi: 0x061c, Stride: 1},
		{Lo: 0x200b, Hi: 0x200b, Stride: 1},
		{Lo: 0x200e, Hi: 0x200f, Stride: 1},
		{Lo: 0x202a, Hi: 0x202e, Stride: 1},
		{Lo: 0x2060, Hi: 0x206f, Stride: 1},
		{Lo: 0xfeff, Hi: 0xfeff, Stride: 1},
		{Lo: 0xfff9, Hi: 0xfffb, Stride: 1},
	},
	R32:         []unicode.Range32{{Lo: 0xe0000, Hi: 0xe007f, Stride: 1}},
	LatinOffset: 1,
}
