package reconcile_test

import (
	"slices"
	"strings"

	"pgregory.net/rapid"

	"ringroster/sync"
	"ringroster/sync/guard"
	"ringroster/sync/plan"
)

// sync plans and applies, as a run does.
func (w *world) sync(t rapid.TB) *sync.Plan {
	t.Helper()
	plan := w.plan(t)
	w.members = apply(plan, w.members, &w.lastID)
	return plan
}

// today makes a full run as the service does, with all that a commit books, at the time of
// w.Now; tomorrow moves that on.
func (w *world) today(t rapid.TB) *sync.Plan {
	t.Helper()
	return w.commit(t, nil)
}

func (w *world) tomorrow() *world {
	w.Now = w.Now.AddDate(0, 0, 1)
	w.Snapshot.TakenAt = w.Now
	return w
}

// approve applies the open changes with the given run numbers or earlier ones, as far as
// choose (nil: all) picks them.
func (w *world) approve(t rapid.TB, run sync.RunID, choose func(*sync.HeldChange) bool) *sync.Plan {
	t.Helper()
	return w.commit(t, w.shown(run, choose))
}

// shown are the numbers of what waits and was shown by a run or an earlier one.
func (w *world) shown(run sync.RunID, choose func(*sync.HeldChange) bool) []int64 {
	ids := []int64{}
	for i := range w.books.state.Open {
		h := &w.books.state.Open[i]
		if h.State == sync.Waiting && h.Run <= run && (choose == nil || choose(h)) {
			ids = append(ids, h.ID)
		}
	}
	return ids
}

// reject refuses what a run, or an earlier one, showed.
func (w *world) reject(t rapid.TB, run sync.RunID, choose func(*sync.HeldChange) bool) {
	t.Helper()
	w.end(&sync.Commit{Plan: &sync.Plan{}, Settled: &sync.Settled{Decision: sync.Reject, Held: w.shown(run, choose)}}, sync.Reject)
}

func (w *world) commit(t rapid.TB, approved []int64) *sync.Plan {
	t.Helper()
	in := w.Input
	in.State = w.state()
	in.Members, in.Approved = w.stream, approved
	plan, err := plan.Make(in)
	if err != nil {
		t.Fatalf("MakePlan: %v", err)
	}
	if approved == nil {
		mustKeepLaws(t, plan, w.members)
	}
	c := &sync.Commit{Plan: plan, Full: approved == nil, TakenAt: w.Snapshot.TakenAt, Identity: w.Snapshot.Identity}
	trigger := sync.Scheduled
	c.Settings = guard.Accept(&w.Policy, w.Snapshot)
	if !c.Full {
		trigger = sync.Approve
		c.Settled = &sync.Settled{Decision: sync.Approve, Held: plan.Released, Renewed: plan.Renewed}
	}
	w.end(c, trigger)
	return plan
}

// state is what a plan sees that begins now.
func (w *world) state() sync.State {
	state := w.books.at(w.Now, w.members)
	if w.twin != nil {
		w.twin.mustKnow(&state, w.members, w.Now)
	}
	return state
}

// end is the end of a run: what it plans is done, and booked.
func (w *world) end(c *sync.Commit, trigger sync.Trigger) {
	w.lastRun++
	c.Run, c.Account, c.FinishedAt = w.lastRun, w.Snapshot.Account, w.Now
	if w.twin != nil {
		w.twin.end(*c, trigger)
	}
	before := w.lastID
	w.members = apply(c.Plan, w.members, &w.lastID)
	ids := map[string]int64{}
	for i := range c.Plan.Changes {
		if c.Plan.Changes[i].Kind == sync.Onboard {
			before++
			ids[c.Plan.Changes[i].Person] = before
		}
	}
	w.books.book(c, trigger, w.Now, ids)
}

// rejected notes that an operator refused a deactivation of a member.
func (w *world) rejected(member int64, reason sync.Reason) {
	w.State.Open = append(w.State.Open, sync.HeldChange{
		ID: member, Run: 1, State: sync.Rejected, Kind: sync.Deactivate, Member: member, Field: sync.StatusField,
		Before: string(sync.Active), After: string(sync.Inactive), Reason: reason,
	})
}

// edit carries out an operator's edit.
func (w *world) edit(t rapid.TB, edit sync.Edit) {
	t.Helper()
	state := w.State
	if w.books.state.Version > 0 {
		state.Open = w.books.state.Open
	}
	plan, settled, err := edit(state, slices.Values(w.members))
	if err != nil {
		t.Fatalf("edit: %v", err)
	}
	if settled == nil && w.books.state.Version == 0 {
		w.members = apply(plan, w.members, &w.lastID)
		return
	}
	w.end(&sync.Commit{Plan: plan, Settled: settled}, sync.ByHand)
	w.State.Open = w.books.state.Open
}

// tryEdit plans an operator's edit.
func (w *world) tryEdit(edit sync.Edit) (*sync.Plan, error) {
	plan, _, err := edit(w.State, slices.Values(w.members))
	return plan, err
}

// member finds the member with an id, to be looked at or edited by hand.
func (w *world) member(id int64) *sync.Member {
	at := slices.IndexFunc(w.members, func(m *sync.Member) bool { return m.ID == id })
	return w.members[at]
}

// imported adds a member by hand, as an operator or SQL does: never linked.
func (w *world) imported(name string, edit func(*sync.Member)) {
	w.lastID++
	m := &sync.Member{ID: w.lastID, Account: "acme", Status: sync.Active, Managed: true}
	m.Profile[sync.FirstName], m.Profile[sync.LastName], _ = strings.Cut(name, " ")
	m.Profile[sync.Email] = strings.ToLower(m.Profile[sync.FirstName]) + "@example.com"
	if edit != nil {
		edit(m)
	}
	w.members = append(w.members, m)
}

// apply writes what a plan writes: the changes and the marks, never what is held.
func apply(plan *sync.Plan, members []*sync.Member, lastID *int64) []*sync.Member {
	byID := map[int64]int{}
	after := make([]*sync.Member, len(members))
	for i, m := range members {
		byID[m.ID], after[i] = i, m
	}
	write := func(m *sync.Member) {
		next := *m
		next.Logins = slices.Clone(m.Logins)
		if next.ID == 0 {
			*lastID++
			next.ID = *lastID
			after = append(after, &next)
			return
		}
		after[byID[next.ID]] = &next
	}
	for _, m := range plan.Marks {
		write(m)
	}
	for i := range plan.Changes {
		write(plan.Changes[i].Next())
	}
	return after
}
