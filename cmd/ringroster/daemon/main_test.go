package daemon

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	stdsync "sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"ringroster/store"
	"ringroster/store/storetest"
	"ringroster/sync"
	"ringroster/sync/reconcile"
	"ringroster/sync/schedule"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// machine is a host with one roster on its disk. Services come and go on it; the
// roster stays. Time is virtual.
type machine struct {
	t        *testing.T
	path     string
	accounts []string
	daily    time.Duration
	every    time.Duration // between slots; 0: a day
	tick     time.Duration // longer than the usual one, so that days pass in less time
	catchUp  bool
	contacts time.Duration // when the contacts are; 0: they are off
	// heartbeat is heartbeat_url, and watcher answers there; nil: the network does.
	heartbeat string
	watcher   answers
	enabled   bool
	broken    error                                           // of the settings file
	rule      func(ctx context.Context, account string) error // how RingCentral answers
	// contactRule is how it answers for the directory.
	contactRule func(ctx context.Context, account string) error
	onBegan     func() // when a run begins; nil: nothing
	requests    func(ctx context.Context) (*Asked, error)
	deliver     func(ctx context.Context) error // notices; nil: nobody is to be told
	other       func(context.Context) error

	mu       stdsync.Mutex
	events   []string // of the service
	notified []string // what systemd heard
	closed   int      // sessions that were revoked
	store    *store.Store
	daemon   *Daemon
	dead     bool // nothing is written any more
}

// begin makes an empty roster.
var begin = storetest.Copies(store.Open, store.Options{New: true})

func newMachine(t *testing.T) *machine {
	t.Helper()
	m := &machine{
		t: t, path: filepath.Join(t.TempDir(), "roster.db"), accounts: []string{"acme"},
		daily: 3 * time.Hour, tick: time.Minute, catchUp: true, enabled: true,
	}
	if err := begin(m.path); err != nil {
		t.Fatal(err)
	}
	m.rule = func(context.Context, string) error { return nil }
	m.contactRule = m.rule
	return m
}

// on starts a service; off stops it.
func (m *machine) on() {
	m.t.Helper()
	var err error
	if m.store, err = store.Open(m.t.Context(), m.path, store.Options{}); err != nil {
		m.t.Fatal(err)
	}
	m.dead = false
	m.daemon = New(Config{
		Load: m.load, Attempts: m.store.Attempts, Observer: (*watcher)(m), InPlace: m.store.InPlace,
		Requests: func(ctx context.Context) (*Asked, error) {
			if m.requests == nil {
				return nil, nil
			}
			return m.requests(ctx)
		},
		Notify: func(state string) {
			m.mu.Lock()
			defer m.mu.Unlock()
			m.notified = append(m.notified, state)
		},
	})
	m.daemon.tickEvery = m.tick
	if m.watcher != nil {
		m.daemon.beat.transport = m.watcher
	}
	if err := m.daemon.Start(m.t.Context()); err != nil {
		m.t.Fatal(err)
	}
	synctest.Wait()
}

func (m *machine) off() {
	m.t.Helper()
	if err := m.daemon.Stop(m.t.Context()); err != nil {
		m.t.Error(err)
	}
	if err := m.store.Close(); err != nil {
		m.t.Error(err)
	}
	synctest.Wait()
}

// crash ends the service as a power cut would: nothing more is written.
func (m *machine) crash() {
	m.mu.Lock()
	m.dead = true
	m.mu.Unlock()
	m.off()
}

func (m *machine) load() (*Settings, error) {
	if m.broken != nil {
		return nil, m.broken
	}
	s := &Settings{Enabled: m.enabled, Heartbeat: m.heartbeat, Run: sync.Run{Actor: "wfm-sync", Version: "test"}}
	if m.deliver != nil {
		s.Deliver = append(s.Deliver, Delivery{"notices", m.deliver})
	}
	if m.other != nil {
		s.Deliver = append(s.Deliver, Delivery{"others", m.other})
	}
	for _, account := range m.accounts {
		s.Jobs = append(s.Jobs, schedule.Job{Account: account, Name: sync.JobMembers, At: m.daily, Every: m.every, CatchUp: m.catchUp})
		if m.contacts != 0 {
			s.Jobs = append(s.Jobs, schedule.Job{Account: account, Name: sync.JobContacts, At: m.contacts, CatchUp: m.catchUp})
		}
	}
	s.Runner = &reconcile.Runner{
		Roster: &disk{m.store, m}, Observer: (*watcher)(m), Now: time.Now,
		Connect: func(account string) (sync.Directory, error) { return &directory{m: m, account: account}, nil },
		Policy: func(string) sync.Policy {
			return sync.Policy{Limits: sync.Limits{Deactivations: sync.Limit{Percent: 10, Floor: 5}}, Deactivate: true}
		},

		ContactPolicy: func(string) sync.ContactPolicy { return sync.ContactPolicy{Limit: sync.Limit{Percent: 10, Floor: 5}} },
	}
	return s, nil
}

// until lets time pass.
func until(year int, month time.Month, day, hour, minute int) {
	time.Sleep(time.Until(time.Date(year, month, day, hour, minute, 0, 0, time.UTC)))
	synctest.Wait()
}

