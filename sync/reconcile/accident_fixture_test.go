package reconcile_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"ringroster/sync"
)

// The stories in the accident tests begin in one company: 17 agent groups of 12 in one
// sub-account, the limit on leavers at 10 % and 5, two quiet days before.

// usualLimits are the defaults.
var usualLimits = sync.Limits{Deactivations: sync.Limit{Percent: 5, Floor: 5}, Onboardings: sync.Limit{Percent: 30, Floor: 20}, Updates: sync.Limit{Percent: 30, Floor: 20}, Administrators: sync.Limit{Percent: 20, Floor: 3}}

// laxLimits are those with which the accidents were found.
var laxLimits = sync.Limits{Deactivations: sync.Limit{Percent: 10, Floor: 5}, Onboardings: sync.Limit{Percent: 30, Floor: 20}, Updates: sync.Limit{Percent: 30, Floor: 20}, Administrators: sync.Limit{Percent: 20, Floor: 3}}

// bothLimits plays a story with either.
func bothLimits(t *testing.T, story func(*testing.T, *world)) {
	t.Helper()
	t.Run("10 % and 5", func(t *testing.T) { story(t, seventeen(t, laxLimits)) })
	t.Run("the default limits", func(t *testing.T) { story(t, seventeen(t, usualLimits)) })
}

// seventeen is the morning after two quiet days. Members 1 to 12 are in group 10, the next
// twelve in group 11, and so on.
func seventeen(t rapid.TB, limits sync.Limits, more ...func(*world)) *world {
	t.Helper()
	w := newWorld()
	w.Policy.Limits = limits
	staff(w)
	for _, add := range more {
		add(w)
	}
	w.today(t)
	if plan := w.tomorrow().today(t); len(plan.Changes)+len(plan.Open) > 0 {
		t.Fatalf("the second day is not quiet: %v", lines(plan))
	}
	return w.tomorrow()
}

func staff(w *world) {
	for g := range 17 {
		w.team(fmt.Sprintf("1/%d", 10+g), g*12, 12)
	}
}

// team adds n agents to a group: those with the numbers from first.
func (w *world) team(place string, first, n int) {
	for i := first; i < first+n; i++ {
		id := fmt.Sprintf("%03d", i+1)
		w.agent(place, "5"+id, "P"+id+" Roy", rc("7"+id))
		w.extension("7"+id, "P"+id+" Roy")
	}
}

// boss makes the agent with a number an administrator, too.
func (w *world) boss(numbers ...int) {
	for _, n := range numbers {
		id := fmt.Sprintf("%03d", n)
		w.admin("3"+id, "P"+id+" Roy", rc("7"+id))
	}
}

// unlist takes agent groups out of the list of their sub-account.
func (w *world) unlist(sub string, groups ...string) {
	s := w.sub(sub)
	s.Groups = slices.DeleteFunc(slices.Clone(s.Groups), func(g sync.Group) bool { return slices.Contains(groups, g.ID) })
}

// shorten leaves the first n rows of a group.
func (w *world) shorten(place string, n int) {
	g := w.group(place)
	g.Agents = slices.Clone(g.Agents[:n])
}

// drop removes the agent records of people, by number, wherever they are.
func (w *world) drop(numbers ...int) {
	for i := range w.Snapshot.SubAccounts {
		for j := range w.Snapshot.SubAccounts[i].Groups {
			g := &w.Snapshot.SubAccounts[i].Groups[j]
			g.Agents = slices.DeleteFunc(slices.Clone(g.Agents), func(a sync.Agent) bool {
				return slices.ContainsFunc(numbers, func(n int) bool { return a.RCUserID == fmt.Sprintf("7%03d", n) })
			})
		}
	}
}

// unlink removes extensions, by number.
func (w *world) dropExtensions(numbers ...int) {
	w.Snapshot.Extensions = slices.DeleteFunc(slices.Clone(w.Snapshot.Extensions), func(e sync.Extension) bool {
		return slices.ContainsFunc(numbers, func(n int) bool { return e.ID == fmt.Sprintf("7%03d", n) })
	})
}

// lists keeps what RingCX lists now; the function gives it back.
func (w *world) lists() (restore func()) {
	admins, subs := slices.Clone(w.Snapshot.Admins), slices.Clone(w.Snapshot.SubAccounts)
	for i := range subs {
		subs[i].Groups = slices.Clone(subs[i].Groups)
	}
	return func() {
		w.Snapshot.Admins, w.Snapshot.SubAccounts = slices.Clone(admins), slices.Clone(subs)
		for i := range subs {
			w.Snapshot.SubAccounts[i].Groups = slices.Clone(subs[i].Groups)
		}
	}
}

// later moves the clock on by less than a day.
func (w *world) later(by time.Duration) *world {
	w.Now = w.Now.Add(by)
	w.Snapshot.TakenAt = w.Now
	return w
}

// inactive are the members that are not active.
func (w *world) inactive() (ids []int64) {
	for _, m := range w.members {
		if m.Status == sync.Inactive {
			ids = append(ids, m.ID)
		}
	}
	return ids
}

// isLeaver says whether the change makes somebody leave.
func isLeaver(h *sync.HeldChange) bool { return h.Kind == sync.Deactivate }

// waiting are the members whose leaving is open in a state.
func (w *world) waiting(state sync.HeldState) (ids []int64) {
	for i := range w.books.state.Open {
		if h := &w.books.state.Open[i]; h.State == state && isLeaver(h) {
			ids = append(ids, h.Member)
		}
	}
	return ids
}

// from are the numbers first to last.
func from(first, last int64) (ids []int64) {
	for id := first; id <= last; id++ {
		ids = append(ids, id)
	}
	return ids
}

// mustStay says that nobody became inactive.
func (w *world) mustStay(t rapid.TB) {
	t.Helper()
	if gone := w.inactive(); gone != nil {
		t.Errorf("on %s inactive: %v", w.Now.Format(time.DateOnly), gone)
	}
}

// daysOn runs some more days and says that nobody leaves on any.
func (w *world) daysOn(t rapid.TB, days int) {
	t.Helper()
	for range days {
		w.tomorrow().today(t)
		w.mustStay(t)
	}
}

// these picks the open changes of members.
func these(members ...int64) func(*sync.HeldChange) bool {
	return func(h *sync.HeldChange) bool { return slices.Contains(members, h.Member) }
}

// reasonsFor are the reasons for which a plan holds anything.
func reasonsFor(plan *sync.Plan) (reasons []string) {
	if plan.Held == nil {
		return nil
	}
	for _, r := range plan.Held.Reasons {
		if !slices.Contains(reasons, string(r.Reason)) {
			reasons = append(reasons, string(r.Reason))
		}
	}
	return reasons
}

// clearing ends rejections.
func (w *world) clearing(t rapid.TB, choose func(*sync.HeldChange) bool) {
	t.Helper()
	var ids []int64
	for i := range w.books.state.Open {
		if h := &w.books.state.Open[i]; h.State == sync.Rejected && (choose == nil || choose(h)) {
			ids = append(ids, h.ID)
		}
	}
	w.end(&sync.Commit{Plan: &sync.Plan{}, Settled: &sync.Settled{Decision: sync.Clear, Held: ids}}, sync.Clear)
}

// withPolicy gives worlds the settings of a test; nil: those they have.
func withPolicy(policy func(*sync.Policy)) func(then func(*world)) func(*world) {
	return func(then func(*world)) func(*world) {
		return func(w *world) {
			if then(w); policy != nil {
				policy(&w.Policy)
			}
		}
	}
}
