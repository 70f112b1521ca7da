package reconcile

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"

	"ringroster/sync"
	"ringroster/sync/archive"
	"ringroster/sync/guard"
	"ringroster/sync/plan"
)

// job is one kind of record that a run brings in step: what it reads, and what it makes of that.
type job struct {
	read func(*session, context.Context) error
	// plan makes the account's end of the run from what was read and the roster as it is now.
	plan func(*session, context.Context) (*sync.Commit, error)
}

var jobs = map[string]job{
	sync.JobMembers:  {(*session).readMembers, (*session).planMembers},
	sync.JobContacts: {(*session).readContacts, (*session).planContacts},
}

// session is one account's reading and planning.
type session struct {
	job
	r         *Runner
	run       sync.RunID // 0: a preview
	account   string
	req       Request
	policy    sync.Policy
	dir       sync.Directory
	closed    bool
	contacts  *sync.ContactList
	snapshot  *sync.Snapshot
	looked    sync.Look       // what was read a second time
	looks     int             // how often anything was
	lookedUp  bool            // regional settings were
	failed    error           // why the members of the last plan's input ended early
	past      *archive.Writer // what the last plan was made from; nil: it is not kept
	everybody func(*plan.Standing) bool
	state     sync.State        // of the roster, as the last plan had it
	audit     *sync.AuditAnswer // what RingCentral's logs told; nil: they were not asked
	begin     func() error      // begins the run, when that waits for the plan (R28); nil: it has begun
}

// inSession opens a session for one account, does what is to be done in it, and closes
// it, whatever happens. A panic is *PanicError: it fails this account alone.
func (r *Runner) inSession(ctx context.Context, account string, req Request, do func(*session) error) (calls int, err error) {
	s := &session{job: jobs[req.Run.JobName()], r: r, account: account, req: req}
	err = sync.Contain(func() error {
		dir, err := r.Connect(account)
		if err != nil {
			return err
		}
		s.dir, s.policy = dir, r.Policy(account)
		return do(s)
	})
	if s.dir != nil {
		err = errors.Join(err, sync.Contain(func() error {
			s.close(ctx)
			calls = s.dir.Calls()
			return nil
		}))
	}
	return calls, err
}

// close may be called twice.
func (s *session) close(ctx context.Context) {
	if !s.closed {
		s.closed = true
		s.dir.Close(context.WithoutCancel(ctx))
	}
}

// replans is how often a plan is made again from the same snapshot when the
// roster moved under it (R27).
const replans = 3

// apply decides and commits.
func (s *session) apply(ctx context.Context) (*sync.Commit, error) {
	c, err := s.decide(ctx)
	if err == nil && s.begin != nil {
		err = s.begin()
	}
	s.close(ctx) // before the commit, so that the count of calls is final
	for attempt := 0; err == nil; attempt++ {
		c.Run, c.APICalls = s.run, s.dir.Calls()
		if err = s.r.Roster.Commit(ctx, c); err == nil {
			return c, nil
		}
		if !errors.Is(err, sync.ErrMoved) || attempt == replans {
			break
		}
		c, err = s.plan(s, ctx)
	}
	return nil, err
}

// decide reads RingCentral and plans, with all that needs the session.
func (s *session) decide(ctx context.Context) (*sync.Commit, error) {
	if err := s.read(s, ctx); err != nil {
		return nil, err
	}
	return s.plan(s, ctx)
}

// mostLooks is how often lists are read again for what the look before showed first.
const mostLooks = 5

func (s *session) readMembers(ctx context.Context) (err error) {
	s.snapshot, err = s.dir.Snapshot(ctx, s.r.Observer.Progress)
	return err
}

// planMembers makes a plan from the snapshot. Where it shows that more must be read, it is made
// again with that: what a second look shows may have to be looked at twice itself.
func (s *session) planMembers(ctx context.Context) (*sync.Commit, error) {
	for {
		plan, err := s.planOnce(ctx)
		if err != nil {
			return nil, err
		}
		if more, err := s.readMore(ctx, plan); err != nil {
			return nil, err
		} else if !more {
			s.attribute(ctx, plan)
			return s.commit(plan), nil
		}
	}
}

// readMore reads what a plan asks for, in the same session: the lists once more
// for those who seem to have left (R2), and regional settings.
func (s *session) readMore(ctx context.Context, plan *sync.Plan) (more bool, err error) {
	look := plan.Look.Less(&s.looked)
	if s.closed { // what the roster alone shows anew, both looks say
		look.RingCX = look.RingCX && !s.looked.RingCX
	}
	if look.Any() {
		if s.closed {
			return false, fmt.Errorf("the roster was edited while it was planned, and new leavers appeared that were not looked up twice: run again: %w", sync.ErrMoved)
		}
		if s.looks++; s.looks > mostLooks {
			return false, fmt.Errorf("each of %d looks shows others who seem to have left: RingCentral's lists change too fast to be believed; try again later", s.looks)
		}
		second, err := s.dir.LookAgain(ctx, look, s.r.Observer.Progress)
		if err != nil {
			return false, fmt.Errorf("look again for those who seem to have left: %w", err)
		}
		if more = !second.Confirms(s.snapshot, &look); !more {
			s.looked = s.looked.With(&look)
		} else if err := s.lookAgain(ctx, plan.Doubts, second, look); err != nil {
			return false, err
		}
	}
	if len(plan.Lookups) > 0 && !s.lookedUp && s.looksUp() {
		own, warnings, err := s.dir.Regional(ctx, plan.Lookups, s.r.Observer.Progress)
		if err != nil {
			return false, fmt.Errorf("look up regional settings: %w", err)
		}
		s.snapshot, s.lookedUp, more = s.snapshot.WithRegional(own, warnings), true, true
	}
	return more, nil
}

