package ringcentral

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	stdsync "sync"
	"time"
)

// The rate groups, with RingCentral's defaults per user, application and minute
// (API.md 3 and 5.3). RingEX corrects its own by X-Rate-Limit-*; RingCX
// sends no such header.
const (
	auth     = "auth"
	light    = "light"
	medium   = "medium"
	heavy    = "heavy"
	ringcx   = "ringcx"
	exchange = "exchange"
)

var defaultLimits = map[string]int{auth: 5, light: 50, medium: 40, heavy: 10, ringcx: 120, exchange: 5}

const (
	defaultWindow = time.Minute
	// slack is added to every wait: the server's clock need not tick with ours.
	slack = 100 * time.Millisecond
	// limitPenalty is kept when a refusal for sending too much names no time: it
	// is every group's own, and a call within it starts it anew (API.md 3).
	limitPenalty = time.Minute
	// outagePenalty is kept when a 503 names no time.
	outagePenalty = 30 * time.Second
	// longestPenalty is the most that is waited for on a server's word: beyond
	// it the account fails, to be tried again by a later run.
	longestPenalty = 5 * time.Minute
	// mostLimit is more than any group allows; what is told beyond it is an error.
	mostLimit = 10_000_000
	// mostInFlight bounds open calls in one group: a third of RingCX's limit,
	// so that one window's calls are three round trips.
	mostInFlight = 40
)

// A group is a sliding window over the calls of one rate group: a slot is free
// again one window after the answer to the call that used it, since RingCentral
// counted that call before it answered. Nothing is sent during a penalty.
type group struct {
	name string
	turn chan struct{} // held by the one caller that waits for the next slot

	mu         stdsync.Mutex
	limit      int
	window     time.Duration
	alone      bool // the true limit is not known yet: one call at a time
	inFlight   int
	past       []usage // answered calls that still count, oldest first
	penaltyEnd time.Time
	changed    chan struct{} // closed and replaced whenever a slot may have come free
}

// usage is a number of calls that were answered at one time.
type usage struct {
	at    time.Time
	calls int
}

func newGroup(name string, limit int, alone bool) *group {
	return &group{
		name: name, limit: limit, window: defaultWindow, alone: alone,
		turn: make(chan struct{}, 1), changed: make(chan struct{}),
	}
}

// acquire waits for a slot, first come first served. It fails at once when the
// wait would outlast the context, or a penalty what we wait for at all.
func (g *group) acquire(ctx context.Context) error {
	select {
	case g.turn <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	}
	defer func() { <-g.turn }()
	for {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		ok, until, changed, err := g.take(time.Now())
		if ok || err != nil {
			return err
		}
		if err := sleep(ctx, until, changed); err != nil {
			return err
		}
	}
}

// take takes a slot if one is free, and says else when to look again: at until,
// if that is known, or when changed is closed.
func (g *group) take(now time.Time) (ok bool, until time.Time, changed <-chan struct{}, err error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if wait := g.penaltyEnd.Sub(now); wait > 0 {
		if wait > longestPenalty {
			err = &Error{
				kind: kindPenalty, Advice: tooLong(wait),
				Message: fmt.Sprintf("no call is allowed before %s", g.penaltyEnd.UTC().Format(time.RFC3339)),
			}
		}
		return false, g.penaltyEnd, g.changed, err
	}
	g.forget(now)
	most := mostInFlight
	if g.alone {
		most = 1
	}
	if g.inFlight < most && g.used() < g.limit {
		g.inFlight++
		return true, until, nil, nil
	}
	if len(g.past) > 0 && g.inFlight < most {
		until = g.past[0].at.Add(g.window + slack)
	}
	return false, until, g.changed, nil
}

// used counts the slots that are not free.
func (g *group) used() int {
	n := g.inFlight
	for _, u := range g.past {
		n += u.calls
	}
	return n
}

// tooLong is the advice where RingCentral asks for more patience than a run has.
func tooLong(wait time.Duration) string {
	return fmt.Sprintf("RingCentral asks to be left alone for %s, longer than a run waits: later runs try again", wait.Round(time.Second))
}

// forget drops the calls that no longer count.
func (g *group) forget(now time.Time) {
	g.past = slices.DeleteFunc(g.past, func(u usage) bool {
		return now.Sub(u.at) >= g.window+slack
	})
}

// giveBack returns a slot that was not used.
func (g *group) giveBack() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.inFlight--
	g.wake()
}

// answer ends a call, whether it was answered or lost on the way, and takes
// over what the answer told about the limit.
func (g *group) answer(told rate) {
	g.mu.Lock()
	defer g.mu.Unlock()
	now := time.Now()
	g.inFlight--
	g.past = append(g.past, usage{now, 1})
	g.alone = false
	if told.limit > 0 {
		g.limit = told.limit
	}
	if told.window > 0 {
		g.window = told.window
	}
	g.forget(now)
	if told.remaining >= 0 && told.remaining <= g.limit {
		// Calls RingCentral counts and we do not are another process's.
		if foreign := g.limit - told.remaining - g.used(); foreign > 0 {
			g.past = append(g.past, usage{now, foreign})
		}
	}
	g.wake()
}

