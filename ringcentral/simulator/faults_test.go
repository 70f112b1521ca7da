package simulator

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"
	"unicode/utf8"
)

// exampleFault is a fault of a kind with what it needs.
func exampleFault(kind string) *Fault {
	return &Fault{Kind: kind, Status: map[string]int{"status": 503}[kind], Delay: Duration(time.Microsecond), N: 3, Share: 0.5, ID: "1386703"}
}

// list is a request for a list and what came back: the body, or how it failed.
func (c *caller) list(path, token string) (body string, err error) {
	r := c.request(http.MethodGet, path, nil)
	r.Header.Set("Authorization", "Bearer "+token)
	resp, err := c.server.Transport().RoundTrip(r)
	if err != nil {
		return "", err
	}
	defer func() { _ = resp.Body.Close() }()
	text, err := io.ReadAll(io.LimitReader(resp.Body, 1<<20))
	return string(text), err
}

// Every kind of fault, and what a client sees of it on page 2 of the extension list.
func TestFaultsOfAPage(t *testing.T) {
	const ask = "/restapi/v1.0/account/~/extension?page=2&perPage=10"
	pageAt := func(c *caller, n string) string {
		return c.get(strings.Replace(ask, "page=2", "page="+n, 1), c.ex).body
	}
	untested := slices.DeleteFunc(FaultKinds(), func(kind string) bool {
		return slices.Contains([]string{"gone", "latency", "moved_twice", "moved_unseen", "other_group", "slow_body", "unlisted", "inactive"}, kind)
	})
	for kind, check := range map[string]func(t *testing.T, c *caller, good, bad string, err error){
		"status": func(t *testing.T, c *caller, _, _ string, _ error) { c.get(ask, c.ex).want(t, 503, "CMN-201") },
		"cut": func(t *testing.T, _ *caller, _, _ string, err error) {
			if !errors.Is(err, io.ErrUnexpectedEOF) {
				t.Errorf("got %v", err)
			}
		},
		"redirect": func(t *testing.T, c *caller, _, _ string, _ error) {
			if r := c.get(ask, c.ex); r.status != 302 || !strings.HasPrefix(r.header.Get("Location"), "https://elsewhere.example.com/") {
				t.Errorf("got %+v", r)
			}
		},
		"null":         wantBody("null"),
		"empty_object": wantBody("{}"),
		"empty_body":   wantBody(""),
		"html":         wantBody(proxyPage),
		"endless": func(t *testing.T, _ *caller, good, bad string, _ error) {
			if len(bad) != 1<<20 || !strings.HasPrefix(bad, good[:len(good)-1]) {
				t.Errorf("only %d bytes", len(bad))
			}
		},
		"cut_json": func(t *testing.T, _ *caller, good, bad string, err error) {
			if err != nil || bad != good[:len(good)/2] {
				t.Errorf("got %d bytes of %d, %v", len(bad), len(good), err)
			}
		},
		"short_body": func(t *testing.T, _ *caller, good, bad string, err error) {
			if !errors.Is(err, io.ErrUnexpectedEOF) || bad != good[:len(good)/2] {
				t.Errorf("got %d bytes of %d, %v", len(bad), len(good), err)
			}
		},
		"wrong_types": func(t *testing.T, c *caller, _, bad string, _ error) {
			if _, isObject := c.records(reply{200, nil, bad})[0]["id"].(map[string]any); !isObject {
				t.Errorf("got %.200s", bad)
			}
		},
		"duplicate": func(t *testing.T, c *caller, _, bad string, _ error) {
			if got := c.records(reply{200, nil, bad}); len(got) != 11 || got[0]["id"] != got[10]["id"] {
				t.Errorf("got %d records", len(got))
			}
		},
		"page_twice": func(t *testing.T, c *caller, good, bad string, _ error) {
			c.server.Change(func(w *World) { w.Faults = nil })
			wantRecordsOf(t, c, bad, pageAt(c, "1"), good)
		},
		"page_missing": func(t *testing.T, c *caller, good, bad string, _ error) {
			c.server.Change(func(w *World) { w.Faults = nil })
			wantRecordsOf(t, c, bad, pageAt(c, "3"), good)
		},
		"totals_change": func(t *testing.T, c *caller, good, bad string, _ error) {
			before, after := pagingOf(t, good), pagingOf(t, bad)
			if after["totalElements"] != before["totalElements"]+1 {
				t.Errorf("totals %v, then %v", before, after)
			}
		},
		"per_page_lowered": func(t *testing.T, c *caller, _, bad string, _ error) {
			if got := c.records(reply{200, nil, bad}); len(got) != 3 || pagingOf(t, bad)["perPage"] != 3 {
				t.Errorf("got %d records, %v", len(got), pagingOf(t, bad))
			}
		},
		"emptied": func(t *testing.T, c *caller, _, bad string, _ error) {
			if got := c.records(reply{200, nil, bad}); len(got) != 0 || pagingOf(t, bad)["totalElements"] != 0 {
				t.Errorf("got %s", bad)
			}
		},
		"truncated": func(t *testing.T, c *caller, _, bad string, _ error) {
			if got := c.records(reply{200, nil, bad}); len(got) != 3 || pagingOf(t, bad)["totalElements"] != 3 {
				t.Errorf("got %s", bad)
			}
		},
		"lost": func(t *testing.T, c *caller, good, bad string, _ error) {
			if got := c.records(reply{200, nil, bad}); len(got) != 5 || pagingOf(t, bad)["totalElements"] != pagingOf(t, good)["totalElements"]-5 {
				t.Errorf("got %s", bad)
			}
		},
		"partial": func(t *testing.T, c *caller, _, bad string, _ error) {
			r := c.get(ask, c.ex)
			if r.status != 206 || r.header.Get("Content-Range") != "items 0-8/10" || len(c.records(reply{200, nil, bad})) != 9 {
				t.Errorf("got %d %v %s", r.status, r.header, bad)
			}
		},
		"latin1": func(t *testing.T, _ *caller, good, bad string, _ error) {
			if utf8.ValidString(bad) || !utf8.ValidString(good) || len(bad) >= len(good) {
				t.Errorf("got %s", bad)
			}
		},
		"lone_surrogate": func(t *testing.T, _ *caller, good, bad string, _ error) {
			if strings.Count(bad, `\ud800`) != 1 || len(bad) != len(good)+len(`\ud800`) {
				t.Errorf("got %s", bad)
			}
		},
		"name_twice": func(t *testing.T, _ *caller, _, bad string, _ error) {
			if strings.Count(bad, `{"twice":1,"twice":2,`) != 10 {
				t.Errorf("got %s", bad)
			}
		},
		"decomposed": func(t *testing.T, _ *caller, good, bad string, _ error) {
			if bad == good || !strings.Contains(bad, "\u0301") {
				t.Errorf("got %s", bad)
			}
		},
		"claimed": func(t *testing.T, c *caller, _, bad string, _ error) {
			if got := c.records(reply{200, nil, bad}); len(got) != 10 || pagingOf(t, bad)["totalElements"] != 3 {
				t.Errorf("got %s", bad)
			}
		},
		"empty_records": func(t *testing.T, _ *caller, _, bad string, _ error) {
			if !strings.Contains(bad, `"records":[{},{},{}]`) {
				t.Errorf("got %s", bad)
			}
		},
		"token_lost": func(t *testing.T, c *caller, _, bad string, _ error) {
			if !strings.Contains(bad, "OAU-213") {
				t.Errorf("got %s", bad)
			}
		},
	} {
		t.Run(kind, func(t *testing.T) {
			c := newCaller(t, Generate(60, 1))
			c.signIn()
			good := c.get(ask, c.ex).body
			fault := exampleFault(kind)
			if err := fault.validate(); err != nil {
				t.Fatal(err)
			}
			c.server.Change(func(w *World) { w.Faults = []*Fault{fault} })
			bad, err := c.list(ask, c.ex)
			check(t, c, good, bad, err)
			if c.server.FaultHits()[kind] == 0 {
				t.Error("the hit was not counted")
			}
		})
		untested = slices.DeleteFunc(untested, func(k string) bool { return k == kind })
	}
	if len(untested) > 0 {
		t.Errorf("kinds of fault without a test: %v", untested)
	}
}

