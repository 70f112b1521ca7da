package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/signal"
	stdsync "sync"
	"syscall"
	"time"

	"github.com/spf13/cobra"
	"go.uber.org/zap"

	"ringroster/cmd/ringroster/config"
	"ringroster/cmd/ringroster/daemon"
	"ringroster/cmd/ringroster/notify"
	"ringroster/cmd/ringroster/observe"
	"ringroster/cmd/ringroster/wire"
	"ringroster/store"
	"ringroster/store/views"
	"ringroster/sync"
	"ringroster/sync/reconcile"
	"ringroster/sync/schedule"
)

func runCommand(a *app) *cobra.Command {
	var isNew bool
	c := &cobra.Command{
		Use: "run", Short: "Run the service: keep the roster in step", Args: cobra.NoArgs,
		Long: `Makes the run of each slot, makes up for a missed one, tries a failed one again, and tells
systemd how it is. SIGHUP reloads the settings; SIGTERM or Ctrl-C stops: a run
under way ends before anything is written, or finishes that. A second one does
not wait for it.`,
		RunE: func(c *cobra.Command, _ []string) error { return a.serviceUntilStopped(c.Context(), isNew) },
	}
	newFlag(c, &isNew)
	return c
}

// newFlag gives --new to a command that may begin a roster.
func newFlag(c *cobra.Command, isNew *bool) {
	c.Flags().BoolVar(isNew, "new", false, "begin a roster where there is none, which is refused otherwise")
}

func (a *app) serviceUntilStopped(ctx context.Context, isNew bool) error {
	signals := make(chan os.Signal, 8)
	signal.Notify(signals, syscall.SIGHUP, syscall.SIGTERM, os.Interrupt)
	defer signal.Stop(signals)
	v, err := a.newService(ctx, isNew)
	if err != nil {
		return err
	}
	defer func() { _ = v.store.Close() }()
	release, err := v.store.BeService(ctx, sync.NewHolder(time.Now()))
	if err != nil {
		return err
	}
	defer func() { _ = release() }()
	web, failed, err := v.listen(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = web.Close() }()
	if err := v.daemon.Start(ctx); err != nil {
		return err
	}
	for {
		select {
		case <-ctx.Done():
			return v.stop(context.WithoutCancel(ctx), signals)
		case err := <-failed:
			v.Trouble("serve "+v.settings.HTTP.Listen, err) //nolint:contextcheck // what it tells outlives this
		case s := <-signals:
			if s != syscall.SIGHUP {
				return v.stop(context.WithoutCancel(ctx), signals)
			}
			_ = v.daemon.Reload(ctx) // it told everybody
		}
	}
}

const (
	// stopPatience bounds how long a stop waits: long enough to end a
	// transaction and to revoke a token, shorter than systemd's patience.
	stopPatience = 45 * time.Second
	// sameSignal is how soon after the first a signal is still the first one,
	// which comes on two ways: through main's context, and through run's channel.
	sameSignal = 200 * time.Millisecond
)

// stop ends the service; a second signal ends the waiting.
func (v *service) stop(ctx context.Context, signals <-chan os.Signal) error {
	ctx, cancel := context.WithTimeout(ctx, stopPatience)
	defer cancel()
	began := time.Now()
	go func() {
		for {
			select {
			case <-ctx.Done():
				return
			case s := <-signals:
				if s != syscall.SIGHUP && time.Since(began) > sameSignal {
					cancel()
				}
			}
		}
	}()
	return errors.Join(v.daemon.Stop(ctx), v.everybodyTold(ctx))
}

// service is the wiring of the daemon: settings in force, roster, observers.
type service struct {
	*observe.Service
	level   zap.AtomicLevel
	store   *store.Store
	metrics *observe.Metrics
	daemon  *daemon.Daemon
	telling stdsync.WaitGroup // of what could not be recorded

	mu       stdsync.Mutex
	settings *config.Settings // in force; a reload replaces them
	courier  *notify.Courier  // likewise
	told     map[string]bool  // what could not be recorded, by account; "": of all
}

