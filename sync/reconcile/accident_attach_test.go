package reconcile_test

import (
	"slices"
	"testing"

	"ringroster/sync"
	"ringroster/sync/edit"
)

// Whoever is attached while they are missing is a question, however few they are: nobody
// followed what the lists lost of them meanwhile (R25).

func TestAccidentAHeldGroupIsDetachedAndAttachedOneByOne(t *testing.T) {
	bothLimits(t, func(t *testing.T, w *world) {
		w.unlist("1", "10")
		w.daysOn(t, 1)
		for n := range int64(12) {
			w.edit(t, edit.Manage(n+1, false))
		}
		w.daysOn(t, 2)
		for n := range int64(12) {
			w.edit(t, edit.Manage(n+1, true))
			w.daysOn(t, 1)
		}
		same(t, w.waiting(sync.Waiting), from(1, 12))
	})
}

func TestAccidentAttachedOneByOneWhereNothingWasHeld(t *testing.T) {
	bothLimits(t, func(t *testing.T, w *world) {
		for n := range int64(12) {
			w.edit(t, edit.Manage(n+1, false))
		}
		w.unlist("1", "10")
		w.daysOn(t, 9)
		for n := range int64(12) {
			w.edit(t, edit.Manage(n+1, true))
			w.daysOn(t, 1)
		}
		same(t, w.waiting(sync.Waiting), from(1, 12))
		w.approve(t, w.lastRun, these(1))
		same(t, w.inactive(), from(1, 1))
	})
}

func TestAttachedAndPresentIsNoQuestion(t *testing.T) {
	w := seventeen(t, usualLimits)
	w.edit(t, edit.Manage(1, false))
	w.daysOn(t, 1)
	w.edit(t, edit.Manage(1, true))
	w.daysOn(t, 1)
	if len(w.books.state.Open) > 0 {
		t.Errorf("still open: %+v", w.books.state.Open)
	}
	w.drop(1)
	w.tomorrow().today(t)
	same(t, w.inactive(), from(1, 1))
}

func TestAttachingEndsNoRejection(t *testing.T) {
	w := seventeen(t, usualLimits)
	w.unlist("1", "10")
	w.daysOn(t, 1)
	w.refuse(t)
	w.edit(t, edit.Manage(1, false))
	w.edit(t, edit.Manage(1, true))
	same(t, w.waiting(sync.Rejected), from(1, 12))
	if slices.Contains(w.waiting(sync.Suspect), 1) {
		t.Error("member 1 is rejected and suspect")
	}
}

// undetached undoes the run that detached a member.
func (w *world) undetached(t *testing.T, member int64) {
	t.Helper()
	w.edit(t, edit.Undo([]sync.Done{{Member: member, Kind: sync.EditMember, Field: "managed", Before: sync.FlagText(true), After: sync.FlagText(false), Reason: sync.ReasonOperator}}, nil, false))
}

// Undoing a detachment attaches (R25).
func TestAccidentDetachmentsAreUndoneOneByOne(t *testing.T) {
	bothLimits(t, func(t *testing.T, w *world) {
		for n := range int64(12) {
			w.edit(t, edit.Manage(n+1, false))
		}
		w.unlist("1", "10")
		w.daysOn(t, 9)
		for n := range int64(12) {
			w.undetached(t, n+1)
			w.daysOn(t, 1)
		}
		same(t, w.waiting(sync.Waiting), from(1, 12))
	})
}

func TestUndoingADetachmentEndsNoRejection(t *testing.T) {
	w := seventeen(t, usualLimits)
	w.unlist("1", "10")
	w.daysOn(t, 1)
	w.refuse(t)
	w.edit(t, edit.Manage(1, false))
	w.undetached(t, 1)
	same(t, w.waiting(sync.Rejected), from(1, 12))
	same(t, w.waiting(sync.Suspect), nil)
}

// Whoever is attached has lost a login and the role of an administrator meanwhile, and is
// present by another login.
func TestAccidentAttachedWithLess(t *testing.T) {
	bothLimits(t, func(t *testing.T, w *world) {
		w.agent("1/11", "6001", "P001 Roy", rc("7001"))
		w.boss(1, 2, 3, 4)
		w.daysOn(t, 1)
		for n := range int64(12) {
			w.edit(t, edit.Manage(n+1, false))
		}
		restore := w.lists()
		w.unlist("1", "10")
		w.Snapshot.Admins = w.Snapshot.Admins[1:]
		w.daysOn(t, 2)
		w.edit(t, edit.Manage(1, true))
		before := w.member(1)
		w.daysOn(t, 2)
		w.mustKeep(t, before)
		restore()
		w.daysOn(t, 1)
		if len(w.books.state.Open) > 0 {
			t.Errorf("still open: %+v", w.books.state.Open)
		}
	})
}

// mustKeep says that a member has the role and the logins that it had.
func (w *world) mustKeep(t *testing.T, was *sync.Member) {
	t.Helper()
	if m := w.member(was.ID); m.Profile[sync.Role] != was.Profile[sync.Role] || !slices.Equal(m.Logins, was.Logins) {
		t.Errorf("member %d is %s with %v, and was %s with %v", m.ID, m.Profile[sync.Role], m.Logins, was.Profile[sync.Role], was.Logins)
	}
}

// A link has the next sync take over what RingCentral says: what waits, or was rejected, about the
// member's role or logins is decided first (R25, R26).
func TestALinkDecidesNothingThatWaits(t *testing.T) {
	for _, reject := range []bool{false, true} {
		w := lentLogins(t, 12)
		w.shorten("1/40", 0)
		w.today(t)
		if reject {
			w.refuse(t)
		}
		w.State.Open = w.books.state.Open
		if _, err := w.tryEdit(edit.LinkTo(1, "rc:7001")); err == nil {
			t.Errorf("rejected %t: the member is linked", reject)
		}
		if _, err := w.tryEdit(edit.LinkTo(13, "rc:7013")); err != nil {
			t.Errorf("of another one: %v", err)
		}
	}
}
