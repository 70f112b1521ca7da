package sync

import (
	"cmp"
	"encoding/binary"
	"encoding/json"
	"slices"
	"strings"
	"time"
)

// ContactField is one field of a contact. Its name is the column of the view
// contacts and the key in JSON.
type ContactField int

// The fields, in the order of the view.
const (
	ContactType ContactField = iota // User, Department, IvrMenu … or what comes next
	ContactStatus
	ContactFirstName
	ContactLastName
	ContactName // of entries that are no user
	ContactEmail
	ContactExtension
	ContactPhones // JSON, a list of Phone
	ContactDepartment
	ContactJobTitle
	ContactSite
	ContactFieldCount
)

var contactFieldNames = [ContactFieldCount]string{
	"type", "status", "first_name", "last_name", "name", "email", "extension_number",
	"phone_numbers", "department", "job_title", "site",
}

// String is the field's name in columns and JSON.
func (f ContactField) String() string { return contactFieldNames[f] }

// ContactFields are the values of a contact, by ContactField.
type ContactFields [ContactFieldCount]string

// StatusRemoved marks a contact that RingCentral no longer lists and that is kept
// (contacts.delete_remaining: false). It is none of RingCentral's own.
const StatusRemoved = "Removed"

// Contact is one entry of the company directory (ContactResource, API.md 2.4).
type Contact struct {
	ID           int64  // 0: not yet held
	RCID         string // the entry's id: that of the extension, if there is one
	Fields       ContactFields
	LeavingSince time.Time // start of the first full run that did not list it; zero: the last one did (R21)
}

// Label is what people call the contact.
func (c *Contact) Label() string {
	full := strings.TrimSpace(c.Fields[ContactFirstName] + " " + c.Fields[ContactLastName])
	return cmp.Or(full, c.Fields[ContactName], c.Fields[ContactEmail], c.RCID)
}

// IsKept says whether the contact is one that RingCentral no longer lists.
func (c *Contact) IsKept() bool { return c.Fields[ContactStatus] == StatusRemoved }

// MarshalJSON writes a contact as the history keeps it: id and fields.
func (c *Contact) MarshalJSON() ([]byte, error) {
	b := AppendText(append(make([]byte, 0, 512), `{"rc_id":`...), c.RCID)
	for f := range ContactFieldCount {
		b = append(append(append(b, `,"`...), contactFieldNames[f]...), `":`...)
		if f == ContactPhones {
			b = append(b, cmp.Or(c.Fields[f], "[]")...)
			continue
		}
		b = AppendText(b, c.Fields[f])
	}
	return append(b, '}'), nil
}

// Phone is one number of a contact (AdgPhoneNumberResource).
type Phone struct {
	Number  string `json:"number"`          // E.164 where RingCentral knows it
	Type    string `json:"type,omitempty"`  // VoiceFax, VoiceOnly, FaxOnly …
	Usage   string `json:"usage,omitempty"` // DirectNumber, MobileNumber …
	Label   string `json:"label,omitempty"`
	Primary bool   `json:"primary,omitempty"`
	Hidden  bool   `json:"hidden,omitempty"` // not to be shown to colleagues
}

// PhonesJSON is the value of ContactPhones. The order of the numbers means
// nothing: primary ones come first, the rest by number, so that an answer in
// another order is no change.
func PhonesJSON(phones []Phone) string {
	if len(phones) == 0 {
		return "[]"
	}
	slices.SortFunc(phones, func(a, b Phone) int {
		if a.Primary != b.Primary {
			return map[bool]int{true: -1, false: 1}[a.Primary]
		}
		return cmp.Or(strings.Compare(a.Number, b.Number), strings.Compare(a.Usage, b.Usage),
			strings.Compare(a.Type, b.Type), strings.Compare(a.Label, b.Label))
	})
	text, _ := Marshal(phones) // text and flags always marshal
	return string(text)
}

// ParsePhones reads what PhonesJSON wrote; what it did not write has no numbers.
func ParsePhones(text string) (phones []Phone) {
	if json.Unmarshal([]byte(text), &phones) != nil {
		return nil
	}
	return phones
}

// ContactList is the whole company directory of one account, proved as a
// Snapshot is (R1).
type ContactList struct {
	Account  string
	TakenAt  time.Time
	Identity Identity // of RingEX alone; MainAccountID is ""
	Contacts []Entry  // in retrieval order, ids distinct
	// Faulty are the ids of entries that cannot be read in full, with what is
	// wrong. They are there, and no more is known of them (R19).
	Faulty map[string]string
	// Nameless counts entries whose id cannot be read: whoever seems to be
	// missing may be one of them.
	Nameless int
	Total    int // as the directory claims; -1: it does not
}

