package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"maps"

	"ringroster/sync"
)

// HeldSet is a set of leavers, or of contacts that would go, that waits, or
// waited, for an operator (R25).
type HeldSet struct {
	RunID        sync.RunID        `json:"run_id"`
	Account      string            `json:"account"`
	Job          string            `json:"job"`           // sync.JobMembers or sync.JobContacts
	State        string            `json:"state"`         // open, closed or superseded
	SupersededBy *sync.RunID       `json:"superseded_by"` // the run whose set took its place last
	Reasons      []sync.HoldReason `json:"reasons"`
	OpenedAt     string            `json:"opened_at"`
	Members      []HeldMember      `json:"members"`
	Contacts     []HeldMember      `json:"contacts"` // in place of Members, when Job is sync.JobContacts
}

// Shown is who or what the set is about.
func (h *HeldSet) Shown() []HeldMember {
	if h.Job == sync.JobContacts {
		return h.Contacts
	}
	return h.Members
}

// HeldMember is one leaver of a held set, or one contact.
type HeldMember struct {
	MemberID  int64       `json:"member_id,omitempty"`
	ContactID int64       `json:"contact_id,omitempty"`
	FirstName string      `json:"first_name"` // of a contact: its name
	LastName  string      `json:"last_name"`
	Email     string      `json:"email"`
	Reason    sync.Reason `json:"reason"`
	Detail    string      `json:"detail"` // why, and what they would leave behind
	State     string      `json:"state"`  // open, approved or rejected
}

// ID is the number of the member or contact.
func (m *HeldMember) ID() int64 { return m.MemberID + m.ContactID }

// Held returns the open held sets of all accounts, each with every member that
// was shown, settled ones included.
func (s *Store) Held(ctx context.Context) ([]HeldSet, error) {
	return s.heldSets(ctx, `state = 'open'`)
}

// HeldByRun returns the sets opened by a run, one for each of its accounts,
// also when they are closed or superseded by now.
func (s *Store) HeldByRun(ctx context.Context, run sync.RunID) ([]HeldSet, error) {
	return s.heldSets(ctx, `run_id = ?`, run)
}

func (s *Store) heldSets(ctx context.Context, where string, args ...any) (sets []HeldSet, err error) {
	err = s.read(ctx, func(tx *sql.Tx) error {
		if sets, err = collect(stream(ctx, tx, (*HeldSet).scan, `
			SELECT run_id, account, job, state, superseded_by, reasons, opened_at
			  FROM held_sets WHERE `+where+` ORDER BY account, job DESC, run_id`, args...)); err != nil {
			return err
		}
		for i := range sets {
			set := &sets[i]
			shown, err := heldOf(ctx, tx, set.Job, set.Account, set.RunID)
			if err != nil {
				return err
			}
			if set.Members, set.Contacts = shown, []HeldMember{}; set.Job == sync.JobContacts {
				set.Members, set.Contacts = set.Contacts, set.Members
			}
		}
		return nil
	})
	return sets, explain("read", s.path, err)
}

func (h *HeldSet) scan(rows *sql.Rows) error {
	var reasons string
	if err := rows.Scan(&h.RunID, &h.Account, &h.Job, &h.State, &h.SupersededBy, &reasons, &h.OpenedAt); err != nil {
		return err
	}
	return json.Unmarshal([]byte(reasons), &h.Reasons)
}

// heldOf lists who or what a set is about.
func heldOf(ctx context.Context, db reader, job, account string, run sync.RunID) ([]HeldMember, error) {
	if job == sync.JobContacts {
		return collect(stream(ctx, db, func(m *HeldMember, rows *sql.Rows) error {
			return rows.Scan(&m.ContactID, &m.FirstName, &m.Email, &m.Detail, &m.Reason, &m.State)
		}, `
			SELECT contact_id, name, email, type, reason, state
			  FROM held_contacts WHERE account = ? AND run_id = ?
			 ORDER BY contact_id`, account, run))
	}
	return collect(stream(ctx, db, func(m *HeldMember, rows *sql.Rows) error {
		return rows.Scan(&m.MemberID, &m.FirstName, &m.LastName, &m.Email, &m.Reason, &m.Detail, &m.State)
	}, `
		SELECT h.member_id, m.first_name, m.last_name, m.email, h.reason, h.detail, h.state
		  FROM held_members h JOIN members m ON m.member_id = h.member_id
		 WHERE h.account = ? AND h.run_id = ?
		 ORDER BY h.member_id`, account, run))
}

