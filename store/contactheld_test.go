package store

import (
	"database/sql"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"ringroster/store/contactrows"
	"ringroster/store/heldrows"
	"ringroster/store/sqlrows"
	"ringroster/sync"
	"ringroster/sync/contacts"
)

// TestR25HeldContacts: removals wait, are approved or rejected, and leave the members'
// open set alone.
func TestR25HeldContacts(t *testing.T) {
	f := newHeldFixture(t)
	f.whole(f.leaver("Ann"))
	all := []*sync.Contact{contact("1", "Ann", "Lee"), contact("2", "Bea", "Ng"), contact("3", "Cem", "Oz"), contact("4", "Dan", "Po")}
	importContacts(t, f.s, monday, nil, all...)
	plan, run := importContacts(t, f.s, monday, nil, all[0])
	if plan.Held == nil || plan.Held.Run != run || len(plan.Held.Changes) != 3 {
		t.Fatalf("held %+v", plan.Held)
	}
	shown := func(states ...string) []string {
		t.Helper()
		return rowsAs(t, f.s, `
			SELECT contact_id, run_id, kind, field, after, name, email, reason, detail, state FROM held_changes
			 WHERE job = 'contacts' AND state IN (SELECT value FROM json_each(?)) ORDER BY held_id`, jsonOf(t, states))
	}
	want := []string{
		fmt.Sprintf("2|%d|remove|status|Removed|Bea Ng|bea@example.com|removed|User|waiting", run),
		fmt.Sprintf("3|%d|remove|status|Removed|Cem Oz|cem@example.com|removed|User|waiting", run),
		fmt.Sprintf("4|%d|remove|status|Removed|Dan Po|dan@example.com|removed|User|waiting", run),
	}
	if diff := cmp.Diff(want, shown("waiting")); diff != "" {
		t.Error(diff)
	}
	counts, err := f.s.ContactCounts(t.Context())
	if err != nil || len(counts) != 1 || counts[0] != (contactrows.Count{Account: "acme", Contacts: 4, Held: 3}) {
		t.Errorf("counts are %+v, %v", counts, err)
	}
	// What waits keeps its number, with others or without.
	if again, _ := importContacts(t, f.s, monday, nil, all[0]); again.Held.Run != run {
		t.Errorf("the same are held as run %d, not %d", again.Held.Run, run)
	}
	if next, _ := importContacts(t, f.s, monday, nil, all[0], all[1]); next.Held.Run != run {
		t.Errorf("what is left is held as run %d, not %d", next.Held.Run, run)
	}
	if got := shown("ended"); len(got) != 1 || got[0][:1] != "2" {
		t.Errorf("ended are %v", got)
	}
	approved := contactIDs(t, f.s, 3)
	importContacts(t, f.s, monday, func(in *contacts.Input) { in.Approved = approved }, all[0], all[1])
	if got := shown("waiting", "approved"); len(got) != 2 || got[0] != strings.Replace(want[1], "waiting", "approved", 1) || got[1] != want[2] {
		t.Errorf("after the approval there are %v", got)
	}
	if got := rowsAs(t, f.s, `SELECT rc_id FROM contacts ORDER BY 1`); len(got) != 3 {
		t.Errorf("left are %v", got)
	}
	if got := f.rows(heldrows.Filter{Job: sync.JobMembers}); len(got) != 1 || got[0] != "2: Ann status waiting" {
		t.Errorf("of the members there are %v", got)
	}
}

