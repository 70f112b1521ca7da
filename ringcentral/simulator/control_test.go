package simulator

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// steer sends one request to the control API.
func (c *caller) steer(method, path, body string) reply {
	c.t.Helper()
	w := httptest.NewRecorder()
	c.server.Control().ServeHTTP(w, httptest.NewRequestWithContext(c.t.Context(), method, path, strings.NewReader(body)))
	return reply{w.Code, w.Header(), strings.TrimSpace(w.Body.String())}
}

func TestControlChangesPeople(t *testing.T) {
	c := newCaller(t, Generate(30, 1))
	c.signIn()
	has := func(text string) bool {
		return strings.Contains(c.cxGet(group1).body+c.cxGet(group3).body+c.cxGet("/users/99990000").body+c.exGet("/extension").body, text)
	}
	steer := func(act, body string) {
		t.Helper()
		if got := c.steer("POST", "/people/"+act, body); got.status != 200 {
			t.Errorf("%s: %+v", act, got)
		}
	}
	steer("join", `{"first_name":"Neo","last_name":"Comer","email":"neo@example.com","sub_account":"99990001","group":1003}`)
	if got := c.cxGet(group3).body; !strings.Contains(got, `"firstName":"Neo"`) || strings.Contains(got[strings.Index(got, "neo@"):], `"rcUserId":null`) {
		t.Errorf("Neo did not join: %s", got)
	}
	steer("move", `{"email":"NEO@example.com","sub_account":"99990001","group":1001}`)
	if strings.Contains(c.cxGet(group3).body, "neo@") || !strings.Contains(c.cxGet(group1).body, "neo@") {
		t.Error("Neo did not move")
	}
	steer("rename", `{"email":"neo@example.com","first_name":"Trinity","last_name":"Comer"}`)
	if has(`"firstName":"Neo"`) || !has(`"firstName":"Trinity"`) {
		t.Error("Neo kept the name")
	}
	steer("email", `{"email":"neo@example.com","new_email":"trinity@example.com"}`)
	steer("leave", `{"email":"trinity@example.com"}`)
	if has("Trinity") {
		t.Error("Trinity did not leave")
	}
	steer("join", `{"first_name":"Ad","last_name":"Min","email":"ad@example.com","administrator":true,"unlinked":true}`)
	if !strings.Contains(c.cxGet("/users/99990000").body, `{"rcUserId":null,"userId":3204`) {
		t.Errorf("Ad is no administrator: %s", c.cxGet("/users/99990000").body)
	}
}

// TestControlSaysWhatItTakes: each edit of people that its index names is one.
func TestControlSaysWhatItTakes(t *testing.T) {
	c := newCaller(t, Generate(30, 1))
	index := c.steer("GET", "/", "")
	_, acts, _ := strings.Cut(index.body, "/people/")
	acts, _, _ = strings.Cut(acts, "\n\n")
	unknown := strings.ReplaceAll(c.steer("POST", "/people/fly", "{}").body, "fly", "ACT")
	names := strings.FieldsFunc(acts, func(r rune) bool { return r < 'a' || r > 'z' })
	for _, act := range names {
		if got := strings.ReplaceAll(c.steer("POST", "/people/"+act, "{}").body, act, "ACT"); got == unknown {
			t.Errorf("%s is unknown: %s", act, got)
		}
	}
	if index.status != 200 || len(names) < 9 {
		t.Errorf("%d: %v", index.status, names)
	}
	if got := c.steer("GET", "/elsewhere", ""); got.status != 404 {
		t.Errorf("elsewhere: %+v", got)
	}
}

