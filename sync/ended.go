package sync

import "time"

// RingEX proves that somebody has gone where their extension ends with their records of
// RingCX (R22). One that ended long before proves nothing: people are listed without. So it
// is kept since when the extension of whom is not there any more.

// hasExtension says whether the roster knows an extension of a member.
func (m *Member) hasExtension() bool {
	return m.RCUserID != "" && m.Synced.Profile[ExtensionNumber] != ""
}

// enrollExtension counts a member who is listed, and has an extension as far as the roster
// knows, for what it proves that the extension list lacks somebody.
func (p *planner) enrollExtension(m *Member, person *Person) {
	if m.Status != Active {
		return
	}
	if p.hasEnded(m) {
		p.lists.ended = append(p.lists.ended, m.ID)
	}
	if person == nil || !m.hasExtension() {
		return
	}
	p.lists.extended++
	if p.people.extension(m.RCUserID) == nil {
		p.lists.unextended++
	}
}

// hasEnded says whether the extension of a member is disabled, or nobody has it any more, or
// it is not listed, and the roster knows that they had one.
func (p *planner) hasEnded(m *Member) bool {
	if e := p.people.extension(m.RCUserID); e != nil {
		return e.Status == "Disabled" || e.Status == "Unassigned"
	}
	return m.hasExtension()
}

// isInRingEX says whether RingEX lists the extension of a member, and it has not ended.
func (p *planner) isInRingEX(m *Member) bool {
	return m.RCUserID != "" && p.people.extension(m.RCUserID) != nil && !p.hasEnded(m)
}

// hasGone says whether RingEX proves that somebody has gone: their extension has ended, and
// not long before. One that is not listed proves it while hardly any other is missing. Who
// never had one may as well be there.
func (p *planner) hasGone(m *Member) bool {
	since, before := p.in.State.Ended[m.ID]
	if p.in.State.Ended == nil || before && p.in.Now.Sub(since) > SameDay || !p.hasEnded(m) {
		return false
	}
	return p.people.extension(m.RCUserID) != nil || p.lists.unextended*10 <= p.lists.extended && !p.extensionsDoubtful()
}

// ended gives the members whose extension has ended, each with the start of the first full
// run that saw it.
func (p *planner) ended() map[int64]time.Time {
	ended := map[int64]time.Time{}
	for _, id := range p.lists.ended {
		ended[id] = p.in.Now
		if since, before := p.in.State.Ended[id]; before {
			ended[id] = since
		}
	}
	return ended
}
