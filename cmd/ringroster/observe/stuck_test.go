package observe

import (
	"bufio"
	"bytes"
	"io"
	"os"
	"strings"
	"testing"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"golang.org/x/sys/unix"
)

// stuckLogger writes to a journald that takes nothing once its queue is full.
func stuckLogger(t *testing.T, otherwise io.Writer, patience time.Duration) (*journald, *journal, *zap.Logger) {
	t.Helper()
	j := newJournald(t)
	core := newJournal(j.path, zapcore.NewJSONEncoder(encoderConfig()), otherwise, zap.DebugLevel)
	core.socket.patience = patience
	return j, core, zap.New(core)
}

// TestJournalStuckWaitsOnce for 800 lines, each of which waited twice 30 seconds
// with the roster's lock held; then tries again.
func TestJournalStuckWaitsOnce(t *testing.T) {
	const lines, patience = 800, 100 * time.Millisecond
	var otherwise bytes.Buffer
	j, core, log := stuckLogger(t, &otherwise, patience)
	began := time.Now()
	for range lines {
		log.Info("member_onboarded")
	}
	if took := time.Since(began); took < patience || took > lines*patience/4 {
		t.Errorf("%d lines took %s: the first waits for %s, and no other", lines, took, patience)
	}
	elsewhere := strings.Count(otherwise.String(), "member_onboarded")
	for range lines - elsewhere {
		if got := j.next()["EVENT"]; got != "member_onboarded" {
			t.Errorf("got %s", got)
		}
	}
	log.Info("too_early")
	core.socket.again = time.Now()
	log.Info("after")
	if got := j.next()["EVENT"]; got != "after" || !strings.Contains(otherwise.String(), "too_early") {
		t.Errorf("got %s, and elsewhere %s", got, otherwise.String()[max(0, otherwise.Len()-200):])
	}
	log.Info("later")
	if got := j.next()["EVENT"]; got != "later" {
		t.Errorf("got %s", got)
	}
}

// TestJournalStuckWithStandardError, which is journald's as well: no line waits,
// and how many were lost is told afterwards.
func TestJournalStuckWithStandardError(t *testing.T) {
	pair, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	stderr, reader := os.NewFile(uintptr(pair[0]), "stderr"), os.NewFile(uintptr(pair[1]), "journald")
	defer func() { _ = stderr.Close(); _ = reader.Close() }()
	j, core, log := stuckLogger(t, stderr, 10*time.Millisecond)
	text, sent := strings.Repeat("x", 1000), 0
	for core.spill.lost.Load() < 5 {
		log.Info("line", zap.String("text", text))
		sent++
	}
	lost := int(core.spill.lost.Load())
	// Journald is well again: it reads its queue and the stream.
	queue := 0
	_ = j.conn.SetReadDeadline(time.Now().Add(10 * time.Millisecond))
	for data := make([]byte, 1<<16); ; queue++ {
		if _, err := j.conn.Read(data); err != nil {
			break
		}
	}
	log.Info("still_elsewhere")
	_ = stderr.Close()
	whole, last := 0, ""
	for scan := bufio.NewScanner(reader); scan.Scan(); last = scan.Text() {
		if strings.HasSuffix(scan.Text(), `x"}`) {
			whole++
		}
	}
	if queue+whole+lost != sent || !strings.Contains(last, "still_elsewhere") && lost == int(core.spill.lost.Load()) {
		t.Errorf("of %d lines %d are in the queue, %d in the stream, %d lost; the last is %.100s", sent, queue, whole, lost, last)
	}
	core.socket.again = time.Now()
	log.Info("after")
	if got := j.next()["EVENT"]; got != "after" {
		t.Errorf("got %s", got)
	}
	if got := j.next(); got["EVENT"] != "log_lines_lost" || got["LINES"] == "" || got["PRIORITY"] != "4" {
		t.Errorf("got %v", got)
	}
}
