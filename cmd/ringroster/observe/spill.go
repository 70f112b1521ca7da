package observe

import (
	"io"
	"os"
	"sync/atomic"

	"golang.org/x/sys/unix"
)

// spill writes what journald did not take to standard error. Under systemd that is
// a socket of journald's again, which is as stuck when its buffer is full: such a
// line is counted and lost, because a write that waited would keep the service
// from working and from stopping.
type spill struct {
	w    io.Writer
	torn bool // the last line was cut
	lost atomic.Int64
}

// Write writes a line, or loses it.
func (s *spill) Write(line []byte) (int, error) {
	if _, err := s.write(EscapeJSON(line)); err != nil {
		return 0, err
	}
	return len(line), nil
}

func (s *spill) write(line []byte) (int, error) {
	file, ok := s.w.(*os.File)
	if !ok {
		return s.w.Write(line)
	}
	if info, err := file.Stat(); err != nil || info.Mode()&os.ModeSocket == 0 {
		return file.Write(line)
	}
	text := line
	if s.torn {
		text = append([]byte("\n"), line...)
	}
	n, err := writeNow(file, text)
	if n > 0 {
		s.torn = n < len(text)
	}
	if n < len(text) {
		s.lost.Add(1)
	}
	if err == unix.EAGAIN { //nolint:errorlint // a bare number of the system's
		err = nil
	}
	return len(line), err
}

// Sync has nothing to do: nothing is held back.
func (s *spill) Sync() error { return nil }

// writeNow writes as much to a socket as it takes without waiting.
func writeNow(socket *os.File, text []byte) (n int, err error) {
	raw, err := socket.SyscallConn()
	if err != nil {
		return 0, err
	}
	var sent error
	err = raw.Write(func(fd uintptr) bool {
		n, sent = unix.SendmsgN(int(fd), text, nil, nil, unix.MSG_DONTWAIT|unix.MSG_NOSIGNAL)
		return true
	})
	if err == nil {
		err = sent
	}
	return max(n, 0), err
}
