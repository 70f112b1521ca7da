package store

import (
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"ringroster/store/contactrows"
	"ringroster/store/sqlrows"
	"ringroster/sync"
	"ringroster/sync/contacts"
)

// contact is one as the directory lists it.
func contact(id, first, last string, phones ...string) *sync.Contact {
	c := &sync.Contact{RCID: id}
	c.Fields[sync.ContactType], c.Fields[sync.ContactStatus] = "User", "Enabled"
	c.Fields[sync.ContactFirstName], c.Fields[sync.ContactLastName] = first, last
	c.Fields[sync.ContactEmail] = strings.ToLower(first) + "@example.com"
	var numbers []sync.Phone
	for _, p := range phones {
		numbers = append(numbers, sync.Phone{Number: p, Type: "VoiceFax"})
	}
	c.Fields[sync.ContactPhones] = sync.PhonesJSON(numbers)
	return c
}

func entries(listed []*sync.Contact) (all []sync.Entry) {
	for _, c := range listed {
		all = append(all, sync.NewEntry(c.RCID, &c.Fields))
	}
	return all
}

// importContacts plans as a run does and commits the plan.
func importContacts(t testing.TB, s *Store, at time.Time, change func(*contacts.Input), listed ...*sync.Contact) (*sync.ContactPlan, sync.RunID) {
	t.Helper()
	state, err := s.ContactState(t.Context(), "acme", at)
	if err != nil {
		t.Fatal(err)
	}
	in := contacts.Input{
		List: &sync.ContactList{
			Account: "acme", TakenAt: at.Add(-time.Minute), Contacts: entries(listed), Total: len(listed),
			Identity: sync.Identity{RingEXAccountID: "8", OwnerID: "900"},
		},
		Now: at, State: state, Policy: sync.ContactPolicy{DeleteRemaining: true, Limit: sync.Limit{Percent: 40, Floor: 2}},
		Contacts: func(yield func(*sync.Contact) bool) {
			for c, err := range s.Contacts(t.Context(), "acme") {
				if err != nil {
					t.Fatal(err)
				}
				if !yield(c) {
					return
				}
			}
		},
	}
	if change != nil {
		change(&in)
	}
	c := &sync.Commit{
		Job: sync.JobContacts, Account: "acme", FinishedAt: at, Status: sync.Succeeded, APICalls: 4,
		Contacts: contacts.Plan(in), Full: in.Approved == nil, TakenAt: in.List.TakenAt, Identity: in.List.Identity,
	}
	if c.Contacts.Held != nil {
		c.Status = sync.HeldRun
	}
	c.Settings = &sync.Accepted{Settings: map[string]string{"owner_id": `"` + in.List.Identity.OwnerID + `"`}}
	if !c.Full {
		c.Settled = &sync.Settled{Decision: sync.Approve, Held: c.Contacts.Released}
	}
	return c.Contacts, commitContactRun(t, s, at, c)
}

