package report

import (
	"fmt"
	"iter"
	"path/filepath"
	"testing"
	"time"

	"ringroster/store"
	"ringroster/store/storetest"
	"ringroster/sync"
)

// noon is when the tests' reports are written.
var noon = time.Date(2026, 11, 30, 12, 0, 0, 0, time.UTC)

// fixture is a roster with a past.
type fixture struct {
	testing.TB
	st  *store.Store
	who map[string]*sync.Member // by first name
}

// begin makes an empty roster.
var begin = storetest.Copies(store.Open, store.Options{New: true})

func newFixture(t testing.TB) *fixture {
	t.Helper()
	path := filepath.Join(t.TempDir(), "roster.db")
	if err := begin(path); err != nil {
		t.Fatal(err)
	}
	st, err := store.Open(t.Context(), path, store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := st.Close(); err != nil {
			t.Error(err)
		}
	})
	return &fixture{t, st, map[string]*sync.Member{}}
}

// person is a member as a first run would write it.
func person(account, first, last, role string) *sync.Member {
	m := &sync.Member{
		Account: account, Status: sync.Active, Managed: true, Linked: true,
		RCUserID: "rc-" + first, Username: first + "." + last,
		Own: sync.Own{sync.Teams: "[]", sync.Categories: "[]", sync.Permissions: "{}"},
	}
	m.Profile[sync.FirstName], m.Profile[sync.LastName], m.Profile[sync.Role] = first, last, role
	m.Profile[sync.Email] = fmt.Sprintf("p%d@example.com", len(first)*100+len(last))
	m.Synced = sync.Synced{Profile: m.Profile, Status: m.Status, RCUserID: m.RCUserID}
	return m
}

func (f *fixture) onboard(m *sync.Member) sync.Change {
	f.who[m.Profile[sync.FirstName]] = m
	return sync.Change{
		Kind: sync.Onboard, Person: "rc:" + m.RCUserID, Name: m.Profile.Name(), Email: m.Profile[sync.Email],
		Reason: sync.ReasonNew, Next: func() *sync.Member { return m },
	}
}

// turn makes somebody inactive, or active again.
func (f *fixture) turn(first string, to sync.Status, reason sync.Reason) sync.Change {
	m := f.who[first]
	c := sync.Change{
		Kind: sync.Deactivate, Member: m.ID, Name: m.Profile.Name(), Reason: reason, Next: func() *sync.Member { return m },
		Fields: []sync.FieldChange{{Field: "status", Before: string(m.Status), After: string(to), Reason: reason}},
	}
	m.Status, m.Synced.Status, m.DeactivationReason = to, to, reason
	if to == sync.Active {
		c.Kind, m.DeactivationReason = sync.Reactivate, ""
	}
	return c
}

func (f *fixture) rename(first, last string) sync.Change {
	m := f.who[first]
	before := m.Profile[sync.LastName]
	m.Profile[sync.LastName], m.Synced.Profile[sync.LastName] = last, last
	return sync.Change{
		Kind: sync.Update, Member: m.ID, Name: m.Profile.Name(), Reason: sync.ReasonSource, Next: func() *sync.Member { return m },
		Fields: []sync.FieldChange{{Field: "last_name", Before: before, After: last, Reason: sync.ReasonSource}},
	}
}

// leaver is a deactivation that waits.
func (f *fixture) leaver(first string, at time.Time) sync.HeldChange {
	m := f.who[first]
	return sync.HeldChange{
		State: sync.Waiting, Kind: sync.Deactivate, Field: "status", Member: m.ID, Before: "active", After: "inactive",
		Name: m.Profile.Name(), Email: m.Profile[sync.Email], Reason: sync.ReasonRemoved, Detail: "RingCentral lists them nowhere any more", Since: at,
		Why: []sync.HoldReason{{Reason: sync.ReasonLimit, Detail: "within 23 hours, more than the limit of 5 % allows"}},
	}
}

