package sync

import (
	"cmp"
	"encoding/json"
	"slices"
	"strings"
)

// AgentIDs are ids of agent records of one sub-account, as a JSON list in order, each once,
// so that two can be compared. "" says that nobody told any, "[]" that there are none.
type AgentIDs string

// List are the ids one by one; nil: there are none.
func (a AgentIDs) List() []string {
	var ids []string
	if a != "" && a != NoAgents {
		_ = json.Unmarshal([]byte(a), &ids) // what somebody edited into something else names nobody
	}
	return ids
}

// MarshalJSON writes the list.
func (a AgentIDs) MarshalJSON() ([]byte, error) { return []byte(cmp.Or(a, NoAgents)), nil }

// UnmarshalJSON reads a list in any order; null: nobody told any.
func (a *AgentIDs) UnmarshalJSON(text []byte) error {
	var ids []string
	err := json.Unmarshal(text, &ids)
	*a = NewAgentIDs(ids)
	return err
}

// NewAgentIDs puts ids in order; nil: nobody told any.
func NewAgentIDs(ids []string) AgentIDs {
	if ids == nil {
		return ""
	}
	if len(ids) > 1 {
		ids = slices.Clone(ids)
		slices.SortFunc(ids, func(a, b string) int { return cmp.Or(cmp.Compare(len(a), len(b)), strings.Compare(a, b)) })
		ids = slices.Compact(ids)
	}
	text := append(make([]byte, 0, 64), '[')
	for i, id := range ids {
		if i > 0 {
			text = append(text, ',')
		}
		text = AppendText(text, id)
	}
	return AgentIDs(append(text, ']'))
}

// NoAgents says that there are none.
const NoAgents AgentIDs = "[]"
