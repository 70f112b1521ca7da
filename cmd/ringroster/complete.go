package main

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"ringroster/cmd/ringroster/config"
	"ringroster/store"
	"ringroster/store/views"
	"ringroster/sync"
)

// What a shell completes besides commands and flags: what the usage of a command calls
// ACCOUNT, RUN, MEMBER and so on, and the values of flags that name something. Whatever
// cannot be read, since it is not there or not for this user, completes nothing.

// completer lists what may stand for an argument, each with a tab and a description
// where one helps.
type completer func(a *app, ctx context.Context, begun string) []string

// completers, by the word of a usage line, or the name of a flag.
var completers = map[string]completer{
	"MEMBER": completeMembers, "WHO": completeMembers, "user": completeMembers, "only": completeMembers,
	"except": completeMembers, "clear": completeMembers,
	"RUN": completeRuns, "run": completeRuns,
	"NAME": completeAccounts, "OLD": completeAccounts, "account": completeAccounts,
	"FIELD": completeFields, "FIELD=VALUE": completeFields,
	"RULE": completeRules, "role": completeRoles,
}

// mostCompletions is how many members or runs are offered at once.
const mostCompletions = 100

// asksCompletion says whether a shell calls for completions, and not for a command.
func asksCompletion(args []string) bool {
	return len(args) > 0 && (args[0] == cobra.ShellCompRequestCmd || args[0] == cobra.ShellCompNoDescRequestCmd)
}

// addCompletion gives a command what completes its arguments and flags.
func (a *app) addCompletion(c *cobra.Command) {
	words := strings.Fields(c.Use)[1:]
	complete := func(list completer, begun string) ([]string, cobra.ShellCompDirective) {
		ctx := c.Context()
		if ctx == nil {
			ctx = context.Background()
		}
		return list(a, ctx, begun), cobra.ShellCompDirectiveNoFileComp
	}
	c.ValidArgsFunction = func(_ *cobra.Command, given []string, begun string) ([]string, cobra.ShellCompDirective) {
		if len(words) == 0 {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		word := words[min(len(given), len(words)-1)]
		if len(given) >= len(words) && !strings.HasSuffix(word, "…") {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		word = strings.TrimSuffix(strings.Trim(word, "[]"), "…")
		if list := completers[word]; list != nil {
			return complete(list, begun)
		}
		return nil, cobra.ShellCompDirectiveDefault // a file
	}
	if !a.completing {
		return // cobra keeps what is registered, and so every flag, as long as the process lives
	}
	c.Flags().VisitAll(func(f *pflag.Flag) {
		list := completers[f.Name]
		if closed, ok := f.Value.(*choice); ok {
			list = func(*app, context.Context, string) []string { return closed.options }
		}
		if list == nil {
			return
		}
		_ = c.RegisterFlagCompletionFunc(f.Name, func(_ *cobra.Command, _ []string, begun string) ([]string, cobra.ShellCompDirective) {
			return complete(list, begun)
		}) // the flag is there
	})
}

// described is a completion with what tells it from others.
func described(word, about string) string {
	return clean(word) + "\t" + clean(about)
}

// fromRoster lists something of the roster, if that can be read.
func (a *app) fromRoster(ctx context.Context, list func(*config.Settings, *store.Store)) {
	_ = a.withRoster(ctx, func(s *config.Settings, st *store.Store) error {
		list(s, st)
		return nil
	})
}

func completeMembers(a *app, ctx context.Context, begun string) (words []string) {
	a.fromRoster(ctx, func(_ *config.Settings, st *store.Store) {
		for r, err := range st.Roster(ctx, views.Filter{Brief: true}) {
			if err != nil || len(words) == mostCompletions {
				return
			}
			name := strings.TrimSpace(r.FirstName + " " + r.LastName)
			if id := fmt.Sprint(r.MemberID); begun == "" || strings.HasPrefix(id, begun) {
				words = append(words, described(id, name+prefixed(" ", r.Email)))
			}
			if r.Email != "" && begun != "" && strings.HasPrefix(r.Email, begun) {
				words = append(words, described(r.Email, name))
			}
		}
	})
	return words
}

func completeRuns(a *app, ctx context.Context, _ string) (words []string) {
	a.fromRoster(ctx, func(_ *config.Settings, st *store.Store) {
		for r, err := range st.Runs(ctx, mostCompletions) {
			if err != nil {
				return
			}
			words = append(words, described(fmt.Sprint(r.RunID), fmt.Sprintf("%s, %s, %s", r.StartedAt, r.Account, r.Status)))
		}
	})
	return words
}

// completeAccounts lists the accounts of the settings, and those that the roster alone
// knows.
func completeAccounts(a *app, ctx context.Context, _ string) (words []string) {
	if s, err := a.settings(); err == nil {
		words = namesIn(s)
	}
	a.fromRoster(ctx, func(_ *config.Settings, st *store.Store) {
		known, _ := st.Names(ctx, views.AccountThing) // else none
		for _, n := range known {
			words = append(words, n.Text)
		}
	})
	slices.Sort(words)
	return slices.Compact(words)
}

func completeRoles(a *app, _ context.Context, _ string) []string {
	s, err := a.settings()
	if err != nil {
		return nil
	}
	policy := s.Policy(&s.Accounts[0]) // roles are the same for all accounts
	return policy.YieldableRoles()
}

func completeFields(*app, context.Context, string) (words []string) {
	for _, f := range sync.Fields() {
		words = append(words, f.String())
	}
	return append(words, sync.ActivityID.String(), sync.Teams.String(), sync.Categories.String())
}

func completeRules(*app, context.Context, string) (words []string) {
	for _, r := range sync.RunRules() {
		words = append(words, described(r.Name(), r.Title))
	}
	return words
}
