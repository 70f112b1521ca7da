package daemon

import (
	"context"
	"time"

	"ringroster/sync"
)

// deliver starts deliveries beside tick and runs, each unless one of its kind is under way:
// the other end may be slow.
func (d *Daemon) deliver(ctx context.Context) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.settings == nil {
		return
	}
	for _, delivery := range d.settings.Deliver {
		if d.deliveries[delivery.Name] != nil {
			continue
		}
		ctx, cancel := context.WithCancelCause(context.WithoutCancel(ctx))
		r := &running{began: time.Now(), cancel: cancel, done: make(chan struct{})}
		d.deliveries[delivery.Name] = r
		go d.deliverOnce(ctx, r, delivery)
	}
}

func (d *Daemon) deliverOnce(ctx context.Context, r *running, delivery Delivery) {
	defer close(r.done)
	defer r.cancel(nil)
	err := sync.Contain(func() error { return delivery.Pass(ctx) })
	if ctx.Err() == nil && !d.once("deliver "+delivery.Name, err) {
		d.Observer.Trouble("deliver "+delivery.Name, err)
	}
	d.mu.Lock()
	delete(d.deliveries, delivery.Name)
	d.mu.Unlock()
}

// end tells a delivery to stop, and waits for that until ctx is done.
func (r *running) end(ctx context.Context) {
	r.cancel(errStopped)
	select {
	case <-r.done:
	case <-ctx.Done():
	}
}
