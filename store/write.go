package store

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"ringroster/sync"
)

// The statements of one commit. appendDecided, appendValues and appendKept give the
// values of their columns in this order.
const (
	insertMemberSQL = `
		INSERT INTO members (
		       member_id, status, rc_user_id, username, role, managed, first_name, last_name, email,
		       extension_number, department, job_title, site, data_source, activity_id,
		       deactivation_reason, time_zone, language, teams, categories, permissions, pins, logins, search,
		       linked, synced, synced_roles, synced_logins, synced_regional, admin_ids,
		       absent_days, absent_on, last_seen_at, rejected,
		       account, created_at, created_by)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`
	// What indexes hold is written only where it changes: it costs most of an update.
	updateIndexedSQL = `
		UPDATE members
		   SET status = ?1, rc_user_id = ?2, username = ?3, role = ?4,
		       deactivated_at = CASE WHEN status = 'active' AND ?1 = 'inactive' THEN ?5 ELSE deactivated_at END,
		       reactivated_at = CASE WHEN status = 'inactive' AND ?1 = 'active' THEN ?5 ELSE reactivated_at END
		 WHERE member_id = ?6 AND account = ?7`
	updateValuesSQL = `
		UPDATE members
		   SET managed = ?, first_name = ?, last_name = ?, email = ?,
		       extension_number = ?, department = ?, job_title = ?, site = ?, data_source = ?, activity_id = ?,
		       deactivation_reason = ?, time_zone = ?, language = ?,
		       teams = ?, categories = ?, permissions = ?, pins = ?, logins = ?, search = ?,
		       linked = ?, synced = ?, synced_roles = ?, synced_logins = ?, synced_regional = ?, admin_ids = ?,
		       absent_days = ?, absent_on = ?, last_seen_at = ?, rejected = ?, seal = ?, updated_at = ?, updated_by = ?
		 WHERE member_id = ? AND account = ?`
	markMemberSQL = `
		UPDATE members
		   SET linked = ?, synced = ?, synced_roles = ?, synced_logins = ?, synced_regional = ?, admin_ids = ?,
		       absent_days = ?, absent_on = ?, last_seen_at = ?, rejected = ?, seal = ?
		 WHERE member_id = ? AND account = ?`
	sealMemberSQL = `UPDATE members SET seal = ? WHERE member_id = ? AND account = ?`
)

// A member who is sealed is inserted by a statement in which stands what they have in
// common with many others: each text that need not be handed over makes a first load
// faster by half a percent. What is theirs alone comes from appendOwn; the other columns
// hold their defaults.
const (
	commonColumns = `account, created_at, created_by, role, data_source, time_zone, language,
		activity_id, teams, categories, permissions, synced_roles`
	ownColumns = `seal, rc_user_id, username, first_name, last_name, email,
		extension_number, department, job_title, site, logins,
		synced_logins, synced_regional, admin_ids, search`
	mostInserts = 64 // such statements are kept at a time
)

// commons are the values of commonColumns that are not the same in all of a commit.
type commons [9]string

func (w *writer) insertSealedSQL(c *commons) string {
	values := []string{sqlText(w.account), sqlText(*w.now), sqlText(w.actor)}
	for _, text := range c {
		values = append(values, sqlText(text))
	}
	return `INSERT INTO members (linked, synced, ` + commonColumns + `, ` + ownColumns + `)
		VALUES (1, '', ` + strings.Join(values, ", ") + strings.Repeat(", ?", strings.Count(ownColumns, ",")+1) + `)`
}

// sqlText is a text as SQL has it; a NUL would end the statement.
func sqlText(text string) string {
	if strings.Contains(text, "\x00") {
		return fmt.Sprintf(`CAST(x'%x' AS TEXT)`, text)
	}
	return `'` + strings.ReplaceAll(text, `'`, `''`) + `'`
}

// writer writes members and their history within one transaction.
type writer struct {
	conn    driver.ConnPrepareContext
	run     sync.RunID
	account string
	actor   string
	now     *string // one time for everything in the commit

	insert, indexed, values, mark, seal, change, onboarded *statement
	prepared                                               []*statement
	inserts                                                map[commons]*statement // of members who are sealed

	newcomers newcomers
	firstID   any // of the commit's first newcomer; nil: the next after the last member

	// firstPlan is true for a plan made before the account had a version: then
	// nothing shows whether somebody edited rows since.
	firstPlan bool

	args  []any // reused for every row
	texts []string
}

