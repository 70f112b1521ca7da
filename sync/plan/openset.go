package plan

import (
	"cmp"
	"slices"
	"strings"

	"ringroster/sync"
	"ringroster/sync/guard"
)

// holdDifferences holds what the reading would change and the draft with lost records put
// back would not.
func (s *settling) holdDifferences() {
	if s.read == s.kept {
		return
	}
	read := map[int64]*sync.Change{}
	for _, person := range s.read.people.all {
		if person.outcome.decision == changed {
			read[person.outcome.found] = person.outcome.details().change
		}
	}
	s.keepAgreed(read)
	kept := map[int64]*sync.Change{}
	for i := range s.kept.plan.Changes {
		kept[s.kept.plan.Changes[i].Member] = &s.kept.plan.Changes[i]
	}
	for _, person := range s.read.people.all {
		if person.outcome.decision != changed {
			continue
		}
		read := *person.outcome.details().change
		same := kept[read.Member]
		differs := func(f sync.FieldChange) bool {
			if f.Field == sync.PinsField || same != nil && slices.ContainsFunc(same.Fields, func(k sync.FieldChange) bool { return k.Field == f.Field && k.After == f.After }) {
				return false
			}
			row := s.open.Of(read.Member, f.Field)
			refused := refuses(row, &read, &f)
			if refused {
				s.refuse(&read, row)
			}
			return !refused
		}
		if read.Kind == sync.Update {
			read.Fields = slices.DeleteFunc(slices.Clone(read.Fields), func(f sync.FieldChange) bool { return !differs(f) })
		} else if same != nil && same.Kind == read.Kind {
			read.Fields = nil
		}
		if len(read.Fields) == 0 {
			continue
		}
		s.holdChange(read, func(string) []sync.HoldReason { return s.listReasons(read.Member) })
		if now := s.kept.people.byName(person.Key()); now != nil && same == nil && now.outcome.decision == unchanged && s.waitsFor(&read) {
			now.outcome.decision = heldBack
		}
	}
}

// keepAgreed takes out of the draft with lost records put back what the reading does not
// say as well: nothing happens because of a record that nobody lists. Logins can be told
// apart in one value: what they gained or were renamed to is applied, and what they lost waits.
func (s *settling) keepAgreed(read map[int64]*sync.Change) {
	changes := s.kept.plan.Changes
	for i := range changes {
		c := &changes[i]
		said := read[c.Member]
		out := map[string][]sync.HoldReason{}
		for _, f := range c.Fields {
			agreed := said != nil && said.Kind == c.Kind && (c.Kind != sync.Update || slices.ContainsFunc(said.Fields, func(r sync.FieldChange) bool {
				return r.Field == f.Field && (r.After == f.After || f.Field == sync.LoginsField)
			}))
			if !agreed {
				out[f.Field] = nil
			}
		}
		s.holdFields(c, out, c.Was.Logins)
	}
	s.dropEmpty()
}

// row adds what the open set will say of one field of a change: it keeps the number under
// which it was first shown as it is now (R25).
func (s *settling) row(was *sync.HeldChange, state sync.HeldState, c sync.Change, field int, why []sync.HoldReason) *sync.HeldChange {
	h := sync.HeldChange{
		State: state, Since: s.kept.in.Now, Kind: c.Kind, Member: c.Member, Person: c.Person,
		Name: c.Name, Email: c.Email, Role: c.Role, Reason: c.Reason, Detail: c.Sentence(), Why: why,
	}
	if field < len(c.Fields) {
		f := c.Fields[field]
		h.Field, h.Before, h.After = f.Field, f.Before, f.After
		if c.Kind == sync.Update {
			h.Reason = f.Reason
		}
	}
	if was != nil {
		s.open.Touched[was] = true
		h.ID, h.Since = was.ID, was.Since
		if was.State != sync.Rejected || state == sync.Rejected {
			h.Source = was.Source
		}
		if guard.IsSameQuestion(was, &h) {
			h.Run = was.Run
		}
	}
	s.rows = append(s.rows, h)
	s.decided[sync.HeldKey{Member: h.Member, Field: h.Field}] = true
	return &s.rows[len(s.rows)-1]
}

