package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"ringroster/cmd/ringroster/wire"
	"ringroster/store/views"
	"ringroster/sync"
	"ringroster/sync/plan"
	"ringroster/sync/reconcile"
)

// whom says which people `directory` lists. Empty fields do not filter; all
// others must fit.
type whom struct {
	accounts    []string
	search      string // part of a name, e-mail, username, extension number or person key, in any case
	subAccount  string // id or name, in any case
	group       string // likewise
	notImported bool   // who belongs on the roster and is not on it
}

func directoryCommand(a *app) *cobra.Command {
	var w whom
	var wide bool
	c := &cobra.Command{
		Use: "directory", Short: "List who RingCentral reports now, and whether they are on the roster", Args: cobra.NoArgs,
		Long: `Reads RingCentral as plan does and lists everybody it reports, with what a sync would
do about each. The first column is a name for them that explain and import take.
It writes nothing.

With --not-imported it lists who belongs on the roster by the settings and has no
active member: those whom a sync would onboard or bring back, and those whom it
leaves to you, each with the reason.`,
		RunE: func(c *cobra.Command, _ []string) error { return a.directory(c.Context(), w, wide) },
	}
	c.Flags().StringArrayVar(&w.accounts, "account", nil, "only this account (repeatable)")
	c.Flags().StringVar(&w.search, "search", "", "part of a name, e-mail, username, extension number or id")
	c.Flags().StringVar(&w.subAccount, "sub-account", "", "id or name of a sub-account with an agent record")
	c.Flags().StringVar(&w.group, "group", "", "id or name of an agent group with an agent record")
	c.Flags().BoolVar(&w.notImported, "not-imported", false, "only who belongs on the roster and is not on it")
	addWide(c, &wide)
	a.addOutput(c)
	return c
}

func (a *app) directory(ctx context.Context, w whom, wide bool) error {
	s, accounts, err := a.prepare(w.accounts, "")
	if err != nil {
		return err
	}
	roster, closeRoster, err := wire.PreviewRoster(ctx, s.Database.Path)
	if err != nil {
		return err
	}
	defer closeRoster()
	observer, done := a.planner()
	r := wire.Runner(s, version, roster, observer)
	var results []reconcile.Result
	var places places
	rows := func(yield func(standingRow, error) bool) {
		for _, name := range namesOf(accounts) {
			wanted := true
			err := r.Everybody(ctx, name, func(st *plan.Standing) bool {
				done() // no progress among the rows
				places.note(st)
				wanted = !w.lists(st) || yield(standingRow{name, st}, nil)
				return wanted
			})
			done()
			results = append(results, a.listed(name, err))
			if !wanted || ctx.Err() != nil {
				return
			}
		}
		if exitOf(results) == nil { // else it may be where nobody could be listed
			if err := places.refuse(&w); err != nil {
				yield(standingRow{}, err) // before a table has begun
			}
		}
	}
	l := directoryListing(rows)
	if a.output == formatTable && !wide {
		l.fit("person", "account", "name", "email", "outcome")
	}
	err = l.print(a.stdout, a.output)
	return errors.Join(err, exitOf(results))
}

// places are the sub-accounts and agent groups of the agent records that were
// seen, which nobody can know before.
type places struct{ subAccounts, groups map[views.Name]bool }

func (p *places) note(s *plan.Standing) {
	if p.subAccounts == nil {
		p.subAccounts, p.groups = map[views.Name]bool{}, map[views.Name]bool{}
	}
	for i := range s.Logins {
		l := &s.Logins[i]
		p.subAccounts[views.Name{ID: l.SubAccountID, Text: l.SubAccount}] = true
		p.groups[views.Name{ID: l.AgentGroupID, Text: l.AgentGroup}] = true
	}
}

// refuse says that a filter named a place in which nobody has an agent record.
func (p *places) refuse(w *whom) error {
	for _, f := range []struct {
		flag, wanted string
		known        map[views.Name]bool
	}{{"sub-account", w.subAccount, p.subAccounts}, {"group", w.group, p.groups}} {
		if f.wanted == "" {
			continue
		}
		if err := refuseUnnamed(f.flag, f.wanted, false, slices.Collect(maps.Keys(f.known))); err != nil {
			return err
		}
	}
	return nil
}

// listed tells at once of an account that could not be listed: a row could not
// say so.
func (a *app) listed(account string, err error) reconcile.Result {
	if err == nil {
		return reconcile.Result{Account: account, Status: sync.Succeeded}
	}
	a.fault(err)
	_, _ = fmt.Fprintf(a.errors, "%s: nobody could be listed: %s\n", account, clean(err.Error()))
	return reconcile.Result{Account: account, Status: sync.Failed, Err: err}
}

// standingRow is one person of one account.
type standingRow struct {
	Account string `json:"account"`
	*plan.Standing
}

func directoryListing(rows rowsOf[standingRow]) *listing[standingRow] {
	return &listing[standingRow]{
		key: "people", rows: rows,
		columns: []string{"person", "account", "name", "email", "extension", "sub_accounts", "groups", "roles", "on_roster", "member_id", "outcome", "reason"},
		cells: func(r standingRow) []string {
			var subs, groups []string
			for _, l := range r.Logins {
				subs, groups = addName(subs, l.SubAccount, l.SubAccountID), addName(groups, l.AgentGroup, l.AgentGroupID)
			}
			member := int64(0)
			if r.Member != nil {
				member = *r.Member
			}
			return []string{
				r.Person, r.Account, r.Name, r.Email, r.ExtensionNumber, strings.Join(subs, ", "), strings.Join(groups, ", "),
				strings.Join(r.Roles, ", "), fmt.Sprint(r.OnRoster), memberText(member), r.Outcome, string(r.Reason),
			}
		},
	}
}

// addName adds a name, or the id of what has none, once.
func addName(names []string, name, id string) []string {
	if name == "" {
		name = id
	}
	if slices.Contains(names, name) {
		return names
	}
	return append(names, name)
}

// lists says whether a person is among those asked for. Both places must be
// those of one agent record.
func (w *whom) lists(s *plan.Standing) bool {
	if w.notImported && (s.OnRoster || !s.Belongs) {
		return false
	}
	is := func(wanted, id, name string) bool {
		return wanted == "" || wanted == id || sync.SameText(wanted, name)
	}
	if (w.subAccount != "" || w.group != "") && !slices.ContainsFunc(s.Logins, func(l sync.Login) bool {
		return is(w.subAccount, l.SubAccountID, l.SubAccount) && is(w.group, l.AgentGroupID, l.AgentGroup)
	}) {
		return false
	}
	return w.search == "" || w.finds(s)
}

func (w *whom) finds(s *plan.Standing) bool {
	texts := []string{s.Name, s.Email, s.ExtensionNumber, s.Person}
	for _, l := range s.Logins {
		texts = append(texts, l.UserName)
	}
	wanted := sync.FoldText(w.search)
	return slices.ContainsFunc(texts, func(text string) bool { return strings.Contains(sync.FoldText(text), wanted) })
}