// openHeld returns a job's open set with the members, or contacts, still
// undecided, or nil.
func openHeld(ctx context.Context, db reader, job, account string) (*sync.HeldSet, error) {
	var set sync.HeldSet
	err := db.QueryRowContext(ctx, `SELECT run_id FROM held_sets WHERE account = ? AND job = ? AND state = 'open'`, account, job).
		Scan(&set.Run)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	shown, err := heldOf(ctx, db, job, account, set.Run)
	set.Members = make(map[int64]sync.Reason, len(shown))
	for _, m := range shown {
		if m.State == "open" {
			set.Members[m.ID()] = m.Reason
		}
	}
	return &set, err
}

// commitHeld brings the held set of the account and job in line with a commit
// and returns the number under which a set is open then, or 0.
//
//	plan             open set         then
//	not full         any              only what the commit settled
//	nothing held     open             closed: nobody needs it any more
//	held             none             opened under this run's number
//	held             same members     keeps its number; what is said is today's
//	held             other members    superseded by a set of this run
//
// Members are the same when their own reasons are the same, too: an approval
// releases exactly what was shown (R25).
func commitHeld(ctx context.Context, tx *sql.Tx, c *sync.Commit) (sync.RunID, error) {
	if c.Settled != nil {
		if err := settle(ctx, tx, c.JobName(), c.Account, c.Settled); err != nil {
			return 0, err
		}
	}
	open, err := openHeld(ctx, tx, c.JobName(), c.Account)
	if err != nil {
		return 0, err
	}
	reasons, rows := heldBy(c)
	switch {
	case !c.Full || c.Status == sync.Failed:
		if open == nil {
			return 0, nil
		}
		return open.Run, nil
	case len(rows) == 0:
		return 0, closeHeld(ctx, tx, c.JobName(), c.Account)
	case open != nil && maps.Equal(open.Members, leavers(rows)):
		return open.Run, errors.Join(refreshHeld(ctx, tx, c, reasons, open.Run), refreshDetails(ctx, tx, c, rows, open.Run))
	}
	return c.Run, openNewHeld(ctx, tx, c, open)
}

// heldBy is what a plan of either job holds, and why.
func heldBy(c *sync.Commit) (reasons []sync.HoldReason, rows []HeldMember) {
	if c.Contacts != nil && c.Contacts.Held != nil {
		for _, change := range c.Contacts.Held.Changes {
			rows = append(rows, HeldMember{
				ContactID: change.Contact.ID, FirstName: change.Contact.Label(), Email: change.Contact.Fields[sync.ContactEmail],
				Detail: change.Contact.Fields[sync.ContactType], Reason: change.Reason,
			})
		}
		return c.Contacts.Held.Reasons, rows
	}
	if c.Plan != nil && c.Plan.Held != nil {
		for i := range c.Plan.Held.Changes {
			change := &c.Plan.Held.Changes[i]
			rows = append(rows, HeldMember{MemberID: change.Member, FirstName: change.Name, Reason: change.Reason, Detail: change.Sentence()})
		}
		return c.Plan.Held.Reasons, rows
	}
	return nil, nil
}

// leavers are the members, or contacts, of a held set with the reasons that are
// shown.
func leavers(rows []HeldMember) map[int64]sync.Reason {
	set := make(map[int64]sync.Reason, len(rows))
	for i := range rows {
		set[rows[i].ID()] = rows[i].Reason
	}
	return set
}

// The statements that differ between leavers and contacts, by job.
var (
	settleSQL = map[string]string{
		sync.JobMembers:  `UPDATE held_members SET state = ? WHERE account = ? AND run_id = ? AND member_id = ? AND state = 'open'` + stillOpenSQL,
		sync.JobContacts: `UPDATE held_contacts SET state = ? WHERE account = ? AND run_id = ? AND contact_id = ? AND state = 'open'` + stillOpenSQL,
	}
	settledSQL = map[string]string{
		sync.JobMembers:  closeSettledSQL + ` AND NOT EXISTS (SELECT 1 FROM held_members WHERE account = ? AND run_id = ? AND state = 'open')`,
		sync.JobContacts: closeSettledSQL + ` AND NOT EXISTS (SELECT 1 FROM held_contacts WHERE account = ? AND run_id = ? AND state = 'open')`,
	}
)

const (
	stillOpenSQL    = ` AND EXISTS (SELECT 1 FROM held_sets WHERE account = ? AND run_id = ? AND state = 'open')`
	closeSettledSQL = `UPDATE held_sets SET state = 'closed' WHERE account = ? AND run_id = ? AND state = 'open'`
)

