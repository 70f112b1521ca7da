package store

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"ringroster/sync"
)

// heldFixture is an account with three people.
type heldFixture struct {
	*testing.T
	s     *Store
	day   time.Time
	who   map[string]*sync.Member
	names map[int64]string
}

func newHeldFixture(t *testing.T) *heldFixture {
	f := &heldFixture{T: t, s: newTestStore(t), day: monday, who: map[string]*sync.Member{}, names: map[int64]string{}}
	p := plan(t, f.s, "acme")
	for _, name := range []string{"Ann", "Bob", "Cy"} {
		f.who[name] = person("acme", name, "Lee")
		p.Changes = append(p.Changes, onboard(f.who[name]))
	}
	apply(t, f.s, f.day, p)
	for name, m := range f.who {
		f.names[m.ID] = name
	}
	return f
}

func (f *heldFixture) held(reason sync.Reason, names ...string) *sync.Held {
	h := &sync.Held{Reasons: []sync.HoldReason{{Reason: sync.ReasonLimit, Detail: fmt.Sprintf("%d would leave", len(names))}}}
	for _, name := range names {
		h.Changes = append(h.Changes, sync.Change{
			Kind: sync.Deactivate, Member: f.who[name].ID, Name: name, Reason: reason, Detail: "nobody reports " + name,
		})
	}
	return h
}

// run commits a whole plan that holds the given people, or nobody.
func (f *heldFixture) run(h *sync.Held) sync.RunID {
	f.day = f.day.AddDate(0, 0, 1)
	p := plan(f.T, f.s, "acme")
	p.Held = h
	return apply(f.T, f.s, f.day, p)
}

func (f *heldFixture) settle(run sync.RunID, decision sync.Trigger, names ...string) error {
	s := &sync.Settled{Run: run, Decision: decision}
	for _, name := range names {
		s.Members = append(s.Members, f.who[name].ID)
	}
	return f.s.Commit(f.Context(), &sync.Commit{
		Run: beginRun(f.T, f.s, f.day, "acme", decision), Account: "acme", FinishedAt: f.day, Status: sync.Succeeded,
		Plan: plan(f.T, f.s, "acme"), Settled: s,
	})
}

