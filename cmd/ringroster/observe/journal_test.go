package observe

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"golang.org/x/sys/unix"

	"ringroster/sync"
)

// journald is a socket that takes records as journald does.
type journald struct {
	t    *testing.T
	path string
	conn *net.UnixConn
}

func newJournald(t *testing.T) *journald {
	t.Helper()
	j := &journald{t: t, path: filepath.Join(t.TempDir(), "socket")}
	j.listen()
	return j
}

func (j *journald) listen() {
	j.t.Helper()
	var err error
	j.conn, err = net.ListenUnixgram("unixgram", &net.UnixAddr{Name: j.path, Net: "unixgram"})
	if err != nil {
		j.t.Fatal(err)
	}
	conn := j.conn
	j.t.Cleanup(func() { _ = conn.Close() })
}

// next receives one record: from the datagram, or from the file handed over.
func (j *journald) next() map[string]string {
	j.t.Helper()
	data, oob := make([]byte, 1<<18), make([]byte, 64)
	_ = j.conn.SetReadDeadline(time.Now().Add(10 * time.Second))
	n, oobn, _, _, err := j.conn.ReadMsgUnix(data, oob)
	if err != nil {
		j.t.Fatal(err)
	}
	data = data[:n]
	if oobn > 0 {
		data = j.file(oob[:oobn])
	}
	return fieldsOf(j.t, data)
}

func (j *journald) file(oob []byte) []byte {
	j.t.Helper()
	messages, err := unix.ParseSocketControlMessage(oob)
	if err != nil {
		j.t.Fatal(err)
	}
	fds, err := unix.ParseUnixRights(&messages[0])
	if err != nil {
		j.t.Fatal(err)
	}
	seals, err := unix.FcntlInt(uintptr(fds[0]), unix.F_GET_SEALS, 0)
	if err != nil || seals&unix.F_SEAL_WRITE == 0 {
		j.t.Errorf("journald takes sealed files only: seals %x, %v", seals, err)
	}
	file := os.NewFile(uintptr(fds[0]), "record")
	defer func() { _ = file.Close() }()
	data, err := io.ReadAll(io.NewSectionReader(file, 0, 1<<30))
	if err != nil {
		j.t.Fatal(err)
	}
	return data
}

// fieldsOf reads a record as the protocol has it.
func fieldsOf(t *testing.T, data []byte) map[string]string {
	t.Helper()
	fields := map[string]string{}
	for len(data) > 0 {
		line, rest, _ := bytes.Cut(data, []byte("\n"))
		name, value, short := bytes.Cut(line, []byte("="))
		if !short {
			size := binary.LittleEndian.Uint64(rest)
			value, rest = rest[8:8+size], rest[8+size+1:]
		}
		fields[string(name)], data = string(value), rest
	}
	return fields
}

func journalLogger(path string, otherwise io.Writer) *zap.Logger {
	return zap.New(newJournal(path, zapcore.NewJSONEncoder(encoderConfig()), otherwise, zap.DebugLevel))
}

func TestJournalFields(t *testing.T) {
	j := newJournald(t)
	log := journalLogger(j.path, io.Discard).With(zap.Int64("run_id", 7), zap.String("account", "acme"))
	log.Warn("member_held", zap.Int64("member_id", 12), zap.String("kind", "deactivate"), zap.String("reason", "removed"),
		zap.String("name", "Ada Example"), zap.String("before", "a\nMESSAGE=forged"), zap.String("after", ""),
		zap.Duration("duration", 1500*time.Millisecond), zap.Strings("accounts", []string{"a", "b"}),
		zap.Time("expires_at", time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)), zap.Bool("held", true))
	want := map[string]string{
		"EVENT": "member_held", "PRIORITY": "4", "SYSLOG_IDENTIFIER": "ringroster", "RUN_ID": "7", "ACCOUNT": "acme",
		"MEMBER_ID": "12", "KIND": "deactivate", "REASON": "removed", "NAME": "Ada Example", "BEFORE": "a\nMESSAGE=forged",
		"DURATION": "1.5", "ACCOUNTS": `["a","b"]`, "EXPIRES_AT": "2026-01-02T03:04:05Z", "HELD": "true",
		"MESSAGE": `member_held account=acme accounts="[\"a\",\"b\"]" before="a\nMESSAGE=forged" duration=1.5 ` +
			`expires_at=2026-01-02T03:04:05Z held=true kind=deactivate member_id=12 name="Ada Example" reason=removed run_id=7`,
	}
	if diff := cmp.Diff(want, j.next()); diff != "" {
		t.Error(diff)
	}
}

