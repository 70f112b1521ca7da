package sync

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"iter"
	"os"
	"time"
)

// ErrMoved is returned by Commit when the account's roster is no longer the
// version the plan was made from (R27). Plan again.
var ErrMoved = errors.New("the roster has changed since it was read")

// BusyError is returned by Lock when another process holds the lock (R27).
type BusyError struct{ Holder Holder }

func (e *BusyError) Error() string {
	return e.Who() + "; try again, or give --wait 5m to wait for its end"
}

// Who says who holds the lock.
func (e *BusyError) Who() string {
	if e.Holder.PID == 0 {
		return "another run holds the roster's lock"
	}
	return fmt.Sprintf("another run holds the roster's lock: process %d on %s since %s",
		e.Holder.PID, e.Holder.Host, e.Holder.Since.UTC().Format(time.RFC3339))
}

// UnrecordedError says that the roster could not take down what happens to a run: nobody
// will learn of it there.
type UnrecordedError struct {
	Doing string
	Err   error
}

func (e *UnrecordedError) Error() string { return e.Doing + ": " + e.Err.Error() }

func (e *UnrecordedError) Unwrap() error { return e.Err }

// Holder says who holds the lock.
type Holder struct {
	PID   int
	Host  string
	Since time.Time
}

// NewHolder describes this process.
func NewHolder(since time.Time) Holder {
	host, err := os.Hostname()
	if err != nil {
		host = "unknown host"
	}
	return Holder{PID: os.Getpid(), Host: host, Since: since}
}

// A Roster holds the members of all accounts.
type Roster interface {
	// Lock takes the one lock of the roster, across processes, and fails with
	// *BusyError at once when somebody else has it.
	Lock(ctx context.Context, h Holder) (release func() error, err error)
	// Begin records a run with status running for each of its accounts, and
	// marks rows that a dead process left running as failed (interrupted).
	Begin(ctx context.Context, r Run) (RunID, error)
	// State is what the roster knows about an account besides its members. An
	// account never seen before has the zero State.
	State(ctx context.Context, account string, now time.Time) (State, error)
	// Members yields every member of an account once, logins included, in any
	// order, but passes over those whose seal known knows; known may be nil. After
	// an error it yields nothing more.
	Members(ctx context.Context, account string, known Known) iter.Seq2[*Member, error]
	// ContactState is State for the contacts, which have a version, accepted
	// settings and a held set of their own; the binding is the same (R4).
	ContactState(ctx context.Context, account string, now time.Time) (State, error)
	// Contacts yields every contact of an account once, in any order. After an
	// error it yields nothing more.
	Contacts(ctx context.Context, account string) iter.Seq2[*Contact, error]
	// Commit is the one way in which anything is written (R27): one transaction
	// that checks the version, then writes members or contacts, history, held
	// set and outcome. It sets the Run of the plan's Held to the number under
	// which the held set is open.
	Commit(ctx context.Context, c *Commit) error
}

// Status of a member.
type Status string

// A member is active or inactive; nobody is ever deleted.
const (
	Active   Status = "active"
	Inactive Status = "inactive"
)

// Member is someone the roster holds.
type Member struct {
	ID       int64 // 0: not yet in the roster
	Account  string
	Status   Status
	Managed  bool // false: detached, never changed by a sync
	Linked   bool // matched to a person in an earlier applied run (R15)
	RCUserID string
	AdminIDs []string // RingCX administrator ids at the last sync
	Username string   // never changed once created (R8)
	Profile  Profile  // as the roster holds it
	Synced   Synced   // as the last sync left it
	Logins   []Login  // ordered by sub-account id, then agent id

	Own  Own   // what belongs to the roster
	Pins []Pin // by field; at most one each

	DeactivationReason Reason // "" when active, or when set inactive by hand
	AbsentDays         int    // UTC days in a row on which nobody reported them (R17)
	AbsentOn           string // the last such day, 2006-01-02
	LastSeenAt         time.Time
	LeavingSince       time.Time // start of the first full run in which the member would leave; zero: it would not (R21)

	Unsealed bool // the roster has no seal of the member as it stands (sync/fingerprint/fingerprint.go)
}

