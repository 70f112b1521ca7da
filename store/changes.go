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

// newcomers are members whose ids follow each other and who came for one reason:
// one statement writes the history of all of them.
type newcomers struct {
	first, last int64 // 0: nobody
	reason      sync.Reason
}

// togetherAtMost keeps newcomers in SQLite's cache until their history is written, which
// is made from their rows.
const togetherAtMost = 250

// writeHistory writes one row for an onboarding, together with those after it, and
// one per field for the rest (design.md, section 5).
func (w *writer) writeHistory(ctx context.Context, c *sync.Change) error {
	if c.Kind == sync.Onboard {
		return w.addNewcomer(ctx, c)
	}
	if err := w.writeOnboarded(ctx); err != nil {
		return err
	}
	for _, f := range c.Fields {
		w.args = append(w.args[:0], w.run, c.Member, c.Kind, f.Field, f.Before, f.After, f.Reason)
		if _, err := w.change.exec(ctx, w.args); err != nil {
			return err
		}
	}
	return nil
}

func (w *writer) addNewcomer(ctx context.Context, c *sync.Change) error {
	n := &w.newcomers
	if n.first > 0 && n.last+1 == c.Member && n.reason == c.Reason && c.Member-n.first < togetherAtMost {
		n.last++
		return nil
	}
	err := w.writeOnboarded(ctx)
	*n = newcomers{c.Member, c.Member, c.Reason}
	return err
}

// writeOnboarded writes the history of the newcomers so far.
func (w *writer) writeOnboarded(ctx context.Context) error {
	n := w.newcomers
	if w.newcomers = (newcomers{}); n.first == 0 {
		return nil
	}
	w.args = append(w.args[:0], w.run, sync.Onboard, n.reason, n.first, n.last)
	_, err := w.onboarded.exec(ctx, w.args)
	return err
}
