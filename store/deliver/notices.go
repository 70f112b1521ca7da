package deliver

import (
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"ringroster/store/sqlrows"
	"ringroster/sync"
)

// topicOf says which kinds of notices make one conversation.
var topicOf = map[sync.NoticeKind]string{
	sync.NoticeFailed: "run", sync.NoticeRecovered: "run",
	sync.NoticeHeld: "held", sync.NoticeDecided: "held",
	sync.NoticeConflicts: "conflicts", sync.NoticeJWT: "jwt", sync.NoticeSettings: "settings",
	sync.NoticeChanges: "changes", sync.NoticeWeekly: "weekly", sync.NoticePublish: "publish",
}

// noticeWriter writes notices in the transaction that they tell of.
type noticeWriter struct {
	ctx context.Context //nolint:containedctx // it lives no longer than one transaction
	tx  *sql.Tx
	now time.Time
}

// conversation is the newest notice of a topic, if there is one.
type conversation struct {
	thread  string
	goesOn  bool
	began   sync.RunID
	since   time.Time
	written time.Time
}

// TellCommit writes what a commit has to tell, where anybody is to be told. What it cannot
// write costs the notices, and not the commit: the error is in c.Untold.
func TellCommit(ctx context.Context, tx *sql.Tx, c *sync.Commit) error {
	told, err := hasDestinations(ctx, tx)
	if err != nil || !told {
		return err
	}
	return aside(ctx, tx, "notices", func() error {
		c.Untold = sync.Contain(func() error {
			w := &noticeWriter{ctx, tx, c.FinishedAt}
			return w.commit(c)
		})
		return c.Untold
	})
}

// aside runs fn within a transaction; of a failed one nothing stays.
func aside(ctx context.Context, tx *sql.Tx, name string, fn func() error) error {
	if _, err := tx.ExecContext(ctx, `SAVEPOINT `+name); err != nil {
		return err
	}
	if fn() != nil {
		if _, err := tx.ExecContext(ctx, `ROLLBACK TO `+name); err != nil {
			return err
		}
	}
	_, err := tx.ExecContext(ctx, `RELEASE `+name)
	return err
}

func (w *noticeWriter) commit(c *sync.Commit) error {
	if c.Status == sync.Failed {
		return w.failed(c)
	}
	if c.Full {
		if err := w.recovered(c); err != nil {
			return err
		}
	}
	if c.Settled != nil && len(c.Settled.Held) > 0 {
		return w.decided(c)
	}
	if !c.Full {
		return nil
	}
	if err := w.held(c); err != nil {
		return err
	}
	if c.Plan != nil {
		return w.conflicts(c.Account, c.Run, c.Plan.Conflicts)
	}
	return nil
}

// failed tells of an account's first failure: later ones are reminders. A run that was
// stopped has not failed, and what an operator does by hand tells them itself.
func (w *noticeWriter) failed(c *sync.Commit) error {
	if stop, ok := errors.AsType[*sync.StoppedError](c.Err); ok && !errors.Is(stop.Why, context.DeadlineExceeded) {
		return nil
	}
	var told bool
	err := w.tx.QueryRowContext(w.ctx, `
		SELECT trigger IN ('schedule', 'catch_up', 'retry', 'manual') FROM runs WHERE run_id = ? AND account = ? AND job = ?`,
		c.Run, c.Account, c.JobName()).Scan(&told)
	if err != nil || !told {
		return err
	}
	last, err := w.last(sync.NoticeFailed, c.Account, c.JobName())
	if err != nil || last.goesOn {
		return err
	}
	n := &sync.Notice{Kind: sync.NoticeFailed, Account: c.Account, Job: c.JobName(), Run: c.Run, Began: c.Run, Since: c.FinishedAt}
	if c.Err != nil {
		n.Error = c.Err.Error()
	}
	return w.add(n, fmt.Sprintf("failed %s %s %d", c.Account, c.JobName(), c.Run), nil, true, "")
}

// recovered tells that failures are over.
func (w *noticeWriter) recovered(c *sync.Commit) error {
	last, err := w.last(sync.NoticeFailed, c.Account, c.JobName())
	if err != nil || !last.goesOn {
		return err
	}
	n := &sync.Notice{Kind: sync.NoticeRecovered, Account: c.Account, Job: c.JobName(), Run: c.Run, Began: last.began, Since: last.since}
	return w.add(n, fmt.Sprintf("recovered %s %s %d", c.Account, c.JobName(), c.Run), last, false, "")
}