// looksUp says whether regional settings are looked up: by a run of the whole
// account, and by anything about one person alone. A preview of the whole account
// spends no calls on them, and so a saved plan comes out the same.
func (s *session) looksUp() bool {
	return !s.closed && (s.run != 0 && s.full() || s.req.Only != "")
}

// lookAgain joins a second look with the first. Each is judged alone first, since a list
// that one of them gives no reason to believe is not believed (R2).
func (s *session) lookAgain(ctx context.Context, first []sync.Doubt, second *sync.Snapshot, look sync.Look) error {
	alone, err := s.input(ctx, s.snapshot.ReplacedBy(second, &look))
	if err != nil {
		return err
	}
	doubts, losses, err := plan.JudgeLook(*alone)
	if err != nil {
		return err
	}
	first = slices.Concat(s.snapshot.Doubts, first, doubts)
	kept := s.snapshot.Kept
	s.snapshot = s.snapshot.WithSecondLook(second, &look)
	s.looked = s.looked.With(&look)
	if look.RingCX {
		kept = slices.Concat(kept, s.looked.Without(losses))
	}
	s.snapshot.Doubts, s.snapshot.Kept = first, kept
	return s.failed
}

// narrow hands on what the run is limited to. A limit that says nothing about
// this account allows nothing here; it must not pass for no limit.
func (s *session) narrow(in *plan.Input) {
	if s.req.Reviewed != nil {
		in.Reviewed = append(plan.Reviewed{}, s.req.Reviewed[s.account]...)
	}
	if s.req.Approve != nil {
		in.Approved = approvedChanges(s.req.Approve[s.account], in.State.Open)
	}
}

// input is what a plan of a snapshot is made from, with the roster as it is now.
func (s *session) input(ctx context.Context, snapshot *sync.Snapshot) (*plan.Input, error) {
	now := s.r.Now()
	state, err := s.r.state(ctx, s.account, now)
	if err != nil {
		return nil, err
	}
	in := &plan.Input{Snapshot: snapshot, State: state, Policy: s.policy, Now: now, Only: s.req.Only, Picks: s.req.Picks}
	s.narrow(in)
	s.failed = nil
	in.Members = func(known sync.Known) iter.Seq[*sync.Member] {
		return untilError(s.r.Roster.Members(ctx, s.account, known), &s.failed)
	}
	return in, nil
}

func (s *session) planOnce(ctx context.Context) (*sync.Plan, error) {
	in, err := s.input(ctx, s.snapshot)
	if err != nil {
		return nil, err
	}
	if err := prove(s.snapshot, &in.State); err != nil {
		return nil, err
	}
	s.state = in.State
	s.req.Trace.Reset()
	in.Trace, in.Everybody = s.req.Trace, s.everybody
	if s.run != 0 && s.full() && (s.r.Keep > 0 || s.r.KeepDays > 0) {
		s.past = archive.NewWriter(s.run, s.req.Run.Version, in)
		in.Members = s.past.Watch(in.Members)
	}
	plan, err := plan.Make(*in)
	if s.failed != nil {
		return nil, fmt.Errorf("read the members of account %s: %w", s.account, s.failed)
	}
	return plan, err
}

// untilError is the stream without its errors: it ends at the first, which is
// left in failed.
func untilError[T any](rows iter.Seq2[T, error], failed *error) iter.Seq[T] {
	return func(yield func(T) bool) {
		for m, err := range rows {
			if err != nil {
				*failed = err
				return
			}
			if !yield(m) {
				return
			}
		}
	}
}

// full says that the run decides about the whole account.
func (s *session) full() bool {
	return s.req.Only == "" && s.req.Approve == nil && s.req.Reviewed == nil && s.req.Picks == nil
}

// statusOf is how a run ends that did not fail.
func statusOf(holds bool) sync.RunStatus {
	if holds {
		return sync.HeldRun
	}
	return sync.Succeeded
}

// commit is the account's end of the run as it will be written.
func (s *session) commit(plan *sync.Plan) *sync.Commit {
	c := &sync.Commit{
		Job: sync.JobMembers, Account: s.account, FinishedAt: s.r.Now(), Status: statusOf(plan.Held != nil), Plan: plan, Full: s.full(),
		TakenAt: s.snapshot.TakenAt, Identity: s.snapshot.Identity,
	}
	if s.req.Approve != nil {
		c.Settled = &sync.Settled{Decision: sync.Approve, Held: plan.Released, Renewed: plan.Renewed}
	}
	if c.Full || s.req.Approve != nil {
		c.Settings = guard.Accept(&s.policy, s.snapshot)
	}
	switch {
	case s.past != nil:
		c.Keep = s.past.Keep(s.r.Keep)
		if s.r.KeepDays > 0 {
			c.Keep.Since = c.FinishedAt.AddDate(0, 0, -s.r.KeepDays)
		}
	case c.Full:
		c.Keep = &sync.Keep{}
	}
	return c
}
