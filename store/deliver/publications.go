package deliver

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"time"

	"ringroster/store/database"
	"ringroster/store/sqlrows"
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
	if h.Since, err = sqlrows.ParseStamp(since); err == nil {
		h.ApprovedAt, err = sqlrows.ParseStamp(approved)
	}
	if err != nil {
		return fmt.Errorf("destination %s: %w", p.Name, err)
	}
	return nil
}

// Publications returns everything that destinations are given, also those that the settings
// have no more, by name.
func (s Deliveries) Publications(ctx context.Context) ([]Publication, error) {
	return sqlrows.Collect(database.Told(sqlrows.Stream(ctx, s.db.Reads, (*Publication).scan, publicationsSQL+` ORDER BY d.name, d.kind`), s.db.Path()))
}

// Unknown are those destinations of the settings, each with the kind of what it is given,
// that the roster does not know.
func (s Deliveries) Unknown(ctx context.Context, kinds map[string]string) (map[string]string, error) {
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

// AddPublications makes destinations known, each with its kind. Whoever is given changes is
// given those from now on.
func AddPublications(ctx context.Context, tx *sql.Tx, kinds map[string]string, now time.Time) error {
	for name, kind := range kinds {
		if _, err := tx.ExecContext(ctx, `
			INSERT OR IGNORE INTO destinations (kind, name, recipient, since, cursor)
			VALUES (?1, ?2, '', ?3, iif(?1 = '`+OfChanges+`', (SELECT coalesce(max(change_id), 0) FROM changes), 0))`, kind, name, sqlrows.Stamp(now)); err != nil {
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
func (s Deliveries) Unpublish(ctx context.Context, name string) error {
	err := s.db.Write(ctx, func(tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, `DELETE FROM published WHERE name = ?`, name); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, `DELETE FROM destinations WHERE name = ? AND kind <> ?`, name, ofNotices)
		return err
	})
	return s.db.Explain("forget destination "+name+" in", err)
}

// Given reads the rows that a destination has.
func (s Deliveries) Given(ctx context.Context, p *Publication) (g Given, err error) {
	err = s.db.Reads.QueryRowContext(ctx, `SELECT given, leaving FROM published WHERE kind = ? AND name = ?`, p.Kind, p.Name).Scan(&g.Rows, &g.Leaving)
	return g, s.db.Explain("read", err)
}

// SettlePublished is Settle, with what was delivered or waits now.
func (s Deliveries) SettlePublished(ctx context.Context, p *Publication, g Given) error {
	err := s.db.Write(ctx, func(tx *sql.Tx) error {
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
			h.Reason, h.Version, sqlrows.Stamp(h.Since), h.Rows, blob(g.Leaving), h.Leaving, h.ApprovedBy, sqlrows.Stamp(h.ApprovedAt),
			p.Kind, p.Name)
		return err
	})
	return s.db.Explain("note what was delivered in", err)
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
func (s Deliveries) ApprovePublication(ctx context.Context, p *Publication, by string, now time.Time) (approved bool, err error) {
	err = s.db.Write(ctx, func(tx *sql.Tx) error {
		n, err := sqlrows.Changed(tx.ExecContext(ctx, `
			UPDATE published SET approved_by = ?, approved_at = ?
			 WHERE kind = ? AND name = ? AND held <> '' AND held_since = ? AND leaving_rows = ?`,
			by, sqlrows.Stamp(now), p.Kind, p.Name, sqlrows.Stamp(p.Held.Since), p.Held.Leaving))
		if err != nil || n == 0 {
			return err
		}
		approved = true
		_, err = tx.ExecContext(ctx, `UPDATE destinations SET next_try = NULL WHERE kind = ? AND name = ? AND tries > 0`, p.Kind, p.Name)
		return err
	})
	return approved && err == nil, s.db.Explain("approve a delivery in", err)
}

// DistrustPublished is for a new epoch: what its destinations were given the roster does not
// know.
func DistrustPublished(ctx context.Context, tx *sql.Tx) error {
	if _, err := tx.ExecContext(ctx, `UPDATE published SET restored = 1`); err != nil {
		return err
	}
	_, err := tx.ExecContext(ctx, `
		UPDATE destinations SET tries = 0, failing_since = NULL, next_try = NULL, claimed_until = NULL, error = '' WHERE kind <> ?`, ofNotices)
	return err
}
