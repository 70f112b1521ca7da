package dbfile

import (
	"context"
	"time"
)

// LockPause is between two tries to take a lock.
const LockPause = 20 * time.Millisecond

// Pause waits, unless the context ends.
func Pause(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
		return nil
	}
}
