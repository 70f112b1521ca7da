package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/sys/unix"

	"ringroster/cmd/ringroster/config"
	"ringroster/cmd/ringroster/notify"
	"ringroster/cmd/ringroster/wire"
	"ringroster/store"
	"ringroster/store/dbfile"
	"ringroster/store/schema"
	"ringroster/sync"
)

func checkCommand(a *app) *cobra.Command {
	var offline bool
	c := &cobra.Command{
		Use: "check", Short: "Look for what usually goes wrong, and say what to do", Args: cobra.NoArgs,
		Long: `Checks the settings, the secrets, the database, every account against RingCentral
itself, and the destinations of notices as far as can be without sending one: a line
each, ok, warn or fail, with the remedy. It changes nothing. The exit code is 0 when nothing fails.

With --offline it checks the settings alone, and needs neither secrets, database nor
RingCentral: systemd does this before it reloads the service, and the packages
before they restart it.`,
		RunE: func(c *cobra.Command, _ []string) error { return a.check(c.Context(), offline) },
	}
	c.Flags().BoolVar(&offline, "offline", false, "check the settings alone")
	a.addOutput(c)
	return c
}

// The results of a check.
const (
	checkOK   = "ok"
	checkWarn = "warn"
	checkFail = "fail"
)

// finding is one line of `check`.
type finding struct {
	Result  string `json:"result"`
	Account string `json:"account"` // "": of no account
	Check   string `json:"check"`
	Detail  string `json:"detail"`
	Remedy  string `json:"remedy"` // "": none needed
}

// findings collects the lines, and shows each as soon as it is there where
// people watch.
type findings struct {
	app  *app
	all  []finding
	seen *seen // what there is for filters to match; nil: an account could not be read
}

func (f *findings) add(line finding) {
	f.all = append(f.all, line)
	if f.app.quiet && line.Result == checkFail {
		_, _ = fmt.Fprintf(f.app.errors, "ringroster: %s\n", clean(strings.TrimPrefix(line.Account+": ", ": ")+line.Check+": "+line.Detail+prefixed(" -> ", line.Remedy)))
	}
	if f.app.output != formatTable {
		return
	}
	who := line.Check
	if line.Account != "" {
		who = line.Account + ": " + who
	}
	_, _ = fmt.Fprintf(f.app.stdout, "%-5s %s: %s\n", line.Result, clean(who), clean(line.Detail))
	if line.Remedy != "" {
		_, _ = fmt.Fprintf(f.app.stdout, "        -> %s\n", clean(line.Remedy))
	}
}

func (f *findings) ok(account, check, format string, args ...any) {
	f.add(finding{checkOK, account, check, fmt.Sprintf(format, args...), ""})
}

func (f *findings) warn(account, check, detail, remedy string) {
	f.add(finding{checkWarn, account, check, detail, remedy})
}

func (f *findings) fail(account, check, detail, remedy string) {
	f.add(finding{checkFail, account, check, detail, remedy})
}

// failErr is a failure whose text ends in what to do.
func (f *findings) failErr(account, check string, err error) { f.fail(account, check, err.Error(), "") }

// reached says of destinations whether they answer, and with which command to try again.
func (f *findings) reached(what, again string, all []notify.Finding) {
	for _, found := range all {
		if found.Err != nil {
			f.fail("", what+found.Destination, found.Err.Error(), "correct it, then: "+again+found.Destination)
			continue
		}
		f.ok("", what+found.Destination, "%s", found.Found)
	}
}

// end prints what was not printed yet, and gives the exit code.
func (f *findings) end(code int) error {
	if f.app.output != formatTable {
		list := &listing[finding]{
			key: "checks", columns: []string{"result", "account", "check", "detail", "remedy"}, rows: each(f.all),
			cells: func(l finding) []string { return []string{l.Result, l.Account, l.Check, l.Detail, l.Remedy} },
		}
		if err := list.print(f.app.stdout, f.app.output); err != nil {
			return err
		}
	}
	if slices.ContainsFunc(f.all, func(l finding) bool { return l.Result == checkFail }) {
		return &exitError{code: code}
	}
	return nil
}