// penalise lets nothing be sent in the group before the time given.
func (g *group) penalise(until time.Time) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if until.After(g.penaltyEnd) {
		g.penaltyEnd = until
	}
	g.wake()
}

func (g *group) wake() {
	close(g.changed)
	g.changed = make(chan struct{})
}

// sleep waits until the time given (zero: for ever) or until changed is closed.
func sleep(ctx context.Context, until time.Time, changed <-chan struct{}) error {
	var due <-chan time.Time
	if !until.IsZero() {
		if deadline, ok := ctx.Deadline(); ok && until.After(deadline) {
			return fmt.Errorf("the next call is allowed at %s, after the run's deadline: %w",
				until.UTC().Format(time.RFC3339), context.DeadlineExceeded)
		}
		timer := time.NewTimer(time.Until(until))
		defer timer.Stop()
		due = timer.C
	}
	select {
	case <-due:
		return nil
	case <-changed:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// A pacer holds the groups of one account.
type pacer struct {
	mu     stdsync.Mutex
	groups map[string]*group
	actual map[*operation]string // RingEX groups that differ from the schema's
}

func newPacer() *pacer {
	p := &pacer{groups: map[string]*group{}, actual: map[*operation]string{}}
	for name, limit := range defaultLimits {
		p.groups[name] = newGroup(name, limit, !ringCXGroup(name))
	}
	return p
}

func ringCXGroup(name string) bool { return name == ringcx || name == exchange }

// admit takes a slot in every group of the operation.
func (p *pacer) admit(ctx context.Context, op *operation) ([]*group, error) {
	var held []*group
	for _, name := range op.groups {
		g := p.group(op, name)
		if err := g.acquire(ctx); err != nil {
			giveBack(held)
			return nil, err
		}
		held = append(held, g)
	}
	return held, nil
}

func giveBack(held []*group) {
	for _, g := range held {
		g.giveBack()
	}
}

func (p *pacer) group(op *operation, name string) *group {
	p.mu.Lock()
	defer p.mu.Unlock()
	if actual, ok := p.actual[op]; ok {
		name = actual
	}
	return p.groups[name]
}

// answered ends a call that held the slots. RingEX may name another group than
// its schema: then the call, and later ones like it, count there.
func (p *pacer) answered(op *operation, held []*group, h http.Header) {
	told := readRate(h)
	for _, g := range held {
		if op.service == ringEX && told.group != "" && told.group != g.name {
			other := p.learn(op, told.group)
			other.mu.Lock()
			other.inFlight++
			other.mu.Unlock()
			g.giveBack()
			g = other
		}
		g.answer(told)
	}
}

// learn notes that RingCentral counts an operation in the named group.
func (p *pacer) learn(op *operation, name string) *group {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.actual[op] = name
	if p.groups[name] == nil {
		p.groups[name] = newGroup(name, defaultLimits[heavy], true)
	}
	return p.groups[name]
}

// penalise stops what a refusal concerns: the groups of the call, and the whole
// service when the answer names no group, since then another kind of limit was
// hit (API.md 3).
func (p *pacer) penalise(op *operation, held []*group, h http.Header, wait time.Duration) {
	until := time.Now().Add(wait + slack)
	if readRate(h).group != "" {
		for _, g := range held {
			g.penalise(until)
		}
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	for name, g := range p.groups {
		if ringCXGroup(name) == (op.service == ringCX) {
			g.penalise(until)
		}
	}
}

// rate is what X-Rate-Limit-* tell, as far as they make sense.
type rate struct {
	group     string
	limit     int           // 0: not told
	remaining int           // -1: not told
	window    time.Duration // 0: not told
}

func readRate(h http.Header) rate {
	told := rate{remaining: -1}
	if name := strings.ToLower(strings.TrimSpace(h.Get("X-Rate-Limit-Group"))); len(name) <= 40 && !ringCXGroup(name) {
		told.group = name
	}
	if n, ok := headerNumber(h, "X-Rate-Limit-Limit"); ok && n <= mostLimit {
		told.limit = n
	}
	if n, ok := headerNumber(h, "X-Rate-Limit-Remaining"); ok {
		told.remaining = n
	}
	if n, ok := headerNumber(h, "X-Rate-Limit-Window"); ok && n <= 3600 {
		told.window = time.Duration(n) * time.Second
	}
	return told
}

func headerNumber(h http.Header, name string) (int, bool) {
	n, err := strconv.Atoi(strings.TrimSpace(h.Get(name)))
	return n, err == nil && n >= 0
}

// retryAfter is how long a refusal asks to wait: seconds or a date (RFC 9110);
// otherwise, when it names neither in a way that makes sense.
func retryAfter(h http.Header, now time.Time, otherwise time.Duration) time.Duration {
	value := strings.TrimSpace(h.Get("Retry-After"))
	if n, err := strconv.Atoi(value); err == nil && n > 0 {
		return time.Duration(min(n, 10*365*24*3600)) * time.Second
	}
	if at, err := http.ParseTime(value); err == nil && at.After(now) {
		return at.Sub(now)
	}
	return otherwise
}
