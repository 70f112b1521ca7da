package ringcentral

import (
	"errors"
	"net/http"
	stdsync "sync"
	"time"

	"ringroster/sync"
)

// listen lets report, which may be nil, hear of waits too until stop is called. What
// it gives takes one report at a time.
func (c *client) listen(report func(sync.Progress)) (serial func(sync.Progress), stop func()) {
	if report == nil {
		return nil, func() {}
	}
	var mu stdsync.Mutex
	serial = func(p sync.Progress) {
		mu.Lock()
		defer mu.Unlock()
		report(p)
	}
	c.report.Store(&serial)
	return serial, func() { c.report.Store(nil) }
}

// waiting tells that a call is tried again later, and why, so that nobody sits before
// a silent terminal.
func (c *client) waiting(r *request, why string, wait time.Duration) {
	if report := c.report.Load(); report != nil {
		(*report)(sync.Progress{Account: c.Account, Step: r.what, Waiting: why, Wait: wait})
	}
}

// doesNot says in a few words why a call is tried again.
func doesNot(err error) string {
	e, ok := errors.AsType[*Error](err)
	switch {
	case ok && e.kind == kindTransport:
		return "RingCentral does not answer"
	case ok && e.kind == kindNonsense:
		return "RingCentral's answer makes no sense"
	case ok && e.Status == http.StatusTooManyRequests:
		return "RingCentral was asked too often"
	}
	return "RingCentral has troubles"
}
