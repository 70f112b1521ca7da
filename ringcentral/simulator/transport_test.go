package simulator

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"testing/synctest"
	"time"
)

// overSockets asks the same server through net/http.
func (c *caller) overSockets(t *testing.T) *http.Client {
	t.Helper()
	ts := httptest.NewServer(c.server)
	t.Cleanup(ts.Close)
	client := ts.Client()
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	inner := client.Transport
	client.Transport = roundTripper(func(r *http.Request) (*http.Response, error) {
		r = r.Clone(r.Context())
		r.URL.Scheme, r.URL.Host = "http", ts.Listener.Addr().String()
		return inner.RoundTrip(r)
	})
	return client
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func TestMemoryAndSocketsGiveTheSame(t *testing.T) {
	for _, kind := range FaultKinds() {
		if kind == "endless" || kind == "moved_unseen" || kind == "moved_twice" || kind == "token_lost" {
			continue // never equal, or changing what comes next
		}
		t.Run(kind, func(t *testing.T) {
			c := newCaller(t, Generate(60, 1))
			c.signIn()
			fault := exampleFault(kind)
			fault.Op = OpAgents
			c.server.Change(func(w *World) { w.Faults = []*Fault{fault} })
			ask := func(rt http.RoundTripper) (int, string, bool) {
				r := c.request(http.MethodGet, cxAdmin+"/accounts/99990001/agentGroups/1001/agents", nil)
				r.Header.Set("Authorization", "Bearer "+c.cx)
				resp, err := rt.RoundTrip(r)
				if err != nil {
					return 0, "", true
				}
				defer func() { _ = resp.Body.Close() }()
				body, err := io.ReadAll(resp.Body)
				return resp.StatusCode, string(body), errors.Is(err, io.ErrUnexpectedEOF)
			}
			status, body, broken := ask(c.server.Transport())
			wantStatus, wantBody, wantBroken := ask(c.overSockets(t).Transport)
			if kind == "status" { // its timestamp differs
				body, wantBody = "", ""
			}
			if status != wantStatus || body != wantBody || broken != wantBroken {
				t.Errorf("memory: %d %d bytes broken %v; sockets: %d %d bytes broken %v", status, len(body), broken, wantStatus, len(wantBody), wantBroken)
			}
		})
	}
}

func TestMemoryTransportCancels(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCaller(t, Generate(60, 1))
		c.signIn()
		for _, x := range []struct {
			name string
			set  func(*World)
		}{
			{"before the answer", func(w *World) { w.Latency = Duration(time.Hour) }},
			{"in a slow body", func(w *World) {
				w.Latency, w.Faults = 0, []*Fault{{Kind: "slow_body", Delay: Duration(time.Hour)}}
			}},
			{"in an endless body", func(w *World) { w.Faults = []*Fault{{Kind: "endless"}} }},
		} {
			c.server.Change(x.set)
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			start := time.Now()
			r := c.request(http.MethodGet, "/restapi/v1.0/account/~", nil).WithContext(ctx)
			r.Header.Set("Authorization", "Bearer "+c.ex)
			resp, err := c.server.Transport().RoundTrip(r)
			if err == nil {
				if x.name == "in an endless body" {
					time.Sleep(time.Second)
				}
				_, err = io.Copy(io.Discard, resp.Body)
				_ = resp.Body.Close()
			}
			if !errors.Is(err, context.DeadlineExceeded) || time.Since(start) != time.Second {
				t.Errorf("%s: %v after %s, want a deadline after 1s", x.name, err, time.Since(start))
			}
			cancel()
		}
	}) // the bubble also proves that no goroutine stays behind
}

func TestMemoryTransportLetsAnUnreadBodyGo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCaller(t, Generate(60, 1))
		c.server.Change(func(w *World) { w.Faults = []*Fault{{Kind: "html"}} })
		resp, err := c.server.Transport().RoundTrip(c.request(http.MethodGet, "/restapi/v1.0/account/~", nil))
		if err != nil {
			t.Fatal(err)
		}
		if err := resp.Body.Close(); err != nil {
			t.Error(err)
		}
	})
}