func TestJournalPriorities(t *testing.T) {
	j := newJournald(t)
	log := journalLogger(j.path, io.Discard)
	for want, write := range map[string]func(string, ...zap.Field){"7": log.Debug, "6": log.Info, "4": log.Warn, "3": log.Error} {
		write("event")
		if got := j.next()["PRIORITY"]; got != want {
			t.Errorf("priority %s, want %s", got, want)
		}
	}
}

// TestJournalLosesNoLine of a first load of 20,000, with a reader slower than the
// writer and a queue that is full most of the time.
func TestJournalLosesNoLine(t *testing.T) {
	const people = 20_000
	j := newJournald(t)
	var lost bytes.Buffer
	log := NewLog(journalLogger(j.path, &lost), time.Now)
	c := &sync.Commit{Account: "acme", Plan: &sync.Plan{}}
	for i := range people {
		c.Plan.Changes = append(c.Plan.Changes, sync.Change{
			Kind: sync.Onboard, Person: fmt.Sprintf("rc:%d", i), Name: "Ada Example", Email: "ada@example.com",
			Reason: "new", Member: int64(i + 1),
		})
	}
	go log.Committed(1, sync.Run{Actor: "wfm-sync"}, c)
	for i := range people {
		got := j.next()
		if got["EVENT"] != "member_onboarded" || got["MEMBER_ID"] != fmt.Sprint(i+1) || got["ACTOR"] != "wfm-sync" {
			t.Fatalf("line %d is %v", i, got)
		}
	}
	if got := j.next(); got["EVENT"] != "account_synced" {
		t.Errorf("the last line is %v", got)
	}
	if lost.Len() > 0 {
		t.Errorf("some went elsewhere: %s", lost.String())
	}
}

// TestJournalTakesLargeRecords, beyond what a datagram holds.
func TestJournalTakesLargeRecords(t *testing.T) {
	j := newJournald(t)
	large := strings.Repeat("logins ", 100_000)
	journalLogger(j.path, io.Discard).Info("member_updated", zap.String("after", large))
	if got := j.next(); got["AFTER"] != large || got["EVENT"] != "member_updated" {
		t.Errorf("got %d bytes of %d", len(got["AFTER"]), len(large))
	}
}

func TestJournalRestarts(t *testing.T) {
	j := newJournald(t)
	var lost bytes.Buffer
	log := journalLogger(j.path, &lost)
	log.Info("before")
	if got := j.next()["EVENT"]; got != "before" {
		t.Error(got)
	}
	_ = j.conn.Close()
	_ = os.Remove(j.path)
	log.Info("between", zap.String("account", "acme"))
	if got := lost.String(); !strings.Contains(got, `"event":"between","account":"acme"`) {
		t.Errorf("what journald does not take is not in stderr: %q", got)
	}
	j.listen()
	log.Info("after")
	if got := j.next()["EVENT"]; got != "after" {
		t.Error(got)
	}
}

// TestAutoFormat: systemd names the stream that the journal reads.
func TestAutoFormat(t *testing.T) {
	file, err := os.Create(filepath.Join(t.TempDir(), "stderr"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = file.Close() }()
	var stat unix.Stat_t
	if err := unix.Fstat(int(file.Fd()), &stat); err != nil {
		t.Fatal(err)
	}
	own := fmt.Sprintf("%d:%d", stat.Dev, stat.Ino)
	for stream, want := range map[string]Format{own: Journal, "": JSON, "1:1": JSON, "nonsense": JSON} {
		t.Setenv("JOURNAL_STREAM", stream)
		if got := Auto.For(file); got != want {
			t.Errorf("JOURNAL_STREAM=%q: %s, want %s", stream, got, want)
		}
	}
	if got := Auto.For(&bytes.Buffer{}); got != JSON {
		t.Errorf("not a file: %s", got)
	}
	if got := Console.For(file); got != Console {
		t.Errorf("console as asked for: %s", got)
	}
}

func BenchmarkJournal(b *testing.B) {
	path := filepath.Join(b.TempDir(), "socket")
	conn, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: path, Net: "unixgram"})
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	go func() {
		data := make([]byte, 1<<16)
		for {
			if _, err := conn.Read(data); err != nil {
				return
			}
		}
	}()
	log := journalLogger(path, io.Discard).With(zap.Int64("run_id", 7))
	for b.Loop() {
		log.Info("member_onboarded", zap.Int64("member_id", 12), zap.String("name", "Ada Example"), zap.String("email", "ada@example.com"))
	}
}
