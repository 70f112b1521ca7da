package sync

import "slices"

// holdDifferences holds what the reading would change and the draft with lost records put
// back would not.
func (s *settling) holdDifferences() {
	if s.read == s.kept {
		return
	}
	read := map[int64]*Change{}
	for _, person := range s.read.people.all {
		if person.outcome.decision == changed {
			read[person.outcome.found] = person.outcome.details().change
		}
	}
	s.keepAgreed(read)
	kept := map[int64]*Change{}
	for i := range s.kept.plan.Changes {
		kept[s.kept.plan.Changes[i].Member] = &s.kept.plan.Changes[i]
	}
	for _, person := range s.read.people.all {
		if person.outcome.decision != changed {
			continue
		}
		read := *person.outcome.details().change
		same := kept[read.Member]
		differs := func(f FieldChange) bool {
			if f.Field == pinsField || same != nil && slices.ContainsFunc(same.Fields, func(k FieldChange) bool { return k.Field == f.Field && k.After == f.After }) {
				return false
			}
			row := s.open.of(read.Member, f.Field)
			refused := row.refuses(&read, &f)
			if refused {
				s.refuse(&read, row)
			}
			return !refused
		}
		if read.Kind == Update {
			read.Fields = slices.DeleteFunc(slices.Clone(read.Fields), func(f FieldChange) bool { return !differs(f) })
		} else if same != nil && same.Kind == read.Kind {
			read.Fields = nil
		}
		if len(read.Fields) == 0 {
			continue
		}
		s.holdChange(read, func(string) []HoldReason { return s.listReasons(read.Member) })
		if now := s.kept.people.byName(person.Key()); now != nil && same == nil && now.outcome.decision == unchanged && s.waitsFor(&read) {
			now.outcome.decision = heldBack
		}
	}
}

// keepAgreed takes out of the draft with lost records put back what the reading does not
// say as well: nothing happens because of a record that nobody lists. Logins can be told
// apart in one value: what they gained or were renamed to is applied, and what they lost waits.
func (s *settling) keepAgreed(read map[int64]*Change) {
	changes := s.kept.plan.Changes
	for i := range changes {
		c := &changes[i]
		said := read[c.Member]
		out := map[string][]HoldReason{}
		for _, f := range c.Fields {
			agreed := said != nil && said.Kind == c.Kind && (c.Kind != Update || slices.ContainsFunc(said.Fields, func(r FieldChange) bool {
				return r.Field == f.Field && (r.After == f.After || f.Field == loginsField)
			}))
			if !agreed {
				out[f.Field] = nil
			}
		}
		s.holdFields(c, out, c.was.Logins)
	}
	s.dropEmpty()
}
