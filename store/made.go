package store

import (
	"context"
	"database/sql"
	"time"

	"ringroster/store/sqlrows"
	"ringroster/sync"
)

// Numbers of runs are never used again (R25): a number in an old mail, or in what
// `held` printed, must not name another run after the database was replaced. Two
// places know the last number, and the higher one counts:
//
//   - the table numbering, whatever becomes of the runs;
//   - the file PATH.made, which is written before a run is recorded and which a
//     restore leaves alone, so that it knows the runs of a database that is lost.
//
// Where neither is to be had, because a copy of a roster was put where there was none,
// nobody knows how far the numbers went: they leap (see leap).

// lastRunSQL is the last number that was given out, as far as a row of numbering and the
// runs know.
const lastRunSQL = `max(last_run, (SELECT coalesce(max(run_id), 0) FROM runs))`

// nextRun gives out the next number, to be used in the same transaction.
func (s *Store) nextRun(ctx context.Context, tx *sql.Tx) (id sync.RunID, err error) {
	made, _, err := s.db.File.LastMade()
	if err != nil {
		return 0, err
	}
	err = tx.QueryRowContext(ctx, `
		UPDATE numbering SET last_run = max(?, `+lastRunSQL+`) + 1
		RETURNING last_run`, made).Scan(&id)
	if err != nil {
		return 0, err
	}
	return id, s.db.File.SetMade(id)
}

// remember makes PATH.made where there is none yet. A copy of a roster that was put here
// has numbers that went on elsewhere.
func (s *Store) remember(ctx context.Context) error {
	if _, made, err := s.db.File.LastMade(); err != nil || made {
		return err
	}
	here, err := s.db.File.Place()
	if err != nil {
		return err
	}
	var last sync.RunID
	err = s.db.Read(ctx, func(tx *sql.Tx) (err error) {
		var known string
		if err := tx.QueryRowContext(ctx, `SELECT place, last_run FROM numbering`).Scan(&known, &last); err != nil {
			return err
		}
		if known != "" && known != here {
			last, err = leapIn(ctx, tx)
		}
		return err
	})
	if err != nil {
		return err
	}
	return s.db.File.SetMade(last)
}

// adopt makes a database at home where it is, unless it belongs to another host. A copy is
// of a new epoch.
func (s *Store) adopt(ctx context.Context, tx *sql.Tx) error {
	if err := s.atHome(ctx, tx); err != nil {
		return err
	}
	here, err := s.db.File.Place()
	if err != nil {
		return err
	}
	var known string
	if err := tx.QueryRowContext(ctx, `SELECT place FROM numbering`).Scan(&known); err != nil || known == here {
		return err
	}
	if known != "" {
		if err := newEpoch(ctx, tx, "the roster was copied or moved after it was asked"); err != nil {
			return err
		}
	}
	_, err = tx.ExecContext(ctx, `UPDATE numbering SET place = ?`, here)
	return err
}

// leapIn is leap for the database of a transaction.
func leapIn(ctx context.Context, tx *sql.Tx) (sync.RunID, error) {
	var last sync.RunID
	var newest sql.NullString
	err := tx.QueryRowContext(ctx, `
		SELECT `+lastRunSQL+`, (SELECT max(started_at) FROM runs)
		  FROM numbering`).Scan(&last, &newest)
	if err != nil {
		return 0, err
	}
	at, err := sqlrows.ParseStamp(newest)
	if err != nil {
		return 0, err
	}
	return leap(last, at, time.Now()), nil
}

// leap is the number to go on from when last is the newest that is known, of a run at
// that time, and the roster may have gone on since: a thousand runs, or one a minute,
// rounded up to the next full ten thousand, which shows that something was restored.
func leap(last sync.RunID, at, now time.Time) sync.RunID {
	const margin, step = 1_000, 10_000
	missed := sync.RunID(margin)
	if !at.IsZero() {
		missed = max(missed, sync.RunID(now.Sub(at)/time.Minute))
	}
	return (last + missed + step - 1) / step * step
}
