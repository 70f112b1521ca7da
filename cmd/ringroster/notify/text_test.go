package notify

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"ringroster/sync"
)

var update = flag.Bool("update", false, "write the golden files anew")

// everyNotice is an example of a kind.
func everyNotice(kind sync.NoticeKind) *sync.Notice {
	n := &sync.Notice{ID: "N", Thread: "N", Kind: kind, At: monday.Add(26 * time.Hour), Account: "acme", Job: sync.JobMembers, Run: 14, Began: 12, Since: monday}
	switch kind {
	case sync.NoticeFailed:
		n.Error = "agents of Team A (ada@example.com): RingCentral answered 503 (request 7a1); try again later\nrecord the failure: the disk is full"
	case sync.NoticeDecided:
		n.Decision, n.By, n.Note = sync.Approve, "chief", "Ada said so"
		n.Counts, n.Waiting = map[sync.Kind]int{sync.Update: 1}, map[sync.Kind]int{sync.Deactivate: 3}
		n.Total, n.People = 1, []sync.NoticePerson{{
			Member: 7, Name: "Ada Lovelace", Email: "ada@example.com", Kind: sync.Update,
			Fields: []sync.FieldChange{{Field: "last_name", Before: "Byron", After: "Lovelace"}, {Field: "logins", Before: "[]", After: "[]"}},
		}}
	case sync.NoticeConflicts:
		n.Total, n.People = 21, []sync.NoticePerson{
			{Member: 7, Person: "rc:501", Name: "Ada Lovelace", Reason: sync.ConflictReused, Detail: "rc:501 was Ada Byron <ada@example.com> at the last sync and is Grace Hopper <grace@example.com> now: the id seems to belong to another human", Remedy: "the same human: ringroster roster link 7 rc:501; another one: ringroster roster link 7 none"},
			{Person: "rc:502", Name: "Ada Two", Reason: sync.ConflictFaulty, Detail: "extension record 502: it has no id", Remedy: "correct the record in RingCentral, then: ringroster sync"},
		}
	case sync.NoticeJWT:
		n.Until = n.At.Add(13*24*time.Hour + time.Hour)
	case sync.NoticeSettings:
		n.Account, n.Error = "", "/etc/ringroster/config.yaml:7: limits.updates.percent: must be from 0 to 100\n/etc/ringroster/config.yaml:9: snyc: unknown key: did you mean sync?"
	case sync.NoticeChanges:
		n.Counts, n.Since = map[sync.Kind]int{sync.Onboard: 2, sync.Deactivate: 1}, monday.Truncate(24*time.Hour)
		n.Total, n.People = 3, []sync.NoticePerson{
			{Member: 40, Name: "Grace Hopper", Email: "grace@example.com", Kind: sync.Onboard, Reason: sync.ReasonNew},
			{Member: 41, Name: "Alan Turing", Email: "alan@example.com", Kind: sync.Onboard, Reason: sync.ReasonNew},
			{Member: 7, Name: "Ada Lovelace", Email: "ada@example.com", Kind: sync.Deactivate, Reason: sync.ReasonRemoved, Source: &sync.Attribution{
				Log: sync.RingCXLog, At: n.At.Add(-time.Hour), Actor: "alex@example.com", Did: "removed",
			}},
		}
	case sync.NoticePublish:
		n.Account, n.Job, n.Destination, n.Error = "", "", "wfm-drop", "40 of 200 rows would be missing whom no run deactivated"
	case sync.NoticeWeekly:
		n.Account, n.Since, n.Until = "", monday.Truncate(24*time.Hour), monday.Truncate(24*time.Hour).AddDate(0, 0, 7)
		n.Figures = []sync.Figures{
			{Account: "acme", Runs: 7, LastSuccess: monday, Active: 1204, Onboarded: 12, Updated: 40, Deactivated: 9},
			{Account: "other", Runs: 9, Failed: 2, Active: 1, Waiting: 1, Conflicts: 2},
		}
	}
	return n
}

// TestTexts compares every kind of notice with its golden file, as a person with names reads
// it, and without.
func TestTexts(t *testing.T) {
	examples := map[string]*sync.Notice{}
	for _, kind := range append(sync.NoticeKinds, sync.NoticeTest) {
		examples[string(kind)] = everyNotice(kind)
	}
	examples["held"] = heldNotice()
	for _, event := range []sync.NoticeEvent{sync.EventMore, sync.EventReminder, sync.EventEnded} {
		n := heldNotice()
		n.Thread, n.Event, n.At, n.People, n.Counts = "ROOT", event, n.At.Add(50*time.Hour), n.People[:2], map[sync.Kind]int{sync.Deactivate: 2}
		n.Total = 2
		examples["held_"+string(event)] = n
	}
	still := everyNotice(sync.NoticeFailed)
	still.Event, still.Thread = sync.EventReminder, "ROOT"
	examples["failed_reminder"] = still
	contacts := heldNotice()
	contacts.Job, contacts.Counts, contacts.People, contacts.Total = sync.JobContacts, map[sync.Kind]int{sync.Kind(sync.RemoveContact): 1}, []sync.NoticePerson{{Contact: 5, Name: "Front Desk", Kind: sync.Kind(sync.RemoveContact), Reason: sync.ReasonRemoved}}, 1
	examples["held_contacts"] = contacts
	unrecorded := &sync.Notice{Kind: sync.NoticeFailed, At: monday, Error: "begin a run: the disk is full"}
	examples["failed_unrecorded"] = unrecorded
	for name, n := range examples {
		t.Run(name, func(t *testing.T) {
			var got strings.Builder
			for _, names := range []bool{true, false} {
				m := Write(n, Style{Names: names, Host: "wfm1", Version: "1.2.0"})
				got.WriteString("Subject: " + m.Subject + "\n\n" + m.Body + "\n=====\n")
			}
			for line := range strings.SplitSeq(got.String(), "\n") {
				if utf8.RuneCountInString(line) > width && !strings.HasPrefix(line, "Subject") {
					t.Errorf("wider than %d: %s", width, line)
				}
			}
			golden := filepath.Join("testdata", name+".txt")
			if *update {
				if err := os.WriteFile(golden, []byte(got.String()), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), got.String()); diff != "" {
				t.Error(diff)
			}
		})
	}
}
