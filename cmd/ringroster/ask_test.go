package main

import (
	"context"
	"io"
	"strings"
	"testing"
)

func TestOnlyYesConfirms(t *testing.T) {
	for answer, want := range map[string]bool{"y\n": true, "YES \n": true, "n\n": false, "\n": false, "": false, "y": false, "yess\n": false} {
		if got := confirmed(t.Context(), strings.NewReader(answer)); got != want {
			t.Errorf("%q: %t", answer, got)
		}
	}
}

// A terminal that nobody types on must not keep the program from stopping.
func TestCtrlCEndsTheQuestion(t *testing.T) {
	terminal, keys := io.Pipe()
	defer func() { _ = keys.Close() }()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if confirmed(ctx, terminal) {
		t.Error("Ctrl-C counts as yes")
	}
}
