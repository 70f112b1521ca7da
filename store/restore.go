package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"time"

	"modernc.org/sqlite"

	"ringroster/sync"
)

// Restore puts the content of the backup src in the place of the database at
// path, in one transaction, so that programs that have it open see either. The
// backup is checked first; what stood there before is backed up beside it, under
// the name that is returned ("" when nothing stood there). It fails with
// *sync.BusyError while a run holds the lock.
func Restore(ctx context.Context, src, path string, opts Options) (before string, err error) {
	if src, err = filepath.Abs(src); err != nil { // the address of a database has no other form
		return "", err
	}
	if _, err := os.Stat(src); err != nil {
		return "", fmt.Errorf("restore: %w", err)
	}
	if err := checkBackup(ctx, src); err != nil {
		return "", explain("restore from", src, err)
	}
	_, err = os.Stat(path)
	existed := !errors.Is(err, fs.ErrNotExist)
	s, err := Open(ctx, path, opts)
	if err != nil {
		return "", fmt.Errorf("nothing was restored: move the database away, or correct this, first: %w", err)
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	release, err := s.Lock(ctx, sync.NewHolder(time.Now()))
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, release()) }()
	if existed {
		before = fmt.Sprintf("%s.before-restore-%s", s.path, time.Now().UTC().Format("20060102T150405.000000Z"))
		if err := s.Backup(ctx, before); err != nil {
			return "", err
		}
	}
	if err := s.restoreFitting(ctx, src); err != nil {
		return before, explain("restore "+src+" into", s.path, err)
	}
	return before, nil
}

// checkBackup refuses what is no whole database of ours, or of a newer version.
func checkBackup(ctx context.Context, src string) (err error) {
	db, err := pool(dsn(src, url.Values{"mode": {"ro"}}), 1, false)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	have, _, err := versions(ctx, db, migrations())
	if err != nil {
		return err
	}
	if have == 0 {
		return ErrForeign
	}
	return verify(ctx, src)
}

// restorer is what the driver's connection can do (modernc.org/sqlite).
type restorer interface {
	NewRestore(src string) (*sqlite.Backup, error)
}

// restoreFitting restores src, or where its pages are of another size, which no database
// in WAL mode can take on, a copy of it with ours.
func (s *Store) restoreFitting(ctx context.Context, src string) error {
	theirs, err := pageSizeOf(ctx, src)
	if err != nil {
		return err
	}
	ours, err := pageSizeOf(ctx, s.path)
	if err != nil {
		return err
	}
	if theirs == ours {
		return s.restore(ctx, src)
	}
	temp, err := reserve(s.path, s.mode)
	if err != nil {
		return err
	}
	defer func() { _ = os.Remove(temp) }()
	if err := copyInto(ctx, src, temp, ours); err != nil {
		return err
	}
	if err := verify(ctx, temp); err != nil {
		return err
	}
	return s.restore(ctx, temp)
}

func pageSizeOf(ctx context.Context, path string) (size int64, err error) {
	db, err := pool(dsn(path, url.Values{"mode": {"ro"}, "_pragma": {"busy_timeout(5000)"}}), 1, false)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	err = db.QueryRowContext(ctx, `PRAGMA page_size`).Scan(&size)
	return size, err
}

// restore copies every page of src over the database and migrates what came. The caller
// holds the lock.
func (s *Store) restore(ctx context.Context, src string) (err error) {
	conn, err := s.w.Conn(ctx)
	if err != nil {
		return err
	}
	err = conn.Raw(func(driverConn any) error {
		b, err := driverConn.(restorer).NewRestore(dsn(src, url.Values{"mode": {"ro"}}))
		if err != nil {
			return err
		}
		_, err = b.Step(-1)
		return errors.Join(err, b.Finish())
	})
	if err = errors.Join(err, conn.Close()); err != nil {
		return err
	}
	if _, err := s.w.ExecContext(ctx, `PRAGMA journal_mode = WAL`); err != nil {
		return err
	}
	have, want, err := versions(ctx, s.w, migrations())
	if err != nil {
		return err
	}
	if have != want {
		if err := s.raise(ctx, migrations(), have, want); err != nil { // src is the backup of it
			return err
		}
	}
	return s.write(ctx, func(tx *sql.Tx) error { // the backup's holder is not ours
		_, err := tx.ExecContext(ctx, `DELETE FROM lock_holder`)
		return err
	})
}
