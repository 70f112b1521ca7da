package sync

import (
	"context"
	"fmt"
	"strings"
	"time"
)

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

// What a run notes of who did it, once.
const (
	NoteUnattributed      Reason = "unattributed"       // RingCentral's logs were read, and do not tell
	NoteAttributionUnread Reason = "attribution_unread" // they could not be read, or only in part
)

// auditPatience bounds the time that a run spends on who did it: the wait for a slot among
// the other calls of a minute, and an answer.
const auditPatience = 75 * time.Second

// attribute asks RingCentral who did what a plan follows, and puts the answers into it (R37).
// It comes last, when everything is decided. Whatever goes wrong costs a note.
func (s *session) attribute(ctx context.Context, plan *Plan) {
	if !s.r.Attribution {
		return
	}
	err := Contain(func() error {
		asked := auditQuestions(plan, &s.state, s.r.Now())
		if len(asked) > 0 && !s.closed && s.audit == nil {
			s.audit = s.ask(ctx, asked)
		}
		if s.audit == nil {
			return nil
		}
		attribute(plan, asked, s.audit, s.snapshot, s.r.Now())
		s.noteUnknown(plan, asked)
		return nil
	})
	if err != nil {
		plan.Notes = append(plan.Notes, Note{Reason: NoteAttributionUnread, Detail: "who did it at RingCentral could not be found out: " + err.Error()})
	}
	s.tellAttributions(plan)
}

// noteUnknown says of how many it is not known who did it, and what could not be read.
func (s *session) noteUnknown(plan *Plan, asked []question) {
	unknown := 0
	for i := range asked {
		if asked[i].change.Source == nil {
			unknown++
		}
	}
	note := Note{Reason: NoteUnattributed, Detail: fmt.Sprintf("of %d of %d changes RingCentral does not tell who did it", unknown, len(asked))}
	switch {
	case len(s.audit.Unread) > 0:
		note.Reason = NoteAttributionUnread
		note.Detail += "; " + strings.Join(s.audit.Unread, "; ")
	case unknown == 0:
		return
	}
	plan.Notes = append(plan.Notes, note)
}

// ask reads the logs, within its patience and half of the time that the run has left.
func (s *session) ask(ctx context.Context, asked []question) *AuditAnswer {
	query, unasked := queryFor(asked, s.snapshot, s.r.Now())
	if !query.Any() {
		return nil
	}
	patience := auditPatience
	if deadline, ok := ctx.Deadline(); ok {
		patience = min(patience, time.Until(deadline)/2)
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	found := s.dir.Audit(ctx, query, s.r.Observer.Progress)
	found.Unread = append(found.Unread, unasked...)
	return found
}

// tellAttributions adds to a trace who did what the plan says of whom it is about.
func (s *session) tellAttributions(p *Plan) {
	if s.req.Trace == nil {
		return
	}
	tell := func(changes []Change) {
		for i := range changes {
			if c := &changes[i]; c.Source != nil {
				s.req.Trace.tell(c.Member, Fact{Rule: "R37", Source: string(c.Source.Log), Text: c.Source.Text(s.r.Now())})
			}
		}
	}
	tell(p.Changes)
	if p.Held != nil {
		tell(p.Held.Changes)
	}
}

// tell adds a fact about a member, if the trace is about them.
func (t *Trace) tell(member int64, fact Fact) {
	name := fmt.Sprintf("member %d", member)
	for i := range t.Facts {
		if about := t.Facts[i].About; about == name || strings.HasPrefix(about, name+", ") {
			fact.About = about
			t.Facts = append(t.Facts, fact)
			return
		}
	}
}
