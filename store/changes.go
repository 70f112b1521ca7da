package store

import (
	"context"

	"ringroster/sync"
)

// The history of one commit. An onboarding has no text of its own: the view
// roster_changes tells it from the member as it stands, and triggers write it out
// before anything in it changes.
const (
	insertChangeSQL = `
		INSERT INTO changes (run_id, member_id, kind, field, before, after, reason)
		VALUES (?, ?, ?, ?, ?, ?, ?)`
	insertOnboardedSQL = `
		INSERT INTO changes (run_id, member_id, kind, after, reason)
		SELECT ?, member_id, ?, '', ? FROM members WHERE member_id BETWEEN ? AND ? ORDER BY member_id`
)

// writeHistory writes one row per field.
func (w *writer) writeHistory(ctx context.Context, c *sync.Change) error {
	for _, f := range c.Fields {
		w.args = append(w.args[:0], w.run, c.Member, c.Kind, f.Field, f.Before, f.After, f.Reason)
		if _, err := w.change.exec(ctx, w.args); err != nil {
			return err
		}
	}
	return nil
}
