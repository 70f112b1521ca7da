package deliver

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"iter"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"ringroster/store/contactrows"
	"ringroster/store/database"
	"ringroster/store/sqlrows"
	"ringroster/store/views"
	"ringroster/sync"
)

// What another database has as a mirror of the roster are the views, under their names and
// columns. All of them are tables there but the view roster: what each run changes of it, when
// somebody was seen last, stands in small tables of its own, so that a run which finds no
// news writes next to nothing.

// MirrorTable is a table or view of a mirror.
type MirrorTable struct {
	Name    string
	Key     []string
	Columns []MirrorColumn
	Guarded bool // a missing row is taken for somebody who left

	rows string // the query of its rows, without conditions
	from string // where they are counted
}

// MirrorColumn is a column, with a type that SQL has in other databases.
type MirrorColumn struct{ Name, Type, Comment string }

// loginRow is one row of the view roster_logins.
type loginRow struct {
	MemberID int64  `json:"member_id"`
	Account  string `json:"account"`
	sync.Login
}

// Mirrored are the views that a mirror has, as they are read.
func Mirrored() []MirrorTable {
	return []MirrorTable{
		mirrorView("roster", reflect.TypeFor[views.RosterRow](), "member_id"),
		mirrorView("roster_logins", reflect.TypeFor[loginRow](), "member_id", "sub_account_id", "agent_id"),
		mirrorView("roster_changes", reflect.TypeFor[views.ChangeRow](), "change_id"),
		mirrorView("roster_runs", reflect.TypeFor[views.RunRow](), "run_id", "account", "job"),
		mirrorView("contacts", reflect.TypeFor[contactrows.Row](), "contact_id"),
	}
}

// Tables that a mirror has for the view roster.
const (
	MirrorMembers = "roster_members"
	MirrorUnseen  = "roster_unseen"
	MirrorSeen    = "roster_seen"
)

// MirrorTables are the tables of a mirror.
func MirrorTables() []MirrorTable {
	all := Mirrored()
	members, contacts := all[0], &all[len(all)-1]
	members.Name, members.Guarded, members.from = MirrorMembers, true, "members"
	members.Columns = slices.DeleteFunc(slices.Clone(members.Columns), func(c MirrorColumn) bool { return slices.Contains(seenColumns, c.Name) })
	members.rows = `SELECT ` + strings.Join(members.names(), ", ") + ` FROM roster`
	contacts.Guarded = true
	return append([]MirrorTable{members, {
		Name: MirrorUnseen, Key: []string{"member_id"}, Columns: mirrorColumns("roster", reflect.TypeFor[unseenRow]()),
		rows: `SELECT m.member_id, m.last_seen_at, m.absent_days FROM members m WHERE (` + views.Unseen + `)`,
	}, {
		Name: MirrorSeen, Key: []string{"account"}, Columns: mirrorColumns("roster", reflect.TypeFor[seenRow]()),
		rows: `SELECT account, last_snapshot_at FROM accounts`,
	}}, all[1:]...)
}

// WithoutSupervisors is the table of members without the one column that is worked out of
// others' logins, for which all of them are read.
func WithoutSupervisors(members MirrorTable) MirrorTable {
	members.Columns = slices.DeleteFunc(slices.Clone(members.Columns), func(c MirrorColumn) bool { return c.Name == views.SupervisorsColumn })
	members.rows = `SELECT ` + strings.Join(members.names(), ", ") + ` FROM roster`
	return members
}

// seenColumns are those of the view roster that are worked out of roster_unseen and
// roster_seen.
var seenColumns = []string{"last_seen_at", "absent_days"}

// unseenRow is of a member who was not in the last snapshot, seenRow of an account: when that
// was taken.
type (
	unseenRow struct {
		MemberID   int64   `json:"member_id"`
		LastSeenAt *string `json:"last_seen_at"`
		AbsentDays int     `json:"absent_days"`
	}
	seenRow struct {
		Account    string  `json:"account"`
		LastSeenAt *string `json:"last_seen_at"`
	}
)

