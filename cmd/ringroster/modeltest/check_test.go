package modeltest

import (
	"database/sql"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/google/go-cmp/cmp"

	"ringroster/store/views"
	"ringroster/sync"
)

// viewColumns are those of the view that the model knows.
var viewColumns = []string{
	"status", "role", "first_name", "last_name", "email", "extension_number", "department", "job_title", "employee_id",
	"activity_id", "teams", "categories", "permissions", "pins",
	"data_source", "rc_user_id", "managed", "deactivation_reason", "absent_days", "logins", "supervisors",
}

// compare sets the roster beside the model and beside its own history.
func (g *game) compare() {
	g.rt.Helper()
	g.counts.steps++
	view := g.view()
	want := map[int64]map[string]string{}
	for id, m := range g.members {
		want[id] = m.row()
		want[id]["supervisors"] = g.supervisorsOf(m)
	}
	got := map[int64]map[string]string{}
	for id, row := range view {
		got[id] = map[string]string{}
		for _, column := range viewColumns {
			got[id][column] = canonical(column, row[column])
		}
	}
	g.counts.members += len(got)
	if diff := cmp.Diff(want, got); diff != "" {
		g.rt.Fatalf("the roster (+) is not what the rules say (-):\n%s", diff)
	}
	g.replay()
	for _, row := range view {
		delete(row, "absent_days") // no change: the runs tell it
		delete(row, "supervisors") // nor are they: logins tell them
	}
	if diff := cmp.Diff(g.replayed, view); diff != "" {
		g.rt.Fatalf("the roster (+) is not what its history tells (-):\n%s", diff)
	}
	g.compareHeld()
	g.compareRuns()
}

// row is the member as the view shows it.
func (m *modelMember) row() map[string]string {
	row := map[string]string{
		"status": map[bool]string{true: "active", false: "inactive"}[m.active], "pins": pinsText(m.pins), "rc_user_id": m.rc,
		"managed": flagText(m.managed), "deactivation_reason": m.reason, "absent_days": fmt.Sprint(m.absentDays), "logins": loginRowsText(m.logins),
	}
	for _, column := range []string{"role", "first_name", "last_name", "email", "extension_number", "department", "job_title", "employee_id", "data_source"} {
		row[column] = m.values[column]
	}
	maps.Copy(row, m.own)
	return row
}

func flagText(b bool) string { return map[bool]string{true: "1", false: "0"}[b] }

func loginRowsText(logins map[loginKey]loginRow) string { return fmt.Sprint(logins) } // fmt sorts maps

// view reads the view roster, with the logins of each member.
func (g *game) view() map[int64]map[string]string {
	rows := map[int64]map[string]string{}
	for row, err := range g.st.Roster(g.ctx, views.Filter{}) {
		g.must(err)
		if row.UpdatedBy == "" || row.CreatedBy == "" || row.Username == "" && row.RCUserID != "" && row.Status == "active" {
			g.rt.Fatalf("member %d lacks an author or a username: %+v", row.MemberID, row)
		}
		text, err := json.Marshal(row)
		g.must(err)
		var values map[string]json.RawMessage
		g.must(json.Unmarshal(text, &values))
		columns := map[string]string{}
		for name, value := range values {
			switch name {
			case "member_id", "account", "created_at", "created_by", "updated_at", "updated_by", "deactivated_at", "reactivated_at", "last_seen_at":
			default:
				columns[name] = columnText(value)
			}
		}
		logins, err := g.st.Logins(g.ctx, row.MemberID)
		g.must(err)
		columns["logins"] = loginRowsText(reduceLogins(logins))
		rows[row.MemberID] = columns
	}
	return rows
}

func reduceLogins(logins []sync.Login) map[loginKey]loginRow {
	rows := map[loginKey]loginRow{}
	for _, l := range logins {
		rows[loginKey{l.SubAccountID, l.AgentID}] = loginRow{l.AgentGroupID, l.AgentGroup, l.AgentType, l.UserName, strings.Join(l.Supervisors.List(), " "), l.Active}
	}
	return rows
}

func (g *game) parseLogins(text string) map[loginKey]loginRow {
	var logins []sync.Login
	g.must(json.Unmarshal([]byte(text), &logins))
	return reduceLogins(logins)
}

