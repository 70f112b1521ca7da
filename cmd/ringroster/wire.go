package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"os"
	"os/user"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/mattn/go-isatty"
	"go.uber.org/zap"

	"ringroster/cmd/ringroster/config"
	"ringroster/cmd/ringroster/observe"
	"ringroster/ringcentral"
	"ringroster/store"
	"ringroster/store/database"
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
	st, err := openRead(ctx, s)
	return s, st, err
}

func openRead(ctx context.Context, s *config.Settings) (*store.Store, error) {
	st, err := store.OpenRead(ctx, s.Database.Path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, noRoster(s)
	}
	return st, err
}

// noRoster is the error of a command that needs a roster where nothing shows that there
// ever was one.
func noRoster(s *config.Settings) error {
	if folder := missingFolder(s.Database.Path); folder != "" {
		return fmt.Errorf("there is no roster at %s, and no folder %s: %s", s.Database.Path, folder, folderRemedy)
	}
	return &database.MissingError{Path: s.Database.Path}
}

// openWrite opens the roster to change it; isNew begins one where there is none.
func openWrite(ctx context.Context, s *config.Settings, isNew bool) (*store.Store, error) {
	return openWriteAs(ctx, s, s.HostName(), isNew)
}

// openWriteAs is openWrite on a host; "": whosever the roster is.
func openWriteAs(ctx context.Context, s *config.Settings, host string, isNew bool) (*store.Store, error) {
	st, err := store.Open(ctx, s.Database.Path, store.Options{Mode: s.Database.FileMode(), New: isNew, Host: host})
	if missing, ok := errors.AsType[*database.MissingError](err); ok && missing.Why == "" {
		return nil, noRoster(s)
	}
	return st, err
}

// folderRemedy is what to do about a roster whose folder is missing.
const folderRemedy = "check database.path, or make the folder for the user of the service; `ringroster sync --new` makes only the file"

// missingFolder is the folder of a roster where that does not exist; "": it does.
func missingFolder(path string) string {
	folder := filepath.Dir(path)
	if _, err := os.Stat(folder); errors.Is(err, fs.ErrNotExist) {
		return folder
	}
	return ""
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

// runner joins settings, roster and RingCentral.
func runner(s *config.Settings, roster sync.Roster, observer sync.Observer) *reconcile.Runner {
	accounts := map[string]*config.Account{}
	for i := range s.Accounts {
		accounts[s.Accounts[i].Name] = &s.Accounts[i]
	}
	return &reconcile.Runner{
		Roster: roster, Observer: observer, Now: time.Now,
		Connect: func(name string) (sync.Directory, error) {
			tuneCollector()
			return connect(s, accounts[name], onCall(observer))
		},
		Policy: func(name string) sync.Policy { return s.Policy(accounts[name]) },
		Keep:   s.Snapshots.Keep, KeepDays: s.Snapshots.KeepDays,
		Attribution: s.Attribution.Enabled,

		ContactPolicy: func(name string) sync.ContactPolicy { return s.ContactPolicy(accounts[name]) },
	}
}

// writer is the runner of a command that writes, which waits for the lock as it was told.
func (a *app) writer(s *config.Settings, roster sync.Roster, observer sync.Observer) *reconcile.Runner {
	r := runner(s, roster, observer)
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

// connect makes a session with RingCentral; secrets are read only now.
func connect(s *config.Settings, account *config.Account, onCall func(ringcentral.Call)) (sync.Directory, error) {
	credentials, err := account.Credentials()
	if err != nil {
		return nil, err
	}
	subAccounts := make([]string, len(account.SubAccounts))
	for i, id := range account.SubAccounts {
		subAccounts[i] = string(id)
	}
	dir, err := ringcentral.New(ringcentral.Config{
		Account: account.Name, BaseURL: account.BaseURL, RingCXURL: account.RingCXURL,
		MainAccountID: string(account.MainAccountID), SubAccounts: subAccounts, ClientID: account.ClientID,
		ClientSecret: string(credentials.ClientSecret), JWT: string(credentials.JWT),
		Roles:             s.Policy(account).Access.Rule != sync.AccessListed,
		Regional:          s.RegionalSettings.Enabled,
		EmployeeReference: s.EmployeeID.Reference, EmployeeField: s.EmployeeID.CustomField,
		UserAgent: "ringroster/" + version, CAFile: account.CAFile, OnCall: onCall,
	})
	if err != nil {
		return nil, err // not dir: a nil *Directory is no nil Directory
	}
	return dir, nil
}

// onCall tells an observer of each request, if it cares.
func onCall(observer sync.Observer) func(ringcentral.Call) {
	o, ok := observer.(interface{ Call(c observe.Call) })
	if !ok {
		return nil
	}
	return func(c ringcentral.Call) {
		o.Call(observe.Call{
			Account: c.Account, Op: c.Op, Method: c.Method, Path: c.Path, Group: c.Group, RequestID: c.RequestID,
			Attempt: c.Attempt, Status: c.Status, Wait: c.Wait, Duration: c.Duration,
		})
	}
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

// previewRoster is the roster to plan against: the database when it is there,
// else an empty roster, so that the first `plan` needs none.
func previewRoster(ctx context.Context, path string) (sync.Roster, func(), error) {
	st, err := store.OpenRead(ctx, path)
	if errors.Is(err, fs.ErrNotExist) {
		return emptyRoster{}, func() {}, nil
	}
	if err != nil {
		return nil, nil, err
	}
	return st, func() { _ = st.Close() }, nil
}

// emptyRoster is the roster before the first sync. It can only be read.
type emptyRoster struct{ sync.Roster }

func (emptyRoster) State(context.Context, string, time.Time) (sync.State, error) {
	return sync.State{}, nil
}

func (emptyRoster) ContactState(context.Context, string, time.Time) (sync.State, error) {
	return sync.State{}, nil
}

func (emptyRoster) Contacts(context.Context, string) iter.Seq2[*sync.Contact, error] {
	return func(func(*sync.Contact, error) bool) {}
}

func (emptyRoster) Members(context.Context, string, sync.Known) iter.Seq2[*sync.Member, error] {
	return func(func(*sync.Member, error) bool) {}
}