func wantBody(want string) func(*testing.T, *caller, string, string, error) {
	return func(t *testing.T, _ *caller, _, bad string, err error) {
		t.Helper()
		if err != nil || bad != want {
			t.Errorf("got %.100q, %v", bad, err)
		}
	}
}

func pagingOf(t *testing.T, body string) map[string]int {
	t.Helper()
	return decodeOK[page](t, reply{200, nil, body}).Paging
}

// wantRecordsOf wants the records of one page under the paging of another.
func wantRecordsOf(t *testing.T, c *caller, got, records, paging string) {
	t.Helper()
	first := func(body string) any { return c.records(reply{200, nil, body})[0]["id"] }
	if first(got) != first(records) || pagingOf(t, got)["page"] != pagingOf(t, paging)["page"] {
		t.Errorf("got %.300s", got)
	}
}

const group1, group3 = "/accounts/99990001/agentGroups/1001/agents", "/accounts/99990001/agentGroups/1003/agents"

func TestFaultsOfRingCXLists(t *testing.T) {
	ids := func(c *caller, path string) (out []any) {
		for _, a := range c.records(c.cxGet(path)) {
			out = append(out, a["agentId"])
		}
		return out
	}
	setUp := func(t *testing.T, f *Fault) (c *caller, before1, before3 []any) {
		t.Helper()
		c = newCaller(t, Generate(60, 1))
		c.signIn()
		before1, before3 = ids(c, group1), ids(c, group3)
		c.server.Change(func(w *World) { w.Faults = []*Fault{f} })
		return c, before1, before3
	}
	t.Run("gone", func(t *testing.T) {
		c, _, _ := setUp(t, &Fault{Kind: "gone", Op: OpGroups, ID: "1003"})
		if got := c.records(c.cxGet("/accounts/99990001/agentGroups")); len(got) != 1 || got[0]["agentGroupId"] != 1001.0 {
			t.Errorf("got %v", got)
		}
	})
	t.Run("inactive", func(t *testing.T) {
		c, _, _ := setUp(t, &Fault{Kind: "inactive", Path: "*/1003/agents"})
		for group, want := range map[string]bool{group1: true, group3: false} {
			if got := c.records(c.cxGet(group)); len(got) == 0 || got[0]["isActive"] != want {
				t.Errorf("%s: %v", group, got)
			}
		}
	})
	t.Run("unlisted", func(t *testing.T) {
		c, _, _ := setUp(t, &Fault{Kind: "unlisted", Op: OpGroups, ID: "1003"})
		if got := c.records(c.cxGet("/accounts/99990001/agentGroups")); len(got) != 1 || got[0]["agentGroupId"] != 1001.0 {
			t.Errorf("got %v", got)
		}
	})
	t.Run("lost", func(t *testing.T) {
		c, one, _ := setUp(t, &Fault{Kind: "lost", Share: 0.5, Seed: 4, Op: OpAgents})
		first, second := ids(c, group1), ids(c, group1)
		if len(first) != len(one)-len(one)/2 || !slices.Equal(first, second) {
			t.Errorf("got %v and %v of %v", first, second, one)
		}
	})
	for look, want := range map[int][]bool{1: {true, false, false}, 2: {false, true, false}, 0: {true, true, true}} {
		t.Run(fmt.Sprint("look ", look), func(t *testing.T) {
			c, one, _ := setUp(t, &Fault{Kind: "emptied", Op: OpAgents, Look: look})
			for range 2 { // a new session looks for the first time
				c.signIn()
				for i, emptied := range want {
					if got := ids(c, group1); (len(got) == 0) != emptied || !emptied && len(got) != len(one) {
						t.Errorf("asking %d shows %d of %d", i+1, len(got), len(one))
					}
				}
			}
		})
	}
	t.Run("other_group", func(t *testing.T) {
		c, _, three := setUp(t, &Fault{Kind: "other_group", Path: "*/1001/agents"})
		if got := ids(c, group1); len(got) != len(three) || got[0] != three[0] {
			t.Errorf("got %v, want %v", got, three)
		}
	})
	t.Run("moved_unseen", func(t *testing.T) {
		c, one, three := setUp(t, &Fault{Kind: "moved_unseen", Path: "*/1003/agents", Count: 1})
		first, second := ids(c, group1), ids(c, group3)
		if len(first) != len(one) || len(second) != len(three)-1 {
			t.Errorf("saw %d and %d, want %d and %d", len(first), len(second), len(one), len(three)-1)
		}
		if again := ids(c, group1); len(again) != len(one)+1 {
			t.Errorf("the second look shows %d, want %d", len(again), len(one)+1)
		}
	})
	t.Run("moved_twice", func(t *testing.T) {
		c, one, three := setUp(t, &Fault{Kind: "moved_twice", Path: "*/1001/agents", Count: 1})
		first, second := ids(c, group1), ids(c, group3)
		if len(first) != len(one) || len(second) != len(three)+1 || second[len(second)-1] != first[len(first)-1] {
			t.Errorf("saw %v and %v", first, second)
		}
	})
	t.Run("token_lost", func(t *testing.T) {
		c, _, _ := setUp(t, &Fault{Kind: "token_lost", Op: OpAgents, Count: 1})
		if got := c.cxGet(group1); got.status != 401 || got.body != "Jwt is expired" {
			t.Errorf("got %+v", got)
		}
	})
	t.Run("usual shapes", func(t *testing.T) {
		for status, want := range map[int]string{401: "Token not found", 429: "Request rate exceeded", 500: "An Internal Server Error", 403: "access.denied"} {
			c, _, _ := setUp(t, &Fault{Kind: "status", Status: status})
			if got := c.cxGet(group1); got.status != status || !strings.Contains(got.body, want) {
				t.Errorf("%d: got %+v", status, got)
			}
		}
	})
}

