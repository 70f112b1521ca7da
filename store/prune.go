package store

import (
	"context"
	"database/sql"
	"iter"
	"time"

	"ringroster/store/dbfile"
	"ringroster/store/sqlrows"
	"ringroster/sync"
)

// pruneStep is how many changes one transaction of Prune looks at: others wait
// for some milliseconds, not for all of it.
const pruneStep = 500

// Prune removes the changes of runs that ended before a time, but never those of
// the last run that changed their member or contact, and returns how many rows
// went. A run or member that lost some says so from then on: RunPruned,
// MemberPruned. Held changes that were done with before the time go, too; open ones stay.
//
// It works in small transactions with pauses between them, so that others can
// write meanwhile, needs no lock, and stops when ctx ends; the next call goes on.
// Where nothing is due it costs next to nothing: it looks at the changes of runs
// that have come, or come of age, since the last call.
func (s *Store) Prune(ctx context.Context, before time.Time) (removed int, err error) {
	removed, err = s.prune(ctx, *sqlrows.Stamp(before))
	return removed, s.db.Explain("prune the history in", err)
}

// pruned is how far pruning has come: of the runs up to aged nothing is left that
// is superfluous since a run up to seen.
type pruned struct{ aged, seen sync.RunID }

func (s *Store) prune(ctx context.Context, before string) (removed int, err error) {
	if removed, err = s.pruneHeld(ctx, before); err != nil {
		return removed, err
	}
	changes, err := s.pruneChanges(ctx, before)
	return removed + changes, err
}

