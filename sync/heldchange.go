package sync

import (
	"slices"
	"time"
)

// HeldState says how a held change stands.
type HeldState string

// The states in which a held change is open: an input of the next plan (R25). Once it
// was approved, or a full run needs it no more, it is history.
const (
	Waiting  HeldState = "waiting"  // for an operator
	Suspect  HeldState = "suspect"  // it would wait, but a step of the ladder keeps the member meanwhile (R16), or a pin the value (R25)
	Rejected HeldState = "rejected" // an operator refused it (R26, R36)
)

// HeldChange is a change of one kind, or of one field, that waits for an operator, or
// that an operator refused. The roster keeps them for each account: members and
// contacts have a set each.
type HeldChange struct {
	ID    int64     `json:"held_id"`    // the roster's number of it; 0: new in this plan
	Run   RunID     `json:"run_id"`     // the run that first showed it as it is now; 0: this one
	Since time.Time `json:"held_since"` // when it was first held; it keeps this with a new number
	State HeldState `json:"state"`      //
	Kind  Kind      `json:"kind"`       // of the change; of contacts: Deactivate
	Field string    `json:"field"`      // status, for a leaver; "" for an onboarding
	// Member is the member, or contact, that would change; 0: an onboarding.
	Member int64    `json:"member_id,omitempty"`
	Person string   `json:"person,omitempty"` // key; "": nobody reports them
	IDs    []string `json:"ids,omitempty"`    // of an onboarding: every key by which the person may come back

	Before string       `json:"before"`
	After  string       `json:"after"`
	Name   string       `json:"name"`
	Email  string       `json:"email"`
	Role   string       `json:"role,omitempty"` // of whom comes in, or back: as what
	Reason Reason       `json:"reason"`         // of the change itself: removed, new, source_changed …
	Detail string       `json:"detail"`
	Why    []HoldReason `json:"why"` // why it is held

	// Source says who did at RingCentral what it follows (R37). It decides nothing, and what
	// runs decided from is kept without it.
	Source *Attribution `json:"-"`

	// PresentDays counts the UTC days on which full runs saw what was rejected put
	// right, and PresentOn is the last of them (R26).
	PresentDays int    `json:"present_days,omitempty"`
	PresentOn   string `json:"present_on,omitempty"`
}

// StatusField is the field of a change that makes somebody inactive.
const StatusField = "status"

// HeldKey is what a held change is about: two with the same key replace each other.
type HeldKey struct {
	Member int64
	Field  string
}

// OpenSet is an account's held changes by what they are about.
type OpenSet struct {
	All     []HeldChange
	byKey   map[HeldKey]*HeldChange
	About   map[int64]bool       // members
	Touched map[*HeldChange]bool // what the plan has again
	// kept are the rejected losses of logins, which are not in byKey: each keeps its own logins,
	// and what becomes of others of the member is decided beside it (R26).
	Kept map[int64][]*HeldChange
	// more are losses of logins that are open beside another, since the rejection of one was
	// cleared. A full run makes them one.
	more map[int64][]*HeldChange
}

// NewOpenSet indexes what is open.
func NewOpenSet(open []HeldChange) *OpenSet {
	s := &OpenSet{All: slices.Clone(open), byKey: map[HeldKey]*HeldChange{}, About: map[int64]bool{}, Touched: map[*HeldChange]bool{}, Kept: map[int64][]*HeldChange{}, more: map[int64][]*HeldChange{}}
	for i := range s.All {
		h := &s.All[i]
		s.About[h.Member] = true
		switch {
		case h.Member == 0:
		case h.keepsLogins():
			s.Kept[h.Member] = append(s.Kept[h.Member], h)
		case s.Of(h.Member, h.Field) != nil: // of a rejection that was cleared beside it
			s.more[h.Member] = append(s.more[h.Member], h)
		default:
			s.byKey[HeldKey{h.Member, h.Field}] = h
		}
	}
	return s
}

// keepsLogins says whether an operator rejected that logins end.
func (h *HeldChange) keepsLogins() bool {
	return h.State == Rejected && h.Kind == Update && h.Field == LoginsField && len(CompareActive(h.Before, h.After).Ended) > 0
}

// Of finds what is open about one field of a member, but for rejected losses of logins; nil: nothing.
func (s *OpenSet) Of(member int64, field string) *HeldChange { return s.byKey[HeldKey{member, field}] }

// Asking finds what is open about a change of a field: of several losses of logins the first of
// which the change ends one.
func (s *OpenSet) Asking(member int64, f *FieldChange) *HeldChange {
	h := s.Of(member, f.Field)
	if h == nil || f.Field != LoginsField || h.Holds(f) {
		return h
	}
	for _, other := range s.more[member] {
		if other.Holds(f) {
			return other
		}
	}
	return h
}

// Refused says whether an operator rejected a change of a member's field.
func (s *OpenSet) Refused(member int64, field string) bool {
	h := s.Of(member, field)
	return h != nil && h.State == Rejected || field == LoginsField && len(s.Kept[member]) > 0
}

// RefusedAll says whether an operator rejected that each of a member's logins ends.
func (s *OpenSet) RefusedAll(member int64, logins []Login) bool {
	return len(logins) > 0 && !slices.ContainsFunc(logins, func(l Login) bool {
		return !slices.ContainsFunc(s.Kept[member], func(h *HeldChange) bool {
			return slices.ContainsFunc(CompareActive(h.Before, h.After).Ended, l.IsSame)
		})
	})
}

// AsksOfPin says whether an open change is about what comes in the place of a value that a pin
// held: the last sync may have had that already.
func (h *HeldChange) AsksOfPin() bool { return h != nil && h.Reason == ReasonPinEnded }

// Holds says whether an open change of logins still stands in a later value: whether that ends
// a login which it would end. Once all of these are active again, in whatever group, what else
// has become of somebody's logins is another question.
func (h *HeldChange) Holds(f *FieldChange) bool {
	if f.Field != LoginsField {
		return true
	}
	shown := NoLongerActive(h.Before, h.After)
	now := NoLongerActive(f.Before, f.After)
	return len(shown) == 0 || slices.ContainsFunc(now, func(l Login) bool {
		return slices.ContainsFunc(shown, func(was Login) bool { return was.Key() == l.Key() })
	})
}
