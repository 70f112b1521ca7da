package deliver

import (
	"context"
	"database/sql"
	"iter"
	"strings"

	"ringroster/store/contactrows"
	"ringroster/store/database"
	"ringroster/store/sqlrows"
	"ringroster/store/views"
)

// Instant is the roster as it stood at one moment, for what is published of it.
type Instant struct {
	tx *sql.Tx
	db *database.DB
}

// At runs fn on the roster as it stands now.
func (s Deliveries) At(ctx context.Context, fn func(i *Instant) error) error {
	var inner error
	err := s.db.Read(ctx, func(tx *sql.Tx) error {
		inner = fn(&Instant{tx, s.db})
		return nil
	})
	if inner != nil {
		return inner // of the other end, perhaps: it says itself what it is about
	}
	return s.db.Explain("read", err)
}

// Roster is Store.Roster.
func (i *Instant) Roster(ctx context.Context, f views.Filter) iter.Seq2[views.RosterRow, error] {
	return database.Told(views.RosterOf(ctx, i.tx, f), i.db.Path())
}

// Contacts is Store.ContactRows.
func (i *Instant) Contacts(ctx context.Context, f contactrows.Filter) iter.Seq2[contactrows.Row, error] {
	return database.Told(contactrows.Rows(ctx, i.tx, f), i.db.Path())
}

// Version changes whenever what there is to publish does: with every change of the program's,
// which has a number, and every edit by another hand. A run that changes nothing leaves it
// as it is, but for a mirror, which has the runs too. It reads no rows of members or contacts.
func (i *Instant) Version(ctx context.Context, kind string) (string, error) {
	const (
		roster   = `SELECT account, edits, (SELECT max(change_id) FROM changes), (SELECT max(member_id) FROM members) FROM accounts`
		contacts = `SELECT 'contacts', 0, (SELECT max(change_id) FROM contact_history), (SELECT max(contact_id) FROM contact_entries)`
		runs     = `SELECT account || ' ' || job || ' ' || status, run_id, finished_at, 0 FROM runs WHERE run_id = (SELECT max(run_id) FROM runs)`
	)
	return i.lines(ctx, map[string]string{OfRoster: roster, OfContacts: contacts, OfMirror: roster + ` UNION ALL ` + contacts + ` UNION ALL ` + runs}[kind]+` ORDER BY 1`)
}

// lines are the rows of a query as text, a line each.
func (i *Instant) lines(ctx context.Context, query string) (string, error) {
	rows, err := i.tx.QueryContext(ctx, query)
	if err != nil {
		return "", i.db.Explain("read", err)
	}
	defer func() { _ = rows.Close() }()
	columns, err := rows.Columns()
	if err != nil {
		return "", err
	}
	cells, dest := make([]sql.NullString, len(columns)), make([]any, len(columns))
	for c := range cells {
		dest[c] = &cells[c]
	}
	var b strings.Builder
	for rows.Next() {
		if err := rows.Scan(dest...); err != nil {
			return "", i.db.Explain("read", err)
		}
		for c := range cells {
			if c > 0 {
				b.WriteByte(' ')
			}
			b.WriteString(cells[c].String)
		}
		b.WriteByte('\n')
	}
	return b.String(), i.db.Explain("read", rows.Err())
}

// left are the histories of those who leave.
var left = map[string]struct{ history, number, kind string }{
	OfRoster:   {"changes", "member_id", "deactivate"},
	OfContacts: {"contact_history", "contact_id", "remove"},
}

// LastChange is the number of the newest change.
func (i *Instant) LastChange(ctx context.Context, kind string) (last int64, err error) {
	err = i.tx.QueryRowContext(ctx, `SELECT coalesce(max(change_id), 0) FROM `+left[kind].history).Scan(&last)
	return last, i.db.Explain("read", err)
}

// Left are the members whom runs deactivated after a change, or the contacts that they removed.
func (i *Instant) Left(ctx context.Context, kind string, after int64) (map[int64]bool, error) {
	l := left[kind]
	all := map[int64]bool{}
	err := sqlrows.Each(sqlrows.Stream(ctx, i.tx, func(id *int64, rows *sql.Rows) error { return rows.Scan(id) },
		`SELECT `+l.number+` FROM `+l.history+` WHERE change_id > ? AND kind = ?`, after, l.kind), func(id int64) { all[id] = true })
	return all, i.db.Explain("read", err)
}

// FindOne is Store.FindOne.
func (i *Instant) FindOne(ctx context.Context, who string, accounts ...string) (*views.RosterRow, error) {
	return views.FindOne(ctx, i.tx, who, i.db.Path(), accounts)
}
