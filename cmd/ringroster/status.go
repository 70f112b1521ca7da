package main

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"ringroster/cmd/ringroster/config"
	"ringroster/store"
	"ringroster/store/views"
	"ringroster/sync"
	"ringroster/sync/schedule"
)

func statusCommand(a *app) *cobra.Command {
	c := &cobra.Command{
		Use: "status", Short: "Say how things stand: runs, members, what waits", Args: cobra.NoArgs,
		Long: `Reads the roster and the settings, whether the service runs or not. It needs no
credential; where it can read them it says how long the JWTs last.`,
		RunE: func(c *cobra.Command, _ []string) error { return a.status(c.Context()) },
	}
	a.addOutput(c)
	return c
}

// statusDocument is the JSON of `status`.
type statusDocument struct {
	Version        int                 `json:"version"`
	Database       string              `json:"database"`
	Host           string              `json:"host"`  // whose the roster is; "": the next that writes it
	Epoch          int64               `json:"epoch"` // higher after each restore, copy and takeover
	ServiceEnabled bool                `json:"service_enabled"`
	Service        *lockHolder         `json:"service"`     // nil: none runs
	LockHolder     *lockHolder         `json:"lock_holder"` // nil: nobody
	Accounts       []accountStatus     `json:"accounts"`
	Notices        []noticeStatus      `json:"notices"` // how far everybody has been told; empty: nobody is
	Publish        []publicationStatus `json:"publish"` // what is known of each destination of the roster

	unknownService error  // why Service is not known
	here           string // the host we are on
}

type lockHolder struct {
	PID   int    `json:"pid"`
	Host  string `json:"host"`
	Since string `json:"since"`
}

// accountStatus is how one account stands.
type accountStatus struct {
	Account       string               `json:"account"`
	InSettings    bool                 `json:"in_settings"` // false: known to the roster alone, never touched (R4)
	LastRun       *views.RunRow        `json:"last_run"`    // nil: none is over yet
	LastSuccess   *views.RunRow        `json:"last_success"`
	RunningRun    *views.RunRow        `json:"running_run"`
	NextRun       *nextRun             `json:"next_run"` // nil: none is planned
	Members       []views.Count        `json:"members"`
	Active        int                  `json:"active"`
	Inactive      int                  `json:"inactive"`
	Held          int                  `json:"held"`
	HeldByKind    map[sync.Kind]int    `json:"held_by_kind"` // changes: one for each field
	HeldRun       *sync.RunID          `json:"held_run"`     // the last whose number decides about what waits
	HeldReasons   []sync.HoldReason    `json:"held_reasons"`
	Rejected      int                  `json:"rejected"`
	RejectedSince *string              `json:"rejected_since"` // nil: none, or unknown
	Pins          []views.PinnedMember `json:"pins"`
	Conflicts     int                  `json:"conflicts"`      // of the last success
	Contacts      *contactStatus       `json:"contacts"`       // nil: they are off, and there are none
	EmployeeIDs   *int                 `json:"employee_ids"`   // of how many active members they are known; nil: the settings name no source
	JWTExpiresAt  *string              `json:"jwt_expires_at"` // nil: it does not say, or cannot be read
	JWTDays       *int                 `json:"jwt_days"`
}

// nextRun is when the service runs next, if it runs.
type nextRun struct {
	At      string       `json:"at"`
	Trigger sync.Trigger `json:"trigger"`
	Due     bool         `json:"due"` // its time has come
}

func (a *app) status(ctx context.Context) error {
	s, err := a.settings()
	if err != nil {
		return err
	}
	st, err := a.readStore(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = st.Close() }()
	doc, err := statusOf(ctx, s, st, time.Now())
	if err != nil {
		return err
	}
	switch a.output {
	case formatJSON:
		return printDocument(a.stdout, doc)
	case formatCSV:
		return statusListing(doc).print(a.stdout, formatCSV)
	default:
		return a.statusTable(doc)
	}
}

