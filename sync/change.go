package sync

import (
	"slices"
	"time"
)

// Kind of a change.
type Kind string

// The kinds, in the order in which a plan lists them.
const (
	Onboard    Kind = "onboard"
	Link       Kind = "link" // a member without RingCentral identity is adopted
	Reactivate Kind = "reactivate"
	Update     Kind = "update"
	Deactivate Kind = "deactivate"
	EditMember Kind = "edit" // an operator's own change
)

// Reason is a machine word that says why; a sentence stands beside it where
// people read.
type Reason string

// Why a change happens.
const (
	ReasonNew            Reason = "new"
	ReasonRecycledEmail  Reason = "recycled_email" // new, although somebody inactive has the address
	ReasonEmail          Reason = "email"          // linked by e-mail
	ReasonIdentity       Reason = "identity"       // linked by rcUserId or login
	ReasonReturned       Reason = "returned"
	ReasonRehired        Reason = "rehired" // reactivated under a new id, by e-mail
	ReasonRecreated      Reason = "recreated"
	ReasonSource         Reason = "source_changed"
	ReasonFirstFill      Reason = "first_fill" // the roster did not have the field before
	ReasonSettings       Reason = "settings_changed"
	ReasonLocalEdit      Reason = "local_edit_reverted"
	ReasonOperator       Reason = "operator"
	ReasonImported       Reason = "imported"
	ReasonOnboarding     Reason = "onboarding_settings" // given once, to somebody who comes to the roster
	ReasonPinEnded       Reason = "pin_ended"
	ReasonForgotten      Reason = "forgotten" // erased by law
	ReasonDisabled       Reason = "ringex_disabled"
	ReasonNoExtension    Reason = "no_extension"
	ReasonOutOfScope     Reason = "out_of_scope"
	ReasonAccessRevoked  Reason = "access_revoked"
	ReasonRemoved        Reason = "removed"
	ReasonUndone         Reason = "undone"
	ReasonLimit          Reason = "limit"
	ReasonListCap        Reason = "list_cap"
	ReasonListInDoubt    Reason = "list_in_doubt" // lost while another agent list is not believed
	ReasonListEmptied    Reason = "list_emptied"
	ReasonListShrunk     Reason = "list_shrunk"
	ReasonGroupGone      Reason = "agent_group_gone"
	ReasonOnboardLimit   Reason = "onboarding_limit"
	ReasonUpdateLimit    Reason = "update_limit"
	ReasonAdminLimit     Reason = "administrator_limit"
	ReasonSubAccountGone Reason = "sub_account_gone"
	ReasonOwnerMissing   Reason = "owner_missing"
	ReasonAttached       Reason = "attached" // not seen present since (R25)
	ReasonLastAdmin      Reason = "last_administrator"
)

// Why a person is a conflict: what cannot be decided safely.
const (
	ConflictEmailInUse    Reason = "email_in_use"
	ConflictAmbiguousLink Reason = "ambiguous_link"
	ConflictIdentity      Reason = "identity_mismatch" // rcUserId and login point to different members (R5)
	ConflictReused        Reason = "identity_reused"
	ConflictFaulty        Reason = "faulty_record"
	ConflictMissing       Reason = "missing_required"
)

// Why a person is skipped, a leaver stays, or something else is worth a line.
const (
	NoteNoAccess          Reason = "no_access"
	NoteNotManaged        Reason = "not_managed"
	NoteNeverLinked       Reason = "never_linked"
	NoteInConflict        Reason = "in_conflict"
	NoteDeclined          Reason = "declined"
	NoteManual            Reason = "manual_mode"
	NotePinned            Reason = "pinned"
	NoteDeactivateOff     Reason = "deactivate_off"
	NoteProtected         Reason = "protected"
	NoteRejected          Reason = "rejected"
	NoteInGrace           Reason = "in_grace"
	NoteRefused           Reason = "refused" // an operator rejected this value (R36)
	NoteExtensionMissing  Reason = "extension_missing"
	NoteUnproved          Reason = "extension_unproved" // nobody knows whether RingEX disabled them
	NoteRecordUnproved    Reason = "record_unproved"    // nobody knows whether RingCX has an agent record of them
	NoteUnknownAgentType  Reason = "unknown_agent_type"
	NoteMapUnused         Reason = "map_unused"
	NoteSupervisorMissing Reason = "supervisor_missing"
	NoteChangedSince      Reason = "changed_since" // undo leaves it alone (R29)
	NoteKeptRequired      Reason = "required_field_kept"
	NoteLoginPassed       Reason = "login_passed"           // RingCentral lists it as somebody else's (R26)
	NoteRegionalWaits     Reason = "regional_settings_wait" // how many people's own are still to be read
)

