package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"

	"ringroster/sync"
)

// SourceColumns say who did at RingCentral what a change follows (R37): columns of views and
// of JSON alike. Each is nil where that is not known.
type SourceColumns struct {
	SourceActor *string           `json:"source_actor"`
	SourceAt    *string           `json:"source_at"`
	Source      *sync.Attribution `json:"source"`
}

// sourceText is an attribution as the column source has it; nil: NULL.
func sourceText(a *sync.Attribution) (any, error) {
	if a == nil {
		return nil, nil
	}
	text, err := exactJSON(a)
	return text, err
}

// sourceOf reads the column source.
func sourceOf(text sql.NullString) (*sync.Attribution, error) {
	if !text.Valid {
		return nil, nil
	}
	a := &sync.Attribution{}
	if err := json.Unmarshal([]byte(text.String), a); err != nil {
		return nil, fmt.Errorf("column source: %w", err)
	}
	return a, nil
}

// readSource fills in the columns from the one that has it all.
func (c *SourceColumns) readSource(text sql.NullString) (err error) {
	if c.Source, err = sourceOf(text); err != nil || c.Source == nil {
		return err
	}
	if c.Source.Actor != "" {
		c.SourceActor = &c.Source.Actor
	}
	c.SourceAt = stamp(c.Source.At)
	return nil
}

// forgetSources takes a member out of what is said of others: as the actor of their changes,
// held or applied. Of the member's own changes it goes whole (forgetHistory, forgetHeld).
func forgetSources(ctx context.Context, tx *sql.Tx, m *sync.Member) error {
	says := naming(m)
	for _, table := range []struct{ name, id, where string }{
		{"changes", "change_id", `member_id IN (SELECT member_id FROM members WHERE account = ?)`},
		{"held_changes", "held_id", `account = ?`},
	} {
		type row struct {
			id   int64
			text sql.NullString
		}
		rows, err := collect(stream(ctx, tx, func(r *row, rows *sql.Rows) error { return rows.Scan(&r.id, &r.text) },
			`SELECT `+table.id+`, source FROM `+table.name+` WHERE source IS NOT NULL AND `+table.where, m.Account))
		if err != nil {
			return err
		}
		for _, r := range rows {
			was, err := sourceOf(r.text)
			if err != nil {
				return fmt.Errorf("%s %d: %w", table.name, r.id, err)
			}
			left := was.Forget(m, says)
			if left == was {
				continue
			}
			text, err := sourceText(left)
			if err != nil {
				return err
			}
			if _, err := tx.ExecContext(ctx, `UPDATE `+table.name+` SET source = ? WHERE `+table.id+` = ?`, text, r.id); err != nil {
				return err
			}
		}
	}
	return nil
}

// naming says of a text whether it names a member.
func naming(m *sync.Member) func(text string) bool {
	return func(text string) bool {
		return mentions(text, m.Profile[sync.Email], m.Username, m.Profile.Name())
	}
}
