package publish

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"ringroster/store/deliver"
)

// A mirror is brought in step in one transaction: of each table the rows that may differ are
// copied into a temporary one, and the difference is carried out. Which rows those are the
// history says, from the change on that the mirror has; once a day, when an operator asks for
// it, and whenever the history cannot say it, they are all.

// everything is the condition that all rows meet.
const everything = `1 = 1`

// bringing is one delivery to a mirror.
type bringing struct {
	*mirror
	instant *deliver.Instant
	to      *destination
	row     *deliver.Publication
	a       *attempt
	kept    publisher // by the mirror, before
	first   bool
	details []string // of each table: what changed
}

// deliverMirror brings the mirror in step, unless the guard withholds it. whole compares all
// rows; dry leaves everything as it is.
func (p *Publisher) deliverMirror(ctx context.Context, d *destination, row *deliver.Publication, a *attempt, whole, dry bool) (details []string, err error) {
	err = d.database.transaction(ctx, pgx.ReadCommitted, func(tx pgx.Tx) (commit bool, err error) {
		b := &bringing{mirror: &mirror{tx, d.database.schema(), deliver.MirrorTables()}, to: d, row: row, a: a}
		if b.kept, err = b.open(ctx); err != nil {
			return false, err
		}
		err = p.store.At(ctx, func(i *deliver.Instant) error {
			b.instant = i
			return b.bring(ctx, whole, p.now())
		})
		details = b.details
		return err == nil && !dry, err
	})
	return details, err
}

// bring carries out all that is to be done in the transaction.
func (b *bringing) bring(ctx context.Context, whole bool, now time.Time) error {
	roster, epoch, err := b.instant.Source(ctx)
	if err != nil {
		return err
	}
	if err := b.kept.claim(roster, epoch, b.schema); err != nil {
		return err
	}
	state, err := b.instant.MirrorState(ctx)
	if err != nil {
		return err
	}
	if b.a.version, err = b.to.version(ctx, b.instant); err != nil {
		return err
	}
	b.first, b.a.change = !b.kept.there, state.ChangeID
	next := b.kept
	next.Roster, next.Epoch, next.MirrorState, next.Settings = roster, epoch, state, b.to.settings
	age := now.Sub(b.kept.WholeAt)
	whole = whole || b.first || b.kept.Epoch != epoch || b.kept.Settings != next.Settings || b.kept.Edits != state.Edits || age < 0 || age >= inAnyCase
	if !whole {
		if whole, err = b.bringNews(ctx); err != nil {
			return err
		}
	}
	if whole {
		next.WholeAt = now
		if err := b.bringAll(ctx, nil); err != nil {
			return err
		}
	}
	if b.first { // one by one, each row would take longer
		if _, err := b.tx.Exec(ctx, strings.Join(b.keys(), ";\n")); err != nil {
			return err
		}
	}
	next.Rows += int64(b.a.added) - int64(b.a.removed)
	b.a.rows = int(next.Rows)
	if b.a.reason, err = b.withhold(ctx); err != nil {
		return err
	}
	if b.a.reason != "" {
		return errWithheld
	}
	return b.keep(ctx, next)
}

// keep notes how far the mirror is.
func (b *bringing) keep(ctx context.Context, next publisher) error {
	statement := `INSERT INTO ` + b.name("publisher") + ` (` + publisherColumns + `) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`
	if b.kept.there {
		statement = `UPDATE ` + b.name("publisher") + ` SET (` + publisherColumns + `, delivered_at) = ($1, $2, $3, $4, $5, $6, $7, $8, $9, now())`
	}
	_, err := b.tx.Exec(ctx, statement, next.values()...)
	return err
}