// settle records an operator's decision; a set without undecided members closes.
func settle(ctx context.Context, tx *sql.Tx, job, account string, s *sync.Settled) error {
	state := "approved"
	if s.Decision == sync.Reject {
		state = "rejected"
	}
	for _, member := range s.Members {
		result, err := tx.ExecContext(ctx, settleSQL[job], state, account, s.Run, member, account, s.Run)
		if err != nil {
			return err
		}
		if n, err := result.RowsAffected(); err != nil || n != 1 {
			return errors.Join(fmt.Errorf("%w: number %d of %s no longer waits in the held set of run %d",
				sync.ErrMoved, member, job, s.Run), err)
		}
	}
	_, err := tx.ExecContext(ctx, settledSQL[job], account, s.Run, account, s.Run)
	return err
}

// closeHeld ends the wait for leavers that a whole plan no longer holds. Nobody
// decided about them, and their rows say so.
func closeHeld(ctx context.Context, tx *sql.Tx, job, account string) error {
	_, err := tx.ExecContext(ctx, `UPDATE held_sets SET state = 'closed' WHERE account = ? AND job = ? AND state = 'open'`, account, job)
	return err
}

// refreshHeld notes why the set is held today, and what deciding about all of it
// would accept (R23).
func refreshHeld(ctx context.Context, tx *sql.Tx, c *sync.Commit, why []sync.HoldReason, run sync.RunID) error {
	reasons, err := jsonList(why)
	if err != nil {
		return err
	}
	accepted, err := json.Marshal(c.Accept)
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, `UPDATE held_sets SET reasons = ?, accepted = ? WHERE account = ? AND run_id = ?`,
		reasons, string(accepted), c.Account, run)
	return err
}

// refreshDetails notes what each held leaver would leave behind today. Contacts
// leave nothing.
func refreshDetails(ctx context.Context, tx *sql.Tx, c *sync.Commit, rows []HeldMember, run sync.RunID) error {
	if c.JobName() == sync.JobContacts {
		return nil
	}
	members, err := heldOf(ctx, tx, sync.JobMembers, c.Account, run)
	if err != nil {
		return err
	}
	shown := make(map[int64]string, len(members))
	for i := range members {
		shown[members[i].MemberID] = members[i].Detail
	}
	for i := range rows {
		if shown[rows[i].MemberID] == rows[i].Detail {
			continue
		}
		_, err := tx.ExecContext(ctx, `UPDATE held_members SET detail = ? WHERE account = ? AND run_id = ? AND member_id = ?`,
			rows[i].Detail, c.Account, run, rows[i].MemberID)
		if err != nil {
			return err
		}
	}
	return nil
}

// acceptHeld accepts what the run of a held set saw, once all of the set was
// decided without a fresh snapshot (R23).
func acceptHeld(ctx context.Context, tx *sql.Tx, job, account string, run sync.RunID) error {
	var text string
	err := tx.QueryRowContext(ctx, `SELECT accepted FROM held_sets WHERE account = ? AND run_id = ?`, account, run).Scan(&text)
	if err != nil {
		return err
	}
	var accepted *sync.Accepted
	if err := json.Unmarshal([]byte(text), &accepted); err != nil || accepted == nil {
		return err
	}
	return accept(ctx, tx, job, account, accepted)
}

// openNewHeld opens a set under the run's own number. Sets that the old one had
// superseded point to the new one, so that one look is enough.
func openNewHeld(ctx context.Context, tx *sql.Tx, c *sync.Commit, old *sync.HeldSet) error {
	if old != nil {
		_, err := tx.ExecContext(ctx, `
			UPDATE held_sets SET state = 'superseded', superseded_by = ?
			 WHERE account = ? AND (run_id = ? OR superseded_by = ?)`, c.Run, c.Account, old.Run, old.Run)
		if err != nil {
			return err
		}
	}
	_, err := tx.ExecContext(ctx, `
		INSERT INTO held_sets (account, run_id, job, state, reasons, opened_at) VALUES (?, ?, ?, 'open', '[]', ?)`,
		c.Account, c.Run, c.JobName(), stamp(c.FinishedAt))
	if err != nil {
		return err
	}
	reasons, rows := heldBy(c)
	for i := range rows {
		m := &rows[i]
		if c.JobName() == sync.JobContacts {
			_, err = tx.ExecContext(ctx, `
				INSERT INTO held_contacts (account, run_id, contact_id, name, email, type, reason) VALUES (?, ?, ?, ?, ?, ?, ?)`,
				c.Account, c.Run, m.ContactID, m.FirstName, m.Email, m.Detail, m.Reason)
		} else {
			_, err = tx.ExecContext(ctx, `
				INSERT INTO held_members (account, run_id, member_id, reason, detail) VALUES (?, ?, ?, ?, ?)`,
				c.Account, c.Run, m.MemberID, m.Reason, m.Detail)
		}
		if err != nil {
			return fmt.Errorf("hold %s: %w", m.FirstName, err)
		}
	}
	return refreshHeld(ctx, tx, c, reasons, c.Run)
}
