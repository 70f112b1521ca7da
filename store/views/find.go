package views

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"ringroster/store/database"
	"ringroster/store/sqlrows"
	"ringroster/sync"
)

// Find returns the members that who can mean (sync.Whom), in brief. Several can fit.
func (s Reader) Find(ctx context.Context, who string) ([]RosterRow, error) {
	return find(ctx, s.db.Reads, who, s.db.Path())
}

// FindOne returns the one member of some accounts (none: of all) that who means, in brief. That
// nobody is called so is a *sync.UnknownError, that several are a *sync.AmbiguousError.
func (s Reader) FindOne(ctx context.Context, who string, accounts ...string) (*RosterRow, error) {
	return FindOne(ctx, s.db.Reads, who, s.db.Path(), accounts)
}

// FindOne is FindOne of a database at a path.
func FindOne(ctx context.Context, db sqlrows.Reader, who, path string, accounts []string) (*RosterRow, error) {
	rows, err := find(ctx, db, who, path)
	if err != nil {
		return nil, err
	}
	rows = slices.DeleteFunc(rows, func(r RosterRow) bool { return len(accounts) > 0 && !slices.Contains(accounts, r.Account) })
	if i := slices.IndexFunc(rows, func(r RosterRow) bool { return fmt.Sprint(r.MemberID) == who }); i >= 0 {
		return &rows[i], nil // before whom another number of theirs is
	}
	switch len(rows) {
	case 0:
		return nil, &sync.UnknownError{Who: who}
	case 1:
		return &rows[0], nil
	}
	e := &sync.AmbiguousError{Who: who, What: "members"}
	for i := range rows {
		e.Candidates = append(e.Candidates, rows[i].candidate())
	}
	return nil, e
}

// candidate tells a member from others that are called the same.
func (r *RosterRow) candidate() string {
	about := []string{"account " + r.Account, strings.TrimSpace(r.FirstName + " " + r.LastName), r.Email, string(r.Status), r.Role}
	if r.RCUserID != "" {
		about = append(about, "rc:"+r.RCUserID)
	}
	about = slices.DeleteFunc(about, func(s string) bool { return s == "" })
	return fmt.Sprintf("%d (%s)", r.MemberID, strings.Join(about, ", "))
}

func find(ctx context.Context, db sqlrows.Reader, who, path string) ([]RosterRow, error) {
	brief := func(ids string, args []any) ([]RosterRow, error) {
		return sqlrows.Collect(database.Told(readRoster(ctx, db, briefColumns, ids, args), path))
	}
	kind, key, isKey := strings.Cut(who, ":")
	switch {
	case isKey && kind == "rc":
		return brief(`SELECT member_id FROM members WHERE rc_user_id = ? AND rc_user_id <> ''`, []any{key})
	case isKey && kind+":" == sync.EmployeeKey:
		return brief(`SELECT member_id FROM members WHERE employee_id = ? AND employee_id <> ''`, []any{key})
	case isKey && kind == "admin":
		return brief(findAdminSQL, []any{nil, key})
	case isKey && kind == "agent":
		sub, agent, _ := strings.Cut(key, "/")
		return brief(findLoginSQL+` AND EXISTS (SELECT 1 FROM json_each(m.logins) l WHERE l.value ->> 4 = ?2 AND l.value ->> 0 = ?3)`, []any{nil, agent, sub})
	}
	id, err := strconv.ParseInt(who, 10, 64)
	if err != nil {
		id = 0 // no member has it
	}
	ids, args := findMemberSQL+` UNION `+findLoginSQL+` UNION `+findAdminSQL, []any{id, who}
	if strings.Trim(who, "0123456789") != "" { // all members have to be looked at, which numbers are not worth
		ids += ` UNION ` + findNameSQL
		args = append(args, sync.FoldText(who), sync.FoldEmail(who))
	}
	return brief(ids, args)
}

// findMemberSQL looks into one index after the other.
const findMemberSQL = `
	SELECT member_id FROM members WHERE member_id = ?1
	UNION SELECT member_id FROM members WHERE rc_user_id = ?2 AND rc_user_id <> ''
	UNION SELECT member_id FROM members WHERE username = ?2 AND username <> ''`

// findLoginSQL looks at everybody's logins.
const findLoginSQL = `
	SELECT m.member_id FROM members m
	 WHERE instr(m.logins, ?2) AND EXISTS (SELECT 1 FROM json_each(m.logins) l WHERE l.value ->> 4 = ?2)`

// findAdminSQL looks at everybody's administrator ids.
const findAdminSQL = `
	SELECT m.member_id FROM members m
	 WHERE instr(m.admin_ids, ?2) AND EXISTS (SELECT 1 FROM json_each(m.admin_ids) WHERE value = ?2)`

// findNameSQL looks at everybody's e-mail and whole name, of which search has the folded
// text.
const findNameSQL = `
	SELECT m.member_id FROM members m
	 WHERE (m.search IS NULL OR m.email = ?3 OR instr(m.search, ?3))
	   AND (ringroster_fold_email(m.email) = ?4 OR trim(ringroster_fold(m.first_name || ' ' || m.last_name)) = ?3)`