// pruneHeld removes held changes that were done with before a time.
func (s *Store) pruneHeld(ctx context.Context, before string) (removed int, err error) {
	for {
		var due bool
		err := s.db.Reads.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM held_changes WHERE closed_at < ?)`, before).Scan(&due)
		if err != nil || !due {
			return removed, err
		}
		began := time.Now()
		if err := s.db.Write(ctx, func(tx *sql.Tx) error {
			result, err := tx.ExecContext(ctx, `
				DELETE FROM held_changes WHERE held_id IN (SELECT held_id FROM held_changes WHERE closed_at < ? ORDER BY closed_at LIMIT ?)`,
				before, pruneStep)
			if err != nil {
				return err
			}
			n, err := result.RowsAffected()
			removed += int(n)
			return err
		}); err != nil {
			return removed, err
		}
		if err := dbfile.Pause(ctx, time.Since(began)); err != nil {
			return removed, err
		}
	}
}

func (s *Store) pruneChanges(ctx context.Context, before string) (removed int, err error) {
	var from, to pruned
	if err := s.db.Read(ctx, func(tx *sql.Tx) error {
		from, to, err = pruneBounds(ctx, tx, before)
		return err
	}); err != nil || from == to {
		return 0, err
	}
	// Gathered first: a reader in between would keep the WAL growing.
	runs, err := sqlrows.Collect(pruneRuns(ctx, s.db.Reads, from, to))
	if err != nil {
		return 0, err
	}
	for _, run := range runs {
		for _, p := range pasts {
			n, err := s.pruneRun(ctx, p, run, before)
			removed += n
			if err != nil {
				return removed, err
			}
		}
	}
	// Somebody else who pruned meanwhile knows as much as we do, or did less: then
	// some is looked at twice.
	return removed, s.db.Write(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `UPDATE pruning SET aged = ?, seen = ? WHERE aged = ? AND seen = ?`,
			to.aged, to.seen, from.aged, from.seen)
		return err
	})
}

// pruneBounds says how far pruning has come and how far it can. A run that is
// still under way, and what follows it, is left to the next time.
func pruneBounds(ctx context.Context, tx *sql.Tx, before string) (from, to pruned, err error) {
	err = tx.QueryRowContext(ctx, `
		SELECT aged, seen,
		       (SELECT coalesce(max(run_id), 0) FROM (
		          SELECT run_id FROM runs GROUP BY run_id HAVING max(coalesce(finished_at, 'never')) < ?)),
		       (SELECT coalesce(min(run_id) FILTER (WHERE status = 'running') - 1, max(run_id), 0) FROM runs)
		  FROM pruning`, before).Scan(&from.aged, &from.seen, &to.aged, &to.seen)
	to.aged = min(to.aged, to.seen)
	return from, to, err
}

// prunable is a run whose changes are to be looked at.
type prunable struct {
	id sync.RunID
	// known is, for a run that has come since the last prune, the last that was of
	// age then: what was left there for being the last change may have become
	// superfluous. 0: the run was known already.
	known sync.RunID
	aged  bool // it has come of age itself
}

// pruneRuns yields the runs that have come, or come of age, since the last prune.
// When keep_days was raised, some of age are young again.
func pruneRuns(ctx context.Context, db sqlrows.Reader, from, to pruned) iter.Seq2[prunable, error] {
	known := min(from.aged, to.aged)
	return sqlrows.Stream(ctx, db, func(p *prunable, rows *sql.Rows) error {
		if err := rows.Scan(&p.id); err != nil {
			return err
		}
		p.aged = p.id > known && p.id <= to.aged
		if p.id > from.seen {
			p.known = known
		}
		return nil
	}, `
		SELECT DISTINCT run_id FROM runs
		 WHERE run_id > ?1 AND run_id <= ?2 OR run_id > ?3 AND run_id <= ?4 AND ?1 > 0
		 ORDER BY run_id`, known, to.aged, from.seen, to.seen)
}

// past is a table of the history, and whose it is.
type past struct{ table, whose string }

var pasts = []past{{"changes", "member_id"}, {"contact_history", "contact_id"}}

// next is the last of the changes of a run to look at after the one given.
func (p past) next() string {
	return `
	SELECT max(change_id) FROM (
	  SELECT change_id FROM ` + p.table + ` WHERE run_id = ? AND change_id > ? ORDER BY change_id LIMIT ?)`
}

// The two ways in which changes are found: those of a run that has come of age,
// and older ones of the members whom a run that has come since changed. They go
// where a later run changed the member, and their own run is old.
func (p past) aged() string {
	return `
	DELETE FROM ` + p.table + ` AS c
	 WHERE c.run_id = ? AND c.change_id > ? AND c.change_id <= ?` + p.superfluous()
}

func (p past) followed() string {
	return `
	DELETE FROM ` + p.table + ` AS c
	 WHERE c.` + p.whose + ` IN (SELECT ` + p.whose + ` FROM ` + p.table + ` WHERE run_id = ? AND change_id > ? AND change_id <= ?)
	   AND c.run_id <= ?` + p.superfluous()
}

func (p past) superfluous() string {
	return `
	   AND EXISTS (SELECT 1 FROM ` + p.table + ` l WHERE l.` + p.whose + ` = c.` + p.whose + ` AND l.run_id > c.run_id)
	   AND NOT EXISTS (SELECT 1 FROM runs r WHERE r.run_id = c.run_id AND coalesce(r.finished_at, 'never') >= ?)
	RETURNING run_id, ` + p.whose
}

// pruneRun looks at the changes of a run, some at a time.
func (s *Store) pruneRun(ctx context.Context, p past, run prunable, before string) (removed int, err error) {
	for first := int64(0); ; {
		var last sql.NullInt64
		err := s.db.Reads.QueryRowContext(ctx, p.next(), run.id, first, pruneStep).Scan(&last)
		if err != nil || !last.Valid {
			return removed, err
		}
		began, n := time.Now(), 0
		if err := s.db.Write(ctx, func(tx *sql.Tx) error {
			n, err = p.prune(ctx, tx, run, first, last.Int64, before)
			return err
		}); err != nil {
			return removed, err
		}
		removed, first = removed+n, last.Int64
		if err := dbfile.Pause(ctx, time.Since(began)); err != nil {
			return removed, err
		}
	}
}

// prune removes what some changes of a run show to be superfluous.
func (p past) prune(ctx context.Context, tx *sql.Tx, run prunable, first, last int64, before string) (removed int, err error) {
	gone := []prunedRow{}
	if run.aged {
		if gone, err = sqlrows.Collect(sqlrows.Stream(ctx, tx, (*prunedRow).scan, p.aged(), run.id, first, last, before)); err != nil {
			return 0, err
		}
	}
	if run.known > 0 {
		older, err := sqlrows.Collect(sqlrows.Stream(ctx, tx, (*prunedRow).scan, p.followed(), run.id, first, last, run.known, before))
		if err != nil {
			return 0, err
		}
		gone = append(gone, older...)
	}
	return len(gone), p.note(ctx, tx, gone)
}

// note lets runs and members say that changes of theirs are gone.
func (p past) note(ctx context.Context, tx *sql.Tx, gone []prunedRow) error {
	runs, members := map[sync.RunID]bool{}, map[int64]bool{}
	for _, row := range gone {
		runs[row.run] = true
		if p.whose == "member_id" {
			members[row.whose] = true
		}
	}
	for id := range runs {
		if _, err := tx.ExecContext(ctx, `UPDATE runs SET pruned = 1 WHERE run_id = ? AND pruned = 0`, id); err != nil {
			return err
		}
	}
	stmt, err := tx.PrepareContext(ctx, `INSERT OR IGNORE INTO pruned_members (member_id) VALUES (?)`)
	if err != nil {
		return err
	}
	defer func() { _ = stmt.Close() }()
	for id := range members {
		if _, err := stmt.ExecContext(ctx, id); err != nil {
			return err
		}
	}
	return nil
}

// prunedRow is a change that is gone.
type prunedRow struct {
	run   sync.RunID
	whose int64
}

func (r *prunedRow) scan(rows *sql.Rows) error { return rows.Scan(&r.run, &r.whose) }

// RunPruned says whether changes of a run are gone from the history: then it
// cannot be undone (R29).
func (s *Store) RunPruned(ctx context.Context, run sync.RunID) (bool, error) {
	return s.db.Yes(ctx, `SELECT EXISTS (SELECT 1 FROM runs WHERE run_id = ? AND pruned)`, run)
}

// MemberPruned says whether earlier changes of a member are gone from the history.
func (s *Store) MemberPruned(ctx context.Context, member int64) (bool, error) {
	return s.db.Yes(ctx, `SELECT EXISTS (SELECT 1 FROM pruned_members WHERE member_id = ?)`, member)
}
