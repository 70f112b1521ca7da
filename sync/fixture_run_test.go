package sync

import (
	"slices"
	"strings"

	"pgregory.net/rapid"
)

// sync plans and applies, as a run does.
func (w *world) sync(t rapid.TB) *Plan {
	t.Helper()
	plan := w.plan(t)
	w.members = apply(plan, w.members, &w.lastID)
	return plan
}

// today makes a full run as the service does, with all that a commit books, at the time of
// w.Now; tomorrow moves that on.
func (w *world) today(t rapid.TB) *Plan {
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
func (w *world) approve(t rapid.TB, run RunID, choose func(*HeldChange) bool) *Plan {
	t.Helper()
	return w.commit(t, w.shown(run, choose))
}

// shown are the numbers of what waits and was shown by a run or an earlier one.
func (w *world) shown(run RunID, choose func(*HeldChange) bool) []int64 {
	ids := []int64{}
	for i := range w.books.state.Open {
		h := &w.books.state.Open[i]
		if h.State == Waiting && h.Run <= run && (choose == nil || choose(h)) {
			ids = append(ids, h.ID)
		}
	}
	return ids
}

// reject refuses what a run, or an earlier one, showed.
func (w *world) reject(t rapid.TB, run RunID, choose func(*HeldChange) bool) {
	t.Helper()
	w.end(&Commit{Plan: &Plan{}, Settled: &Settled{Decision: Reject, Held: w.shown(run, choose)}}, Reject)
}

func (w *world) commit(t rapid.TB, approved []int64) *Plan {
	t.Helper()
	in := w.Input
	in.State = w.state()
	in.Members, in.Approved = w.stream, approved
	plan, err := MakePlan(in)
	if err != nil {
		t.Fatalf("MakePlan: %v", err)
	}
	if approved == nil {
		mustKeepLaws(t, plan, w.members)
	}
	c := &Commit{Plan: plan, Full: approved == nil, TakenAt: w.Snapshot.TakenAt, Identity: w.Snapshot.Identity}
	trigger := Scheduled
	c.Settings = Accept(&w.Policy, w.Snapshot)
	if !c.Full {
		trigger = Approve
		c.Settled = &Settled{Decision: Approve, Held: plan.Released, Renewed: plan.Renewed}
	}
	w.end(c, trigger)
	return plan
}

// state is what a plan sees that begins now.
func (w *world) state() State {
	state := w.books.at(w.Now, w.members)
	if w.twin != nil {
		w.twin.mustKnow(&state, w.members, w.Now)
	}
	return state
}

// end is the end of a run: what it plans is done, and booked.
func (w *world) end(c *Commit, trigger Trigger) {
	w.lastRun++
	c.Run, c.Account, c.FinishedAt = w.lastRun, w.Snapshot.Account, w.Now
	if w.twin != nil {
		w.twin.end(*c, trigger)
	}
	before := w.lastID
	w.members = apply(c.Plan, w.members, &w.lastID)
	ids := map[string]int64{}
	for i := range c.Plan.Changes {
		if c.Plan.Changes[i].Kind == Onboard {
			before++
			ids[c.Plan.Changes[i].Person] = before
		}
	}
	w.books.book(c, trigger, w.Now, ids)
}

// rejected notes that an operator refused a deactivation of a member.
func (w *world) rejected(member int64, reason Reason) {
	w.State.Open = append(w.State.Open, HeldChange{
		ID: member, Run: 1, State: Rejected, Kind: Deactivate, Member: member, Field: statusField,
		Before: string(Active), After: string(Inactive), Reason: reason,
	})
}

// edit carries out an operator's edit.
func (w *world) edit(t rapid.TB, edit Edit) {
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
	w.end(&Commit{Plan: plan, Settled: settled}, ByHand)
	w.State.Open = w.books.state.Open
}

// tryEdit plans an operator's edit.
func (w *world) tryEdit(edit Edit) (*Plan, error) {
	plan, _, err := edit(w.State, slices.Values(w.members))
	return plan, err
}

// member finds the member with an id, to be looked at or edited by hand.
func (w *world) member(id int64) *Member {
	at := slices.IndexFunc(w.members, func(m *Member) bool { return m.ID == id })
	return w.members[at]
}

// imported adds a member by hand, as an operator or SQL does: never linked.
func (w *world) imported(name string, edit func(*Member)) {
	w.lastID++
	m := &Member{ID: w.lastID, Account: "acme", Status: Active, Managed: true}
	m.Profile[FirstName], m.Profile[LastName], _ = strings.Cut(name, " ")
	m.Profile[Email] = strings.ToLower(m.Profile[FirstName]) + "@example.com"
	if edit != nil {
		edit(m)
	}
	w.members = append(w.members, m)
}

// apply writes what a plan writes: the changes and the marks, never what is held.
func apply(plan *Plan, members []*Member, lastID *int64) []*Member {
	byID := map[int64]int{}
	after := make([]*Member, len(members))
	for i, m := range members {
		byID[m.ID], after[i] = i, m
	}
	write := func(m *Member) {
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
