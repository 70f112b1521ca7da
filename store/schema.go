package store

import (
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

// applicationID stands in the header of every database of ours ("RRDB").
const applicationID = 0x52524442

// migrations are those of this program.
func migrations() fs.FS {
	sub, err := fs.Sub(embedded, "migrations")
	if err != nil {
		panic(err) // the folder is compiled in
	}
	return sub
}

// migrate brings the schema to the latest version of the given migrations.
func (s *Store) migrate(ctx context.Context, files fs.FS) error {
	have, want, err := versions(ctx, s.db.w, files)
	if err != nil || have == want {
		return err
	}
	// Two programs that start together must not both migrate.
	unlock, err := s.waitForFile(ctx)
	if err != nil {
		return fmt.Errorf("migrate the roster database %s from version %d to %d: %w", s.db.path(), have, want, err)
	}
	defer unlock()
	if have, want, err = versions(ctx, s.db.w, files); err != nil || have == want {
		return err
	}
	if have > 0 {
		backup := fmt.Sprintf("%s.backup-v%d", s.db.path(), have)
		removeHalves(backup)
		if err := s.backup(ctx, backup); err != nil {
			return fmt.Errorf("back it up to %s before migrating from version %d to %d: %w", backup, have, want, err)
		}
	}
	return raise(ctx, s.db.w, files, have, want)
}

// raise is migrate for whoever holds the lock.
func raise(ctx context.Context, db *sql.DB, files fs.FS, have, want int64) error {
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

// versions compares a database with what this program knows. It refuses a newer
// one: the migrations themselves would take it without a word.
func versions(ctx context.Context, db *sql.DB, files fs.FS) (have, want int64, err error) {
	if want, err = latest(files); err != nil {
		return 0, 0, err
	}
	if have, err = schemaVersion(ctx, db); err != nil {
		return 0, 0, err
	}
	if have > want {
		return 0, 0, &NewerError{Have: have, Want: want}
	}
	return have, want, nil
}

// latest is the version that the given migrations end at.
func latest(files fs.FS) (int64, error) {
	names, err := fs.Glob(files, "*.sql")
	if err != nil || len(names) == 0 {
		return 0, fmt.Errorf("no migrations found: %w", err)
	}
	number, _, _ := strings.Cut(names[len(names)-1], "_")
	return strconv.ParseInt(number, 10, 64)
}

// schemaVersion tells a new database (0) from ours (its version) and from
// somebody else's (ErrForeign). Our number in the header decides: a table of
// goose's could be in any program's database.
func schemaVersion(ctx context.Context, db *sql.DB) (version int64, err error) {
	var id, tables int64
	err = db.QueryRowContext(ctx, `
		SELECT (SELECT application_id FROM pragma_application_id), count(*)
		  FROM sqlite_schema WHERE name <> 'goose_db_version' AND name NOT LIKE 'sqlite_%'`).Scan(&id, &tables)
	if err != nil {
		return 0, err
	}
	if id != applicationID {
		if tables > 0 || id != 0 {
			return 0, ErrForeign
		}
		return 0, nil
	}
	err = db.QueryRowContext(ctx, `SELECT coalesce(max(version_id), 0) FROM goose_db_version`).Scan(&version)
	return version, err
}
