package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"syscall"
	"time"

	"ringroster/sync"
)

// Request asks a running service for an approval: it has the credentials that
// whoever asks may lack (R25).
type Request struct {
	ID       int64
	Approval map[string]*sync.Approval // by account
	Run      sync.Run                  // who asks; its accounts are those of Approval
	State    string                    // waiting, taken, done or failed
	Result   sync.RunID                // the run it became
	Error    string
}

// Ask leaves a request for the service and returns its number.
func (s *Store) Ask(ctx context.Context, r Request) (id int64, err error) {
	text, err := json.Marshal(struct {
		Approval map[string]*sync.Approval
		Run      sync.Run
	}{r.Approval, r.Run})
	if err != nil {
		return 0, err
	}
	err = s.write(ctx, func(tx *sql.Tx) error {
		result, err := tx.ExecContext(ctx, `INSERT INTO requests (request, asked_at) VALUES (?, ?)`, string(text), stamp(time.Now()))
		if err == nil {
			id, err = result.LastInsertId()
		}
		return err
	})
	return id, explain("leave a request in", s.path, err)
}

// Take gives the oldest request that waits to whoever asks first; nil: none
// waits.
func (s *Store) Take(ctx context.Context) (r *Request, err error) {
	waiting, err := collect(told(stream(ctx, s.r, (*Request).scan,
		requestsSQL+` WHERE state = 'waiting' ORDER BY request_id LIMIT 1`), s.path))
	if err != nil || len(waiting) == 0 {
		return nil, err // without a write, nearly always
	}
	err = s.write(ctx, func(tx *sql.Tx) error {
		result, err := tx.ExecContext(ctx, `
			UPDATE requests SET state = 'taken' WHERE request_id = ? AND state = 'waiting'`, waiting[0].ID)
		if err != nil {
			return err
		}
		n, err := result.RowsAffected()
		if n == 1 {
			r = &waiting[0]
		}
		return err
	})
	return r, explain("take a request from", s.path, err)
}

// Request returns one request.
func (s *Store) Request(ctx context.Context, id int64) (Request, error) {
	found, err := collect(told(stream(ctx, s.r, (*Request).scan, requestsSQL+` WHERE request_id = ? ORDER BY request_id`, id), s.path))
	if err == nil && len(found) == 0 {
		err = fmt.Errorf("there is no request %d", id)
	}
	if err != nil {
		return Request{}, err
	}
	return found[0], nil
}

const requestsSQL = `SELECT request_id, request, state, coalesce(run_id, 0), error FROM requests`

func (r *Request) scan(rows *sql.Rows) error {
	var text string
	if err := rows.Scan(&r.ID, &text, &r.State, &r.Result, &r.Error); err != nil {
		return err
	}
	return json.Unmarshal([]byte(text), r)
}

// Answer settles a request: with the run it became, or with why it failed. One
// that was settled already stays as it is.
func (s *Store) Answer(ctx context.Context, id int64, run sync.RunID, failure error) error {
	state, text := "done", ""
	if failure != nil {
		state, text = "failed", failure.Error()
	}
	err := s.write(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `
			UPDATE requests SET state = ?, run_id = ?, error = ? WHERE request_id = ? AND state IN ('waiting', 'taken')`,
			state, run, text, id)
		return err
	})
	return explain("answer a request in", s.path, err)
}

// servicePath is the file whose lock says that a service is at work.
func (s *Store) servicePath() string { return s.path + ".service" }

// BeService says, until release, that a service works on this roster.
func (s *Store) BeService() (release func() error, err error) {
	f, err := os.OpenFile(s.servicePath(), os.O_RDWR|os.O_CREATE, s.mode)
	if err != nil {
		return nil, fmt.Errorf("say that a service is at work: %w", err)
	}
	if err := flock(f, syscall.LOCK_SH); err != nil && !errors.Is(err, syscall.EWOULDBLOCK) {
		return nil, errors.Join(fmt.Errorf("say that a service is at work: %w", err), f.Close())
	}
	return f.Close, nil
}

// ServiceRuns says whether a service works on this roster now.
func (s *Store) ServiceRuns() (bool, error) {
	f, err := os.Open(s.servicePath())
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("ask whether a service is at work: %w", err)
	}
	defer func() { _ = f.Close() }()
	err = flock(f, syscall.LOCK_EX)
	if errors.Is(err, syscall.EWOULDBLOCK) {
		return true, nil
	}
	return false, err
}
