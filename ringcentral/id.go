package ringcentral

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode"

	"github.com/go-json-experiment/json/jsontext"
)

// id is an id as it may come: a number up to int64, digits in a string, null, or
// absent. RingCentral's schemas and bodies differ on which (API.md 2). No id is "",
// and so is 0, which RingCX writes where it means none. Any other text is an error: who
// has it cannot be told by it (R33).
type id string

// code is an id that may be a word, as a permission's is: any text, else as an id.
type code string

// longestID is more than any id has.
const longestID = 200

// errNoID says of a text that no id is read from it.
var errNoID = errors.New("no id of RingCentral's: those are decimal digits")

// UnmarshalJSONFrom reads an id strictly: fractions, signs, words and objects are errors.
func (i *id) UnmarshalJSONFrom(dec *jsontext.Decoder) error {
	value, err := dec.ReadValue()
	if err != nil {
		return err
	}
	*i, err = readID(value)
	return err
}

func readID(value jsontext.Value) (id, error) {
	read, err := readCode(value)
	if err == nil && strings.Trim(string(read), "0123456789") != "" {
		return "", fmt.Errorf("%q is %w", clean(string(read)), errNoID)
	}
	return id(read), err
}

// UnmarshalJSONFrom reads a code as strictly as an id, but for words.
func (c *code) UnmarshalJSONFrom(dec *jsontext.Decoder) error {
	value, err := dec.ReadValue()
	if err != nil {
		return err
	}
	*c, err = readCode(value)
	return err
}

func readCode(value jsontext.Value) (code, error) {
	switch value.Kind() {
	case 'n':
		return "", nil
	case '"':
		raw, err := jsontext.AppendUnquote(nil, value)
		text := strings.TrimSpace(string(raw))
		if err != nil || len(text) > longestID || strings.ContainsFunc(text, unicode.IsControl) {
			return "", fmt.Errorf("%q is not an id", clean(text))
		}
		return someID(text), nil
	}
	if n, err := strconv.ParseInt(string(value), 10, 64); err != nil || n < 0 {
		return "", fmt.Errorf("%s is not an id", clean(string(value)))
	}
	return someID(string(value)), nil
}

func someID(text string) code {
	if text == "0" {
		return ""
	}
	return code(text)
}

// ids is a list of ids by which nothing is decided, so no record is faulty for
// it: what is no id in it is left out, and what is no list is a list of one. It is nil
// where nothing can be read, which is not the same as an empty list.
type ids []string

// UnmarshalJSONFrom fails only on what is no JSON.
func (l *ids) UnmarshalJSONFrom(dec *jsontext.Decoder) error {
	*l = nil
	if dec.PeekKind() != '[' {
		return l.add(dec)
	}
	if _, err := dec.ReadToken(); err != nil {
		return err
	}
	if dec.PeekKind() == ']' {
		*l = ids{}
	}
	for dec.PeekKind() != ']' {
		if err := l.add(dec); err != nil {
			return err
		}
	}
	_, err := dec.ReadToken()
	return err
}

func (l *ids) add(dec *jsontext.Decoder) error {
	value, err := dec.ReadValue()
	if err != nil {
		return err
	}
	if kind := value.Kind(); kind != '"' && kind != '0' {
		return nil
	}
	if i, err := readID(value); err == nil && i != "" {
		*l = append(*l, string(i))
	}
	return nil
}
