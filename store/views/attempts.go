package views

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"ringroster/store/database"
	"ringroster/store/sqlrows"
	"ringroster/sync"
	"ringroster/sync/schedule"
)

// recentAttempts is how many attempts of an account are looked at: more than a
// day of retries.
const recentAttempts = 50

// Attempts returns an account's recent attempts at a job, newest first: every run
// of the service, and the full ones of operators. It is what a schedule needs
// (R30).
func (s Reader) Attempts(ctx context.Context, account, job string) ([]schedule.Attempt, error) {
	return sqlrows.Collect(database.Told(sqlrows.Stream(ctx, s.db.Reads, scanAttempt, `
		SELECT run_id, account, job, trigger, status, full, started_at, finished_at
		  FROM runs
		 WHERE account = ? AND job = ?
		   AND (full = 1 OR trigger IN ('schedule', 'catch_up', 'retry'))
		 ORDER BY run_id DESC LIMIT ?`, account, job, recentAttempts), s.db.Path()))
}

func scanAttempt(a *schedule.Attempt, rows *sql.Rows) error {
	var began, ended sql.NullString
	err := rows.Scan(&a.Run, &a.Account, &a.Job, &a.Trigger, &a.Status, &a.Full, &began, &ended)
	if err != nil {
		return err
	}
	if a.Began, err = sqlrows.ParseStamp(began); err == nil {
		a.Ended, err = sqlrows.ParseStamp(ended)
	}
	if err != nil {
		return fmt.Errorf("run %d of account %s: %w", a.Run, a.Account, err)
	}
	return nil
}

// Latest is an account's newest runs that read RingCentral; nil: none yet.
type Latest struct {
	Account string
	Try     *RunRow // the newest, whatever became of it
	Ended   *RunRow // the newest that is over
	Success *RunRow // the newest full one that ended succeeded or held
}

// Latest returns the newest runs of an account's job.
func (s Reader) Latest(ctx context.Context, account, job string) (l Latest, err error) {
	l.Account = account
	for _, want := range []struct {
		into  **RunRow
		where string
	}{
		{&l.Try, `true`},
		{&l.Ended, `status <> 'running'`},
		{&l.Success, IsFullRun},
	} {
		rows, err := sqlrows.Collect(database.Told(sqlrows.Stream(ctx, s.db.Reads, (*RunRow).scan, `
			SELECT `+RunColumns+` FROM runs
			 WHERE account = ? AND job = ? AND trigger IN ('schedule', 'catch_up', 'retry', 'manual', 'approve')
			   AND `+want.where+` ORDER BY run_id DESC LIMIT 1`, account, job), s.db.Path()))
		if err != nil {
			return l, err
		}
		if len(rows) == 1 {
			*want.into = &rows[0]
		}
	}
	return l, nil
}

// Count is how many members of an account have a status and a role.
type Count struct {
	Account string      `json:"account"`
	Status  sync.Status `json:"status"`
	Role    string      `json:"role"`
	Members int         `json:"members"`
}

// Counts counts the members of all accounts, those included that the settings
// no longer have.
func (s Reader) Counts(ctx context.Context) ([]Count, error) {
	return sqlrows.Collect(database.Told(sqlrows.Stream(ctx, s.db.Reads, func(c *Count, rows *sql.Rows) error {
		return rows.Scan(&c.Account, &c.Status, &c.Role, &c.Members)
	}, countsSQL), s.db.Path()))
}

// countsSQL counts active agents as those who are nothing else: no index holds more of
// them than the account.
const countsSQL = `
	WITH everybody AS (
	  SELECT account, count(*) AS members FROM members INDEXED BY members_account GROUP BY account),
	others AS (
	  SELECT account, status, role, count(*) AS members FROM members INDEXED BY members_status
	   WHERE status <> 'active' OR role <> 'Agent' GROUP BY account, status, role),
	agents AS (
	  SELECT e.account, 'active' AS status, 'Agent' AS role,
	         e.members - coalesce((SELECT sum(o.members) FROM others o WHERE o.account = e.account), 0) AS members
	    FROM everybody e)
	SELECT * FROM others UNION ALL SELECT * FROM agents WHERE members > 0
	 ORDER BY account, status, role`

// EmployeeIDs says of how many active members of an account the employee number is known. It
// reads everybody's row.
func (s Reader) EmployeeIDs(ctx context.Context, account string) (known int, err error) {
	err = s.db.Reads.QueryRowContext(ctx, `
		SELECT count(*) FROM members WHERE account = ? AND status = 'active' AND employee_id <> ''`, account).Scan(&known)
	return known, s.db.Explain("read", err)
}

// Waiting is of how many members and people of an account something waits for an
// operator, or was rejected.
type Waiting struct {
	Account  string
	Held     int // something waits (R25)
	Rejected int // a rejection stands (R26, R36)
	// Since when the oldest of them is held; zero: none is.
	HeldSince, RejectedSince time.Time
}

// Waiting counts held and rejected changes; accounts without any are left out.
func (s Reader) Waiting(ctx context.Context) ([]Waiting, error) {
	return sqlrows.Collect(database.Told(sqlrows.Stream(ctx, s.db.Reads, func(w *Waiting, rows *sql.Rows) error {
		var held, rejected sql.NullString
		err := rows.Scan(&w.Account, &w.Held, &w.Rejected, &held, &rejected)
		if err == nil {
			w.HeldSince, err = sqlrows.ParseStamp(held)
		}
		if err == nil {
			w.RejectedSince, err = sqlrows.ParseStamp(rejected)
		}
		return err
	}, waitingSQL), s.db.Path()))
}

// waitingSQL tells people who are no members by their keys.
const waitingSQL = `
	SELECT account,
	       count(DISTINCT coalesce(member_id, ids)) FILTER (WHERE state = 'waiting'),
	       count(DISTINCT coalesce(member_id, ids)) FILTER (WHERE state = 'rejected'),
	       min(held_since) FILTER (WHERE state = 'waiting'), min(held_since) FILTER (WHERE state = 'rejected')
	  FROM held_changes
	 WHERE job = 'members' AND closed_at IS NULL AND state IN ('waiting', 'rejected')
	 GROUP BY account ORDER BY account`
