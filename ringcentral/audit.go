package ringcentral

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	stdsync "sync"
	"time"

	"ringroster/sync"
)

// auditTimeout bounds one call to a log: it is worth no longer wait, and no second try.
const auditTimeout = 20 * time.Second

var (
	// searchAuditLog reads what administrators did in one RingCX account (searchAuditLogs,
	// API.md 11.1).
	searchAuditLog = &operation{
		name: "audit-log", service: ringCX, groups: []string{ringcx}, bearer: true, policy: oncePolicy,
		method: http.MethodPut, timeout: auditTimeout, permission: "Audit log access",
	}
	// searchAuditTrail reads what was done to extensions (auditTrailSearch, API.md 11.2).
	searchAuditTrail = &operation{
		name: "audit-trail", groups: []string{heavy}, bearer: true, policy: oncePolicy,
		method: http.MethodPost, timeout: auditTimeout, permission: "ReadAuditTrail",
	}
	// readStatus asks an extension why it is disabled (API.md 11.3).
	readStatus = &operation{
		name: "extension-status", groups: []string{light}, bearer: true, policy: oncePolicy,
		timeout: auditTimeout, permission: "ReadExtensions",
	}
)

const (
	// mostTargets is how many extensions one search names; of more it names none.
	mostTargets = 100
	// trailPage and mostTrailPages bound what is read of the audit trail.
	trailPage      = 1000
	mostTrailPages = 3
)

// Audit reads what RingCentral's logs tell of who did something. What cannot be read, or not
// within ctx, is left out, and the answer says so: a run is none the worse for it.
func (d *Directory) Audit(ctx context.Context, query sync.AuditQuery, report func(sync.Progress)) *sync.AuditAnswer {
	report, stop := d.c.listen(report)
	defer stop()
	if report != nil {
		report(sync.Progress{Account: d.c.Account, Step: "audit logs"})
	}
	a := &audit{c: d.c, query: query, found: &sync.AuditAnswer{Status: map[string]sync.ExtensionStatus{}}}
	g, _ := newTasks(ctx) // what fails ends nothing else
	g.SetLimit(lookupsAtOnce)
	for _, account := range query.SubAccounts {
		g.Go(func() error { return a.log(ctx, account) })
	}
	if query.Main != "" {
		g.Go(func() error { return a.log(ctx, query.Main) })
	}
	if len(query.Extensions) > 0 {
		g.Go(func() error { return a.trail(ctx) })
	}
	for _, extension := range query.Disabled {
		g.Go(func() error { return a.status(ctx, extension) })
	}
	if err := g.Wait(); err != nil {
		a.fail("RingCentral's logs", err)
	}
	a.tell()
	return a.found
}

// audit is one reading of the logs.
type audit struct {
	c     *client
	query sync.AuditQuery

	mu       stdsync.Mutex
	found    *sync.AuditAnswer
	read     bool // the log of some RingCX account was
	failures []auditFailure
}

// auditFailure is what could not be read, how often, and the first reason.
type auditFailure struct {
	what  string
	times int
	cause error
}

func (a *audit) fail(what string, err error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for i := range a.failures {
		if f := &a.failures[i]; f.what == what {
			f.times++
			return
		}
	}
	a.failures = append(a.failures, auditFailure{what, 1, err})
}

// mainLog is told apart: whether a main account has a log of its own is not known, so that
// its refusal is no news where a sub-account's was read.
const mainLog = "the RingCX audit log of the main account"

// tell puts what failed into the answer.
func (a *audit) tell() {
	slices.SortFunc(a.failures, func(x, y auditFailure) int { return strings.Compare(x.what, y.what) })
	for _, f := range a.failures {
		if f.what == mainLog && a.read {
			continue
		}
		times, cause := "", f.cause.Error()
		if f.times > 1 {
			times = fmt.Sprintf(" (%d times)", f.times)
		}
		if _, said := errors.AsType[*Error](f.cause); !said && errors.Is(f.cause, context.DeadlineExceeded) {
			cause = "there was no time for it"
		}
		a.found.Unread = append(a.found.Unread, fmt.Sprintf("%s could not be read%s: %s", f.what, times, cause))
	}
}

