package main

import (
	"context"
	"fmt"
	"os"
	"os/user"
	"slices"
	"strings"
	"time"

	"github.com/mattn/go-isatty"
	"go.uber.org/zap"

	"ringroster/cmd/ringroster/config"
	"ringroster/cmd/ringroster/observe"
	"ringroster/cmd/ringroster/wire"
	"ringroster/store"
	"ringroster/sync"
	"ringroster/sync/reconcile"
)

// settings finds and reads the settings file.
func (a *app) settings() (*config.Settings, error) {
	path, err := config.Find(a.config)
	if err != nil {
		return nil, err
	}
	return config.Load(path)
}

// readStore opens the roster of the settings for reading. It never creates one.
func (a *app) readStore(ctx context.Context) (*store.Store, error) {
	_, st, err := a.readRoster(ctx)
	return st, err
}

// readRoster is readStore with the settings.
func (a *app) readRoster(ctx context.Context) (*config.Settings, *store.Store, error) {
	s, err := a.settings()
	if err != nil {
		return nil, nil, err
	}
	st, err := wire.OpenRead(ctx, s)
	return s, st, err
}

// chosen gives the accounts of the settings with the given names, or all.
func chosen(s *config.Settings, names []string) ([]*config.Account, error) {
	byName := map[string]*config.Account{}
	var all []*config.Account
	for i := range s.Accounts {
		byName[s.Accounts[i].Name] = &s.Accounts[i]
		all = append(all, &s.Accounts[i])
	}
	if len(names) == 0 {
		return all, nil
	}
	var some []*config.Account
	for _, name := range names {
		account := byName[name]
		if account == nil {
			return nil, usagef("the settings have no account %q; they have %s", name, strings.Join(namesOf(all), ", "))
		}
		if !slices.Contains(some, account) {
			some = append(some, account)
		}
	}
	return some, nil
}

func namesOf(accounts []*config.Account) []string {
	names := make([]string, len(accounts))
	for i, account := range accounts {
		names[i] = account.Name
	}
	return names
}

// watcher is an observer with the end of a run and what follows it, which only
// commands know.
type watcher interface {
	sync.Observer
	Finished(id sync.RunID, r sync.Run, results []reconcile.Result)
	Pruned(removed int, err error)
	Outdated(warnings []string)
	Notice(d observe.Delivery)
	Untold(err error)
	Published(p observe.Publication)
	Unpublished(err error)
}

// observer shows progress where stderr is a terminal, and logs elsewhere. On a
// terminal, and where the settings ask for no format, only warnings are logged, unless
// debug is asked for.
func (a *app) observer(s *config.Settings) (watcher, func(), error) {
	level, err := zap.ParseAtomicLevel(s.Log.Level)
	if err != nil {
		return nil, nil, err
	}
	terminal := a.onTerminal()
	format := observe.Format(s.Log.Format)
	// Nobody reads a line for each member where no format was asked for, as in cron's
	// mail: the command prints its summary. The journal keeps them.
	unasked := format == observe.Auto && format.For(a.errors) != observe.Journal
	if (terminal || unasked || a.quiet) && level.Level() == zap.InfoLevel {
		level.SetLevel(zap.WarnLevel)
	}
	log := observe.NewLog(a.logger(s, level), time.Now)
	log.Summarized = (terminal || unasked) && level.Level() > zap.DebugLevel
	if !terminal {
		return log, func() {}, nil
	}
	t := observe.NewTerminal(a.stderr, log, clean)
	return t, t.Done, nil
}

// logger writes to stderr, or to the journal.
func (a *app) logger(s *config.Settings, level zap.AtomicLevel) *zap.Logger {
	return observe.NewLogger(a.stderr, observe.Format(s.Log.Format).For(a.stderr), level)
}

// planner observes the reading of commands that change nothing: progress on a
// terminal, silence elsewhere.
func (a *app) planner() (sync.Observer, func()) {
	log := observe.NewLog(zap.NewNop(), time.Now)
	if !a.onTerminal() {
		return log, func() {}
	}
	t := observe.NewTerminal(a.stderr, log, clean)
	return t, t.Done
}

func (a *app) onTerminal() bool {
	f, ok := a.stderr.(*os.File)
	return ok && isatty.IsTerminal(f.Fd())
}

// writer is the runner of a command that writes, which waits for the lock as it was told.
func (a *app) writer(s *config.Settings, roster sync.Roster, observer sync.Observer) *reconcile.Runner {
	r := wire.Runner(s, version, roster, observer)
	r.Wait = a.wait
	return r
}

// prune removes changes that are older than the settings keep. It comes after a
// run, and costs nobody the run: what is left over goes after the next one.
func prune(ctx context.Context, s *config.Settings, st *store.Store, w watcher) {
	if s.History.KeepDays == 0 {
		return
	}
	before, err := st.PruneFor(ctx, toldOfChanges(s), time.Now().AddDate(0, 0, -s.History.KeepDays))
	if err != nil {
		w.Unpublished(err)
	}
	removed, err := st.Prune(ctx, before)
	if ctx.Err() != nil {
		err = nil
	}
	w.Pruned(removed, err)
}

// operator is the author of what a person does by hand (R31).
func operator(flag string) string {
	if flag != "" {
		return flag
	}
	if name := os.Getenv("SUDO_USER"); name != "" {
		return name
	}
	if u, err := user.Current(); err == nil {
		return u.Username
	}
	return fmt.Sprintf("uid %d", os.Getuid())
}
