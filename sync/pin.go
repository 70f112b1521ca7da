package sync

import (
	"cmp"
	"fmt"
	"iter"
	"slices"
	"time"
)

// pinsField is what a member's pins are called in a change.
const pinsField = "pins"

// Pin holds one synced field against the sync: the roster keeps its value,
// whatever RingCentral reports, until the pin ends.
type Pin struct {
	Field  Field  `json:"field"`
	Value  string `json:"value"`
	Until  string `json:"until,omitempty"` // the last UTC day, 2006-01-02; "": until it is taken out
	Reason string `json:"reason"`          // in the operator's words
	By     string `json:"by"`              // who pinned it
}

// Ended says whether the pin's last day is over.
func (p *Pin) Ended(now time.Time) bool {
	return p.Until != "" && p.Until < now.UTC().Format(time.DateOnly)
}

// String says what is held, how long and why.
func (p *Pin) String() string {
	until := "until it is taken out"
	if p.Until != "" {
		until = "until " + p.Until
	}
	return fmt.Sprintf("%s is held at %q by %s, %s: %s", p.Field, p.Value, p.By, until, cmp.Or(p.Reason, "no reason given"))
}

// PinsJSON is how pins stand in a field change.
func PinsJSON(pins []Pin) string {
	if len(pins) == 0 {
		return "[]"
	}
	text, err := marshal(pins)
	if err != nil { // a field that is there always marshals
		panic(err)
	}
	return string(text)
}

// pin finds the pin of a field; nil: there is none.
func (m *Member) pin(f Field) *Pin {
	for i := range m.Pins {
		if m.Pins[i].Field == f {
			return &m.Pins[i]
		}
	}
	return nil
}

// pinned is a list of pins with one more; a field has one at most.
func pinned(pins []Pin, pin Pin) []Pin {
	pins = slices.DeleteFunc(slices.Clone(pins), func(p Pin) bool { return p.Field == pin.Field })
	pins = append(pins, pin)
	slices.SortFunc(pins, func(a, b Pin) int { return int(a.Field) - int(b.Field) })
	return pins
}

// PinField holds a synced field of a member at a value. Unlike an edit it
// outlives the next sync, and ends by itself when it has a last day.
func PinField(member int64, pin Pin) Edit {
	return editOne(member, func(m *Member) (*Change, error) {
		if m.DeactivationReason == ReasonForgotten {
			return nil, forgottenError(member)
		}
		if !m.Managed {
			return nil, fmt.Errorf("member %d is detached, so that no sync touches it: `ringroster roster set %d %s=VALUE` is enough", member, member, pin.Field)
		}
		if err := CheckText(pin.Field.String(), pin.Value); err != nil {
			return nil, err
		}
		next := pinned(m.Pins, pin)
		if slices.Equal(next, m.Pins) && m.Profile[pin.Field] == pin.Value {
			return nil, &NothingToDoError{fmt.Sprintf("member %d has this pin already", member)}
		}
		return m.repin(next, pin.Field, pin.Value), nil
	})
}

// Unpin gives a field back to the sync: it takes the value at once that
// the last sync had for it. What is open about the field is not among that (R25).
func Unpin(member int64, f Field) Edit {
	return func(state State, all iter.Seq[*Member]) (*Plan, *Settled, error) {
		row := newOpenSet(state.Open).of(member, f.String())
		return editOne(member, func(m *Member) (*Change, error) {
			if m.pin(f) == nil {
				return nil, &NothingToDoError{fmt.Sprintf("%s of member %d is not pinned", f, member)}
			}
			value := m.Profile[f]
			if m.Linked && !row.asksOfPin() {
				value = m.Synced.given(f)
			}
			return m.repin(slices.DeleteFunc(slices.Clone(m.Pins), func(p Pin) bool { return p.Field == f }), f, value), nil
		})(state, all)
	}
}

// repin gives a member other pins, and the field its value with them.
func (m *Member) repin(pins []Pin, f Field, value string) *Change {
	c := &Change{}
	if was := *m; m.Profile[f] != value {
		m.Profile[f] = value
		c.Fields = append(c.Fields, was.fieldChange(m, f, ReasonOperator))
	}
	c.Fields = append(c.Fields, FieldChange{Field: pinsField, Before: PinsJSON(m.Pins), After: PinsJSON(pins), Reason: ReasonOperator})
	m.Pins = pins
	return c
}

// comparePins takes out the pins that have ended.
func (p *planner) comparePins(fields []FieldChange, m, next *Member) []FieldChange {
	next.Pins = slices.DeleteFunc(slices.Clone(next.Pins), func(pin Pin) bool { return pin.Ended(p.in.Now) })
	if slices.Equal(next.Pins, m.Pins) {
		return fields
	}
	reason := ReasonPinEnded
	if len(next.Pins) >= len(m.Pins) {
		reason = ReasonOperator // picked by hand, with a role
	}
	return append(fields, FieldChange{Field: pinsField, Before: PinsJSON(m.Pins), After: PinsJSON(next.Pins), Reason: reason})
}

// comparePinned gives the changes that pins keep from happening, between what the sync gave the
// fields before and what it would give them now.
func (p *planner) comparePinned(m, next *Member, v *verdict) (hidden []FieldChange) {
	if m.Status != Active || !m.Linked {
		return nil
	}
	for i := range next.Pins {
		f := next.Pins[i].Field
		was, is := *m, *next
		was.Profile[f], is.Profile[f] = m.Synced.given(f), next.Synced.given(f)
		if row := p.open.of(m.ID, f.String()); row.asksOfPin() {
			was.Profile[f] = row.Before
		}
		switch {
		case was.Profile[f] == is.Profile[f], is.Profile[f] == next.Pins[i].Value: // it hides nothing
		case m.Profile[f] != next.Profile[f]: // set by hand, and put back first
			next.revert(f.String(), m)
			next.Profile[f] = next.Pins[i].Value
		default:
			c := was.fieldChange(&is, f, p.fieldReason(f, &was, nil, v))
			c.Pinned = true
			hidden = append(hidden, c)
		}
	}
	return hidden
}

// asksOfPin says whether an open change is about what comes in the place of a value that a pin
// held: the last sync may have had that already.
func (h *HeldChange) asksOfPin() bool { return h != nil && h.Reason == ReasonPinEnded }

// leavePinned takes out of the changes what pins keep from happening, once it is judged.
func (s *settling) leavePinned() {
	changes := s.kept.plan.Changes
	for i := range changes {
		c := &changes[i]
		if slices.ContainsFunc(c.Fields, func(f FieldChange) bool { return f.Pinned }) {
			c.Fields = slices.DeleteFunc(slices.Clone(c.Fields), func(f FieldChange) bool { return f.Pinned })
			s.emptied[c.Member] = len(c.Fields) == 0
		}
	}
	s.dropEmpty()
}

// remarkPins notes what is held against RingCentral.
func (p *planner) remarkPins(person *Person, m *Member, v *verdict) {
	for i := range m.Pins {
		pin := &m.Pins[i]
		reports := "reports nothing"
		if v.Known.Has(pin.Field) {
			reports = fmt.Sprintf("reports %q", v.Profile[pin.Field])
		}
		p.note(person, m, NotePinned, fmt.Sprintf("%s; RingCentral %s", pin, reports))
	}
}
