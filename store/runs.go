package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"ringroster/store/database"
	"ringroster/store/heldrows"
	"ringroster/store/sqlrows"
	"ringroster/store/views"
	"ringroster/sync"
)

// Begin records a run as running for each of its accounts and gives it its
// number. The caller holds the lock, so a row that still says running belongs
// to a process that died: it becomes failed (R27).
func (s *Store) Begin(ctx context.Context, r sync.Run) (id sync.RunID, err error) {
	err = s.db.Write(ctx, func(tx *sql.Tx) (err error) {
		id, err = s.begin(ctx, tx, r)
		return err
	})
	return id, s.db.Explain("begin a run in", err)
}

func (s *Store) begin(ctx context.Context, tx *sql.Tx, r sync.Run) (id sync.RunID, err error) {
	if err := s.closeInterrupted(ctx, tx, r.StartedAt); err != nil {
		return 0, err
	}
	if id, err = s.nextRun(ctx, tx); err != nil {
		return 0, err
	}
	for _, account := range r.Accounts {
		_, err = tx.ExecContext(ctx, `
			INSERT INTO runs (run_id, account, job, trigger, status, started_at, actor, on_behalf_of, note, version)
			VALUES (?, ?, ?, ?, 'running', ?, ?, ?, ?, ?)`,
			id, account, r.JobName(), r.Trigger, sqlrows.Stamp(r.StartedAt), r.Actor, r.OnBehalfOf, r.Note, r.Version)
		if err != nil {
			return 0, fmt.Errorf("account %s: %w", account, err)
		}
	}
	return id, nil
}

// closeInterrupted is for whoever has got the lock: what still runs was run by a
// process that died.
func (s *Store) closeInterrupted(ctx context.Context, tx *sql.Tx, now time.Time) error {
	if err := s.settle(ctx, tx, now); err != nil {
		return err
	}
	_, err := tx.ExecContext(ctx, `
		UPDATE runs SET status = 'failed', error = 'interrupted', finished_at = ? WHERE status = 'running'`, sqlrows.Stamp(now))
	return err
}

// settle ends the requests that cannot be carried out any more.
func (s *Store) settle(ctx context.Context, tx *sql.Tx, now time.Time) error {
	if err := s.adopt(ctx, tx); err != nil {
		return err
	}
	return settleRequests(ctx, tx, now)
}

// Author is on whose behalf a run was made, and the note that its author left
// (R31). Their name stands in RunRow.
func (s *Store) Author(ctx context.Context, id sync.RunID) (onBehalfOf, note string, err error) {
	err = s.db.Reads.QueryRowContext(ctx, `SELECT coalesce(on_behalf_of, ''), coalesce(note, '') FROM runs WHERE run_id = ? ORDER BY account, job LIMIT 1`, id).Scan(&onBehalfOf, &note)
	if errors.Is(err, sql.ErrNoRows) {
		err = nil
	}
	return onBehalfOf, note, s.db.Explain("read a run from", err)
}

// State is what the roster knows about an account besides its members.
func (s *Store) State(ctx context.Context, account string, now time.Time) (state sync.State, err error) {
	err = s.db.Read(ctx, func(tx *sql.Tx) (err error) {
		state, err = readState(ctx, tx, account, now)
		return err
	})
	return state, s.db.Explain("read account "+account+" from", err)
}

func readState(ctx context.Context, tx *sql.Tx, account string, now time.Time) (st sync.State, err error) {
	accounts, err := sqlrows.Collect(sqlrows.Stream(ctx, tx, (*AccountRow).scan, accountsSQL+` WHERE account = ? ORDER BY account`, account))
	if err != nil {
		return st, err
	}
	if len(accounts) == 1 {
		if st, err = accounts[0].state(); err != nil {
			return st, err
		}
	}
	if err = readKept(ctx, tx, account, &st); err != nil {
		return st, err
	}
	if st.Others, err = boundOthers(ctx, tx, account); err != nil {
		return st, err
	}
	if st.Open, err = heldrows.OpenSet(ctx, tx, sync.JobMembers, account); err != nil {
		return st, err
	}
	if err = readLast(ctx, tx, account, &st); err != nil {
		return st, err
	}
	err = readPast(ctx, tx, account, now, &st)
	return st, err
}

