package ringcentral

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"unicode"
	"unicode/utf8"
)

// kind is what went wrong, as far as the client decides on it.
type kind int

const (
	kindAnswer    kind = iota // RingCentral refused, with a status of 300 or more
	kindTransport             // no whole answer came: connection, timeout, cut body
	kindProxy                 // a proxy refuses the way
	kindUntrusted             // the other side's certificate is not trusted
	kindNonsense              // success that is no answer: another status than 200, or a body that was not asked for
	kindTooLarge              // a body beyond the size limit
	kindRedirect              // an answer that leads elsewhere: never followed
	kindPenalty               // RingCentral asks to wait longer than a run waits
	kindMoved                 // lists that changed while they were read, each time
	kindSettings              // the settings name what does not exist there
)

// Error is every failure to read from RingCentral: what was being read, what
// came back, and what the operator can do. Foreign text in it is cleaned of
// control characters and secrets, and capped.
type Error struct {
	Op        string // what was being read: "agents of 99990001/1009"
	URL       string // method, host and path; never a query
	Status    int    // HTTP status; 0 when there was no answer
	Code      string // RingCentral's own: CMN-408, OAU-153, access.denied.exception
	Message   string
	RequestID string // RCRequestId, for RingCentral's support
	Advice    string // what to do about it; "" when nothing is known

	kind      kind
	word      string // OAuth's error word: invalid_client
	web       bool   // a web page came instead of data
	permanent bool
	settled   bool // no try in this session changes it: there is no token
	cause     error
}

func (e *Error) Error() string {
	var b strings.Builder
	if e.Op != "" {
		fmt.Fprintf(&b, "reading %s: ", e.Op)
	}
	switch {
	case e.Status != 0:
		fmt.Fprintf(&b, "%s answered %d", e.URL, e.Status)
		if e.Code != "" {
			fmt.Fprintf(&b, " %s", short(e.Code))
		}
		if e.Message != "" {
			b.WriteString(": ")
		}
	case e.URL != "":
		fmt.Fprintf(&b, "%s: ", e.URL)
	}
	b.WriteString(short(e.Message))
	if e.RequestID != "" {
		fmt.Fprintf(&b, " (request id %s)", short(e.RequestID))
	}
	if advice := e.remedy(); advice != "" {
		fmt.Fprintf(&b, "; %s", advice)
	}
	return b.String()
}

// Unwrap gives the transport's or the decoder's error, when there was one.
func (e *Error) Unwrap() error { return e.cause }

// Permanent reports whether trying again later is useless until credentials,
// permissions or settings are changed.
func (e *Error) Permanent() bool { return e.permanent }

// moved says that lists contradict each other, as they do when people move
// while they are read (R1).
func moved(op, format string, args ...any) *Error {
	return &Error{Op: op, kind: kindMoved, Message: fmt.Sprintf(format, args...)}
}

func isMoved(err error) bool { return kindOf(err) == kindMoved }

// nonsense says that a body was not what was asked for.
func nonsense(format string, args ...any) *Error {
	err := fmt.Errorf(format, args...)
	return &Error{kind: kindNonsense, Message: strip(err.Error()), cause: err}
}

// refusal is the one reading of all the shapes in which RingCentral says no:
// both RingEX envelopes, OAuth's, RingCX's, plain text, HTML, or nothing
// (API.md 1.6, 4 and 5.4).
func refusal(status int, h http.Header, body []byte) *Error {
	e := &Error{Status: status, kind: kindAnswer, RequestID: strip(h.Get("RCRequestId"))}
	if to, err := url.Parse(h.Get("Location")); status >= 300 && status < 400 && err == nil {
		e.kind, e.Message = kindRedirect, strip("it leads to "+first(to.Host, "another path"))
		return e
	}
	if status < 300 {
		e.kind, e.Message = kindNonsense, first(http.StatusText(status), "unknown status")+": only status 200 is taken for an answer"
		return e
	}
	body = bytes.TrimSpace(body)
	switch {
	case len(body) == 0:
		e.Message = http.StatusText(status)
	case body[0] == '{' && e.readJSON(body):
	case isHTML(h, body):
		e.web, e.Message = true, "a web page instead of data"
	default:
		e.Message = strip(string(body))
	}
	return e
}

// readJSON takes code and message from a JSON body, and reports whether it
// found any.
func (e *Error) readJSON(body []byte) bool {
	var doc struct {
		ErrorCode        string
		Message          string
		Error            string
		Description      string `json:"error_description"`
		GeneralMessage   string
		DeveloperMessage string
		Errors           []struct{ ErrorCode, Message string }
	}
	// A field of an unexpected type leaves the others readable.
	if err := json.Unmarshal(body, &doc); err != nil && !json.Valid(body) {
		return false
	}
	for _, inner := range doc.Errors {
		doc.ErrorCode = first(doc.ErrorCode, inner.ErrorCode)
		doc.Message = first(doc.Message, inner.Message)
	}
	e.Code = strip(first(doc.ErrorCode, doc.Error))
	e.Message = strip(first(doc.Message, doc.Description, doc.GeneralMessage, doc.DeveloperMessage))
	e.word = strip(doc.Error)
	return e.Code != "" || e.Message != ""
}

func isHTML(h http.Header, body []byte) bool {
	return body[0] == '<' || strings.Contains(strings.ToLower(h.Get("Content-Type")), "html")
}

// limitUnderSuccess finds RingCentral's rate refusal in a body that came with
// status 200, as has been seen (API.md 3); nil: there is none.
func limitUnderSuccess(err error, body []byte) *Error {
	if kindOf(err) != kindNonsense {
		return nil
	}
	e := refusal(http.StatusTooManyRequests, nil, body)
	if !strings.HasPrefix(e.Code, "CMN-30") && e.Code != "CMN-310" {
		return nil
	}
	return e
}

func first(values ...string) string {
	for _, v := range values {
		if v != "" {
			return v
		}
	}
	return ""
}

// longestText is the most that is shown of somebody else's text, in runes.
const longestText = 300

// clean makes foreign text fit for one line of a log.
func clean(text string) string { return short(strip(text)) }

// strip takes out control and invisible formatting characters, and makes all space
// single.
func strip(text string) string {
	text = strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return ' '
		case unicode.IsControl(r) || unicode.Is(unicode.Cf, r) || r == utf8.RuneError:
			return -1
		}
		return r
	}, text)
	return strings.Join(strings.Fields(text), " ")
}

func short(text string) string {
	if runes := []rune(text); len(runes) > longestText {
		return string(runes[:longestText]) + "…"
	}
	return text
}
