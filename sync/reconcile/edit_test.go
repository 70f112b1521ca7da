package reconcile_test

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"

	"ringroster/sync"
	"ringroster/sync/edit"
	"ringroster/sync/plan"
)

func TestR26Rejecting(t *testing.T) {
	w := newWorld()
	one(w)
	w.Policy.Limits.Deactivations = sync.Limit{Percent: 0, Floor: 0}
	w.today(t)
	absent := func() { without()(w.tomorrow()) }
	absent()
	w.today(t)
	w.reject(t, w.lastRun, nil)
	t.Run("keeps the member, whatever the limit becomes", func(t *testing.T) {
		w.Policy.Limits = noLimits
		absent()
		same(t, lines(w.today(t)), []string{"note 1 rejected"})
	})
	t.Run("also when they are absent for another reason", func(t *testing.T) {
		without(status("Enabled"))(w.tomorrow())
		same(t, lines(w.today(t)), []string{"note 1 rejected"})
	})
	t.Run("but not when their extension is disabled: then they are held", func(t *testing.T) {
		without(status("Disabled"))(w.tomorrow())
		same(t, lines(w.today(t)), []string{"hold rejected", "held deactivate 1 ringex_disabled"})
		w.reject(t, w.lastRun, nil)
	})
	t.Run("until they were seen on three days", func(t *testing.T) {
		for range sync.PresentDays {
			w.tomorrow().clearAll()
			one(w)
			w.today(t)
		}
		same(t, w.books.state.Open, nil)
		absent()
		same(t, lines(w.today(t)), []string{"deactivate 1 removed"})
	})
}

func TestReviewedPlanIsAppliedExactlyOrNotAtAll(t *testing.T) {
	w := newWorld()
	one(w)
	w.sync(t)
	without()(w)
	w.agent("1/10", "503", "Cy Poe", rc("703"))
	w.extension("703", "Cy Poe")
	var saved struct{ Changes []json.RawMessage }
	text, err := w.plan(t).MarshalJSON()
	if err == nil {
		err = json.Unmarshal(text, &saved)
	}
	if err != nil || len(saved.Changes) != 2 {
		t.Fatalf("%d changes, %v", len(saved.Changes), err)
	}
	apply := func() (*sync.Plan, error) {
		in := w.input()
		in.Reviewed = saved.Changes
		return plan.Make(in)
	}
	w.agent("1/10", "504", "Dee Fox", rc("704")) // came up since: waits
	planned, err := apply()
	if err != nil {
		t.Fatal(err)
	}
	same(t, lines(planned), []string{"onboard rc:703 new", "deactivate 1 removed"})
	one(w) // Ada is back
	var moved *plan.MovedError
	if _, err := apply(); !errors.As(err, &moved) || len(moved.Moved) != 1 {
		t.Errorf("error %v", err)
	}
}

// R13: an rcUserId that seems to be another human's waits until an operator says
// which it is; either answer settles it.
func TestR13BothAnswersSettleAReusedID(t *testing.T) {
	for _, tt := range []struct {
		name string
		key  string
		want []string
	}{
		{"the same human", "rc:701", []string{"link 1 rc:701 identity"}},
		{"another human", "none", []string{"onboard rc:701 new", "deactivate 1 removed"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld()
			w.agent("1/10", "501", "Ada Byron", rc("701"))
			w.extension("701", "Ada Byron")
			w.sync(t)
			w.clearAll()
			w.agent("1/10", "501", "Eve Kay", rc("701"))
			w.extension("701", "Eve Kay")
			same(t, lines(w.plan(t)), []string{"conflict 1 rc:701 identity_reused"})
			w.edit(t, edit.LinkTo(1, tt.key))
			same(t, lines(w.plan(t)), tt.want)
		})
	}
}

// R13: so it is where the login alone says who they are; what was parted stays so.
func TestR13BothAnswersSettleAReusedLogin(t *testing.T) {
	for _, tt := range []struct {
		name, key string
		want      []string
	}{
		{"the same human", "agent:1/501", []string{"link 1 agent:1/501 identity"}},
		{"another human", "none", []string{"onboard agent:1/501 new", "deactivate 1 removed"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld()
			w.agent("1/10", "501", "Ada Byron")
			w.agent("1/10", "502", "Cy Poe")
			w.sync(t)
			w.group("1/10").Agents[0] = sync.Agent{ID: "501", FirstName: "Eve", LastName: "Kay", Email: "eve@example.com", Type: "AGENT", Active: true}
			same(t, lines(w.plan(t)), []string{"conflict 1 agent:1/501 identity_reused"})
			w.edit(t, edit.LinkTo(1, tt.key))
			same(t, lines(w.plan(t)), tt.want)
			w.sync(t)
			same(t, lines(w.plan(t)), nil)
		})
	}
}

// R13: and where the record has another rcUserId, part of the name and an e-mail of several.
func TestR13BothAnswersSettleAnUnclearLogin(t *testing.T) {
	for _, tt := range []struct {
		name, key string
		want      []string
	}{
		{"the same human", "rc:703", []string{"link 1 rc:703 identity"}},
		{"another human", "none", []string{"deactivate 1 removed", "conflict rc:703 email_in_use"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld()
			w.agent("1/10", "501", "Ada Byron", rc("701"), email("team@example.com"))
			w.agent("1/10", "502", "Bob Roy", rc("702"), email("team@example.com"))
			w.extension("702", "Bob Roy")
			w.sync(t)
			w.group("1/10").Agents[0] = sync.Agent{ID: "501", RCUserID: "703", FirstName: "Ada", LastName: "King", Email: "team@example.com", Type: "AGENT", Active: true}
			w.extension("703", "Ada King")
			same(t, lines(w.plan(t)), []string{"conflict 1 rc:703 identity_reused"})
			w.edit(t, edit.LinkTo(1, tt.key))
			same(t, lines(w.plan(t)), tt.want)
		})
	}
}

