package reconcile_test

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"ringroster/sync"
	"ringroster/sync/plan"
)

// everybody plans and gives how each person stands.
func (w *world) everybody(t rapid.TB) (planned *sync.Plan, all []*plan.Standing) {
	t.Helper()
	in := w.input()
	in.Everybody = func(s *plan.Standing) bool {
		all = append(all, s)
		return true
	}
	planned, err := plan.Make(in)
	if err != nil {
		t.Fatalf("MakePlan: %v", err)
	}
	return planned, all
}

// stands renders how people stand: "rc:701 Ada Byron, member 1 on the roster:
// unchanged".
func stands(all []*plan.Standing) []string {
	var out []string
	for _, s := range all {
		line := s.Person + " " + s.Name
		if s.Member != nil {
			line += fmt.Sprintf(", member %d", *s.Member)
		}
		if s.OnRoster {
			line += " on the roster"
		}
		if !s.Belongs {
			line += ", does not belong"
		}
		out = append(out, strings.TrimSpace(line+": "+s.Outcome+" "+string(s.Reason)))
	}
	return out
}

func TestR32EverybodyStandsAsThePlannerDecided(t *testing.T) {
	w := newWorld()
	w.imported("Ida Lux", nil)
	w.agent("1/10", "501", "Ada Byron", rc("701"))
	w.agent("1/10", "502", "Bob Roy", rc("702"))
	w.agent("1/10", "503", "Cy Poe", rc("703"))
	w.agent("1/10", "504", "Dee Fox", rc("704"))
	w.agent("1/10", "505", "Eve Kay", rc("705"))
	w.agent("1/10", "506", "Fay Ray", rc("706"))
	imported := w.members
	w.members = nil
	w.sync(t) // members 2 to 7
	w.members = append(imported, w.members...)
	w.member(3).Status, w.member(3).Synced.Status, w.member(3).DeactivationReason = sync.Inactive, sync.Inactive, sync.ReasonRemoved
	w.member(6).Status, w.member(6).Synced.Status, w.member(6).DeactivationReason = sync.Inactive, sync.Inactive, sync.ReasonUndone
	w.member(7).Managed = false
	w.group("1/10").Agents[2].Active = false                                                   // Cy
	w.group("1/10").Agents[3].LastName = "Foxx"                                                // Dee
	w.agent("1/10", "507", "Gus Orr", rc("707"))                                               // new
	w.agent("1/10", "508", "Hal Bee", inactive)                                                // never there
	w.agent("1/10", "509", "Ida Lux", agentType("SUPERVISOR"), userName("ida"))                // imported
	w.agent("2/20", "510", "Joe Doe", email("ada@example.com"), rc("710"))                     // in use
	w.agent("2/20", "511", "", named("", ""), email(""), faulty("it has no isActive"))         // faulty
	w.admin("301", "Ada Byron", rc("701"))                                                     // a second role
	w.agent("2/20", "512", "Ada Byron", rc("701"), agentType("MULTI_USER"), userName("ada.b")) // a second login
	w.extension("701", "Ada Byron", number("12"))

	want := []string{
		"agent:2/511 agent:2/511: conflict faulty_record",
		"rc:701 Ada Byron, member 2 on the roster: update source_changed",
		"rc:702 Bob Roy, member 3: reactivate returned",
		"rc:703 Cy Poe, member 4 on the roster, does not belong: deactivate access_revoked",
		"rc:704 Dee Foxx, member 5 on the roster: update source_changed",
		"rc:705 Eve Kay, member 6: skipped declined",
		"rc:706 Fay Ray, member 7 on the roster: skipped not_managed",
		"rc:707 Gus Orr: onboard new",
		"agent:1/508 Hal Bee, does not belong: skipped no_access",
		"agent:1/509 Ida Lux, member 1 on the roster: link email",
		"rc:710 Joe Doe: conflict email_in_use",
	}
	planned, all := w.everybody(t)
	same(t, stands(all), want)
	same(t, lines(planned), lines(w.plan(t))) // asking changes nothing
	for _, s := range all {
		if s.Person == "rc:701" {
			same(t, s.Roles, []string{sync.RoleAdministrator, sync.RoleAgent})
			same(t, []string{s.Email, s.ExtensionNumber, s.Logins[0].AgentGroup, s.Logins[1].UserName}, []string{"ada@example.com", "12", "Group 10", "ada.b"})
		}
		if (s.Outcome == plan.OutcomeConflict) != (s.Remedy != "") {
			t.Errorf("R20: %s: remedy %q", s.Person, s.Remedy)
		}
	}

	t.Run("held leavers", func(t *testing.T) {
		w.Policy.Limits.Deactivations = sync.Limit{Percent: 0, Floor: 0}
		_, all := w.everybody(t)
		same(t, stands(all)[3:4], []string{"rc:703 Cy Poe, member 4 on the roster, does not belong: held access_revoked"})
	})
	t.Run("until nobody asks any more", func(t *testing.T) {
		in, told := w.input(), 0
		in.Everybody = func(*plan.Standing) bool {
			told++
			return told < 3
		}
		if _, err := plan.Make(in); err != nil || told != 3 {
			t.Errorf("told of %d: %v", told, err)
		}
	})
}