func mirrorView(name string, row reflect.Type, key ...string) MirrorTable {
	t := MirrorTable{Name: name, Key: key, Columns: mirrorColumns(name, row)}
	t.rows = `SELECT ` + strings.Join(t.names(), ", ") + ` FROM ` + name
	t.from = map[string]string{"roster_changes": "changes", "contacts": "contact_entries"}[name]
	return t
}

func (t *MirrorTable) names() []string {
	names := make([]string, len(t.Columns))
	for i, c := range t.Columns {
		names[i] = c.Name
	}
	return names
}

// mirrorColumns finds the columns of a view in the fields of its row.
func mirrorColumns(view string, row reflect.Type) (columns []MirrorColumn) {
	for f := range row.Fields() {
		if f.Anonymous {
			columns = append(columns, mirrorColumns(view, f.Type)...)
			continue
		}
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		columns = append(columns, MirrorColumn{name, typeOf(name, f.Type), commentOf(view, name)})
	}
	return columns
}

// typeOf is the type of a column in SQL.
func typeOf(name string, t reflect.Type) string {
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	switch {
	case name == "at" || strings.HasSuffix(name, "_at"):
		return "timestamp with time zone"
	case name == "managed" || t.Kind() == reflect.Bool:
		return "boolean"
	case t == reflect.TypeFor[views.JSON]() || t == reflect.TypeFor[json.RawMessage]() || t == reflect.TypeFor[sync.AgentIDs]() || t == reflect.TypeFor[sync.Attribution]():
		return "jsonb"
	case t.Kind() == reflect.Int64:
		return "bigint"
	case t.Kind() == reflect.Int:
		return "integer"
	}
	return "text"
}

// Source is Store.Source.
func (i *Instant) Source(ctx context.Context) (roster string, epoch int64, err error) {
	err = i.tx.QueryRowContext(ctx, `SELECT roster_id, epoch FROM numbering`).Scan(&roster, &epoch)
	return roster, epoch, i.db.Explain("read", err)
}

// MirrorRows yields the rows of a table that meet a condition on its columns, of some accounts
// or of all. A row is good until the next one.
func (i *Instant) MirrorRows(ctx context.Context, t *MirrorTable, condition string, accounts []string) iter.Seq2[[]sql.RawBytes, error] {
	row, dest := make([]sql.RawBytes, len(t.Columns)), make([]any, len(t.Columns))
	for c := range row {
		dest[c] = &row[c]
	}
	query, args := t.where(t.rows, condition, accounts)
	return database.Told(sqlrows.Stream(ctx, i.tx, func(into *[]sql.RawBytes, rows *sql.Rows) error {
		*into = row
		return rows.Scan(dest...)
	}, query, args...), i.db.Path())
}

func (t *MirrorTable) where(query, condition string, accounts []string) (string, []any) {
	if len(accounts) > 0 {
		condition = `(` + condition + `) AND account IN (` + sqlrows.Placeholders(len(accounts)) + `)`
	}
	word := ` WHERE `
	if strings.Contains(query, word) {
		word = ` AND `
	}
	return query + word + `(` + condition + `)`, sqlrows.Anys(accounts)
}

// MirrorCount counts all rows of a table; -1: it is not worth it.
func (i *Instant) MirrorCount(ctx context.Context, t *MirrorTable, accounts []string) (n int64, err error) {
	if t.from == "" {
		return -1, nil
	}
	from := t.from
	if len(accounts) > 0 && from == "changes" {
		from = t.Name // which has the account
	}
	query, args := t.where(`SELECT count(*) FROM `+from, `1 = 1`, accounts)
	err = i.tx.QueryRowContext(ctx, query, args...).Scan(&n)
	return n, i.db.Explain("read", err)
}