// want checks the open set, as "run: name state, …", and that State agrees.
func (f *heldFixture) want(want ...string) {
	f.Helper()
	sets, err := f.s.Held(f.Context())
	if err != nil {
		f.Fatal(err)
	}
	var got []string
	open := map[int64]sync.Reason{}
	for _, set := range sets {
		for _, m := range set.Members {
			got = append(got, fmt.Sprintf("%d: %s %s", set.RunID, f.names[m.MemberID], m.State))
			if m.State == "open" {
				open[m.MemberID] = m.Reason
			}
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		f.Error(diff)
	}
	state, err := f.s.State(f.Context(), "acme", f.day)
	if err != nil {
		f.Fatal(err)
	}
	if (state.Held == nil) != (len(sets) == 0) || state.Held != nil && cmp.Diff(open, state.Held.Members) != "" {
		f.Errorf("State.Held is %+v beside %+v", state.Held, sets)
	}
}

func TestR25HeldSetLifeCycle(t *testing.T) {
	f := newHeldFixture(t)
	first := f.run(f.held(sync.ReasonRemoved, "Ann", "Bob"))
	f.want("2: Ann open", "2: Bob open")

	again := f.held(sync.ReasonRemoved, "Bob", "Ann")
	f.run(again)
	f.want("2: Ann open", "2: Bob open")
	if again.Run != first {
		t.Errorf("the same members are held as run %d, want %d", again.Run, first)
	}

	other := f.run(f.held(sync.ReasonRemoved, "Ann", "Cy"))
	f.want("4: Ann open", "4: Cy open")

	last := f.run(f.held(sync.ReasonDisabled, "Ann", "Cy")) // same people, not what was shown
	f.want("5: Ann open", "5: Cy open")
	for _, run := range []sync.RunID{first, other} {
		sets, err := f.s.HeldByRun(t.Context(), run)
		if err != nil || len(sets) != 1 || sets[0].State != "superseded" || *sets[0].SupersededBy != last {
			t.Errorf("set of run %d: %+v, %v; want superseded by %d", run, sets, err, last)
		}
	}
	f.run(nil)
	f.want()
}

func TestR25HeldSetTellsWhoAndWhy(t *testing.T) {
	f := newHeldFixture(t)
	run := f.run(f.held(sync.ReasonRemoved, "Ann"))
	sets, err := f.s.Held(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	want := []HeldSet{{
		RunID: run, Account: "acme", Job: sync.JobMembers, State: "open", OpenedAt: "2026-11-24T03:00:00Z", Contacts: []HeldMember{},
		Reasons: []sync.HoldReason{{Reason: sync.ReasonLimit, Detail: "1 would leave"}},
		Members: []HeldMember{{
			MemberID: f.who["Ann"].ID, FirstName: "Ann", LastName: "Lee", Email: "Ann@example.com",
			Reason: sync.ReasonRemoved, Detail: "nobody reports Ann", State: "open",
		}},
	}}
	if diff := cmp.Diff(want, sets); diff != "" {
		t.Error(diff)
	}
	rows, err := f.s.Run(t.Context(), run)
	if err != nil || len(rows) != 1 || string(rows[0].HeldReasons) != `[{"reason":"limit","detail":"1 would leave"}]` {
		t.Errorf("run: %+v, %v", rows, err)
	}
}

func TestAHeldSetTellsWhatIsLeftBehindToday(t *testing.T) {
	f := newHeldFixture(t)
	details := func() (details []string) {
		sets, err := f.s.Held(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range sets[0].Members {
			details = append(details, m.Detail)
		}
		return details
	}
	day := func(supervises ...string) {
		h := f.held(sync.ReasonRemoved, "Ann", "Bob")
		for _, what := range supervises {
			h.Changes[0].Leaves = append(h.Changes[0].Leaves, sync.Left{What: sync.LeftSupervised, Detail: "supervises " + what})
		}
		f.run(h)
	}
	for _, today := range []struct {
		supervises []string
		want       string
	}{
		{[]string{"Cy", "Dee"}, "nobody reports Ann; leaves behind: supervises Cy; supervises Dee"},
		{[]string{"Cy"}, "nobody reports Ann; leaves behind: supervises Cy"},
		{nil, "nobody reports Ann"},
	} {
		day(today.supervises...)
		if diff := cmp.Diff([]string{today.want, "nobody reports Bob"}, details()); diff != "" {
			t.Error(diff)
		}
	}
}

// What is left behind names others: no held set may do so once one of them was
// forgotten.
func TestAHeldSetNamesNobodyWhoWasForgotten(t *testing.T) {
	f := newHeldFixture(t)
	h := f.held(sync.ReasonRemoved, "Ann", "Bob")
	h.Changes[0].Leaves = []sync.Left{{What: sync.LeftSupervised, Detail: "supervises 1 agent who remains: Cy Lee"}}
	run := f.run(h)
	p := plan(t, f.s, "acme")
	p.Forget = []*sync.Member{f.who["Cy"]}
	err := f.s.Commit(t.Context(), &sync.Commit{
		Run: beginRun(t, f.s, f.day, "acme", sync.ByHand), Account: "acme", FinishedAt: f.day, Status: sync.Succeeded, Plan: p,
	})
	if err != nil {
		t.Fatal(err)
	}
	sets, err := f.s.HeldByRun(t.Context(), run)
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []string{"nobody reports Ann", "nobody reports Bob"} {
		if got := sets[0].Members[i].Detail; got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

func TestR25PartialPlansLeaveTheHeldSetAlone(t *testing.T) {
	f := newHeldFixture(t)
	run := f.run(f.held(sync.ReasonRemoved, "Ann"))
	for _, h := range []*sync.Held{nil, f.held(sync.ReasonRemoved, "Bob")} {
		p := plan(t, f.s, "acme")
		p.Held = h
		err := f.s.Commit(t.Context(), &sync.Commit{
			Run: beginRun(t, f.s, f.day, "acme", sync.Manual), Account: "acme", FinishedAt: f.day,
			Status: sync.Succeeded, Plan: p,
		})
		if err != nil {
			t.Fatal(err)
		}
		f.want(fmt.Sprintf("%d: Ann open", run))
	}
}

func TestR25SettlingSomeAndAll(t *testing.T) {
	f := newHeldFixture(t)
	run := f.run(f.held(sync.ReasonRemoved, "Ann", "Bob", "Cy"))
	if err := f.settle(run, sync.Approve, "Ann"); err != nil {
		t.Fatal(err)
	}
	f.want("2: Ann approved", "2: Bob open", "2: Cy open")

	rest := f.held(sync.ReasonRemoved, "Bob", "Cy")
	f.run(rest)
	if rest.Run != run {
		t.Errorf("what is left is held as run %d, want %d", rest.Run, run)
	}
	if err := f.settle(run, sync.Reject, "Bob", "Cy"); err != nil {
		t.Fatal(err)
	}
	f.want()
	sets, err := f.s.HeldByRun(t.Context(), run)
	if err != nil || len(sets) != 1 || sets[0].State != "closed" || sets[0].Members[2].State != "rejected" {
		t.Errorf("settled set: %+v, %v", sets, err)
	}
}

func TestR25SettlingASupersededSetIsRefused(t *testing.T) {
	f := newHeldFixture(t)
	old := f.run(f.held(sync.ReasonRemoved, "Ann"))
	f.run(f.held(sync.ReasonRemoved, "Ann", "Bob"))
	if err := f.settle(old, sync.Approve, "Ann"); !errors.Is(err, sync.ErrMoved) {
		t.Errorf("%v, want ErrMoved", err)
	}
	f.want("3: Ann open", "3: Bob open")
}

func TestR21RecentLeavers(t *testing.T) {
	f := newHeldFixture(t)
	leave := func(at time.Time, trigger sync.Trigger, name string) {
		t.Helper()
		err := f.s.Commit(t.Context(), &sync.Commit{
			Run: beginRun(t, f.s, at, "acme", trigger), Account: "acme", FinishedAt: at, Status: sync.Succeeded,
			Plan: plan(t, f.s, "acme", deactivate(f.who[name], sync.ReasonRemoved)),
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	leave(monday, sync.Scheduled, "Ann")
	leave(monday.Add(12*time.Hour), sync.Approve, "Bob")
	leave(monday.Add(12*time.Hour), sync.Undoing, "Cy")
	for after, want := range map[time.Duration]int{
		13 * time.Hour: 2,
		24 * time.Hour: 1, // a day later the first does not count any more
		36 * time.Hour: 0,
	} {
		state, err := f.s.State(t.Context(), "acme", monday.Add(after))
		if err != nil || state.RecentLeavers != want {
			t.Errorf("%s later: %d recent leavers, %v; want %d", after, state.RecentLeavers, err, want)
		}
	}
}
