package render

import (
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestGuardCell(t *testing.T) {
	for _, tt := range []struct{ cell, want string }{
		{"Ann", "Ann"},
		{"", ""},
		{"=1+1", "'=1+1"},
		{"+1 (205) 555-0101", "+1 (205) 555-0101"},
		{"+SUM(A1)", "'+SUM(A1)"},
		{"+", "'+"},
		{"-1", "'-1"},
		{"@cmd", "'@cmd"},
		{"\tx", "'\tx"},
		{"'=1", "''=1"},
		{"'t Hooft", "'t Hooft"},
	} {
		if got := GuardCell(tt.cell); got != tt.want {
			t.Errorf("%q becomes %q, want %q", tt.cell, got, tt.want)
		}
	}
}

// What the guard marks, taking the mark away restores, for any text.
func TestGuardRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		cell := rapid.OneOf(rapid.String(), rapid.StringMatching(`'{0,3}[=+@\t-]?[0-9a-z+ -]{0,5}`)).Draw(t, "cell")
		guarded := GuardCell(cell)
		if got := UnguardCell(guarded); got != cell {
			t.Fatalf("%q became %q and came back as %q", cell, guarded, got)
		}
		if guarded != "" && strings.ContainsRune("=-@\t\r", rune(guarded[0])) {
			t.Fatalf("%q is still a formula", guarded)
		}
	})
}
