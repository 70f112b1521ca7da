package sync

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
)

// limitedFields are those of which too many changes at once are held (R35).
var limitedFields = []string{FirstName.String(), LastName.String(), Email.String(), Role.String(), loginsField}

// holdUpdates holds what is to happen to members who stay (R22, R25, R35), and refuses what
// an operator rejected (R36).
func (s *settling) holdUpdates(admins *HoldReason) {
	over := s.overUpdates()
	settings := s.kept.movedSettings()
	changes := s.kept.plan.Changes
	for i := range changes {
		c := &changes[i]
		held := map[string][]HoldReason{}
		passed := s.letPass(c, over[loginsField])
		for _, f := range c.Fields {
			row := s.open.asking(c.Member, &f)
			stands := row != nil && row.holds(&f)
			switch why := over[f.Field]; {
			case row.refuses(c, &f):
				if !s.decided[heldKey{c.Member, f.Field}] {
					s.refuse(c, row)
				}
				held[f.Field] = nil // taken out, and not held
			case !stands && s.kept.oneLookKeeps(c.Member, f.Field) && takesAway(c, &f):
				held[f.Field] = nil // likewise (R2)
			case s.decided[heldKey{c.Member, f.Field}]: // as the reading has it
				if row != nil || f.Field == loginsField { // shown before, or part of what waits
					held[f.Field] = nil
				}
			case why != nil && isLimited(c, &f):
				held[f.Field] = []HoldReason{*why}
			case f.endsOnly(passed): // somebody else has them: nothing of it waits
			case (settings != "" || f.Reason == ReasonSettings) && losesRank(c, &f):
				held[f.Field] = []HoldReason{{ReasonSettings, cmp.Or(settings, settingsLate)}} // R23
			case !stands && s.doubted[c.Member] && losesPlace(c, &f):
				held[f.Field] = []HoldReason{inDoubt}
			case stands && row.Kind == c.Kind && row.State != Rejected:
				held[f.Field] = row.asShown()
			case losesPlace(c, &f) && s.open.of(c.Member, statusField) != nil:
				held[f.Field] = whyKeep(s.open.of(c.Member, statusField))
			}
		}
		if admins != nil && gainsRole(c) && !s.decided[heldKey{c.Member, Role.String()}] {
			held[Role.String()] = withReasons(held[Role.String()], []HoldReason{*admins})
		}
		s.holdTogether(c, held)
		s.holdFields(c, held, withhold(c.was.Logins, c.Next().Logins, passed))
	}
	s.dropEmpty()
}

// settingsLate is why a lower role waits that settings give which were accepted already: on the day
// on which they changed, an outage or a conflict hid it (R23).
const settingsLate = "the settings give a lower role, and nobody was asked about that yet"

// bySource says whether a field has another value because RingCentral reports one: by now, or
// since a pin that hid it has ended.
func (r Reason) bySource() bool { return r == ReasonSource || r == ReasonPinEnded }

// losesRank says whether RingCentral, or the settings, give an active member a lower role.
func losesRank(c *Change, f *FieldChange) bool {
	return c.Kind == Update && f.Field == Role.String() && (f.Reason.bySource() || f.Reason == ReasonSettings) && roleRank[f.After] < roleRank[f.Before]
}

// losesPlace says whether RingCentral, or the settings, take a role or a login of an active
// member away.
func losesPlace(c *Change, f *FieldChange) bool {
	return losesRank(c, f) || c.Kind == Update && f.Reason == ReasonSource && f.Field == loginsField && isLossOf(f)
}

// whyKeep says why a member loses nothing for whom it is open whether they leave: they are
// present again, and not with all that they had (R25, R26).
func whyKeep(leaving *HeldChange) []HoldReason {
	if leaving.State == Rejected {
		return []HoldReason{{NoteRejected, "an operator rejected that this member leaves, and now they lose a role or login (R26)"}}
	}
	return leaving.asShown()
}

// idField is what a member's rcUserId is called in a change.
const idField = "rc_user_id"

// nameFields say who somebody is where an id does not.
var nameFields = []string{FirstName.String(), LastName.String(), Email.String()}

// holdTogether holds another rcUserId and all names that change with it while any of these waits:
// one that goes ahead of the others would look like an id that has passed to another human, or
// leave too little by which they are found again (R13).
func (s *settling) holdTogether(c *Change, held map[string][]HoldReason) {
	if c.Kind != Update || !slices.ContainsFunc(c.Fields, func(f FieldChange) bool { return f.Field == idField }) {
		return
	}
	why := s.namesWait(c.Member, held)
	if len(why) == 0 {
		return
	}
	for _, f := range c.Fields {
		if _, out := held[f.Field]; !out && (f.Field == idField || slices.Contains(nameFields, f.Field)) {
			held[f.Field] = why
		}
	}
}

