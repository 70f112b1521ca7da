package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"

	"ringroster/sync"
)

// sourceText is an attribution as the column source has it; nil: NULL.
func sourceText(a *sync.Attribution) (any, error) {
	if a == nil {
		return nil, nil
	}
	text, err := exactJSON(a)
	return text, err
}

// source reads an attribution from the column source; nil: NULL.
type source struct{ into **sync.Attribution }

// Scan is for database/sql.
func (s source) Scan(value any) error {
	text, ok := value.(string)
	if !ok {
		*s.into = nil
		return nil
	}
	*s.into = &sync.Attribution{}
	return json.Unmarshal([]byte(text), *s.into)
}

// forgetSources takes a member out of what is said of others: as the actor of their changes,
// held or applied. Of the member's own changes it goes whole (forgetHistory, forgetHeld). In
// other accounts somebody of that name is another, unless they have the id or the e-mail.
func forgetSources(ctx context.Context, tx *sql.Tx, m *sync.Member) error {
	mail := func(text string) bool { return mentions(text, m.Profile[sync.Email]) }
	return errors.Join(forgetSourcesIn(ctx, tx, m, `= ?`, naming(m)), forgetSourcesIn(ctx, tx, m, `<> ?`, mail))
}

func forgetSourcesIn(ctx context.Context, tx *sql.Tx, m *sync.Member, accounts string, says func(text string) bool) error {
	for _, table := range []struct{ read, write string }{
		{
			`SELECT change_id, source FROM changes WHERE source IS NOT NULL AND member_id IN (SELECT member_id FROM members WHERE account ` + accounts + `)`,
			`UPDATE changes SET source = ? WHERE change_id = ?`,
		},
		{`SELECT held_id, source FROM held_changes WHERE source IS NOT NULL AND account ` + accounts, `UPDATE held_changes SET source = ? WHERE held_id = ?`},
	} {
		type row struct {
			id  int64
			was *sync.Attribution
		}
		rows, err := collect(stream(ctx, tx, func(r *row, rows *sql.Rows) error { return rows.Scan(&r.id, source{&r.was}) },
			table.read, m.Account))
		if err != nil {
			return err
		}
		for _, r := range rows {
			left := r.was.Forget(m, says)
			if left == r.was {
				continue
			}
			text, err := sourceText(left)
			if err != nil {
				return err
			}
			if _, err := tx.ExecContext(ctx, table.write, text, r.id); err != nil {
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
