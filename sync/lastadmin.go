package sync

import "slices"

// keepLastAdministrator holds whoever leaves, or loses the role, where nobody active would
// be an administrator any more (R24). Gains count, as they are applied.
func (s *settling) keepLastAdministrator() {
	p := s.kept
	left := s.read.tally.admins
	losing := false
	for i := range p.plan.Changes {
		c := &p.plan.Changes[i]
		switch was, is := c.was.isAdministrator(), c.Next().isAdministrator(); {
		case was && !is:
			left--
			losing = true
		case is && !was:
			left++
		}
	}
	for _, person := range p.newcomers {
		if p.judgeNewcomer(person).Profile[Role] == RoleAdministrator {
			left++
		}
	}
	for _, l := range s.goes {
		if l.member.isAdministrator() {
			left--
			losing = true
		}
	}
	if left > 0 || !losing {
		return
	}
	why := HoldReason{ReasonLastAdmin, lastAdministrator}
	s.goes = slices.DeleteFunc(s.goes, func(l *leaver) bool {
		if l.member.isAdministrator() {
			s.whyGoes[l.member.ID] = []HoldReason{why}
			s.waits = append(s.waits, l)
			p.bookAbsence(l, true)
			return true
		}
		return false
	})
	for _, l := range s.waits { // they would be the last ones, too
		if l.member.isAdministrator() && !slices.Contains(s.whyGoes[l.member.ID], why) {
			s.whyGoes[l.member.ID] = append(s.whyGoes[l.member.ID], why)
		}
	}
	for i := range p.plan.Changes {
		if c := &p.plan.Changes[i]; c.was.isAdministrator() && !c.Next().isAdministrator() {
			s.holdFields(c, map[string][]HoldReason{Role.String(): {why}}, nil)
		}
	}
	s.dropEmpty()
}
