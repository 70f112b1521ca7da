package main

import (
	"testing"

	"ringroster/sync"
)

// TestR32SummariesAddUp: people come first and are in one number each, then members.
func TestR32SummariesAddUp(t *testing.T) {
	for name, c := range map[string]struct {
		s           sync.Summary
		would, done string
	}{
		"nobody":   {sync.Summary{}, "0 people", "0 people"},
		"one":      {sync.Summary{People: 1, Unchanged: 1}, "1 person: 1 unchanged", "1 person: 1 unchanged"},
		"a leaver": {sync.Summary{Deactivate: 1}, "0 people; 1 member to deactivate", "0 people; 1 member deactivated"},
		"everything": {
			sync.Summary{People: 36, Onboard: 1, Link: 2, Update: 3, Reactivate: 4, Deactivate: 9, Held: 10, HeldPeople: 5, Conflicts: 6, Skipped: 7, Unchanged: 8},
			"36 people: 1 to onboard, 2 to link, 4 to reactivate, 3 to update, 8 unchanged, 7 skipped, 6 in conflict, 5 with every change held; 9 members to deactivate, 10 members or newcomers held",
			"36 people: 1 onboarded, 2 linked, 4 reactivated, 3 updated, 8 unchanged, 7 skipped, 6 in conflict, 5 with every change held; 9 members deactivated, 10 members or newcomers held",
		},
	} {
		t.Run(name, func(t *testing.T) {
			if got := summaryText(&c.s, false); got != c.would {
				t.Errorf("got %q, want %q", got, c.would)
			}
			if got := summaryText(&c.s, true); got != c.done {
				t.Errorf("got %q, want %q", got, c.done)
			}
		})
	}
}
