package benchtest

import (
	"testing"

	"ringroster/cmd/ringroster/config"
	"ringroster/sync"
)

// TestProfile makes within this process the runs that must be fast. `make profile` has
// go test profile them: from that the compiler learns which calls are worth inlining.
// As it is, TestProfile is a small rehearsal.
func TestProfile(t *testing.T) {
	if testing.Short() {
		t.Skip("it starts processes")
	}
	p := startSimulator(t, *benchPeopleFlag)
	w := newWorkshop(t, "", benchWorldOf(2), p.address, "contacts: {enabled: true}\n")
	s, err := config.Load(w.path("config.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	day := func(world, roster string) {
		p.turn(world)
		w.roster(roster)
		syncHere(t, s, sync.JobMembers)
		syncHere(t, s, sync.JobContacts)
	}
	day("quiet", "")
	day("quiet", w.keep("first.db"))
	loaded := w.keep("loaded.db") // as on an ordinary day
	for range *benchRoundsFlag {
		day("quiet", "")
		day("quiet", loaded)
		day("day", loaded)
	}
}
