package ringcentral

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"time"

	"ringroster/sync"
)

// Config is one account's access to RingCentral.
type Config struct {
	Account       string // name in snapshots and progress
	BaseURL       string // of RingEX; may have a path, a trailing slash is ignored
	RingCXURL     string // likewise
	MainAccountID string // of RingCX, or RingEX's number for the same account (R4)
	SubAccounts   []string
	ClientID      string
	ClientSecret  string
	JWT           string
	Roles         bool // read RingEX's roles and who has them (R9)
	Regional      bool // keep the account's own regional settings, which no call more tells
	// EmployeeReference is the type of the references that holds the employee number
	// (CustomerDirectoryId), EmployeeField the name of a custom field; "": none.
	EmployeeReference string
	EmployeeField     string
	UserAgent         string // Name/Version, as RingCentral asks for (API.md 2)
	CAFile            string // PEM, trusted besides the system's; only with Transport nil
	// Transport is used instead of the default, which honours HTTPS_PROXY,
	// verifies TLS and bounds every wait.
	Transport http.RoundTripper
	// OnCall is told of each request when its answer was read; nil: nobody. It
	// is called from several goroutines.
	OnCall func(Call)
}

// String keeps secrets out of logs.
func (c Config) String() string { return fmt.Sprintf("RingCentral account %q", c.Account) }

// GoString is String.
func (c Config) GoString() string { return c.String() }

// Call is one request that was sent.
type Call struct {
	Account   string
	Op        string // the operation: "agents", "token"
	Method    string
	Path      string // without query
	Group     string // the rate group it counts in
	Attempt   int    // 1 for the first
	Status    int    // 0: no answer
	RequestID string
	Wait      time.Duration // for a slot in the group, before it was sent
	Duration  time.Duration // until its body was read
}

// attemptTimeout bounds one request, its body included.
const attemptTimeout = time.Minute

type service int

const (
	ringEX service = iota
	ringCX
)

// setting is the key of the settings that leads to the service.
func (s service) setting() string {
	if s == ringCX {
		return "ringcx_url"
	}
	return "base_url"
}

// operation is one of the few calls this package makes.
type operation struct {
	name       string
	service    service
	groups     []string // in which it counts
	bearer     bool     // it is sent with a token of its service
	policy     policy
	method     string        // where the request carries JSON
	timeout    time.Duration // of one attempt; 0: attemptTimeout
	permission string        // of the JWT's owner, that the operation needs
	// integration: it is one of RingCX's lists for workforce management.
	integration bool
	aboutMain   bool // its path holds the main account id
}

// request is one use of an operation.
type request struct {
	op    *operation
	what  string // for messages: "agents of 99990001/1009"
	url   string
	form  url.Values // nil: GET, unless there is a body
	body  []byte     // JSON
	basic bool       // with the app's own credentials
}

// client sends requests: admitted, authorised, counted, tried again, decoded.
type client struct {
	Config
	base      [2]*url.URL // by service
	transport http.RoundTripper
	closeIdle func()
	pacer     *pacer
	tokens    *tokens
	calls     atomic.Int64
	bodies    bodySlots
	secrets   *secrets
	silence   silence
	report    atomic.Pointer[func(sync.Progress)] // nil: nobody listens
}

func newClient(cfg Config) (*client, error) {
	cfg.JWT = strings.TrimSpace(cfg.JWT)
	c := &client{Config: cfg, transport: cfg.Transport, closeIdle: func() {}, pacer: newPacer(), bodies: newBodySlots()}
	c.secrets = newSecrets(&c.Config)
	for s, text := range []string{cfg.BaseURL, cfg.RingCXURL} {
		u, err := url.Parse(strings.TrimRight(text, "/"))
		if err != nil || u.Host == "" || u.User != nil || u.RawQuery != "" || (u.Scheme != "https" && u.Scheme != "http") {
			return nil, settings("%s is not the address of a server", service(s).setting())
		}
		c.base[s] = u
	}
	if cfg.MainAccountID == "" {
		return nil, settings("main_account_id is empty")
	}
	if c.transport == nil {
		own, err := NewTransport(cfg.CAFile)
		if err != nil {
			return nil, err
		}
		c.transport, c.closeIdle = own, own.CloseIdleConnections
	}
	c.tokens = newTokens(c)
	return c, nil
}

