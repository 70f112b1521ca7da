// Package reconcile is the one place that knows the order of a run: read, plan, look again,
// commit, tell. Runner has the runs of members and of contacts, and operators' edits.
package reconcile

import (
	"context"
	"errors"
	"fmt"
	"time"

	"ringroster/sync"
	"ringroster/sync/plan"
)

// Runner brings rosters in step. The daemon, `sync`, `plan` and the tests share
// it; they differ in the Request.
type Runner struct {
	Roster  sync.Roster
	Connect func(account string) (sync.Directory, error) // one session for one run
	Policy  func(account string) sync.Policy
	// ContactPolicy is needed for runs of JobContacts only.
	ContactPolicy func(account string) sync.ContactPolicy
	Observer      sync.Observer
	Now           func() time.Time
	// Keep is of how many full runs each account keeps what they decided from
	// (Past), and KeepDays of which days beside; 0 and 0: of none, and what was kept
	// before goes.
	Keep, KeepDays int
	// Attribution says to ask RingCentral who did what a plan follows (R37).
	Attribution bool
	Wait        time.Duration // how long what writes waits for the lock
}

// Request is what one run is asked to do.
type Request struct {
	Run   sync.Run
	Only  string      // one person alone (R28)
	Trace *plan.Trace // explain; only Preview looks at it
	// Reviewed are the changes of a saved plan, by account: exactly they are
	// applied, or none (R23 counts such a run as a partial one).
	Reviewed map[string]plan.Reviewed
	// Picks are people to bring in by hand, and nobody else; nil: no such limit.
	Picks *plan.Picks
	// Approve releases held leavers, by account (R25).
	Approve map[string]*sync.Approval
}

// approvedChanges are the numbers of what is still as it was shown: an approval waits for the lock, or
// for a service, and runs go on meanwhile. They are never nil: an approval that names nothing of
// an account releases nothing there.
func approvedChanges(a *sync.Approval, open []sync.HeldChange) []int64 {
	asShown := []int64{}
	if a == nil {
		return asShown
	}
	held := make(map[int64]bool, len(a.Held))
	for _, id := range a.Held {
		held[id] = true
	}
	for i := range open {
		if h := &open[i]; held[h.ID] && h.Run <= a.Run {
			asShown = append(asShown, h.ID)
		}
	}
	return asShown
}

// Result is how a run ended for one account.
type Result struct {
	Account  string
	Status   sync.RunStatus
	Plan     *sync.Plan        // nil when the account failed
	Contacts *sync.ContactPlan // in place of Plan in a run of JobContacts
	APICalls int
	Err      error
}

// commitTimeout bounds the writing of an outcome after the run was cancelled.
const commitTimeout = 30 * time.Second

// Sync makes one run: lock, then for each account snapshot, plan, guard, apply.
// An account that fails does not stop the next one. The error is about the run
// as a whole, such as *BusyError; what happened to an account is in its Result.
func (r *Runner) Sync(ctx context.Context, req Request) (id sync.RunID, results []Result, err error) {
	release, err := r.Lock(ctx)
	if err != nil {
		return 0, nil, err
	}
	defer func() { err = errors.Join(err, release()) }()
	req.Run.StartedAt = r.Now()
	if req.Only != "" {
		return r.syncPerson(ctx, req)
	}
	if id, err = r.Roster.Begin(ctx, req.Run); err != nil {
		return 0, nil, &sync.UnrecordedError{Doing: "begin a run", Err: err}
	}
	r.Observer.Began(id, req.Run)
	for _, account := range req.Run.Accounts {
		results = append(results, r.syncAccount(ctx, id, account, req))
	}
	return id, results, nil
}

// Lock takes the roster's lock, trying again until Wait is over.
func (r *Runner) Lock(ctx context.Context) (release func() error, err error) {
	deadline := r.Now().Add(r.Wait)
	for {
		release, err = r.Roster.Lock(ctx, sync.NewHolder(r.Now()))
		var busy *sync.BusyError
		if !errors.As(err, &busy) || !r.Now().Before(deadline) {
			return release, err
		}
		pause := min(time.Second, max(time.Millisecond, deadline.Sub(r.Now())))
		if r.Observer != nil {
			r.Observer.Progress(sync.Progress{Step: "lock", Waiting: busy.Who(), Wait: pause})
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(pause):
		}
	}
}

