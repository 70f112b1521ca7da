package simulator

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// code is the error code of an answer, in whichever envelope.
func (r reply) code() string {
	var body struct {
		ErrorCode string
		Errors    []struct{ ErrorCode string }
	}
	_ = json.Unmarshal([]byte(r.body), &body)
	if body.ErrorCode == "" && len(body.Errors) > 0 {
		return body.Errors[0].ErrorCode
	}
	return body.ErrorCode
}

func (r reply) want(t *testing.T, status int, code string) {
	t.Helper()
	if r.status != status || r.code() != code {
		t.Errorf("got %d %q, want %d %q; body: %.300s", r.status, r.code(), status, code, r.body)
	}
}

func TestTokenEndpointRefuses(t *testing.T) {
	good := demoGrant()
	with := func(key, value string) url.Values {
		form := url.Values{"grant_type": {grantJWT}, "assertion": {DemoJWT}}
		form.Set(key, value)
		return form
	}
	for _, x := range []struct {
		name         string
		edit         func(*Account)
		id, secret   string
		form         url.Values
		status       int
		kind, wanted string
	}{
		{"no credentials", nil, "", "", good, 400, "invalid_request", "OAU-123"},
		{"an unknown app", nil, "nobody", "x", good, 400, "invalid_client", "OAU-153"},
		{"a wrong secret", nil, DemoClientID, "x", good, 400, "invalid_client", "OAU-153"},
		{"a grant nobody offers", nil, DemoClientID, DemoClientSecret, with("grant_type", "password"), 400, "unsupported_grant_type", "OAU-250"},
		{"no assertion", nil, DemoClientID, DemoClientSecret, with("assertion", ""), 400, "invalid_request", ""},
		{"a wrong assertion", nil, DemoClientID, DemoClientSecret, with("assertion", "x.y.z"), 400, "invalid_grant", "OAU-213"},
		{"a lifetime too short", nil, DemoClientID, DemoClientSecret, with("access_token_ttl", "599"), 400, "invalid_request", "CMN-101"},
		{"a lifetime too long", nil, DemoClientID, DemoClientSecret, with("access_token_ttl", "3601"), 400, "invalid_request", "CMN-101"},
		{"a refresh token never issued", nil, DemoClientID, DemoClientSecret, url.Values{"grant_type": {grantRefresh}, "refresh_token": {"x"}}, 400, "invalid_grant", "OAU-213"},
		{"an app without JWT flow", func(a *Account) { a.NoJWTFlow = true }, DemoClientID, DemoClientSecret, good, 400, "unauthorized_client", "OAU-251"},
		{"an owner who is suspended", func(a *Account) { a.Extensions[0].Status = "Disabled" }, DemoClientID, DemoClientSecret, good, 400, "invalid_grant", "OAU-236"},
		{"an owner who is gone", func(a *Account) { a.Extensions = nil }, DemoClientID, DemoClientSecret, good, 400, "invalid_grant", "OAU-232"},
	} {
		t.Run(x.name, func(t *testing.T) {
			c := newCaller(t, Generate(5, 1))
			if x.edit != nil {
				c.server.Change(func(w *World) { x.edit(w.Accounts[0]) })
			}
			got := c.post("/restapi/oauth/token", x.form, x.id, x.secret)
			got.want(t, x.status, x.wanted)
			var body struct{ Error string }
			if _ = json.Unmarshal([]byte(got.body), &body); body.Error != x.kind {
				t.Errorf("error %q, want %q", body.Error, x.kind)
			}
			if got.header.Get("RCRequestId") == "" {
				t.Error("no RCRequestId")
			}
		})
	}
}

func TestAFormMayNameItsCharset(t *testing.T) {
	c := newCaller(t, Generate(5, 1))
	r := c.request(http.MethodPost, "/restapi/oauth/token", strings.NewReader(demoGrant().Encode()))
	r.SetBasicAuth(DemoClientID, DemoClientSecret)
	r.Header.Set("Content-Type", formType+"; charset=UTF-8")
	c.do(r).want(t, 200, "")
}

func TestTokenEndpointWantsAForm(t *testing.T) {
	c := newCaller(t, Generate(5, 1))
	r := c.request(http.MethodPost, "/restapi/oauth/token", nil)
	r.SetBasicAuth(DemoClientID, DemoClientSecret)
	r.Header.Set("Content-Type", "application/json")
	if got := c.do(r); got.status != http.StatusUnsupportedMediaType {
		t.Errorf("got %d, want 415", got.status)
	}
}

func TestTokensAreRefused(t *testing.T) {
	c := newCaller(t, Generate(5, 1))
	c.signIn()
	const ex, cx = "/restapi/v1.0/account/~/extension", cxAdmin + "/users/99990000"
	for _, x := range []struct {
		name, path, token string
		status            int
		code, text        string
	}{
		{"none at RingEX", ex, "", 401, "AGW-401", ""},
		{"unknown at RingEX", ex, "x", 401, "OAU-213", ""},
		{"the JWT itself at RingEX", ex, DemoJWT, 401, "OAU-129", ""},
		{"RingCX's at RingEX", ex, c.cx, 401, "OAU-129", ""},
		{"none at RingCX", cx, "", 401, "", "Jwt is invalid"},
		{"RingEX's at RingCX", cx, c.ex, 401, "", "Jwt is invalid"},
	} {
		t.Run(x.name, func(t *testing.T) {
			got := c.get(x.path, x.token)
			got.want(t, x.status, x.code)
			if x.text != "" && got.body != x.text {
				t.Errorf("body %q, want %q", got.body, x.text)
			}
		})
	}
	r := c.request(http.MethodGet, ex, nil)
	r.Header.Set("Authorization", "Basic abc")
	c.do(r).want(t, 401, "AGW-402")
}

