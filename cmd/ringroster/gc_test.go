package main

import (
	"os"
	"strings"
	"testing"
)

// A run over a small company collects nothing once it has connected. Whoever sets GOGC
// has it their way.
func TestGarbageWaitsForTheFloor(t *testing.T) {
	s := newSite(t, t.TempDir(), 300)
	collections := func(gogc string) int {
		c, out := s.command(t.Context(), "sync")
		c.Env = append(os.Environ(), "GODEBUG=gctrace=1", "GOGC="+gogc, "GOMEMLIMIT=")
		if err := c.Run(); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		return strings.Count(out.String(), " MB goal, ")
	}
	collections("") // makes the roster: migrations are read before anything is connected, with garbage of their own
	if few, many := collections(""), collections("10"); 3*few > many {
		t.Errorf("%d collections, %d with GOGC=10", few, many)
	}
}
