package memberrows

import (
	"encoding/json"
	"fmt"

	"ringroster/store/sqlrows"
	"ringroster/sync"
)

// The column synced is '' where the last sync left what the row holds, as it did
// for nearly every member; a trigger writes it out before somebody else edits the
// row. Else it is a JSON object of the status, the RingEX id, the synced fields and
// what `map` made of these; what it lacks is "".

const (
	syncedStatus   = "status"
	syncedRCUserID = "rc_user_id"
	syncedMapped   = "mapped_" // and the field
)

// syncedText is the column of a member whose row is written with it.
func syncedText(m *sync.Member) string {
	if m.Synced.Status == m.Status && m.Synced.RCUserID == m.RCUserID && m.Synced.Profile == m.Profile && m.Synced.Mapped == (sync.Mapped{}) {
		return ""
	}
	return syncedJSON(m)
}

// syncedJSON is the column whatever the row holds.
func syncedJSON(m *sync.Member) string {
	doc := map[string]string{syncedStatus: string(m.Synced.Status), syncedRCUserID: m.Synced.RCUserID}
	for i, value := range m.Synced.Profile {
		doc[sync.Field(i).String()] = value
	}
	for i, f := range sync.MappedFields {
		if value := m.Synced.Mapped[i]; value != "" {
			doc[syncedMapped+f.String()] = value
		}
	}
	text, _ := sqlrows.ExactJSON(doc) // strings always marshal
	return text
}

// decodeSynced reads the column into m, whose held values are already there.
func decodeSynced(text string, m *sync.Member) error {
	m.Synced.Status, m.Synced.RCUserID, m.Synced.Profile = m.Status, m.RCUserID, m.Profile
	if text == "" {
		return nil
	}
	var doc map[string]string
	if err := json.Unmarshal([]byte(text), &doc); err != nil {
		return fmt.Errorf("member %d: column synced: %w", m.ID, err)
	}
	m.Synced.Status, m.Synced.RCUserID = sync.Status(doc[syncedStatus]), doc[syncedRCUserID]
	for i := range m.Synced.Profile {
		m.Synced.Profile[i] = doc[sync.Field(i).String()]
	}
	for i, f := range sync.MappedFields {
		m.Synced.Mapped[i] = doc[syncedMapped+f.String()]
	}
	return nil
}