// FieldChange is one field's before and after. Logins stand there as JSON.
type FieldChange struct {
	Field  string `json:"field"`
	Before string `json:"before"`
	After  string `json:"after"`
	Reason Reason `json:"reason"`
	// What RingCentral said, where `map` made before or after of it (R8); nil: it did not.
	ReportedBefore *string `json:"reported_before,omitempty"`
	ReportedAfter  *string `json:"reported_after,omitempty"`
	// Pinned says that a pin keeps it from happening: the guard judges it all the same (R25).
	// No plan has such a change.
	Pinned bool `json:"-"`
}

// Change is everything that one run does to one member.
type Change struct {
	Kind   Kind
	Member int64  // 0: onboard; Commit sets it
	Person string // key of the person behind it; "": a leaver nobody reports, or an edit
	Name   string
	Email  string
	Role   string // of whom comes in, or back, while it is held: as what
	Reason Reason
	Detail string // the reason as a sentence
	Fields []FieldChange
	Leaves []Left       // what a leaver leaves behind; nil: nothing, or nobody leaves
	Why    []HoldReason // why it is held; nil: it is not
	Source *Attribution // who did at RingCentral what it follows (R37); nil: not known, or not asked
	Was    *Member      // the member as it stood; nil: it is new
	Passed []Login      // of the logins that end, those that are somebody else's now
	// Next is the member as it stands afterwards: what the roster writes. One who is
	// new is made by each call, since a hundred thousand of them would not fit beside
	// the snapshot that they come from. It holds until Next of the plan's next
	// newcomer is called; not for several goroutines.
	Next func() *Member
}

// Conflict is a person, or a member, about whom nothing can be decided safely.
type Conflict struct {
	Person string // key; "" when only a member is concerned
	Member int64  // 0: no member is concerned
	Name   string
	Reason Reason
	Detail string
	Remedy string // the command that settles it (R20)
}

// Note is a line about somebody to whom nothing happens, or something besides.
type Note struct {
	Member int64
	Person string
	Name   string
	Reason Reason
	Detail string
}

// Held is the part of a plan that waits for an operator: stored, never applied.
type Held struct {
	Run     RunID // approving this number approves all that waits; set by Commit
	Reasons []HoldReason
	Changes []Change // each with what of it is held
}

// HoldReason says why leavers are held: the word, and the numbers behind it.
type HoldReason struct {
	Reason Reason `json:"reason"`
	Detail string `json:"detail"`
}

// ReasonWords are reasons without their numbers.
func ReasonWords(reasons []HoldReason) []string {
	words := make([]string, len(reasons))
	for i, r := range reasons {
		words[i] = string(r.Reason)
	}
	return words
}

// Summary counts a plan. Every person is in exactly one of Onboard, Link, Update,
// Reactivate, Unchanged, Conflicts, Skipped and HeldPeople (R32).
type Summary struct {
	People     int `json:"people"`
	Onboard    int `json:"onboard"`
	Link       int `json:"link"`
	Update     int `json:"update"`
	Reactivate int `json:"reactivate"`
	Deactivate int `json:"deactivate"`
	Held       int `json:"held"`        // members and people of whom something is held
	HeldPeople int `json:"held_people"` // of these, present people of whom nothing else is applied
	Conflicts  int `json:"conflicts"`
	Skipped    int `json:"skipped"`
	Unchanged  int `json:"unchanged"`
}

