package store

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"ringroster/store/deliver"
	"ringroster/sync"
)

// remind asks for the reminders of a destination, as long after the fixture's day.
func (f *heldFixture) remind(name string, later time.Duration) {
	f.Helper()
	if err := f.s.Remind(f.Context(), name, everything, []string{"acme"}, 24*time.Hour, f.day.Add(later)); err != nil {
		f.Fatal(err)
	}
}

// TestReminders come while something lasts, a day after the last notice about it, and for
// the destination alone that is to have them.
func TestReminders(t *testing.T) {
	f := enrolled(t, "ops", "chat")
	f.step("day a: Ann")
	f.remind("ops", 23*time.Hour)
	f.remind("ops", 25*time.Hour)
	f.remind("ops", 26*time.Hour)
	f.remind("chat", 27*time.Hour)
	f.step("day a: Bob") // a day later
	f.remind("ops", 23*time.Hour)
	f.remind("ops", 25*time.Hour)
	f.step("approve Ann Bob")
	f.remind("ops", 99*time.Hour)
	f.noticedAre( // by ops
		"1: held 1 deactivation Ann (1 deactivation wait, decide by 2)",
		"1: held reminder 1 deactivation Ann (1 deactivation wait, decide by 2)",
		"1: held more 1 deactivation Bob (2 deactivations wait, decide by 3)",
		"1: held reminder 2 deactivations Ann Bob (2 deactivations wait, decide by 3)",
		"1: decided approve by chief 2 deactivations Ann Bob",
	)
	n := rowsAs(t, f.s, `SELECT count(*) FROM notices WHERE only_for = 'chat' ORDER BY 1`)
	if n[0] != "1" {
		t.Errorf("chat has %s reminders", n[0])
	}
}

func TestRemindersOfFailures(t *testing.T) {
	f := enrolled(t, "ops")
	f.commitFailure(sync.Scheduled, errors.New("HTTP 503"))
	f.commitFailure(sync.Retry, errors.New("HTTP 500"))
	if err := f.s.Remind(t.Context(), "ops", everything, []string{"other"}, 24*time.Hour, f.day.Add(25*time.Hour)); err != nil { // acme is gone from the settings
		t.Fatal(err)
	}
	f.remind("ops", 25*time.Hour)
	f.step("day a:")
	f.remind("ops", 99*time.Hour)
	f.noticedAre(`1: failed "HTTP 503"`, `1: failed reminder "HTTP 500"`, `1: recovered`)
}

// What waits can go without a run, as when somebody is forgotten: then the end is told.
func TestRemindersOfNothing(t *testing.T) {
	f := enrolled(t, "ops")
	f.step("day a: Ann")
	if _, err := f.s.db.Writes.ExecContext(t.Context(), `UPDATE held_changes SET state = 'ended', closed_at = held_since`); err != nil {
		t.Fatal(err)
	}
	f.remind("ops", 25*time.Hour)
	f.remind("ops", 99*time.Hour)
	f.noticedAre("1: held 1 deactivation Ann (1 deactivation wait, decide by 2)", "1: held ended")
}

// TestDigests: a day with changes is told on the next, a week on Monday, each once; nothing
// is told of a time before somebody came to the settings.
func TestDigests(t *testing.T) {
	f := enrolled(t, "ops") // on a Monday, on which three members came
	digest := func(day int) {
		t.Helper()
		for range 2 {
			if err := f.s.Digest(t.Context(), []string{"acme", "other"}, monday.AddDate(0, 0, day)); err != nil {
				t.Fatal(err)
			}
		}
	}
	digest(0)
	f.noticedAre()
	digest(1)
	dee := person("acme", "Dee", "Lee")
	f.day = monday.AddDate(0, 0, 2)
	apply(t, f.s, f.day, planOf(t, f.s, "acme", onboard(dee)))
	digest(2)
	digest(3)
	digest(5)
	digest(7)
	digest(8)
	f.noticedAre("1: changes 3 onboardings Ann Bob Cy", "2: changes 1 onboarding Dee", "3: weekly")
	week := &sync.Notice{}
	for d := (&deliver.Destination{Name: "ops"}); ; {
		n, seq, err := f.s.NextNotice(t.Context(), d, everything)
		if err != nil {
			t.Fatal(err)
		}
		if n == nil {
			break
		}
		d.Cursor, week = seq, n
	}
	want := []sync.Figures{{Account: "acme", Runs: 2, LastSuccess: f.day, Active: 4, Onboarded: 4}, {Account: "other"}}
	if diff := cmp.Diff(want, week.Figures); diff != "" {
		t.Error(diff)
	}
	if got := week.Since.Weekday(); got != time.Monday || week.Until.Sub(week.Since) != 7*24*time.Hour {
		t.Errorf("the week is from %s to %s", week.Since, week.Until)
	}
}

// Notices go after 30 days.
func TestNoticesAreNotKeptForEver(t *testing.T) {
	f := enrolled(t, "ops")
	f.commitFailure(sync.Scheduled, errors.New("HTTP 503"))
	f.pruned(29, 1)
	f.pruned(31, 0)
}

func (f *heldFixture) pruned(days, want int) {
	f.Helper()
	if err := f.s.PruneNotices(f.Context(), f.day.AddDate(0, 0, days)); err != nil {
		f.Fatal(err)
	}
	if got := len(f.noticed()); got != want {
		f.Errorf("after %d days there are %d notices, want %d", days, got, want)
	}
}
