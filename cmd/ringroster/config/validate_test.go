package config

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

func TestAddresses(t *testing.T) {
	for text, want := range map[string]string{
		"https://platform.ringcentral.com/": "https://platform.ringcentral.com",
		"https://platform.ringcentral.com":  "https://platform.ringcentral.com",
		"https://proxy.example.com/rc/":     "https://proxy.example.com/rc",
		"https://platform.example.com:8443": "https://platform.example.com:8443",
		"http://localhost:8080/":            "http://localhost:8080",
		"http://127.1.2.3:80":               "http://127.1.2.3:80",
		"http://[::1]:80":                   "http://[::1]:80",

		"http://localhost.example.com": "",
		"http://10.0.0.1":              "",
		"http://0.0.0.0":               "",
		"platform.ringcentral.com":     "",
		"https://":                     "",
		"https:///path":                "",
		"https://a b.example.com":      "",
		"https://example.com/?a=b":     "",
		"https://example.com/#top":     "",
		"https://me@example.com":       "",
		"file:///etc/passwd":           "",

		"https://platform.ringcentral.com/restapi":       "",
		"https://platform.ringcentral.com/restapi/v1.0/": "",
		"https://ringcx.ringcentral.com/voice/api":       "",
		"https://ringcx.ringcentral.com/api/auth/login":  "",
		"https://proxy.example.com/restapis":             "https://proxy.example.com/restapis",
		"":                                               "",
	} {
		t.Run(text, func(t *testing.T) {
			r := &report{}
			got := address(r, "base_url", text)
			if refused := len(r.list) > 0; refused != (want == "") || !refused && got != want {
				t.Errorf("got %s, %v", got, r.list)
			}
		})
	}
}

func TestTimesOfDay(t *testing.T) {
	for text, want := range map[string]time.Duration{
		"00:00": 0, "03:00": 3 * time.Hour, "23:59": 24*time.Hour - time.Minute,
		"3:00": -1, "24:00": -1, "12:60": -1, "12:00:00": -1, "noon": -1, " 3:00": -1, "": -1,
	} {
		t.Run(text, func(t *testing.T) {
			s, err := Load(write(t, minimal+"schedule: {daily_at: \""+text+"\"}\n"))
			if refused := err != nil; refused != (want < 0) || !refused && s.Schedule.TimeOfDay() != want {
				t.Errorf("got %v", err)
			}
		})
	}
}

func TestR4OneMainAccountIsOneEntry(t *testing.T) {
	_, err := Load(write(t, minimal+"  - {name: other, main_account_id: \"99990000\", client_id: abc}\n"))
	const want = "config.yaml:6: accounts[1].main_account_id: is already the main account of accounts[0], acme: one main account is one entry (R4)"
	if err == nil || err.Error() != want {
		t.Errorf("got %v", err)
	}
}

func TestModes(t *testing.T) {
	if got := load(t, minimal).Database.FileMode(); got != 0o600 {
		t.Errorf("got %o", got)
	}
	if got := load(t, minimal+`database: {mode: "0640"}`).Database.FileMode(); got != 0o640 {
		t.Errorf("got %o", got)
	}
}

// TestWhereTheServiceListensIsTheOperatorsDecision: loopback, a network, all.
func TestWhereTheServiceListensIsTheOperatorsDecision(t *testing.T) {
	for _, listen := range []string{"127.0.0.1:9465", "[::1]:9465", "localhost:9465", "0.0.0.0:9465", "metrics.example.com:80"} {
		if got := load(t, minimal+"http: {listen: \""+listen+"\"}\n").HTTP.Listen; got != listen {
			t.Errorf("got %q, want %q", got, listen)
		}
	}
}

func TestTheHeartbeatAddressIsASecret(t *testing.T) {
	s := load(t, minimal+"heartbeat_url: https://u:p@checks.example.com/s3cr3t-planted?key=x\n")
	if got := fmt.Sprintf("%v %+v", s.HeartbeatURL, *s); strings.Contains(got, planted) {
		t.Errorf("it is printed: %s", got)
	}
}
