package store

import (
	"database/sql"
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"ringroster/store/storetest"
	"ringroster/sync"
)

// monday is when the tests' first run ends.
var monday = time.Date(2026, 11, 23, 3, 0, 0, 0, time.UTC)

func newTestStore(t testing.TB) *Store {
	t.Helper()
	return newTestStoreAt(t, filepath.Join(t.TempDir(), "roster.db"))
}

func newTestStoreAt(t testing.TB, path string) *Store {
	t.Helper()
	mustBegin(t, path)
	return openTestStore(t, path)
}

func mustBegin(t testing.TB, path string) {
	t.Helper()
	if err := begin(path); err != nil {
		t.Fatal(err)
	}
}

// begin makes an empty roster. What tests how that is done calls Open.
var begin = storetest.Copies(Open, Options{New: true})

func openTestStore(t testing.TB, path string) *Store {
	t.Helper()
	s, err := Open(t.Context(), path, Options{New: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// person is a member as a first sync would write it.
func person(account, first, last string) *sync.Member {
	m := &sync.Member{
		Account:  account,
		Status:   sync.Active,
		Managed:  true,
		Linked:   true,
		RCUserID: "rc-" + first,
		Username: first + "." + last,
		Own:      sync.Own{sync.ActivityID: "Site 1", sync.Teams: `["sales"]`, sync.Categories: "[]", sync.Permissions: `{"agent_login":true}`},
	}
	m.Profile[sync.FirstName] = first
	m.Profile[sync.LastName] = last
	m.Profile[sync.Email] = first + "@example.com"
	m.Profile[sync.Role] = "Agent"
	m.Profile[sync.ExtensionNumber] = "101"
	m.Profile[sync.DataSource] = "ringcx-realtime"
	m.Logins = []sync.Login{{
		SubAccountID: "99990001", SubAccount: "Main", AgentGroupID: "7", AgentGroup: "Sales",
		AgentID: "a-" + first, AgentType: "AGENT", UserName: first, DataSource: "ringcx-realtime", Active: true,
	}}
	synced(m)
	return m
}

// synced makes the last-synced values those that the member holds.
func synced(m *sync.Member) {
	m.Synced = sync.Synced{
		Profile: m.Profile, Status: m.Status, RCUserID: m.RCUserID,
		Roles: "agent:AGENT", Logins: fmt.Sprint(len(m.Logins)),
	}
}

func onboard(m *sync.Member) sync.Change {
	return sync.Change{
		Kind: sync.Onboard, Person: "rc:" + m.RCUserID, Name: m.Profile.Name(),
		Email: m.Profile[sync.Email], Reason: sync.ReasonNew, Next: func() *sync.Member { return m },
	}
}

// apply begins a run and commits the plan as its whole.
func apply(t testing.TB, s *Store, at time.Time, p *sync.Plan) sync.RunID {
	t.Helper()
	run := beginRun(t, s, at, p.Account, sync.Scheduled)
	c := &sync.Commit{
		Run: run, Account: p.Account, FinishedAt: at, Status: sync.Succeeded,
		Plan: p, Full: true, TakenAt: at.Add(-time.Minute),
	}
	if p.Held != nil {
		c.Status = sync.HeldRun
	}
	if err := s.Commit(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	return run
}

func beginRun(t testing.TB, s *Store, at time.Time, account string, trigger sync.Trigger) sync.RunID {
	t.Helper()
	run, err := s.Begin(t.Context(), sync.Run{
		Accounts: []string{account}, Trigger: trigger, Actor: "wfm-sync", Version: "1.0", StartedAt: at.Add(-2 * time.Minute),
	})
	if err != nil {
		t.Fatal(err)
	}
	return run
}

// planOf makes a plan from the account's present version.
func planOf(t testing.TB, s *Store, account string, changes ...sync.Change) *sync.Plan {
	t.Helper()
	state, err := s.State(t.Context(), account, monday)
	if err != nil {
		t.Fatal(err)
	}
	return &sync.Plan{Account: account, Version: state.Version, Changes: changes}
}

// members gathers an account's members in the order of their ids.
func members(t testing.TB, s *Store, account string) []*sync.Member {
	t.Helper()
	var all []*sync.Member
	for m, err := range s.Members(t.Context(), account, nil) {
		if err != nil {
			t.Fatal(err)
		}
		m.Unsealed = false // a matter of its own: seal_test.go
		all = append(all, m)
	}
	return all
}

func scanText(s *string, rows *sql.Rows) error { return rows.Scan(s) }
