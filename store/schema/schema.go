// Package schema has the migrations of a roster, and makes the views and triggers that
// name every synced field from the tables of fields. Who calls Raise holds the lock, and
// has a backup.
package schema

import (
	"bytes"
	"context"
	"database/sql"
	"embed"
	"fmt"
	"io/fs"
	"strconv"
	"strings"

	"github.com/pressly/goose/v3"
)

//go:embed migrations/*.sql
var embedded embed.FS

// ApplicationID stands in the header of every database of ours ("RRDB").
const ApplicationID = 0x52524442

// Migrations are those of this program.
func Migrations() fs.FS {
	sub, err := fs.Sub(embedded, "migrations")
	if err != nil {
		panic(err) // the folder is compiled in
	}
	return sub
}

// Raise brings a database from one version to another. The caller holds the lock of the
// roster, and has a backup.
func Raise(ctx context.Context, db *sql.DB, files fs.FS, have, want int64) error {
	files, err := withDerived(files)
	if err != nil {
		return err
	}
	provider, err := goose.NewProvider(goose.DialectSQLite3, db, files, goose.WithDisableGlobalRegistry(true))
	if err != nil {
		return err
	}
	if _, err := provider.Up(ctx); err != nil {
		return fmt.Errorf("migrate it from version %d to %d: %w", have, want, err)
	}
	return nil
}

// Versions compares a database with what this program knows. It refuses a newer
// one: the migrations themselves would take it without a word.
func Versions(ctx context.Context, db *sql.DB, files fs.FS) (have, want int64, err error) {
	if want, err = Latest(files); err != nil {
		return 0, 0, err
	}
	if have, err = SchemaVersion(ctx, db); err != nil {
		return 0, 0, err
	}
	if have > want {
		return 0, 0, &NewerError{Have: have, Want: want}
	}
	return have, want, nil
}

// Latest is the version that the given migrations end at.
func Latest(files fs.FS) (int64, error) {
	names, err := fs.Glob(files, "*.sql")
	if err != nil || len(names) == 0 {
		return 0, fmt.Errorf("no migrations found: %w", err)
	}
	number, _, _ := strings.Cut(names[len(names)-1], "_")
	return strconv.ParseInt(number, 10, 64)
}

// SchemaVersion tells a new database (0) from ours (its version) and from
// somebody else's (ErrForeign). Our number in the header decides: a table of
// goose's could be in any program's database.
func SchemaVersion(ctx context.Context, db *sql.DB) (version int64, err error) {
	var id, tables int64
	err = db.QueryRowContext(ctx, `
		SELECT (SELECT application_id FROM pragma_application_id), count(*)
		  FROM sqlite_schema WHERE name <> 'goose_db_version' AND name NOT LIKE 'sqlite_%'`).Scan(&id, &tables)
	if err != nil {
		return 0, err
	}
	if id != ApplicationID {
		if tables > 0 || id != 0 {
			return 0, ErrForeign
		}
		return 0, nil
	}
	err = db.QueryRowContext(ctx, `SELECT coalesce(max(version_id), 0) FROM goose_db_version`).Scan(&version)
	return version, err
}

// withDerived are migrations of which the newest makes what is derived anew.
func withDerived(files fs.FS) (fs.FS, error) {
	names, err := fs.Glob(files, "*.sql")
	if err != nil || len(names) == 0 {
		return files, err
	}
	newest := names[len(names)-1]
	text, err := fs.ReadFile(files, newest)
	return &extended{files, newest, append(text, derivedSchema()...)}, err
}

// extended are files of which one has another text.
type extended struct {
	fs.FS
	name string
	text []byte
}

// Open opens a file.
func (e *extended) Open(name string) (fs.File, error) {
	f, err := e.FS.Open(name)
	if err == nil && name == e.name {
		f = &extendedFile{f, bytes.NewReader(e.text)}
	}
	return f, err
}

// extendedFile is read from another text than its own.
type extendedFile struct {
	fs.File
	text *bytes.Reader
}

// Read reads the other text.
func (f *extendedFile) Read(into []byte) (int, error) { return f.text.Read(into) }