func jsonOf[T any](t *testing.T, list []T) string {
	t.Helper()
	text, err := sqlrows.JSONList(list)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// contactIDs are the numbers of the open changes about contacts.
func contactIDs(t *testing.T, s *Store, contacts ...int64) (ids []int64) {
	t.Helper()
	open, err := heldrows.OpenSet(t.Context(), s.db.Reads, sync.JobContacts, "acme")
	if err != nil {
		t.Fatal(err)
	}
	for _, h := range open {
		if slices.Contains(contacts, h.Member) {
			ids = append(ids, h.ID)
		}
	}
	return ids
}

func TestR26RejectedContacts(t *testing.T) {
	s := newTestStore(t)
	all := []*sync.Contact{contact("1", "Ann", "Lee"), contact("2", "Bea", "Ng"), contact("3", "Cem", "Oz"), contact("4", "Dan", "Po")}
	importContacts(t, s, monday, nil, all...)
	importContacts(t, s, monday, nil, all[0], all[1])
	decide := func(decision sync.Trigger, contacts ...int64) {
		t.Helper()
		state, err := s.ContactState(t.Context(), "acme", monday)
		if err != nil {
			t.Fatal(err)
		}
		commitContactRun(t, s, monday, &sync.Commit{
			Job: sync.JobContacts, Account: "acme", FinishedAt: monday, Status: sync.Succeeded,
			Contacts: &sync.ContactPlan{Account: "acme", Version: state.Version},
			Settled:  &sync.Settled{Decision: decision, Held: contactIDs(t, s, contacts...)},
		})
	}
	decide(sync.Reject, 3, 4)
	if plan, _ := importContacts(t, s, monday, nil, all[0], all[1]); plan.Held != nil || plan.Summary.Removed != 0 || len(plan.Notes) != 2 {
		t.Errorf("rejected contacts went: %+v", plan)
	}
	if counts, err := s.ContactCounts(t.Context()); err != nil || counts[0].Rejected != 2 || counts[0].Held != 0 {
		t.Errorf("counts are %+v, %v", counts, err)
	}
	decide(sync.Clear, 4)
	if got := rowsAs(t, s, `SELECT contact_id, state FROM held_changes ORDER BY 1, held_id`); strings.Join(got, " ") != "3|rejected 4|ended 4|suspect" {
		t.Errorf("there are %v", got)
	}
}

// R21: since when a contact is not listed is kept, and forgotten once it is.
func TestR21ContactsLeavingSince(t *testing.T) {
	s := newTestStore(t)
	all := []*sync.Contact{contact("1", "Ann", "Lee"), contact("2", "Bea", "Ng"), contact("3", "Cem", "Oz"), contact("4", "Dan", "Po")}
	importContacts(t, s, monday, nil, all...)
	since := func() string {
		var all []string
		for c, err := range s.Contacts(t.Context(), "acme") {
			if err != nil {
				t.Fatal(err)
			}
			if !c.LeavingSince.IsZero() {
				all = append(all, fmt.Sprintf("%d %s", c.ID, c.LeavingSince.Format(time.DateOnly)))
			}
		}
		return strings.Join(all, ", ")
	}
	importContacts(t, s, monday.AddDate(0, 0, 1), nil, all[0], all[1])
	importContacts(t, s, monday.AddDate(0, 0, 2), nil, all[0], all[1], all[2])
	if got := since(); got != "4 2026-11-24" {
		t.Errorf("not listed are %s", got)
	}
	importContacts(t, s, monday.AddDate(0, 0, 3), nil, all[0], all[1], all[2], contact("4", "Dan", "Qi"))
	if got := since(); got != "" {
		t.Errorf("not listed are %s", got)
	}
}

// TestForgettingAMemberForgetsTheContact: no table says a word of it any more.
func TestForgettingAMemberForgetsTheContact(t *testing.T) {
	s := newTestStore(t)
	all := []*sync.Contact{contact("1", "Ann", "Lee", "+12055550101"), contact("2", "Bea", "Ng"), contact("3", "Cem", "Oz"), contact("4", "Dan", "Po")}
	importContacts(t, s, monday, nil, all...)
	importContacts(t, s, monday, nil, contact("1", "Ann", "Young"), all[1], all[2], all[3])
	importContacts(t, s, monday, nil, all[2], all[3]) // two are held, Ann among them
	if err := s.db.Write(t.Context(), func(tx *sql.Tx) error { return contactrows.Forget(t.Context(), tx, 99, "acme", "1") }); err != nil {
		t.Fatal(err)
	}
	for _, table := range []string{"contact_entries", "contact_search", "contact_history", "held_changes"} {
		for _, row := range rowsAs(t, s, `SELECT * FROM `+table+` ORDER BY 1`) {
			if lower := strings.ToLower(row); strings.Contains(lower, "ann") || strings.Contains(lower, "young") || strings.Contains(lower, "5550101") {
				t.Errorf("%s still says %s", table, row)
			}
		}
	}
	if got := rowsAs(t, s, `SELECT count(*) FROM contact_history ORDER BY 1`); got[0] != "7" { // the erasure is the seventh
		t.Errorf("that something happened is forgotten, too: %v", got)
	}
	if got := rowsAs(t, s, `SELECT contact_id, state FROM held_changes ORDER BY 1`); strings.Join(got, " ") != "1|ended 2|waiting" {
		t.Errorf("there are %v", got)
	}
	importContacts(t, s, monday, nil, all...) // RingCentral lists Ann still
	if got := rowsAs(t, s, `SELECT contact_id FROM contacts WHERE rc_id = '1' ORDER BY 1`); len(got) != 1 || got[0] != "5" {
		t.Errorf("got %v", got)
	}
}

// A site that dwindles by the hour is one that shrank, for 20 hours (R22); by the day each loss is
// judged by itself.
func TestR22ASiteDwindlesByTheHour(t *testing.T) {
	for _, c := range []struct {
		name  string
		every time.Duration
		marks bool
		left  int // of the site, in the end
	}{
		{"by the hour, deleted", time.Hour, false, 16},
		{"by the hour, marked", time.Hour, true, 16},
		{"by the day", 24 * time.Hour, false, 5},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := newTestStore(t)
			all := crowdOfContacts()[:400]
			for _, x := range all[370:] {
				x.Fields[sync.ContactSite] = "Dallas"
			}
			lax := func(in *contacts.Input) {
				in.Policy.Limit, in.Policy.DeleteRemaining = sync.Limit{Percent: 50, Floor: 50}, !c.marks
			}
			at := monday
			for _, rows := range []int{30, 30, 16, 9, 5} {
				importContacts(t, s, at, lax, all[:370+rows]...)
				at = at.Add(c.every)
			}
			got := rowsAs(t, s, `SELECT count(*) FROM contacts WHERE site = 'Dallas' AND status <> 'Removed'`)
			if want := fmt.Sprint(c.left); len(got) != 1 || got[0] != want {
				t.Errorf("%v are left in Dallas, not %s", got, want)
			}
		})
	}
}
