package database

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"net/url"

	"modernc.org/sqlite"

	"ringroster/sync"
)

// Pool is one connection to a database of which no Store is made. It opens lazily: errors of
// the file come with the first query.
func Pool(dsn string) (*sql.DB, error) {
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

// pool is newPool for the open database: its connections are refused when its name leads
// to another file meanwhile.
func (d *DB) pool(dsn string, connections int, inWAL bool) (*sql.DB, error) {
	return newPool(dsn, connections, inWAL, d.File.InPlace)
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

// PageSize of a new database, in bytes. A member takes 600: with pages four times as large
// as SQLite's own a first load writes half as many. It has to be said before the first page
// is written, as the journal mode does, which the driver sets before all else that
// concerns pages.
const PageSize = 16384

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
	for _, pragma := range []string{fmt.Sprintf(`PRAGMA page_size = %d`, PageSize), `PRAGMA journal_mode = WAL`} {
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
	return Address(path, url.Values{
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

// ReadDSN is the address for connections that read only.
func ReadDSN(path string) string {
	return Address(path, url.Values{
		"mode":    {"ro"},
		"_pragma": {"busy_timeout(5000)", fmt.Sprintf("cache_size(-%d)", cacheSize), "query_only(1)"},
	})
}

// Address is the address of a database with settings for each of its connections.
func Address(path string, query url.Values) string {
	u := url.URL{Scheme: "file", Path: path, RawQuery: query.Encode()}
	return u.String()
}

// readers is how many queries run side by side; each connection costs about 1.4 MiB.
const readers = 4

// Connections of this program know ringroster_fold and ringroster_fold_email; other
// clients need them for nothing, as no view, trigger or index uses them.
func init() {
	for name, fold := range map[string]func(string) string{"ringroster_fold": sync.FoldText, "ringroster_fold_email": sync.FoldEmail} {
		sqlite.MustRegisterDeterministicScalarFunction(name, 1,
			func(_ *sqlite.FunctionContext, args []driver.Value) (driver.Value, error) {
				text, _ := args[0].(string)
				return fold(text), nil
			})
	}
}
