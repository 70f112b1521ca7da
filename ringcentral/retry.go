package ringcentral

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"time"

	"github.com/cenkalti/backoff/v7"
)

const (
	mostTries = 4
	// mostNonsense bounds the tries of a call that is answered with success
	// and a body that makes no sense: that is seldom a passing trouble.
	mostNonsense = 3
)

// A policy says which answers are worth another try, and how long to wait.
type policy struct {
	statuses []int
	first    time.Duration // before the second try
	growth   float64
}

var (
	// apiPolicy: 4xx are never repeated unchanged, 5xx after 2, 4, 8 seconds
	// (API.md 4). Waits asked for by 429 and 503 are the pacer's.
	apiPolicy = policy{
		statuses: []int{
			http.StatusTooManyRequests, http.StatusInternalServerError, http.StatusBadGateway,
			http.StatusServiceUnavailable, http.StatusGatewayTimeout,
		},
		first: 2 * time.Second, growth: 2,
	}
	// tokenPolicy: three more tries, about 10 seconds apart (API.md 1.6).
	tokenPolicy = policy{
		statuses: []int{
			http.StatusTooManyRequests, http.StatusInternalServerError,
			http.StatusServiceUnavailable, http.StatusRequestTimeout,
		},
		first: 10 * time.Second, growth: 1.5,
	}
	// oncePolicy is for calls that have a better way out than repeating.
	oncePolicy = policy{}
)

// retry calls try until it succeeds, fails for good, or was tried often enough.
// waits is told of each wait, and of why. The error is the last try's, unless the context is dead: that always wins.
func retry(ctx context.Context, p policy, waits func(error, time.Duration), try func(attempt int) error) error {
	attempt, nonsense := 0, 0
	_, err := backoff.Retry(ctx, func() (struct{}, error) {
		attempt++
		err := try(attempt)
		if kindOf(err) == kindNonsense {
			nonsense++
		}
		if err != nil && (!p.worthwhile(err) || nonsense >= mostNonsense) {
			return struct{}{}, backoff.Permanent(err)
		}
		return struct{}{}, err
	}, backoff.WithMaxTries(mostTries), backoff.WithMaxElapsedTime(0), backoff.WithBackOff(p.waits()), backoff.WithNotify(waits))
	if err == nil {
		return nil
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if gaveUp := backoff.AsRetryError(err); gaveUp != nil {
		return gaveUp.LastErr
	}
	return err
}

func (p policy) worthwhile(err error) bool {
	answer, ok := errors.AsType[*Error](err)
	if !ok || p.first == 0 || answer.settled {
		return false
	}
	switch answer.kind {
	case kindTransport, kindNonsense:
		return true
	case kindAnswer:
		return slices.Contains(p.statuses, answer.Status)
	}
	return false
}

func (p policy) waits() *backoff.ExponentialBackOff {
	return &backoff.ExponentialBackOff{
		InitialInterval: p.first, Multiplier: p.growth, RandomizationFactor: 0.25, MaxInterval: time.Minute,
	}
}
