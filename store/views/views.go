// Package views reads the views of a roster, which people and other programs read too:
// who is on it, its runs and its history, and what is counted of them. Streams end with
// the first error; each is of one instant.
package views

import (
	"context"
	"database/sql"

	"ringroster/store/database"
	"ringroster/store/sqlrows"
)

// Reader reads the views of a roster.
type Reader struct{ db *database.DB }

// NewReader is for a database that is open, or will be.
func NewReader(db *database.DB) Reader { return Reader{db} }

// Thing is something that a filter of the roster or of the contacts names.
type Thing string

// What filters name.
const (
	AccountThing       Thing = "account"
	RoleThing          Thing = "role"
	SubAccountThing    Thing = "sub-account"
	ActivityThing      Thing = "activity"
	TeamThing          Thing = "team"
	ContactStatusThing Thing = "status"
)

// namesSQL finds every name of a thing, with its id where it has one.
var namesSQL = map[Thing]string{
	AccountThing: `SELECT '', account FROM accounts UNION SELECT '', account FROM members ORDER BY 2`,
	RoleThing:    `SELECT DISTINCT '', role FROM members WHERE role <> '' ORDER BY 2`,
	SubAccountThing: `
		SELECT DISTINCT sub_account_id, sub_account FROM roster_logins ORDER BY 1, 2`,
	ActivityThing: `SELECT DISTINCT '', activity_id FROM members WHERE activity_id <> '' ORDER BY 2`,
	TeamThing: `
		SELECT DISTINCT '', t.value FROM members m JOIN json_each(m.teams) t WHERE m.teams <> '[]' ORDER BY 2`,
	ContactStatusThing: `SELECT DISTINCT '', status FROM contacts ORDER BY 2`,
}

// Name is one of the names there are.
type Name struct{ ID, Text string }

// Names lists the names there are of a thing, in their order, each once.
func (s Reader) Names(ctx context.Context, thing Thing) ([]Name, error) {
	return sqlrows.Collect(database.Told(sqlrows.Stream(ctx, s.db.Reads, func(n *Name, rows *sql.Rows) error { return rows.Scan(&n.ID, &n.Text) },
		namesSQL[thing]), s.db.Path()))
}
