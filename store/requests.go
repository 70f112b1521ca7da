package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"ringroster/store/database"
	"ringroster/store/sqlrows"
	"ringroster/sync"
)

// Request asks a running service for an approval: it has the credentials that
// whoever asks may lack (R25). Its life:
//
//	state    means                            what ends it                               then
//	waiting  no run of it has begun           StartRequest, with the lock in hand        running
//	                                          FailRequest: taken back, or refused        failed
//	                                          ten minutes in which no run was at work    failed
//	                                          the clock shows a time before it was asked failed
//	                                          a restore, copy or takeover, an upgrade    failed
//	running  its run has begun, in the        FinishRequest: the run has ended           done
//	         same transaction                 somebody else gets the lock:
//	                                            the run has ended for every account      done
//	                                            else                                     failed
//	                                          a restore, copy or takeover                failed
//	done     its run has ended, and says how  nothing
//	failed   no run of it began; or one did   nothing
//	         and its process died
//
// So what is being carried out cannot be taken back, what was taken back cannot begin,
// and whether it was is known from one row.
type Request struct {
	ID       int64
	Approval map[string]*sync.Approval // by account
	Run      sync.Run                  // who asks; its accounts are those of Approval
	AskedAt  time.Time
	State    RequestState
	Result   sync.RunID // the run it became; 0: none has begun
	Error    string     // why it failed
}

// RequestState is a step in the life of a Request.
type RequestState string

// The states.
const (
	RequestWaiting RequestState = "waiting"
	RequestRunning RequestState = "running"
	RequestDone    RequestState = "done"
	RequestFailed  RequestState = "failed"
)

// requestPatience is how long a request waits while no run is at work.
const requestPatience = 10 * time.Minute

// ErrWithdrawn is returned for the run of a request that does not wait any more.
var ErrWithdrawn = errors.New("the request was taken back, or has expired")

// NoRequestError is returned for a request that the roster does not know.
type NoRequestError struct{ ID int64 }

func (e *NoRequestError) Error() string {
	return "the request is not in the roster any more: that was restored or replaced meanwhile, and nothing was carried out. Look at it, then ask again"
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
	id = rand.Int64N(1<<62) + 1 //nolint:gosec // no secret: it only has to differ from those in a copy
	err = s.db.Write(ctx, func(tx *sql.Tx) error {
		if err := s.adopt(ctx, tx); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, `INSERT INTO requests (request_id, request, asked_at) VALUES (?, ?, ?)`,
			id, string(text), sqlrows.Stamp(time.Now()))
		return err
	})
	return id, s.db.Explain("leave a request in", err)
}

// NextRequest is the oldest request that waits; nil: none does.
func (s *Store) NextRequest(ctx context.Context) (*Request, error) {
	if err := s.ExpireRequests(ctx); err != nil {
		return nil, err
	}
	waiting, err := sqlrows.Collect(database.Told(sqlrows.Stream(ctx, s.db.Reads, (*Request).scan,
		requestsSQL+` WHERE state = 'waiting' ORDER BY asked_at, request_id LIMIT 1`), s.db.Path()))
	if err != nil || len(waiting) == 0 {
		return nil, err
	}
	return &waiting[0], nil
}

// Request returns one request.
func (s *Store) Request(ctx context.Context, id int64) (*Request, error) {
	found, err := sqlrows.Collect(database.Told(sqlrows.Stream(ctx, s.db.Reads, (*Request).scan, requestsSQL+` WHERE request_id = ? ORDER BY request_id`, id), s.db.Path()))
	if err == nil && len(found) == 0 {
		err = &NoRequestError{id}
	}
	if err != nil {
		return nil, err
	}
	return &found[0], nil
}

const requestsSQL = `SELECT request_id, request, asked_at, state, coalesce(run_id, 0), error FROM requests`

func (r *Request) scan(rows *sql.Rows) error {
	var text string
	var asked sql.NullString
	err := rows.Scan(&r.ID, &text, &asked, &r.State, &r.Result, &r.Error)
	if err != nil {
		return err
	}
	r.AskedAt, err = sqlrows.ParseStamp(asked)
	return errors.Join(err, json.Unmarshal([]byte(text), r))
}

// StartRequest begins the run of a request that waits. The caller holds the lock.
func (s *Store) StartRequest(ctx context.Context, id int64, r sync.Run) (run sync.RunID, err error) {
	err = s.db.Write(ctx, func(tx *sql.Tx) (err error) {
		if run, err = s.begin(ctx, tx, r); err != nil {
			return err
		}
		n, err := sqlrows.Changed(tx.ExecContext(ctx, `
			UPDATE requests SET state = 'running', run_id = ? WHERE request_id = ? AND state = 'waiting'`, run, id))
		if err == nil && n == 0 {
			err = ErrWithdrawn
		}
		return err
	})
	if errors.Is(err, ErrWithdrawn) {
		return 0, err
	}
	return run, s.db.Explain("begin a run in", err)
}

// FinishRequest says that the run of a request has ended. Where that could not be
// recorded for every account, whoever takes the lock next settles it.
func (s *Store) FinishRequest(ctx context.Context, id int64) error {
	err := s.db.Write(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `
			UPDATE requests SET state = 'done' WHERE request_id = ? AND state = 'running'
			   AND NOT EXISTS (SELECT 1 FROM runs WHERE runs.run_id = requests.run_id AND status = 'running')`, id)
		return err
	})
	return s.db.Explain("answer a request in", err)
}

