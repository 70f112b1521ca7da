package sync

import (
	"cmp"
	"fmt"
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

// AuditAnswer is what they told.
type AuditAnswer struct {
	Entries []AuditEntry
	Status  map[string]ExtensionStatus // of disabled extensions, by id
	Unread  []string                   // what could not be read, and why
}

// ExtensionStatus says why an extension is disabled.
type ExtensionStatus struct{ Reason, Comment string }

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

// AuditValue is one value that an action changed.
type AuditValue struct{ Name, After string }

// AuditEntity is a kind of record of which logs tell.
type AuditEntity int

// Of others nobody needs to know.
const (
	AuditedAgent AuditEntity = iota + 1
	AuditedUser
	AuditedExtension
)

// key is the person key by which the record of an entry names somebody.
func (e *AuditEntry) key() string {
	switch {
	case e.ID == "":
		return ""
	case e.Entity == AuditedAgent:
		return agentKey(loginKey(e.SubAccount, e.ID))
	case e.Entity == AuditedUser:
		return adminKey(e.ID)
	}
	return "rc:" + e.ID
}

// concerns says whether an entry is about a member: by an id, else by e-mail.
func (e *AuditEntry) concerns(m *Member) bool {
	return slices.Contains(m.Keys(), e.key()) ||
		e.Email != "" && slices.ContainsFunc([]string{m.Profile[Email], m.Synced.Profile[Email]}, func(email string) bool {
			return FoldEmail(email) == FoldEmail(e.Email)
		})
}

// did is in one word what an entry did, if that may be what a change follows; "": it is not.
//
//	the change                     an entry of RingCX           of RingEX
//	-----------------------------  ---------------------------  --------------------------
//	disabled, or no extension      never                        DELETE; one that disables,
//	                                                            or does not say what it changed
//	removed                        DELETE; one that deactivates DELETE; one that disables
//	access revoked                 likewise, or one that does   likewise
//	                               not say what it changed
//	a lower role                   DELETE; one that deactivates never
//	                               or names a type or a role,
//	                               or does not say what it changed
func (e *AuditEntry) did(c *Change) string {
	unsaid := len(e.Values) == 0
	ofRingEX := e.Entity == AuditedExtension
	switch {
	case strings.EqualFold(e.Type, "CREATE"):
		return ""
	case c.Kind == Update:
		if !ofRingEX && (strings.EqualFold(e.Type, "DELETE") || unsaid || e.deactivates() || e.names("type", "role")) {
			return "changed"
		}
		return ""
	case !ofRingEX && byExtension(c):
		return ""
	case strings.EqualFold(e.Type, "DELETE"):
		return "removed"
	case ofRingEX && e.disables():
		return "disabled"
	case !ofRingEX && e.deactivates():
		return "deactivated"
	case unsaid && (ofRingEX && byExtension(c) || !ofRingEX && c.Reason == ReasonAccessRevoked):
		return "changed"
	}
	return ""
}

// byExtension says whether somebody leaves by what RingEX says of their extension alone.
func byExtension(c *Change) bool { return c.Reason == ReasonDisabled || c.Reason == ReasonNoExtension }

func (e *AuditEntry) disables() bool {
	return slices.ContainsFunc(e.Values, func(v AuditValue) bool { return strings.EqualFold(v.After, "Disabled") })
}

func (e *AuditEntry) deactivates() bool {
	return slices.ContainsFunc(e.Values, func(v AuditValue) bool {
		return strings.Contains(strings.ToLower(v.Name), "active") && strings.EqualFold(v.After, "false")
	})
}

func (e *AuditEntry) names(parts ...string) bool {
	return slices.ContainsFunc(e.Values, func(v AuditValue) bool {
		return slices.ContainsFunc(parts, func(part string) bool { return strings.Contains(strings.ToLower(v.Name), part) })
	})
}

// question is a change of which it is asked who did it, and since when that can be.
type question struct {
	change *Change
	member *Member
	from   time.Time
}

// answer finds the last entry that may be what the change follows, between the question's
// from and now, of entries in the order of latestFirst; nil: there is none.
func (q *question) answer(found *AuditAnswer, now time.Time) (a *Attribution) {
	for i := range found.Entries {
		e := &found.Entries[i]
		if e.At.Before(q.from) || e.At.After(now) || !e.concerns(q.member) {
			continue
		}
		if did := e.did(q.change); did != "" {
			a = e.attribution(did)
			break
		}
	}
	if why, told := found.Status[q.member.RCUserID]; told && q.change.Reason == ReasonDisabled {
		if a == nil {
			a = &Attribution{Log: RingEXExtension, Did: "disabled"}
		}
		a.Status, a.Comment = why.Reason, why.Comment
	}
	return a
}

// attribution is an entry as what it is kept as.
func (e *AuditEntry) attribution(did string) *Attribution {
	a := &Attribution{Log: e.Log, At: e.At.Truncate(time.Second), Actor: firstOf(e.Actor, e.ActorName), Name: e.ActorName, Did: did, Action: e.Action}
	switch {
	case e.ActorID == "":
	case e.Log == RingEXTrail:
		a.ActorID = "rc:" + e.ActorID
	default:
		a.ActorID = adminKey(e.ActorID)
	}
	return a
}

// latestFirst orders entries whatever the order in which logs answered. Of one time RingCX's
// come first: they are about the records that runs read.
func latestFirst(a, b AuditEntry) int {
	return cmp.Or(b.At.Compare(a.At), strings.Compare(string(a.Log), string(b.Log)), strings.Compare(a.ActorID, b.ActorID),
		strings.Compare(a.Action, b.Action), strings.Compare(a.ID, b.ID))
}

// call gives an actor of whom the log knows an id alone, or a name, the e-mail by which the
// snapshot knows them.
func (a *Attribution) call(s *Snapshot) {
	if a == nil || a.ActorID == "" {
		return
	}
	email := ""
	for i := range s.Admins {
		if adminKey(s.Admins[i].UserID) == a.ActorID {
			email = s.Admins[i].Email
		}
	}
	for i := range s.Extensions {
		if "rc:"+s.Extensions[i].ID == a.ActorID {
			email = s.Extensions[i].Email
		}
	}
	a.Actor = firstOf(email, a.Actor)
}

// SourceField is the field of a change of which it is asked who did it: the status of a leaver, or
// a role that became a lower one; "": of this change nobody asks.
func (c *Change) SourceField() string {
	switch c.Kind {
	case Deactivate:
		if byExtension(c) || c.Reason == ReasonRemoved || c.Reason == ReasonAccessRevoked {
			return statusField
		}
	case Update:
		if slices.ContainsFunc(c.Fields, func(f FieldChange) bool {
			return f.Field == Role.String() && f.Reason == ReasonSource && roleRank[f.After] < roleRank[f.Before]
		}) {
			return Role.String()
		}
	}
	return ""
}

const (
	// lateness is how long before the last whole run an action may have been that it did not
	// see: lists are read for minutes, and a log tells of an action some minutes later.
	lateness = 15 * time.Minute
	// asksAgain is how long it is asked anew who did what waits already: what a log tells
	// too late, or for want of a permission, is found by a later run.
	asksAgain = 48 * time.Hour
	// longestAudit is how far back logs are read, for somebody whose grace ends.
	longestAudit = 31 * 24 * time.Hour
	// mostAudited is of how many sub-accounts the log is read, those first of which most
	// people are concerned; mostDisabled how many extensions are asked why they are disabled.
	mostAudited, mostDisabled = 5, 10
)

// auditQuestions are the changes of a plan of which it is to be asked who did it. What an earlier
// run found stays with what waits.
func auditQuestions(plan *Plan, state *State, now time.Time) (asked []question) {
	open := newOpenSet(state.Open)
	ask := func(changes []Change) {
		for i := range changes {
			c := &changes[i]
			field := c.SourceField()
			if field == "" || state.LastSeen.IsZero() {
				continue
			}
			q := question{change: c, member: c.was, from: state.LastSeen}
			if c.Kind == Deactivate {
				q.member = c.Next()
				if seen := q.member.LastSeenAt; !seen.IsZero() {
					q.from = seen
				}
			}
			if row := open.of(c.Member, field); row != nil && row.State == Waiting {
				if c.Source = row.Source; c.Source != nil || now.Sub(row.Since) > asksAgain {
					continue
				}
				q.from = row.Since.AddDate(0, 0, -1) // before the run that held it there was one that saw them
			}
			if q.from = q.from.Add(-lateness); now.Sub(q.from) > longestAudit {
				q.from = now.Add(-longestAudit)
			}
			asked = append(asked, q)
		}
	}
	ask(plan.Changes)
	if plan.Held != nil {
		ask(plan.Held.Changes)
	}
	return asked
}

// queryFor is what has to be read to answer the questions, and what is left out of it.
func queryFor(asked []question, s *Snapshot, now time.Time) (q AuditQuery, unasked []string) {
	q.From, q.To = now, now
	concerned := map[string]int{}
	for i := range asked {
		m, c := asked[i].member, asked[i].change
		if asked[i].from.Before(q.From) {
			q.From = asked[i].from
		}
		if m.RCUserID != "" && c.Kind == Deactivate {
			q.Extensions = append(q.Extensions, m.RCUserID)
			if c.Reason == ReasonDisabled {
				q.Disabled = append(q.Disabled, m.RCUserID)
			}
		}
		if byExtension(c) {
			continue
		}
		for j := range m.Logins {
			concerned[m.Logins[j].SubAccountID]++
		}
		if len(m.AdminIDs) > 0 { // under which account that is filed, nobody knows
			q.Main = s.Identity.MainAccountID
			for j := range s.SubAccounts {
				if s.SubAccounts[j].Read {
					concerned[s.SubAccounts[j].ID]++
				}
			}
		}
	}
	for id := range concerned {
		q.SubAccounts = append(q.SubAccounts, id)
	}
	slices.SortFunc(q.SubAccounts, func(a, b string) int {
		return cmp.Or(cmp.Compare(concerned[b], concerned[a]), strings.Compare(a, b))
	})
	if n := len(q.SubAccounts); n > mostAudited {
		unasked = append(unasked, fmt.Sprintf("%d of %d sub-accounts concerned were left out", n-mostAudited, n))
		q.SubAccounts = q.SubAccounts[:mostAudited]
	}
	if n := len(q.Disabled); n > mostDisabled {
		unasked = append(unasked, fmt.Sprintf("%d of %d disabled extensions were not asked why", n-mostDisabled, n))
		q.Disabled = q.Disabled[:mostDisabled]
	}
	return q, unasked
}

// attribute puts into a plan what was found.
func attribute(plan *Plan, asked []question, found *AuditAnswer, s *Snapshot, now time.Time) {
	found = &AuditAnswer{Entries: slices.SortedFunc(slices.Values(found.Entries), latestFirst), Status: found.Status}
	sources := map[heldKey]*Attribution{}
	for i := range asked {
		q := &asked[i]
		if q.change.Source = q.answer(found, now); q.change.Source != nil {
			q.change.Source.call(s)
			sources[heldKey{q.change.Member, q.change.SourceField()}] = q.change.Source
		}
	}
	for i := range plan.Open {
		h := &plan.Open[i]
		if a := sources[heldKey{h.Member, h.Field}]; a != nil && h.State == Waiting {
			h.Source = a
		}
	}
}
