package ringcentral

import (
	"fmt"
	"strconv"
	"strings"
	"unicode"

	"github.com/go-json-experiment/json/jsontext"
)

// id is an id as it may come: a number up to int64, a string, null, or absent.
// RingCentral's schemas and bodies differ on which (API.md 2). No id is "",
// and so is 0, which RingCX writes where it means none.
type id string

// longestID is more than any id has.
const longestID = 200

// UnmarshalJSONFrom reads an id strictly: fractions, signs and objects are errors.
func (i *id) UnmarshalJSONFrom(dec *jsontext.Decoder) error {
	value, err := dec.ReadValue()
	if err != nil {
		return err
	}
	*i, err = readID(value)
	return err
}

func readID(value jsontext.Value) (id, error) {
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

func someID(text string) id {
	if text == "0" {
		return ""
	}
	return id(text)
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
