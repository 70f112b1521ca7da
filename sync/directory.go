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
	// LookAgain reads the lists once more on which somebody depends who seems to have
	// left (R2). The answer has what was asked for, and nothing else.
	LookAgain(ctx context.Context, look Look, report func(Progress)) (*Snapshot, error)
	// Regional looks up the own regional settings of extensions, given by id, and
	// leaves out what it cannot read or has no time for; the warnings say so. An
	// error is the context's alone.
	Regional(ctx context.Context, extensions []string, report func(Progress)) (map[string]Region, []Warning, error)
	// Audit reads what RingCentral's logs tell of who did something (R37), and leaves out what
	// it cannot read or has no time for: the answer says so.
	Audit(ctx context.Context, query AuditQuery, report func(Progress)) *AuditAnswer
	// Contacts reads the company directory of the account, or returns an error
	// (R1). Neither Snapshot nor RingCX is needed for it.
	Contacts(ctx context.Context, report func(Progress)) (*ContactList, error)
	// Close revokes the session. It may be called twice and ignores what
	// RingCentral answers, since there is nothing left to do about it.
	Close(ctx context.Context)
	// Calls counts every HTTP request sent so far: tokens, retries and the
	// revoke included.
	Calls() int
}

// Look says which lists are read a second time (R2).
type Look struct {
	RingCX     bool          // administrators, sub-accounts, groups and agents
	Roles      bool          // the role list and who has which role
	Extensions []string      // ids of the extensions on which somebody depends; nil: none
	Losses     map[Loss]bool // for which the lists of RingCX are read
}

// Loss is what a plan takes away: a member's place ("status"), role or logins.
type Loss struct {
	Member int64  `json:"member"`
	Field  string `json:"field"`
}

// Progress says how far the reading of one account is.
type Progress struct {
	Account    string
	Step       string // what is being read: "sub-accounts", "agents", "extensions" …
	SubAccount string // its name, when the step is inside one
	Done       int    // lists or pages read in this step
	Of         int    // how many there are; 0 when unknown
	People     int    // records read so far
	// Waiting says why nothing goes on for Wait, after which the call is tried again,
	// such as "RingCentral does not answer"; "" while reading goes on.
	Waiting string
	Wait    time.Duration
}

// Identity says whose answers these are. Account names are bound to it (R4).
type Identity struct {
	MainAccountID   string `json:"main_account_id,omitempty"` // RingCX main account
	RingEXAccountID string `json:"ringex_account_id,omitempty"`
	OwnerID         string `json:"owner_id,omitempty"` // RingEX extension id of the JWT's owner
}

// Snapshot is everything read from RingCentral for one account. All ids are
// strings, whatever they were on the wire, and every slice stands in retrieval
// order (R3): the order of the bodies, sub-accounts as configured or listed.
type Snapshot struct {
	Account     string              `json:"account,omitempty"`
	TakenAt     time.Time           `json:"taken_at,omitzero"`
	Identity    Identity            `json:"identity,omitzero"`
	Admins      []Admin             `json:"admins,omitempty"`
	SubAccounts []SubAccount        `json:"sub_accounts,omitempty"`
	Extensions  []Extension         `json:"extensions,omitempty"`
	Roles       []RingEXRole        `json:"roles"`              // nil unless the access rule needs them
	Assigned    map[string][]string `json:"assigned"`           // extension id -> RingEX role ids; nil likewise
	Lists       []List              `json:"lists,omitempty"`    // facts for the guard
	Regional    *Regional           `json:"regional,omitempty"` // nil: regional settings are not synced
	Doubts      []Doubt             `json:"doubts,omitempty"`   // of each look alone, where there were two (R2)
	Kept        []Loss              `json:"kept,omitempty"`     // of what looks were taken for, what one of them does not show (R2)
	Warnings    []Warning           `json:"warnings,omitempty"`
}

