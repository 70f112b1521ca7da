package store

import (
	"context"
	"database/sql"
	"fmt"
	"iter"

	"ringroster/store/database"
	"ringroster/store/sqlrows"
	"ringroster/sync"
)

// keep puts what a run decided from beside its outcome, in a transaction of its
// own, and removes what is older than it is to be kept. It comes
// after the commit: a full disk must not cost a run that was whole.
func (s *Store) keep(ctx context.Context, c *sync.Commit) {
	k := c.Keep
	if k == nil || k.Err != nil {
		return
	}
	err := s.db.Write(ctx, func(tx *sql.Tx) error {
		if len(k.Pieces) > 0 {
			if err := addKept(ctx, tx, c); err != nil {
				return err
			}
		}
		return dropOld(ctx, tx, c.Account, k)
	})
	k.Err = s.db.Explain(fmt.Sprintf("keep the snapshot of run %d of account %s in", c.Run, c.Account), err)
}

func addKept(ctx context.Context, tx *sql.Tx, c *sync.Commit) error {
	_, err := tx.ExecContext(ctx, `INSERT INTO snapshots (account, run_id, taken_at, data) VALUES (?, ?, ?, x'')`,
		c.Account, c.Run, sqlrows.Stamp(c.TakenAt))
	if err != nil {
		return err
	}
	return keepPieces(ctx, tx, c.Account, c.Run, c.Keep.Pieces)
}

// keepPieces adds the pieces that are new, and says of which a run consists. A
// piece that should be there and is not is an error: nothing is kept by halves.
func keepPieces(ctx context.Context, tx *sql.Tx, account string, run sync.RunID, pieces []sync.Piece) error {
	piece, err := tx.PrepareContext(ctx, `
		INSERT INTO snapshot_pieces (account, name, data, list, marks) VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`)
	if err != nil {
		return err
	}
	defer func() { _ = piece.Close() }() // it ends with the transaction in any case
	part, err := tx.PrepareContext(ctx, `
		INSERT INTO snapshot_parts (account, run_id, position, piece_id)
		VALUES (?1, ?2, ?3, (SELECT piece_id FROM snapshot_pieces WHERE account = ?1 AND name = ?4))`)
	if err != nil {
		return err
	}
	defer func() { _ = part.Close() }()
	quiet := context.WithoutCancel(ctx) // see writePlan
	for i, p := range pieces {
		if err := ctx.Err(); err != nil {
			return err
		}
		if p.Data != nil {
			if _, err := piece.ExecContext(quiet, account, p.Name, p.Data, p.List, p.Marks); err != nil {
				return err
			}
		}
		if _, err := part.ExecContext(quiet, account, run, i, p.Name); err != nil {
			return err
		}
	}
	return nil
}

// dropOld removes what is older than the last so many runs of an account and than a
// time, and the pieces that no run consists of any more.
func dropOld(ctx context.Context, tx *sql.Tx, account string, k *sync.Keep) error {
	result, err := tx.ExecContext(ctx, `
		DELETE FROM snapshots
		 WHERE account = ?1 AND coalesce(taken_at < ?3, true) AND run_id NOT IN (
		       SELECT run_id FROM snapshots WHERE account = ?1 ORDER BY run_id DESC LIMIT ?2)`, account, k.Last, sqlrows.Stamp(k.Since))
	if err != nil {
		return err
	}
	if n, err := result.RowsAffected(); err != nil || n == 0 {
		return err
	}
	_, err = tx.ExecContext(ctx, `
		DELETE FROM snapshot_parts WHERE account = ?1 AND run_id NOT IN (SELECT run_id FROM snapshots WHERE account = ?1)`, account)
	if err != nil {
		return err
	}
	return dropPieces(ctx, tx, account)
}

// dropPieces removes the pieces that no run consists of.
func dropPieces(ctx context.Context, tx *sql.Tx, account string) error {
	_, err := tx.ExecContext(ctx, `
		DELETE FROM snapshot_pieces WHERE account = ? AND piece_id NOT IN (SELECT piece_id FROM snapshot_parts)`, account)
	return err
}

// readKept reads which pieces are kept of an account.
func readKept(ctx context.Context, tx *sql.Tx, account string, st *sync.State) error {
	type piece struct {
		name, list string
		marks      []byte
	}
	pieces := sqlrows.Stream(ctx, tx, func(p *piece, rows *sql.Rows) error { return rows.Scan(&p.name, &p.list, &p.marks) },
		`SELECT name, list, marks FROM snapshot_pieces WHERE account = ? ORDER BY piece_id`, account)
	for p, err := range pieces {
		if err != nil {
			return err
		}
		if st.Kept == nil {
			st.Kept, st.Bases = map[string]bool{}, map[string]sync.Base{}
		}
		st.Kept[p.name] = true
		if p.list != "" {
			st.Bases[p.list] = sync.Base{Name: p.name, Marks: p.marks}
		}
	}
	return nil
}

// KeptRow is one account's part of a run of which everything is kept that it
// was decided from.
type KeptRow struct {
	RunID   sync.RunID
	Account string // as it is called today
	TakenAt string // when RingCentral was read
	Data    []byte // for archive.ReadPasts
}

// Kept returns what is kept of a run, by account; nothing when it was no full
// run of any, or too long ago.
func (s *Store) Kept(ctx context.Context, run sync.RunID) ([]KeptRow, error) {
	var kept []KeptRow
	err := s.db.Read(ctx, func(tx *sql.Tx) (err error) {
		kept, err = keptRows(ctx, tx, `run_id = ?`, run)
		return err
	})
	return kept, s.db.Explain("read", err)
}

func keptRows(ctx context.Context, tx *sql.Tx, where string, args ...any) ([]KeptRow, error) {
	kept, err := sqlrows.Collect(sqlrows.Stream(ctx, tx, func(k *KeptRow, rows *sql.Rows) error {
		return rows.Scan(&k.RunID, &k.Account, &k.TakenAt, &k.Data)
	}, `SELECT run_id, account, taken_at, data FROM snapshots WHERE `+where+` ORDER BY account, run_id`, args...))
	for i := 0; err == nil && i < len(kept); i++ {
		err = kept[i].addPieces(ctx, tx)
	}
	return kept, err
}

// addPieces puts the pieces of a run together. Whole data of an earlier version
// have none.
func (k *KeptRow) addPieces(ctx context.Context, tx *sql.Tx) error {
	pieces := sqlrows.Stream(ctx, tx, func(data *[]byte, rows *sql.Rows) error { return rows.Scan(data) }, `
		SELECT s.data FROM snapshot_parts p JOIN snapshot_pieces s ON s.piece_id = p.piece_id
		 WHERE p.account = ? AND p.run_id = ? ORDER BY p.position`, k.Account, k.RunID)
	for data, err := range pieces {
		if err != nil {
			return err
		}
		k.Data = append(k.Data, data...)
	}
	return nil
}

// KeptRuns yields the numbers of the runs of which something is kept, oldest
// first.
func (s *Store) KeptRuns(ctx context.Context) iter.Seq2[sync.RunID, error] {
	return database.Told(sqlrows.Stream(ctx, s.db.Reads, func(id *sync.RunID, rows *sql.Rows) error { return rows.Scan(id) },
		`SELECT DISTINCT run_id FROM snapshots ORDER BY run_id`), s.db.Path())
}
