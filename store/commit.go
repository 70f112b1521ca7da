package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"ringroster/store/contactrows"
	"ringroster/store/database"
	"ringroster/store/deliver"
	"ringroster/store/heldrows"
	"ringroster/store/memberrows"
	"ringroster/store/sqlrows"
	"ringroster/store/views"
	"ringroster/sync"
)

// Commit writes one account's end of a run in one transaction (R27). With a
// plan it first checks that the roster is still the version planned for, else
// it returns sync.ErrMoved and nothing is written. Without one it records the
// outcome alone. New members get their id in Change.Member. Then it keeps what the
// run decided from: that this failed is said in Keep.Err alone.
func (s *Store) Commit(ctx context.Context, c *sync.Commit) error {
	var held sync.RunID
	err := s.db.WriteOn(ctx, func(conn *sql.Conn, tx *sql.Tx) (err error) {
		held, err = commit(ctx, conn, tx, c)
		return err
	})
	if err != nil {
		return s.db.Explain("write account "+c.Account+" to", err)
	}
	if c.Plan != nil && c.Plan.Held != nil {
		c.Plan.Held.Run = held
	}
	if c.Contacts != nil && c.Contacts.Held != nil {
		c.Contacts.Held.Run = held
	}
	// The outcome stands, whatever becomes of what is kept.
	err = sync.Contain(func() error {
		s.keep(ctx, c)
		return nil
	})
	if err != nil {
		c.Keep.Err = err
	}
	return nil
}

// commit returns the highest number under which something of the account waits.
func commit(ctx context.Context, conn *sql.Conn, tx *sql.Tx, c *sync.Commit) (held sync.RunID, err error) {
	actor, err := runActor(ctx, tx, c.Run, c.JobName(), c.Account)
	if err != nil {
		return 0, err
	}
	switch {
	case c.Plan != nil:
		held, err = commitPlan(ctx, conn, tx, c, actor)
	case c.Contacts != nil:
		held, err = contactrows.Commit(ctx, conn, tx, c)
	}
	if err != nil {
		return 0, err
	}
	if err := finishRun(ctx, tx, c); err != nil {
		return 0, err
	}
	return held, deliver.TellCommit(ctx, tx, c)
}

// commitPlan does all that a plan asks for: members with their history first, then what
// is known about the account, last what waits.
func commitPlan(ctx context.Context, conn *sql.Conn, tx *sql.Tx, c *sync.Commit, actor string) (held sync.RunID, err error) {
	if err := database.CheckVersion(ctx, tx, `SELECT version FROM accounts WHERE account = ?`, c.Account, c.Plan.Version); err != nil {
		return 0, err
	}
	if err := memberrows.Write(ctx, conn, tx, c, actor); err != nil {
		return 0, err
	}
	for _, m := range c.Plan.Forget {
		if err := forget(ctx, tx, c.Run, m); err != nil {
			return 0, fmt.Errorf("forget member %d: %w", m.ID, err)
		}
	}
	if err := raiseAccount(ctx, tx, c); err != nil {
		return 0, err
	}
	if c.Plan.Retired {
		if err := retireAccount(ctx, tx, c); err != nil {
			return 0, err
		}
	}
	return heldrows.Commit(ctx, tx, c)
}

// runActor finds the author of a run that has begun and not yet ended.
func runActor(ctx context.Context, tx *sql.Tx, run sync.RunID, job, account string) (actor string, err error) {
	err = tx.QueryRowContext(ctx, `
		SELECT actor FROM runs
		 WHERE run_id = ? AND account = ? AND job = ? AND status = 'running'`, run, account, job).Scan(&actor)
	if errors.Is(err, sql.ErrNoRows) {
		return "", fmt.Errorf("run %d of account %s has not begun, or has ended", run, account)
	}
	return actor, err
}

// raiseAccount raises the version and notes what the commit settles about the
// account: whose it is, and when it was last seen whole.
func raiseAccount(ctx context.Context, tx *sql.Tx, c *sync.Commit) error {
	_, err := tx.ExecContext(ctx, `
		INSERT INTO accounts (account, version) VALUES (?, 1)
		ON CONFLICT (account) DO UPDATE SET version = version + 1`, c.Account)
	if err != nil {
		return err
	}
	if c.Identity != (sync.Identity{}) {
		if err := bind(ctx, tx, c.Account, c.Identity); err != nil {
			return err
		}
	}
	if c.Full && c.Status != sync.Failed && !c.TakenAt.IsZero() {
		if _, err := tx.ExecContext(ctx, `UPDATE accounts SET last_snapshot_at = ? WHERE account = ?`,
			sqlrows.Stamp(c.TakenAt), c.Account); err != nil {
			return err
		}
		return writeLast(ctx, tx, c)
	}
	return nil
}

