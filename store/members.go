package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"iter"

	"ringroster/sync"
)

// A member's row is repeated for each of its logins; one cursor in the order of
// both keys gives everybody once, in constant memory.
const membersSQL = `
	SELECT m.member_id, m.status, m.managed, m.linked, m.rc_user_id, m.username,
	       m.first_name, m.last_name, m.email, m.role, m.extension_number,
	       m.department, m.job_title, m.site, m.data_source, m.activity_id, m.deactivation_reason,
	       m.time_zone, m.language, m.teams, m.categories, m.permissions, m.pins,
	       m.synced, m.synced_roles, m.synced_logins, m.synced_regional, m.admin_ids,
	       m.absent_days, m.absent_on, m.last_seen_at, m.rejected,
	       l.sub_account_id, l.sub_account, l.agent_group_id, l.agent_group, l.agent_id,
	       l.agent_type, l.user_name, l.data_source, l.active
	  FROM members m LEFT JOIN logins l ON l.member_id = m.member_id
	 WHERE m.account = ?
	 ORDER BY m.member_id, l.sub_account_id, l.agent_id`

// Members yields every member of an account with its logins, by member id, as
// they stood at one instant. It streams: memory does not grow with the roster.
func (s *Store) Members(ctx context.Context, account string) iter.Seq2[*sync.Member, error] {
	return func(yield func(*sync.Member, error) bool) {
		err := streamMembers(ctx, s.r, account, func(m *sync.Member) bool { return yield(m, nil) })
		if err != nil {
			yield(nil, explain("read the members of account "+account+" from", s.path, err))
		}
	}
}

// streamMembers yields a member when the first row of the next one, or the end,
// shows that its logins are complete.
func streamMembers(ctx context.Context, db reader, account string, yield func(*sync.Member) bool) error {
	rows, err := db.QueryContext(ctx, membersSQL, account)
	if err != nil {
		return err
	}
	defer func() { _ = rows.Close() }() // rows.Err tells what went wrong
	var row memberRow
	dest := row.dest()
	var last *sync.Member
	for rows.Next() {
		if err := rows.Scan(dest...); err != nil {
			return err
		}
		if last == nil || last.ID != row.m.ID {
			if last != nil && !yield(last) {
				return nil
			}
			if last, err = row.member(account); err != nil {
				return err
			}
		}
		if row.subAccountID.Valid {
			last.Logins = append(last.Logins, row.login())
		}
	}
	if err := rows.Err(); err != nil {
		return err
	}
	if last != nil {
		yield(last)
	}
	return nil
}

// memberRow is one row of membersSQL. Login columns are NULL for a member that
// has none.
type memberRow struct {
	m        sync.Member
	synced   string
	adminIDs string
	pins     string
	lastSeen sql.NullString

	subAccountID, subAccount, groupID, group, agentID, agentType, userName, dataSource sql.NullString
	active                                                                             sql.NullBool

	buf []byte
}

// dest lists where the columns of membersSQL go, in their order.
func (r *memberRow) dest() []any {
	m, p := &r.m, &r.m.Profile
	return []any{
		&m.ID, &m.Status, &m.Managed, &m.Linked, &m.RCUserID, &m.Username,
		&p[sync.FirstName], &p[sync.LastName], &p[sync.Email], &p[sync.Role], &p[sync.ExtensionNumber],
		&p[sync.Department], &p[sync.JobTitle], &p[sync.Site], &p[sync.DataSource],
		&m.Own[sync.ActivityID], &m.DeactivationReason,
		&p[sync.TimeZone], &p[sync.Language],
		&m.Own[sync.Teams], &m.Own[sync.Categories], &m.Own[sync.Permissions], &r.pins,
		&r.synced, &m.Synced.Roles, &m.Synced.Logins, &m.Synced.Regional, &r.adminIDs,
		&m.AbsentDays, &m.AbsentOn, &r.lastSeen, &m.Rejected,
		&r.subAccountID, &r.subAccount, &r.groupID, &r.group, &r.agentID,
		&r.agentType, &r.userName, &r.dataSource, &r.active,
	}
}

// member copies the row, which the next one will overwrite.
func (r *memberRow) member(account string) (*sync.Member, error) {
	m := r.m
	m.Account = account
	var err error
	if r.buf, err = decodeSynced(r.buf, r.synced, &m); err != nil {
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
	if m.LastSeenAt, err = parseStamp(r.lastSeen); err != nil {
		return nil, fmt.Errorf("member %d: column last_seen_at: %w", m.ID, err)
	}
	return &m, nil
}

func (r *memberRow) login() sync.Login {
	return sync.Login{
		SubAccountID: r.subAccountID.String, SubAccount: r.subAccount.String,
		AgentGroupID: r.groupID.String, AgentGroup: r.group.String,
		AgentID: r.agentID.String, AgentType: r.agentType.String,
		UserName: r.userName.String, DataSource: r.dataSource.String,
		Active: r.active.Bool,
	}
}
