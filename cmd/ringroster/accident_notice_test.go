package main

import (
	"database/sql"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	stdsync "sync"
	"testing"

	"ringroster/ringcentral/simulator"
)

// inbox is a webhook's other end. It notes what it got; while a gate is set, calls wait
// there before or after that.
type inbox struct {
	mu      stdsync.Mutex
	got     []string // id and subject
	before  bool     // the gate is before the note
	reached chan struct{}
}

func (b *inbox) ServeHTTP(_ http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	b.mu.Lock()
	reached, before := b.reached, b.before
	if reached == nil || !before {
		_, rest, _ := strings.Cut(string(body), `"kind":"`)
		kind, _, _ := strings.Cut(rest, `"`)
		b.got = append(b.got, r.Header.Get("Webhook-Id")+" "+kind)
	}
	b.mu.Unlock()
	if reached != nil {
		close(reached)
		<-r.Context().Done() // the caller is dead
	}
}

// gate makes the next call wait, and says when it has come.
func (b *inbox) gate(before bool) (reached chan struct{}) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.before, b.reached = before, make(chan struct{})
	return b.reached
}

func (b *inbox) open() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.reached = nil
}

// TestKilledWhileTelling kills the real program between the commit that a notice tells of
// and its delivery, and between the delivery and the note of it: nothing is lost, and what
// comes twice has the same id.
func TestKilledWhileTelling(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		before bool
		calls  int // with the same id
	}{
		"between commit and delivery": {true, 1},
		"between delivery and note":   {false, 2},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newSite(t, t.TempDir(), 60)
			box := &inbox{}
			hook := httptest.NewServer(box)
			t.Cleanup(hook.Close)
			s.configure(t, fmt.Sprintf("notify: [{name: hook, on: [held], webhook: {url: %s}}]\n", hook.URL))
			s.run(t, exitDone, "sync")
			s.server.Change(func(w *simulator.World) {
				a := w.Accounts[0]
				for _, agent := range a.SubAccounts[0].Groups[0].Agents[:8] {
					a.Leave(agent.Email)
				}
			})
			reached := box.gate(test.before)
			cmd, out := s.command(t.Context(), "sync")
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			<-reached
			if err := cmd.Process.Kill(); err != nil {
				t.Fatal(err)
			}
			_ = cmd.Wait() // it was killed
			box.open()
			if got := one(t, s.path(), `SELECT status || ' ' || (SELECT count(*) FROM notices) FROM runs WHERE run_id = 2`); got != "held 1" {
				t.Fatalf("the run is %s\n%s", got, out)
			}
			s.run(t, exitHeld, "sync") // somebody else may be delivering still
			s.execute(t, `UPDATE destinations SET next_try = strftime('%Y-%m-%dT%H:%M:%SZ', next_try, '-3 minutes'), claimed_until = NULL`)
			s.run(t, exitHeld, "sync")
			s.run(t, exitHeld, "sync")
			if len(box.got) != test.calls || box.got[0] != box.got[len(box.got)-1] || !strings.HasSuffix(box.got[0], " held") {
				t.Errorf("the other end got %q", box.got)
			}
		})
	}
}

// configure adds to the settings.
func (s *site) configure(t *testing.T, text string) {
	t.Helper()
	file := filepath.Join(s.dir, "config.yaml")
	was, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, append([]byte(text), was...), 0o600); err != nil {
		t.Fatal(err)
	}
}

// execute changes the roster as another program would.
func (s *site) execute(t *testing.T, query string) {
	t.Helper()
	db, err := sql.Open("sqlite", s.path())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	if _, err := db.Exec(query); err != nil {
		t.Fatal(err)
	}
}