// ContactPolicy is the part of the settings that decides about contacts.
type ContactPolicy struct {
	DeleteRemaining bool      // false: what RingCentral no longer has is kept, marked
	Limit           Limit     // as for members (R21)
	Deciding        []Setting // the settings whose change holds removals (R23); the token's owner is added
}

// ContactKind is the kind of a contact's change.
type ContactKind string

// The kinds, in the order in which a plan lists them.
const (
	AddContact    ContactKind = "add"
	ReturnContact ContactKind = "return" // it was kept, marked, and is listed again
	UpdateContact ContactKind = "update"
	MarkContact   ContactKind = "mark"   // no longer listed, kept
	RemoveContact ContactKind = "remove" // no longer listed, and gone from here too
)

// ContactChange is everything that one run does to one contact.
type ContactChange struct {
	Kind   ContactKind
	Reason Reason
	Why    []HoldReason  // why it is held; nil: it is not
	Fields []FieldChange // empty for add and remove, whose history is the whole contact
	// Contact is as it stands afterwards; the removed one as it was last.
	Contact *Contact
}

// ContactSummary counts a contact plan. Listed = Added + Returned + Updated +
// Unchanged + Faulty (R32).
type ContactSummary struct {
	Listed    int `json:"listed"`
	Added     int `json:"added"`
	Returned  int `json:"returned"`
	Updated   int `json:"updated"`
	Marked    int `json:"marked"`
	Removed   int `json:"removed"`
	Held      int `json:"held"`
	Faulty    int `json:"faulty"`
	Unchanged int `json:"unchanged"`
}

// ContactNote is a line about a contact to which nothing happens.
type ContactNote struct {
	ContactID int64 // 0: none is held
	RCID      string
	Name      string
	Reason    Reason
	Detail    string
}

// HeldContacts is the part of a contact plan that waits for an operator.
type HeldContacts struct {
	Run     RunID // approving this number approves all that waits; set by Commit
	Reasons []HoldReason
	Changes []ContactChange
}

// ContactPlan is what a run would do to the contacts of one account, and why.
type ContactPlan struct {
	Account string
	Version int64 // of the contacts it was made from
	Summary ContactSummary
	Changes []ContactChange // by kind, then contact, then RingCentral's id
	Held    *HeldContacts   // nil: nothing waits
	Notes   []ContactNote
	Marks   []*Contact // since when they are not listed, and nothing else
	// Open are the held and rejected removals as they stand after a run of the whole
	// directory (R25); any other run leaves them as they are.
	Open     []HeldChange
	Released []int64      // the open removals that an operator's approval applies
	Renewed  []HeldChange // what it shows anew (R25)
}

// Entry is a contact as the directory lists it. Its fields are packed into one
// string, since 100,000 of them stand in memory together, and nearly all are only
// compared: each field is its length, then its bytes.
type Entry struct {
	RCID   string
	packed string
}

// NewEntry packs an entry, into no more memory than it needs.
func NewEntry(rcID string, fields *ContactFields) Entry {
	var packed strings.Builder
	var head [binary.MaxVarintLen64]byte
	size := 0
	for i := range fields {
		size += binary.PutUvarint(head[:], uint64(len(fields[i]))) + len(fields[i])
	}
	packed.Grow(size)
	for i := range fields {
		packed.Write(head[:binary.PutUvarint(head[:], uint64(len(fields[i])))])
		packed.WriteString(fields[i])
	}
	return Entry{rcID, packed.String()}
}

// Holds says whether the fields are the entry's; room is for packing them.
func (e Entry) Holds(fields *ContactFields, room *[]byte) bool {
	*room = appendFields((*room)[:0], fields)
	return string(*room) == e.packed
}

// appendFields packs fields as NewEntry does, to compare them with an entry.
func appendFields(b []byte, fields *ContactFields) []byte {
	for i := range fields {
		b = binary.AppendUvarint(b, uint64(len(fields[i])))
		b = append(b, fields[i]...)
	}
	return b
}

// Contact is the entry as a contact that is not yet held. Their texts share
// memory.
func (e Entry) Contact() *Contact {
	c := &Contact{RCID: e.RCID}
	rest := e.packed
	for i := range c.Fields {
		var head [binary.MaxVarintLen64]byte
		n, width := binary.Uvarint(head[:copy(head[:], rest)])
		end := width + int(n) //nolint:gosec // the length of a text, as appendFields wrote it
		c.Fields[i], rest = rest[width:end], rest[end:]
	}
	return c
}