func TestErrorShapes(t *testing.T) {
	for shape, want := range map[string]string{
		"ringex":       `{"errorCode":"CMN-203","message":"Internal error","errors":[{"errorCode":"CMN-203","message":"Internal error"}]}`,
		"ringex_plain": `{"errors":[{"errorCode":"CMN-203","message":"Internal error"}]}`,
		"gateway":      `{"errorCode":"AGW-500","message":"Internal error","errors":[]}`,
		"oauth":        `{"error":"invalid_grant","error_description":"Internal error","errors":[{"errorCode":"CMN-203","message":"Internal error"}]}`,
		"oauth_bare":   `{"error":"invalid_grant","error_description":"Internal error"}`,
		"adg":          `{"errors":[{"errorCode":"ADG-001","message":"Internal error"}]}`,
		"text":         `Internal error`,
		"html":         proxyPage,
		"empty":        ``,
	} {
		c := newCaller(t, Generate(2, 1))
		c.server.Change(func(w *World) { w.Faults = []*Fault{{Kind: "status", Status: 500, Shape: shape, RetryAfter: 7}} })
		got := c.exGet("")
		if got.status != 500 || got.body != want || got.header.Get("Retry-After") != "7" {
			t.Errorf("%s: got %+v, want %s", shape, got, want)
		}
	}
}