// FailRequest ends a request whose run has not begun. It reports whether that was so;
// one whose run has begun goes on.
func (s *Store) FailRequest(ctx context.Context, id int64, why string) (failed bool, err error) {
	err = s.db.Write(ctx, func(tx *sql.Tx) error {
		n, err := sqlrows.Changed(tx.ExecContext(ctx, `
			UPDATE requests SET state = 'failed', error = ? WHERE request_id = ? AND state = 'waiting'`, why, id))
		failed = n > 0
		return err
	})
	return failed && err == nil, s.db.Explain("answer a request in", err)
}

// failRequests ends all of them.
func failRequests(ctx context.Context, tx *sql.Tx, why string) error {
	_, err := tx.ExecContext(ctx, `
		UPDATE requests SET state = 'failed', error = ? WHERE state IN ('waiting', 'running')`, why)
	return err
}

// ExpireRequests ends those that waited too long.
func (s *Store) ExpireRequests(ctx context.Context) error {
	var waiting bool
	err := s.db.Reads.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM requests WHERE state = 'waiting')`).Scan(&waiting)
	if err != nil || !waiting {
		return s.db.Explain("read", err) // without a write, nearly always
	}
	_, atWork, err := s.Holder(ctx)
	if err != nil {
		return err
	}
	now := time.Now()
	var late map[int64]string
	err = s.db.Read(ctx, func(tx *sql.Tx) (err error) {
		late, err = expired(ctx, tx, now, atWork)
		return err
	})
	for id, why := range late {
		if err == nil {
			_, err = s.FailRequest(ctx, id, why)
		}
	}
	return s.db.Explain("look for requests in", err)
}

// settleRequests is for whoever has got the lock: no run is at work, so what waited
// too long can be told, and what still runs was run by a process that died.
func settleRequests(ctx context.Context, tx *sql.Tx, now time.Time) error {
	late, err := expired(ctx, tx, now, false)
	if err != nil {
		return err
	}
	for id, why := range late {
		_, err := tx.ExecContext(ctx, `UPDATE requests SET state = 'failed', error = ? WHERE request_id = ?`, why, id)
		if err != nil {
			return err
		}
	}
	_, err = tx.ExecContext(ctx, `
		UPDATE requests AS q
		   SET state = iif(died, 'failed', 'done'),
		       error = iif(died, 'the service died, or could not record how it ended', '')
		  FROM (SELECT request_id, EXISTS (SELECT 1 FROM runs WHERE runs.run_id = requests.run_id AND status = 'running') AS died
		          FROM requests WHERE state = 'running') AS r
		 WHERE q.request_id = r.request_id`)
	return err
}

// span is when a run was at work.
type span struct{ from, to time.Time }

// expired are the requests that wait and must not be carried out any more, with the
// reason. atWork says whether what is recorded as running really is.
func expired(ctx context.Context, tx *sql.Tx, now time.Time, atWork bool) (late map[int64]string, err error) {
	waiting, err := sqlrows.Collect(sqlrows.Stream(ctx, tx, (*Request).scan, requestsSQL+` WHERE state = 'waiting' ORDER BY asked_at, request_id`))
	if err != nil || len(waiting) == 0 {
		return nil, err
	}
	runs, err := sqlrows.Collect(sqlrows.Stream(ctx, tx, func(r *span, rows *sql.Rows) (err error) {
		r.from, r.to, err = scanSpan(rows)
		if r.to.IsZero() {
			r.to = r.from
			if atWork {
				r.to = now
			}
		}
		return err
	}, `SELECT started_at, finished_at FROM runs
	     WHERE finished_at >= ?1 OR finished_at IS NULL ORDER BY started_at`, sqlrows.Stamp(waiting[0].AskedAt)))
	if err != nil {
		return nil, err
	}
	late = map[int64]string{}
	for i := range waiting {
		if why := tooLate(waiting[i].AskedAt, now, runs); why != "" {
			late[waiting[i].ID] = why
		}
	}
	return late, nil
}

func scanSpan(rows *sql.Rows) (from, to time.Time, err error) {
	var started, finished sql.NullString
	if err := rows.Scan(&started, &finished); err != nil {
		return from, to, err
	}
	from, err = sqlrows.ParseStamp(started)
	if err != nil {
		return from, to, err
	}
	to, err = sqlrows.ParseStamp(finished)
	return from, to, err
}

// tooLate says why a request of that time has expired; "": it has not. The runs are in
// the order of their starts.
func tooLate(asked, now time.Time, runs []span) string {
	if asked.After(now) {
		return fmt.Sprintf("it was asked at %s, which is in the future: the clock was set back", *sqlrows.Stamp(asked))
	}
	idle := asked
	for _, run := range append(runs, span{now, now}) {
		if run.from.After(now) { // of a clock that was set back: it says nothing of this wait
			continue
		}
		if run.from.Sub(idle) >= requestPatience {
			return fmt.Sprintf("the service did not take it up within %s in which no run was at work", requestPatience)
		}
		if run.to.After(idle) {
			idle = run.to
		}
	}
	return ""
}
