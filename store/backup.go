package store

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"

	"ringroster/store/database"
	"ringroster/store/dbfile"
	"ringroster/store/schema"
)

// Backup writes a verified, compact copy of the live database to dst, which it
// replaces only when the copy is whole and on the disk. It needs no more than
// the right to read, and writers do not wait for it.
func (s *Store) Backup(ctx context.Context, dst string) error {
	if err := s.backup(ctx, dst); err != nil {
		return fmt.Errorf("back up the roster database %s to %s: %w", s.db.Path(), dst, withoutName(err))
	}
	return nil
}

func (s *Store) backup(ctx context.Context, dst string) error {
	dst, err := filepath.Abs(dst) // the address of a database has no other form
	if err != nil {
		return err
	}
	if err := s.mayReplace(dst); err != nil {
		return err
	}
	temp, err := s.db.File.Reserve(dst)
	if err != nil {
		return err
	}
	defer func() { _ = os.Remove(temp) }()
	if err := copyInto(ctx, s.db.Path(), temp, 0); err != nil {
		return err
	}
	if err := verify(ctx, temp); err != nil {
		return err
	}
	if err := s.InPlace(); err != nil { // the copy was made of what stands at the name
		return err
	}
	return dbfile.Publish(temp, dst)
}

// withoutName is the cause of an error of the file system alone: the name is that of a copy
// that is not there any more.
func withoutName(err error) error {
	if e, ok := errors.AsType[*fs.PathError](err); ok {
		return e.Err
	}
	if e, ok := errors.AsType[*os.LinkError](err); ok {
		return e.Err
	}
	return err
}

// mayReplace refuses a destination that is part of the live database, or that is
// there and is no roster: a slip of the hand must not cost a file.
func (s *Store) mayReplace(dst string) error {
	there, err := os.Stat(dst)
	missing := errors.Is(err, fs.ErrNotExist)
	if err != nil && !missing {
		return err
	}
	for _, suffix := range dbfile.Companions {
		live, err := os.Stat(s.db.Path() + suffix)
		if dst == s.db.Path()+suffix || err == nil && !missing && os.SameFile(live, there) {
			return fmt.Errorf("%s belongs to the live roster: give the copy another name", dst)
		}
	}
	if missing {
		return nil
	}
	if !there.Mode().IsRegular() {
		return fmt.Errorf("%s is not a regular file: give the copy another name", dst)
	}
	f, err := os.Open(dst)
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }()
	header := make([]byte, 72) // application_id stands in bytes 68 to 71
	if _, err := io.ReadFull(f, header); err != nil || binary.BigEndian.Uint32(header[68:]) != schema.ApplicationID {
		return fmt.Errorf("%s is there and is no roster: give the copy another name, or remove it first", dst)
	}
	return nil
}

// copyInto gives the copy pages of a size, in bytes; 0: as the database at path has. It has a
// connection of its own: those for reading forbid what counts as writing, and the one
// for writing may be busy.
func copyInto(ctx context.Context, path, temp string, size int64) (err error) {
	db, err := database.Pool(database.Address(path, url.Values{"mode": {"ro"}, "_pragma": {"busy_timeout(5000)"}}))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	if size > 0 {
		if _, err := db.ExecContext(ctx, fmt.Sprintf(`PRAGMA page_size = %d`, size)); err != nil { //nolint:gosec // a number
			return err
		}
	}
	_, err = db.ExecContext(ctx, `VACUUM INTO ?`, temp)
	return err
}

// verify reads a whole copy and checks it.
func verify(ctx context.Context, name string) (err error) {
	db, err := database.Pool(database.Address(name, url.Values{"mode": {"ro"}}))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	var answer string
	if err := db.QueryRowContext(ctx, `SELECT integrity_check FROM pragma_integrity_check LIMIT 1`).Scan(&answer); err != nil {
		return fmt.Errorf("check the copy: %w", err)
	}
	if answer != "ok" {
		return fmt.Errorf("check the copy: SQLite says %q", answer)
	}
	return nil
}
