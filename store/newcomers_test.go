package store

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"ringroster/store/memberrows"
	"ringroster/store/views"
	"ringroster/sync"
)

// newOffice plans the first day of an office; edit changes whoever comes at a place.
func newOffice(t testing.TB, s *Store, people int, edit func(i int, c *sync.Change, m *sync.Member)) *sync.Plan {
	t.Helper()
	p, _ := planOffice(t, s, office(people), true)
	for i := range p.Changes {
		m := *p.Changes[i].Next()
		m.Logins = slices.Clone(m.Logins)
		edit(i, &p.Changes[i], &m)
		p.Changes[i].Next = func() *sync.Member { return &m }
	}
	return p
}

// Law: however little newcomers have in common, each is written as planned, in the order
// of the plan, with one row of history; and as many are sealed as can be.
func TestNewcomersOfManyKinds(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		s := newTestStore(t)
		sites, several := rapid.IntRange(1, memberrows.MostInserts+1).Draw(rt, "sites"), rapid.IntRange(1, 40).Draw(rt, "together")
		var want []*sync.Member
		var reasons []sync.Reason
		sealed := 0
		p := newOffice(t, s, rapid.IntRange(1, 2*memberrows.ToldTogether+2*memberrows.InsertedTogether).Draw(rt, "people"), func(i int, c *sync.Change, m *sync.Member) {
			m.Own[sync.ActivityID] = fmt.Sprintf("Site '%d'\x00", i/several%sites)
			if rapid.IntRange(0, 40).Draw(rt, "pinned") == 0 {
				m.Pins = []sync.Pin{{Field: sync.Site, Value: "Dallas", Reason: "stays", By: "chief"}}
			} else {
				sealed++
			}
			if rapid.IntRange(0, 40).Draw(rt, "recycled") == 0 {
				c.Reason = sync.ReasonRecycledEmail
			}
			want, reasons = append(want, m), append(reasons, c.Reason)
		})
		run := apply(t, s, monday, p)
		for i, m := range want {
			if m.ID != int64(i+1) || p.Changes[i].Member != m.ID {
				rt.Fatalf("the newcomer at %d is member %d, and %d in the plan", i, m.ID, p.Changes[i].Member)
			}
		}
		if diff := cmp.Diff(want, members(t, s, "acme")); diff != "" {
			rt.Fatal(diff)
		}
		if got := rowsAs(t, s, `SELECT count(*) FROM members WHERE seal IS NOT NULL ORDER BY 1`)[0]; got != fmt.Sprint(sealed) {
			rt.Errorf("%s have a seal, not %d of %d", got, sealed, len(want))
		}
		told := 0
		for c, err := range s.Changes(t.Context(), run) {
			if err != nil || c.MemberID != int64(told+1) || c.ChangeID != c.MemberID || c.Kind != sync.Onboard || c.Reason != reasons[told] {
				rt.Fatalf("change %d: %+v, %v", told, c, err)
			}
			told++
		}
		if told != len(want) {
			rt.Errorf("%d changes for %d newcomers", told, len(want))
		}
	})
}

func TestCommitNamesADuplicate(t *testing.T) {
	s := newTestStore(t)
	apply(t, s, monday, planOf(t, s, "acme", onboard(person("acme", "Ann", "Lee"))))
	apply(t, s, monday, planOf(t, s, "beta", onboard(person("beta", "Ann", "Lee")))) // accounts do not mix
	err := s.Commit(t.Context(), &sync.Commit{
		Run: beginRun(t, s, monday, "acme", sync.Manual), Account: "acme", FinishedAt: monday,
		Status: sync.Succeeded, Plan: planOf(t, s, "acme", onboard(person("acme", "Ann", "Lee"))),
	})
	if err == nil || !strings.Contains(err.Error(), `onboard Ann Lee: another member of account acme has the username "Ann.Lee"`) {
		t.Error(err)
	}
}

