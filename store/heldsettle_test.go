package store

import (
	"strings"
	"testing"

	"ringroster/sync"
	"ringroster/sync/contacts"
)

// TestR23AcceptedSettings: which settings the next run is compared with, after each step.
// A day is a full run with these settings; it holds those named, for the
// settings ("Ann*", "Ann**" as out of scope) or for the limit alone ("Ann"), as well as whoever is
// open already, and ends what is given by "-Ann". Decisions are made with the settings of the last
// day. "undo Ann" is what undoing her approval leaves: a rejection.
func TestR23AcceptedSettings(t *testing.T) {
	type step struct {
		what string // "day a: …", "approve …", "reject …"
		want string
	}
	for name, steps := range map[string][]step{
		"the first success with nothing held": {{"day a:", "a"}},
		"nothing held for the settings":       {{"day a: Ann", "a"}, {"day b: Bob", "b"}},
		"held, then approved": {
			{"day a:", "a"}, {"day b: Ann* Bob*", "a"}, {"approve Ann", "a"}, {"approve Bob", "b"},
		},
		"held, then rejected": {
			{"day a:", "a"}, {"day b: Ann* Bob*", "a"}, {"approve Ann", "a"}, {"reject Bob", "a"}, {"day b:", "b"},
		},
		"held, then ended by itself, and the rest is approved": {
			{"day a:", "a"}, {"day b: Ann* Bob*", "a"}, {"day b: -Ann", "a"}, {"approve Bob", "a"}, {"day b:", "b"},
		},
		"held, and put back before the approval": {
			{"day a:", "a"}, {"day b: Ann* Bob*", "a"}, {"day a: -Ann", "a"}, {"approve Bob", "a"}, {"day a:", "a"},
		},
		"all of one reason rejected": {
			{"day a:", "a"}, {"day b: Ann** Bob*", "a"}, {"reject Ann", "a"}, {"approve Bob", "a"}, {"day b:", "a"}, {"day b: -Ann", "b"},
		},
		"who is gone rejected, the rest approved": {
			{"day a:", "a"}, {"day b: Ann** Bob*", "a"}, {"reject Bob", "a"}, {"approve Ann", "b"},
		},
		"an approval that was undone is none": {
			{"day a:", "a"}, {"day b: Ann** Bob** Cy*", "a"}, {"approve Ann", "a"}, {"undo Ann", "a"}, {"reject Bob", "a"}, {"approve Cy", "a"}, {"day b:", "a"},
		},
		"all at once": {{"day a:", "a"}, {"day b: Ann* Bob* Cy", "a"}, {"approve Ann Bob", "b"}},
		"all rejected": {
			{"day a:", "a"},
			{"day b: Ann* Bob*", "a"},
			{"reject Ann Bob", "a"},
			{"day b:", "a"},
			{"day c: Cy*", "a"},
			{"approve Cy", "a"},
			{"day b: -Ann", "a"},
			{"day d: -Bob", "d"},
		},
		"held, then needed no more": {
			{"day a:", "a"}, {"day b: Ann*", "a"}, {"day c: -Ann", "c"},
		},
		"what changed since is not accepted by an approval of what was shown before": {
			{"day a:", "a"}, {"day b: Ann* Bob*", "a"}, {"day c: Cy*", "a"}, {"approve Ann Bob", "a"}, {"approve Cy", "c"},
		},
		"a day with other settings that shows nobody new": {
			{"day a:", "a"}, {"day b: Ann*", "a"}, {"day c:", "a"}, {"approve Ann", "a"}, {"day c:", "c"},
		},
		"what was accepted never goes back": {
			{"day a:", "a"}, {"day b: Ann* Bob*", "a"}, {"day c: Cy*", "a"}, {"approve Cy", "c"}, {"approve Ann Bob", "c"},
		},
		"one of the earlier ones waits still": {
			{"day a:", "a"}, {"day b: Ann* Bob*", "a"}, {"day c: Cy*", "a"}, {"approve Ann Cy", "c"}, {"day d:", "c"}, {"reject Bob", "c"}, {"day d:", "d"},
		},
		"others that wait do not matter": {
			{"day a:", "a"}, {"day b: Ann* Bob", "a"}, {"approve Ann", "b"}, {"day c:", "c"},
		},
		"a decision about others accepts nothing": {
			{"day a:", "a"}, {"day b: Ann* Bob", "a"}, {"approve Bob", "a"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			f := newHeldFixture(t)
			for _, s := range steps {
				f.step(s.what)
				if got := f.accepted(); got != s.want {
					t.Fatalf("after %q the settings of day %q are accepted, want %q", s.what, got, s.want)
				}
			}
		})
	}
}

