package config

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"ringroster/sync"
)

// validate checks values, and keys against each other, and brings what has
// several spellings into one. It says nothing of keys already reported.
func (s *Settings) validate(r *report) {
	mustBeSet(r, "impersonated_user_id", s.ImpersonatedUserID)
	mustBeSet(r, "database.path", s.Database.Path)
	oneOf(r, "database.mode", s.Database.Mode, "0600", "0640")
	dailyAt(r, "schedule.daily_at", s.Schedule.DailyAt)
	every(r, "schedule.every", s.Schedule.Every)
	dailyAt(r, "contacts.daily_at", s.Contacts.DailyAt)
	every(r, "contacts.every", s.Contacts.Every)
	s.validateAccounts(r)
	s.validateRoles(r)
	s.WEMAccess.validate(r)
	validateMatches(r, "scope.include", s.Scope.Include)
	validateMatches(r, "scope.exclude", s.Scope.Exclude)
	validateMatches(r, "protect", s.Protect)
	for i, field := range s.RequiredFields {
		key := fmt.Sprintf("required_fields[%d]", i)
		oneOf(r, key, field, "email", "extension_number", "first_name", "last_name")
		if slices.Contains(s.RequiredFields[:i], field) {
			r.add(key, "is listed twice")
		}
	}
	for i, m := range s.Map {
		key := fmt.Sprintf("map[%d]", i)
		oneOf(r, key+".field", m.Field, "site", "department", "job_title")
		mustBeSet(r, key+".from", m.From)
		mustBeSet(r, key+".to", m.To)
	}
	s.Onboarding.validate(r)
	if s.RegionalSettings.LookupsPerRun < 1 {
		r.add("regional_settings.lookups_per_run", "must be at least 1; enabled: false looks up nobody")
	}
	if e := s.EmployeeID; e.Reference != "" {
		oneOf(r, "employee_id.reference", e.Reference, "CustomerDirectoryId", "PartnerId")
		if e.CustomField != "" {
			r.add("employee_id.custom_field", "is set beside employee_id.reference: employee numbers have one source")
		}
	}
	s.Limits.validate(r)
	notNegative(r, "deactivation_grace.days", s.DeactivationGrace.Days)
	notNegative(r, "snapshots.keep", s.Snapshots.Keep)
	if days := s.Snapshots.KeepDays; days < 0 || days > mostKeepDays {
		r.add("snapshots.keep_days", "must be from 0 to %d", mostKeepDays)
	}
	if days := s.History.KeepDays; days < 0 || days > mostKeepDays {
		r.add("history.keep_days", "must be from 0 (for ever) to %d", mostKeepDays)
	}
	s.HTTP.validate(r)
	heartbeat(r, string(s.HeartbeatURL))
	s.validateNotify(r)
	s.validatePublish(r)
	oneOf(r, "log.level", s.Log.Level, "debug", "info", "warn", "error")
	oneOf(r, "log.format", s.Log.Format, "json", "journal", "console", "auto")
}

func (l *Limits) validate(r *report) {
	for _, limit := range []struct {
		key string
		Limit
	}{
		{"limits.deactivations", l.Deactivations},
		{"limits.onboardings", l.Onboardings},
		{"limits.updates", l.Updates},
		{"limits.administrators", l.Administrators},
	} {
		if limit.Percent < 0 || limit.Percent > 100 {
			r.add(limit.key+".percent", "must be from 0 to 100")
		}
		notNegative(r, limit.key+".floor", limit.Floor)
	}
}

// mostKeepDays is a hundred years.
const mostKeepDays = 36500

func mustBeSet(r *report, key, value string) {
	if strings.TrimSpace(value) == "" {
		r.add(key, "must be set")
	}
}

func dailyAt(r *report, key, value string) {
	if _, err := time.Parse("15:04", value); err != nil || len(value) != len("15:04") {
		r.add(key, "must be a time of day in UTC from 00:00 to 23:59, such as 03:00")
	}
}

// every checks the time between slots (R30).
func every(r *report, key, value string) {
	const day = 24 * time.Hour
	d, err := time.ParseDuration(value)
	if err != nil {
		r.add(key, "must be a time such as 1h, 6h or 24h")
		return
	}
	below, above := time.Duration(0), day
	for n := day / time.Hour; n > 0; n-- {
		switch slot := day / n; {
		case day%slot != 0:
		case slot == d:
			return
		case slot < d:
			below = slot
		default:
			above = min(above, slot)
		}
	}
	const wrong = "must be from 1h to 24h and divide a day: "
	switch below {
	case 0, day:
		r.add(key, wrong+"the nearest that does is %s", brief(max(below, above)))
	default:
		r.add(key, wrong+"the nearest that do are %s and %s", brief(below), brief(above))
	}
}

