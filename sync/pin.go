package sync

import (
	"cmp"
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
	return fmt.Sprintf("%s is held at %q by %s, %s: %s", p.Field, p.Value, p.By, until, cmp.Or(p.Reason, "no reason given"))
}

// PinsJSON is how pins stand in a field change.
func PinsJSON(pins []Pin) string {
	if len(pins) == 0 {
		return "[]"
	}
	text, err := Marshal(pins)
	if err != nil { // a field that is there always marshals
		panic(err)
	}
	return string(text)
}

// PinsField is what a member's pins are called in a change.
const PinsField = "pins"

// WithPin is a list of pins with one more; a field has one at most.
func WithPin(pins []Pin, pin Pin) []Pin {
	pins = slices.DeleteFunc(slices.Clone(pins), func(p Pin) bool { return p.Field == pin.Field })
	pins = append(pins, pin)
	slices.SortFunc(pins, func(a, b Pin) int { return int(a.Field) - int(b.Field) })
	return pins
}

// Pin finds the pin of a field; nil: there is none.
func (m *Member) Pin(f Field) *Pin {
	for i := range m.Pins {
		if m.Pins[i].Field == f {
			return &m.Pins[i]
		}
	}
	return nil
}
