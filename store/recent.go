package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"time"

	"ringroster/store/memberrows"
	"ringroster/store/sqlrows"
	"ringroster/store/views"
	"ringroster/sync"
)

// What runs did of late is an input of the guard (R21, R22, R35). The history of the few
// runs that began within its windows tells it.

// readPast reads what runs did of late to the members of an account.
func readPast(ctx context.Context, tx *sql.Tx, account string, now time.Time, st *sync.State) error {
	first, err := firstFull(ctx, tx, account)
	if err != nil {
		return err
	}
	window := recentArgs(account, first, now)
	if err := readCounts(ctx, tx, recentSQL, window, st); err != nil {
		return err
	}
	if err := readEnded(ctx, tx, window, st); err != nil {
		return err
	}
	return readGone(ctx, tx, account, st)
}

// recentArgs are the arguments of recentSQL and endedSQL.
func recentArgs(account string, first sync.RunID, now time.Time) []any {
	return []any{
		sql.Named("account", account), sql.Named("first", first),
		sql.Named("day", sqlrows.Stamp(now.Add(-sync.DayWindow))), sql.Named("week", sqlrows.Stamp(now.Add(-sync.WeekWindow))),
	}
}

// FirstFull is an account's first full run, which brought everybody in; 0: there was none.
// What it did counts for no limit but that on leavers (R35).
func (s *Store) FirstFull(ctx context.Context, account string) (sync.RunID, error) {
	first, err := firstFull(ctx, s.db.Reads, account)
	return first, s.db.Explain("read the first full run from", err)
}

func firstFull(ctx context.Context, db sqlrows.Reader, account string) (first sync.RunID, err error) {
	err = db.QueryRowContext(ctx, `
		SELECT run_id FROM runs WHERE account = ? AND job = 'members' AND `+views.IsFullRun+` ORDER BY run_id LIMIT 1`, account).Scan(&first)
	if errors.Is(err, sql.ErrNoRows) {
		err = nil
	}
	return first, err
}

// recentSQL counts members, each once for what happened to them: with what was, within the
// day and within the week. What an operator approved or undid is no part of it, and of what
// they did by hand only that they forgot somebody (R21).
const recentSQL = `
	WITH recent AS (
	  SELECT c.change_id, c.member_id, c.kind, c.field, c.before, c.after, c.reason, m.status, m.role,
	         r.trigger, r.run_id, r.started_at > @day AS today
	    FROM runs r CROSS JOIN changes c ON c.run_id = r.run_id
	    JOIN members m ON m.member_id = c.member_id AND m.account = r.account
	   WHERE r.account = @account AND r.job = 'members' AND r.started_at > @week AND r.trigger NOT IN ('approve', 'undo')),
	counted AS (
	  SELECT 'deactivated' AS what, member_id, today FROM recent c
	   WHERE field = 'status' AND after = 'inactive' AND status = 'inactive'
	     AND NOT EXISTS (SELECT 1 FROM changes l
	                      WHERE l.member_id = c.member_id AND l.field = 'status' AND l.change_id > c.change_id)
	  UNION ALL
	  SELECT 'onboarded', member_id, today FROM recent
	   WHERE kind = 'onboard' AND run_id > @first AND trigger NOT IN ('import', 'edit')
	  UNION ALL
	  SELECT 'administrators', member_id, today FROM recent
	   WHERE run_id > @first AND trigger NOT IN ('import', 'edit')
	     AND (kind = 'onboard' AND iif(json_valid(after), after ->> '$.role', role) = '` + sync.RoleAdministrator + `'
	       OR field = 'role' AND after = '` + sync.RoleAdministrator + `')
	  UNION ALL
	  SELECT field, member_id, today FROM recent
	   WHERE kind = 'update' AND field IN ('first_name', 'last_name', 'email', 'role') AND reason IN ('` + string(sync.ReasonSource) + `', '` + string(sync.ReasonPinEnded) + `')
	     AND before <> '' AND run_id > @first AND trigger NOT IN ('import', 'edit'))
	SELECT what, count(DISTINCT member_id) FILTER (WHERE today), count(DISTINCT member_id) FROM counted GROUP BY what ORDER BY what`

// readCounts adds what a query counted to both windows.
func readCounts(ctx context.Context, tx *sql.Tx, query string, args []any, st *sync.State) error {
	type count struct {
		what   string
		counts [2]int
	}
	for c, err := range sqlrows.Stream(ctx, tx, func(c *count, rows *sql.Rows) error {
		return rows.Scan(&c.what, &c.counts[0], &c.counts[1])
	}, query, args...) {
		if err != nil {
			return err
		}
		for i, n := range c.counts {
			recent := &st.Recent[i]
			switch c.what {
			case "deactivated":
				recent.Deactivated = n
			case "onboarded":
				recent.Onboarded = n
			case "administrators":
				recent.Administrators = n
			default:
				countUpdated(recent, c.what, n)
			}
		}
	}
	return nil
}