// MirrorState is how far a mirror is, or the roster.
type MirrorState struct {
	ChangeID        int64  // the last change of a member that is in it
	ContactChangeID int64  // and of a contact
	Edits           string // how often rows of each account were changed by another hand
}

// MirrorState is how far the roster is.
func (i *Instant) MirrorState(ctx context.Context) (s MirrorState, err error) {
	if s.ChangeID, err = i.LastChange(ctx, OfRoster); err != nil {
		return s, err
	}
	if s.ContactChangeID, err = i.LastChange(ctx, OfContacts); err != nil {
		return s, err
	}
	s.Edits, err = i.lines(ctx, `SELECT account, edits FROM accounts ORDER BY account`)
	return s, err
}

// MirrorNews is what there is to bring to a mirror.
type MirrorNews struct {
	Members []int64 // that changed
	// Linked are those of them whose logins or status did: others may report to them, and have
	// other supervisors now.
	Linked []int64
	// Where are the conditions on the rows of each table but the members'.
	Where map[string]string
}

// mostNews is how many members or contacts may have changed for it to be worth looking at
// them alone.
const mostNews = 20_000

// News finds what changed after a state whose edits are those of today; nil: it is too much, or
// somebody was forgotten, and all has to be looked at.
func (i *Instant) News(ctx context.Context, s MirrorState, runsFrom int64) (n *MirrorNews, err error) {
	ids := func(query string, after int64) (all []int64) {
		if err == nil {
			all, err = sqlrows.Collect(database.Told(sqlrows.Stream(ctx, i.tx, func(id *int64, rows *sql.Rows) error { return rows.Scan(id) }, query, after, mostNews+1), i.db.Path()))
		}
		return all
	}
	n = &MirrorNews{
		Members: ids(`SELECT DISTINCT member_id FROM changes WHERE change_id > ? ORDER BY 1 LIMIT ?`, s.ChangeID),
		Linked:  ids(`SELECT DISTINCT member_id FROM changes WHERE change_id > ? AND (field IS NULL OR field IN ('status', 'logins')) ORDER BY 1 LIMIT ?`, s.ChangeID),
	}
	forgotten := ids(`SELECT DISTINCT member_id FROM changes WHERE change_id > ? AND reason = '`+string(sync.ReasonForgotten)+`' LIMIT ?`, s.ChangeID)
	contacts := ids(`SELECT DISTINCT contact_id FROM contact_history WHERE change_id > ? LIMIT ?`, s.ContactChangeID)
	if err != nil || max(len(n.Members), len(contacts)) > mostNews || len(forgotten) > 0 { // others' changes may name whoever is forgotten
		return nil, err
	}
	n.Where = map[string]string{
		MirrorUnseen: `1 = 1`, MirrorSeen: `1 = 1`,
		"roster_logins":  Among("member_id", n.Members),
		"roster_changes": fmt.Sprintf(`change_id > %d`, s.ChangeID),
		"roster_runs":    fmt.Sprintf(`run_id >= %d`, runsFrom),
		"contacts":       Among("contact_id", contacts),
	}
	return n, nil
}

// Among is the condition that a column is one of some numbers, as every SQL has it.
func Among(column string, ids []int64) string {
	if len(ids) == 0 {
		return `1 = 0`
	}
	texts := make([]string, len(ids))
	for i, id := range ids {
		texts[i] = strconv.FormatInt(id, 10)
	}
	return column + ` IN (` + strings.Join(texts, ", ") + `)`
}

// AgentIDs are those of some members.
func (i *Instant) AgentIDs(ctx context.Context, members []int64) ([]string, error) {
	return sqlrows.Collect(database.Told(sqlrows.Stream(ctx, i.tx, func(id *string, rows *sql.Rows) error { return rows.Scan(id) },
		`SELECT agent_id FROM roster_logins WHERE `+Among("member_id", members)), i.db.Path()))
}