func (f *heldFixture) step(what string) {
	f.Helper()
	verb, rest, _ := strings.Cut(what, " ")
	if verb == "undo" {
		h := f.leaver(rest)
		h.State = sync.Rejected
		if err := f.decide(&sync.Settled{Decision: sync.Reject, New: []sync.HeldChange{h}}); err != nil {
			f.Fatal(err)
		}
		return
	}
	if verb != "day" {
		var ids []int64
		for name := range strings.FieldsSeq(rest) {
			ids = append(ids, f.id(name))
		}
		if err := f.settle(sync.Trigger(verb), ids...); err != nil {
			f.Fatal(err)
		}
		return
	}
	scope, who, _ := strings.Cut(rest, ":")
	open := f.open()
	for name := range strings.FieldsSeq(who) {
		switch {
		case name[0] == '-':
			for i := range open {
				if open[i].Member == f.who[name[1:]].ID {
					open = append(open[:i], open[i+1:]...)
					break
				}
			}
		case strings.HasSuffix(name, "*"):
			h := f.leaver(strings.TrimRight(name, "*"), sync.ReasonLimit, sync.ReasonSettings)
			if strings.HasSuffix(name, "**") {
				h.Reason = sync.ReasonOutOfScope
			}
			open = append(open, h)
		default:
			open = append(open, f.leaver(name))
		}
	}
	f.wholeWith(scope, open...)
}

// R23: a run of one person, or one that failed, replaces nothing; suspects hold nothing.
func TestR23OnlyWholeRunsAccept(t *testing.T) {
	f := newHeldFixture(t)
	f.step("day a:")
	p := planOf(t, f.s, "acme")
	err := f.s.Commit(t.Context(), &sync.Commit{
		Run: f.begin(sync.Manual), Account: "acme", FinishedAt: f.day, Status: sync.Succeeded, Plan: p,
		Settings: &sync.Accepted{Settings: map[string]string{"scope": `"b"`}},
	})
	if err != nil || f.accepted() != "a" {
		t.Errorf("a partial run: %q accepted, %v", f.accepted(), err)
	}
	err = f.s.Commit(t.Context(), &sync.Commit{
		Run: f.begin(sync.Manual), Account: "acme", FinishedAt: f.day, Status: sync.Failed, Full: true,
		Settings: &sync.Accepted{Settings: map[string]string{"scope": `"b"`}},
	})
	if err != nil || f.accepted() != "a" {
		t.Errorf("a failed run: %q accepted, %v", f.accepted(), err)
	}
	suspect := f.leaver("Ann", sync.ReasonSettings)
	suspect.State = sync.Suspect
	f.wholeWith("b", suspect)
	if f.accepted() != "b" {
		t.Errorf("with a suspect %q is accepted", f.accepted())
	}
}

