package main

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"ringroster/cmd/ringroster/config"
	"ringroster/store"
	"ringroster/store/contactrows"
	"ringroster/store/views"
	"ringroster/sync"
)

// A filter that names nothing there is, is refused: an empty list would read as
// "nobody is there". What the settings name is there, although nobody has it yet.

// namedThing is a filter that names something.
type namedThing struct {
	flag   string
	wanted string // "": the filter is not set
	thing  views.Thing
	also   []string // known besides what the roster has
	exact  bool     // else compared by R33
}

// rosterNames are the filters of the roster that name something.
func rosterNames(s *config.Settings, f *views.Filter) []namedThing {
	policy := s.Policy(&s.Accounts[0]) // roles are the same for all accounts
	all, _ := chosen(s, nil)           // all of them: cannot fail
	var subs, activities, teams []string
	for _, account := range all {
		for _, id := range account.SubAccounts {
			subs = append(subs, string(id))
		}
		activities = append(activities, account.DefaultActivityID)
	}
	given := []config.Given{s.Onboarding.Defaults}
	for _, rule := range s.Onboarding.Rules {
		given = append(given, rule.Set)
	}
	for i := range given {
		activities, teams = append(activities, given[i].ActivityID), append(teams, given[i].Teams...)
	}
	return []namedThing{
		{"account", f.Account, views.AccountThing, namesOf(all), true},
		{"role", f.Role, views.RoleThing, policy.YieldableRoles(), false},
		{"sub-account", f.SubAccount, views.SubAccountThing, subs, false},
		{"activity", f.Activity, views.ActivityThing, activities, true},
		{"team", f.Team, views.TeamThing, teams, false},
	}
}

// contactStatuses are those that RingCentral gives (GetExtensionInfoResponse in
// the official schema), and our own.
var contactStatuses = []string{"Enabled", "Disabled", "Frozen", "NotActivated", "Unassigned", sync.StatusRemoved}

// contactNames are the filters of the contacts that name something.
func contactNames(s *config.Settings, f *contactrows.Filter) []namedThing {
	all, _ := chosen(s, nil)
	return []namedThing{
		{"account", f.Account, views.AccountThing, namesOf(all), true},
		{"status", f.Status, views.ContactStatusThing, contactStatuses, false},
	}
}

// refuseUnknown refuses the first filter that names nothing there is.
func refuseUnknown(ctx context.Context, st *store.Store, filters []namedThing) error {
	for i := range filters {
		f := &filters[i]
		if f.wanted == "" {
			continue
		}
		known, err := st.Names(ctx, f.thing)
		if err != nil {
			return err
		}
		for _, name := range f.also {
			known = append(known, views.Name{Text: name})
		}
		if err := refuseUnnamed(f.flag, f.wanted, f.exact, known); err != nil {
			return err
		}
	}
	return nil
}

// mostNames is how many names a refusal lists.
const mostNames = 30

// refuseUnnamed refuses what is none of the names there are, and lists them.
func refuseUnnamed(flag, wanted string, exact bool, known []views.Name) error {
	var names []string
	for _, n := range known {
		if wanted == n.Text || wanted == n.ID || !exact && sync.SameText(wanted, n.Text) {
			return nil
		}
		name := n.Text
		if n.ID != "" {
			name = n.ID + prefixed(" ", n.Text)
		}
		if name != "" {
			names = append(names, clean(name))
		}
	}
	slices.Sort(names)
	names = slices.Compact(names)
	there := "there is none"
	if len(names) > 0 {
		there = "there is " + strings.Join(names[:min(len(names), mostNames)], "; ")
	}
	if more := len(names) - mostNames; more > 0 {
		there += fmt.Sprintf(" and %d more", more)
	}
	return usagef("--%s %q names nothing: %s", flag, wanted, there)
}