// brief is a time without the zeros that Go adds.
func brief(d time.Duration) string {
	return strings.TrimSuffix(strings.TrimSuffix(d.String(), "0s"), "0m")
}

func notNegative(r *report, key string, value int) {
	if value < 0 {
		r.add(key, "must not be negative")
	}
}

func oneOf(r *report, key, value string, allowed ...string) {
	if !slices.Contains(allowed, value) {
		last := len(allowed) - 1
		r.add(key, "must be %s or %s", strings.Join(allowed[:last], ", "), allowed[last])
	}
}

// validateAccounts checks every account by itself and against those before it.
// Names are told apart by their environment variables too, and one main account
// cannot have two names (R4).
func (s *Settings) validateAccounts(r *report) {
	if len(s.Accounts) == 0 {
		r.add("accounts", "must list at least one account")
	}
	for i := range s.Accounts {
		a, key := &s.Accounts[i], fmt.Sprintf("accounts[%d]", i)
		a.validate(r, key)
		for j := range s.Accounts[:i] {
			b := &s.Accounts[j]
			first := fmt.Sprintf("accounts[%d]", j)
			switch {
			case a.Name == b.Name:
				r.add(key+".name", "is already the name of %s", first)
			case a.variables() == b.variables():
				r.add(key+".name", "would read the same environment variables (%s…) as %s, %s", a.variables(), first, b.Name)
			}
			if a.MainAccountID == b.MainAccountID {
				r.add(key+".main_account_id", "is already the main account of %s, %s: one main account is one entry (R4)", first, b.Name)
			}
		}
	}
}

var accountName = regexp.MustCompile(`^[A-Za-z0-9._-]+$`)

// IsAccountName says whether an account may be called so.
func IsAccountName(name string) bool { return accountName.MatchString(name) }

func (a *Account) validate(r *report, key string) {
	mustBeSet(r, key+".name", a.Name)
	if !IsAccountName(a.Name) {
		r.add(key+".name", "must be made of letters, digits, dots, underscores and hyphens")
	}
	a.BaseURL = address(r, key+".base_url", a.BaseURL)
	a.RingCXURL = address(r, key+".ringcx_url", a.RingCXURL)
	mustBeSet(r, key+".main_account_id", string(a.MainAccountID))
	validateID(r, key+".main_account_id", a.MainAccountID, "99990000")
	for i, id := range a.SubAccounts {
		sub := fmt.Sprintf("%s.sub_accounts[%d]", key, i)
		if validateID(r, sub, id, "99990001") && slices.Contains(a.SubAccounts[:i], id) {
			r.add(sub, "%s is listed twice", id)
		}
	}
	for _, own := range []struct {
		key, value string
		check      func(r *report, key, value string)
	}{
		{key + ".schedule.daily_at", a.Schedule.DailyAt, dailyAt},
		{key + ".schedule.every", a.Schedule.Every, every},
		{key + ".contacts.daily_at", a.Contacts.DailyAt, dailyAt},
		{key + ".contacts.every", a.Contacts.Every, every},
	} {
		if r.lines[own.key] != 0 { // else it is that of all accounts
			own.check(r, own.key, own.value)
		}
	}
	mustBeSet(r, key+".client_id", a.ClientID)
	mustBeSet(r, key+".data_source", a.DataSource)
}

// validateID checks an id of RingCentral's, and reports whether it is one (R33).
func validateID(r *report, key string, id ID, example string) bool {
	_, err := sync.ParseID(string(id))
	bad, isBad := errors.AsType[*sync.IDError](err)
	switch {
	case isBad && bad.Hint != "":
		r.add(key, "must be a number such as %s: %v", example, bad)
	case isBad:
		r.add(key, "must be a number such as %s", example)
	}
	return !isBad
}

// address checks the address of a service and writes it without a slash at its
// end. Credentials travel there, so that http is for this machine alone.
func address(r *report, key, text string) string {
	u, err := url.Parse(text)
	switch {
	case err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http":
		r.add(key, "must be an address such as https://platform.ringcentral.com/")
	case u.User != nil || u.RawQuery != "" || u.ForceQuery || u.Fragment != "":
		r.add(key, "must be an address without user, query or fragment")
	case u.Scheme == "http" && !loopback(u.Hostname()):
		r.add(key, "must begin with https://; http:// is accepted for this machine alone (localhost, 127.0.0.1, [::1])")
	case apiPath.MatchString(u.Path):
		r.add(key, "must not end in %s, which calls add to it", apiPath.FindString(u.Path))
	}
	return strings.TrimRight(text, "/")
}

// apiPath is what calls to RingEX and RingCX add to an address.
var apiPath = regexp.MustCompile(`(/restapi|/voice/api|/api/auth)(/.*)?$`)

func loopback(host string) bool {
	ip, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && ip.IsLoopback()
}

