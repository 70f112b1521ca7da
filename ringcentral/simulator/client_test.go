package simulator

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
)

const testBase = "https://ringcentral.example.com"

// caller is the least client there is, written from ringcentral/API.md alone.
type caller struct {
	t      *testing.T
	server *Server
	ex, cx string // access tokens
}

// reply is an answer read to its end.
type reply struct {
	status int
	header http.Header
	body   string
}

func newCaller(t *testing.T, w *World) *caller {
	t.Helper()
	return &caller{t: t, server: New(w, Options{})}
}

// signIn gets both tokens of the demo account.
func (c *caller) signIn() {
	c.t.Helper()
	c.ex = c.field(c.token(demoGrant()), "access_token")
	c.cx = c.field(c.exchange(c.ex), "accessToken")
}

func demoGrant() url.Values { return url.Values{"grant_type": {grantJWT}, "assertion": {DemoJWT}} }

func (c *caller) token(form url.Values) reply {
	c.t.Helper()
	return c.post("/restapi/oauth/token", form, DemoClientID, DemoClientSecret)
}

func (c *caller) exchange(token string) reply {
	c.t.Helper()
	form := url.Values{"rcAccessToken": {token}, "rcTokenType": {"Bearer"}}
	return c.post("/api/auth/login/rc/accesstoken?includeRefresh=true", form, "", "")
}

func (c *caller) post(path string, form url.Values, user, password string) reply {
	c.t.Helper()
	r := c.request(http.MethodPost, path, strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", formType)
	if user != "" {
		r.SetBasicAuth(user, password)
	}
	return c.do(r)
}

func (c *caller) get(path, token string) reply {
	c.t.Helper()
	r := c.request(http.MethodGet, path, nil)
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	return c.do(r)
}

// exGet and cxGet ask with the right token for paths under the account and the integration API.
func (c *caller) exGet(path string) reply {
	c.t.Helper()
	return c.get("/restapi/v1.0/account/~"+path, c.ex)
}

func (c *caller) cxGet(path string) reply { c.t.Helper(); return c.get(cxAdmin+path, c.cx) }

func (c *caller) request(method, path string, body io.Reader) *http.Request {
	c.t.Helper()
	if !strings.HasPrefix(path, "http") {
		path = testBase + path
	}
	r, err := http.NewRequestWithContext(context.Background(), method, path, body)
	if err != nil {
		c.t.Fatal(err)
	}
	return r
}

func (c *caller) do(r *http.Request) reply {
	c.t.Helper()
	resp, err := c.server.Transport().RoundTrip(r)
	if err != nil {
		c.t.Fatalf("%s %s: %v", r.Method, r.URL, err)
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		c.t.Fatalf("%s %s: reading body: %v", r.Method, r.URL, err)
	}
	return reply{resp.StatusCode, resp.Header, string(body)}
}

// field reads one text field of an answer that must be 200.
func (c *caller) field(r reply, name string) string {
	c.t.Helper()
	text, _ := c.object(r)[name].(string)
	if text == "" {
		c.t.Fatalf("no %s in %s", name, r.body)
	}
	return text
}

func (c *caller) object(r reply) map[string]any {
	c.t.Helper()
	return decodeOK[map[string]any](c.t, r)
}

// records reads the records of a page, or an array.
func (c *caller) records(r reply) []map[string]any {
	c.t.Helper()
	if strings.HasPrefix(r.body, "[") {
		return decodeOK[[]map[string]any](c.t, r)
	}
	return decodeOK[struct{ Records []map[string]any }](c.t, r).Records
}

func decodeOK[T any](t *testing.T, r reply) T {
	t.Helper()
	var v T
	if r.status != http.StatusOK {
		t.Fatalf("status %d: %s", r.status, r.body)
	}
	if err := json.Unmarshal([]byte(r.body), &v); err != nil {
		t.Fatalf("%v in %.200s", err, r.body)
	}
	return v
}
