package sync

import "time"

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
