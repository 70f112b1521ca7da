package sqlrows

import (
	"slices"
	"strings"

	"ringroster/sync"
)

// Naming says of a text whether it names a member.
func Naming(m *sync.Member) func(text string) bool {
	return func(text string) bool {
		return Mentions(text, m.Profile[sync.Email], m.Username, m.Profile.Name())
	}
}

// shortestName is how long a value must be to say whom a text means.
const shortestName = 3

// Mentions says whether one of somebody's values stands in a text (R33).
func Mentions(text string, values ...string) bool {
	text = sync.FoldText(text)
	return slices.ContainsFunc(values, func(value string) bool {
		value = sync.FoldText(value)
		return len(value) >= shortestName && strings.Contains(text, value)
	})
}
