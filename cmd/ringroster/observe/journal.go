package observe

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"net"
	"os"
	"slices"
	"strconv"
	"strings"
	stdsync "sync"
	"syscall"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"golang.org/x/sys/unix"
)

// journalSocket is where journald listens (systemd's native protocol,
// https://systemd.io/JOURNAL_NATIVE_PROTOCOL/).
const journalSocket = "/run/systemd/journal/socket"

// How long journald may keep a line waiting. It is slow at times, and no line is
// lost for that; but when it is stuck, the service must not be: one line waits for
// journalPatience, the next ones go to standard error at once, and every
// journalPause one line tries journald again, for no longer than journalProbe.
const (
	journalPatience = 5 * time.Second
	journalPause    = 10 * time.Second
	journalProbe    = 50 * time.Millisecond
)

// isJournal says whether journald reads what is written to f: systemd names its
// stream by device and inode.
func isJournal(f *os.File) bool {
	var dev, ino uint64
	if n, err := fmt.Sscanf(os.Getenv("JOURNAL_STREAM"), "%d:%d", &dev, &ino); err != nil || n != 2 {
		return false
	}
	info, err := f.Stat()
	if err != nil {
		return false
	}
	stat, ok := info.Sys().(*syscall.Stat_t)
	return ok && stat.Dev == dev && stat.Ino == ino
}

// journal is a zapcore.Core that sends each event to journald with its fields,
// by which journalctl selects: EVENT=member_updated ACCOUNT=acme.
type journal struct {
	zapcore.Core // for what journald does not take; it also knows the level
	fields       []zapcore.Field
	socket       *socket
	spill        *spill // where otherwise writes
}

func newJournal(path string, enc zapcore.Encoder, otherwise io.Writer, level zapcore.LevelEnabler) *journal {
	w := &spill{w: otherwise}
	return &journal{Core: zapcore.NewCore(enc, zapcore.Lock(w), level), socket: &socket{path: path, patience: journalPatience}, spill: w}
}

// With keeps fields for each event to come.
func (j *journal) With(fields []zapcore.Field) zapcore.Core {
	return &journal{Core: j.Core.With(fields), fields: slices.Concat(j.fields, fields), socket: j.socket, spill: j.spill}
}

// Check adds the journal to those who write an event.
func (j *journal) Check(e zapcore.Entry, c *zapcore.CheckedEntry) *zapcore.CheckedEntry {
	if j.Enabled(e.Level) {
		return c.AddCore(e, j)
	}
	return c
}

// Write sends one event. What journald does not take goes where it went before
// there was one.
func (j *journal) Write(e zapcore.Entry, fields []zapcore.Field) error {
	if err := j.socket.send(record(e, slices.Concat(j.fields, fields))); err != nil {
		return errors.Join(err, j.Core.Write(e, fields))
	}
	if lost := j.spill.lost.Swap(0); lost > 0 {
		e.Level, e.Message = zapcore.WarnLevel, eventLinesLost
		_ = j.socket.send(record(e, []zapcore.Field{zap.Int64("lines", lost)})) // it stands in no other place
	}
	return nil
}

// record is an event in journald's protocol. MESSAGE is for readers.
func record(e zapcore.Entry, fields []zapcore.Field) []byte {
	enc := zapcore.NewMapObjectEncoder()
	for _, f := range fields {
		f.AddTo(enc)
	}
	message := []string{e.Message}
	var b []byte
	for _, key := range slices.Sorted(maps.Keys(enc.Fields)) {
		text := journalText(enc.Fields[key])
		if text == "" {
			continue
		}
		if key != "stack" {
			message = append(message, key+"="+quoteIfNeeded(text))
		}
		b = appendField(b, journalKey(key), text)
	}
	b = appendField(b, "MESSAGE", strings.Join(message, " "))
	b = appendField(b, "EVENT", e.Message)
	b = appendField(b, "PRIORITY", priority(e.Level))
	return appendField(b, "SYSLOG_IDENTIFIER", "ringroster")
}

// journalKey makes a field's name one of journald's: capitals, digits and _.
func journalKey(key string) string {
	return strings.Map(func(r rune) rune {
		if r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' {
			return r
		}
		return '_'
	}, strings.ToUpper(key))
}

func journalText(value any) string {
	switch v := value.(type) {
	case string:
		return v
	case time.Time:
		return v.UTC().Format(time.RFC3339)
	case time.Duration:
		return strconv.FormatFloat(v.Seconds(), 'f', -1, 64)
	case bool, int, int64:
		return fmt.Sprint(v)
	}
	text, err := json.Marshal(value)
	if err != nil {
		return fmt.Sprint(value)
	}
	return string(text)
}

