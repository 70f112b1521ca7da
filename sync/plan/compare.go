package plan

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"ringroster/sync"
)

// compare sets a person who belongs beside their member, three ways: what
// RingCentral reports, what the roster holds, what the last sync wrote (R19).
func (p *planner) compare(person *Person, m *sync.Member, v *verdict, found how) {
	next := *m
	person.outcome.wasAdmin = m.IsAdministrator()
	if !m.Linked {
		next.Synced.Profile, next.Synced.Mapped = m.Profile, sync.Mapped{} // stands for what is unknown (R8)
	}
	if pin := p.rolePin(person); pin != nil && (m.Status != sync.Active || !m.Linked) {
		next.Pins = sync.WithPin(next.Pins, *pin)
	}
	fields := p.compareStatus(nil, m, &next)
	fields = p.compareIdentity(fields, person, m, &next, found)
	fields = p.compareProfile(fields, m, &next, v)
	fields = p.comparePins(fields, m, &next)
	fields = p.compareLoginRows(fields, person, m, &next)
	given, gave := p.give(person, m, &next)
	fields = append(fields, given...)
	next.Synced.Roles, next.Synced.Regional = v.Evidence, cmp.Or(v.Regional, m.Synced.Regional)
	if person.putBack {
		next.Synced.Roles = m.Synced.Roles
	}
	rememberExtension(&next, person, m)
	next.AdminIDs = adminIDs(person)
	next.Linked = true
	p.bookSeen(&next)
	hidden := p.comparePinned(m, &next, v)
	p.remark(person, m, v)
	p.remarkPins(person, &next, v)

	o := &person.outcome
	o.email = sync.HashText(sync.FoldEmail(next.Profile[sync.Email]))
	if len(fields)+len(hidden) == 0 && m.Linked {
		o.decision = unchanged
		if bookkeepingMoved(m, &next) {
			o.more().mark = next.Copy()
		} else if m.Unsealed {
			p.seal(m)
		}
		return
	}
	if m.Username == "" {
		next.Username = v.Username
		p.nameless[m.ID] = true
	}
	c := &sync.Change{
		Member: m.ID, Person: person.Key(), Name: next.Profile.Name(), Email: next.Profile[sync.Email],
		Fields: fields, Next: next.Copy().Itself, Was: m.Copy(),
	}
	c.Passed = p.passedOn(person, m, next.Logins)
	classify(c, m, found)
	c.AddDetail(gave)
	c.AddDetail(p.maps.words(v, fields))
	c.Fields = append(c.Fields, hidden...)
	o.decision, o.more().change = changed, c
}

// classify names the kind of a change and its reason (R12, R18, R19).
func classify(c *sync.Change, m *sync.Member, found how) {
	switch {
	case !m.Linked:
		c.Kind, c.Reason, c.Detail = sync.Link, sync.ReasonIdentity, "a member without RingCentral identity, found by its id"
		if found == byEmail {
			c.Reason, c.Detail = sync.ReasonEmail, "a member without RingCentral identity has this e-mail"
		}
	case m.Status == sync.Inactive:
		c.Kind, c.Reason, c.Detail = sync.Reactivate, sync.ReasonReturned, "RingCentral reports them again"
		switch {
		case found == byEmail:
			c.Reason, c.Detail = sync.ReasonRehired, "back under a new id, with the same name and e-mail"
		case m.Synced.Status == sync.Active:
			c.Reason, c.Detail = sync.ReasonLocalEdit, "set inactive by hand; to keep a person inactive, detach them"
		}
	default:
		c.Kind, c.Reason = sync.Update, strongest(c.Fields)
		if c.Reason == sync.ReasonRecreated || found == byEmail {
			c.Reason = sync.ReasonRecreated
			c.Detail = "the same human under a new RingCentral id"
		}
	}
}

// strongest is the reason that stands for a whole update.
func strongest(fields []sync.FieldChange) sync.Reason {
	for _, r := range []sync.Reason{sync.ReasonRecreated, sync.ReasonSource, sync.ReasonSettings, sync.ReasonFirstFill, sync.ReasonPinEnded} {
		if slices.ContainsFunc(fields, func(f sync.FieldChange) bool { return f.Reason == r && !f.Pinned }) {
			return r
		}
	}
	return sync.ReasonLocalEdit
}

