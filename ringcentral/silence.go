package ringcentral

import (
	"context"
	"errors"
	stdsync "sync"
	"time"

	"ringroster/sync"
)

// patience is how long a try that goes on is no silence yet.
const patience = 5 * time.Second

// silence is how long RingCentral has answered none of a client's tries.
type silence struct {
	mu    stdsync.Mutex
	tries int       // which go on
	since time.Time // zero: nothing is unanswered
	why   string    // why the last try got no answer; "": none has ended without one
}

// asked notes that a try begins.
func (s *silence) asked() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.tries++
	if s.since.IsZero() {
		s.since = time.Now()
	}
}

// answered notes how a try ended: with an answer, whatever it says, where lost is nil.
func (s *silence) answered(lost error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.tries--
	if e, ok := errors.AsType[*Error](lost); ok {
		s.why = e.Message
	}
	if lost != nil {
		return
	}
	s.why, s.since = "", time.Time{}
	if s.tries > 0 {
		s.since = time.Now()
	}
}

// tellSilence adds to the error of a reading the silence that ended because ctx is done.
func (c *client) tellSilence(ctx context.Context, err *error) {
	c.silence.mu.Lock()
	defer c.silence.mu.Unlock()
	took := time.Since(c.silence.since)
	if *err == nil || ctx.Err() == nil || c.silence.since.IsZero() || c.silence.why == "" && took < patience {
		return
	}
	*err = &sync.SilentError{For: took, Why: short(c.secrets.say(c.silence.why)), Err: *err}
}
