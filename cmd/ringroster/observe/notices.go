package observe

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"ringroster/sync"
)

// Events of notices, by what became of them.
const (
	eventDelivered = "notice_delivered"
	eventPostponed = "notice_postponed"
	eventDeclined  = "notice_refused"
	eventGivenUp   = "notice_given_up"
)

// Delivery is a try to deliver a notice to one recipient.
type Delivery struct {
	Destination, Recipient string
	Kind                   sync.NoticeKind
	ID, Account            string
	Err                    error     // nil: it was delivered
	Again                  time.Time // when it is tried again; zero: never
	Refused                bool      // the recipient never takes it
	Known                  bool      // the same was logged before
}

// Notice logs what became of a notice. What is no news is for those who look closely.
func (l *Log) Notice(d Delivery) {
	fields := []zap.Field{
		zap.String("destination", d.Destination), zap.String("recipient", d.Recipient), zap.String("kind", string(d.Kind)),
		zap.String("account", d.Account), zap.String("notice_id", d.ID),
	}
	if d.Err == nil {
		l.log.Info(eventDelivered, fields...)
		return
	}
	level := zapcore.WarnLevel
	if d.Known {
		level = zapcore.DebugLevel
	}
	event, remedy := eventGivenUp, "ringroster check looks at every destination"
	switch {
	case d.Refused:
		event, remedy = eventDeclined, "correct the address in the settings, or ask whoever runs the other end; ringroster notify test tries it"
	case !d.Again.IsZero():
		event = eventPostponed
		fields = append(fields, zap.Time("again_at", d.Again))
	}
	l.log.Log(level, event, append(fields, zap.String("error", d.Err.Error()), zap.String("remedy", remedy))...)
}

// Untold logs that notices could not be written or read.
func (l *Log) Untold(err error) { l.log.Warn(eventNotWritten, zap.String("error", err.Error())) }

// NoticeFacts is how far the recipients of one destination have been told.
type NoticeFacts struct {
	Destination string
	Waiting     int       // for the recipient for whom most wait
	Oldest      time.Time // of those that wait; zero: none does
	Failing     bool      // the last try of a recipient was in vain
}

var (
	descWaiting = desc("notices_waiting", "Notices that are still to be delivered, of the recipient for whom most wait.", "destination")
	descWaitOld = desc("notices_oldest_timestamp_seconds", "When the oldest notice that is still to be delivered was written.", "destination")
	descUntold  = desc("notices_failing", "1 when the last try to deliver to a recipient was in vain, or was refused.", "destination")
)

func (n *NoticeFacts) collect(gauge func(*prometheus.Desc, float64, ...string)) {
	gauge(descWaiting, float64(n.Waiting), n.Destination)
	if !n.Oldest.IsZero() {
		gauge(descWaitOld, float64(n.Oldest.Unix()), n.Destination)
	}
	failing := 0.0
	if n.Failing {
		failing = 1
	}
	gauge(descUntold, failing, n.Destination)
}

// logUntold logs that a commit could not write what it has to tell.
func logUntold(log *zap.Logger, c *sync.Commit) {
	if c.Untold != nil {
		log.Warn(eventNotWritten, zap.String("error", c.Untold.Error()))
	}
}
