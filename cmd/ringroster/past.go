package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"
	"time"

	"ringroster/cmd/ringroster/config"
	"ringroster/cmd/ringroster/wire"
	"ringroster/store"
	"ringroster/store/views"
	"ringroster/sync"
	"ringroster/sync/archive"
	"ringroster/sync/plan"
	"ringroster/sync/reconcile"
)

// What was decided then, and why: from what full runs kept (snapshots.keep in
// the settings), by the same planner. Neither RingCentral nor credentials are
// needed.

// explainPast says what decided about somebody in a past run.
func (a *app) explainPast(ctx context.Context, who string, accounts []string, run sync.RunID) error {
	st, err := a.readStore(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = st.Close() }()
	rows, err := keptOf(ctx, st, run, accounts)
	if err != nil {
		return err
	}
	var told []explanation
	for _, row := range rows {
		trace, err := retrace(ctx, st, &row, who)
		if err != nil {
			return fmt.Errorf("read what is kept of run %d of account %s: %w", run, row.Account, err)
		}
		if err := trace.Several(row.Account); err != nil {
			return err
		}
		told = append(told, explanation{row.Account, trace})
	}
	found, err := a.tell(told)
	if err == nil && !found {
		err = &sync.UnknownError{Who: who, Account: accountsOf(told), Where: fmt.Sprintf(" at run %d", run)}
	}
	return err
}

// retrace plans again with the trace on; the first fact says of when it tells.
func retrace(ctx context.Context, st *store.Store, row *store.KeptRow, who string) (*plan.Trace, error) {
	trace := &plan.Trace{}
	for past, err := range archive.ReadPasts(bytes.NewReader(row.Data)) {
		if err != nil {
			return nil, err
		}
		if trace.Who, err = wordThen(ctx, st, past, who); err != nil {
			return nil, err
		}
		if _, err := past.Plan("", trace); err != nil {
			return nil, err
		}
		if trace.Found() {
			trace.Facts = slices.Insert(trace.Facts, 0, plan.Fact{
				About: trace.Facts[0].About, Source: fmt.Sprintf("run %d", row.RunID), Text: "what was decided " + when(past),
			})
			if err := traceRefused(ctx, st, past, trace); err != nil {
				return nil, err
			}
		}
	}
	return trace, nil
}

// wordThen is a word for somebody that a past run understands: of the id of a member who
// came in by that run or later, the key of the person behind the member.
func wordThen(ctx context.Context, st *store.Store, past *archive.Past, who string) (string, error) {
	row, err := st.FindOne(ctx, who)
	if sync.NotOne(err) || err == nil && fmt.Sprint(row.MemberID) != who {
		return who, nil // no member's id
	}
	if err != nil {
		return "", err
	}
	for c, err := range st.History(ctx, row.MemberID) {
		if err != nil {
			return "", err
		}
		if c.Kind == sync.Onboard && c.RunID >= past.Run {
			return personWord(ctx, st, past.Snapshot.Account, who)
		}
		break // the first is how they came in
	}
	return who, nil
}

// userThen is wordThen where the roster of today can be read, which a file does not need.
func (a *app) userThen(ctx context.Context, past *archive.Past, who string) string {
	if who == "" {
		return ""
	}
	st, err := a.readStore(ctx)
	if err != nil {
		return who
	}
	defer func() { _ = st.Close() }()
	if word, err := wordThen(ctx, st, past, who); err == nil {
		return word
	}
	return who
}

// when is the time of a past decision, and the program that made it: a later one
// may decide otherwise.
func when(past *archive.Past) string {
	at := past.Now.UTC().Format(time.RFC3339)
	if past.Version != version {
		return fmt.Sprintf("at %s, by ringroster %s; this is %s", at, past.Version, version)
	}
	return "at " + at
}

// keptOf finds what is kept of a run, of the given accounts or of all.
func keptOf(ctx context.Context, st *store.Store, run sync.RunID, accounts []string) ([]store.KeptRow, error) {
	rows, err := st.Kept(ctx, run)
	if err != nil {
		return nil, err
	}
	for _, account := range accounts {
		if !slices.ContainsFunc(rows, func(r store.KeptRow) bool { return r.Account == account }) {
			return nil, notKept(ctx, st, run, account)
		}
	}
	rows = slices.DeleteFunc(rows, func(r store.KeptRow) bool {
		return len(accounts) > 0 && !slices.Contains(accounts, r.Account)
	})
	if len(rows) > 0 {
		return rows, nil
	}
	return nil, notKept(ctx, st, run, "")
}

// notKept says why there is nothing of a run, or of one account of it, and of
// which runs there is something.
func notKept(ctx context.Context, st *store.Store, run sync.RunID, account string) error {
	known, err := st.Run(ctx, run)
	if err != nil {
		return err
	}
	if account != "" && len(known) > 0 {
		names := make([]views.Name, len(known))
		for i := range known {
			names[i] = views.Name{Text: known[i].Account}
		}
		if err := refuseUnnamed("account", account, true, names); err != nil {
			return err
		}
	}
	var kept []string
	for id, err := range st.KeptRuns(ctx) {
		if err != nil {
			return err
		}
		kept = append(kept, fmt.Sprint(id))
	}
	what := "nothing is kept of any run; snapshots.keep in the settings says of how many it is"
	if len(kept) > 0 {
		what = "something is kept of " + plural(len(kept), "run ", "the runs ") + strings.Join(kept, ", ")
	}
	if len(known) == 0 {
		return usagef("there was no run %d; %s", run, what)
	}
	return fmt.Errorf("what run %d decided%s from is not kept: it was no full sync that ended, or it is too long ago; %s",
		run, prefixed(" about ", account), what)
}

