package memberrows

import (
	"context"

	"ringroster/store/sqlrows"
	"ringroster/sync"
)

// The history of one commit. An onboarding has no text of its own: the view
// roster_changes tells it from the member as it stands, and triggers write it out
// before anything in it changes.
const insertChangeSQL = `
		INSERT INTO changes (run_id, member_id, kind, field, before, after, reason, reported_before, reported_after, source)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`

var insertOnboardedSQL = `
		INSERT INTO changes (run_id, member_id, kind, after, reason, reported_after)
		SELECT ?, member_id, ?, '', ?, CASE WHEN synced <> '' THEN ` + reportedSQL + ` END
		  FROM members WHERE member_id BETWEEN ? AND ? ORDER BY member_id`

// reportedSQL is, of a member's column synced, what RingCentral said where `map` made
// something else of it; NULL: nowhere.
var reportedSQL = `nullif(json_patch('{}', json_object(` + sqlrows.List(sqlrows.ColumnNames(sync.MappedFields[:]...), func(column string) string {
	return `'` + column + `', iif(synced ->> '$.` + syncedMapped + column + `' <> '', synced ->> '$.` + column + `', NULL)`
}) + `)), '{}')`

// writeHistory writes one row per field.
func (w *writer) writeHistory(ctx context.Context, c *sync.Change) error {
	source, err := sqlrows.SourceText(c.Source)
	if err != nil {
		return err
	}
	for _, f := range c.Fields {
		w.args = append(w.args[:0], w.run, c.Member, c.Kind, f.Field, f.Before, f.After, f.Reason, f.ReportedBefore, f.ReportedAfter, nil)
		if f.Field == c.SourceField() {
			w.args[len(w.args)-1] = source
		}
		if _, err := w.change.Exec(ctx, w.args); err != nil {
			return err
		}
	}
	return nil
}