// Synced is what the last sync wrote, beside what the roster holds now. Where
// the two differ, somebody edited the roster by hand, or pinned a field.
type Synced struct {
	Profile  Profile // as RingCentral reported it
	Mapped   Mapped  // what `map` made of it (R8)
	Status   Status
	RCUserID string
	Roles    string // the records the role came from, to tell a new role from new settings
	Logins   string // fingerprint of the logins
	// Extension is the one that the member had without having its id for an rcUserId, as it was
	// when it last bore something of theirs (Extension.words); "": none (R7).
	Extension string
	Regional  string // the extension whose own regional settings were read, as it was then (regionalKey); "": none yet
}

// Login is one RingCX agent record of a member. Rows are never removed: Active
// becomes false (R8).
type Login struct {
	SubAccountID string `json:"sub_account_id"`
	SubAccount   string `json:"sub_account"`
	AgentGroupID string `json:"agent_group_id"`
	AgentGroup   string `json:"agent_group"`
	AgentID      string `json:"agent_id"`
	AgentType    string `json:"agent_type"`
	UserName     string `json:"user_name"`
	DataSource   string `json:"data_source"`
	Active       bool   `json:"active"`
	// Supervisors are whom the agent reports to, in the same sub-account; "": nobody, or
	// nobody knows.
	Supervisors AgentIDs `json:"supervisor_agent_ids,omitzero"`
}

// State is what the roster knows about an account besides its members.
type State struct {
	Version  int64             `json:"version,omitempty"`  // raised by every commit (R27)
	Bound    Identity          `json:"bound,omitzero"`     // zero until the first success (R4)
	Accepted map[string]string `json:"accepted"`           // deciding settings of the last accepted run, JSON by key (R23); nil: none yet
	LastSeen time.Time         `json:"last_seen,omitzero"` // when the last applied whole snapshot was taken
	// Recent counts what earlier runs did within each window of the guard: 23 hours and
	// 7 days, from start of run to start of run. It shares the limits of this run (R21, R35).
	Recent [2]Recent `json:"recent,omitzero"`
	// Gone are logins that runs ended, by member, whom an earlier full run still saw there:
	// the first of those that began in the 20 hours before the last one (R22). A run for one
	// person counts as well, since it is no look at the lists; what an operator approved, did
	// or undid does not.
	Gone map[int64][]Login `json:"gone,omitempty"`
	// Moved are, by member, the active logins before each change since then that ended one and
	// brought another in its stead.
	Moved map[int64][][]Login `json:"moved,omitempty"`
	// GoneAdmins are members who were administrators then, and lost the role to such a run.
	GoneAdmins map[int64]bool `json:"gone_admins,omitempty"`
	// GoneContacts are, of contacts, those that runs removed or marked since then: of each its
	// id, its type and its site.
	GoneContacts []*Contact `json:"-"`
	// Lengths are how many active records each list had, by name: in the last full run, or, of
	// those of which the roster has few people, the most in full runs of a week (R22).
	Lengths map[string]Length `json:"sparse,omitempty"`
	// Ended are the active members whose extension had ended at the last full run, each with the
	// start of the first one that saw it (R22); nil: none has looked.
	Ended map[int64]time.Time `json:"ended"`
	// New are fields that no whole run of the account has read: this one fills them first.
	New FieldSet `json:"new,omitempty"`
	// NewSupervisors says the same of the supervisors of logins.
	NewSupervisors bool `json:"new_supervisors,omitempty"`

	Kept  map[string]bool `json:"-"`              // names of the pieces that earlier runs kept (Keep)
	Bases map[string]Base `json:"-"`              // of them the newest that are whole lists, by Piece.List
	Open  []HeldChange    `json:"open,omitempty"` // held and rejected changes that are not done with (R25, R26)
	// Others are the accounts of the roster that are bound to a RingCX main account,
	// by its id, without this one (R4).
	Others map[string]string `json:"-"`
}

