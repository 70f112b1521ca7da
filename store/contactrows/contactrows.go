// Package contactrows reads and writes corporate contacts, and their history. What writes
// takes the caller's transaction.
package contactrows

import (
	"cmp"
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"iter"
	"strings"

	"ringroster/store/database"
	"ringroster/store/sqlrows"
	"ringroster/sync"
)

// Reader reads the contacts of a roster.
type Reader struct{ db *database.DB }

// NewReader is for a database that is open, or will be.
func NewReader(db *database.DB) Reader { return Reader{db} }

// Contacts yields every contact of an account by number, as they stood at one
// instant. It streams: memory does not grow with their number.
func (s Reader) Contacts(ctx context.Context, account string) iter.Seq2[*sync.Contact, error] {
	return database.Told(sqlrows.Stream(ctx, s.db.Reads, func(c **sync.Contact, rows *sql.Rows) error {
		*c = &sync.Contact{}
		var leaving sql.NullString
		err := rows.Scan(contactDest(*c, &leaving)...)
		if err == nil {
			(*c).LeavingSince, err = sqlrows.ParseStamp(leaving)
		}
		return err
	}, `
		SELECT contact_id, rc_id, leaving_since, type, status, first_name, last_name, name, email, extension_number,
		       phone_numbers, department, job_title, site
		  FROM contact_entries WHERE account = ? ORDER BY contact_id`, account), s.db.Path())
}

func contactDest(c *sync.Contact, leaving *sql.NullString) []any {
	dest := append(make([]any, 0, 3+len(c.Fields)), &c.ID, &c.RCID, leaving)
	for i := range c.Fields {
		dest = append(dest, &c.Fields[i])
	}
	return dest
}

// Columns are the columns of the view contacts, in their order.
const Columns = `contact_id, account, rc_id, type, status, first_name, last_name, name, email,
	extension_number, phone_numbers, department, job_title, site, updated_at`

// Row is one row of the view contacts.
type Row struct {
	ContactID       int64           `json:"contact_id"`
	Account         string          `json:"account"`
	RCID            string          `json:"rc_id"`
	Type            string          `json:"type"`
	Status          string          `json:"status"` // RingCentral's, or sync.StatusRemoved
	FirstName       string          `json:"first_name"`
	LastName        string          `json:"last_name"`
	Name            string          `json:"name"` // of what is no user
	Email           string          `json:"email"`
	ExtensionNumber string          `json:"extension_number"`
	PhoneNumbers    json.RawMessage `json:"phone_numbers"` // a list of sync.Phone
	Department      string          `json:"department"`
	JobTitle        string          `json:"job_title"`
	Site            string          `json:"site"`
	UpdatedAt       string          `json:"updated_at"`
}

func (c *Row) scan(rows *sql.Rows) error {
	var phones string
	err := rows.Scan(&c.ContactID, &c.Account, &c.RCID, &c.Type, &c.Status, &c.FirstName, &c.LastName, &c.Name, &c.Email,
		&c.ExtensionNumber, &phones, &c.Department, &c.JobTitle, &c.Site, &c.UpdatedAt)
	c.PhoneNumbers = json.RawMessage(phones)
	return err
}

// Label is what people call the contact.
func (c *Row) Label() string {
	full := strings.TrimSpace(c.FirstName + " " + c.LastName)
	return cmp.Or(full, c.Name, c.Email, c.RCID)
}

// Filter narrows the contacts. Empty fields do not filter.
type Filter struct {
	Account  string
	Accounts []string // one of them
	Status   string   // compared by R33
	// Search is what the names, e-mail, department, extension or phone numbers
	// hold: each word of it, in any case; or a phone number with or without
	// punctuation.
	Search string
}

// ContactRows yields the rows of the view contacts that fit, by number.
func (s Reader) ContactRows(ctx context.Context, f Filter) iter.Seq2[Row, error] {
	return database.Told(Rows(ctx, s.db.Reads, f), s.db.Path())
}

// Rows yields the contacts that fit, by number.
func Rows(ctx context.Context, db sqlrows.Reader, f Filter) iter.Seq2[Row, error] {
	terms := []string{"1"}
	var args []any
	add := func(value, term string) {
		if value != "" {
			terms, args = append(terms, term), append(args, value)
		}
	}
	if words := searchWords(f.Search); len(words) > 0 {
		terms = append(terms, `contact_id IN (
			SELECT s.contact_id FROM contact_search s WHERE instr(s.text, ?)`+strings.Repeat(` AND instr(s.text, ?)`, len(words)-1)+`)`)
		args = append(args, sqlrows.Anys(words)...)
	}
	add(f.Account, `account = ?`)
	if len(f.Accounts) > 0 {
		terms, args = append(terms, `account IN (`+sqlrows.Placeholders(len(f.Accounts))+`)`), append(args, sqlrows.Anys(f.Accounts)...)
	}
	add(sync.FoldText(f.Status), `ringroster_fold(status) = ?`)
	return sqlrows.Stream(ctx, db, (*Row).scan, `
		SELECT `+Columns+` FROM contacts WHERE `+strings.Join(terms, " AND ")+` ORDER BY contact_id`, args...)
}

