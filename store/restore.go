package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"time"

	"modernc.org/sqlite"
	lib "modernc.org/sqlite/lib"

	"ringroster/store/database"
	"ringroster/store/dbfile"
	"ringroster/store/schema"
	"ringroster/sync"
)

// ErrNoBackup is returned for a restore from what is no copy of a roster.
var ErrNoBackup = errors.New("it is no backup of a roster: nothing was restored")

// Restore puts the content of the backup src in the place of the database at path. The
// backup is checked, migrated and numbered in a copy of it first, so that whatever
// fails leaves everything as it was.
//
// A database that can be opened is replaced in one transaction: programs that have it
// open see either. One that cannot be, since it is damaged or of a newer version, is
// renamed as it is. Either way what stood there is kept beside it, under the name that
// is returned ("" when nothing stood there). It fails with *sync.BusyError while a run
// holds the lock. The roster belongs to the host that the backup belonged to.
func Restore(ctx context.Context, src, path string, opts Options) (before string, err error) {
	if src, err = filepath.Abs(src); err != nil { // the address of a database has no other form
		return "", err
	}
	s, err := newStore(path, opts.Mode)
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	if err := s.checkBackup(ctx, src); err != nil {
		return "", err
	}
	ours := s.madeBefore()
	empty, err := s.empty(ctx)
	if err == nil && !empty {
		before, err = s.restoreInto(ctx, src, opts)
		if err == nil || !beyondUse(err, ours) {
			return before, err
		}
	}
	if err != nil && !beyondUse(err, ours) {
		return "", fmt.Errorf("nothing was restored: move the database away, or correct this, first: %w", s.db.Explain("open", err))
	}
	before, err = s.restoreAs(ctx, src, err)
	return before, s.db.Explain("restore "+src+" into", err)
}

// CheckBackup says why Restore would refuse the backup src, if it would.
func CheckBackup(ctx context.Context, src, path string) error {
	src, err := filepath.Abs(src)
	if err != nil {
		return err
	}
	s, err := newStore(path, 0)
	if err != nil {
		return err
	}
	return errors.Join(s.checkBackup(ctx, src), s.Close())
}

// madeBefore says whether a roster stood at this path, whatever is in the file now.
func (s *Store) madeBefore() bool {
	for _, suffix := range []string{dbfile.MadeSuffix, dbfile.LockSuffix} {
		if info, err := os.Lstat(s.db.Path() + suffix); err == nil && info.Mode().IsRegular() {
			return true
		}
	}
	return false
}

// beyondUse says whether an error means that a database is to be replaced as a file.
// What is not a database at all may be anybody's, unless a roster stood there.
func beyondUse(err error, ours bool) bool {
	_, newer := errors.AsType[*schema.NewerError](err)
	return newer || isDamaged(err) || ours && database.ResultCode(err)&0xff == lib.SQLITE_NOTADB
}

func isDamaged(err error) bool { return database.ResultCode(err)&0xff == lib.SQLITE_CORRUPT }

// checkBackup refuses what is no whole database of ours, or of a newer version.
func (s *Store) checkBackup(ctx context.Context, src string) (err error) {
	defer func() { err = explainBackup(src, err) }()
	there, err := os.Stat(src)
	if err != nil {
		return err
	}
	if !there.Mode().IsRegular() {
		return fmt.Errorf("it is not a regular file: %w", ErrNoBackup)
	}
	if live, err := os.Stat(s.db.Path()); err == nil && os.SameFile(live, there) {
		return fmt.Errorf("it is the roster itself: %w", ErrNoBackup)
	}
	db, err := database.Pool(database.Address(src, url.Values{"mode": {"ro"}}))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	have, _, err := schema.Versions(ctx, db, schema.Migrations())
	if errors.Is(err, schema.ErrForeign) {
		return fmt.Errorf("it is a SQLite database of another program: %w", ErrNoBackup)
	}
	if err != nil {
		return err
	}
	if have == 0 {
		return fmt.Errorf("it is empty: %w", ErrNoBackup)
	}
	return verify(ctx, src)
}

// explainBackup says what is wrong with a backup.
func explainBackup(src string, err error) error {
	switch {
	case err == nil:
		return nil
	case database.ResultCode(err)&0xff == lib.SQLITE_NOTADB:
		err = fmt.Errorf("%w: it is not a SQLite database: %w", err, ErrNoBackup)
	case isDamaged(err):
		err = fmt.Errorf("%w: it is damaged or cut off: nothing was restored; use another backup", err)
	}
	return fmt.Errorf("restore from %s: %w", src, err)
}

// restoreInto replaces the content of a database that can be opened.
func (s *Store) restoreInto(ctx context.Context, src string, opts Options) (before string, err error) {
	opts.Host = "" // what is replaced may be any host's
	live, err := Open(ctx, s.db.Path(), opts)
	if err != nil {
		return "", fmt.Errorf("nothing was restored: move the database away, or correct this, first: %w", err)
	}
	defer func() { err = errors.Join(err, live.Close()) }()
	release, err := live.Lock(ctx, sync.NewHolder(time.Now()))
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, release()) }()
	before = fmt.Sprintf("%s.before-restore-%s", s.db.Path(), time.Now().UTC().Format("20060102T150405.000000Z"))
	if err := live.Backup(ctx, before); err != nil {
		return "", err
	}
	if err := live.replaceContent(ctx, src); err != nil {
		return before, s.db.Explain("restore "+src+" into", err)
	}
	return before, nil
}