// replay plays the new rows of the history on the roster as it was: each must
// find what it says was there before, and say why and who.
func (g *game) replay() {
	for row := range g.history(`change_id > ?`, g.replayedTo) {
		g.replayedTo = row.ChangeID
		g.counts.changes++
		if row.Reason == "" || row.Actor == nil || *row.Actor == "" || row.At == nil {
			g.rt.Fatalf("change %d has no reason, author or time: %+v", row.ChangeID, row)
		}
		if text(row.OnBehalfOf) == "" && *row.Actor != "wfm-sync" {
			g.rt.Fatalf("change %d of an operator does not say on whose behalf (R31)", row.ChangeID)
		}
		member := g.replayed[row.MemberID]
		if row.Field == nil {
			if member != nil {
				g.rt.Fatalf("member %d was onboarded twice", row.MemberID)
			}
			g.replayed[row.MemberID] = g.onboarded(row.After)
			continue
		}
		if member == nil {
			g.rt.Fatalf("change %d is about member %d, who was never onboarded", row.ChangeID, row.MemberID)
		}
		linked := row.Kind == sync.Link && *row.Field == "rc_user_id" // says so, whoever knew the id before
		if text(row.Before) == row.After && !linked {
			g.rt.Fatalf("change %d of member %d changes nothing: %s %q", row.ChangeID, row.MemberID, *row.Field, row.After)
		}
		g.replayField(member, row)
	}
}

func (g *game) onboarded(text string) map[string]string {
	var doc map[string]json.RawMessage
	g.must(json.Unmarshal([]byte(text), &doc))
	row := map[string]string{"managed": "1", "deactivation_reason": ""}
	for name, value := range doc {
		switch name {
		case "account":
		case "logins":
			row[name] = loginRowsText(g.parseLogins(string(value)))
		default:
			row[name] = columnText(value)
		}
	}
	return row
}

// columnText is a value of a JSON document as it stands in its column.
func columnText(value json.RawMessage) string {
	var plain string
	if json.Unmarshal(value, &plain) == nil {
		return plain
	}
	return string(value)
}

func (g *game) replayField(member map[string]string, row *views.ChangeRow) {
	field, before, after := *row.Field, text(row.Before), row.After
	if field == "logins" {
		before, after = loginRowsText(g.parseLogins(before)), loginRowsText(g.parseLogins(after))
	}
	if now, known := member[field]; !known || now != before {
		g.rt.Fatalf("change %d of member %d: %s was %q, the change says %q before", row.ChangeID, row.MemberID, field, now, before)
	}
	member[field] = after
	if field == "status" {
		member["deactivation_reason"] = map[bool]string{true: string(row.Reason)}[after == "inactive"]
	}
}

// history yields rows of the view roster_changes, as any client would read it.
func (g *game) history(where string, args ...any) func(yield func(*views.ChangeRow) bool) {
	return func(yield func(*views.ChangeRow) bool) {
		var all []*views.ChangeRow
		g.query(`SELECT `+views.ChangeColumns+` FROM roster_changes WHERE `+where+` ORDER BY change_id`, args, func(rows *sql.Rows) {
			c := &views.ChangeRow{}
			var source *string
			g.must(rows.Scan(&c.ChangeID, &c.RunID, &c.MemberID, &c.Account, &c.Kind, &c.Field, &c.Before, &c.After,
				&c.Reason, &c.Actor, &c.OnBehalfOf, &c.Note, &c.At, &c.ReportedBefore, &c.ReportedAfter, &c.SourceActor, &c.SourceAt, &source))
			all = append(all, c)
		})
		for _, c := range all {
			if !yield(c) {
				return
			}
		}
	}
}

// query reads as the operator's client does.
func (g *game) query(query string, args []any, each func(*sql.Rows)) {
	rows, err := g.db.QueryContext(g.ctx, query, args...)
	g.must(err)
	defer func() { _ = rows.Close() }() // rows.Err tells what went wrong
	for rows.Next() {
		each(rows)
	}
	g.must(rows.Err())
}

