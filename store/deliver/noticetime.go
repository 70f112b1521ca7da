package deliver

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"time"

	"ringroster/store/sqlrows"
	"ringroster/sync"
)

// Some notices are written because time has passed: reminders, the changes of a day, the
// figures of a week. Each is written once, whoever looks first.

// Remind writes reminders for one destination: of the failures and held sets of these
// accounts that still last, when it heard of one last so long ago.
func (s Deliveries) Remind(ctx context.Context, name string, w Wanted, accounts []string, after time.Duration, now time.Time) error {
	due, err := s.reminders(ctx, name, now.Add(-after))
	due = slices.DeleteFunc(due, func(r reminder) bool {
		return !w.Has(&sync.Notice{Kind: r.kind, Account: r.account}) || !slices.Contains(accounts, r.account)
	})
	if err != nil || len(due) == 0 {
		return s.db.Explain("read", err)
	}
	err = s.db.Write(ctx, func(tx *sql.Tx) error {
		writer := &noticeWriter{ctx, tx, now}
		for _, d := range due {
			if err := writer.remind(&d, name); err != nil {
				return err
			}
		}
		return nil
	})
	return s.db.Explain("write reminders to", err)
}

// reminder is a conversation that goes on, and of which a destination has not heard for long.
type reminder struct {
	kind         sync.NoticeKind
	account, job string
}

// reminders are those that are due for a destination. Reminders of others are no news to it.
func (s Deliveries) reminders(ctx context.Context, name string, before time.Time) ([]reminder, error) {
	return sqlrows.Collect(sqlrows.Stream(ctx, s.db.Reads, func(r *reminder, rows *sql.Rows) error {
		var topic string
		err := rows.Scan(&topic, &r.account, &r.job)
		r.kind = map[string]sync.NoticeKind{topicOf[sync.NoticeFailed]: sync.NoticeFailed, topicOf[sync.NoticeHeld]: sync.NoticeHeld}[topic]
		return err
	}, `
		SELECT topic, account, job FROM notices n
		 WHERE topic IN (?, ?)
		   AND seq = (SELECT max(seq) FROM notices l WHERE l.topic = n.topic AND l.account = n.account AND l.job = n.job)
		   AND goes_on = 1
		   AND (SELECT max(written_at) FROM notices l WHERE l.thread = n.thread AND (l.only_for IS NULL OR l.only_for = ?)) <= ?
		 ORDER BY topic, account, job`, topicOf[sync.NoticeFailed], topicOf[sync.NoticeHeld], name, sqlrows.Stamp(before)))
}

// remind writes one, with how things stand now.
func (w *noticeWriter) remind(r *reminder, name string) error {
	last, err := w.last(r.kind, r.account, r.job)
	if err != nil || !last.goesOn {
		return err
	}
	n := &sync.Notice{Kind: r.kind, Event: sync.EventReminder, Account: r.account, Job: r.job, Began: last.began, Since: last.since}
	subject := fmt.Sprintf("reminder %s %s %s %s %s", r.kind, r.account, r.job, *sqlrows.Stamp(w.now), name)
	if r.kind == sync.NoticeFailed {
		err := w.tx.QueryRowContext(w.ctx, `
			SELECT run_id, error FROM runs WHERE account = ? AND job = ? AND status = 'failed' ORDER BY run_id DESC LIMIT 1`, r.account, r.job).
			Scan(&n.Run, &n.Error)
		if err != nil {
			return err
		}
		return w.add(n, subject, last, true, name)
	}
	if n.Waiting, err = w.waiting(r.account, r.job); err != nil {
		return err
	}
	if len(n.Waiting) == 0 { // as by forgetting somebody: nobody was told that it is over
		n.Event = sync.EventEnded
		return w.add(n, subject, last, false, "")
	}
	if err := w.describe(n, heldWaiting, r.account, r.job); err != nil {
		return err
	}
	if n.Run, err = w.number(r.account, r.job); err != nil {
		return err
	}
	return w.add(n, subject, last, true, name)
}

// Digest writes what time has made due for everybody: the changes of yesterday, and on
// Monday the figures of the week. Days are UTC's. Nobody is told of a time before they came
// to the settings.
func (s Deliveries) Digest(ctx context.Context, accounts []string, now time.Time) error {
	today := now.UTC().Truncate(24 * time.Hour)
	week := today.AddDate(0, 0, -(int(today.Weekday())+6)%7)
	for _, period := range []struct {
		kind     sync.NoticeKind
		from, to time.Time
		write    func(w *noticeWriter, accounts []string, from, to time.Time) error
	}{
		{sync.NoticeChanges, today.AddDate(0, 0, -1), today, (*noticeWriter).changesOf},
		{sync.NoticeWeekly, week.AddDate(0, 0, -7), week, (*noticeWriter).weekOf},
	} {
		due, err := s.db.Yes(ctx, `
			SELECT EXISTS (SELECT 1 FROM destinations WHERE kind = ? AND since < ?)
			   AND NOT EXISTS (SELECT 1 FROM digests WHERE kind = ? AND through >= ?)`,
			ofNotices, sqlrows.Stamp(period.to), period.kind, sqlrows.Stamp(period.to))
		if err != nil {
			return err
		}
		if !due {
			continue
		}
		err = s.db.Write(ctx, func(tx *sql.Tx) error {
			n, err := sqlrows.Changed(tx.ExecContext(ctx, `
				INSERT INTO digests (kind, through) VALUES (?, ?)
				ON CONFLICT (kind) DO UPDATE SET through = excluded.through WHERE through < excluded.through`, period.kind, sqlrows.Stamp(period.to)))
			if err != nil || n == 0 {
				return err // somebody else was faster
			}
			return period.write(&noticeWriter{ctx, tx, now}, accounts, period.from, period.to)
		})
		if err != nil {
			return s.db.Explain("write a digest to", err)
		}
	}
	return nil
}

