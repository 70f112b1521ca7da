package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	stdsync "sync"
	"time"

	"ringroster/cmd/ringroster/config"
	"ringroster/cmd/ringroster/wire"
	"ringroster/ringcentral"
	"ringroster/store"
	"ringroster/sync"
	"ringroster/sync/plan"
)

// How far a clock may be off before tokens and the schedule suffer.
const (
	skewWarning = time.Minute
	skewLimit   = 5 * time.Minute
)

// live tries an account at RingCentral: it reads the directory as a run would,
// and says how far it came.
func (f *findings) live(ctx context.Context, s *config.Settings, account *config.Account, bound map[string]store.AccountRow) {
	if !f.reach(ctx, account) {
		return
	}
	steps := &progress{reached: map[string]bool{}}
	dir, err := wire.Connect(s, version, account, steps.called)
	if err != nil {
		f.failErr(account.Name, "settings", err)
		return
	}
	observer, done := f.app.planner() // says what it waits for
	snapshot, err := dir.Snapshot(ctx, observer.Progress)
	done()
	var contacts *sync.ContactList
	var contactsErr error
	if err == nil && s.Contacts.Enabled {
		contacts, contactsErr = dir.Contacts(ctx, nil)
	}
	var audit *sync.AuditAnswer
	if err == nil && s.Attribution.Enabled {
		audit = dir.Audit(ctx, tryAudit(snapshot), nil)
	}
	dir.Close(ctx)
	if ctx.Err() != nil {
		return
	}
	for _, step := range []struct{ op, check, detail string }{
		{"token", "token", "RingCentral takes the app and the JWT"},
		{"exchange", "RingCX sign-in", "the JWT's owner is a RingCX user"},
		{"administrators", "WFO_ACCESS", "the integration API may be used"},
	} {
		if steps.reached[step.op] {
			f.ok(account.Name, step.check, "%s", step.detail)
		}
	}
	if err != nil {
		f.refused(account.Name, err)
		return
	}
	f.read(s, account, snapshot)
	f.identity(s, account, snapshot, bound)
	f.lists(account.Name, snapshot)
	for _, unused := range plan.UnusedMappings(s.Policy(account).Map, snapshot) {
		f.warn(account.Name, "map", unused, "correct the entry, or take it out")
	}
	if audit != nil {
		f.audit(account.Name, audit, steps)
	}
	switch {
	case contactsErr != nil:
		f.refused(account.Name, contactsErr)
	case contacts != nil:
		f.ok(account.Name, "directory", "%s", counted(len(contacts.Contacts), "contact", "contacts"))
	}
}

// refused is a step that failed, named after what was being read.
func (f *findings) refused(account string, err error) {
	e, ok := errors.AsType[*ringcentral.Error](err)
	if !ok || e.Op == "" {
		f.failErr(account, "RingCentral", err)
		return
	}
	plain := *e
	plain.Advice = ""
	f.fail(account, strings.TrimPrefix(e.Op, "a "), plain.Error(), e.Advice) // "token", as where it is ok
}

// identity compares whose answers these are with the settings and the roster (R4).
func (f *findings) identity(settings *config.Settings, account *config.Account, s *sync.Snapshot, known map[string]store.AccountRow) {
	bound := known[account.Name]
	for _, w := range s.Warnings {
		remedy := ""
		if w.Reason == ringcentral.WarningMainIsRingEX {
			remedy = "set main_account_id to " + s.Identity.MainAccountID
		}
		f.warn(account.Name, "snapshot", w.Detail, remedy)
	}
	for _, id := range []struct{ what, bound, now string }{
		{"RingCX main account", bound.MainAccountID, s.Identity.MainAccountID},
		{"RingEX account", bound.RingEXAccountID, s.Identity.RingEXAccountID},
	} {
		if id.bound != "" && id.bound != id.now {
			f.fail(account.Name, id.what, fmt.Sprintf("the roster knows this account as %s, but %s answers (R4)", id.bound, id.now),
				"correct the settings, or run `ringroster account rebind "+account.Name+"` if that is meant")
			return
		}
	}
	if f.elsewhere(settings, account, known, s.Identity.MainAccountID) {
		return
	}
	f.ok(account.Name, "main account", "RingCX main account %s, RingEX account %s", s.Identity.MainAccountID, s.Identity.RingEXAccountID)
}

