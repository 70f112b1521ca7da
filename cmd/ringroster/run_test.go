package main

import (
	"bufio"
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	stdsync "sync"
	"syscall"
	"testing"
	"time"

	"ringroster/cmd/ringroster/wire"
	"ringroster/ringcentral/simulator"
	"ringroster/store"
)

// host is a folder with settings for a simulated RingCentral, and a socket that
// hears what systemd would.
type host struct {
	t      *testing.T
	dir    string
	server *simulator.Server
	client string        // id of the app
	asked  chan struct{} // for extensions: a run is in the middle of its reading
	beats  chan string   // calls of the heartbeat
	// slot is when the daily run is: half a day from now, whenever that is, so that
	// the first run makes up for a missed one.
	slot string
}

func newHost(t *testing.T) *host {
	t.Helper()
	h := &host{t: t, dir: t.TempDir(), beats: make(chan string, 100), asked: make(chan struct{}, 100)}
	h.slot = time.Now().UTC().Add(12 * time.Hour).Format("15:04")
	world := simulator.Generate(40, 7)
	h.client = world.Accounts[0].ClientID
	h.server = simulator.New(world, simulator.Options{})
	listener := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "/extension") {
			h.asked <- struct{}{}
		}
		h.server.ServeHTTP(w, r)
	}))
	t.Cleanup(listener.Close)
	beat := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { h.beats <- r.URL.String() }))
	t.Cleanup(beat.Close)
	h.settings("heartbeat_url: " + beat.URL + "/ping/s3cr3t-heart\nschedule: {daily_at: \"" + h.slot + "\"}\n" + wire.SimulatorSettings(world, listener.Listener.Addr().String()))
	beginRoster(t, filepath.Join(h.dir, "roster.db"))
	return h
}

func (h *host) file() string { return filepath.Join(h.dir, "config.yaml") }

func (h *host) settings(text string) {
	h.t.Helper()
	if err := os.WriteFile(h.file(), []byte(text), 0o600); err != nil {
		h.t.Fatal(err)
	}
}

func (h *host) edit(old, replacement string) {
	h.t.Helper()
	text, err := os.ReadFile(h.file())
	if err != nil {
		h.t.Fatal(err)
	}
	h.settings(strings.Replace(string(text), old, replacement, 1))
}

// process is a `ringroster run` of its own.
type process struct {
	*exec.Cmd
	t      *testing.T
	states *bufio.Scanner
	heard  []string
	ended  chan struct{}

	mu   stdsync.Mutex
	more *stdsync.Cond // a line came, or the end
	log  []map[string]any
	over bool
}

func (h *host) start() *process {
	h.t.Helper()
	p := h.prepare()
	p.launch()
	return p
}

func (p *process) launch() {
	p.t.Helper()
	stderr, err := p.StderrPipe()
	if err != nil {
		p.t.Fatal(err)
	}
	if err := p.Start(); err != nil {
		p.t.Fatal(err)
	}
	go p.read(stderr)
}

// prepare is a service that has yet to be started.
func (h *host) prepare() *process {
	h.t.Helper()
	exe, err := os.Executable()
	if err != nil {
		h.t.Fatal(err)
	}
	p := &process{t: h.t, ended: make(chan struct{})}
	p.more = stdsync.NewCond(&p.mu)
	p.Cmd = exec.CommandContext(h.t.Context(), exe, "--config", h.file(), "run")
	p.Args[0] = "ringroster" // what testscript.Main knows this program by
	socket, err := os.MkdirTemp("", "notify")
	if err != nil {
		h.t.Fatal(err)
	}
	conn, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: filepath.Join(socket, "s"), Net: "unixgram"})
	if err != nil {
		h.t.Fatal(err)
	}
	h.t.Cleanup(func() { _ = conn.Close(); _ = os.RemoveAll(socket) })
	_ = conn.SetReadDeadline(time.Now().Add(30 * time.Second))
	p.states = bufio.NewScanner(datagrams{conn})
	p.Env = append(os.Environ(), "NOTIFY_SOCKET="+filepath.Join(socket, "s"), "JOURNAL_STREAM=")
	return p
}

// datagrams reads each as lines.
type datagrams struct{ conn *net.UnixConn }

func (d datagrams) Read(b []byte) (int, error) {
	n, err := d.conn.Read(b[:len(b)-1])
	if err != nil {
		return 0, err
	}
	b[n] = '\n'
	return n + 1, nil
}

func (p *process) read(stderr io.Reader) {
	defer close(p.ended)
	lines := bufio.NewScanner(stderr)
	for lines.Scan() {
		doc := map[string]any{}
		if err := json.Unmarshal(lines.Bytes(), &doc); err != nil {
			doc["event"] = lines.Text()
		}
		p.mu.Lock()
		p.log = append(p.log, doc)
		p.mu.Unlock()
		p.more.Broadcast()
	}
	p.mu.Lock()
	p.over = true
	p.mu.Unlock()
	p.more.Broadcast()
}

