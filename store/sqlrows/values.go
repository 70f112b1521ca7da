package sqlrows

import (
	"database/sql"
	"encoding/json"
	"strings"
	"time"

	"ringroster/sync"
)

// Stamp writes a time as the database keeps it; the zero time is NULL.
func Stamp(t time.Time) *string {
	if t.IsZero() {
		return nil
	}
	return new(t.UTC().Format("2006-01-02T15:04:05Z"))
}

// ParseStamp reads what Stamp wrote, or an operator by hand.
func ParseStamp(text sql.NullString) (time.Time, error) {
	if !text.Valid || text.String == "" {
		return time.Time{}, nil
	}
	return time.Parse(time.RFC3339, text.String)
}

// StampText is Stamp, and "" for the zero time.
func StampText(t time.Time) string {
	if text := Stamp(t); text != nil {
		return *text
	}
	return ""
}

// ExactJSON leaves the values as they came, since they will be compared: no <
// becomes \u003c.
func ExactJSON(v any) (string, error) {
	var b strings.Builder
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	err := enc.Encode(v)
	return strings.TrimSpace(b.String()), err
}

// JSONList writes a list as JSON; an empty one is [], never null.
func JSONList[T any](list []T) (string, error) {
	if len(list) == 0 {
		return "[]", nil
	}
	text, err := json.Marshal(list)
	return string(text), err
}

// UnmarshalText reads a column of JSON.
func UnmarshalText(text string, v any) error { return json.Unmarshal([]byte(text), v) }

// SourceText is an attribution as the column source has it; nil: NULL.
func SourceText(a *sync.Attribution) (any, error) {
	if a == nil {
		return nil, nil
	}
	text, err := ExactJSON(a)
	return text, err
}

// Source reads an attribution from the column source; nil: NULL.
type Source struct{ Into **sync.Attribution }

// Scan is for database/sql.
func (s Source) Scan(value any) error {
	text, ok := value.(string)
	if !ok {
		*s.Into = nil
		return nil
	}
	*s.Into = &sync.Attribution{}
	return json.Unmarshal([]byte(text), *s.Into)
}