// bringNews carries out what the history says, and whether that does not suffice: rows went
// without a trace, as when the history was pruned.
func (b *bringing) bringNews(ctx context.Context) (whole bool, err error) {
	var runsFrom int64
	err = b.tx.QueryRow(ctx, `SELECT coalesce(min(run_id) FILTER (WHERE status = 'running'), max(run_id) + 1, 0) FROM `+b.name("roster_runs")).Scan(&runsFrom)
	if err != nil {
		return false, err
	}
	news, err := b.instant.News(ctx, b.kept.MirrorState, runsFrom)
	if err != nil || news == nil {
		return true, err
	}
	if err := b.bringMembers(ctx, news); err != nil {
		return false, err
	}
	if err := b.bringAll(ctx, news.Where); err != nil {
		return false, err
	}
	for i := range b.tables {
		want, err := b.instant.MirrorCount(ctx, &b.tables[i], b.to.Accounts)
		if err != nil {
			return false, err
		}
		if want < 0 {
			continue
		}
		var have int64
		if err := b.tx.QueryRow(ctx, `SELECT count(*) FROM `+b.name(b.tables[i].Name)).Scan(&have); err != nil || have != want {
			return true, err
		}
	}
	return false, nil
}

// bringMembers brings the members that changed, or whose supervisors did.
func (b *bringing) bringMembers(ctx context.Context, news *deliver.MirrorNews) error {
	more, err := b.reporting(ctx, news.Linked)
	if err != nil {
		return err
	}
	linked := slices.Concat(news.Linked, more)
	slices.Sort(linked)
	others := slices.DeleteFunc(slices.Clone(news.Members), func(id int64) bool {
		_, found := slices.BinarySearch(linked, id)
		return found
	})
	brief := deliver.WithoutSupervisors(b.tables[0])
	if err := b.bringTable(ctx, &brief, deliver.Among("member_id", others)); err != nil {
		return err
	}
	return b.bringTable(ctx, &b.tables[0], deliver.Among("member_id", linked))
}

// reporting are the members who report to others, or did: their supervisors may be others now.
func (b *bringing) reporting(ctx context.Context, to []int64) (members []int64, err error) {
	if len(to) == 0 {
		return nil, nil
	}
	agents, err := b.instant.AgentIDs(ctx, to)
	if err != nil {
		return nil, err
	}
	rows, err := b.tx.Query(ctx, `
		SELECT DISTINCT member_id FROM `+b.name("roster_logins")+`
		 WHERE supervisor_agent_ids ?| ($2::text[] || ARRAY(SELECT agent_id FROM `+b.name("roster_logins")+` WHERE member_id = ANY ($1)))`, to, agents)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowTo[int64])
}

// bringAll brings each table in step, where its rows meet a condition; nil: all.
func (b *bringing) bringAll(ctx context.Context, where map[string]string) error {
	for i := range b.tables {
		t, condition := &b.tables[i], everything
		if where != nil {
			condition = where[t.Name]
		}
		if err := b.bringTable(ctx, t, condition); err != nil {
			return fmt.Errorf("table %s: %w", t.Name, err)
		}
	}
	return nil
}

func (b *bringing) bringTable(ctx context.Context, t *deliver.MirrorTable, condition string) error {
	if condition == "" || condition == deliver.Among("", nil) {
		return nil
	}
	rows := b.instant.MirrorRows(ctx, t, condition, b.to.Accounts)
	if b.first { // nothing is there to compare it with
		n, err := copyRows(ctx, b.tx, b.name(t.Name), t, rows)
		b.note(t, int(n), 0, 0)
		return err
	}
	staged := quoted("staged_" + t.Name)
	_, err := b.tx.Exec(ctx, `DROP TABLE IF EXISTS pg_temp.`+staged+`; CREATE TEMPORARY TABLE `+staged+` (LIKE `+b.name(t.Name)+`) ON COMMIT DROP`)
	if err != nil {
		return err
	}
	if _, err := copyRows(ctx, b.tx, "pg_temp."+staged, t, rows); err != nil {
		return err
	}
	if _, err := b.tx.Exec(ctx, `ANALYZE pg_temp.`+staged); err != nil {
		return err
	}
	return b.carryOut(ctx, t, staged, condition)
}

