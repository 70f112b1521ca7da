package reconcile_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"ringroster/sync"
	"ringroster/sync/edit"
)

// A rejection says that RingCentral's list is wrong: the question goes, and what it protects
// must not go with it.

// refuse rejects what waits about the members with these ids; none: about everybody.
func (w *world) refuse(t *testing.T, members ...int64) {
	t.Helper()
	w.reject(t, w.lastRun, func(h *sync.HeldChange) bool {
		return len(members) == 0 || slices.Contains(members, h.Member)
	})
}

func TestAccidentTheRestOfARejectedGroupIsLost(t *testing.T) {
	bothLimits(t, func(t *testing.T, w *world) {
		w.shorten("1/10", 3) // 9 of 12
		w.daysOn(t, 1)
		w.refuse(t)
		w.shorten("1/10", 0)
		w.daysOn(t, 9)
		same(t, w.inactive(), nil)
	})
}

func TestAccidentARejectedGroupHealsAndIsLostAgain(t *testing.T) {
	bothLimits(t, func(t *testing.T, w *world) {
		restore := w.lists()
		w.shorten("1/10", 3)
		w.daysOn(t, 1)
		w.refuse(t)
		restore()
		w.daysOn(t, 1)
		w.shorten("1/10", 1)
		w.daysOn(t, 9)
		same(t, w.inactive(), nil)
	})
}

func TestAccidentARejectionDoesNotFreeWhoWasInDoubt(t *testing.T) {
	bothLimits(t, func(t *testing.T, w *world) {
		w.shorten("1/10", 3)
		w.drop(20) // of another group
		w.daysOn(t, 1)
		w.refuse(t, from(1, 12)...)
		w.daysOn(t, 1)
		same(t, w.inactive(), nil)
		same(t, w.waiting(sync.Waiting), from(20, 20)) // and somebody is asked at last
	})
}

func TestAccidentWhoseLossWasRejectedLeaves(t *testing.T) {
	w := seventeen(t, laxLimits, func(w *world) {
		for _, n := range numbers(1, 4) { // a second login each, in a group of their own
			w.agent("1/40", "6"+fmt.Sprintf("%03d", n), "P"+fmt.Sprintf("%03d", n)+" Roy", rc("7"+fmt.Sprintf("%03d", n)))
		}
	})
	w.unlist("1", "40")
	w.daysOn(t, 1)
	w.refuse(t)
	w.drop(1, 2)
	w.daysOn(t, 9)
	same(t, w.inactive(), nil)
}

func TestAccidentARejectionOutlivesDetaching(t *testing.T) {
	w := seventeen(t, laxLimits)
	w.unlist("1", "10")
	w.daysOn(t, 1)
	w.edit(t, edit.Manage(5, false))
	w.refuse(t)
	w.daysOn(t, 1)
	w.edit(t, edit.Manage(5, true))
	w.daysOn(t, 9)
	same(t, w.inactive(), nil)
}

func TestAccidentManyAreRejectedAndMoreAreLost(t *testing.T) {
	w := seventeen(t, laxLimits)
	lost := func(first, n int) {
		for i := range n {
			w.drop(first + 12*i)
			w.dropExtensions(first + 12*i)
		}
	}
	lost(1, 17)
	lost(2, 5) // 22, held by the limit
	w.today(t)
	w.refuse(t)
	lost(3, 4)
	w.later(time.Hour).today(t)
	if n := len(w.inactive()); n > 0 {
		t.Errorf("%d left on the day on which 22 were rejected", n)
	}
}

func TestAccidentOneLookIsNotBelieved(t *testing.T) {
	first := seventeen(t, laxLimits)
	first.Snapshot.Doubts = []sync.Doubt{{Kind: sync.AgentGroupList, Sub: "1", Group: "10", Reason: sync.ReasonListEmptied, Detail: "in one look"}}
	first.drop(20)
	same(t, lines(first.today(t)), []string{"hold list_in_doubt", "held deactivate 20 access_revoked"})
}

// A standing rejection is no reason to ask about every later leaver of the sub-account.
func TestAStandingRejectionAsksAboutNobodyElse(t *testing.T) {
	w := seventeen(t, laxLimits)
	w.shorten("1/10", 3)
	w.daysOn(t, 1)
	w.refuse(t)
	w.daysOn(t, 8) // they count for the limit no more
	for n := 20; n < 80; n += 12 {
		w.drop(n)
		w.dropExtensions(n)
		w.today(t)
		w.tomorrow()
	}
	same(t, w.waiting(sync.Waiting), nil)
	same(t, w.inactive(), []int64{20, 32, 44, 56, 68})
}

// Who moves, days later, to a group whose losses were rejected and that is still not listed, is
// known from the old one alone. RingEX lists them yet: somebody is asked.
func TestAccidentSomebodyMovesToARejectedGroup(t *testing.T) {
	w := seventeen(t, laxLimits)
	w.unlist("1", "10")
	w.daysOn(t, 1)
	w.refuse(t)
	w.daysOn(t, 8)
	w.drop(20)
	w.today(t)
	w.mustStay(t)
	same(t, w.waiting(sync.Waiting), from(20, 20))
}

// Two groups are not listed, and come back without one record of somebody who is in both: a
// rejection keeps them as they are, and so does a question that nobody answered.
func TestAccidentListsHealInPart(t *testing.T) {
	for name, decide := range map[string]func(*testing.T, *world){
		"rejected": func(t *testing.T, w *world) { w.refuse(t) },
		"waiting":  func(*testing.T, *world) {},
	} {
		t.Run(name, func(t *testing.T) {
			bothLimits(t, func(t *testing.T, w *world) {
				w.agent("1/11", "6001", "P001 Roy", rc("7001"))
				w.daysOn(t, 1)
				was, restore := w.member(1), w.lists()
				w.unlist("1", "10", "11")
				w.daysOn(t, 1)
				decide(t, w)
				restore()
				w.shorten("1/11", 12)
				w.daysOn(t, 5)
				w.mustKeep(t, was)
			})
		})
	}
}