// conflicts tells of those that were not there before.
func (w *noticeWriter) conflicts(account string, run sync.RunID, all []sync.Conflict) error {
	type key struct {
		person string
		member int64
		reason sync.Reason
	}
	known, err := sqlrows.Collect(sqlrows.Stream(w.ctx, w.tx, func(k *key, rows *sql.Rows) error { return rows.Scan(&k.person, &k.member, &k.reason) },
		`SELECT person, member_id, reason FROM told_conflicts WHERE account = ? ORDER BY person, member_id, reason`, account))
	if err != nil {
		return err
	}
	gone := make(map[key]bool, len(known))
	for _, k := range known {
		gone[k] = true
	}
	n := &sync.Notice{Kind: sync.NoticeConflicts, Account: account, Job: sync.JobMembers, Run: run, Began: run, Since: w.now}
	for i := range all {
		c := &all[i]
		k := key{c.Person, c.Member, c.Reason}
		if _, told := gone[k]; told {
			delete(gone, k)
			continue
		}
		result, err := w.tx.ExecContext(w.ctx, `INSERT OR IGNORE INTO told_conflicts (account, person, member_id, reason) VALUES (?, ?, ?, ?)`,
			account, k.person, k.member, k.reason)
		if added, err := sqlrows.Changed(result, err); err != nil || added == 0 {
			if err != nil {
				return err
			}
			continue // the same once more
		}
		if n.Total++; n.Total <= sync.MostNamed {
			n.People = append(n.People, sync.NoticePerson{
				Member: c.Member, Person: c.Person, Name: c.Name, Reason: c.Reason, Detail: c.Detail, Remedy: c.Remedy,
			})
		}
	}
	for k := range gone {
		if _, err := w.tx.ExecContext(w.ctx, `DELETE FROM told_conflicts WHERE account = ? AND person = ? AND member_id = ? AND reason = ?`,
			account, k.person, k.member, k.reason); err != nil {
			return err
		}
	}
	if n.Total == 0 {
		return nil
	}
	return w.add(n, fmt.Sprintf("conflicts %s %d", account, run), nil, false, "")
}

// last is the newest notice of the conversation that a kind belongs to.
func (w *noticeWriter) last(kind sync.NoticeKind, account, job string) (*conversation, error) {
	l := &conversation{}
	var facts string
	var written sql.NullString
	err := w.tx.QueryRowContext(w.ctx, `
		SELECT thread, goes_on, facts, written_at FROM notices
		 WHERE topic = ? AND account = ? AND job = ? ORDER BY seq DESC LIMIT 1`, topicOf[kind], account, job).
		Scan(&l.thread, &l.goesOn, &facts, &written)
	if errors.Is(err, sql.ErrNoRows) {
		return l, nil
	}
	if err != nil {
		return nil, err
	}
	var n sync.Notice
	if err := json.Unmarshal([]byte(facts), &n); err != nil {
		return nil, fmt.Errorf("the newest notice about %s of %s: %w", kind, account, err)
	}
	l.began, l.since = n.Began, n.Since
	l.written, err = sqlrows.ParseStamp(written)
	return l, err
}

// add writes a notice, unless one about the same was written before. It goes on a
// conversation, or begins one.
func (w *noticeWriter) add(n *sync.Notice, subject string, in *conversation, goesOn bool, onlyFor string) error {
	n.At = w.now
	facts, err := sqlrows.ExactJSON(n)
	if err != nil {
		return err
	}
	id := rand.Text()
	thread := id
	if in != nil && in.goesOn {
		thread = in.thread
	}
	_, err = w.tx.ExecContext(w.ctx, `
		INSERT OR IGNORE INTO notices (notice_id, subject, kind, topic, account, job, thread, goes_on, only_for, written_at, facts)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, nullif(?, ''), ?, ?)`,
		id, subject, n.Kind, topicOf[n.Kind], n.Account, n.Job, thread, goesOn, onlyFor, sqlrows.Stamp(w.now), facts)
	return err
}

// Tell writes a notice that no commit tells of; subject says what it is about, and the same
// is told once.
func (s Deliveries) Tell(ctx context.Context, n *sync.Notice, subject string, now time.Time) error {
	err := s.db.Write(ctx, func(tx *sql.Tx) error {
		told, err := hasDestinations(ctx, tx)
		if err != nil || !told {
			return err
		}
		w := &noticeWriter{ctx, tx, now}
		return w.add(n, subject, nil, false, "")
	})
	return s.db.Explain("write a notice to", err)
}

// ForgetNotices blanks what notices say about a member.
func ForgetNotices(ctx context.Context, tx *sql.Tx, m *sync.Member) error {
	type row struct {
		seq   int64
		facts string
	}
	rows, err := sqlrows.Collect(sqlrows.Stream(ctx, tx, func(r *row, rows *sql.Rows) error { return rows.Scan(&r.seq, &r.facts) },
		`SELECT seq, facts FROM notices WHERE account = ? OR account = '' ORDER BY seq`, m.Account))
	if err != nil {
		return err
	}
	says := sqlrows.Naming(m)
	for _, r := range rows {
		facts, err := sync.ForgetNotice([]byte(r.facts), m, says)
		if err != nil {
			return fmt.Errorf("notice %d: %w", r.seq, err)
		}
		if string(facts) == r.facts {
			continue
		}
		if _, err := tx.ExecContext(ctx, `UPDATE notices SET facts = ? WHERE seq = ?`, string(facts), r.seq); err != nil {
			return err
		}
	}
	keys, err := sqlrows.JSONList(m.Keys())
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, `
		DELETE FROM told_conflicts WHERE account = ? AND (member_id = ? OR person IN (SELECT value FROM json_each(?)))`, m.Account, m.ID, keys)
	return err
}
