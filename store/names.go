package store

import (
	"context"
	"database/sql"
)

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
func (s viewsReader) Names(ctx context.Context, thing Thing) ([]Name, error) {
	return collect(told(stream(ctx, s.db.r, func(n *Name, rows *sql.Rows) error { return rows.Scan(&n.ID, &n.Text) },
		namesSQL[thing]), s.db.path()))
}