// Preview plans without a lock and writes nothing: `plan`, `sync --dry-run`,
// `contacts sync --dry-run`, `explain`.
func (r *Runner) Preview(ctx context.Context, req Request) []Result {
	var results []Result
	for _, account := range req.Run.Accounts {
		result := Result{Account: account, Status: sync.Failed}
		result.APICalls, result.Err = r.inSession(ctx, account, req, func(s *session) error {
			c, err := s.decide(ctx)
			if err == nil {
				result.Status, result.Plan, result.Contacts = c.Status, c.Plan, c.Contacts
			}
			return err
		})
		result.Err = sync.Stopped(ctx, result.Err)
		results = append(results, result)
	}
	return results
}

// syncAccount takes one account from snapshot to commit.
func (r *Runner) syncAccount(ctx context.Context, id sync.RunID, account string, req Request) Result {
	var c *sync.Commit
	calls, err := r.inSession(ctx, account, req, func(s *session) (err error) {
		s.run = id
		c, err = s.apply(ctx)
		return err
	})
	if err != nil {
		return r.fail(ctx, id, req.Run, account, calls, err)
	}
	r.Observer.Committed(id, req.Run, c)
	return Result{Account: account, Status: c.Status, Plan: c.Plan, Contacts: c.Contacts, APICalls: calls}
}

// fail records that an account failed; its members stay untouched. It still
// writes when the run was cancelled: the outcome is the last thing to lose.
func (r *Runner) fail(ctx context.Context, id sync.RunID, run sync.Run, account string, calls int, cause error) Result {
	cause = sync.Stopped(ctx, cause)
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), commitTimeout)
	defer cancel()
	c := &sync.Commit{Run: id, Job: run.JobName(), Account: account, FinishedAt: r.Now(), Status: sync.Failed, APICalls: calls, Err: cause}
	if err := r.Roster.Commit(ctx, c); err != nil {
		cause = errors.Join(cause, &sync.UnrecordedError{Doing: "record the failure", Err: err})
	}
	if c.Untold != nil {
		cause = errors.Join(cause, fmt.Errorf("write the notice of it: %w", c.Untold))
	}
	r.Observer.Failed(id, run, account, cause)
	return Result{Account: account, Status: sync.Failed, APICalls: calls, Err: cause}
}

// Settle records what an operator decided about held changes of members, or by run.Job of contacts,
// without RingCentral: a rejection, or the end of one (R26, R36). It is a run of its own.
func (r *Runner) Settle(ctx context.Context, run sync.Run, settled *sync.Settled) (sync.RunID, error) {
	account := run.Accounts[0]
	id, _, err := r.commitEdit(ctx, run, func() (*sync.Commit, error) {
		c := &sync.Commit{Job: run.JobName(), Account: account, FinishedAt: r.Now(), Status: sync.Succeeded, Settled: settled}
		if c.Job == sync.JobContacts {
			state, err := r.contactState(ctx, account, r.Now())
			c.Contacts = &sync.ContactPlan{Account: account, Version: state.Version}
			return c, err
		}
		state, err := r.state(ctx, account, r.Now())
		c.Plan = &sync.Plan{Account: account, Version: state.Version}
		return c, err
	})
	return id, err
}

// state is what the roster knows of an account besides its members.
func (r *Runner) state(ctx context.Context, account string, now time.Time) (sync.State, error) {
	state, err := r.Roster.State(ctx, account, now)
	if err != nil {
		err = fmt.Errorf("read the roster's state of account %s: %w", account, err)
	}
	return state, err
}

// contactState is the same beside its contacts.
func (r *Runner) contactState(ctx context.Context, account string, now time.Time) (sync.State, error) {
	state, err := r.Roster.ContactState(ctx, account, now)
	if err != nil {
		err = fmt.Errorf("read what is known about the contacts of account %s: %w", account, err)
	}
	return state, err
}
