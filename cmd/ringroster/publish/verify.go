package publish

import (
	"context"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"

	"ringroster/store/deliver"
)

// Comparison says how a view of a mirror differs from the roster's.
type Comparison struct {
	Table   string
	Rows    int64    // that the roster has
	Missing int64    // in the mirror
	Extra   int64    // in the mirror alone
	Differ  int64    // in some column
	Some    []string // of those rows: the key, and the columns
}

// Equal says whether the mirror has the same rows.
func (c *Comparison) Equal() bool { return c.Missing+c.Extra+c.Differ == 0 }

// mostCompared is how many rows that differ are named of each table.
const mostCompared = 10

// Verify compares a mirror with the roster, row by row. behind is how many changes it has not
// been given yet: they differ without a fault.
func (p *Publisher) Verify(ctx context.Context, name string) (all []Comparison, behind int64, err error) {
	d := p.named(deliver.OfMirror, name)
	if d == nil {
		return nil, 0, fmt.Errorf("%s is no mirror: there is nothing that it could be compared with", name)
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	err = d.database.transaction(ctx, pgx.RepeatableRead, func(tx pgx.Tx) (bool, error) {
		m := &mirror{tx, d.database.schema(), deliver.MirrorTables()}
		kept, err := m.readPublisher(ctx)
		if err != nil || !kept.there {
			return false, orElse(err, "nothing was delivered to schema %s yet", m.schema)
		}
		if err := m.inspect(ctx); err != nil {
			return false, err
		}
		return false, p.store.At(ctx, func(i *deliver.Instant) error {
			roster, epoch, err := i.Source(ctx)
			if err == nil {
				err = kept.claim(roster, epoch, m.schema)
			}
			if err != nil {
				return err
			}
			state, err := i.MirrorState(ctx)
			if err != nil {
				return err
			}
			behind = max(state.ChangeID-kept.ChangeID, 0)
			for _, t := range deliver.Mirrored() {
				c, err := m.compare(ctx, i, &t, d.Accounts)
				if err != nil {
					return fmt.Errorf("table %s: %w", t.Name, err)
				}
				all = append(all, c)
			}
			return nil
		})
	})
	return all, behind, err
}

// compare compares a view of the roster with the one of its name.
func (m *mirror) compare(ctx context.Context, i *deliver.Instant, t *deliver.MirrorTable, accounts []string) (c Comparison, err error) {
	c.Table = t.Name
	staged := quoted("compared_" + t.Name)
	if _, err := m.tx.Exec(ctx, `CREATE TEMPORARY TABLE `+staged+` ON COMMIT DROP AS SELECT * FROM `+m.name(t.Name)+` LIMIT 0`); err != nil {
		return c, err
	}
	if c.Rows, err = copyRows(ctx, m.tx, "pg_temp."+staged, t, i.MirrorRows(ctx, t, everything, accounts)); err != nil {
		return c, err
	}
	same, keys, differ := make([]string, len(t.Key)), make([]string, len(t.Key)), make([]string, len(t.Columns))
	for k, name := range t.Key {
		same[k] = `t.` + quoted(name) + ` = s.` + quoted(name)
		keys[k] = `'` + name + ` ' || coalesce(t.` + quoted(name) + `, s.` + quoted(name) + `)`
	}
	for k, column := range t.Columns {
		differ[k] = `CASE WHEN t.` + quoted(column.Name) + ` IS DISTINCT FROM s.` + quoted(column.Name) + ` THEN '` + column.Name + `' END`
	}
	key := quoted(t.Key[0])
	rows, err := m.tx.Query(ctx, `
		SELECT s.`+key+` IS NULL, t.`+key+` IS NULL, concat_ws(', ', `+strings.Join(keys, `, `)+`), concat_ws(', ', `+strings.Join(differ, ", ")+`)
		  FROM `+m.name(t.Name)+` t FULL JOIN pg_temp.`+staged+` s ON `+strings.Join(same, ` AND `)+`
		 WHERE (`+columnNames(t, "t.")+`) IS DISTINCT FROM (`+columnNames(t, "s.")+`) ORDER BY 3`)
	if err != nil {
		return c, err
	}
	var extra, missing bool
	var row, columns string
	_, err = pgx.ForEachRow(rows, []any{&extra, &missing, &row, &columns}, func() error {
		text := row + ": other " + columns
		switch {
		case extra:
			c.Extra++
			text = row + ": is not on the roster"
		case missing:
			c.Missing++
			text = row + ": is missing"
		default:
			c.Differ++
		}
		if len(c.Some) < mostCompared {
			c.Some = append(c.Some, text)
		}
		return nil
	})
	return c, err
}

// check makes what a first delivery would make, or tries what each does, and takes it back.
func (d *database) check(ctx context.Context) (found string, err error) {
	ctx, cancel := context.WithTimeout(ctx, connectPatience)
	defer cancel()
	err = d.transaction(ctx, pgx.ReadCommitted, func(tx pgx.Tx) (bool, error) {
		m := &mirror{tx, d.schema(), deliver.MirrorTables()}
		kept, err := m.open(ctx)
		if err != nil {
			return false, err
		}
		found = "the database lets us in, and lets us make schema " + m.schema
		if kept.there {
			found = fmt.Sprintf("the database lets us in; schema %s mirrors roster %s, epoch %d", m.schema, kept.Roster, kept.Epoch)
		}
		return false, m.try(ctx)
	})
	return found, err
}

// try does to no row of each table what deliveries do.
func (m *mirror) try(ctx context.Context) error {
	var all []string
	for i := range m.tables {
		t := &m.tables[i]
		name, key := m.name(t.Name), quoted(t.Key[0])
		all = append(all, `DELETE FROM `+name+` WHERE false`, `UPDATE `+name+` SET `+key+` = `+key+` WHERE false`,
			`INSERT INTO `+name+` SELECT * FROM `+name+` WHERE false`)
	}
	all = append(all, `CREATE TEMPORARY TABLE probe (one int) ON COMMIT DROP`)
	_, err := m.tx.Exec(ctx, strings.Join(all, `; `))
	return err
}