// writeLast keeps what the next whole run compares with (readLast).
func writeLast(ctx context.Context, tx *sql.Tx, c *sync.Commit) error {
	lengths := c.Plan.Lengths
	if lengths == nil {
		lengths = map[string]sync.Length{}
	}
	text, err := json.Marshal(lengths)
	if err != nil {
		return err
	}
	ended, err := json.Marshal(c.Plan.Ended)
	if err != nil {
		return err
	}
	read := sqlrows.FieldsWithout(slices.DeleteFunc(sync.Fields(), func(f sync.Field) bool { return !c.Plan.Unread.Has(f) })...)
	known, err := sqlrows.JSONList(append(sqlrows.ColumnNames(read...), views.SupervisorsColumn))
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, `
		UPDATE accounts SET list_lengths = ?1, known_fields = ?2, ended_extensions = ?3
		 WHERE account = ?4 AND (list_lengths, known_fields, ended_extensions) IS NOT (?1, ?2, ?3)`, string(text), known, string(ended), c.Account)
	return err
}

// bind notes whose answers the account's members come from (R4).
func bind(ctx context.Context, tx *sql.Tx, account string, id sync.Identity) error {
	_, err := tx.ExecContext(ctx, `
		UPDATE accounts SET main_account_id = ?, ringex_account_id = ?, owner_id = ? WHERE account = ?`,
		id.MainAccountID, id.RingEXAccountID, id.OwnerID, account)
	if database.IsDuplicate(err) {
		return boundElsewhere(ctx, tx, account, id.MainAccountID)
	}
	return err
}

// boundElsewhere names the account that a main account belongs to already (R4).
func boundElsewhere(ctx context.Context, tx *sql.Tx, account, mainAccount string) error {
	var other string
	err := tx.QueryRowContext(ctx, `SELECT account FROM accounts WHERE main_account_id = ?`, mainAccount).Scan(&other)
	if err != nil {
		return err
	}
	return &sync.ElsewhereError{Account: account, MainAccount: mainAccount, Other: other}
}

// finishRun closes the run's row. What was applied is counted from the changes
// themselves, what was not comes from the plan's summary.
func finishRun(ctx context.Context, tx *sql.Tx, c *sync.Commit) error {
	var sum sync.Summary
	var reasons []sync.HoldReason
	applied := map[sync.Kind]int{}
	if c.Contacts != nil {
		sum = contactrows.Counts(&c.Contacts.Summary, applied)
		if c.Contacts.Held != nil {
			reasons = c.Contacts.Held.Reasons
		}
	}
	if c.Plan != nil {
		sum = c.Plan.Summary
		if c.Plan.Held != nil {
			reasons = c.Plan.Held.Reasons
		}
		for i := range c.Plan.Changes {
			applied[c.Plan.Changes[i].Kind]++
		}
	}
	heldReasons, err := sqlrows.JSONList(reasons)
	if err != nil {
		return err
	}
	var message string
	if c.Err != nil {
		message = c.Err.Error()
	}
	_, err = tx.ExecContext(ctx, `
		UPDATE runs
		   SET status = ?, held_reasons = ?, finished_at = ?, full = ?, people = ?, unchanged = ?,
		       onboarded = ?, linked = ?, updated = ?, reactivated = ?, deactivated = ?,
		       held = ?, conflicts = ?, api_calls = ?, error = ?
		 WHERE run_id = ? AND account = ? AND job = ?`,
		c.Status, heldReasons, sqlrows.Stamp(c.FinishedAt), c.Full, sum.People, sum.Unchanged,
		applied[sync.Onboard], applied[sync.Link], applied[sync.Update]+applied[sync.EditMember],
		applied[sync.Reactivate], applied[sync.Deactivate],
		sum.Held, sum.Conflicts, c.APICalls, message,
		c.Run, c.Account, c.JobName())
	return err
}
