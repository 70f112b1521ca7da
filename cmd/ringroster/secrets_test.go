package main

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	stdsync "sync"
	"syscall"
	"testing"

	"ringroster/ringcentral/simulator"
)

// vault is a simulated RingCentral that notes every token it gives, and a folder
// with settings that hold recognisable secrets.
type vault struct {
	t       *testing.T
	dir     string
	account *simulator.Account
	server  *simulator.Server
	address string

	mu      stdsync.Mutex
	secrets map[string]string // what it is, by the secret
	// echo, where it is set, answers requests for one path with what they sent.
	echo     func(w http.ResponseWriter, sent string)
	echoPath string
}

var tokens = regexp.MustCompile(`"(?:access_token|refresh_token|accessToken|refreshToken)"\s*:\s*"([^"]+)"`)

func newVault(t *testing.T) *vault {
	t.Helper()
	v := &vault{t: t, dir: t.TempDir(), secrets: map[string]string{}}
	world := simulator.Generate(12, 7)
	v.account = world.Accounts[0]
	v.account.ClientSecret = "s3cr3t-client-planted"
	v.server = simulator.New(world, simulator.Options{})
	listener := httptest.NewServer(http.HandlerFunc(v.serve))
	t.Cleanup(listener.Close)
	v.address = listener.Listener.Addr().String()
	v.plant("client secret", v.account.ClientSecret)
	v.plant("basic credentials", base64.StdEncoding.EncodeToString([]byte(v.account.ClientID+":"+v.account.ClientSecret)))
	v.plant("JWT", v.account.JWT)
	v.plant("wrong client secret", "s3cr3t-wrong-client")
	v.plant("wrong JWT", "eyJhbGciOiJub25lIn0.eyJqdGkiOiJzM2NyM3QifQ.s3cr3t-wrong-jwt")
	v.plant("key of the heartbeat", "s3cr3t-heart")
	beginRoster(t, filepath.Join(v.dir, "roster.db"))
	return v
}

func (v *vault) plant(what, secret string) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.secrets[secret] = what
}

// serve passes a request on, and takes down the tokens of the answer.
func (v *vault) serve(w http.ResponseWriter, r *http.Request) {
	if v.echo != nil && strings.HasSuffix(r.URL.Path, v.echoPath) {
		_ = r.ParseForm()
		v.echo(w, strings.TrimPrefix(strings.TrimPrefix(r.Header.Get("Authorization"), "Basic "), "Bearer ")+" "+strings.Join(slices.Concat(slices.Collect(maps.Values(r.PostForm))...), " "))
		return
	}
	answer := httptest.NewRecorder()
	v.server.ServeHTTP(answer, r)
	for _, m := range tokens.FindAllStringSubmatch(answer.Body.String(), -1) {
		v.plant("token", m[1])
	}
	maps.Copy(w.Header(), answer.Header())
	w.WriteHeader(answer.Code)
	_, _ = io.Copy(w, answer.Body)
}

// settings writes settings without credentials; more is added to the account.
func (v *vault) settings(format, more string) {
	v.t.Helper()
	text := fmt.Sprintf(`log: {level: debug, format: %s}
heartbeat_url: http://%s/s3cr3t-heart?key=s3cr3t-heart
accounts:
  - name: acme
    base_url: http://%s/
    ringcx_url: http://%s/
    main_account_id: %q
    client_id: %q
%s`, format, v.address, v.address, v.address, v.account.MainAccountID, v.account.ClientID, more)
	if err := os.WriteFile(v.file(), []byte(text), 0o600); err != nil {
		v.t.Fatal(err)
	}
}

func (v *vault) file() string { return filepath.Join(v.dir, "config.yaml") }

func (v *vault) put(name, text string) string {
	v.t.Helper()
	path := filepath.Join(v.dir, name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		v.t.Fatal(err)
	}
	return path
}

// clean fails if a text holds a secret.
func (v *vault) clean(what, text string) {
	v.t.Helper()
	v.mu.Lock()
	defer v.mu.Unlock()
	for secret, name := range v.secrets {
		if at := strings.Index(text, secret); at >= 0 {
			v.t.Errorf("%s holds the %s: …%s", what, name, text[max(0, at-200):at])
		}
	}
}

