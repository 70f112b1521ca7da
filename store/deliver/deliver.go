// Package deliver has what a roster tells and gives to others, and how far each of them
// was told: notices, which a commit writes in its own transaction, publications of the
// roster and its contacts, mirrors, and the log of changes. Only one process at a time
// delivers to a destination (Try).
package deliver

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"ringroster/store/database"
	"ringroster/store/sqlrows"
	"ringroster/sync"
)

// What destinations are given: notices, or what is published (publications.go).
const (
	ofNotices  = "notices"
	OfRoster   = "roster"
	OfContacts = "contacts"
	OfChanges  = "changes" // a log, as notices are
	OfMirror   = "mirror"  // all of it
)

// Deliveries are what a roster has for others, and how it was delivered.
type Deliveries struct{ db *database.DB }

// New is for a database that is open, or will be.
func New(db *database.DB) Deliveries { return Deliveries{db} }

// Destination is where something is delivered to, and how that went.
type Destination struct {
	Kind            string // of what it is given
	Name, Recipient string
	Cursor          int64     // the last that was delivered, refused or given up; 0: it is given no log
	Tries           int       // in vain, since something was delivered
	FailingSince    time.Time // zero: the last try went well
	NextTry         time.Time // zero: at once
	DeliveredAt     time.Time // zero: never
	Error           string    // of the last try; "": it went well
	ClaimedUntil    time.Time // somebody delivers to it right now; zero: nobody does
}

// What could not be delivered is tried again after a minute, two, four …, an hour at most.
const (
	FirstWait = time.Minute
	longWait  = time.Hour
)

// wait is how long after so many tries in vain the next one is.
func wait(tries int) time.Duration {
	d := FirstWait
	for i := 1; i < tries && d < longWait; i++ {
		d *= 2
	}
	return min(d, longWait)
}

// Due says whether the time of a try has come. One that is further off than any wait was set
// before the clock was set back.
func (d *Destination) Due(now time.Time, lease time.Duration) bool {
	return !d.Claimed(now, lease) && (!d.NextTry.After(now) || d.NextTry.After(now.Add(longWait)))
}

// Claimed says whether somebody delivers to it right now. A claim that is further off than any
// was made before the clock was set back.
func (d *Destination) Claimed(now time.Time, lease time.Duration) bool {
	return d.ClaimedUntil.After(now) && !d.ClaimedUntil.After(now.Add(lease))
}

// Failed notes a try in vain, and when the next one is.
func (d *Destination) Failed(now time.Time, err error) {
	if d.FailingSince.IsZero() {
		d.FailingSince = now
	}
	d.Tries, d.Error = d.Tries+1, err.Error()
	d.NextTry = now.Add(wait(d.Tries))
}

// Done notes that a try came to an end: what it says is "" when it went well.
func (d *Destination) Done(said string) {
	d.Tries, d.FailingSince, d.NextTry, d.Error = 0, time.Time{}, time.Time{}, said
}

const destinationColumns = `d.kind, d.name, d.recipient, d.cursor, d.tries, d.failing_since, d.next_try, d.delivered_at, d.error, d.claimed_until`

func (d *Destination) scan(rows *sql.Rows) error { return d.scanWith(rows) }

// scanWith scans columns that come after its own, too.
func (d *Destination) scanWith(rows *sql.Rows, more ...any) (err error) {
	var times [4]sql.NullString
	dest := []any{&d.Kind, &d.Name, &d.Recipient, &d.Cursor, &d.Tries, &times[0], &times[1], &times[2], &d.Error, &times[3]}
	if err := rows.Scan(append(dest, more...)...); err != nil {
		return err
	}
	for i, into := range []*time.Time{&d.FailingSince, &d.NextTry, &d.DeliveredAt, &d.ClaimedUntil} {
		if *into, err = sqlrows.ParseStamp(times[i]); err != nil {
			return fmt.Errorf("destination %s: %w", d.Name, err)
		}
	}
	return nil
}

// Wanted is what a destination is to be told of.
type Wanted struct {
	Kinds    []sync.NoticeKind
	Accounts []string // none: all
}

// Has says whether a notice is among what is wanted.
func (w *Wanted) Has(n *sync.Notice) bool {
	return slices.Contains(w.Kinds, n.Kind) && (n.Account == "" || len(w.Accounts) == 0 || slices.Contains(w.Accounts, n.Account))
}

