package store

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"ringroster/store/heldrows"
	"ringroster/sync"
)

// heldFixture is an account with three people.
type heldFixture struct {
	*testing.T
	s     *Store
	day   time.Time
	who   map[string]*sync.Member
	names map[int64]string
	scope string // of the last day
}

func newHeldFixture(t *testing.T) *heldFixture {
	f := &heldFixture{T: t, s: newTestStore(t), day: monday, who: map[string]*sync.Member{}, names: map[int64]string{}}
	p := planOf(t, f.s, "acme")
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

// leaver is a deactivation that waits, new in a plan, for the reasons given, else the limit.
func (f *heldFixture) leaver(name string, why ...sync.Reason) sync.HeldChange {
	h := sync.HeldChange{
		State: sync.Waiting, Kind: sync.Deactivate, Field: "status", Member: f.who[name].ID,
		Before: "active", After: "inactive", Name: name + " Lee", Email: name + "@example.com",
		Reason: sync.ReasonRemoved, Detail: "nobody reports " + name, Since: f.day.AddDate(0, 0, 1),
	}
	if why == nil {
		why = []sync.Reason{sync.ReasonLimit}
	}
	for _, reason := range why {
		h.Why = append(h.Why, sync.HoldReason{Reason: reason, Detail: "so it is"})
	}
	return h
}

func (f *heldFixture) update(name, field, after string) sync.HeldChange {
	h := f.leaver(name, sync.ReasonUpdateLimit)
	h.Kind, h.Field, h.Before, h.After, h.Reason = sync.Update, field, "Lee", after, sync.ReasonSource
	return h
}

func (f *heldFixture) arrival(keys ...string) sync.HeldChange {
	return sync.HeldChange{
		State: sync.Waiting, Kind: sync.Onboard, Person: keys[0], IDs: keys, Name: "New Comer", Email: "new@example.com",
		Reason: sync.ReasonNew, Since: f.day.AddDate(0, 0, 1), Why: []sync.HoldReason{{Reason: sync.ReasonOnboardLimit, Detail: "so it is"}},
	}
}

// whole commits a full run, a day later, that leaves these open.
func (f *heldFixture) whole(open ...sync.HeldChange) sync.RunID {
	f.Helper()
	return f.wholeWith("", open...)
}

// wholeWith is whole with a scope among the settings; "": without settings.
func (f *heldFixture) wholeWith(scope string, open ...sync.HeldChange) sync.RunID {
	f.Helper()
	f.day = f.day.AddDate(0, 0, 1)
	p := planOf(f.T, f.s, "acme")
	p.Open = open
	c := &sync.Commit{
		Run: beginRun(f.T, f.s, f.day, "acme", sync.Scheduled), Account: "acme", FinishedAt: f.day, Status: sync.HeldRun,
		Plan: p, Full: true, TakenAt: f.day,
	}
	f.scope = scope
	c.Settings = f.settings()
	if err := f.s.Commit(f.Context(), c); err != nil {
		f.Fatal(err)
	}
	return c.Run
}

// settings are those of the last day.
func (f *heldFixture) settings() *sync.Accepted {
	if f.scope == "" {
		return nil
	}
	return &sync.Accepted{Settings: map[string]string{"scope": `"` + f.scope + `"`}}
}

func (f *heldFixture) settle(decision sync.Trigger, ids ...int64) error {
	return f.decide(&sync.Settled{Decision: decision, Held: ids})
}

func (f *heldFixture) decide(settled *sync.Settled) error {
	trigger := settled.Decision
	if trigger == sync.Clear {
		trigger = sync.Reject
	}
	return f.s.Commit(f.Context(), &sync.Commit{
		Run: f.begin(trigger), Account: "acme", FinishedAt: f.day, Status: sync.Succeeded,
		Plan: planOf(f.T, f.s, "acme"), Settled: settled, Settings: f.settings(),
	})
}

func (f *heldFixture) begin(trigger sync.Trigger) sync.RunID {
	run, err := f.s.Begin(f.Context(), sync.Run{
		Accounts: []string{"acme"}, Trigger: trigger, Actor: "chief", OnBehalfOf: "wfm-sync", Note: "asked them", StartedAt: f.day,
	})
	if err != nil {
		f.Fatal(err)
	}
	return run
}

// open is what the next plan is made with.
func (f *heldFixture) open() []sync.HeldChange {
	f.Helper()
	state, err := f.s.State(f.Context(), "acme", f.day)
	if err != nil {
		f.Fatal(err)
	}
	return state.Open
}

func (f *heldFixture) accepted() string {
	state, err := f.s.State(f.Context(), "acme", f.day)
	if err != nil {
		f.Fatal(err)
	}
	return strings.Trim(state.Accepted["scope"], `"`)
}

// id is the number of the open change about somebody's status.
func (f *heldFixture) id(name string) int64 {
	f.Helper()
	for _, h := range f.open() {
		if h.Member == f.who[name].ID && h.Field == "status" {
			return h.ID
		}
	}
	f.Fatalf("nothing is open about %s", name)
	return 0
}

// rows are all held changes as Held tells them: "run: who field state", in order.
func (f *heldFixture) rows(filter heldrows.Filter) (rows []string) {
	f.Helper()
	all, err := f.s.Held(f.Context(), filter)
	if err != nil {
		f.Fatal(err)
	}
	for _, h := range all {
		who := h.Person
		if h.MemberID != nil {
			who = f.names[*h.MemberID]
		}
		row := fmt.Sprintf("%d: %s %s %s", h.RunID, who, h.Field, h.State)
		if h.DecidedAt != nil {
			row += fmt.Sprintf(" by %s in run %d", h.DecidedBy, *h.DecidedRun)
		}
		rows = append(rows, row)
	}
	return rows
}

// want checks everything there is and was.
func (f *heldFixture) want(want ...string) {
	f.Helper()
	everything := heldrows.Filter{States: []string{"waiting", "suspect", "rejected", "approved", "ended"}}
	if diff := cmp.Diff(want, f.rows(everything)); diff != "" {
		f.Error(diff)
	}
}

func TestR25PartialPlansLeaveTheOpenSetAlone(t *testing.T) {
	f := newHeldFixture(t)
	f.whole(f.leaver("Ann"))
	f.whole(append(f.open(), f.leaver("Bob"))...)
	p := planOf(t, f.s, "acme")
	p.Held = &sync.Held{Changes: []sync.Change{{Kind: sync.Deactivate, Member: f.who["Ann"].ID}}}
	err := f.s.Commit(t.Context(), &sync.Commit{
		Run: f.begin(sync.Manual), Account: "acme", FinishedAt: f.day, Status: sync.HeldRun, Plan: p,
	})
	if err != nil || p.Held.Run != 3 {
		t.Errorf("%v; what waits can be approved as run %d, want 3", err, p.Held.Run)
	}
	f.want("2: Ann status waiting", "3: Bob status waiting")
}

func TestR25Decisions(t *testing.T) {
	f := newHeldFixture(t)
	f.whole(f.leaver("Ann"), f.leaver("Bob"), f.leaver("Cy"))
	ann, bob, cy := f.id("Ann"), f.id("Bob"), f.id("Cy")
	if err := f.settle(sync.Approve, ann, ann); err != nil {
		t.Fatal(err)
	}
	if err := f.settle(sync.Reject, bob, cy); err != nil {
		t.Fatal(err)
	}
	f.want("2: Bob status rejected by chief in run 4", "2: Cy status rejected by chief in run 4", "2: Ann status approved by chief in run 3")
	// R26: who was cleared is suspect; that they were rejected stays told.
	if err := f.settle(sync.Clear, cy); err != nil {
		t.Fatal(err)
	}
	f.want("5: Cy status suspect", "2: Bob status rejected by chief in run 4",
		"2: Ann status approved by chief in run 3", "2: Cy status ended by chief in run 4")
	for name, settled := range map[string]*sync.Settled{
		"approved twice":       {Decision: sync.Approve, Held: []int64{ann}},
		"rejected, approved":   {Decision: sync.Approve, Held: []int64{bob}},
		"rejected twice":       {Decision: sync.Reject, Held: []int64{bob}},
		"cleared twice":        {Decision: sync.Clear, Held: []int64{cy}},
		"one of two is there":  {Decision: sync.Clear, Held: []int64{bob, 99}},
		"nothing has a number": {Decision: sync.Reject, Held: []int64{0}},
	} {
		if err := f.decide(settled); !errors.Is(err, sync.ErrMoved) {
			t.Errorf("%s: %v, want ErrMoved", name, err)
		}
	}
}

// R25: another account's rows, or the other job's, are none of a commit's business.
func TestR25DecisionsAreOfOneAccount(t *testing.T) {
	f := newHeldFixture(t)
	f.whole(f.leaver("Ann"))
	id := f.id("Ann")
	apply(t, f.s, f.day, planOf(t, f.s, "beta", onboard(person("beta", "Eve", "Lee"))))
	err := f.s.Commit(t.Context(), &sync.Commit{
		Run: beginRun(t, f.s, f.day, "beta", sync.Approve), Account: "beta", FinishedAt: f.day, Status: sync.Succeeded,
		Plan: planOf(t, f.s, "beta"), Settled: &sync.Settled{Decision: sync.Approve, Held: []int64{id}},
	})
	if !errors.Is(err, sync.ErrMoved) {
		t.Errorf("%v, want ErrMoved", err)
	}
	f.want("2: Ann status waiting")
}

// R29: undoing a deactivation rejects it, whatever was open about the member's status.
func TestR29UndoingRejects(t *testing.T) {
	f := newHeldFixture(t)
	suspect := f.leaver("Ann")
	suspect.State = sync.Suspect
	f.whole(suspect, f.update("Ann", "last_name", "Ng"))
	refusal := f.leaver("Ann", sync.ReasonUndone)
	refusal.State, refusal.Since = sync.Rejected, time.Time{}
	bob := f.leaver("Bob")
	bob.State = sync.Rejected
	if err := f.decide(&sync.Settled{Decision: sync.Reject, New: []sync.HeldChange{refusal, bob}}); err != nil {
		t.Fatal(err)
	}
	f.want("2: Ann last_name waiting", "3: Ann status rejected by chief in run 3", "3: Bob status rejected by chief in run 3", "2: Ann status ended")
	if got := f.open()[1]; got.State != sync.Rejected || !got.Since.Equal(f.day) {
		t.Errorf("the rejection is %+v", got)
	}
}

// R25: an edit can make somebody suspect, who is then nobody's decision.
func TestR25AttachingMakesSuspect(t *testing.T) {
	f := newHeldFixture(t)
	suspect := f.leaver("Ann", sync.ReasonAttached)
	suspect.State, suspect.Since = sync.Suspect, time.Time{}
	if err := f.decide(&sync.Settled{Decision: sync.ByHand, New: []sync.HeldChange{suspect}}); err != nil {
		t.Fatal(err)
	}
	f.want("2: Ann status suspect")
	if got := f.open()[0]; !got.Since.Equal(f.day) {
		t.Errorf("since %s", got.Since)
	}
}

func TestHeldTellsEverything(t *testing.T) {
	f := newHeldFixture(t)
	run := f.whole(f.leaver("Ann"))
	if err := f.settle(sync.Reject, f.id("Ann")); err != nil {
		t.Fatal(err)
	}
	h := f.open()
	h[0].PresentOn, h[0].PresentDays = "2026-11-24", 1
	f.whole(h...)
	got, err := f.s.Held(t.Context(), heldrows.Filter{})
	if err != nil {
		t.Fatal(err)
	}
	want := []heldrows.Row{{
		HeldID: 1, RunID: run, Account: "acme", Job: sync.JobMembers, MemberID: new(f.who["Ann"].ID), IDs: []string{},
		Kind: sync.Deactivate, Field: "status", Before: "active", After: "inactive", Name: "Ann Lee", Email: "Ann@example.com",
		Reason: sync.ReasonRemoved, Detail: "nobody reports Ann", Why: []sync.HoldReason{{Reason: sync.ReasonLimit, Detail: "so it is"}},
		HeldSince: "2026-11-24T03:00:00Z", State: "rejected",
		DecidedAt: new("2026-11-24T03:00:00Z"), DecidedBy: "chief", OnBehalfOf: "wfm-sync", Note: "asked them", DecidedRun: new(sync.RunID(3)),
		PresentDays: 1,
	}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	view := rowsAs(t, f.s, `SELECT run_id, member_id, kind, field, before, after, reason, decision, decided_by, note FROM roster_held ORDER BY 1`)
	if diff := cmp.Diff([]string{"2|1|deactivate|status|active|inactive|removed|rejected|chief|asked them"}, view); diff != "" {
		t.Error("the view:", diff)
	}
}

func TestHeldFilters(t *testing.T) {
	f := newHeldFixture(t)
	f.whole(f.leaver("Ann"), f.leaver("Bob"), f.arrival("rc:900"))
	suspect := f.update("Ann", "email", "x@example.com")
	suspect.State = sync.Suspect
	f.whole(append(f.open(), f.leaver("Cy"), suspect)...)
	importContacts(t, f.s, f.day, nil, contact("1", "Ann", "Lee"), contact("2", "Bea", "Ng"))
	for i, name := range []string{"Ann", "Bob"} {
		decision := []sync.Trigger{sync.Approve, sync.Reject}[i]
		f.day = f.day.Add(time.Minute)
		if err := f.settle(decision, f.id(name)); err != nil {
			t.Fatal(err)
		}
	}
	f.day = f.day.Add(time.Minute)
	if err := f.settle(sync.Clear, f.id("Bob")); err != nil { // run 7
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		filter heldrows.Filter
		want   []string
	}{
		"all that is open":         {heldrows.Filter{}, []string{"2: rc:900  waiting", "3: Cy status waiting", "3: Ann email suspect", "7: Bob status suspect"}},
		"what waits":               {heldrows.Filter{States: []string{"waiting"}}, []string{"2: rc:900  waiting", "3: Cy status waiting"}},
		"a member":                 {heldrows.Filter{Member: f.who["Ann"].ID}, []string{"3: Ann email suspect"}},
		"a member, with decisions": {heldrows.Filter{Member: f.who["Ann"].ID, Decided: 5}, []string{"3: Ann email suspect", "2: Ann status approved by chief in run 5"}},
		"the last decision":        {heldrows.Filter{States: []string{"waiting"}, Decided: 1}, []string{"2: rc:900  waiting", "3: Cy status waiting", "2: Bob status ended by chief in run 6"}},
		"another account":          {heldrows.Filter{Account: "beta", Decided: 5}, nil},
		"the other job":            {heldrows.Filter{Job: sync.JobContacts, Decided: 5}, nil},
		"this one": {
			heldrows.Filter{Account: "acme", Job: sync.JobMembers, States: []string{"waiting"}, Decided: 9},
			[]string{"2: rc:900  waiting", "3: Cy status waiting", "2: Ann status approved by chief in run 5", "2: Bob status ended by chief in run 6"},
		},
	} {
		if diff := cmp.Diff(c.want, f.rows(c.filter)); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

func TestARunTellsWhatItHolds(t *testing.T) {
	f := newHeldFixture(t)
	p := planOf(t, f.s, "acme")
	p.Held = &sync.Held{Reasons: []sync.HoldReason{{Reason: sync.ReasonLimit, Detail: "1 would leave"}}}
	p.Summary.Held, p.Open = 1, []sync.HeldChange{f.leaver("Ann")}
	run := apply(t, f.s, f.day, p)
	rows, err := f.s.Run(t.Context(), run)
	if err != nil || len(rows) != 1 || rows[0].Held != 1 || string(rows[0].HeldReasons) != `[{"reason":"limit","detail":"1 would leave"}]` {
		t.Errorf("run: %+v, %v", rows, err)
	}
	if p.Held.Run != run || p.Open[0].Run != run || p.Open[0].ID != 1 {
		t.Errorf("the plan holds as run %d, the change is number %d of run %d", p.Held.Run, p.Open[0].ID, p.Open[0].Run)
	}
}
