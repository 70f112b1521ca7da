package database

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"modernc.org/sqlite"
	lib "modernc.org/sqlite/lib"

	"ringroster/store/dbfile"
	"ringroster/sync"
)

// ErrReadOnly is returned for writes through a Store opened by OpenRead.
var ErrReadOnly = errors.New("the roster database is open for reading only")

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
	_, moved := errors.AsType[*dbfile.MovedError](err)
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
	if ResultCode(err) == lib.SQLITE_IOERR_SHMSIZE { // -shm could not grow
		return "the disk is full; nothing was changed"
	}
	switch ResultCode(err) & 0xff { // the low byte of an extended code is the kind
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

// ResultCode is SQLite's extended result code, or 0 for other errors.
func ResultCode(err error) int {
	if e, ok := errors.AsType[*sqlite.Error](err); ok {
		return e.Code()
	}
	return 0
}

// IsDuplicate tells a broken UNIQUE index from other errors.
func IsDuplicate(err error) bool { return ResultCode(err) == lib.SQLITE_CONSTRAINT_UNIQUE }

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

// HostError is returned where the roster belongs to another host.
type HostError struct{ Path, Host, Here string }

func (e *HostError) Error() string {
	return fmt.Sprintf("the roster %s belongs to the host %s, and this is %s: nothing was written. Once nothing runs there any more, `ringroster takeover` makes it this host's", e.Path, e.Host, e.Here)
}

// ServedError is returned when another service works on the roster.
type ServedError struct{ Holder sync.Holder }

func (e *ServedError) Error() string {
	return "another service works on this roster: " + whoIs(e.Holder) + ". Stop that one first, or give this one a roster of its own (database.path)"
}

// whoIs names a process, as far as it is known.
func whoIs(h sync.Holder) string {
	if h.PID == 0 {
		return "a process that has not said its number yet"
	}
	return fmt.Sprintf("process %d on %s since %s", h.PID, h.Host, h.Since.UTC().Format(time.RFC3339))
}