// commands runs every command that speaks with RingCentral, or says how it went.
func (v *vault) commands() {
	v.t.Helper()
	for _, args := range [][]string{
		{"plan"},
		{"sync"},
		{"sync", "--dry-run", "--output", "json"},
		{"check"},
		{"check", "--output", "json"},
		{"explain", "ada"},
		{"status", "--output", "json"},
		{"runs", "--output", "json"},
		{"runs", "1"},
	} {
		var out, log bytes.Buffer
		code := run(v.t.Context(), append([]string{"--config", v.file()}, args...), strings.NewReader(""), &out, &log)
		what := fmt.Sprintf("%s (exit code %d)", strings.Join(args, " "), code)
		v.clean("the output of "+what, out.String())
		v.clean("the log of "+what, log.String())
		if log.Len() == 0 && args[0] == "sync" && len(args) == 1 {
			v.t.Errorf("%s logged nothing, so that nothing was searched", what)
		}
	}
	files, err := filepath.Glob(filepath.Join(v.dir, "roster.db*"))
	if err != nil {
		v.t.Fatal(err)
	}
	for _, name := range files {
		data, err := os.ReadFile(name)
		if err != nil {
			v.t.Fatal(err)
		}
		v.clean("the file "+filepath.Base(name), string(data))
	}
}

// TestNoSecretIsToldAnywhere: in any format, at debug level, wherever the secrets
// were given, and however RingCentral takes them.
func TestNoSecretIsToldAnywhere(t *testing.T) {
	const wrongSecret, wrongJWT = "s3cr3t-wrong-client", "eyJhbGciOiJub25lIn0.eyJqdGkiOiJzM2NyM3QifQ.s3cr3t-wrong-jwt"
	for name, given := range map[string]func(t *testing.T, v *vault) string{
		"inline": func(_ *testing.T, v *vault) string {
			return fmt.Sprintf("    client_secret: %s\n    jwt: %s\n", v.account.ClientSecret, v.account.JWT)
		},
		"files": func(_ *testing.T, v *vault) string {
			return fmt.Sprintf("    client_secret_file: %s\n    jwt_file: %s\n", v.put("a", v.account.ClientSecret), v.put("b", v.account.JWT))
		},
		"systemd": func(t *testing.T, v *vault) string {
			v.put("acme.client_secret", v.account.ClientSecret)
			v.put("acme.jwt", v.account.JWT)
			t.Setenv("CREDENTIALS_DIRECTORY", v.dir)
			return ""
		},
		"environment": func(t *testing.T, v *vault) string {
			t.Setenv("RINGROSTER_ACME_CLIENT_SECRET", v.account.ClientSecret)
			t.Setenv("RINGROSTER_ACME_JWT", v.account.JWT)
			return ""
		},
		"a wrong client secret": func(_ *testing.T, v *vault) string {
			return fmt.Sprintf("    client_secret: %s\n    jwt: %s\n", wrongSecret, v.account.JWT)
		},
		"a wrong JWT": func(_ *testing.T, v *vault) string {
			return fmt.Sprintf("    client_secret: %s\n    jwt: %s\n", v.account.ClientSecret, wrongJWT)
		},
		"two places": func(t *testing.T, v *vault) string {
			t.Setenv("RINGROSTER_ACME_JWT", v.account.JWT)
			return fmt.Sprintf("    client_secret: %s\n    jwt: %s\n", v.account.ClientSecret, wrongJWT)
		},
		"a broken file": func(_ *testing.T, v *vault) string {
			return fmt.Sprintf("    client_secret %s\n    jwt: [%s]\n", v.account.ClientSecret, v.account.JWT)
		},
	} {
		for _, format := range []string{"json", "console", "journal"} {
			t.Run(name+" "+format, func(t *testing.T) {
				v := newVault(t)
				v.settings(format, given(t, v))
				v.commands()
			})
		}
	}
}