// readLast reads what the last whole run knew beside the members: how long the lists were
// and whose extension had ended (R22), and the synced fields and supervisors (R19).
func readLast(ctx context.Context, tx *sql.Tx, account string, st *sync.State) error {
	var lengths, known string
	var ended sql.NullString
	err := tx.QueryRowContext(ctx, `SELECT list_lengths, known_fields, ended_extensions FROM accounts WHERE account = ?`, account).Scan(&lengths, &known, &ended)
	if errors.Is(err, sql.ErrNoRows) {
		return nil
	}
	if err == nil && lengths != "{}" {
		err = json.Unmarshal([]byte(lengths), &st.Lengths)
	}
	if err == nil && ended.Valid {
		err = json.Unmarshal([]byte(ended.String), &st.Ended)
	}
	var names []string
	if err = errors.Join(err, json.Unmarshal([]byte(known), &names)); err != nil {
		return err
	}
	for _, f := range sync.Fields() {
		if !slices.Contains(names, f.String()) {
			st.New = st.New.With(f)
		}
	}
	st.NewSupervisors = !slices.Contains(names, views.SupervisorsColumn)
	return nil
}

// boundOthers are the other accounts, by the main account that each is bound to.
func boundOthers(ctx context.Context, tx *sql.Tx, account string) (map[string]string, error) {
	var others map[string]string // nil: none
	type bound struct{ account, main string }
	rows := sqlrows.Stream(ctx, tx, func(b *bound, rows *sql.Rows) error { return rows.Scan(&b.account, &b.main) },
		`SELECT account, main_account_id FROM accounts WHERE account <> ? AND main_account_id <> '' ORDER BY account`, account)
	for b, err := range rows {
		if err != nil {
			return nil, err
		}
		if others == nil {
			others = map[string]string{}
		}
		others[b.main] = b.account
	}
	return others, nil
}

const accountsSQL = `
	SELECT account, version, main_account_id, ringex_account_id, owner_id,
	       settings, last_snapshot_at
	  FROM accounts`

// AccountRow is what the database knows about an account (R4, R23).
type AccountRow struct {
	Account         string            `json:"account"`
	Version         int64             `json:"version"`
	MainAccountID   string            `json:"main_account_id"`
	RingEXAccountID string            `json:"ringex_account_id"`
	OwnerID         string            `json:"owner_id"`
	Settings        map[string]string `json:"settings"`         // compact JSON by key; nil: none accepted yet
	LastSnapshotAt  *string           `json:"last_snapshot_at"` // nil: never seen whole
}

// Accounts lists the accounts that had a commit, by name.
func (s *Store) Accounts(ctx context.Context) ([]AccountRow, error) {
	return sqlrows.Collect(database.Told(sqlrows.Stream(ctx, s.db.Reads, (*AccountRow).scan, accountsSQL+` ORDER BY account`), s.db.Path()))
}

func (a *AccountRow) scan(rows *sql.Rows) error {
	var settings sql.NullString
	err := rows.Scan(&a.Account, &a.Version, &a.MainAccountID, &a.RingEXAccountID, &a.OwnerID, &settings, &a.LastSnapshotAt)
	if err == nil {
		a.Settings, err = heldrows.ParseSettings(settings)
	}
	return err
}

func (a *AccountRow) state() (st sync.State, err error) {
	st = sync.State{
		Version:  a.Version,
		Bound:    sync.Identity{MainAccountID: a.MainAccountID, RingEXAccountID: a.RingEXAccountID, OwnerID: a.OwnerID},
		Accepted: a.Settings,
	}
	if a.LastSnapshotAt != nil {
		st.LastSeen, err = time.Parse(time.RFC3339, *a.LastSnapshotAt)
	}
	return st, err
}

// ContactState is what the roster knows about an account's contacts besides
// themselves.
func (s *Store) ContactState(ctx context.Context, account string, now time.Time) (st sync.State, err error) {
	err = s.db.Read(ctx, func(tx *sql.Tx) error {
		var settings, seen sql.NullString
		err := tx.QueryRowContext(ctx, `
			SELECT contacts_version, main_account_id, ringex_account_id, contacts_settings, contacts_snapshot_at
			  FROM accounts WHERE account = ?`, account).
			Scan(&st.Version, &st.Bound.MainAccountID, &st.Bound.RingEXAccountID, &settings, &seen)
		if err != nil && !errors.Is(err, sql.ErrNoRows) {
			return err
		}
		if st.Accepted, err = heldrows.ParseSettings(settings); err != nil {
			return err
		}
		if st.LastSeen, err = sqlrows.ParseStamp(seen); err != nil {
			return err
		}
		if st.Open, err = heldrows.OpenSet(ctx, tx, sync.JobContacts, account); err != nil {
			return err
		}
		return readGoneContacts(ctx, tx, account, now, &st)
	})
	return st, s.db.Explain("read the contacts of account "+account+" from", err)
}
