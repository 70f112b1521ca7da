package store

import (
	"context"
	"errors"
	"fmt"
	"io/fs"

	"modernc.org/sqlite"
	lib "modernc.org/sqlite/lib"

	"ringroster/sync"
)

// ErrForeign is returned when the file is a SQLite database of another program.
var ErrForeign = errors.New("it is a SQLite database of another program; give the roster a file of its own (database.path)")

// ErrReadOnly is returned for writes through a Store opened by OpenRead.
var ErrReadOnly = errors.New("the roster database is open for reading only")

// NewerError is returned for a database that a later ringroster has migrated.
type NewerError struct{ Have, Want int64 }

func (e *NewerError) Error() string {
	return fmt.Sprintf("its schema has version %d, this ringroster knows %d: use the newer ringroster, or restore the backup made before the upgrade", e.Have, e.Want)
}

// OlderError is returned by OpenRead for a database that waits for a migration.
type OlderError struct{ Have, Want int64 }

func (e *OlderError) Error() string {
	if e.Have == 0 {
		return "it is an empty file: `ringroster sync` makes a roster of it"
	}
	return fmt.Sprintf("its schema has version %d, this ringroster needs %d: run `ringroster sync` once to migrate it", e.Have, e.Want)
}

// explain says what an operator can do about a database error. The cause stays
// wrapped; nil stays nil.
func explain(doing, path string, err error) error {
	if err == nil {
		return nil
	}
	if saysItAll(err) {
		return err
	}
	if hint := hint(err); hint != "" {
		return fmt.Errorf("%s the roster database %s: %w: %s", doing, path, err, hint)
	}
	return fmt.Errorf("%s the roster database %s: %w", doing, path, err)
}

// saysItAll tells errors that name the file and what to do.
func saysItAll(err error) bool {
	_, busy := errors.AsType[*sync.BusyError](err)
	_, gone := errors.AsType[*MissingError](err)
	_, moved := errors.AsType[*MovedError](err)
	_, served := errors.AsType[*ServedError](err)
	_, elsewhere := errors.AsType[*HostError](err)
	return busy || gone || moved || served || elsewhere
}

func hint(err error) string {
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return ""
	}
	if errors.Is(err, fs.ErrNotExist) {
		return "check database.path; `ringroster sync --new` creates the file, not its folder"
	}
	if errors.Is(err, fs.ErrPermission) {
		return "check the owner and mode of the file and its folder"
	}
	if code(err) == lib.SQLITE_IOERR_SHMSIZE { // -shm could not grow
		return "the disk is full; nothing was changed"
	}
	switch code(err) & 0xff { // the low byte of an extended code is the kind
	case lib.SQLITE_NOTADB:
		return "it is not a SQLite database and was left as it is; check database.path, or restore a backup"
	case lib.SQLITE_CORRUPT:
		return "it is damaged or cut off and was left as it is; `ringroster restore FILE` puts a backup in its place and keeps it"
	case lib.SQLITE_READONLY, lib.SQLITE_PERM:
		return "it cannot be written; check the owner and mode of the file and its folder"
	case lib.SQLITE_CANTOPEN:
		return "it, or -wal and -shm beside it, cannot be opened; check owner and mode, and that the daemon has run once"
	case lib.SQLITE_BUSY, lib.SQLITE_LOCKED:
		return "another program keeps it locked; close that program and try again"
	case lib.SQLITE_FULL:
		return "the disk is full; nothing was changed"
	case lib.SQLITE_IOERR:
		return "the disk or file system failed"
	}
	return ""
}

// code is SQLite's extended result code, or 0 for other errors.
func code(err error) int {
	if e, ok := errors.AsType[*sqlite.Error](err); ok {
		return e.Code()
	}
	return 0
}

// isDuplicate tells a broken UNIQUE index from other errors.
func isDuplicate(err error) bool { return code(err) == lib.SQLITE_CONSTRAINT_UNIQUE }
