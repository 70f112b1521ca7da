package observe

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
)

// Events of what is published, by what became of it.
const (
	eventPublished    = "published"
	eventNotPublished = "publish_failed"
	eventPublishWaits = "publish_waiting"
)

// Publication is a delivery of the roster to a destination.
type Publication struct {
	Destination, File             string
	Rows, Added, Changed, Removed int
	Waits                         string // why it waits for an approval; "": it does not
	ApprovedBy                    string
	Err                           error     // nil: it was delivered, or waits
	Again                         time.Time // when it is tried again
	Known                         bool      // the same was logged before
	Remark                        string    // on the other end, said once
}

// Published logs what became of a delivery. What is no news is for those who look closely.
func (l *Log) Published(p Publication) {
	fields := []zap.Field{zap.String("destination", p.Destination), zap.String("file", p.File)}
	level := zapcore.WarnLevel
	if p.Known {
		level = zapcore.DebugLevel
	}
	if p.Err != nil {
		l.log.Log(level, eventNotPublished, append(fields, zap.String("error", p.Err.Error()), zap.Time("again_at", p.Again),
			zap.String("remedy", "ringroster check looks at every destination; ringroster publish "+p.Destination+" tries it now"))...)
		return
	}
	fields = append(fields, zap.Int("rows", p.Rows), zap.Int("added", p.Added), zap.Int("changed", p.Changed), zap.Int("removed", p.Removed))
	if p.Waits != "" {
		l.log.Log(level, eventPublishWaits, append(fields, zap.String("reason", p.Waits),
			zap.String("remedy", "ringroster publish "+p.Destination+" --dry-run shows it; ringroster publish approve "+p.Destination+" delivers it"))...)
		return
	}
	if p.ApprovedBy != "" {
		fields = append(fields, zap.String("approved_by", p.ApprovedBy))
	}
	if p.Remark != "" {
		fields = append(fields, zap.String("remark", p.Remark))
	}
	l.log.Info(eventPublished, fields...)
}

// Unpublished logs that how destinations stand could not be read or written.
func (l *Log) Unpublished(err error) {
	l.log.Warn(eventNotPublished, zap.String("error", err.Error()))
}

// PublishFacts is how a destination stands.
type PublishFacts struct {
	Destination string
	DeliveredAt time.Time // zero: never
	Rows        int
	Log         bool // it is told changes, when there are any
	Untold      int  // changes that it is still to be told
	Waiting     bool // for an approval
	Failing     bool // the last try was in vain
}

var (
	descPublished    = desc("publish_delivered_timestamp_seconds", "When the roster was delivered last; 0: never.", "destination")
	descPublishRows  = desc("publish_rows", "Rows that the destination was given.", "destination")
	descUntoldChange = desc("publish_untold", "Changes that the destination is still to be told.", "destination")
	descPublishWaits = desc("publish_waiting", "1 while a delivery waits for an approval.", "destination")
	descUnpublished  = desc("publish_failing", "1 when the last try to deliver was in vain.", "destination")
)

func (p *PublishFacts) collect(gauge func(*prometheus.Desc, float64, ...string)) {
	flag := func(set bool) float64 {
		if set {
			return 1
		}
		return 0
	}
	at := 0.0
	if !p.DeliveredAt.IsZero() {
		at = float64(p.DeliveredAt.Unix())
	}
	if p.Log { // nothing is due day by day
		gauge(descUntoldChange, float64(p.Untold), p.Destination)
	} else {
		gauge(descPublished, at, p.Destination)
		gauge(descPublishRows, float64(p.Rows), p.Destination)
		gauge(descPublishWaits, flag(p.Waiting), p.Destination)
	}
	gauge(descUnpublished, flag(p.Failing), p.Destination)
}
