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

// HeldSet is a set of leavers that waits, or waited, for an operator (R25).
type HeldSet struct {
	RunID        sync.RunID        `json:"run_id"`
	Account      string            `json:"account"`
	State        string            `json:"state"`         // open, closed or superseded
	SupersededBy *sync.RunID       `json:"superseded_by"` // the run whose set took its place last
	Reasons      []sync.HoldReason `json:"reasons"`
	OpenedAt     string            `json:"opened_at"`
	Members      []HeldMember      `json:"members"`
}

// HeldMember is one leaver of a held set.
type HeldMember struct {
	MemberID  int64       `json:"member_id"`
	FirstName string      `json:"first_name"`
	LastName  string      `json:"last_name"`
	Email     string      `json:"email"`
	Reason    sync.Reason `json:"reason"`
	Detail    string      `json:"detail"` // why, and what they would leave behind
	State     string      `json:"state"`  // open, approved or rejected
}

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
			SELECT run_id, account, state, superseded_by, reasons, opened_at
			  FROM held_sets WHERE `+where+` ORDER BY account, run_id`, args...)); err != nil {
			return err
		}
		for i := range sets {
			if sets[i].Members, err = heldMembers(ctx, tx, sets[i].Account, sets[i].RunID); err != nil {
				return err
			}
		}
		return nil
	})
	return sets, explain("read", s.path, err)
}

func (h *HeldSet) scan(rows *sql.Rows) error {
	var reasons string
	if err := rows.Scan(&h.RunID, &h.Account, &h.State, &h.SupersededBy, &reasons, &h.OpenedAt); err != nil {
		return err
	}
	return json.Unmarshal([]byte(reasons), &h.Reasons)
}

func heldMembers(ctx context.Context, db reader, account string, run sync.RunID) ([]HeldMember, error) {
	return collect(stream(ctx, db, func(m *HeldMember, rows *sql.Rows) error {
		return rows.Scan(&m.MemberID, &m.FirstName, &m.LastName, &m.Email, &m.Reason, &m.Detail, &m.State)
	}, `
		SELECT h.member_id, m.first_name, m.last_name, m.email, h.reason, h.detail, h.state
		  FROM held_members h JOIN members m ON m.member_id = h.member_id
		 WHERE h.account = ? AND h.run_id = ?
		 ORDER BY h.member_id`, account, run))
}

// openHeld returns the account's open set with the members still undecided, or
// nil.
func openHeld(ctx context.Context, db reader, account string) (*sync.HeldSet, error) {
	var set sync.HeldSet
	err := db.QueryRowContext(ctx, `SELECT run_id FROM held_sets WHERE account = ? AND state = 'open'`, account).
		Scan(&set.Run)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	members, err := heldMembers(ctx, db, account, set.Run)
	set.Members = make(map[int64]sync.Reason, len(members))
	for _, m := range members {
		if m.State == "open" {
			set.Members[m.MemberID] = m.Reason
		}
	}
	return &set, err
}

// commitHeld brings the account's held set in line with a commit and returns
// the number under which a set is open then, or 0.
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
		if err := settle(ctx, tx, c.Account, c.Settled); err != nil {
			return 0, err
		}
	}
	open, err := openHeld(ctx, tx, c.Account)
	if err != nil {
		return 0, err
	}
	held := c.Plan.Held
	switch {
	case !c.Full || c.Status == sync.Failed:
		if open == nil {
			return 0, nil
		}
		return open.Run, nil
	case held == nil || len(held.Changes) == 0:
		return 0, closeHeld(ctx, tx, c.Account)
	case open != nil && maps.Equal(open.Members, leavers(held)):
		return open.Run, errors.Join(refreshHeld(ctx, tx, c, open.Run), refreshDetails(ctx, tx, c, open.Run))
	}
	return c.Run, openNewHeld(ctx, tx, c, open)
}

// leavers are the members of a held set with the reasons that are shown.
func leavers(h *sync.Held) map[int64]sync.Reason {
	set := make(map[int64]sync.Reason, len(h.Changes))
	for i := range h.Changes {
		set[h.Changes[i].Member] = h.Changes[i].Reason
	}
	return set
}

// settle records an operator's decision; a set without undecided members closes.
func settle(ctx context.Context, tx *sql.Tx, account string, s *sync.Settled) error {
	state := "approved"
	if s.Decision == sync.Reject {
		state = "rejected"
	}
	for _, member := range s.Members {
		result, err := tx.ExecContext(ctx, `
			UPDATE held_members SET state = ?
			 WHERE account = ? AND run_id = ? AND member_id = ? AND state = 'open'
			   AND EXISTS (SELECT 1 FROM held_sets WHERE account = ? AND run_id = ? AND state = 'open')`,
			state, account, s.Run, member, account, s.Run)
		if err != nil {
			return err
		}
		if n, err := result.RowsAffected(); err != nil || n != 1 {
			return errors.Join(fmt.Errorf("%w: member %d no longer waits in the held set of run %d",
				sync.ErrMoved, member, s.Run), err)
		}
	}
	_, err := tx.ExecContext(ctx, `
		UPDATE held_sets SET state = 'closed'
		 WHERE account = ? AND run_id = ? AND state = 'open'
		   AND NOT EXISTS (SELECT 1 FROM held_members WHERE account = ? AND run_id = ? AND state = 'open')`,
		account, s.Run, account, s.Run)
	return err
}

// closeHeld ends the wait for leavers that a whole plan no longer holds. Nobody
// decided about them, and their rows say so.
func closeHeld(ctx context.Context, tx *sql.Tx, account string) error {
	_, err := tx.ExecContext(ctx, `UPDATE held_sets SET state = 'closed' WHERE account = ? AND state = 'open'`, account)
	return err
}

// refreshHeld notes why the set is held today, and what deciding about all of it
// would accept (R23).
func refreshHeld(ctx context.Context, tx *sql.Tx, c *sync.Commit, run sync.RunID) error {
	reasons, err := jsonList(c.Plan.Held.Reasons)
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

// refreshDetails notes what each held leaver would leave behind today.
func refreshDetails(ctx context.Context, tx *sql.Tx, c *sync.Commit, run sync.RunID) error {
	members, err := heldMembers(ctx, tx, c.Account, run)
	if err != nil {
		return err
	}
	shown := make(map[int64]string, len(members))
	for i := range members {
		shown[members[i].MemberID] = members[i].Detail
	}
	for i := range c.Plan.Held.Changes {
		change := &c.Plan.Held.Changes[i]
		detail := change.Sentence()
		if shown[change.Member] == detail {
			continue
		}
		_, err := tx.ExecContext(ctx, `UPDATE held_members SET detail = ? WHERE account = ? AND run_id = ? AND member_id = ?`,
			detail, c.Account, run, change.Member)
		if err != nil {
			return err
		}
	}
	return nil
}

// acceptHeld accepts what the run of a held set saw, once all of the set was
// decided without a fresh snapshot (R23).
func acceptHeld(ctx context.Context, tx *sql.Tx, account string, run sync.RunID) error {
	var text string
	err := tx.QueryRowContext(ctx, `SELECT accepted FROM held_sets WHERE account = ? AND run_id = ?`, account, run).Scan(&text)
	if err != nil {
		return err
	}
	var accepted *sync.Accepted
	if err := json.Unmarshal([]byte(text), &accepted); err != nil || accepted == nil {
		return err
	}
	return accept(ctx, tx, account, accepted)
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
		INSERT INTO held_sets (account, run_id, state, reasons, opened_at) VALUES (?, ?, 'open', '[]', ?)`,
		c.Account, c.Run, stamp(c.FinishedAt))
	if err != nil {
		return err
	}
	for i := range c.Plan.Held.Changes {
		change := &c.Plan.Held.Changes[i]
		_, err := tx.ExecContext(ctx, `
			INSERT INTO held_members (account, run_id, member_id, reason, detail) VALUES (?, ?, ?, ?, ?)`,
			c.Account, c.Run, change.Member, change.Reason, change.Sentence())
		if err != nil {
			return fmt.Errorf("hold %s: %w", change.Name, err)
		}
	}
	return refreshHeld(ctx, tx, c, c.Run)
}