// hears waits until systemd hears a line that matches.
func (p *process) hears(pattern string) {
	p.t.Helper()
	want := regexp.MustCompile(pattern)
	for p.states.Scan() {
		p.heard = append(p.heard, p.states.Text())
		if want.MatchString(p.states.Text()) {
			return
		}
	}
	p.t.Fatalf("systemd never heard %s, but %q (%v); the log is %v", pattern, p.heard, p.states.Err(), p.log)
}

// events waits until n lines of an event are in the log, or the end, and gives
// them.
func (p *process) events(event string, n int) (all []map[string]any) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for {
		all = nil
		for _, line := range p.log {
			if line["event"] == event {
				all = append(all, line)
			}
		}
		if len(all) >= n || p.over {
			return all
		}
		p.more.Wait()
	}
}

// ends waits for the end and gives the exit code.
func (p *process) ends() int {
	<-p.ended
	_ = p.Wait()
	return p.ProcessState.ExitCode()
}

func (p *process) signal(s syscall.Signal) {
	p.t.Helper()
	if err := p.Process.Signal(s); err != nil {
		p.t.Fatal(err)
	}
}

// runs lists the runs in the database, newest first: "trigger status".
func (h *host) runs() (all []string) {
	h.t.Helper()
	st, err := store.OpenRead(h.t.Context(), filepath.Join(h.dir, "roster.db"))
	if err != nil {
		h.t.Fatal(err)
	}
	defer func() { _ = st.Close() }()
	for r, err := range st.Runs(h.t.Context(), 0) {
		if err != nil {
			h.t.Fatal(err)
		}
		all = append(all, fmt.Sprintf("%s %s", r.Trigger, r.Status))
	}
	return all
}

func TestRunFromStartToStop(t *testing.T) {
	h := newHost(t)
	p := h.start()
	p.hears("^READY=1$")
	p.hears(`^STATUS=run 1 succeeded .*; next .*T` + h.slot + `:00Z$`)
	if got := h.runs(); len(got) != 1 || got[0] != "catch_up succeeded" {
		t.Errorf("runs %q", got)
	}
	if got := <-h.beats; got != "/ping/s3cr3t-heart" {
		t.Errorf("heartbeat at %s", got)
	}

	h.edit("accounts:", "deactivate: perhaps\nlog: {level: loud}\naccounts:")
	p.signal(syscall.SIGHUP)
	p.hears("^RELOADING=1$")
	p.hears(`^MONOTONIC_USEC=\d+$`)
	p.hears("^READY=1$")
	if got := p.events("settings_refused", 2); len(got) != 2 {
		t.Errorf("every problem is a line: %v", got)
	}

	h.edit("deactivate: perhaps\nlog: {level: loud}\n", "log: {level: debug, format: console}\nservice_enabled: false\n")
	p.signal(syscall.SIGHUP)
	p.hears("idle: service_enabled is false$")
	p.hears("^READY=1$")
	if got := p.events("settings_need_restart", 1); len(got) != 1 || got[0]["key"] != "log.format" {
		t.Errorf("got %v", got)
	}

	h.edit("service_enabled: false\n", "service_enabled: false\ndeactivation_limit: {percent: 10}\n")
	p.signal(syscall.SIGHUP)
	p.hears("^READY=1$")
	if got := p.events("settings_outdated", 1); len(got) != 1 || !strings.Contains(fmt.Sprint(got[0]["error"]), "limits.deactivations") {
		t.Errorf("got %v", got)
	}

	began := time.Now()
	p.signal(syscall.SIGTERM)
	p.hears("^STOPPING=1$")
	if code := p.ends(); code != 0 || time.Since(began) > 5*time.Second {
		t.Errorf("exit code %d after %s", code, time.Since(began))
	}
}

// TestStopInMidRunRevokesTheSession, leaves the roster as it was, and the run is
// made up for.
func TestStopInMidRunRevokesTheSession(t *testing.T) {
	h := newHost(t)
	h.server.Change(func(w *simulator.World) {
		w.Faults = []*simulator.Fault{{Kind: "latency", Op: simulator.OpExtensions, Delay: simulator.Duration(time.Minute)}}
	})
	p := h.start()
	<-h.asked
	p.signal(syscall.SIGTERM)
	if code := p.ends(); code != 0 {
		t.Errorf("exit code %d", code)
	}
	if n := h.server.LiveSessions(h.client); n != 0 {
		t.Errorf("%d sessions are left", n)
	}
	if got := h.runs(); len(got) != 1 || got[0] != "catch_up failed" {
		t.Errorf("runs %q", got)
	}
}

