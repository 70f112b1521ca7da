package ringcentral

import (
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	stdsync "sync"
	"testing"

	"ringroster/ringcentral/simulator"
	"ringroster/sync"
)

// demoConfig reads the simulator's generated account, in memory.
func demoConfig(s *simulator.Server) Config {
	return Config{
		Account: "acme", BaseURL: "https://platform.example.com/", RingCXURL: "https://ringcx.example.com/",
		MainAccountID: simulator.DemoMainAccountID,
		ClientID:      simulator.DemoClientID, ClientSecret: simulator.DemoClientSecret, JWT: simulator.DemoJWT,
		UserAgent: "ringroster/test", Transport: s.Transport(),
	}
}

func mustNew(tb testing.TB, cfg Config) *Directory {
	tb.Helper()
	d, err := New(cfg)
	if err != nil {
		tb.Fatal(err)
	}
	return d
}

// sent records the requests of a client, with their bodies.
type sent struct {
	mu    stdsync.Mutex
	calls []Call
}

func (s *sent) add(c Call) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.calls = append(s.calls, c)
}

func (s *sent) ops() map[string]int {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := map[string]int{}
	for _, c := range s.calls {
		n[c.Op]++
	}
	return n
}

// roundTrip makes a function a transport.
type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// agentsOf lists a snapshot's agents as "sub/group/agent".
func agentsOf(s *sync.Snapshot) []string {
	var all []string
	for _, sub := range s.SubAccounts {
		for _, g := range sub.Groups {
			for _, a := range g.Agents {
				all = append(all, fmt.Sprintf("%s/%s/%s", sub.ID, g.ID, a.ID))
			}
		}
	}
	return all
}

// answer is a whole answer with a body of plain text.
func answer(status int, body string) *http.Response {
	return &http.Response{
		StatusCode: status, Header: http.Header{"Content-Type": {"text/plain"}},
		Body: io.NopCloser(strings.NewReader(body)), ContentLength: int64(len(body)),
	}
}

func mustParse(tb testing.TB, address string) *url.URL {
	tb.Helper()
	u, err := url.Parse(address)
	if err != nil {
		tb.Fatal(err)
	}
	return u
}
