// Package store keeps the roster in one SQLite file: members, their logins,
// runs, history and held changes. It implements sync.Roster.
//
// A Store has one connection that writes and a few that only read. SQLite in
// WAL mode lets both work side by side, in this process and in others: a reader
// sees one instant of the roster and never waits for a commit.
//
// Exported methods open the transaction; helpers below them take (ctx, tx, …)
// and can be combined. Everything a run changes goes through Commit, whose one
// transaction is either whole in the file or not there at all (R27). Operators
// may still edit tables with any SQLite client: what a sync left stands beside
// what the roster holds, so that the next plan notices.
//
// Errors name the file and end in what an operator can do; the cause stays
// wrapped. Result codes of SQLite decide, never texts.
//
// # The packages
//
// This package opens, creates, backs up, restores and prunes a roster, holds its lock,
// and knows the order of a commit and the state that a run begins from. It imports the
// packages below, and of each other they import only what their line says:
//
//	dbfile       the file, and those beside it: what stands at a name, owners, locks
//	sqlrows      values as rows have them, and rows one by one; SQL of lists of columns
//	database     connections, transactions, and what to do about an error; it knows dbfile
//	views        the rows of the views that people and programs read
//	schema       migrations, and the views and triggers made of the table of fields; it
//	             knows views
//	memberrows   members and their history, read and written
//	heldrows     held changes: read, written and decided
//	contactrows  contacts and their history, read and written; it knows heldrows
//	deliver      what others are told and given, and how far they were: notices,
//	             publications, mirrors; it knows views, heldrows and contactrows
//	storetest    new rosters for tests
//
// All of them but dbfile may import sqlrows, and those that read database. A Store has
// the methods of their readers.
//
// Nearly all tests play whole runs on a whole roster, and stand here.
package store

import (
	"context"
	"errors"
	"fmt"
	"io/fs"

	"ringroster/store/contactrows"
	"ringroster/store/database"
	"ringroster/store/dbfile"
	"ringroster/store/deliver"
	"ringroster/store/heldrows"
	"ringroster/store/memberrows"
	"ringroster/store/views"
	"ringroster/sync"
)

var _ sync.Roster = (*Store)(nil)

// Options say how a database is created.
type Options struct {
	// Mode of the database and the files beside it; 0 means 0600. With 0640
	// the group can read, also while no writer runs.
	Mode fs.FileMode
	// New begins a roster where there is none, which is refused otherwise (database.MissingError).
	New bool
	// Host is the one we are on: a roster of another is refused (database.HostError). "": not known,
	// and any roster is taken for ours.
	Host string
}

// Store is an open roster database. It is safe for concurrent use. What needs to
// write returns database.ErrReadOnly on one opened by OpenRead.
type Store struct {
	db   *database.DB
	host string // see Options

	memberReader
	contactReader
	heldChangeReader
	viewReader
	deliverer
}

// What a Store has of the packages below it.
type (
	memberReader     = memberrows.Reader
	contactReader    = contactrows.Reader
	heldChangeReader = heldrows.Reader
	viewReader       = views.Reader
	deliverer        = deliver.Deliveries
)

// Open opens the database at path for reading and writing. A missing file is
// created where that was asked for; an older one is migrated after a backup was made
// beside it. A file from a newer version, of another program, or damaged is
// refused as it is.
func Open(ctx context.Context, path string, opts Options) (*Store, error) {
	s, err := newStore(path, opts.Mode)
	if err != nil {
		return nil, err
	}
	s.host = opts.Host
	if err := s.openWriter(ctx, opts.New); err != nil {
		return nil, errors.Join(s.db.Explain("open", err), s.Close())
	}
	return s, nil
}

// OpenRead opens the database at path for reading. It never creates or
// migrates anything and needs no more than the right to read. A missing file
// is an error that wraps fs.ErrNotExist.
func OpenRead(ctx context.Context, path string) (*Store, error) {
	s, err := newStore(path, 0)
	if err != nil {
		return nil, err
	}
	if err := s.openReader(ctx); err != nil {
		return nil, errors.Join(s.db.Explain("read", err), s.Close())
	}
	return s, nil
}

func newStore(path string, mode fs.FileMode) (*Store, error) {
	file, err := dbfile.New(path, mode)
	if err != nil {
		return nil, fmt.Errorf("open the roster database: %w", err)
	}
	db, err := database.New(file)
	if err != nil {
		return nil, err
	}
	return &Store{
		db: db, memberReader: memberrows.NewReader(db), contactReader: contactrows.NewReader(db), heldChangeReader: heldrows.NewReader(db),
		viewReader: views.NewReader(db), deliverer: deliver.New(db),
	}, nil
}

// Path of the database file, absolute and free of symbolic links.
func (s *Store) Path() string { return s.db.Path() }

// InPlace says whether the database that is open, and the locks that are held, are
// still what stands at their names; else it is a *MovedError.
func (s *Store) InPlace() error { return s.db.File.InPlace() }

// Close closes all connections. A Store that was not fully opened can be
// closed, too.
func (s *Store) Close() error { return s.db.Close() }
