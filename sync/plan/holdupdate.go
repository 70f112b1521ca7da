package plan

import (
	"cmp"
	"fmt"
	"maps"
	"slices"

	"ringroster/sync"
	"ringroster/sync/guard"
)

// holdUpdates holds what is to happen to members who stay (R22, R25, R35), and refuses what
// an operator rejected (R36).
func (s *settling) holdUpdates(admins *sync.HoldReason) {
	over := s.overUpdates()
	settings := s.kept.movedSettings()
	changes := s.kept.plan.Changes
	for i := range changes {
		c := &changes[i]
		held := map[string][]sync.HoldReason{}
		passed := s.letPass(c, over[sync.LoginsField])
		for _, f := range c.Fields {
			row := s.open.Asking(c.Member, &f)
			stands := row != nil && row.Holds(&f)
			switch why := over[f.Field]; {
			case refuses(row, c, &f):
				if !s.decided[sync.HeldKey{Member: c.Member, Field: f.Field}] {
					s.refuse(c, row)
				}
				held[f.Field] = nil // taken out, and not held
			case !stands && s.kept.oneLookKeeps(c.Member, f.Field) && takesAway(c, &f), // likewise (R2)
				!stands && s.kept.mayMean[c.Member] && losesPlace(c, &f): // and while a conflict may mean them (R20)
				held[f.Field] = nil
			case s.decided[sync.HeldKey{Member: c.Member, Field: f.Field}]: // as the reading has it
				if row != nil || f.Field == sync.LoginsField { // shown before, or part of what waits
					held[f.Field] = nil
				}
			case why != nil && isLimited(c, &f):
				held[f.Field] = []sync.HoldReason{*why}
			case endsOnly(&f, passed): // somebody else has them: nothing of it waits
			case (settings != "" || f.Reason == sync.ReasonSettings) && losesRank(c, &f):
				held[f.Field] = []sync.HoldReason{{Reason: sync.ReasonSettings, Detail: cmp.Or(settings, settingsLate)}} // R23
			case !stands && s.doubted[c.Member] && losesPlace(c, &f):
				held[f.Field] = []sync.HoldReason{inDoubt}
			case stands && row.Kind == c.Kind && row.State != sync.Rejected:
				held[f.Field] = guard.AsShown(row)
			case losesPlace(c, &f) && s.open.Of(c.Member, sync.StatusField) != nil:
				held[f.Field] = whyKeep(s.open.Of(c.Member, sync.StatusField))
			}
		}
		if admins != nil && gainsRole(c) && !s.decided[sync.HeldKey{Member: c.Member, Field: sync.Role.String()}] {
			held[sync.Role.String()] = guard.WithReasons(held[sync.Role.String()], []sync.HoldReason{*admins})
		}
		s.holdTogether(c, held)
		s.holdFields(c, held, sync.Withhold(c.Was.Logins, c.Next().Logins, passed))
	}
	s.dropEmpty()
}

// settingsLate is why a lower role waits that settings give which were accepted already: on the day
// on which they changed, an outage or a conflict hid it (R23).
const settingsLate = "the settings give a lower role, and nobody was asked about that yet"

// losesRank says whether RingCentral, or the settings, give an active member a lower role.
func losesRank(c *sync.Change, f *sync.FieldChange) bool {
	return c.Kind == sync.Update && f.Field == sync.Role.String() && (guard.BySource(f.Reason) || f.Reason == sync.ReasonSettings) && sync.RoleRank[f.After] < sync.RoleRank[f.Before]
}

// losesPlace says whether RingCentral, or the settings, take a role or a login of an active
// member away.
func losesPlace(c *sync.Change, f *sync.FieldChange) bool {
	return losesRank(c, f) || c.Kind == sync.Update && f.Reason == sync.ReasonSource && f.Field == sync.LoginsField && isLossOf(f)
}

// whyKeep says why a member loses nothing for whom it is open whether they leave: they are
// present again, and not with all that they had (R25, R26).
func whyKeep(leaving *sync.HeldChange) []sync.HoldReason {
	if leaving.State == sync.Rejected {
		return []sync.HoldReason{{Reason: sync.NoteRejected, Detail: "an operator rejected that this member leaves, and now they lose a role or login (R26)"}}
	}
	return guard.AsShown(leaving)
}

// idField is what a member's rcUserId is called in a change.
const idField = "rc_user_id"

// nameFields say who somebody is where an id does not.
var nameFields = []string{sync.FirstName.String(), sync.LastName.String(), sync.Email.String()}

