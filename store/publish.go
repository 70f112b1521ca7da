package store

import (
	"context"
	"database/sql"
	"time"

	"ringroster/store/deliver"
)

// Publish makes the destinations of the settings known, each with the kind of what it is
// given, and notes when the roster is a copy. Others keep their state.
func (s *Store) Publish(ctx context.Context, kinds map[string]string, now time.Time) error {
	unknown, err := s.Unknown(ctx, kinds)
	if err != nil {
		return err
	}
	here, err := s.db.File.Place()
	if err != nil {
		return s.db.Explain("look at", err)
	}
	there, err := s.db.Yes(ctx, `SELECT EXISTS (SELECT 1 FROM numbering WHERE place = ?)`, here)
	if err != nil {
		return err
	}
	if len(unknown) == 0 && there {
		return nil // without a write, nearly always
	}
	err = s.db.Write(ctx, func(tx *sql.Tx) error {
		if err := s.adopt(ctx, tx); err != nil {
			return err
		}
		return deliver.AddPublications(ctx, tx, unknown, now)
	})
	return s.db.Explain("write the destinations of publish to", err)
}
