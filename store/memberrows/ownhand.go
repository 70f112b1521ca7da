package memberrows

import (
	"context"
	"database/sql"

	"ringroster/store/sqlrows"
)

// ManyRows is from how many rows on it pays to drop the triggers that watch for other hands: to
// ask each of them for each row takes longer than every other connection's reading the schema anew.
const ManyRows = 2000

// ByOwnHand lets fn write some rows of members as the program does: the triggers that watch for
// edits by hand, and members_search, since it folds itself what it writes, do nothing. Nobody else
// can write before the transaction ends, and a rollback takes this back as well.
func ByOwnHand(ctx context.Context, tx *sql.Tx, rows int, fn func() error) error {
	if rows >= ManyRows {
		return withoutTriggers(ctx, tx, fn)
	}
	if _, err := tx.ExecContext(ctx, `INSERT INTO own_hand DEFAULT VALUES`); err != nil {
		return err
	}
	if err := fn(); err != nil {
		return err
	}
	_, err := tx.ExecContext(ctx, `DELETE FROM own_hand`)
	return err
}

// withoutTriggers is ByOwnHand for many rows. The triggers come back in the order they had, since
// SQLite takes the newest first: hand_updated_members must see a row before members_search.
func withoutTriggers(ctx context.Context, tx *sql.Tx, fn func() error) error {
	type trigger struct{ name, text string }
	triggers, err := sqlrows.Collect(sqlrows.Stream(ctx, tx, func(t *trigger, rows *sql.Rows) error { return rows.Scan(&t.name, &t.text) },
		`SELECT name, sql FROM sqlite_schema WHERE type = 'trigger' AND (name GLOB 'hand_*' OR name = 'members_search') ORDER BY rowid`))
	if err != nil {
		return err
	}
	for _, t := range triggers {
		if _, err := tx.ExecContext(ctx, `DROP TRIGGER `+t.name); err != nil {
			return err
		}
	}
	if err := fn(); err != nil {
		return err
	}
	for _, t := range triggers {
		if _, err := tx.ExecContext(ctx, t.text); err != nil {
			return err
		}
	}
	return nil
}
