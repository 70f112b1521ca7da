package store

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"

	"ringroster/sync"
)

// The statements of one commit. decidedArgs and keptArgs give the values of
// their columns in this order.
const (
	insertMemberSQL = `
		INSERT INTO members (
		       status, managed, rc_user_id, username, first_name, last_name, email, role,
		       extension_number, department, job_title, site, data_source, activity_id,
		       deactivation_reason, time_zone, language, teams, categories, permissions, pins, search,
		       linked, synced, synced_roles, synced_logins, synced_regional, admin_ids,
		       absent_days, absent_on, last_seen_at, rejected,
		       account, created_at, created_by, updated_at, updated_by)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`
	updateMemberSQL = `
		UPDATE members
		   SET status = ?, managed = ?, rc_user_id = ?, username = ?, first_name = ?, last_name = ?, email = ?, role = ?,
		       extension_number = ?, department = ?, job_title = ?, site = ?, data_source = ?, activity_id = ?,
		       deactivation_reason = ?, time_zone = ?, language = ?,
		       teams = ?, categories = ?, permissions = ?, pins = ?, search = ?,
		       linked = ?, synced = ?, synced_roles = ?, synced_logins = ?, synced_regional = ?, admin_ids = ?,
		       absent_days = ?, absent_on = ?, last_seen_at = ?, rejected = ?,
		       deactivated_at = CASE WHEN status = 'active' AND ? = 'inactive' THEN ? ELSE deactivated_at END,
		       reactivated_at = CASE WHEN status = 'inactive' AND ? = 'active' THEN ? ELSE reactivated_at END,
		       updated_at = ?, updated_by = ?
		 WHERE member_id = ? AND account = ?`
	markMemberSQL = `
		UPDATE members
		   SET linked = ?, synced = ?, synced_roles = ?, synced_logins = ?, synced_regional = ?, admin_ids = ?,
		       absent_days = ?, absent_on = ?, last_seen_at = ?, rejected = ?
		 WHERE member_id = ? AND account = ?`
	upsertLoginSQL = `
		INSERT INTO logins (
		       member_id, sub_account_id, agent_id, sub_account, agent_group_id, agent_group,
		       agent_type, user_name, data_source, active)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT (member_id, sub_account_id, agent_id) DO UPDATE
		   SET sub_account = excluded.sub_account, agent_group_id = excluded.agent_group_id,
		       agent_group = excluded.agent_group, agent_type = excluded.agent_type,
		       user_name = excluded.user_name, data_source = excluded.data_source, active = excluded.active`
	insertChangeSQL = `
		INSERT INTO changes (run_id, member_id, kind, field, before, after, reason)
		VALUES (?, ?, ?, ?, ?, ?, ?)`
)

// writer writes members and their history within one transaction.
type writer struct {
	run     sync.RunID
	account string
	actor   string
	now     *string // one time for everything in the commit

	insert, update, mark, login, change *sql.Stmt

	args []any // reused for every row
	buf  []byte
}

func newWriter(ctx context.Context, tx *sql.Tx, c *sync.Commit, actor string) (*writer, error) {
	w := &writer{run: c.Run, account: c.Account, actor: actor, now: stamp(c.FinishedAt)}
	for _, s := range []struct {
		into **sql.Stmt
		text string
	}{
		{&w.insert, insertMemberSQL},
		{&w.update, updateMemberSQL},
		{&w.mark, markMemberSQL},
		{&w.login, upsertLoginSQL},
		{&w.change, insertChangeSQL},
	} {
		stmt, err := tx.PrepareContext(ctx, s.text) //nolint:sqlclosecheck // closed with the transaction
		if err != nil {
			return nil, err
		}
		*s.into = stmt
	}
	return w, nil
}

func (w *writer) writePlan(ctx context.Context, p *sync.Plan) error {
	// The driver starts a goroutine per statement for a context that can end.
	// So it gets one that cannot, and we look at ours between the rows.
	quiet := context.WithoutCancel(ctx)
	for i := range p.Changes {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := w.writeChange(quiet, &p.Changes[i]); err != nil {
			return fmt.Errorf("%s %s: %w", p.Changes[i].Kind, p.Changes[i].Name, err)
		}
	}
	for _, m := range p.Marks {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := w.writeMark(quiet, m); err != nil {
			return fmt.Errorf("member %d: %w", m.ID, err)
		}
	}
	return nil
}

// writeChange writes the member first: its history needs the id.
func (w *writer) writeChange(ctx context.Context, c *sync.Change) error {
	if c.Member == 0 {
		if err := w.insertMember(ctx, c.Next); err != nil {
			return err
		}
	} else if err := w.updateMember(ctx, c.Member, c.Next); err != nil {
		return err
	}
	for i := range c.Next.Logins {
		if err := w.writeLogin(ctx, c.Next.ID, &c.Next.Logins[i]); err != nil {
			return err
		}
	}
	return w.writeHistory(ctx, c)
}