func commitContactRun(t testing.TB, s *Store, at time.Time, c *sync.Commit) sync.RunID {
	t.Helper()
	var err error
	c.Run, err = s.Begin(t.Context(), sync.Run{Job: sync.JobContacts, Accounts: []string{"acme"}, Trigger: sync.Manual, Actor: "wfm-sync", StartedAt: at})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Commit(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	return c.Run
}

// rowsAs prints the rows of a query, a line each.
func rowsAs(t testing.TB, s *Store, query string, args ...any) []string {
	t.Helper()
	rows, err := sqlrows.Collect(sqlrows.Stream(t.Context(), s.db.Reads, func(line *string, rows *sql.Rows) error {
		columns, err := rows.Columns()
		if err != nil {
			return err
		}
		cells, into := make([]sql.NullString, len(columns)), make([]any, len(columns))
		for i := range cells {
			into[i] = &cells[i]
		}
		err = rows.Scan(into...)
		text := make([]string, len(cells))
		for i, cell := range cells {
			text[i] = cell.String
			if !cell.Valid {
				text[i] = "NULL"
			}
		}
		*line = strings.Join(text, "|")
		return err
	}, query, args...))
	if err != nil {
		t.Fatal(err)
	}
	return rows
}

// TestContactsAreKeptInStep: the view shows the directory, and the history how it
// came to be, with the last values of what is gone.
func TestContactsAreKeptInStep(t *testing.T) {
	s := newTestStore(t)
	queue := &sync.Contact{RCID: "7"}
	queue.Fields[sync.ContactType], queue.Fields[sync.ContactName], queue.Fields[sync.ContactPhones] = "Department", "Support Queue", "[]"
	importContacts(t, s, monday, nil, contact("1", "Ann", "Lee", "+12055550101"), contact("2", "Bea", "Ng"), queue)
	plan, run := importContacts(t, s, monday.Add(time.Hour), nil, contact("1", "Ann", "Young", "+12055550101"), queue)
	if s := plan.Summary; s.Updated != 1 || s.Removed != 1 || s.Unchanged != 1 {
		t.Errorf("planned %+v", s)
	}
	want := []string{
		`1|acme|1|User|Enabled|Ann|Young||ann@example.com||[{"number":"+12055550101","type":"VoiceFax"}]||||2026-11-23T04:00:00Z`,
		`3|acme|7|Department||||Support Queue|||[]||||2026-11-23T03:00:00Z`,
	}
	if diff := cmp.Diff(want, rowsAs(t, s, `SELECT `+contactrows.Columns+` FROM contacts ORDER BY contact_id`)); diff != "" {
		t.Error(diff)
	}
	want = []string{
		`2|1|1|Ann Young|update|last_name|Lee|Young|source_changed|wfm-sync|2026-11-23T04:00:00Z`,
		`2|2|2|Bea Ng|remove|NULL|{"rc_id":"2","type":"User","status":"Enabled","first_name":"Bea","last_name":"Ng","name":"","email":"bea@example.com",` +
			`"extension_number":"","phone_numbers":[],"department":"","job_title":"","site":""}|NULL|removed|wfm-sync|2026-11-23T04:00:00Z`,
	}
	const history = `SELECT run_id, contact_id, rc_id, name, kind, field, before, after, reason, actor, at FROM contact_changes WHERE run_id = ? ORDER BY change_id`
	if diff := cmp.Diff(want, rowsAs(t, s, history, run)); diff != "" {
		t.Error(diff)
	}
	// Somebody who comes back is a new contact: no number is given twice.
	importContacts(t, s, monday.Add(2*time.Hour), nil, contact("1", "Ann", "Young", "+12055550101"), queue, contact("2", "Bea", "Ng"))
	if got := rowsAs(t, s, `SELECT contact_id FROM contacts WHERE rc_id = '2' ORDER BY 1`); got[0] != "4" {
		t.Errorf("the contact that came back is number %v", got)
	}
	// A run that finds nothing to do writes nothing but its outcome.
	before := rowsAs(t, s, `SELECT count(*) FROM contact_history ORDER BY 1`)
	importContacts(t, s, monday.Add(3*time.Hour), nil, contact("1", "Ann", "Young", "+12055550101"), queue, contact("2", "Bea", "Ng"))
	if after := rowsAs(t, s, `SELECT count(*) FROM contact_history ORDER BY 1`); after[0] != before[0] {
		t.Errorf("history grew from %s to %s rows", before, after)
	}
	want = []string{
		"1|contacts|manual|succeeded|3|0|3|0|0|4", "2|contacts|manual|succeeded|2|1|0|1|1|4",
		"3|contacts|manual|succeeded|3|2|1|0|0|4", "4|contacts|manual|succeeded|3|3|0|0|0|4",
	}
	got := rowsAs(t, s, `SELECT run_id, job, trigger, status, people, unchanged, onboarded, updated, deactivated, api_calls FROM roster_runs ORDER BY run_id`)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// TestContactHistoryReplays: from the history alone the contacts can be made
// again, whatever happened to them.
func TestContactHistoryReplays(t *testing.T) {
	s := newTestStore(t)
	keep := func(in *contacts.Input) { in.Policy.DeleteRemaining, in.Policy.Limit.Percent = false, 100 }
	importContacts(t, s, monday, nil, contact("1", "Ann", "Lee", "+1"), contact("2", "Bea", "Ng"), contact("3", "Cem", "Oz"))
	importContacts(t, s, monday, keep, contact("1", "Ann", "Lee", "+1", "+2"), contact("3", "Cem", "Oz"))
	importContacts(t, s, monday, keep, contact("1", "Ann", "Young", "+1"), contact("2", "Bea", "Po"), contact("3", "Cem", "Oz"))
	importContacts(t, s, monday, func(in *contacts.Input) { in.Policy.Limit.Percent = 100 }, contact("1", "Ann", "Young", "+1"), contact("2", "Bea", "Po"))
	replayed := map[string]string{}
	for _, run := range []sync.RunID{1, 2, 3, 4} {
		for c, err := range s.ContactChanges(t.Context(), run) {
			if err != nil {
				t.Fatal(err)
			}
			switch {
			case c.Field != nil:
				replayed[c.RCID+" "+*c.Field] = *c.After
			case c.After != nil:
				for _, row := range rowsAs(t, s, `SELECT key, value FROM json_each(?) WHERE key <> 'rc_id' ORDER BY key`, *c.After) {
					key, value, _ := strings.Cut(row, "|")
					replayed[c.RCID+" "+key] = value
				}
			default:
				for _, row := range rowsAs(t, s, `SELECT key, value FROM json_each(?) WHERE key <> 'rc_id' ORDER BY key`, *c.Before) {
					key, value, _ := strings.Cut(row, "|")
					if replayed[c.RCID+" "+key] != value {
						t.Errorf("%s of %s was %q when it went, and %q by the history", key, c.RCID, value, replayed[c.RCID+" "+key])
					}
					delete(replayed, c.RCID+" "+key)
				}
			}
		}
	}
	held := map[string]string{}
	for c, err := range s.Contacts(t.Context(), "acme") {
		if err != nil {
			t.Fatal(err)
		}
		for f, value := range c.Fields {
			held[c.RCID+" "+sync.ContactField(f).String()] = value
		}
	}
	if diff := cmp.Diff(held, replayed); diff != "" {
		t.Error(diff)
	}
}

func TestR27ContactsThatMovedAreRefused(t *testing.T) {
	s := newTestStore(t)
	plan, _ := importContacts(t, s, monday, nil, contact("1", "Ann", "Lee"))
	run, err := s.Begin(t.Context(), sync.Run{Job: sync.JobContacts, Accounts: []string{"acme"}, Trigger: sync.Manual, StartedAt: monday})
	if err != nil {
		t.Fatal(err)
	}
	err = s.Commit(t.Context(), &sync.Commit{Run: run, Job: sync.JobContacts, Account: "acme", FinishedAt: monday, Status: sync.Succeeded, Contacts: plan})
	if !errors.Is(err, sync.ErrMoved) {
		t.Errorf("got %v", err)
	}
	// The members have a version of their own.
	if state, err := s.State(t.Context(), "acme", monday); err != nil || state.Version != 0 || state.Accepted != nil || state.Bound.RingEXAccountID != "8" {
		t.Errorf("the members' state is %+v, %v", state, err)
	}
}

func TestContactSearch(t *testing.T) {
	s := newTestStore(t)
	ann := contact("1", "Ann", "O'Lee", "+12055550101", "+442079460000")
	ann.Fields[sync.ContactDepartment], ann.Fields[sync.ContactExtension] = "Kundendienst Süd", "4711"
	queue := &sync.Contact{RCID: "7"}
	queue.Fields[sync.ContactName], queue.Fields[sync.ContactPhones], queue.Fields[sync.ContactStatus] = "ΣΊΣΥΦΟΣ Queue", "[]", "Disabled"
	importContacts(t, s, monday, nil, ann, queue, contact("2", "Straße", "Ng"))
	for _, c := range []struct {
		filter contactrows.Filter
		want   string
	}{
		{contactrows.Filter{}, "1 2 7"},
		{contactrows.Filter{Search: "nn o'l"}, "1"},
		{contactrows.Filter{Search: "o'lee ANN"}, "1"},
		{contactrows.Filter{Search: "o’lee ann"}, "1"},
		{contactrows.Filter{Search: "SÜD"}, "1"},
		{contactrows.Filter{Search: "süd strasse"}, ""},
		{contactrows.Filter{Search: "σίσυφος"}, "7"},
		{contactrows.Filter{Search: "STRASSE"}, "2"}, // R33, as in roster list
		{contactrows.Filter{Search: "straSSe@"}, "2"},
		{contactrows.Filter{Search: "Straße@example"}, "2"},
		{contactrows.Filter{Search: "471"}, "1"},
		{contactrows.Filter{Search: "(205) 555-0101"}, "1"},
		{contactrows.Filter{Search: "+1 205 555 01"}, "1"},
		{contactrows.Filter{Search: "20 7946 0000"}, "1"},
		{contactrows.Filter{Search: "+205"}, ""},
		{contactrows.Filter{Search: "%"}, ""},
		{contactrows.Filter{Search: "queue", Status: "disabled"}, "7"},
		{contactrows.Filter{Status: "Enabled"}, "1 2"},
		{contactrows.Filter{Account: "other"}, ""},
	} {
		var got []string
		for row, err := range s.ContactRows(t.Context(), c.filter) {
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, row.RCID)
		}
		if strings.Join(got, " ") != c.want {
			t.Errorf("%+v finds %v, want %s", c.filter, got, c.want)
		}
	}
}

func TestR4ContactsFollowAnAccountsNameAndBinding(t *testing.T) {
	s := newTestStore(t)
	importContacts(t, s, monday, nil, contact("1", "Ann", "Lee"), contact("2", "Bea", "Ng"), contact("3", "Cem", "Oz"), contact("4", "Dan", "Po"))
	importContacts(t, s, monday, nil, contact("1", "Ann", "Lee"))
	if err := s.RenameAccount(t.Context(), "acme", "apex"); err != nil {
		t.Fatal(err)
	}
	state, err := s.ContactState(t.Context(), "apex", monday)
	if err != nil || state.Bound.RingEXAccountID != "8" || len(state.Open) != 3 || state.Accepted["owner_id"] != `"900"` || !state.LastSeen.Equal(monday.Add(-time.Minute)) {
		t.Errorf("apex is remembered as %+v, %v", state, err)
	}
	if got := rowsAs(t, s, `SELECT account, count(*) FROM contact_changes GROUP BY 1 ORDER BY 1`); len(got) != 1 || got[0] != "apex|4" {
		t.Errorf("the history is %v", got)
	}
	if err := s.RebindAccount(t.Context(), "apex"); err != nil {
		t.Fatal(err)
	}
	if state, err := s.ContactState(t.Context(), "apex", monday); err != nil || state.Bound.RingEXAccountID != "" {
		t.Errorf("after a rebind: %+v, %v", state, err)
	}
}

func crowdOfContacts() []*sync.Contact {
	all := make([]*sync.Contact, crowd)
	for i := range all {
		c := contact(fmt.Sprint(700000000+i), fmt.Sprintf("First%06d", i), "Lastname", fmt.Sprintf("+1205%07d", i))
		c.Fields[sync.ContactExtension], c.Fields[sync.ContactDepartment] = fmt.Sprint(100+i), "Support"
		c.Fields[sync.ContactJobTitle], c.Fields[sync.ContactSite] = "Senior agent", "Dallas, TX"
		all[i] = c
	}
	return all
}

// BenchmarkContactSearch looks for one of 100,000 contacts by a part of the name
// or of a phone number, and for a word that nearly all have.
func BenchmarkContactSearch(b *testing.B) {
	s := newTestStore(b)
	importContacts(b, s, monday, nil, crowdOfContacts()...)
	for _, search := range []string{"FIRST012345 last", "(205) 001-2345", "xyz"} {
		b.Run(search, func(b *testing.B) {
			for b.Loop() {
				for _, err := range s.ContactRows(b.Context(), contactrows.Filter{Search: search}) {
					if err != nil {
						b.Fatal(err)
					}
				}
			}
		})
	}
}