func TestFaultsChooseTheirRequests(t *testing.T) {
	for _, x := range []struct {
		name  string
		fault Fault
		want  string // of six requests for account, account, extensions, extensions page 2, account, account
	}{
		{"all", Fault{}, "xxxxxx"},
		{"by operation", Fault{Op: OpExtensions}, "..xx.."},
		{"by path", Fault{Path: "*/extension"}, "..xx.."},
		{"by path and query", Fault{Path: "*page=2*"}, "...x.."},
		{"skip", Fault{Skip: 2}, "..xxxx"},
		{"count", Fault{Count: 2}, "xx...."},
		{"skip and count of an operation", Fault{Op: OpAccount, Skip: 1, Count: 2}, ".x..x."},
		{"chance", Fault{Probability: 0.5, Seed: 1}, "x...x."},
	} {
		t.Run(x.name, func(t *testing.T) {
			c := newCaller(t, Generate(20, 1))
			c.signIn()
			x.fault.Kind = "null"
			c.server.Change(func(w *World) { w.Faults = []*Fault{&x.fault} })
			got := ""
			for _, path := range []string{"", "", "/extension", "/extension?page=2", "", ""} {
				if c.exGet(path).body == "null" {
					got += "x"
				} else {
					got += "."
				}
			}
			if got != x.want {
				t.Errorf("hit %s, want %s", got, x.want)
			}
		})
	}
}

