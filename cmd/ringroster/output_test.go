package main

import (
	"bytes"
	"slices"
	"strings"
	"testing"
	"unicode"

	"pgregory.net/rapid"
)

// Whatever stands in a name, a line on a terminal stays one line of plain text.
func TestCleanLeavesNothingThatMovesATerminal(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := clean(rapid.OneOf(rapid.String(), rapid.StringOf(rapid.RuneFrom(nil, unicode.C, unicode.L))).Draw(t, "text"))
		if i := strings.IndexFunc(text, unicode.IsControl); i >= 0 {
			t.Fatalf("%q holds a control character", text)
		}
		if slices.ContainsFunc([]rune(text), func(r rune) bool { return r >= '\u202a' && r <= '\u202e' }) {
			t.Fatalf("%q reorders text", text)
		}
	})
}

// faultyWriter is a fault of the program's own.
type faultyWriter struct{}

func (faultyWriter) Write([]byte) (int, error) { panic("a fault of ours") }

// TestAFaultOfOursIsNoWrongUsage, and is told with its stack.
func TestAFaultOfOursIsNoWrongUsage(t *testing.T) {
	for _, args := range [][]string{{"version"}, {"--help"}} {
		var stderr bytes.Buffer
		code := run(t.Context(), args, strings.NewReader(""), faultyWriter{}, &stderr)
		if said := stderr.String(); code != exitFailed || !strings.Contains(said, "goroutine ") || !strings.Contains(said, "ringroster: the program failed here") {
			t.Errorf("%v: exit code %d, said %s", args, code, said)
		}
	}
}