// Of those who are inserted together, the one is named who cannot be.
func TestCommitNamesADuplicateAmongMany(t *testing.T) {
	for _, at := range []int{0, 20, memberrows.InsertedTogether - 1, memberrows.InsertedTogether, memberrows.InsertedTogether + 3} {
		s := newTestStore(t)
		// Nothing can stand there before a first day but what was written by hand since the plan.
		p := newOffice(t, s, memberrows.InsertedTogether+5, func(int, *sync.Change, *sync.Member) {})
		m := p.Changes[at].Next()
		execute(t, s.Path(), fmt.Sprintf(`INSERT INTO members (member_id, account, username) VALUES (1, 'acme', '%s')`, m.Username))
		err := s.Commit(t.Context(), &sync.Commit{
			Run: beginRun(t, s, monday, "acme", sync.Manual), Account: "acme", FinishedAt: monday, Status: sync.Succeeded, Plan: p,
		})
		want := fmt.Sprintf("onboard %s: another member of account acme has the username %q or the RingEX id %q", p.Changes[at].Name, m.Username, m.RCUserID)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, not %s", err, want)
		}
		if got := rosterRows(t, s, views.Filter{}); len(got) != 1 {
			t.Errorf("%d members after a commit that failed", len(got))
		}
	}
}

// What an operator's own trigger refuses takes the whole statement back, or the whole
// transaction, as a full disk does: who it was is still found, and nobody is written
// outside of the transaction.
func TestCommitNamesWhomATriggerRefuses(t *testing.T) {
	for _, way := range []string{"ABORT", "FAIL", "ROLLBACK"} {
		s := newTestStore(t)
		p := newOffice(t, s, memberrows.InsertedTogether+5, func(int, *sync.Change, *sync.Member) {})
		execute(t, s.Path(), fmt.Sprintf(`CREATE TRIGGER picky BEFORE INSERT ON members WHEN new.username = '%s'
			BEGIN SELECT RAISE(%s, 'not them'); END`, p.Changes[20].Next().Username, way))
		err := s.Commit(t.Context(), &sync.Commit{
			Run: beginRun(t, s, monday, "acme", sync.Manual), Account: "acme", FinishedAt: monday, Status: sync.Succeeded, Plan: p,
		})
		if err == nil || !strings.Contains(err.Error(), "onboard "+p.Changes[20].Name+": ") || !strings.Contains(err.Error(), "not them") {
			t.Errorf("%s: %v", way, err)
		}
		if got := rosterRows(t, s, views.Filter{}); len(got) != 0 {
			t.Errorf("%s: %d members after a commit that failed", way, len(got))
		}
		if got := rowsAs(t, s, `SELECT name FROM sqlite_schema WHERE name GLOB 'hand_*' ORDER BY 1`); len(got) != 5 {
			t.Errorf("%s: of the guards against other hands %q are left", way, got)
		}
		execute(t, s.Path(), `DROP TRIGGER picky`)
		apply(t, s, monday, p)
		checkReplay(t, s)
	}
}

// Ids that somebody gave by hand near the end of all numbers leave newcomers theirs.
func TestNewcomersBesideTheHighestNumbers(t *testing.T) {
	for _, id := range []string{"9223372036854775807", "9223372036854775800", "-9223372036854775808"} {
		s := newTestStore(t)
		execute(t, s.Path(), `INSERT INTO members (member_id, account, first_name) VALUES (`+id+`, 'acme', 'Hand')`)
		p := newOffice(t, s, memberrows.InsertedTogether+5, func(int, *sync.Change, *sync.Member) {})
		run := apply(t, s, monday, p)
		got := rowsAs(t, s, `SELECT min(member_id) || ' ' || max(member_id) FROM changes WHERE run_id = `+fmt.Sprint(run)+` ORDER BY 1`)
		if want := fmt.Sprintf("1 %d", len(p.Changes)); got[0] != want {
			t.Errorf("beside %s came %s, not %s", id, got[0], want)
		}
	}
}

// The history of a member who was deleted by hand is still there, and is nobody else's:
// undoing a run of theirs must not take a newcomer.
func TestDeletedMembersKeepTheirNumber(t *testing.T) {
	s := newTestStore(t)
	apply(t, s, monday, planOf(t, s, "acme", onboard(person("acme", "Ann", "Lee")), onboard(person("acme", "Bob", "Ray"))))
	execute(t, s.Path(), `DELETE FROM members WHERE first_name = 'Bob'`)
	p, _ := planOffice(t, s, office(3), true)
	apply(t, s, monday, p)
	got := rowsAs(t, s, `SELECT member_id || ' ' || first_name FROM members ORDER BY member_id`)
	if diff := cmp.Diff([]string{"1 Ann", "3 First1", "4 First0", "5 First2"}, got); diff != "" {
		t.Error(diff)
	}
	for c, err := range s.History(t.Context(), 2) {
		t.Errorf("member 2 is gone, and has a history: %+v, %v", c, err)
	}
}
