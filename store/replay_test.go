package store

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"ringroster/store/sqlrows"
	"ringroster/store/views"
	"ringroster/sync"
)

// replay rebuilds the roster view from the change history alone, as a reader of
// that view would.
func replay(t testing.TB, s *Store) []views.RosterRow {
	t.Helper()
	roster := map[int64]map[string]any{}
	for c, err := range sqlrows.Stream(t.Context(), s.db.Reads, (*views.ChangeRow).Scan,
		`SELECT `+views.ChangeColumns+` FROM roster_changes ORDER BY change_id`) {
		if err != nil {
			t.Fatal(err)
		}
		row := roster[c.MemberID]
		if row == nil {
			row = map[string]any{"member_id": c.MemberID, "managed": 1, "created_at": *c.At, "created_by": *c.Actor}
			roster[c.MemberID] = row
		}
		row["updated_at"], row["updated_by"] = *c.At, *c.Actor
		replayChange(t, row, &c)
	}
	rows := []views.RosterRow{}
	for _, id := range slices.Sorted(maps.Keys(roster)) {
		var row views.RosterRow
		convert(t, roster[id], &row)
		rows = append(rows, row)
	}
	return rows
}

func replayChange(t testing.TB, row map[string]any, c *views.ChangeRow) {
	t.Helper()
	if c.Field == nil {
		var doc map[string]any
		if err := json.Unmarshal([]byte(c.After), &doc); err != nil {
			t.Fatal(err)
		}
		maps.Copy(row, doc)
		return
	}
	if *c.Field == "logins" {
		return // they are in roster_logins
	}
	row[*c.Field] = c.After
	if *c.Field == "status" && c.After == string(sync.Inactive) {
		row["deactivated_at"], row["deactivation_reason"] = *c.At, c.Reason
	}
	if *c.Field == "status" && c.After == string(sync.Active) {
		row["reactivated_at"], row["deactivation_reason"] = *c.At, ""
	}
}

func convert(t testing.TB, from, to any) {
	t.Helper()
	text, err := json.Marshal(from)
	if err == nil {
		err = json.Unmarshal(text, to)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// checkReplay compares the replayed history with the view. What runs alone
// tell, when somebody was last seen, is no change and not in the history.
func checkReplay(t testing.TB, s *Store) {
	t.Helper()
	want, err := sqlrows.Collect(s.Roster(t.Context(), views.Filter{}))
	if err != nil {
		t.Fatal(err)
	}
	for i := range want {
		want[i].LastSeenAt, want[i].AbsentDays = nil, 0
		want[i].Supervisors = "" // worked out of logins
	}
	if diff := cmp.Diff(want, replay(t, s)); diff != "" {
		t.Fatalf("the history tells another roster:\n%s", diff)
	}
}

func deactivate(m *sync.Member, reason sync.Reason) sync.Change {
	return setStatus(m, sync.Deactivate, sync.Inactive, reason)
}

func reactivate(m *sync.Member) sync.Change {
	return setStatus(m, sync.Reactivate, sync.Active, sync.ReasonReturned)
}

func setStatus(m *sync.Member, kind sync.Kind, to sync.Status, reason sync.Reason) sync.Change {
	before := m.Status
	m.Status, m.DeactivationReason = to, ""
	if to == sync.Inactive {
		m.DeactivationReason = reason
	}
	synced(m)
	return sync.Change{
		Kind: kind, Member: m.ID, Name: m.Profile.Name(), Reason: reason, Next: func() *sync.Member { return m },
		Fields: []sync.FieldChange{{Field: "status", Before: string(before), After: string(to), Reason: reason}},
	}
}

// Law: after any series of commits the roster is what a map of members says,
// and the history tells the same.
func TestRandomCommitsAgreeWithAModel(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		s := newTestStore(t)
		model := map[string]map[int64]*sync.Member{"acme": {}, "beta": {}}
		serial := 0
		for step := range rapid.IntRange(1, 6).Draw(rt, "steps") {
			account := rapid.SampledFrom([]string{"acme", "beta"}).Draw(rt, "account")
			p := planOf(t, s, account)
			var fresh []*sync.Member
			for range rapid.IntRange(0, 3).Draw(rt, "new") {
				serial++
				m := person(account, fmt.Sprintf("P%d", serial), rapid.String().Draw(rt, "last"))
				fresh = append(fresh, m)
				p.Changes = append(p.Changes, onboard(m))
			}
			for _, id := range slices.Sorted(maps.Keys(model[account])) {
				drawChange(rt, p, model[account][id])
			}
			apply(t, s, monday.AddDate(0, 0, step), p)
			for _, m := range fresh {
				model[account][m.ID] = m
			}
			compareWithModel(t, s, model)
		}
		checkReplay(t, s)
	})
}

func drawChange(rt *rapid.T, p *sync.Plan, m *sync.Member) {
	switch rapid.IntRange(0, 5).Draw(rt, "what") {
	case 0:
		p.Changes = append(p.Changes, rename(m, rapid.String().Draw(rt, "last")))
	case 1:
		if m.Status == sync.Active {
			p.Changes = append(p.Changes, deactivate(m, sync.ReasonRemoved))
		} else {
			p.Changes = append(p.Changes, reactivate(m))
		}
	case 2:
		m.AbsentDays, m.AbsentOn, m.LastSeenAt = m.AbsentDays+1, "2026-11-24", monday
		m.Synced.Profile[sync.Site] = rapid.String().Draw(rt, "site")
		p.Marks = append(p.Marks, m)
	case 3:
		l := m.Logins[len(m.Logins)-1]
		l.AgentID += "x"
		m.Logins = append(m.Logins, l)
		p.Changes = append(p.Changes, rename(m, "login"))
	}
}

func compareWithModel(t *testing.T, s *Store, model map[string]map[int64]*sync.Member) {
	t.Helper()
	for account, want := range model {
		got := map[int64]*sync.Member{}
		for _, m := range members(t, s, account) {
			got[m.ID] = m
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("account %s:\n%s", account, diff)
		}
	}
}
