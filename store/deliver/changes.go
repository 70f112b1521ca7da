package deliver

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"

	"ringroster/store/sqlrows"
	"ringroster/store/views"
)

// Source says whose changes those of this roster are. Numbers of changes are of one epoch: a
// roster that was restored, copied or taken over has another.
func (s Deliveries) Source(ctx context.Context) (roster string, epoch int64, err error) {
	err = s.db.Reads.QueryRowContext(ctx, `SELECT roster_id, epoch FROM numbering`).Scan(&roster, &epoch)
	return roster, epoch, s.db.Explain("read", err)
}

// NextChanges are the oldest changes after a cursor, of some accounts or of all, and where
// the cursor is when they were told.
func (s Deliveries) NextChanges(ctx context.Context, cursor int64, accounts []string, most int) (rows []views.ChangeRow, next int64, err error) {
	where, args := `change_id > ?`, []any{cursor}
	if len(accounts) > 0 {
		where, args = where+` AND account IN (`+sqlrows.Placeholders(len(accounts))+`)`, append(args, sqlrows.Anys(accounts)...)
	}
	err = s.db.Read(ctx, func(tx *sql.Tx) error {
		if err := tx.QueryRowContext(ctx, `SELECT coalesce(max(change_id), 0) FROM changes`).Scan(&next); err != nil || next <= cursor {
			return err
		}
		rows, err = sqlrows.Collect(sqlrows.Stream(ctx, tx, (*views.ChangeRow).Scan, `
			SELECT `+views.ChangeColumns+` FROM roster_changes WHERE `+where+` ORDER BY change_id LIMIT ?`, append(args, most)...))
		return err
	})
	if len(rows) == most {
		next = rows[most-1].ChangeID
	}
	return rows, max(next, cursor), s.db.Explain("read", err)
}

// Untold is how many changes there are after a cursor.
func (s Deliveries) Untold(ctx context.Context, cursor int64) (n int, err error) {
	err = s.db.Reads.QueryRowContext(ctx, `SELECT count(*) FROM changes WHERE change_id > ?`, cursor).Scan(&n)
	return n, s.db.Explain("read", err)
}

// OldestUntold is when the oldest change was made that some destination of the settings is
// still to be told, and which destinations that are; zero: all were told everything.
func (s Deliveries) OldestUntold(ctx context.Context, names []string) (at time.Time, who string, err error) {
	if len(names) == 0 {
		return time.Time{}, "", nil
	}
	var text sql.NullString
	args := append([]any{OfChanges}, sqlrows.Anys(names)...)
	err = s.db.Reads.QueryRowContext(ctx, `
		SELECT c.at, d.name FROM roster_changes c, (
		  SELECT name, cursor FROM destinations WHERE kind = ? AND name IN (`+sqlrows.Placeholders(len(names))+`) ORDER BY cursor LIMIT 1) d
		 WHERE c.change_id > d.cursor ORDER BY c.change_id LIMIT 1`, args...).Scan(&text, &who)
	if errors.Is(err, sql.ErrNoRows) {
		return time.Time{}, "", nil
	}
	if err == nil {
		at, err = sqlrows.ParseStamp(text)
	}
	return at, who, s.db.Explain("read", err)
}

// keptUntold is for how long changes are kept for a destination that is not told them.
const keptUntold = 30 * 24 * time.Hour

// UntoldError says that changes were removed of which a destination was not told.
type UntoldError struct {
	Destination string
	Since       time.Time
}

func (e *UntoldError) Error() string {
	return fmt.Sprintf("%s was not told the changes since %s, which history.keep_days removes now: nobody will tell it; deliver the whole roster to it anew",
		strings.TrimSpace(e.Destination), e.Since.UTC().Format(time.RFC3339))
}

// PruneFor is until when changes may be removed where everything before a time was to go:
// those that a destination is still to be told stay for another 30 days. Then they go, and
// *UntoldError says so.
func (s Deliveries) PruneFor(ctx context.Context, names []string, before time.Time) (time.Time, error) {
	at, who, err := s.OldestUntold(ctx, names)
	switch {
	case err != nil || at.IsZero() || !at.Before(before):
		return before, err
	case before.Sub(at) < keptUntold:
		return at, nil
	}
	return before, &UntoldError{who, at}
}