func pass(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

// runs lists the runs of the roster, oldest first: "account trigger status".
func (m *machine) runs() (all []string) {
	m.t.Helper()
	for r, err := range m.store.Runs(m.t.Context(), 0) {
		if err != nil {
			m.t.Fatal(err)
		}
		job := ""
		if r.Job != sync.JobMembers {
			job = r.Job + " "
		}
		all = append(all, fmt.Sprintf("%s %s%s %s", r.Account, job, r.Trigger, r.Status))
	}
	slices.Reverse(all)
	return all
}

// story is what the service told, systemd what systemd heard.
func (m *machine) story() []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Clone(m.events)
}

func (m *machine) systemd() []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Clone(m.notified)
}

// revoked is how many sessions were closed.
func (m *machine) revoked() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.closed
}

// told says how often the service told of an event, heard how often systemd
// heard of a state.
func (m *machine) told(event string) int  { return count(m.story(), event) }
func (m *machine) heard(state string) int { return count(m.systemd(), state) }

func count(all []string, what string) (n int) {
	for _, one := range all {
		if one == what {
			n++
		}
	}
	return n
}

// disk is the roster, until the power is cut.
type disk struct {
	*store.Store
	m *machine
}

func (d *disk) Commit(ctx context.Context, c *sync.Commit) error {
	d.m.mu.Lock()
	dead := d.m.dead
	d.m.mu.Unlock()
	if dead {
		return errors.New("the power is cut")
	}
	return d.Store.Commit(ctx, c)
}

// directory reports one administrator, or what the machine's rule says.
type directory struct {
	m       *machine
	account string
}

func (d *directory) Snapshot(ctx context.Context, _ func(sync.Progress)) (*sync.Snapshot, error) {
	if err := d.m.rule(ctx, d.account); err != nil {
		return nil, err
	}
	return &sync.Snapshot{
		Account: d.account, TakenAt: time.Now(),
		Identity: sync.Identity{MainAccountID: "1" + d.account, RingEXAccountID: "2" + d.account, OwnerID: "3"},
		Admins:   []sync.Admin{{UserID: "7", RCUserID: "3", FirstName: "Ada", LastName: "Example", Email: "ada@example.com"}},
	}, nil
}

func (d *directory) LookAgain(ctx context.Context, _ sync.Look, report func(sync.Progress)) (*sync.Snapshot, error) {
	return d.Snapshot(ctx, report)
}

func (d *directory) Regional(context.Context, []string, func(sync.Progress)) (map[string]sync.Region, []sync.Warning, error) {
	return nil, nil, nil
}

func (d *directory) Audit(context.Context, sync.AuditQuery, func(sync.Progress)) *sync.AuditAnswer {
	return &sync.AuditAnswer{}
}

func (d *directory) Contacts(ctx context.Context, _ func(sync.Progress)) (*sync.ContactList, error) {
	if err := d.m.contactRule(ctx, d.account); err != nil {
		return nil, err
	}
	ada := sync.NewEntry("3", &sync.ContactFields{sync.ContactFirstName: "Ada", sync.ContactPhones: "[]"})
	return &sync.ContactList{
		Account: d.account, TakenAt: time.Now(), Contacts: []sync.Entry{ada},
		Identity: sync.Identity{RingEXAccountID: "2" + d.account, OwnerID: "3"},
	}, nil
}

func (d *directory) Close(context.Context) {
	d.m.mu.Lock()
	defer d.m.mu.Unlock()
	d.m.closed++
}

func (d *directory) Calls() int { return 1 }

// watcher notes what the service tells.
type watcher machine

func (w *watcher) add(format string, args ...any) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.events = append(w.events, fmt.Sprintf(format, args...))
}

func (w *watcher) Began(sync.RunID, sync.Run) {
	w.add("began")
	if w.onBegan != nil {
		w.onBegan()
	}
}
func (w *watcher) Progress(sync.Progress)                       {}
func (w *watcher) Committed(sync.RunID, sync.Run, *sync.Commit) { w.add("committed") }
func (w *watcher) Failed(_ sync.RunID, _ sync.Run, account string, _ error) {
	w.add("failed %s", account)
}

func (w *watcher) Ready(bool, time.Time)                             { w.add("ready") }
func (w *watcher) Stopping(running bool)                             { w.add("stopping %v", running) }
func (w *watcher) Reloaded(bool, []string)                           { w.add("reloaded") }
func (w *watcher) Refused(err error)                                 { w.add("refused %v", err) }
func (w *watcher) Due(due []schedule.DueJob)                         { w.add("due") }
func (w *watcher) Busy(error)                                        { w.add("busy") }
func (w *watcher) Finished(sync.RunID, sync.Run, []reconcile.Result) { w.add("finished") }
func (w *watcher) Panicked(_ sync.RunID, v any, stack []byte) {
	w.add("panicked %v %v", v, len(stack) > 0)
}
func (w *watcher) Heartbeat(err error)           { w.add("heartbeat %v", err) }
func (w *watcher) Trouble(doing string, _ error) { w.add("trouble %s", doing) }
