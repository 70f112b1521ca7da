package memberrows

import (
	"cmp"
	"context"
	"database/sql"
	"database/sql/driver"
	"fmt"
	"maps"
	"slices"
	"strings"

	"ringroster/store/database"
	"ringroster/store/sqlrows"
	"ringroster/sync"
	"ringroster/sync/fingerprint"
)

// newcomers are members whose rows, and whose history, are written together: on the
// first day they are the whole company. Their ids follow each other.
type newcomers struct {
	nextID int64

	// The rows to come: of members who are sealed, and have these values in common.
	commons commons
	waiting []*sync.Change
	texts   []string // what is theirs alone (appendOwn)
	inserts map[insertion]*database.Statement

	// The history to come: of those who came for one reason, first to the one before nextID.
	first  int64 // 0: nobody's
	reason sync.Reason
}

const (
	// InsertedTogether newcomers are inserted by one statement: to begin and to end one
	// costs as much as a quarter of a row.
	InsertedTogether = 32
	// ToldTogether newcomers stay in SQLite's cache until their history is written, which
	// is made from their rows.
	ToldTogether = 8 * InsertedTogether
	// MostInserts statements are kept at a time.
	MostInserts = 64
)

// nextMemberID is above all ids that members have and had: SQLite would give away that of
// a member who was deleted by hand, together with their history. Ids that somebody gave
// by hand near the end of all numbers do not count, or none would be left.
func nextMemberID(ctx context.Context, tx *sql.Tx) (id int64, err error) {
	err = tx.QueryRowContext(ctx, `
		SELECT 1 + max(0, coalesce((SELECT max(member_id) FROM members WHERE member_id < ?1), 0),
		                  coalesce((SELECT max(member_id) FROM changes WHERE member_id < ?1), 0))`, int64(1)<<62).Scan(&id)
	if err != nil {
		return 0, fmt.Errorf("find the next member id: %w", err)
	}
	return id, nil
}

// insertion is a statement that inserts newcomers.
type insertion struct {
	commons
	rows int
}

// commons are the values of the newcomers of one statement that most companies' people
// have in common: each text that need not be handed over makes a first load faster by
// half a percent. Columns that stand in no list hold their defaults.
type commons [7]string

// commonFields are the synced fields of which that is true, ownFields all others.
var (
	commonFields  = []sync.Field{sync.DataSource, sync.TimeZone, sync.Language}
	ownFields     = sqlrows.FieldsWithout(commonFields...)
	commonColumns = slices.Concat([]string{"account", "created_at", "created_by", "synced_regional", "activity_id", "teams", "categories"}, sqlrows.ColumnNames(commonFields...))
	ownColumns    = slices.Concat([]string{
		"seal", "rc_user_id", "username", "permissions", "logins", "synced_roles", "synced_logins", "synced_extension", "admin_ids", "search",
	}, sqlrows.ColumnNames(ownFields...))
)

func commonsOf(m *sync.Member) commons {
	c := commons{m.Synced.Regional, m.Own[sync.ActivityID], m.Own.Text(sync.Teams), m.Own.Text(sync.Categories)}
	for i, f := range commonFields {
		c[len(c)-len(commonFields)+i] = m.Profile[f]
	}
	return c
}

// appendOwn appends the values of ownColumns.
func appendOwn(texts []string, m *sync.Member, seal string) []string {
	texts = append(texts, seal, m.RCUserID, m.Username, m.Own.Text(sync.Permissions), loginsText(m.Logins),
		m.Synced.Roles, m.Synced.Logins, m.Synced.Extension, idList(m.AdminIDs), searchText(m))
	for _, f := range ownFields {
		texts = append(texts, m.Profile[f])
	}
	return texts
}

// insertSQL takes the first id, and then the texts. A row that fails leaves those before
// it: to take them back SQLite would copy each page beforehand, and the transaction ends
// anyway.
func (w *writer) insertSQL(i *insertion) string {
	common := []string{sqlText(w.account), sqlText(*w.now), sqlText(w.actor)}
	for _, text := range i.commons {
		common = append(common, sqlText(text))
	}
	own := sqlrows.List(ownColumns, sqlrows.Value)
	values := make([]string, i.rows)
	for row := range values {
		values[row] = fmt.Sprintf(`(?1 + %d, 1, '', %s, %s)`, row, strings.Join(common, ", "), own)
	}
	return `INSERT OR FAIL INTO members (member_id, linked, synced, ` + sqlrows.List(commonColumns, sqlrows.Itself) + `, ` + sqlrows.List(ownColumns, sqlrows.Itself) + `)
		VALUES ` + strings.Join(values, ", ")
}

// sqlText is a text as SQL has it; a NUL would end the statement.
func sqlText(text string) string {
	if strings.Contains(text, "\x00") {
		return fmt.Sprintf(`CAST(x'%x' AS TEXT)`, text)
	}
	return `'` + strings.ReplaceAll(text, `'`, `''`) + `'`
}

