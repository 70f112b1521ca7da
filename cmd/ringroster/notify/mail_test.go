package notify

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/quotedprintable"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"ringroster/cmd/ringroster/config"
	"ringroster/sync"
)

// settingsOf reads settings with these destinations.
func settingsOf(t *testing.T, notify string) *config.Settings {
	t.Helper()
	file := filepath.Join(t.TempDir(), "config.yaml")
	text := "accounts:\n  - {name: acme, main_account_id: 99990000, client_id: abc}\nnotify:\n" + notify
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	s, err := config.Load(file)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

var monday = time.Date(2026, 11, 30, 3, 4, 0, 0, time.UTC)

// heldNotice is a held set of the account acme.
func heldNotice() *sync.Notice {
	n := &sync.Notice{
		ID: "FIRST", Thread: "FIRST", Kind: sync.NoticeHeld, At: monday, Account: "acme", Job: sync.JobMembers, Run: 12, Began: 12, Since: monday,
		Counts: map[sync.Kind]int{sync.Deactivate: 24}, Waiting: map[sync.Kind]int{sync.Deactivate: 24}, Total: 24,
		Reasons: []sync.HoldReason{{Reason: sync.ReasonLimit, Detail: "24 of 38 active members would be deactivated within 23 hours; the limit is 5 % and at least 5"}},
	}
	for i := range int64(20) {
		n.People = append(n.People, sync.NoticePerson{
			Member: 10 + i, Name: fmt.Sprintf("Ada Lovelace %d", i), Email: fmt.Sprintf("ada%d@example.com", i),
			Kind: sync.Deactivate, Reason: sync.ReasonRemoved, Detail: "no list of RingCentral has them any more",
		})
	}
	return n
}

// mailTo is a destination of Exim's.
func (e *exim) mailTo(t *testing.T, to, other string) *mailEnd {
	t.Helper()
	s := settingsOf(t, fmt.Sprintf("  - {name: ops, mail: {host: localhost, port: %d, from: Roster <roster@example.com>, to: [%s], username: roster, password: pw-planted, ca_file: %s%s}}\n", e.port, to, e.ca, other))
	return &mailEnd{&s.Notify[0], Style{Host: "wfm1", Version: "1.0"}}
}

// TestMailArrives sends a held set and its end through Exim with STARTTLS and AUTH, and reads
// what it delivered.
func TestMailArrives(t *testing.T) {
	e := startExim(t)
	end := e.mailTo(t, "ops@example.com", "")
	if answer, err := end.send(t.Context(), heldNotice(), "ops@example.com"); err != nil || !strings.Contains(answer, "OK") {
		t.Fatalf("answered %q, %v", answer, err)
	}
	end.settings.Mail.Security, end.settings.Mail.Port = config.TLS, e.smtps
	ended := &sync.Notice{ID: "SECOND", Thread: "FIRST", Kind: sync.NoticeHeld, Event: sync.EventEnded, At: monday.Add(time.Hour), Account: "acme", Run: 13, Began: 12}
	if _, err := end.send(t.Context(), ended, "chief@example.com"); err != nil {
		t.Fatal(err)
	}
	mails := e.mails(t, 2)
	first, second := mails["ops@example.com"], mails["chief@example.com"]
	for header, want := range map[string]string{
		"Message-Id": "<FIRST@example.com>", "From": `"Roster" <roster@example.com>`, "To": "<ops@example.com>",
		"Subject": "[ringroster] acme: changes held since run 12", "Auto-Submitted": "auto-generated", "In-Reply-To": "",
	} {
		if got := first.Header.Get(header); got != want {
			t.Errorf("%s is %q, want %q", header, got, want)
		}
	}
	for header, want := range map[string]string{
		"Message-Id": "<SECOND@example.com>", "In-Reply-To": "<FIRST@example.com>", "References": "<FIRST@example.com>",
		"Subject": "Re: [ringroster] acme: changes held since run 12",
	} {
		if got := second.Header.Get(header); got != want {
			t.Errorf("%s is %q, want %q", header, got, want)
		}
	}
	if kind, _, err := mime.ParseMediaType(first.Header.Get("Content-Type")); err != nil || kind != "text/plain" {
		t.Errorf("it is %q, %v", kind, err)
	}
	text, err := io.ReadAll(quotedprintable.NewReader(first.Body))
	if err != nil {
		t.Fatal(err)
	}
	if want := Write(heldNotice(), end.style).Body; strings.TrimSpace(strings.ReplaceAll(string(text), "\r\n", "\n")) != strings.TrimSpace(want) {
		t.Errorf("the text is\n%s\nwant\n%s", text, want)
	}
}

func TestMailThatEximDoesNotTake(t *testing.T) {
	e := startExim(t)
	tests := []struct {
		name, to, other string
		change          func(m *config.Mail)
		refused         bool
		want            string
	}{
		{name: "no such user", to: "nobody@example.com", refused: true, want: "refused: 550 no such user here"},
		{name: "a busy mailbox", to: "later@example.com", want: "sending SMTP RCPT TO command: 451 mailbox is busy"},
		{name: "a wrong password", to: "ops@example.com", change: func(m *config.Mail) { m.Password = "pw-wrong" }, want: "535 Incorrect authentication data"},
		{name: "without AUTH", to: "ops@example.com", change: func(m *config.Mail) { m.Username, m.Password = "", "" }, want: "550 authentication is required"},
		{name: "another name than the certificate's", to: "ops@example.com", change: func(m *config.Mail) { m.Host = "127.0.0.1" }, want: "certificate"},
		{name: "an unknown authority", to: "ops@example.com", change: func(m *config.Mail) { m.CAFile = "" }, want: "certificate signed by unknown authority"},
		{name: "another security", to: "ops@example.com", change: func(m *config.Mail) { m.Security = config.TLS }, want: "first record does not look like a TLS handshake"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			end := e.mailTo(t, test.to, test.other)
			if test.change != nil {
				test.change(end.settings.Mail)
			}
			_, err := end.send(t.Context(), heldNotice(), test.to)
			_, refused := errors.AsType[*RefusedError](err)
			if err == nil || refused != test.refused || !strings.Contains(err.Error(), test.want) {
				t.Errorf("refused: %t, %v", refused, err)
			}
			if err != nil && strings.Contains(err.Error(), string(end.settings.Mail.Password)) && end.settings.Mail.Password != "" {
				t.Error("it tells the password")
			}
		})
	}
	e.mails(t, 0)
}

