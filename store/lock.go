package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"
	stdsync "sync"
	"syscall"
	"time"

	"ringroster/sync"
)

// How long a migration waits for somebody else's run or migration to end.
const (
	migrationWait = 10 * time.Second
	lockPause     = 20 * time.Millisecond
)

// Lock takes the one lock of the roster (R27). It is a lock of the operating
// system on a file beside the database, so that it ends with its holder however
// that dies; the row in the database only says who it is.
func (s *Store) Lock(ctx context.Context, h sync.Holder) (release func() error, err error) {
	if s.w == nil {
		return nil, ErrReadOnly
	}
	unlock, err := s.lockFile(ctx)
	if err != nil {
		return nil, explain("lock", s.path, err)
	}
	err = s.write(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `
			INSERT INTO lock_holder (id, pid, host, since) VALUES (1, ?, ?, ?)
			ON CONFLICT (id) DO UPDATE SET pid = excluded.pid, host = excluded.host, since = excluded.since`,
			h.PID, h.Host, stamp(h.Since))
		return err
	})
	if err != nil {
		unlock()
		return nil, explain("lock", s.path, err)
	}
	return stdsync.OnceValue(func() error {
		defer unlock()
		ctx := context.WithoutCancel(ctx) // a stopped run cleans up, too
		err := s.write(ctx, func(tx *sql.Tx) error {
			_, err := tx.ExecContext(ctx, `DELETE FROM lock_holder`)
			return err
		})
		return explain("unlock", s.path, err)
	}), nil
}

// Holder says who holds the lock now; ok is false when nobody does. It asks the
// operating system: a row left by a dead process does not count.
func (s *Store) Holder(ctx context.Context) (h sync.Holder, ok bool, err error) {
	f, err := os.Open(s.lockPath())
	if errors.Is(err, fs.ErrNotExist) {
		return h, false, nil
	}
	if err != nil {
		return h, false, fmt.Errorf("ask who holds the roster's lock: %w", err)
	}
	defer func() { _ = f.Close() }()
	err = flock(f, syscall.LOCK_SH)
	if err == nil || !errors.Is(err, syscall.EWOULDBLOCK) {
		return h, false, err
	}
	h, err = s.holderRow(ctx)
	return h, true, err
}

func (s *Store) lockPath() string { return s.path + ".lock" }

// lockFile takes the lock or fails with *sync.BusyError. Holder's look at the
// lock takes it for an instant, so one refusal is not yet an answer.
func (s *Store) lockFile(ctx context.Context) (unlock func(), err error) {
	f, err := s.openLockFile()
	if err != nil {
		return nil, err
	}
	for range 3 {
		if err = flock(f, syscall.LOCK_EX); !errors.Is(err, syscall.EWOULDBLOCK) {
			break
		}
		if cause := pause(ctx, lockPause); cause != nil {
			_ = f.Close()
			return nil, cause
		}
	}
	switch {
	case err == nil:
		return func() { _ = f.Close() }, nil // closing unlocks
	case errors.Is(err, syscall.EWOULDBLOCK):
		h, _ := s.holderRow(ctx) // the name is a courtesy
		err = &sync.BusyError{Holder: h}
	}
	_ = f.Close()
	return nil, err
}

// waitForFile takes the lock for a migration, which may wait a little.
func (s *Store) waitForFile(ctx context.Context) (unlock func(), err error) {
	for deadline := time.Now().Add(migrationWait); ; {
		unlock, err = s.lockFile(ctx)
		if _, busy := errors.AsType[*sync.BusyError](err); !busy || time.Now().After(deadline) {
			return unlock, err
		}
	}
}

// openLockFile opens the file, made on first use like the database itself: same
// mode, and same owner when root happens to be first.
func (s *Store) openLockFile() (*os.File, error) {
	f, err := os.OpenFile(s.lockPath(), os.O_RDWR|os.O_CREATE|os.O_EXCL, s.mode)
	if errors.Is(err, fs.ErrExist) {
		return os.OpenFile(s.lockPath(), os.O_RDWR, 0)
	}
	if err != nil {
		return nil, err
	}
	err = f.Chmod(s.mode)
	if info, statErr := os.Stat(s.path); statErr == nil && os.Geteuid() == 0 {
		owner := info.Sys().(*syscall.Stat_t)
		err = errors.Join(err, f.Chown(int(owner.Uid), int(owner.Gid)))
	}
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}

func (s *Store) holderRow(ctx context.Context) (h sync.Holder, err error) {
	var since sql.NullString
	err = s.r.QueryRowContext(ctx, `SELECT pid, host, since FROM lock_holder`).Scan(&h.PID, &h.Host, &since)
	if errors.Is(err, sql.ErrNoRows) {
		return h, nil // taken this instant, or for a migration
	}
	if err != nil {
		return h, explain("read", s.path, err)
	}
	h.Since, err = parseStamp(since)
	return h, err
}

// flock tries to lock without waiting; the kernel drops the lock with the file.
func flock(f *os.File, how int) error {
	for {
		err := syscall.Flock(int(f.Fd()), how|syscall.LOCK_NB)
		if !errors.Is(err, syscall.EINTR) {
			return err
		}
	}
}

func pause(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
		return nil
	}
}
