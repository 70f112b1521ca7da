package sync

import (
	"slices"
	"strings"
	"time"
)

// AuditLog is a place at RingCentral that tells who did something, under the name that
// people read.
type AuditLog string

// The logs (R37). An extension tells why it is disabled, and not by whom.
const (
	RingCXLog       AuditLog = "RingCX audit log"
	RingEXTrail     AuditLog = "RingEX audit trail"
	RingEXExtension AuditLog = "RingEX extension"
)

// Attribution says who did at RingCentral what a change follows, as far as RingCentral
// tells. Nothing is decided by it (R37).
type Attribution struct {
	Log     AuditLog  `json:"log"`
	At      time.Time `json:"at,omitzero"`        // zero: the log does not say
	ActorID string    `json:"actor_id,omitempty"` // their key: admin:ID or rc:ID
	Actor   string    `json:"actor,omitempty"`    // their e-mail, else what the log calls them; "": nobody is named
	Name    string    `json:"name,omitempty"`
	Did     string    `json:"did"`              // in one word: removed, disabled, deactivated, changed
	Action  string    `json:"action,omitempty"` // as the log calls it
	Status  string    `json:"status,omitempty"` // of a disabled extension: Voluntarily, Involuntarily
	Comment string    `json:"comment,omitempty"`
}

// Unattributed is the plan as it is decided: without who did it, which may be known another
// time and not this one.
func (p *Plan) Unattributed() *Plan {
	strip := func(changes []Change) []Change {
		stripped := slices.Clone(changes)
		for i := range stripped {
			stripped[i].Source = nil
		}
		return stripped
	}
	plan := *p
	plan.Changes = strip(p.Changes)
	if p.Held != nil {
		plan.Held = &Held{Run: p.Held.Run, Reasons: p.Held.Reasons, Changes: strip(p.Held.Changes)}
	}
	return &plan
}

// Text is the one wording of an attribution: "removed by alex@example.com at 14:02 (RingCX
// audit log)". on is the day of what it is said of; another day is named.
func (a *Attribution) Text(on time.Time) string {
	var b strings.Builder
	b.WriteString(a.Did)
	if a.Actor != "" {
		b.WriteString(" by " + a.Actor)
	}
	if at := a.At.UTC(); !at.IsZero() {
		if on.IsZero() || at.Format(time.DateOnly) != on.UTC().Format(time.DateOnly) {
			b.WriteString(" on " + at.Format(time.DateOnly))
		}
		b.WriteString(" at " + at.Format("15:04"))
	}
	b.WriteString(" (" + string(a.Log))
	if a.Status != "" {
		b.WriteString(", " + strings.ToLower(a.Status))
	}
	if a.Comment != "" {
		b.WriteString(": " + a.Comment)
	}
	b.WriteString(")")
	return b.String()
}

// Forget is what is left of an attribution once its actor, who is a member, was forgotten.
// says reports whether a text names them.
func (a *Attribution) Forget(m *Member, says func(text string) bool) *Attribution {
	if !slices.Contains(m.Keys(), a.ActorID) && !says(a.Actor) && !says(a.Name) && !says(a.Comment) {
		return a
	}
	left := *a
	left.ActorID, left.Actor, left.Name, left.Comment = "", "", "", ""
	return &left
}

// AuditAnswer is what they told.
type AuditAnswer struct {
	Entries []AuditEntry
	Status  map[string]ExtensionStatus // of disabled extensions, by id
	Unread  []string                   // what could not be read, and why
}

// AuditEntity is a kind of record of which logs tell.
type AuditEntity int

// AuditEntry is one action, as a log tells it.
type AuditEntry struct {
	Log       AuditLog
	At        time.Time
	ActorID   string // the RingCX administrator's, or of RingEX the extension's
	Actor     string // e-mail, or what the log has of it; "": it has none
	ActorName string

	Type   string // CREATE, UPDATE, DELETE, or what comes
	Action string // as the log calls it: DELETE Agent
	// Entity is what the action was about: an agent, a RingCX user, an extension.
	Entity     AuditEntity
	SubAccount string // of an agent
	ID         string
	Email      string       // of an agent or user, as far as the log has it
	Values     []AuditValue // what it changed; nil: the log does not say
}

// AuditQuery is what a run asks of RingCentral's logs.
type AuditQuery struct {
	From, To    time.Time
	SubAccounts []string // whose RingCX audit log is read
	Main        string   // the main account, where it is read as well; "": it is not
	Extensions  []string // about which the RingEX audit trail is read
	Disabled    []string // extensions that are asked why they are disabled
}

// Any says whether anything is to be asked.
func (q *AuditQuery) Any() bool {
	return len(q.SubAccounts)+len(q.Extensions)+len(q.Disabled) > 0 || q.Main != ""
}

// AuditValue is one value that an action changed.
type AuditValue struct{ Name, After string }

// ExtensionStatus says why an extension is disabled.
type ExtensionStatus struct{ Reason, Comment string }

// Of others nobody needs to know.
const (
	AuditedAgent AuditEntity = iota + 1
	AuditedUser
	AuditedExtension
)
