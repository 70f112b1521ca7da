package main

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"ringroster/cmd/ringroster/config"
	"ringroster/store"
	"ringroster/store/views"
	"ringroster/sync"
	"ringroster/sync/edit"
)

func rosterCommand(a *app) *cobra.Command {
	c := &cobra.Command{Use: "roster", Short: "Read the roster, and say who belongs to whom"}
	c.AddCommand(
		rosterListCommand(a), rosterShowCommand(a), rosterExportCommand(a),
		rosterImportCommand(a), rosterSetCommand(a), rosterPinCommand(a), rosterUnpinCommand(a), rosterForgetCommand(a), rosterLinkCommand(a), rosterManageCommand(a, "detach", false), rosterManageCommand(a, "attach", true),
	)
	return c
}

// rosterFilter narrows the roster: supervisor is still a word for somebody.
type rosterFilter struct {
	views.Filter
	supervisor string
}

// flags gives a command the filters of the roster.
func (f *rosterFilter) flags(c *cobra.Command) {
	c.Flags().Var(&choice{value: (*string)(&f.Status), options: []string{string(sync.Active), string(sync.Inactive)}, name: "status"}, "status", "active or inactive")
	c.Flags().StringVar(&f.Role, "role", "", "role, in any case")
	c.Flags().StringVar(&f.Account, "account", "", "account")
	c.Flags().StringVar(&f.SubAccount, "sub-account", "", "id or name of a sub-account with an active login")
	c.Flags().StringVar(&f.Activity, "activity", "", "activity id")
	c.Flags().StringVar(&f.Team, "team", "", "team, in any case")
	c.Flags().StringVar(&f.EmployeeID, "employee-id", "", "employee number")
	c.Flags().StringVar(&f.supervisor, "supervisor", "", "WHO: those who report to this member")
	c.Flags().StringVar(&f.Search, "search", "", "part of a name, e-mail, username or extension number")
}

// find refuses what names nothing, and finds who the supervisor is.
func (f *rosterFilter) find(ctx context.Context, s *config.Settings, st *store.Store) error {
	if err := refuseUnknown(ctx, st, rosterNames(s, &f.Filter)); err != nil || f.supervisor == "" {
		return err
	}
	supervisor, err := st.FindOne(ctx, f.supervisor)
	if err == nil {
		f.Supervisor = supervisor.MemberID
	}
	return err
}

func rosterListCommand(a *app) *cobra.Command {
	var f rosterFilter
	var wide bool
	c := &cobra.Command{
		Use: "list", Short: "List members", Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			return a.withRoster(c.Context(), func(s *config.Settings, st *store.Store) error {
				if err := f.find(c.Context(), s, st); err != nil {
					return err
				}
				f.Brief = a.output == formatTable
				l := rosterListing(st.Roster(c.Context(), f.Filter))
				if f.Brief {
					l.columns, l.cells = shortColumns, shortCells
					if !wide {
						l.fit("member_id", "account", "status", "role", "name", "email")
					}
				}
				return l.print(a.stdout, a.output)
			})
		},
	}
	f.flags(c)
	addWide(c, &wide)
	a.addOutput(c)
	return c
}

func rosterExportCommand(a *app) *cobra.Command {
	var f rosterFilter
	format := formatCSV
	c := &cobra.Command{
		Use: "export", Short: "Export the roster view", Args: cobra.NoArgs,
		Long: `Writes the columns of the view roster, in their order. A CSV cell that a spreadsheet
would take for a formula gets a leading apostrophe.`,
		RunE: func(c *cobra.Command, _ []string) error {
			return a.withRoster(c.Context(), func(s *config.Settings, st *store.Store) error {
				if err := f.find(c.Context(), s, st); err != nil {
					return err
				}
				return rosterListing(st.Roster(c.Context(), f.Filter)).print(a.stdout, format)
			})
		},
	}
	f.flags(c)
	c.Flags().VarP(&choice{value: &format, options: []string{formatCSV, formatJSON}, name: "format"}, "output", "o", "csv or json")
	return c
}

// withRoster reads the settings and opens the roster for reading around f.
func (a *app) withRoster(ctx context.Context, f func(*config.Settings, *store.Store) error) error {
	s, st, err := a.readRoster(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = st.Close() }()
	return f(s, st)
}

var shortColumns = []string{"member_id", "account", "status", "role", "name", "email", "extension", "activity_id", "managed"}

func shortCells(r views.RosterRow) []string {
	return []string{
		fmt.Sprint(r.MemberID), r.Account, string(r.Status), r.Role, strings.TrimSpace(r.FirstName + " " + r.LastName),
		r.Email, r.ExtensionNumber, r.ActivityID, fmt.Sprint(r.Managed),
	}
}

// rosterListing is the view roster with all its columns, in their order.
func rosterListing(rows rowsOf[views.RosterRow]) *listing[views.RosterRow] {
	return &listing[views.RosterRow]{
		key: "members", rows: rows, columns: views.RosterColumns(), cells: func(r views.RosterRow) []string { return r.Cells() },
	}
}

