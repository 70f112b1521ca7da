package ringcentral

import (
	"context"
	"encoding/pem"
	"errors"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"ringroster/ringcentral/simulator"
)

func TestEveryShapeOfRefusalIsRead(t *testing.T) {
	tests := []struct {
		name, contentType, body string
		code, message           string
	}{
		{"RingEX, errors alone", "", `{"errors":[{"errorCode":"CMN-408","message":"In order to call this"}]}`, "CMN-408", "In order to call this"},
		{"RingEX, with a top level", "", `{"errorCode":"CMN-102","message":"not found","errors":[{"errorCode":"CMN-102","message":"x"}],"parameterName":"accountId"}`, "CMN-102", "not found"},
		{"RingEX gateway, empty errors", "", `{"errorCode":"AGW-404","message":"Resource not found","errors":[]}`, "AGW-404", "Resource not found"},
		{"OAuth with errors", "", `{"error":"unauthorized_client","error_description":"Unauthorized","errors":[{"errorCode":"OAU-251","message":"Unauthorized for this grant type"}]}`, "OAU-251", "Unauthorized for this grant type"},
		{"OAuth alone", "", `{"error":"invalid_grant","error_description":"Token expired"}`, "invalid_grant", "Token expired"},
		{"RingCX", "", `{"errorCode":"access.denied.exception","generalMessage":"No permission","developerMessage":"Access is denied","timestamp":1}`, "access.denied.exception", "No permission"},
		{"RingCX as in the schema", "", `{"generalMessage":"No permission","details":"","timestamp":1611847650696}`, "", "No permission"},
		{"plain text", "text/plain", "Jwt is expired", "", "Jwt is expired"},
		{"a web page", "text/html", "<html>Sign in</html>", "", "a web page instead of data"},
		{"nothing", "", "", "", "Forbidden"},
		{"an empty object", "", "{}", "", "{}"},
		{"fields of other types", "", `{"errorCode":12,"message":"still read"}`, "", "still read"},
		{"control characters", "text/plain", "a\x1b[31mred\nline\r\t\u202e\x00 end", "", "a[31mred line end"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			h := http.Header{"Content-Type": {test.contentType}, "Rcrequestid": {"3f0c-1"}}
			e := refusal(403, h, []byte(test.body))
			if e.Status != 403 || e.Code != test.code || e.Message != test.message || e.RequestID != "3f0c-1" {
				t.Errorf("status %d, code %q, message %q, request %q", e.Status, e.Code, e.Message, e.RequestID)
			}
		})
	}
}

func TestForeignTextIsCapped(t *testing.T) {
	e := refusal(500, http.Header{}, []byte(strings.Repeat("é", 10_000)))
	if n := len([]rune(e.Error())); n > longestText+200 { // with the advice
		t.Errorf("%d runes", n)
	}
	_ = newSecrets(&Config{}).finish(e) // secrets are hidden before it is cut
	if n := len([]rune(e.Message)); n != longestText+1 {
		t.Errorf("%d runes", n)
	}
}

func TestErrorsTellTheOperatorWhatToDo(t *testing.T) {
	c := &client{Config: Config{MainAccountID: "99990000"}}
	token := func(code, word string) *Error { return &Error{Status: 400, Code: code, word: word} }
	tests := []struct {
		name      string
		op        *operation
		err       *Error
		says      string
		permanent bool
	}{
		{"client credentials", getToken, token("OAU-153", "invalid_client"), "check client_id and client_secret", true},
		{"client credentials, by word", getToken, token("invalid_client", "invalid_client"), "check client_id and client_secret", true},
		{"no JWT flow", getToken, token("OAU-251", "unauthorized_client"), "JWT auth flow", true},
		{"expired JWT", getToken, token("OAU-210", "invalid_grant"), "create a new one", true},
		{"refused JWT, unknown code", getToken, token("OAU-999", "invalid_grant"), "create a new one", true},
		{"disabled owner", getToken, token("OAU-236", "invalid_grant"), "gone or disabled", true},
		{"host not allowed", getToken, &Error{Status: 403, Code: "OAU-167"}, "allow its address", true},
		{"unknown refusal of a token", getToken, token("OAU-998", ""), "check client_id, client_secret and the JWT", true},
		{"token service down", getToken, &Error{Status: 500, Code: "CMN-203"}, "", false},
		{"no RingCX user", exchangeToken, &Error{Status: 403}, "must be a RingCX administrator", true},
		{"app scope", listExtensions, &Error{Status: 403, Code: "CMN-401"}, "ReadAccounts scope", true},
		{"user permission", listRoles, &Error{Status: 403, Code: "CMN-408"}, "ReadUserRoles permission", true},
		{"WFO_ACCESS", listAgents, &Error{Status: 403}, "grant WFO_ACCESS (Access WEM)", true},
		{"unknown main account", listAdmins, &Error{Status: 404}, "check main_account_id (99990000)", true},
		{"wrong RingEX address", readAccount, &Error{Status: 404}, "check base_url", false},
		{"wrong RingCX address", listGroups, &Error{Status: 404}, "check ringcx_url", false},
		{"a list that moved", listAgents, &Error{Status: 404}, "RingCentral may have moved this list (out of /voice/api/integration/v1/admin)", false},
		{"administrators that moved", listAdmins, &Error{Status: 404}, "RingCentral may have moved this list", true},
		{"proxy wants a password", listGroups, &Error{Status: 407}, "HTTPS_PROXY", false},
		{"a portal", listGroups, &Error{Status: 403, web: true}, "check ringcx_url and HTTPS_PROXY", false},
		{"a redirect", listGroups, &Error{Status: 302, kind: kindRedirect}, "never followed", false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			c.advise(test.err, test.op)
			if !strings.Contains(test.err.Advice, test.says) || (test.says == "" && test.err.Advice != "") {
				t.Errorf("advice %q, want %q", test.err.Advice, test.says)
			}
			if test.err.Permanent() != test.permanent {
				t.Errorf("permanent: %v", test.err.Permanent())
			}
		})
	}
}

