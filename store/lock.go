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

// migrationWait is how long a migration waits for somebody else's run or migration to end.
const migrationWait = 10 * time.Second

// lockPause is between two tries to take a lock.
const lockPause = 20 * time.Millisecond

// Lock takes the one lock of the roster (R27). It is a lock of the operating
// system on a file beside the database, so that it ends with its holder however
// that dies; the row in the database only says who it is.
func (s *Store) Lock(ctx context.Context, h sync.Holder) (release func() error, err error) {
	if s.db.w == nil {
		return nil, ErrReadOnly
	}
	unlock, err := s.lockFile(ctx)
	if err != nil {
		return nil, s.db.explain("lock", err)
	}
	err = s.db.write(ctx, func(tx *sql.Tx) error {
		// Begin closes the runs that died: till then they count as tried when they
		// began, from which the service waits before it tries again (R30).
		if err := s.settle(ctx, tx, h.Since); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, `
			INSERT INTO lock_holder (id, pid, host, since) VALUES (1, ?, ?, ?)
			ON CONFLICT (id) DO UPDATE SET pid = excluded.pid, host = excluded.host, since = excluded.since`,
			h.PID, h.Host, stamp(h.Since))
		return err
	})
	if err != nil {
		unlock()
		return nil, s.db.explain("lock", err)
	}
	return stdsync.OnceValue(func() error {
		defer unlock()
		ctx := context.WithoutCancel(ctx) // a stopped run cleans up, too
		err := s.db.write(ctx, func(tx *sql.Tx) error {
			_, err := tx.ExecContext(ctx, `DELETE FROM lock_holder`)
			return err
		})
		return s.db.explain("unlock", err)
	}), nil
}

// CloseInterrupted records the runs of processes that died as ended, unless somebody is
// at work.
func (s *Store) CloseInterrupted(ctx context.Context, now time.Time) error {
	release, err := s.Lock(ctx, sync.NewHolder(now))
	if _, busy := errors.AsType[*sync.BusyError](err); busy {
		return nil
	}
	if err != nil {
		return err
	}
	err = s.db.write(ctx, func(tx *sql.Tx) error { return s.closeInterrupted(ctx, tx, now) })
	return errors.Join(s.db.explain("write", err), release())
}

// Holder says who holds the lock now; ok is false when nobody does. It asks the
// operating system: a row left by a dead process does not count.
func (s *Store) Holder(ctx context.Context) (h sync.Holder, ok bool, err error) {
	f, held, err := s.db.file.lookAt(lockSuffix)
	if err != nil || !held {
		return h, false, err
	}
	_ = f.Close()
	h, err = s.holderRow(ctx)
	return h, true, err
}

// lookAt opens a file beside the database when somebody holds its lock. Looking takes
// the lock for an instant, which seize allows for.
func (d *dbFile) lookAt(suffix string) (f *os.File, held bool, err error) {
	f, err = openPlain(d.path+suffix, os.O_RDONLY)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, false, nil
	}
	if err == nil {
		if err = flock(f, syscall.LOCK_SH); errors.Is(err, syscall.EWOULDBLOCK) {
			return f, true, nil
		}
		err = errors.Join(err, f.Close())
	}
	if errors.Is(err, fs.ErrPermission) {
		err = fmt.Errorf("%w: `ringroster check` says whose it should be", err)
	}
	if err != nil {
		err = fmt.Errorf("ask who holds %s%s: %w", d.path, suffix, err)
	}
	return nil, false, err
}

// lockFile takes the lock or fails with *sync.BusyError.
func (s *Store) lockFile(ctx context.Context) (unlock func(), err error) {
	f, err := s.db.file.seize(ctx, lockSuffix)
	if errors.Is(err, syscall.EWOULDBLOCK) {
		h, _ := s.holderRow(ctx) // the name is a courtesy
		return nil, &sync.BusyError{Holder: h}
	}
	if err != nil {
		return nil, err
	}
	return func() { _ = s.db.file.letGo(f) }, nil
}

// seize opens a file beside the database and takes its lock, or fails with
// EWOULDBLOCK. A look at the lock takes it for an instant, so one refusal is not yet an
// answer; nor is the lock of a file that was removed in this instant.
func (d *dbFile) seize(ctx context.Context, suffix string) (*os.File, error) {
	for range 3 {
		f, err := d.openBeside(suffix)
		if err != nil {
			return nil, err
		}
		err = flock(f, syscall.LOCK_EX)
		if err == nil {
			err = d.hold(f)
		}
		if err == nil {
			return f, nil
		}
		_ = f.Close()
		if !errors.Is(err, syscall.EWOULDBLOCK) {
			return nil, err
		}
		if err := pause(ctx, lockPause); err != nil {
			return nil, err
		}
	}
	return nil, syscall.EWOULDBLOCK
}

// hold notes the locked file as what must stay in its place, if it is there.
func (d *dbFile) hold(f *os.File) error {
	info, err := f.Stat()
	if err != nil {
		return err
	}
	id := identityOf(info)
	if !id.at(f.Name()) {
		return syscall.EWOULDBLOCK
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.open[f.Name()] = id
	return nil
}

// letGo unlocks by closing.
func (d *dbFile) letGo(f *os.File) error {
	d.forget(f.Name())
	return f.Close()
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

func (s *Store) holderRow(ctx context.Context) (h sync.Holder, err error) {
	var since sql.NullString
	err = s.db.r.QueryRowContext(ctx, `SELECT pid, host, since FROM lock_holder`).Scan(&h.PID, &h.Host, &since)
	if errors.Is(err, sql.ErrNoRows) {
		return h, nil // taken this instant, or for a migration
	}
	if err != nil {
		return h, s.db.explain("read", err)
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

// pause waits, unless the context ends.
func pause(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
		return nil
	}
}
