package ringcentral

import (
	"errors"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"ringroster/ringcentral/simulator"
	"ringroster/sync"

	"github.com/google/go-cmp/cmp"
)

// faultRow is one row of the fault table in doc.go.
type faultRow struct {
	name    string
	outcome string // as in the table
	faults  []*simulator.Fault
	world   func(*simulator.World)
	config  func(*Config)
	// says is what the operator must read in the error.
	says string
	// permanent: no use in trying again later.
	permanent bool
	// leaves is how many sessions stay open: those nobody could revoke.
	leaves int
	// again is what the second look reads; nil: RingCX.
	again *sync.Look
	// seesAgain looks at what the second look shows; nil: everybody is there.
	seesAgain func(*testing.T, *sync.Snapshot)
	// check looks at a snapshot that is not what a fault-free one would be.
	check func(*testing.T, *sync.Snapshot)
}

// The outcomes of the table.
const (
	fine       = "fine"
	triedAgain = "tried again"
	readAgain  = "read again"
	fails      = "fails"
	held       = "held"
	secondLook = "second look"
	oneFaulty  = "faulty record"
)

// on makes a fault of an operation: for its first n requests, 0 for all.
func on(op simulator.Operation, kind string, n int) *simulator.Fault {
	return &simulator.Fault{Kind: kind, Op: op, Count: n}
}

func status(op simulator.Operation, status, n int) *simulator.Fault {
	return &simulator.Fault{Kind: "status", Op: op, Status: status, Count: n}
}

// paged cuts the extension list into pages of 30.
func paged(more ...*simulator.Fault) []*simulator.Fault {
	return append([]*simulator.Fault{{Kind: "per_page_lowered", Op: simulator.OpExtensions, N: 30}}, more...)
}

func acme(w *simulator.World) *simulator.Account { return w.Accounts[0] }

func lengthOf(t *testing.T, s *sync.Snapshot, list string) int {
	t.Helper()
	for _, l := range s.Lists {
		if l.Name == list {
			return l.Length
		}
	}
	t.Fatalf("no list %q", list)
	return 0
}

// TestFaultTable plays every row against the simulator. Run with -v it prints
// what became of each.
func TestFaultTable(t *testing.T) {
	for _, row := range slices.Concat(faultTable, lossTable) {
		t.Run(row.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { row.play(t) })
		})
	}
}

func (row faultRow) play(t *testing.T) {
	whole := readAll(t, simulator.New(simulator.Generate(60, 1), simulator.Options{}))
	world := simulator.Generate(60, 1)
	if row.world != nil {
		row.world(world)
	}
	for _, f := range row.faults {
		world.Faults = append(world.Faults, new(*f)) // the simulator counts in them
	}
	s := simulator.New(world, simulator.Options{})
	cfg := demoConfig(s)
	if row.config != nil {
		row.config(&cfg)
	}
	d := mustNew(t, cfg)
	snapshot, err := d.Snapshot(t.Context(), nil)
	defer func() {
		d.Close(t.Context())
		if calls := s.Calls(); row.outcome != fails && calls[simulator.OpRevoke] != 1 {
			t.Errorf("%d revokes, want 1", calls[simulator.OpRevoke])
		}
		if n := s.LiveSessions(cfg.ClientID); n != row.leaves {
			t.Errorf("%d sessions left open, want %d", n, row.leaves)
		}
	}()
	t.Logf("%-48s %-16s %3d calls  %v", row.name, row.outcome, d.Calls(), err)
	if row.outcome == fails {
		row.failed(t, snapshot, err)
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	switch {
	case row.check != nil:
		row.check(t, snapshot)
	default:
		if diff := cmp.Diff(whole, facts(snapshot)); diff != "" {
			t.Errorf("other than without the fault:\n%s", diff)
		}
	}
	if row.outcome == secondLook {
		look := sync.Look{RingCX: true}
		if row.again != nil {
			look = *row.again
		}
		again, err := d.LookAgain(t.Context(), look, nil)
		if err != nil {
			t.Fatal(err)
		}
		if row.seesAgain != nil {
			row.seesAgain(t, again)
			return
		}
		sameAgents(t, again)
	}
}

func (row faultRow) failed(t *testing.T, snapshot *sync.Snapshot, err error) {
	t.Helper()
	e, ok := errors.AsType[*Error](err)
	if !ok || snapshot != nil {
		t.Fatalf("snapshot %v, error %v: want no snapshot and an *Error", snapshot != nil, err)
	}
	if !strings.Contains(e.Error(), row.says) {
		t.Errorf("error %q does not say %q", e, row.says)
	}
	if e.Permanent() != row.permanent {
		t.Errorf("permanent %v, want %v", e.Permanent(), row.permanent)
	}
}

// sameAgents checks that every agent of the generated world is there once,
// wherever.
func sameAgents(t *testing.T, s *sync.Snapshot) {
	t.Helper()
	seen := map[string]int{}
	for _, path := range agentsOf(s) {
		seen[path[strings.LastIndex(path, "/")+1:]]++
	}
	if len(seen) != everybody() {
		t.Errorf("%d agents, want %d", len(seen), everybody())
	}
}

// everybody counts the agents of the generated world that are read.
func everybody() (agents int) {
	for _, sub := range acme(simulator.Generate(60, 1)).SubAccounts {
		for _, g := range sub.Groups {
			if !sub.Inactive {
				agents += len(g.Agents)
			}
		}
	}
	return agents
}

// facts are the parts of a snapshot that RingCentral's data decides.
func facts(s *sync.Snapshot) sync.Snapshot {
	f := *s
	f.TakenAt = time.Time{}
	return f
}

func readAll(t *testing.T, s *simulator.Server) sync.Snapshot {
	t.Helper()
	d := mustNew(t, demoConfig(s))
	defer d.Close(t.Context())
	snapshot, err := d.Snapshot(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	return facts(snapshot)
}

// TestFaultTableIsTheDocumentedOne: doc.go has every row, with its outcome, and
// no other.
func TestFaultTableIsTheDocumentedOne(t *testing.T) {
	doc, err := os.ReadFile("doc.go")
	if err != nil {
		t.Fatal(err)
	}
	var documented, played []string
	for line := range strings.Lines(string(doc)) {
		cells := strings.Split(line, " | ")
		if len(cells) == 3 && strings.HasPrefix(line, "//\t") {
			documented = append(documented, strings.TrimSpace(cells[0][3:])+" | "+strings.TrimSpace(cells[1]))
		}
	}
	for _, row := range slices.Concat(faultTable, lossTable) {
		played = append(played, row.name+" | "+row.outcome)
	}
	slices.Sort(documented)
	slices.Sort(played)
	if diff := cmp.Diff(played, documented); diff != "" {
		t.Errorf("rows played (-) and documented (+):\n%s", diff)
	}
}
