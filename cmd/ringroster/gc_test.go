package main

import (
	"net/http/httptest"
	"os"
	"strings"
	"testing"

	"ringroster/ringcentral/simulator"
)

// A run over a small company collects nothing once it has connected. Whoever sets GOGC
// has it their way.
func TestGarbageWaitsForTheFloor(t *testing.T) {
	world := simulator.Generate(300, 1)
	listener := httptest.NewServer(simulator.New(world, simulator.Options{}))
	defer listener.Close()
	s := newWorkshop(t, "ringroster", world, listener.Listener.Addr().String(), "")
	beginRoster(t, s.path("roster.db"))
	collections := func(gogc string) int {
		c, log := s.command(s.program, "sync")
		c.Env = append(c.Env, "GODEBUG=gctrace=1", "GOGC="+gogc, "GOMEMLIMIT=")
		err := c.Run()
		text, _ := os.ReadFile(log.Name())
		if err != nil {
			t.Fatalf("%v\n%s", err, text)
		}
		return strings.Count(string(text), " MB goal, ")
	}
	collections("") // makes the roster: migrations are read before anything is connected, with garbage of their own
	if few, many := collections(""), collections("10"); 3*few > many {
		t.Errorf("%d collections, %d with GOGC=10", few, many)
	}
}
