package sync

import (
	"slices"
	"time"
)

// IsAdministrator says whether RingCentral made somebody active an administrator
// when it was last asked: a pin, an edit by hand or a member that nobody was ever
// matched to makes none.
func (m *Member) IsAdministrator() bool {
	return m.Status == Active && m.Linked && m.Synced.Profile[Role] == RoleAdministrator
}

// Copy is for whoever is written: the unchanged, nearly all, cost no memory.
func (m Member) Copy() *Member { return &m }

// Itself is the Next of a change whose member is made already.
func (m *Member) Itself() *Member { return m }

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

// reported is what RingCentral said of a field, where the roster was given another value,
// and has it; nil: it was not, or has not.
func (s *Synced) reported(f Field, held string) *string {
	if m := s.mapped(f); m != nil && *m != "" && *m == held {
		return new(s.Profile[f])
	}
	return nil
}

// Report takes down what RingCentral says of a field, and what the roster was given for it.
func (s *Synced) Report(f Field, value, given string) {
	s.Profile[f] = value
	if m := s.mapped(f); m != nil {
		if *m = ""; given != value {
			*m = given
		}
	}
}

// Given is what the roster was given for a field.
func (s *Synced) Given(f Field) string {
	if m := s.mapped(f); m != nil && *m != "" {
		return *m
	}
	return s.Profile[f]
}

// Original is what the roster holds, with RingCentral's own values for what they were mapped to.
func (m *Member) Original() Profile {
	held := m.Profile
	for _, f := range MappedFields {
		if own := m.Synced.reported(f, held[f]); own != nil {
			held[f] = *own
		}
	}
	return held
}

// AsHeld is what the last sync wrote when nobody has edited anything since.
func AsHeld(m *Member) Synced {
	return Synced{m.Profile, Mapped{}, m.Status, m.RCUserID, m.Synced.Roles, LoginsFingerprint(m.Logins), m.Synced.Extension, m.Synced.Regional}
}

// Region is a time zone and a language; empty is unknown.
type Region struct {
	TimeZone string `json:"time_zone,omitempty"` // IANA name, no legacy one
	Language string `json:"language,omitempty"`  // BCP 47 tag
	// EmployeeID is what the custom field holds; it is unknown where the record has no list
	// of custom fields.
	EmployeeID    string `json:"employee_id,omitempty"`
	HasEmployeeID bool   `json:"has_employee_id,omitempty"`
}

// Regional is what one run knows of regional settings.
type Regional struct {
	Account Region            `json:"account,omitzero"` // the account's own
	Own     map[string]Region `json:"own,omitempty"`    // by extension id: what was looked up in this run
	// CustomField is the name of the one that holds the employee number; "": none is read.
	CustomField string `json:"custom_field,omitempty"`
	CustomOnly  bool   `json:"custom_only,omitempty"` // time zone and language are not synced
}

// UndoRegional has an extension read again whose settings were undone (R29).
func (m *Member) UndoRegional(f Field) {
	if (f == TimeZone || f == Language || f == EmployeeID) && m.Synced.Regional != "" {
		m.Synced.Regional = "undone" // is no extension's key
	}
}

// ImpersonalLogins are the logins without what is personal in them.
func ImpersonalLogins(logins []Login) []Login {
	logins = slices.Clone(logins)
	for i := range logins {
		logins[i].UserName, logins[i].Supervisors = "", ""
	}
	return logins
}

func (p Profile) impersonal() Profile {
	for f := range FieldCount {
		if !f.IsImpersonal() {
			p[f] = ""
		}
	}
	return p
}

// Forget blanks all that is personal.
func (m *Member) Forget() {
	m.Profile, m.Synced.Profile = m.Profile.impersonal(), m.Synced.Profile.impersonal()
	m.Synced.Mapped = Mapped{}
	m.Username, m.Pins = "", nil
	m.Logins = ImpersonalLogins(m.Logins)
	m.Synced.Logins, m.Synced.Extension, m.Synced.Regional = LoginsFingerprint(m.Logins), "", ""
	m.Status, m.Synced.Status, m.DeactivationReason, m.LeavingSince = Inactive, Inactive, ReasonForgotten, time.Time{}
}
