package reconcile_test

import "ringroster/sync"

// Laws over days, to be played on a roster beside the books in memory.
var (
	LawDays         = lawDays
	LawNobodyLeaves = lawNobodyLeaves
)

// InMemory is the roster of the tests of runs.
func InMemory() sync.Roster { return newMemory() }
