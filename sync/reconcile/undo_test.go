package reconcile_test

import (
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"ringroster/sync"
	"ringroster/sync/edit"
	"ringroster/sync/plan"
)

// doneBy is the history that a plan leaves behind.
func doneBy(p *sync.Plan, members []*sync.Member) []sync.Done {
	var done []sync.Done
	for i := range p.Changes {
		c := &p.Changes[i]
		if c.Kind == sync.Onboard {
			at := slices.IndexFunc(members, func(m *sync.Member) bool { return m.RCUserID == c.Next().RCUserID && m.Username == c.Next().Username })
			done = append(done, sync.Done{Member: members[at].ID, Kind: sync.Onboard, After: "{}", Reason: c.Reason})
			continue
		}
		for _, f := range c.Fields {
			done = append(done, sync.Done{Member: c.Member, Kind: c.Kind, Field: f.Field, Before: f.Before, After: f.After, Reason: f.Reason, ReportedBefore: f.ReportedBefore, ReportedAfter: f.ReportedAfter})
		}
	}
	return done
}

func TestR29Undo(t *testing.T) {
	for _, tt := range []struct {
		name   string
		before func(*world)
		then   func(*world)              // the day of the run that is undone
		since  func(*world)              // what happens before it is undone; nil: nothing
		force  bool                      //
		check  func(*sync.Member) string // of Ada, after the undo; "": fine
		next   []string                  // lines of the next plan
	}{
		{
			name: "an onboarding: inactive, and not offered again",
			then: func(w *world) { w.agent("1/10", "701", "Ada Byron", rc("901")) },
			check: func(m *sync.Member) string {
				return unless(m.Status == sync.Inactive && m.DeactivationReason == sync.ReasonUndone, "%+v", m)
			},
			next: []string{"note 1 rc:901 declined"},
		},
		{
			name:   "a deactivation: active, and rejected (R26)",
			before: func(w *world) { w.agent("1/10", "701", "Ada Byron", rc("901")); w.agent("1/10", "702", "Bea Ng") },
			then:   func(w *world) { w.clearAll(); w.agent("1/10", "702", "Bea Ng") },
			check: func(m *sync.Member) string {
				return unless(m.Status == sync.Active && m.DeactivationReason == "", "%+v", m)
			},
			next: []string{"note 2 rejected"},
		},
		{
			name:   "an update from the source: held again, and the source's at the next run",
			before: func(w *world) { w.agent("1/10", "701", "Ada Byron", rc("901")) },
			then:   func(w *world) { w.clear(); w.agent("1/10", "701", "Ada King", rc("901")) },
			check: func(m *sync.Member) string {
				return unless(m.Profile[sync.LastName] == "Byron", "%q", m.Profile[sync.LastName])
			},
			next: []string{"update 1 rc:901 source_changed", "note 1 rc:901 extension_missing"},
		},
		{
			name:   "what was changed again since is left alone",
			before: func(w *world) { w.agent("1/10", "701", "Ada Byron", rc("901")) },
			then:   func(w *world) { w.clear(); w.agent("1/10", "701", "Ada King", rc("901")) },
			since:  func(w *world) { w.member(1).Profile[sync.LastName] = "Lovelace" },
			check: func(m *sync.Member) string {
				return unless(m.Profile[sync.LastName] == "Lovelace", "%q", m.Profile[sync.LastName])
			},
			next: []string{"update 1 rc:901 local_edit_reverted", "note 1 rc:901 extension_missing"},
		},
		{
			name:   "unless it is forced",
			before: func(w *world) { w.agent("1/10", "701", "Ada Byron", rc("901")) },
			then:   func(w *world) { w.clear(); w.agent("1/10", "701", "Ada King", rc("901")) },
			since:  func(w *world) { w.member(1).Profile[sync.LastName] = "Lovelace" },
			force:  true,
			check: func(m *sync.Member) string {
				return unless(m.Profile[sync.LastName] == "Byron", "%q", m.Profile[sync.LastName])
			},
			next: []string{"update 1 rc:901 source_changed", "note 1 rc:901 extension_missing"},
		},
		{
			name:   "a reactivation of somebody set inactive by hand: inactive again, for the same reason",
			before: func(w *world) { w.agent("1/10", "701", "Ada Byron", rc("901")) },
			then:   func(w *world) { w.member(1).Status = sync.Inactive },
			check: func(m *sync.Member) string {
				return unless(m.Status == sync.Inactive && m.DeactivationReason == "" && m.Synced.Status == sync.Active, "%+v", m)
			},
			next: []string{"reactivate 1 rc:901 local_edit_reverted", "note 1 rc:901 extension_missing"},
		},
		{
			name:   "a link: without RingCentral identity again",
			before: func(w *world) { w.agent("1/10", "702", "Bea Ng"); w.imported("Ada Byron", nil) },
			then:   func(w *world) { w.agent("1/10", "701", "Ada Byron", rc("901")) },
			check: func(m *sync.Member) string {
				return unless(!m.Linked && m.RCUserID == "", "%+v", m)
			},
			next: []string{"link 1 rc:901 identity", "note 1 rc:901 extension_missing"},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld()
			if tt.before != nil {
				tt.before(w)
				w.sync(t)
			}
			tt.then(w)
			done := doneBy(w.sync(t), w.members)
			if tt.since != nil {
				tt.since(w)
			}
			w.edit(t, edit.Undo(done, nil, tt.force))
			ada := slices.IndexFunc(w.members, func(m *sync.Member) bool { return m.Profile[sync.FirstName] == "Ada" })
			if problem := tt.check(w.members[ada]); problem != "" {
				t.Error(problem)
			}
			plan := w.plan(t)
			same(t, lines(plan), tt.next)
		})
	}
}

func unless(fine bool, format string, args ...any) string {
	if fine {
		return ""
	}
	return fmt.Sprintf(format, args...)
}

// Undoing what a run did, with nothing in between, gives back what every member
// was, but for newcomers, who stay as inactive members.
func TestR29UndoIsTheInverse(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := arbitraryWorld(t)
		before := map[int64]sync.Member{}
		for _, m := range w.members {
			before[m.ID] = *m
		}
		plan, err := plan.Make(w.input())
		if err != nil {
			t.Fatal(err)
		}
		w.members = apply(plan, w.members, &w.lastID)
		earlier := map[int64]sync.Reason{}
		for id, m := range before {
			earlier[id] = m.DeactivationReason
		}
		w.edit(t, edit.Undo(doneBy(plan, w.members), earlier, false))
		for _, m := range w.members {
			want, known := before[m.ID]
			switch {
			case !known && m.Status != sync.Inactive:
				t.Fatalf("member %d was onboarded and is %s after the undo", m.ID, m.Status)
			case known && (m.Profile != want.Profile || m.Status != want.Status || m.Username != want.Username ||
				m.RCUserID != want.RCUserID || m.DeactivationReason != want.DeactivationReason):
				t.Fatalf("after the undo member %d is\n%+v and was\n%+v", m.ID, *m, want)
			}
		}
	})
}
