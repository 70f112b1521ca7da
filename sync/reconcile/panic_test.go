package reconcile_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"ringroster/sync"
	"ringroster/sync/plan"
	"ringroster/sync/reconcile"
)

// TestAPanicFailsItsAccountAlone wherever it happens: the session is closed, the
// failure is recorded with its stack, and the other account is synced.
func TestAPanicFailsItsAccountAlone(t *testing.T) {
	fault := func() { panic("a fault of ours") }
	for _, c := range []struct {
		name   string
		breaks func(*siteUnderTest)
		job    string
	}{
		{name: "connecting", breaks: func(s *siteUnderTest) {
			connect := s.Connect
			s.Connect = func(account string) (sync.Directory, error) {
				if account == "acme" {
					fault()
				}
				return connect(account)
			}
		}},
		{name: "reading", breaks: func(s *siteUnderTest) { s.directories["acme"].read = fault }},
		{name: "planning", breaks: func(s *siteUnderTest) { s.roster.members["acme"] = []*sync.Member{nil} }},
		{name: "writing", breaks: func(s *siteUnderTest) {
			s.roster.beforeCommit = func(c *sync.Commit) {
				if c.Account == "acme" && c.Status != sync.Failed {
					fault()
				}
			}
		}},
		{name: "reading contacts", job: sync.JobContacts, breaks: func(s *siteUnderTest) { s.directories["acme"].contacts = nil }},
		{name: "planning contacts", job: sync.JobContacts, breaks: func(s *siteUnderTest) { s.roster.contacts["acme"] = []*sync.Contact{nil} }},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := newSite(t, one)
			s.reports("beta", one)
			s.ContactPolicy = func(string) sync.ContactPolicy { return newBook().Policy }
			for _, account := range []string{"acme", "beta"} {
				list := *newBook().List
				list.Account = account
				s.directories[account].contacts = &list
			}
			c.breaks(s)
			_, results, err := s.Sync(t.Context(), reconcile.Request{Run: sync.Run{Job: c.job, Accounts: []string{"acme", "beta"}, Trigger: sync.Manual}})
			if err != nil || len(results) != 2 || results[0].Status != sync.Failed || results[1].Status != sync.Succeeded {
				t.Fatalf("%v, results %+v", err, results)
			}
			p, ok := errors.AsType[*sync.PanicError](results[0].Err)
			if !ok || !strings.Contains(string(p.Stack), "goroutine") || !strings.Contains(p.Error(), "a fault of its own") {
				t.Errorf("error %v", results[0].Err)
			}
			if !slices.Contains(s.log.lines, "run 2 failed acme") || !slices.Contains(s.log.lines, "run 2 committed beta: succeeded") {
				t.Errorf("told %q", s.log.lines)
			}
			recorded := s.roster.commits[0]
			if recorded.Account != "acme" || recorded.Status != sync.Failed || recorded.Plan != nil || recorded.Contacts != nil {
				t.Errorf("recorded %+v", *recorded)
			}
			if !s.directories["acme"].closed || s.roster.locked {
				t.Errorf("session closed: %v, roster locked: %v", s.directories["acme"].closed, s.roster.locked)
			}
		})
	}
}

// A preview fails the account alone, too.
func TestAPanicInAPreview(t *testing.T) {
	s := newSite(t, one)
	s.reports("beta", one)
	s.directories["acme"].read = func() { panic("a fault of ours") }
	results := s.Preview(t.Context(), reconcile.Request{Run: sync.Run{Accounts: []string{"acme", "beta"}}})
	if _, ok := errors.AsType[*sync.PanicError](results[0].Err); !ok || results[1].Err != nil {
		t.Errorf("results %+v", results)
	}
	err := s.Everybody(t.Context(), "acme", func(*plan.Standing) bool { return true })
	if _, ok := errors.AsType[*sync.PanicError](err); !ok {
		t.Errorf("error %v", err)
	}
}
