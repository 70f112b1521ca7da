package publish

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"ringroster/store/deliver"
)

// quoted is a name in SQL.
func quoted(names ...string) string { return pgx.Identifier(names).Sanitize() }

// columnNames are those of a table in SQL, each with something before it.
func columnNames(t *deliver.MirrorTable, before string) string {
	names := make([]string, len(t.Columns))
	for i, c := range t.Columns {
		names[i] = before + quoted(c.Name)
	}
	return strings.Join(names, ", ")
}

// mirror is one transaction on a mirror.
type mirror struct {
	tx     pgx.Tx
	schema string
	tables []deliver.MirrorTable
}

func (m *mirror) name(table string) string { return quoted(m.schema, table) }

// publisher is what a mirror keeps of itself, in the table of that name.
type publisher struct {
	there  bool
	Roster string
	Epoch  int64
	deliver.MirrorState
	Settings string    // a hash of them
	Layout   string    // a hash of the tables
	Rows     int64     // in all tables
	WholeAt  time.Time // when all rows were compared last
}

const publisherColumns = `roster_id, epoch, change_id, contact_change_id, edits, settings, layout, row_count, whole_at`

func (h *publisher) values() []any {
	return []any{h.Roster, h.Epoch, h.ChangeID, h.ContactChangeID, h.Edits, h.Settings, h.Layout, h.Rows, h.WholeAt}
}

// definitions are the statements that make the tables, or give them what a later version has.
func (m *mirror) definitions() (all []string) {
	add := func(format string, args ...any) { all = append(all, fmt.Sprintf(format, args...)) }
	add(`CREATE TABLE IF NOT EXISTS %s (
		one boolean PRIMARY KEY DEFAULT true CHECK (one), roster_id text NOT NULL, epoch bigint NOT NULL,
		change_id bigint NOT NULL, contact_change_id bigint NOT NULL, edits text NOT NULL, settings text NOT NULL, layout text NOT NULL,
		row_count bigint NOT NULL, whole_at timestamptz NOT NULL, delivered_at timestamptz NOT NULL DEFAULT now())`, m.name("publisher"))
	add(`COMMENT ON TABLE %s IS 'which roster this is a mirror of, and how far: delivered_at is when ringroster was here last, change_id the last row of roster_changes'`, m.name("publisher"))
	for i := range m.tables {
		t := &m.tables[i]
		columns := make([]string, len(t.Columns))
		for i, c := range t.Columns {
			columns[i] = quoted(c.Name) + " " + c.Type
		}
		add(`CREATE TABLE IF NOT EXISTS %s (%s)`, m.name(t.Name), strings.Join(columns, ", "))
		add(`ALTER TABLE %s ADD COLUMN IF NOT EXISTS %s`, m.name(t.Name), strings.Join(columns, ", ADD COLUMN IF NOT EXISTS "))
		for _, c := range t.Columns {
			add(`COMMENT ON COLUMN %s IS '%s'`, quoted(m.schema, t.Name, c.Name), strings.ReplaceAll(c.Comment, "'", "''"))
		}
	}
	roster := deliver.Mirrored()[0]
	columns := make([]string, len(roster.Columns))
	for i, c := range roster.Columns {
		columns[i] = map[string]string{
			"last_seen_at": `CASE WHEN u.member_id IS NULL THEN s.last_seen_at ELSE u.last_seen_at END AS last_seen_at`,
			"absent_days":  `coalesce(u.absent_days, 0) AS absent_days`,
		}[c.Name]
		if columns[i] == "" {
			columns[i] = "m." + quoted(c.Name)
		}
	}
	add(`CREATE OR REPLACE VIEW %s AS SELECT %s FROM %s m LEFT JOIN %s u ON u.member_id = m.member_id LEFT JOIN %s s ON s.account = m.account`,
		m.name(roster.Name), strings.Join(columns, ", "), m.name(deliver.MirrorMembers), m.name(deliver.MirrorUnseen), m.name(deliver.MirrorSeen))
	for _, c := range roster.Columns {
		add(`COMMENT ON COLUMN %s IS '%s'`, quoted(m.schema, roster.Name, c.Name), strings.ReplaceAll(c.Comment, "'", "''"))
	}
	return all
}

// keys are the statements that make the keys of the tables.
func (m *mirror) keys() (all []string) {
	for i := range m.tables {
		t := &m.tables[i]
		key := make([]string, len(t.Key))
		for k, name := range t.Key {
			key[k] = quoted(name)
		}
		all = append(all, fmt.Sprintf(`CREATE UNIQUE INDEX IF NOT EXISTS %s ON %s (%s)`, quoted(t.Name+"_key"), m.name(t.Name), strings.Join(key, ", ")))
	}
	return all
}

// digest is a hash of the definitions.
func digest(definitions []string) string {
	h := fnv.New64a()
	for _, d := range definitions {
		_, _ = h.Write([]byte(d))
	}
	return fmt.Sprintf("%x", h.Sum64())
}

// lockPatience bounds how long others may keep the tables locked.
const lockPatience = "60s"

