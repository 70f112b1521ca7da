package reconcile_test

import (
	"errors"
	"strings"
	"testing"

	"ringroster/sync"
	"ringroster/sync/plan"
)

func (w *world) only(t *testing.T, who string) (*sync.Plan, error) {
	t.Helper()
	in := w.input()
	in.Only = who
	return plan.Make(in)
}

func TestR28OnePerson(t *testing.T) {
	w := newWorld()
	one(w)
	w.sync(t)
	w.clear()
	w.agent("1/10", "501", "Ada King", rc("701"))
	w.agent("1/10", "503", "Cy Poe", rc("703"))
	w.extension("703", "Cy Poe")
	for _, c := range []struct {
		who  string
		want []string
	}{
		{"ada@example.com", []string{"update 1 rc:701 source_changed"}},
		{"ADA KING", []string{"update 1 rc:701 source_changed"}},
		{"701", []string{"update 1 rc:701 source_changed"}},
		{"1", []string{"update 1 rc:701 source_changed"}},
		{"503", []string{"onboard rc:703 new"}},
		{"bob roy", []string{"deactivate 2 access_revoked"}},
	} {
		t.Run(c.who, func(t *testing.T) {
			plan, err := w.only(t, c.who)
			if err != nil {
				t.Fatal(err)
			}
			same(t, lines(plan), c.want)
			if len(plan.Marks) > 0 {
				t.Errorf("a partial run keeps no books: %+v", plan.Marks)
			}
			mustKeepLaws(t, plan, w.members)
		})
	}
}

func TestR28TheGuardSeesTheWholePlan(t *testing.T) {
	w := crowd(20)
	w.sync(t)
	w.Policy.Limits.Deactivations = sync.Limit{Percent: 10, Floor: 0}
	w.lose(3)
	plan, err := w.only(t, "p002@example.com")
	if err != nil {
		t.Fatal(err)
	}
	same(t, lines(plan), []string{"hold limit", "held deactivate 2 removed"})
	if plan.Summary.Held != 1 {
		t.Errorf("summary %+v", plan.Summary)
	}
}

func TestR28CountsForNoGrace(t *testing.T) {
	w := newWorld()
	one(w)
	w.sync(t)
	t.Run("without grace a leaver leaves", func(t *testing.T) {
		without()(w)
		plan, err := w.only(t, "ada@example.com")
		if err != nil {
			t.Fatal(err)
		}
		same(t, lines(plan), []string{"deactivate 1 removed"})
	})
	t.Run("an absence is neither counted", func(t *testing.T) {
		w.Policy.GraceDays = 1
		w.member(1).AbsentDays, w.member(1).AbsentOn = 1, "2026-03-01"
		plan, err := w.only(t, "ada@example.com")
		if err != nil {
			t.Fatal(err)
		}
		same(t, lines(plan), []string{"note 1 in_grace"})
	})
	t.Run("nor ended", func(t *testing.T) {
		adaIs("Enabled", named("Ada", "King"))(w)
		plan, err := w.only(t, "ada@example.com")
		if err != nil {
			t.Fatal(err)
		}
		same(t, lines(plan), []string{"update 1 rc:701 source_changed"})
		if next := plan.Changes[0].Next(); next.AbsentDays != 1 || next.AbsentOn != "2026-03-01" {
			t.Errorf("%d days, last on %q", next.AbsentDays, next.AbsentOn)
		}
	})
}

func TestR28WhoIsNotOnePerson(t *testing.T) {
	w := newWorld()
	one(w)
	w.imported("Zoe Fox", func(m *sync.Member) { m.Status = sync.Inactive })
	w.agent("1/10", "503", "Ada Byron", rc("703"), email("other@example.com"))
	w.extension("703", "Ada Byron")
	w.sync(t)
	t.Run("nobody", func(t *testing.T) {
		var unknown *sync.UnknownError
		if _, err := w.only(t, "nobody@example.com"); !errors.As(err, &unknown) || unknown.Account != "acme" || unknown.Who != "nobody@example.com" {
			t.Errorf("error %v", err)
		}
	})
	t.Run("two people of one name", func(t *testing.T) {
		if _, err := w.only(t, "ada byron"); err == nil || !strings.Contains(err.Error(), "2 people") {
			t.Errorf("error %v", err)
		}
	})
	t.Run("two leavers of one name", func(t *testing.T) {
		w.clearAll()
		w.agent("1/10", "502", "Bob Roy", rc("702"))
		if _, err := w.only(t, "ada byron"); err == nil || !strings.Contains(err.Error(), "means 2 members") || !sync.NotOne(err) {
			t.Errorf("error %v", err)
		}
	})
	t.Run("an inactive member whom nobody reports is known, and nothing happens", func(t *testing.T) {
		plan, err := w.only(t, "zoe fox")
		if err != nil {
			t.Fatal(err)
		}
		same(t, lines(plan), nil)
	})
}

func TestR25Approving(t *testing.T) {
	w := crowd(20)
	w.sync(t)
	w.Policy.Limits.Deactivations = sync.Limit{Percent: 10, Floor: 0}
	w.lose(4)
	w.Snapshot.Extensions = append(w.Snapshot.Extensions, sync.Extension{ID: "7004", Status: "Disabled", Type: "User"})
	w.agent("1/10", "999", "New Comer", rc("799"))
	in := w.input()
	for _, member := range []int64{1, 2, 3, 4, 9} {
		in.State.Open = append(in.State.Open, sync.HeldChange{ID: 10 + member, Run: 1, State: sync.Waiting, Kind: sync.Deactivate, Member: member, Field: sync.StatusField, Before: string(sync.Active), After: string(sync.Inactive), Why: []sync.HoldReason{{Reason: sync.ReasonLimit, Detail: "x"}}})
	}
	in.Approved = []int64{11, 12, 14, 19, 77}
	plan, err := plan.Make(in)
	if err != nil {
		t.Fatal(err)
	}
	// 3 was not approved, 4 leaves for another reason now, 9 is back, the newcomer is
	// another run's.
	same(t, lines(plan), []string{"deactivate 1 removed", "deactivate 2 removed", "deactivate 4 ringex_disabled"})
	same(t, plan.Released, []int64{11, 12, 14})
	if plan.Held != nil || len(plan.Marks) > 0 || plan.Summary.Deactivate != 3 {
		t.Errorf("held %v, marks %v, summary %+v", plan.Held, plan.Marks, plan.Summary)
	}
}

func TestR24TheLastAdministratorCanBeApproved(t *testing.T) {
	w := newWorld()
	w.admin("301", "Bob Roy")
	w.agent("1/10", "501", "Ada Byron")
	w.sync(t)
	w.Snapshot.Admins = nil
	in := w.input()
	in.State.Open = []sync.HeldChange{{ID: 4, Run: 1, State: sync.Waiting, Kind: sync.Deactivate, Member: 1, Field: sync.StatusField, Before: string(sync.Active), After: string(sync.Inactive), Why: []sync.HoldReason{{Reason: sync.ReasonLastAdmin, Detail: "x"}}}}
	in.Approved = []int64{4}
	plan, err := plan.Make(in)
	if err != nil {
		t.Fatal(err)
	}
	same(t, lines(plan), []string{"deactivate 1 removed"})
}
