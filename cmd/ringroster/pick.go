package main

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"ringroster/cmd/ringroster/wire"
	"ringroster/sync"
	"ringroster/sync/plan"
	"ringroster/sync/reconcile"
)

// pickRequest is what `import WHO…` is asked.
type pickRequest struct {
	account     string
	role        string
	activity    string
	teams       []string
	categories  []string
	permissions []string
	decision    decision
}

func importCommand(a *app) *cobra.Command {
	var req pickRequest
	c := &cobra.Command{
		Use: "import WHO…", Short: "Bring chosen people of RingCentral to the roster", Args: cobra.MinimumNArgs(1),
		Long: `Onboards people by hand, all of them or none: with onboarding.mode manual, or whoever
was declined before because their onboarding was undone or they were forgotten.
` + whoHelp + " `ringroster directory`" + `
shows them. They get what onboarding.defaults and rules give, and over that what is
said here. A role is pinned, or the next sync would take it back.`,
		RunE: func(c *cobra.Command, args []string) error { return a.importPeople(c.Context(), args, req) },
	}
	c.Flags().StringVar(&req.account, "account", "", "the account they are in, where the settings have several")
	c.Flags().StringVar(&req.role, "role", "", "the role they keep, whatever RingCentral says")
	c.Flags().StringVar(&req.activity, "activity", "", "their activity id")
	c.Flags().StringSliceVar(&req.teams, "team", nil, "a team (repeatable)")
	c.Flags().StringSliceVar(&req.categories, "category", nil, "a category (repeatable)")
	c.Flags().StringSliceVar(&req.permissions, "permission", nil, "agent_login, supervisor_access, inbound_calls or outbound_calls; with =false it is withheld (repeatable)")
	req.decision.authorFlags(c)
	c.Flags().BoolVarP(&req.decision.yes, "yes", "y", false, "do not ask")
	a.addOutput(c)
	return c
}

// importPeople shows what it would do, asks, and does exactly that.
func (a *app) importPeople(ctx context.Context, who []string, req pickRequest) error {
	var names []string
	if req.account != "" {
		names = []string{req.account}
	}
	s, accounts, err := a.prepare(names, "")
	if err != nil {
		return err
	}
	if len(accounts) > 1 {
		return usagef("--account is needed: the settings have %s", strings.Join(namesOf(accounts), ", "))
	}
	picks := &plan.Picks{Who: slices.Clone(who), By: operator(req.decision.actor)}
	if picks.Give, err = req.given(); err != nil {
		return err
	}
	if req.role != "" {
		if picks.Role, err = knownRole(s, req.role); err != nil {
			return err
		}
	}
	st, err := wire.OpenWrite(ctx, s, false)
	if err != nil {
		return err
	}
	defer func() { _ = st.Close() }()
	for i := range picks.Who {
		if picks.Who[i], err = personWord(ctx, st, accounts[0].Name, who[i]); err != nil {
			return err
		}
	}
	run := req.decision.run(s, sync.Importing, accounts[0].Name)
	observer, done := a.planner()
	reviewed, err := a.showPicks(ctx, wire.Runner(s, version, st, observer), done, reconcile.Request{Run: run, Picks: picks})
	if err != nil || reviewed == nil {
		return err
	}
	if err := a.ask(ctx, req.decision.yes, "Bring them to the roster?", "nobody was brought in"); err != nil {
		return err
	}
	id, results, err := a.runOn(ctx, s, st, reconcile.Request{Run: run, Picks: picks, Reviewed: map[string]plan.Reviewed{accounts[0].Name: reviewed}})
	if err != nil {
		return err
	}
	return a.report(id, results)
}

// showPicks plans and prints what importing would do, on stderr: the outcome is
// the output. It returns the changes, nil when there are none.
func (a *app) showPicks(ctx context.Context, r *reconcile.Runner, done func(), req reconcile.Request) (plan.Reviewed, error) {
	result := r.Preview(ctx, req)[0]
	done()
	if result.Err != nil {
		return nil, result.Err
	}
	if len(result.Plan.Changes) == 0 {
		_, err := fmt.Fprintln(a.stderr, "They are on the roster already: nothing to do. `ringroster roster set` and `roster pin` change members.")
		return nil, err
	}
	reviewed := plan.Reviewed{}
	for i := range result.Plan.Changes {
		c := &result.Plan.Changes[i]
		printChanges(a.stderr, result.Plan.Changes[i:i+1])
		if c.Kind == sync.Onboard {
			next := c.Next()
			_, _ = fmt.Fprintf(a.stderr, "      role %s, activity %s, teams %s, categories %s, permissions %s\n", clean(next.Profile[sync.Role]),
				quoted(next.Own.Text(sync.ActivityID)), clean(next.Own.Text(sync.Teams)), clean(next.Own.Text(sync.Categories)), clean(next.Own.Text(sync.Permissions)))
		}
		text, err := c.MarshalJSON()
		if err != nil {
			return nil, err
		}
		reviewed = append(reviewed, json.RawMessage(text))
	}
	return reviewed, nil
}

// given reads what the flags say they get.
func (req *pickRequest) given() (sync.Given, error) {
	var own sync.Own
	for name, list := range map[string][]string{sync.ActivityID.String(): {req.activity}, sync.Teams.String(): req.teams, sync.Categories.String(): req.categories} {
		if err := own.Set(name, strings.Join(list, ",")); err != nil {
			return sync.Given{}, &usageError{err}
		}
	}
	given := sync.Given{ActivityID: req.activity, Teams: req.teams, Categories: req.categories, Permissions: map[sync.Permission]bool{}}
	for _, arg := range req.permissions {
		name, value, explicit := strings.Cut(arg, "=")
		if !explicit {
			value = "true"
		}
		if err := own.Set(name, value); err != nil || name == sync.Permissions.String() {
			return given, usagef("--permission %s: give one of %v, with =false to withhold it", arg, sync.AllPermissions)
		}
		given.Permissions[sync.Permission(name)] = value == "true"
	}
	return given, nil
}
