package edit

import (
	"fmt"
	"iter"
	"slices"

	"ringroster/sync"
)

// PinField holds a synced field of a member at a value. Unlike an edit it
// outlives the next sync, and ends by itself when it has a last day.
func PinField(member int64, pin sync.Pin) sync.Edit {
	return editOne(member, func(m *sync.Member) (*sync.Change, error) {
		if m.DeactivationReason == sync.ReasonForgotten {
			return nil, forgottenError(member)
		}
		if !m.Managed {
			return nil, fmt.Errorf("member %d is detached, so that no sync touches it: `ringroster roster set %d %s=VALUE` is enough", member, member, pin.Field)
		}
		if err := sync.CheckText(pin.Field.String(), pin.Value); err != nil {
			return nil, err
		}
		next := sync.WithPin(m.Pins, pin)
		if slices.Equal(next, m.Pins) && m.Profile[pin.Field] == pin.Value {
			return nil, &NothingToDoError{fmt.Sprintf("member %d has this pin already", member)}
		}
		return repin(m, next, pin.Field, pin.Value), nil
	})
}

// Unpin gives a field back to the sync: it takes the value at once that
// the last sync had for it. What is open about the field is not among that (R25).
func Unpin(member int64, f sync.Field) sync.Edit {
	return func(state sync.State, all iter.Seq[*sync.Member]) (*sync.Plan, *sync.Settled, error) {
		row := sync.NewOpenSet(state.Open).Of(member, f.String())
		return editOne(member, func(m *sync.Member) (*sync.Change, error) {
			if m.Pin(f) == nil {
				return nil, &NothingToDoError{fmt.Sprintf("%s of member %d is not pinned", f, member)}
			}
			value := m.Profile[f]
			if m.Linked && !row.AsksOfPin() {
				value = m.Synced.Given(f)
			}
			return repin(m, slices.DeleteFunc(slices.Clone(m.Pins), func(p sync.Pin) bool { return p.Field == f }), f, value), nil
		})(state, all)
	}
}

// repin gives a member other pins, and the field its value with them.
func repin(m *sync.Member, pins []sync.Pin, f sync.Field, value string) *sync.Change {
	c := &sync.Change{}
	if was := *m; m.Profile[f] != value {
		m.Profile[f] = value
		c.Fields = append(c.Fields, was.FieldChange(m, f, sync.ReasonOperator))
	}
	c.Fields = append(c.Fields, sync.FieldChange{Field: sync.PinsField, Before: sync.PinsJSON(m.Pins), After: sync.PinsJSON(pins), Reason: sync.ReasonOperator})
	m.Pins = pins
	return c
}