// freeIDSQL is an id that nobody had, where SQLite would give away that of a member who
// was deleted by hand, together with their history; else NULL.
const freeIDSQL = `
	SELECT CASE WHEN last > (SELECT coalesce(max(member_id), 0) FROM members) THEN last + 1 END
	  FROM (SELECT max(member_id) AS last FROM changes)`

// newWriter prepares the statements. It has to be closed even after an error.
func newWriter(ctx context.Context, conn driver.ConnPrepareContext, c *sync.Commit, actor string, firstID any) (*writer, error) {
	w := &writer{
		conn: conn, firstID: firstID, run: c.Run, account: c.Account, actor: actor, now: stamp(c.FinishedAt), firstPlan: c.Plan.Version == 0,
		inserts: map[commons]*statement{},
	}
	for _, s := range []struct {
		into **statement
		text string
	}{
		{&w.insert, insertMemberSQL},
		{&w.indexed, updateIndexedSQL},
		{&w.values, updateValuesSQL},
		{&w.mark, markMemberSQL},
		{&w.seal, sealMemberSQL},
		{&w.change, insertChangeSQL},
		{&w.onboarded, insertOnboardedSQL},
	} {
		stmt, err := prepare(ctx, conn, s.text)
		if err != nil {
			return w, err
		}
		*s.into, w.prepared = stmt, append(w.prepared, stmt)
	}
	return w, nil
}

func (w *writer) close() error { return errors.Join(closeAll(w.prepared), w.closeInserts()) }

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
	if err := w.writeOnboarded(quiet); err != nil {
		return err
	}
	for _, m := range p.Marks {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := w.writeMark(quiet, m); err != nil {
			return fmt.Errorf("member %d: %w", m.ID, err)
		}
	}
	if w.firstPlan {
		return ctx.Err() // the next run seals: who knows what the rows hold
	}
	for i := range p.Seals {
		w.args = append(w.args[:0], p.Seals[i].Text, p.Seals[i].ID, w.account)
		if err := w.execOne(quiet, w.seal); err != nil {
			return fmt.Errorf("member %d: %w", p.Seals[i].ID, err)
		}
	}
	return ctx.Err()
}

// writeChange writes the member first: its history needs the id.
func (w *writer) writeChange(ctx context.Context, c *sync.Change) error {
	next := c.Next()
	if c.Kind == sync.Onboard {
		if err := w.insertMember(ctx, next); err != nil {
			return err
		}
		c.Member = next.ID
	} else if err := w.updateMember(ctx, c, next); err != nil {
		return err
	}
	return w.writeHistory(ctx, c)
}

func (w *writer) insertMember(ctx context.Context, m *sync.Member) error {
	var result driver.Result
	var err error
	if seal := m.Seal(); seal != "" && w.firstID == nil {
		result, err = w.insertSealed(ctx, m, seal)
	} else {
		w.args = w.appendKept(w.appendDecided(append(w.args[:0], w.firstID), m), m, syncedText(m))
		w.args = append(w.args, w.account, w.now, w.actor)
		result, err = w.insert.exec(ctx, w.args)
		w.firstID = nil
	}
	if err != nil {
		return duplicate(m, err)
	}
	m.ID, err = result.LastInsertId()
	return err
}

// insertSealed inserts a member who is sealed.
func (w *writer) insertSealed(ctx context.Context, m *sync.Member, seal string) (driver.Result, error) {
	p := &m.Profile
	c := commons{
		p[sync.Role], p[sync.DataSource], p[sync.TimeZone], p[sync.Language],
		m.Own[sync.ActivityID], m.Own.Text(sync.Teams), m.Own.Text(sync.Categories), m.Own.Text(sync.Permissions), m.Synced.Roles,
	}
	stmt := w.inserts[c]
	if stmt == nil {
		if len(w.inserts) == mostInserts {
			if err := w.closeInserts(); err != nil {
				return nil, err
			}
		}
		var err error
		if stmt, err = prepare(ctx, w.conn, w.insertSealedSQL(&c)); err != nil {
			return nil, err
		}
		w.inserts[c] = stmt
	}
	w.texts = appendOwn(w.texts[:0], m, seal)
	return stmt.execTexts(ctx, w.texts)
}

func (w *writer) closeInserts() error {
	err := closeAll(slices.Collect(maps.Values(w.inserts)))
	clear(w.inserts)
	return err
}

