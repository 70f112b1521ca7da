package sync

import (
	"fmt"
	"slices"
	"strings"
)

// keepRefused leaves a member, of the logins that it should have, those as they are of which an
// operator rejected that they end, unless somebody else has them now. What becomes of its others is
// decided as ever (R26).
func (p *planner) keepRefused(person *Person, m *Member, want []Login) []Login {
	rows := p.open.kept[m.ID]
	if len(rows) == 0 || m.Status != Active || !m.Linked {
		return want
	}
	read, passed := want, p.passedOn(person, m, want)
	want = slices.Clone(read)
	for _, row := range rows {
		var kept []Login
		for _, l := range compareActive(row.Before, row.After).ended {
			was, at := m.login(&l), slices.IndexFunc(read, l.isSame) // no row of a login is ever removed (R8)
			if was != nil && was.Active && !read[at].Active && !slices.ContainsFunc(passed, l.isSame) {
				want[at] = *was
				kept = append(kept, *was)
			}
		}
		if kept != nil {
			p.refusing[row] = Note{
				Member: m.ID, Person: person.Key(), Name: m.Profile.Name(), Reason: NoteRefused,
				Detail: fmt.Sprintf("%s stays: an operator rejected that it ends (R36); `ringroster reject --clear %d` ends that", LoginsText(LoginsJSON(kept)), m.ID),
			}
		}
	}
	return want
}

// passedOn are the logins, of those that a member is to have no more, that somebody else has now.
// Nobody asks of whom nothing is open: their logins end by the ordinary rules.
func (p *planner) passedOn(person *Person, m *Member, want []Login) (passed []Login) {
	if !p.open.about[m.ID] {
		return nil
	}
	for i := range want {
		if was := m.login(&want[i]); was != nil && was.Active && !want[i].Active && p.isAnothers(was, person, m) {
			passed = append(passed, *was)
		}
	}
	return passed
}

// login is the member's row of a login; nil: there is none.
func (m *Member) login(l *Login) *Login {
	if at := slices.IndexFunc(m.Logins, l.isSame); at >= 0 {
		return &m.Logins[at]
	}
	return nil
}

// isAnothers says whether RingCentral lists a member's login, which its person has no more, as that
// of somebody who is another human beyond doubt: with another rcUserId by neither the name nor a
// part of it and the e-mail, else by no part of the name and another e-mail. A record that is
// inactive, or does not say enough, takes nothing from anybody (R5, R13).
func (p *planner) isAnothers(l *Login, person *Person, m *Member) bool {
	holder := p.people.holder(l)
	if holder == nil || holder == person || holder.ghost {
		return false
	}
	at := slices.IndexFunc(holder.Agents, func(r AgentRecord) bool { return r.Sub.ID == l.SubAccountID && r.ID == l.AgentID })
	if at < 0 {
		return false
	}
	r, was := holder.Agents[at], &m.Synced.Profile
	if !r.Active || r.Faulty != "" || r.FirstName+r.LastName == "" || was[FirstName]+was[LastName] == "" {
		return false
	}
	hasPart, hasEmail := m.hasPartOf(r.FirstName, r.LastName), m.hasEmail(r.Email)
	if m.RCUserID != "" && !strings.HasPrefix(m.RCUserID, formerID) && holder.RCUserID != "" {
		return !sameName(m, r.FirstName, r.LastName) && (!hasPart || !hasEmail)
	}
	return !hasPart && !hasEmail && r.Email != "" && was[Email] != ""
}

// keepRefusedLogins has the rejections go on of which something would happen by the reading.
func (s *settling) keepRefusedLogins() {
	for i := range s.open.all {
		h := &s.open.all[i]
		note, refuses := s.read.refusing[h]
		if w := s.read.watched[h.Member]; !refuses || w == nil || !s.isPresent(w) {
			continue
		}
		s.open.touched[h] = true
		s.rows = append(s.rows, *h)
		s.kept.plan.Notes = append(s.kept.plan.Notes, note)
	}
}

// letPass gives the logins that a change ends although a loss of logins is open, since somebody else
// has them now, and notes that. Where too many members lose a login, it waits (R35), as does what one
// look alone shows (R2).
func (s *settling) letPass(c *Change, tooMany *HoldReason) []Login {
	if c.Kind != Update || len(c.passed) == 0 || tooMany != nil || s.kept.oneLookKeeps(c.Member, loginsField) {
		return nil
	}
	for i := range c.passed {
		l := &c.passed[i]
		holder := s.kept.people.holder(l)
		s.kept.plan.Notes = append(s.kept.plan.Notes, Note{
			Member: c.Member, Person: c.Person, Name: c.Name, Reason: NoteLoginPassed,
			Detail: fmt.Sprintf("%s ends, whatever waits or was rejected about it: RingCentral lists it as that of %s (%s) now (R26)",
				LoginsText(LoginsJSON([]Login{*l})), holder.display(), holder.Key()),
		})
	}
	return c.passed
}

// endsOnly says whether a change of logins ends none but these.
func (f *FieldChange) endsOnly(logins []Login) bool {
	ended := compareActive(f.Before, f.After).ended
	return f.Field == loginsField && len(ended) > 0 && !slices.ContainsFunc(ended, func(l Login) bool { return !slices.ContainsFunc(logins, l.isSame) })
}