// Plan is what a run would do to one account, and why.
type Plan struct {
	Account   string
	Version   int64 // of the roster it was made from
	Summary   Summary
	Changes   []Change // by kind, then member, then person
	Held      *Held    // nil: nothing waits
	Conflicts []Conflict
	Notes     []Note
	// Marks are members whose bookkeeping moves although nothing changes for
	// anybody: last-synced values, absence counts, rejections.
	Marks []*Member
	// Forget are members, as they were, whose personal values the roster blanks
	// in everything it kept of the past.
	Forget []*Member
	// Retired says that the account is gone for good: what is open about it ends, and its
	// name is bound to nothing (R4).
	Retired bool
	// Lookups are the extensions whose own regional settings are to be looked up
	// in this run. A plan that was made with the answers names those for the next.
	Lookups []string
	// Open are the held and rejected changes as they stand after a run of the whole
	// account (R25); any other run leaves them as they are.
	Open []HeldChange
	// Lengths are how long the lists were (State.Lengths), after a run of the whole account.
	Lengths map[string]Length
	// Ended are the members whose extension has ended (State.Ended), likewise.
	Ended map[int64]time.Time
	// Unread are the fields of which the settings name no source.
	Unread FieldSet
	// Released are the open changes that a run of what an operator approved applies.
	Released []int64
	// Renewed are those that it shows anew, since they are another question by now (R25).
	Renewed []HeldChange
	// Look says what a second look has to read before the plan can be believed (R2).
	Look Look
	// Doubts are the lists that this reading gives no reason to believe (R22).
	Doubts []Doubt
	// Seals are for members that were read whole and that the next plan may know
	// without (sync/fingerprint/fingerprint.go): no changes either.
	Seals []Sealed
}

// FieldChange is what becomes of one synced field of a member.
func (m *Member) FieldChange(next *Member, f Field, reason Reason) FieldChange {
	return FieldChange{
		Field: f.String(), Before: m.Profile[f], After: next.Profile[f], Reason: reason,
		ReportedBefore: m.Synced.reported(f, m.Profile[f]), ReportedAfter: next.Synced.reported(f, next.Profile[f]),
	}
}

// OwnChanges lists what became of the roster's own fields.
func (m *Member) OwnChanges(before *Own, reason Reason) (fields []FieldChange) {
	for f := range OwnCount {
		if was, is := before.Text(f), m.Own.Text(f); was != is {
			fields = append(fields, FieldChange{Field: f.String(), Before: was, After: is, Reason: reason})
		}
	}
	return fields
}

// CountChanges counts a plan that covers no snapshot, or only a part of one.
func CountChanges(changes []Change) Summary {
	s := Summary{}
	for i := range changes {
		switch changes[i].Kind {
		case Onboard:
			s.Onboard++
		case Link:
			s.Link++
		case Reactivate:
			s.Reactivate++
		case Deactivate:
			s.Deactivate++
		default:
			s.Update++
		}
	}
	s.People = s.Onboard + s.Link + s.Reactivate + s.Update
	return s
}

// LeaverDetail puts a reason of R14 into words, for leavers and for those who were
// never there.
func LeaverDetail(reason Reason) string { return leaverDetails[reason] }

var leaverDetails = map[Reason]string{
	ReasonDisabled:      "their RingEX extension is disabled",
	ReasonNoExtension:   "they have no RingEX extension, and require_ringex asks for one",
	ReasonOutOfScope:    "the settings' scope leaves them out",
	ReasonAccessRevoked: "RingCentral still lists them, but nothing grants them a place on the roster",
	ReasonRemoved:       "RingCentral lists them nowhere any more",
	ReasonRetired:       "an operator retired the account, which is gone for good",
}

// AddDetail adds a sentence to the detail.
func (c *Change) AddDetail(more string) {
	if c.Detail != "" && more != "" {
		c.Detail += "; "
	}
	c.Detail += more
}

// ReasonRetired is why the members of an account are inactive that is gone for good.
const ReasonRetired Reason = "account_retired"

// BringsIn says whether a change of that kind brings somebody to the roster, or back.
func (k Kind) BringsIn() bool { return k == Onboard || k == Link || k == Reactivate }

// SourceField is the field of a change of which it is asked who did it: the status of a leaver, or
// a role that became a lower one; "": of this change nobody asks.
func (c *Change) SourceField() string {
	switch c.Kind {
	case Deactivate:
		if ByExtension(c) || c.Reason == ReasonRemoved || c.Reason == ReasonAccessRevoked {
			return StatusField
		}
	case Update:
		if slices.ContainsFunc(c.Fields, func(f FieldChange) bool {
			return f.Field == Role.String() && f.Reason == ReasonSource && RoleRank[f.After] < RoleRank[f.Before]
		}) {
			return Role.String()
		}
	}
	return ""
}

// IsBySettings says whether a change is the settings' doing and not RingCentral's. Whoever says
// that somebody is missing says nothing of a scope that leaves them out.
func IsBySettings(r Reason) bool { return r == ReasonOutOfScope || r == ReasonSettings }

// ByExtension says whether somebody leaves by what RingEX says of their extension alone.
func ByExtension(c *Change) bool { return c.Reason == ReasonDisabled || c.Reason == ReasonNoExtension }
