package store

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"ringroster/store/heldrows"
	"ringroster/sync"
)

// byBob is a removal by Bob, whose key is that of an administrator of acme.
func byBob() *sync.Attribution {
	return &sync.Attribution{
		Log: sync.RingCXLog, At: monday.Add(-time.Hour), ActorID: "rc:rc-Bob", Actor: "Bob@example.com", Name: "Bob Lee",
		Did: "removed", Action: "DELETE Agent",
	}
}

// deactivation is what a run does to a leaver.
func (f *heldFixture) deactivation(name string, by *sync.Attribution) sync.Change {
	next := *f.who[name]
	next.Status, next.Synced.Status, next.DeactivationReason = sync.Inactive, sync.Inactive, sync.ReasonRemoved
	return sync.Change{
		Kind: sync.Deactivate, Member: next.ID, Name: name + " Lee", Reason: sync.ReasonRemoved, Source: by, Next: func() *sync.Member { return &next },
		Fields: []sync.FieldChange{{Field: "status", Before: "active", After: "inactive", Reason: sync.ReasonRemoved}},
	}
}

func TestR37WhoDidItIsKept(t *testing.T) {
	f := newHeldFixture(t)
	apply(t, f.s, f.day, planOf(t, f.s, "acme", f.deactivation("Cy", byBob())))
	held := f.leaver("Ann")
	held.Source = byBob()
	f.whole(held, f.leaver("Bob"))
	if diff := cmp.Diff(byBob(), f.open()[0].Source); diff != "" {
		t.Error("open:", diff)
	}
	if got := f.open()[1].Source; got != nil {
		t.Errorf("Bob: %+v", got)
	}
	f.whole(f.open()...) // another run, which says nothing of it
	want := "Bob@example.com|" + byBob().At.Format(time.RFC3339)
	for view, where := range map[string]string{"roster_changes": "kind = 'deactivate'", "roster_held": "name = 'Ann Lee'"} {
		got := rowsAs(t, f.s, `SELECT source_actor || '|' || source_at FROM `+view+` WHERE `+where+` ORDER BY 1`)
		if len(got) != 1 || got[0] != want {
			t.Errorf("%s: %q, want %q", view, got, want)
		}
	}
	for c, err := range f.s.History(t.Context(), f.who["Cy"].ID) {
		if err != nil {
			t.Fatal(err)
		}
		if c.Kind == sync.Deactivate {
			if diff := cmp.Diff(byBob(), c.Source); diff != "" {
				t.Error("history:", diff)
			}
		}
	}
	rows, err := f.s.Held(t.Context(), heldrows.Filter{})
	if err != nil || rows[0].Source == nil || *rows[0].SourceActor != "Bob@example.com" || rows[1].Source != nil || rows[1].SourceActor != nil {
		t.Errorf("%v, %+v", err, rows)
	}
}

// Either person may ask to be forgotten: who left, and who did it.
func TestForgettingErasesWhoDidIt(t *testing.T) {
	for _, c := range []struct {
		who  string
		left string // of what is said of the others
	}{
		{"Bob", `{"log":"RingCX audit log","at":"` + monday.Add(-time.Hour).Format(time.RFC3339) + `","did":"removed","action":"DELETE Agent"}`},
		{"Ann", "Bob"},
	} {
		t.Run(c.who, func(t *testing.T) {
			f := newHeldFixture(t)
			apply(t, f.s, f.day, planOf(t, f.s, "acme", f.deactivation("Ann", byBob()), f.deactivation("Cy", byBob())))
			held := f.leaver("Ann")
			held.Source = byBob()
			f.whole(held)
			apply(t, f.s, f.day, planOf(t, f.s, "beta", onboard(person("beta", "Zoe", "Fox")))) // Bob works in other accounts, too
			byHand(t, f.s, `UPDATE changes SET source = (SELECT max(source) FROM changes) WHERE member_id = (SELECT member_id FROM members WHERE account = 'beta')`)
			err := f.s.Commit(t.Context(), &sync.Commit{
				Run: f.begin(sync.ByHand), Account: "acme", FinishedAt: f.day, Status: sync.Succeeded, Plan: forgetting(t, f.s, "acme", f.who[c.who].ID),
			})
			if err != nil {
				t.Fatal(err)
			}
			all := append(rowsAs(t, f.s, `SELECT member_id || ' ' || source FROM changes WHERE source IS NOT NULL ORDER BY 1`),
				rowsAs(t, f.s, `SELECT member_id || ' ' || source FROM held_changes WHERE source IS NOT NULL ORDER BY 1`)...)
			for _, row := range all {
				if c.who == "Bob" && strings.Contains(row, "Bob") || c.who == "Ann" && strings.HasPrefix(row, "1 ") || !strings.Contains(row, c.left) {
					t.Errorf("it says %s", row)
				}
			}
			if want := map[string]int{"Bob": 4, "Ann": 2}[c.who]; len(all) != want {
				t.Errorf("%d rows, want %d: %q", len(all), want, all)
			}
		})
	}
}

// Notices tell who did it, of what is held and of what was done, until either is forgotten.
func TestNoticesTellWhoDidIt(t *testing.T) {
	f := enrolled(t, "ops")
	held := f.leaver("Ann")
	held.Source = byBob()
	f.whole(held)
	noticed := func() string {
		return strings.Join(rowsAs(t, f.s, `SELECT facts FROM notices WHERE facts LIKE '%"kind":"held"%' ORDER BY seq`), "\n")
	}
	if got := noticed(); !strings.Contains(got, `"actor":"Bob@example.com"`) {
		t.Fatalf("held: %s", got)
	}
	err := f.s.Commit(t.Context(), &sync.Commit{
		Run: f.begin(sync.ByHand), Account: "acme", FinishedAt: f.day, Status: sync.Succeeded, Plan: forgetting(t, f.s, "acme", f.who["Bob"].ID),
	})
	if err != nil {
		t.Fatal(err)
	}
	if got := noticed(); strings.Contains(got, "Bob") || !strings.Contains(got, "Ann Lee") || !strings.Contains(got, `"did":"removed"`) {
		t.Errorf("Bob was forgotten: %s", got)
	}
}
