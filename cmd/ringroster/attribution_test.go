package main

import (
	"bytes"
	"encoding/json"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"ringroster/cmd/ringroster/wire"
	"ringroster/ringcentral/simulator"
)

// With attribution off, a run makes exactly the calls it made before there was any. With it
// on, a leaver takes a call to each log, and a crowd no more.
func TestAttributionTakesAFewCalls(t *testing.T) {
	for _, c := range []struct {
		name    string
		more    string
		leavers int
		want    map[simulator.Operation]int
		status  int
	}{
		{name: "off", leavers: 1},
		{name: "on and nobody leaves", more: "attribution: {enabled: true}\n"},
		{name: "on with a leaver", more: "attribution: {enabled: true}\n", leavers: 1, want: map[simulator.Operation]int{simulator.OpAuditLog: 1, simulator.OpAuditTrail: 1}},
		{name: "on with a crowd", more: "attribution: {enabled: true}\n", leavers: 120, want: map[simulator.Operation]int{simulator.OpAuditLog: 2, simulator.OpAuditTrail: 1}, status: exitHeld},
	} {
		t.Run(c.name, func(t *testing.T) {
			world := simulator.GenerateWith(simulator.GenerateOptions{People: 600, SubAccounts: 2, Groups: 6})
			world.AuditDelay = simulator.Duration(time.Nanosecond)
			world.Accounts[0].Scopes = []string{"ReadAccounts", "ReadAuditTrail"}
			server := simulator.New(world, simulator.Options{})
			listener := httptest.NewServer(server)
			defer listener.Close()
			settings := filepath.Join(t.TempDir(), "config.yaml")
			text := strings.Replace(wire.SimulatorSettings(world, listener.Listener.Addr().String()), "roster.db", filepath.Join(filepath.Dir(settings), "roster.db"), 1)
			if err := writeNew(settings, text+c.more); err != nil {
				t.Fatal(err)
			}
			command := func(want int, args ...string) string {
				t.Helper()
				var out, errors bytes.Buffer
				if code := run(t.Context(), append([]string{"--config", settings}, args...), strings.NewReader(""), &out, &errors); code != want {
					t.Fatalf("%v: exit code %d\n%s%s", args, code, out.String(), errors.String())
				}
				return out.String()
			}
			command(exitDone, "sync", "--new")
			server.Change(func(w *simulator.World) {
				for range c.leavers {
					w.Accounts[0].Leave(nth(w.Accounts[0], 0))
				}
			})
			server.ResetCounters()
			// A token, an exchange and a revoke; the account, administrators and sub-accounts;
			// the groups of two, the agents of six; a page of extensions.
			want := 3 + 3 + 2 + 6 + 1
			if c.leavers > 0 {
				want += 2 + 2 + 6 // the second look (R2)
			}
			for _, n := range c.want {
				want += n
			}
			var doc syncDocument
			if err := json.Unmarshal([]byte(command(c.status, "sync", "--output", "json")), &doc); err != nil {
				t.Fatal(err)
			}
			calls, got := server.Calls(), 0
			for _, n := range calls {
				got += n
			}
			if got != want || got != doc.Accounts[0].APICalls {
				t.Errorf("%d calls, want %d; the run says %d: %v", got, want, doc.Accounts[0].APICalls, calls)
			}
			for _, op := range []simulator.Operation{simulator.OpAuditLog, simulator.OpAuditTrail, simulator.OpOwnRegional} {
				if calls[op] != c.want[op] {
					t.Errorf("%s: %d calls, want %d", op, calls[op], c.want[op])
				}
			}
		})
	}
}