// elsewhere finds the name by which the roster knows the main account of an account,
// if that is another (R4). What was found is said once.
func (f *findings) elsewhere(s *config.Settings, account *config.Account, known map[string]store.AccountRow, id string) bool {
	for _, name := range slices.Sorted(maps.Keys(known)) {
		row := known[name]
		if name == account.Name || id != row.MainAccountID && id != row.RingEXAccountID || id == "" {
			continue
		}
		detail := fmt.Sprintf("the roster knows the account with the id %s as %s: a run fails (R4)", id, name)
		remedy := fmt.Sprintf("run `ringroster account rename %s %s`, if the account has a new name in the settings", name, account.Name)
		if hasAccount(s, name) {
			remedy = fmt.Sprintf("correct main_account_id: the settings have %s as well", name)
		}
		if !slices.ContainsFunc(f.all, func(l finding) bool { return l.Account == account.Name && l.Check == "main account" }) {
			f.fail(account.Name, "main account", detail, remedy)
		}
		return true
	}
	return false
}

// lists says what was read.
func (f *findings) lists(account string, s *sync.Snapshot) {
	f.ok(account, "administrators", "%d", len(s.Admins))
	for i := range s.SubAccounts {
		sub := &s.SubAccounts[i]
		check, agents := fmt.Sprintf("sub-account %s %s", sub.ID, sub.Name), 0
		for j := range sub.Groups {
			agents += len(sub.Groups[j].Agents)
		}
		switch {
		case !sub.Read:
		case !sub.Active:
			f.warn(account, check, "it is not active", "take it out of sub_accounts, or have it activated")
		case len(sub.Groups) == 0:
			f.warn(account, check, "it has no agent groups", "nobody comes from it; take it out of sub_accounts if that is right")
		default:
			f.ok(account, check, "%d agent groups with %d agents", len(sub.Groups), agents)
		}
	}
	f.ok(account, "extensions", "%d", len(s.Extensions))
}

// progress notes which operations RingCentral answered with success.
type progress struct {
	mu      stdsync.Mutex
	reached map[string]bool
}

func (p *progress) called(c ringcentral.Call) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if c.Status >= 200 && c.Status < 300 {
		p.reached[c.Op] = true
	}
}

// reach checks the way to RingCentral, and the clock against the Date of the
// answer, whatever it says.
func (f *findings) reach(ctx context.Context, account *config.Account) bool {
	client := &http.Client{
		Timeout:       20 * time.Second,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	transport, err := ringcentral.NewTransport(account.CAFile)
	if err != nil {
		f.failErr(account.Name, "connection", err)
		return false
	}
	client.Transport = transport
	defer transport.CloseIdleConnections()
	began := time.Now()
	date, err := dateOf(ctx, client, account.BaseURL)
	if err != nil {
		f.fail(account.Name, "connection", account.BaseURL+": "+err.Error(), "check base_url, the name server, the firewall, HTTPS_PROXY, and ca_file where a proxy inspects TLS")
		return false
	}
	f.ok(account.Name, "connection", "%s answers", account.BaseURL)
	f.clock(account.Name, date, began)
	return true
}

// clock compares the clocks. The header has whole seconds, and the answer took
// its time: the middle of it is compared.
func (f *findings) clock(account string, date, began time.Time) {
	if date.IsZero() {
		f.warn(account, "clock", "the server tells no date", "")
		return
	}
	skew := began.Add(time.Since(began) / 2).Sub(date.Add(time.Second / 2)).Round(time.Second)
	detail := "this machine's clock agrees with RingCentral's to the second"
	switch {
	case skew > 0:
		detail = fmt.Sprintf("this machine's clock is %s ahead of RingCentral's", skew)
	case skew < 0:
		detail = fmt.Sprintf("this machine's clock is %s behind RingCentral's", -skew)
	}
	const remedy = "let the machine keep its clock by NTP (timedatectl set-ntp true)"
	switch {
	case skew.Abs() > skewLimit:
		f.fail(account, "clock", detail, remedy)
	case skew.Abs() > skewWarning:
		f.warn(account, "clock", detail, remedy)
	default:
		f.ok(account, "clock", "%s", detail)
	}
}

func dateOf(ctx context.Context, client *http.Client, address string) (time.Time, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodHead, address+"/", nil)
	if err != nil {
		return time.Time{}, err
	}
	resp, err := client.Do(req)
	if err != nil {
		if e, ok := errors.AsType[*url.Error](err); ok {
			err = e.Err
		}
		return time.Time{}, err
	}
	_ = resp.Body.Close()
	date, err := http.ParseTime(resp.Header.Get("Date"))
	if err != nil {
		return time.Time{}, nil
	}
	return date, nil
}