// Admin is one administrator of the RingCX main account.
type Admin struct {
	UserID    string `json:"user_id,omitempty"`
	RCUserID  string `json:"rc_user_id,omitempty"` // "": not linked to RingEX
	FirstName string `json:"first_name,omitempty"`
	LastName  string `json:"last_name,omitempty"`
	Email     string `json:"email,omitempty"`
	UserName  string `json:"user_name,omitempty"`
	Faulty    string `json:"faulty,omitempty"` // what is wrong with the record; "": nothing
}

// SubAccount is one RingCX sub-account. Those that were not read (not
// configured, or inactive) have no groups and Read false.
type SubAccount struct {
	ID     string  `json:"id,omitempty"`
	Name   string  `json:"name,omitempty"`
	Active bool    `json:"active,omitempty"`
	Read   bool    `json:"read,omitempty"`
	Groups []Group `json:"groups,omitempty"`
}

// Group is one agent group with its agents.
type Group struct {
	ID     string  `json:"id,omitempty"`
	Name   string  `json:"name,omitempty"`
	Agents []Agent `json:"agents,omitempty"`
}

// Agent is one RingCX agent record. One human may have several.
type Agent struct {
	ID        string `json:"id,omitempty"`
	RCUserID  string `json:"rc_user_id,omitempty"` // "": not linked to RingEX
	FirstName string `json:"first_name,omitempty"`
	LastName  string `json:"last_name,omitempty"`
	Email     string `json:"email,omitempty"`
	UserName  string `json:"user_name,omitempty"`
	Type      string `json:"type,omitempty"` // AGENT, SUPERVISOR, MULTI_USER, MULTI_SUPERVISOR, or what comes next
	Active    bool   `json:"active,omitempty"`
	Faulty    string `json:"faulty,omitempty"` // what is wrong with the record; "": nothing
	// Supervisors are the agent records, in the same sub-account, of those who
	// supervise this one. Nothing is decided by them.
	Supervisors AgentIDs `json:"supervisors,omitzero"`
}

// Extension is one RingEX extension of any type.
type Extension struct {
	ID         string `json:"id,omitempty"`
	Number     string `json:"number,omitempty"`
	Type       string `json:"type,omitempty"`
	Status     string `json:"status,omitempty"`
	FirstName  string `json:"first_name,omitempty"`
	LastName   string `json:"last_name,omitempty"`
	Email      string `json:"email,omitempty"`
	Department string `json:"department,omitempty"`
	JobTitle   string `json:"job_title,omitempty"`
	Site       string `json:"site,omitempty"`
	CostCenter string `json:"cost_center,omitempty"`
	// EmployeeID is the id in another system that the settings ask for. It means something
	// only where the list said which such ids the extension has.
	EmployeeID    string `json:"employee_id,omitempty"`
	HasReferences bool   `json:"has_references,omitempty"`
	// HasContact is false when the record came without its contact block, or an empty one, as
	// unassigned ones do: then its fields are unknown.
	HasContact bool   `json:"has_contact,omitempty"`
	Faulty     string `json:"faulty,omitempty"` // what is wrong with the record; "": nothing
}

// RingEXRole is one RingEX user role with the ids of its permissions.
type RingEXRole struct {
	ID          string   `json:"id,omitempty"`
	Name        string   `json:"name,omitempty"`
	Permissions []string `json:"permissions,omitempty"`
	Faulty      string   `json:"faulty,omitempty"` // what is wrong with the record; "": nothing
}

// List is what is known about one list that was read: its length, and the
// total its service claimed. RingCX lists claim none: Total is -1.
type List struct {
	Name   string `json:"name,omitempty"`
	Length int    `json:"length,omitempty"`
	Total  int    `json:"total,omitempty"`
}

// Warning is something the operator should know that concerns no person.
type Warning struct {
	Reason Reason `json:"reason,omitempty"`
	Detail string `json:"detail,omitempty"`
}
