package views

import (
	"context"
	"database/sql"
	"iter"
	"time"

	"ringroster/store/database"
	"ringroster/store/sqlrows"
	"ringroster/sync"
)

// MoveRow is somebody who came to the active members of an account, or left them.
type MoveRow struct {
	At        string // when the run ended
	RunID     sync.RunID
	Account   string
	MemberID  int64
	FirstName string // this and what follows but for Kind, Came, Reason and Actor: as they are today
	LastName  string
	Email     string
	Role      string
	Kind      sync.Kind
	Came      bool // else they left
	Reason    sync.Reason
	Actor     string
	Source    *sync.Attribution // who did at RingCentral what the change follows; nil: not known
}

func (m *MoveRow) scan(rows *sql.Rows) error {
	return rows.Scan(&m.At, &m.RunID, &m.Account, &m.MemberID, &m.FirstName, &m.LastName, &m.Email, &m.Role,
		&m.Kind, &m.Came, &m.Reason, &m.Actor, sqlrows.Source{Into: &m.Source})
}

// Moves yields who came and who left in runs that began since a time, oldest first; of one
// account, or of all ("").
func (s Reader) Moves(ctx context.Context, account string, since time.Time) iter.Seq2[MoveRow, error] {
	return database.Told(sqlrows.Stream(ctx, s.db.Reads, (*MoveRow).scan, `
		SELECT coalesce(r.finished_at, ''), r.run_id, m.account, m.member_id, m.first_name, m.last_name, m.email, m.role,
		       c.kind, c.field IS NULL OR c.after = 'active', c.reason, r.actor, c.source
		  FROM runs r CROSS JOIN changes c ON c.run_id = r.run_id
		  JOIN members m ON m.member_id = c.member_id AND m.account = r.account
		 WHERE r.job = 'members' AND r.started_at >= ?1 AND (?2 = '' OR r.account = ?2)
		   AND (c.field IS NULL OR c.field = 'status')
		 ORDER BY r.run_id, r.account, c.change_id`, sqlrows.Stamp(since), account), s.db.Path())
}

// AccessRow is an active member with what the account's access review asks.
type AccessRow struct {
	MemberID   int64
	Account    string
	FirstName  string
	LastName   string
	Email      string
	Role       string
	RolePinned bool
	Since      string // since when they are active
	Managed    bool
	Linked     bool
	AbsentDays int
	LastSeenAt *string      // nil: never
	Kind       *sync.Kind   // of the change with which they came, or were linked, last; nil: the history has it no more
	Reason     *sync.Reason // of that change
}

func (a *AccessRow) scan(rows *sql.Rows) error {
	return rows.Scan(&a.MemberID, &a.Account, &a.FirstName, &a.LastName, &a.Email, &a.Role, &a.RolePinned, &a.Since,
		&a.Managed, &a.Linked, &a.AbsentDays, &a.LastSeenAt, &a.Kind, &a.Reason)
}

// Access yields the active members of one account, or of all (""), by member id.
func (s Reader) Access(ctx context.Context, account string) iter.Seq2[AccessRow, error] {
	return database.Told(sqlrows.Stream(ctx, s.db.Reads, (*AccessRow).scan, `
		SELECT v.member_id, v.account, v.first_name, v.last_name, v.email, v.role,
		       v.pins <> '[]' AND EXISTS (SELECT 1 FROM json_each(v.pins) p WHERE p.value ->> '$.field' = 'role'),
		       coalesce(v.reactivated_at, v.created_at), v.managed, m.linked, v.absent_days, v.last_seen_at, c.kind, c.reason
		  FROM members m JOIN roster v ON v.member_id = m.member_id
		  LEFT JOIN changes c ON c.change_id = (
		       SELECT max(x.change_id) FROM changes x
		        WHERE x.member_id = m.member_id AND x.kind IN ('onboard', 'link', 'reactivate'))
		 WHERE +m.status = 'active' AND (?1 = '' OR +m.account = ?1)
		 ORDER BY m.member_id`, account), s.db.Path())
}