// R23: contacts have accepted settings of their own.
func TestR23ContactsAcceptTheirOwn(t *testing.T) {
	f := newHeldFixture(t)
	f.step("day a:")
	all := []*sync.Contact{contact("1", "Ann", "Lee"), contact("2", "Bea", "Ng"), contact("3", "Cem", "Oz"), contact("4", "Dan", "Po")}
	importContacts(t, f.s, f.day, nil, all...)
	owner := func(id string) func(in *contacts.Input) {
		return func(in *contacts.Input) { in.List.Identity.OwnerID = id }
	}
	accepted := func() string {
		t.Helper()
		state, err := f.s.ContactState(t.Context(), "acme", f.day)
		if err != nil {
			t.Fatal(err)
		}
		return state.Accepted["owner_id"]
	}
	plan, _ := importContacts(t, f.s, f.day, owner("901"), all[:3]...)
	if plan.Held == nil || accepted() != `"900"` {
		t.Errorf("held %+v, accepted %s", plan.Held, accepted())
	}
	approved := contactIDs(t, f.s, 4)
	importContacts(t, f.s, f.day, func(in *contacts.Input) { in.Approved = approved; owner("901")(in) }, all[:3]...)
	if accepted() != `"901"` || f.accepted() != "a" {
		t.Errorf("after the approval %s is accepted, and %q for members", accepted(), f.accepted())
	}
}

// Forgetting somebody ends what is held about them, and blanks it: also what was held of
// the newcomer that they were, and what others would leave behind.
func TestForgettingErasesWhatIsHeld(t *testing.T) {
	f := newHeldFixture(t)
	bob := f.leaver("Bob")
	bob.Detail += sync.LeavesBehind + "supervises 1 agent who remains: Ann Lee"
	f.whole(f.leaver("Ann"), bob, f.leaver("Cy"), f.update("Ann", "last_name", "Young"), f.arrival("rc:900"),
		f.arrival("agent:99990001/a-Ann", "rc:rc-Ann"))
	if err := f.settle(sync.Reject, f.id("Ann")); err != nil {
		t.Fatal(err)
	}
	p := forgetting(t, f.s, "acme", f.who["Ann"].ID)
	err := f.s.Commit(t.Context(), &sync.Commit{
		Run: f.begin(sync.ByHand), Account: "acme", FinishedAt: f.day, Status: sync.Succeeded, Plan: p,
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range rowsAs(t, f.s, `SELECT * FROM held_changes ORDER BY held_id`) {
		for _, word := range []string{"Ann", "Young", "a-Ann"} {
			if strings.Contains(row, word) {
				t.Errorf("it still says %s", row)
			}
		}
	}
	f.want("2: rc:900  waiting", "2: Bob status waiting", "2: Cy status waiting",
		"2:   ended", "2: Ann last_name ended", "2: Ann status ended by chief in run 3")
	if got := rowsAs(t, f.s, `SELECT count(*) FROM held_changes WHERE name = '' AND closed_at IS NOT NULL ORDER BY 1`); got[0] != "3" {
		t.Errorf("%s are erased and over", got[0])
	}
}

// What an approval shows anew waits under its number (R25). No decision about it accepts any
// settings; approved, the next run that holds nobody for them does, and rejected none (R23).
func TestR25AnApprovalShowsAnew(t *testing.T) {
	for decision, want := range map[sync.Trigger]string{sync.Approve: "b", sync.Reject: "a"} {
		f := newHeldFixture(t)
		f.step("day a:")
		f.step("day a: Ann Bob")
		anew := f.leaver("Ann", sync.ReasonLimit, sync.ReasonSettings)
		anew.ID = f.id("Ann")
		run := f.begin(sync.Approve)
		err := f.s.Commit(t.Context(), &sync.Commit{
			Run: run, Account: "acme", FinishedAt: f.day, Status: sync.Succeeded, Plan: planOf(t, f.s, "acme"),
			Settled: &sync.Settled{Decision: sync.Approve, Held: []int64{f.id("Bob")}, Renewed: []sync.HeldChange{anew}},
		})
		if err != nil || f.accepted() != "a" {
			t.Fatalf("%q accepted, %v", f.accepted(), err)
		}
		f.want("4: Ann status waiting", "3: Bob status approved by chief in run 4")
		if err := f.settle(decision, f.id("Ann")); err != nil {
			t.Fatal(err)
		}
		if f.accepted() != "a" {
			t.Errorf("%s: %q accepted", decision, f.accepted())
		}
		f.step("day b:")
		if got := f.accepted(); got != want {
			t.Errorf("%s: %q accepted", decision, got)
		}
	}
}
