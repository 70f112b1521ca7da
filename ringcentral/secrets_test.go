package ringcentral

import (
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"html"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	stdsync "sync"
	"testing"
	"testing/synctest"
	"unicode"

	"ringroster/ringcentral/simulator"
	"ringroster/sync"
)

// thief notes every secret that goes over the wire, and answers one path with what
// it has, written in some way.
type thief struct {
	next  http.RoundTripper
	path  string
	write func(secret string) string
	spoil func(*http.Request, string) (*http.Response, error)

	mu     stdsync.Mutex
	stolen []string
	hits   int
}

func (f *thief) RoundTrip(r *http.Request) (*http.Response, error) {
	form := ""
	if r.Body != nil {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return nil, err
		}
		form = string(body)
		r.Body = io.NopCloser(strings.NewReader(form))
	}
	if loot := f.steal(r, form); loot != nil {
		return f.spoil(r, strings.Join(loot, " and "))
	}
	return f.next.RoundTrip(r)
}

// steal notes the secrets of a request, and gives all of them for an answer to the
// path.
func (f *thief) steal(r *http.Request, form string) (loot []string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	kind, value, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	f.add(value)
	if plain, err := base64.StdEncoding.DecodeString(value); err == nil && kind == "Basic" {
		_, secret, _ := strings.Cut(string(plain), ":")
		f.add(secret)
	}
	values, err := url.ParseQuery(form)
	if err == nil {
		for _, key := range []string{"assertion", "token", "refresh_token", "rcAccessToken"} {
			f.add(values.Get(key))
		}
	}
	if strings.HasSuffix(r.URL.Path, f.path) {
		f.hits++
		for _, secret := range f.stolen {
			loot = append(loot, f.write(secret))
		}
	}
	return loot
}

func (f *thief) add(secret string) {
	if secret != "" && !slices.Contains(f.stolen, secret) {
		f.stolen = append(f.stolen, secret)
	}
}

// found gives what of the loot a text tells, in any writing a reader could undo.
func (f *thief) found(text string) string {
	for range 4 {
		plain := strings.ToLower(strings.Join(strings.Fields(text), ""))
		for _, secret := range f.stolen {
			if strings.Contains(plain, strings.ToLower(strings.TrimRight(secret, "="))) {
				return secret
			}
		}
		for _, run := range regexp.MustCompile(`[A-Za-z0-9+/]{8,}`).FindAllString(text, -1) {
			for from := range 4 {
				decoded, _ := base64.RawStdEncoding.DecodeString(run[from : len(run)-(len(run)-from)%4])
				for _, secret := range f.stolen {
					if strings.Contains(string(decoded), secret) {
						return secret
					}
				}
			}
		}
		text = decodeOnce(text)
	}
	return ""
}

func unicodeEscaped(secret string) string {
	var b strings.Builder
	for _, r := range secret {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			b.WriteRune(r)
		} else {
			fmt.Fprintf(&b, "\\u%04x", r)
		}
	}
	return b.String()
}

func percent(secret string) string {
	return regexp.MustCompile(`..`).ReplaceAllString(hex.EncodeToString([]byte(secret)), "%$0")
}

