package reconcile

import (
	"context"
	"errors"
	"fmt"

	"ringroster/sync"
	"ringroster/sync/plan"
)

// Everybody says of everybody whom RingCentral reports in an account how they
// stand, in the order of their names, until each returns false. It reads as a
// plan does, but for the second look, which is for leavers; it takes no lock and
// writes nothing.
func (r *Runner) Everybody(ctx context.Context, account string, each func(*plan.Standing) bool) error {
	_, err := r.inSession(ctx, account, Request{}, func(s *session) error {
		s.everybody = each
		err := s.readMembers(ctx)
		s.close(ctx)
		if err == nil {
			_, err = s.planOnce(ctx)
		}
		return err
	})
	return sync.Stopped(ctx, err)
}

// syncPerson makes the run of one person (R28). It begins once it is known who is
// meant: a word that means nobody, or several, is no run and no failure of one.
func (r *Runner) syncPerson(ctx context.Context, req Request) (id sync.RunID, results []Result, err error) {
	account := req.Run.Accounts[0]
	begin := func() (err error) {
		if id != 0 {
			return nil
		}
		if id, err = r.Roster.Begin(ctx, req.Run); err != nil {
			return fmt.Errorf("begin a run: %w", err)
		}
		r.Observer.Began(id, req.Run)
		return nil
	}
	var c *sync.Commit
	calls, cause := r.inSession(ctx, account, req, func(s *session) (err error) {
		s.begin = func() error {
			err := begin()
			s.run = id
			return err
		}
		c, err = s.apply(ctx)
		return err
	})
	if cause != nil && (sync.NotOne(cause) || ctx.Err() != nil) && id == 0 {
		return 0, nil, cause
	}
	if err := begin(); err != nil {
		return 0, nil, errors.Join(cause, err)
	}
	if cause != nil {
		return id, []Result{r.fail(ctx, id, req.Run, account, calls, cause)}, nil
	}
	r.Observer.Committed(id, req.Run, c)
	return id, []Result{{Account: account, Status: c.Status, Plan: c.Plan, APICalls: calls}}, nil
}