func countUpdated(r *sync.Recent, field string, n int) {
	if n == 0 {
		return
	}
	if r.Updated == nil {
		r.Updated = map[string]int{}
	}
	r.Updated[field] = n
}

// endedSQL finds changes of logins by the source.
const endedSQL = `
		SELECT c.member_id, c.before, c.after, r.started_at > @day
		  FROM runs r CROSS JOIN changes c ON c.run_id = r.run_id
		  JOIN members m ON m.member_id = c.member_id AND m.account = r.account
		 WHERE r.account = @account AND r.job = 'members' AND r.started_at > @week AND r.run_id > @first
		   AND r.trigger NOT IN ('approve', 'undo', 'import', 'edit')
		   AND c.kind = 'update' AND c.field = 'logins' AND c.before <> '' AND c.reason = '` + string(sync.ReasonSource) + `'
		 ORDER BY c.change_id`

// readEnded counts the members of whom the source ended a login.
func readEnded(ctx context.Context, tx *sql.Tx, window []any, st *sync.State) error {
	type change struct {
		member        int64
		before, after string
		today         bool
	}
	var ended [2]map[int64]bool
	for i := range ended {
		ended[i] = map[int64]bool{}
	}
	for c, err := range sqlrows.Stream(ctx, tx, func(c *change, rows *sql.Rows) error {
		return rows.Scan(&c.member, &c.before, &c.after, &c.today)
	}, endedSQL, window...) {
		if err != nil {
			return err
		}
		if len(sync.EndedLogins(c.before, c.after)) == 0 {
			continue
		}
		ended[1][c.member] = true
		if c.today {
			ended[0][c.member] = true
		}
	}
	for i := range ended {
		countUpdated(&st.Recent[i], "logins", len(ended[i]))
	}
	return nil
}

// readGone reads the logins that runs ended since the first of the full ones that began in
// the hours before the last of them: that one still saw them (R22).
func readGone(ctx context.Context, tx *sql.Tx, account string, st *sync.State) error {
	first, err := lookedAt(ctx, tx, account, sync.JobMembers)
	if err != nil || first == 0 {
		return err
	}
	return collectGone(ctx, tx, account, first, st)
}

// lookedAt is the first of the full runs of a job that began in the hours before the last of
// them; 0: there was none.
func lookedAt(ctx context.Context, tx *sql.Tx, account, job string) (first sync.RunID, err error) {
	var began sql.NullString
	err = tx.QueryRowContext(ctx, `
		SELECT started_at FROM runs
		 WHERE account = ? AND job = ? AND `+views.IsFullRun+`
		 ORDER BY run_id DESC LIMIT 1`, account, job).Scan(&began)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, nil
	}
	var at time.Time
	if err == nil {
		at, err = sqlrows.ParseStamp(began)
	}
	if err != nil {
		return 0, fmt.Errorf("the last full run: %w", err)
	}
	err = tx.QueryRowContext(ctx, `
		SELECT min(run_id) FROM runs
		 WHERE account = ? AND job = ? AND started_at >= ? AND `+views.IsFullRun,
		account, job, sqlrows.Stamp(at.Add(-sync.SameDay))).Scan(&first)
	return first, err
}