// saveKept writes what is kept of a run to a new file, for `plan --snapshot`.
func (a *app) saveKept(ctx context.Context, st *store.Store, run sync.RunID, path string) error {
	rows, err := keptOf(ctx, st, run, nil)
	if err != nil {
		return err
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return usagef("%s is there already: give another name for what run %d decided from", path, run)
	}
	if err != nil {
		return fmt.Errorf("save what run %d decided from: %w", run, err)
	}
	for _, row := range rows {
		_, werr := f.Write(row.Data)
		err = errors.Join(err, werr)
	}
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return errors.Join(fmt.Errorf("save what run %d decided from: %w", run, err), os.Remove(path))
	}
	_, err = fmt.Fprintf(a.stdout, "What run %d decided from is in %s. It names people: keep it as you keep the roster.\n", run, path)
	return err
}

// planPast plans from a file of saveKept: what was decided then, or with today
// what its snapshot would do to today's roster under today's settings.
func (a *app) planPast(ctx context.Context, req planRequest) ([]reconcile.Result, error) {
	f, _, err := config.Open(req.snapshot, mostInput)
	if err != nil {
		return nil, badInput(req.snapshot, "a snapshot that `ringroster runs RUN --snapshot FILE` wrote", err)
	}
	defer func() { _ = f.Close() }() // it was only read
	var results []reconcile.Result
	var there []views.Name
	for past, err := range archive.ReadPasts(f) {
		if err != nil {
			return nil, usagef("%s is no snapshot that `ringroster runs RUN --snapshot` wrote: %w", req.snapshot, err)
		}
		there = append(there, views.Name{Text: past.Snapshot.Account})
		if len(req.accounts) > 0 && !slices.Contains(req.accounts, past.Snapshot.Account) {
			continue
		}
		result, title := reconcile.Result{Account: past.Snapshot.Account}, "what was decided "+when(past)
		if req.today {
			title = fmt.Sprintf("the snapshot of %s, with the roster and the settings of today", past.Snapshot.TakenAt.UTC().Format(time.RFC3339))
			if result, err = a.planToday(ctx, past.Snapshot, req); err != nil {
				return nil, err
			}
		} else if result.Plan, result.Err = past.Plan(a.userThen(ctx, past, req.user), nil); result.Err != nil {
			result.Status = sync.Failed
		}
		results = append(results, result)
		if a.output == formatTable {
			_, _ = fmt.Fprintf(a.stdout, "Run %d: %s\n", past.Run, title)
		}
	}
	if there == nil {
		return nil, usagef("%s holds nothing", req.snapshot)
	}
	for _, account := range req.accounts {
		if err := refuseUnnamed("account", account, true, there); err != nil {
			return nil, fmt.Errorf("%s: %w", req.snapshot, err)
		}
	}
	return results, nil
}

// planToday plans as `plan` does, with a snapshot in place of RingCentral.
func (a *app) planToday(ctx context.Context, snapshot *sync.Snapshot, req planRequest) (reconcile.Result, error) {
	s, err := a.settings()
	if err != nil {
		return reconcile.Result{}, err
	}
	if _, err := chosen(s, []string{snapshot.Account}); err != nil {
		return reconcile.Result{}, err
	}
	roster, closeRoster, err := wire.PreviewRoster(ctx, s.Database.Path)
	if err != nil {
		return reconcile.Result{}, err
	}
	defer closeRoster()
	observer, done := a.planner()
	defer done()
	r := wire.Runner(s, version, roster, observer)
	r.Connect = func(string) (sync.Directory, error) { return replay{snapshot}, nil }
	r.Attribution = false
	return r.Preview(ctx, reconcile.Request{Only: req.user, Run: sync.Run{Accounts: []string{snapshot.Account}}})[0], nil
}

// replay is a Directory that reports what was read in the past.
type replay struct{ snapshot *sync.Snapshot }

func (r replay) Snapshot(context.Context, func(sync.Progress)) (*sync.Snapshot, error) {
	return r.snapshot, nil
}

// LookAgain has nothing newer: what was kept has both looks in it (R2).
func (r replay) LookAgain(context.Context, sync.Look, func(sync.Progress)) (*sync.Snapshot, error) {
	return r.snapshot, nil
}

// Regional has nothing newer either.
func (replay) Regional(context.Context, []string, func(sync.Progress)) (map[string]sync.Region, []sync.Warning, error) {
	return nil, nil, nil
}

// Audit is in no snapshot: what was found then stands in the history.
func (replay) Audit(context.Context, sync.AuditQuery, func(sync.Progress)) *sync.AuditAnswer {
	return &sync.AuditAnswer{}
}

// Contacts are in no snapshot of members.
func (replay) Contacts(context.Context, func(sync.Progress)) (*sync.ContactList, error) {
	return nil, errors.New("a kept snapshot holds no contacts")
}

func (replay) Close(context.Context) {}
func (replay) Calls() int            { return 0 }
