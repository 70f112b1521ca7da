package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"ringroster/cmd/ringroster/config"
	"ringroster/cmd/ringroster/wire"
	"ringroster/store"
	"ringroster/store/views"
	"ringroster/sync"
	"ringroster/sync/edit"
)

// ownsEmployeeIDs refuses to give an employee number by hand where RingCentral has it.
func (a *app) ownsEmployeeIDs() error {
	s, err := a.settings()
	if err == nil && !s.EmployeeID.Own() {
		err = usagef("employee_id follows RingCentral, as the settings say: change it there, or hold a value with `ringroster roster pin`")
	}
	return err
}

// importEmployeeIDs gives members their employee numbers from a file, by e-mail: all of them,
// or none.
func (a *app) importEmployeeIDs(ctx context.Context, file string, d decision, dryRun bool) error {
	if err := a.ownsEmployeeIDs(); err != nil {
		return err
	}
	text, err := readInput(file, "a file of e-mails and employee numbers, as CSV or JSON")
	if err != nil {
		return err
	}
	rows, err := readRows(filepath.Base(file), text, withEmployeeIDs)
	if err != nil {
		return &usageError{err}
	}
	return a.withWriter(ctx, func(s *config.Settings, st *store.Store) error {
		values, err := employeeIDs(ctx, st, filepath.Base(file), rows)
		if err != nil {
			return &usageError{err}
		}
		for _, account := range slices.Sorted(maps.Keys(values)) {
			plan, err := wire.Runner(s, version, st, nil).PreviewEdit(ctx, account, edit.Fill(sync.EmployeeID, values[account]))
			if err != nil {
				return err
			}
			n := counted(len(plan.Changes), "member", "members")
			switch {
			case dryRun:
				_, _ = fmt.Fprintf(a.stdout, "%s: %s would get another employee number.\n", account, n)
			case len(plan.Changes) == 0:
				_, _ = fmt.Fprintf(a.stdout, "%s has these employee numbers already.\n", account)
			default:
				run, _, err := a.edit(ctx, s, st, d.run(s, sync.ByHand, account), edit.Fill(sync.EmployeeID, values[account]))
				if err != nil {
					return err
				}
				_, _ = fmt.Fprintf(a.stdout, "Run %d gave %s of %s an employee number.\n", run, n, account)
			}
		}
		return nil
	})
}

// withEmployeeIDs refuses columns without those of a person and a number.
func withEmployeeIDs(columns []string) error {
	for _, wanted := range []string{"email", "employee_id"} {
		if !slices.Contains(columns, wanted) {
			return fmt.Errorf("there is no column %q: --only employee_id needs email and employee_id", wanted)
		}
	}
	return nil
}

// employeeIDs finds the one member that each row means, and gives the numbers by account and
// member. The error names every row that means nobody, several, or somebody of another row.
func employeeIDs(ctx context.Context, st *store.Store, file string, rows []importedRow) (map[string]map[int64]string, error) {
	members := map[string][]views.RosterRow{} // by e-mail
	for row, err := range st.Roster(ctx, views.Filter{Brief: true}) {
		if err != nil {
			return nil, err
		}
		email := sync.FoldEmail(row.Email)
		members[email] = append(members[email], row)
	}
	values := map[string]map[int64]string{}
	var problems []error
	for _, row := range rows {
		bad := func(format string, args ...any) {
			problems = append(problems, fmt.Errorf("%s:%s: %w", file, row.place, fmt.Errorf(format, args...)))
		}
		email, number, account := strings.TrimSpace(row.cells["email"]), strings.TrimSpace(row.cells["employee_id"]), strings.TrimSpace(row.cells["account"])
		found := slices.DeleteFunc(slices.Clone(members[sync.FoldEmail(email)]), func(r views.RosterRow) bool {
			return account != "" && account != r.Account
		})
		if active := slices.DeleteFunc(slices.Clone(found), func(r views.RosterRow) bool { return r.Status != sync.Active }); len(active) > 0 {
			found = active // an address that somebody had before is not theirs any more (R12)
		}
		wrong := sync.CheckText("employee_id", number)
		switch {
		case email == "":
			bad("there is no email")
		case number == "":
			bad("there is no employee_id for %q", email)
		case wrong != nil:
			bad("%w", wrong)
		case len(found) == 0:
			bad("the roster has nobody with the e-mail %q%s", email, prefixed(" in account ", account))
		case len(found) > 1:
			bad("%d members have the e-mail %q: tell them apart by a column account, or set each with `ringroster roster set MEMBER employee_id=%s`", len(found), email, number)
		default:
			m := &found[0]
			if values[m.Account] == nil {
				values[m.Account] = map[int64]string{}
			}
			if other, twice := values[m.Account][m.MemberID]; twice && other != number {
				bad("an earlier row gives %q another employee_id, %q", email, other)
			}
			values[m.Account][m.MemberID] = number
		}
	}
	return values, errors.Join(problems...)
}
