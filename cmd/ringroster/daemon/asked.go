package daemon

import (
	"context"
	"errors"
	"time"

	"ringroster/sync"
	"ringroster/sync/reconcile"
)

// Asked is a run that an operator asked the service for (R25).
type Asked struct {
	Request reconcile.Request
	// Begin begins the run with the lock in hand, or refuses since it was taken
	// back meanwhile. From then on it is carried out.
	Begin func(ctx context.Context, r sync.Run) (sync.RunID, error)
	// Answer says that the run has ended, or why none could begin.
	Answer func(ctx context.Context, id sync.RunID, err error) error
}

// serve takes up what operators asked for, unless a run is under way. A service
// that idles does so as well: an operator wants it.
func (d *Daemon) serve(ctx context.Context) {
	if d.Requests == nil {
		return
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.run != nil || d.settings == nil {
		return
	}
	asked, err := d.Requests(ctx)
	text := ""
	if err != nil {
		text = err.Error()
	}
	if d.said("requests", text) {
		d.Observer.Trouble("look for requests", err)
	}
	if asked != nil {
		run, cancel := context.WithCancelCause(context.WithoutCancel(ctx))
		d.run = &running{began: time.Now(), cancel: cancel, done: make(chan struct{})}
		go d.carryOut(run, d.run, d.settings, asked)
	}
}

// askedRoster is the roster for a run that was asked for.
type askedRoster struct {
	sync.Roster
	begin func(ctx context.Context, r sync.Run) (sync.RunID, error)
}

func (a *askedRoster) Begin(ctx context.Context, r sync.Run) (sync.RunID, error) {
	return a.begin(ctx, r)
}

// carryOut makes the run that was asked for, and answers whatever came of it. While
// another process is at work the request waits on: the next tick tries again.
func (d *Daemon) carryOut(ctx context.Context, run *running, s *Settings, asked *Asked) {
	defer close(run.done)
	defer run.cancel(nil)
	ctx, cancel := context.WithTimeout(ctx, runDeadline)
	defer cancel()
	runner := *s.Runner
	runner.Roster = &askedRoster{s.Runner.Roster, asked.Begin}
	id, results, err := d.unpanicked(ctx, &runner, asked.Request)
	if id != 0 {
		asked.Request.Run.StartedAt = run.began
		d.Observer.Finished(id, asked.Request.Run, results)
	}
	end, stop := context.WithTimeout(context.WithoutCancel(ctx), tickTimeout)
	defer stop()
	if _, busy := errors.AsType[*sync.BusyError](err); id != 0 || !busy && ctx.Err() == nil {
		if err := asked.Answer(end, id, err); err != nil {
			d.Observer.Trouble("answer a request", err)
		}
	}
	d.mu.Lock()
	d.run = nil
	d.mu.Unlock()
	d.tell(end)
}

// unpanicked makes a run; a panic in it is an error of it.
func (d *Daemon) unpanicked(ctx context.Context, r *reconcile.Runner, req reconcile.Request) (id sync.RunID, results []reconcile.Result, err error) {
	err = sync.Contain(func() error {
		id, results, err = r.Sync(ctx, req)
		return err
	})
	return id, results, err
}
