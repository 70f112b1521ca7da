package ringcentral

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"net/http"
	"net/url"
	"os"
	"time"
)

// newTransport is the way to RingCentral when the settings name no other:
// through the environment's proxy, with TLS verified against the system's roots
// and those of caFile, and with every wait bounded.
func newTransport(caFile string) (*http.Transport, error) {
	roots, err := rootsWith(caFile)
	if err != nil {
		return nil, err
	}
	return &http.Transport{
		Proxy:                  proxyFromEnvironment,
		DialContext:            (&net.Dialer{Timeout: 10 * time.Second, KeepAlive: 30 * time.Second}).DialContext,
		TLSClientConfig:        &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12},
		TLSHandshakeTimeout:    10 * time.Second,
		ResponseHeaderTimeout:  45 * time.Second,
		IdleConnTimeout:        time.Minute,
		MaxIdleConnsPerHost:    mostInFlight,
		MaxResponseHeaderBytes: 64 << 10,
		ForceAttemptHTTP2:      true,
	}, nil
}

func rootsWith(caFile string) (*x509.CertPool, error) {
	if caFile == "" {
		return nil, nil // the system's
	}
	pem, err := os.ReadFile(caFile)
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

// proxyFromEnvironment keeps a malformed address, password included, out of the
// error.
func proxyFromEnvironment(req *http.Request) (*url.URL, error) {
	proxy, err := http.ProxyFromEnvironment(req)
	if err != nil {
		return nil, errors.New("HTTPS_PROXY, HTTP_PROXY or ALL_PROXY is not the address of a proxy")
	}
	return proxy, nil
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
	e := &Error{kind: kindTransport, Message: clean(err.Error()), cause: err}
	if untrusted(err) {
		e.kind = kindUntrusted
	}
	return e
}
