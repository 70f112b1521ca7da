package observe

import (
	"context"
	"net/http"
	stdsync "sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"ringroster/sync"
	"ringroster/sync/reconcile"
)

// factsTimeout bounds what a scrape asks of the database.
const factsTimeout = 5 * time.Second

// Facts is what the database says at a scrape, so that a restart, a manual sync
// and an edit all show.
type Facts struct {
	Accounts []AccountFacts
	Members  []Members
	Notices  []NoticeFacts
	Publish  []PublishFacts
}

// AccountFacts is what is known about one account of the settings.
type AccountFacts struct {
	Account       string
	Interval      time.Duration // between slots (R30)
	LastAttempt   time.Time     // zero: never tried
	LastSuccess   time.Time     // zero: never
	Duration      time.Duration
	People        int
	Conflicts     int
	Held          map[sync.Kind]int // changes that wait, one for each field
	HeldReasons   []sync.HoldReason // why, in the words of R24
	Rejected      int
	RejectedSince time.Time     // zero: unknown, or none
	Contacts      *ContactFacts // nil: contacts are off
}

// ContactFacts is what is known about the contacts of one account.
type ContactFacts struct {
	Count, Held int
	Interval    time.Duration
	LastAttempt time.Time // zero: never tried
	LastSuccess time.Time // zero: never
}

// Members is how many members of an account have a status and a role.
type Members struct {
	Account, Status, Role string
	Count                 int
}

// Metrics is what Prometheus is shown: counters of this process, and facts of
// the database.
type Metrics struct {
	registry *prometheus.Registry
	facts    func(context.Context) (*Facts, error)
	now      func() time.Time

	changes, failures, calls, waits *prometheus.CounterVec
	contactChanges, contactFailures *prometheus.CounterVec
	enabled, reloadOK, reloadAt     prometheus.Gauge

	mu     stdsync.Mutex
	expiry map[string]time.Time // of JWTs, by account
}

// NewMetrics makes a registry of its own.
func NewMetrics(version string, facts func(context.Context) (*Facts, error), now func() time.Time) *Metrics {
	m := &Metrics{registry: prometheus.NewRegistry(), facts: facts, now: now, expiry: map[string]time.Time{}}
	counter := func(name, help string, labels ...string) *prometheus.CounterVec {
		c := prometheus.NewCounterVec(prometheus.CounterOpts{Namespace: "ringroster", Name: name, Help: help}, labels)
		m.registry.MustRegister(c)
		return c
	}
	gauge := func(name, help string) prometheus.Gauge {
		g := prometheus.NewGauge(prometheus.GaugeOpts{Namespace: "ringroster", Name: name, Help: help})
		m.registry.MustRegister(g)
		return g
	}
	m.changes = counter("changes_total", "Changes applied to members.", "account", "kind")
	m.failures = counter("run_failures_total", "Runs of the service that failed.", "account")
	m.contactChanges = counter("contact_changes_total", "Changes applied to contacts.", "account", "kind")
	m.contactFailures = counter("contact_run_failures_total", "Runs of the service for the contacts that failed.", "account")
	m.calls = counter("api_calls_total", "Requests sent to RingCentral.", "account", "outcome")
	m.waits = counter("rate_limit_wait_seconds_total", "Time waited for RingCentral's rate limits.", "account")
	m.enabled = gauge("service_enabled", "1 when the settings have service_enabled: true.")
	m.reloadOK = gauge("settings_reload_success", "1 when the settings read last were good.")
	m.reloadAt = gauge("settings_reload_timestamp_seconds", "When settings were last taken.")
	build := prometheus.NewGauge(prometheus.GaugeOpts{
		Namespace: "ringroster", Name: "build_info", Help: "Always 1.", ConstLabels: prometheus.Labels{"version": version},
	})
	build.Set(1)
	m.registry.MustRegister(build, (*factCollector)(m), collectors.NewGoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

// Handler serves the metrics. What the database cannot say is left out.
func (m *Metrics) Handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{ErrorHandling: promhttp.ContinueOnError})
}

func (m *Metrics) accepted(enabled bool) {
	m.enabled.Set(0)
	if enabled {
		m.enabled.Set(1)
	}
	m.reloadOK.Set(1)
	m.reloadAt.Set(float64(m.now().Unix()))
}

func (m *Metrics) refused() { m.reloadOK.Set(0) }

func (m *Metrics) committed(c *sync.Commit) {
	if c.Contacts != nil {
		for i := range c.Contacts.Changes {
			m.contactChanges.WithLabelValues(c.Account, string(c.Contacts.Changes[i].Kind)).Inc()
		}
		return
	}
	for i := range c.Plan.Changes {
		m.changes.WithLabelValues(c.Account, string(c.Plan.Changes[i].Kind)).Inc()
	}
}

func (m *Metrics) finished(r *sync.Run, results []reconcile.Result) {
	failures := m.failures
	if r.JobName() == sync.JobContacts {
		failures = m.contactFailures
	}
	for i := range results {
		failed := failures.WithLabelValues(results[i].Account) // there from the first run on, so that a rate can be had
		if results[i].Status == sync.Failed {
			failed.Inc()
		}
	}
}

func (m *Metrics) called(c Call) {
	m.calls.WithLabelValues(c.Account, outcome(c.Status)).Inc()
	m.waits.WithLabelValues(c.Account).Add(c.Wait.Seconds())
}

// outcome sorts the answers of RingCentral into a few kinds.
func outcome(status int) string {
	switch {
	case status == 0:
		return "no_answer"
	case status < 300:
		return "ok"
	case status == http.StatusTooManyRequests:
		return "rate_limited"
	case status < 500:
		return "refused"
	default:
		return "server_error"
	}
}

