package daemon

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"slices"
	"time"

	"ringroster/sync"
	"ringroster/sync/reconcile"
	"ringroster/sync/schedule"
)

// running is a run under way.
type running struct {
	began  time.Time
	cancel context.CancelCauseFunc
	done   chan struct{}
}

// begin starts what is due beside the tick, which does not end it. The caller
// holds the mutex.
func (d *Daemon) begin(ctx context.Context, due []schedule.DueJob) {
	ctx, cancel := context.WithCancelCause(context.WithoutCancel(ctx))
	d.run = &running{began: time.Now(), cancel: cancel, done: make(chan struct{})}
	go d.make(ctx, d.run, d.settings, due)
}

// make makes the runs that are due, one for each job and trigger: a run has one
// of each. Who belongs comes before who can be called.
func (d *Daemon) make(ctx context.Context, run *running, s *Settings, due []schedule.DueJob) {
	defer close(run.done)
	defer run.cancel(nil)
	ctx, cancel := context.WithTimeout(ctx, runDeadline)
	defer cancel()
	ran := d.every(ctx, s, sync.JobMembers, due)
	if ran && ctx.Err() == nil {
		d.heartbeat(ctx, s)
	}
	ran = d.every(ctx, s, sync.JobContacts, due) || ran
	if ran && ctx.Err() == nil && s.Prune != nil {
		s.Prune(ctx)
	}
	if ran {
		debug.FreeOSMemory() // waiting takes a fraction of what a run does
	}
	d.mu.Lock()
	d.run = nil
	d.mu.Unlock()
	d.tell(context.WithoutCancel(ctx))
}

// every makes the runs of one job, and reports whether any came about.
func (d *Daemon) every(ctx context.Context, s *Settings, job string, due []schedule.DueJob) (ran bool) {
	for _, trigger := range []sync.Trigger{sync.Scheduled, sync.CatchUp, sync.Retry} {
		var some []schedule.DueJob
		for _, j := range due {
			if j.Name == job && j.Trigger == trigger {
				some = append(some, j)
			}
		}
		if len(some) > 0 && ctx.Err() == nil {
			ran = d.one(ctx, s, trigger, some) || ran
		}
	}
	return ran
}

// tell brings what systemd shows up to date.
func (d *Daemon) tell(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, tickTimeout)
	defer cancel()
	past, err := d.past(ctx)
	d.mu.Lock()
	defer d.mu.Unlock()
	if err == nil && d.settings != nil {
		d.show(time.Now(), past)
	}
}

// one makes one run, and reports whether it came about.
func (d *Daemon) one(ctx context.Context, s *Settings, trigger sync.Trigger, due []schedule.DueJob) bool {
	run := s.Run
	run.Job, run.Trigger, run.Accounts = due[0].Name, trigger, accountsOf(due)
	run.StartedAt = time.Now()
	id, results, err := d.guarded(ctx, s.Runner, run, due)
	busy, isBusy := errors.AsType[*sync.BusyError](err)
	switch {
	case errors.Is(err, errMade):
		return false
	case isBusy:
		if !d.once("lock", busy) {
			d.Observer.Busy(busy)
		}
		return false
	case err != nil && ctx.Err() == nil && !d.once("run", err):
		d.Observer.Trouble("make a run", err)
	}
	if id == 0 {
		return false
	}
	d.mu.Lock()
	d.said("lock", "")
	if err == nil {
		d.said("run", "")
	}
	for _, r := range results {
		if permanent(r.Err) {
			d.hopeless[jobOf{r.Account, run.Job}] = id
		}
	}
	d.mu.Unlock()
	d.Observer.Finished(id, run, results)
	return true
}

func accountsOf(due []schedule.DueJob) []string {
	accounts := make([]string, len(due))
	for i, job := range due {
		accounts[i] = job.Account
	}
	return accounts
}

// permanent says whether an error stays until somebody puts it right: wrong
// credentials, wrong settings.
func permanent(err error) bool {
	p, ok := errors.AsType[interface {
		error
		Permanent() bool
	}](err)
	return ok && p.Permanent()
}

// guarded makes a run. A panic in it is a failed run: its accounts are recorded
// as failed, as far as they had not ended.
func (d *Daemon) guarded(ctx context.Context, shared *reconcile.Runner, run sync.Run, due []schedule.DueJob) (id sync.RunID, results []reconcile.Result, err error) {
	runner, seen := *shared, &ended{Observer: shared.Observer}
	runner.Observer, runner.Roster = seen, &stillDue{Roster: shared.Roster, d: d}
	seen.began = func() { d.Observer.Due(due) }
	defer func() {
		p := recover()
		if p == nil {
			return
		}
		id, err = seen.id, nil
		d.Observer.Panicked(id, p, debug.Stack())
		cause := fmt.Errorf("the program failed in this run, which is a fault of its own (panic): %v; the log has the details", p)
		results = d.bury(ctx, &runner, run, seen, cause)
	}()
	return runner.Sync(ctx, reconcile.Request{Run: run})
}

// bury records the accounts that a panic left behind as failed.
func (d *Daemon) bury(ctx context.Context, r *reconcile.Runner, run sync.Run, seen *ended, cause error) (results []reconcile.Result) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), tickTimeout)
	defer cancel()
	for _, account := range run.Accounts {
		if seen.id == 0 || slices.Contains(seen.accounts, account) {
			continue
		}
		err := r.Roster.Commit(ctx, &sync.Commit{
			Run: seen.id, Job: run.Job, Account: account, FinishedAt: r.Now(), Status: sync.Failed, Err: cause,
		})
		err = errors.Join(cause, err)
		seen.Failed(seen.id, run, account, err)
		results = append(results, reconcile.Result{Account: account, Status: sync.Failed, Err: err})
	}
	return results
}

// errMade says that somebody else made the run while we waited for the lock.
var errMade = errors.New("the run is no longer due")

// stillDue is the roster for a run that is due. With the lock in hand it looks
// once more: another service on the same roster may have been faster.
type stillDue struct {
	sync.Roster
	d *Daemon
}

// Begin begins a run of which every account is still due. Otherwise the next
// tick begins what is left.
func (s *stillDue) Begin(ctx context.Context, r sync.Run) (sync.RunID, error) {
	past, err := s.d.past(ctx)
	if err != nil {
		return 0, err
	}
	s.d.mu.Lock()
	due := schedule.Due(time.Now(), s.d.jobs, past)
	s.d.mu.Unlock()
	for _, account := range r.Accounts {
		if !slices.ContainsFunc(due, func(j schedule.DueJob) bool { return j.Account == account && j.Name == r.JobName() }) {
			return 0, errMade
		}
	}
	return s.Roster.Begin(ctx, r)
}

// ended notes how far a run has come.
type ended struct {
	sync.Observer
	id       sync.RunID
	accounts []string // whose outcome is recorded
	began    func()
}

func (e *ended) Began(id sync.RunID, r sync.Run) {
	e.id = id
	e.began()
	e.Observer.Began(id, r)
}

func (e *ended) Committed(id sync.RunID, r sync.Run, c *sync.Commit) {
	e.accounts = append(e.accounts, c.Account)
	e.Observer.Committed(id, r, c)
}

func (e *ended) Failed(id sync.RunID, r sync.Run, account string, err error) {
	e.accounts = append(e.accounts, account)
	e.Observer.Failed(id, r, account, err)
}