// run commits a whole run of an account that takes so many seconds.
func (f *fixture) run(account string, daysAgo, seconds int, change func(*sync.Commit)) {
	f.Helper()
	began := noon.Add(-9*time.Hour).AddDate(0, 0, -daysAgo)
	id, err := f.st.Begin(f.Context(), sync.Run{
		Accounts: []string{account}, Trigger: sync.Scheduled, Actor: "wfm-sync", Version: "1.0", StartedAt: began,
	})
	if err != nil {
		f.Fatal(err)
	}
	state, err := f.st.State(f.Context(), account, began)
	if err != nil {
		f.Fatal(err)
	}
	c := &sync.Commit{
		Run: id, Account: account, FinishedAt: began.Add(time.Duration(seconds) * time.Second), Status: sync.Succeeded,
		Plan: &sync.Plan{Account: account, Version: state.Version}, Full: true, TakenAt: began, APICalls: 14,
	}
	change(c)
	if c.Plan != nil {
		c.Plan.Summary.People = len(f.who)
	}
	if err := f.st.Commit(f.Context(), c); err != nil {
		f.Fatal(err)
	}
}

// invented is a month of an invented company with two accounts, some of whose people have
// names that a page, a spreadsheet or a reader's eye could trip over.
func invented(t testing.TB) *fixture {
	f := newFixture(t)
	f.run("acme", 12, 95, func(c *sync.Commit) {
		for _, m := range []*sync.Member{
			person("acme", "Ann", "Lee", "Administrator"), person("acme", "Bob", "Ray", "Agent"), person("acme", "Cy", "Ode", "Supervisor"),
			person("acme", "<script>alert(1)</script>", "O'Neil & \"Sons\"", "Agent"),
			person("acme", "evil\u202egnp.exe", "Zero\u200bWidth", "Agent"),
			person("acme", `=HYPERLINK("https://example.com")`, "+1", "Agent"),
			person("acme", "שרה", "כהן", "Agent"),
			person("acme", "Line\nbreak", "</td></table>", "Agent"),
		} {
			c.Plan.Changes = append(c.Plan.Changes, f.onboard(m))
		}
	})
	for day := 11; day >= 2; day-- {
		f.run("acme", day, 40+7*day, func(c *sync.Commit) {
			switch day {
			case 10:
				c.Plan.Changes = append(c.Plan.Changes, f.onboard(person("acme", "Dee", "New", "Agent")), f.rename("Bob", "Rayner"))
			case 8:
				c.Plan, c.Status, c.Err, c.Full = nil, sync.Failed, fmt.Errorf("agents of <group> 7: 503"), false
			case 7:
				c.Plan.Changes = append(c.Plan.Changes, f.turn("Bob", sync.Inactive, sync.ReasonRemoved), f.turn("Dee", sync.Inactive, sync.ReasonDisabled))
			case 4:
				c.Plan.Changes = append(c.Plan.Changes, f.turn("Bob", sync.Active, sync.ReasonReturned))
			}
		})
	}
	f.run("beta", 3, 30, func(c *sync.Commit) {
		m := person("beta", "Bea", "Two", "Agent")
		m.Pins = []sync.Pin{{Field: sync.Role, Value: "Agent", Until: "2026-12-05", Reason: "covers for <Ann>", By: "chief"}}
		c.Plan.Changes = append(c.Plan.Changes, f.onboard(m))
	})
	f.run("acme", 0, 61, func(c *sync.Commit) {
		c.Status = sync.HeldRun
		c.Plan.Open = []sync.HeldChange{f.leaver("Cy", noon), f.leaver("<script>alert(1)</script>", noon), f.leaver("evil\u202egnp.exe", noon)}
		c.Plan.Summary.Held, c.Plan.Summary.Conflicts = 3, 2
	})
	return f
}

// crowd is a first run of so many people, who are made as they are written.
func crowd(n int) iter.Seq[*sync.Member] {
	return func(yield func(*sync.Member) bool) {
		for i := range n {
			if !yield(person("acme", fmt.Sprint("First", i), fmt.Sprint("Last", i), "Agent")) {
				return
			}
		}
	}
}
