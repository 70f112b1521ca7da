package ringcentral

import (
	"context"
	"fmt"
	"slices"
	"strings"
	stdsync "sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"ringroster/sync"
)

// Reasons of the warnings that a snapshot carries.
const (
	WarningMainIsRingEX    sync.Reason = "main_account_is_ringex" // R4
	WarningFaultyExtension sync.Reason = "faulty_extension"
)

// Directory reads one account from RingCentral in one session. It implements
// sync.Directory; see the package's doc for what it proves.
type Directory struct {
	c *client
	// extensionPages is how many pages the extension list had; 0: not read yet.
	extensionPages atomic.Int64
}

// New prepares a session with RingCentral without sending anything. Addresses
// that cannot be, and a CA file that cannot be used, are *Error.
func New(cfg Config) (*Directory, error) {
	c, err := newClient(cfg)
	if err != nil {
		return nil, err
	}
	return &Directory{c: c}, nil
}

// Calls counts every HTTP request sent so far.
func (d *Directory) Calls() int { return int(d.c.calls.Load()) }

// Close revokes the session, also after ctx was cancelled, within a few seconds
// of its own. It may be called twice. Reading is not possible after it.
func (d *Directory) Close(ctx context.Context) {
	d.c.tokens.revoke(ctx)
	d.c.closeIdle()
}

// Snapshot reads the whole account and proves it (R1), or returns an error:
// *Error, or the context's. RingEX is read beside RingCX.
func (d *Directory) Snapshot(ctx context.Context, report func(sync.Progress)) (_ *sync.Snapshot, err error) {
	defer d.c.tellSilence(ctx, &err)
	report, stop := d.c.listen(report)
	defer stop()
	defer emptyShelves()
	g, ctx := newTasks(ctx)
	r := d.reading(ctx, report)
	g.Go(func() error { return r.ringEX(ctx) })
	g.Go(func() error { return r.ringCX(ctx) })
	if err := g.Wait(); err != nil {
		return nil, d.c.secrets.finish(err)
	}
	if err := r.somebody(); err != nil {
		return nil, err
	}
	d.c.secrets.finishWarnings(r.s.Warnings)
	r.s.TakenAt = time.Now()
	r.s.Lists = r.lists()
	slices.SortFunc(r.s.Warnings, func(a, b sync.Warning) int { return strings.Compare(string(a.Reason), string(b.Reason)) })
	return r.s, nil
}

// reading is one reading of an account. Its parts fill different fields of the
// snapshot, each result at the place its request had, so that the order of
// answers decides nothing (R3).
type reading struct {
	c       *client
	s       *sync.Snapshot
	total   int                         // of extensions, as claimed
	length  int                         // of the extension list; -1: not read
	pages   *atomic.Int64               // of the extension list
	account func() (wireAccount, error) // RingEX's, read once
	readCX  bool

	mu     stdsync.Mutex // orders reports
	report func(sync.Progress)
	people int
}

func (d *Directory) reading(ctx context.Context, report func(sync.Progress)) *reading {
	return &reading{
		c: d.c, report: report, total: -1, length: -1, pages: &d.extensionPages,
		s:       &sync.Snapshot{Account: d.c.Account},
		account: stdsync.OnceValues(func() (wireAccount, error) { return d.c.ringEXAccount(ctx) }),
	}
}

// progress tells of a list that was read. People are counted where RingCX
// reports them; extensions count in their own step alone.
func (r *reading) progress(p sync.Progress, people int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.people += people
	if r.report == nil {
		return
	}
	p.Account = r.s.Account
	if p.People == 0 {
		p.People = r.people
	}
	r.report(p)
}

// ringCX reads who works there: administrators beside the sub-accounts.
func (r *reading) ringCX(ctx context.Context) error {
	r.readCX = true
	mainID, err := r.mainID(ctx)
	if err != nil {
		return err
	}
	g, ctx := newTasks(ctx)
	g.Go(func() error { return r.administrators(ctx, mainID) })
	g.Go(func() error { return r.subAccounts(ctx, mainID) })
	return g.Wait()
}