// checkReasons looks at the history of one run: nobody whom RingCentral reports,
// and who belongs, was deactivated, and fields say why they changed (R19).
func (g *game) checkReasons(run sync.RunID, v *verdicts) {
	for row := range g.history(`run_id = ?`, run) {
		m := g.members[row.MemberID]
		switch field := text(row.Field); {
		case field == "status" && row.After == "inactive":
			for _, q := range g.company.people(nil) {
				if q.belongs && m.is(q) {
					g.rt.Fatalf("member %d was deactivated as %s, and is present: %+v", m.id, row.Reason, q)
				}
			}
			if string(row.Reason) != v.leavers[m.id] {
				g.rt.Fatalf("member %d left as %s, the rules say %q", m.id, row.Reason, v.leavers[m.id])
			}
		case v.reasons[fmt.Sprint(m.id, field)] != "" && v.reasons[fmt.Sprint(m.id, field)] != string(row.Reason):
			g.rt.Fatalf("%s of member %d changed as %s, the rules say %s", field, m.id, row.Reason, v.reasons[fmt.Sprint(m.id, field)])
		}
	}
}

// is says whether a person is the member beyond doubt.
func (m *modelMember) is(q *reported) bool {
	for key := range q.logins {
		if m.logins[key].active {
			return true
		}
	}
	return q.rc != "" && q.rc == m.rc
}

// compareRuns sees that no run is left running, and that each applied one
// accounts for everybody.
func (g *game) compareRuns() {
	var running int
	g.must(g.db.QueryRowContext(g.ctx, `SELECT count(*) FROM runs WHERE status = 'running'`).Scan(&running))
	if running != 0 {
		g.rt.Fatalf("%d runs are left running", running)
	}
}

// dump is all that a failed run must leave as it was, byte for byte.
func (g *game) dump() string {
	return g.dumpTables("members", "changes", "accounts", "held_changes")
}

func (g *game) dumpTables(tables ...string) string {
	var b strings.Builder
	for _, table := range tables {
		g.query(`SELECT * FROM `+table, nil, func(rows *sql.Rows) {
			columns, err := rows.Columns()
			g.must(err)
			values, into := make([]any, len(columns)), make([]any, len(columns))
			for i := range values {
				into[i] = &values[i]
			}
			g.must(rows.Scan(into...))
			fmt.Fprintf(&b, "%s %v\n", table, values)
		})
	}
	return b.String()
}

func (g *game) unchanged(before string) {
	if after := g.dump(); after != before {
		g.rt.Fatalf("a run that applied nothing changed the roster:\n%s", cmp.Diff(before, after))
	}
}

// checkSummary is R32, and that the run did what the rules say to as many.
func (g *game) checkSummary(plan *sync.Plan, v *verdicts) {
	s := plan.Summary
	if sum := s.Onboard + s.Link + s.Update + s.Reactivate + s.Unchanged + s.Conflicts + s.Skipped + s.HeldPeople; s.People != sum {
		g.rt.Fatalf("R32: %d people, but their outcomes add up to %d: %+v", s.People, sum, s)
	}
	want := sync.Summary{
		People: v.reported(), Onboard: v.came(onboard), Link: v.came(link), Update: v.came(update), Reactivate: v.came(reactivate),
		Deactivate: len(v.leavers), Held: v.heldMembers() + v.waiting, HeldPeople: v.came(heldBack), Conflicts: v.came(conflict), Skipped: v.came(skipped), Unchanged: v.came(same),
	}
	if s != want {
		g.rt.Fatalf("the run came to %+v\n the rules come to %+v\n leavers %v held %v%s", s, want,
			slices.Sorted(maps.Keys(v.leavers)), v.held, g.planText(plan))
	}
}

// planText is a plan for whoever reads a failure.
func (g *game) planText(plan *sync.Plan) string {
	var lines strings.Builder
	for _, c := range plan.Changes {
		fmt.Fprintf(&lines, "\n  %s %d %s: %s %v", c.Kind, c.Member, c.Person, c.Reason, c.Fields)
	}
	for _, c := range plan.Conflicts {
		fmt.Fprintf(&lines, "\n  conflict %s %d: %s %s", c.Person, c.Member, c.Reason, c.Detail)
	}
	for _, n := range plan.Notes {
		fmt.Fprintf(&lines, "\n  note %s %d: %s %s", n.Person, n.Member, n.Reason, n.Detail)
	}
	if plan.Held != nil {
		for _, c := range plan.Held.Changes {
			fmt.Fprintf(&lines, "\n  held %s %d %s: %s %v for %v", c.Kind, c.Member, c.Person, c.Reason, c.Fields, c.Why)
		}
	}
	for _, key := range g.whose("waiting") {
		fmt.Fprintf(&lines, "\n  the rules hold %v %+v", key, *g.open[key])
	}
	return lines.String() + "\n  " + g.lookText
}