func TestErrorsReadAsOneLine(t *testing.T) {
	e := &Error{
		Op: "extensions", URL: "GET https://platform.example.com/restapi/v1.0/account/~/extension", Status: 403,
		Code: "CMN-408", Message: "user needs [ReadExtensions]", RequestID: "3f0c-1", Advice: "give the owner the permission",
	}
	const want = "reading extensions: GET https://platform.example.com/restapi/v1.0/account/~/extension answered 403 CMN-408: " +
		"user needs [ReadExtensions] (request id 3f0c-1); give the owner the permission"
	if e.Error() != want {
		t.Errorf("got  %s\nwant %s", e, want)
	}
}

func TestACancelledContextStopsEverythingAtOnce(t *testing.T) {
	faults := map[string]*simulator.Fault{
		"while waiting for an answer": {Kind: "latency", Op: simulator.OpAgents, Delay: simulator.Duration(time.Hour)},
		"while reading a body":        {Kind: "slow_body", Op: simulator.OpExtensions, Delay: simulator.Duration(10 * time.Second)},
		"between two tries":           {Kind: "status", Op: simulator.OpGroups, Status: 500},
		"during a penalty":            {Kind: "status", Op: simulator.OpGroups, Status: 429, RetryAfter: 200},
		"while a token is asked for":  {Kind: "latency", Op: simulator.OpToken, Delay: simulator.Duration(time.Hour)},
	}
	for name, fault := range faults {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				world := simulator.Generate(60, 1)
				world.Faults = []*simulator.Fault{fault}
				s := simulator.New(world, simulator.Options{})
				d := mustNew(t, demoConfig(s))
				ctx, cancel := context.WithCancel(t.Context())
				time.AfterFunc(time.Second, cancel)
				began := time.Now()
				_, err := d.Snapshot(ctx, nil)
				if took := time.Since(began); !errors.Is(err, context.Canceled) || took != time.Second {
					t.Errorf("%v after %s", err, took)
				}
				d.Close(ctx)
			})
		})
	}
}

func TestNothingIsTriedBeyondTheDeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		world := simulator.Generate(60, 1)
		world.Faults = []*simulator.Fault{{Kind: "status", Op: simulator.OpAgents, Status: 503, RetryAfter: 120}}
		d := mustNew(t, demoConfig(simulator.New(world, simulator.Options{})))
		defer d.Close(t.Context())
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		if _, err := d.Snapshot(ctx, nil); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v", err)
		}
	})
}

func TestTLSIsVerified(t *testing.T) {
	s := simulator.New(simulator.Generate(60, 1), simulator.Options{})
	server := httptest.NewTLSServer(http.StripPrefix("/some/base", s))
	defer server.Close()
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	cfg := demoConfig(s)
	cfg.BaseURL, cfg.RingCXURL, cfg.Transport = server.URL+"/some/base/", server.URL+"/some/base", nil

	d := mustNew(t, cfg)
	_, err := d.Snapshot(t.Context(), nil)
	d.Close(t.Context())
	if e, ok := errors.AsType[*Error](err); !ok || !strings.Contains(e.Advice, "ca_file") {
		t.Errorf("an unknown CA: %v", err)
	}
	if d.Calls() != 1 {
		t.Errorf("%d calls: an untrusted server is not asked twice", d.Calls())
	}

	cfg.CAFile = filepath.Join(t.TempDir(), "ca.pem")
	block := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})
	if err := os.WriteFile(cfg.CAFile, block, 0o600); err != nil {
		t.Fatal(err)
	}
	d = mustNew(t, cfg)
	defer d.Close(t.Context())
	if _, err := d.Snapshot(t.Context(), nil); err != nil {
		t.Errorf("with its CA, under a base path: %v", err)
	}
}

func TestNewRefusesWhatCannotBe(t *testing.T) {
	empty := filepath.Join(t.TempDir(), "empty.pem")
	if err := os.WriteFile(empty, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	good := Config{BaseURL: "https://platform.example.com/", RingCXURL: "https://ringcx.example.com", MainAccountID: "1"}
	tests := map[string]func(*Config){
		"base_url":                 func(c *Config) { c.BaseURL = "platform.example.com" },
		"ringcx_url":               func(c *Config) { c.RingCXURL = "ftp://ringcx.example.com" },
		"main_account_id":          func(c *Config) { c.MainAccountID = "" },
		"ca_file":                  func(c *Config) { c.CAFile = filepath.Join(t.TempDir(), "none.pem") },
		"holds no certificate":     func(c *Config) { c.CAFile = empty },
		"is not the address of a ": func(c *Config) { c.BaseURL = "https://user:word@platform.example.com" },
	}
	for says, change := range tests {
		cfg := good
		change(&cfg)
		_, err := New(cfg)
		if e, ok := errors.AsType[*Error](err); !ok || !e.Permanent() || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: %v", says, err)
		}
	}
}
