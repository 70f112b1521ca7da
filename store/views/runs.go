package views

import (
	"context"
	"database/sql"
	"encoding/json"
	"iter"

	"ringroster/store/database"
	"ringroster/store/sqlrows"
	"ringroster/sync"
)

// RunColumns are the columns of the view roster_runs, in their order.
const RunColumns = `run_id, account, job, trigger, status, held_reasons, started_at, finished_at,
	people, unchanged, onboarded, linked, updated, reactivated, deactivated, held,
	conflicts, api_calls, actor, version, error`

// RunRow is one row of the view roster_runs: one account's part of a run.
type RunRow struct {
	RunID       sync.RunID      `json:"run_id"`
	Account     string          `json:"account"`
	Job         string          `json:"job"`
	Trigger     sync.Trigger    `json:"trigger"`
	Status      sync.RunStatus  `json:"status"`
	HeldReasons json.RawMessage `json:"held_reasons"` // a list of sync.HoldReason
	StartedAt   string          `json:"started_at"`
	FinishedAt  *string         `json:"finished_at"` // nil while running
	People      int             `json:"people"`
	Unchanged   int             `json:"unchanged"`
	Onboarded   int             `json:"onboarded"`
	Linked      int             `json:"linked"`
	Updated     int             `json:"updated"`
	Reactivated int             `json:"reactivated"`
	Deactivated int             `json:"deactivated"`
	Held        int             `json:"held"`
	Conflicts   int             `json:"conflicts"`
	APICalls    int             `json:"api_calls"`
	Actor       string          `json:"actor"`
	Version     string          `json:"version"`
	Error       string          `json:"error"`
}

func (r *RunRow) scan(rows *sql.Rows) error {
	var reasons string
	err := rows.Scan(&r.RunID, &r.Account, &r.Job, &r.Trigger, &r.Status, &reasons, &r.StartedAt, &r.FinishedAt,
		&r.People, &r.Unchanged, &r.Onboarded, &r.Linked, &r.Updated, &r.Reactivated, &r.Deactivated, &r.Held,
		&r.Conflicts, &r.APICalls, &r.Actor, &r.Version, &r.Error)
	r.HeldReasons = json.RawMessage(reasons)
	return err
}

// IsFullRun says of a row of runs whether it decided about the whole account and succeeded.
const IsFullRun = `full = 1 AND status IN ('succeeded', 'held')`

// Runs yields the rows of past and running runs, newest first, accounts by
// name; at most limit rows, all when limit is 0.
func (s Reader) Runs(ctx context.Context, limit int) iter.Seq2[RunRow, error] {
	if limit <= 0 {
		limit = -1 // SQLite: no limit
	}
	return database.Told(sqlrows.Stream(ctx, s.db.Reads, (*RunRow).scan, `
		SELECT `+RunColumns+` FROM roster_runs ORDER BY run_id DESC, account, job LIMIT ?`, limit), s.db.Path())
}

// Run returns the rows of one run, one per account; none when there was no such
// run.
func (s Reader) Run(ctx context.Context, id sync.RunID) ([]RunRow, error) {
	return sqlrows.Collect(database.Told(sqlrows.Stream(ctx, s.db.Reads, (*RunRow).scan, `
		SELECT `+RunColumns+` FROM roster_runs WHERE run_id = ? ORDER BY account, job`, id), s.db.Path()))
}