// NoContactError says that there is no such contact, or none any more.
type NoContactError struct{ ID int64 }

func (e *NoContactError) Error() string {
	return fmt.Sprintf("there is no contact %d; `ringroster contacts list` shows them", e.ID)
}

// Contact returns one contact, or *NoContactError.
func (s Reader) Contact(ctx context.Context, id int64) (Row, error) {
	found, err := sqlrows.Collect(database.Told(sqlrows.Stream(ctx, s.db.Reads, (*Row).scan, `
		SELECT `+Columns+` FROM contacts WHERE contact_id = ? ORDER BY contact_id`, id), s.db.Path()))
	if err == nil && len(found) == 0 {
		err = &NoContactError{id}
	}
	if err != nil {
		return Row{}, err
	}
	return found[0], nil
}

// searchWords splits a search into what must all be found. A phone number is one
// word, however it is written.
func searchWords(search string) []string {
	if number := digits(search); len(number) >= 3 && strings.Trim(search, "+0123456789 ()-./") == "" {
		if strings.HasPrefix(strings.TrimSpace(search), "+") {
			number = "+" + number
		}
		return []string{number}
	}
	return strings.Fields(sync.FoldText(search))
}

// ChangeColumns are the columns of the view contact_changes, in their
// order.
const ChangeColumns = `change_id, run_id, contact_id, account, rc_id, name, kind, field, before, after,
	reason, actor, on_behalf_of, note, at`

// ChangeRow is one row of the view contact_changes.
type ChangeRow struct {
	ChangeID   int64            `json:"change_id"`
	RunID      sync.RunID       `json:"run_id"`
	ContactID  int64            `json:"contact_id"`
	Account    string           `json:"account"`
	RCID       string           `json:"rc_id"`
	Name       string           `json:"name"`
	Kind       sync.ContactKind `json:"kind"`
	Field      *string          `json:"field"`  // nil: the whole contact came or went
	Before     *string          `json:"before"` // nil: it came; its last values as JSON when it went
	After      *string          `json:"after"`  // nil: it went
	Reason     sync.Reason      `json:"reason"`
	Actor      *string          `json:"actor"` // this and what follows: nil when the run's row is gone
	OnBehalfOf *string          `json:"on_behalf_of"`
	Note       *string          `json:"note"`
	At         *string          `json:"at"`
}

// ContactChanges yields what a run changed, in the order in which it was written.
func (s Reader) ContactChanges(ctx context.Context, run sync.RunID) iter.Seq2[ChangeRow, error] {
	return database.Told(sqlrows.Stream(ctx, s.db.Reads, func(c *ChangeRow, rows *sql.Rows) error {
		return rows.Scan(&c.ChangeID, &c.RunID, &c.ContactID, &c.Account, &c.RCID, &c.Name, &c.Kind, &c.Field, &c.Before, &c.After,
			&c.Reason, &c.Actor, &c.OnBehalfOf, &c.Note, &c.At)
	}, `SELECT `+ChangeColumns+` FROM contact_changes WHERE run_id = ? ORDER BY change_id`, run), s.db.Path())
}

// Count is how many contacts of an account there are, and wait.
type Count struct {
	Account  string `json:"-"`
	Contacts int    `json:"contacts"`
	Marked   int    `json:"marked"`   // of them: no longer listed, and kept
	Held     int    `json:"held"`     // wait for an operator
	Rejected int    `json:"rejected"` // kept by a rejection that still stands
}

// ContactCounts counts the contacts of every account that has any.
func (s Reader) ContactCounts(ctx context.Context) ([]Count, error) {
	return sqlrows.Collect(database.Told(sqlrows.Stream(ctx, s.db.Reads, func(c *Count, rows *sql.Rows) error {
		return rows.Scan(&c.Account, &c.Contacts, &c.Marked, &c.Held, &c.Rejected)
	}, `
		SELECT e.account, count(*), sum(e.status = '`+sync.StatusRemoved+`'), 
		       (SELECT count(*) FROM held_changes h
		         WHERE h.account = e.account AND h.job = 'contacts' AND h.closed_at IS NULL AND h.state = 'waiting'),
		       (SELECT count(*) FROM held_changes h
		         WHERE h.account = e.account AND h.job = 'contacts' AND h.closed_at IS NULL AND h.state = 'rejected')
		  FROM contact_entries e GROUP BY e.account ORDER BY e.account`), s.db.Path()))
}
