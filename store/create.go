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
)

// MissingError is returned where there is no roster, or an empty one, and nobody asked for
// a new one: where a file system is not mounted, that would onboard everybody anew. Why says
// what proves that there was one; "": nothing does.
type MissingError struct{ Path, Why string }

func (e *MissingError) Error() string {
	if e.Why == "" {
		return fmt.Sprintf("there is no roster at %s. `ringroster sync --new` begins one. If there was one, mount the file system that it is on, or put a backup in its place with `ringroster restore FILE`", e.Path)
	}
	return fmt.Sprintf("the roster database %s is gone: %s. Mount the file system that it is on, or put a backup in its place with `ringroster restore FILE`. `ringroster sync --new` begins a new roster, without the members, pins and history of the old one", e.Path, e.Why)
}

// empty says whether there is no roster yet: no file, or nothing in it.
func (s *Store) empty(ctx context.Context) (bool, error) {
	if nothing, err := s.nothing(); err != nil || nothing {
		return nothing, err
	}
	db, err := pool(readDSN(s.db.path()))
	if err != nil {
		return false, err
	}
	version, err := schemaVersion(ctx, db)
	return err == nil && version == 0, errors.Join(err, db.Close())
}

// nothing says whether there is no file, or one without a byte.
func (s *Store) nothing() (bool, error) {
	info, err := s.db.file.checkFile()
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
	if err := s.db.file.note(s.db.path()); err != nil {
		return false, err
	}
	have, _, err := versions(ctx, s.db.r, migrations())
	if err != nil || have > 0 {
		return false, err
	}
	s.db.file.forget(s.db.path())
	err = s.db.r.Close()
	if err == nil {
		err = s.db.openReaders()
	}
	return true, err
}

// gone looks for what proves that there was a roster here, to be believed where there is
// none now; nil: nothing does.
func (s *Store) gone() error {
	if s.db.file.dangling {
		return &MissingError{s.db.path(), "database.path is a symbolic link to it, and it is not there"}
	}
	if info, err := os.Lstat(s.db.path() + madeSuffix); err == nil && info.Mode().IsRegular() {
		return &MissingError{s.db.path(), s.db.path() + madeSuffix + " remembers that there was one"}
	}
	if info, err := os.Lstat(s.db.path() + "-wal"); err == nil && info.Size() > 0 {
		if info, err := os.Lstat(s.db.path()); err != nil || info.Size() == 0 {
			return &MissingError{s.db.path(), s.db.path() + "-wal, which is part of one, is still there"}
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
	removeHalves(s.db.path())
	temp, err := s.db.file.reserve(s.db.path())
	if err != nil {
		return err
	}
	defer func() { _ = os.Remove(temp) }()
	err = inFile(ctx, temp, func(db *sql.DB) error {
		want, err := latest(migrations())
		if err != nil {
			return err
		}
		return raise(ctx, db, migrations(), 0, want)
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
	db, err := pool(dsn(name, url.Values{
		"_txlock": {"immediate"},
		"_pragma": {"journal_mode(MEMORY)", "synchronous(OFF)", "foreign_keys(1)", "temp_store(MEMORY)"},
	}))
	if err != nil {
		return err
	}
	_, err = db.ExecContext(ctx, fmt.Sprintf(`PRAGMA page_size = %d`, pageSize)) // of a new one
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
	return before, publish(temp, s.db.path())
}

// setAside renames the database and what SQLite keeps beside it, so that they still
// belong together, and returns the new name; "" when nothing was there.
func (s *Store) setAside(why string) (name string, err error) {
	aside := fmt.Sprintf("%s.%s-%s", s.db.path(), why, time.Now().UTC().Format("20060102T150405.000000Z"))
	for _, suffix := range []string{"", "-wal", "-shm", "-journal"} {
		info, err := os.Lstat(s.db.path() + suffix)
		if errors.Is(err, fs.ErrNotExist) || err == nil && suffix == "" && info.Size() == 0 {
			continue
		}
		if err == nil {
			err = os.Rename(s.db.path()+suffix, aside+suffix)
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
