package reconcile

import (
	"context"
	"errors"
	"fmt"

	"ringroster/sync"
)

// Edit carries out an operator's edit as a run of its own, through the same lock
// and commit as every other (R27). run names exactly one account.
func (r *Runner) Edit(ctx context.Context, run sync.Run, edit sync.Edit) (sync.RunID, *sync.Plan, error) {
	id, c, err := r.commitEdit(ctx, run, func() (*sync.Commit, error) { return r.planEdit(ctx, run.Accounts[0], edit) })
	if err != nil {
		return id, nil, err
	}
	return id, c.Plan, nil
}

// commitEdit is the run of an edit of any kind.
func (r *Runner) commitEdit(ctx context.Context, run sync.Run, edit func() (*sync.Commit, error)) (id sync.RunID, c *sync.Commit, err error) {
	release, err := r.Lock(ctx)
	if err != nil {
		return 0, nil, err
	}
	defer func() { err = errors.Join(err, release()) }()
	run.StartedAt = r.Now()
	account := run.Accounts[0]
	if _, err = edit(); err != nil { // before a run is recorded for nothing
		return 0, nil, err
	}
	if id, err = r.Roster.Begin(ctx, run); err != nil {
		return 0, nil, fmt.Errorf("begin a run: %w", err)
	}
	r.Observer.Began(id, run)
	for attempt := 0; ; attempt++ {
		var c *sync.Commit
		err := sync.Contain(func() (err error) {
			if c, err = edit(); err != nil {
				return err
			}
			c.Run = id
			return r.Roster.Commit(ctx, c)
		})
		if err == nil {
			r.Observer.Committed(id, run, c)
			return id, c, nil
		}
		if !errors.Is(err, sync.ErrMoved) || attempt == replans {
			return id, nil, r.fail(ctx, id, run, account, 0, err).Err
		}
	}
}

func (r *Runner) planEdit(ctx context.Context, account string, edit sync.Edit) (*sync.Commit, error) {
	state, err := r.state(ctx, account, r.Now())
	if err != nil {
		return nil, err
	}
	var failed error
	plan, settled, err := edit(state, untilError(r.Roster.Members(ctx, account, nil), &failed))
	if err = errors.Join(failed, err); err != nil {
		return nil, err
	}
	plan.Account, plan.Version = account, state.Version
	return &sync.Commit{Job: sync.JobMembers, Account: account, FinishedAt: r.Now(), Status: sync.Succeeded, Plan: plan, Settled: settled}, nil
}

// PreviewEdit makes the plan of an edit and commits nothing.
func (r *Runner) PreviewEdit(ctx context.Context, account string, edit sync.Edit) (*sync.Plan, error) {
	c, err := r.planEdit(ctx, account, edit)
	if err != nil {
		return nil, err
	}
	return c.Plan, nil
}