// newService wires a service without starting anything. A database from a newer
// version is refused here.
func (a *app) newService(ctx context.Context, isNew bool) (*service, error) {
	s, err := a.settings()
	if err != nil {
		return nil, err
	}
	v := &service{settings: s, level: zap.NewAtomicLevel(), told: map[string]bool{}}
	if v.store, err = wire.OpenWrite(ctx, s, isNew); err != nil {
		return nil, err
	}
	v.metrics = observe.NewMetrics(version, v.facts, time.Now)
	v.Service = observe.NewService(observe.NewLog(a.logger(s, v.level), time.Now), v.metrics)
	notify, every := daemon.Systemd()
	v.daemon = daemon.New(daemon.Config{
		Load: v.load, Attempts: v.store.Attempts, Requests: v.requests, InPlace: v.store.InPlace, Observer: v, Notify: notify, Watchdog: every,
	})
	return v, nil
}

// load reads the settings for a start or a reload. What cannot be changed while
// the service runs stays as it is.
func (v *service) load() (*daemon.Settings, error) {
	s, err := config.Load(v.settings.File)
	if err != nil {
		return nil, err
	}
	level, err := zap.ParseAtomicLevel(s.Log.Level)
	if err != nil {
		return nil, err
	}
	// From here on nothing can fail: the new settings are in force.
	restart := s.KeepForRestart(v.settings)
	v.level.SetLevel(level.Level())
	v.Outdated(s.Outdated())
	c := v.couriers(s) // who is to be told of credentials that end soon
	v.use(s)
	return &daemon.Settings{
		Enabled: s.ServiceEnabled, Jobs: jobs(s), Runner: wire.Runner(s, version, v.store, v),
		Run:       sync.Run{Actor: s.ImpersonatedUserID, Version: version},
		Heartbeat: string(s.HeartbeatURL), Restart: restart,
		Prune:   func(ctx context.Context) { prune(ctx, s, v.store, v) },
		Deliver: append([]daemon.Delivery{{Name: "notices", Pass: c.Deliver}}, publishing(s, v.store, v.Published)...),
	}, nil
}

// requests is what operators asked for (R25).
func (v *service) requests(ctx context.Context) (*daemon.Asked, error) {
	r, err := v.store.NextRequest(ctx)
	if err != nil || r == nil {
		return nil, err
	}
	return &daemon.Asked{
		Request: reconcile.Request{Run: r.Run, Approve: r.Approval},
		Begin: func(ctx context.Context, run sync.Run) (sync.RunID, error) {
			return v.store.StartRequest(ctx, r.ID, run)
		},
		Answer: func(ctx context.Context, id sync.RunID, err error) error {
			if id != 0 {
				return v.store.FinishRequest(ctx, r.ID)
			}
			_, err = v.store.FailRequest(ctx, r.ID, err.Error())
			return err
		},
	}, nil
}

// jobs are the schedules of the settings.
func jobs(s *config.Settings) []schedule.Job {
	var all []schedule.Job
	for i := range s.Accounts {
		a := &s.Accounts[i]
		all = append(all, schedule.Job{
			Account: a.Name, Name: sync.JobMembers, At: a.Schedule.TimeOfDay(), Every: a.Schedule.Interval(), CatchUp: a.Schedule.CatchUp,
		})
		if s.Contacts.Enabled {
			all = append(all, schedule.Job{
				Account: a.Name, Name: sync.JobContacts, At: a.Contacts.TimeOfDay(), Every: a.Contacts.Interval(), CatchUp: a.Schedule.CatchUp,
			})
		}
	}
	return all
}

// use puts settings in force and looks at their credentials.
func (v *service) use(s *config.Settings) {
	v.mu.Lock()
	v.settings = s
	v.mu.Unlock()
	v.credentials()
}

// inForce are the settings as of now.
func (v *service) inForce() *config.Settings {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.settings
}

// credentials tells of JWTs that end soon, and of secrets that cannot be read,
// before a run needs them.
func (v *service) credentials() {
	v.metrics.Forget()
	s := v.inForce()
	for i := range s.Accounts {
		account := &s.Accounts[i]
		c, err := account.Credentials()
		if err != nil {
			v.Trouble("read the credentials of account "+account.Name, err)
			continue
		}
		if at, ok := config.JWTExpiry(c.JWT); ok {
			v.Expiry(account.Name, at)
			v.write(tellExpiry(account.Name, at, time.Now()))
		}
	}
}

// Finished looks at the credentials again after each run, so that the end of a
// JWT is told once a day.
func (v *service) Finished(id sync.RunID, r sync.Run, results []reconcile.Result) {
	v.Service.Finished(id, r, results)
	v.mu.Lock()
	for i := range results {
		if results[i].Err == nil {
			delete(v.told, results[i].Account)
			delete(v.told, "")
		}
	}
	v.mu.Unlock()
	v.credentials()
}