func (a *app) check(ctx context.Context, offline bool) error {
	f := &findings{app: a, seen: newSeen()}
	s, err := a.settings()
	if problems, ok := errors.AsType[*config.Problems](err); ok {
		for _, p := range problems.List {
			f.fail("", "settings", p.String(), "")
		}
		return f.end(exitUsage)
	}
	if err != nil {
		return err
	}
	f.ok("", "settings", "%s is valid; accounts: %s", s.File, strings.Join(namesIn(s), ", "))
	for _, warning := range s.Outdated() {
		f.warn("", "settings", warning, "none needed today: change it before the next upgrade")
	}
	if !s.ServiceEnabled {
		f.warn("", "settings", "service_enabled is false: the service idles", "set service_enabled: true when it is to work")
	}
	f.listen(s.HTTP.Listen)
	if offline {
		return f.end(exitUsage)
	}
	bound := f.database(ctx, s)
	for i := range s.Accounts {
		account := &s.Accounts[i]
		f.elsewhere(s, account, bound, string(account.MainAccountID))
		if f.credentials(account) {
			f.live(ctx, s, account, bound)
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
	}
	f.unmatched(ctx, s)
	f.destinations(ctx, s)
	f.publications(ctx, s)
	return f.end(exitFailed)
}

// listen warns of a service that other machines can ask how it is: what it answers has
// names of accounts, and no password.
func (f *findings) listen(address string) {
	host, _, err := net.SplitHostPort(address)
	if ip := net.ParseIP(host); err != nil || host == "localhost" || ip != nil && ip.IsLoopback() {
		return
	}
	f.warn("", "http.listen", address+" is not of this machine alone: whoever reaches it can read the metrics, without a password",
		"listen on 127.0.0.1, or see that only a network you trust reaches it")
}

// credentials checks an account's secrets, and reports whether they can be tried.
func (f *findings) credentials(account *config.Account) bool {
	c, err := account.Credentials()
	if problems, ok := errors.AsType[*config.Problems](err); ok {
		for _, p := range problems.List {
			f.fail(account.Name, "credentials", p.String(), "")
		}
		return false
	}
	f.ok(account.Name, "credentials", "client secret and JWT can be read")
	const renew = "make a new JWT in the RingCentral developer console and put it in place"
	at, known := config.JWTExpiry(c.JWT)
	left := time.Until(at)
	switch {
	case !known:
		f.warn(account.Name, "JWT expiry", "the JWT does not say when it ends", "note its end as the developer console shows it")
	case left <= 0:
		f.fail(account.Name, "JWT expiry", "the JWT ended at "+at.Format(time.RFC3339), renew)
		return false
	case left < 30*24*time.Hour:
		f.warn(account.Name, "JWT expiry", fmt.Sprintf("the JWT ends in %d days, at %s", int(left.Hours()/24), at.Format(time.RFC3339)), renew)
	default:
		f.ok(account.Name, "JWT expiry", "the JWT ends in %d days, at %s", int(left.Hours()/24), at.Format(time.RFC3339))
	}
	return true
}

// database checks the roster and what it knows of the accounts, by name.
func (f *findings) database(ctx context.Context, s *config.Settings) map[string]store.AccountRow {
	path := s.Database.Path
	bound := map[string]store.AccountRow{}
	if folder := wire.MissingFolder(path); folder != "" {
		f.fail("", "database", fmt.Sprintf("there is no folder %s for the roster %s: a run fails", folder, path), wire.FolderRemedy)
		return bound
	}
	f.files(path)
	f.space(filepath.Dir(path))
	st, err := store.OpenRead(ctx, path)
	older, isOlder := errors.AsType[*schema.OlderError](err)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		f.ok("", "database", "there is none at %s yet: `ringroster sync --new` begins one", path)
		return bound
	case isOlder:
		remedy := "none needed: the next run migrates it, after a backup beside it"
		if older.Have == 0 {
			remedy = "none needed, unless there was a roster: then restore a backup"
		}
		f.warn("", "database", older.Error(), remedy)
		return bound
	case err != nil:
		f.failErr("", "database", err)
		return bound
	}
	defer func() { _ = st.Close() }()
	accounts, err := st.Accounts(ctx)
	counts, err2 := st.Counts(ctx)
	if err := errors.Join(err, err2); err != nil {
		f.failErr("", "database", err)
		return bound
	}
	f.ok("", "database", "%s can be read; accounts with runs: %d", path, len(accounts))
	for _, row := range accounts {
		bound[row.Account] = row
		if !hasAccount(s, row.Account) && !retired(&row, counts) {
			f.warn("", "database", "account "+row.Account+" is not in the settings: its members stay as they are (R4)",
				"put it back, or, if it is gone for good: ringroster account retire "+row.Account)
		}
	}
	f.home(ctx, st, s.HostName())
	if service, served, err := st.Service(); err != nil {
		f.failErr("", "service", err)
	} else if served {
		f.ok("", "service", "it is running: process %d on %s since %s", service.PID, service.Host, service.Since.UTC().Format(time.RFC3339))
	}
	for i := range s.Accounts {
		f.intervals(ctx, st, s, &s.Accounts[i])
	}
	if holder, held, err := st.Holder(ctx); err == nil && held {
		f.ok("", "lock", "a run is under way: process %d on %s since %s", holder.PID, holder.Host, holder.Since.UTC().Format(time.RFC3339))
	}
	return bound
}

