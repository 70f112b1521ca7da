package guard

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"ringroster/sync"
)

// pastDays makes runs of an account with 100 active members, one of ten an
// administrator: a run a day, each with the given changes.
func pastDays(days ...[]PastChange) ([]PastRun, map[int64]PastMember) {
	today := map[int64]PastMember{}
	for id := range int64(100) {
		today[id+1] = PastMember{Active: true, Managed: true, Role: map[bool]string{true: sync.RoleAdministrator, false: "Agent"}[id < 10]}
	}
	var runs []PastRun
	for i, changes := range days {
		runs = append(runs, PastRun{Run: sync.RunID(i + 1), Started: pastDay(i), Trigger: sync.Scheduled, Done: changes})
		for _, c := range changes {
			m := today[c.Member]
			switch c.Field {
			case "":
				m = PastMember{true, true, onboardedRole(c.After)}
			case sync.StatusField:
				m.Active = c.After == string(sync.Active)
			case "role":
				m.Role = c.After
			}
			today[c.Member] = m
		}
	}
	return runs, today
}

func pastDay(day int) time.Time {
	return time.Date(2026, 3, 1+day, 3, 0, 0, 0, time.UTC)
}

// pastLeft are n members from the given one on who left.
func pastLeft(from, n int) []PastChange {
	return pastStatus(sync.Deactivate, "active", "inactive", from, n)
}

func pastStatus(kind sync.Kind, before, after string, from, n int) (all []PastChange) {
	for id := from; id < from+n; id++ {
		all = append(all, PastChange{sync.Done{Member: int64(id), Kind: kind, Field: "status", Before: before, After: after, Reason: sync.ReasonRemoved}, fmt.Sprintf("M%03d", id)})
	}
	return all
}

func pastUpdates(field, before, after string, reason sync.Reason, from, n int) (all []PastChange) {
	for id := from; id < from+n; id++ {
		all = append(all, PastChange{sync.Done{Member: int64(id), Kind: sync.Update, Field: field, Before: before, After: after, Reason: reason}, fmt.Sprintf("M%03d", id)})
	}
	return all
}

func pastNew(role string, from, n int) (all []PastChange) {
	for id := from; id < from+n; id++ {
		all = append(all, PastChange{sync.Done{Member: int64(id), Kind: sync.Onboard, After: `{"role":"` + role + `"}`, Reason: sync.ReasonNew}, fmt.Sprintf("M%03d", id)})
	}
	return all
}