// statusOf gathers everything, the settings' accounts first.
func statusOf(ctx context.Context, s *config.Settings, st *store.Store, now time.Time) (*statusDocument, error) {
	doc := &statusDocument{Version: 1, Database: st.Path(), ServiceEnabled: s.ServiceEnabled, Accounts: []accountStatus{}}
	service, served, err := st.Service()
	doc.unknownService = err // a file that root left there hides no other answer
	holder, held, err := st.Holder(ctx)
	if err != nil {
		return nil, err
	}
	if served {
		doc.Service = holderText(service)
	}
	if held {
		doc.LockHolder = holderText(holder)
	}
	for i := range s.Accounts {
		account := accountStatus{Account: s.Accounts[i].Name, InSettings: true}
		account.jwt(&s.Accounts[i], now)
		doc.Accounts = append(doc.Accounts, account)
	}
	known, err := st.Accounts(ctx)
	if err != nil {
		return nil, err
	}
	counts, err := st.Counts(ctx)
	if err != nil {
		return nil, err
	}
	for _, row := range known {
		if !hasAccount(s, row.Account) && !retired(&row, counts) {
			doc.Accounts = append(doc.Accounts, accountStatus{Account: row.Account})
		}
	}
	plan := map[string]schedule.Job{}
	for _, job := range jobs(s) {
		plan[job.Account+" "+job.Name] = job
	}
	for i := range doc.Accounts {
		account := &doc.Accounts[i]
		if account.InSettings && !s.EmployeeID.Own() {
			known, err := st.EmployeeIDs(ctx, account.Account)
			if err != nil {
				return nil, err
			}
			account.EmployeeIDs = &known
		}
		if err := account.runs(ctx, st, held); err != nil {
			return nil, err
		}
		job, ok := plan[account.Account+" "+sync.JobMembers]
		if account.NextRun, err = whenNext(ctx, st, now, job, ok && s.ServiceEnabled); err != nil {
			return nil, err
		}
		if job, ok = plan[account.Account+" "+sync.JobContacts]; ok {
			account.Contacts = &contactStatus{}
		}
		next, err := whenNext(ctx, st, now, job, ok && s.ServiceEnabled)
		if err != nil {
			return nil, err
		}
		if ok {
			account.Contacts.NextRun = next
		}
	}
	doc.Publish, err = publishStatus(ctx, s, st)
	return doc, errors.Join(err, doc.belongs(ctx, s, st), doc.members(ctx, st), doc.contacts(ctx, st, held), doc.notices(ctx, s, st))
}

func holderText(h sync.Holder) *lockHolder {
	return &lockHolder{h.PID, h.Host, h.Since.UTC().Format(time.RFC3339)}
}

// whenNext is when the service runs a job next; nil: it does not.
func whenNext(ctx context.Context, st *store.Store, now time.Time, job schedule.Job, planned bool) (*nextRun, error) {
	if !planned {
		return nil, nil
	}
	attempts, err := st.Attempts(ctx, job.Account, job.Name)
	if err != nil {
		return nil, err
	}
	next := schedule.Next(now, job, attempts)
	return &nextRun{next.At.UTC().Format(time.RFC3339), next.Trigger, !next.At.After(now)}, nil
}

// runs fills in an account's newest runs. A run that says running while nobody
// holds the lock was killed.
func (a *accountStatus) runs(ctx context.Context, st *store.Store, held bool) error {
	latest, err := st.Latest(ctx, a.Account, sync.JobMembers)
	if err != nil {
		return err
	}
	a.LastRun, a.LastSuccess = latest.Ended, latest.Success
	if latest.Try != nil && latest.Try.Status == sync.Running && held {
		a.RunningRun = latest.Try
	}
	if latest.Success != nil {
		a.Conflicts = latest.Success.Conflicts
	}
	return nil
}

// jwt fills in when the JWT ends, if this user can read it.
func (a *accountStatus) jwt(account *config.Account, now time.Time) {
	c, err := account.Credentials()
	if err != nil {
		return
	}
	if at, ok := config.JWTExpiry(c.JWT); ok {
		a.JWTExpiresAt = new(at.Format(time.RFC3339))
		a.JWTDays = new(int(math.Floor(at.Sub(now).Hours() / 24)))
	}
}

// members fills in the counts, and who waits for a decision.
func (d *statusDocument) members(ctx context.Context, st *store.Store) error {
	counts, err := st.Counts(ctx)
	waiting, err2 := st.Waiting(ctx)
	sets, err3 := waitingSets(ctx, st)
	if err := errors.Join(err, err2, err3); err != nil {
		return err
	}
	pins := map[string][]views.PinnedMember{}
	for p, err := range st.Pins(ctx) {
		if err != nil {
			return err
		}
		pins[p.Account] = append(pins[p.Account], p)
	}
	for i := range d.Accounts {
		a := &d.Accounts[i]
		a.Members, a.HeldReasons, a.HeldByKind = []views.Count{}, []sync.HoldReason{}, map[sync.Kind]int{}
		a.Pins = append([]views.PinnedMember{}, pins[a.Account]...)
		for _, c := range counts {
			switch {
			case c.Account != a.Account:
				continue
			case c.Status == sync.Active:
				a.Active += c.Members
			default:
				a.Inactive += c.Members
			}
			a.Members = append(a.Members, c)
		}
		for _, w := range waiting {
			if w.Account == a.Account {
				a.Held, a.Rejected = w.Held, w.Rejected
				if !w.RejectedSince.IsZero() {
					a.RejectedSince = new(w.RejectedSince.Format(time.RFC3339))
				}
			}
		}
		if set := sets[a.Account+" "+sync.JobMembers]; set != nil {
			a.HeldRun, a.HeldReasons, a.HeldByKind = new(set.run), set.reasons, set.kinds
		}
	}
	return nil
}

