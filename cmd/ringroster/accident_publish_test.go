package main

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	stdsync "sync"
	"testing"
	"time"

	"ringroster/cmd/ringroster/publish/postgrestest"
	"ringroster/ringcentral/simulator"
)

// TestKilledWhilePublishing kills the real program with SIGKILL at random moments of its
// commit and deliveries: the mirror is as it was or as it should be, and the roster's equal after
// the next delivery; events come in order, and none is skipped. -model.long kills it 500 times.
func TestKilledWhilePublishing(t *testing.T) {
	server := postgrestest.Start(t, "")
	t.Setenv("RINGROSTER_PUBLISH_WAREHOUSE_URL", server.Database("warehouse"))
	bus := &toldChanges{t: t}
	listener := httptest.NewServer(bus)
	defer listener.Close()
	t.Setenv("RINGROSTER_PUBLISH_BUS_URL", listener.URL)
	kills := 10
	if testing.Short() {
		kills = 3
	}
	if *modelLong {
		kills = 500
	}
	s := newSite(t, t.TempDir(), 40)
	file := filepath.Join(s.dir, "config.yaml")
	text, err := os.ReadFile(file)
	if err == nil {
		err = os.WriteFile(file, append(text, "publish:\n  - {name: warehouse, to: {postgres: {}}}\n  - {name: bus, what: changes, to: {webhook: {}}}\n"...), 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	s.run(t, exitDone, "sync")
	mirrorDelivery(t, file)
	told := one(t, s.path(), `SELECT max(change_id) FROM changes`) // before: the bus is told what is to come
	s.change(t)
	var read time.Time
	s.onRequest(func(op simulator.Operation) {
		if op == simulator.OpRevoke {
			read = time.Now()
		}
	})
	s.run(t, exitDone, "sync")
	s.onRequest(nil)
	tail := time.Since(read)
	rng := rand.New(rand.NewPCG(uint64(read.UnixNano()), 1))
	delivered := func() string {
		return server.Query("warehouse", `SELECT change_id, (SELECT max(change_id) FROM ringroster.roster_changes), (SELECT max(run_id) FROM ringroster.roster_runs) FROM ringroster.publisher`)
	}
	killed, before, after := 0, 0, 0
	for range kills {
		s.change(t)
		was := delivered()
		if s.killRun(t, 5*tail, true, rng) {
			killed++
		}
		switch is := strings.Split(strings.TrimSpace(delivered()), "|"); {
		case is[0] != is[1]:
			t.Fatalf("after a kill the cursor is %s, and the last change %s", is[0], is[1])
		case strings.Join(is, "|")+"\n" == was:
			before++
		default:
			after++
		}
		// Another program would wait until the lease of the killed one is over.
		s.execute(t, `UPDATE destinations SET claimed_until = NULL`)
		mirrorDelivery(t, file)
		bus.check(one(t, s.path(), `SELECT group_concat(change_id, ' ') FROM (SELECT change_id FROM changes WHERE change_id > `+told+` ORDER BY 1)`))
		if t.Failed() {
			return
		}
	}
	t.Logf("%d of %d killed: the mirror was as before %d times, and brought in step %d times; %d events came again", killed, kills, before, after, bus.again)
}

// toldChanges is a bus that takes everything: the numbers of the changes, in the order in which
// each came first.
type toldChanges struct {
	t     *testing.T
	mu    stdsync.Mutex
	first []string
	last  int // number of the newest
	again int // events that had come before
}

func (b *toldChanges) ServeHTTP(_ http.ResponseWriter, r *http.Request) {
	b.mu.Lock()
	defer b.mu.Unlock()
	var events []struct {
		ID int `json:"id,string"`
	}
	if json.NewDecoder(r.Body).Decode(&events) != nil {
		return // whoever called was killed
	}
	for _, e := range events {
		if e.ID <= b.last {
			b.again++
			continue
		}
		b.first, b.last = append(b.first, fmt.Sprint(e.ID)), e.ID
	}
}

// check compares what came with the changes that there are. An earlier one that came after a
// later one would be missing.
func (b *toldChanges) check(want string) {
	b.t.Helper()
	b.mu.Lock()
	defer b.mu.Unlock()
	if got := strings.Join(b.first, " "); got != want {
		b.t.Errorf("of the changes %s\nthere came %s", want, got)
	}
}