// What each limit would have held, as day, kind, field, window, now, earlier, of, allowed.
func TestR21R35LimitsAreTriedOnThePast(t *testing.T) {
	limits := sync.Limits{Deactivations: sync.Limit{Percent: 5, Floor: 5}, Onboardings: sync.Limit{Percent: 30, Floor: 20}, Updates: sync.Limit{Percent: 30, Floor: 20}, Administrators: sync.Limit{Percent: 20, Floor: 3}}
	one := `[{"sub_account_id":"1","agent_id":"2","active":true}]`
	none := `[{"sub_account_id":"1","agent_id":"2","active":false}]`
	for name, c := range map[string]struct {
		days  [][]PastChange
		first int // so many runs load the roster
		by    sync.Trigger
		held  bool // what was done was held only
		want  []string
	}{
		"as many as the percent":             {days: [][]PastChange{pastLeft(11, 5)}},
		"one more":                           {days: [][]PastChange{pastLeft(11, 6)}, want: []string{"1 deactivations  23 hours 6+0 of 100: 5"}},
		"of a run that an operator made":     {days: [][]PastChange{pastLeft(11, 6)}, by: sync.Approve},
		"what was held at the time":          {days: [][]PastChange{pastLeft(11, 6)}, held: true, want: []string{"1 deactivations  23 hours 6+0 of 94: 4"}},
		"a few each day":                     {days: [][]PastChange{pastLeft(11, 4), pastLeft(16, 4), pastLeft(21, 4), pastLeft(26, 4)}, want: []string{"4 deactivations  7 days 4+12 of 100: 15"}},
		"a few each day, some came back":     {days: [][]PastChange{pastLeft(11, 4), pastStatus(sync.Reactivate, "inactive", "active", 11, 4), pastLeft(21, 4), pastLeft(26, 4), pastLeft(31, 4)}},
		"two weeks apart":                    {days: [][]PastChange{pastLeft(11, 4), pastLeft(16, 4), pastLeft(21, 4), 12: pastLeft(26, 4)}},
		"newcomers":                          {days: [][]PastChange{pastNew("Agent", 101, 31)}, want: []string{"1 onboardings  23 hours 31+0 of 100: 30"}},
		"newcomers of the first load":        {days: [][]PastChange{pastNew("Agent", 101, 31)}, first: 1},
		"newcomers of an import":             {days: [][]PastChange{pastNew("Agent", 101, 31)}, by: sync.Importing},
		"e-mails":                            {days: [][]PastChange{pastUpdates("email", "a", "b", sync.ReasonSource, 1, 31)}, want: []string{"1 updates email 23 hours 31+0 of 100: 30"}},
		"e-mails, filled for the first time": {days: [][]PastChange{pastUpdates("email", "", "b", sync.ReasonSource, 1, 31)}},
		"e-mails that an edit had":           {days: [][]PastChange{pastUpdates("email", "a", "b", sync.ReasonLocalEdit, 1, 31)}},
		"two fields, each below":             {days: [][]PastChange{append(pastUpdates("email", "a", "b", sync.ReasonSource, 1, 20), pastUpdates("last_name", "a", "b", sync.ReasonSource, 1, 20)...)}},
		"logins lost":                        {days: [][]PastChange{pastUpdates("logins", one, none, sync.ReasonSource, 1, 31)}, want: []string{"1 updates logins 23 hours 31+0 of 100: 30"}},
		"logins gained":                      {days: [][]PastChange{pastUpdates("logins", none, one, sync.ReasonSource, 1, 31)}},
		"departments":                        {days: [][]PastChange{pastUpdates("department", "a", "b", sync.ReasonSource, 1, 31)}},
		"administrators":                     {days: [][]PastChange{pastUpdates("role", "Agent", "Administrator", sync.ReasonSource, 11, 3)}, want: []string{"1 administrators  23 hours 3+0 of 10: 2"}},
		"administrators among newcomers": {
			days: [][]PastChange{append(pastUpdates("role", "Agent", "Administrator", sync.ReasonSource, 11, 2), pastNew("Administrator", 101, 1)...)},
			want: []string{"1 administrators  23 hours 3+0 of 10: 2"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			runs, today := pastDays(c.days...)
			for i := range runs {
				runs[i].First = i < c.first
				if c.by != "" {
					runs[i].Trigger = c.by
				}
				if c.held {
					runs[i].Done, runs[i].Held = nil, runs[i].Done
				}
			}
			var got []string
			for _, o := range TryLimits(runs, today, &limits) {
				got = append(got, fmt.Sprintf("%d %s %s %s %d+%d of %d: %d", o.Run, o.Limit, o.Field, o.Window, o.Now, o.Earlier, o.Of, o.Allowed))
				if len(o.Members) != o.Now || o.Members[0].Name == "" {
					t.Errorf("%d members: %v", o.Now, o.Members)
				}
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// A leaver who waits is active still, and is one leaver however often a run holds them.
func TestR21HeldLeaversCountOnce(t *testing.T) {
	limits := sync.Limits{Deactivations: sync.Limit{Percent: 5, Floor: 5}}
	for name, c := range map[string]struct {
		runs []PastRun // a day each
		want []string
	}{
		"others leave later": {
			[]PastRun{{Held: pastLeft(11, 6)}, {Held: pastLeft(17, 1)}, {Held: pastLeft(18, 10)}},
			[]string{"1 23 hours 6+0 of 100: 5", "3 23 hours 10+0 of 100: 5"},
		},
		"on the same day": {
			[]PastRun{{Held: pastLeft(11, 6)}, {Started: pastDay(0).Add(time.Hour), Held: pastLeft(17, 1)}},
			[]string{"1 23 hours 6+0 of 100: 5", "2 23 hours 1+6 of 100: 5"},
		},
		"held again": {
			[]PastRun{{Held: pastLeft(11, 6)}, {Started: pastDay(0).Add(time.Hour), Held: pastLeft(11, 6)}, {Started: pastDay(0).Add(2 * time.Hour), Held: pastLeft(11, 7)}},
			[]string{"1 23 hours 6+0 of 100: 5", "2 23 hours 6+0 of 100: 5", "3 23 hours 7+0 of 100: 5"},
		},
		"approved meanwhile": {
			[]PastRun{{Held: pastLeft(11, 6)}, {Started: pastDay(0).Add(time.Hour), Trigger: sync.Approve, Done: pastLeft(11, 6)}, {Started: pastDay(0).Add(2 * time.Hour), Held: pastLeft(17, 1)}},
			[]string{"1 23 hours 6+0 of 100: 5", "3 23 hours 1+6 of 100: 5"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			var done [][]PastChange
			for i := range c.runs {
				done = append(done, c.runs[i].Done)
			}
			runs, today := pastDays(done...)
			for i := range c.runs {
				runs[i].Held = c.runs[i].Held
				if c.runs[i].Trigger != "" {
					runs[i].Trigger = c.runs[i].Trigger
				}
				if !c.runs[i].Started.IsZero() {
					runs[i].Started = c.runs[i].Started
				}
			}
			var got []string
			for _, o := range TryLimits(runs, today, &limits) {
				got = append(got, fmt.Sprintf("%d %s %d+%d of %d: %d", o.Run, o.Window, o.Now, o.Earlier, o.Of, o.Allowed))
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestR21AllOfTwoOrMore(t *testing.T) {
	runs := []PastRun{{Run: 1, Started: pastDay(0), Trigger: sync.Manual, Done: pastLeft(1, 2)}}
	left := map[int64]PastMember{1: {Managed: true}, 2: {Managed: true}}
	loose := sync.Limits{Deactivations: sync.Limit{Percent: 100, Floor: 50}}
	if got := TryLimits(runs, left, &loose); len(got) != 1 || got[0].Of != 2 {
		t.Errorf("got %+v", got)
	}
	left[3] = PastMember{Active: true, Managed: true}
	if got := TryLimits(runs, left, &loose); got != nil {
		t.Errorf("one stays: got %+v", got)
	}
}
