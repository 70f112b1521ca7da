package sync

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
)

// Field is one synced field of a member. Its name is the same in columns, JSON,
// logs and flags.
type Field int

// The synced fields, in the order in which they are shown. A new one comes last: the
// archive keeps profiles as lists.
const (
	FirstName Field = iota
	LastName
	Email
	Role
	ExtensionNumber
	Department
	JobTitle
	Site
	DataSource
	TimeZone // IANA name
	Language // BCP 47 tag
	CostCenter
	EmployeeID
	FieldCount
)

// fieldTable is the table of synced fields. SQL columns, views, triggers, JSON, the archive,
// export, explain and erasure follow it.
var fieldTable = [FieldCount]struct {
	name string
	// impersonal fields say nothing about a human: `roster forget` leaves them alone, and
	// blanks all others.
	impersonal bool
	// extension finds the value in a RingEX record, of a field that no other source has
	// (R8); nil: another has it, or the list has not.
	extension func(*Extension) *string
	// own fields are the roster's own where the settings name no source (Policy.Unread).
	own bool
}{
	FirstName:       {name: "first_name"},
	LastName:        {name: "last_name"},
	Email:           {name: "email"},
	Role:            {name: "role", impersonal: true},
	ExtensionNumber: {name: "extension_number", extension: func(e *Extension) *string { return &e.Number }},
	Department:      {name: "department", extension: func(e *Extension) *string { return &e.Department }},
	JobTitle:        {name: "job_title", extension: func(e *Extension) *string { return &e.JobTitle }},
	Site:            {name: "site", extension: func(e *Extension) *string { return &e.Site }},
	DataSource:      {name: "data_source", impersonal: true},
	TimeZone:        {name: "time_zone"},
	Language:        {name: "language"},
	CostCenter:      {name: "cost_center", extension: func(e *Extension) *string { return &e.CostCenter }},
	EmployeeID:      {name: "employee_id", own: true},
}

// Fields yields every synced field in display order.
func Fields() []Field {
	all := make([]Field, FieldCount)
	for i := range all {
		all[i] = Field(i)
	}
	return all
}

// ParseField finds a synced field by its name.
func ParseField(name string) (Field, bool) {
	for f := range FieldCount {
		if fieldTable[f].name == name {
			return f, true
		}
	}
	return 0, false
}

func (f Field) String() string { return fieldTable[f].name }

// IsOwn says whether the field is the roster's own where the settings name no source.
func (f Field) IsOwn() bool { return fieldTable[f].own }

// IsImpersonal says whether the field says nothing about a human.
func (f Field) IsImpersonal() bool { return fieldTable[f].impersonal }

// Fields yields what only the extension says of its holder, in display order.
func (e *Extension) Fields(yield func(Field, string) bool) {
	for f := range FieldCount {
		if value := fieldTable[f].extension; value != nil && !yield(f, *value(e)) {
			return
		}
	}
}

// MarshalText writes the name.
func (f Field) MarshalText() ([]byte, error) { return []byte(f.String()), nil }

// UnmarshalText reads a name; one that no field has is an error.
func (f *Field) UnmarshalText(name []byte) error {
	field, ok := ParseField(string(name))
	if !ok {
		return fmt.Errorf("%q is no synced field", name)
	}
	*f = field
	return nil
}

// Profile holds a value for every synced field. A person has one; a member has
// two, the one held and the one last synced, which makes the comparison three-way.
type Profile [FieldCount]string

// Name is the full name for people to read; e-mail stands in when there is none.
func (p *Profile) Name() string {
	if name := strings.TrimSpace(p[FirstName] + " " + p[LastName]); name != "" {
		return name
	}
	return p[Email]
}

// MarshalJSON writes the fields by name, in display order.
func (p Profile) MarshalJSON() ([]byte, error) {
	var b bytes.Buffer
	b.WriteByte('{')
	for i, value := range p {
		if i > 0 {
			b.WriteByte(',')
		}
		text, err := json.Marshal(value)
		if err != nil {
			return nil, err
		}
		fmt.Fprintf(&b, "%q:%s", fieldTable[i].name, text)
	}
	b.WriteByte('}')
	return b.Bytes(), nil
}

// FieldSet is a set of synced fields.
type FieldSet uint32

// Has reports whether the set holds f.
func (s FieldSet) Has(f Field) bool { return s&(1<<f) != 0 }

// With returns the set with the given fields added.
func (s FieldSet) With(fields ...Field) FieldSet {
	for _, f := range fields {
		s |= 1 << f
	}
	return s
}
