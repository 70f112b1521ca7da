package sync

import (
	"bytes"
	"encoding/json"
	"unicode/utf8"
)

// The JSON of a plan is a contract with other programs.
// Lists are never null; a member that does not exist yet has the id null.

// MarshalJSON writes the plan's part of the document that `plan` prints.
func (p *Plan) MarshalJSON() ([]byte, error) {
	return Marshal(struct {
		Account   string     `json:"account"`
		Summary   Summary    `json:"summary"`
		Changes   []Change   `json:"changes"`
		Held      *Held      `json:"held"`
		Conflicts []Conflict `json:"conflicts"`
		Notes     []Note     `json:"notes"`
	}{p.Account, p.Summary, orEmpty(p.Changes), p.Held, orEmpty(p.Conflicts), orEmpty(p.Notes)})
}

// MarshalJSON writes a change without the member it leads to.
func (c Change) MarshalJSON() ([]byte, error) {
	return Marshal(struct {
		Kind   Kind          `json:"kind"`
		Member *int64        `json:"member_id"`
		Person *string       `json:"person"`
		Name   string        `json:"name"`
		Email  string        `json:"email"`
		Reason Reason        `json:"reason"`
		Detail string        `json:"detail"`
		Fields []FieldChange `json:"fields"`
		Leaves []Left        `json:"leaves_behind"`
		Why    []HoldReason  `json:"held_for"` // null: it is not held
		Source *Attribution  `json:"source,omitempty"`
	}{c.Kind, orNull(c.Member), orNull(c.Person), c.Name, c.Email, c.Reason, c.Detail, orEmpty(c.shownFields()), orEmpty(c.Leaves), c.Why, c.Source})
}

// shownFields are the fields of a change; of a new member, whose history is one
// row, everything it begins with.
func (c *Change) shownFields() []FieldChange {
	if c.Kind != Onboard || c.Next == nil {
		return c.Fields
	}
	next := c.Next()
	var fields []FieldChange
	begin := func(field, value string) {
		if value != "" {
			fields = append(fields, FieldChange{Field: field, Before: "", After: value, Reason: c.Reason})
		}
	}
	begin("username", next.Username)
	begin("rc_user_id", next.RCUserID)
	for f := range FieldCount {
		begin(f.String(), next.Profile[f])
		if own := next.Synced.reported(f, next.Profile[f]); own != nil {
			fields[len(fields)-1].ReportedAfter = own
		}
	}
	for f := range OwnCount {
		if text := next.Own.Text(f); text != ownEmpty[f] {
			begin(f.String(), text)
		}
	}
	if len(next.Pins) > 0 {
		begin("pins", PinsJSON(next.Pins))
	}
	if len(next.Logins) > 0 {
		begin("logins", LoginsJSON(next.Logins))
	}
	return fields
}

// MarshalJSON writes the held set; its run is null until it was committed.
func (h Held) MarshalJSON() ([]byte, error) {
	return Marshal(struct {
		Run     *RunID       `json:"run_id"`
		Reasons []HoldReason `json:"reasons"`
		Changes []Change     `json:"changes"`
	}{orNull(h.Run), orEmpty(h.Reasons), orEmpty(h.Changes)})
}

// MarshalJSON writes a conflict with the command that settles it.
func (c Conflict) MarshalJSON() ([]byte, error) {
	return Marshal(struct {
		Person *string `json:"person"`
		Member *int64  `json:"member_id"`
		Name   string  `json:"name"`
		Reason Reason  `json:"reason"`
		Detail string  `json:"detail"`
		Remedy string  `json:"remedy"`
	}{orNull(c.Person), orNull(c.Member), c.Name, c.Reason, c.Detail, c.Remedy})
}

// MarshalJSON writes a note.
func (n Note) MarshalJSON() ([]byte, error) {
	return Marshal(struct {
		Member *int64  `json:"member_id"`
		Person *string `json:"person"`
		Name   string  `json:"name"`
		Reason Reason  `json:"reason"`
		Detail string  `json:"detail"`
	}{orNull(n.Member), orNull(n.Person), n.Name, n.Reason, n.Detail})
}

// AppendText appends a text as a JSON string. Plain text, which nearly all is, is copied.
func AppendText(b []byte, s string) []byte {
	for i := range len(s) {
		if plainBytes[s[i]] {
			continue
		}
		if s[i] >= utf8.RuneSelf && plainRunes(s[i:]) {
			break
		}
		text, _ := Marshal(s) // a string always marshals
		return append(b, text...)
	}
	return append(append(append(b, '"'), s...), '"')
}

// plainBytes are the ASCII characters that stand in JSON as they are.
var plainBytes = func() (plain [256]bool) {
	for c := range utf8.RuneSelf {
		plain[c] = plainRunes(string(rune(c)))
	}
	return plain
}()

// plainRunes says whether nothing in a text must be escaped, in any script.
func plainRunes(s string) bool {
	for _, c := range s {
		if c < ' ' || c == '"' || c == '\\' || c == utf8.RuneError || c == '\u2028' || c == '\u2029' {
			return false
		}
	}
	return true
}

// Marshal keeps <, > and & readable: e-mails stand between angle brackets.
func Marshal(v any) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	err := enc.Encode(v)
	return bytes.TrimSpace(b.Bytes()), err
}