// namesWait gives the reasons for which a name or the e-mail of a member is held by this plan.
func (s *settling) namesWait(member int64, held map[string][]HoldReason) []HoldReason {
	for _, f := range nameFields {
		if len(held[f]) > 0 {
			return held[f]
		}
		if at, waits := s.heldAt[heldKey{member, string(Update)}]; waits && slices.ContainsFunc(s.held[at].Fields, func(x FieldChange) bool { return x.Field == f }) {
			return s.held[at].Why
		}
	}
	return nil
}

// refuses says whether an operator rejected a change of a field (R36). A loss that was
// rejected is refused whatever else is lost besides.
func (h *HeldChange) refuses(c *Change, f *FieldChange) bool {
	return h != nil && h.State == Rejected && h.Kind == c.Kind && (h.After == f.After || isLoss(h) && h.holds(f))
}

// holds says whether an open change of logins still stands in a later value: whether that ends
// a login which it would end. Once all of these are active again, in whatever group, what else
// has become of somebody's logins is another question.
func (h *HeldChange) holds(f *FieldChange) bool {
	if f.Field != loginsField {
		return true
	}
	shown := noLongerActive(h.Before, h.After)
	now := noLongerActive(f.Before, f.After)
	return len(shown) == 0 || slices.ContainsFunc(now, func(l Login) bool {
		return slices.ContainsFunc(shown, func(was Login) bool { return was.key() == l.key() })
	})
}

// refuse says that a change stays out because an operator rejected it.
func (s *settling) refuse(c *Change, row *HeldChange) {
	s.open.touched[row] = true
	s.rows = append(s.rows, *row)
	s.decided[heldKey{row.Member, row.Field}] = true
	s.kept.plan.Notes = append(s.kept.plan.Notes, Note{
		Member: c.Member, Person: c.Person, Name: c.Name, Reason: NoteRefused,
		Detail: fmt.Sprintf("%s (R36); `ringroster reject --clear %d` ends that", refusedText(row), c.Member),
	})
}

// refusedText says what stays because an operator rejected a change of it.
func refusedText(h *HeldChange) string {
	return fmt.Sprintf("%s stays %q: an operator rejected %q", h.Field, h.Before, h.After)
}

// isLimited says whether a field's change counts for its limit: what the source changed of
// a value that was there, and of logins that one turned inactive.
func isLimited(c *Change, f *FieldChange) bool {
	return c.Kind == Update && f.Reason.bySource() && f.Before != "" && (f.Field != loginsField || isLossOf(f))
}

// isLossOf says whether a change of logins turns one inactive; any change of a role loses
// the one that was.
func isLossOf(f *FieldChange) bool {
	return f.Field == Role.String() || f.Field == loginsField && len(EndedLogins(f.Before, f.After)) > 0
}

// overUpdates are the fields of which more would change than the limit allows (R35).
func (s *settling) overUpdates() map[string]*HoldReason {
	p := s.kept
	over := map[string]*HoldReason{}
	if p.in.State.LastSeen.IsZero() {
		return over
	}
	rows := map[string][]*HeldChange{} // of the changes of each field
	for i := range p.plan.Changes {
		c := &p.plan.Changes[i]
		for j := range c.Fields {
			if f := &c.Fields[j]; isLimited(c, f) {
				row := s.open.asking(c.Member, f)
				if f.Field == loginsField && len(c.passed) > 0 { // which would not wait any more
					row = nil
				}
				rows[f.Field] = append(rows[f.Field], row)
			}
		}
	}
	for _, field := range limitedFields {
		for i, w := range windows {
			if text := p.in.Policy.Limits.Updates.exceeded(s.fresh(rows[field], w), p.in.State.Recent[i].Updated[field], p.tally.active, w); text != "" && over[field] == nil {
				over[field] = &HoldReason{ReasonUpdateLimit, fmt.Sprintf("%s active members would get another %s", text, field)}
			}
		}
	}
	return over
}

// gainsRole says whether a change makes an administrator of somebody who was none, also when
// they were last active: a reactivation that brings back no more than there was is not limited.
func gainsRole(c *Change) bool {
	if slices.ContainsFunc(c.Fields, func(f FieldChange) bool {
		return f.Field == Role.String() && f.Reason == ReasonPinEnded && f.After == RoleAdministrator
	}) {
		return true
	}
	return c.Next().isAdministrator() && !c.was.isAdministrator() && (c.Kind != Reactivate || c.was.Synced.Profile[Role] != RoleAdministrator)
}

// overAdministrators says that more people would gain the role than the limit allows (R35).
func (s *settling) overAdministrators() *HoldReason {
	p := s.kept
	if p.in.State.LastSeen.IsZero() || p.tally.admins == 0 {
		return nil
	}
	var rows []*HeldChange
	for i := range p.plan.Changes {
		if c := &p.plan.Changes[i]; gainsRole(c) {
			rows = append(rows, s.open.of(c.Member, Role.String()))
		}
	}
	for _, person := range p.newcomers {
		if s.isNewAdministrator(person) {
			rows = append(rows, s.arrival(person))
		}
	}
	for i, w := range windows {
		if text := p.in.Policy.Limits.Administrators.exceeded(s.fresh(rows, w), p.in.State.Recent[i].Administrators, p.tally.admins, w); text != "" {
			return &HoldReason{ReasonAdminLimit, text + " active administrators would gain the role"}
		}
	}
	return nil
}

