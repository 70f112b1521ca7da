package heldrows

import (
	"context"
	"database/sql"
	"fmt"
	"slices"

	"ringroster/store/sqlrows"
	"ringroster/sync"
)

// OpenSet reads the open set of an account's job (R25).
func OpenSet(ctx context.Context, db sqlrows.Reader, job, account string) ([]sync.HeldChange, error) {
	open, err := sqlrows.Collect(sqlrows.Stream(ctx, db, scanHeldChange, `
		SELECT held_id, coalesce(member_id, contact_id, 0), `+heldValueColumns+`
		  FROM held_changes WHERE account = ? AND job = ? AND closed_at IS NULL ORDER BY held_id`, account, job))
	if len(open) == 0 {
		return nil, err
	}
	return open, err
}

// heldValueColumns are the columns of what heldValues gives, in its order.
const heldValueColumns = `run_id, person, ids, kind, field, before, after, name, email,
	reason, detail, why, held_since, state, present_days, present_on, source, role`

func scanHeldChange(h *sync.HeldChange, rows *sql.Rows) error {
	var ids, why string
	var since sql.NullString
	err := rows.Scan(&h.ID, &h.Member, &h.Run, &h.Person, &ids, &h.Kind, &h.Field, &h.Before, &h.After, &h.Name, &h.Email,
		&h.Reason, &h.Detail, &why, &since, &h.State, &h.PresentDays, &h.PresentOn, sqlrows.Source{Into: &h.Source}, &h.Role)
	if err != nil {
		return err
	}
	if h.Since, err = sqlrows.ParseStamp(since); err == nil && ids != "[]" {
		err = sqlrows.UnmarshalText(ids, &h.IDs)
	}
	if err == nil {
		err = sqlrows.UnmarshalText(why, &h.Why)
	}
	if err != nil {
		return fmt.Errorf("held change %d: %w", h.ID, err)
	}
	return nil
}

// heldValues are the values of a held change as the row has them, all of them comparable.
func heldValues(h *sync.HeldChange) ([]any, error) {
	ids, err := sqlrows.JSONList(h.IDs)
	if err != nil {
		return nil, err
	}
	why, err := sqlrows.JSONList(h.Why)
	if err != nil {
		return nil, err
	}
	source, err := sqlrows.SourceText(h.Source)
	if err != nil {
		return nil, err
	}
	return []any{
		int64(h.Run), h.Person, ids, string(h.Kind), h.Field, h.Before, h.After, h.Name, h.Email,
		string(h.Reason), h.Detail, why, sqlrows.StampText(h.Since), string(h.State), h.PresentDays, h.PresentOn, source, h.Role,
	}, nil
}

// heldWriter brings the open set of one account's job in line with a commit.
type heldWriter struct {
	ctx            context.Context //nolint:containedctx // it lives no longer than one transaction
	tx             *sql.Tx
	c              *sync.Commit
	now            string
	insert, update *sql.Stmt // nil: not needed yet; they close with the transaction
}

// Commit records what operators decided, then, of a full run, the
// open set as its plan leaves it, and which settings that accepts (R23, R25). It returns
// the highest number under which something waits then, or 0.
func Commit(ctx context.Context, tx *sql.Tx, c *sync.Commit) (held sync.RunID, err error) {
	w := &heldWriter{ctx: ctx, tx: tx, c: c, now: sqlrows.StampText(c.FinishedAt)}
	if c.Settled != nil {
		if err := w.settle(c.Settled); err != nil {
			return 0, err
		}
	}
	if c.Full && c.Status != sync.Failed {
		planned := plannedHeld(c)
		if err := w.reconcile(planned); err != nil {
			return 0, err
		}
		if err := w.acceptFull(planned); err != nil {
			return 0, err
		}
	}
	err = tx.QueryRowContext(ctx, `
		SELECT coalesce(max(run_id), 0) FROM held_changes
		 WHERE account = ? AND job = ? AND closed_at IS NULL AND state = 'waiting'`, c.Account, c.JobName()).Scan(&held)
	return held, err
}

