package notify

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/tls"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// mostAnswer is how much of an answer is read, in bytes.
const mostAnswer = 4 << 10

// Webhook is an address that takes what is posted. Redirects are not followed: it holds a
// key.
type Webhook struct {
	Address string
	Key     []byte // that calls are signed with; empty: they are not
	CAFile  string
	Version string // of this program
}

// Call is what is posted.
type Call struct {
	ID   string // the same when it comes again
	Type string // of the body
	Body []byte
}

// Post makes a call, and gives what the other end answered. Neither that nor an error holds
// the address or the key. *RefusedError: the call will never be taken.
func (w *Webhook) Post(ctx context.Context, c *Call) (answer string, err error) {
	answer, err = w.post(ctx, c)
	hidden := append([]string{w.Address, base64.StdEncoding.EncodeToString(w.Key)}, parts(w.Address)...)
	if err != nil {
		return "", cleaned(err, hidden...)
	}
	return cleaned(errors.New(answer), hidden...).Error(), nil
}

// parts are what of an address may be a key: its path, user and query.
func parts(address string) (secret []string) {
	u, err := url.Parse(address)
	if err != nil {
		return nil
	}
	if u.User != nil {
		password, _ := u.User.Password()
		secret = append(secret, password)
	}
	for segment := range strings.SplitSeq(u.Path, "/") {
		if len(segment) >= shortestPart {
			secret = append(secret, segment)
		}
	}
	return append(secret, u.Path, u.RawQuery)
}

// shortestPart is how long a part of a path is that is hidden by itself.
const shortestPart = 8

func (w *Webhook) post(ctx context.Context, c *Call) (answer string, err error) {
	client, done, err := w.client()
	if err != nil {
		return "", err
	}
	defer done()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, w.Address, bytes.NewReader(c.Body))
	if err != nil {
		return "", errors.New("what was given as its address is none")
	}
	req.Header.Set("Content-Type", c.Type)
	req.Header.Set("User-Agent", "ringroster/"+w.Version)
	sign(req.Header, c.ID, time.Now(), c.Body, w.Key)
	resp, err := client.Do(req)
	if err != nil {
		return "", plainError(err)
	}
	defer func() { _ = resp.Body.Close() }()
	said, _ := io.ReadAll(io.LimitReader(resp.Body, mostAnswer))
	answer = resp.Status
	if len(said) > 0 {
		answer += ": " + string(said)
	}
	switch code := resp.StatusCode; {
	case code >= 200 && code <= 299:
		return answer, nil
	case refusesCall[code]:
		return "", &RefusedError{answer}
	}
	return "", errors.New("it answered " + answer)
}

// refusesCall are the answers that say of a call, or of the whole address, that no other
// try will do. Of others, 401 or 404 among them, new settings may be the remedy.
var refusesCall = map[int]bool{
	http.StatusBadRequest: true, http.StatusGone: true, http.StatusRequestEntityTooLarge: true,
	http.StatusUnsupportedMediaType: true, http.StatusUnprocessableEntity: true,
}

// plainError is an error of net/http without the address.
func plainError(err error) error {
	if e, ok := errors.AsType[*url.Error](err); ok {
		err = e.Err
	}
	if certificate, ok := errors.AsType[*tls.CertificateVerificationError](err); ok {
		return endErrorf(err, "%s", reason(certificate))
	}
	return err
}

func (w *Webhook) client() (client *http.Client, done func(), err error) {
	roots, err := rootsWith(w.CAFile)
	if err != nil {
		return nil, nil, err
	}
	transport := &http.Transport{
		Proxy: http.ProxyFromEnvironment, DisableKeepAlives: true,
		TLSClientConfig: &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12},
	}
	return &http.Client{
		Transport: transport, Timeout: patience,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}, transport.CloseIdleConnections, nil
}

// sign adds the headers of Standard Webhooks: id, time, and where there is a key the
// signature over both and the body.
func sign(h http.Header, id string, now time.Time, body, key []byte) {
	at := strconv.FormatInt(now.Unix(), 10)
	h.Set("Webhook-Id", id)
	h.Set("Webhook-Timestamp", at)
	if len(key) == 0 {
		return
	}
	mac := hmac.New(sha256.New, key)
	_, _ = fmt.Fprintf(mac, "%s.%s.%s", id, at, body)
	h.Set("Webhook-Signature", "v1,"+base64.StdEncoding.EncodeToString(mac.Sum(nil)))
}

// Check asks the host for its start page, whatever it says: the address itself takes only
// what is posted.
func (w *Webhook) Check(ctx context.Context) (found string, err error) {
	client, done, err := w.client()
	if err != nil {
		return "", err
	}
	defer done()
	u, err := url.Parse(w.Address)
	if err != nil {
		return "", errors.New("what was given as its address is none")
	}
	start := url.URL{Scheme: u.Scheme, Host: u.Host, Path: "/"}
	req, err := http.NewRequestWithContext(ctx, http.MethodHead, start.String(), nil)
	if err != nil {
		return "", err
	}
	resp, err := client.Do(req)
	if err != nil {
		return "", cleaned(plainError(err), parts(w.Address)...)
	}
	_ = resp.Body.Close()
	return u.Host + " answers", nil
}
