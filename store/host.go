package store

import (
	"context"
	"database/sql"
	"errors"

	"ringroster/store/database"
	"ringroster/store/deliver"
)

// Home says whose a roster is (R27). With a replica on a second host there are two files
// of one roster, and the lock of neither is seen by the other: so a roster belongs to one
// host, and only an operator says that it is another's from now on.
type Home struct {
	Host  string // "": whoever opens it next for writing
	Epoch int64  // higher after each takeover, too (newEpoch)
}

// Home says whose the roster is.
func (s *Store) Home(ctx context.Context) (h Home, err error) {
	err = s.db.Reads.QueryRowContext(ctx, homeSQL).Scan(&h.Host, &h.Epoch)
	return h, s.db.Explain("read", err)
}

const homeSQL = `SELECT host, epoch FROM numbering`

// refuseElsewhere is atHome for a roster that is not open for writing yet: one of another
// host is not migrated either. Before it knew hosts it was nobody's.
func (s *Store) refuseElsewhere(ctx context.Context) error {
	knows, err := s.db.Yes(ctx, `SELECT EXISTS (SELECT 1 FROM pragma_table_info('numbering') WHERE name = 'host')`)
	if err != nil || !knows {
		return err
	}
	return s.db.Read(ctx, func(tx *sql.Tx) error { return s.atHome(ctx, tx) })
}

// atHome fails on a host that the roster does not belong to.
func (s *Store) atHome(ctx context.Context, tx *sql.Tx) error {
	var h Home
	err := tx.QueryRowContext(ctx, homeSQL).Scan(&h.Host, &h.Epoch)
	if err == nil && s.host != "" && h.Host != "" && h.Host != s.host {
		err = &database.HostError{Path: s.db.Path(), Host: h.Host, Here: s.host}
	}
	return err
}

// settleIn makes a roster that is nobody's yet this host's.
func (s *Store) settleIn(ctx context.Context) error {
	h, err := s.Home(ctx)
	if err != nil || h.Host != "" || s.host == "" {
		return err
	}
	return s.db.Write(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `UPDATE numbering SET host = ? WHERE host = ''`, s.host)
		return err
	})
}

// TakeOver makes the roster this host's. It begins a new epoch even where the file has never
// moved, since another host may have gone on from a copy; and numbers of runs leap, since
// that one may have given out some. The caller holds the lock, on a Store that was opened
// without a host.
func (s *Store) TakeOver(ctx context.Context, host string) (h Home, err error) {
	err = s.db.Write(ctx, func(tx *sql.Tx) error {
		made, _, err := s.db.File.LastMade()
		if err != nil {
			return err
		}
		last, err := leapIn(ctx, tx)
		if err != nil {
			return err
		}
		last = max(last, made)
		if err := newEpoch(ctx, tx, "another host took the roster over after it was asked"); err != nil {
			return err
		}
		h.Host = host
		err = tx.QueryRowContext(ctx, `UPDATE numbering SET host = ?, last_run = ? RETURNING epoch`, host, last).Scan(&h.Epoch)
		if err != nil {
			return err
		}
		return s.db.File.SetMade(last)
	})
	return h, s.db.Explain("take over", err)
}

// newEpoch is for a roster that was restored, copied or taken over: what was asked of it
// and what others were told and given since, it does not know.
func newEpoch(ctx context.Context, tx *sql.Tx, why string) error {
	if err := failRequests(ctx, tx, why); err != nil {
		return err
	}
	if _, err := tx.ExecContext(ctx, `UPDATE numbering SET epoch = max(epoch + 1, unixepoch())`); err != nil {
		return err
	}
	return errors.Join(deliver.SkipNotices(ctx, tx), deliver.DistrustPublished(ctx, tx))
}