// holdTogether holds another rcUserId and all names that change with it while any of these waits:
// one that goes ahead of the others would look like an id that has passed to another human, or
// leave too little by which they are found again (R13).
func (s *settling) holdTogether(c *sync.Change, held map[string][]sync.HoldReason) {
	if c.Kind != sync.Update || !slices.ContainsFunc(c.Fields, func(f sync.FieldChange) bool { return f.Field == idField }) {
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
func (s *settling) namesWait(member int64, held map[string][]sync.HoldReason) []sync.HoldReason {
	for _, f := range nameFields {
		if len(held[f]) > 0 {
			return held[f]
		}
		if at, waits := s.heldAt[sync.HeldKey{Member: member, Field: string(sync.Update)}]; waits && slices.ContainsFunc(s.held[at].Fields, func(x sync.FieldChange) bool { return x.Field == f }) {
			return s.held[at].Why
		}
	}
	return nil
}

// refuses says whether an operator rejected a change of a field (R36). A loss that was
// rejected is refused whatever else is lost besides.
func refuses(h *sync.HeldChange, c *sync.Change, f *sync.FieldChange) bool {
	return h != nil && h.State == sync.Rejected && h.Kind == c.Kind && (h.After == f.After || isLoss(h) && h.Holds(f))
}

// refuse says that a change stays out because an operator rejected it.
func (s *settling) refuse(c *sync.Change, row *sync.HeldChange) {
	s.open.Touched[row] = true
	s.rows = append(s.rows, *row)
	s.decided[sync.HeldKey{Member: row.Member, Field: row.Field}] = true
	s.kept.plan.Notes = append(s.kept.plan.Notes, sync.Note{
		Member: c.Member, Person: c.Person, Name: c.Name, Reason: sync.NoteRefused,
		Detail: fmt.Sprintf("%s (R36); `ringroster reject --clear %d` ends that", refusedText(row), c.Member),
	})
}

// refusedText says what stays because an operator rejected a change of it.
func refusedText(h *sync.HeldChange) string {
	return fmt.Sprintf("%s stays %q: an operator rejected %q", h.Field, h.Before, h.After)
}

// isLimited says whether a field's change counts for its limit: what the source changed of
// a value that was there, and of logins that one turned inactive.
func isLimited(c *sync.Change, f *sync.FieldChange) bool {
	return c.Kind == sync.Update && guard.BySource(f.Reason) && f.Before != "" && (f.Field != sync.LoginsField || isLossOf(f))
}

// isLossOf says whether a change of logins turns one inactive; any change of a role loses
// the one that was.
func isLossOf(f *sync.FieldChange) bool {
	return f.Field == sync.Role.String() || f.Field == sync.LoginsField && len(sync.EndedLogins(f.Before, f.After)) > 0
}

// overUpdates are the fields of which more would change than the limit allows (R35).
func (s *settling) overUpdates() map[string]*sync.HoldReason {
	p := s.kept
	over := map[string]*sync.HoldReason{}
	if p.in.State.LastSeen.IsZero() {
		return over
	}
	rows := map[string][]*sync.HeldChange{} // of the changes of each field
	for i := range p.plan.Changes {
		c := &p.plan.Changes[i]
		for j := range c.Fields {
			if f := &c.Fields[j]; isLimited(c, f) {
				row := s.open.Asking(c.Member, f)
				if f.Field == sync.LoginsField && len(c.Passed) > 0 { // which would not wait any more
					row = nil
				}
				rows[f.Field] = append(rows[f.Field], row)
			}
		}
	}
	for _, field := range guard.LimitedFields {
		for i, w := range guard.Windows {
			if text := guard.Exceeded(p.in.Policy.Limits.Updates, s.fresh(rows[field], w), p.in.State.Recent[i].Updated[field], p.tally.Active, w); text != "" && over[field] == nil {
				over[field] = &sync.HoldReason{Reason: sync.ReasonUpdateLimit, Detail: fmt.Sprintf("%s active members would get another %s", text, field)}
			}
		}
	}
	return over
}

// gainsRole says whether a change makes an administrator of somebody who was none, also when
// they were last active: a reactivation that brings back no more than there was is not limited.
func gainsRole(c *sync.Change) bool {
	if slices.ContainsFunc(c.Fields, func(f sync.FieldChange) bool {
		return f.Field == sync.Role.String() && f.Reason == sync.ReasonPinEnded && f.After == sync.RoleAdministrator
	}) {
		return true
	}
	return c.Next().IsAdministrator() && !c.Was.IsAdministrator() && (c.Kind != sync.Reactivate || c.Was.Synced.Profile[sync.Role] != sync.RoleAdministrator)
}

// overAdministrators says that more people would gain the role than the limit allows (R35).
func (s *settling) overAdministrators() *sync.HoldReason {
	p := s.kept
	if p.in.State.LastSeen.IsZero() || p.tally.Admins == 0 {
		return nil
	}
	var rows []*sync.HeldChange
	for i := range p.plan.Changes {
		if c := &p.plan.Changes[i]; gainsRole(c) {
			rows = append(rows, s.open.Of(c.Member, sync.Role.String()))
		}
	}
	for _, person := range p.newcomers {
		if s.isNewAdministrator(person) {
			rows = append(rows, s.arrival(person))
		}
	}
	for i, w := range guard.Windows {
		if text := guard.Exceeded(p.in.Policy.Limits.Administrators, s.fresh(rows, w), p.in.State.Recent[i].Administrators, p.tally.Admins, w); text != "" {
			return &sync.HoldReason{Reason: sync.ReasonAdminLimit, Detail: text + " active administrators would gain the role"}
		}
	}
	return nil
}

// isNewAdministrator says whether a newcomer whom nobody picked would be an administrator.
func (s *settling) isNewAdministrator(person *Person) bool {
	return !s.kept.picked[person] && s.kept.judgeNewcomer(person).Profile[sync.Role] == sync.RoleAdministrator
}

// holdChange holds a change, or the fields of it that are given. What is no update is
// held as a whole, under its first field. What a pin keeps from happening does not wait: it is
// suspect.
func (s *settling) holdChange(c sync.Change, why func(field string) []sync.HoldReason) {
	var all []sync.HoldReason
	if c.Kind.BringsIn() {
		guard.ComesAs(&c, c.Next().Profile[sync.Role])
	}
	var waits []sync.FieldChange
	for i, f := range c.Fields {
		reasons := why(f.Field)
		if f.Pinned {
			s.row(s.open.Asking(c.Member, &f), sync.Suspect, c, i, reasons)
			continue
		}
		if c.Kind == sync.Update || i == 0 {
			s.row(s.open.Asking(c.Member, &f), sync.Waiting, c, i, reasons)
		}
		waits = append(waits, f)
		for _, r := range reasons {
			if !slices.Contains(all, r) {
				all = append(all, r)
			}
		}
	}
	if c.Fields = waits; len(waits) > 0 || c.Kind != sync.Update {
		s.hold(c, all)
	}
}

// holdFields takes fields out of a change, and holds those that have a reason for it. Of
// logins, rest is what is applied all the same. A change that is no update is held as a whole.
func (s *settling) holdFields(c *sync.Change, held map[string][]sync.HoldReason, rest []sync.Login) {
	if len(held) == 0 {
		return
	}
	if c.Kind != sync.Update {
		s.emptied[c.Member] = true
		var why []sync.HoldReason
		for _, f := range slices.Sorted(maps.Keys(held)) {
			why = guard.WithReasons(why, held[f])
		}
		if len(why) > 0 {
			s.holdChange(*c, func(string) []sync.HoldReason { return why })
		}
		return
	}
	waits := *c
	waits.Fields = nil
	next := *c.Next()
	var applied []sync.FieldChange
	for _, f := range c.Fields {
		why, out := held[f.Field]
		if !out {
			applied = append(applied, f)
			continue
		}
		revert(&next, f.Field, c.Was)
		if f.Field == sync.Role.String() { // the record is theirs from now on, like a login that they gained
			next.AdminIDs = slices.Compact(slices.Sorted(slices.Values(slices.Concat(c.Was.AdminIDs, c.Next().AdminIDs))))
		}
		if f.Field == sync.LoginsField && !slices.Equal(rest, c.Was.Logins) {
			next.Logins, next.Synced.Logins = rest, sync.LoginsFingerprint(rest)
			now := f
			now.After = sync.LoginsJSON(rest)
			applied, f.Before = append(applied, now), now.After
		}
		if len(why) > 0 {
			waits.Fields = append(waits.Fields, f)
		}
	}
	c.Fields = applied
	c.Next = next.Itself
	if len(c.Fields) > 0 {
		c.Reason = strongest(c.Fields)
	} else {
		s.emptied[c.Member] = true
	}
	if len(waits.Fields) > 0 {
		waits.Next, waits.Reason = nil, strongest(waits.Fields)
		s.holdChange(waits, func(field string) []sync.HoldReason { return held[field] })
	}
}

// revert gives a field the value it had, and with it what is known of the last sync.
func revert(m *sync.Member, field string, was *sync.Member) {
	switch field {
	case sync.LoginsField:
		m.Logins, m.Synced.Logins = was.Logins, was.Synced.Logins
		return
	case sync.Role.String():
		m.Synced.Roles, m.AdminIDs = was.Synced.Roles, was.AdminIDs
	case idField:
		m.RCUserID, m.Synced.RCUserID = was.RCUserID, was.Synced.RCUserID
		return
	case sync.PinsField:
		m.Pins = was.Pins
		return
	}
	if f, ok := sync.ParseField(field); ok {
		m.Profile[f] = was.Profile[f]
		m.Synced.Report(f, was.Synced.Profile[f], was.Synced.Given(f))
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
	p.plan.Changes = slices.DeleteFunc(p.plan.Changes, func(c sync.Change) bool {
		if !s.emptied[c.Member] {
			return false
		}
		s.restPerson(c.Person, waiting[c.Member])
		next := *c.Next()
		next.Username = c.Was.Username // a first one is given with a change
		if c.Kind == sync.Update && bookkeepingMoved(c.Was, &next) {
			p.plan.Marks = append(p.plan.Marks, next.Copy())
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
