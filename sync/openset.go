package sync

import (
	"cmp"
	"slices"
	"strings"
)

// row adds what the open set will say of one field of a change: it keeps the number under
// which it was first shown as it is now (R25).
func (s *settling) row(was *HeldChange, state HeldState, c Change, field int, why []HoldReason) *HeldChange {
	h := HeldChange{
		State: state, Since: s.kept.in.Now, Kind: c.Kind, Member: c.Member, Person: c.Person,
		Name: c.Name, Email: c.Email, Role: c.Role, Reason: c.Reason, Detail: c.Sentence(), Why: why,
	}
	if field < len(c.Fields) {
		f := c.Fields[field]
		h.Field, h.Before, h.After = f.Field, f.Before, f.After
		if c.Kind == Update {
			h.Reason = f.Reason
		}
	}
	if was != nil {
		s.open.touched[was] = true
		h.ID, h.Since = was.ID, was.Since
		if was.State != Rejected || state == Rejected {
			h.Source = was.Source
		}
		if isSameQuestion(was, &h) {
			h.Run = was.Run
		}
	}
	s.rows = append(s.rows, h)
	s.decided[heldKey{h.Member, h.Field}] = true
	return &s.rows[len(s.rows)-1]
}

// closeSet is the open set after a full run: what is not planned any more
// ends where a run saw why (R25), and stays where nobody knows.
func (s *settling) closeSet() {
	p := s.kept
	for i := range s.open.all {
		h := &s.open.all[i]
		if s.open.touched[h] || h.State == Rejected && s.refusalEnds(h) || h.State != Rejected && s.isOver(h) {
			continue
		}
		if h.State != Rejected {
			h.Why = h.asShown()
			if h.Detail != "" && !strings.HasPrefix(h.Detail, earlier) {
				h.Detail = earlier + h.Detail
			}
		}
		s.rows = append(s.rows, *h)
	}
	slices.SortFunc(s.rows, func(a, b HeldChange) int {
		return cmp.Or(cmp.Compare(a.Member, b.Member), strings.Compare(a.Person, b.Person), strings.Compare(a.Field, b.Field), cmp.Compare(a.ID, b.ID))
	})
	p.plan.Open = s.rows
}

// isOver says whether an open change that this plan does not have needs nobody any more:
// a run saw the person present, or the source with the old value; or the member is gone
// or detached.
func (s *settling) isOver(h *HeldChange) bool {
	if h.Member == 0 {
		return s.arrived(h)
	}
	w := s.read.watched[h.Member]
	switch {
	case w == nil, !w.managed, w.status == Inactive:
		return true
	case !s.isPresent(w):
		return false
	}
	f, synced := ParseField(h.Field)
	return !synced || w.known.Has(f) // what is planned was touched: the source has the old value
}

// isPresent says whether a run saw a member present (R14), by records that are there.
func (s *settling) isPresent(w *watched) bool {
	return w.person != nil && w.person.outcome.belongs && w.person.outcome.decision != inConflict && !s.hidden[w.id]
}

// arrived says whether the person of a held onboarding is on the roster, or is not
// reported any more as somebody who belongs.
func (s *settling) arrived(h *HeldChange) bool {
	person := s.read.claim().of[h]
	if person == nil {
		return h.State != Rejected
	}
	return person.outcome.found != 0 || h.State != Rejected && person.outcome.decision != inConflict
}

// refusalEnds says whether a rejection ends with this plan, and counts the days on which
// the person was seen present (R26, R36).
func (s *settling) refusalEnds(h *HeldChange) bool {
	if h.Member == 0 {
		return s.arrived(h)
	}
	w := s.read.watched[h.Member]
	if w == nil || w.status == Inactive { // who is detached may be attached again
		return true
	}
	if !s.isPresent(w) {
		return false
	}
	if f, synced := ParseField(h.Field); h.Kind != Deactivate && !isLoss(h) {
		return !synced || w.known.Has(f) // RingCentral says another value
	}
	if today := s.kept.today(); h.PresentOn < today {
		h.PresentOn, h.PresentDays = today, h.PresentDays+1
	}
	return h.PresentDays >= PresentDays
}

// isLoss says whether a held update takes a role or a login away: its rejection lasts as
// that of a deactivation (R36).
func isLoss(h *HeldChange) bool { return h.Field == Role.String() || h.Field == loginsField }

// loginsField is the field of a change of logins.
const loginsField = "logins"

// watched is what the end of an open change is decided by.
type watched struct {
	id      int64
	status  Status
	managed bool
	person  *Person
	known   FieldSet // what the plan knows of the person
}

// watch notes who was found for a member about whom something is open.
func (p *planner) watch(m *Member, person *Person, known FieldSet) {
	if p.open.about[m.ID] {
		p.watched[m.ID] = &watched{m.ID, m.Status, m.Managed, person, known}
	}
}
