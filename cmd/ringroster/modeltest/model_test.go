// Package modeltest plays months of a company with the parts of the program, and holds
// what they make of it against an independent model of the rules.
package modeltest

import (
	"flag"
	"fmt"
	stdsync "sync"
	"testing"

	"pgregory.net/rapid"
)

// The long version plays many more months:
//
//	go test ./cmd/ringroster/modeltest -run TestModel -v -model.long -timeout 1h
//
// A failure prints the actions that lead to it, and a seed for -rapid.seed.
var modelLong = flag.Bool("model.long", false, "play the model long")

// counts say how much was compared, over all plays.
type counts struct{ plays, steps, syncs, held, failed, died, approved, rejected, undone, imported, pinned, forgotten, beyond, changes, members int }

// TestModel plays months of a company: people join, leave and return, operators
// edit and decide, RingCentral fails and the program dies. After every step the
// roster is what a simple model of the rules says, and the history
// tells how it became so.
func TestModel(t *testing.T) {
	checks, steps := 10, 40
	if testing.Short() {
		checks = 30 // of which rapid plays a fifth
	}
	if *modelLong {
		checks, steps = 2000, 60
	} else {
		setRapid(t, "rapid.seed", "20") // ordinarily the same plays each time
	}
	setRapid(t, "rapid.checks", fmt.Sprint(checks))
	setRapid(t, "rapid.steps", fmt.Sprint(steps))
	setRapid(t, "rapid.nofailfile", "true")
	dir := t.TempDir()
	var n counts
	rapid.Check(t, func(rt *rapid.T) {
		rapid.SyncTest(rt, func(rt *rapid.T) { play(rt, dir, &n) }) // a clock that leaps when everybody waits
	})
	t.Logf("%d plays, %d steps compared: %d syncs (%d held, %d failed, %d died), %d approvals, %d rejections, %d undone, %d imported, %d pinned, %d forgotten, %d ended early; %d changes replayed, %d member rows compared",
		n.plays, n.steps, n.syncs, n.held, n.failed, n.died, n.approved, n.rejected, n.undone, n.imported, n.pinned, n.forgotten, n.beyond, n.changes, n.members)
}

// TestModelGames plays games again in which program and model once differed.
func TestModelGames(t *testing.T) {
	if testing.Short() {
		t.Skip("TestModel plays others")
	}
	setRapid(t, "rapid.checks", "1")
	setRapid(t, "rapid.steps", "60")
	setRapid(t, "rapid.nofailfile", "true")
	// A renamed group, a freed address, one look's doubt, logins that move, an undo, lists cut
	// alike, a doubt while the clock is set back.
	for _, seed := range []string{"4000013", "6000073", "10000261", "11000043", "13000060", "501001509", "4871"} {
		t.Run(seed, func(t *testing.T) {
			setRapid(t, "rapid.seed", seed)
			rapid.Check(t, func(rt *rapid.T) {
				rapid.SyncTest(rt, func(rt *rapid.T) { play(rt, t.TempDir(), &counts{}) })
			})
		})
	}
}

// givenFlags are those of the command line: asked for before setRapid sets any.
var givenFlags = stdsync.OnceValue(func() map[string]bool {
	given := map[string]bool{}
	flag.Visit(func(f *flag.Flag) { given[f.Name] = true })
	return given
})

// setRapid sets a flag of rapid unless it was given on the command line.
func setRapid(t *testing.T, name, value string) {
	t.Helper()
	if givenFlags()[name] {
		return
	}
	old := flag.Lookup(name).Value.String()
	if err := flag.Set(name, value); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = flag.Set(name, old) })
}