// updateMember writes every column that may have changed.
func (w *writer) updateMember(ctx context.Context, c *sync.Change, m *sync.Member) error {
	if c.Kind != sync.Update || slices.ContainsFunc(c.Fields, func(f sync.FieldChange) bool { return indexedFields[f.Field] }) {
		w.args = append(w.args[:0], m.Status, m.RCUserID, m.Username, m.Profile[sync.Role], w.now, c.Member, w.account)
		if err := w.execOne(ctx, w.indexed); err != nil {
			return duplicate(m, err)
		}
	}
	w.args = w.appendKept(w.appendValues(w.args[:0], m), m, syncedText(m))
	w.args = append(w.args, sealOf(m, w.knowsAll(c.Kind)), w.now, w.actor, c.Member, w.account)
	return w.execOne(ctx, w.values)
}

// indexedFields are those that updateIndexedSQL writes.
var indexedFields = map[string]bool{"status": true, "rc_user_id": true, "username": true, sync.Role.String(): true}

// writeMark moves bookkeeping alone: no history, and nobody becomes its author.
func (w *writer) writeMark(ctx context.Context, m *sync.Member) error {
	synced := syncedText(m)
	if w.firstPlan {
		synced = syncedJSON(m) // who knows what the row holds
	}
	w.args = append(w.appendKept(w.args[:0], m, synced), sealOf(m, !w.firstPlan), m.ID, w.account)
	return w.execOne(ctx, w.mark)
}

// knowsAll says whether a change leads to a member whose every row the plan has
// seen. What an operator does gets no seal: the next sync looks at it first.
func (w *writer) knowsAll(kind sync.Kind) bool {
	return !w.firstPlan && (kind == sync.Link || kind == sync.Reactivate || kind == sync.Update)
}

// sealOf is the seal of a member that is written; nil: none.
func sealOf(m *sync.Member, knowsAll bool) any {
	if !knowsAll {
		return nil
	}
	if seal := m.Seal(); seal != "" {
		return seal
	}
	return nil
}

// execOne runs a statement that must hit exactly one member. One that was
// deleted by hand since the plan was made is a roster that moved.
func (w *writer) execOne(ctx context.Context, stmt *statement) error {
	result, err := stmt.exec(ctx, w.args)
	if err != nil {
		return err
	}
	n, err := result.RowsAffected()
	if err == nil && n != 1 {
		err = fmt.Errorf("%w: the member is gone", sync.ErrMoved)
	}
	return err
}

// appendDecided appends what a plan decides about a member and people see.
func (w *writer) appendDecided(args []any, m *sync.Member) []any {
	return w.appendValues(append(args, m.Status, m.RCUserID, m.Username, m.Profile[sync.Role]), m)
}

// appendValues appends what is in no index of it.
func (w *writer) appendValues(args []any, m *sync.Member) []any {
	p := &m.Profile
	return append(args, m.Managed, p[sync.FirstName], p[sync.LastName], p[sync.Email],
		p[sync.ExtensionNumber], p[sync.Department], p[sync.JobTitle], p[sync.Site], p[sync.DataSource],
		m.Own[sync.ActivityID], m.DeactivationReason, p[sync.TimeZone], p[sync.Language],
		m.Own.Text(sync.Teams), m.Own.Text(sync.Categories), m.Own.Text(sync.Permissions), sync.PinsJSON(m.Pins), loginsText(m.Logins), searchText(m))
}

// appendKept appends the bookkeeping of the syncs.
func (w *writer) appendKept(args []any, m *sync.Member, synced string) []any {
	return append(args, m.Linked, synced, m.Synced.Roles, m.Synced.Logins, m.Synced.Regional, idList(m.AdminIDs),
		m.AbsentDays, m.AbsentOn, stamp(m.LastSeenAt), m.Rejected)
}

// appendOwn appends what a new member who is sealed shares with few.
func appendOwn(texts []string, m *sync.Member, seal string) []string {
	p := &m.Profile
	return append(texts, seal, m.RCUserID, m.Username, p[sync.FirstName], p[sync.LastName], p[sync.Email],
		p[sync.ExtensionNumber], p[sync.Department], p[sync.JobTitle], p[sync.Site], loginsText(m.Logins),
		m.Synced.Logins, m.Synced.Regional, idList(m.AdminIDs), searchText(m))
}

func idList(ids []string) string {
	if len(ids) == 0 {
		return "[]"
	}
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