// closeSet is the open set after a full run: what is not planned any more
// ends where a run saw why (R25), and stays where nobody knows.
func (s *settling) closeSet() {
	p := s.kept
	for i := range s.open.All {
		h := &s.open.All[i]
		if s.open.Touched[h] || h.State == sync.Rejected && s.refusalEnds(h) || h.State != sync.Rejected && s.isOver(h) {
			continue
		}
		if h.State != sync.Rejected {
			h.Why = guard.AsShown(h)
			if h.Detail != "" && !strings.HasPrefix(h.Detail, guard.Earlier) {
				h.Detail = guard.Earlier + h.Detail
			}
		}
		s.rows = append(s.rows, *h)
	}
	slices.SortFunc(s.rows, func(a, b sync.HeldChange) int {
		return cmp.Or(cmp.Compare(a.Member, b.Member), strings.Compare(a.Person, b.Person), strings.Compare(a.Field, b.Field), cmp.Compare(a.ID, b.ID))
	})
	p.plan.Open = s.rows
}

// isOver says whether an open change that this plan does not have needs nobody any more:
// a run saw the person present, or the source with the old value; or the member is gone
// or detached.
func (s *settling) isOver(h *sync.HeldChange) bool {
	if h.Member == 0 {
		return s.arrived(h)
	}
	w := s.read.watched[h.Member]
	switch {
	case w == nil, !w.managed, w.status == sync.Inactive:
		return true
	case !s.isPresent(w):
		return false
	}
	f, synced := sync.ParseField(h.Field)
	return !synced || w.known.Has(f) // what is planned was touched: the source has the old value
}

// isPresent says whether a run saw a member present (R14), by records that are there.
func (s *settling) isPresent(w *watched) bool {
	return w.person != nil && w.person.outcome.belongs && w.person.outcome.decision != inConflict && !s.hidden[w.id]
}

// arrived says whether the person of a held onboarding is on the roster, or is not
// reported any more as somebody who belongs.
func (s *settling) arrived(h *sync.HeldChange) bool {
	person := s.read.claim().of[h]
	if person == nil {
		return h.State != sync.Rejected
	}
	return person.outcome.found != 0 || h.State != sync.Rejected && person.outcome.decision != inConflict
}

// refusalEnds says whether a rejection ends with this plan, and counts the days on which
// the person was seen present (R26, R36).
func (s *settling) refusalEnds(h *sync.HeldChange) bool {
	if h.Member == 0 {
		return s.arrived(h)
	}
	w := s.read.watched[h.Member]
	if w == nil || w.status == sync.Inactive { // who is detached may be attached again
		return true
	}
	if !s.isPresent(w) {
		return false
	}
	if f, synced := sync.ParseField(h.Field); h.Kind != sync.Deactivate && !isLoss(h) {
		return !synced || w.known.Has(f) // RingCentral says another value
	}
	if today := s.kept.today(); h.PresentOn < today {
		h.PresentOn, h.PresentDays = today, h.PresentDays+1
	}
	return h.PresentDays >= sync.PresentDays
}

// isLoss says whether a held update takes a role or a login away: its rejection lasts as
// that of a deactivation (R36).
func isLoss(h *sync.HeldChange) bool {
	return h.Field == sync.Role.String() || h.Field == sync.LoginsField
}

// watched is what the end of an open change is decided by.
type watched struct {
	id      int64
	status  sync.Status
	managed bool
	person  *Person
	known   sync.FieldSet // what the plan knows of the person
}

// watch notes who was found for a member about whom something is open.
func (p *planner) watch(m *sync.Member, person *Person, known sync.FieldSet) {
	if p.open.About[m.ID] {
		p.watched[m.ID] = &watched{m.ID, m.Status, m.Managed, person, known}
	}
}

// tell says what became of whom Who means: of the plan, once it is settled. What a draft
// decided may be held, refused, or as another reading has it.
func (s *settling) tell() {
	t := s.kept.in.Trace
	if t == nil {
		return
	}
	plan := s.kept.plan
	for i := range plan.Changes {
		if c := &plan.Changes[i]; c.Kind != sync.Deactivate && t.means(c.Person, c.Member) { // of leavers leave tells
			t.tellChange(c)
		}
	}
	for _, n := range plan.Notes {
		if n.Reason == sync.NoteRefused && t.means(n.Person, n.Member) {
			t.add(n.Person, n.Member, "R36", "plan", "%s", n.Detail)
		}
	}
	for _, person := range s.kept.people.all {
		if t.means(person.Key(), person.outcome.found) {
			s.tellRest(person)
		}
	}
	for i := range s.held {
		if c := &s.held[i]; t.means(c.Person, c.Member) {
			t.tellHeld(c)
		}
	}
}

