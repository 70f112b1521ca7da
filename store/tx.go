package store

import (
	"context"
	"database/sql"
	"time"

	lib "modernc.org/sqlite/lib"
)

// How long another program may keep the database locked before we give up.
// SQLite itself waits for no more than busyStep (see writeDSN), since it would
// not notice that the context has ended.
const (
	busyWait = 5 * time.Second
	busyStep = 200 * time.Millisecond
)

// write runs fn in the one transaction that writes: all of it is committed, or
// nothing. It begins by taking SQLite's write lock, so that fn reads what it
// will change.
func (d *database) write(ctx context.Context, fn func(tx *sql.Tx) error) error {
	return d.writeOn(ctx, func(_ *sql.Conn, tx *sql.Tx) error { return fn(tx) })
}

// writeOn is write for who needs the connection, too.
func (d *database) writeOn(ctx context.Context, fn func(conn *sql.Conn, tx *sql.Tx) error) error {
	if d.w == nil {
		return ErrReadOnly
	}
	if err := d.file.InPlace(); err != nil {
		return err
	}
	conn, err := d.w.Conn(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close() }()
	var tx *sql.Tx
	err = retryBusy(ctx, func() (err error) {
		tx, err = conn.BeginTx(ctx, nil)
		return err
	})
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }() // after Commit it does nothing
	if err = fn(conn, tx); err == nil {
		err = d.file.InPlace() // as late as can be
	}
	if err == nil {
		err = tx.Commit()
	}
	if err != nil && ctx.Err() != nil {
		return ctx.Err() // the cause of whatever the transaction says
	}
	return err
}

// read runs fn in a transaction that sees one instant of the database.
func (d *database) read(ctx context.Context, fn func(tx *sql.Tx) error) error {
	tx, err := d.r.BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }() // there is nothing to commit
	return fn(tx)
}

// retryBusy repeats fn while another program keeps the database locked.
func retryBusy(ctx context.Context, fn func() error) error {
	for deadline := time.Now().Add(busyWait); ; {
		err := fn()
		if err == nil {
			return nil
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if code(err)&0xff != lib.SQLITE_BUSY || time.Now().After(deadline) {
			return err
		}
		if err := pause(ctx, lockPause); err != nil {
			return err
		}
	}
}
