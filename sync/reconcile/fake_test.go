package reconcile_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	stdsync "sync"
	"testing"
	"time"

	"ringroster/sync"
	"ringroster/sync/reconcile"
)

// memory is a Roster that behaves as the store does: one lock, versions that a
// commit checks, nothing written when it fails.
type memory struct {
	mu      stdsync.Mutex
	locked  bool
	lastRun sync.RunID
	lastID  int64
	members map[string][]*sync.Member
	commits []*sync.Commit

	contacts map[string][]*sync.Contact

	books, contactBooks map[string]*books
	trigger             sync.Trigger // of the run that began last

	// moves is how many commits find that somebody was faster.
	moves int
	// beforeCommit runs at every commit, before anything is checked.
	beforeCommit func(*sync.Commit)
	membersErr   error
}

func newMemory() *memory {
	return &memory{
		members: map[string][]*sync.Member{}, contacts: map[string][]*sync.Contact{},
		books: map[string]*books{}, contactBooks: map[string]*books{},
	}
}

func (r *memory) Lock(context.Context, sync.Holder) (func() error, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.locked {
		return nil, &sync.BusyError{Holder: sync.Holder{PID: 7, Host: "elsewhere", Since: noon}}
	}
	r.locked = true
	return func() error {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.locked = false
		return nil
	}, nil
}

func (r *memory) Begin(_ context.Context, run sync.Run) (sync.RunID, error) {
	r.trigger = run.Trigger
	r.lastRun++
	return r.lastRun, nil
}

func (r *memory) State(_ context.Context, account string, now time.Time) (sync.State, error) {
	return r.book(r.books, account).at(now, r.members[account]), nil
}

func (r *memory) book(of map[string]*books, account string) *books {
	if of[account] == nil {
		of[account] = &books{}
	}
	return of[account]
}

func (r *memory) Members(_ context.Context, account string, _ sync.Known) iter.Seq2[*sync.Member, error] {
	return func(yield func(*sync.Member, error) bool) {
		for _, m := range r.members[account] {
			if !yield(m, nil) {
				return
			}
		}
		if r.membersErr != nil {
			yield(nil, r.membersErr)
		}
	}
}

func (r *memory) ContactState(_ context.Context, account string, _ time.Time) (sync.State, error) {
	return r.book(r.contactBooks, account).state, nil
}

func (r *memory) Contacts(_ context.Context, account string) iter.Seq2[*sync.Contact, error] {
	return func(yield func(*sync.Contact, error) bool) {
		for _, c := range r.contacts[account] {
			if !yield(c, nil) {
				return
			}
		}
		if r.membersErr != nil {
			yield(nil, r.membersErr)
		}
	}
}

// moved plays that somebody was faster, then compares versions.
func (r *memory) moved(b *books, planned int64) error {
	if r.moves > 0 {
		r.moves--
		b.state.Version++
	}
	if planned != b.state.Version {
		return fmt.Errorf("commit: %w", sync.ErrMoved)
	}
	return nil
}

// commitContacts is Commit for a contact plan.
func (r *memory) commitContacts(c *sync.Commit) error {
	b := r.book(r.contactBooks, c.Account)
	if err := r.moved(b, c.Contacts.Version); err != nil {
		return err
	}
	r.contacts[c.Account] = applyContacts(c.Contacts, r.contacts[c.Account], &r.lastID)
	b.book(c, r.trigger, c.FinishedAt, nil)
	return nil
}

func (r *memory) Commit(ctx context.Context, c *sync.Commit) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if r.beforeCommit != nil {
		r.beforeCommit(c)
	}
	if c.Contacts != nil {
		if err := r.commitContacts(c); err != nil {
			return err
		}
	}
	if c.Plan != nil {
		b := r.book(r.books, c.Account)
		if err := r.moved(b, c.Plan.Version); err != nil {
			return err
		}
		before := r.lastID
		r.members[c.Account] = apply(c.Plan, r.members[c.Account], &r.lastID)
		ids := map[string]int64{}
		for i := range c.Plan.Changes {
			if c.Plan.Changes[i].Kind == sync.Onboard {
				before++
				ids[c.Plan.Changes[i].Person] = before
			}
		}
		b.book(c, r.trigger, c.FinishedAt, ids)
	}
	r.commits = append(r.commits, c)
	return nil
}

// fakeDirectory answers with one world, with another at the second look, and at any further
// one with a third (nil: as at the second).
type fakeDirectory struct {
	first, second, third *sync.Snapshot
	err, againErr        error
	read                 func() // runs while the snapshot is read

	// regional answers for the extensions that are looked up; nil: nobody does.
	regional func(extensions []string) (map[string]sync.Region, []sync.Warning, error)

	// audit is what RingCentral's logs tell; nil: nothing.
	audit      func(sync.AuditQuery) *sync.AuditAnswer
	auditHangs bool

	contacts    *sync.ContactList
	contactsErr error

	looks   int
	look    sync.Look // the last
	lookups [][]string
	audits  []sync.AuditQuery
	closed  bool
}

func (d *fakeDirectory) Contacts(_ context.Context, report func(sync.Progress)) (*sync.ContactList, error) {
	if d.closed {
		return nil, errors.New("read after close")
	}
	report(sync.Progress{Step: "directory entries"})
	return d.contacts, d.contactsErr
}

