// Package observe turns what happens into logs and terminal progress.
// deploy/events.md has the table of events.
package observe

import (
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"time"

	"github.com/mattn/go-isatty"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"ringroster/sync"
	"ringroster/sync/reconcile"
)

// Format of the log.
type Format string

// The formats.
const (
	JSON    Format = "json"
	Console Format = "console"
	Journal Format = "journal"
	Auto    Format = "auto" // journal under systemd, console on a terminal, else json
)

// For resolves Auto for what is written to w.
func (f Format) For(w io.Writer) Format {
	file, ok := w.(*os.File)
	switch {
	case f != Auto:
		return f
	case ok && isJournal(file):
		return Journal
	case ok && isatty.IsTerminal(file.Fd()):
		return Console
	}
	return JSON
}

// NewLogger writes every event, never a sample of them, to w, or in the format
// Journal to journald, and to w only what journald does not take.
func NewLogger(w io.Writer, format Format, level zapcore.LevelEnabler) *zap.Logger {
	cfg := encoderConfig()
	if format == Console {
		cfg.ConsoleSeparator = "  "
		out := zapcore.Lock(zapcore.AddSync(lineWriter{w}))
		return zap.New(zapcore.NewCore(zapcore.NewConsoleEncoder(cfg), out, level))
	}
	json := zapcore.NewJSONEncoder(cfg)
	if format == Journal {
		return zap.New(newJournal(journalSocket, json, w, level))
	}
	return zap.New(newBurst(json, w, level))
}

func encoderConfig() zapcore.EncoderConfig {
	return zapcore.EncoderConfig{
		TimeKey: "time", LevelKey: "level", MessageKey: "event", LineEnding: "\n",
		EncodeTime:  encodeTime,
		EncodeLevel: zapcore.LowercaseLevelEncoder, EncodeDuration: zapcore.SecondsDurationEncoder,
	}
}

func encodeTime(t time.Time, enc zapcore.PrimitiveArrayEncoder) {
	zapcore.TimeEncoderOfLayout("2006-01-02T15:04:05.000Z")(t.UTC(), enc)
}

// lineWriter keeps foreign text from steering a terminal: zap escapes what is
// ASCII, and leaves the control characters and marks beyond it.
type lineWriter struct{ w io.Writer }

func (l lineWriter) Write(line []byte) (int, error) {
	if _, err := l.w.Write(escapeLine(line)); err != nil {
		return 0, err
	}
	return len(line), nil
}

// Events of a run, the message of their log line.
const (
	eventRunStarted    = "run_started"
	eventRunFinished   = "run_finished"
	eventAccountSynced = "account_synced"
	eventAccountFailed = "account_failed"
	eventHeld          = "deactivations_held"
	eventOthersHeld    = "changes_held"
	eventMemberHeld    = "member_held"
	eventConflict      = "conflict"
	eventNote          = "note"
	eventNotKept       = "snapshot_not_kept"
	eventPruned        = "history_pruned"
	eventNotPruned     = "history_not_pruned"
	eventProgress      = "progress"
	eventOutdated      = "settings_outdated"
	eventLinesLost     = "log_lines_lost"
	eventNotWritten    = "notices_not_written"
)

var memberEvents = map[sync.Kind]string{
	sync.Onboard:    "member_onboarded",
	sync.Link:       "member_linked",
	sync.Update:     "member_updated",
	sync.Reactivate: "member_reactivated",
	sync.Deactivate: "member_deactivated",
	sync.EditMember: "member_edited",
}

// Log is a sync.Observer that writes one line per event.
type Log struct {
	log *zap.Logger
	now func() time.Time
	// Summarized: the command tells the people at it of each held change and conflict
	// itself, so that they have no lines here.
	Summarized bool
}

// NewLog observes runs with the given logger.
func NewLog(log *zap.Logger, now func() time.Time) *Log { return &Log{log: log, now: now} }

// Began logs the start of a run.
func (l *Log) Began(id sync.RunID, r sync.Run) {
	l.log.Info(eventRunStarted, runID(id), job(&r), zap.Strings("accounts", r.Accounts),
		zap.String("trigger", string(r.Trigger)), zap.String("actor", r.Actor))
}

