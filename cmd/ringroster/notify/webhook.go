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

	"ringroster/cmd/ringroster/config"
	"ringroster/sync"
)

// mostAnswer is how much of an answer is read, in bytes.
const mostAnswer = 4 << 10

// webhookEnd posts notices to an address.
type webhookEnd struct {
	settings *config.Notify
	style    Style
}

func (w *webhookEnd) send(ctx context.Context, n *sync.Notice, _ string) (answer string, err error) {
	secrets, err := w.settings.Credentials()
	if err != nil {
		return "", err
	}
	address := string(secrets.URL)
	answer, err = w.post(ctx, n, address, secrets.Key)
	hidden := append([]string{address, base64.StdEncoding.EncodeToString(secrets.Key)}, parts(address)...)
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

// post makes the call. Redirects are not followed: the address holds a key.
func (w *webhookEnd) post(ctx context.Context, n *sync.Notice, address string, key []byte) (answer string, err error) {
	client, done, err := w.client()
	if err != nil {
		return "", err
	}
	defer done()
	body, err := w.body(n)
	if err != nil {
		return "", err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, address, bytes.NewReader(body))
	if err != nil {
		return "", errors.New("what was given as its address is none")
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("User-Agent", "ringroster/"+w.style.Version)
	sign(req.Header, n.ID, time.Now(), body, key)
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
	case refusesNotice[code]:
		return "", &RefusedError{answer}
	}
	return "", errors.New("it answered " + answer)
}

// refusesNotice are the answers that say of a notice, or of the whole address, that no other
// try will do. Of others, 401 or 404 among them, new settings may be the remedy.
var refusesNotice = map[int]bool{
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

func (w *webhookEnd) client() (client *http.Client, done func(), err error) {
	roots, err := rootsWith(w.settings.Webhook.CAFile)
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

// body is a notice in the destination's format.
func (w *webhookEnd) body(n *sync.Notice) ([]byte, error) {
	if w.settings.Webhook.Format == config.Slack {
		return slackBody(Write(n, w.style))
	}
	return jsonBody(n, w.style)
}

// check asks the host for its start page, whatever it says: the address itself takes only
// what is posted.
func (w *webhookEnd) check(ctx context.Context) (found string, err error) {
	secrets, err := w.settings.Credentials()
	if err != nil {
		return "", err
	}
	client, done, err := w.client()
	if err != nil {
		return "", err
	}
	defer done()
	u, err := url.Parse(string(secrets.URL))
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
		return "", cleaned(plainError(err), parts(string(secrets.URL))...)
	}
	_ = resp.Body.Close()
	return u.Host + " answers", nil
}
