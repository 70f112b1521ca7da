package contactrows

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"strings"

	"ringroster/store/database"
	"ringroster/store/heldrows"
	"ringroster/store/sqlrows"
	"ringroster/sync"
)

// The statements of a commit of contacts.
const (
	insertContactSQL = `
		INSERT INTO contact_entries (
		       type, status, first_name, last_name, name, email, extension_number,
		       phone_numbers, department, job_title, site, updated_at, account, rc_id)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`
	updateContactSQL = `
		UPDATE contact_entries
		   SET type = ?, status = ?, first_name = ?, last_name = ?, name = ?, email = ?, extension_number = ?,
		       phone_numbers = ?, department = ?, job_title = ?, site = ?, updated_at = ?, leaving_since = NULL
		 WHERE account = ? AND rc_id = ? AND contact_id = ?`
	deleteContactSQL  = `DELETE FROM contact_entries WHERE account = ? AND contact_id = ?`
	leavingContactSQL = `UPDATE contact_entries SET leaving_since = ? WHERE account = ? AND contact_id = ?`
	contactSearchSQL  = `INSERT INTO contact_search (contact_id, text) VALUES (?, ?) ON CONFLICT DO UPDATE SET text = excluded.text`
	contactHistorySQL = `
		INSERT INTO contact_history (run_id, contact_id, account, rc_id, name, kind, field, before, after, reason)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`
)

// Commit does all that a contact plan asks for, or returns sync.ErrMoved where it was made
// from another version of the contacts. It returns the highest number under which something
// waits then, or 0.
func Commit(ctx context.Context, conn *sql.Conn, tx *sql.Tx, c *sync.Commit) (held sync.RunID, err error) {
	const versionSQL = `SELECT contacts_version FROM accounts WHERE account = ?`
	if err := database.CheckVersion(ctx, tx, versionSQL, c.Account, c.Contacts.Version); err != nil {
		return 0, err
	}
	if err := writeContacts(ctx, conn, c); err != nil {
		return 0, err
	}
	if err := raiseContacts(ctx, tx, c); err != nil {
		return 0, err
	}
	return heldrows.Commit(ctx, tx, c)
}

// writeContacts writes what a plan changes about contacts, if it does, with the driver's own connection,
// as members are written.
func writeContacts(ctx context.Context, conn *sql.Conn, c *sync.Commit) error {
	if len(c.Contacts.Changes)+len(c.Contacts.Marks) == 0 {
		return nil
	}
	return database.OnDriver(conn, func(driverConn driver.ConnPrepareContext) (err error) {
		if err := ctx.Err(); err != nil {
			return err // then the transaction may be gone, and each row would be one of its own
		}
		w, err := newContactWriter(ctx, driverConn, c)
		defer func() { err = errors.Join(err, database.CloseAll(w.prepared)) }()
		if err == nil {
			err = w.writePlan(ctx, c.Contacts)
		}
		return err
	})
}

// raiseContacts raises the contacts' version and notes what the commit settles.
// An account that was never bound is bound to the RingEX account that answered
// (R4).
func raiseContacts(ctx context.Context, tx *sql.Tx, c *sync.Commit) error {
	_, err := tx.ExecContext(ctx, `
		INSERT INTO accounts (account, contacts_version, ringex_account_id) VALUES (?1, 1, ?2)
		ON CONFLICT (account) DO UPDATE
		   SET contacts_version = contacts_version + 1,
		       ringex_account_id = CASE ringex_account_id WHEN '' THEN ?2 ELSE ringex_account_id END`,
		c.Account, c.Identity.RingEXAccountID)
	if err != nil || !c.Full {
		return err
	}
	_, err = tx.ExecContext(ctx, `UPDATE accounts SET contacts_snapshot_at = ? WHERE account = ?`, sqlrows.Stamp(c.TakenAt), c.Account)
	return err
}

// Counts puts what a contact run did under the words that the columns of
// runs have: listed are people, added ones onboarded, returned ones reactivated,
// and what went, or was marked, is deactivated.
func Counts(s *sync.ContactSummary, applied map[sync.Kind]int) sync.Summary {
	applied[sync.Onboard], applied[sync.Update], applied[sync.Reactivate] = s.Added, s.Updated, s.Returned
	applied[sync.Deactivate] = s.Removed + s.Marked
	return sync.Summary{People: s.Listed, Unchanged: s.Unchanged, Held: s.Held, Conflicts: s.Faulty}
}

// contactWriter writes contacts and their history within one transaction.
type contactWriter struct {
	run     sync.RunID
	account string
	now     *string

	insert, update, remove, leaving, search, history *database.Statement
	prepared                                         []*database.Statement

	args []any // reused for every row
}

// newContactWriter prepares the statements. It has to be closed even after an error.
func newContactWriter(ctx context.Context, conn driver.ConnPrepareContext, c *sync.Commit) (*contactWriter, error) {
	w := &contactWriter{run: c.Run, account: c.Account, now: sqlrows.Stamp(c.FinishedAt)}
	for _, s := range []struct {
		into **database.Statement
		text string
	}{
		{&w.insert, insertContactSQL},
		{&w.update, updateContactSQL},
		{&w.remove, deleteContactSQL},
		{&w.leaving, leavingContactSQL},
		{&w.search, contactSearchSQL},
		{&w.history, contactHistorySQL},
	} {
		stmt, err := database.Prepare(ctx, conn, s.text)
		if err != nil {
			return w, err
		}
		*s.into, w.prepared = stmt, append(w.prepared, stmt)
	}
	return w, nil
}

