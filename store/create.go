package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"time"

	"ringroster/store/database"
	"ringroster/store/dbfile"
	"ringroster/store/schema"
)

// empty says whether there is no roster yet: no file, or nothing in it.
func (s *Store) empty(ctx context.Context) (bool, error) {
	if nothing, err := s.nothing(); err != nil || nothing {
		return nothing, err
	}
	db, err := database.Pool(database.ReadDSN(s.db.Path()))
	if err != nil {
		return false, err
	}
	version, err := schema.SchemaVersion(ctx, db)
	return err == nil && version == 0, errors.Join(err, db.Close())
}

// nothing says whether there is no file, or one without a byte.
func (s *Store) nothing() (bool, error) {
	info, err := s.db.File.CheckFile()
	if errors.Is(err, fs.ErrNotExist) {
		return true, nil
	}
	return err == nil && info.Size() == 0, err
}

// look is empty for the roster that stays open: the connection it looked with, which has
// read the whole schema for that, goes on reading. What is empty is not open.
func (s *Store) look(ctx context.Context) (empty bool, err error) {
	if nothing, err := s.nothing(); err != nil || nothing {
		return nothing, err
	}
	if err := s.db.File.Note(s.db.Path()); err != nil {
		return false, err
	}
	have, _, err := schema.Versions(ctx, s.db.Reads, schema.Migrations())
	if err != nil || have > 0 {
		return false, err
	}
	s.db.File.Forget(s.db.Path())
	err = s.db.Reads.Close()
	if err == nil {
		err = s.db.OpenReaders()
	}
	return true, err
}

// gone looks for what proves that there was a roster here, to be believed where there is
// none now; nil: nothing does.
func (s *Store) gone() error {
	if s.db.File.Dangling {
		return &database.MissingError{Path: s.db.Path(), Why: "database.path is a symbolic link to it, and it is not there"}
	}
	if info, err := os.Lstat(s.db.Path() + dbfile.MadeSuffix); err == nil && info.Mode().IsRegular() {
		return &database.MissingError{Path: s.db.Path(), Why: s.db.Path() + dbfile.MadeSuffix + " remembers that there was one"}
	}
	if info, err := os.Lstat(s.db.Path() + "-wal"); err == nil && info.Size() > 0 {
		if info, err := os.Lstat(s.db.Path()); err != nil || info.Size() == 0 {
			return &database.MissingError{Path: s.db.Path(), Why: s.db.Path() + "-wal, which is part of one, is still there"}
		}
	}
	return nil
}

// create puts a new roster in place, with its whole schema or not at all: half of it,
// left by a full disk, would be taken for a roster by the next start.
func (s *Store) create(ctx context.Context) error {
	unlock, err := s.waitForFile(ctx)
	if err != nil {
		return err
	}
	defer unlock()
	if empty, err := s.empty(ctx); err != nil || !empty {
		return err // somebody was faster
	}
	dbfile.RemoveHalves(s.db.Path())
	temp, err := s.db.File.Reserve(s.db.Path())
	if err != nil {
		return err
	}
	defer func() { _ = os.Remove(temp) }()
	err = inFile(ctx, temp, func(db *sql.DB) error {
		want, err := schema.Latest(schema.Migrations())
		if err != nil {
			return err
		}
		return schema.Raise(ctx, db, schema.Migrations(), 0, want)
	})
	if err != nil {
		return err
	}
	_, err = s.install(ctx, temp, "before-new")
	return err
}

// inFile opens a database that nobody else knows yet around fn. It is not safe from a
// loss of power: that is for whoever gives it its final name.
func inFile(ctx context.Context, name string, fn func(db *sql.DB) error) error {
	db, err := database.Pool(database.Address(name, url.Values{
		"_txlock": {"immediate"},
		"_pragma": {"journal_mode(MEMORY)", "synchronous(OFF)", "foreign_keys(1)", "temp_store(MEMORY)"},
	}))
	if err != nil {
		return err
	}
	_, err = db.ExecContext(ctx, fmt.Sprintf(`PRAGMA page_size = %d`, database.PageSize)) // of a new one
	if err == nil {
		err = fn(db)
	}
	return errors.Join(err, db.Close())
}

// install gives a database that is whole the name of the roster. What is there under
// that name and beside it gets another one first, as it is: SQLite would take the WAL
// of the old database for the new one's. The caller holds the lock.
func (s *Store) install(ctx context.Context, temp, why string) (before string, err error) {
	// In WAL mode already: switched in place, and killed meanwhile, it would leave a
	// journal that nobody who only reads can roll back.
	err = inFile(ctx, temp, func(db *sql.DB) error {
		_, err := db.ExecContext(ctx, `PRAGMA journal_mode = WAL`)
		return err
	})
	if err != nil {
		return "", err
	}
	if before, err = s.setAside(why); err != nil {
		return before, err
	}
	return before, dbfile.Publish(temp, s.db.Path())
}

// setAside renames the database and what SQLite keeps beside it, so that they still
// belong together, and returns the new name; "" when nothing was there.
func (s *Store) setAside(why string) (name string, err error) {
	aside := fmt.Sprintf("%s.%s-%s", s.db.Path(), why, time.Now().UTC().Format("20060102T150405.000000Z"))
	for _, suffix := range []string{"", "-wal", "-shm", "-journal"} {
		info, err := os.Lstat(s.db.Path() + suffix)
		if errors.Is(err, fs.ErrNotExist) || err == nil && suffix == "" && info.Size() == 0 {
			continue
		}
		if err == nil {
			err = os.Rename(s.db.Path()+suffix, aside+suffix)
		}
		if err != nil {
			return name, err
		}
		if suffix == "" {
			name = aside
		}
	}
	return name, nil
}