// tellRest says of a person whose change is not in the plan, or not all of it, that nothing
// changes, or what one look keeps.
func (s *settling) tellRest(person *Person) {
	t, o := s.kept.in.Trace, &person.outcome
	kept := false
	if c := o.details().change; c != nil {
		for i := range c.Fields {
			if f := &c.Fields[i]; s.open.Of(c.Member, f.Field) == nil && takesAway(c, f) && s.kept.oneLookKeeps(c.Member, f.Field) {
				kept = true
				t.add(c.Person, c.Member, "R2", "plan", "%s stays as it is: by all looks together it would change, and by one of them alone would not", f.Field)
			}
		}
	}
	isOpen := slices.ContainsFunc(s.rows, func(h sync.HeldChange) bool { return h.Member == o.found })
	if o.decision == unchanged && !kept && !isOpen && !s.hidden[o.found] {
		t.add(person.Key(), o.found, "R19", "plan", "unchanged: the roster holds what RingCentral reports")
	}
}

func (t *Trace) tellChange(c *sync.Change) {
	if c.Kind == sync.Onboard {
		t.add(c.Person, 0, "R14", "plan", "onboard, reason %s: %s", c.Reason, c.Detail)
		return
	}
	t.add(c.Person, c.Member, "R19", "plan", "%s, reason %s %s", c.Kind, c.Reason, c.Detail)
	for _, f := range c.Fields {
		t.add(c.Person, c.Member, "R19", "plan", "%s: %q becomes %q, %s", f.Field, f.Before, f.After, f.Reason)
	}
}

func (t *Trace) tellHeld(c *sync.Change) {
	switch c.Kind {
	case sync.Onboard:
		t.add(c.Person, 0, "R14", "plan", "would come in, reason %s: %s", c.Reason, c.Detail)
	case sync.Deactivate:
		t.add(c.Person, c.Member, "R14", "plan", "would leave, reason %s: %s", c.Reason, c.Detail)
	default:
		for _, f := range c.Fields {
			t.add(c.Person, c.Member, "R19", "plan", "%s: %q would become %q, %s", f.Field, f.Before, f.After, f.Reason)
		}
	}
	for _, r := range c.Why {
		t.add(c.Person, c.Member, "R21-R24", "guard", "held: %s, %s", r.Reason, r.Detail)
	}
}

// suspectVanished makes suspect, of members who have another place, their logins in a sub-account that is
// not listed: nothing of it was read, so nothing happens, and when it is back with some of them
// missing, its groups may look whole (R22, R25).
func (s *settling) suspectVanished() {
	for i := range s.read.lists.lost {
		l := &s.read.lists.lost[i]
		key := sync.HeldKey{Member: l.member.ID, Field: sync.LoginsField}
		why := s.found.Lists[l.list]
		if l.list.Kind != sync.SubAccountList || s.read.read[l.list.Sub] || len(why) == 0 || s.decided[key] ||
			l.member.Status != sync.Active || l.person == nil || !l.person.outcome.belongs || l.person.outcome.decision == inConflict {
			continue
		}
		f := sync.FieldChange{Field: sync.LoginsField, Before: sync.LoginsJSON(l.member.Logins), After: sync.LoginsJSON(endedIn(l.member.Logins, l.list.Sub)), Reason: sync.ReasonSource}
		was, state := s.open.Of(l.member.ID, sync.LoginsField), sync.Suspect
		switch {
		case was == nil:
		case was.State == sync.Rejected:
			continue
		default: // what was asked goes on
			f.Before, f.After, state = was.Before, was.After, was.State
		}
		s.row(was, state, sync.Change{
			Kind: sync.Update, Member: l.member.ID, Person: l.person.Key(), Name: l.member.Profile.Name(), Email: l.member.Profile[sync.Email],
			Reason: sync.ReasonSource, Fields: []sync.FieldChange{f},
		}, 0, why)
	}
}

// endedIn are logins of which those in a sub-account are inactive.
func endedIn(logins []sync.Login, sub string) []sync.Login {
	logins = slices.Clone(logins)
	for i := range logins {
		logins[i].Active = logins[i].Active && logins[i].SubAccountID != sub
	}
	return logins
}