// Law: everybody is told of once, in order, and their outcomes come to the
// plan's summary (R32).
func TestLawEverybodyIsToldOfOnce(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		planned, all := arbitraryWorld(t).everybody(t)
		got, seen := sync.Summary{People: len(all)}, map[string]bool{}
		for _, s := range all {
			seen[s.Person] = true
			switch s.Outcome {
			case string(sync.Onboard):
				got.Onboard++
			case string(sync.Link):
				got.Link++
			case string(sync.Update):
				got.Update++
			case string(sync.Reactivate):
				got.Reactivate++
			case plan.OutcomeConflict:
				got.Conflicts++
			case plan.OutcomeSkipped, string(sync.Deactivate): // a leaver is skipped as a person
				got.Skipped++
			case plan.OutcomeHeld:
				if s.Belongs {
					got.HeldPeople++
				} else {
					got.Skipped++
				}
			case plan.OutcomeUnchanged:
				got.Unchanged++
			}
			if s.Outcome != plan.OutcomeUnchanged && s.Reason == "" {
				t.Errorf("no reason: %+v", s)
			}
		}
		want := planned.Summary
		want.Deactivate, want.Held = 0, 0
		if got != want || len(seen) != len(all) {
			t.Errorf("%d people, %d keys: %+v, want %+v", len(all), len(seen), got, want)
		}
		place := func(s *plan.Standing) string { // the nameless come first
			if s.Name == s.Person {
				return ""
			}
			return sync.FoldText(s.Name)
		}
		if !slices.IsSortedFunc(all, func(a, b *plan.Standing) int {
			return cmp.Or(strings.Compare(place(a), place(b)), strings.Compare(a.Person, b.Person))
		}) {
			t.Errorf("not in order: %v", stands(all))
		}
	})
}

func TestAskingForEverybodyReadsOnceAndWritesNothing(t *testing.T) {
	s := newSite(t, one)
	s.reports("acme", without())
	s.roster.locked = true // by a run: nobody has to wait for it
	ask := func() (told []string, err error) {
		err = s.Everybody(t.Context(), "acme", func(st *plan.Standing) bool {
			if !s.directories["acme"].closed {
				t.Error("the session is open while people are told of")
			}
			told = append(told, st.Person)
			return true
		})
		return told, err
	}
	told, err := ask()
	if err != nil {
		t.Fatal(err)
	}
	same(t, told, []string{"rc:702"})
	if d := s.directories["acme"]; d.looks != 0 || len(s.roster.commits) != 0 {
		t.Errorf("%d second looks, %d commits", d.looks, len(s.roster.commits))
	}

	broken := errors.New("cut")
	s.directories["acme"].closed, s.directories["acme"].err = false, broken
	if told, err := ask(); !errors.Is(err, broken) || told != nil || !s.directories["acme"].closed {
		t.Errorf("told %v, %v", told, err)
	}
}

// Somebody whose onboarding was undone is skipped by what RingCentral lists, and would come in
// if lost records were put back, one of which was theirs and is two others' now. They are
// told, and counted, as skipped, with the reason.
func TestR22WhoWouldComeInByLostRecordsIsToldAsRead(t *testing.T) {
	w := newWorld()
	for n := range 9 {
		w.agent("1/10", fmt.Sprint(501+n), fmt.Sprintf("P%d Q", n))
	}
	w.agent("1/11", "602", "Ada Byron")
	w.sync(t)
	ada := w.member(10)
	ada.Status, ada.Synced.Status, ada.DeactivationReason = sync.Inactive, sync.Inactive, sync.ReasonUndone
	ada.Logins = slices.Clone(w.member(1).Logins)                          // the record passed on
	w.member(2).Logins = append(w.member(2).Logins, w.member(1).Logins[0]) // and on once more
	w.clear()
	w.agent("1/11", "603", "Ada Byron", rc("702"))
	planned, all := w.everybody(t)
	same(t, stands(all), []string{"rc:702 Ada Byron, member 10: skipped declined"})
	same(t, lines(planned)[len(lines(planned))-1:], []string{"note 10 rc:702 declined"})
	same(t, []int{planned.Summary.Skipped, planned.Summary.Unchanged}, []int{1, 0})
}
