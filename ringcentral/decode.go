package ringcentral

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/go-json-experiment/json"
	"golang.org/x/text/unicode/norm"
)

const (
	// mostBody bounds a body that is used: a group of 100,000 agents is 45 MB.
	mostBody = 64 << 20
	// mostErrorBody is read of a body that only explains a refusal.
	mostErrorBody = 64 << 10
)

// readBody reads a whole body or fails: one that is shorter than announced is a
// broken connection, one that does not end is refused. Nothing is set aside on the
// server's word. Of refusals only the beginning is read, since their status counts
// in any case. room is read into if it
// is large enough.
func readBody(resp *http.Response, room []byte) ([]byte, error) {
	if resp.StatusCode != http.StatusOK {
		body, _ := io.ReadAll(io.LimitReader(resp.Body, mostErrorBody))
		return body, nil
	}
	if resp.ContentLength > mostBody {
		return nil, tooLarge()
	}
	body := bytes.NewBuffer(room)
	n, err := body.ReadFrom(io.LimitReader(resp.Body, mostBody+1))
	switch {
	case n > mostBody:
		return nil, tooLarge()
	case err != nil:
		return nil, err
	case resp.ContentLength >= 0 && n != resp.ContentLength:
		return nil, fmt.Errorf("%d of %d bytes came: %w", n, resp.ContentLength, io.ErrUnexpectedEOF)
	}
	return body.Bytes(), nil
}

func tooLarge() *Error {
	return &Error{kind: kindTooLarge, Message: fmt.Sprintf("the body is larger than %d MiB", mostBody>>20)}
}

// decodeObject reads a JSON object; anything else is nonsense.
func decodeObject[T any](body []byte) (*T, error) {
	if err := wants('{', body); err != nil {
		return nil, err
	}
	v := new(T)
	if err := json.Unmarshal(body, v); err != nil {
		return nil, unreadable(body, err)
	}
	return v, nil
}

// decodeList reads a JSON array of records. Where a record has a fault, the
// others stand: what could be read of it is in its place, with the fault under
// its index (R19).
// room is used for the records if it is large enough; it may be nil.
func decodeList[T any](body []byte, room []T) (records []T, faults map[int]string, err error) {
	if err := wants('[', body); err != nil {
		return nil, nil, err
	}
	list := rows[T]{list: room}
	if json.Unmarshal(body, &list) == nil {
		return list.list, nil, nil
	}
	var faulty faultyRows[T]
	if err := decodeFaulty(body, &faulty, &faulty); err != nil {
		return nil, nil, err
	}
	return faulty.list, faulty.faults, nil
}

// wants checks how a body begins, to tell null, empty bodies and web pages from
// data.
func wants(opening byte, body []byte) error {
	body = bytes.TrimSpace(body)
	switch {
	case len(body) == 0:
		return nonsense("the body is empty")
	case body[0] == opening:
		return nil
	case body[0] == '<':
		err := nonsense("a web page instead of data")
		err.web = true
		return err
	case body[0] == '{':
		return nonsense("an object where a list belongs %s", refusal(0, http.Header{}, body).Code)
	}
	return nonsense("the body is not the JSON asked for")
}

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
