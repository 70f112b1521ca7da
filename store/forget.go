package store

import (
	"context"
	"database/sql"
	"errors"
	"slices"
	"strings"

	"ringroster/store/contactrows"
	"ringroster/store/database"
	"ringroster/store/deliver"
	"ringroster/store/sqlrows"
	"ringroster/store/views"
	"ringroster/sync"
	"ringroster/sync/archive"
	"ringroster/sync/edit"
)

// forget blanks what the past says about a member: the history, and what runs
// kept. m is the member as it was.
func forget(ctx context.Context, tx *sql.Tx, run sync.RunID, m *sync.Member) error {
	if err := forgetHistory(ctx, tx, m.ID); err != nil {
		return err
	}
	if err := forgetHeld(ctx, tx, run, m); err != nil {
		return err
	}
	if err := forgetSources(ctx, tx, m); err != nil {
		return err
	}
	if err := contactrows.Forget(ctx, tx, run, m.Account, m.RCUserID); err != nil {
		return err
	}
	if err := forgetRequests(ctx, tx, m); err != nil {
		return err
	}
	if err := deliver.ForgetNotices(ctx, tx, m); err != nil {
		return err
	}
	if err := forgetKept(ctx, tx, m); err != nil {
		return err
	}
	return dropPieces(ctx, tx, m.Account)
}

// forgetKept keeps every run anew, one at a time. What this version cannot read goes
// whole: it can be neither blanked nor used.
func forgetKept(ctx context.Context, tx *sql.Tx, m *sync.Member) error {
	runs, err := sqlrows.Collect(sqlrows.Stream(ctx, tx, func(id *sync.RunID, rows *sql.Rows) error { return rows.Scan(id) },
		`SELECT run_id FROM snapshots WHERE account = ? ORDER BY run_id`, m.Account))
	if err != nil {
		return err
	}
	for _, run := range runs {
		kept, err := keptRows(ctx, tx, `account = ? AND run_id = ?`, m.Account, run)
		if err != nil {
			return err
		}
		pieces, unreadable := archive.ForgetKept(kept[0].Data, m)
		if err := dropKept(ctx, tx, m.Account, run, unreadable != nil); err != nil {
			return err
		}
		if unreadable != nil {
			continue
		}
		if err := keepPieces(ctx, tx, m.Account, run, pieces); err != nil {
			return err
		}
	}
	return nil
}

// dropKept removes what a run kept and, unless it is kept anew, that it did.
func dropKept(ctx context.Context, tx *sql.Tx, account string, run sync.RunID, forGood bool) error {
	clear := `UPDATE snapshots SET data = x'' WHERE account = ? AND run_id = ?`
	if forGood {
		clear = `DELETE FROM snapshots WHERE account = ? AND run_id = ?`
	}
	_, err := tx.ExecContext(ctx, clear, account, run)
	if err == nil {
		_, err = tx.ExecContext(ctx, `DELETE FROM snapshot_parts WHERE account = ? AND run_id = ?`, account, run)
	}
	return err
}

func forgetHistory(ctx context.Context, tx *sql.Tx, member int64) error {
	type change struct {
		id     int64
		field  sql.NullString
		values [4]sql.NullString // before, after, and what RingCentral said of both
	}
	changes, err := sqlrows.Collect(sqlrows.Stream(ctx, tx, func(c *change, rows *sql.Rows) error {
		return rows.Scan(&c.id, &c.field, &c.values[0], &c.values[1], &c.values[2], &c.values[3])
	}, `SELECT change_id, field, before, after, reported_before, reported_after FROM changes WHERE member_id = ?`, member))
	if err != nil {
		return err
	}
	for _, c := range changes {
		for i := range c.values {
			if c.values[i].String, err = edit.ForgetText(c.field.String, c.values[i].String); err != nil {
				return err
			}
		}
		_, err = tx.ExecContext(ctx, `UPDATE changes SET before = ?, after = ?, reported_before = ?, reported_after = ?, source = NULL WHERE change_id = ?`,
			c.values[0], c.values[1], c.values[2], c.values[3], c.id)
		if err != nil {
			return err
		}
	}
	return nil
}

// forgetHeld ends what is held about a member, or about the newcomer that they were, and
// blanks what it says about them.
func forgetHeld(ctx context.Context, tx *sql.Tx, run sync.RunID, m *sync.Member) error {
	keys, err := sqlrows.JSONList(m.Keys())
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, `
		UPDATE held_changes
		   SET person = '', ids = '[]', name = '', email = '', detail = '', source = NULL,
		       before = iif(field = 'status', before, ''), after = iif(field = 'status', after, ''),
		       state = iif(closed_at IS NULL, 'ended', state),
		       closed_at = coalesce(closed_at, (SELECT started_at FROM runs WHERE run_id = ?1 AND account = ?2 AND job = 'members'))
		 WHERE account = ?2 AND job = 'members'
		   AND (member_id = ?3 OR EXISTS (SELECT 1 FROM json_each(ids) i JOIN json_each(?4) k ON k.value = i.value))`,
		run, m.Account, m.ID, keys)
	if err != nil {
		return err
	}
	// What leavers would leave behind names others, as RingCentral called them. The next
	// run that holds the same leavers says it anew.
	_, err = tx.ExecContext(ctx, `
		UPDATE held_changes SET detail = substr(detail, 1, instr(detail, ?) - 1)
		 WHERE account = ? AND instr(detail, ?) > 0`, sync.LeavesBehind, m.Account, sync.LeavesBehind)
	return err
}

