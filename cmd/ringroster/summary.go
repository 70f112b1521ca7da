package main

import (
	"fmt"
	"strings"

	"ringroster/sync"
)

// amount is a number of a summary, with what it counts: what would happen, or what did.
type amount struct {
	n           int
	would, done string // done "": the same
}

// amountsText lists the numbers that are not 0.
func amountsText(amounts []amount, done bool) string {
	var parts []string
	for _, a := range amounts {
		switch {
		case a.n == 0:
		case done && a.done != "":
			parts = append(parts, fmt.Sprintf("%d %s", a.n, a.done))
		default:
			parts = append(parts, fmt.Sprintf("%d %s", a.n, a.would))
		}
	}
	return strings.Join(parts, ", ")
}

// summaryText says in numbers what a plan would do, or what a run did: with the people
// first, each of whom is in one number (R32), then members, and what is held of either.
func summaryText(s *sync.Summary, done bool) string {
	people := amountsText([]amount{
		{s.Onboard, "to onboard", "onboarded"},
		{s.Link, "to link", "linked"},
		{s.Reactivate, "to reactivate", "reactivated"},
		{s.Update, "to update", "updated"},
		{s.Unchanged, "unchanged", ""},
		{s.Skipped, "skipped", ""},
		{s.Conflicts, "in conflict", ""},
		{s.HeldPeople, "with every change held", ""},
	}, done)
	leavers := plural(s.Deactivate, "member", "members")
	members := amountsText([]amount{
		{s.Deactivate, leavers + " to deactivate", leavers + " deactivated"},
		{s.Held, plural(s.Held, "member or newcomer", "members or newcomers") + " held", ""},
	}, done)
	return counted(s.People, "person", "people") + prefixed(": ", people) + prefixed("; ", members)
}

// contactSummaryText is summaryText of the entries of a directory.
func contactSummaryText(s *sync.ContactSummary, done bool) string {
	return counted(s.Listed, "entry", "entries") + prefixed(": ", amountsText([]amount{
		{s.Added, "to add", "added"},
		{s.Returned, "to return", "returned"},
		{s.Updated, "to update", "updated"},
		{s.Unchanged, "unchanged", ""},
		{s.Faulty, "faulty", ""},
	}, done)) + prefixed("; ", amountsText([]amount{
		{s.Removed, "to remove", "removed"},
		{s.Marked, "to mark as Removed", "marked as Removed"},
		{s.Held, plural(s.Held, "contact", "contacts") + " held", ""},
	}, done))
}
