package store

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"

	"ringroster/store/database"
	"ringroster/store/dbfile"
	"ringroster/store/schema"
)

// migrate brings the schema to the latest version of the given migrations.
func (s *Store) migrate(ctx context.Context, files fs.FS) error {
	have, want, err := schema.Versions(ctx, s.db.Writes, files)
	if err != nil || have == want {
		return err
	}
	// Two programs that start together must not both migrate.
	unlock, err := s.waitForFile(ctx)
	if err != nil {
		return fmt.Errorf("migrate the roster database %s from version %d to %d: %w", s.db.Path(), have, want, err)
	}
	defer unlock()
	if have, want, err = schema.Versions(ctx, s.db.Writes, files); err != nil || have == want {
		return err
	}
	if have > 0 {
		backup := fmt.Sprintf("%s.backup-v%d", s.db.Path(), have)
		dbfile.RemoveHalves(backup)
		if err := s.backup(ctx, backup); err != nil {
			return fmt.Errorf("back it up to %s before migrating from version %d to %d: %w", backup, have, want, err)
		}
	}
	return schema.Raise(ctx, s.db.Writes, files, have, want)
}

func (s *Store) openWriter(ctx context.Context, isNew bool) error {
	gone := s.gone() // before the look at the database, which another program may make now
	// A look without the right to write comes first: a writing connection
	// would turn any database into one in WAL mode.
	empty, err := s.look(ctx)
	if err != nil {
		return err
	}
	if empty {
		if !isNew {
			return cmp.Or[error](gone, &database.MissingError{Path: s.db.Path()})
		}
		if err := s.create(ctx); err != nil {
			return err
		}
		if empty, err = s.look(ctx); err == nil && empty {
			err = &database.MissingError{Path: s.db.Path()}
		}
		if err != nil {
			return err
		}
	}
	if err := s.refuseElsewhere(ctx); err != nil {
		return err
	}
	if err := s.db.OpenWriter(); err != nil {
		return err
	}
	if err := database.RetryBusy(ctx, func() error { return s.migrate(ctx, schema.Migrations()) }); err != nil {
		return err
	}
	if err := s.settleIn(ctx); err != nil {
		return err
	}
	// What is committed stands in the WAL first. While it is open here no program
	// replaces it, only a hand does.
	if err := s.db.File.Note(s.db.Path() + "-wal"); err != nil {
		return err
	}
	if err := s.db.File.Tend(); err != nil {
		return err
	}
	return s.remember(ctx)
}

func (s *Store) openReader(ctx context.Context) error {
	gone := s.gone() // before the look at the database, which another program may make now
	info, err := s.db.File.CheckFile()
	missing := errors.Is(err, fs.ErrNotExist)
	if gone != nil && (missing || err == nil && info.Size() == 0) {
		return gone
	}
	if err != nil {
		return err
	}
	if err := s.db.File.Note(s.db.Path()); err != nil {
		return err
	}
	have, want, err := schema.Versions(ctx, s.db.Reads, schema.Migrations())
	if err != nil {
		return err
	}
	if have < want {
		return &schema.OlderError{Have: have, Want: want}
	}
	return nil
}
