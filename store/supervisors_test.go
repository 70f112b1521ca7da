package store

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"ringroster/store/sqlrows"
	"ringroster/store/views"
	"ringroster/sync"
)

// under are the agents, in the member's sub-account, to whom the member reports.
func under(m *sync.Member, ids ...string) *sync.Member {
	m.Logins[0].Supervisors = sync.NewAgentIDs(ids)
	synced(m)
	return m
}

func TestSupervisorsAreResolved(t *testing.T) {
	team := func() (ann, bea, cy *sync.Member) {
		return under(person("acme", "Ann", "Lee"), "a-Bea", "a-Cy", "a-nobody"), under(person("acme", "Bea", "Ng"), "a-Cy"), person("acme", "Cy", "Dahl")
	}
	for _, tc := range []struct {
		name  string
		edit  func(ann, bea, cy *sync.Member)
		hand  string
		want  []string // of the view roster_supervisors
		lists []string // of the view roster, by member
	}{
		{name: "all are there", want: []string{"1|2|99990001", "1|3|99990001", "2|3|99990001"}, lists: []string{"[2,3]", "[3]", "[]"}},
		{
			name: "the supervisor leaves", hand: `UPDATE members SET status = 'inactive' WHERE member_id = 3`,
			want: []string{"1|2|99990001"}, lists: []string{"[2]", "[]", "[]"},
		},
		{
			name: "whoever reports to them leaves", hand: `UPDATE members SET status = 'inactive' WHERE member_id = 1`,
			want: []string{"2|3|99990001"}, lists: []string{"[]", "[3]", "[]"},
		},
		{
			name: "the supervisor's login is inactive", edit: func(_, _, cy *sync.Member) { cy.Logins[0].Active = false },
			want: []string{"1|2|99990001"}, lists: []string{"[2]", "[]", "[]"},
		},
		{
			name: "the member's login is inactive", edit: func(ann, _, _ *sync.Member) { ann.Logins[0].Active = false },
			want: []string{"2|3|99990001"}, lists: []string{"[]", "[3]", "[]"},
		},
		{
			name: "the id is of another sub-account", edit: func(_, bea, _ *sync.Member) { bea.Logins[0].SubAccountID = "99990002" },
			want: []string{"1|3|99990001"}, lists: []string{"[3]", "[]", "[]"},
		},
		{
			name: "two logins name one supervisor", edit: func(ann, _, _ *sync.Member) {
				more := ann.Logins[0]
				more.AgentID, more.Supervisors = "b-Ann", `["a-Bea"]`
				ann.Logins = append(ann.Logins, more)
			},
			want: []string{"1|2|99990001", "1|3|99990001", "2|3|99990001"}, lists: []string{"[2,3]", "[3]", "[]"},
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			s := newTestStore(t)
			ann, bea, cy := team()
			if tc.edit != nil {
				tc.edit(ann, bea, cy)
			}
			apply(t, s, monday, planOf(t, s, "acme", onboard(ann), onboard(bea), onboard(cy)))
			apply(t, s, monday, planOf(t, s, "beta", onboard(person("beta", "nobody", "Li")))) // the same id in another account
			if tc.hand != "" {
				execute(t, s.Path(), tc.hand)
			}
			got := rowsAs(t, s, `SELECT member_id || '|' || supervisor_member_id || '|' || sub_account_id FROM roster_supervisors ORDER BY 1`)
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Error("roster_supervisors:", diff)
			}
			var lists []string
			for _, r := range rosterRows(t, s, views.Filter{Account: "acme"}) {
				lists = append(lists, string(r.Supervisors))
			}
			if diff := cmp.Diff(tc.lists, lists); diff != "" {
				t.Error("roster:", diff)
			}
			if one := rosterRows(t, s, views.Filter{Member: 1}); len(one) != 1 || string(one[0].Supervisors) != tc.lists[0] {
				t.Error("one member:", one)
			}
			for _, r := range rosterRows(t, s, views.Filter{Brief: true}) {
				if r.Supervisors != "[]" {
					t.Errorf("in brief, member %d has %s", r.MemberID, r.Supervisors)
				}
			}
		})
	}
}

// Supervisors come back as they were written, and the history tells them with the logins.
func TestSupervisorsAreKeptWithTheLogin(t *testing.T) {
	s := newTestStore(t)
	ann := under(person("acme", "Ann", "Lee"), "a-Cy")
	apply(t, s, monday, planOf(t, s, "acme", onboard(ann), onboard(person("acme", "Cy", "Dahl"))))
	if got := members(t, s, "acme")[0]; got.Logins[0].Supervisors != `["a-Cy"]` {
		t.Errorf("%+v", got.Logins)
	}
	before := sync.LoginsJSON(ann.Logins)
	for range 2 { // as the view works it out, and as it was written out when the member changed
		got, err := sqlrows.Collect(sqlrows.Stream(t.Context(), s.db.Reads, scanText, `SELECT after -> '$.logins' FROM roster_changes WHERE member_id = 1 AND kind = 'onboard'`))
		if err != nil || !slices.Equal(got, []string{before}) {
			t.Errorf("the history tells %v, not %s: %v", got, before, err)
		}
		c := rename(under(ann, "a-Bea"), "Lim")
		c.Fields = append(c.Fields, sync.FieldChange{Field: "logins", Before: before, After: sync.LoginsJSON(ann.Logins), Reason: sync.ReasonSource})
		apply(t, s, monday, planOf(t, s, "acme", c))
	}
	logins, err := s.Logins(t.Context(), 1)
	if err != nil || len(logins) != 1 || logins[0] != ann.Logins[0] {
		t.Errorf("%+v, %v", logins, err)
	}
	if logins, err := s.Logins(t.Context(), 2); err != nil || logins[0].Supervisors != "" {
		t.Errorf("%+v, %v", logins, err)
	}
}

// An account's supervisors are new until a whole run of it has ended well (R19).
func TestR19SupervisorsAreNewUntilAWholeRun(t *testing.T) {
	s := newTestStore(t)
	isNew := func() bool {
		state, err := s.State(t.Context(), "acme", monday)
		if err != nil {
			t.Fatal(err)
		}
		return state.NewSupervisors
	}
	ann := person("acme", "Ann", "Lee")
	apply(t, s, monday, planOf(t, s, "acme", onboard(ann)))
	if isNew() {
		t.Error("new after a whole run")
	}
	execute(t, s.Path(), `UPDATE accounts SET known_fields = (SELECT json_group_array(value) FROM json_each(known_fields) WHERE value <> 'supervisors')`)
	if !isNew() {
		t.Error("not new in the roster of an older version")
	}
	apply(t, s, monday, planOf(t, s, "acme", rename(ann, "Lim")))
	if isNew() {
		t.Error("new after the next whole run")
	}
}