func settings(format string, args ...any) *Error {
	return &Error{kind: kindSettings, permanent: true, Message: fmt.Sprintf(format, args...)}
}

// at gives the address of a path below a service's base. Segments are escaped.
func (c *client) at(s service, path string, segments ...any) string {
	for i, segment := range segments {
		segments[i] = url.PathEscape(fmt.Sprint(segment))
	}
	return c.base[s].String() + fmt.Sprintf(path, segments...)
}

// call sends a request until its answer can be decoded or there is no use in
// trying. Errors are *Error, or the context's.
func call[T any](ctx context.Context, c *client, r *request, decode func([]byte) (T, error)) (T, error) {
	var value T
	waits := func(err error, wait time.Duration) { c.waiting(r, doesNot(err), wait) }
	err := retry(ctx, r.op.policy, waits, func(attempt int) error {
		body, err := c.authorised(ctx, r, attempt)
		if err == nil {
			defer c.bodies.done(body) // what was decoded is a copy
			value, err = decode(body)
		}
		if err == nil {
			return nil
		}
		if said := limitUnderSuccess(err, body); said != nil {
			c.pacer.penalise(r.op, nil, nil, limitPenalty)
			err = said
		}
		return c.explain(ctx, r, err)
	})
	return value, err
}

// explain completes an error with what was being done and what to do about it,
// unless the context is dead: that wins.
func (c *client) explain(ctx context.Context, r *request, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	e, ok := errors.AsType[*Error](err)
	if !ok || e.Op != "" { // the context's, or a token's failure, complete already
		return err
	}
	e.Op = r.what
	e.URL = r.address()
	if e.kind == kindNonsense && e.Status == 0 {
		e.Status = http.StatusOK
	}
	c.advise(e, r.op)
	return c.secrets.finish(e)
}

// authorised sends a request with a token of its service. A refused token is
// dropped, and the request repeated with a new one, once.
func (c *client) authorised(ctx context.Context, r *request, attempt int) ([]byte, error) {
	token, body, err := c.send(ctx, r, attempt)
	if !r.op.bearer || !hasStatus(err, http.StatusUnauthorized) {
		return body, err
	}
	if err := c.tokens.of(r.op.service).drop(ctx, token); err != nil {
		return nil, err
	}
	_, body, err = c.send(ctx, r, attempt)
	return body, err
}

// send sends a request once, as soon as its rate groups allow.
func (c *client) send(ctx context.Context, r *request, attempt int) (token string, body []byte, err error) {
	began := time.Now()
	token, held, err := c.admit(ctx, r)
	if err != nil {
		return "", nil, err
	}
	sent := time.Now()
	status, header, body, err := c.roundTrip(ctx, r, token)
	if e, ok := errors.AsType[*Error](err); ok && e.pauses() {
		c.pause(r, held, header, e, attempt)
	}
	c.pacer.answered(r.op, held, header)
	if c.OnCall != nil {
		c.OnCall(Call{
			Account: c.Account, Op: r.op.name, Method: r.method(), Path: c.secrets.say(r.path()), Group: held[0].name, Attempt: attempt,
			Status: status, RequestID: c.secrets.say(header.Get("RCRequestId")), Wait: sent.Sub(began), Duration: time.Since(sent),
		})
	}
	return token, body, err
}

// admit waits for a token and for the slots to send it with. A token that aged
// too far meanwhile is replaced, and the slots are given back for that time.
func (c *client) admit(ctx context.Context, r *request) (string, []*group, error) {
	for {
		var t token
		if r.op.bearer {
			var err error
			if t, err = c.tokens.of(r.op.service).get(ctx); err != nil {
				return "", nil, err
			}
		}
		held, err := c.pacer.admit(ctx, r.op)
		if err != nil || !r.op.bearer || t.fresh() {
			return t.value, held, err
		}
		giveBack(held)
	}
}