// Forget drops what is known of the JWTs, before it is told anew.
func (m *Metrics) Forget() {
	m.mu.Lock()
	defer m.mu.Unlock()
	clear(m.expiry)
}

func (m *Metrics) expires(account string, at time.Time) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.expiry[account] = at
}

// factCollector is the part of the metrics that is asked for at a scrape.
type factCollector Metrics

func desc(name, help string, labels ...string) *prometheus.Desc {
	return prometheus.NewDesc("ringroster_"+name, help, labels, nil)
}

var (
	descInterval = desc("interval_seconds", "Time from one scheduled run to the next.", "account")
	descAttempt  = desc("last_attempt_timestamp_seconds", "Start of the newest run.", "account")
	descSuccess  = desc("last_success_timestamp_seconds", "End of the newest full run that ended succeeded or held; 0: tried, and never.", "account")
	descDuration = desc("run_duration_seconds", "How long the newest finished run took.", "account")
	descPeople   = desc("people", "People that RingCentral reported at the last success.", "account")
	descMembers  = desc("members", "Members of the roster.", "account", "status", "role")
	descHeldFor  = desc("held_reason", "1 for each reason for which changes are held now.", "account", "reason")
	descHeld     = desc("held", "Changes that wait for approve or reject, one for each field.", "account", "kind")
	descRejected = desc("rejected", "Members and people of whom a change was rejected, and still is.", "account")
	descOldest   = desc("rejected_oldest_timestamp_seconds", "When the oldest change that is rejected was held.", "account")
	descConflict = desc("conflicts", "Conflicts of the last success.", "account")
	descContacts = desc("contacts", "Corporate contacts.", "account")
	descHeldGone = desc("contacts_held", "Contacts whose removal waits for approve or reject.", "account")
	descCycle    = desc("contacts_interval_seconds", "Time from one scheduled run for the contacts to the next.", "account")
	descTried    = desc("contacts_last_attempt_timestamp_seconds", "Start of the newest run for the contacts.", "account")
	descInStep   = desc("contacts_last_success_timestamp_seconds", "End of the newest full run for the contacts that ended succeeded or held; 0: tried, and never.", "account")
	descExpiry   = desc("jwt_expiry_days", "Days until the JWT expires.", "account")
)

func (c *factCollector) Describe(ch chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{
		descInterval, descCycle, descAttempt, descSuccess, descDuration, descPeople, descMembers, descHeld, descHeldFor,
		descRejected, descOldest, descConflict, descExpiry, descContacts, descHeldGone, descTried, descInStep,
		descWaiting, descWaitOld, descUntold,
		descPublished, descPublishRows, descPublishWaits, descUntoldChange, descUnpublished,
	} {
		ch <- d
	}
}

func (c *factCollector) Collect(ch chan<- prometheus.Metric) {
	gauge := func(d *prometheus.Desc, value float64, labels ...string) {
		ch <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, value, labels...)
	}
	c.mu.Lock()
	for account, at := range c.expiry {
		gauge(descExpiry, at.Sub(c.now()).Hours()/24, account)
	}
	c.mu.Unlock()
	ctx, cancel := context.WithTimeout(context.Background(), factsTimeout)
	defer cancel()
	facts, err := c.facts(ctx)
	if err != nil {
		ch <- prometheus.NewInvalidMetric(descAttempt, err)
		return
	}
	for i := range facts.Accounts {
		facts.Accounts[i].collect(gauge)
	}
	for i := range facts.Notices {
		facts.Notices[i].collect(gauge)
	}
	for i := range facts.Publish {
		facts.Publish[i].collect(gauge)
	}
	for _, m := range facts.Members {
		gauge(descMembers, float64(m.Count), m.Account, m.Status, m.Role)
	}
}

// heldKinds are those that can be held, each shown when none is, too.
var heldKinds = []sync.Kind{sync.Deactivate, sync.Onboard, sync.Link, sync.Reactivate, sync.Update}

func (a *AccountFacts) collect(gauge func(*prometheus.Desc, float64, ...string)) {
	gauge(descInterval, a.Interval.Seconds(), a.Account)
	for _, kind := range heldKinds {
		gauge(descHeld, float64(a.Held[kind]), a.Account, string(kind))
	}
	for _, r := range a.HeldReasons {
		gauge(descHeldFor, 1, a.Account, string(r.Reason))
	}
	gauge(descRejected, float64(a.Rejected), a.Account)
	if !a.RejectedSince.IsZero() {
		gauge(descOldest, float64(a.RejectedSince.Unix()), a.Account)
	}
	if a.Contacts != nil {
		a.Contacts.collect(a.Account, gauge)
	}
	if a.LastAttempt.IsZero() {
		return
	}
	gauge(descAttempt, float64(a.LastAttempt.Unix()), a.Account)
	gauge(descDuration, a.Duration.Seconds(), a.Account)
	if a.LastSuccess.IsZero() {
		gauge(descSuccess, 0, a.Account)
		return
	}
	gauge(descSuccess, float64(a.LastSuccess.Unix()), a.Account)
	gauge(descPeople, float64(a.People), a.Account)
	gauge(descConflict, float64(a.Conflicts), a.Account)
}

func (c *ContactFacts) collect(account string, gauge func(*prometheus.Desc, float64, ...string)) {
	gauge(descCycle, c.Interval.Seconds(), account)
	gauge(descContacts, float64(c.Count), account)
	gauge(descHeldGone, float64(c.Held), account)
	if c.LastAttempt.IsZero() {
		return
	}
	gauge(descTried, float64(c.LastAttempt.Unix()), account)
	last := 0.0
	if !c.LastSuccess.IsZero() {
		last = float64(c.LastSuccess.Unix())
	}
	gauge(descInStep, last, account)
}
