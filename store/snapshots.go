package store

import (
	"context"
	"database/sql"
	"fmt"
	"iter"

	"ringroster/sync"
)

// keep puts what a run decided from beside its outcome, in a transaction of its
// own, and removes what is older than the last so many of the account. It comes
// after the commit: a full disk must not cost a run that was whole.
func (s *Store) keep(ctx context.Context, c *sync.Commit) {
	k := c.Keep
	if k == nil || k.Err != nil {
		return
	}
	err := s.write(ctx, func(tx *sql.Tx) error {
		if k.Data != nil {
			_, err := tx.ExecContext(ctx, `INSERT INTO snapshots (account, run_id, taken_at, data) VALUES (?, ?, ?, ?)`,
				c.Account, c.Run, stamp(c.TakenAt), k.Data)
			if err != nil {
				return err
			}
		}
		_, err := tx.ExecContext(ctx, `
			DELETE FROM snapshots
			 WHERE account = ?1 AND run_id NOT IN (
			       SELECT run_id FROM snapshots WHERE account = ?1 ORDER BY run_id DESC LIMIT ?2)`, c.Account, k.Last)
		return err
	})
	k.Err = explain(fmt.Sprintf("keep the snapshot of run %d of account %s in", c.Run, c.Account), s.path, err)
}

// KeptRow is one account's part of a run of which everything is kept that it
// was decided from.
type KeptRow struct {
	RunID   sync.RunID
	Account string // as it is called today
	TakenAt string // when RingCentral was read
	Data    []byte // for sync.ReadPasts
}

// Kept returns what is kept of a run, by account; nothing when it was no full
// run of any, or too long ago.
func (s *Store) Kept(ctx context.Context, run sync.RunID) ([]KeptRow, error) {
	return collect(told(stream(ctx, s.r, func(k *KeptRow, rows *sql.Rows) error {
		return rows.Scan(&k.RunID, &k.Account, &k.TakenAt, &k.Data)
	}, `SELECT run_id, account, taken_at, data FROM snapshots WHERE run_id = ? ORDER BY account`, run), s.path))
}

// KeptRuns yields the numbers of the runs of which something is kept, oldest
// first.
func (s *Store) KeptRuns(ctx context.Context) iter.Seq2[sync.RunID, error] {
	return told(stream(ctx, s.r, func(id *sync.RunID, rows *sql.Rows) error { return rows.Scan(id) },
		`SELECT DISTINCT run_id FROM snapshots ORDER BY run_id`), s.path)
}
