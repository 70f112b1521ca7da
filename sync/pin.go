package sync

import (
	"fmt"
	"slices"
	"time"
)

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
	return fmt.Sprintf("%s is held at %q by %s, %s: %s", p.Field, p.Value, p.By, until, firstOf(p.Reason, "no reason given"))
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
// RingCentral last reported.
func Unpin(member int64, f Field) Edit {
	return editOne(member, func(m *Member) (*Change, error) {
		if m.pin(f) == nil {
			return nil, &NothingToDoError{fmt.Sprintf("%s of member %d is not pinned", f, member)}
		}
		value := m.Profile[f]
		if m.Linked {
			value = m.Synced.given(f)
		}
		return m.repin(slices.DeleteFunc(slices.Clone(m.Pins), func(p Pin) bool { return p.Field == f }), f, value), nil
	})
}

// repin gives a member other pins, and the field its value with them.
func (m *Member) repin(pins []Pin, f Field, value string) *Change {
	c := &Change{}
	if was := *m; m.Profile[f] != value {
		m.Profile[f] = value
		c.Fields = append(c.Fields, was.fieldChange(m, f, ReasonOperator))
	}
	c.Fields = append(c.Fields, FieldChange{Field: "pins", Before: PinsJSON(m.Pins), After: PinsJSON(pins), Reason: ReasonOperator})
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
	return append(fields, FieldChange{Field: "pins", Before: PinsJSON(m.Pins), After: PinsJSON(next.Pins), Reason: reason})
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