// Whatever a server, a gateway or a proxy quotes, wherever and in whatever writing,
// neither an error nor a record of a call tells a secret, nor holds characters that
// could deceive a reader.
func TestNoSecretIsInAFinishedError(t *testing.T) {
	writings := map[string]func(string) string{
		"plain":            func(s string) string { return s },
		"JSON escapes":     unicodeEscaped,
		"twice escaped":    func(s string) string { return strings.ReplaceAll(unicodeEscaped(s), `\`, `\\`) },
		"query":            url.QueryEscape,
		"percent":          percent,
		"base64":           func(s string) string { return base64.StdEncoding.EncodeToString([]byte("Bearer " + s)) },
		"base64 for URLs":  func(s string) string { return base64.RawURLEncoding.EncodeToString([]byte("x:" + s)) },
		"base64 misplaced": func(s string) string { return "k" + base64.StdEncoding.EncodeToString([]byte(s)) },
		"HTML":             func(s string) string { return html.EscapeString(strings.ReplaceAll(s, "-", "&#45;")) },
		"capitals":         strings.ToUpper,
		"folded":           func(s string) string { return s[:len(s)/2] + " " + s[len(s)/2:] },
		"zero width":       func(s string) string { return s[:3] + "\u200b" + s[3:] },
		"after much":       func(s string) string { return strings.Repeat("x ", 140) + s },
		"with marks":       func(s string) string { return "\u202e" + s + "\u0085\u2066" },
	}
	reply := func(status int, kind, body string, header ...string) (*http.Response, error) {
		resp := answer(status, body)
		resp.Header.Set("Content-Type", kind)
		for i := 0; i+1 < len(header); i += 2 {
			resp.Header.Set(header[i], header[i+1])
		}
		return resp, nil
	}
	places := map[string]func(*http.Request, string) (*http.Response, error){
		"a RingEX error": func(_ *http.Request, s string) (*http.Response, error) {
			return reply(400, "application/json", `{"errorCode":"CMN-101","message":"no: `+s+`"}`)
		},
		"an OAuth error": func(_ *http.Request, s string) (*http.Response, error) {
			return reply(400, "application/json", `{"error":"`+s+`","error_description":"`+s+`"}`)
		},
		"a code": func(_ *http.Request, s string) (*http.Response, error) {
			return reply(403, "application/json", `{"errorCode":"`+s+`"}`)
		},
		"an inner error": func(_ *http.Request, s string) (*http.Response, error) {
			return reply(403, "application/json", `{"errors":[{"errorCode":"`+s+`","message":"`+s+`"}]}`)
		},
		"a RingCX error": func(_ *http.Request, s string) (*http.Response, error) {
			return reply(403, "application/json", `{"generalMessage":"`+s+`","developerMessage":"x"}`)
		},
		"text": func(_ *http.Request, s string) (*http.Response, error) { return reply(400, "text/plain", "no: "+s) },
		"broken JSON": func(_ *http.Request, s string) (*http.Response, error) {
			return reply(400, "application/json", `{"message":"`+s)
		},
		"a request id": func(_ *http.Request, s string) (*http.Response, error) {
			return reply(400, "text/plain", "no", "RCRequestId", s)
		},
		"a redirect": func(_ *http.Request, s string) (*http.Response, error) {
			return reply(302, "", "", "Location", "https://"+strings.ReplaceAll(s, " and ", ".")+".example.com/x")
		},
		"a redirect's user": func(_ *http.Request, s string) (*http.Response, error) {
			return reply(302, "", "", "Location", "https://"+s+"@example.com/"+s+"?t="+s)
		},
		"a limit under 200": func(_ *http.Request, s string) (*http.Response, error) {
			return reply(200, "application/json", `{"errorCode":"CMN-301","message":"Request rate exceeded for Bearer `+s+`"}`)
		},
		"a name under 200": func(_ *http.Request, s string) (*http.Response, error) {
			return reply(200, "application/json", `{"`+s+`":1,"`+s+`":1}`)
		},
		"a value under 200": func(_ *http.Request, s string) (*http.Response, error) {
			return reply(200, "application/json", `[{"agentId":"`+s+`","agentGroupId":"`+s+`","id":"`+s+`"}]`)
		},
		"another 2xx": func(_ *http.Request, s string) (*http.Response, error) {
			return reply(203, "text/plain", s, "RCRequestId", s)
		},
		"a transport error": func(_ *http.Request, s string) (*http.Response, error) {
			return nil, errors.New("malformed HTTP status code \"" + s + "\"")
		},
		"a proxy's line": func(_ *http.Request, s string) (*http.Response, error) { return nil, &proxyRefusal{407, "407 " + s} },
		"the next page": func(_ *http.Request, s string) (*http.Response, error) {
			return reply(200, "application/json", `{"records":[{"extensionId":1}],"navigation":{"nextPage":{"uri":"https://platform.example.com/`+s+`"}}}`)
		},
		"an endless message": func(_ *http.Request, s string) (*http.Response, error) {
			return reply(500, "text/plain", s+strings.Repeat(" "+s, 100))
		},
	}
	paths := []string{"/oauth/token", "/accesstoken", "/users/99990000", "/agents", "/extension", "/assigned-role", "/oauth/revoke"}
	turn := 0
	for place, spoil := range places {
		for writing, write := range writings {
			t.Run(place+", "+writing, func(t *testing.T) {
				asked := paths // each path in one writing, and each writing on one path
				if writing != "JSON escapes" {
					turn++
					asked = paths[turn%len(paths):][:1]
				}
				if place == "the next page" {
					asked = []string{"/assigned-role"}
				}
				for _, path := range asked {
					synctest.Test(t, func(t *testing.T) { stealFrom(t, path, write, spoil) })
				}
			})
		}
	}
}

func stealFrom(t *testing.T, path string, write func(string) string, spoil func(*http.Request, string) (*http.Response, error)) {
	s := simulator.New(simulator.Generate(20, 1), simulator.Options{})
	cfg := demoConfig(s)
	cfg.Roles = true
	f := &thief{next: cfg.Transport, path: path, write: write, spoil: spoil}
	var log sent
	cfg.Transport, cfg.OnCall = f, log.add
	d := mustNew(t, cfg)
	_, err := d.Snapshot(t.Context(), nil)
	d.Close(t.Context())
	if f.hits == 0 {
		t.Fatalf("nobody asked for %s", path)
	}
	said := []string{fmt.Sprint(err)}
	if e, ok := errors.AsType[*Error](err); ok {
		said = append(said, e.Op, e.URL, e.Code, e.Message, e.RequestID, e.Advice, e.word)
	}
	for _, c := range log.calls {
		said = append(said, c.Path, c.RequestID)
	}
	for _, text := range said {
		if secret := f.found(text); secret != "" {
			t.Errorf("%s tells %q: %s", path, secret, text)
		}
		if strings.ContainsFunc(text, func(r rune) bool { return unicode.IsControl(r) || unicode.Is(unicode.Cf, r) }) {
			t.Errorf("%s: %q", path, text)
		}
	}
}

// Warnings and the lookups of regional settings tell none either.
func TestNoSecretIsInAWarning(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d, _, snapshot := regionalDirectory(t, 20, nil)
		var token string
		if err := d.c.tokens.ex.do(t.Context(), func() error { token = d.c.tokens.ex.token.value; return nil }); err != nil {
			t.Fatal(err)
		}
		d.c.transport = roundTrip(func(r *http.Request) (*http.Response, error) {
			id := r.URL.Path[strings.LastIndex(r.URL.Path, "/")+1:]
			return answer(200, `{"id":"`+id+`","regionalSettings":{"timezone":{"name":"`+token+`"},"language":{"localeCode":"`+unicodeEscaped(token)+`"}}}`), nil
		})
		_, warnings, err := d.Regional(t.Context(), people(snapshot, 2), func(sync.Progress) {})
		d.Close(t.Context())
		if err != nil || len(warnings) != 2 || strings.Contains(fmt.Sprint(warnings), token) {
			t.Errorf("%v, %v", warnings, err)
		}
	})
}

// What is no secret stays readable.
func TestMessagesWithoutSecretsStay(t *testing.T) {
	s := newSecrets(&Config{ClientID: "an-id", ClientSecret: "a-secret", JWT: "a-token"})
	for _, text := range []string{
		"", "Parameter [page] value is invalid.", "100% of 5%20 \\ path\\u0041", "AbCdEfGhIjKlMnOpQrStUvWxYz0123456789+/==", "*** a***", "Bob & Söhne &amp; Co",
	} {
		if got := s.say(text); got != text {
			t.Errorf("%q became %q", text, got)
		}
	}
	if got := s.say("no: Bearer a-token, \\u0061-token!"); got != "no: Bearer ***, ***!" {
		t.Errorf("%q", got)
	}
}
