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
package store

import (
	"cmp"
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"time"

	"modernc.org/sqlite"

	"ringroster/sync"
)

var _ sync.Roster = (*Store)(nil)

// readers is how many queries run side by side; each connection costs about 1.4 MiB.
const readers = 4

// Options say how a database is created.
type Options struct {
	// Mode of the database and the files beside it; 0 means 0600. With 0640
	// the group can read, also while no writer runs.
	Mode fs.FileMode
	// New begins a roster where there is none, which is refused otherwise (MissingError).
	New bool
	// Host is the one we are on: a roster of another is refused (HostError). "": not known,
	// and any roster is taken for ours.
	Host string
}

// Store is an open roster database. It is safe for concurrent use. What needs to
// write returns ErrReadOnly on one opened by OpenRead.
type Store struct {
	db   *database
	host string // see Options

	memberReader
	contactReader
	heldChangeReader
	viewReader
	deliverer
}

// What a Store has of the packages below it.
type (
	memberReader     = membersReader
	contactReader    = contactsReader
	heldChangeReader = heldReader
	viewReader       = viewsReader
	deliverer        = deliveries
)

// database is an open database: its file, and the connections to it. It knows nothing of
// what is in it.
type database struct {
	file *dbFile
	w    *sql.DB // one connection; nil when opened by OpenRead
	r    *sql.DB
}

// newDatabase is the database in a file, of which nothing is read yet. It can only be read.
func newDatabase(file *dbFile) (*database, error) {
	d := &database{file: file}
	return d, d.openReaders()
}

// openReaders opens the connections that read.
func (d *database) openReaders() (err error) {
	d.r, err = d.pool(readDSN(d.file.path), readers, false)
	return err
}

// openWriter opens the connection that writes.
func (d *database) openWriter() (err error) {
	d.w, err = d.pool(writeDSN(d.file.path), 1, true)
	return err
}

// close closes all connections that are open.
func (d *database) close() error {
	// Readers first: who closes last tidies up the WAL, and only a writer can.
	err := d.r.Close()
	if d.w != nil {
		err = errors.Join(err, d.w.Close())
	}
	return err
}

// path is where the database is.
func (d *database) path() string { return d.file.path }

// explain says of an error what an operator can do about it; nil stays nil.
func (d *database) explain(doing string, err error) error { return explain(doing, d.file.path, err) }

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
		return nil, errors.Join(s.db.explain("open", err), s.Close())
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
		return nil, errors.Join(s.db.explain("read", err), s.Close())
	}
	return s, nil
}

func newStore(path string, mode fs.FileMode) (*Store, error) {
	file, err := newFile(path, mode)
	if err != nil {
		return nil, fmt.Errorf("open the roster database: %w", err)
	}
	db, err := newDatabase(file)
	if err != nil {
		return nil, err
	}
	return &Store{
		db: db, memberReader: newMembersReader(db), contactReader: newContactsReader(db), heldChangeReader: newHeldReader(db),
		viewReader: newViewsReader(db), deliverer: newDeliveries(db),
	}, nil
}

// Path of the database file, absolute and free of symbolic links.
func (s *Store) Path() string { return s.db.path() }

// InPlace says whether the database that is open, and the locks that are held, are
// still what stands at their names; else it is a *MovedError.
func (s *Store) InPlace() error { return s.db.file.InPlace() }

// Close closes all connections. A Store that was not fully opened can be
// closed, too.
func (s *Store) Close() error { return s.db.close() }

func (s *Store) openWriter(ctx context.Context, isNew bool) error {
	gone := s.gone() // before the look at the database, which another program may make now
	// A look without the right to write comes first: a writing connection
	// would turn any database into one in WAL mode.
	empty, err := s.look(ctx)
	if err != nil {
		return err
	}
	if empty {
		if !isNew {
			return cmp.Or[error](gone, &MissingError{Path: s.db.path()})
		}
		if err := s.create(ctx); err != nil {
			return err
		}
		if empty, err = s.look(ctx); err == nil && empty {
			err = &MissingError{Path: s.db.path()}
		}
		if err != nil {
			return err
		}
	}
	if err := s.refuseElsewhere(ctx); err != nil {
		return err
	}
	if err := s.db.openWriter(); err != nil {
		return err
	}
	if err := retryBusy(ctx, func() error { return s.migrate(ctx, migrations()) }); err != nil {
		return err
	}
	if err := s.settleIn(ctx); err != nil {
		return err
	}
	// What is committed stands in the WAL first. While it is open here no program
	// replaces it, only a hand does.
	if err := s.db.file.note(s.db.path() + "-wal"); err != nil {
		return err
	}
	if err := s.db.file.tend(); err != nil {
		return err
	}
	return s.remember(ctx)
}

