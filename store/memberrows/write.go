package memberrows

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"slices"
	"strings"

	"ringroster/store/database"
	"ringroster/store/sqlrows"
	"ringroster/sync"
	"ringroster/sync/fingerprint"
)

// Write writes what a plan changes about members, if it does: with the driver's
// own connection, since database/sql would copy every argument of every row.
func Write(ctx context.Context, conn *sql.Conn, tx *sql.Tx, c *sync.Commit, actor string) error {
	rows := len(c.Plan.Changes) + len(c.Plan.Marks) + len(c.Plan.Seals)
	if rows == 0 {
		return nil
	}
	nextID, err := nextMemberID(ctx, tx)
	if err != nil {
		return err
	}
	return ByOwnHand(ctx, tx, rows, func() error {
		return database.OnDriver(conn, func(driverConn driver.ConnPrepareContext) (err error) {
			if err := ctx.Err(); err != nil {
				return err // then the transaction may be gone, and each row would be one of its own
			}
			w, err := newWriter(ctx, driverConn, c, actor, nextID)
			defer func() { err = errors.Join(err, w.close()) }()
			if err == nil {
				err = w.writePlan(ctx, c.Plan)
			}
			return err
		})
	})
}

// plainFields are the synced fields whose columns no index has.
var (
	plainFields       = sqlrows.FieldsWithout(sync.Role)
	plainFieldColumns = sqlrows.ColumnNames(plainFields...)
)

// The columns of members that one commit writes: appendDecided, appendValues and appendKept
// give their values in this order.
var (
	indexedColumns = []string{"status", "rc_user_id", "username", "role"}
	valueColumns   = slices.Concat([]string{
		"managed", "activity_id", "deactivation_reason", "teams", "categories", "permissions", "pins", "logins", "search",
	}, plainFieldColumns)
	keptColumns = []string{
		"linked", "synced", "synced_roles", "synced_logins", "synced_regional", "synced_extension", "admin_ids",
		"absent_days", "absent_on", "last_seen_at", "leaving_since",
	}
	insertColumns = slices.Concat([]string{"member_id"}, indexedColumns, valueColumns, keptColumns, []string{"account", "created_at", "created_by"})
)

// The statements of one commit.
var (
	insertMemberSQL = `INSERT INTO members (` + sqlrows.List(insertColumns, sqlrows.Itself) + `) VALUES (` + sqlrows.List(insertColumns, sqlrows.Value) + `)`
	updateValuesSQL = `
		UPDATE members
		   SET ` + sqlrows.List(valueColumns, sqlrows.Assigned) + `, ` + sqlrows.List(keptColumns, sqlrows.Assigned) + `, seal = ?, updated_at = ?, updated_by = ?
		 WHERE member_id = ? AND account = ?`
	markMemberSQL = `UPDATE members SET ` + sqlrows.List(keptColumns, sqlrows.Assigned) + `, seal = ? WHERE member_id = ? AND account = ?`
)

const (
	// What indexes hold is written only where it changes: it costs most of an update.
	updateIndexedSQL = `
		UPDATE members
		   SET status = ?1, rc_user_id = ?2, username = ?3, role = ?4,
		       deactivated_at = CASE WHEN status = 'active' AND ?1 = 'inactive' THEN ?5 ELSE deactivated_at END,
		       reactivated_at = CASE WHEN status = 'inactive' AND ?1 = 'active' THEN ?5 ELSE reactivated_at END
		 WHERE member_id = ?6 AND account = ?7`
	countBetweenSQL = `SELECT count(*) FROM members WHERE member_id BETWEEN ? AND ?`
	sealMemberSQL   = `UPDATE members SET seal = ? WHERE member_id = ? AND account = ?`
)

// writer writes members and their history within one transaction.
type writer struct {
	conn    driver.ConnPrepareContext
	run     sync.RunID
	account string
	actor   string
	now     *string // one time for everything in the commit

	insert, indexed, values, mark, seal, change, onboarded, there *database.Statement
	prepared                                                      []*database.Statement

	newcomers newcomers

	// firstPlan is true for a plan made before the account had a version: then
	// nothing shows whether somebody edited rows since.
	firstPlan bool

	args []any // reused for every row
}

