package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strconv"
	"strings"
	"time"

	"ringroster/sync"
)

// Numbers of runs are never used again (R25): a number in an old mail, or in what
// `held` printed, must not name another run after the database was replaced. Two
// places know the last number, and the higher one counts:
//
//   - the table numbering, whatever becomes of the runs;
//   - the file PATH.made, which is written before a run is recorded and which a
//     restore leaves alone, so that it knows the runs of a database that is lost.
//
// Where neither is to be had, because a copy of a roster was put where there was none,
// nobody knows how far the numbers went: they leap (see leap).

// madeText follows the number in PATH.made.
const madeText = "is the number of the last run of the roster beside this file. Where this\n" +
	"file is and the roster is not, ringroster does not begin a new one by itself.\n"

// lastMade is the number in PATH.made; ok is false when there is no such file.
func (d *dbFile) lastMade() (last sync.RunID, ok bool, err error) {
	f, err := openPlain(d.path+madeSuffix, os.O_RDONLY)
	if errors.Is(err, fs.ErrNotExist) {
		return 0, false, nil
	}
	if err != nil {
		return 0, false, err
	}
	defer func() { _ = f.Close() }()
	text := make([]byte, 20)
	n, _ := f.ReadAt(text, 0)
	number, _ := strconv.ParseInt(strings.TrimSpace(string(text[:n])), 10, 64) // 0: not to be read
	return sync.RunID(number), true, nil
}

// setMade writes PATH.made. The number has a fixed width and is written in place: it
// needs no room on a full disk, and is old or new after a loss of power.
func (d *dbFile) setMade(last sync.RunID) error {
	f, err := d.openBeside(madeSuffix)
	if err != nil {
		return err
	}
	_, err = f.WriteAt(fmt.Appendf(nil, "%-20d\n%s", last, madeText), 0)
	return errors.Join(err, f.Sync(), f.Close())
}

// lastRunSQL is the last number that was given out, as far as a row of numbering and the
// runs know.
const lastRunSQL = `max(last_run, (SELECT coalesce(max(run_id), 0) FROM runs))`

// nextRun gives out the next number, to be used in the same transaction.
func (s *Store) nextRun(ctx context.Context, tx *sql.Tx) (id sync.RunID, err error) {
	made, _, err := s.db.file.lastMade()
	if err != nil {
		return 0, err
	}
	err = tx.QueryRowContext(ctx, `
		UPDATE numbering SET last_run = max(?, `+lastRunSQL+`) + 1
		RETURNING last_run`, made).Scan(&id)
	if err != nil {
		return 0, err
	}
	return id, s.db.file.setMade(id)
}

// place says which file this is. A copy has another place.
func (d *dbFile) place() (string, error) {
	info, err := os.Lstat(d.path)
	if err != nil {
		return "", err
	}
	return placeOf(info), nil
}

// placeOf is place for a file that was looked at.
func placeOf(info fs.FileInfo) string {
	id := identityOf(info)
	return fmt.Sprintf("%d %d", id.dev, id.ino)
}

// remember makes PATH.made where there is none yet. A copy of a roster that was put here
// has numbers that went on elsewhere.
func (s *Store) remember(ctx context.Context) error {
	if _, made, err := s.db.file.lastMade(); err != nil || made {
		return err
	}
	here, err := s.db.file.place()
	if err != nil {
		return err
	}
	var last sync.RunID
	err = s.db.read(ctx, func(tx *sql.Tx) (err error) {
		var known string
		if err := tx.QueryRowContext(ctx, `SELECT place, last_run FROM numbering`).Scan(&known, &last); err != nil {
			return err
		}
		if known != "" && known != here {
			last, err = leapIn(ctx, tx)
		}
		return err
	})
	if err != nil {
		return err
	}
	return s.db.file.setMade(last)
}

// adopt makes a database at home where it is, unless it belongs to another host. A copy is
// of a new epoch.
func (s *Store) adopt(ctx context.Context, tx *sql.Tx) error {
	if err := s.atHome(ctx, tx); err != nil {
		return err
	}
	here, err := s.db.file.place()
	if err != nil {
		return err
	}
	var known string
	if err := tx.QueryRowContext(ctx, `SELECT place FROM numbering`).Scan(&known); err != nil || known == here {
		return err
	}
	if known != "" {
		if err := newEpoch(ctx, tx, "the roster was copied or moved after it was asked"); err != nil {
			return err
		}
	}
	_, err = tx.ExecContext(ctx, `UPDATE numbering SET place = ?`, here)
	return err
}

// leapIn is leap for the database of a transaction.
func leapIn(ctx context.Context, tx *sql.Tx) (sync.RunID, error) {
	var last sync.RunID
	var newest sql.NullString
	err := tx.QueryRowContext(ctx, `
		SELECT `+lastRunSQL+`, (SELECT max(started_at) FROM runs)
		  FROM numbering`).Scan(&last, &newest)
	if err != nil {
		return 0, err
	}
	at, err := parseStamp(newest)
	if err != nil {
		return 0, err
	}
	return leap(last, at, time.Now()), nil
}

// leap is the number to go on from when last is the newest that is known, of a run at
// that time, and the roster may have gone on since: a thousand runs, or one a minute,
// rounded up to the next full ten thousand, which shows that something was restored.
func leap(last sync.RunID, at, now time.Time) sync.RunID {
	const margin, step = 1_000, 10_000
	missed := sync.RunID(margin)
	if !at.IsZero() {
		missed = max(missed, sync.RunID(now.Sub(at)/time.Minute))
	}
	return (last + missed + step - 1) / step * step
}

// Publish makes the destinations of the settings known, each with the kind of what it is
// given, and notes when the roster is a copy. Others keep their state.
func (s *Store) Publish(ctx context.Context, kinds map[string]string, now time.Time) error {
	unknown, err := s.Unknown(ctx, kinds)
	if err != nil {
		return err
	}
	here, err := s.db.file.place()
	if err != nil {
		return s.db.explain("look at", err)
	}
	there, err := s.db.yes(ctx, `SELECT EXISTS (SELECT 1 FROM numbering WHERE place = ?)`, here)
	if err != nil {
		return err
	}
	if len(unknown) == 0 && there {
		return nil // without a write, nearly always
	}
	err = s.db.write(ctx, func(tx *sql.Tx) error {
		if err := s.adopt(ctx, tx); err != nil {
			return err
		}
		return addPublications(ctx, tx, unknown, now)
	})
	return s.db.explain("write the destinations of publish to", err)
}