// changesOf tells of the changes of a day, by account.
func (w *noticeWriter) changesOf(accounts []string, from, to time.Time) error {
	for _, account := range accounts {
		n := &sync.Notice{Kind: sync.NoticeChanges, Account: account, Job: sync.JobMembers, Since: from, Until: to}
		runs, err := w.changing(n, account, from, to)
		if err != nil {
			return err
		}
		for _, run := range runs {
			if err := w.changedBy(n, run, account); err != nil {
				return err
			}
		}
		if len(runs) > 0 {
			if err := w.add(n, fmt.Sprintf("changes %s %s", account, from.Format(time.DateOnly)), nil, false, ""); err != nil {
				return err
			}
		}
	}
	return nil
}

// changing are the runs that ended within a time and changed something; it counts what.
func (w *noticeWriter) changing(n *sync.Notice, account string, from, to time.Time) (runs []sync.RunID, err error) {
	n.Counts = map[sync.Kind]int{}
	kinds := []sync.Kind{sync.Onboard, sync.Link, sync.Update, sync.Reactivate, sync.Deactivate}
	type row struct {
		run    sync.RunID
		counts [5]int
	}
	rows, err := sqlrows.Collect(sqlrows.Stream(w.ctx, w.tx, func(r *row, rows *sql.Rows) error {
		return rows.Scan(&r.run, &r.counts[0], &r.counts[1], &r.counts[2], &r.counts[3], &r.counts[4])
	}, `
		SELECT run_id, onboarded, linked, updated, reactivated, deactivated FROM runs
		 WHERE account = ? AND job = 'members' AND finished_at >= ? AND finished_at < ?
		   AND onboarded + linked + updated + reactivated + deactivated > 0 ORDER BY run_id`, account, sqlrows.Stamp(from), sqlrows.Stamp(to)))
	for _, r := range rows {
		runs = append(runs, r.run)
		for i, kind := range kinds {
			n.Counts[kind] += r.counts[i]
			n.Total += r.counts[i]
		}
	}
	return runs, err
}

// changedBy adds the first people whom a run changed.
func (w *noticeWriter) changedBy(n *sync.Notice, run sync.RunID, account string) error {
	if len(n.People) >= sync.MostNamed {
		return nil
	}
	rows, err := sqlrows.Collect(sqlrows.Stream(w.ctx, w.tx, func(p *sync.NoticePerson, rows *sql.Rows) error {
		return rows.Scan(&p.Member, &p.Kind, &p.Reason, &p.Name, &p.Email, sqlrows.Source{Into: &p.Source})
	}, `
		SELECT c.member_id, c.kind, c.reason, trim(m.first_name || ' ' || m.last_name), m.email, c.source
		  FROM changes c JOIN members m ON m.member_id = c.member_id
		 WHERE c.run_id = ? AND m.account = ? ORDER BY c.change_id LIMIT ?`, run, account, sync.MostNamed*fieldsOfOne))
	for _, p := range rows {
		last := len(n.People) - 1
		if last >= 0 && n.People[last].Member == p.Member && n.People[last].Kind == p.Kind {
			if p.Source != nil {
				n.People[last].Source = p.Source
			}
			continue // another field
		}
		if len(n.People) < sync.MostNamed {
			n.People = append(n.People, p)
		}
	}
	return err
}

// weekOf tells the figures of a week, of all accounts.
func (w *noticeWriter) weekOf(accounts []string, from, to time.Time) error {
	n := &sync.Notice{Kind: sync.NoticeWeekly, Since: from, Until: to}
	for _, account := range accounts {
		f := sync.Figures{Account: account}
		var success sql.NullString
		err := w.tx.QueryRowContext(w.ctx, `
			SELECT count(*) FILTER (WHERE trigger IN ('schedule', 'catch_up', 'retry', 'manual')),
			       count(*) FILTER (WHERE trigger IN ('schedule', 'catch_up', 'retry', 'manual') AND status = 'failed'),
			       coalesce(sum(onboarded), 0), coalesce(sum(updated + linked), 0), coalesce(sum(reactivated), 0), coalesce(sum(deactivated), 0)
			  FROM runs WHERE account = ? AND job = 'members' AND started_at >= ? AND started_at < ?`, account, sqlrows.Stamp(from), sqlrows.Stamp(to)).
			Scan(&f.Runs, &f.Failed, &f.Onboarded, &f.Updated, &f.Reactivated, &f.Deactivated)
		if err != nil {
			return err
		}
		err = w.tx.QueryRowContext(w.ctx, `
			SELECT (SELECT max(finished_at) FROM runs WHERE account = ?1 AND job = 'members' AND full = 1 AND status IN ('succeeded', 'held')),
			       coalesce((SELECT conflicts FROM runs WHERE account = ?1 AND job = 'members' AND full = 1 AND status IN ('succeeded', 'held')
			                  ORDER BY run_id DESC LIMIT 1), 0),
			       (SELECT count(*) FROM members WHERE account = ?1 AND status = 'active'),
			       (SELECT count(*) FROM held_changes WHERE account = ?1 AND closed_at IS NULL AND state = 'waiting')`, account).
			Scan(&success, &f.Conflicts, &f.Active, &f.Waiting)
		if err != nil {
			return err
		}
		if f.LastSuccess, err = sqlrows.ParseStamp(success); err != nil {
			return err
		}
		n.Figures = append(n.Figures, f)
	}
	return w.add(n, "weekly "+from.Format(time.DateOnly), nil, false, "")
}