// newWriter prepares the statements. It has to be closed even after an error.
func newWriter(ctx context.Context, conn driver.ConnPrepareContext, c *sync.Commit, actor string, nextID int64) (*writer, error) {
	w := &writer{
		conn: conn, run: c.Run, account: c.Account, actor: actor, now: sqlrows.Stamp(c.FinishedAt), firstPlan: c.Plan.Version == 0,
		newcomers: newcomers{nextID: nextID, inserts: map[insertion]*database.Statement{}},
	}
	for _, s := range []struct {
		into **database.Statement
		text string
	}{
		{&w.insert, insertMemberSQL},
		{&w.indexed, updateIndexedSQL},
		{&w.values, updateValuesSQL},
		{&w.mark, markMemberSQL},
		{&w.seal, sealMemberSQL},
		{&w.change, insertChangeSQL},
		{&w.onboarded, insertOnboardedSQL},
		{&w.there, countBetweenSQL},
	} {
		stmt, err := database.Prepare(ctx, conn, s.text)
		if err != nil {
			return w, err
		}
		*s.into, w.prepared = stmt, append(w.prepared, stmt)
	}
	return w, nil
}

func (w *writer) close() error {
	return errors.Join(database.CloseAll(w.prepared), w.newcomers.close())
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
			return err
		}
	}
	if err := w.writeNewcomers(quiet); err != nil {
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

// writeChange writes the member, and its history.
func (w *writer) writeChange(ctx context.Context, c *sync.Change) error {
	if c.Kind == sync.Onboard {
		return w.addNewcomer(ctx, c)
	}
	if err := w.writeNewcomers(ctx); err != nil {
		return err
	}
	err := w.updateMember(ctx, c, c.Next())
	if err == nil {
		err = w.writeHistory(ctx, c)
	}
	return about(c, err)
}

// about says whose change failed.
func about(c *sync.Change, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s %s: %w", c.Kind, c.Name, err)
}

// updateMember writes every column that may have changed.
func (w *writer) updateMember(ctx context.Context, c *sync.Change, m *sync.Member) error {
	if c.Kind != sync.Update || slices.ContainsFunc(c.Fields, func(f sync.FieldChange) bool { return indexedFields[f.Field] }) {
		w.args = append(w.args[:0], m.Status, m.RCUserID, m.Username, m.Profile[sync.Role], w.now, c.Member, w.account)
		if err := w.execOne(ctx, w.indexed); err != nil {
			return w.duplicate(m.RCUserID, m.Username, err)
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
	if seal := fingerprint.Seal(m); seal != "" {
		return seal
	}
	return nil
}

// execOne runs a statement that must hit exactly one member. One that was
// deleted by hand since the plan was made is a roster that moved.
func (w *writer) execOne(ctx context.Context, stmt *database.Statement) error {
	result, err := stmt.Exec(ctx, w.args)
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
	args = append(args, m.Managed, m.Own[sync.ActivityID], m.DeactivationReason,
		m.Own.Text(sync.Teams), m.Own.Text(sync.Categories), m.Own.Text(sync.Permissions), sync.PinsJSON(m.Pins), loginsText(m.Logins), searchText(m))
	for _, f := range plainFields {
		args = append(args, m.Profile[f])
	}
	return args
}

// appendKept appends the bookkeeping of the syncs.
func (w *writer) appendKept(args []any, m *sync.Member, synced string) []any {
	return append(args, m.Linked, synced, m.Synced.Roles, m.Synced.Logins, m.Synced.Regional, m.Synced.Extension, idList(m.AdminIDs),
		m.AbsentDays, m.AbsentOn, sqlrows.Stamp(m.LastSeenAt), sqlrows.Stamp(m.LeavingSince))
}

func idList(ids []string) string {
	if len(ids) == 0 {
		return "[]"
	}
	text, _ := sqlrows.JSONList(slices.Sorted(slices.Values(ids))) // strings cannot fail
	return text
}

// duplicate names what breaks a UNIQUE index, if that is the error.
func (w *writer) duplicate(rcUserID, username string, err error) error {
	if !database.IsDuplicate(err) {
		return err
	}
	return fmt.Errorf("another member of account %s has the username %q or the RingEX id %q: %w", w.account, username, rcUserID, err)
}

// searchText is the name, folded, and of e-mail, username and extension number what
// folding changes: that is little for most, and each byte is written for everybody.
func searchText(m *sync.Member) string {
	p := &m.Profile
	kept := []string{sync.FoldText(p[sync.FirstName] + " " + p[sync.LastName])}
	for _, value := range [...]string{p[sync.Email], m.Username, p[sync.ExtensionNumber]} {
		if folded := sync.FoldText(value); folded != value {
			kept = append(kept, folded)
		}
	}
	return strings.Join(kept, "\n")
}