// forgetRequests removes what the service was asked and answered, where that names
// the member. Nobody reads it any more.
func forgetRequests(ctx context.Context, tx *sql.Tx, m *sync.Member) error {
	type request struct {
		id   int64
		text string
	}
	settled, err := sqlrows.Collect(sqlrows.Stream(ctx, tx, func(r *request, rows *sql.Rows) error { return rows.Scan(&r.id, &r.text) },
		`SELECT request_id, request || char(10) || error FROM requests WHERE state IN ('done', 'failed')`))
	if err != nil {
		return err
	}
	for _, r := range settled {
		if !sqlrows.Mentions(r.text, m.Profile[sync.Email], m.Username, m.Profile.Name()) {
			continue
		}
		if _, err := tx.ExecContext(ctx, `DELETE FROM requests WHERE request_id = ?`, r.id); err != nil {
			return err
		}
	}
	return nil
}

// RunsNaming lists the runs of an account in whose note or error somebody's
// e-mail, username or full name stands, as the row has them. People wrote the
// notes, and RingCentral a part of the errors: they are not changed.
func (s *Store) RunsNaming(ctx context.Context, who *views.RosterRow) ([]sync.RunID, error) {
	type run struct {
		id   sync.RunID
		text string
	}
	var found []sync.RunID
	for r, err := range database.Told(sqlrows.Stream(ctx, s.db.Reads, func(r *run, rows *sql.Rows) error { return rows.Scan(&r.id, &r.text) }, `
		SELECT run_id, note || char(10) || error FROM runs
		 WHERE account = ? AND (note <> '' OR error <> '') ORDER BY run_id`, who.Account), s.db.Path()) {
		if err != nil {
			return nil, err
		}
		if sqlrows.Mentions(r.text, who.Email, who.Username, strings.TrimSpace(who.FirstName+" "+who.LastName)) {
			found = append(found, r.id)
		}
	}
	return slices.Compact(found), nil
}

// Compact rewrites the file without what was deleted or overwritten, which
// SQLite leaves in unused places. It needs as much free space as the file has.
func (s *Store) Compact(ctx context.Context) error {
	if err := s.InPlace(); err != nil {
		return err
	}
	if s.db.Writes == nil {
		return database.ErrReadOnly
	}
	err := database.RetryBusy(ctx, func() error {
		_, err := s.db.Writes.ExecContext(ctx, `VACUUM`)
		return err
	})
	if err == nil {
		_, err = s.db.Writes.ExecContext(ctx, `PRAGMA wal_checkpoint(TRUNCATE)`)
	}
	return s.db.Explain("compact", err)
}

// forgetSources takes a member out of what is said of others: as the actor of their changes,
// held or applied. Of the member's own changes it goes whole (forgetHistory, forgetHeld). In
// other accounts somebody of that name is another, unless they have the id or the e-mail.
func forgetSources(ctx context.Context, tx *sql.Tx, m *sync.Member) error {
	mail := func(text string) bool { return sqlrows.Mentions(text, m.Profile[sync.Email]) }
	return errors.Join(forgetSourcesIn(ctx, tx, m, `= ?`, sqlrows.Naming(m)), forgetSourcesIn(ctx, tx, m, `<> ?`, mail))
}

func forgetSourcesIn(ctx context.Context, tx *sql.Tx, m *sync.Member, accounts string, says func(text string) bool) error {
	for _, table := range []struct{ read, write string }{
		{
			`SELECT change_id, source FROM changes WHERE source IS NOT NULL AND member_id IN (SELECT member_id FROM members WHERE account ` + accounts + `)`,
			`UPDATE changes SET source = ? WHERE change_id = ?`,
		},
		{`SELECT held_id, source FROM held_changes WHERE source IS NOT NULL AND account ` + accounts, `UPDATE held_changes SET source = ? WHERE held_id = ?`},
	} {
		type row struct {
			id  int64
			was *sync.Attribution
		}
		rows, err := sqlrows.Collect(sqlrows.Stream(ctx, tx, func(r *row, rows *sql.Rows) error { return rows.Scan(&r.id, sqlrows.Source{Into: &r.was}) },
			table.read, m.Account))
		if err != nil {
			return err
		}
		for _, r := range rows {
			left := r.was.Forget(m, says)
			if left == r.was {
				continue
			}
			text, err := sqlrows.SourceText(left)
			if err != nil {
				return err
			}
			if _, err := tx.ExecContext(ctx, table.write, text, r.id); err != nil {
				return err
			}
		}
	}
	return nil
}
