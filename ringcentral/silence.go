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

// silence is how long RingCentral has answered none of a client's tries, by operation: what
// else it answers meanwhile ends none of them.
type silence struct {
	mu stdsync.Mutex
	of map[*operation]*quiet
}

type quiet struct {
	tries int       // which go on
	since time.Time // zero: nothing is unanswered
	why   string    // why the last try got no answer; "": none has ended without one
}

// asked notes that a try begins.
func (s *silence) asked(op *operation) {
	s.mu.Lock()
	defer s.mu.Unlock()
	q := s.of[op]
	if q == nil {
		if s.of == nil {
			s.of = map[*operation]*quiet{}
		}
		q = &quiet{}
		s.of[op] = q
	}
	q.tries++
	if q.since.IsZero() {
		q.since = time.Now()
	}
}

// answered notes how a try ended: with an answer, whatever it says, where lost is nil.
func (s *silence) answered(op *operation, lost error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	q := s.of[op]
	q.tries--
	if e, ok := errors.AsType[*Error](lost); ok {
		q.why = e.Message
	}
	if lost != nil {
		return
	}
	q.why, q.since = "", time.Time{}
	if q.tries > 0 {
		q.since = time.Now()
	}
}

// longest is the silence of the operation that has waited for longest; nil: none that is one.
func (s *silence) longest(now time.Time) (found *quiet) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, q := range s.of {
		if q.since.IsZero() || q.why == "" && now.Sub(q.since) < patience {
			continue
		}
		if found == nil || q.since.Before(found.since) {
			found = &quiet{since: q.since, why: q.why}
		}
	}
	return found
}

// tellSilence adds to the error of a reading the silence that ended because ctx is done.
func (c *client) tellSilence(ctx context.Context, err *error) {
	if *err == nil || ctx.Err() == nil {
		return
	}
	now := time.Now()
	if q := c.silence.longest(now); q != nil {
		*err = &sync.SilentError{For: now.Sub(q.since), Why: short(c.secrets.say(q.why)), Err: *err}
	}
}
