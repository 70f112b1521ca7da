package store

import (
	"database/sql"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"ringroster/sync"
)

// TestR25HeldContacts: a set of contacts opens, is approved or rejected, and
// leaves the members' set alone.
func TestR25HeldContacts(t *testing.T) {
	f := newHeldFixture(t)
	members := f.run(f.held(sync.ReasonRemoved, "Ann"))
	all := []*sync.Contact{contact("1", "Ann", "Lee"), contact("2", "Bea", "Ng"), contact("3", "Cem", "Oz"), contact("4", "Dan", "Po")}
	importContacts(t, f.s, monday, nil, all...)
	plan, run := importContacts(t, f.s, monday, nil, all[0])
	if plan.Held == nil || plan.Held.Run != run || len(plan.Held.Changes) != 3 {
		t.Fatalf("held %+v", plan.Held)
	}
	sets, err := f.s.Held(t.Context())
	if err != nil || len(sets) != 2 || sets[0].RunID != members || sets[1].Job != sync.JobContacts {
		t.Fatalf("open are %+v, %v", sets, err)
	}
	want := []HeldMember{
		{ContactID: 2, FirstName: "Bea Ng", Email: "bea@example.com", Reason: "removed", Detail: "User", State: "open"},
		{ContactID: 3, FirstName: "Cem Oz", Email: "cem@example.com", Reason: "removed", Detail: "User", State: "open"},
		{ContactID: 4, FirstName: "Dan Po", Email: "dan@example.com", Reason: "removed", Detail: "User", State: "open"},
	}
	if diff := cmp.Diff(want, sets[1].Shown()); diff != "" || len(sets[1].Members) != 0 {
		t.Error(diff)
	}
	counts, err := f.s.ContactCounts(t.Context())
	if err != nil || len(counts) != 1 || counts[0] != (ContactCount{Account: "acme", Contacts: 4, Held: 3}) {
		t.Errorf("counts are %+v, %v", counts, err)
	}
	// The same contacts keep the set's number; others supersede it.
	if again, _ := importContacts(t, f.s, monday, nil, all[0]); again.Held.Run != run {
		t.Errorf("the same set has number %d, not %d", again.Held.Run, run)
	}
	next, nextRun := importContacts(t, f.s, monday, nil, all[0], all[1])
	if next.Held.Run != nextRun {
		t.Errorf("another set has the number %d", next.Held.Run)
	}
	approved := map[int64]sync.Reason{3: sync.ReasonRemoved, 4: sync.ReasonRemoved}
	importContacts(t, f.s, monday, func(in *sync.ContactInput) { in.Approved = approved }, all[0], all[1])
	if sets, err = f.s.Held(t.Context()); err != nil || len(sets) != 1 || sets[0].RunID != members {
		t.Errorf("after the approval these are open: %+v, %v", sets, err)
	}
	if got := rowsAs(t, f.s, `SELECT rc_id FROM contacts ORDER BY 1`); len(got) != 2 {
		t.Errorf("left are %v", got)
	}
}

func TestR26RejectedContacts(t *testing.T) {
	s := newTestStore(t)
	importContacts(t, s, monday, nil, contact("1", "Ann", "Lee"), contact("2", "Bea", "Ng"))
	commitContactRun(t, s, monday, &sync.Commit{
		Job: sync.JobContacts, Account: "acme", FinishedAt: monday, Status: sync.Succeeded,
		Contacts: &sync.ContactPlan{Account: "acme", Version: 1, Marks: []*sync.Contact{{ID: 2, Rejected: sync.ReasonRemoved}}},
	})
	if plan, _ := importContacts(t, s, monday, nil, contact("1", "Ann", "Lee")); plan.Summary.Removed != 0 || len(plan.Notes) != 1 {
		t.Errorf("a rejected contact went: %+v", plan)
	}
	if counts, err := s.ContactCounts(t.Context()); err != nil || counts[0].Rejected != 1 {
		t.Errorf("counts are %+v, %v", counts, err)
	}
	importContacts(t, s, monday, nil, contact("1", "Ann", "Lee"), contact("2", "Bea", "Po")) // an update ends it, too
	if plan, _ := importContacts(t, s, monday, nil, contact("1", "Ann", "Lee")); plan.Summary.Removed != 1 {
		t.Errorf("it stays for good: %+v", plan)
	}
}

// TestForgettingAMemberForgetsTheContact: no table says a word of it any more.
func TestForgettingAMemberForgetsTheContact(t *testing.T) {
	s := newTestStore(t)
	all := []*sync.Contact{contact("1", "Ann", "Lee", "+12055550101"), contact("2", "Bea", "Ng"), contact("3", "Cem", "Oz"), contact("4", "Dan", "Po")}
	importContacts(t, s, monday, nil, all...)
	importContacts(t, s, monday, nil, contact("1", "Ann", "Young"), all[1], all[2], all[3])
	importContacts(t, s, monday, nil, all[2], all[3]) // two are held, Ann among them
	if err := s.write(t.Context(), func(tx *sql.Tx) error { return forgetContact(t.Context(), tx, 99, "acme", "1") }); err != nil {
		t.Fatal(err)
	}
	for _, table := range []string{"contact_entries", "contact_search", "contact_history", "held_contacts"} {
		for _, row := range rowsAs(t, s, `SELECT * FROM `+table+` ORDER BY 1`) {
			if lower := strings.ToLower(row); strings.Contains(lower, "ann") || strings.Contains(lower, "young") || strings.Contains(lower, "5550101") {
				t.Errorf("%s still says %s", table, row)
			}
		}
	}
	if got := rowsAs(t, s, `SELECT count(*) FROM contact_history ORDER BY 1`); got[0] != "7" { // the erasure is the seventh
		t.Errorf("that something happened is forgotten, too: %v", got)
	}
	importContacts(t, s, monday, nil, all...) // RingCentral lists Ann still
	if got := rowsAs(t, s, `SELECT contact_id FROM contacts WHERE rc_id = '1' ORDER BY 1`); len(got) != 1 || got[0] != "5" {
		t.Errorf("got %v", got)
	}
}

func TestR21RecentLeaversAreOfOneJob(t *testing.T) {
	s := newTestStore(t)
	all := []*sync.Contact{contact("1", "Ann", "Lee"), contact("2", "Bea", "Ng"), contact("3", "Cem", "Oz"), contact("4", "Dan", "Po")}
	importContacts(t, s, monday, nil, all...)
	importContacts(t, s, monday, nil, all[:3]...)
	members, err := s.State(t.Context(), "acme", monday)
	contacts, err2 := s.ContactState(t.Context(), "acme", monday)
	if err := errors.Join(err, err2); err != nil || members.RecentLeavers != 0 || contacts.RecentLeavers != 1 {
		t.Errorf("members %d, contacts %d, %v", members.RecentLeavers, contacts.RecentLeavers, err)
	}
}
