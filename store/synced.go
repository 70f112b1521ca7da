package store

import (
	"encoding/json"
	"fmt"

	"ringroster/sync"
)

// The column synced is a JSON object of the status, the RingEX id and every
// synced field that is not empty. For nearly every member it says what the
// roster holds anyway; then it is recognized by its bytes and never decoded.

const (
	syncedStatus   = "status"
	syncedRCUserID = "rc_user_id"
)

func appendSynced(b []byte, status sync.Status, rcUserID string, p *sync.Profile) []byte {
	b = append(b, '{')
	b = appendPair(b, syncedStatus, string(status))
	b = appendPair(b, syncedRCUserID, rcUserID)
	for i, value := range p {
		b = appendPair(b, sync.Field(i).String(), value)
	}
	return append(b, '}')
}

func appendPair(b []byte, key, value string) []byte {
	if value == "" {
		return b
	}
	if b[len(b)-1] != '{' {
		b = append(b, ',')
	}
	b = append(b, '"')
	b = append(b, key...)
	b = append(b, `":`...)
	return appendText(b, value)
}

// appendText writes a JSON string; json.Marshal is for the rare ones only.
func appendText(b []byte, s string) []byte {
	for i := range len(s) {
		if c := s[i]; c < ' ' || c > '~' || c == '"' || c == '\\' {
			text, _ := json.Marshal(s) // a string cannot fail
			return append(b, text...)
		}
	}
	b = append(b, '"')
	b = append(b, s...)
	return append(b, '"')
}

// decodeSynced reads the column into m, whose held values are already there.
// buf is room to compare in; the possibly grown buf is returned.
func decodeSynced(buf []byte, text string, m *sync.Member) ([]byte, error) {
	buf = appendSynced(buf[:0], m.Status, m.RCUserID, &m.Profile)
	if string(buf) == text {
		m.Synced.Status, m.Synced.RCUserID, m.Synced.Profile = m.Status, m.RCUserID, m.Profile
		return buf, nil
	}
	var doc map[string]string
	if err := json.Unmarshal([]byte(text), &doc); err != nil {
		return buf, fmt.Errorf("member %d: column synced: %w", m.ID, err)
	}
	m.Synced.Status, m.Synced.RCUserID = sync.Status(doc[syncedStatus]), doc[syncedRCUserID]
	for i := range m.Synced.Profile {
		m.Synced.Profile[i] = doc[sync.Field(i).String()]
	}
	return buf, nil
}
