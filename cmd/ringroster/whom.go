package main

import (
	"context"
	"slices"
	"strconv"

	"github.com/spf13/cobra"

	"ringroster/store"
	"ringroster/store/views"
	"ringroster/sync"
	"ringroster/sync/reconcile"
)

// One grammar for whom a command is about: what sync.Whom lists. Members are found
// here, people of RingCentral by the planner; both with the same errors, which are
// of usage (R28).

// memberHelp is what a command says of an argument MEMBER, whoHelp of WHO.
const (
	memberHelp = "MEMBER is " + sync.Whom + ". A number that is a member id means that member.\n`ringroster help who` has more."
	whoHelp    = "WHO is " + sync.Whom + " (`ringroster help who`)."
)

// whoTopic is the one place that explains how people are named on the command line.
func whoTopic() *cobra.Command {
	return &cobra.Command{
		Use: "who", Short: "How WHO and MEMBER name a person",
		Long: `Every command that is about a person takes any of these, as WHO or MEMBER, and with
--user, --only, --except and --clear:

  5                          a member id, as roster list prints it
  700000028                  an rc user id: RingCentral's number of the person
  rc:700000028               a person key, as directory and plan print it;
  agent:99990001/1386703     of somebody without an rc user id it is an agent record
  admin:301                  or an administrator
  bea.ng@example.com         an e-mail, in any case
  bea.ng                     a username
  1386703                    an agent or administrator id
  employee:4711              an employee number
  "Bea Ng"                   a whole name, if only one person has it

A number that is a member id means that member before anybody else. Names are compared
without regard to case, Unicode form, apostrophes, dashes and spaces (ringroster rules
R33).

What means nobody is wrong usage (exit code 2). So is what means several: they are
listed, each with its account, name, e-mail and ids, and the first of these names them
exactly. roster list --search and directory --search find people by a part of a name.`,
	}
}

// personWord is a word for somebody that RingCentral understands: of a member's id, which
// it does not know, the key of the person behind the member. Other words stay.
func personWord(ctx context.Context, st *store.Store, account, who string) (string, error) {
	id, err := strconv.ParseInt(who, 10, 64)
	if err != nil {
		return who, nil
	}
	for m, err := range st.Members(ctx, account, nil) {
		if err != nil {
			return "", err
		}
		if m.ID == id {
			if key := m.PersonKey(); key != "" {
				return key, nil
			}
			return "", &sync.UnknownError{Who: who, Account: account, Reported: true, NoKey: true}
		}
	}
	return who, nil
}

// members finds the members that several words mean, each once and all or none.
func members(ctx context.Context, st *store.Store, who []string) (rows []*views.RosterRow, err error) {
	for _, one := range who {
		row, err := st.FindOne(ctx, one)
		if err != nil {
			return nil, err
		}
		if !slices.ContainsFunc(rows, func(r *views.RosterRow) bool { return r.MemberID == row.MemberID }) {
			rows = append(rows, row)
		}
	}
	return rows, nil
}

// asUsage makes wrong usage of the first plan that could not be made because its
// command's word for somebody means nobody, or several.
func asUsage(results []reconcile.Result) error {
	for i := range results {
		if err := results[i].Err; sync.NotOne(err) {
			return err
		}
	}
	return nil
}