// An extension that is unlisted is nowhere: neither in the list, whose totals fit, nor by itself.
func TestAnUnlistedExtensionIsNowhere(t *testing.T) {
	w := Generate(60, 1)
	id := number(w.Accounts[0].Extensions[5].ID)
	c := newCaller(t, w)
	c.signIn()
	const ask = "/restapi/v1.0/account/~/extension?perPage=1000"
	before := c.get(ask, c.ex).body
	c.server.Change(func(w *World) { w.Faults = []*Fault{{Kind: "unlisted", ID: id}} })
	after := c.get(ask, c.ex).body
	if strings.Contains(after, `"id":`+id) || pagingOf(t, after)["totalElements"] != pagingOf(t, before)["totalElements"]-1 {
		t.Errorf("still listed, or with other totals: %v", pagingOf(t, after))
	}
	c.get("/restapi/v1.0/account/~/extension/"+id, c.ex).want(t, 404, "CMN-102")
	if other := c.get("/restapi/v1.0/account/~/extension/"+number(w.Accounts[0].Extensions[6].ID), c.ex); other.status != 200 {
		t.Errorf("another one: %+v", other)
	}
}

func TestDelays(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCaller(t, Generate(5, 1))
		c.signIn()
		took := func() time.Duration {
			start := time.Now()
			c.exGet("")
			return time.Since(start)
		}
		c.server.Change(func(w *World) { w.Latency = Duration(time.Second) })
		if got := took(); got != time.Second {
			t.Errorf("latency: %s", got)
		}
		c.server.Change(func(w *World) { w.Faults = []*Fault{{Kind: "latency", Delay: Duration(time.Minute)}} })
		if got := took(); got != 61*time.Second {
			t.Errorf("latency fault: %s", got)
		}
		size := time.Duration(len(c.exGet("").body))
		c.server.Change(func(w *World) { w.Faults = []*Fault{{Kind: "slow_body", Delay: Duration(time.Minute)}} })
		if got, want := took(), time.Second+(size+63)/64*time.Minute; got != want {
			t.Errorf("slow body: %s, want %s", got, want)
		}
	})
}

func TestVariationsSayTheSameOtherwise(t *testing.T) {
	w := specWorld()
	w.Variations = true
	c := newCaller(t, w)
	c.signIn()
	text, novel, bare := 0, 0, 0
	for _, e := range c.records(c.exGet("/extension?perPage=1000")) {
		if _, ok := e["id"].(string); ok {
			text++
		}
		if e["loyaltyTier"] != nil {
			novel++
		}
		if e["contact"] == nil && e["status"] != "Unassigned" {
			bare++
		}
	}
	if min(text, novel, bare) == 0 {
		t.Errorf("%d text ids, %d unknown fields, %d without contact: want some of each", text, novel, bare)
	}
	first := c.cxGet(group1).body
	if first != c.cxGet(group1).body {
		t.Error("two reads differ")
	}
	if !strings.Contains(first, `"agentGroupId":null`) {
		t.Error("no null group id")
	}
}
