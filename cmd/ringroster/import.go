package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"ringroster/cmd/ringroster/config"
	"ringroster/cmd/ringroster/render"
	"ringroster/cmd/ringroster/wire"
	"ringroster/sync"
	"ringroster/sync/edit"
)

func rosterImportCommand(a *app) *cobra.Command {
	var d decision
	var dryRun, isNew bool
	var only string
	c := &cobra.Command{
		Use: "import FILE", Short: "Bring an existing roster in", Args: cobra.ExactArgs(1),
		Long: `FILE is CSV or JSON with columns of the roster view; account and a name or an e-mail
are needed, and what is computed (ids, times) is ignored. All rows come in or none.
The next sync ties the members to RingCentral by rc_user_id or e-mail.

With --only employee_id, FILE needs email and employee_id, and brings nobody in: it gives
members who are there their employee numbers, by e-mail. account tells members of one
e-mail apart; all other columns are ignored.`,
		RunE: func(c *cobra.Command, args []string) error {
			if only != "" {
				return a.importEmployeeIDs(c.Context(), args[0], d, dryRun)
			}
			return a.importRoster(c.Context(), args[0], d, dryRun, isNew)
		},
	}
	c.Flags().Var(&choice{value: &only, options: []string{sync.EmployeeID.String()}, name: "column"}, "only", "give members who are there this column: employee_id")
	c.Flags().BoolVar(&dryRun, "dry-run", false, "check the file and change nothing")
	newFlag(c, &isNew)
	c.MarkFlagsMutuallyExclusive("new", "dry-run")
	c.MarkFlagsMutuallyExclusive("new", "only")
	d.authorFlags(c)
	return c
}

func (a *app) importRoster(ctx context.Context, file string, d decision, dryRun, isNew bool) error {
	s, err := a.settings()
	if err != nil {
		return err
	}
	text, err := readInput(file, "a roster to import, as CSV or JSON")
	if err != nil {
		return err
	}
	accounts, _ := chosen(s, nil) // all of them: cannot fail
	file = filepath.Base(file)
	members, places, err := parseRoster(file, text, namesOf(accounts))
	if places == nil {
		return &usageError{err}
	}
	if err := a.checkImport(ctx, s, members, places, err); err != nil {
		return err
	}
	st, err := wire.OpenWrite(ctx, s, isNew) // it may come before the first sync
	if err != nil {
		return err
	}
	defer func() { _ = st.Close() }()
	for _, account := range slices.Sorted(maps.Keys(members)) {
		n := counted(len(members[account]), "member", "members")
		if dryRun {
			_, _ = fmt.Fprintf(a.stdout, "%s: %s can come in.\n", account, n)
			continue
		}
		run, _, err := a.edit(ctx, s, st, d.run(s, sync.ByHand, account), edit.Import(members[account]))
		if err != nil {
			return err
		}
		_, _ = fmt.Fprintf(a.stdout, "Run %d brought %s into %s; the next sync ties them to RingCentral.\n", run, n, account)
	}
	return nil
}

// checkImport names every row that cannot come in: those that the file says
// wrongly, which parsed holds, and those that the roster has already.
func (a *app) checkImport(ctx context.Context, s *config.Settings, members map[string][]*sync.Member, places map[*sync.Member]string, parsed error) error {
	roster, closeRoster, err := wire.PreviewRoster(ctx, s.Database.Path)
	if err != nil {
		return err
	}
	defer closeRoster()
	problems := []error{parsed}
	for _, account := range slices.Sorted(maps.Keys(members)) {
		for _, m := range members[account] {
			if role := m.Profile[sync.Role]; role != "" {
				if _, err := knownRole(s, role); err != nil {
					problems = append(problems, fmt.Errorf("%s: %w", places[m], err))
				}
			}
		}
		_, err := wire.Runner(s, version, roster, nil).PreviewEdit(ctx, account, edit.Import(members[account]))
		problems = append(problems, placed(err, places)...)
	}
	err = errors.Join(problems...)
	if parsed != nil {
		return &usageError{err}
	}
	return err
}