// TestNoSecretIsToldByFailingCalls, when tokens and calls are refused with bodies
// that repeat what was sent.
func TestNoSecretIsToldByFailingCalls(t *testing.T) {
	for _, op := range []simulator.Operation{simulator.OpToken, simulator.OpExchange, simulator.OpExtensions, simulator.OpRevoke} {
		t.Run(string(op), func(t *testing.T) {
			v := newVault(t)
			v.server.Change(func(w *simulator.World) {
				w.Faults = []*simulator.Fault{{
					Kind: "status", Op: op, Status: http.StatusForbidden,
					Message: "no: " + v.account.JWT + " " + v.account.ClientSecret,
				}}
			})
			v.settings("json", fmt.Sprintf("    client_secret: %s\n    jwt: %s\n", v.account.ClientSecret, v.account.JWT))
			v.commands()
		})
	}
}

// TestNoSecretIsToldByEchoes, when a server or a gateway quotes what it was sent,
// escaped, in whatever an error can show.
func TestNoSecretIsToldByEchoes(t *testing.T) {
	escaped := func(s string) string {
		return strings.NewReplacer("=", `\u003d`, "-", `\u002d`, ".", `\u002e`, "/", `\/`).Replace(s)
	}
	for name, echo := range map[string]func(w http.ResponseWriter, sent string){
		"an error": func(w http.ResponseWriter, sent string) {
			w.WriteHeader(http.StatusBadRequest)
			_, _ = fmt.Fprintf(w, `{"errorCode":"CMN-101","error":"%[1]s","message":"no: %[1]s"}`, escaped(sent))
		},
		"a request id": func(w http.ResponseWriter, sent string) {
			w.Header().Set("RCRequestId", sent)
			w.WriteHeader(http.StatusForbidden)
		},
		"a redirect": func(w http.ResponseWriter, sent string) {
			w.Header().Set("Location", "https://"+strings.ReplaceAll(strings.Trim(strings.TrimSpace(sent), "="), " ", ".")+".example.com/")
			w.WriteHeader(http.StatusFound)
		},
		"text": func(w http.ResponseWriter, sent string) {
			w.WriteHeader(http.StatusForbidden)
			_, _ = io.WriteString(w, "no: "+url.QueryEscape(sent))
		},
	} {
		for _, path := range []string{"/oauth/token", "/accesstoken", "/extension"} {
			t.Run(name+" to "+path, func(t *testing.T) {
				v := newVault(t)
				v.echo, v.echoPath = echo, path
				v.settings("json", fmt.Sprintf("    client_secret: %s\n    jwt: %s\n", v.account.ClientSecret, v.account.JWT))
				v.commands()
			})
		}
	}
}

// TestNoSecretIsToldByTheService: its log, its metrics, what systemd hears.
func TestNoSecretIsToldByTheService(t *testing.T) {
	v := newVault(t)
	address := freeAddress(t)
	v.settings("json", fmt.Sprintf("    client_secret: %s\n    jwt: %s\nhttp: {listen: %q}\n", v.account.ClientSecret, v.account.JWT, address))
	h := &host{t: t, dir: v.dir, server: v.server}
	p := h.start()
	p.hears(`^STATUS=run 1 succeeded`)
	p.events("heartbeat_failed", 1) // the simulator knows no such path
	resp, err := http.Get("http://" + address + "/metrics")
	if err != nil {
		t.Fatal(err)
	}
	metrics, err := io.ReadAll(resp.Body)
	_ = resp.Body.Close()
	if err != nil || !bytes.Contains(metrics, []byte("ringroster_people")) {
		t.Errorf("%v: %s", err, metrics)
	}
	p.signal(syscall.SIGTERM)
	if code := p.ends(); code != 0 {
		t.Errorf("exit code %d", code)
	}
	if len(p.events("api_call", 1)) == 0 {
		t.Error("debug level shows no call")
	}
	v.clean("the log", fmt.Sprint(p.log))
	v.clean("the metrics", string(metrics))
	v.clean("what systemd heard", strings.Join(p.heard, "\n"))
}

// freeAddress is an address on loopback where nothing listens.
func freeAddress(t *testing.T) string {
	t.Helper()
	l := httptest.NewServer(http.NotFoundHandler())
	defer l.Close()
	return l.Listener.Addr().String()
}
