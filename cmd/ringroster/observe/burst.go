package observe

import (
	"io"
	"maps"

	"go.uber.org/zap/zapcore"
)

// burstSize is how much at most is written at once of lines that wait for each other:
// what a pipe takes in one piece, whoever else writes to it (PIPE_BUF, pipe(7)).
const burstSize = 4 << 10

// burst is a zapcore.Core that writes the lines about members and contacts, of which
// a first run has one for each, many at a time. With any other event all that wait
// are written: the summary of the account follows them at once.
type burst struct{ zapcore.Core }

// newBurst writes to w, as one goroutine at a time would.
func newBurst(enc zapcore.Encoder, w io.Writer, level zapcore.LevelEnabler) burst {
	return burst{zapcore.NewCore(enc, zapcore.Lock(&gathered{w: w}), level)}
}

// With keeps fields for each event to come.
func (b burst) With(fields []zapcore.Field) zapcore.Core { return burst{b.Core.With(fields)} }

// Check adds the burst to those who write an event.
func (b burst) Check(e zapcore.Entry, c *zapcore.CheckedEntry) *zapcore.CheckedEntry {
	if b.Enabled(e.Level) {
		return c.AddCore(e, b)
	}
	return c
}

// Write writes an event, unless a summary follows.
func (b burst) Write(e zapcore.Entry, fields []zapcore.Field) error {
	if err := b.Core.Write(e, fields); err != nil || summarized[e.Message] {
		return err
	}
	return b.Sync()
}

// summarized are the events that an account's summary follows.
var summarized = func() map[string]bool {
	events := map[string]bool{}
	for event := range maps.Values(memberEvents) {
		events[event] = true
	}
	for event := range maps.Values(contactEvents) {
		events[event] = true
	}
	return events
}()

// gathered holds whole lines back until they would be more than burstSize, or until
// Sync.
type gathered struct {
	w     io.Writer
	lines []byte
}

// Write never says how much was written in part: the lines are w's from then on.
func (g *gathered) Write(line []byte) (int, error) {
	n := len(line)
	line = EscapeJSON(line)
	var err error
	if len(g.lines) > 0 && len(g.lines)+len(line) > burstSize {
		err = g.Sync()
	}
	g.lines = append(g.lines, line...)
	return n, err
}

// Sync writes what waits. What cannot be written is lost, as any line of a log is.
func (g *gathered) Sync() error {
	_, err := g.w.Write(g.lines)
	g.lines = g.lines[:0]
	return err
}
