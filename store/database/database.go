// Package database opens a SQLite database: one connection that writes and a few that only
// read, with a transaction for each. A connection, and a commit, is refused once the name
// of the file leads elsewhere. Errors end in what an operator can do. It knows nothing of
// what is in the database.
package database

import (
	"context"
	"database/sql"
	"errors"
	"iter"

	"ringroster/store/dbfile"
)

// DB is an open database: its file, and the connections to it.
type DB struct {
	File   *dbfile.File
	Writes *sql.DB // one connection; nil for a database that is only read
	Reads  *sql.DB // a few, none of which can write
}

// New is the database in a file, of which nothing is read yet. Until OpenWriter it can
// only be read.
func New(file *dbfile.File) (*DB, error) {
	d := &DB{File: file}
	return d, d.OpenReaders()
}

// OpenReaders opens the connections that read.
func (d *DB) OpenReaders() (err error) {
	d.Reads, err = d.pool(ReadDSN(d.File.Path), readers, false)
	return err
}

// OpenWriter opens the connection that writes.
func (d *DB) OpenWriter() (err error) {
	d.Writes, err = d.pool(writeDSN(d.File.Path), 1, true)
	return err
}

// Close closes all connections that are open.
func (d *DB) Close() error {
	// Readers first: who closes last tidies up the WAL, and only a writer can.
	err := d.Reads.Close()
	if d.Writes != nil {
		err = errors.Join(err, d.Writes.Close())
	}
	return err
}

// Path is where the database is.
func (d *DB) Path() string { return d.File.Path }

// Explain says of an error what an operator can do about it; nil stays nil.
func (d *DB) Explain(doing string, err error) error { return explain(doing, d.File.Path, err) }

// Told gives the errors of a stream that leaves the store their explanation.
func Told[T any](rows iter.Seq2[T, error], path string) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		for row, err := range rows {
			if !yield(row, explain("read", path, err)) {
				return
			}
		}
	}
}

// Yes is the answer of a query that gives one truth.
func (d *DB) Yes(ctx context.Context, query string, args ...any) (yes bool, err error) {
	err = d.Reads.QueryRowContext(ctx, query, args...).Scan(&yes)
	return yes, d.Explain("read", err)
}
