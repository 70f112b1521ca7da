package deliver

import (
	"database/sql"
	"fmt"
	"slices"

	"ringroster/store/heldrows"
	"ringroster/store/sqlrows"
	"ringroster/sync"
)

// held tells of changes that became held, in one conversation until nothing waits.
func (w *noticeWriter) held(c *sync.Commit) error {
	last, err := w.last(sync.NoticeHeld, c.Account, c.JobName())
	if err != nil {
		return err
	}
	waiting, err := w.waiting(c.Account, c.JobName())
	if err != nil {
		return err
	}
	n := &sync.Notice{Kind: sync.NoticeHeld, Account: c.Account, Job: c.JobName(), Waiting: waiting, Run: c.Run, Began: c.Run, Since: c.FinishedAt}
	subject := fmt.Sprintf("held %s %s %d", c.Account, c.JobName(), c.Run)
	if last.goesOn {
		n.Began, n.Since, n.Event = last.began, last.since, sync.EventMore
	}
	if len(waiting) == 0 {
		if !last.goesOn {
			return nil
		}
		n.Event = sync.EventEnded
		return w.add(n, subject, last, false, "")
	}
	wanted, args := heldWaiting, []any{c.Account, c.JobName()}
	if last.goesOn {
		wanted, args = heldWaiting+` AND run_id = ?`, append(args, c.Run)
	}
	if err := w.describe(n, wanted, args...); err != nil || n.Total == 0 {
		return err
	}
	if n.Run, err = w.number(c.Account, c.JobName()); err != nil {
		return err
	}
	return w.add(n, subject, last, true, "")
}

// decided tells what an operator decided about held changes.
func (w *noticeWriter) decided(c *sync.Commit) error {
	last, err := w.last(sync.NoticeHeld, c.Account, c.JobName())
	if err != nil {
		return err
	}
	n := &sync.Notice{Kind: sync.NoticeDecided, Account: c.Account, Job: c.JobName(), Run: c.Run, Began: c.Run, Since: c.FinishedAt, Decision: c.Settled.Decision}
	if last.goesOn {
		n.Began, n.Since = last.began, last.since
	}
	if n.Waiting, err = w.waiting(c.Account, c.JobName()); err != nil {
		return err
	}
	if err := w.tx.QueryRowContext(w.ctx, `SELECT actor, on_behalf_of, note FROM runs WHERE run_id = ? AND account = ? AND job = ?`,
		c.Run, c.Account, c.JobName()).Scan(&n.By, &n.OnBehalfOf, &n.Note); err != nil {
		return err
	}
	ids, err := sqlrows.JSONList(c.Settled.Held)
	if err != nil {
		return err
	}
	if err := w.describe(n, `held_id IN (SELECT value FROM json_each(?))`, ids); err != nil {
		return err
	}
	if n.Decision == sync.Clear {
		n.Reasons = nil // of the rejection that ended
	}
	return w.add(n, fmt.Sprintf("decided %s %s %d", c.Account, c.JobName(), c.Run), last, len(n.Waiting) > 0, "")
}

// heldWaiting selects what waits in an account's job.
const heldWaiting = `account = ? AND job = ? AND closed_at IS NULL AND state = 'waiting'`

// waiting counts what waits, by kind.
func (w *noticeWriter) waiting(account, job string) (map[sync.Kind]int, error) {
	return w.kinds(heldWaiting, account, job)
}

func (w *noticeWriter) kinds(where string, args ...any) (map[sync.Kind]int, error) {
	type kind struct {
		kind sync.Kind
		n    int
	}
	rows, err := sqlrows.Collect(sqlrows.Stream(w.ctx, w.tx, func(k *kind, rows *sql.Rows) error { return rows.Scan(&k.kind, &k.n) },
		`SELECT kind, count(*) FROM held_changes WHERE `+where+` GROUP BY kind ORDER BY kind`, args...))
	if err != nil {
		return nil, err
	}
	counts := make(map[sync.Kind]int, len(rows))
	for _, k := range rows {
		counts[k.kind] = k.n
	}
	return counts, nil
}

// number is the one that decides about all that waits.
func (w *noticeWriter) number(account, job string) (run sync.RunID, err error) {
	err = w.tx.QueryRowContext(w.ctx, `SELECT coalesce(max(run_id), 0) FROM held_changes WHERE `+heldWaiting, account, job).Scan(&run)
	return run, err
}

// mostReasons is how many reasons a notice gives.
const mostReasons = 10

// fieldsOfOne is more rows than one member, person or contact has.
const fieldsOfOne = 20

// describe fills in what a notice tells of held changes: how many of which kind, why, and
// of whom.
func (w *noticeWriter) describe(n *sync.Notice, where string, args ...any) (err error) {
	if n.Counts, err = w.kinds(where, args...); err != nil {
		return err
	}
	const subject = `coalesce('m' || member_id, 'c' || contact_id, person)`
	if err := w.tx.QueryRowContext(w.ctx, `SELECT count(DISTINCT `+subject+`) FROM held_changes WHERE `+where, args...).Scan(&n.Total); err != nil {
		return err
	}
	why, err := sqlrows.Collect(sqlrows.Stream(w.ctx, w.tx, func(why *[]sync.HoldReason, rows *sql.Rows) error {
		var text string
		if err := rows.Scan(&text); err != nil {
			return err
		}
		return sqlrows.UnmarshalText(text, why)
	}, `SELECT why FROM held_changes WHERE `+where+` GROUP BY why ORDER BY min(held_id) LIMIT ?`, append(slices.Clip(args), mostReasons)...))
	if err != nil {
		return err
	}
	for _, r := range slices.Concat(why...) {
		if len(n.Reasons) < mostReasons && !slices.Contains(n.Reasons, r) {
			n.Reasons = append(n.Reasons, r)
		}
	}
	rows, err := sqlrows.Collect(sqlrows.Stream(w.ctx, w.tx, (*heldrows.Row).Scan, `SELECT `+heldrows.Columns+` FROM held_changes WHERE `+where+`
		 ORDER BY coalesce(member_id, contact_id, 0), person, kind, held_id LIMIT ?`, append(slices.Clip(args), sync.MostNamed*fieldsOfOne)...))
	if err != nil {
		return err
	}
	for i := range rows {
		n.People = withHeld(n.People, &rows[i])
	}
	n.People = n.People[:min(len(n.People), sync.MostNamed)]
	return nil
}

// withHeld adds a held change to those of its member, person or contact.
func withHeld(people []sync.NoticePerson, h *heldrows.Row) []sync.NoticePerson {
	p := sync.NoticePerson{Person: h.Person, IDs: h.IDs, Name: h.Name, Email: h.Email, Kind: h.Kind, Reason: h.Reason, Detail: h.Detail}
	if h.MemberID != nil {
		p.Member = *h.MemberID
	}
	if h.ContactID != nil {
		p.Contact = *h.ContactID
	}
	if last := len(people) - 1; last >= 0 && people[last].Member == p.Member && people[last].Contact == p.Contact &&
		people[last].Person == p.Person && people[last].Kind == p.Kind {
		p, people = people[last], people[:last]
	}
	if h.Source != nil {
		p.Source = h.Source
	}
	if h.Kind == sync.Update {
		p.Fields = append(p.Fields, sync.FieldChange{Field: h.Field, Before: h.Before, After: h.After, Reason: h.Reason})
	}
	return append(people, p)
}