// carryOut makes rows of a table those that are staged.
func (b *bringing) carryOut(ctx context.Context, t *deliver.MirrorTable, staged, condition string) error {
	same := make([]string, len(t.Key))
	for i, name := range t.Key {
		same[i] = `t.` + quoted(name) + ` = s.` + quoted(name)
	}
	key, table := strings.Join(same, ` AND `), b.name(t.Name)
	removed, err := b.tx.Query(ctx, `
		DELETE FROM `+table+` t WHERE (`+condition+`) AND NOT EXISTS (SELECT FROM pg_temp.`+staged+` s WHERE `+key+`) RETURNING `+returned(t))
	if err != nil {
		return err
	}
	lost, err := pgx.CollectRows(removed, pgx.RowTo[int64])
	if err != nil {
		return err
	}
	changed, err := b.tx.Exec(ctx, `
		UPDATE `+table+` t SET (`+columnNames(t, "")+`) = ROW (`+columnNames(t, "s.")+`) FROM pg_temp.`+staged+` s
		 WHERE `+key+` AND (`+columnNames(t, "t.")+`) IS DISTINCT FROM (`+columnNames(t, "s.")+`)`)
	if err != nil {
		return err
	}
	added, err := b.tx.Exec(ctx, `
		INSERT INTO `+table+` (`+columnNames(t, "")+`) SELECT `+columnNames(t, "s.")+` FROM pg_temp.`+staged+` s
		 WHERE NOT EXISTS (SELECT FROM `+table+` t WHERE `+key+`)`)
	if err != nil {
		return err
	}
	b.note(t, int(added.RowsAffected()), int(changed.RowsAffected()), len(lost))
	if t.Guarded {
		b.a.lost = append(b.a.lost, lostIDs(t, lost)...)
		slices.Sort(b.a.lost)
	}
	return nil
}

// returned is the number of a row where a missing one counts.
func returned(t *deliver.MirrorTable) string {
	if t.Guarded {
		return quoted(t.Key[0])
	}
	return `1::bigint`
}

// lostIDs are the numbers of rows, those of contacts below zero.
func lostIDs(t *deliver.MirrorTable, ids []int64) []int64 {
	if t.Name == deliver.MirrorMembers {
		return ids
	}
	for i := range ids {
		ids[i] = -ids[i]
	}
	return ids
}

// note counts what changed, but for the tables that tell when somebody was seen.
func (b *bringing) note(t *deliver.MirrorTable, added, changed, removed int) {
	if t.Name == deliver.MirrorUnseen || t.Name == deliver.MirrorSeen {
		return
	}
	b.a.added, b.a.changed, b.a.removed = b.a.added+added, b.a.changed+changed, b.a.removed+removed
	if added+changed+removed > 0 {
		view := strings.Replace(t.Name, deliver.MirrorMembers, "roster", 1)
		b.details = append(b.details, fmt.Sprintf("%s: %d new, %d changed, %d gone", view, added, changed, removed))
	}
}

// withhold is the guard of a mirror: it looks at members and at contacts, each by themselves.
func (b *bringing) withhold(ctx context.Context) (Reason, error) {
	b.a.leaving = nil
	for i := range b.tables {
		t := &b.tables[i]
		if !t.Guarded {
			continue
		}
		kind, after := deliver.OfRoster, b.kept.ChangeID
		if t.Name != deliver.MirrorMembers {
			kind, after = deliver.OfContacts, b.kept.ContactChangeID
		}
		left, err := b.instant.Left(ctx, kind, after)
		if err != nil {
			return "", err
		}
		c := candidate{}
		if err := b.tx.QueryRow(ctx, `SELECT count(*) FROM `+b.name(t.Name)).Scan(&c.rows); err != nil {
			return "", err
		}
		var lost []int64
		for _, id := range b.a.lost {
			if (id < 0) == (kind == deliver.OfContacts) {
				lost = append(lost, id)
			}
		}
		had := *b.row
		had.Restored, had.Rows, had.Held.Rows = false, c.rows+len(lost), 0 // what is there is known, row by row
		if had.Version = "delivered"; b.first && kind == deliver.OfRoster {
			had.Version = ""
		}
		for _, id := range lost {
			if !left[max(id, -id)] {
				c.leaving = append(c.leaving, id)
			}
		}
		b.a.leaving = append(b.a.leaving, c.leaving...)
		if reason := withhold(&had, c, parseNumbers(b.a.had.Leaving), b.to.MaxShrink); reason != "" && b.a.reason == "" {
			b.a.reason, b.a.of = reason, had.Rows
		}
	}
	slices.Sort(b.a.leaving)
	return b.a.reason, nil
}
