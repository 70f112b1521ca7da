package main

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// TestTwoServicesOnOneRoster: the second says who the first is, and ends; so does one
// whose settings lead to the same roster through a link.
func TestTwoServicesOnOneRoster(t *testing.T) {
	h := newHost(t)
	first := h.start()
	first.hears(`^STATUS=run 1 succeeded .*; next .*T` + h.slot + `:00Z$`)
	who := fmt.Sprintf("another service works on this roster: process %d on ", first.Process.Pid)
	for _, database := range []string{"roster.db", "linked.db", "folder/roster.db"} {
		_ = os.Symlink("roster.db", filepath.Join(h.dir, "linked.db"))
		_ = os.Symlink(".", filepath.Join(h.dir, "folder"))
		h.edit("roster.db", database)
		second := h.start()
		if code := second.ends(); code != exitFailed || !strings.Contains(fmt.Sprint(second.log), who) {
			t.Errorf("%s: exit code %d: %v", database, code, second.log)
		}
		h.edit(database, "roster.db")
	}
	var out bytes.Buffer
	code := run(t.Context(), []string{"--config", h.file(), "status"}, strings.NewReader(""), &out, &out)
	if want := fmt.Sprintf("The service is running: process %d on ", first.Process.Pid); code != exitDone || !strings.Contains(out.String(), want) {
		t.Errorf("status: code %d\n%s", code, &out)
	}
	first.signal(syscall.SIGTERM)
	if code := first.ends(); code != 0 {
		t.Errorf("exit code %d: %v", code, first.log)
	}
	if got := h.runs(); len(got) != 1 {
		t.Errorf("runs %q", got)
	}
	out.Reset()
	code = run(t.Context(), []string{"--config", h.file(), "status"}, strings.NewReader(""), &out, &out)
	if code != exitDone || !strings.Contains(out.String(), "No service is running.") {
		t.Errorf("status: code %d\n%s", code, &out)
	}
}

// TestR27TheRosterIsMovedAway under the service: it writes nothing, and says so; nor does
// the command line make a second one. Put back, it goes on.
func TestR27TheRosterIsMovedAway(t *testing.T) {
	t.Setenv("WATCHDOG_USEC", "3000000") // a tick each second
	h := newHost(t)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := l.Addr().String()
	_ = l.Close()
	h.edit("accounts:", "http: {listen: \""+address+"\"}\naccounts:")
	p := h.start()
	p.hears(`^STATUS=run 1 succeeded .*; next .*T` + h.slot + `:00Z$`)
	path := filepath.Join(h.dir, "roster.db")
	if err := os.Rename(path, path+".away"); err != nil {
		t.Fatal(err)
	}
	p.hears(`^STATUS=no runs: .*roster.db is no longer the file that was opened`)
	if got := p.events("daemon_trouble", 1); len(got) != 1 || got[0]["doing"] != "work on the roster" {
		t.Errorf("the log says %v", got)
	}
	if code := h.ready(address); code != http.StatusServiceUnavailable {
		t.Errorf("/readyz answers %d", code)
	}
	var out bytes.Buffer
	for _, command := range []string{"sync", "status", "plan"} {
		out.Reset()
		code := run(t.Context(), []string{"--config", h.file(), command}, strings.NewReader(""), io.Discard, &out)
		if code != exitFailed || !strings.Contains(out.String(), "is gone") {
			t.Errorf("%s: code %d, %s", command, code, &out)
		}
	}
	if _, err := os.Stat(path); err == nil {
		t.Error("there is a second roster")
	}
	if err := os.Rename(path+".away", path); err != nil {
		t.Fatal(err)
	}
	p.hears(`^STATUS=run 1 succeeded `)
	if code := h.ready(address); code != http.StatusOK {
		t.Errorf("/readyz answers %d", code)
	}
	p.signal(syscall.SIGTERM)
	if code := p.ends(); code != 0 {
		t.Errorf("exit code %d: %v", code, p.log)
	}
	if got := h.runs(); len(got) != 1 {
		t.Errorf("runs %q", got)
	}
}

func (h *host) ready(address string) int {
	h.t.Helper()
	resp, err := http.Get("http://" + address + "/readyz")
	if err != nil {
		h.t.Fatal(err)
	}
	_ = resp.Body.Close()
	return resp.StatusCode
}