// collectGone reads what runs after the first ended: by changes of logins, and with members
// who left and are inactive still. A run for one person is among them, since it is no look
// at the lists; what an operator decided is not.
func collectGone(ctx context.Context, tx *sql.Tx, account string, first sync.RunID, st *sync.State) error {
	type change struct {
		member               int64
		field, before, after string
		inactive             bool
		logins               string
	}
	for c, err := range sqlrows.Stream(ctx, tx, func(c *change, rows *sql.Rows) error {
		return rows.Scan(&c.member, &c.field, &c.before, &c.after, &c.logins, &c.inactive)
	}, `
		SELECT c.member_id, c.field, c.before, c.after, m.logins,
		       m.status = 'inactive' AND NOT EXISTS (
		         SELECT 1 FROM changes l WHERE l.member_id = c.member_id AND l.field = 'status' AND l.change_id > c.change_id)
		  FROM runs r CROSS JOIN changes c ON c.run_id = r.run_id
		  JOIN members m ON m.member_id = c.member_id AND m.account = r.account
		 WHERE r.account = ? AND r.job = 'members' AND r.run_id > ?
		   AND r.trigger NOT IN ('approve', 'reject', 'undo', 'import', 'edit')
		   AND (c.field = 'logins' OR c.field = 'status' AND c.after = 'inactive'
		     OR c.field = 'role' AND c.before = '`+sync.RoleAdministrator+`' AND c.reason = 'source_changed')
		 ORDER BY c.change_id`, account, first) {
		if err != nil {
			return err
		}
		var gone []sync.Login
		switch {
		case c.field == "role":
			if st.GoneAdmins == nil {
				st.GoneAdmins = map[int64]bool{}
			}
			st.GoneAdmins[c.member] = true
			continue
		case c.field == "logins":
			gone = sync.EndedLogins(c.before, c.after)
			if moved := sync.MovedLogins(c.before, c.after); len(moved) > 0 {
				if st.Moved == nil {
					st.Moved = map[int64][][]sync.Login{}
				}
				st.Moved[c.member] = append(st.Moved[c.member], moved)
			}
		case c.inactive:
			m := sync.Member{ID: c.member}
			if err := memberrows.DecodeLogins(c.logins, &m); err != nil {
				return err
			}
			gone = slices.DeleteFunc(m.Logins, func(l sync.Login) bool { return !l.Active })
		}
		if len(gone) == 0 && !c.inactive { // whoever left may have been an administrator, and no more
			continue
		}
		if st.Gone == nil {
			st.Gone = map[int64][]sync.Login{}
		}
		st.Gone[c.member] = append(st.Gone[c.member], gone...)
	}
	return nil
}

// readGoneContacts counts the contacts that runs removed, or marked, within the windows,
// and that are gone still.
func readGoneContacts(ctx context.Context, tx *sql.Tx, account string, now time.Time, st *sync.State) error {
	err := readCounts(ctx, tx, `
		SELECT 'deactivated', count(DISTINCT c.contact_id) FILTER (WHERE r.started_at > @day), count(DISTINCT c.contact_id)
		  FROM runs r CROSS JOIN contact_history c ON c.run_id = r.run_id AND c.account = r.account
		 WHERE r.account = @account AND r.job = 'contacts' AND r.started_at > @week AND r.trigger NOT IN ('approve', 'undo')
		   AND c.kind IN ('remove', 'mark')
		   AND NOT EXISTS (SELECT 1 FROM contact_entries e
		                    WHERE e.account = c.account AND e.rc_id = c.rc_id AND e.status <> '`+sync.StatusRemoved+`')`,
		[]any{
			sql.Named("account", account),
			sql.Named("day", sqlrows.Stamp(now.Add(-sync.DayWindow))), sql.Named("week", sqlrows.Stamp(now.Add(-sync.WeekWindow))),
		}, st)
	if err != nil {
		return err
	}
	return readDwindled(ctx, tx, account, st)
}

// readDwindled reads the contacts that runs removed or marked lately and that are not listed
// again, with the type and the site that they had (R22).
func readDwindled(ctx context.Context, tx *sql.Tx, account string, st *sync.State) error {
	first, err := lookedAt(ctx, tx, account, sync.JobContacts)
	if err != nil || first == 0 {
		return err
	}
	for c, err := range sqlrows.Stream(ctx, tx, func(c **sync.Contact, rows *sql.Rows) error {
		*c = &sync.Contact{}
		return rows.Scan(&(*c).RCID, &(*c).Fields[sync.ContactType], &(*c).Fields[sync.ContactSite])
	}, `
		WITH gone AS (
		  SELECT c.rc_id, c.change_id, iif(json_valid(c.before), c.before, '{}') AS before
		    FROM runs r CROSS JOIN contact_history c ON c.run_id = r.run_id AND c.account = r.account
		   WHERE r.account = ?1 AND r.job = 'contacts' AND r.run_id > ?2 AND r.trigger NOT IN ('approve', 'undo')
		     AND c.kind IN ('remove', 'mark')),
		last AS (SELECT rc_id, max(change_id) AS change_id FROM gone WHERE coalesce(before ->> '$.status', '') <> ?3 GROUP BY rc_id)
		SELECT g.rc_id, coalesce(e.type, g.before ->> '$.type', ''), coalesce(e.site, g.before ->> '$.site', '')
		  FROM last JOIN gone g USING (change_id)
		  LEFT JOIN contact_entries e ON e.account = ?1 AND e.rc_id = g.rc_id
		 WHERE e.contact_id IS NULL OR e.status = ?3
		 ORDER BY g.change_id`, account, first, sync.StatusRemoved) {
		if err != nil {
			return err
		}
		st.GoneContacts = append(st.GoneContacts, c)
	}
	return nil
}