func TestCheckOfMail(t *testing.T) {
	e := startExim(t)
	end := e.mailTo(t, "ops@example.com", "")
	if found, err := end.check(t.Context()); err != nil || found != "answers with a certificate for its name, and takes user name and password" {
		t.Errorf("found %q, %v", found, err)
	}
	end.settings.Mail.Password = "pw-wrong"
	if found, err := end.check(t.Context()); err == nil || !strings.Contains(err.Error(), "535") {
		t.Errorf("found %q, %v", found, err)
	}
	e.mails(t, 0)
}

// talk is a mail server on loopback that answers each command by script, and hangs up or is
// silent where the script ends.
func talk(t *testing.T, silent bool, answers ...string) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer func() { _ = conn.Close() }()
				lines := bufio.NewReader(conn)
				for i, answer := range answers {
					if i > 0 {
						line, err := lines.ReadString('\n')
						for err == nil && answers[i-1][:3] == "354" && line != ".\r\n" {
							line, err = lines.ReadString('\n')
						}
					}
					_, _ = fmt.Fprint(conn, answer+"\r\n")
				}
				if silent {
					_, _ = io.Copy(io.Discard, conn)
				}
			}()
		}
	}()
	return l.Addr().(*net.TCPAddr).Port
}

func TestMailServersThatMisbehave(t *testing.T) {
	const hello, mailFrom, rcpt, data = "220 hello", "250 ok", "250 ok", "354 go on"
	for name, test := range map[string]struct {
		silent  bool
		answers []string
		refused bool
		want    string
	}{
		"silence":                     {silent: true, want: "no whole answer came in time"},
		"silence after the sender":    {silent: true, answers: []string{hello, "250 localhost", mailFrom}, want: "no whole answer came in time"},
		"a cut at once":               {want: "EOF"},
		"a cut after the recipient":   {answers: []string{hello, "250 localhost", mailFrom, rcpt}, want: "EOF"},
		"a cut in the text":           {answers: []string{hello, "250 localhost", mailFrom, rcpt, data}, want: "EOF"},
		"busy at once":                {answers: []string{"421 too many connections"}, want: "421 too many connections"},
		"out of space":                {answers: []string{hello, "250 localhost", mailFrom, "452 out of space"}, want: "452 out of space"},
		"the text is refused":         {answers: []string{hello, "250 localhost", mailFrom, rcpt, data, "554 looks like spam"}, refused: true, want: "554 looks like spam"},
		"the sender is refused":       {answers: []string{hello, "250 localhost", "553 no such domain"}, want: "553 no such domain"},
		"a cut after it was accepted": {answers: []string{hello, "250 localhost", mailFrom, rcpt, data, "250 accepted"}},
	} {
		t.Run(name, func(t *testing.T) {
			port := talk(t, test.silent, test.answers...)
			s := settingsOf(t, fmt.Sprintf("  - {name: ops, mail: {host: 127.0.0.1, port: %d, security: none, from: r@example.com, to: [ops@example.com]}}\n", port))
			ctx, cancel := t.Context(), context.CancelFunc(func() {})
			if test.silent {
				ctx, cancel = context.WithTimeout(ctx, 300*time.Millisecond)
			}
			defer cancel()
			_, err := (&mailEnd{&s.Notify[0], Style{}}).send(ctx, heldNotice(), "ops@example.com")
			if test.want == "" {
				if err != nil {
					t.Error(err)
				}
				return
			}
			_, refused := errors.AsType[*RefusedError](err)
			if err == nil || refused != test.refused || !strings.Contains(err.Error(), test.want) {
				t.Errorf("refused: %t, %v", refused, err)
			}
		})
	}
}