// mainID settles which main account this is (R4): the configured one, or the
// session's when the settings give its RingEX number.
func (r *reading) mainID(ctx context.Context) (string, error) {
	configured := r.c.MainAccountID
	owner, of, err := r.c.tokens.identity(ctx)
	if err != nil {
		return "", err
	}
	r.s.Identity.OwnerID, r.s.Identity.MainAccountID = owner, configured
	if configured == of || of == "" {
		return configured, nil
	}
	account, err := r.account()
	if err != nil {
		return "", err
	}
	ringEX := string(account.ID)
	if configured != ringEX {
		return "", &Error{
			Op: "the main account", kind: kindSettings, permanent: true,
			Message: fmt.Sprintf("main_account_id is %s, but the JWT belongs to RingCX main account %s (RingEX account %s)",
				clean(configured), clean(of), clean(ringEX)),
			Advice: "set main_account_id to " + clean(of) + ", or use the JWT of the other account",
		}
	}
	r.s.Identity.MainAccountID = of
	r.warn(WarningMainIsRingEX, "main_account_id %s is the RingEX account: RingCX main account %s is meant", configured, of)
	return of, nil
}

func (r *reading) administrators(ctx context.Context, mainID string) error {
	admins, err := proved(ctx, func(ctx context.Context) ([]sync.Admin, error) {
		admins, err := r.c.administrators(ctx, mainID)
		if err != nil {
			return nil, err
		}
		return admins, distinct("administrators", admins, func(a *sync.Admin) string { return a.UserID })
	})
	r.s.Admins = admins
	if err == nil {
		r.progress(sync.Progress{Step: "administrators", Done: 1, Of: 1}, len(admins))
	}
	return err
}

// distinct proves that no id stands twice in a list. Records without an id are
// faulty, and equal no other.
func distinct[T any](what string, list []T, idOf func(*T) string) error {
	seen := make(map[string]bool, len(list))
	for i := range list {
		key := idOf(&list[i])
		if key != "" && seen[key] {
			return moved(what, "id %s came twice", clean(key))
		}
		seen[key] = true
	}
	return nil
}

func (r *reading) warn(reason sync.Reason, format string, args ...any) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.s.Warnings = append(r.s.Warnings, sync.Warning{Reason: reason, Detail: fmt.Sprintf(format, args...)})
}

// somebody refuses an account without one person: a fact nobody should act on
// (R1).
func (r *reading) somebody() error {
	if len(r.s.Admins) > 0 {
		return nil
	}
	for _, sub := range r.s.SubAccounts {
		for _, g := range sub.Groups {
			if len(g.Agents) > 0 {
				return nil
			}
		}
	}
	return &Error{
		Op: "the account", kind: kindNonsense,
		Message: "RingCX reports neither an administrator nor an agent: an empty answer is no fact",
		Advice:  "check main_account_id and sub_accounts, and what the owner of the JWT may see in RingCX",
	}
}

// lists gives the facts about every list that was read, for the guard.
func (r *reading) lists() []sync.List {
	lists := r.ringCXLists()
	if r.length >= 0 {
		lists = append(lists, sync.List{Name: "extensions", Length: r.length, Total: r.total})
	}
	if r.s.Assigned != nil {
		lists = append(lists,
			sync.List{Name: "roles", Length: len(r.s.Roles), Total: -1},
			sync.List{Name: "assigned roles", Length: len(r.s.Assigned), Total: -1})
	}
	return lists
}

func (r *reading) ringCXLists() []sync.List {
	if !r.readCX {
		return nil
	}
	lists := []sync.List{
		{Name: "administrators", Length: len(r.s.Admins), Total: -1},
		{Name: "sub-accounts", Length: len(r.s.SubAccounts), Total: -1},
	}
	for _, sub := range r.s.SubAccounts {
		if !sub.Read {
			continue
		}
		lists = append(lists, sync.List{Name: "agent groups of " + sub.ID, Length: len(sub.Groups), Total: -1})
		for _, g := range sub.Groups {
			lists = append(lists, sync.List{Name: fmt.Sprintf("agents of %s/%s", sub.ID, g.ID), Length: len(g.Agents), Total: -1})
		}
	}
	return lists
}

// tasks run what is read side by side: the first error ends the rest. A panic in
// one is such an error, so that it fails this account and not the program.
type tasks struct{ errors *errgroup.Group }

func newTasks(ctx context.Context) (tasks, context.Context) {
	g, ctx := errgroup.WithContext(ctx)
	return tasks{g}, ctx
}

func (t tasks) Go(f func() error) { t.errors.Go(func() error { return sync.Contain(f) }) }
func (t tasks) SetLimit(n int)    { t.errors.SetLimit(n) }
func (t tasks) Wait() error       { return t.errors.Wait() }
