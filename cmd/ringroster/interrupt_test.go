package main

import (
	"bytes"
	"context"
	"io"
	"regexp"
	"strings"
	"testing"
	"time"

	"ringroster/ringcentral/simulator"
)

// TestCtrlCSaysWhatWasInterrupted, and what was applied until then.
func TestCtrlCSaysWhatWasInterrupted(t *testing.T) {
	h := newHost(t)
	if code := run(t.Context(), []string{"--config", h.file(), "sync"}, strings.NewReader(""), &bytes.Buffer{}, &bytes.Buffer{}); code != exitDone {
		t.Fatal("exit code", code)
	}
	h.server.Change(func(w *simulator.World) {
		w.Faults = []*simulator.Fault{{Kind: "latency", Op: simulator.OpExtensions, Delay: simulator.Duration(time.Minute)}}
	})
	for len(h.asked) > 0 {
		<-h.asked
	}
	for _, tt := range []struct{ args, want string }{
		{"sync", "demo failed, its roster is untouched: stopped before anything was applied: it was interrupted"},
		{"sync --user imani.ng@example.com", "ringroster: `ringroster sync` was interrupted: nothing was applied"},
		{"plan", "demo: no plan: stopped before anything was applied: it was interrupted"},
		{"plan -o csv", "demo: no plan: stopped before anything was applied: it was interrupted"},
		{"explain imani.ng@example.com", "ringroster: `ringroster explain` was interrupted: nothing was applied"},
		{"directory", "demo: nobody could be listed: stopped before anything was applied: it was interrupted"},
		{"import imani.ng@example.com --yes", "ringroster: `ringroster import` was interrupted: nothing was applied"},
		{"roster link 5 imani.ng@example.com", "ringroster: `ringroster roster link` was interrupted: nothing was applied"},
	} {
		ctx, interrupt := context.WithCancel(t.Context())
		go func() {
			<-h.asked // it is in the middle of its reading
			interrupt()
		}()
		var out bytes.Buffer
		code := run(ctx, append([]string{"--config", h.file()}, strings.Fields(tt.args)...), strings.NewReader(""), &out, &out)
		if code != exitFailed || !strings.Contains(out.String(), tt.want) || strings.Contains(out.String(), "context canceled") {
			t.Errorf("%s: exit code %d, said %s", tt.args, code, out.String())
		}
	}
	if got := h.runs(); len(got) != 2 || got[0] != "manual failed" {
		t.Errorf("runs %q", got)
	}
}

// TestCtrlCSaysThatRingCentralDidNotAnswer, which the line of progress said until then.
func TestCtrlCSaysThatRingCentralDidNotAnswer(t *testing.T) {
	h := newHost(t)
	h.edit("schedule:", "log: {level: debug}\nschedule:")
	h.server.Change(func(w *simulator.World) { w.Faults = []*simulator.Fault{{Kind: "cut", Op: simulator.OpExtensions}} })
	const silent = `while waiting for RingCentral, which had not answered \(.*EOF\)`
	for args, want := range map[string]string{
		"sync": "demo failed, its roster is untouched: stopped before anything was applied: it was interrupted " + silent,
		"sync --account demo --user imani.ng@example.com": "ringroster: `ringroster sync` was interrupted " + silent + ": nothing was applied",
	} {
		ctx, interrupt := context.WithCancel(t.Context())
		var out bytes.Buffer
		said := whenSaid{&out, `"waiting":`, interrupt}
		code := run(ctx, append([]string{"--config", h.file()}, strings.Fields(args)...), strings.NewReader(""), &out, said)
		if code != exitFailed || !regexp.MustCompile(want).MatchString(out.String()) {
			t.Errorf("%s: exit code %d, said %s", args, code, out.String())
		}
	}
}

// whenSaid is a writer that does something once a text is written to it.
type whenSaid struct {
	io.Writer
	text string
	then func()
}

func (w whenSaid) Write(line []byte) (int, error) {
	if bytes.Contains(line, []byte(w.text)) {
		w.then()
	}
	return w.Writer.Write(line)
}
