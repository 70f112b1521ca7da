package reconcile

import (
	"context"
	"fmt"
	"strings"
	"time"

	"ringroster/sync"
	"ringroster/sync/plan"
)

// What a run notes of who did it, once.
const (
	NoteUnattributed      sync.Reason = "unattributed"       // RingCentral's logs were read, and do not tell
	NoteAttributionUnread sync.Reason = "attribution_unread" // they could not be read, or only in part
)

// auditPatience bounds the time that a run spends on who did it: the wait for a slot among
// the other calls of a minute, and an answer.
const auditPatience = 75 * time.Second

// attribute asks RingCentral who did what a plan follows, and puts the answers into it (R37).
// It comes last, when everything is decided. Whatever goes wrong costs a note.
func (s *session) attribute(ctx context.Context, plan *sync.Plan) {
	if !s.r.Attribution {
		return
	}
	err := sync.Contain(func() error {
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
		plan.Notes = append(plan.Notes, sync.Note{Reason: NoteAttributionUnread, Detail: "who did it at RingCentral could not be found out: " + err.Error()})
	}
	s.tellAttributions(plan)
}

// noteUnknown says of how many it is not known who did it, and what could not be read.
func (s *session) noteUnknown(plan *sync.Plan, asked []question) {
	unknown := 0
	for i := range asked {
		if asked[i].change.Source == nil {
			unknown++
		}
	}
	note := sync.Note{Reason: NoteUnattributed, Detail: fmt.Sprintf("of %d of %d changes RingCentral does not tell who did it", unknown, len(asked))}
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
func (s *session) ask(ctx context.Context, asked []question) *sync.AuditAnswer {
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
func (s *session) tellAttributions(p *sync.Plan) {
	if s.req.Trace == nil {
		return
	}
	tell := func(changes []sync.Change) {
		for i := range changes {
			if c := &changes[i]; c.Source != nil {
				s.req.Trace.Tell(c.Member, plan.Fact{Rule: "R37", Source: string(c.Source.Log), Text: c.Source.Text(s.r.Now())})
			}
		}
	}
	tell(p.Changes)
	if p.Held != nil {
		tell(p.Held.Changes)
	}
}
