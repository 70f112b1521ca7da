package notify

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"ringroster/sync"
)

// signingSecret is as people make one.
const signingSecret = "whsec_c2lnbmluZy1zZWNyZXQtcGxhbnRlZC0xMjM0NTY3ODkw"

// hook is a destination at a server that answers as told, and the calls that it got.
type hook struct {
	end     *webhookEnd
	ids     []string
	bodies  []string
	verdict []error // of an independent verifier of Standard Webhooks
}

func newHook(t *testing.T, format string, answer func(call int, w http.ResponseWriter)) *hook {
	t.Helper()
	h := &hook{}
	verifier, err := standardwebhooks.NewWebhook(signingSecret)
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		h.ids, h.bodies = append(h.ids, r.Header.Get("Webhook-Id")), append(h.bodies, string(body))
		h.verdict = append(h.verdict, verifier.Verify(body, r.Header))
		answer(len(h.ids), w)
	}))
	t.Cleanup(server.Close)
	s := settingsOf(t, fmt.Sprintf("  - {name: hook, webhook: {url: %s/services/token-planted, format: %s, secret: %s}}\n", server.URL, format, signingSecret))
	h.end = &webhookEnd{&s.Notify[0], Style{Host: "wfm1", Version: "1.0"}}
	return h
}

func TestWebhooksAreSigned(t *testing.T) {
	h := newHook(t, "json", func(_ int, w http.ResponseWriter) { _, _ = io.WriteString(w, "thanks") })
	answer, err := h.end.send(t.Context(), heldNotice(), "")
	if err != nil || answer != "200 OK: thanks" {
		t.Errorf("answered %q, %v", answer, err)
	}
	if h.verdict[0] != nil || h.ids[0] != "FIRST" {
		t.Errorf("the id is %q, the signature %v", h.ids[0], h.verdict[0])
	}
	h.end.settings.Webhook.Secret = ""
	if _, err := h.end.send(t.Context(), heldNotice(), ""); err != nil || h.verdict[1] == nil {
		t.Errorf("unsigned: %v, %v", err, h.verdict[1])
	}
}

// TestWebhookThatFailsTwice: the same notice comes with the same id until it is taken.
func TestWebhookThatFailsTwice(t *testing.T) {
	h := newHook(t, "json", func(call int, w http.ResponseWriter) {
		if call < 3 {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
	})
	r := newRound(t, "  - {name: hook, webhook: {url: http://localhost/x}}\n")
	r.destinations[0].end = h.end
	r.tell("one")
	for range 4 {
		r.deliver()
		r.clock = r.clock.Add(time.Hour)
	}
	if len(h.ids) != 3 || h.ids[0] == "" || h.ids[0] != h.ids[1] || h.ids[1] != h.ids[2] {
		t.Errorf("the calls had the ids %q", h.ids)
	}
}

func TestAnswersOfWebhooks(t *testing.T) {
	for code, refused := range map[int]bool{
		200: false, 204: false, 302: false, 400: true, 401: false, 403: false, 404: false, 408: false, 410: true, 413: true, 422: true, 429: false, 500: false, 503: false,
	} {
		h := newHook(t, "json", func(_ int, w http.ResponseWriter) {
			w.Header().Set("Location", "/elsewhere")
			w.WriteHeader(code)
			_, _ = fmt.Fprintf(w, "no service at /services/token-planted, said /services/token%%2Dplanted with %s", signingSecret)
		})
		_, err := h.end.send(t.Context(), heldNotice(), "")
		_, isRefused := errors.AsType[*RefusedError](err)
		if isRefused != refused || (err == nil) != (code < 300) || len(h.ids) != 1 {
			t.Errorf("%d: refused: %t, %v, %d calls", code, isRefused, err, len(h.ids))
		}
		if err != nil && strings.Contains(err.Error(), "planted") {
			t.Errorf("%d: it tells a secret: %v", code, err)
		}
	}
}

func TestAddressesStayOutOfErrors(t *testing.T) {
	s := settingsOf(t, "  - {name: hook, webhook: {url: http://localhost:1/services/token-planted}}\n")
	_, err := (&webhookEnd{&s.Notify[0], Style{}}).send(t.Context(), heldNotice(), "")
	if err == nil || strings.Contains(err.Error(), "planted") || !strings.Contains(err.Error(), "connection refused") {
		t.Error(err)
	}
}

// hostile is a held set whose names would do something, were they more than text.
func hostile() *sync.Notice {
	n := heldNotice()
	n.People = n.People[:1]
	n.People[0].Name = "<b>Ada</b> *x* `y`\n```<!channel>\u202egnp.exe =HYPERLINK(\"http://evil\") \x1b[31m"
	n.People[0].Email = "=cmd|'/c calc'!A1@example.com"
	return n
}

// TestNamesAreText: markup, right-to-left marks, formulas and line ends arrive as text.
func TestNamesAreText(t *testing.T) {
	style := Style{Names: true, Host: "wfm1", Version: "1.0"}
	text := Write(hostile(), style).Body
	joined := strings.Join(strings.Fields(text), " ")
	if !strings.Contains(joined, `<b>Ada</b> *x* `+"`y` ```<!channel>"+`\u202egnp.exe =HYPERLINK("http://evil") \u001b[31m <=cmd|'/c calc'!A1@example.com>`) {
		t.Errorf("mail has it otherwise:\n%s", text)
	}
	slack, err := slackBody(Write(hostile(), style))
	if err != nil {
		t.Fatal(err)
	}
	var sent struct{ Text string }
	if err := json.Unmarshal(slack, &sent); err != nil {
		t.Fatal(err)
	}
	if strings.Count(sent.Text, "`") != 6 || strings.ContainsAny(sent.Text, "<>\u202e\x1b") || !strings.Contains(sent.Text, "&lt;!channel&gt;") {
		t.Errorf("Slack would see markup:\n%s", sent.Text)
	}
	body, err := jsonBody(hostile(), style)
	if err != nil {
		t.Fatal(err)
	}
	var doc document
	if err := json.Unmarshal(body, &doc); err != nil {
		t.Fatal(err)
	}
	if *doc.People[0].Name != hostile().People[0].Name || strings.Contains(string(body), "\u202e") {
		t.Errorf("JSON has it otherwise: %s", body)
	}
}

// TestWithoutNames: names: false keeps names, e-mails, values and notes back everywhere.
func TestWithoutNames(t *testing.T) {
	notices := []*sync.Notice{hostile(), heldNotice(), everyNotice(sync.NoticeConflicts), everyNotice(sync.NoticeDecided), everyNotice(sync.NoticeFailed)}
	for _, n := range notices {
		body, err := jsonBody(n, Style{Host: "wfm1", Version: "1.0"})
		if err != nil {
			t.Fatal(err)
		}
		for _, word := range []string{"Ada", "Lovelace", "example.com", "HYPERLINK"} {
			if strings.Contains(string(body), word) {
				t.Errorf("%s tells %s: %s", n.Kind, word, body)
			}
		}
	}
}