// placed puts the place in the file before each problem of a row.
func placed(err error, places map[*sync.Member]string) (problems []error) {
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		for _, one := range joined.Unwrap() {
			problems = append(problems, placed(one, places)...)
		}
		return problems
	}
	if row, ok := errors.AsType[*edit.ImportError](err); ok {
		return []error{fmt.Errorf("%s: %w", places[row.Member], row.Err)}
	}
	return []error{err}
}

// importColumns says what an imported column sets; nil: it is known and ignored.
var importColumns = map[string]func(*sync.Member, string) error{
	"member_id": nil, "deactivation_reason": nil, "created_at": nil, "created_by": nil, "updated_at": nil, "updated_by": nil,
	"deactivated_at": nil, "reactivated_at": nil, "last_seen_at": nil, "absent_days": nil, "supervisors": nil,
	"account":    func(m *sync.Member, v string) error { m.Account = v; return nil },
	"username":   func(m *sync.Member, v string) error { m.Username = v; return nil },
	"rc_user_id": func(m *sync.Member, v string) (err error) { m.RCUserID, err = sync.ParseID(v); return err },
	"status": func(m *sync.Member, v string) error {
		m.Status = sync.Status(v)
		return oneOf(v, string(sync.Active), string(sync.Inactive))
	},
	"pins": func(m *sync.Member, v string) error { return json.Unmarshal([]byte(v), &m.Pins) },
	"managed": func(m *sync.Member, v string) error {
		m.Managed = v == "1"
		return oneOf(v, "0", "1")
	},
}

func oneOf(v string, words ...string) error {
	if !slices.Contains(words, v) {
		return fmt.Errorf("is %q and must be one of %s", v, strings.Join(words, ", "))
	}
	return nil
}

// parseRoster reads a roster of CSV or JSON, by account, with the place of each
// member in the file. Every bad row is named, all at once; places is nil when no
// row could be read at all.
func parseRoster(name string, text []byte, accounts []string) (members map[string][]*sync.Member, places map[*sync.Member]string, err error) {
	rows, err := readRows(name, text, ofRosterView)
	if err != nil {
		return nil, nil, err
	}
	members, places = map[string][]*sync.Member{}, map[*sync.Member]string{}
	var problems []error
	for _, row := range rows {
		m, err := importRow(row.cells, accounts)
		if err != nil {
			problems = append(problems, fmt.Errorf("%s:%s: %w", name, row.place, err))
			continue
		}
		members[m.Account] = append(members[m.Account], m)
		places[m] = name + ":" + row.place
	}
	return members, places, errors.Join(problems...)
}

