package sync

import "slices"

// holdArrivals decides which newcomers wait: who would not be one with lost records put
// back, who was held before, and all of them where there are too many, or too many new
// administrators (R35).
func (s *settling) holdArrivals(admins *HoldReason) {
	p := s.kept
	why := map[*Person][]HoldReason{}
	var rows []*HeldChange
	for _, person := range p.newcomers {
		row := s.open.arrival(person)
		rows = append(rows, row)
		if row != nil && !p.picked[person] { // of a rejected one nobody comes this far
			why[person] = row.Why
		}
	}
	if limit := s.overArrivals(rows); limit != nil {
		for _, person := range p.newcomers {
			if !p.picked[person] {
				why[person] = []HoldReason{*limit}
			}
		}
	}
	p.newcomers = slices.DeleteFunc(p.newcomers, func(person *Person) bool {
		if admins != nil && s.isNewAdministrator(person) {
			why[person] = withReasons(why[person], []HoldReason{*admins})
		}
		if len(why[person]) > 0 {
			s.holdArrival(person, why[person])
		}
		return len(why[person]) > 0
	})
	if s.read == s.kept {
		return
	}
	for _, person := range s.read.people.all { // who comes in only because of what is lost
		now := p.people.byName(person.Key())
		if person.outcome.decision == onboarded && (now == nil || now.outcome.decision != onboarded && now.outcome.decision != heldBack) {
			if now != nil {
				now.outcome.decision = heldBack
			}
			s.holdArrival(person, s.listReasons(0))
		}
	}
}

// overArrivals says that more people would come in than the limit allows (R35).
func (s *settling) overArrivals(rows []*HeldChange) *HoldReason {
	p := s.kept
	if p.in.State.LastSeen.IsZero() || p.in.Picks != nil {
		return nil
	}
	for i, w := range windows {
		if text := p.in.Policy.Limits.Onboardings.exceeded(s.fresh(rows, w), p.in.State.Recent[i].Onboarded, p.tally.active, w); text != "" {
			return &HoldReason{ReasonOnboardLimit, text + " active members would come in"}
		}
	}
	return nil
}

func (s *settling) holdArrival(person *Person, why []HoldReason) {
	person.outcome.decision = heldBack
	v, d := s.kept.judgeNewcomer(person), person.outcome.details()
	c := Change{Kind: Onboard, Person: person.Key(), Name: v.Profile.Name(), Email: v.Profile[Email]}
	c.Reason, c.Detail = d.welcome()
	c.addDetail(comesAs(v.Profile[Role]))
	row := s.open.arrival(person)
	h := s.row(row, Waiting, c, 0, why)
	h.IDs = slices.Sorted(slices.Values(person.keys()))
	s.hold(c, why)
	s.kept.meant(person, nil)
}

// waitForRecords keeps everybody out whom a lost record would make an agent, and who comes
// in, or back, for want of one (R9).
func (s *settling) waitForRecords() {
	if s.doubtUntil().IsZero() {
		return
	}
	for _, person := range s.kept.people.all {
		if len(person.Agents)+len(person.Admins) > 0 || s.kept.picked[person] || s.open.arrival(person) != nil {
			continue
		}
		var member *Member
		switch o := &person.outcome; o.decision {
		case onboarded:
		case changed:
			c := o.details().change
			if c.Kind != Reactivate || len(c.was.Logins) == 0 {
				continue
			}
			member = c.was
		default:
			continue
		}
		s.kept.skip(person, member, NoteRecordUnproved, "an agent list of the account is not believed, and may lack their record: what it says of them, nobody knows (R9, R22)")
		if was := s.read.people.byName(person.Key()); was != nil {
			was.outcome = person.outcome
		}
	}
}