// isNewAdministrator says whether a newcomer whom nobody picked would be an administrator.
func (s *settling) isNewAdministrator(person *Person) bool {
	return !s.kept.picked[person] && s.kept.judgeNewcomer(person).Profile[Role] == RoleAdministrator
}

// holdChange holds a change, or the fields of it that are given. What is no update is
// held as a whole, under its first field. What a pin keeps from happening does not wait: it is
// suspect.
func (s *settling) holdChange(c Change, why func(field string) []HoldReason) {
	var all []HoldReason
	if c.Kind.bringsIn() {
		c.comesAs(c.Next().Profile[Role])
	}
	var waits []FieldChange
	for i, f := range c.Fields {
		reasons := why(f.Field)
		if f.Pinned {
			s.row(s.open.asking(c.Member, &f), Suspect, c, i, reasons)
			continue
		}
		if c.Kind == Update || i == 0 {
			s.row(s.open.asking(c.Member, &f), Waiting, c, i, reasons)
		}
		waits = append(waits, f)
		for _, r := range reasons {
			if !slices.Contains(all, r) {
				all = append(all, r)
			}
		}
	}
	if c.Fields = waits; len(waits) > 0 || c.Kind != Update {
		s.hold(c, all)
	}
}

// holdFields takes fields out of a change, and holds those that have a reason for it. Of
// logins, rest is what is applied all the same. A change that is no update is held as a whole.
func (s *settling) holdFields(c *Change, held map[string][]HoldReason, rest []Login) {
	if len(held) == 0 {
		return
	}
	if c.Kind != Update {
		s.emptied[c.Member] = true
		var why []HoldReason
		for _, f := range slices.Sorted(maps.Keys(held)) {
			why = withReasons(why, held[f])
		}
		if len(why) > 0 {
			s.holdChange(*c, func(string) []HoldReason { return why })
		}
		return
	}
	waits := *c
	waits.Fields = nil
	next := *c.Next()
	var applied []FieldChange
	for _, f := range c.Fields {
		why, out := held[f.Field]
		if !out {
			applied = append(applied, f)
			continue
		}
		next.revert(f.Field, c.was)
		if f.Field == Role.String() { // the record is theirs from now on, like a login that they gained
			next.AdminIDs = slices.Compact(slices.Sorted(slices.Values(slices.Concat(c.was.AdminIDs, c.Next().AdminIDs))))
		}
		if f.Field == loginsField && !slices.Equal(rest, c.was.Logins) {
			next.Logins, next.Synced.Logins = rest, fingerprint(rest)
			now := f
			now.After = LoginsJSON(rest)
			applied, f.Before = append(applied, now), now.After
		}
		if len(why) > 0 {
			waits.Fields = append(waits.Fields, f)
		}
	}
	c.Fields = applied
	c.Next = next.itself
	if len(c.Fields) > 0 {
		c.Reason = strongest(c.Fields)
	} else {
		s.emptied[c.Member] = true
	}
	if len(waits.Fields) > 0 {
		waits.Next, waits.Reason = nil, strongest(waits.Fields)
		s.holdChange(waits, func(field string) []HoldReason { return held[field] })
	}
}

// revert gives a field the value it had, and with it what is known of the last sync.
func (m *Member) revert(field string, was *Member) {
	switch field {
	case loginsField:
		m.Logins, m.Synced.Logins = was.Logins, was.Synced.Logins
		return
	case Role.String():
		m.Synced.Roles, m.AdminIDs = was.Synced.Roles, was.AdminIDs
	case idField:
		m.RCUserID, m.Synced.RCUserID = was.RCUserID, was.Synced.RCUserID
		return
	case pinsField:
		m.Pins = was.Pins
		return
	}
	if f, ok := ParseField(field); ok {
		m.Profile[f] = was.Profile[f]
		m.Synced.report(f, was.Synced.Profile[f], was.Synced.given(f))
	}
}

// dropEmpty takes changes of which nothing is left out of the plan: their people are held
// back, or unchanged where all was refused.
func (s *settling) dropEmpty() {
	p := s.kept
	waiting := map[int64]bool{}
	for i := range s.held {
		waiting[s.held[i].Member] = true
	}
	p.plan.Changes = slices.DeleteFunc(p.plan.Changes, func(c Change) bool {
		if !s.emptied[c.Member] {
			return false
		}
		s.restPerson(c.Person, waiting[c.Member])
		next := *c.Next()
		next.Username = c.was.Username // a first one is given with a change
		if c.Kind == Update && bookkeepingMoved(c.was, &next) {
			p.plan.Marks = append(p.plan.Marks, next.copy())
		}
		return true
	})
}

// restPerson says of a person of whom nothing is left to apply how they are counted.
func (s *settling) restPerson(key string, waits bool) {
	if person := s.kept.people.byName(key); person != nil {
		person.outcome.decision = unchanged
		if waits {
			person.outcome.decision = heldBack
		}
	}
}