func rosterShowCommand(a *app) *cobra.Command {
	c := &cobra.Command{
		Use: "show MEMBER", Short: "Show one member with logins", Args: cobra.ExactArgs(1),
		Long: memberHelp,
		RunE: func(c *cobra.Command, args []string) error {
			return a.withRoster(c.Context(), func(_ *config.Settings, st *store.Store) error { return a.showMember(c.Context(), st, args[0]) })
		},
	}
	a.addOutput(c)
	return c
}

func (a *app) showMember(ctx context.Context, st *store.Store, who string) error {
	found, err := st.FindOne(ctx, who)
	if err != nil {
		return err
	}
	row := *found
	for r, err := range st.Roster(ctx, views.Filter{Member: found.MemberID}) {
		if err != nil {
			return err
		}
		row = r
	}
	logins, err := st.Logins(ctx, row.MemberID)
	if err != nil {
		return err
	}
	l := rosterListing(each([]views.RosterRow{row}))
	switch a.output {
	case formatCSV:
		return l.print(a.stdout, formatCSV)
	case formatJSON:
		if logins == nil {
			logins = []sync.Login{}
		}
		return printDocument(a.stdout, struct {
			Version int             `json:"version"`
			Member  views.RosterRow `json:"member"`
			Logins  []sync.Login    `json:"logins"`
		}{1, row, logins})
	}
	for i, cell := range l.cells(row) {
		if cell != "" && cell != "[]" && cell != "{}" && l.columns[i] != "pins" {
			_, _ = fmt.Fprintf(a.stdout, "%-20s %s\n", l.columns[i], clean(cell))
		}
	}
	var pins []sync.Pin
	if err := json.Unmarshal([]byte(row.Pins), &pins); err != nil {
		return fmt.Errorf("member %d: column pins: %w", row.MemberID, err)
	}
	for i := range pins {
		_, _ = fmt.Fprintf(a.stdout, "%-20s %s\n", "pin", clean(pins[i].String()))
	}
	for _, login := range logins {
		_, _ = fmt.Fprintf(a.stdout, "%-20s %s\n", "login", clean(loginText(&login)))
	}
	return nil
}

func loginText(l *sync.Login) string {
	state := "active"
	if !l.Active {
		state = "inactive"
	}
	text := fmt.Sprintf("agent %s (%s), group %s %s, sub-account %s %s, user name %s, data source %s, %s",
		l.AgentID, l.AgentType, l.AgentGroupID, l.AgentGroup, l.SubAccountID, l.SubAccount, l.UserName, l.DataSource, state)
	if under := l.Supervisors.List(); under != nil {
		text += ", reports to agent " + strings.Join(under, ", ")
	}
	return text
}

func rosterManageCommand(a *app, verb string, managed bool) *cobra.Command {
	var d decision
	c := &cobra.Command{
		Use: verb + " MEMBER", Args: cobra.ExactArgs(1),
		Short: map[bool]string{true: "Let syncs change a member again", false: "Keep syncs from changing a member"}[managed],
		Long:  memberHelp,
		RunE: func(c *cobra.Command, args []string) error {
			return a.editMember(c.Context(), args[0], d, sync.ByHand, func(id int64) sync.Edit { return edit.Manage(id, managed) })
		},
	}
	d.authorFlags(c)
	return c
}

func rosterSetCommand(a *app) *cobra.Command {
	var d decision
	c := &cobra.Command{
		Use: "set MEMBER FIELD=VALUE…", Short: "Set a member's fields by hand", Args: cobra.MinimumNArgs(2),
		Long: `What belongs to the roster can always be set: activity_id, teams and categories (names
between commas), and the permissions agent_login, supervisor_access, inbound_calls and
outbound_calls (true or false); employee_id, unless the settings say where RingCentral
has it. What RingCentral owns can be set only for a detached member; ` + "`ringroster roster pin`" + ` holds one field of it against the sync.

` + memberHelp,
		RunE: func(c *cobra.Command, args []string) error {
			values, err := assignments(args[1:])
			if err != nil {
				return err
			}
			if _, given := values[sync.EmployeeID.String()]; given {
				if err := a.ownsEmployeeIDs(); err != nil {
					return err
				}
			}
			return a.editMember(c.Context(), args[0], d, sync.ByHand, func(id int64) sync.Edit { return edit.SetFields(id, values) })
		},
	}
	d.authorFlags(c)
	return c
}

// assignments reads FIELD=VALUE arguments.
func assignments(args []string) (map[string]string, error) {
	values := map[string]string{}
	for _, arg := range args {
		name, value, ok := strings.Cut(arg, "=")
		if _, twice := values[name]; !ok || twice {
			return nil, usagef("%q: give FIELD=VALUE, each field once", arg)
		}
		var own sync.Own
		field, synced := sync.ParseField(name)
		err := error(nil)
		if synced {
			value, err = syncedValue(field, value)
		} else if err = own.Set(name, value); err != nil {
			err = &usageError{err}
		}
		if err != nil {
			return nil, err
		}
		values[name] = value
	}
	return values, nil
}
