package reconcile

import (
	"context"
	"fmt"

	"ringroster/sync"
	"ringroster/sync/contacts"
	"ringroster/sync/guard"
)

// readContacts reads the directory. The session is over before anything is planned.
func (s *session) readContacts(ctx context.Context) (err error) {
	defer s.close(ctx)
	s.contacts, err = s.dir.Contacts(ctx, s.r.Observer.Progress)
	return err
}

// planContacts makes a plan from the directory.
func (s *session) planContacts(ctx context.Context) (*sync.Commit, error) {
	now := s.r.Now()
	state, err := s.r.contactState(ctx, s.account, now)
	if err != nil {
		return nil, err
	}
	if err := proveContacts(s.contacts, state.Bound); err != nil {
		return nil, err
	}
	var failed error
	in := contacts.Input{List: s.contacts, State: state, Policy: s.r.ContactPolicy(s.account), Now: now}
	in.Contacts = untilError(s.r.Roster.Contacts(ctx, s.account), &failed)
	if s.req.Approve != nil {
		in.Approved = approvedChanges(s.req.Approve[s.account], state.Open)
	}
	plan := contacts.Plan(in)
	if failed != nil {
		return nil, fmt.Errorf("read the contacts of account %s: %w", s.account, failed)
	}
	return s.r.contactCommit(&in, plan), nil
}

// contactCommit is the account's end of the run as it will be written.
func (r *Runner) contactCommit(in *contacts.Input, plan *sync.ContactPlan) *sync.Commit {
	c := &sync.Commit{
		Job: sync.JobContacts, Account: plan.Account, FinishedAt: r.Now(), Status: statusOf(plan.Held != nil), Contacts: plan,
		Full: in.Approved == nil, TakenAt: in.List.TakenAt, Identity: in.List.Identity,
		Settings: guard.Accepted(contacts.Settings(&in.Policy, in.List)),
	}
	if !c.Full {
		c.Settled = &sync.Settled{Decision: sync.Approve, Held: plan.Released, Renewed: plan.Renewed}
	}
	return c
}
