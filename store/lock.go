package store

import (
	"context"
	"database/sql"
	"errors"
	stdsync "sync"
	"syscall"
	"time"

	"ringroster/store/database"
	"ringroster/store/dbfile"
	"ringroster/store/sqlrows"
	"ringroster/sync"
)

// migrationWait is how long a migration waits for somebody else's run or migration to end.
const migrationWait = 10 * time.Second

// Lock takes the one lock of the roster (R27). It is a lock of the operating
// system on a file beside the database, so that it ends with its holder however
// that dies; the row in the database only says who it is.
func (s *Store) Lock(ctx context.Context, h sync.Holder) (release func() error, err error) {
	if s.db.Writes == nil {
		return nil, database.ErrReadOnly
	}
	unlock, err := s.lockFile(ctx)
	if err != nil {
		return nil, s.db.Explain("lock", err)
	}
	err = s.db.Write(ctx, func(tx *sql.Tx) error {
		// Begin closes the runs that died: till then they count as tried when they
		// began, from which the service waits before it tries again (R30).
		if err := s.settle(ctx, tx, h.Since); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, `
			INSERT INTO lock_holder (id, pid, host, since) VALUES (1, ?, ?, ?)
			ON CONFLICT (id) DO UPDATE SET pid = excluded.pid, host = excluded.host, since = excluded.since`,
			h.PID, h.Host, sqlrows.Stamp(h.Since))
		return err
	})
	if err != nil {
		unlock()
		return nil, s.db.Explain("lock", err)
	}
	return stdsync.OnceValue(func() error {
		defer unlock()
		ctx := context.WithoutCancel(ctx) // a stopped run cleans up, too
		err := s.db.Write(ctx, func(tx *sql.Tx) error {
			_, err := tx.ExecContext(ctx, `DELETE FROM lock_holder`)
			return err
		})
		return s.db.Explain("unlock", err)
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
	err = s.db.Write(ctx, func(tx *sql.Tx) error { return s.closeInterrupted(ctx, tx, now) })
	return errors.Join(s.db.Explain("write", err), release())
}

// Holder says who holds the lock now; ok is false when nobody does. It asks the
// operating system: a row left by a dead process does not count.
func (s *Store) Holder(ctx context.Context) (h sync.Holder, ok bool, err error) {
	f, held, err := s.db.File.LookAt(dbfile.LockSuffix)
	if err != nil || !held {
		return h, false, err
	}
	_ = f.Close()
	h, err = s.holderRow(ctx)
	return h, true, err
}

// lockFile takes the lock or fails with *sync.BusyError.
func (s *Store) lockFile(ctx context.Context) (unlock func(), err error) {
	f, err := s.db.File.Seize(ctx, dbfile.LockSuffix)
	if errors.Is(err, syscall.EWOULDBLOCK) {
		h, _ := s.holderRow(ctx) // the name is a courtesy
		return nil, &sync.BusyError{Holder: h}
	}
	if err != nil {
		return nil, err
	}
	return func() { _ = s.db.File.LetGo(f) }, nil
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
	err = s.db.Reads.QueryRowContext(ctx, `SELECT pid, host, since FROM lock_holder`).Scan(&h.PID, &h.Host, &since)
	if errors.Is(err, sql.ErrNoRows) {
		return h, nil // taken this instant, or for a migration
	}
	if err != nil {
		return h, s.db.Explain("read", err)
	}
	h.Since, err = sqlrows.ParseStamp(since)
	return h, err
}