func (s *Store) replaceContent(ctx context.Context, src string) error {
	size, err := pageSizeOf(ctx, s.db.Path()) // no database in WAL mode takes on another
	if err != nil {
		return err
	}
	var last sync.RunID
	var epoch int64
	err = s.db.Reads.QueryRowContext(ctx, `
		SELECT `+lastRunSQL+`, epoch FROM numbering`).Scan(&last, &epoch)
	if err != nil {
		return err
	}
	made, _, err := s.db.File.LastMade()
	if err != nil {
		return err
	}
	here, err := s.db.File.Place()
	if err != nil {
		return err
	}
	temp, err := s.prepare(ctx, src, size, &numbering{last: max(last, made), place: here, epoch: epoch})
	if err != nil {
		return err
	}
	defer func() { _ = os.Remove(temp) }()
	return s.copyPages(ctx, temp)
}

// restoreAs puts a copy of the backup in place as a file. why is what was wrong with
// the database there; nil: there is none.
func (s *Store) restoreAs(ctx context.Context, src string, why error) (before string, err error) {
	unlock, err := s.lockFile(ctx)
	if err != nil {
		return "", err
	}
	defer unlock()
	last, made, err := s.db.File.LastMade()
	if err != nil {
		return "", err
	}
	numbers := &numbering{last: last, leaps: !made}
	temp, err := s.prepare(ctx, src, database.PageSize, numbers)
	if err != nil {
		return "", err
	}
	defer func() { _ = os.Remove(temp) }()
	name := "before-restore"
	if why != nil && !isNewer(why) {
		name = "damaged"
	}
	if why != nil { // whoever finds nothing here, should this be killed, knows that there was a roster
		if err := s.db.File.SetMade(numbers.last); err != nil {
			return "", err
		}
	}
	if before, err = s.install(ctx, temp, name); err != nil {
		return before, err
	}
	return before, s.db.File.SetMade(numbers.last)
}

func isNewer(err error) bool {
	_, ok := errors.AsType[*schema.NewerError](err)
	return ok
}

// numbering is how the numbers of runs go on after a restore.
type numbering struct {
	last  sync.RunID // the highest that is known beside the backup; then, of all
	leaps bool       // nothing is known beside the backup
	place string     // where the database will stand; "": where its copy is now
	epoch int64      // that of the roster there, which is not gone back behind; 0: none is known
}

// prepare makes a copy of a backup that can take the place of the roster as it is: of
// our version, with pages of a size, without anything that was going on. What does not
// fit in any way fails here, before anything is touched.
func (s *Store) prepare(ctx context.Context, src string, size int64, n *numbering) (temp string, err error) {
	if temp, err = s.db.File.Reserve(s.db.Path()); err != nil {
		return "", err
	}
	defer func() {
		if err != nil {
			_ = os.Remove(temp)
		}
	}()
	if err := copyInto(ctx, src, temp, size); err != nil {
		return "", err
	}
	err = inFile(ctx, temp, func(db *sql.DB) error {
		have, want, err := schema.Versions(ctx, db, schema.Migrations())
		if err != nil {
			return err
		}
		if have != want { // src is the backup of it
			if err := schema.Raise(ctx, db, schema.Migrations(), have, want); err != nil {
				return err
			}
		}
		if n.place == "" {
			info, err := os.Lstat(temp)
			if err != nil {
				return err
			}
			n.place = dbfile.PlaceOf(info)
		}
		return n.write(ctx, db)
	})
	if err != nil {
		return "", err
	}
	return temp, verify(ctx, temp)
}

// write ends what was going on in a copy, and numbers it.
func (n *numbering) write(ctx context.Context, db *sql.DB) error {
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }() // after Commit it does nothing
	if n.leaps {
		if n.last, err = leapIn(ctx, tx); err != nil {
			return err
		}
	}
	err = tx.QueryRowContext(ctx, `
		UPDATE numbering SET place = ?, last_run = max(?, `+lastRunSQL+`), epoch = max(?, epoch)
		RETURNING last_run`, n.place, n.last, n.epoch).Scan(&n.last)
	if err != nil {
		return err
	}
	if err := newEpoch(ctx, tx, "the roster was restored after it was asked"); err != nil {
		return err
	}
	if _, err := tx.ExecContext(ctx, `DELETE FROM lock_holder`); err != nil {
		return err
	}
	return tx.Commit()
}

// restorer is what the driver's connection can do (modernc.org/sqlite).
type restorer interface {
	NewRestore(src string) (*sqlite.Backup, error)
}

func pageSizeOf(ctx context.Context, path string) (size int64, err error) {
	db, err := database.Pool(database.Address(path, url.Values{"mode": {"ro"}, "_pragma": {"busy_timeout(5000)"}}))
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	err = db.QueryRowContext(ctx, `PRAGMA page_size`).Scan(&size)
	return size, err
}

// copyPages copies every page of src over the database, in one transaction. The caller
// holds the lock.
func (s *Store) copyPages(ctx context.Context, src string) (err error) {
	if err := s.InPlace(); err != nil {
		return err
	}
	conn, err := s.db.Writes.Conn(ctx)
	if err != nil {
		return err
	}
	err = conn.Raw(func(driverConn any) error {
		b, err := driverConn.(restorer).NewRestore(database.Address(src, url.Values{"mode": {"ro"}}))
		if err != nil {
			return err
		}
		_, err = b.Step(-1)
		return errors.Join(err, b.Finish())
	})
	if err = errors.Join(err, conn.Close()); err != nil {
		return err
	}
	_, err = s.db.Writes.ExecContext(ctx, `PRAGMA journal_mode = WAL`)
	return err
}
