package sync

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// compare sets a person who belongs beside their member, three ways: what
// RingCentral reports, what the roster holds, what the last sync wrote (R19).
func (p *planner) compare(person *Person, m *Member, v *verdict, found how) {
	next := *m
	person.outcome.wasAdmin = m.isAdministrator()
	if !m.Linked {
		next.Synced.Profile, next.Synced.Mapped = m.Profile, Mapped{} // stands for what is unknown (R8)
	}
	if pin := p.rolePin(person); pin != nil && (m.Status != Active || !m.Linked) {
		next.Pins = pinned(next.Pins, *pin)
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
	next.rememberExtension(person, m)
	next.AdminIDs = adminIDs(person)
	next.Linked = true
	p.bookSeen(&next)
	hidden := p.comparePinned(m, &next, v)
	p.remark(person, m, v)
	p.remarkPins(person, &next, v)

	o := &person.outcome
	o.email = hashOf(FoldEmail(next.Profile[Email]))
	if len(fields)+len(hidden) == 0 && m.Linked {
		o.decision = unchanged
		if bookkeepingMoved(m, &next) {
			o.more().mark = next.copy()
		} else if m.Unsealed {
			p.seal(m)
		}
		return
	}
	if m.Username == "" {
		next.Username = v.Username
		p.nameless[m.ID] = true
	}
	c := &Change{
		Member: m.ID, Person: person.Key(), Name: next.Profile.Name(), Email: next.Profile[Email],
		Fields: fields, Next: next.copy().itself, was: m.copy(),
	}
	c.passed = p.passedOn(person, m, next.Logins)
	classify(c, m, found)
	c.addDetail(gave)
	c.addDetail(p.maps.words(v, fields))
	c.Fields = append(c.Fields, hidden...)
	o.decision, o.more().change = changed, c
}

// copy is for whoever is written: the unchanged, nearly all, cost no memory.
func (m Member) copy() *Member { return &m }

// itself is the Next of a change whose member is made already.
func (m *Member) itself() *Member { return m }

// addDetail adds a sentence to the detail.
func (c *Change) addDetail(more string) {
	if c.Detail != "" && more != "" {
		c.Detail += "; "
	}
	c.Detail += more
}

// classify names the kind of a change and its reason (R12, R18, R19).
func classify(c *Change, m *Member, found how) {
	switch {
	case !m.Linked:
		c.Kind, c.Reason, c.Detail = Link, ReasonIdentity, "a member without RingCentral identity, found by its id"
		if found == byEmail {
			c.Reason, c.Detail = ReasonEmail, "a member without RingCentral identity has this e-mail"
		}
	case m.Status == Inactive:
		c.Kind, c.Reason, c.Detail = Reactivate, ReasonReturned, "RingCentral reports them again"
		switch {
		case found == byEmail:
			c.Reason, c.Detail = ReasonRehired, "back under a new id, with the same name and e-mail"
		case m.Synced.Status == Active:
			c.Reason, c.Detail = ReasonLocalEdit, "set inactive by hand; to keep a person inactive, detach them"
		}
	default:
		c.Kind, c.Reason = Update, strongest(c.Fields)
		if c.Reason == ReasonRecreated || found == byEmail {
			c.Reason = ReasonRecreated
			c.Detail = "the same human under a new RingCentral id"
		}
	}
}

// strongest is the reason that stands for a whole update.
func strongest(fields []FieldChange) Reason {
	for _, r := range []Reason{ReasonRecreated, ReasonSource, ReasonSettings, ReasonFirstFill, ReasonPinEnded} {
		if slices.ContainsFunc(fields, func(f FieldChange) bool { return f.Reason == r && !f.Pinned }) {
			return r
		}
	}
	return ReasonLocalEdit
}

func (p *planner) compareStatus(fields []FieldChange, m, next *Member) []FieldChange {
	switch {
	case m.Status == Inactive:
		reason := ReasonSource
		if m.Synced.Status == Active {
			reason = ReasonLocalEdit
		}
		fields = append(fields, FieldChange{Field: "status", Before: string(Inactive), After: string(Active), Reason: reason})
	case m.DeactivationReason != "": // set active by hand
		fields = append(fields, FieldChange{Field: "deactivation_reason", Before: string(m.DeactivationReason), After: "", Reason: ReasonLocalEdit})
	}
	next.Status, next.DeactivationReason, next.Synced.Status = Active, "", Active
	return fields
}

// compareIdentity keeps the rcUserId of a member whose record lost it (R5). A link is
// told by it, also where the member had it before, as after a link that was undone.
func (p *planner) compareIdentity(fields []FieldChange, person *Person, m, next *Member, found how) []FieldChange {
	if person.RCUserID == "" {
		next.Synced.RCUserID = next.RCUserID
		return fields
	}
	if m.RCUserID != person.RCUserID || !m.Linked {
		reason := ReasonSource
		switch {
		case m.Linked && m.Synced.RCUserID == person.RCUserID:
			reason = ReasonLocalEdit
		case m.Linked && m.RCUserID != "" && m.Status == Active && found != byID:
			reason = ReasonRecreated
		}
		fields = append(fields, FieldChange{Field: "rc_user_id", Before: m.RCUserID, After: person.RCUserID, Reason: reason})
	}
	next.RCUserID, next.Synced.RCUserID = person.RCUserID, person.RCUserID
	return fields
}

// compareProfile compares the synced fields with what `map` makes of RingCentral's
// values; unknown ones never change (R8), and pinned ones keep the pin's value until it
// ends.
func (p *planner) compareProfile(fields []FieldChange, m, next *Member, v *verdict) []FieldChange {
	for f := range fieldCount {
		known := v.Known.Has(f)
		if known {
			next.Synced.report(f, v.Profile[f], p.maps.value(f, v.Profile[f]))
		}
		pin := next.pin(f)
		pinned := pin != nil && !pin.Ended(p.in.Now)
		if !known && (pin == nil || !pinned && !m.Linked) {
			continue
		}
		next.Profile[f] = next.Synced.given(f)
		if pinned {
			next.Profile[f] = pin.Value
		}
		if m.Profile[f] != next.Profile[f] {
			fields = append(fields, m.fieldChange(next, f, p.fieldReason(f, m, pin, v)))
		}
	}
	return fields
}

// fieldChange is what becomes of one synced field of a member.
func (m *Member) fieldChange(next *Member, f Field, reason Reason) FieldChange {
	return FieldChange{
		Field: f.String(), Before: m.Profile[f], After: next.Profile[f], Reason: reason,
		ReportedBefore: m.Synced.reported(f, m.Profile[f]), ReportedAfter: next.Synced.reported(f, next.Profile[f]),
	}
}

// fieldReason says why one field changes (R19).
func (p *planner) fieldReason(f Field, m *Member, pin *Pin, v *verdict) Reason {
	switch synced := m.Synced.Profile[f]; {
	case pin != nil && pin.Ended(p.in.Now), pin == nil && p.open.of(m.ID, f.String()).asksOfPin():
		return ReasonPinEnded
	case pin != nil && m.pin(f) == nil:
		return ReasonOperator
	case pin != nil:
		return ReasonLocalEdit
	case m.Linked && synced == v.Profile[f] && m.Profile[f] == m.Synced.given(f):
		return ReasonSettings
	case m.Linked && synced == v.Profile[f]:
		return ReasonLocalEdit
	case m.Linked && (p.in.State.New | v.New).Has(f) && m.Profile[f] == "":
		return ReasonFirstFill
	case m.Linked && f == DataSource,
		m.Linked && f == Role && m.Synced.Roles == v.Evidence:
		return ReasonSettings
	default:
		return ReasonSource
	}
}

func (p *planner) compareLoginRows(fields []FieldChange, person *Person, m, next *Member) []FieldChange {
	want := p.keepRefused(person, m, p.mergeLogins(m.Logins, person))
	next.Synced.Logins = fingerprint(want)
	if slices.Equal(want, m.Logins) {
		return fields
	}
	reason := ReasonSource
	switch {
	case m.Linked && m.Synced.Logins == next.Synced.Logins:
		reason = ReasonLocalEdit
	case m.Linked && onlyDataSource(want, m.Logins):
		reason = ReasonSettings
	case m.Linked && p.in.State.NewSupervisors && onlyFirstSupervisors(want, m.Logins):
		reason = ReasonFirstFill
	}
	next.Logins = want
	return append(fields, FieldChange{Field: "logins", Before: LoginsJSON(m.Logins), After: LoginsJSON(want), Reason: reason})
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
func bookkeepingMoved(m, next *Member) bool {
	return m.Synced != next.Synced || m.AbsentDays != next.AbsentDays || m.AbsentOn != next.AbsentOn ||
		!m.LeavingSince.Equal(next.LeavingSince) || !m.LastSeenAt.Equal(next.LastSeenAt) || !slices.Equal(m.AdminIDs, next.AdminIDs)
}

// remark notes what an operator may want to know besides the change.
func (p *planner) remark(person *Person, m *Member, v *verdict) {
	if person.Ext == nil && person.RCUserID != "" {
		p.note(person, m, NoteExtensionMissing, "RingEX does not list the extension; its fields keep their last values")
	}
	if len(v.Unknown) > 0 {
		p.note(person, m, NoteUnknownAgentType, fmt.Sprintf("agent type %s is unknown and counts as Agent; role_map can map it", strings.Join(v.Unknown, ", ")))
	}
}