// readRows reads the rows of CSV or JSON, of which there must be one. check says what is
// wrong with the columns of CSV.
func readRows(name string, text []byte, check func(columns []string) error) (rows []importedRow, err error) {
	switch trimmed := bytes.TrimSpace(text); {
	case len(trimmed) == 0:
		return nil, fmt.Errorf("%s is empty", name)
	case trimmed[0] == '{' || trimmed[0] == '[':
		rows, err = readJSON(text)
	default:
		rows, err = readCSV(text, check)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	if len(rows) == 0 {
		return nil, fmt.Errorf("%s has no rows: there is nothing to import", name)
	}
	return rows, nil
}

// importedRow is one row with its place: a line, or an entry of a JSON list.
type importedRow struct {
	place string
	cells map[string]string
}

func importRow(cells map[string]string, accounts []string) (*sync.Member, error) {
	m := &sync.Member{Status: sync.Active, Managed: true}
	for _, column := range slices.Sorted(maps.Keys(cells)) {
		value := cells[column]
		set, known := importColumns[column]
		field, synced := sync.ParseField(column)
		_, own := sync.ParseOwnField(column)
		switch {
		case own && value != "":
			if err := m.Own.Set(column, strings.TrimSpace(value)); err != nil {
				return nil, err
			}
		case own:
		case synced:
			m.Profile[field] = strings.TrimSpace(value)
		case !known:
			return nil, unknownColumn(column)
		case set != nil && value != "":
			if err := set(m, strings.TrimSpace(value)); err != nil {
				return nil, fmt.Errorf("%s %w", column, err)
			}
		}
	}
	switch {
	case !slices.Contains(accounts, m.Account):
		return nil, fmt.Errorf("account is %q; the settings have %s", m.Account, strings.Join(accounts, ", "))
	case m.Profile.Name() == "":
		return nil, errors.New("there is neither a name nor an e-mail")
	case !addressable(m.Profile[sync.Email]):
		return nil, fmt.Errorf("%q is no e-mail address", m.Profile[sync.Email])
	}
	for i := range m.Pins {
		m.Pins[i].Reason, m.Pins[i].By = cmp.Or(m.Pins[i].Reason, "imported"), cmp.Or(m.Pins[i].By, operator(""))
	}
	return m, nil
}

func unknownColumn(column string) error {
	return fmt.Errorf("column %q is none of the roster view's", short(column))
}

// ofRosterView refuses columns that the roster view does not have.
func ofRosterView(columns []string) error {
	for _, column := range columns {
		_, known := importColumns[column]
		_, synced := sync.ParseField(column)
		_, own := sync.ParseOwnField(column)
		if !known && !synced && !own {
			return unknownColumn(column)
		}
	}
	return nil
}

// addressable is the least an e-mail must be to link anybody by it.
func addressable(email string) bool {
	local, domain, ok := strings.Cut(email, "@")
	return email == "" || ok && local != "" && domain != "" && !strings.ContainsAny(email, " ,;<>")
}

func readCSV(text []byte, check func(columns []string) error) (rows []importedRow, err error) {
	r := csv.NewReader(bytes.NewReader(text))
	r.FieldsPerRecord = -1 // told below
	header, err := r.Read()
	if err != nil {
		return nil, err // names the line
	}
	if len(header) == 1 && strings.ContainsAny(header[0], ";\t") {
		return nil, errors.New("line 1: there are no commas: save it with commas between the columns")
	}
	for i, column := range header {
		if slices.Contains(header[:i], column) {
			return nil, fmt.Errorf("line 1: column %q stands there twice", column)
		}
	}
	if err := check(header); err != nil {
		return nil, fmt.Errorf("line 1: %w", err)
	}
	for {
		record, err := r.Read()
		if errors.Is(err, io.EOF) {
			return rows, nil
		}
		if err != nil {
			return nil, err // names the line
		}
		line, _ := r.FieldPos(0)
		if len(record) != len(header) {
			return nil, fmt.Errorf("line %d has %s, and the first line %d", line, counted(len(record), "column", "columns"), len(header))
		}
		row := importedRow{fmt.Sprint(line), map[string]string{}}
		for i, cell := range record {
			row.cells[header[i]] = render.UnguardCell(cell)
		}
		rows = append(rows, row)
	}
}

// readJSON reads what `roster export --output json` writes, or a bare list.
func readJSON(text []byte) (rows []importedRow, err error) {
	var list []map[string]any
	var into any = &list
	if bytes.HasPrefix(bytes.TrimSpace(text), []byte("{")) {
		into = &struct{ Members *[]map[string]any }{&list}
	}
	doc := json.NewDecoder(bytes.NewReader(text))
	doc.UseNumber() // an id is too long for a floating-point number
	if err := doc.Decode(into); err != nil {
		return nil, err
	}
	if _, err := doc.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("something follows the end of the JSON document")
	}
	for i, entry := range list {
		row := importedRow{fmt.Sprintf(" entry %d", i+1), map[string]string{}}
		for key, value := range entry {
			switch value := value.(type) {
			case nil:
			case string:
				row.cells[key] = value
			case json.Number:
				row.cells[key] = value.String()
			default: // truth values, lists and objects
				text, err := json.Marshal(value)
				if err != nil {
					return nil, err
				}
				row.cells[key] = string(text)
			}
		}
		rows = append(rows, row)
	}
	return rows, nil
}