// roundTrip is one request and its whole answer. Any answer but success is an
// *Error.
func (c *client) roundTrip(ctx context.Context, r *request, token string) (status int, h http.Header, body []byte, err error) {
	timed, cancel := context.WithTimeout(ctx, cmp.Or(r.op.timeout, attemptTimeout))
	defer cancel()
	req, err := c.build(timed, r, token)
	if err != nil {
		return 0, nil, nil, err
	}
	c.calls.Add(1)
	var unanswered error
	c.silence.asked(r.op)
	defer func() { c.silence.answered(r.op, unanswered) }()
	resp, err := c.transport.RoundTrip(req)
	if err != nil {
		unanswered = c.lost(ctx, err)
		return 0, nil, nil, unanswered
	}
	defer func() { _ = resp.Body.Close() }()
	success := resp.StatusCode == http.StatusOK // no other answers a read (R1)
	body, err = c.read(ctx, resp, success)
	if err != nil {
		unanswered = c.lost(ctx, err)
		return resp.StatusCode, resp.Header, nil, unanswered
	}
	if !success {
		err = refusal(resp.StatusCode, resp.Header, body)
	}
	return resp.StatusCode, resp.Header, body, err
}

// read reads a body. One that is going to be decoded takes a slot, which is given
// back with it.
func (c *client) read(ctx context.Context, resp *http.Response, success bool) ([]byte, error) {
	if !success {
		return readBody(resp, nil)
	}
	c.bodies.wait(ctx)
	body, err := readBody(resp, spareBodies.take())
	if err != nil {
		c.bodies.done(nil)
	}
	return body, err
}

func (c *client) build(ctx context.Context, r *request, token string) (*http.Request, error) {
	body := io.Reader(http.NoBody)
	switch {
	case r.body != nil:
		body = bytes.NewReader(r.body)
	case r.form != nil:
		body = strings.NewReader(r.form.Encode())
	}
	req, err := http.NewRequestWithContext(ctx, r.method(), r.url, body)
	if err != nil {
		return nil, settings("%s is not the address of a server", r.op.service.setting())
	}
	req.Header.Set("Accept", "application/json")
	req.Header.Set("User-Agent", first(c.UserAgent, "ringroster"))
	switch {
	case r.body != nil:
		req.Header.Set("Content-Type", "application/json")
	case r.form != nil:
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	switch {
	case r.basic:
		req.SetBasicAuth(c.ClientID, c.ClientSecret)
	case token != "":
		req.Header.Set("Authorization", "Bearer "+token)
	}
	return req, nil
}

// pause starts the penalty that a refusal asks for. One that asks for none, and
// comes again, gets more each time.
func (c *client) pause(r *request, held []*group, h http.Header, e *Error, attempt int) {
	otherwise := outagePenalty
	if e.Status == http.StatusTooManyRequests {
		otherwise = limitPenalty
	}
	wait := retryAfter(h, time.Now(), otherwise*time.Duration(attempt))
	c.pacer.penalise(r.op, held, h, wait)
	if wait > longestPenalty {
		e.kind = kindPenalty
		e.Advice = tooLong(wait)
		return
	}
	c.waiting(r, "RingCentral asks to be left alone", wait)
}

// pauses reports whether a refusal asks to be left alone for a while.
func (e *Error) pauses() bool {
	return e.kind == kindAnswer && (e.Status == http.StatusTooManyRequests || e.Status == http.StatusServiceUnavailable)
}

func (r *request) method() string {
	switch {
	case r.body != nil:
		return r.op.method
	case r.form != nil:
		return http.MethodPost
	}
	return http.MethodGet
}

func (r *request) path() string {
	u, err := url.Parse(r.url)
	if err != nil {
		return ""
	}
	return u.Path
}

// address is what messages show of a request: no query, hence no token.
func (r *request) address() string {
	u, err := url.Parse(r.url)
	if err != nil {
		return r.method()
	}
	return fmt.Sprintf("%s %s://%s%s", r.method(), u.Scheme, u.Host, u.EscapedPath())
}
