package sync

import (
	"context"
	"errors"
	"fmt"
)

// syncContacts takes the contacts of one account from the directory to the
// commit.
func (r *Runner) syncContacts(ctx context.Context, id RunID, account string, req Request) Result {
	var c *Commit
	calls, err := r.inSession(ctx, account, req, func(s *session) (err error) {
		c, err = s.applyContacts(ctx, id)
		return err
	})
	if err != nil {
		return r.fail(ctx, id, req.Run, account, calls, err)
	}
	r.Observer.Committed(id, req.Run, c)
	return Result{Account: account, Status: c.Status, Contacts: c.Contacts, APICalls: calls}
}

func (s *session) applyContacts(ctx context.Context, id RunID) (*Commit, error) {
	list, err := s.readContacts(ctx)
	if err != nil {
		return nil, err
	}
	for attempt := 0; ; attempt++ {
		c, err := s.r.planContacts(ctx, list, s.req)
		if err == nil {
			c.Run, c.APICalls = id, s.dir.Calls()
			err = s.r.Roster.Commit(ctx, c)
		}
		if err == nil {
			return c, nil
		}
		if !errors.Is(err, ErrMoved) || attempt == replans {
			return nil, err
		}
	}
}

// PreviewContacts plans the contacts without a lock and writes nothing:
// `contacts sync --dry-run`.
func (r *Runner) PreviewContacts(ctx context.Context, req Request) []Result {
	var results []Result
	for _, account := range req.Run.Accounts {
		result := Result{Account: account, Status: Failed}
		result.APICalls, result.Err = r.inSession(ctx, account, req, func(s *session) error {
			list, err := s.readContacts(ctx)
			if err != nil {
				return err
			}
			c, err := r.planContacts(ctx, list, req)
			if err == nil {
				result.Status, result.Contacts = c.Status, c.Contacts
			}
			return err
		})
		result.Err = stopped(ctx, result.Err)
		results = append(results, result)
	}
	return results
}

// readContacts reads the directory. The session is over before anything is
// planned, so that the count of calls is final.
func (s *session) readContacts(ctx context.Context) (*ContactList, error) {
	defer s.close(ctx)
	return s.dir.Contacts(ctx, s.r.Observer.Progress)
}

// planContacts makes a plan from the directory and the contacts as they are now.
func (r *Runner) planContacts(ctx context.Context, list *ContactList, req Request) (*Commit, error) {
	now := r.Now()
	state, err := r.Roster.ContactState(ctx, list.Account, now)
	if err != nil {
		return nil, fmt.Errorf("read what is known about the contacts of account %s: %w", list.Account, err)
	}
	if err := proveContacts(list, state.Bound); err != nil {
		return nil, err
	}
	var failed error
	in := ContactInput{List: list, State: state, Policy: r.ContactPolicy(list.Account)}
	in.Contacts = untilError(r.Roster.Contacts(ctx, list.Account), &failed)
	in.Now = now
	if req.Approve != nil {
		in.Approved = req.Approve[list.Account].changes(state.Open)
	}
	plan := PlanContacts(in)
	if failed != nil {
		return nil, fmt.Errorf("read the contacts of account %s: %w", list.Account, failed)
	}
	return r.contactCommit(&in, plan), nil
}

// contactCommit is the account's end of the run as it will be written.
func (r *Runner) contactCommit(in *ContactInput, plan *ContactPlan) *Commit {
	c := &Commit{
		Job: JobContacts, Account: plan.Account, FinishedAt: r.Now(), Status: Succeeded, Contacts: plan,
		Full: in.Approved == nil, TakenAt: in.List.TakenAt, Identity: in.List.Identity,
	}
	if plan.Held != nil {
		c.Status = HeldRun
	}
	c.Settings = accepted(contactSettings(&in.Policy, in.List))
	if !c.Full {
		c.Settled = &Settled{Decision: Approve, Held: plan.Released, Renewed: plan.Renewed}
	}
	return c
}

// SettleContacts records what an operator decided about held contacts, as a run of its own
// (R26).
func (r *Runner) SettleContacts(ctx context.Context, run Run, settled *Settled) (RunID, error) {
	run.Job = JobContacts
	account := run.Accounts[0]
	id, _, err := r.commitEdit(ctx, run, func() (*Commit, error) {
		state, err := r.Roster.ContactState(ctx, account, r.Now())
		if err != nil {
			return nil, fmt.Errorf("read what is known about the contacts of account %s: %w", account, err)
		}
		plan := &ContactPlan{Account: account, Version: state.Version}
		return &Commit{Job: JobContacts, Account: account, FinishedAt: r.Now(), Status: Succeeded, Contacts: plan, Settled: settled}, nil
	})
	return id, err
}
