package main

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"ringroster/cmd/ringroster/config"
	"ringroster/cmd/ringroster/wire"
	"ringroster/store"
	"ringroster/store/views"
	"ringroster/sync"
	"ringroster/sync/edit"
	"ringroster/sync/plan"
)

func rosterLinkCommand(a *app) *cobra.Command {
	var d decision
	c := &cobra.Command{
		Use: "link MEMBER WHO", Short: "Tie a member to a person of RingCentral", Args: cobra.ExactArgs(2),
		Long: `` + whoHelp + ` RingCentral is asked whether it reports them. The next sync takes over what
it reports about that person. With none the member's rc user id, or the login of a
member without one, belongs to another human by now: the member leaves by the rules.

` + memberHelp,
		RunE: func(c *cobra.Command, args []string) error {
			return a.withWriter(c.Context(), func(s *config.Settings, st *store.Store) error {
				return a.link(c.Context(), s, st, args[0], args[1], d)
			})
		},
	}
	d.authorFlags(c)
	return c
}

// nobodyElse is the WHO that parts a member from its rc user id, or its login.
const nobodyElse = "none"

func (a *app) link(ctx context.Context, s *config.Settings, st *store.Store, member, who string, d decision) error {
	row, err := st.FindOne(ctx, member)
	if err != nil {
		return err
	}
	key, err := a.linkKey(ctx, s, st, row, who)
	if err != nil {
		return err
	}
	return a.editMemberOn(ctx, s, st, row, d, sync.ByHand, edit.LinkTo(row.MemberID, key))
}

// linkKey is the person key that who means. RingCentral is asked, so that a typing
// error, or a tie that the next sync would make again, is told at once. Where it
// cannot be asked, a key is taken as it is.
func (a *app) linkKey(ctx context.Context, s *config.Settings, st *store.Store, row *views.RosterRow, who string) (string, error) {
	wanted := who
	if who == nobodyElse {
		wanted = strconv.FormatInt(row.MemberID, 10)
	}
	wanted, err := personWord(ctx, st, row.Account, wanted)
	if err != nil {
		return "", err
	}
	found, err := a.reported(ctx, s, st, row.Account, wanted)
	switch {
	case ctx.Err() != nil:
		return "", ctx.Err()
	case err != nil && !strings.Contains(wanted, ":"):
		return "", err
	case err != nil && who == nobodyElse:
		_, _ = fmt.Fprintf(a.stderr, "RingCentral could not be asked whose %s is by now: %s\nShould it still be theirs, the next sync ties them again.\n", wanted, clean(err.Error()))
		return who, nil
	case err != nil:
		_, _ = fmt.Fprintf(a.stderr, "RingCentral could not be asked about %s: %s\nShould it not report them, `ringroster plan` says so of member %d: never_linked.\n", clean(wanted), clean(err.Error()), row.MemberID)
		return wanted, nil
	case who == nobodyElse:
		return who, stillTheirs(row, found)
	case len(found) == 0:
		return "", &sync.UnknownError{Who: who, Account: row.Account, Reported: true}
	case len(found) > 1:
		several := &sync.AmbiguousError{Who: who, Account: row.Account, What: "people"}
		for _, p := range found {
			several.Candidates = append(several.Candidates, fmt.Sprintf("%s (%s, %s)", p.Person, p.Name, p.Email))
		}
		return "", several
	}
	return found[0].Person, nil
}

// stillTheirs refuses to part a member from an id about which nothing is in
// doubt: the next sync would find them by another of their ids and tie them again.
func stillTheirs(row *views.RosterRow, found []*plan.Standing) error {
	for _, p := range found {
		doubtful := p.Outcome == plan.OutcomeConflict || p.Outcome == plan.OutcomeSkipped // nobody asked whose the id is
		if !doubtful && p.Member != nil && *p.Member == row.MemberID {
			return fmt.Errorf("%s is %s <%s> in RingCentral, whom the last sync took for member %d as well: the next one would tie them again, so nothing was changed; `ringroster roster detach %d` keeps syncs from changing the member",
				p.Person, p.Name, p.Email, row.MemberID, row.MemberID)
		}
	}
	return nil
}

// reported asks RingCentral whom of an account somebody's word means.
func (a *app) reported(ctx context.Context, s *config.Settings, st *store.Store, account, who string) (found []*plan.Standing, err error) {
	accounts, err := chosen(s, []string{account})
	if err = errors.Join(err, config.CheckCredentials(accounts...)); err != nil {
		return nil, err
	}
	observer, done := a.planner()
	defer done()
	means := (*plan.Standing).Called
	if strings.Contains(who, ":") {
		means = (*plan.Standing).HasKey // an agent's number may be an administrator's, too
	}
	err = wire.Runner(s, version, st, observer).Everybody(ctx, account, func(p *plan.Standing) bool {
		if means(p, who) {
			found = append(found, p)
		}
		return true
	})
	return found, err
}