func (d *fakeDirectory) Snapshot(ctx context.Context, report func(sync.Progress)) (*sync.Snapshot, error) {
	if d.closed {
		return nil, errors.New("read after close")
	}
	report(sync.Progress{Account: d.first.Account, Step: "agents"})
	if d.read != nil {
		d.read()
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	return d.first, d.err
}

func (d *fakeDirectory) LookAgain(_ context.Context, look sync.Look, _ func(sync.Progress)) (*sync.Snapshot, error) {
	if d.closed {
		return nil, errors.New("read after close")
	}
	d.looks++
	d.look = look
	if d.againErr != nil {
		return nil, d.againErr
	}
	now := d.second
	if d.looks > 1 && d.third != nil {
		now = d.third
	}
	answer := &sync.Snapshot{Account: now.Account, TakenAt: now.TakenAt}
	if look.RingCX {
		answer.Admins, answer.SubAccounts, answer.Lists = now.Admins, now.SubAccounts, now.Lists
	}
	if look.Roles {
		answer.Roles, answer.Assigned = now.Roles, now.Assigned
	}
	for _, e := range now.Extensions {
		if slices.Contains(look.Extensions, e.ID) {
			answer.Extensions = append(answer.Extensions, e)
		}
	}
	return answer, nil
}

func (d *fakeDirectory) Regional(ctx context.Context, extensions []string, report func(sync.Progress)) (map[string]sync.Region, []sync.Warning, error) {
	if d.closed {
		return nil, nil, errors.New("read after close")
	}
	d.lookups = append(d.lookups, extensions)
	if d.regional == nil {
		return nil, nil, nil
	}
	return d.regional(extensions)
}

func (d *fakeDirectory) Audit(ctx context.Context, query sync.AuditQuery, _ func(sync.Progress)) *sync.AuditAnswer {
	if d.closed {
		panic("read after close")
	}
	d.audits = append(d.audits, query)
	if d.auditHangs {
		<-ctx.Done()
		return &sync.AuditAnswer{Unread: []string{ctx.Err().Error()}}
	}
	if d.audit == nil {
		return &sync.AuditAnswer{}
	}
	return d.audit(query)
}

func (d *fakeDirectory) Close(context.Context) { d.closed = true }

func (d *fakeDirectory) Calls() int {
	calls := 10 + d.looks
	if d.closed {
		calls++ // the revoke
	}
	return calls
}

// log is an Observer that writes down what it is told.
type log struct{ lines []string }

func (l *log) Began(id sync.RunID, r sync.Run) { l.add("run %d began, %s", id, r.Trigger) }
func (l *log) Progress(p sync.Progress)        { l.add("%s reads %s", p.Account, p.Step) }
func (l *log) Committed(id sync.RunID, _ sync.Run, c *sync.Commit) {
	l.add("run %d committed %s: %s", id, c.Account, c.Status)
}

func (l *log) Failed(id sync.RunID, _ sync.Run, account string, _ error) {
	l.add("run %d failed %s", id, account)
}

func (l *log) add(format string, args ...any) {
	l.lines = append(l.lines, fmt.Sprintf(format, args...))
}

// siteUnderTest is a Runner over fakes: one account for each directory.
type siteUnderTest struct {
	reconcile.Runner
	roster      *memory
	log         *log
	directories map[string]*fakeDirectory
	policies    map[string]sync.Policy
}

// newSite has the account acme with the given world, its roster synced from it.
func newSite(t *testing.T, given func(*world)) *siteUnderTest {
	t.Helper()
	s := &siteUnderTest{
		roster: newMemory(), log: &log{},
		directories: map[string]*fakeDirectory{}, policies: map[string]sync.Policy{},
	}
	s.Runner = reconcile.Runner{
		Roster: s.roster, Observer: s.log, Now: func() time.Time { return noon },
		Policy: func(account string) sync.Policy { return s.policies[account] },
		Connect: func(account string) (sync.Directory, error) {
			d := s.directories[account]
			if d == nil {
				return nil, fmt.Errorf("account %s: the secret cannot be read", account)
			}
			d.closed, d.looks = false, 0
			return d, nil
		},
	}
	s.reports("acme", given)
	s.sync(t, "acme")
	s.roster.commits, s.log.lines = nil, nil
	return s
}

// reports makes RingCentral report a world about an account; the second look
// shows the same.
func (s *siteUnderTest) reports(account string, given func(*world)) *fakeDirectory {
	w := newWorld()
	w.Snapshot.Account = account
	given(w)
	second := *w.Snapshot
	s.directories[account] = &fakeDirectory{first: w.Snapshot, second: &second}
	s.policies[account] = w.Policy
	return s.directories[account]
}

func (s *siteUnderTest) sync(t *testing.T, accounts ...string) []reconcile.Result {
	t.Helper()
	_, results, err := s.Sync(t.Context(), reconcile.Request{Run: sync.Run{Accounts: accounts, Trigger: sync.Manual}})
	if err != nil {
		t.Fatal(err)
	}
	return results
}

func (s *siteUnderTest) member(account string, id int64) *sync.Member {
	members := s.roster.members[account]
	return members[slices.IndexFunc(members, func(m *sync.Member) bool { return m.ID == id })]
}
