package ringcentral

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"unicode"
)

const (
	// mostBody bounds a body that is used: a group of 100,000 agents is 45 MB.
	mostBody = 64 << 20
	// mostErrorBody is read of a body that only explains a refusal.
	mostErrorBody = 64 << 10
	// mostReserved is set aside on a server's word alone.
	mostReserved = 4 << 20
)

// readBody reads a whole body or fails: one that is shorter than announced is a
// broken connection, one that does not end is refused. Of refusals only the
// beginning is read, since their status counts in any case. room is read into if it
// is large enough.
func readBody(resp *http.Response, room []byte) ([]byte, error) {
	if resp.StatusCode >= 300 {
		body, _ := io.ReadAll(io.LimitReader(resp.Body, mostErrorBody))
		return body, nil
	}
	if resp.ContentLength > mostBody {
		return nil, tooLarge()
	}
	body := bytes.NewBuffer(room)
	body.Grow(int(min(max(resp.ContentLength, 0)+bytes.MinRead, mostReserved)))
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

// id is an id as it may come: a number up to int64, a string, null, or absent.
// RingCentral's schemas and bodies differ on which (API.md 2). No id is "",
// and so is 0, which RingCX writes where it means none.
type id string

// UnmarshalJSON reads an id strictly: fractions, signs and objects are errors.
func (i *id) UnmarshalJSON(b []byte) error {
	*i = ""
	if string(b) == "null" {
		return nil
	}
	text := string(b)
	if b[0] == '"' {
		if err := json.Unmarshal(b, &text); err != nil {
			return err
		}
		text = strings.TrimSpace(text)
		if len(text) > 200 || strings.ContainsFunc(text, unicode.IsControl) {
			return fmt.Errorf("%q is not an id", clean(text))
		}
	} else if n, err := strconv.ParseInt(text, 10, 64); err != nil || n < 0 {
		return fmt.Errorf("%s is not an id", clean(text))
	}
	if text != "0" {
		*i = id(text)
	}
	return nil
}

// ids is a list of ids by which nothing is decided, so no record is faulty for
// it: what is no id in it is left out, and what is no list is a list of one.
type ids []string

// UnmarshalJSON never fails.
func (l *ids) UnmarshalJSON(b []byte) error {
	*l = nil
	if string(b) == "[]" || string(b) == "null" {
		return nil
	}
	var each []json.RawMessage
	if json.Unmarshal(b, &each) != nil {
		each = []json.RawMessage{b}
	}
	for _, one := range each {
		var i id
		if i.UnmarshalJSON(one) == nil && i != "" {
			*l = append(*l, string(i))
		}
	}
	return nil
}

// decodeObject reads a JSON object; anything else is nonsense.
func decodeObject[T any](body []byte) (*T, error) {
	if err := wants('{', body); err != nil {
		return nil, err
	}
	v := new(T)
	if err := json.Unmarshal(body, v); err != nil {
		return nil, nonsense("%w", err)
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
	records = room
	if json.Unmarshal(body, &records) == nil {
		return records, nil, nil
	}
	var raw []json.RawMessage
	if err := json.Unmarshal(body, &raw); err != nil {
		return nil, nil, nonsense("%w", err)
	}
	return decodeEach[T](raw)
}

// decodeEach reads a list record by record, so that one faulty record spoils
// nothing else (R19). Where most are faulty it is not the records that are wrong.
func decodeEach[T any](raw []json.RawMessage) (records []T, faults map[int]string, err error) {
	records, faults = make([]T, len(raw)), map[int]string{}
	for i, one := range raw {
		if json.Unmarshal(one, &records[i]) == nil {
			continue
		}
		records[i], faults[i] = salvage[T](one)
	}
	if len(faults) > 1 && 2*len(faults) > len(raw) {
		return nil, nil, nonsense("%d of %d records hold values of the wrong type", len(faults), len(raw))
	}
	return records, faults, nil
}

// salvage reads what is legible of a record, field by field, and says what is
// not.
func salvage[T any](raw json.RawMessage) (record T, fault string) {
	var fields map[string]json.RawMessage
	if json.Unmarshal(raw, &fields) != nil {
		return record, "it is not an object"
	}
	var wrong []string
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		alone, err := json.Marshal(map[string]json.RawMessage{name: fields[name]})
		if err != nil || json.Unmarshal(alone, &record) != nil {
			wrong = append(wrong, clean(name))
		}
	}
	return record, strings.Join(wrong, ", ") + ": of the wrong type"
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
