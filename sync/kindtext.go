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

// Left is one thing that a leaver leaves behind.
type Left struct {
	What   Reason `json:"what"`
	Detail string `json:"detail"`
}

// LeftText joins what is left behind to one text; "" for nothing.
func LeftText(left []Left) string {
	details := make([]string, len(left))
	for i, l := range left {
		details[i] = l.Detail
	}
	return strings.Join(details, "; ")
}

// LeavesBehind stands in a Sentence between the reason and what is left behind,
// which may name others.
const LeavesBehind = "; leaves behind: "

// Sentence is the reason of a change in words, with what is left behind.
func (c *Change) Sentence() string {
	if len(c.Leaves) == 0 {
		return c.Detail
	}
	return c.Detail + LeavesBehind + LeftText(c.Leaves)
}

// What a leaver leaves behind, beside ReasonLastAdmin.
const (
	LeftSupervised             Reason = "supervises"
	LeftNoAgent                Reason = "group_without_agent"
	LeftNoSupervisor           Reason = "group_without_supervisor"
	LeftSubAccountNoAgent      Reason = "sub_account_without_agent"
	LeftSubAccountNoSupervisor Reason = "sub_account_without_supervisor"
)
