package reconcile_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"ringroster/sync"
	"ringroster/sync/reconcile"
	"ringroster/sync/schedule"
)

// TestContactRun: one session that is closed before the commit, nothing of the
// members is touched, and the outcome is recorded whatever it is.
func TestContactRun(t *testing.T) {
	run := func(t *testing.T, s *siteUnderTest) reconcile.Result {
		t.Helper()
		_, results, err := s.Sync(t.Context(), reconcile.Request{Run: sync.Run{Job: sync.JobContacts, Accounts: []string{"acme"}, Trigger: sync.Manual}})
		if err != nil {
			t.Fatal(err)
		}
		return results[0]
	}
	site := func(t *testing.T) *siteUnderTest {
		s := newSite(t, func(w *world) { w.admin("1", "Ada Byron", rc("900")) })
		s.ContactPolicy = func(string) sync.ContactPolicy { return newBook().Policy }
		s.directories["acme"].contacts = newBook().List
		return s
	}
	t.Run("first import", func(t *testing.T) {
		s := site(t)
		r := run(t, s)
		if r.Status != sync.Succeeded || r.Contacts.Summary.Added != 1 || r.APICalls != 11 {
			t.Errorf("got %+v", r)
		}
		if !s.directories["acme"].closed || len(s.roster.contacts["acme"]) != 1 {
			t.Errorf("closed %v, contacts %v", s.directories["acme"].closed, s.roster.contacts)
		}
		if c := s.roster.commits[0]; c.Job != sync.JobContacts || c.Plan != nil || !c.Full || c.Settings == nil || c.Settings.Settings["owner_id"] != `"900"` {
			t.Errorf("committed %+v", c)
		}
		want := []string{"run 2 began, manual", " reads directory entries", "run 2 committed acme: succeeded"}
		if diff := cmp.Diff(want, s.log.lines); diff != "" {
			t.Error(diff)
		}
	})
	t.Run("R27 contacts that moved are planned again", func(t *testing.T) {
		s := site(t)
		s.roster.moves = 2
		if r := run(t, s); r.Status != sync.Succeeded {
			t.Errorf("got %+v", r)
		}
		s.roster.moves = 4 // once more than a run plans again
		if r := run(t, s); r.Status != sync.Failed {
			t.Errorf("got %+v", r)
		}
	})
	t.Run("R1 an empty directory is an error", func(t *testing.T) {
		s := site(t)
		run(t, s)
		s.directories["acme"].contacts.Contacts = nil
		r := run(t, s)
		if r.Status != sync.Failed || !strings.Contains(r.Err.Error(), "(R1)") || len(s.roster.contacts["acme"]) != 1 {
			t.Errorf("got %+v", r)
		}
		if c := s.roster.commits[1]; c.Status != sync.Failed || c.Job != sync.JobContacts || c.Contacts != nil {
			t.Errorf("committed %+v", c)
		}
	})
	t.Run("R4 another account answers", func(t *testing.T) {
		s := site(t)
		run(t, s)
		s.directories["acme"].contacts.Identity.RingEXAccountID = "77"
		if r := run(t, s); r.Status != sync.Failed || !strings.Contains(r.Err.Error(), "account rebind acme") {
			t.Errorf("got %+v", r)
		}
	})
	t.Run("R26 a rejection keeps, and ends", func(t *testing.T) {
		s := site(t)
		run(t, s)
		gone := &sync.Contact{ID: 50, RCID: "5"}
		s.roster.contacts["acme"] = append(s.roster.contacts["acme"], gone)
		settle := func(d sync.Trigger, held ...int64) {
			t.Helper()
			s.roster.trigger = d
			if _, err := s.Settle(t.Context(), sync.Run{Job: sync.JobContacts, Accounts: []string{"acme"}, Trigger: sync.Reject}, &sync.Settled{Decision: d, Held: held}); err != nil {
				t.Fatal(err)
			}
		}
		s.roster.contactBooks["acme"].state.Open = []sync.HeldChange{{ID: 3, Run: 1, State: sync.Waiting, Kind: "remove", Member: 50, Field: sync.StatusField, Why: []sync.HoldReason{{Reason: sync.ReasonLimit, Detail: "x"}}}}
		settle(sync.Reject, 3)
		if c := s.roster.commits[1]; c.Settled == nil || c.Settled.Decision != sync.Reject || c.Job != sync.JobContacts || c.Full {
			t.Errorf("committed %+v", c)
		}
		if r := run(t, s); r.Contacts.Summary.Removed != 0 || len(r.Contacts.Notes) != 1 {
			t.Errorf("got %+v", r.Contacts)
		}
		settle(sync.Clear, 3) // suspect: held, and not gone
		if r := run(t, s); r.Contacts.Summary.Removed != 0 || r.Contacts.Summary.Held != 1 {
			t.Errorf("got %+v", r.Contacts)
		}
	})
	t.Run("a preview writes nothing", func(t *testing.T) {
		s := site(t)
		results := s.Preview(t.Context(), reconcile.Request{Run: sync.Run{Job: sync.JobContacts, Accounts: []string{"acme", "nobody"}}})
		if results[0].Contacts.Summary.Added != 1 || results[1].Status != sync.Failed || len(s.roster.commits) != 0 {
			t.Errorf("got %+v", results)
		}
	})
}

// TestR30JobsAreDueByThemselves: a members' run keeps no contacts' slot.
func TestR30JobsAreDueByThemselves(t *testing.T) {
	jobs := []schedule.Job{
		{Account: "acme", Name: sync.JobMembers, At: 3 * time.Hour, CatchUp: true},
		{Account: "acme", Name: sync.JobContacts, At: 4 * time.Hour, CatchUp: true},
	}
	past := []schedule.Attempt{{Run: 1, Account: "acme", Job: sync.JobMembers, Status: sync.Succeeded, Full: true, Ended: noon.Add(-time.Hour)}}
	due := schedule.Due(noon, jobs, past)
	if len(due) != 1 || due[0].Name != sync.JobContacts || due[0].Trigger != sync.CatchUp {
		t.Errorf("due %+v", due)
	}
}