// open makes what is missing, and says how the mirror stands. Nobody else writes the mirror until the
// transaction ends.
func (m *mirror) open(ctx context.Context) (h publisher, err error) {
	if _, err := m.tx.Exec(ctx, `SET LOCAL lock_timeout = '`+lockPatience+`'`); err != nil {
		return h, err
	}
	if _, err := m.tx.Exec(ctx, `SELECT pg_advisory_xact_lock(hashtextextended($1, 0))`, "ringroster "+m.schema); err != nil {
		return h, err
	}
	var schema bool
	if err := m.tx.QueryRow(ctx, `SELECT to_regnamespace($1) IS NOT NULL`, m.schema).Scan(&schema); err != nil {
		return h, err
	}
	if !schema {
		if _, err := m.tx.Exec(ctx, `CREATE SCHEMA `+quoted(m.schema)); err != nil {
			return h, err
		}
	}
	if h, err = m.readPublisher(ctx); err != nil {
		return h, err
	}
	definitions := m.definitions()
	if now := digest(definitions); h.Layout != now {
		if err := m.define(ctx, h, definitions); err != nil {
			return h, err
		}
		h.Layout, h.WholeAt = now, time.Time{}
	}
	return h, m.inspect(ctx)
}

// define carries the definitions out, on tables that are all missing, or nearly all there. New
// ones get their keys when they have their rows, which is faster.
func (m *mirror) define(ctx context.Context, h publisher, definitions []string) error {
	if !h.there {
		for i := range m.tables {
			there, err := m.exists(ctx, m.tables[i].Name)
			if err != nil || there {
				return orElse(err, "schema %s has a table %s of another's: give the mirror a schema of its own, in to.postgres.schema, or drop it", m.schema, m.tables[i].Name)
			}
		}
	} else { // of a table that a later version has more
		definitions = slices.Concat(definitions, m.keys())
	}
	_, err := m.tx.Exec(ctx, strings.Join(definitions, ";\n"))
	return err
}

// orElse is err, or the given message when there is none.
func orElse(err error, format string, args ...any) error {
	if err != nil {
		return err
	}
	return fmt.Errorf(format, args...)
}

func (m *mirror) exists(ctx context.Context, table string) (there bool, err error) {
	err = m.tx.QueryRow(ctx, `SELECT to_regclass($1) IS NOT NULL`, m.name(table)).Scan(&there)
	return there, err
}

// readPublisher reads what the mirror keeps of itself.
func (m *mirror) readPublisher(ctx context.Context) (h publisher, err error) {
	if h.there, err = m.exists(ctx, "publisher"); err != nil || !h.there {
		return h, err
	}
	err = m.tx.QueryRow(ctx, `SELECT `+publisherColumns+` FROM `+m.name("publisher")).
		Scan(&h.Roster, &h.Epoch, &h.ChangeID, &h.ContactChangeID, &h.Edits, &h.Settings, &h.Layout, &h.Rows, &h.WholeAt)
	if errors.Is(err, pgx.ErrNoRows) {
		err = fmt.Errorf("the table publisher of schema %s is empty: drop the schema, and the next delivery makes the mirror anew", m.schema)
	}
	return h, err
}

// inspect looks whether the tables are as they were made.
func (m *mirror) inspect(ctx context.Context) error {
	have := map[string]string{}
	rows, err := m.tx.Query(ctx, `
		SELECT c.relname || '.' || a.attname, format_type(a.atttypid, NULL)
		  FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace
		 WHERE n.nspname = $1 AND a.attnum > 0 AND NOT a.attisdropped`, m.schema)
	if err != nil {
		return err
	}
	var name, kind string
	if _, err := pgx.ForEachRow(rows, []any{&name, &kind}, func() error { have[name] = kind; return nil }); err != nil {
		return err
	}
	for _, t := range slices.Concat(m.tables, deliver.Mirrored()[:1]) {
		for _, c := range t.Columns {
			if kind := have[t.Name+"."+c.Name]; kind != c.Type {
				return fmt.Errorf("column %s of %s.%s was changed by another hand: it is to be %s, and is %s; put it back, or drop the schema, and the next delivery makes the mirror anew",
					c.Name, m.schema, t.Name, c.Type, orMissing(kind))
			}
		}
	}
	return nil
}

func orMissing(text string) string {
	if text == "" {
		return "missing"
	}
	return text
}

// claim refuses a mirror that is another roster's. A roster that was restored or copied takes
// its own: it has a higher epoch.
func (h *publisher) claim(roster string, epoch int64, schema string) error {
	switch {
	case !h.there || h.Roster == roster && h.Epoch <= epoch:
		return nil
	case h.Roster == roster:
		return fmt.Errorf("schema %s is published by a later epoch of this roster (%d, this is %d): it was restored, copied or taken over since; end this one, or give it a schema of its own", schema, h.Epoch, epoch)
	}
	return fmt.Errorf("schema %s is published by another roster (%s, this is %s): give this one a schema of its own, or, if that roster is no more, drop the schema", schema, h.Roster, roster)
}
