package simulator

import (
	"fmt"
	"io"
	"net/http"
	stdsync "sync"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestCallsAreCountedByOperation(t *testing.T) {
	c := newCaller(t, Generate(5, 1))
	c.signIn()
	c.exGet("/extension?page=0")
	c.exGet("/nowhere")
	c.cxGet("/users/99990000")
	c.cxGet("/users/99990000")
	want := map[Operation]int{OpToken: 1, OpExchange: 1, OpExtensions: 1, OpUnknown: 1, OpAdministrators: 2}
	if diff := cmp.Diff(want, c.server.Calls()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	c.server.ResetCounters()
	if got := c.server.Calls(); len(got) != 0 {
		t.Errorf("still counted: %v", got)
	}
}

func TestOnRequestSeesTheBodyAndLeavesIt(t *testing.T) {
	var seen []string
	c := &caller{t: t}
	c.server = New(Generate(5, 1), Options{OnRequest: func(r *http.Request, body []byte) {
		again, _ := io.ReadAll(r.Body)
		seen = append(seen, fmt.Sprintf("%s %s %v", r.Method, r.URL.Path, string(again) == string(body)), string(body))
	}})
	c.token(demoGrant()).want(t, 200, "")
	want := []string{"POST /restapi/oauth/token true", demoGrant().Encode()}
	if diff := cmp.Diff(want, seen); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestChangesAreSeenWhole(t *testing.T) {
	c := newCaller(t, Generate(200, 1))
	c.signIn()
	var readers stdsync.WaitGroup
	for range 4 {
		readers.Go(func() {
			for range 50 {
				if n := len(c.records(c.exGet("/extension?email=a@example.com&email=b@example.com"))); n != 0 && n != 2 {
					t.Errorf("saw %d of two", n)
				}
			}
		})
	}
	for i := range 50 {
		c.server.Change(func(w *World) {
			a := w.Accounts[0]
			if i%2 == 1 {
				a.Leave("a@example.com")
				a.Leave("b@example.com")
				return
			}
			for _, email := range []string{"a@example.com", "b@example.com"} {
				if err := a.Join(Newcomer{Email: email}); err != nil {
					t.Error(err)
				}
			}
		})
	}
	readers.Wait()
}

func TestURIsLeadBackToTheAddressAsked(t *testing.T) {
	c := newCaller(t, Generate(5, 1))
	c.signIn()
	for _, base := range []string{"https://one.example.com", "http://127.0.0.1:8080"} {
		got := c.object(c.get(base+"/restapi/v1.0/account/~", c.ex))["uri"]
		if want := base + "/restapi/v1.0/account/400100001"; got != want {
			t.Errorf("got %v, want %s", got, want)
		}
	}
}

// BenchmarkHundredThousandPeople reads what a run reads, over and over; the first read encodes it.
func BenchmarkHundredThousandPeople(b *testing.B) {
	s := New(GenerateWith(GenerateOptions{People: 100_000, Seed: 1, Groups: 100}), Options{})
	client := &http.Client{Transport: s.Transport()}
	ex, cx := benchTokens(b, s)
	read := func(path, token string) {
		r, err := http.NewRequestWithContext(b.Context(), http.MethodGet, testBase+path, nil)
		if err != nil {
			b.Fatal(err)
		}
		r.Header.Set("Authorization", "Bearer "+token)
		resp, err := client.Do(r)
		if err != nil {
			b.Fatal(err)
		}
		defer func() { _ = resp.Body.Close() }()
		if resp.StatusCode != http.StatusOK {
			b.Fatal(path, resp.Status)
		}
		n, err := io.Copy(io.Discard, resp.Body)
		if err != nil {
			b.Fatal(err)
		}
		b.SetBytes(n)
	}
	b.Run("page of 1000 extensions", func(b *testing.B) {
		page := 0
		read("/restapi/v1.0/account/~/extension?perPage=1000", ex) // encodes them all
		for b.Loop() {
			page = page%100 + 1
			read(fmt.Sprintf("/restapi/v1.0/account/~/extension?perPage=1000&page=%d", page), ex)
		}
	})
	b.Run("group of 1000 agents", func(b *testing.B) {
		for b.Loop() {
			read(cxAdmin+"/accounts/99990001/agentGroups/1001/agents", cx)
		}
	})
	b.Run("one extension", func(b *testing.B) {
		for b.Loop() {
			read("/restapi/v1.0/account/~/extension/700000500", ex)
		}
	})
	b.Run("all extensions after a change", func(b *testing.B) {
		for b.Loop() {
			s.Change(func(*World) {})
			for page := range 100 {
				read(fmt.Sprintf("/restapi/v1.0/account/~/extension?perPage=1000&page=%d", page+1), ex)
			}
		}
	})
}

func benchTokens(b *testing.B, s *Server) (ex, cx string) {
	b.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	until := now().AddDate(1, 0, 0)
	return s.sessions.issue("ex-", token{exAccess, DemoClientID, "s", until}), s.sessions.issue("cx-", token{cxAccess, DemoClientID, "s", until})
}
