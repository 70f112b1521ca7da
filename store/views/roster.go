package views

import (
	"context"
	"database/sql"
	"encoding/json"
	"iter"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"ringroster/store/database"
	"ringroster/store/sqlrows"
	"ringroster/sync"
)

// RosterRow is one row of the view roster: its fields are the columns of the view, in their
// order, and a new one comes last. Times are RFC 3339 in UTC, nil while
// they have not come; managed is 0 or 1 as in the view.
type RosterRow struct {
	MemberID           int64       `json:"member_id"`
	Account            string      `json:"account"`
	Status             sync.Status `json:"status"`
	Role               string      `json:"role"`
	Username           string      `json:"username"`
	FirstName          string      `json:"first_name"`
	LastName           string      `json:"last_name"`
	Email              string      `json:"email"`
	ExtensionNumber    string      `json:"extension_number"`
	ActivityID         string      `json:"activity_id"`
	DataSource         string      `json:"data_source"`
	RCUserID           string      `json:"rc_user_id"`
	Department         string      `json:"department"`
	JobTitle           string      `json:"job_title"`
	Site               string      `json:"site"`
	Managed            int         `json:"managed"`
	DeactivationReason string      `json:"deactivation_reason"`
	CreatedAt          string      `json:"created_at"`
	CreatedBy          string      `json:"created_by"`
	UpdatedAt          string      `json:"updated_at"`
	UpdatedBy          string      `json:"updated_by"`
	DeactivatedAt      *string     `json:"deactivated_at"`
	ReactivatedAt      *string     `json:"reactivated_at"`
	LastSeenAt         *string     `json:"last_seen_at"`
	AbsentDays         int         `json:"absent_days"`
	TimeZone           string      `json:"time_zone"`
	Language           string      `json:"language"`
	Teams              JSON        `json:"teams"`
	Categories         JSON        `json:"categories"`
	Permissions        JSON        `json:"permissions"`
	Pins               JSON        `json:"pins"`
	CostCenter         string      `json:"cost_center"`
	EmployeeID         string      `json:"employee_id"`
	Supervisors        JSON        `json:"supervisors"` // member ids
}

// briefColumns are what is read where nobody asks for supervisors.
var briefColumns = slices.Concat(rosterColumns[:len(rosterColumns)-1], []string{`'[]'`})

// RosterColumns are the columns of the view roster, in their order.
func RosterColumns() []string { return slices.Clone(rosterColumns) }

// Cells are the values of the row as texts, in the order of its columns.
func (r *RosterRow) Cells() []string {
	cells := make([]string, 0, len(rosterColumns))
	for _, v := range reflect.ValueOf(r).Elem().Fields() {
		if v.Kind() == reflect.Pointer {
			v = v.Elem()
		}
		switch {
		case !v.IsValid(): // nil
			cells = append(cells, "")
		case v.CanInt():
			cells = append(cells, strconv.FormatInt(v.Int(), 10))
		default:
			cells = append(cells, v.String())
		}
	}
	return cells
}

func (r *RosterRow) scan(rows *sql.Rows) error {
	dest := make([]any, 0, len(rosterColumns))
	for _, v := range reflect.ValueOf(r).Elem().Fields() {
		dest = append(dest, v.Addr().Interface())
	}
	return rows.Scan(dest...)
}

// JSON is a column of JSON text: in a document it is the value itself.
type JSON string

// MarshalJSON gives the text as it is: the column holds nothing but JSON.
func (j JSON) MarshalJSON() ([]byte, error) { return []byte(j), nil }

// UnmarshalJSON keeps the text.
func (j *JSON) UnmarshalJSON(text []byte) error {
	*j = JSON(text)
	return nil
}

// Filter narrows the roster. Empty fields do not filter; all others must fit.
type Filter struct {
	Member     int64
	Account    string
	Accounts   []string // one of them
	Status     sync.Status
	Role       string // as all names and the search: compared by R33
	SubAccount string // id or name of one with an active login
	Activity   string
	Team       string
	EmployeeID string
	Supervisor int64  // to whom they report
	Search     string // part of name, e-mail, username or extension number
	Brief      bool   // without supervisors, for which everybody's logins are read
}

// Roster yields the rows of the view roster that fit, by member id.
func (s Reader) Roster(ctx context.Context, f Filter) iter.Seq2[RosterRow, error] {
	return database.Told(RosterOf(ctx, s.db.Reads, f), s.db.Path())
}

// RosterOf are the rows of the view roster that fit, by member id.
func RosterOf(ctx context.Context, db sqlrows.Reader, f Filter) iter.Seq2[RosterRow, error] {
	where, args := f.where()
	columns := rosterColumns
	if f.Brief {
		columns = briefColumns
	}
	return readRoster(ctx, db, columns, rosterIDsSQL+where, args)
}