func (s *Store) openReader(ctx context.Context) error {
	gone := s.gone() // before the look at the database, which another program may make now
	info, err := s.db.file.checkFile()
	missing := errors.Is(err, fs.ErrNotExist)
	if gone != nil && (missing || err == nil && info.Size() == 0) {
		return gone
	}
	if err != nil {
		return err
	}
	if err := s.db.file.note(s.db.path()); err != nil {
		return err
	}
	have, want, err := versions(ctx, s.db.r, migrations())
	if err != nil {
		return err
	}
	if have < want {
		return &OlderError{Have: have, Want: want}
	}
	return nil
}

// pool is one connection to a database of which no Store is made. It opens lazily: errors of
// the file come with the first query.
func pool(dsn string) (*sql.DB, error) {
	return newPool(dsn, 1, false, nil)
}

func newPool(dsn string, connections int, inWAL bool, inPlace func() error) (*sql.DB, error) {
	connector, err := sqlite.NewConnector(dsn)
	if err != nil {
		return nil, fmt.Errorf("open the roster database: %w", err)
	}
	if inWAL {
		connector = walConnector{connector}
	}
	if inPlace != nil {
		connector = inPlaceConnector{connector, inPlace}
	}
	db := sql.OpenDB(connector)
	db.SetMaxOpenConns(connections)
	db.SetMaxIdleConns(connections)
	return db, nil
}

// pool is pool for the open database: its connections are refused when its name leads
// to another file meanwhile.
func (d *database) pool(dsn string, connections int, inWAL bool) (*sql.DB, error) {
	return newPool(dsn, connections, inWAL, d.file.InPlace)
}

// inPlaceConnector opens connections to one and the same file.
type inPlaceConnector struct {
	driver.Connector
	inPlace func() error
}

func (c inPlaceConnector) Connect(ctx context.Context) (driver.Conn, error) {
	if err := c.inPlace(); err != nil {
		return nil, err
	}
	conn, err := c.Connector.Connect(ctx)
	if err != nil {
		return nil, err
	}
	if err := c.inPlace(); err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	return conn, nil
}

// pageSize of a new database, in bytes. A member takes 600: with pages four times as large
// as SQLite's own a first load writes half as many. It has to be said before the first page
// is written, as the journal mode does, which the driver sets before all else that
// concerns pages.
const pageSize = 16384

// cacheSize limits what each connection keeps of the pages, in KiB. The driver's memory
// comes in powers of two: with what SQLite notes beside it a page takes twice its size.
const cacheSize = 1000

// walConnector opens connections in WAL mode that leave -wal and -shm in place at the
// last close: a reader who may not write into the folder could not open the database
// without them.
type walConnector struct{ driver.Connector }

func (w walConnector) Connect(ctx context.Context) (driver.Conn, error) {
	conn, err := w.Connector.Connect(ctx)
	if err != nil {
		return nil, err
	}
	for _, pragma := range []string{fmt.Sprintf(`PRAGMA page_size = %d`, pageSize), `PRAGMA journal_mode = WAL`} {
		if _, err := conn.(driver.ExecerContext).ExecContext(ctx, pragma, nil); err != nil {
			return nil, errors.Join(err, conn.Close())
		}
	}
	if _, err := conn.(sqlite.FileControl).FileControlPersistWAL("main", 1); err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	return conn, nil
}

// Settings in the DSN hold for every connection of a pool; busy_timeout (in
// milliseconds) comes first so that it covers the others.
func writeDSN(path string) string {
	return dsn(path, url.Values{
		"_txlock": {"immediate"},
		"_pragma": {
			fmt.Sprintf("busy_timeout(%d)", busyStep.Milliseconds()), "synchronous(FULL)", "foreign_keys(1)",
			fmt.Sprintf("cache_size(-%d)", cacheSize),
			// What a statement with triggers would need to take itself back stays in
			// memory: in a file it was written for every row.
			"temp_store(MEMORY)",
			// Cuts the WAL back after a large commit, and to nothing at close.
			"journal_size_limit(4194304)",
		},
	})
}

// readDSN is the address for connections that read only.
func readDSN(path string) string {
	return dsn(path, url.Values{
		"mode":    {"ro"},
		"_pragma": {"busy_timeout(5000)", fmt.Sprintf("cache_size(-%d)", cacheSize), "query_only(1)"},
	})
}

// dsn is the address of a database with settings for each of its connections.
func dsn(path string, query url.Values) string {
	u := url.URL{Scheme: "file", Path: path, RawQuery: query.Encode()}
	return u.String()
}

// stamp writes a time as the database keeps it; the zero time is NULL.
func stamp(t time.Time) *string {
	if t.IsZero() {
		return nil
	}
	return new(t.UTC().Format("2006-01-02T15:04:05Z"))
}

// parseStamp reads what stamp wrote, or an operator by hand.
func parseStamp(text sql.NullString) (time.Time, error) {
	if !text.Valid || text.String == "" {
		return time.Time{}, nil
	}
	return time.Parse(time.RFC3339, text.String)
}
