// Package daemon is the service: it looks every few seconds whether a run is due
// (R30), makes it, reloads its settings when asked, and stops cleanly. systemd
// hears of all that.
//
// Two things happen side by side. The tick decides, tells systemd that the
// service is alive, and is never long; a run is made beside it, since it may
// take hours. So the watchdog proves the tick, and the tick sees to it that a
// run which outlives its deadline is not taken for life.
package daemon

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	stdsync "sync"
	"time"

	"github.com/go-co-op/gocron/v2"

	"ringroster/sync"
	"ringroster/sync/reconcile"
	"ringroster/sync/schedule"
)

const (
	// longestTick is the time between two looks at the schedule.
	longestTick = 10 * time.Second
	// runDeadline bounds a whole run. A first load of 100,000 people takes
	// minutes; hours mean that something is stuck.
	runDeadline = 6 * time.Hour
	// endGrace is how long a run may take to end after it was told to.
	endGrace = 10 * time.Minute
)

// Settings is what the service takes from a settings file that was found good.
type Settings struct {
	Enabled   bool // false: the service idles
	Jobs      []schedule.Job
	Runner    *reconcile.Runner
	Run       sync.Run // what its runs have in common: actor and version
	Heartbeat string   // address to call when every account is in step; "": none
	// Prune tidies up after runs, for as long as ctx lets it; nil: nothing does.
	Prune func(ctx context.Context)
	// Deliver are the deliveries that go on beside runs: each makes one pass.
	Deliver []Delivery
	Restart []string // keys that changed and wait for a restart
}

// Delivery makes a pass of something that goes on beside runs. What it waits for delays no
// other.
type Delivery struct {
	Name string // what is delivered, as people say it
	Pass func(ctx context.Context) error
}

// Config is what a service is made of.
type Config struct {
	// Load reads the settings, at the start and for every reload, and checks
	// them whole. An error means that nothing changed.
	Load func() (*Settings, error)
	// Attempts returns an account's recent runs for a job, newest first.
	Attempts func(ctx context.Context, account, job string) ([]schedule.Attempt, error)
	// Requests takes the oldest run that an operator asked for; nil: there is
	// none. Without it the service takes none.
	Requests func(ctx context.Context) (*Asked, error)
	// InPlace says why nothing may be written to the open roster any more (R27).
	InPlace  func() error
	Observer Observer
	// Notify tells systemd; nil: nobody is told.
	Notify func(state string)
	// Watchdog is how often systemd wants to hear that the service is alive;
	// 0: it does not.
	Watchdog time.Duration
}

// An Observer is told what the service does, beside what it hears of runs.
type Observer interface {
	Ready(enabled bool, next time.Time)
	Stopping(running bool)
	Reloaded(enabled bool, restart []string)
	Refused(err error)
	Due(due []schedule.DueJob)
	Busy(err error) // another process holds the lock: told once
	Finished(id sync.RunID, r sync.Run, results []reconcile.Result)
	Panicked(id sync.RunID, value any, stack []byte)
	Heartbeat(err error)
	Trouble(doing string, err error)
}

// Daemon is the service. Its methods may be called from any goroutine, and
// twice.
type Daemon struct {
	Config
	tickEvery time.Duration
	clock     steadyClock
	beat      *heart

	start     stdsync.Mutex // one start, stop or reload at a time
	scheduler gocron.Scheduler
	stopped   bool

	mu       stdsync.Mutex // guards what follows; held for moments only
	settings *Settings
	jobs     []schedule.Job       // with the time from which they count
	hopeless map[jobOf]sync.RunID // whose run failed for good, until a reload
	run      *running             // nil: none
	ticked   time.Time            // when the last tick ended well
	told     map[string]string    // what was last said, by what it is about
	status   string               // what systemd shows

	deliveries map[string]*running // those under way, by name
}

// jobOf is one account's job.
type jobOf struct{ account, job string }

// New prepares a service. Start makes it run.
func New(cfg Config) *Daemon {
	if cfg.Notify == nil {
		cfg.Notify = func(string) {}
	}
	if cfg.InPlace == nil {
		cfg.InPlace = func() error { return nil }
	}
	d := &Daemon{
		Config: cfg, tickEvery: longestTick, clock: newSteadyClock(), beat: newHeart(),
		hopeless: map[jobOf]sync.RunID{}, told: map[string]string{}, deliveries: map[string]*running{},
	}
	if cfg.Watchdog > 0 {
		d.tickEvery = min(d.tickEvery, cfg.Watchdog/3)
	}
	return d
}

// Start reads the settings, sets up the schedule and then reports that the
// service is ready. The first tick follows at once. A service that was stopped
// is not started again.
func (d *Daemon) Start(ctx context.Context) error {
	d.start.Lock()
	defer d.start.Unlock()
	if d.scheduler != nil || d.stopped {
		return nil
	}
	s, err := d.Load()
	if err != nil {
		return err
	}
	d.mu.Lock()
	d.settings, d.jobs = s, s.Jobs
	d.mu.Unlock()
	past, err := d.past(ctx)
	if err != nil {
		return fmt.Errorf("read past runs: %w", err)
	}
	if d.scheduler, err = d.schedule(); err != nil {
		return fmt.Errorf("set up the schedule: %w", err)
	}
	d.scheduler.Start()
	d.Observer.Ready(s.Enabled, soonest(time.Now(), s.Jobs, past))
	d.Notify(ready)
	return nil
}

// schedule makes gocron tick by a clock that is never set. gocron knows nothing
// of suspends, clock steps and missed runs, so it decides nothing else.
func (d *Daemon) schedule() (gocron.Scheduler, error) {
	s, err := gocron.NewScheduler(gocron.WithLocation(time.UTC), gocron.WithClock(d.clock))
	if err != nil {
		return nil, err
	}
	_, err = s.NewJob(gocron.DurationJob(d.tickEvery), gocron.NewTask(d.tick),
		gocron.WithSingletonMode(gocron.LimitModeReschedule),
		gocron.WithStartAt(gocron.WithStartImmediately()))
	return s, err
}

// Stop ends the service: a run in flight stops before its transaction or
// finishes it, and revokes its tokens. It waits for that until ctx is done.
func (d *Daemon) Stop(ctx context.Context) error {
	d.start.Lock()
	defer d.start.Unlock()
	if d.stopped || d.scheduler == nil {
		d.stopped = true
		return nil
	}
	d.stopped = true
	d.mu.Lock()
	run, deliveries := d.run, slices.Collect(maps.Values(d.deliveries))
	d.settings = nil // no tick starts anything any more
	d.mu.Unlock()
	d.Notify(stopping)
	d.Observer.Stopping(run != nil)
	var err error
	if run != nil {
		run.cancel(errStopped)
		select {
		case <-run.done:
		case <-ctx.Done():
			err = errors.New("did not wait for the run to end; the database is whole, the run will be made up for")
		}
	}
	if err == nil {
		d.beat.stop() // no run is left that could call
	}
	for _, delivery := range deliveries {
		delivery.end(ctx)
	}
	return errors.Join(err, d.scheduler.Shutdown())
}

var errStopped = errors.New("the service was stopped")

// Alive says why the service is not fit for work; nil: it is.
func (d *Daemon) Alive(ctx context.Context) error {
	d.mu.Lock()
	stopped, ticked := d.settings == nil, d.ticked
	d.mu.Unlock()
	switch {
	case stopped:
		return errors.New("the service is not running")
	case time.Since(ticked) > 3*d.tickEvery:
		return errors.New("the schedule does not tick")
	}
	if err := d.InPlace(); err != nil {
		return err
	}
	_, err := d.past(ctx)
	return err
}