func (a *audit) add(entries []sync.AuditEntry) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.found.Entries = append(a.found.Entries, entries...)
}

// auditLogSearch is AuditLogSearchCriteria, as far as it is used. Times need an offset: Z is
// refused.
type auditLogSearch struct {
	AccountID string   `json:"accountId"`
	Start     string   `json:"startDateTime"`
	End       string   `json:"endDateTime"`
	Actions   []string `json:"auditActions"`
	Entities  []string `json:"searchEntities"`
}

const withOffset = "2006-01-02T15:04:05.000-07:00"

// log reads the audit log of one RingCX account.
func (a *audit) log(ctx context.Context, account string) error {
	what := "the RingCX audit log"
	if account == a.query.Main {
		what = mainLog
	}
	r := &request{op: searchAuditLog, what: "the audit log of " + clean(account), url: a.c.at(ringCX, "/voice/api/v1/admin/auditLogs/search")}
	err := r.carry(auditLogSearch{
		AccountID: account, Start: a.query.From.UTC().Format(withOffset), End: a.query.To.UTC().Format(withOffset),
		Actions: []string{"DELETE", "UPDATE"}, Entities: []string{"Agent", "User"},
	})
	var entries []sync.AuditEntry
	if err == nil {
		entries, err = call(ctx, a.c, r, func(body []byte) ([]sync.AuditEntry, error) { return decodeAuditLog(body, account) })
	}
	if err != nil {
		a.fail(what, err)
		return nil
	}
	a.mu.Lock()
	a.read = true
	a.mu.Unlock()
	a.add(entries)
	return nil
}

// auditTrailQuery is AccountHistorySearchPublicRequest, as far as it is used.
type auditTrailQuery struct {
	From    time.Time `json:"eventTimeFrom"`
	To      time.Time `json:"eventTimeTo"`
	Targets []string  `json:"targetIds,omitempty"`
	Page    int       `json:"page"`
	PerPage int       `json:"perPage"`
}

// trail reads the audit trail, a few pages at most.
func (a *audit) trail(ctx context.Context) error {
	const what = "the RingEX audit trail"
	q := auditTrailQuery{From: a.query.From.UTC(), To: a.query.To.UTC(), PerPage: trailPage}
	if len(a.query.Extensions) <= mostTargets {
		q.Targets = a.query.Extensions
	}
	for q.Page = 1; ; q.Page++ {
		r := &request{op: searchAuditTrail, what: "the audit trail", url: a.c.at(ringEX, "/restapi/v1.0/account/~/audit-trail/search")}
		err := r.carry(q)
		var page *auditTrailPage
		if err == nil {
			page, err = call(ctx, a.c, r, decodeAuditTrail)
		}
		switch {
		case err != nil:
			a.fail(what, err)
			return nil
		case q.Page < page.pages && q.Page == mostTrailPages:
			a.fail("all of "+what[len("the "):], fmt.Errorf("it has %d pages for that time, and no more than %d are read", page.pages, mostTrailPages))
		}
		a.add(page.entries)
		if q.Page >= page.pages || q.Page == mostTrailPages {
			return nil
		}
	}
}

// status asks one extension why it is disabled.
func (a *audit) status(ctx context.Context, extension string) error {
	r := a.c.oneExtension(extension)
	r.op = readStatus
	why, err := call(ctx, a.c, r, func(body []byte) (sync.ExtensionStatus, error) { return decodeStatus(body, extension) })
	if err != nil {
		if !hasStatus(err, http.StatusNotFound) { // gone since
			a.fail("why extensions are disabled", err)
		}
		return nil
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if why != (sync.ExtensionStatus{}) {
		a.found.Status[extension] = why
	}
	return nil
}

// carry gives a request a body of JSON.
func (r *request) carry(v any) (err error) {
	r.body, err = json.Marshal(v)
	return err
}
