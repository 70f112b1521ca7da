package simulator

import (
	"cmp"
	"errors"
	"net/http"
	"strconv"
	"time"
)

// Limits are RingCentral's rate limits: requests per window, of one user with one app. Zero is
// RingCentral's own number (ringcentral/API.md 3 and 5.3), so an empty Limits is the real thing.
type Limits struct {
	Light        int      `yaml:"light,omitempty" json:"light"`       // 50
	Medium       int      `yaml:"medium,omitempty" json:"medium"`     // 40
	Heavy        int      `yaml:"heavy,omitempty" json:"heavy"`       // 10
	Auth         int      `yaml:"auth,omitempty" json:"auth"`         // 5
	RingCX       int      `yaml:"ringcx,omitempty" json:"ringcx"`     // 120, and no header tells
	Exchange     int      `yaml:"exchange,omitempty" json:"exchange"` // 5, and no header tells
	Window       Duration `yaml:"window,omitempty" json:"window"`     // 1 min
	Penalty      Duration `yaml:"penalty,omitempty" json:"penalty"`   // 1 min; any request during it restarts it
	NoRetryAfter bool     `yaml:"no_retry_after,omitempty" json:"no_retry_after"`
}

// freely is the limit told when there is none.
const freely = 1_000_000

func (l *Limits) validate() error {
	if l == nil {
		return nil
	}
	if min(l.Light, l.Medium, l.Heavy, l.Auth, l.RingCX, l.Exchange) < 0 || min(l.Window, l.Penalty) < 0 {
		return errors.New("numbers must not be negative; leave one out for RingCentral's own")
	}
	return nil
}

// of is the limit of a group.
func (l *Limits) of(group string) int {
	switch group {
	case "light":
		return cmp.Or(l.Light, 50)
	case "medium":
		return cmp.Or(l.Medium, 40)
	case "heavy":
		return cmp.Or(l.Heavy, 10)
	case "auth":
		return cmp.Or(l.Auth, 5)
	case "exchange":
		return cmp.Or(l.Exchange, 5)
	default:
		return cmp.Or(l.RingCX, 120)
	}
}

// limiter holds a sliding window for each app (that is: user and app) and group.
type limiter map[limitKey]*window

type limitKey struct{ client, group string }

type window struct {
	sent    []time.Time // inside the window, oldest first
	penalty time.Time   // until when
}

// quota is where a request stands.
type quota struct {
	ok               bool
	limit, remaining int
	window, penalty  time.Duration
	quiet            bool // no Retry-After
}

// admit counts a request against its group. A refused one is not counted, but it restarts the penalty.
func (s *Server) admit(r *request) quota {
	l, at := s.world.Limits, now()
	if l == nil || r.group == "" {
		return quota{ok: true, limit: freely, remaining: freely, window: time.Minute}
	}
	q := quota{
		limit: l.of(r.group), window: cmp.Or(time.Duration(l.Window), time.Minute),
		penalty: cmp.Or(time.Duration(l.Penalty), time.Minute), quiet: l.NoRetryAfter,
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	w := s.limiter.window(limitKey{r.account.ClientID, r.group})
	for len(w.sent) > 0 && at.Sub(w.sent[0]) >= q.window {
		w.sent = w.sent[1:]
	}
	if at.Before(w.penalty) || len(w.sent) >= q.limit {
		w.penalty = at.Add(q.penalty)
		s.refused++
		return q
	}
	w.sent = append(w.sent, at)
	q.ok, q.remaining = true, q.limit-len(w.sent)
	return q
}

func (l limiter) window(key limitKey) *window {
	if l[key] == nil {
		l[key] = &window{}
	}
	return l[key]
}

// mark puts RingEX's headers on an answer; RingCX has none.
func (q quota) mark(r *request, a answer) answer {
	if r.group == "" || r.ofRingCX() {
		return a.trace(r)
	}
	return a.trace(r).with("X-Rate-Limit-Group", r.group).with("X-Rate-Limit-Limit", strconv.Itoa(q.limit)).
		with("X-Rate-Limit-Remaining", strconv.Itoa(q.remaining)).with("X-Rate-Limit-Window", strconv.Itoa(int(q.window/time.Second)))
}

// trace adds the headers RingCentral's support asks for (ringcentral/API.md 4).
func (a answer) trace(r *request) answer {
	if r.ofRingCX() {
		return a
	}
	return a.with("RCRequestId", newID("")).with("RoutingKey", "SIM01P01")
}

// tooMany is the 429 of each side.
func tooMany(r *request, q quota) answer {
	if r.ofRingCX() {
		return textAnswer(http.StatusTooManyRequests, "Too many requests")
	}
	a := exError(http.StatusTooManyRequests, "CMN-301", "Request rate exceeded")
	if !q.quiet {
		a = a.with("Retry-After", strconv.Itoa(int(q.penalty/time.Second)))
	}
	return a
}