func (p *planner) compareStatus(fields []sync.FieldChange, m, next *sync.Member) []sync.FieldChange {
	switch {
	case m.Status == sync.Inactive:
		reason := sync.ReasonSource
		if m.Synced.Status == sync.Active {
			reason = sync.ReasonLocalEdit
		}
		fields = append(fields, sync.FieldChange{Field: "status", Before: string(sync.Inactive), After: string(sync.Active), Reason: reason})
	case m.DeactivationReason != "": // set active by hand
		fields = append(fields, sync.FieldChange{Field: "deactivation_reason", Before: string(m.DeactivationReason), After: "", Reason: sync.ReasonLocalEdit})
	}
	next.Status, next.DeactivationReason, next.Synced.Status = sync.Active, "", sync.Active
	return fields
}

// compareIdentity keeps the rcUserId of a member whose record lost it (R5). A link is
// told by it, also where the member had it before, as after a link that was undone.
func (p *planner) compareIdentity(fields []sync.FieldChange, person *Person, m, next *sync.Member, found how) []sync.FieldChange {
	if person.RCUserID == "" {
		next.Synced.RCUserID = next.RCUserID
		return fields
	}
	if m.RCUserID != person.RCUserID || !m.Linked {
		reason := sync.ReasonSource
		switch {
		case m.Linked && m.Synced.RCUserID == person.RCUserID:
			reason = sync.ReasonLocalEdit
		case m.Linked && m.RCUserID != "" && m.Status == sync.Active && found != byID:
			reason = sync.ReasonRecreated
		}
		fields = append(fields, sync.FieldChange{Field: "rc_user_id", Before: m.RCUserID, After: person.RCUserID, Reason: reason})
	}
	next.RCUserID, next.Synced.RCUserID = person.RCUserID, person.RCUserID
	return fields
}

// compareProfile compares the synced fields with what `map` makes of RingCentral's
// values; unknown ones never change (R8), and pinned ones keep the pin's value until it
// ends.
func (p *planner) compareProfile(fields []sync.FieldChange, m, next *sync.Member, v *verdict) []sync.FieldChange {
	for f := range sync.FieldCount {
		known := v.Known.Has(f)
		if known {
			next.Synced.Report(f, v.Profile[f], p.maps.value(f, v.Profile[f]))
		}
		pin := next.Pin(f)
		pinned := pin != nil && !pin.Ended(p.in.Now)
		if !known && (pin == nil || !pinned && !m.Linked) {
			continue
		}
		next.Profile[f] = next.Synced.Given(f)
		if pinned {
			next.Profile[f] = pin.Value
		}
		if m.Profile[f] != next.Profile[f] {
			fields = append(fields, m.FieldChange(next, f, p.fieldReason(f, m, pin, v)))
		}
	}
	return fields
}

// fieldReason says why one field changes (R19).
func (p *planner) fieldReason(f sync.Field, m *sync.Member, pin *sync.Pin, v *verdict) sync.Reason {
	switch synced := m.Synced.Profile[f]; {
	case pin != nil && pin.Ended(p.in.Now), pin == nil && p.open.Of(m.ID, f.String()).AsksOfPin():
		return sync.ReasonPinEnded
	case pin != nil && m.Pin(f) == nil:
		return sync.ReasonOperator
	case pin != nil:
		return sync.ReasonLocalEdit
	case m.Linked && synced == v.Profile[f] && m.Profile[f] == m.Synced.Given(f):
		return sync.ReasonSettings
	case m.Linked && synced == v.Profile[f]:
		return sync.ReasonLocalEdit
	case m.Linked && (p.in.State.New | v.New).Has(f) && m.Profile[f] == "":
		return sync.ReasonFirstFill
	case m.Linked && f == sync.DataSource,
		m.Linked && f == sync.Role && m.Synced.Roles == v.Evidence:
		return sync.ReasonSettings
	default:
		return sync.ReasonSource
	}
}

