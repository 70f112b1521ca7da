package daemon

import (
	"time"

	"github.com/jonboulle/clockwork"
)

// steadyClock is the clock that gocron ticks by: it shows the time at which the
// service started, plus the time that has passed since. gocron compares wall
// times to decide when to tick next (its issue #438), so by the machine's clock,
// set back two hours, the service would neither tick nor answer the watchdog for
// two hours (R30).
type steadyClock struct {
	clockwork.Clock // timers, which are monotonic
	began           time.Time
}

func newSteadyClock() steadyClock { return steadyClock{clockwork.NewRealClock(), time.Now()} }

// Now relies on time.Since, which uses the monotonic reading of began.
func (c steadyClock) Now() time.Time { return c.began.Add(time.Since(c.began)) }