// quoteIfNeeded makes a value one word of a message.
func quoteIfNeeded(text string) string {
	if strings.ContainsFunc(text, func(r rune) bool { return r == ' ' || r == '"' || r == '=' || steers(r) }) {
		return strconv.Quote(text)
	}
	return text
}

// appendField writes one field: name=value, or with its length when the value
// has several lines.
func appendField(b []byte, key, value string) []byte {
	b = append(b, key...)
	if !strings.Contains(value, "\n") {
		b = append(b, '=')
	} else {
		b = append(b, '\n')
		b = binary.LittleEndian.AppendUint64(b, uint64(len(value)))
	}
	b = append(b, value...)
	return append(b, '\n')
}

// priority is a level as syslog numbers them.
func priority(l zapcore.Level) string {
	switch {
	case l >= zapcore.ErrorLevel:
		return "3"
	case l == zapcore.WarnLevel:
		return "4"
	case l == zapcore.InfoLevel:
		return "6"
	default:
		return "7"
	}
}

// socket is the way to journald. It is connected, so that a write waits while
// journald's queue is full, and connected anew when journald was restarted.
type socket struct {
	path     string
	patience time.Duration

	mu    stdsync.Mutex
	conn  *net.UnixConn
	stuck bool      // the last line that tried waited in vain
	again time.Time // when the next one tries, while stuck
}

var errJournalStuck = errors.New("journald does not take anything at present")

// send writes one record, or gives up after a wait.
func (s *socket) send(record []byte) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	patience := s.patience
	if s.stuck {
		if time.Now().Before(s.again) {
			return errJournalStuck
		}
		patience = journalProbe
	}
	err := s.deliver(record, patience)
	if s.stuck = errors.Is(err, os.ErrDeadlineExceeded); s.stuck {
		s.again = time.Now().Add(journalPause)
	}
	return err
}

// deliver connects where there is no connection, and once anew where the one there
// is leads nowhere any more.
func (s *socket) deliver(record []byte, patience time.Duration) (err error) {
	for range 2 {
		if s.conn == nil {
			if s.conn, err = net.DialUnix("unixgram", nil, &net.UnixAddr{Name: s.path, Net: "unixgram"}); err != nil {
				return fmt.Errorf("reach journald: %w", err)
			}
		}
		if err = s.write(record, patience); err == nil {
			return nil
		}
		if errors.Is(err, os.ErrDeadlineExceeded) {
			break
		}
		_ = s.conn.Close()
		s.conn = nil
	}
	return fmt.Errorf("write to journald: %w", err)
}

func (s *socket) write(record []byte, patience time.Duration) error {
	if err := s.conn.SetWriteDeadline(time.Now().Add(patience)); err != nil {
		return err
	}
	_, err := s.conn.Write(record)
	if errors.Is(err, unix.EMSGSIZE) || errors.Is(err, unix.ENOBUFS) {
		return s.writeFile(record)
	}
	return err
}

// writeFile hands over a record that is too large for a datagram as a sealed
// file in memory.
func (s *socket) writeFile(record []byte) error {
	fd, err := unix.MemfdCreate("ringroster-journal", unix.MFD_ALLOW_SEALING|unix.MFD_CLOEXEC)
	if err != nil {
		return &fs.PathError{Op: "memfd_create", Path: "journal", Err: err}
	}
	file := os.NewFile(uintptr(fd), "journal")
	defer func() { _ = file.Close() }()
	if _, err := file.Write(record); err != nil {
		return err
	}
	const seals = unix.F_SEAL_SHRINK | unix.F_SEAL_GROW | unix.F_SEAL_WRITE | unix.F_SEAL_SEAL
	if _, err := unix.FcntlInt(file.Fd(), unix.F_ADD_SEALS, seals); err != nil {
		return err
	}
	return s.writeRights(unix.UnixRights(int(file.Fd())))
}

// writeRights sends a descriptor, waiting like Write: net's own way refuses a
// connected socket.
func (s *socket) writeRights(rights []byte) error {
	raw, err := s.conn.SyscallConn()
	if err != nil {
		return err
	}
	var sent error
	err = raw.Write(func(fd uintptr) bool {
		sent = unix.Sendmsg(int(fd), nil, rights, nil, 0)
		return !errors.Is(sent, unix.EAGAIN)
	})
	return errors.Join(err, sent)
}
