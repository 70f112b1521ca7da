package store

import (
	"context"
	"database/sql"
	"fmt"

	"ringroster/store/memberrows"
	"ringroster/store/sqlrows"
	"ringroster/sync"
)

// accountTables rename an account wherever one is named.
var accountTables = []string{
	`UPDATE accounts SET account = ? WHERE account = ?`,
	`UPDATE members SET account = ? WHERE account = ?`,
	`UPDATE runs SET account = ? WHERE account = ?`,
	`UPDATE held_changes SET account = ? WHERE account = ?`,
	`UPDATE notices SET account = ? WHERE account = ?`,
	`UPDATE told_conflicts SET account = ? WHERE account = ?`,
	`UPDATE run_settings SET account = ? WHERE account = ?`,
	`UPDATE contact_entries SET account = ? WHERE account = ?`,
	`UPDATE contact_history SET account = ? WHERE account = ?`,
	`UPDATE snapshots SET account = ? WHERE account = ?`,
	`UPDATE snapshot_pieces SET account = ? WHERE account = ?`,
	`UPDATE snapshot_parts SET account = ? WHERE account = ?`,
}

// RenameAccount gives everything of one account another name (R4). The caller
// holds the lock.
func (s *Store) RenameAccount(ctx context.Context, from, to string) error {
	err := s.db.Write(ctx, func(tx *sql.Tx) error {
		if taken, err := accountKnown(ctx, tx, to); err != nil || taken {
			return orElse(err, "the roster has an account %q already", to)
		}
		if known, err := accountKnown(ctx, tx, from); err != nil || !known {
			return orElse(err, "the roster has no account %q", from)
		}
		if _, err := tx.ExecContext(ctx, `PRAGMA defer_foreign_keys = 1`); err != nil {
			return err
		}
		// What was written out of onboardings goes by the new name, as all of the history.
		_, err := tx.ExecContext(ctx, `
			UPDATE changes SET after = json_set(after, '$.account', ?)
			 WHERE kind = 'onboard' AND json_valid(after) AND member_id IN (SELECT member_id FROM members WHERE account = ?)`, to, from)
		if err != nil {
			return err
		}
		return memberrows.ByOwnHand(ctx, tx, 0, func() error {
			for _, update := range accountTables {
				if _, err := tx.ExecContext(ctx, update, to, from); err != nil {
					return err
				}
			}
			return nil
		})
	})
	return s.db.Explain("rename account "+from+" in", err)
}

// retireAccount frees what an account is bound to, and ends what waits or was rejected in
// it, of members and contacts (R4).
func retireAccount(ctx context.Context, tx *sql.Tx, c *sync.Commit) error {
	_, err := tx.ExecContext(ctx, `
		UPDATE accounts
		   SET main_account_id = '', ringex_account_id = '', owner_id = '', contacts_version = contacts_version + 1
		 WHERE account = ?`, c.Account)
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, `
		UPDATE held_changes SET state = 'ended', closed_at = ? WHERE account = ? AND closed_at IS NULL`, sqlrows.Stamp(c.FinishedAt), c.Account)
	return err
}

// RebindAccount forgets whose ids an account is bound to: its next success binds
// it anew (R4). The caller holds the lock.
func (s *Store) RebindAccount(ctx context.Context, account string) error {
	err := s.db.Write(ctx, func(tx *sql.Tx) error {
		result, err := tx.ExecContext(ctx, `
			UPDATE accounts
			   SET main_account_id = '', ringex_account_id = '', owner_id = '',
			       version = version + 1, contacts_version = contacts_version + 1
			 WHERE account = ?`, account)
		if err != nil {
			return err
		}
		if n, err := result.RowsAffected(); err != nil || n == 0 {
			return orElse(err, "the roster has no account %q", account)
		}
		return nil
	})
	return s.db.Explain("rebind account "+account+" in", err)
}

func accountKnown(ctx context.Context, tx *sql.Tx, account string) (known bool, err error) {
	err = tx.QueryRowContext(ctx, `
		SELECT EXISTS (SELECT 1 FROM accounts WHERE account = ?1) OR EXISTS (SELECT 1 FROM members WHERE account = ?1)`,
		account).Scan(&known)
	return known, err
}

// orElse is err, or the given message when there is none.
func orElse(err error, format string, args ...any) error {
	if err != nil {
		return err
	}
	return fmt.Errorf(format, args...)
}
