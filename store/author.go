package store

import (
	"context"
	"database/sql"
	"errors"

	"ringroster/sync"
)

// Author is on whose behalf a run was made, and the note that its author left
// (R31). Their name stands in RunRow.
func (s *Store) Author(ctx context.Context, id sync.RunID) (onBehalfOf, note string, err error) {
	err = s.r.QueryRowContext(ctx, `SELECT coalesce(on_behalf_of, ''), coalesce(note, '') FROM runs WHERE run_id = ? ORDER BY account, job LIMIT 1`, id).Scan(&onBehalfOf, &note)
	if errors.Is(err, sql.ErrNoRows) {
		err = nil
	}
	return onBehalfOf, note, explain("read a run from", s.path, err)
}