// plannedHeld is the open set after a plan of either job.
func plannedHeld(c *sync.Commit) []sync.HeldChange {
	switch {
	case c.Plan != nil:
		return c.Plan.Open
	case c.Contacts != nil:
		return c.Contacts.Open
	}
	return nil
}

// reconcile makes the open rows those of a plan, each of which gets its number.
//
//	planned, by its number    open row             then
//	new                                            inserted
//	known                     the same             stays as it is
//	known                     others values        updated
//	known, not rejected       rejected             the rejection ends and stays history; a new row waits in its place
//	known                     none                 the roster has moved
//	none                      any                  ended
func (w *heldWriter) reconcile(planned []sync.HeldChange) error {
	open, err := OpenSet(w.ctx, w.tx, w.c.JobName(), w.c.Account)
	if err != nil {
		return err
	}
	was := make(map[int64]*sync.HeldChange, len(open))
	for i := range open {
		was[open[i].ID] = &open[i]
	}
	needed := make(map[int64]bool, len(planned))
	for i := range planned {
		h := &planned[i]
		if h.Run == 0 {
			h.Run = w.c.Run
		}
		old := was[h.ID]
		if h.ID != 0 && old == nil {
			return fmt.Errorf("%w: held change %d of %s is not open any more", sync.ErrMoved, h.ID, h.Name)
		}
		if old == nil || old.State == sync.Rejected && h.State != sync.Rejected {
			err = w.add(h)
		} else {
			err = w.renew(old, h)
		}
		if err != nil {
			return fmt.Errorf("hold %s of %s: %w", h.Kind, h.Name, err)
		}
		needed[h.ID] = true
	}
	var over []int64
	for i := range open {
		if !needed[open[i].ID] {
			over = append(over, open[i].ID)
		}
	}
	return w.end(over)
}

// add inserts an open row, and gives the change its number.
func (w *heldWriter) add(h *sync.HeldChange) (err error) {
	if w.insert == nil {
		w.insert, err = w.tx.PrepareContext(w.ctx, `
			INSERT INTO held_changes (account, job, member_id, contact_id, `+heldValueColumns+`)
			VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`)
		if err != nil {
			return err
		}
	}
	values, err := heldValues(h)
	if err != nil {
		return err
	}
	var member, contact any
	switch {
	case h.Member == 0:
	case w.c.JobName() == sync.JobContacts:
		contact = h.Member
	default:
		member = h.Member
	}
	result, err := w.insert.ExecContext(w.ctx, append([]any{w.c.Account, w.c.JobName(), member, contact}, values...)...)
	if err == nil {
		h.ID, err = result.LastInsertId()
	}
	return err
}

// renew updates an open row where it says something else.
func (w *heldWriter) renew(old, h *sync.HeldChange) error {
	before, err := heldValues(old)
	if err != nil {
		return err
	}
	after, err := heldValues(h)
	if err != nil || slices.Equal(before, after) {
		return err
	}
	if w.update == nil {
		w.update, err = w.tx.PrepareContext(w.ctx, `
			UPDATE held_changes
			   SET (`+heldValueColumns+`) = (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
			 WHERE held_id = ?`)
		if err != nil {
			return err
		}
	}
	_, err = w.update.ExecContext(w.ctx, append(after, h.ID)...)
	return err
}

// end closes open rows that nobody needs any more.
func (w *heldWriter) end(ids []int64) error {
	if len(ids) == 0 {
		return nil
	}
	list, err := sqlrows.JSONList(ids)
	if err != nil {
		return err
	}
	_, err = w.tx.ExecContext(w.ctx, `
		UPDATE held_changes SET state = 'ended', closed_at = ? WHERE held_id IN (SELECT value FROM json_each(?))`, w.now, list)
	return err
}
