package ringcentral

import (
	"bytes"
	"fmt"
	"io"
	"net/http"

	"github.com/go-json-experiment/json"
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