// validate checks the address to listen on. Any host is taken: to name one
// beyond this machine is the operator's decision.
func (h *HTTP) validate(r *report) {
	if h.Listen == "" {
		return
	}
	host, port, err := net.SplitHostPort(h.Listen)
	n, portErr := strconv.Atoi(port)
	if err != nil || host == "" || portErr != nil || n < 1 || n > 65535 {
		r.add("http.listen", "must be an address and a port such as 127.0.0.1:9465, or empty for none")
	}
}

// heartbeat checks the address that is called after a success. What stands in it
// is not repeated.
func heartbeat(r *report, text string) {
	u, err := url.Parse(text)
	switch {
	case text == "":
	case err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http":
		r.add("heartbeat_url", "must be an address such as https://checks.example.com/ringroster, or empty for none")
	case u.Scheme == "http" && !loopback(u.Hostname()):
		r.add("heartbeat_url", "must begin with https://; http:// is accepted for this machine alone (localhost, 127.0.0.1, [::1])")
	}
}

// validateRoles checks role_map, and that role_precedence names a role which
// some mapping can yield (R10); it is kept as the mapping writes it.
func (s *Settings) validateRoles(r *report) {
	for i, m := range s.RoleMap {
		key := fmt.Sprintf("role_map[%d]", i)
		mustBeSet(r, key+".agent_type", m.AgentType)
		mustBeSet(r, key+".role", m.Role)
		if slices.ContainsFunc(s.RoleMap[:i], func(o RoleMapping) bool { return sync.SameText(o.AgentType, m.AgentType) }) {
			r.add(key+".agent_type", "is mapped twice")
		}
	}
	if r.reported("role_map") {
		return // what it would have yielded is not known
	}
	policy := sync.Policy{RoleMap: s.roleMap()}
	choices := slices.Concat([]string{"first", "last"}, policy.YieldableRoles())
	choices = slices.DeleteFunc(choices, func(c string) bool { return c == "" })
	i := slices.IndexFunc(choices, func(c string) bool { return sync.SameText(c, s.RolePrecedence) })
	if i < 0 {
		oneOf(r, "role_precedence", s.RolePrecedence, choices...)
		return
	}
	s.RolePrecedence = choices[i]
}

// validate checks that the rule has the one name that it asks for (R9).
func (w *WEMAccess) validate(r *report) {
	oneOf(r, "wem_access.rule", w.Rule,
		string(sync.AccessListed), string(sync.AccessPermission), string(sync.AccessRole))
	for _, name := range []struct {
		key, value string
		rule       sync.AccessRule
	}{
		{"wem_access.permission", w.Permission, sync.AccessPermission},
		{"wem_access.role", w.Role, sync.AccessRole},
	} {
		if w.Rule == string(name.rule) {
			mustBeSet(r, name.key, name.value)
		} else if name.value != "" {
			r.add(name.key, "goes with rule: %s only", name.rule)
		}
	}
}

// validate checks the modes, and that every rule has a name, matches somebody and
// gives something.
func (o *Onboarding) validate(r *report) {
	oneOf(r, "onboarding.mode", o.Mode, Automatic, Manual)
	o.Defaults.validate(r, "onboarding.defaults")
	if len(o.Rules) > sync.MaxRules {
		r.add("onboarding.rules", "must not be more than %d", sync.MaxRules)
	}
	for i, rule := range o.Rules {
		key := fmt.Sprintf("onboarding.rules[%d]", i)
		mustBeSet(r, key+".name", rule.Name)
		if slices.ContainsFunc(o.Rules[:i], func(other Rule) bool { return other.Name == rule.Name }) {
			r.add(key+".name", "is the name of another rule already")
		}
		validateMatch(r, key+".when", rule.When)
		rule.Set.validate(r, key+".set")
		if set := rule.Set; set.ActivityID == "" && len(set.Teams)+len(set.Categories) == 0 && set.Permissions == (Permissions{}) {
			r.add(key+".set", "gives nothing: set activity_id, teams, categories or permissions")
		}
	}
}

func (g *Given) validate(r *report, key string) {
	for name, list := range map[string][]string{"teams": g.Teams, "categories": g.Categories} {
		for i, value := range list {
			mustBeSet(r, fmt.Sprintf("%s.%s[%d]", key, name, i), value)
		}
	}
}

// validateMatches refuses entries that would match everybody.
func validateMatches(r *report, key string, entries []Match) {
	for i, m := range entries {
		validateMatch(r, fmt.Sprintf("%s[%d]", key, i), m)
	}
}

func validateMatch(r *report, key string, m Match) {
	if m == (Match{}) {
		r.add(key, "is empty, which would match everybody: set email, sub_account, agent_group, department, title, site, role or employee_id")
	}
}
