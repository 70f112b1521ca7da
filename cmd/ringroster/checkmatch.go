package main

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"ringroster/cmd/ringroster/config"
	"ringroster/store"
	"ringroster/store/views"
	"ringroster/sync"
)

// Filters that match nobody: a typing error in one lets people in, leaves them out, or
// protects nobody, and no run can say so.

// seen are the values that filters can match, by the key of an entry: of all accounts, as
// RingCentral reports them now and as the roster has them.
type seen struct {
	values map[string]map[string]bool
	read   int // accounts
}

func newSeen() *seen { return &seen{values: map[string]map[string]bool{}} }

// note adds values of one key; what is empty is none.
func (s *seen) note(key string, values ...string) {
	if s.values[key] == nil {
		s.values[key] = map[string]bool{}
	}
	for _, v := range values {
		if v != "" {
			s.values[key][v] = true
		}
	}
}

// read notes what one account reports, and looks for the role that its access hangs on.
func (f *findings) read(s *config.Settings, account *config.Account, snapshot *sync.Snapshot) {
	f.seen.read++
	for i := range snapshot.Admins {
		f.seen.note("email", snapshot.Admins[i].Email)
	}
	for i := range snapshot.Extensions {
		e := &snapshot.Extensions[i]
		f.seen.note("email", e.Email)
		f.seen.note("department", e.Department)
		f.seen.note("title", e.JobTitle)
		f.seen.note("site", e.Site)
		f.seen.note("employee_id", e.EmployeeID)
	}
	for i := range snapshot.SubAccounts {
		sub := &snapshot.SubAccounts[i]
		f.seen.note("sub_account", sub.ID, sub.Name)
		for j := range sub.Groups {
			group := &sub.Groups[j]
			f.seen.note("agent_group", group.ID, group.Name)
			for k := range group.Agents {
				f.seen.note("email", group.Agents[k].Email)
				f.seen.note("agent_type", group.Agents[k].Type)
			}
		}
	}
	f.access(s, account.Name, snapshot)
}

// access looks for the role or permission of wem_access: without it every run fails (R9).
func (f *findings) access(s *config.Settings, account string, snapshot *sync.Snapshot) {
	policy := s.WEMAccess
	key, wanted := "wem_access.role", policy.Role
	if policy.Permission != "" {
		key, wanted = "wem_access.permission", policy.Permission
	}
	if wanted == "" {
		return
	}
	var names []string
	for _, role := range snapshot.Roles {
		if policy.Permission != "" {
			names = append(names, role.Permissions...)
		} else {
			names = append(names, role.Name)
		}
	}
	if !slices.ContainsFunc(names, func(n string) bool { return sync.SameText(n, wanted) }) {
		f.fail(account, key, fmt.Sprintf("no RingEX role of the account has %q: a run fails (R9)", wanted), nearestRemedy(wanted, names))
	}
}

// nearestRemedy names what was probably meant.
func nearestRemedy(wanted string, names []string) string {
	folded := map[string]string{}
	var candidates []string
	for _, name := range names {
		folded[sync.FoldText(name)] = name
		candidates = append(candidates, sync.FoldText(name))
	}
	slices.Sort(candidates)
	if near := config.Nearest(sync.FoldText(wanted), candidates); near != "" {
		return fmt.Sprintf("perhaps %q is meant", folded[near])
	}
	return "correct it, or leave it if it is for somebody who is still to come"
}

// unmatched warns of entries of filters that match nobody in any account today. It says
// nothing when an account could not be read: they may be there.
func (f *findings) unmatched(ctx context.Context, s *config.Settings) {
	if f.seen.read < len(s.Accounts) {
		return
	}
	policy := s.Policy(&s.Accounts[0]) // roles are the same for all accounts
	f.seen.note("role", policy.YieldableRoles()...)
	f.seenOnRoster(ctx, s)
	for _, list := range []struct {
		key     string
		entries []config.Match
	}{{"scope.include", s.Scope.Include}, {"scope.exclude", s.Scope.Exclude}, {"protect", s.Protect}} {
		for i := range list.entries {
			f.match(fmt.Sprintf("%s[%d]", list.key, i), &list.entries[i])
		}
	}
	for i := range s.Onboarding.Rules {
		f.match(fmt.Sprintf("onboarding.rules[%d].when", i), &s.Onboarding.Rules[i].When)
	}
	for i, m := range s.RoleMap {
		f.matchKey(fmt.Sprintf("role_map[%d]", i), "agent_type", m.AgentType)
	}
}

// seenOnRoster notes what the roster has besides: protection is for those, too, whom
// RingCentral does not list today.
func (f *findings) seenOnRoster(ctx context.Context, s *config.Settings) {
	st, err := store.OpenRead(ctx, s.Database.Path)
	if err != nil {
		return // it was said, or there is none yet
	}
	defer func() { _ = st.Close() }()
	for r, err := range st.Roster(ctx, views.Filter{Brief: true}) {
		if err != nil {
			return
		}
		f.seen.note("email", r.Email)
		f.seen.note("department", r.Department)
		f.seen.note("title", r.JobTitle)
		f.seen.note("site", r.Site)
		f.seen.note("employee_id", r.EmployeeID)
	}
}

// match looks at each key of one entry.
func (f *findings) match(entry string, m *config.Match) {
	for _, key := range []struct{ name, pattern string }{
		{"email", m.Email},
		{"sub_account", string(m.SubAccount)},
		{"agent_group", string(m.AgentGroup)},
		{"department", m.Department},
		{"title", m.Title},
		{"site", m.Site},
		{"role", m.Role},
		{"employee_id", m.EmployeeID},
	} {
		f.matchKey(entry, key.name, key.pattern)
	}
}

func (f *findings) matchKey(entry, key, pattern string) {
	values := slices.Collect(maps.Keys(f.seen.values[key]))
	if pattern == "" || slices.ContainsFunc(values, func(v string) bool { return sync.Glob(pattern, v) }) {
		return
	}
	f.warn("", strings.Join([]string{entry, key}, "."), fmt.Sprintf("%q matches nobody today", pattern), nearestRemedy(pattern, values))
}