// R5, R20: the login of one who left is a colleague's now, and nobody has an rcUserId.
func TestR5WhatSettlesALoginThatIsAColleagues(t *testing.T) {
	w := newWorld()
	w.agent("1/10", "501", "Ada Byron")
	w.agent("1/10", "502", "Bob Roy")
	w.agent("1/10", "503", "Cy Poe")
	w.sync(t)
	w.group("1/10").Agents[0] = sync.Agent{ID: "501", FirstName: "Bob", LastName: "Roy", Email: "bob@example.com", Type: "AGENT", Active: true}
	plan := w.plan(t)
	same(t, lines(plan), []string{"conflict 1 agent:1/501 ambiguous_link", "note 1 in_conflict", "note 2 in_conflict"})
	if got, want := plan.Conflicts[0].Remedy, "the login is not theirs any more: ringroster roster link 1 none"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	w.edit(t, edit.LinkTo(1, "none"))
	same(t, lines(w.plan(t)), []string{"update 2 agent:1/501 source_changed", "deactivate 1 removed"})
	w.sync(t)
	same(t, lines(w.plan(t)), nil)
}

// R13: a last name that nobody ever had is no agreement.
func TestR13AReusedIDWhereNobodyHasALastName(t *testing.T) {
	for _, rcUserID := range []string{"", "701"} {
		w := newWorld()
		w.agent("1/10", "501", "Ada", rc(rcUserID))
		w.agent("1/10", "502", "Bob")
		w.sync(t)
		a := &w.group("1/10").Agents[0]
		a.FirstName, a.Email = "Eve", "eve@example.com"
		if plan := w.plan(t); len(plan.Conflicts) != 1 || plan.Conflicts[0].Reason != sync.ConflictReused {
			t.Errorf("rcUserId %q: %v", rcUserID, lines(plan))
		}
	}
}

// R29: attaching somebody whose onboarding was undone, and who was detached since,
// takes back both, and says so.
func TestAttachTakesBackUndoneAndDetached(t *testing.T) {
	w := newWorld()
	w.imported("Ada Byron", func(m *sync.Member) {
		m.Status, m.DeactivationReason, m.Managed = sync.Inactive, sync.ReasonUndone, false
	})
	plan, _, err := edit.Manage(1, true)(w.State, slices.Values(w.members))
	if err != nil {
		t.Fatal(err)
	}
	same(t, fields(plan), []string{"deactivation_reason: undone -> , operator", "managed: 0 -> 1, operator"})
}

func TestImportTakesNobodyTwice(t *testing.T) {
	w := newWorld()
	w.agent("1/10", "501", "Ada Byron", rc("701"))
	w.agent("1/10", "502", "Bob Roy", rc("702"))
	w.sync(t)
	w.member(2).Status = sync.Inactive
	w.imported("Cy Poe", nil)
	row := func(name, email string) *sync.Member {
		m := &sync.Member{Account: "acme", Status: sync.Active, Managed: true}
		m.Profile[sync.FirstName], m.Profile[sync.Email] = name, email
		return m
	}
	for _, c := range []struct {
		name    string
		members []*sync.Member
		want    string
	}{
		{"somebody active has the e-mail", []*sync.Member{row("Ada", "ADA@example.com")}, "member 1 has the e-mail ada@example.com already"},
		{"somebody brought in before has it", []*sync.Member{row("Cy", "cy@example.com")}, "member 3 has the e-mail cy@example.com already"},
		{"another row has it", []*sync.Member{row("Zoe", "z@example.com"), row("Zac", "z@example.com")}, "another row has the e-mail z@example.com already"},
		{"R12: that of somebody who left may be another's", []*sync.Member{row("Bob", "bob@example.com")}, ""},
		{"nobody has an e-mail", []*sync.Member{row("Zoe", ""), row("Zac", "")}, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := w.tryEdit(edit.Import(c.members))
			if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %q", err, c.want)
			}
		})
	}
}

func TestLinkToSomebodyElsesRecordIsRefused(t *testing.T) {
	w := newWorld()
	w.agent("1/10", "501", "Ada Byron")
	w.admin("301", "Bob Roy")
	w.agent("1/10", "503", "Cy Poe", rc("703"))
	w.sync(t)
	w.imported("Dan Fox", nil)
	for key, holder := range map[string]string{"agent:1/501": "member 2", "admin:301": "member 1", "rc:703": "member 3"} {
		if _, err := w.tryEdit(edit.LinkTo(4, key)); err == nil || !strings.Contains(err.Error(), holder+" is "+key+" already") {
			t.Errorf("%s: got %v", key, err)
		}
	}
}

// R29: what a later pin holds is not undone beneath it.
func TestR29UndoLeavesPinnedFieldsAlone(t *testing.T) {
	w := newWorld()
	w.agent("1/10", "501", "Ada Byron", rc("701"))
	w.extension("701", "Ada Byron", department("Sales", ""))
	w.sync(t)
	first, err := w.tryEdit(edit.PinField(1, until("")))
	if err != nil {
		t.Fatal(err)
	}
	w.members = apply(first, w.members, &w.lastID)
	w.edit(t, edit.PinField(1, sync.Pin{Field: sync.Site, Value: "Bern", By: "chief"}))
	plan, err := w.tryEdit(edit.Undo(doneBy(first, w.members), nil, false))
	if err != nil || len(plan.Changes) > 0 || len(plan.Notes) != 2 || !strings.Contains(plan.Notes[1].Detail, "roster unpin 1 department") {
		t.Errorf("got %+v, %+v, %v", plan.Changes, plan.Notes, err)
	}
}
