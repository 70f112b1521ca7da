package main

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"ringroster/ringcentral/simulator"
)

// unread is a pipe whose reader has gone away.
func unread(t *testing.T) *os.File {
	t.Helper()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = w.Close() })
	_ = r.Close()
	return w
}

// TestTheServiceKeepsRunningUnread: the reader of standard error went away, which
// costs lines of the log, and nothing else (containerd #580).
func TestTheServiceKeepsRunningUnread(t *testing.T) {
	h := newHost(t)
	p := h.prepare()
	p.Stderr, p.Stdout = unread(t), unread(t)
	if err := p.Start(); err != nil {
		t.Fatal(err)
	}
	p.hears(`^STATUS=run 1 succeeded .*; next .*T` + h.slot + `:00Z$`)
	p.signal(syscall.SIGHUP)
	p.hears("^RELOADING=1$")
	p.hears("^READY=1$")
	p.signal(syscall.SIGTERM)
	p.hears("^STOPPING=1$")
	if err := p.Wait(); err != nil {
		t.Errorf("it ended with %v", err)
	}
}

// TestCommandsEndQuietlyUnread, after they did what they were asked to do. What
// else there is to report wins over that not all of it was read.
func TestCommandsEndQuietlyUnread(t *testing.T) {
	h := newHost(t)
	sync := func(want int) {
		t.Helper()
		if code, said := h.unread("sync"); code != want || strings.Contains(said, "ringroster:") {
			t.Errorf("sync: exit code %d, want %d; said %q", code, want, said)
		}
	}
	sync(exitUnread)
	if got := h.runs(); len(got) != 1 || got[0] != "manual succeeded" {
		t.Errorf("runs %q", got)
	}
	for _, args := range [][]string{{"roster", "list"}, {"roster", "export"}, {"status", "-o", "json"}, {"check"}, {"version"}, {"--help"}, {"plan"}} {
		if code, said := h.unread(args...); code != exitUnread || said != "" {
			t.Errorf("%v: exit code %d, said %q", args, code, said)
		}
	}
	h.server.Change(func(w *simulator.World) {
		w.Faults = []*simulator.Fault{{Kind: "status", Op: simulator.OpExtensions, Status: 403}}
	})
	sync(exitFailed)
}

// unread runs a command whose output nobody reads.
func (h *host) unread(args ...string) (code int, stderr string) {
	h.t.Helper()
	exe, err := os.Executable()
	if err != nil {
		h.t.Fatal(err)
	}
	var said bytes.Buffer
	c := exec.CommandContext(h.t.Context(), exe, append([]string{"--config", h.file()}, args...)...)
	c.Args[0], c.Stdout, c.Stderr, c.WaitDelay = "ringroster", unread(h.t), &said, time.Minute
	err = c.Run()
	if exit, ok := errors.AsType[*exec.ExitError](err); err != nil && !ok {
		h.t.Fatal(exit, err)
	}
	return c.ProcessState.ExitCode(), said.String()
}