// Recent counts what runs did within one window, without what an operator approved, did
// by hand or undid since.
type Recent struct {
	Deactivated    int            `json:"deactivated,omitempty"` // and still inactive
	Onboarded      int            `json:"onboarded,omitempty"`   // after the first full run
	Administrators int            `json:"administrators,omitempty"`
	Updated        map[string]int `json:"updated,omitempty"` // by field: what the source changed
}

// RunID numbers runs; one number covers all accounts of a run.
type RunID int64

// Trigger says what started a run.
type Trigger string

// The triggers that this program uses.
const (
	Manual    Trigger = "manual"
	Scheduled Trigger = "schedule"
	CatchUp   Trigger = "catch_up"
	Retry     Trigger = "retry"
	Approve   Trigger = "approve"
	Reject    Trigger = "reject"
	Clear     Trigger = "clear" // of a rejection: no run's trigger
	Undoing   Trigger = "undo"
	Importing Trigger = "import"
	ByHand    Trigger = "edit"
)

// RunStatus is the outcome of a run for one account.
type RunStatus string

// The outcomes. A run whose leavers are held is not a failure.
const (
	Running   RunStatus = "running"
	Succeeded RunStatus = "succeeded"
	HeldRun   RunStatus = "held"
	Failed    RunStatus = "failed"
)

// Run is what is known when a run begins.
type Run struct {
	Job        string // JobMembers or JobContacts; "" is JobMembers
	Accounts   []string
	Trigger    Trigger
	Actor      string // who is the author of its changes (R31)
	OnBehalfOf string // the impersonated user beside an operator; "" when the actor is that user
	Note       string
	Version    string // of the program
	StartedAt  time.Time
}

// JobName is the job of the run.
func (r *Run) JobName() string { return cmp.Or(r.Job, JobMembers) }

// Commit is one account's end of a run.
type Commit struct {
	Run        RunID
	Job        string // of the run; "" is JobMembers
	Account    string
	FinishedAt time.Time
	Status     RunStatus
	APICalls   int
	Err        error // why it failed

	// Plan is what to write; nil for a failed account, whose members stay
	// untouched.
	Plan *Plan
	// Contacts is what to write in a run of JobContacts, in place of Plan.
	Contacts *ContactPlan
	// Full says that the plan covers the whole account, from a whole snapshot:
	// it decides about the held set, the day's absences and the last success.
	Full     bool
	TakenAt  time.Time // of the snapshot; zero when there was none
	Identity Identity  // bound at the first success (R4); zero: leave as it is
	// Settings are the deciding settings of a full run (R23): they replace what the
	// guard compares the next run with, unless the run holds somebody because they are
	// others; then they wait with what it holds. Those of an approval say what is in force.
	// nil: neither.
	Settings *Accepted
	// Settled are held changes that an operator decided about.
	Settled *Settled
	// Keep is kept once the outcome is written; nil: this was no full run. That
	// it could not be kept is no error of Commit's: Keep.Err says so.
	Keep *Keep
	// Untold is why the notices of this commit could not be written, which is no error of
	// Commit's either; nil: they were, or there are none.
	Untold error
}

// JobName is the job of the run.
func (c *Commit) JobName() string { return cmp.Or(c.Job, JobMembers) }

// Accepted is what the guard compares the next run with.
type Accepted struct {
	Settings map[string]string `json:"settings"`
}

// Settled is what an operator decided about held changes.
type Settled struct {
	Decision Trigger      // Approve, Reject, or Clear; else of an edit that decides nothing
	Held     []int64      // the roster's numbers of the held changes
	Renewed  []HeldChange // of an approval: what is shown anew in place of being applied (R25)
	New      []HeldChange // what was not held: rejections, as by undoing a deactivation (R29), or suspects (R25)
}
