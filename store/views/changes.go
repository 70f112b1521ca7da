package views

import (
	"context"
	"database/sql"
	"iter"

	"ringroster/store/database"
	"ringroster/store/sqlrows"
	"ringroster/sync"
)

// ChangeColumns are the columns of the view roster_changes, in their order.
const ChangeColumns = `change_id, run_id, member_id, account, kind, field, before, after,
	reason, actor, on_behalf_of, note, at, reported_before, reported_after,
	source_actor, source_at, source`

// ChangeRow is one row of the view roster_changes.
type ChangeRow struct {
	ChangeID   int64       `json:"change_id"`
	RunID      sync.RunID  `json:"run_id"`
	MemberID   int64       `json:"member_id"`
	Account    string      `json:"account"`
	Kind       sync.Kind   `json:"kind"`
	Field      *string     `json:"field"`  // nil for an onboarding
	Before     *string     `json:"before"` // nil for an onboarding
	After      string      `json:"after"`  // for an onboarding the member as JSON
	Reason     sync.Reason `json:"reason"`
	Actor      *string     `json:"actor"` // this and what follows: nil when the run's row is gone
	OnBehalfOf *string     `json:"on_behalf_of"`
	Note       *string     `json:"note"`
	At         *string     `json:"at"`
	// What RingCentral said, where `map` made before or after of it; nil: it did not. For an
	// onboarding the fields of which it did, as JSON.
	ReportedBefore *string `json:"reported_before"`
	ReportedAfter  *string `json:"reported_after"`
	// Who did at RingCentral what the change follows, and when (R37); nil: that is not known.
	SourceActor *string           `json:"source_actor"`
	SourceAt    *string           `json:"source_at"`
	Source      *sync.Attribution `json:"source"` // all that is known of it
}

// Scan reads a row of ChangeColumns.
func (c *ChangeRow) Scan(rows *sql.Rows) error {
	return rows.Scan(&c.ChangeID, &c.RunID, &c.MemberID, &c.Account, &c.Kind, &c.Field, &c.Before, &c.After,
		&c.Reason, &c.Actor, &c.OnBehalfOf, &c.Note, &c.At, &c.ReportedBefore, &c.ReportedAfter, &c.SourceActor, &c.SourceAt, sqlrows.Source{Into: &c.Source})
}

// Changes yields what a run changed, in the order in which it was written.
func (s Reader) Changes(ctx context.Context, run sync.RunID) iter.Seq2[ChangeRow, error] {
	return database.Told(sqlrows.Stream(ctx, s.db.Reads, (*ChangeRow).Scan, `
		SELECT `+ChangeColumns+` FROM roster_changes WHERE run_id = ? ORDER BY change_id`, run), s.db.Path())
}

// History yields every change of one member, oldest first.
func (s Reader) History(ctx context.Context, member int64) iter.Seq2[ChangeRow, error] {
	return database.Told(sqlrows.Stream(ctx, s.db.Reads, (*ChangeRow).Scan, `
		SELECT `+ChangeColumns+` FROM roster_changes WHERE member_id = ? ORDER BY change_id`, member), s.db.Path())
}
