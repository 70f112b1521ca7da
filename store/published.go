package store

import (
	"context"
	"database/sql"
	"fmt"
	"iter"
	"slices"
	"strings"
	"time"
)

// Publication is what a destination is given of the roster, how it stood when that was
// delivered last, and what waits for an approval.
type Publication struct {
	Destination
	Version  string // of roster and settings that the last delivery was made from; "": there was none
	ChangeID int64  // the last change that is in it
	Rows     int
	Restored bool // the roster was restored, copied or taken over since, or before the destination came
	Held     Withheld
}

// Withheld is a delivery that waits for an approval.
type Withheld struct {
	Reason     string // "": none waits
	Version    string // that would be delivered
	Since      time.Time
	Rows       int // it would have
	Leaving    int // it would lack
	ApprovedBy string
	ApprovedAt time.Time
}

// Given are the rows that a destination has, and those that what waits would lack: package
// publish knows how they are written.
type Given struct{ Rows, Leaving []byte }

const publicationsSQL = `
	SELECT ` + destinationColumns + `, p.version, p.change_id, p.given_rows, p.restored,
	       p.held, p.held_for, p.held_since, p.held_rows, p.leaving_rows, p.approved_by, p.approved_at
	  FROM destinations d JOIN published p ON p.kind = d.kind AND p.name = d.name`

func (p *Publication) scan(rows *sql.Rows) (err error) {
	h := &p.Held
	var since, approved sql.NullString
	err = p.scanWith(rows, &p.Version, &p.ChangeID, &p.Rows, &p.Restored,
		&h.Reason, &h.Version, &since, &h.Rows, &h.Leaving, &h.ApprovedBy, &approved)
	if err != nil {
		return err
	}
	if h.Since, err = parseStamp(since); err == nil {
		h.ApprovedAt, err = parseStamp(approved)
	}
	if err != nil {
		return fmt.Errorf("destination %s: %w", p.Name, err)
	}
	return nil
}

// Publications returns everything that destinations are given, also those that the settings
// have no more, by name.
func (s deliveries) Publications(ctx context.Context) ([]Publication, error) {
	return collect(told(stream(ctx, s.db.r, (*Publication).scan, publicationsSQL+` ORDER BY d.name, d.kind`), s.db.path()))
}

// Unknown are those destinations of the settings, each with the kind of what it is given,
// that the roster does not know.
func (s deliveries) Unknown(ctx context.Context, kinds map[string]string) (map[string]string, error) {
	have, err := s.Publications(ctx)
	if err != nil {
		return nil, err
	}
	unknown := map[string]string{}
	for name, kind := range kinds {
		if !slices.ContainsFunc(have, func(p Publication) bool { return p.Name == name && p.Kind == kind }) {
			unknown[name] = kind
		}
	}
	return unknown, nil
}

// addPublications makes destinations known, each with its kind. Whoever is given changes is
// given those from now on.
func addPublications(ctx context.Context, tx *sql.Tx, kinds map[string]string, now time.Time) error {
	for name, kind := range kinds {
		if _, err := tx.ExecContext(ctx, `
			INSERT OR IGNORE INTO destinations (kind, name, recipient, since, cursor)
			VALUES (?1, ?2, '', ?3, iif(?1 = '`+OfChanges+`', (SELECT coalesce(max(change_id), 0) FROM changes), 0))`, kind, name, stamp(now)); err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, `
			INSERT OR IGNORE INTO published (kind, name, restored) SELECT ?, ?, epoch > 1 FROM numbering`, kind, name); err != nil {
			return err
		}
	}
	return nil
}

// Unpublish forgets how a destination stood. Whoever is published to by that name next has
// never been given anything.
func (s deliveries) Unpublish(ctx context.Context, name string) error {
	err := s.db.write(ctx, func(tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, `DELETE FROM published WHERE name = ?`, name); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, `DELETE FROM destinations WHERE name = ? AND kind <> ?`, name, ofNotices)
		return err
	})
	return s.db.explain("forget destination "+name+" in", err)
}

// Given reads the rows that a destination has.
func (s deliveries) Given(ctx context.Context, p *Publication) (g Given, err error) {
	err = s.db.r.QueryRowContext(ctx, `SELECT given, leaving FROM published WHERE kind = ? AND name = ?`, p.Kind, p.Name).Scan(&g.Rows, &g.Leaving)
	return g, s.db.explain("read", err)
}

