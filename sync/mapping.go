package sync

import (
	"fmt"
	"slices"
	"strings"
)

// Mapping is an entry of `map` in the settings: what the roster holds instead of a value
// of RingCentral's (R8). Filters see RingCentral's own.
type Mapping struct {
	Field Field  `json:"field"`
	From  string `json:"from"` // compared as in R33; * stands for any run of characters
	To    string `json:"to"`
}

// MappedFields are those that can be mapped.
var MappedFields = [...]Field{Site, Department, JobTitle}

// Mapped is what the last sync made of RingCentral's values, in the order of MappedFields;
// "": nothing, the roster was given the value itself.
type Mapped [len(MappedFields)]string

// mapped is where the field stands in Mapped; nil: it is none that can be mapped.
func (s *Synced) mapped(f Field) *string {
	if i := slices.Index(MappedFields[:], f); i >= 0 {
		return &s.Mapped[i]
	}
	return nil
}

// report takes down what RingCentral says of a field, and what the roster was given for it.
func (s *Synced) report(f Field, value, given string) {
	s.Profile[f] = value
	if m := s.mapped(f); m != nil {
		if *m = ""; given != value {
			*m = given
		}
	}
}

// given is what the roster was given for a field.
func (s *Synced) given(f Field) string {
	if m := s.mapped(f); m != nil && *m != "" {
		return *m
	}
	return s.Profile[f]
}

// reported is what RingCentral said of a field, where the roster was given another value,
// and has it; nil: it was not, or has not.
func (s *Synced) reported(f Field, held string) *string {
	if m := s.mapped(f); m != nil && *m != "" && *m == held {
		return new(s.Profile[f])
	}
	return nil
}

// original is what the roster holds, with RingCentral's own values for what they were mapped to.
func (m *Member) original() Profile {
	held := m.Profile
	for _, f := range MappedFields {
		if own := m.Synced.reported(f, held[f]); own != nil {
			held[f] = *own
		}
	}
	return held
}

// mapper applies entries, of which the first that fits counts. It remembers the answers:
// a company has few values.
type mapper struct {
	entries []Mapping
	found   map[mappable]int // the entry; -1: none
}

// mappable is a value of RingCentral's.
type mappable struct {
	field Field
	value string
}

func newMapper(entries []Mapping) *mapper { return &mapper{entries, map[mappable]int{}} }

// entry is the first that fits; -1: none does.
func (m *mapper) entry(f Field, value string) int {
	if len(m.entries) == 0 {
		return -1
	}
	key := mappable{f, value}
	i, ok := m.found[key]
	if !ok {
		i = slices.IndexFunc(m.entries, func(e Mapping) bool { return e.Field == f && starMatches(FoldText(e.From), FoldText(value)) })
		m.found[key] = i
	}
	return i
}

// value is what the roster holds where RingCentral says value.
func (m *mapper) value(f Field, value string) string {
	if i := m.entry(f, value); i >= 0 {
		return m.entries[i].To
	}
	return value
}

// apply gives a new member what is made of RingCentral's values, where they are known.
func (m *mapper) apply(next *Member, known FieldSet) {
	for _, f := range MappedFields {
		if known.Has(f) {
			next.Synced.report(f, next.Profile[f], m.value(f, next.Profile[f]))
			next.Profile[f] = next.Synced.given(f)
		}
	}
}

// plain says whether the roster holds what RingCentral says.
func (m *mapper) plain(v *verdict) bool { return len(m.entries) == 0 || m.words(v, nil) == "" }

// words says what was made of RingCentral's values in a change of fields, or in a new
// member where there are none; "": nothing was.
func (m *mapper) words(v *verdict, fields []FieldChange) string {
	var parts []string
	for _, f := range MappedFields {
		to := m.value(f, v.Profile[f])
		given := fields == nil || slices.ContainsFunc(fields, func(c FieldChange) bool { return c.Field == f.String() && c.After == to })
		if to != v.Profile[f] && v.Known.Has(f) && given {
			parts = append(parts, fmt.Sprintf("map makes %s %q of RingCentral's %q", f, to, v.Profile[f]))
		}
	}
	return strings.Join(parts, "; ")
}

// starMatches compares folded texts; * in the pattern stands for any run of characters,
// and everything else for itself.
func starMatches(pattern, value string) bool {
	first, rest, more := strings.Cut(pattern, "*")
	value, ok := strings.CutPrefix(value, first)
	if !more || !ok {
		return ok && value == ""
	}
	parts := strings.Split(rest, "*")
	last := len(parts) - 1
	for _, part := range parts[:last] {
		if _, value, ok = strings.Cut(value, part); !ok {
			return false
		}
	}
	return strings.HasSuffix(value, parts[last])
}

// UnusedMappings says which entries of `map` no extension of a snapshot has use for, with
// what there is.
func UnusedMappings(entries []Mapping, s *Snapshot) (unused []string) {
	if len(entries) == 0 {
		return nil
	}
	m, used, values := newMapper(entries), map[int]bool{}, map[Field]map[string]bool{}
	for _, f := range MappedFields {
		values[f] = map[string]bool{}
	}
	for i := range s.Extensions {
		e := &s.Extensions[i]
		values[Site][e.Site], values[Department][e.Department], values[JobTitle][e.JobTitle] = true, true, true
	}
	for f, all := range values {
		for value := range all {
			used[m.entry(f, value)] = true
		}
	}
	for i, e := range entries {
		if !used[i] {
			unused = append(unused, fmt.Sprintf("map[%d] fits no extension's %s that an earlier entry leaves: from %q; there %s",
				i, e.Field, e.From, thereAre(values[e.Field])))
		}
	}
	return unused
}

// mostValues is how many values are named where one is not there.
const mostValues = 10

func thereAre(values map[string]bool) string {
	var all []string
	for value := range values {
		if value != "" {
			all = append(all, fmt.Sprintf("%q", value))
		}
	}
	slices.Sort(all)
	switch {
	case len(all) == 0:
		return "is none"
	case len(all) > mostValues:
		return fmt.Sprintf("are %s and %d more", strings.Join(all[:mostValues], ", "), len(all)-mostValues)
	}
	return "are " + strings.Join(all, ", ")
}
