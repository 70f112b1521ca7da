package main

import (
	"io"
	"testing"
)

// TestProfile makes within this process the runs that must be fast. `make profile` has
// go test profile them: from that the compiler learns which calls are worth inlining.
// As it is, TestProfile is a small rehearsal.
func TestProfile(t *testing.T) {
	if testing.Short() {
		t.Skip("it starts processes")
	}
	c := (&bench{t: t, program: benchExecutable(t)}).customer(*benchPeopleFlag)
	for range *benchRoundsFlag {
		for _, day := range []struct{ world, roster string }{{"quiet", ""}, {"quiet", c.loaded}, {"day", c.loaded}} {
			c.turn(day.world)
			c.roster(day.roster)
			for _, command := range [][]string{{"sync", "--new"}, {"contacts", "sync"}} {
				if code := run(t.Context(), append(command, "--config", c.path("config.yaml")), nil, io.Discard, io.Discard); code != exitDone {
					t.Fatalf("%v, %+v: exit %d", command, day, code)
				}
			}
		}
	}
}
