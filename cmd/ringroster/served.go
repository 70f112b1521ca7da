package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"ringroster/cmd/ringroster/config"
	"ringroster/store"
	"ringroster/sync"
)

const (
	// serviceGlance is how often a waiting approval looks.
	serviceGlance = 300 * time.Millisecond
	// serviceReturn is how long it waits for a service that is being restarted.
	serviceReturn = time.Minute
	// lastWord bounds what is asked of the roster after Ctrl-C.
	lastWord = 10 * time.Second
)

// approveThere lets the running service make the run, and tells how that ended (R25).
func (a *app) approveThere(ctx context.Context, s *config.Settings, st *store.Store, r store.Request, sets []chosenSet) error {
	run, err := a.byService(ctx, st, r)
	if run == 0 {
		return err
	}
	ctx = context.WithoutCancel(ctx) // it is over: only the outcome is left to tell
	told := a.reportRun(ctx, st, run)
	if err != nil {
		return errors.Join(told, err)
	}
	return errors.Join(told, a.tellApproved(ctx, s, st, run, sets))
}

// byService leaves a request for the running service, and waits until its run has
// ended, saying what it waits for. It returns that run; 0 when none began, or when it
// goes on after Ctrl-C. On Ctrl-C the request is taken back if its run has not begun.
func (a *app) byService(ctx context.Context, st *store.Store, r store.Request) (sync.RunID, error) {
	id, err := st.Ask(ctx, r)
	if err != nil {
		return 0, err
	}
	w := &waiting{app: a, st: st, id: id, seen: time.Now()}
	answer, err := w.wait(ctx)
	if answer == nil {
		answer, err = w.leave(ctx, err)
	}
	switch {
	case err != nil:
		return 0, err
	case answer.Result == 0:
		return 0, fmt.Errorf("the service did not carry the approval out: %s", answer.Error)
	case answer.State == store.RequestFailed:
		return answer.Result, fmt.Errorf("run %d did not end: %s. What it had applied stands; approve the others again", answer.Result, answer.Error)
	}
	return answer.Result, nil
}

// waiting is a command that waits for the service.
type waiting struct {
	app  *app
	st   *store.Store
	id   int64
	told string
	seen time.Time // when a service was last seen
}

// wait waits until the request is settled, and returns it. It returns none when it
// cannot go on.
func (w *waiting) wait(ctx context.Context) (*store.Request, error) {
	for {
		r, err := w.st.Request(ctx, w.id)
		if err != nil {
			return nil, err
		}
		switch r.State {
		case store.RequestWaiting:
			err = w.forService(ctx)
		case store.RequestRunning:
			err = w.forRun(ctx, r)
		default:
			return r, nil
		}
		if err != nil {
			return nil, err
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(serviceGlance):
		}
	}
}

// forService says why the request is not taken up yet, and ends one that waited too
// long.
func (w *waiting) forService(ctx context.Context) error {
	service, served, err := w.st.Service()
	if err != nil {
		return err
	}
	holder, held, err := w.st.Holder(ctx)
	switch {
	case err != nil:
		return err
	case served:
		w.seen = time.Now()
	case time.Since(w.seen) > serviceReturn:
		return errors.New("the service has stopped")
	}
	switch {
	case held && holder.PID == 0: // its row comes after its lock, and goes before it
		w.say("Waiting for a run to end…")
	case held:
		w.say("Waiting for a run to end: process %d on %s, since %s…", holder.PID, holder.Host, holder.Since.UTC().Format(time.RFC3339))
	case served:
		w.say("Waiting for the running service to take the approval up: process %d on %s…", service.PID, service.Host)
	default:
		w.say("Waiting for the service, which has stopped, to come back…")
	}
	return w.st.ExpireRequests(ctx)
}

// forRun says that the run is under way. One whose process died is settled by whoever
// takes the lock.
func (w *waiting) forRun(ctx context.Context, r *store.Request) error {
	w.say("The running service carries the approval out as run %d: it reads RingCentral afresh…", r.Result)
	if _, held, err := w.st.Holder(ctx); err != nil || held {
		return err
	}
	return w.st.CloseInterrupted(ctx, time.Now())
}

// leave is for a command that cannot wait any longer. It takes the request back, or
// says that it goes on; when that has just ended it returns it after all.
func (w *waiting) leave(ctx context.Context, cause error) (*store.Request, error) {
	if _, lost := errors.AsType[*store.NoRequestError](cause); lost {
		return nil, cause
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), lastWord)
	defer cancel()
	if errors.Is(cause, context.Canceled) {
		cause = errors.New("stopped")
	}
	back, err := w.st.FailRequest(ctx, w.id, "taken back")
	if err != nil {
		return nil, errors.Join(fmt.Errorf("%w, and the approval could not be taken back: the service may still carry it out", cause), err)
	}
	if back {
		return nil, fmt.Errorf("%w: the approval was taken back, and nothing of it was carried out", cause)
	}
	r, err := w.st.Request(ctx, w.id)
	if err != nil || r.State != store.RequestRunning {
		return r, err
	}
	return nil, fmt.Errorf("%w waiting: the service carries the approval out as run %d, and goes on; `ringroster runs` shows how it ends", cause, r.Result)
}

// say tells what is being waited for, once.
func (w *waiting) say(format string, args ...any) {
	if text := fmt.Sprintf(format, args...); text != w.told {
		w.told = text
		_, _ = fmt.Fprintln(w.app.stderr, clean(text))
	}
}
