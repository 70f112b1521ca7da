package main

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"ringroster/store"
	"ringroster/sync"
)

func rosterImportCommand(a *app) *cobra.Command {
	var d decision
	var dryRun bool
	c := &cobra.Command{
		Use: "import FILE", Short: "Bring an existing roster in", Args: cobra.ExactArgs(1),
		Long: `FILE is CSV or JSON with columns of the roster view; account and a name or an e-mail
are needed, and what is computed (ids, times) is ignored. All rows come in or none.
The next sync ties the members to RingCentral by rc_user_id or e-mail.`,
		RunE: func(c *cobra.Command, args []string) error { return a.importRoster(c.Context(), args[0], d, dryRun) },
	}
	c.Flags().BoolVar(&dryRun, "dry-run", false, "check the file and change nothing")
	d.authorFlags(c)
	return c
}

func (a *app) importRoster(ctx context.Context, file string, d decision, dryRun bool) error {
	s, err := a.settings()
	if err != nil {
		return err
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return usagef("read the roster to import: %w", err)
	}
	accounts, _ := chosen(s, nil) // all of them: cannot fail
	members, err := parseRoster(filepath.Base(file), text, namesOf(accounts))
	if err != nil {
		return &usageError{err}
	}
	st, err := store.Open(ctx, s.Database.Path, store.Options{Mode: s.Database.FileMode()}) // it may come before the first sync
	if err != nil {
		return err
	}
	defer func() { _ = st.Close() }()
	for _, account := range slices.Sorted(maps.Keys(members)) {
		if _, err := runner(s, st, nil).PreviewEdit(ctx, account, sync.Import(members[account])); err != nil {
			return err
		}
	}
	for _, account := range slices.Sorted(maps.Keys(members)) {
		n := counted(len(members[account]), "member", "members")
		if dryRun {
			_, _ = fmt.Fprintf(a.stdout, "%s: %s can come in.\n", account, n)
			continue
		}
		run, _, err := a.edit(ctx, s, st, d.run(s, sync.ByHand, account), sync.Import(members[account]))
		if err != nil {
			return err
		}
		_, _ = fmt.Fprintf(a.stdout, "Run %d brought %s into %s; the next sync ties them to RingCentral.\n", run, n, account)
	}
	return nil
}

// importColumns says what an imported column sets; nil: it is known and ignored.
var importColumns = map[string]func(*sync.Member, string) error{
	"member_id": nil, "deactivation_reason": nil, "created_at": nil, "created_by": nil, "updated_at": nil, "updated_by": nil,
	"deactivated_at": nil, "reactivated_at": nil, "last_seen_at": nil, "absent_days": nil,
	"account":    func(m *sync.Member, v string) error { m.Account = v; return nil },
	"username":   func(m *sync.Member, v string) error { m.Username = v; return nil },
	"rc_user_id": func(m *sync.Member, v string) error { m.RCUserID = v; return nil },
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

// parseRoster reads a roster of CSV or JSON, by account. Every bad row is named,
// all at once.
func parseRoster(name string, text []byte, accounts []string) (map[string][]*sync.Member, error) {
	read := readCSV
	if trimmed := bytes.TrimSpace(text); len(trimmed) > 0 && (trimmed[0] == '{' || trimmed[0] == '[') {
		read = readJSON
	}
	rows, err := read(text)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	members := map[string][]*sync.Member{}
	var problems []error
	for _, row := range rows {
		m, err := importRow(row.cells, accounts)
		if err != nil {
			problems = append(problems, fmt.Errorf("%s:%d: %w", name, row.line, err))
			continue
		}
		members[m.Account] = append(members[m.Account], m)
	}
	if len(rows) == 0 {
		problems = append(problems, fmt.Errorf("%s holds no members", name))
	}
	return members, errors.Join(problems...)
}

// importedRow is one row with the line, or the number in a JSON list, it stood at.
type importedRow struct {
	line  int
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
			return nil, fmt.Errorf("column %q is none of the roster view's", column)
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
	}
	return m, nil
}

func readCSV(text []byte) (rows []importedRow, err error) {
	r := csv.NewReader(bytes.NewReader(bytes.TrimPrefix(text, []byte("\ufeff"))))
	header, err := r.Read()
	if err != nil {
		return nil, fmt.Errorf("there is no header of column names: %w", err)
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
		row := importedRow{line, map[string]string{}}
		for i, cell := range record {
			row.cells[header[i]] = unguardCell(cell)
		}
		rows = append(rows, row)
	}
}

// readJSON reads what `roster export --output json` writes, or a bare list.
func readJSON(text []byte) (rows []importedRow, err error) {
	var list []map[string]any
	if bytes.HasPrefix(bytes.TrimSpace(text), []byte("{")) {
		doc := struct{ Members *[]map[string]any }{&list}
		err = json.Unmarshal(text, &doc)
	} else {
		err = json.Unmarshal(text, &list)
	}
	if err != nil {
		return nil, err
	}
	for i, entry := range list {
		row := importedRow{i + 1, map[string]string{}}
		for key, value := range entry {
			switch value := value.(type) {
			case nil:
			case string:
				row.cells[key] = value
			default: // numbers, lists and objects stand as they were written
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