const rosterIDsSQL = `SELECT m.member_id FROM members m WHERE `

// readRoster yields the rows of the view for the member ids that a query gives.
func readRoster(ctx context.Context, db sqlrows.Reader, columns []string, ids string, args []any) iter.Seq2[RosterRow, error] {
	return sqlrows.Stream(ctx, db, (*RosterRow).scan, `
		SELECT `+strings.Join(columns, ", ")+` FROM roster
		 WHERE member_id IN (`+ids+`)
		 ORDER BY member_id`, args...)
}

// PinnedMember is one pin with the member it is on.
type PinnedMember struct {
	MemberID int64  `json:"member_id"`
	Account  string `json:"-"`
	sync.Pin
}

// pinsSQL sorts the few who have pins: SQLite would rather read everybody, in order.
const pinsSQL = `
	SELECT m.member_id, m.account, p.value FROM members m INDEXED BY members_pinned, json_each(m.pins) p
	 WHERE m.pins <> '[]' ORDER BY m.member_id, p.key`

// Pins yields every pin of the roster, by member id.
func (s Reader) Pins(ctx context.Context) iter.Seq2[PinnedMember, error] {
	return database.Told(sqlrows.Stream(ctx, s.db.Reads, func(p *PinnedMember, rows *sql.Rows) error {
		var pin string
		if err := rows.Scan(&p.MemberID, &p.Account, &pin); err != nil {
			return err
		}
		return json.Unmarshal([]byte(pin), &p.Pin)
	}, pinsSQL), s.db.Path())
}

// Logins returns the logins of one member, ordered by sub-account, then agent.
func (s Reader) Logins(ctx context.Context, member int64) ([]sync.Login, error) {
	return sqlrows.Collect(database.Told(sqlrows.Stream(ctx, s.db.Reads, func(l *sync.Login, rows *sql.Rows) error {
		return rows.Scan(&l.SubAccountID, &l.SubAccount, &l.AgentGroupID, &l.AgentGroup,
			&l.AgentID, &l.AgentType, &l.UserName, &l.DataSource, &l.Active, &l.Supervisors)
	}, `
		SELECT sub_account_id, sub_account, agent_group_id, agent_group,
		       agent_id, agent_type, user_name, data_source, active, iif(supervisor_agent_ids = '[]', '', supervisor_agent_ids)
		  FROM roster_logins WHERE member_id = ? ORDER BY sub_account_id, agent_id`, member), s.db.Path()))
}

// where gives every ? of a term the same value: each filter has one.
func (f *Filter) where() (string, []any) {
	terms := []string{"1"}
	var args []any
	for term, id := range map[string]int64{
		`m.member_id = ?`: f.Member,
		`m.member_id IN (SELECT member_id FROM reports WHERE supervisor_member_id = ?)`: f.Supervisor,
	} {
		if id != 0 {
			terms, args = append(terms, term), append(args, id)
		}
	}
	add := func(value, term string) {
		if value == "" {
			return
		}
		terms = append(terms, term)
		for range strings.Count(term, "?") {
			args = append(args, value)
		}
	}
	add(f.Account, `m.account = ?`)
	if len(f.Accounts) > 0 {
		terms, args = append(terms, `m.account IN (`+sqlrows.Placeholders(len(f.Accounts))+`)`), append(args, sqlrows.Anys(f.Accounts)...)
	}
	add(string(f.Status), `m.status = ?`)
	add(sync.FoldText(f.Role), `ringroster_fold(m.role) = ?`)
	add(sync.FoldText(f.SubAccount), `EXISTS (SELECT 1 FROM json_each(m.logins) l
		WHERE l.value ->> 8 AND (l.value ->> 0 = ? OR ringroster_fold(l.value ->> 1) = ?))`)
	add(f.Activity, `m.activity_id = ?`)
	add(sync.FoldText(f.Team), `EXISTS (SELECT 1 FROM json_each(m.teams) WHERE ringroster_fold(value) = ?)`)
	add(f.EmployeeID, `m.employee_id = ?`)
	add(sync.FoldText(f.Search), searchSQL)
	return strings.Join(terms, " AND "), args
}

// searchSQL finds a folded text in what searchText gives, and as it is in what folding
// does not change. What was edited by hand has no such text: it is folded now.
const searchSQL = `(instr(coalesce(m.search, ringroster_fold(m.first_name || ' ' || m.last_name) || char(10) || ringroster_fold(m.email)
		|| char(10) || ringroster_fold(m.username) || char(10) || ringroster_fold(m.extension_number)), ?)
	OR instr(m.email, ?) OR instr(m.username, ?) OR instr(m.extension_number, ?))`
