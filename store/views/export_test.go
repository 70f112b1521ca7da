package views

// Queries of which TestNobodyReadsAllMembersToFindOne asks SQLite for the plan.
const (
	FindMemberSQL = findMemberSQL
	CountsSQL     = countsSQL
	WaitingSQL    = waitingSQL
	PinsSQL       = pinsSQL
)
