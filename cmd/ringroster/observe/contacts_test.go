package observe

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/zap"

	"ringroster/sync"
	"ringroster/sync/reconcile"
)

// contactCommit is the end of a run that did one of everything.
func contactCommit() *sync.Commit {
	ann := &sync.Contact{ID: 5, RCID: "1", Fields: sync.ContactFields{sync.ContactFirstName: "Ann", sync.ContactEmail: "ann@example.com"}}
	queue := &sync.Contact{ID: 6, RCID: "7", Fields: sync.ContactFields{sync.ContactName: "Queue"}}
	renamed := []sync.FieldChange{{Field: "first_name", Before: "Anna", After: "Ann", Reason: sync.ReasonSource}}
	return &sync.Commit{
		Job: sync.JobContacts, Account: "acme", Status: sync.HeldRun, FinishedAt: noon, APICalls: 4,
		Contacts: &sync.ContactPlan{
			Summary: sync.ContactSummary{Listed: 3, Added: 1, Updated: 1, Removed: 1, Held: 1, Faulty: 1},
			Changes: []sync.ContactChange{
				{Kind: sync.AddContact, Reason: sync.ReasonNew, Contact: queue},
				{Kind: sync.UpdateContact, Reason: sync.ReasonSource, Contact: ann, Fields: renamed},
				{Kind: sync.RemoveContact, Reason: sync.ReasonRemoved, Contact: ann},
				{Kind: sync.MarkContact, Reason: sync.ReasonRemoved, Contact: ann},
				{Kind: sync.ReturnContact, Reason: sync.ReasonReturned, Contact: ann},
			},
			Held: &sync.HeldContacts{
				Run: 9, Reasons: []sync.HoldReason{{Reason: sync.ReasonLimit, Detail: "too many"}},
				Changes: []sync.ContactChange{{Kind: sync.RemoveContact, Reason: sync.ReasonRemoved, Contact: queue}},
			},
			Notes: []sync.ContactNote{{RCID: "8", Name: "8", Reason: sync.ConflictFaulty, Detail: "status: of the wrong type"}},
		},
	}
}

// TestContactsAreLoggedOneByOne: a line for each change, with who and what.
func TestContactsAreLoggedOneByOne(t *testing.T) {
	var out bytes.Buffer
	log := NewLog(NewLogger(&out, JSON, zap.InfoLevel), func() time.Time { return noon })
	run := sync.Run{Job: sync.JobContacts, Actor: "wfm-sync", StartedAt: noon}
	log.Began(9, run)
	log.Committed(9, run, contactCommit())
	log.Failed(9, run, "beta", fmt.Errorf("no answer"))
	var got []string
	for line := range strings.Lines(out.String()) {
		var doc map[string]any
		if err := json.Unmarshal([]byte(line), &doc); err != nil {
			t.Fatal(err)
		}
		got = append(got, fmt.Sprintf("%v %v: contact %v %v, %v, %v %v, by %v", doc["level"], doc["event"], doc["contact_id"], doc["name"], doc["reason"], doc["field"], doc["job"], doc["actor"]))
	}
	want := []string{
		"info run_started: contact <nil> <nil>, <nil>, <nil> contacts, by wfm-sync",
		"info contact_added: contact 6 Queue, new, <nil> <nil>, by wfm-sync",
		"info contact_updated: contact 5 Ann, source_changed, first_name <nil>, by wfm-sync",
		"info contact_removed: contact 5 Ann, removed, <nil> <nil>, by wfm-sync",
		"info contact_marked: contact 5 Ann, removed, <nil> <nil>, by wfm-sync",
		"info contact_returned: contact 5 Ann, returned, <nil> <nil>, by wfm-sync",
		"warn contact_note: contact 0 8, faulty_record, <nil> <nil>, by <nil>",
		"warn contact_held: contact 6 Queue, removed, <nil> <nil>, by <nil>",
		"warn removals_held: contact <nil> <nil>, limit, <nil> <nil>, by <nil>",
		"info contacts_synced: contact <nil> <nil>, <nil>, <nil> <nil>, by <nil>",
		"error account_failed: contact <nil> <nil>, <nil>, <nil> contacts, by <nil>",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if !strings.Contains(out.String(), "ringroster approve 9, or ringroster reject 9") {
		t.Error("nothing says what to do about what is held")
	}
}

// TestMetricsOfContacts: counters of their own, and nothing while they are off.
func TestMetricsOfContacts(t *testing.T) {
	s, m := testService(t, &Facts{Accounts: []AccountFacts{
		{Account: "acme", Contacts: &ContactFacts{Count: 102, Held: 3, Interval: 12 * time.Hour, LastAttempt: noon, LastSuccess: noon.Add(-time.Hour)}},
		{Account: "failing", Contacts: &ContactFacts{LastAttempt: noon}},
		{Account: "off"},
	}}, nil)
	run := sync.Run{Job: sync.JobContacts}
	s.Committed(9, run, contactCommit())
	s.Finished(9, run, []reconcile.Result{{Account: "acme", Status: sync.HeldRun}, {Account: "failing", Status: sync.Failed}})
	var got []string
	for _, line := range scrape(t, m) {
		if strings.Contains(line, "contact") || strings.Contains(line, "run_failures") {
			got = append(got, line)
		}
	}
	want := []string{
		`ringroster_contact_changes_total{account="acme",kind="add"} 1`, `ringroster_contact_changes_total{account="acme",kind="mark"} 1`,
		`ringroster_contact_changes_total{account="acme",kind="remove"} 1`, `ringroster_contact_changes_total{account="acme",kind="return"} 1`,
		`ringroster_contact_changes_total{account="acme",kind="update"} 1`,
		`ringroster_contact_run_failures_total{account="acme"} 0`, `ringroster_contact_run_failures_total{account="failing"} 1`,
		`ringroster_contacts{account="acme"} 102`, `ringroster_contacts{account="failing"} 0`,
		`ringroster_contacts_held{account="acme"} 3`, `ringroster_contacts_held{account="failing"} 0`,
		`ringroster_contacts_interval_seconds{account="acme"} 43200`, `ringroster_contacts_interval_seconds{account="failing"} 0`,
		`ringroster_contacts_last_attempt_timestamp_seconds{account="acme"} 1.7953488e+09`,
		`ringroster_contacts_last_attempt_timestamp_seconds{account="failing"} 1.7953488e+09`,
		`ringroster_contacts_last_success_timestamp_seconds{account="acme"} 1.7953452e+09`,
		`ringroster_contacts_last_success_timestamp_seconds{account="failing"} 0`,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