func hasDestinations(ctx context.Context, tx *sql.Tx) (yes bool, err error) {
	err = tx.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM destinations WHERE kind = ?)`, ofNotices).Scan(&yes)
	return yes, err
}

// Destinations returns all recipients of notices.
func (s Deliveries) Destinations(ctx context.Context) ([]Destination, error) {
	return sqlrows.Collect(database.Told(sqlrows.Stream(ctx, s.db.Reads, (*Destination).scan, `
		SELECT `+destinationColumns+` FROM destinations d WHERE d.kind = ? ORDER BY d.name, d.recipient`, ofNotices), s.db.Path()))
}

// SetDestinations makes the recipients those of the settings, by name. Who is new is told
// what is written from now on; when nobody is left, nothing is written any more.
func (s Deliveries) SetDestinations(ctx context.Context, recipients map[string][]string, now time.Time) error {
	have, err := s.Destinations(ctx)
	if err != nil {
		return err
	}
	var gone []Destination
	missing := map[string][]string{}
	for name, all := range recipients {
		missing[name] = slices.Clone(all)
	}
	for _, d := range have {
		if i := slices.Index(missing[d.Name], d.Recipient); i >= 0 {
			missing[d.Name] = slices.Delete(missing[d.Name], i, i+1)
		} else {
			gone = append(gone, d)
		}
	}
	if len(gone) == 0 && len(slices.Concat(values(missing)...)) == 0 {
		return nil // without a write, nearly always
	}
	err = s.db.Write(ctx, func(tx *sql.Tx) error { return setDestinations(ctx, tx, gone, missing, now) })
	return s.db.Explain("write the destinations of notices to", err)
}

func values(m map[string][]string) (all [][]string) {
	for _, v := range m {
		all = append(all, v)
	}
	return all
}

func setDestinations(ctx context.Context, tx *sql.Tx, gone []Destination, missing map[string][]string, now time.Time) error {
	for _, d := range gone {
		if _, err := tx.ExecContext(ctx, `DELETE FROM destinations WHERE kind = ? AND name = ? AND recipient = ?`, ofNotices, d.Name, d.Recipient); err != nil {
			return err
		}
	}
	for name, recipients := range missing {
		for _, recipient := range recipients {
			if _, err := tx.ExecContext(ctx, `
				INSERT OR IGNORE INTO destinations (kind, name, recipient, since, cursor)
				VALUES (?, ?, ?, ?, (SELECT coalesce(max(seq), 0) FROM notices))`, ofNotices, name, recipient, sqlrows.Stamp(now)); err != nil {
				return err
			}
		}
	}
	left, err := hasDestinations(ctx, tx)
	if err == nil && !left { // whoever comes next is told of the conflicts that are there then
		_, err = tx.ExecContext(ctx, `DELETE FROM told_conflicts`)
	}
	return err
}

// NextNotice is the oldest notice that a recipient is still to be told; nil: there is none.
func (s Deliveries) NextNotice(ctx context.Context, d *Destination, w Wanted) (*sync.Notice, int64, error) {
	type row struct {
		seq   int64
		n     sync.Notice
		facts string
	}
	where, args := w.where(d)
	rows, err := sqlrows.Collect(database.Told(sqlrows.Stream(ctx, s.db.Reads, func(r *row, rows *sql.Rows) error {
		if err := rows.Scan(&r.seq, &r.n.ID, &r.n.Thread, &r.n.Account, &r.facts); err != nil {
			return err
		}
		return json.Unmarshal([]byte(r.facts), &r.n)
	}, `SELECT seq, notice_id, thread, account, facts FROM notices WHERE `+where+` ORDER BY seq LIMIT 1`, args...), s.db.Path()))
	if err != nil || len(rows) == 0 {
		return nil, 0, err
	}
	return &rows[0].n, rows[0].seq, nil
}

// Backlog is how many notices a recipient is still to be told, and since when the oldest is
// written.
func (s Deliveries) Backlog(ctx context.Context, d *Destination, w Wanted) (n int, oldest time.Time, err error) {
	where, args := w.where(d)
	var at sql.NullString
	err = s.db.Reads.QueryRowContext(ctx, `SELECT count(*), min(written_at) FROM notices WHERE `+where, args...).Scan(&n, &at)
	if err == nil {
		oldest, err = sqlrows.ParseStamp(at)
	}
	return n, oldest, s.db.Explain("read", err)
}

// where selects the notices that are still to be told. A week is of all accounts.
func (w *Wanted) where(d *Destination) (string, []any) {
	list := func(n int) string { return `(?` + strings.Repeat(`, ?`, n) + `)` }
	where := `seq > ? AND (only_for IS NULL OR only_for = ?) AND kind IN ` + list(len(w.Kinds))
	args := []any{d.Cursor, d.Name, ""}
	for _, kind := range w.Kinds {
		args = append(args, string(kind))
	}
	if len(w.Accounts) > 0 {
		where += ` AND account IN ` + list(len(w.Accounts))
		args = append(args, "")
		for _, account := range w.Accounts {
			args = append(args, account)
		}
	}
	return where, args
}

// Claim keeps others from delivering to the same recipient for a while, and reports whether
// nobody else does. Whoever dies meanwhile has done with it when that is over.
func (s Deliveries) Claim(ctx context.Context, d *Destination, now time.Time, lease time.Duration) (mine bool, err error) {
	if d.Claimed(now, lease) {
		return false, nil
	}
	until := now.Add(lease).UTC().Truncate(time.Second)
	err = s.db.Write(ctx, func(tx *sql.Tx) error {
		n, err := sqlrows.Changed(tx.ExecContext(ctx, `
			UPDATE destinations SET claimed_until = ?
			 WHERE kind = ? AND name = ? AND recipient = ? AND claimed_until IS ? AND next_try IS ? AND cursor = ?`,
			sqlrows.Stamp(until), d.Kind, d.Name, d.Recipient, sqlrows.Stamp(d.ClaimedUntil), sqlrows.Stamp(d.NextTry), d.Cursor))
		mine = n == 1
		return err
	})
	d.ClaimedUntil = until
	return mine && err == nil, s.db.Explain("deliver from", err)
}

// Settle writes how far a recipient has been told, and ends the claim.
func (s Deliveries) Settle(ctx context.Context, d *Destination) error {
	err := s.db.Write(ctx, func(tx *sql.Tx) error {
		_, err := settleDestination(ctx, tx, d)
		return err
	})
	return s.db.Explain("note what was delivered in", err)
}

// lastNote bounds the note of what was delivered, which is the last thing to lose: it is
// written also while the service stops.
const lastNote = 10 * time.Second

// Try is one try to deliver: do delivers while nobody else does to the same recipient, and
// note settles what came of it. A stop is no try: then note is not asked. mine is false where
// another process delivers right now.
func (s Deliveries) Try(ctx context.Context, d *Destination, now time.Time, lease time.Duration, do func() error, note func(context.Context, error) error) (mine bool, err error) {
	if mine, err = s.Claim(ctx, d, now, lease); err != nil || !mine {
		return false, err
	}
	defer func() { d.ClaimedUntil = time.Time{} }() // settled, or lost
	err = do()
	last, cancel := context.WithTimeout(context.WithoutCancel(ctx), lastNote)
	defer cancel()
	if err != nil && ctx.Err() != nil {
		return true, errors.Join(s.Settle(last, d), ctx.Err())
	}
	return true, note(last, err)
}

// settleDestination reports whether the claim still held.
func settleDestination(ctx context.Context, tx *sql.Tx, d *Destination) (held bool, err error) {
	n, err := sqlrows.Changed(tx.ExecContext(ctx, `
		UPDATE destinations SET cursor = ?, tries = ?, failing_since = ?, next_try = ?, delivered_at = ?, error = ?, claimed_until = NULL
		 WHERE kind = ? AND name = ? AND recipient = ? AND claimed_until IS ?`,
		d.Cursor, d.Tries, sqlrows.Stamp(d.FailingSince), sqlrows.Stamp(d.NextTry), sqlrows.Stamp(d.DeliveredAt), d.Error,
		d.Kind, d.Name, d.Recipient, sqlrows.Stamp(d.ClaimedUntil)))
	return n == 1, err
}

// SkipNotices is for a new epoch: what others may have been told already they are not told
// again.
func SkipNotices(ctx context.Context, tx *sql.Tx) error {
	_, err := tx.ExecContext(ctx, `
		UPDATE destinations SET cursor = (SELECT coalesce(max(seq), 0) FROM notices), tries = 0, failing_since = NULL, next_try = NULL, claimed_until = NULL, error = ''
		 WHERE kind = ?`, ofNotices)
	return err
}

// keptNotices is how long notices are kept.
const keptNotices = 30 * 24 * time.Hour

// PruneNotices removes notices that are older than they are kept.
func (s Deliveries) PruneNotices(ctx context.Context, now time.Time) error {
	before := *sqlrows.Stamp(now.Add(-keptNotices))
	due, err := s.db.Yes(ctx, `SELECT EXISTS (SELECT 1 FROM notices WHERE written_at < ?)`, before)
	if err != nil || !due {
		return err
	}
	err = s.db.Write(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `DELETE FROM notices WHERE written_at < ?`, before)
		return err
	})
	return s.db.Explain("remove old notices from", err)
}