func (w *contactWriter) writePlan(ctx context.Context, p *sync.ContactPlan) error {
	quiet := context.WithoutCancel(ctx) // as members are written
	for i := range p.Changes {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := w.write(quiet, &p.Changes[i]); err != nil {
			return fmt.Errorf("%s contact %s: %w", p.Changes[i].Kind, p.Changes[i].Contact.Label(), err)
		}
	}
	for _, c := range p.Marks {
		w.args = append(w.args[:0], sqlrows.Stamp(c.LeavingSince), w.account, c.ID)
		if err := w.one(quiet, w.leaving); err != nil {
			return fmt.Errorf("contact %d: %w", c.ID, err)
		}
	}
	return nil
}

// write writes the contact first: its history needs the number.
func (w *contactWriter) write(ctx context.Context, c *sync.ContactChange) error {
	switch c.Kind {
	case sync.AddContact:
		w.args = append(w.fields(c.Contact), w.account, c.Contact.RCID)
		result, err := w.insert.Exec(ctx, w.args)
		if err != nil {
			return err
		}
		if c.Contact.ID, err = result.LastInsertId(); err != nil {
			return err
		}
	case sync.RemoveContact:
		w.args = append(w.args[:0], w.account, c.Contact.ID)
		if err := w.one(ctx, w.remove); err != nil {
			return err
		}
		return w.remember(ctx, c)
	default:
		w.args = append(w.fields(c.Contact), w.account, c.Contact.RCID, c.Contact.ID)
		if err := w.one(ctx, w.update); err != nil {
			return err
		}
	}
	w.args = append(w.args[:0], c.Contact.ID, contactText(c.Contact))
	if _, err := w.search.Exec(ctx, w.args); err != nil {
		return err
	}
	return w.remember(ctx, c)
}

// fields are the values of the columns that contacts have in common.
func (w *contactWriter) fields(c *sync.Contact) []any {
	args := w.args[:0]
	for i := range c.Fields {
		args = append(args, c.Fields[i])
	}
	return append(args, w.now)
}

// one runs a statement that must hit exactly one contact.
func (w *contactWriter) one(ctx context.Context, stmt *database.Statement) error {
	result, err := stmt.Exec(ctx, w.args)
	if err != nil {
		return err
	}
	n, err := result.RowsAffected()
	if err == nil && n != 1 {
		err = fmt.Errorf("%w: the contact is gone", sync.ErrMoved)
	}
	return err
}

// remember writes one row for what came or went, whole, and one per field for
// the rest.
func (w *contactWriter) remember(ctx context.Context, c *sync.ContactChange) error {
	row := func(field, before, after any, reason sync.Reason) error {
		w.args = append(w.args[:0], w.run, c.Contact.ID, w.account, c.Contact.RCID, c.Contact.Label(), c.Kind, field, before, after, reason)
		_, err := w.history.Exec(ctx, w.args)
		return err
	}
	if c.Kind == sync.AddContact || c.Kind == sync.RemoveContact {
		whole, err := c.Contact.MarshalJSON()
		if err != nil {
			return err
		}
		if c.Kind == sync.AddContact {
			return row(nil, nil, string(whole), c.Reason)
		}
		return row(nil, string(whole), nil, c.Reason)
	}
	for _, f := range c.Fields {
		if err := row(f.Field, f.Before, f.After, f.Reason); err != nil {
			return err
		}
	}
	return nil
}

// contactText is what contacts list --search looks in: name, e-mail, department,
// extension, and the digits of every phone number.
func contactText(c *sync.Contact) string {
	f := &c.Fields
	parts := []string{
		f[sync.ContactFirstName] + " " + f[sync.ContactLastName], f[sync.ContactName], f[sync.ContactEmail],
		f[sync.ContactDepartment], f[sync.ContactExtension],
	}
	for _, phone := range sync.ParsePhones(f[sync.ContactPhones]) {
		parts = append(parts, "+"+digits(phone.Number))
	}
	return sync.FoldText(strings.Join(parts, "\n"))
}

func digits(s string) string {
	return strings.Map(func(r rune) rune {
		if r < '0' || r > '9' {
			return -1
		}
		return r
	}, s)
}

// Forget removes the contact that a forgotten member is in RingCentral,
// and blanks what the past says about it. As long as RingCentral lists the entry,
// the next run adds it again.
func Forget(ctx context.Context, tx *sql.Tx, run sync.RunID, account, rcID string) error {
	if rcID == "" {
		return nil
	}
	for _, query := range []string{
		`UPDATE held_changes
		    SET name = '', email = '', state = iif(closed_at IS NULL, 'ended', state),
		        closed_at = coalesce(closed_at, (SELECT started_at FROM runs WHERE run_id = ?3 AND account = ?1))
		  WHERE account = ?1 AND contact_id IN (SELECT contact_id FROM contact_history WHERE account = ?1 AND rc_id = ?2)`,
		`UPDATE contact_history
		    SET name = '', before = iif(before IS NULL, NULL, iif(field IS NULL, '{}', '')), after = iif(after IS NULL, NULL, iif(field IS NULL, '{}', ''))
		  WHERE account = ?1 AND rc_id = ?2`,
		`INSERT INTO contact_history (run_id, contact_id, account, rc_id, name, kind, before, reason)
		 SELECT ?3, contact_id, account, rc_id, '', 'remove', '{}', 'forgotten' FROM contact_entries WHERE account = ?1 AND rc_id = ?2`,
		`DELETE FROM contact_entries WHERE account = ?1 AND rc_id = ?2`,
		`UPDATE accounts SET contacts_version = contacts_version + 1 WHERE account = ?1 AND ?2 <> ''`,
	} {
		if _, err := tx.ExecContext(ctx, query, account, rcID, run); err != nil {
			return err
		}
	}
	return nil
}
