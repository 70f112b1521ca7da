package sync

import (
	"context"
	"time"
)

// A Directory reads what RingCentral reports about one account. One value is
// one session: it serves one run and is closed as soon as reading ends.
type Directory interface {
	// Snapshot reads everything, or returns an error (R1). What it returns is
	// proved whole: nothing in it was cut, shifted or guessed.
	Snapshot(ctx context.Context, report func(Progress)) (*Snapshot, error)
	// LookAgain reads the lists once more that could show somebody who seems
	// to have left (R2): RingCX administrators, groups and agents. Only Admins
	// and SubAccounts of the answer are filled.
	LookAgain(ctx context.Context, report func(Progress)) (*Snapshot, error)
	// Close revokes the session. It may be called twice and ignores what
	// RingCentral answers, since there is nothing left to do about it.
	Close(ctx context.Context)
	// Calls counts every HTTP request sent so far: tokens, retries and the
	// revoke included.
	Calls() int
}

// Progress says how far the reading of one account is.
type Progress struct {
	Account    string
	Step       string // what is being read: "sub-accounts", "agents", "extensions" …
	SubAccount string // its name, when the step is inside one
	Done       int    // lists or pages read in this step
	Of         int    // how many there are; 0 when unknown
	People     int    // records read so far
}

// Identity says whose answers these are. Account names are bound to it (R4).
type Identity struct {
	MainAccountID   string // RingCX main account
	RingEXAccountID string
	OwnerID         string // RingEX extension id of the JWT's owner
}

// Snapshot is everything read from RingCentral for one account. All ids are
// strings, whatever they were on the wire, and every slice stands in retrieval
// order (R3): the order of the bodies, sub-accounts as configured or listed.
type Snapshot struct {
	Account     string
	TakenAt     time.Time
	Identity    Identity
	Admins      []Admin
	SubAccounts []SubAccount
	Extensions  []Extension
	Roles       []RingEXRole        // nil unless the access rule needs them
	Assigned    map[string][]string // extension id -> RingEX role ids; nil likewise
	Lists       []List              // facts for the guard
	Warnings    []Warning
}

// Admin is one administrator of the RingCX main account.
type Admin struct {
	UserID    string
	RCUserID  string // "": not linked to RingEX
	FirstName string
	LastName  string
	Email     string
	UserName  string
	Faulty    string // what is wrong with the record; "": nothing
}

// SubAccount is one RingCX sub-account. Those that were not read (not
// configured, or inactive) have no groups and Read false.
type SubAccount struct {
	ID     string
	Name   string
	Active bool
	Read   bool
	Groups []Group
}

// Group is one agent group with its agents.
type Group struct {
	ID     string
	Name   string
	Agents []Agent
}

// Agent is one RingCX agent record. One human may have several.
type Agent struct {
	ID        string
	RCUserID  string // "": not linked to RingEX
	FirstName string
	LastName  string
	Email     string
	UserName  string
	Type      string // AGENT, SUPERVISOR, MULTI_USER, MULTI_SUPERVISOR, or what comes next
	Active    bool
	Faulty    string // what is wrong with the record; "": nothing
}

// Extension is one RingEX extension of any type.
type Extension struct {
	ID         string
	Number     string
	Type       string
	Status     string
	FirstName  string
	LastName   string
	Email      string
	Department string
	JobTitle   string
	Site       string
	// HasContact is false when the record came without its contact block, as
	// unassigned ones do: then its fields are unknown.
	HasContact bool
	Faulty     string // what is wrong with the record; "": nothing
}

// RingEXRole is one RingEX user role with the ids of its permissions.
type RingEXRole struct {
	ID          string
	Name        string
	Permissions []string
}

// List is what is known about one list that was read: its length, and the
// total its service claimed. RingCX lists claim none: Total is -1.
type List struct {
	Name   string
	Length int
	Total  int
}

// Warning is something the operator should know that concerns no person.
type Warning struct {
	Reason Reason
	Detail string
}