// callsPerMinute is what RingCentral allows of the lists that a run reads: 40 calls of its
// group Medium. Those to RingCX and of the group Light may be more.
const callsPerMinute = 40

// intervals warns of runs that would take more than half of the time between two (R30).
func (f *findings) intervals(ctx context.Context, st *store.Store, s *config.Settings, account *config.Account) {
	for _, job := range []struct {
		name, key string
		every     time.Duration
	}{
		{sync.JobMembers, "schedule.every", account.Schedule.Interval()},
		{sync.JobContacts, "contacts.every", account.Contacts.Interval()},
	} {
		latest, err := st.Latest(ctx, account.Name, job.name)
		if err != nil {
			f.failErr(account.Name, "schedule", err)
			return
		}
		if latest.Success == nil || job.name == sync.JobContacts && !s.Contacts.Enabled {
			continue
		}
		calls := latest.Success.APICalls
		if needs := time.Duration(calls) * time.Minute / callsPerMinute; needs > job.every/2 {
			f.warn(account.Name, "schedule", fmt.Sprintf("run %d made %d calls, for which RingCentral's limits ask up to %s, and there is a run every %s",
				latest.Success.RunID, calls, needs.Round(time.Minute), job.every), "make "+job.key+" longer")
		}
	}
}

func namesIn(s *config.Settings) (names []string) {
	for i := range s.Accounts {
		names = append(names, s.Accounts[i].Name)
	}
	return names
}

func hasAccount(s *config.Settings, name string) bool {
	return slices.ContainsFunc(s.Accounts, func(a config.Account) bool { return a.Name == name })
}

// files checks that this user could write the roster and the files beside it, and that
// they are whose they should be.
func (f *findings) files(path string) {
	names, err := dbfile.Files(path)
	if err != nil {
		f.failErr("", "database", err)
		return
	}
	strays, err := dbfile.Strays(path)
	if err != nil {
		f.failErr("", "database", err)
		return
	}
	for _, stray := range strays { // the commonest reason for what follows
		f.fail("", "database", stray.What, stray.Remedy)
	}
	if len(strays) > 0 {
		return
	}
	folder := filepath.Dir(names[0])
	for _, name := range append(names, folder) {
		err := unix.Access(name, unix.W_OK)
		if err == nil || errors.Is(err, fs.ErrNotExist) && name != folder {
			continue
		}
		f.fail("", "database", fmt.Sprintf("%s cannot be written: %v", name, err),
			"give it to the user of the service, or run check as that user: ringroster-service check")
		return
	}
	f.ok("", "database", "%s can be written", folder)
}

const mebibyte = 1 << 20

// space checks the free space: a commit of 20,000 people takes some tens of MiB,
// and a migration a copy of the database.
func (f *findings) space(dir string) {
	var stat unix.Statfs_t
	if err := unix.Statfs(dir, &stat); err != nil {
		f.warn("", "disk", fmt.Sprintf("the free space in %s is not known: %v", dir, err), "")
		return
	}
	free := int64(stat.Bavail) * stat.Bsize / mebibyte //nolint:gosec // blocks of a disk fit
	detail := fmt.Sprintf("%d MiB are free in %s", free, dir)
	switch {
	case free < 64:
		f.fail("", "disk", detail, "make room: a run needs 64 MiB at least")
	case free < 512:
		f.warn("", "disk", detail, "make room before the roster grows")
	default:
		f.ok("", "disk", "%s", detail)
	}
	if os.Geteuid() == 0 && strings.HasPrefix(dir, "/var/lib/") {
		f.warn("", "user", "check runs as root, the service does not: files may look writable that are not for it",
			"ringroster-service check")
	}
}
