package observe

import (
	"fmt"
	"strings"
	stdsync "sync"
	"time"

	"ringroster/sync"
	"ringroster/sync/reconcile"
	"ringroster/sync/schedule"

	"go.uber.org/zap"
)

// Events of the service, the message of their log line.
const (
	eventReady           = "daemon_ready"
	eventStopping        = "daemon_stopping"
	eventReloaded        = "settings_reloaded"
	eventRefused         = "settings_refused"
	eventNeedsRestart    = "settings_need_restart"
	eventDue             = "run_due"
	eventBusy            = "run_skipped_busy"
	eventPanicked        = "run_panicked"
	eventHeartbeatSent   = "heartbeat_sent"
	eventHeartbeatFailed = "heartbeat_failed"
	eventTrouble         = "daemon_trouble"
	eventJWTExpiring     = "jwt_expiring"
	eventAPICall         = "api_call"
)

// jwtWarning is how long before its end a JWT is warned of.
const jwtWarning = 30 * 24 * time.Hour

// Service tells of the service: in the log, and in its metrics.
type Service struct {
	*Log
	metrics *Metrics

	mu     stdsync.Mutex
	warned map[string]string // of which end of an account's JWT, and on which day
}

// NewService tells of the service with log and metrics.
func NewService(log *Log, m *Metrics) *Service {
	return &Service{Log: log, metrics: m, warned: map[string]string{}}
}

// Ready logs that the service is up; a zero next means that nothing is planned.
func (s *Service) Ready(enabled bool, next time.Time) {
	s.metrics.accepted(enabled)
	s.log.Info(eventReady, zap.Bool("service_enabled", enabled), zap.Time("next_run", next))
}

// Stopping logs that the service ends, and whether a run is under way.
func (s *Service) Stopping(running bool) {
	s.log.Info(eventStopping, zap.Bool("run_in_flight", running))
}

// Reloaded logs that new settings are in force, and what waits for a restart.
func (s *Service) Reloaded(enabled bool, restart []string) {
	s.metrics.accepted(enabled)
	s.log.Info(eventReloaded, zap.Bool("service_enabled", enabled))
	for _, key := range restart {
		s.log.Warn(eventNeedsRestart, zap.String("key", key),
			zap.String("remedy", "it stays as it was until the service is restarted"))
	}
}

// Refused logs every problem of settings that were not taken.
func (s *Service) Refused(err error) {
	s.metrics.refused()
	for line := range strings.SplitSeq(err.Error(), "\n") {
		s.log.Error(eventRefused, zap.String("error", line),
			zap.String("remedy", "the settings before stay in force; correct the file and reload"))
	}
}

// Due logs what a run is about to do, and why now.
func (s *Service) Due(due []schedule.DueJob) {
	for _, job := range due {
		s.log.Info(eventDue, zap.String("account", job.Account), zap.String("job", job.Name),
			zap.String("trigger", string(job.Trigger)), zap.Time("due_at", job.At))
	}
}

// Busy logs that a run waits for another process to end.
func (s *Service) Busy(err error) {
	s.log.Warn(eventBusy, zap.String("error", err.Error()),
		zap.String("remedy", "none needed: the service tries again every few seconds"))
}

// Finished logs the end of a run.
func (s *Service) Finished(id sync.RunID, r sync.Run, results []reconcile.Result) {
	s.metrics.finished(&r, results)
	s.Log.Finished(id, r, results)
}

// Committed logs what was applied, and counts it.
func (s *Service) Committed(id sync.RunID, r sync.Run, c *sync.Commit) {
	s.metrics.committed(c)
	s.Log.Committed(id, r, c)
}

// Panicked logs a fault of the program, with all that helps to find it.
func (s *Service) Panicked(id sync.RunID, value any, stack []byte) {
	s.log.Error(eventPanicked, runID(id), zap.String("error", fmt.Sprint(value)), zap.ByteString("stack", stack))
}

// Heartbeat logs what became of a call of heartbeat_url.
func (s *Service) Heartbeat(err error) {
	if err == nil {
		s.log.Debug(eventHeartbeatSent)
		return
	}
	s.log.Warn(eventHeartbeatFailed, zap.String("error", err.Error()))
}

// Trouble logs what the service cannot do.
func (s *Service) Trouble(doing string, err error) {
	s.log.Error(eventTrouble, zap.String("doing", doing), zap.String("error", err.Error()))
}

// Expiry warns, once a day, of a JWT that ends soon, and keeps its end for the metrics.
func (s *Service) Expiry(account string, at time.Time) {
	s.metrics.expires(account, at)
	now := s.now()
	left, told := at.Sub(now), at.String()+now.UTC().Format(time.DateOnly)
	s.mu.Lock()
	defer s.mu.Unlock()
	if left > jwtWarning || s.warned[account] == told {
		return
	}
	s.warned[account] = told
	s.log.Warn(eventJWTExpiring, zap.String("account", account), zap.Time("expires_at", at),
		zap.Int("days", int(left.Hours()/24)),
		zap.String("remedy", "make a new JWT in the RingCentral developer console, put it in place, and restart the service"))
}

// Call is one request to RingCentral.
type Call struct {
	Account, Op, Method, Path, Group, RequestID string
	Attempt, Status                             int // status 0: no answer
	Wait, Duration                              time.Duration
}

// Call counts a request, and logs it for those who look closely.
func (s *Service) Call(c Call) {
	s.metrics.called(c)
	s.Log.Call(c)
}

// Call logs a request for those who look closely.
func (l *Log) Call(c Call) {
	l.log.Debug(eventAPICall, zap.String("account", c.Account), zap.String("op", c.Op),
		zap.String("method", c.Method), zap.String("path", c.Path), zap.String("group", c.Group),
		zap.Int("attempt", c.Attempt), zap.Int("http_status", c.Status), zap.String("request_id", c.RequestID),
		zap.Duration("wait", c.Wait), zap.Duration("duration", c.Duration))
}
