package ringcentral

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"
	"syscall"
	"time"
	"unicode"
)

// NewTransport is the way to RingCentral when the settings name no other: through
// the environment's proxy, with TLS verified against the system's roots and those of
// caFile, and with every wait bounded. Settings that cannot be used are *Error.
//
// A connection may die without a word, when a firewall or a NAT forgets it. HTTP/2
// sends all calls down one, so each retry would wait for the same dead connection
// (golang/go #59690): one that says nothing is asked, and closed if it does not answer.
func NewTransport(caFile string) (*http.Transport, error) {
	roots, err := rootsWith(caFile)
	if err != nil {
		return nil, err
	}
	if err := checkProxies(); err != nil {
		return nil, err
	}
	return &http.Transport{
		Proxy:                  http.ProxyFromEnvironment,
		OnProxyConnectResponse: proxyAnswered,
		DialContext:            (&net.Dialer{Timeout: 10 * time.Second, KeepAlive: 30 * time.Second}).DialContext,
		TLSClientConfig:        &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12},
		TLSHandshakeTimeout:    10 * time.Second,
		ResponseHeaderTimeout:  45 * time.Second,
		IdleConnTimeout:        time.Minute,
		MaxIdleConnsPerHost:    mostInFlight,
		MaxResponseHeaderBytes: 64 << 10,
		ForceAttemptHTTP2:      true,
		HTTP2:                  &http.HTTP2Config{SendPingTimeout: 10 * time.Second, PingTimeout: 5 * time.Second},
	}, nil
}

// mostCAFile is more than all the roots of a system take.
const mostCAFile = 16 << 20

func rootsWith(caFile string) (*x509.CertPool, error) {
	if caFile == "" {
		return nil, nil // the system's
	}
	pem, err := readRegular(caFile)
	if err != nil {
		return nil, settings("ca_file: %v", err)
	}
	roots, err := x509.SystemCertPool()
	if err != nil {
		roots = x509.NewCertPool()
	}
	if !roots.AppendCertsFromPEM(pem) {
		return nil, settings("ca_file: %s holds no certificate in PEM form", caFile)
	}
	return roots, nil
}

// readRegular reads a file that is one: a FIFO would wait for its other end, which
// O_NONBLOCK keeps it from, and a device may never end.
func readRegular(name string) ([]byte, error) {
	f, err := os.OpenFile(name, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	info, err := f.Stat()
	switch {
	case err != nil:
		return nil, err
	case !info.Mode().IsRegular():
		return nil, fmt.Errorf("%s is not a regular file", name)
	case info.Size() > mostCAFile:
		return nil, fmt.Errorf("%s is larger than %d MiB", name, mostCAFile>>20)
	}
	return io.ReadAll(io.LimitReader(f, mostCAFile))
}

// proxyVariables are those that net/http looks at, in its order.
var proxyVariables = []string{"HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy"}

// checkProxies refuses what is no proxy's address. What cannot be parsed net/http
// ignores, and goes direct, although somebody meant calls to go through a proxy. The
// value stays out of the error: it may hold a password.
func checkProxies() error {
	for _, name := range proxyVariables {
		if value := os.Getenv(name); value != "" && !isProxy(value) {
			return settings("%s is not the address of a proxy%s: correct it as http://HOST:PORT, or unset it", name, oddity(value))
		}
	}
	return nil
}

// isProxy is stricter than net/http, which parses much that is no address.
func isProxy(value string) bool {
	if !strings.Contains(value, "://") {
		value = "http://" + value
	}
	u, err := url.Parse(value)
	if err != nil || u.Hostname() == "" || strings.ContainsAny(u.Host, "\"'`, ") || u.RawQuery != "" || u.Fragment != "" {
		return false
	}
	return slices.Contains([]string{"http", "https", "socks5", "socks5h"}, u.Scheme)
}

// oddity names what is easily overlooked in a value that may not be shown.
func oddity(value string) string {
	switch {
	case strings.HasSuffix(value, "\r"):
		return " (it ends in a carriage return)"
	case strings.ContainsFunc(value, func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) }):
		return " (it holds a space or a control character)"
	case strings.ContainsAny(value, "\"'`"):
		return " (it holds quotes)"
	}
	return ""
}

// proxyAnswered makes the answer of a proxy that opens no way an error by its
// status, which net/http would give as text alone.
func proxyAnswered(_ context.Context, _ *url.URL, _ *http.Request, resp *http.Response) error {
	if resp.StatusCode == http.StatusOK {
		return nil
	}
	return &proxyRefusal{resp.StatusCode, resp.Status}
}

// proxyRefusal is a proxy's answer to CONNECT.
type proxyRefusal struct {
	status int
	line   string
}

func (p *proxyRefusal) Error() string { return "the proxy answered " + p.line }

// worthwhile says whether the same CONNECT may be answered otherwise later.
func (p *proxyRefusal) worthwhile() bool {
	return p.status >= http.StatusInternalServerError || p.status == http.StatusTooManyRequests
}

// lost is lost, after which the next try leaves the way that failed: idle
// connections may be as dead as the one that was used.
func (c *client) lost(ctx context.Context, err error) error {
	c.closeIdle()
	return lost(ctx, err)
}

// lost says that no whole answer came. When the context is dead, transports give
// its cause, which is the failure of a call beside this one and must not be
// taken for an answer to this one.
func lost(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if kindOf(err) == kindTooLarge {
		return err
	}
	e := &Error{kind: kindTransport, Message: strip(err.Error()), cause: err}
	proxy, byProxy := errors.AsType[*proxyRefusal](err)
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		e.Message = "no whole answer came within " + attemptTimeout.String()
	case untrusted(err):
		e.kind = kindUntrusted
	case byProxy && !proxy.worthwhile():
		e.kind = kindProxy
	}
	return e
}