func (p *planner) compareLoginRows(fields []sync.FieldChange, person *Person, m, next *sync.Member) []sync.FieldChange {
	want := p.keepRefused(person, m, p.mergeLogins(m.Logins, person))
	next.Synced.Logins = sync.LoginsFingerprint(want)
	if slices.Equal(want, m.Logins) {
		return fields
	}
	reason := sync.ReasonSource
	switch {
	case m.Linked && m.Synced.Logins == next.Synced.Logins:
		reason = sync.ReasonLocalEdit
	case m.Linked && onlyDataSource(want, m.Logins):
		reason = sync.ReasonSettings
	case m.Linked && p.in.State.NewSupervisors && onlyFirstSupervisors(want, m.Logins):
		reason = sync.ReasonFirstFill
	}
	next.Logins = want
	return append(fields, sync.FieldChange{Field: "logins", Before: sync.LoginsJSON(m.Logins), After: sync.LoginsJSON(want), Reason: reason})
}

func adminIDs(person *Person) []string {
	var ids []string
	for _, a := range person.Admins {
		if a.UserID != "" {
			ids = append(ids, a.UserID)
		}
	}
	slices.Sort(ids)
	return ids
}

// bookkeepingMoved says whether something must be written although nothing
// changes for anybody.
func bookkeepingMoved(m, next *sync.Member) bool {
	return m.Synced != next.Synced || m.AbsentDays != next.AbsentDays || m.AbsentOn != next.AbsentOn ||
		!m.LeavingSince.Equal(next.LeavingSince) || !m.LastSeenAt.Equal(next.LastSeenAt) || !slices.Equal(m.AdminIDs, next.AdminIDs)
}

// remark notes what an operator may want to know besides the change.
func (p *planner) remark(person *Person, m *sync.Member, v *verdict) {
	if person.Ext == nil && person.RCUserID != "" {
		p.note(person, m, sync.NoteExtensionMissing, "RingEX does not list the extension; its fields keep their last values")
	}
	if len(v.Unknown) > 0 {
		p.note(person, m, sync.NoteUnknownAgentType, fmt.Sprintf("agent type %s is unknown and counts as Agent; role_map can map it", strings.Join(v.Unknown, ", ")))
	}
}

// comparePins takes out the pins that have ended.
func (p *planner) comparePins(fields []sync.FieldChange, m, next *sync.Member) []sync.FieldChange {
	next.Pins = slices.DeleteFunc(slices.Clone(next.Pins), func(pin sync.Pin) bool { return pin.Ended(p.in.Now) })
	if slices.Equal(next.Pins, m.Pins) {
		return fields
	}
	reason := sync.ReasonPinEnded
	if len(next.Pins) >= len(m.Pins) {
		reason = sync.ReasonOperator // picked by hand, with a role
	}
	return append(fields, sync.FieldChange{Field: sync.PinsField, Before: sync.PinsJSON(m.Pins), After: sync.PinsJSON(next.Pins), Reason: reason})
}

// comparePinned gives the changes that pins keep from happening, between what the sync gave the
// fields before and what it would give them now.
func (p *planner) comparePinned(m, next *sync.Member, v *verdict) (hidden []sync.FieldChange) {
	if m.Status != sync.Active || !m.Linked {
		return nil
	}
	for i := range next.Pins {
		f := next.Pins[i].Field
		was, is := *m, *next
		was.Profile[f], is.Profile[f] = m.Synced.Given(f), next.Synced.Given(f)
		if row := p.open.Of(m.ID, f.String()); row.AsksOfPin() {
			was.Profile[f] = row.Before
		}
		switch {
		case was.Profile[f] == is.Profile[f], is.Profile[f] == next.Pins[i].Value: // it hides nothing
		case m.Profile[f] != next.Profile[f]: // set by hand, and put back first
			revert(next, f.String(), m)
			next.Profile[f] = next.Pins[i].Value
		default:
			c := was.FieldChange(&is, f, p.fieldReason(f, &was, nil, v))
			c.Pinned = true
			hidden = append(hidden, c)
		}
	}
	return hidden
}

// remarkPins notes what is held against RingCentral.
func (p *planner) remarkPins(person *Person, m *sync.Member, v *verdict) {
	for i := range m.Pins {
		pin := &m.Pins[i]
		reports := "reports nothing"
		if v.Known.Has(pin.Field) {
			reports = fmt.Sprintf("reports %q", v.Profile[pin.Field])
		}
		p.note(person, m, sync.NotePinned, fmt.Sprintf("%s; RingCentral %s", pin, reports))
	}
}