// addNewcomer gives a newcomer the next id, and writes the row now, or with others'.
func (w *writer) addNewcomer(ctx context.Context, c *sync.Change) error {
	n := &w.newcomers
	if n.first == 0 || n.reason != c.Reason || n.nextID-n.first == ToldTogether {
		if err := w.writeNewcomers(ctx); err != nil {
			return err
		}
		n.first, n.reason = n.nextID, c.Reason
	}
	m := c.Next()
	c.Member, m.ID = n.nextID, n.nextID
	n.nextID++
	seal := fingerprint.Seal(m)
	if seal == "" {
		return w.insertMember(ctx, c, m)
	}
	if common := commonsOf(m); common != n.commons || len(n.waiting) == InsertedTogether {
		if err := w.insertWaiting(ctx); err != nil {
			return err
		}
		n.commons = common
	}
	n.waiting, n.texts = append(n.waiting, c), appendOwn(n.texts, m, seal)
	return nil
}

// insertMember inserts a newcomer who is not sealed.
func (w *writer) insertMember(ctx context.Context, c *sync.Change, m *sync.Member) error {
	if err := w.insertWaiting(ctx); err != nil {
		return err
	}
	w.args = w.appendKept(w.appendDecided(append(w.args[:0], m.ID), m), m, syncedText(m))
	_, err := w.insert.Exec(ctx, append(w.args, w.account, w.now, w.actor))
	return about(c, w.duplicate(m.RCUserID, m.Username, err))
}

// writeNewcomers writes what waits: the rows, then the history.
func (w *writer) writeNewcomers(ctx context.Context) error {
	n := &w.newcomers
	if n.first == 0 {
		return nil
	}
	if err := w.insertWaiting(ctx); err != nil {
		return err
	}
	first, last := n.first, n.nextID-1
	n.first = 0
	w.args = append(w.args[:0], w.run, sync.Onboard, n.reason, first, last)
	if _, err := w.onboarded.Exec(ctx, w.args); err != nil {
		return fmt.Errorf("history of members %d to %d: %w", first, last, err)
	}
	return nil
}

// insertWaiting inserts the rows that wait, all at once or one by one.
func (w *writer) insertWaiting(ctx context.Context) error {
	n := &w.newcomers
	var err error
	if len(n.waiting) == InsertedTogether {
		err = w.insertTogether(ctx, n.waiting, n.texts)
	} else {
		err = w.insertEach(ctx, n.waiting, n.texts)
	}
	n.waiting, n.texts = n.waiting[:0], n.texts[:0]
	return err
}

// insertTogether inserts newcomers by one statement, or says which of them failed.
func (w *writer) insertTogether(ctx context.Context, newcomers []*sync.Change, texts []string) error {
	err := w.exec(ctx, newcomers, texts)
	if err == nil {
		return nil
	}
	who, findErr := w.findFailed(ctx, newcomers, texts)
	if findErr != nil {
		return fmt.Errorf("%w; and to find out whom it is about: %w", err, findErr)
	}
	return cmp.Or(who, err)
}

// findFailed tries one by one whom a statement could not insert, and gives the error of
// the one who fails. The statement may have taken the transaction with it, as a full disk
// does; then nobody must be written outside of it. So there is a savepoint, which is a
// transaction where there is none, and the caller's rollback takes back what was tried.
func (w *writer) findFailed(ctx context.Context, newcomers []*sync.Change, texts []string) (who, err error) {
	if _, err := w.conn.(driver.ExecerContext).ExecContext(ctx, `SAVEPOINT who_failed`, nil); err != nil {
		return nil, err
	}
	w.args = append(w.args[:0], newcomers[0].Member, newcomers[len(newcomers)-1].Member)
	there, err := w.there.Number(ctx, w.args)
	if err != nil {
		return nil, err
	}
	return w.insertEach(ctx, newcomers[there:], texts[int(there)*len(texts)/len(newcomers):]), nil
}

func (w *writer) insertEach(ctx context.Context, newcomers []*sync.Change, texts []string) error {
	for i, c := range newcomers {
		own := len(texts) / len(newcomers)
		one := texts[i*own:][:own]
		if err := w.exec(ctx, newcomers[i:i+1], one); err != nil {
			return about(c, w.duplicate(one[1], one[2], err))
		}
	}
	return nil
}

func (w *writer) exec(ctx context.Context, newcomers []*sync.Change, texts []string) error {
	stmt, err := w.insertion(ctx, insertion{w.newcomers.commons, len(newcomers)})
	if err != nil {
		return err
	}
	return stmt.ExecTexts(ctx, newcomers[0].Member, texts)
}

// insertion gives a statement that was prepared before, or prepares it.
func (w *writer) insertion(ctx context.Context, i insertion) (*database.Statement, error) {
	n := &w.newcomers
	if stmt := n.inserts[i]; stmt != nil {
		return stmt, nil
	}
	if len(n.inserts) == MostInserts {
		if err := n.close(); err != nil {
			return nil, err
		}
	}
	stmt, err := database.Prepare(ctx, w.conn, w.insertSQL(&i))
	if err == nil {
		n.inserts[i] = stmt
	}
	return stmt, err
}

func (n *newcomers) close() error {
	err := database.CloseAll(slices.Collect(maps.Values(n.inserts)))
	clear(n.inserts)
	return err
}