func TestControlRefuses(t *testing.T) {
	for _, x := range []struct{ method, path, body, want string }{
		{"POST", "/people/leave", `{"email":"nobody@example.com"}`, `nobody has the email "nobody@example.com"`},
		{"POST", "/people/join", `{}`, `the newcomer needs an email`},
		{"POST", "/people/join", `{"email":"x@example.com","sub_account":"1"}`, `no sub-account has the id "1"`},
		{"POST", "/people/join", `{"email":"x@example.com","group":1}`, `sub-account 99990001 has no group 1`},
		{"POST", "/people/move", `{"email":"x@example.com","sub_account":"99990001","group":1001}`, `nobody with the email x@example.com is an agent of sub-account 99990001`},
		{"POST", "/people/fly", `{}`, `"fly" is not one of join, leave, rename, email, move, supervise, disable, suspend, retype`},
		{"POST", "/people/leave", `{"account":"1"}`, `no account has the main account id "1"`},
		{"POST", "/people/leave", `{"mail":"x"}`, `reading the body: json: unknown field "mail"`},
		{"POST", "/faults", `{"kind":"status"}`, `kind status needs status`},
		{"POST", "/faults", `{"kind":"null"} {}`, `reading the body: more than one JSON value`},
		{"PATCH", "/behaviour", `{"latency":"-1s"}`, `latency, audit_delay and lifetimes must not be negative`},
		{"PATCH", "/behaviour", `{"faults":[{"kind":"x"}]}`, `faults[0]: kind "x" is not one of ` + strings.Join(FaultKinds(), ", ")},
		{"PUT", "/world", `accounts: []`, `accounts: give at least one`},
	} {
		t.Run(x.method+x.path+x.body, func(t *testing.T) {
			c := newCaller(t, Generate(30, 1))
			before := c.steer("GET", "/world", "").body
			got := c.steer(x.method, x.path, x.body)
			var body struct{ Error string }
			if _ = json.Unmarshal([]byte(got.body), &body); got.status != http.StatusBadRequest || body.Error != x.want {
				t.Errorf("got %d %q, want 400 %q", got.status, body.Error, x.want)
			}
			if c.steer("GET", "/world", "").body != before {
				t.Error("the world changed all the same")
			}
		})
	}
}

func TestControlBehaviour(t *testing.T) {
	c := newCaller(t, Generate(30, 1))
	c.signIn()
	c.steer("POST", "/faults", `{"kind":"null","op":"account","count":1}`)
	c.steer("PATCH", "/behaviour", `{"limits":{"light":1},"latency":"1ns"}`)
	if got := c.exGet("").body; got != "null" {
		t.Errorf("the fault did not act: %s", got)
	}
	c.exGet("").want(t, 200, "")
	c.exGet("").want(t, 429, "CMN-301")
	counters := decodeOK[countersWire](t, c.steer("GET", "/counters", ""))
	if counters.Calls[OpAccount] != 3 || counters.TooManyRequests != 1 || counters.FaultHits["null"] != 1 {
		t.Errorf("got %+v", counters)
	}
	c.steer("PATCH", "/behaviour", `{"limits":null}`)
	c.exGet("").want(t, 200, "")
	if got := c.steer("GET", "/behaviour", "").body; !strings.Contains(got, `"latency":"1ns"`) || !strings.Contains(got, `"kind":"null"`) {
		t.Errorf("what was not given changed: %s", got)
	}
	if got := c.steer("DELETE", "/faults", "").body; got != "null" && got != "[]" {
		t.Errorf("faults stayed: %s", got)
	}
	if got := c.steer("DELETE", "/counters", "").body; got != `{"calls":{},"too_many_requests":0,"fault_hits":{}}` {
		t.Errorf("counters stayed: %s", got)
	}
}

func TestControlReplacesTheWorld(t *testing.T) {
	c := newCaller(t, Generate(30, 1))
	c.signIn()
	if got := c.steer("PUT", "/world", smallWorld); got.status != 200 {
		t.Fatal(got)
	}
	c.exGet("").want(t, 401, "OAU-213") // the app is not there any more
	if got := c.steer("GET", "/world", "").body; !strings.Contains(got, `"client_id":"a"`) {
		t.Errorf("got %s", got)
	}
}
