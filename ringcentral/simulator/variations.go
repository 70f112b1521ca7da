package simulator

import "encoding/json"

// With `variations: true` the answers say the same in other ways, as ringcentral/API.md warns RingCentral may: ids as
// strings where the schema says numbers, null group ids, unknown enum values, unknown fields, extensions
// without contact or roles. Which record gets what follows from its id, so it is the same on every read.

const novelty = "platinum"

func varyAgent(w *agentWire, m *Agent) {
	switch m.ID % 7 {
	case 1:
		w.GroupID = nil
	case 2:
		if m.RCUserID != 0 {
			w.RCUserID = number(m.RCUserID)
		}
	case 3:
		w.Novelty = novelty
	case 4:
		w.Supervisors, w.Supervisees = json.RawMessage("null"), nil
	}
	if m.ID%23 == 5 && m.Type == "" {
		w.Type = "DIGITAL_AGENT"
	}
}

func varyAdministrator(w *adminWire, m *Administrator) {
	switch m.ID % 3 {
	case 1:
		w.Novelty = novelty
	case 2:
		if m.RCUserID != 0 {
			w.RCUserID = number(m.RCUserID)
		}
	}
}

func varyExtension(w *extensionWire, e *Extension) {
	switch e.ID % 11 {
	case 1:
		w.ID = number(e.ID)
	case 2:
		w.Roles = nil
	case 3:
		w.Novelty = novelty
	case 4:
		w.Contact = nil
	case 5:
		w.Permissions, w.ProfileImage = nil, nil
	}
	if e.ID%29 == 7 && e.Status == "" {
		w.Status = "Hibernating"
	}
	if e.ID%31 == 9 && e.Type == "Voicemail" {
		w.Type = "Hologram"
	}
}