// TestWhatCannotBeRecordedIsToldOnce: the roster takes no run, so the service sends that at
// once, however often it tries again, and does not end before it is sent.
func TestWhatCannotBeRecordedIsToldOnce(t *testing.T) {
	h := newHost(t)
	bodies, cut, open := make(chan string, 10), make(chan struct{}), make(chan struct{})
	hook := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		bodies <- string(body)
		select {
		case <-open:
		case <-r.Context().Done(): // the caller is gone
			close(cut)
		}
	}))
	t.Cleanup(hook.Close)
	h.edit("accounts:", "notify: [{name: hook, on: [failed], webhook: {url: "+hook.URL+"}}]\naccounts:")
	h.execute(`CREATE TRIGGER full BEFORE INSERT ON runs BEGIN SELECT raise(ABORT, 'no room is left'); END`)
	p := h.prepare()
	p.Env = append(p.Env, "WATCHDOG_USEC=300000") // and so ticks of a third of that
	p.launch()
	if body := <-bodies; !strings.Contains(body, `"kind":"failed"`) || !strings.Contains(body, "no room is left") {
		t.Errorf("told %s", body)
	}
	for range 5 {
		p.hears("^WATCHDOG=1$")
	}
	p.signal(syscall.SIGTERM)
	p.hears("^STOPPING=1$")
	select {
	case <-cut:
		t.Error("the service ended in the middle of telling")
	case <-time.After(time.Second / 4): // it waits
	}
	close(open)
	if code := p.ends(); code != 0 {
		t.Errorf("exit code %d", code)
	}
	if n, sent := len(bodies), p.events("notice_delivered", 1); n != 0 || len(sent) != 1 {
		t.Errorf("%d more were sent; logged as delivered: %v", n, sent)
	}
}

// execute changes the roster behind the program's back.
func (h *host) execute(query string) {
	h.t.Helper()
	path := filepath.Join(h.dir, "roster.db")
	st, err := store.Open(h.t.Context(), path, store.Options{New: true})
	if err != nil {
		h.t.Fatal(err)
	}
	if err := st.Close(); err != nil {
		h.t.Fatal(err)
	}
	db, err := sql.Open("sqlite", path)
	if err != nil {
		h.t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	if _, err := db.ExecContext(h.t.Context(), query); err != nil {
		h.t.Fatal(err)
	}
}

// TestKilledInMidRun: nothing is half done, and the next service makes it good.
func TestKilledInMidRun(t *testing.T) {
	h := newHost(t)
	h.server.Change(func(w *simulator.World) {
		w.Faults = []*simulator.Fault{{Kind: "latency", Op: simulator.OpExtensions, Delay: simulator.Duration(time.Minute)}}
	})
	p := h.start()
	<-h.asked
	p.signal(syscall.SIGKILL)
	p.ends()
	if got := h.runs(); len(got) != 1 || got[0] != "catch_up running" {
		t.Errorf("runs %q", got)
	}
	h.server.Change(func(w *simulator.World) { w.Faults = nil })
	p = h.start()
	p.hears("^STATUS=no run yet; next ") // in a minute: it was tried, and did not end
	code := run(context.Background(), []string{"--config", h.file(), "sync"}, strings.NewReader(""), io.Discard, io.Discard)
	p.signal(syscall.SIGTERM)
	if p.ends() != 0 || code != 0 {
		t.Errorf("exit code %d of sync", code)
	}
	if got := h.runs(); len(got) != 2 || got[0] != "manual succeeded" || got[1] != "catch_up failed" {
		t.Errorf("runs %q", got)
	}
}

func TestRunRefusesToStart(t *testing.T) {
	for name, tt := range map[string]struct {
		spoil func(h *host)
		code  int
		says  string
	}{
		"bad settings": {func(h *host) { h.edit("accounts:", "acounts:") }, exitUsage, "did you mean accounts?"},
		"a newer database": {func(h *host) {
			h.execute(`INSERT INTO goose_db_version (version_id, is_applied) VALUES (9999, 1)`)
		}, exitFailed, "use the newer ringroster"},
		"an address in use": {func(h *host) {
			l := httptest.NewServer(http.NotFoundHandler())
			h.t.Cleanup(l.Close)
			h.edit("accounts:", "http: {listen: \""+l.Listener.Addr().String()+"\"}\naccounts:")
		}, exitFailed, "http.listen"},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHost(t)
			h.t = t
			tt.spoil(h)
			p := h.start()
			if code := p.ends(); code != tt.code || !strings.Contains(fmt.Sprint(p.log), tt.says) {
				t.Errorf("exit code %d: %v", code, p.log)
			}
		})
	}
}
