package sync

import (
	"encoding/json"
	"time"
)

// Doubt is a list that one look gave no reason to believe.
type Doubt struct {
	Kind   ListKind `json:"kind"`
	Sub    string   `json:"sub_account_id,omitempty"`
	Group  string   `json:"agent_group_id,omitempty"`
	Reason Reason   `json:"reason"`
	Detail string   `json:"detail"`
}

// ListKind says what a list that decides is a list of (R22).
type ListKind uint8

const (
	Administrators ListKind = iota // the list of them
	SubAccountList                 // the agent groups of a sub-account, and with them everybody in it
	AgentGroupList
	ExtensionList
	RoleList
	DirectoryList // the company directory
	CrowdList     // contacts of one type, or of one site
)

// Length is how many active records a list had, and on which UTC day it last had so many.
type Length struct {
	Records int    `json:"records"`
	On      string `json:"on"`
	Dense   bool   `json:"dense,omitempty"` // the roster had most of its people
}

// UnmarshalJSON also reads a bare number, as schema version 13 kept it: of an unknown day.
func (l *Length) UnmarshalJSON(text []byte) error {
	if json.Unmarshal(text, &l.Records) == nil {
		return nil
	}
	type plain Length
	return json.Unmarshal(text, (*plain)(l))
}

// The spans of the rules, each said once.
const (
	// DayWindow is R21's shorter window: less than a day, so that a run that starts a
	// little earlier than yesterday's does not count yesterday's leavers in.
	DayWindow = 23 * time.Hour
	// WeekWindow is R21's longer window.
	WeekWindow = 7 * 24 * time.Hour
	// SameDay is how near each other full runs, or losses, are about one event (R22).
	SameDay = 20 * time.Hour
	// PresentDays is on how many UTC days full runs must have seen a person whose leaving
	// was rejected, for the rejection to end (R26).
	PresentDays = 3
)