func TestTokensExpire(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCaller(t, Generate(5, 1))
		form := demoGrant()
		form.Set("access_token_ttl", "600")
		granted := c.token(form)
		if got := c.object(granted)["expires_in"]; got != 600.0 {
			t.Errorf("expires_in %v, want 600", got)
		}
		c.ex = c.field(granted, "access_token")
		c.cx = c.field(c.exchange(c.ex), "accessToken")
		time.Sleep(5*time.Minute - time.Second)
		c.cxGet("/users/99990000").want(t, 200, "")
		time.Sleep(time.Second)
		if got := c.cxGet("/users/99990000"); got.status != 401 || got.body != "Jwt is expired" || got.header.Get("Content-Type") != textType {
			t.Errorf("got %+v, want 401 Jwt is expired as text", got)
		}
		c.exGet("").want(t, 200, "")
		time.Sleep(5 * time.Minute)
		c.exGet("").want(t, 401, "OAU-128")
	})
}

func TestLifetimesAreTheWorlds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := Generate(5, 1)
		w.Lifetimes = Lifetimes{RingEX: Duration(time.Minute), Claimed: Duration(time.Hour)}
		c := newCaller(t, w)
		granted := c.token(demoGrant())
		if got := c.object(granted)["expires_in"]; got != 3600.0 {
			t.Errorf("expires_in %v, want the claimed 3600", got)
		}
		c.ex = c.field(granted, "access_token")
		time.Sleep(time.Minute)
		c.exGet("").want(t, 401, "OAU-128")
	})
}

func TestSixthSessionEndsTheFirst(t *testing.T) {
	c := newCaller(t, Generate(5, 1))
	var tokens []string
	for range 6 {
		tokens = append(tokens, c.field(c.token(demoGrant()), "access_token"))
	}
	c.get("/restapi/v1.0/account/~", tokens[0]).want(t, 401, "OAU-213")
	c.get("/restapi/v1.0/account/~", tokens[1]).want(t, 200, "")
	if got := c.server.LiveSessions(DemoClientID); got != 5 {
		t.Errorf("%d sessions, want 5", got)
	}
}

func TestRevokeEndsTheWholeSession(t *testing.T) {
	c := newCaller(t, specWorld())
	granted := c.token(demoGrant())
	c.ex = c.field(granted, "access_token")
	refresh := c.field(granted, "refresh_token")
	revoked := c.post("/restapi/oauth/revoke", url.Values{"token": {refresh}}, DemoClientID, DemoClientSecret)
	if revoked.status != 200 || revoked.body != "" {
		t.Errorf("got %+v, want an empty 200", revoked)
	}
	c.exGet("").want(t, 401, "OAU-213")
	if got := c.server.LiveSessions(DemoClientID); got != 0 {
		t.Errorf("%d sessions, want none", got)
	}
}

func TestRingEXRefreshTokensWorkOnce(t *testing.T) {
	c := newCaller(t, specWorld())
	granted := c.token(demoGrant())
	form := url.Values{"grant_type": {grantRefresh}, "refresh_token": {c.field(granted, "refresh_token")}}
	next := c.token(form)
	c.get("/restapi/v1.0/account/~", c.field(granted, "access_token")).want(t, 401, "OAU-213")
	c.get("/restapi/v1.0/account/~", c.field(next, "access_token")).want(t, 200, "")
	c.token(form).want(t, 400, "OAU-213")
}

func TestRefreshTokensAreNotIssuedUnlessTheAppSaysSo(t *testing.T) {
	c := newCaller(t, Generate(5, 1))
	if got := c.object(c.token(demoGrant()))["refresh_token"]; got != nil {
		t.Errorf("got %v, want none", got)
	}
}

func TestRingCXRefreshRotates(t *testing.T) {
	c := newCaller(t, Generate(5, 1))
	c.ex = c.field(c.token(demoGrant()), "access_token")
	first := c.exchange(c.ex)
	form := url.Values{"refresh_token": {c.field(first, "refreshToken")}}
	second := c.post("/api/auth/token/refresh", form, "", "")
	c.cx = c.field(second, "accessToken")
	c.cxGet("/users/99990000").want(t, 200, "")
	c.post("/api/auth/token/refresh", form, "", "").want(t, 401, "")
	third := c.post("/api/auth/token/refresh", url.Values{"refresh_token": {c.field(second, "refreshToken")}}, "", "")
	c.field(third, "refreshToken")
}

func TestExchangeRefuses(t *testing.T) {
	c := newCaller(t, Generate(5, 1))
	c.signIn()
	post := func(form url.Values) reply { return c.post("/api/auth/login/rc/accesstoken", form, "", "") }
	post(url.Values{"rcAccessToken": {"x"}, "rcTokenType": {"Bearer"}}).want(t, 401, "")
	post(url.Values{"rcAccessToken": {c.cx}, "rcTokenType": {"Bearer"}}).want(t, 401, "")
	post(url.Values{"rcAccessToken": {c.ex}}).want(t, 400, "")
	if got := c.object(post(url.Values{"rcAccessToken": {c.ex}, "rcTokenType": {"Bearer"}}))["refreshToken"]; got != nil {
		t.Errorf("a refresh token nobody asked for: %v", got)
	}
	c.server.Change(func(w *World) { w.Accounts[0].Administrators = nil })
	c.exchange(c.ex).want(t, 403, "access.denied.exception")
}