// listen serves /metrics, /healthz and /readyz where the settings say.
func (v *service) listen(ctx context.Context) (*http.Server, <-chan error, error) {
	server := &http.Server{
		Handler:           observe.Handler(v.metrics.Handler(), v.daemon.Alive),
		ReadHeaderTimeout: 10 * time.Second, WriteTimeout: 30 * time.Second, IdleTimeout: time.Minute,
	}
	address, failed := v.settings.HTTP.Listen, make(chan error, 1)
	if address == "" {
		return server, failed, nil
	}
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", address)
	if err != nil {
		return nil, nil, fmt.Errorf("listen on %s (http.listen): %w; give another address, or end what listens there", address, err)
	}
	go func() {
		if err := server.Serve(l); !errors.Is(err, http.ErrServerClosed) {
			failed <- err
		}
	}()
	return server, failed, nil
}

// facts is what the metrics take from the database.
func (v *service) facts(ctx context.Context) (*observe.Facts, error) {
	waiting, err := v.store.Waiting(ctx)
	if err != nil {
		return nil, err
	}
	byAccount := map[string]views.Waiting{}
	for _, w := range waiting {
		byAccount[w.Account] = w
	}
	sets, err := waitingSets(ctx, v.store)
	if err != nil {
		return nil, err
	}
	contacts, err := v.contactFacts(ctx)
	if err != nil {
		return nil, err
	}
	known, facts := map[string]bool{}, &observe.Facts{}
	for _, account := range v.inForce().Accounts {
		known[account.Name] = true
		latest, err := v.store.Latest(ctx, account.Name, sync.JobMembers)
		if err != nil {
			return nil, err
		}
		w := byAccount[account.Name]
		f := observe.AccountFacts{Account: account.Name, Interval: account.Schedule.Interval(), Rejected: w.Rejected, RejectedSince: w.RejectedSince}
		if set := sets[account.Name+" "+sync.JobMembers]; set != nil {
			f.Held, f.HeldReasons = set.kinds, set.reasons
		}
		fill(&f, &latest)
		f.Contacts = contacts[account.Name]
		facts.Accounts = append(facts.Accounts, f)
	}
	if facts.Notices, err = v.noticeFacts(ctx); err != nil {
		return nil, err
	}
	if facts.Publish, err = publishFacts(ctx, v.inForce(), v.store); err != nil {
		return nil, err
	}
	counts, err := v.store.Counts(ctx)
	for _, c := range counts {
		if known[c.Account] {
			facts.Members = append(facts.Members, observe.Members{
				Account: c.Account, Status: string(c.Status), Role: c.Role, Count: c.Members,
			})
		}
	}
	return facts, err
}

// contactFacts is what the metrics tell of contacts, by account; nil while they
// are off.
func (v *service) contactFacts(ctx context.Context) (map[string]*observe.ContactFacts, error) {
	s := v.inForce()
	if !s.Contacts.Enabled {
		return nil, nil
	}
	all := map[string]*observe.ContactFacts{}
	for _, account := range s.Accounts {
		latest, err := v.store.Latest(ctx, account.Name, sync.JobContacts)
		if err != nil {
			return nil, err
		}
		f := &observe.ContactFacts{Interval: account.Contacts.Interval()}
		if latest.Try != nil {
			f.LastAttempt = timeOf(&latest.Try.StartedAt)
		}
		if latest.Success != nil {
			f.LastSuccess = timeOf(latest.Success.FinishedAt)
		}
		all[account.Name] = f
	}
	counts, err := v.store.ContactCounts(ctx)
	for _, c := range counts {
		if f := all[c.Account]; f != nil {
			f.Count, f.Held = c.Contacts, c.Held
		}
	}
	return all, err
}

// fill adds what is known of an account's newest runs.
func fill(f *observe.AccountFacts, l *views.Latest) {
	if l.Try != nil {
		f.LastAttempt = timeOf(&l.Try.StartedAt)
	}
	if l.Ended != nil {
		f.Duration = timeOf(l.Ended.FinishedAt).Sub(timeOf(&l.Ended.StartedAt))
	}
	if l.Success != nil {
		f.LastSuccess, f.People, f.Conflicts = timeOf(l.Success.FinishedAt), l.Success.People, l.Success.Conflicts
	}
}

// timeOf is a time as the database keeps it; zero for one that has not come.
func timeOf(text *string) time.Time {
	if text == nil {
		return time.Time{}
	}
	at, err := time.Parse(time.RFC3339, *text)
	if err != nil {
		return time.Time{}
	}
	return at
}
