package daemon

import (
	"context"
	"time"

	"ringroster/sync"
)

// deliver starts a delivery of notices beside tick and runs, unless one is under way: the
// other end may be slow.
func (d *Daemon) deliver(ctx context.Context) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.settings == nil || d.settings.Deliver == nil || d.delivery != nil {
		return
	}
	ctx, cancel := context.WithCancelCause(context.WithoutCancel(ctx))
	d.delivery = &running{began: time.Now(), cancel: cancel, done: make(chan struct{})}
	go d.deliverOnce(ctx, d.delivery, d.settings.Deliver)
}

func (d *Daemon) deliverOnce(ctx context.Context, delivery *running, deliver func(context.Context) error) {
	defer close(delivery.done)
	defer delivery.cancel(nil)
	err := sync.Contain(func() error { return deliver(ctx) })
	if ctx.Err() == nil && !d.once("notices", err) {
		d.Observer.Trouble("deliver notices", err)
	}
	d.mu.Lock()
	d.delivery = nil
	d.mu.Unlock()
}

// end tells a delivery to stop, and waits for that until ctx is done.
func (r *running) end(ctx context.Context) {
	if r == nil {
		return
	}
	r.cancel(errStopped)
	select {
	case <-r.done:
	case <-ctx.Done():
	}
}
