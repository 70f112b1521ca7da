package main

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"ringroster/cmd/ringroster/observe"
	"ringroster/ringcentral/simulator"
)

// TestNothingUnseenIsPrinted: a name with characters that a terminal obeys, or
// does not show, is printed with escapes, whatever prints it.
func TestNothingUnseenIsPrinted(t *testing.T) {
	const first, last = "Ada\u0085\u009b31m", "\u202eecalevoL\u200b\u2066"
	h := newHost(t)
	join := func(email string) {
		h.server.Change(func(w *simulator.World) {
			if err := w.Accounts[0].Join(simulator.Newcomer{FirstName: first, LastName: last, Email: email}); err != nil {
				t.Fatal(err)
			}
		})
	}
	join("ada@example.com")
	h.edit("accounts:", "contacts: {enabled: true}\naccounts:")
	seen := 0
	for _, args := range []string{
		"plan", "plan -o json", "sync", "contacts sync", "roster list --wide --search ada@example.com", "roster list -o json", "roster show ada@example.com",
		"roster show ada@example.com -o json", "history ada@example.com", "history ada@example.com -o json", "runs 1", "runs 1 -o json",
		"explain ada@example.com", "explain ada@example.com -o json", "directory --wide --search ada@example.com", "directory -o json",
		"contacts list --wide", "contacts list -o json", "status", "status -o json", "roster link 1 nobody\u202e@example.com", "held", "check",
		"roster set ada@example.com first_name=x", "undo 1",
	} {
		var stdout, stderr bytes.Buffer
		run(t.Context(), append([]string{"--config", h.file()}, strings.Fields(args)...), strings.NewReader(""), &stdout, &stderr)
		for name, out := range map[string]string{"stdout": stdout.String(), "stderr": stderr.String()} {
			for line := range strings.Lines(out) {
				if line = strings.TrimSuffix(line, "\n"); observe.Escape(line) != line {
					t.Errorf("%s prints on %s %q", args, name, line)
				}
			}
		}
		if strings.Contains(stdout.String(), `ecalevoL`) {
			seen++
		}
		if strings.HasSuffix(args, "json") && !json.Valid(stdout.Bytes()) {
			t.Errorf("%s prints no JSON: %s", args, stdout.String())
		}
	}
	if seen < 15 {
		t.Errorf("only %d of the commands printed the name", seen)
	}
}
