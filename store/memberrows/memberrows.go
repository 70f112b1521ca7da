// Package memberrows reads and writes members, and writes their history. A first load
// brings a hundred thousand at once: their rows are inserted together, by statements of
// the driver's own. What writes takes the caller's transaction, and is to go through
// ByOwnHand, or the triggers take it for an edit by hand.
package memberrows

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"strconv"
	"strings"

	"ringroster/store/database"
	"ringroster/store/sqlrows"
	"ringroster/sync"
)

// Reader reads the members of a roster.
type Reader struct{ db *database.DB }

// NewReader is for a database that is open, or will be.
func NewReader(db *database.DB) Reader { return Reader{db} }

var membersSQL = `
	SELECT m.member_id, m.status, m.managed, m.linked, m.rc_user_id, m.username, m.activity_id, m.deactivation_reason,
	       m.teams, m.categories, m.permissions, m.pins, m.logins,
	       m.synced, m.synced_roles, m.synced_logins, m.synced_regional, m.synced_extension, m.admin_ids,
	       m.absent_days, m.absent_on, m.last_seen_at, m.leaving_since, m.seal IS NULL, ` + sqlrows.List(sqlrows.FieldColumns, sqlrows.Itself) + `
	  FROM members m
	 WHERE +m.account = ? AND m.member_id IN (SELECT value FROM json_each(?))
	 ORDER BY m.member_id`

// The seals come a batch at a time, as one text: a row of its own for each of a
// hundred thousand members would cost more than all that is done with it.
const sealsSQL = `
	SELECT max(member_id), group_concat(member_id, char(10)), group_concat(coalesce(seal, ''), char(10))
	  FROM (SELECT member_id, seal FROM members
	         WHERE +account = ? AND member_id > ? ORDER BY member_id LIMIT ?)`

// BatchSize is how many members are looked at together.
const BatchSize = 1000

// Members yields every member of an account with its logins, as they stood at one
// instant, but those whose seal known knows. It streams: memory does not grow with
// the roster.
func (s Reader) Members(ctx context.Context, account string, known sync.Known) iter.Seq2[*sync.Member, error] {
	return func(yield func(*sync.Member, error) bool) {
		err := s.db.Read(ctx, func(tx *sql.Tx) error {
			return batchMembers(ctx, tx, account, known, func(m *sync.Member) bool { return yield(m, nil) })
		})
		if err != nil {
			yield(nil, s.db.Explain("read the members of account "+account+" from", err))
		}
	}
}

// batchMembers goes through the seals, a batch at a time, and yields the members that
// are not known, once there are enough of them for a query.
func batchMembers(ctx context.Context, tx *sql.Tx, account string, known sync.Known, yield func(*sync.Member) bool) error {
	unknown := make([]int64, 0, BatchSize)
	for last := int64(0); ; {
		var highest sql.NullInt64
		var ids, seals sql.NullString
		if err := tx.QueryRowContext(ctx, sealsSQL, account, last, BatchSize).Scan(&highest, &ids, &seals); err != nil {
			return err
		}
		var err error
		if unknown, err = appendUnknown(unknown, ids.String, seals.String, known); err != nil {
			return err
		}
		if len(unknown) >= BatchSize || !highest.Valid {
			if more, err := streamMembers(ctx, tx, account, unknown, yield); err != nil || !more {
				return err
			}
			unknown = unknown[:0]
		}
		if !highest.Valid {
			return nil
		}
		last = highest.Int64
	}
}

// appendUnknown appends those of some members, and their seals, that known does not
// know.
func appendUnknown(to []int64, ids, seals string, known sync.Known) ([]int64, error) {
	for ids != "" {
		var number, seal string
		number, ids, _ = strings.Cut(ids, "\n")
		seal, seals, _ = strings.Cut(seals, "\n")
		id, err := strconv.ParseInt(number, 10, 64)
		if err != nil {
			return nil, fmt.Errorf("the seals of the members: %w", err)
		}
		if seal == "" || known == nil || !known(sync.Sealed{ID: id, Text: seal}) {
			to = append(to, id)
		}
	}
	if seals != "" { // then some were taken for others'
		return nil, errors.New("a seal of theirs is none of ringroster's: UPDATE members SET seal = NULL breaks all, and the next sync reads everybody")
	}
	return to, nil
}

// streamMembers yields the members of an account among those with the given ids. more
// is false once nobody wants any more.
func streamMembers(ctx context.Context, db sqlrows.Reader, account string, ids []int64, yield func(*sync.Member) bool) (more bool, err error) {
	list, err := sqlrows.JSONList(ids)
	if err != nil || len(ids) == 0 {
		return true, err
	}
	var row memberRow
	dest := row.dest()
	for _, err := range sqlrows.Stream(ctx, db, func(_ *struct{}, rows *sql.Rows) error { return rows.Scan(dest...) }, membersSQL, account, list) {
		if err != nil {
			return false, err
		}
		m, err := row.member(account)
		if err != nil || !yield(m) {
			return false, err
		}
	}
	return true, nil
}

// memberRow is one row of membersSQL.
type memberRow struct {
	m        sync.Member
	synced   string
	adminIDs string
	pins     string
	logins   string
	lastSeen sql.NullString
	leaving  sql.NullString
}

// dest lists where the columns of membersSQL go, in their order.
func (r *memberRow) dest() []any {
	m := &r.m
	dest := []any{
		&m.ID, &m.Status, &m.Managed, &m.Linked, &m.RCUserID, &m.Username, &m.Own[sync.ActivityID], &m.DeactivationReason,
		&m.Own[sync.Teams], &m.Own[sync.Categories], &m.Own[sync.Permissions], &r.pins, &r.logins,
		&r.synced, &m.Synced.Roles, &m.Synced.Logins, &m.Synced.Regional, &m.Synced.Extension, &r.adminIDs,
		&m.AbsentDays, &m.AbsentOn, &r.lastSeen, &r.leaving, &m.Unsealed,
	}
	for f := range m.Profile {
		dest = append(dest, &m.Profile[f])
	}
	return dest
}

// member copies the row, which the next one will overwrite.
func (r *memberRow) member(account string) (*sync.Member, error) {
	m := r.m
	m.Account = account
	err := decodeSynced(r.synced, &m)
	if err != nil {
		return nil, err
	}
	if r.adminIDs != "[]" {
		if err := json.Unmarshal([]byte(r.adminIDs), &m.AdminIDs); err != nil {
			return nil, fmt.Errorf("member %d: column admin_ids: %w", m.ID, err)
		}
	}
	if r.pins != "[]" {
		if err := json.Unmarshal([]byte(r.pins), &m.Pins); err != nil {
			return nil, fmt.Errorf("member %d: column pins: %w", m.ID, err)
		}
	}
	if err := DecodeLogins(r.logins, &m); err != nil {
		return nil, err
	}
	if m.LastSeenAt, err = sqlrows.ParseStamp(r.lastSeen); err != nil {
		return nil, fmt.Errorf("member %d: column last_seen_at: %w", m.ID, err)
	}
	if m.LeavingSince, err = sqlrows.ParseStamp(r.leaving); err != nil {
		return nil, fmt.Errorf("member %d: column leaving_since: %w", m.ID, err)
	}
	return &m, nil
}