// statusTable prints a block for each account, with what needs a look, then what is going on.
func (a *app) statusTable(d *statusDocument) error {
	out := func(format string, args ...any) {
		_, _ = fmt.Fprintln(a.stdout, clean(fmt.Sprintf(format, args...)))
	}
	for i := range d.Accounts {
		_, _ = fmt.Fprint(a.stdout, d.Accounts[i].block())
	}
	if d.unknownService != nil {
		out("Whether a service is running is not known: %v; ringroster check says what to do.", d.unknownService)
	} else if d.Service != nil {
		out("The service is running: process %d on %s since %s.", d.Service.PID, d.Service.Host, d.Service.Since)
	} else {
		out("No service is running.")
	}
	_, _ = fmt.Fprint(a.stdout, wrapped("", "    ", clean(d.home())))
	switch {
	case d.LockHolder != nil:
		out("A run is under way: process %d on %s since %s.", d.LockHolder.PID, d.LockHolder.Host, d.LockHolder.Since)
	case !d.ServiceEnabled:
		out("The service idles: service_enabled is false.")
	default:
		out("No run is under way.")
	}
	remarked := func(of, remark string) {
		if remark != "" {
			_, _ = fmt.Fprint(a.stdout, wrapped(of, "    ", clean(remark)))
		}
	}
	for i := range d.Notices {
		remarked("notices: ", d.Notices[i].remark())
	}
	for i := range d.Publish {
		remarked("publish: ", d.Publish[i].remark())
	}
	return nil
}

// block is how one account stands, in lines of a terminal's width, and an empty one.
func (a *accountStatus) block() string {
	var b strings.Builder
	line := func(key, format string, args ...any) { b.WriteString(blockLine(key, fmt.Sprintf(format, args...))) }
	fmt.Fprintln(&b, clean(a.Account))
	if r := a.RunningRun; r != nil {
		line("running", "run %d since %s", r.RunID, r.StartedAt)
	}
	if r := a.LastRun; r != nil {
		line("last run", "run %d %s at %s", r.RunID, r.Status, text(r.FinishedAt))
	}
	if r, last := a.LastSuccess, a.LastRun; r != nil && (last == nil || r.RunID != last.RunID) {
		line("last success", "run %d at %s", r.RunID, text(r.FinishedAt))
	}
	if n := a.NextRun; n != nil {
		due := ""
		if n.Due {
			due = ", due now"
		}
		line("next run", "%s (%s%s)", n.At, n.Trigger, due)
	}
	line("members", "%d active, %d inactive", a.Active, a.Inactive)
	if a.JWTDays != nil {
		line("JWT", "ends in %d days", *a.JWTDays)
	}
	for _, remark := range a.remarks() {
		b.WriteString(wrapped("  ", "      ", clean(remark)))
	}
	return b.String() + "\n"
}

// blockLine is a line of a block, or more where it is too long for a terminal.
func blockLine(key, value string) string {
	return wrapped(fmt.Sprintf("  %-13s ", key), strings.Repeat(" ", 16), clean(value))
}

// remarks are what needs a look, with the command that shows or settles it.
func (a *accountStatus) remarks() (lines []string) {
	say := func(format string, args ...any) { lines = append(lines, fmt.Sprintf(format, args...)) }
	if !a.InSettings {
		say("not in the settings any more: its members stay as they are (R4)")
	}
	if r := a.LastRun; r != nil && r.Status == sync.Failed {
		say("run %d failed: %s", r.RunID, r.Error)
	}
	if a.LastSuccess == nil && a.InSettings {
		say("no full run has succeeded yet")
	}
	if a.HeldRun != nil {
		say("held for a decision, shown by run %d (%s): %s: ringroster held", *a.HeldRun, reasonWords(a.HeldReasons), sync.KindsText(a.HeldByKind))
	}
	if a.EmployeeIDs != nil {
		say("employee_id is known of %d of %s", *a.EmployeeIDs, counted(a.Active, "active member", "active members"))
	}
	if a.Rejected > 0 {
		say("%s as they are because a change was rejected%s: ringroster held shows them, ringroster reject --clear WHO ends that",
			counted(a.Rejected, "member or person stays", "members and people stay"), prefixed(", the oldest of them held at ", text(a.RejectedSince)))
	}
	for _, p := range a.Pins {
		say("member %d: %s; ringroster roster unpin %d %s ends that", p.MemberID, p.String(), p.MemberID, p.Field)
	}
	if a.Conflicts > 0 {
		say("%s for a decision: ringroster plan", counted(a.Conflicts, "conflict waits", "conflicts wait"))
	}
	if a.Contacts != nil {
		lines = append(lines, a.Contacts.remarks()...)
	}
	if a.JWTDays != nil && *a.JWTDays < 30 {
		say("the JWT ends in %d days: make a new one", *a.JWTDays)
	}
	return lines
}
