package sync

import (
	"fmt"
	"strings"
)

// kindNouns are what changes of a kind are called, in the order in which they are told.
var kindNouns = []struct {
	kind      Kind
	one, many string
}{
	{Deactivate, "deactivation", "deactivations"},
	{Onboard, "onboarding", "onboardings"},
	{Link, "link", "links"},
	{Reactivate, "reactivation", "reactivations"},
	{Update, "update", "updates"},
	{EditMember, "edit by hand", "edits by hand"},
	{Kind(RemoveContact), "removal of a contact", "removals of contacts"},
	{Kind(MarkContact), "contact that would be marked Removed", "contacts that would be marked Removed"},
}

// KindsText says how many changes of each kind there are: "6 deactivations, 1 update".
func KindsText(counts map[Kind]int) string {
	var parts []string
	for _, noun := range kindNouns {
		switch n := counts[noun.kind]; n {
		case 0:
		case 1:
			parts = append(parts, "1 "+noun.one)
		default:
			parts = append(parts, fmt.Sprintf("%d %s", n, noun.many))
		}
	}
	return strings.Join(parts, ", ")
}
