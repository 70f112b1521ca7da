package observe

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"go.uber.org/zap"

	"ringroster/sync"
)

// nasty is what a name could hold to forge lines or to steer a terminal: a line
// break, escape, the one-byte CSI, a mark that reverses text, a line separator.
const nasty = "Ada\n2026 error forged\x1b[2J\u009b2J\u202eexample\u2028x\x7f"

// TestForeignTextBreaksNoLine in any format.
func TestForeignTextBreaksNoLine(t *testing.T) {
	for _, format := range []Format{Console, JSON} {
		var out bytes.Buffer
		log := NewLogger(&out, format, zap.DebugLevel)
		log.Info("conflict", zap.String("name", nasty), zap.Error(errors.New(nasty)))
		text, ok := strings.CutSuffix(out.String(), "\n")
		if !ok || strings.Contains(text, "\n") {
			t.Errorf("%s: not one line: %q", format, out.String())
		}
		if format == Console && strings.ContainsFunc(text, steers) {
			t.Errorf("%s: it steers the terminal: %q", format, text)
		}
		if format == JSON {
			var doc map[string]any
			if err := json.Unmarshal([]byte(text), &doc); err != nil || doc["name"] != nasty {
				t.Errorf("%s: %v: %q", format, err, text)
			}
		}
	}
}

// TestEveryChangeIsALine: zap samples by default, which would lose some.
func TestEveryChangeIsALine(t *testing.T) {
	var out bytes.Buffer
	log := NewLog(NewLogger(&out, JSON, zap.InfoLevel), time.Now)
	plan := &sync.Plan{Changes: make([]sync.Change, 5000)}
	for i := range plan.Changes {
		plan.Changes[i] = sync.Change{Kind: sync.Update, Member: int64(i + 1)}
	}
	log.Committed(1, sync.Run{}, &sync.Commit{Account: "acme", Plan: plan})
	if n := strings.Count(out.String(), `"event":"member_updated"`); n != 5000 {
		t.Errorf("%d lines", n)
	}
}

// TestALeaversLineSaysWhatTheyLeaveBehind, planned or held; no other line does.
func TestALeaversLineSaysWhatTheyLeaveBehind(t *testing.T) {
	var out bytes.Buffer
	log := NewLog(NewLogger(&out, JSON, zap.InfoLevel), time.Now)
	leaver := sync.Change{
		Kind: sync.Deactivate, Member: 1, Fields: []sync.FieldChange{{Field: "status", Before: "active", After: "inactive"}},
		Leaves: []sync.Left{{What: sync.LeftSupervised, Detail: "supervises 1 agent who remains: Ada Byron"}},
	}
	log.Committed(1, sync.Run{}, &sync.Commit{Account: "acme", Plan: &sync.Plan{
		Changes: []sync.Change{leaver, {Kind: sync.Update, Member: 2}}, Held: &sync.Held{Changes: []sync.Change{leaver}},
	}})
	want := `"leaves_behind":[{"what":"supervises","detail":"supervises 1 agent who remains: Ada Byron"}]`
	for line := range strings.SplitSeq(strings.TrimSpace(out.String()), "\n") {
		says := strings.Contains(line, want)
		leaves := strings.Contains(line, `"event":"member_deactivated"`) || strings.Contains(line, `"event":"member_held"`)
		if says != leaves || strings.Contains(line, "leaves_behind") != leaves {
			t.Errorf("line %s", line)
		}
	}
	if n := strings.Count(out.String(), want); n != 2 {
		t.Errorf("said %d times: %s", n, out.String())
	}
}

func TestALeaversLineSaysWhoDidIt(t *testing.T) {
	var out bytes.Buffer
	log := NewLog(NewLogger(&out, JSON, zap.InfoLevel), time.Now)
	at := time.Date(2026, 3, 2, 14, 2, 0, 0, time.UTC)
	leaver := sync.Change{
		Kind: sync.Deactivate, Member: 1, Reason: sync.ReasonRemoved, Fields: []sync.FieldChange{{Field: "status", Before: "active", After: "inactive"}},
		Source: &sync.Attribution{Log: sync.RingCXLog, At: at, Actor: "alex@example.com", Did: "removed"},
	}
	unknown := leaver
	unknown.Source = nil
	log.Committed(1, sync.Run{}, &sync.Commit{Account: "acme", Plan: &sync.Plan{
		Changes: []sync.Change{leaver, unknown}, Held: &sync.Held{Changes: []sync.Change{leaver}},
	}})
	want := `"source":"removed by alex@example.com on 2026-03-02 at 14:02 (RingCX audit log)","source_actor":"alex@example.com","source_at":"2026-03-02T14:02:00Z"`
	if n, all := strings.Count(out.String(), want), strings.Count(out.String(), "source"); n != 2 || all != 6 {
		t.Errorf("said %d times, and a part of it %d: %s", n, all, out.String())
	}
}

// TestAFaultOfOursIsLoggedWithItsStack, on the line of the account that it failed.
func TestAFaultOfOursIsLoggedWithItsStack(t *testing.T) {
	var out bytes.Buffer
	log := NewLog(NewLogger(&out, JSON, zap.InfoLevel), time.Now)
	log.Failed(7, sync.Run{}, "acme", fmt.Errorf("read: %w", sync.Contain(func() error { panic("a fault of ours") })))
	log.Failed(7, sync.Run{}, "beta", errors.New("503"))
	lines := strings.Split(out.String(), "\n")
	if !strings.Contains(lines[0], `"event":"account_failed"`) || !strings.Contains(lines[0], `TestAFaultOfOursIsLoggedWithItsStack`) {
		t.Errorf("got %s", lines[0])
	}
	if strings.Contains(lines[1], "stack") {
		t.Errorf("got %s", lines[1])
	}
}

func TestTheLevelIsChangedWhileItRuns(t *testing.T) {
	var out bytes.Buffer
	level := zap.NewAtomicLevel()
	log := NewLog(NewLogger(&out, JSON, level), time.Now)
	log.Call(Call{Op: "token"})
	level.SetLevel(zap.DebugLevel)
	log.Call(Call{Op: "agents", Path: "/voice/api/v1/admin", Status: 200})
	if got := out.String(); strings.Count(got, "\n") != 1 || !strings.Contains(got, `"op":"agents"`) {
		t.Errorf("got %s", got)
	}
}

// TestAnEndingJWTIsWarnedOfOnceADay, however often it is looked at, and at once where
// another one takes its place.
func TestAnEndingJWTIsWarnedOfOnceADay(t *testing.T) {
	var out bytes.Buffer
	now := noon
	clock := func() time.Time { return now }
	s := NewService(NewLog(NewLogger(&out, JSON, zap.InfoLevel), clock), NewMetrics("1.2.3", nil, clock))
	soon := noon.AddDate(0, 0, 20)
	for _, c := range []struct {
		what   string
		later  time.Duration
		end    time.Time
		warned bool
	}{
		{"the first time", 0, soon, true},
		{"an hour later", time.Hour, soon, false},
		{"the next day", 23 * time.Hour, soon, true},
		{"another JWT", time.Hour, soon.AddDate(0, 0, 1), true},
		{"one that lasts", 24 * time.Hour, soon.AddDate(1, 0, 0), false},
	} {
		out.Reset()
		now = now.Add(c.later)
		s.Expiry("acme", c.end)
		if warned := strings.Contains(out.String(), eventJWTExpiring); warned != c.warned {
			t.Errorf("%s: warned %t: %s", c.what, warned, out.String())
		}
	}
}