// SettlePublished is Settle, with what was delivered or waits now.
func (s deliveries) SettlePublished(ctx context.Context, p *Publication, g Given) error {
	err := s.db.write(ctx, func(tx *sql.Tx) error {
		held, err := settleDestination(ctx, tx, &p.Destination)
		if err != nil || !held {
			return err
		}
		h := &p.Held
		_, err = tx.ExecContext(ctx, `
			UPDATE published
			   SET version = ?, change_id = ?, given = ?, given_rows = ?, restored = ?,
			       held = ?, held_for = ?, held_since = ?, held_rows = ?, leaving = ?, leaving_rows = ?, approved_by = ?, approved_at = ?
			 WHERE kind = ? AND name = ?`,
			p.Version, p.ChangeID, blob(g.Rows), p.Rows, p.Restored,
			h.Reason, h.Version, stamp(h.Since), h.Rows, blob(g.Leaving), h.Leaving, h.ApprovedBy, stamp(h.ApprovedAt),
			p.Kind, p.Name)
		return err
	})
	return s.db.explain("note what was delivered in", err)
}

// blob keeps nothing as a blob of no bytes, which is not NULL.
func blob(data []byte) []byte {
	if data == nil {
		return []byte{}
	}
	return data
}

// ApprovePublication lets what waits be delivered, if it is still what was shown: since says
// when that became held. It is due at once.
func (s deliveries) ApprovePublication(ctx context.Context, p *Publication, by string, now time.Time) (approved bool, err error) {
	err = s.db.write(ctx, func(tx *sql.Tx) error {
		n, err := changed(tx.ExecContext(ctx, `
			UPDATE published SET approved_by = ?, approved_at = ?
			 WHERE kind = ? AND name = ? AND held <> '' AND held_since = ? AND leaving_rows = ?`,
			by, stamp(now), p.Kind, p.Name, stamp(p.Held.Since), p.Held.Leaving))
		if err != nil || n == 0 {
			return err
		}
		approved = true
		_, err = tx.ExecContext(ctx, `UPDATE destinations SET next_try = NULL WHERE kind = ? AND name = ? AND tries > 0`, p.Kind, p.Name)
		return err
	})
	return approved && err == nil, s.db.explain("approve a delivery in", err)
}

// distrustPublished is for a new epoch: what its destinations were given the roster does not
// know.
func distrustPublished(ctx context.Context, tx *sql.Tx) error {
	if _, err := tx.ExecContext(ctx, `UPDATE published SET restored = 1`); err != nil {
		return err
	}
	_, err := tx.ExecContext(ctx, `
		UPDATE destinations SET tries = 0, failing_since = NULL, next_try = NULL, claimed_until = NULL, error = '' WHERE kind <> ?`, ofNotices)
	return err
}

// Instant is the roster as it stood at one moment, for what is published of it.
type Instant struct {
	tx *sql.Tx
	db *database
}

// At runs fn on the roster as it stands now.
func (s deliveries) At(ctx context.Context, fn func(i *Instant) error) error {
	var inner error
	err := s.db.read(ctx, func(tx *sql.Tx) error {
		inner = fn(&Instant{tx, s.db})
		return nil
	})
	if inner != nil {
		return inner // of the other end, perhaps: it says itself what it is about
	}
	return s.db.explain("read", err)
}

// Roster is Store.Roster.
func (i *Instant) Roster(ctx context.Context, f Filter) iter.Seq2[RosterRow, error] {
	return told(rosterOf(ctx, i.tx, f), i.db.path())
}

// Contacts is Store.ContactRows.
func (i *Instant) Contacts(ctx context.Context, f ContactFilter) iter.Seq2[ContactRow, error] {
	return told(contactRows(ctx, i.tx, f), i.db.path())
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
		return "", i.db.explain("read", err)
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
			return "", i.db.explain("read", err)
		}
		for c := range cells {
			if c > 0 {
				b.WriteByte(' ')
			}
			b.WriteString(cells[c].String)
		}
		b.WriteByte('\n')
	}
	return b.String(), i.db.explain("read", rows.Err())
}

// left are the histories of those who leave.
var left = map[string]struct{ history, number, kind string }{
	OfRoster:   {"changes", "member_id", "deactivate"},
	OfContacts: {"contact_history", "contact_id", "remove"},
}

// LastChange is the number of the newest change.
func (i *Instant) LastChange(ctx context.Context, kind string) (last int64, err error) {
	err = i.tx.QueryRowContext(ctx, `SELECT coalesce(max(change_id), 0) FROM `+left[kind].history).Scan(&last)
	return last, i.db.explain("read", err)
}

// Left are the members whom runs deactivated after a change, or the contacts that they removed.
func (i *Instant) Left(ctx context.Context, kind string, after int64) (map[int64]bool, error) {
	l := left[kind]
	all := map[int64]bool{}
	err := each(stream(ctx, i.tx, func(id *int64, rows *sql.Rows) error { return rows.Scan(id) },
		`SELECT `+l.number+` FROM `+l.history+` WHERE change_id > ? AND kind = ?`, after, l.kind), func(id int64) { all[id] = true })
	return all, i.db.explain("read", err)
}
