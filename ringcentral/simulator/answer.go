package simulator

import (
	"context"
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"strconv"
	"strings"
	"time"
)

const (
	formType = "application/x-www-form-urlencoded"
	jsonType = "application/json;charset=utf-8"
	textType = "text/plain;charset=utf-8"
	htmlType = "text/html;charset=utf-8"
)

// answer is one response, held back until faults have had their say.
type answer struct {
	status int
	header http.Header // may be nil
	kind   string      // content type; empty: none
	body   []byte

	cutBefore bool          // the connection breaks before a byte is sent
	cutAt     int           // and here, the Content-Length being that of the whole; 0: nowhere
	endless   bool          // the body never ends
	drip      time.Duration // pause before every dripSize bytes
}

const dripSize = 64

func (a answer) with(key, value string) answer {
	if a.header == nil {
		a.header = http.Header{}
	}
	a.header.Set(key, value)
	return a
}

func jsonAnswer(status int, v any) answer {
	body, err := json.Marshal(v)
	if err != nil {
		panic(err) // our own plain structs always encode
	}
	return answer{status: status, kind: jsonType, body: body}
}

func textAnswer(status int, text string) answer {
	return answer{status: status, kind: textType, body: []byte(text)}
}

// send writes the answer. It panics with http.ErrAbortHandler to break the connection, as net/http wants.
func (a answer) send(w http.ResponseWriter, r *http.Request) {
	if a.cutBefore {
		panic(http.ErrAbortHandler)
	}
	h := w.Header()
	maps.Copy(h, a.header)
	h.Set("Date", now().UTC().Format(http.TimeFormat))
	h["Content-Type"] = nil
	if a.kind != "" {
		h.Set("Content-Type", a.kind)
	}
	if !a.endless {
		h.Set("Content-Length", strconv.Itoa(len(a.body)))
	}
	w.WriteHeader(a.status)
	a.sendBody(w, r)
}

func (a answer) sendBody(w http.ResponseWriter, r *http.Request) {
	if a.endless {
		sendEndless(w, r, a.body)
		return
	}
	body := a.body
	if a.cutAt > 0 {
		body = body[:min(a.cutAt, len(body))]
	}
	if a.drip > 0 {
		if !dripBody(w, r, body, a.drip) {
			return
		}
	} else if _, err := w.Write(body); err != nil {
		return
	}
	if len(body) < len(a.body) {
		flush(w)
		panic(http.ErrAbortHandler)
	}
}

// sendEndless writes the answer but for its last bracket, and then white space for ever: valid JSON so far.
func sendEndless(w io.Writer, r *http.Request, body []byte) {
	_, err := w.Write(body[:max(0, len(body)-1)])
	filler := []byte(strings.Repeat(" ", 32<<10))
	for err == nil && r.Context().Err() == nil {
		_, err = w.Write(filler)
	}
}

func dripBody(w http.ResponseWriter, r *http.Request, body []byte, pause time.Duration) bool {
	for len(body) > 0 {
		n := min(dripSize, len(body))
		if !wait(r.Context(), pause) {
			return false
		}
		if _, err := w.Write(body[:n]); err != nil {
			return false
		}
		flush(w)
		body = body[n:]
	}
	return true
}

func flush(w http.ResponseWriter) {
	if f, ok := w.(http.Flusher); ok {
		f.Flush()
	}
}

// wait sleeps for d; false when the caller went away first.
func wait(ctx context.Context, d time.Duration) bool {
	if d <= 0 {
		return ctx.Err() == nil
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}