// Progress logs how far the reading is, for those who look closely.
func (l *Log) Progress(p sync.Progress) {
	if p.Waiting != "" {
		l.log.Debug(eventProgress, zap.String("account", p.Account), zap.String("step", p.Step),
			zap.String("waiting", p.Waiting), zap.Duration("wait", p.Wait))
		return
	}
	l.log.Debug(eventProgress, zap.String("account", p.Account), zap.String("step", p.Step),
		zap.String("sub_account", p.SubAccount), zap.Int("done", p.Done), zap.Int("of", p.Of), zap.Int("people", p.People))
}

// Committed logs every change of an account, then its summary.
func (l *Log) Committed(id sync.RunID, r sync.Run, c *sync.Commit) {
	log := l.log.With(runID(id), zap.String("account", c.Account))
	if c.Contacts != nil {
		l.logContacts(log, &r, c)
		return
	}
	byAuthor := log.With(zap.String("actor", r.Actor), zap.String("on_behalf_of", r.OnBehalfOf))
	var fields []zap.Field // of one line after the other
	for i := range c.Plan.Changes {
		change := &c.Plan.Changes[i]
		fields = appendChange(fields[:0], change)
		byAuthor.Info(memberEvents[change.Kind], fields...)
	}
	for i := range c.Plan.Conflicts {
		if l.Summarized {
			break
		}
		conflict := &c.Plan.Conflicts[i]
		log.Warn(eventConflict, zap.String("person", conflict.Person), zap.Int64("member_id", conflict.Member),
			zap.String("name", conflict.Name), zap.String("reason", string(conflict.Reason)),
			zap.String("detail", conflict.Detail), zap.String("remedy", conflict.Remedy))
	}
	for _, n := range c.Plan.Notes {
		level := zapcore.DebugLevel
		if n.Reason == sync.NoteUnknownAgentType || n.Member == 0 && n.Person == "" {
			level = zapcore.WarnLevel // R10, and what concerns the whole account
		}
		if n.Reason == sync.NoteRegionalWaits || n.Reason == sync.NoteMapUnused || n.Reason == reconcile.NoteUnattributed {
			level = zapcore.InfoLevel // in the course of things
		}
		log.Log(level, eventNote, zap.Int64("member_id", n.Member), zap.String("person", n.Person),
			zap.String("name", n.Name), zap.String("reason", string(n.Reason)), zap.String("detail", n.Detail))
	}
	if !l.Summarized {
		logHeld(log, c.Plan.Held)
	}
	if c.Keep != nil && c.Keep.Err != nil {
		log.Warn(eventNotKept, zap.String("error", c.Keep.Err.Error()))
	}
	logUntold(log, c)
	s := &c.Plan.Summary
	log.Info(eventAccountSynced, zap.String("status", string(c.Status)),
		zap.Int("people", s.People), zap.Int("onboarded", s.Onboard), zap.Int("linked", s.Link),
		zap.Int("updated", s.Update), zap.Int("reactivated", s.Reactivate), zap.Int("deactivated", s.Deactivate),
		zap.Int("held", s.Held), zap.Int("conflicts", s.Conflicts), zap.Int("skipped", s.Skipped),
		zap.Int("unchanged", s.Unchanged), zap.Int("api_calls", c.APICalls),
		zap.Duration("duration", c.FinishedAt.Sub(r.StartedAt)))
}

// logHeld logs every held change, a line for each of its fields, then how many there are
// of each kind and reason.
func logHeld(log *zap.Logger, held *sync.Held) {
	if held == nil {
		return
	}
	for i := range held.Changes {
		one := held.Changes[i]
		for _, fields := range eachField(one.Fields) {
			one.Fields = fields
			log.Warn(eventMemberHeld, append(appendChange(nil, &one), zap.Strings("held_for", sync.ReasonWords(one.Why)))...)
		}
	}
	for _, kind := range heldKinds {
		for _, r := range held.Reasons {
			n := 0
			for i := range held.Changes {
				if held.Changes[i].Kind == kind && slices.Contains(held.Changes[i].Why, r) {
					n++
				}
			}
			if n == 0 {
				continue
			}
			event := eventOthersHeld
			if kind == sync.Deactivate {
				event = eventHeld
			}
			remedy := Decide(held.Run)
			if held.Run == 0 {
				remedy = "ringroster sync of the whole account shows it; then decide"
			}
			log.Warn(event, zap.String("kind", string(kind)), zap.String("reason", string(r.Reason)), zap.String("detail", r.Detail),
				zap.Int("held", n), zap.String("remedy", remedy))
		}
	}
}

