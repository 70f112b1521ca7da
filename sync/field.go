package sync

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// Field is one synced field of a member. Its name is the same in columns, JSON,
// logs and flags.
type Field int

// The synced fields, in the order in which they are shown.
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
	fieldCount
)

var fieldNames = [fieldCount]string{
	"first_name", "last_name", "email", "role", "extension_number",
	"department", "job_title", "site", "data_source", "time_zone", "language",
}

// Fields yields every synced field in display order.
func Fields() []Field {
	all := make([]Field, fieldCount)
	for i := range all {
		all[i] = Field(i)
	}
	return all
}

// ParseField finds a synced field by its name.
func ParseField(name string) (Field, bool) {
	i := slices.Index(fieldNames[:], name)
	return Field(i), i >= 0
}

func (f Field) String() string { return fieldNames[f] }

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
type Profile [fieldCount]string

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
		fmt.Fprintf(&b, "%q:%s", fieldNames[i], text)
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
