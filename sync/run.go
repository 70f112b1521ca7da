package sync

import "iter"

// An Observer is told what happens. It hears of a commit after it was made: the
// database is the truth, the log its echo.
type Observer interface {
	Began(id RunID, r Run)
	Progress(p Progress)
	Committed(id RunID, r Run, c *Commit)
	Failed(id RunID, r Run, account string, err error)
}

// The jobs: to keep an account's members in step, or its contacts.
const (
	JobMembers  = "members"
	JobContacts = "contacts"
)

// Edit is what an operator does to members of one account without RingCentral:
// it gives the plan to commit, and the held leavers it settles, if any.
type Edit func(State, iter.Seq[*Member]) (*Plan, *Settled, error)

// Approval names the held changes that an operator released.
type Approval struct {
	Run  RunID   // what this run, or an earlier one, showed
	Held []int64 // the roster's numbers of the changes
}

// Done is one row of the history: what a run did to one field of a member. An
// onboarding is one row without a field.
type Done struct {
	Member int64
	Kind   Kind
	Field  string
	Before string
	After  string
	Reason Reason
	// As in FieldChange.
	ReportedBefore, ReportedAfter *string
}
