package reconcile_test

import (
	"strings"
	"testing"

	"ringroster/sync"
	"ringroster/sync/guard"
)

// Of a member in conflict records are listed that may be theirs: nothing says that RingCentral
// lists them nowhere (R16, R20).

const nowhere = "RingCentral lists them nowhere"

// Two records of one member have become two other people's: nobody knows whose the member is.
func TestR20AnAmbiguousMemberIsNotListedNowhere(t *testing.T) {
	w := newWorld()
	w.agent("1/10", "501", "Ada Byron")
	w.agent("1/11", "502", "Ada Byron")
	w.agent("1/10", "503", "Bob Roy")
	w.today(t)
	w.tomorrow().lists()
	for i, name := range []string{"Cid Poe", "Dora Lee"} {
		first, last, _ := strings.Cut(name, " ")
		a := &w.sub("1").Groups[i].Agents[0]
		a.FirstName, a.LastName, a.Email = first, last, strings.ToLower(first)+"@example.com"
	}
	trace := w.told(t, "1")
	if !says(trace, "R14", "a conflict leaves open") || !says(trace, "R5", "agent:1/501, agent:1/502") || strings.Contains(traceLines(trace), nowhere) {
		t.Error(traceLines(trace))
	}
}

// A leaver waits, and is listed again as another human: what an earlier run found is told as that.
func TestR25WhatWaitsOfAReusedIDIsWhatAnEarlierRunFound(t *testing.T) {
	w := seventeen(t, usualLimits)
	w.shorten("1/10", 0)
	w.today(t)
	if h := w.openOf(1, sync.StatusField); h.Detail != nowhere+" any more" && !strings.HasPrefix(h.Detail, "RingCentral still lists them") {
		t.Fatalf("held as %q", h.Detail)
	}
	before := w.openOf(1, sync.StatusField).Detail
	for range 2 {
		w.tomorrow().group("1/10").Agents = nil
		w.agent("1/10", "5001", "Mal Evil", rc("7001"))
		plan := w.today(t)
		if len(plan.Conflicts) != 1 || plan.Conflicts[0].Reason != sync.ConflictReused {
			t.Fatalf("%v", lines(plan))
		}
		if h := w.openOf(1, sync.StatusField); h.Detail != guard.Earlier+before {
			t.Errorf("held as %q", h.Detail)
		}
	}
	w.tomorrow().group("1/10").Agents = nil
	w.today(t)
	if h := w.openOf(1, sync.StatusField); h.Detail != before {
		t.Errorf("gone again, and held as %q", h.Detail)
	}
}

// openOf is what is open about a field of a member.
func (w *world) openOf(member int64, field string) (found sync.HeldChange) {
	for _, h := range w.books.state.Open {
		if h.Member == member && h.Field == field {
			found = h
		}
	}
	return found
}
