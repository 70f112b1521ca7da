package database

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	lib "modernc.org/sqlite/lib"

	"ringroster/store/dbfile"
	"ringroster/sync"
)

// How long another program may keep the database locked before we give up.
// SQLite itself waits for no more than busyStep (see writeDSN), since it would
// not notice that the context has ended.
const (
	busyWait = 5 * time.Second
	busyStep = 200 * time.Millisecond
)

// Write runs fn in the one transaction that writes: all of it is committed, or
// nothing. It begins by taking SQLite's write lock, so that fn reads what it
// will change.
func (d *DB) Write(ctx context.Context, fn func(tx *sql.Tx) error) error {
	return d.WriteOn(ctx, func(_ *sql.Conn, tx *sql.Tx) error { return fn(tx) })
}

// WriteOn is Write for who needs the connection, too.
func (d *DB) WriteOn(ctx context.Context, fn func(conn *sql.Conn, tx *sql.Tx) error) error {
	if d.Writes == nil {
		return ErrReadOnly
	}
	if err := d.File.InPlace(); err != nil {
		return err
	}
	conn, err := d.Writes.Conn(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close() }()
	var tx *sql.Tx
	err = RetryBusy(ctx, func() (err error) {
		tx, err = conn.BeginTx(ctx, nil)
		return err
	})
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }() // after Commit it does nothing
	if err = fn(conn, tx); err == nil {
		err = d.File.InPlace() // as late as can be
	}
	if err == nil {
		err = tx.Commit()
	}
	if err != nil && ctx.Err() != nil {
		return ctx.Err() // the cause of whatever the transaction says
	}
	return err
}

// Read runs fn in a transaction that sees one instant of the database.
func (d *DB) Read(ctx context.Context, fn func(tx *sql.Tx) error) error {
	tx, err := d.Reads.BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }() // there is nothing to commit
	return fn(tx)
}

// RetryBusy repeats fn while another program keeps the database locked.
func RetryBusy(ctx context.Context, fn func() error) error {
	for deadline := time.Now().Add(busyWait); ; {
		err := fn()
		if err == nil {
			return nil
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if ResultCode(err)&0xff != lib.SQLITE_BUSY || time.Now().After(deadline) {
			return err
		}
		if err := dbfile.Pause(ctx, dbfile.LockPause); err != nil {
			return err
		}
	}
}

// CheckVersion compares under SQLite's write lock, so that nobody can commit
// between the check and the end of the transaction.
func CheckVersion(ctx context.Context, tx *sql.Tx, query, account string, planned int64) error {
	var version int64
	err := tx.QueryRowContext(ctx, query, account).Scan(&version)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return err
	}
	if version != planned {
		return fmt.Errorf("%w: planned from version %d, now %d", sync.ErrMoved, planned, version)
	}
	return nil
}