func (w *writer) insertMember(ctx context.Context, m *sync.Member) error {
	w.args = w.appendKept(w.appendDecided(w.args[:0], m), m)
	w.args = append(w.args, w.account, w.now, w.actor, w.now, w.actor)
	result, err := w.insert.ExecContext(ctx, w.args...)
	if err != nil {
		return duplicate(m, err)
	}
	m.ID, err = result.LastInsertId()
	return err
}

// updateMember writes every column. The statement compares old and new status
// for the times of leaving and coming back.
func (w *writer) updateMember(ctx context.Context, id int64, m *sync.Member) error {
	w.args = w.appendKept(w.appendDecided(w.args[:0], m), m)
	w.args = append(w.args, m.Status, w.now, m.Status, w.now, w.now, w.actor, id, w.account)
	m.ID = id
	return duplicate(m, w.execOne(ctx, w.update))
}

// writeMark moves bookkeeping alone: no history, and nobody becomes its author.
func (w *writer) writeMark(ctx context.Context, m *sync.Member) error {
	w.args = append(w.appendKept(w.args[:0], m), m.ID, w.account)
	return w.execOne(ctx, w.mark)
}

// execOne runs a statement that must hit exactly one member. One that was
// deleted by hand since the plan was made is a roster that moved.
func (w *writer) execOne(ctx context.Context, stmt *sql.Stmt) error {
	result, err := stmt.ExecContext(ctx, w.args...)
	if err != nil {
		return err
	}
	n, err := result.RowsAffected()
	if err == nil && n != 1 {
		err = fmt.Errorf("%w: the member is gone", sync.ErrMoved)
	}
	return err
}

// writeLogin adds or replaces a login; none is ever removed (R8).
func (w *writer) writeLogin(ctx context.Context, member int64, l *sync.Login) error {
	w.args = append(w.args[:0], member, l.SubAccountID, l.AgentID, l.SubAccount, l.AgentGroupID, l.AgentGroup,
		l.AgentType, l.UserName, l.DataSource, l.Active)
	_, err := w.login.ExecContext(ctx, w.args...)
	return err
}

// writeHistory writes one row for an onboarding and one per field for the rest
// (design.md, section 5).
func (w *writer) writeHistory(ctx context.Context, c *sync.Change) error {
	if c.Kind == sync.Onboard {
		after, err := c.Next.MarshalJSON()
		if err != nil {
			return err
		}
		w.args = append(w.args[:0], w.run, c.Next.ID, c.Kind, nil, nil, string(after), c.Reason)
		_, err = w.change.ExecContext(ctx, w.args...)
		return err
	}
	for _, f := range c.Fields {
		w.args = append(w.args[:0], w.run, c.Next.ID, c.Kind, f.Field, f.Before, f.After, f.Reason)
		if _, err := w.change.ExecContext(ctx, w.args...); err != nil {
			return err
		}
	}
	return nil
}

// appendDecided appends what a plan decides about a member and people see.
func (w *writer) appendDecided(args []any, m *sync.Member) []any {
	p := &m.Profile
	return append(args, m.Status, m.Managed, m.RCUserID, m.Username,
		p[sync.FirstName], p[sync.LastName], p[sync.Email], p[sync.Role],
		p[sync.ExtensionNumber], p[sync.Department], p[sync.JobTitle], p[sync.Site], p[sync.DataSource],
		m.Own[sync.ActivityID], m.DeactivationReason, p[sync.TimeZone], p[sync.Language],
		m.Own.Text(sync.Teams), m.Own.Text(sync.Categories), m.Own.Text(sync.Permissions), sync.PinsJSON(m.Pins), searchText(m))
}

// appendKept appends the bookkeeping of the syncs.
func (w *writer) appendKept(args []any, m *sync.Member) []any {
	w.buf = appendSynced(w.buf[:0], m.Synced.Status, m.Synced.RCUserID, &m.Synced.Profile)
	return append(args, m.Linked, string(w.buf), m.Synced.Roles, m.Synced.Logins, m.Synced.Regional, idList(m.AdminIDs),
		m.AbsentDays, m.AbsentOn, stamp(m.LastSeenAt), m.Rejected)
}

func idList(ids []string) string {
	text, _ := jsonList(slices.Sorted(slices.Values(ids))) // strings cannot fail
	return text
}

// duplicate names the member that breaks a UNIQUE index.
func duplicate(m *sync.Member, err error) error {
	if !isDuplicate(err) {
		return err
	}
	return fmt.Errorf("another member of account %s has the username %q or the RingEX id %q: %w",
		m.Account, m.Username, m.RCUserID, err)
}

// searchText is what roster list --search looks in.
func searchText(m *sync.Member) string {
	p := &m.Profile
	return fold(strings.Join([]string{
		p[sync.FirstName] + " " + p[sync.LastName], p[sync.Email], m.Username, p[sync.ExtensionNumber],
	}, "\n"))
}
