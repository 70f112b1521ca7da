// Package heldrows keeps held changes: it reads them, brings an account's open set in
// line with the plan of a run, and writes what an operator decided (R21 to R26). What
// writes takes the caller's transaction.
package heldrows

import (
	"context"
	"database/sql"
	"fmt"
	"iter"
	"slices"
	"strings"

	"ringroster/store/database"
	"ringroster/store/sqlrows"
	"ringroster/sync"
)

// Reader reads the held changes of a roster.
type Reader struct{ db *database.DB }

// NewReader is for a database that is open, or will be.
func NewReader(db *database.DB) Reader { return Reader{db} }

// How a held change that is done with ended; sync.HeldState has the states of open ones.
const (
	Approved = "approved"
	Ended    = "ended" // nobody needs it any more: of a rejection DecidedBy stays
)

// Row is a change that is, or was, held: one of an account's open set, or of its
// history. The view roster_held shows those that wait or that an operator decided about.
type Row struct {
	HeldID    int64      `json:"held_id"`
	RunID     sync.RunID `json:"run_id"` // the run that first showed it as it is now: the number for approve and reject
	Account   string     `json:"account"`
	Job       string     `json:"job"`        // sync.JobMembers or sync.JobContacts
	MemberID  *int64     `json:"member_id"`  // nil: an onboarding, or a contact
	ContactID *int64     `json:"contact_id"` // nil: none
	Person    string     `json:"person"`
	IDs       []string   `json:"ids"` // of an onboarding: every key of the person
	Kind      sync.Kind  `json:"kind"`
	Field     string     `json:"field"`
	Before    string     `json:"before"`
	After     string     `json:"after"`
	Name      string     `json:"name"`
	Email     string     `json:"email"`

	Reason    sync.Reason       `json:"reason"` // of the change
	Detail    string            `json:"detail"`
	Why       []sync.HoldReason `json:"why"` // why it is held
	HeldSince string            `json:"held_since"`
	State     string            `json:"state"` // waiting, suspect, rejected, approved or ended

	DecidedAt   *string     `json:"decided_at"` // nil: nobody decided
	DecidedBy   string      `json:"decided_by"`
	OnBehalfOf  string      `json:"on_behalf_of"`
	Note        string      `json:"note"`
	DecidedRun  *sync.RunID `json:"decided_run"`
	PresentDays int         `json:"present_days"` // of a rejection: UTC days on which runs saw it needless

	// Who did at RingCentral what the change follows, and when (R37); nil: that is not known.
	SourceActor *string           `json:"source_actor"`
	SourceAt    *string           `json:"source_at"`
	Source      *sync.Attribution `json:"source"`

	Role string `json:"role"` // of whom comes in, or back: as what
}

// Filter narrows the held changes. Empty fields do not filter.
type Filter struct {
	Account string
	Job     string
	States  []string // none: every open one: waiting, suspect and rejected
	Member  int64
	Decided int // as well the last that were decided, and are no more open: so many
}

// Columns are the columns of held_changes as a Row has them, in their order.
const Columns = `held_id, run_id, account, job, member_id, contact_id, person, ids, kind, field, before, after,
	name, email, reason, detail, why, held_since, state,
	decided_at, decided_by, on_behalf_of, note, decided_run, present_days,
	source ->> '$.actor', source ->> '$.at', source, role`

// Scan reads a row of Columns.
func (h *Row) Scan(rows *sql.Rows) error {
	var ids, why string
	err := rows.Scan(&h.HeldID, &h.RunID, &h.Account, &h.Job, &h.MemberID, &h.ContactID, &h.Person, &ids, &h.Kind, &h.Field, &h.Before, &h.After,
		&h.Name, &h.Email, &h.Reason, &h.Detail, &why, &h.HeldSince, &h.State,
		&h.DecidedAt, &h.DecidedBy, &h.OnBehalfOf, &h.Note, &h.DecidedRun, &h.PresentDays, &h.SourceActor, &h.SourceAt, sqlrows.Source{Into: &h.Source}, &h.Role)
	if err != nil {
		return err
	}
	if err := sqlrows.UnmarshalText(ids, &h.IDs); err != nil {
		return fmt.Errorf("held change %d: column ids: %w", h.HeldID, err)
	}
	if err := sqlrows.UnmarshalText(why, &h.Why); err != nil {
		return fmt.Errorf("held change %d: column why: %w", h.HeldID, err)
	}
	return nil
}

// Held returns what HeldRows yields, which is usually little.
func (s Reader) Held(ctx context.Context, f Filter) ([]Row, error) {
	return sqlrows.Collect(s.HeldRows(ctx, f))
}

// HeldRows yields held changes: by account, members before contacts, those that wait first,
// then by run and member.
func (s Reader) HeldRows(ctx context.Context, f Filter) iter.Seq2[Row, error] {
	common, args := f.where()
	wanted := `closed_at IS NULL`
	if len(f.States) > 0 {
		wanted = `state IN (?` + strings.Repeat(`, ?`, len(f.States)-1) + `)`
	}
	query, all := `SELECT held_id FROM held_changes WHERE `+common+` AND `+wanted, args
	for _, state := range f.States {
		all = append(all, state)
	}
	if f.Decided > 0 {
		query += ` UNION SELECT held_id FROM (
			SELECT held_id FROM held_changes
			 WHERE ` + common + ` AND closed_at IS NOT NULL AND decided_at IS NOT NULL
			 ORDER BY decided_at DESC, held_id DESC LIMIT ?)`
		all = append(append(all, args...), f.Decided)
	}
	return database.Told(sqlrows.Stream(ctx, s.db.Reads, (*Row).Scan, `
		SELECT `+Columns+` FROM held_changes WHERE held_id IN (`+query+`)
		 ORDER BY account, job DESC, instr('waiting suspect rejected', state) = 0, instr('waiting suspect rejected', state),
		          run_id, coalesce(member_id, contact_id, 0), person, field, held_id`, all...), s.db.Path())
}

// where is what the filter asks of every row, whatever its state.
func (f *Filter) where() (string, []any) {
	terms := []string{"1"}
	var args []any
	add := func(wanted bool, term string, value any) {
		if wanted {
			terms, args = append(terms, term), append(args, value)
		}
	}
	add(f.Account != "", `account = ?`, f.Account)
	add(f.Job != "", `job = ?`, f.Job)
	add(f.Member != 0, `member_id = ?`, f.Member)
	return strings.Join(terms, " AND "), slices.Clip(args)
}