// Decide is how to decide about what a run held.
func Decide(id sync.RunID) string {
	return fmt.Sprintf("ringroster held; then ringroster approve %d, or ringroster reject %d", id, id)
}

// eachField gives the fields of a change one by one; a change without any is one line.
func eachField(fields []sync.FieldChange) [][]sync.FieldChange {
	if len(fields) == 0 {
		return [][]sync.FieldChange{nil}
	}
	return slices.Collect(slices.Chunk(fields, 1))
}

// Outdated logs settings that work for this version only.
func (l *Log) Outdated(warnings []string) {
	for _, text := range warnings {
		l.log.Warn(eventOutdated, zap.String("error", text), zap.String("remedy", "none needed today: change the file before the next upgrade"))
	}
}

// appendChange appends the fields of one change's line. Several changed fields stand
// in it as a list.
func appendChange(fields []zap.Field, c *sync.Change) []zap.Field {
	fields = append(fields,
		zap.String("kind", string(c.Kind)), zap.Int64("member_id", c.Member), zap.String("person", c.Person),
		zap.String("name", c.Name), zap.String("email", c.Email), zap.String("reason", string(c.Reason)))
	if len(c.Leaves) > 0 {
		fields = append(fields, zap.Reflect("leaves_behind", c.Leaves))
	}
	if c.Source != nil && (len(c.Fields) != 1 || c.Fields[0].Field == c.SourceField()) {
		fields = append(fields, zap.String("source", c.Source.Text(time.Time{})), zap.String("source_actor", c.Source.Actor))
		if at := c.Source.At; !at.IsZero() {
			fields = append(fields, zap.String("source_at", at.UTC().Format(time.RFC3339)))
		}
	}
	if len(c.Fields) == 1 {
		f := c.Fields[0]
		return append(fields, zap.String("field", f.Field), zap.String("before", f.Before), zap.String("after", f.After))
	}
	if len(c.Fields) > 1 {
		fields = append(fields, zap.Reflect("fields", c.Fields))
	}
	return fields
}

// Failed logs an account that failed, with all that is known of why: of a fault
// of the program the stack, too.
func (l *Log) Failed(id sync.RunID, r sync.Run, account string, err error) {
	fields := []zap.Field{runID(id), job(&r), zap.String("account", account), zap.String("error", err.Error())}
	if fault, ok := errors.AsType[*sync.PanicError](err); ok {
		fields = append(fields, zap.ByteString("stack", fault.Stack))
	}
	l.log.Error(eventAccountFailed, fields...)
}

// Finished logs the end of a run over all its accounts.
func (l *Log) Finished(id sync.RunID, r sync.Run, results []reconcile.Result) {
	failed, held := 0, 0
	for i := range results {
		switch results[i].Status {
		case sync.Failed:
			failed++
		case sync.HeldRun:
			held++
		}
	}
	l.log.Info(eventRunFinished, runID(id), job(&r), zap.Int("accounts", len(results)), zap.Int("failed", failed),
		zap.Int("held", held), zap.Duration("duration", l.now().Sub(r.StartedAt)))
}

// Pruned logs how many changes were too old to be kept, and why the rest is still
// there.
func (l *Log) Pruned(removed int, err error) {
	if removed > 0 {
		l.log.Info(eventPruned, zap.Int("changes", removed))
	}
	if err != nil {
		l.log.Warn(eventNotPruned, zap.String("error", err.Error()),
			zap.String("remedy", "none needed: it is tried again after the next run"))
	}
}

func runID(id sync.RunID) zap.Field { return zap.Int64("run_id", int64(id)) }

func job(r *sync.Run) zap.Field { return zap.String("job", r.JobName()) }
