package main

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	stdsync "sync"
	"testing"

	"ringroster/cmd/ringroster/wire"
	"ringroster/ringcentral/simulator"
)

// site is a folder with settings and a roster, a simulated RingCentral, and the
// real binary: this test's own, run as `ringroster`.
type site struct {
	dir    string
	server *simulator.Server
	round  int

	mu      stdsync.Mutex
	gate    chan struct{}                // requests wait for it to close; nil: they pass
	request func(op simulator.Operation) // told of each request
}

// newSite makes a site with so many people and an empty roster.
func newSite(t *testing.T, dir string, people int) *site {
	t.Helper()
	s := &site{dir: dir}
	world := simulator.Generate(people, 3)
	s.server = simulator.New(world, simulator.Options{})
	listener := httptest.NewServer(http.HandlerFunc(s.serve))
	t.Cleanup(listener.Close)
	// The rounds rename everybody, and more: what is tried here is not the guard.
	text := "log: {format: json}\nlimits: {onboardings: {floor: 1000000}, updates: {floor: 1000000}}\n" + wire.SimulatorSettings(world, listener.Listener.Addr().String())
	if err := os.WriteFile(filepath.Join(dir, "config.yaml"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	beginRoster(t, s.path())
	return s
}

func (s *site) serve(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	gate, told := s.gate, s.request
	s.mu.Unlock()
	if gate != nil {
		<-gate
	}
	s.server.ServeHTTP(w, r)
	if told != nil && strings.HasSuffix(r.URL.Path, "/revoke") {
		told(simulator.OpRevoke) // reading has ended: what follows is the commit
	} else if told != nil {
		told("")
	}
}

// onRequest asks to be told of requests that were answered.
func (s *site) onRequest(told func(simulator.Operation)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.request = told
}

// hold makes requests wait until release.
func (s *site) hold() (release func()) {
	gate := make(chan struct{})
	s.mu.Lock()
	s.gate = gate
	s.mu.Unlock()
	return stdsync.OnceFunc(func() {
		s.mu.Lock()
		s.gate = nil
		s.mu.Unlock()
		close(gate)
	})
}

func (s *site) path() string { return filepath.Join(s.dir, "roster.db") }

func (s *site) command(ctx context.Context, args ...string) (cmd *exec.Cmd, output *bytes.Buffer) {
	cmd = exec.CommandContext(ctx, "ringroster", append([]string{"--config", filepath.Join(s.dir, "config.yaml")}, args...)...)
	output = &bytes.Buffer{}
	cmd.Stdout, cmd.Stderr = output, output
	return cmd, output
}

// run runs a command to its end, and wants that exit code.
func (s *site) run(t *testing.T, want int, args ...string) (output string) {
	t.Helper()
	cmd, out := s.command(t.Context(), args...)
	code, err := exitOfProcess(cmd.Run())
	if err != nil {
		t.Fatal(err)
	}
	if code != want {
		t.Fatalf("%v: exit code %d, want %d\n%s", args, code, want, out)
	}
	if strings.Contains(out.String(), "goroutine ") {
		t.Fatalf("%v: it crashed:\n%s", args, out)
	}
	return out.String()
}

func exitOfProcess(err error) (int, error) {
	if err == nil {
		return 0, nil
	}
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		return exit.ExitCode(), nil
	}
	return 0, err
}

// change gives every agent a new last name, so that the next commit is large,
// lets one more join and tells who was renamed.
func (s *site) change(t *testing.T) (name string) {
	t.Helper()
	s.round++
	name = fmt.Sprintf("Round%d", s.round)
	s.server.Change(func(w *simulator.World) {
		a := w.Accounts[0]
		for _, sub := range a.SubAccounts {
			for _, g := range sub.Groups {
				for _, agent := range g.Agents {
					agent.LastName = name
				}
			}
		}
		err := a.Join(simulator.Newcomer{FirstName: "New", LastName: name, Email: fmt.Sprintf("new%d@example.com", s.round)})
		if err != nil {
			t.Error(err)
		}
	})
	return name
}

// openFile opens a roster file like any SQLite client.
func openFile(t *testing.T, path string) *sql.DB {
	t.Helper()
	u := url.URL{Scheme: "file", Path: path, RawQuery: "_pragma=busy_timeout(5000)"}
	db, err := sql.Open("sqlite", u.String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return db
}

// people is what the roster holds and how it came to: members, logins, history.
func people(t *testing.T, path string) string {
	t.Helper()
	db := openFile(t, path)
	defer func() { _ = db.Close() }()
	var b strings.Builder
	for _, query := range []string{
		`SELECT group_concat(integrity_check, '; ') FROM pragma_integrity_check`,
		`SELECT count(*) FROM pragma_foreign_key_check`,
		`SELECT group_concat(concat_ws('|', member_id, status, first_name, last_name, email, role, rc_user_id, updated_at), char(10)) FROM (SELECT * FROM members ORDER BY member_id)`,
		`SELECT group_concat(concat_ws('|', member_id, agent_id, active), char(10)) FROM (SELECT * FROM roster_logins ORDER BY member_id, agent_id)`,
		`SELECT count(*) FROM changes`,
	} {
		var text sql.NullString
		if err := db.QueryRowContext(t.Context(), query).Scan(&text); err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		fmt.Fprintln(&b, text.String)
	}
	if !strings.HasPrefix(b.String(), "ok\n0\n") {
		t.Fatalf("%s is damaged: %.300s", path, b.String())
	}
	return b.String()
}

// one reads a single value.
func one(t *testing.T, path, query string, args ...any) (value string) {
	t.Helper()
	db := openFile(t, path)
	defer func() { _ = db.Close() }()
	if err := db.QueryRowContext(t.Context(), query, args...).Scan(&value); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	return value
}

// settled sees that a completed run left nothing behind: no run running, nobody
// noted as holding the lock, and everybody as RingCentral says.
func (s *site) settled(t *testing.T, name string) {
	t.Helper()
	others := `SELECT count(*) FROM members WHERE status = 'active' AND role <> 'Administrator' AND last_name <> '` + name + `'`
	for query, want := range map[string]string{
		others: "0",
		`SELECT count(*) FROM runs WHERE status = 'running'`:  "0",
		`SELECT count(*) FROM lock_holder`:                    "0",
		`SELECT count(*) FROM runs WHERE finished_at IS NULL`: "0",
	} {
		if got := one(t, s.path(), query); got != want {
			t.Fatalf("%s: %s, want %s", query, got, want)
		}
	}
}
