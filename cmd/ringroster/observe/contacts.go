package observe

import (
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"ringroster/sync"
)

// Events of a contact run, the message of their log line.
const (
	eventContactsSynced = "contacts_synced"
	eventContactHeld    = "contact_held"
	eventRemovalsHeld   = "removals_held"
	eventContactNote    = "contact_note"
)

var contactEvents = map[sync.ContactKind]string{
	sync.AddContact:    "contact_added",
	sync.ReturnContact: "contact_returned",
	sync.UpdateContact: "contact_updated",
	sync.MarkContact:   "contact_marked",
	sync.RemoveContact: "contact_removed",
}

// logContacts logs every change of an account's contacts, then the summary.
func (l *Log) logContacts(log *zap.Logger, r *sync.Run, c *sync.Commit) {
	byAuthor := log.With(zap.String("actor", r.Actor), zap.String("on_behalf_of", r.OnBehalfOf))
	for i := range c.Contacts.Changes {
		change := &c.Contacts.Changes[i]
		byAuthor.Info(contactEvents[change.Kind], contactFields(change)...)
	}
	for _, n := range c.Contacts.Notes {
		level := zapcore.DebugLevel
		if n.Reason == sync.ConflictFaulty {
			level = zapcore.WarnLevel
		}
		log.Log(level, eventContactNote, zap.Int64("contact_id", n.ContactID), zap.String("rc_id", n.RCID),
			zap.String("name", n.Name), zap.String("reason", string(n.Reason)), zap.String("detail", n.Detail))
	}
	if h := c.Contacts.Held; h != nil && !l.Summarized {
		for i := range h.Changes {
			log.Warn(eventContactHeld, contactFields(&h.Changes[i])...)
		}
		for _, reason := range h.Reasons {
			log.Warn(eventRemovalsHeld, zap.String("reason", string(reason.Reason)), zap.String("detail", reason.Detail),
				zap.Int("held", len(h.Changes)), zap.String("remedy", Decide(h.Run)))
		}
	}
	logUntold(log, c)
	s := &c.Contacts.Summary
	log.Info(eventContactsSynced, zap.String("status", string(c.Status)), zap.Int("listed", s.Listed),
		zap.Int("added", s.Added), zap.Int("returned", s.Returned), zap.Int("updated", s.Updated),
		zap.Int("marked", s.Marked), zap.Int("removed", s.Removed), zap.Int("held", s.Held), zap.Int("faulty", s.Faulty),
		zap.Int("unchanged", s.Unchanged), zap.Int("api_calls", c.APICalls), zap.Duration("duration", c.FinishedAt.Sub(r.StartedAt)))
}

// contactFields are the fields of one change's line.
func contactFields(c *sync.ContactChange) []zap.Field {
	fields := []zap.Field{
		zap.String("kind", string(c.Kind)), zap.Int64("contact_id", c.Contact.ID), zap.String("rc_id", c.Contact.RCID),
		zap.String("name", c.Contact.Label()), zap.String("email", c.Contact.Fields[sync.ContactEmail]), zap.String("reason", string(c.Reason)),
	}
	if len(c.Fields) == 1 {
		f := c.Fields[0]
		return append(fields, zap.String("field", f.Field), zap.String("before", f.Before), zap.String("after", f.After))
	}
	if len(c.Fields) > 1 {
		fields = append(fields, zap.Reflect("fields", c.Fields))
	}
	return fields
}
