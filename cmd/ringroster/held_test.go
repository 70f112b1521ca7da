package main

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"ringroster/store/heldrows"
	"ringroster/sync"
)

// heldRows are changes of two accounts in every state.
func heldRows() []heldrows.Row {
	limit := sync.HoldReason{Reason: sync.ReasonUpdateLimit, Detail: "within 23 hours, more than the limit of 30 % allows: 40 of 60 active members would get another email"}
	gone := sync.HoldReason{Reason: sync.ReasonGroupGone, Detail: "agent group 7 of sub-account 1: 2 of 2 are not on it any more"}
	row := func(id int64, run sync.RunID, account, state string, kind sync.Kind, field, before, after string, why ...sync.HoldReason) heldrows.Row {
		return heldrows.Row{
			HeldID: 100 + id, RunID: run, Account: account, Job: sync.JobMembers, MemberID: &id, Kind: kind, Field: field, Before: before, After: after,
			Name: "Ada Byron", Email: "ada@example.com", Reason: sync.ReasonRemoved, Detail: "RingCentral lists them nowhere any more",
			Why: why, HeldSince: "2026-03-01T03:00:00Z", State: state,
		}
	}
	rows := []heldrows.Row{
		row(1, 4, "acme", "waiting", sync.Deactivate, "status", "active", "inactive", gone),
		row(2, 4, "acme", "waiting", sync.Update, "email", "old@example.com", "ada@example.com", gone, limit),
		row(2, 4, "acme", "waiting", sync.Update, "role", "Agent", "Supervisor", limit, gone),
		row(3, 6, "acme", "waiting", sync.Deactivate, "status", "active", "inactive", gone),
		row(4, 6, "acme", "suspect", sync.Deactivate, "status", "active", "inactive", gone),
		row(5, 5, "beta", "waiting", sync.Onboard, "", "", "", limit),
		row(6, 5, "beta", "rejected", sync.Deactivate, "status", "active", "inactive", gone),
		row(7, 5, "beta", "approved", sync.Update, "email", "old@example.com", "ada@example.com", gone),
	}
	rows[5].MemberID, rows[5].Person, rows[5].IDs = nil, "rc:77", []string{"agent:1/2", "rc:77"}
	for i, by := range map[int]string{6: "chief", 7: "operator"} {
		rows[i].DecidedAt, rows[i].DecidedBy, rows[i].Note, rows[i].DecidedRun, rows[i].PresentDays = new("2026-03-02T09:00:00Z"), by, "asked", new(sync.RunID(8)), 2
	}
	contact := int64(9)
	rows = append(rows, rows[0])
	last := &rows[len(rows)-1]
	last.Account, last.Job, last.MemberID, last.ContactID, last.Kind, last.Detail = "beta", sync.JobContacts, nil, &contact, sync.Kind(sync.RemoveContact), "User"
	return rows
}

// TestHeldSaysWhatWaitsAndHowToDecide: by account, reasons and run, in 80 columns.
func TestHeldSaysWhatWaitsAndHowToDecide(t *testing.T) {
	want := `acme: held for a decision: 2 deactivations, 2 updates
  because of agent_group_gone: agent group 7 of sub-account 1: 2 of 2 are not on
      it any more

  Run 4, since 2026-03-01T03:00:00Z
    - member 1 Ada Byron <ada@example.com>
        deactivate, removed: RingCentral lists them nowhere any more
  Run 6, since 2026-03-01T03:00:00Z
    - member 3 Ada Byron <ada@example.com>
        deactivate, removed: RingCentral lists them nowhere any more

  because of update_limit: within 23 hours, more than the limit of 30 % allows:
      40 of 60 active members would get another email
  Run 4, since 2026-03-01T03:00:00Z
    ~ member 2 Ada Byron <ada@example.com>
        email: old@example.com -> ada@example.com
        role: Agent -> Supervisor

  let them happen: ringroster approve 6 --account acme
  refuse them:     ringroster reject 6 --account acme

beta: held for a decision: 1 onboarding
  because of update_limit: within 23 hours, more than the limit of 30 % allows:
      40 of 60 active members would get another email
  Run 5, since 2026-03-01T03:00:00Z
    + rc:77 Ada Byron <ada@example.com>
        onboard, removed: RingCentral lists them nowhere any more

  let it happen:   ringroster approve 5 --account beta
  refuse it:       ringroster reject 5 --account beta

beta, contacts: held for a decision: 1 removal of a contact
  because of agent_group_gone: agent group 7 of sub-account 1: 2 of 2 are not on
      it any more
  Run 4, since 2026-03-01T03:00:00Z
    - contact 9 Ada Byron <ada@example.com>
        remove, removed (User)

  let it happen:   ringroster approve 4 --account beta
  refuse it:       ringroster reject 4 --account beta


Held at the next full run that finds it, unless another rule, or a pin, keeps it
  - acme member 4 Ada Byron <ada@example.com>
      deactivate, removed: RingCentral lists them nowhere any more

Rejected, and still so (ringroster reject --clear WHO ends that)
  - beta member 6 Ada Byron <ada@example.com>
      deactivate, removed: RingCentral lists them nowhere any more
      rejected by chief at 2026-03-02T09:00:00Z, run 8: asked; seen present on
        2 days of 3

Decided lately
  ~ beta member 7 Ada Byron <ada@example.com>
      email: old@example.com -> ada@example.com
      approved by operator at 2026-03-02T09:00:00Z, run 8: asked
`
	got := heldText(heldRows())
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	for line := range strings.SplitSeq(got, "\n") {
		if utf8.RuneCountInString(line) > textWidth {
			t.Errorf("wider than %d: %s", textWidth, line)
		}
	}
}

// TestWhoMeansOne: who is named is found by number, e-mail, name or key; several are an
// error that tells them apart.
func TestWhoMeansOne(t *testing.T) {
	rows := heldRows()
	for who, want := range map[string]int{"2": 2, "old@example.com": 0, "RC:77": 0, "rc:77": 1, "agent:1/2": 1, "9": 1, "nobody": 0, "22": 0} {
		found, err := oneSubject(who, rows)
		if who == "old@example.com" { // of member 2, and of member 7 of another account
			if err == nil || !strings.Contains(err.Error(), "acme: member 2") || !strings.Contains(err.Error(), "beta: member 7") {
				t.Errorf("%s: %v, %v", who, found, err)
			}
			continue
		}
		if err != nil || len(found) != want {
			t.Errorf("%s: %d rows, %v", who, len(found), err)
		}
	}
	_, err := oneSubject("ADA byron", rows)
	if err == nil || !strings.Contains(err.Error(), "or --account") {
		t.Errorf("a name of many, of two accounts: %v", err)
	}
	_, err = oneSubject("ADA byron", rows[:4])
	if err == nil || strings.Contains(err.Error(), "--account") {
		t.Errorf("a name of many, of one account: %v", err)
	}
}
