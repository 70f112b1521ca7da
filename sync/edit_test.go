package sync

import (
	"encoding/json"
	"errors"
	"slices"
	"testing"
)

func TestR26Rejecting(t *testing.T) {
	w := newWorld()
	one(w)
	w.sync(t)
	without()(w)
	reject := func(t *testing.T) {
		t.Helper()
		plan, settled, err := RejectHeld(4, map[int64]Reason{1: ReasonRemoved}, true)(w.State, slices.Values(w.members))
		if err != nil || settled.Run != 4 || settled.Decision != Reject || !settled.Whole {
			t.Fatalf("settled %+v, error %v", settled, err)
		}
		same(t, settled.Members, []int64{1})
		w.members = apply(plan, w.members, &w.lastID)
	}
	reject(t)
	t.Run("keeps the member", func(t *testing.T) {
		same(t, lines(w.sync(t)), []string{"note 1 rejected"})
	})
	t.Run("until the rejection is cleared", func(t *testing.T) {
		w.edit(t, ClearRejection(1))
		same(t, lines(w.plan(t)), []string{"deactivate 1 removed"})
		if _, _, err := ClearRejection(1)(w.State, slices.Values(w.members)); err == nil {
			t.Error("cleared twice")
		}
	})
	t.Run("until the reason changes", func(t *testing.T) {
		reject(t)
		without(status("Disabled"))(w)
		same(t, lines(w.plan(t)), []string{"deactivate 1 ringex_disabled"})
		without()(w)
	})
	t.Run("until the person is seen again", func(t *testing.T) {
		reject(t)
		w.clearAll()
		one(w)
		w.sync(t)
		without()(w)
		same(t, lines(w.plan(t)), []string{"deactivate 1 removed"})
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
	apply := func() (*Plan, error) {
		in := w.input()
		in.Reviewed = saved.Changes
		return MakePlan(in)
	}
	w.agent("1/10", "504", "Dee Fox", rc("704")) // came up since: waits
	plan, err := apply()
	if err != nil {
		t.Fatal(err)
	}
	same(t, lines(plan), []string{"onboard rc:703 new", "deactivate 1 removed"})
	one(w) // Ada is back
	var moved *MovedError
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
			w.edit(t, LinkTo(1, tt.key))
			same(t, lines(w.plan(t)), tt.want)
		})
	}
}

// R29: attaching somebody whose onboarding was undone, and who was detached since,
// takes back both, and says so.
func TestAttachTakesBackUndoneAndDetached(t *testing.T) {
	w := newWorld()
	w.imported("Ada Byron", func(m *Member) {
		m.Status, m.DeactivationReason, m.Managed = Inactive, ReasonUndone, false
	})
	plan, _, err := Manage(1, true)(w.State, slices.Values(w.members))
	if err != nil {
		t.Fatal(err)
	}
	same(t, fields(plan), []string{"deactivation_reason: undone -> , operator", "managed: 0 -> 1, operator"})
}
