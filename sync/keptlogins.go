package sync

import (
	"fmt"
	"slices"
)

// keepRefused leaves a member, of the logins that it should have, those as they are of which an
// operator rejected that they end. What becomes of its others is decided as ever (R26).
func (p *planner) keepRefused(person *Person, m *Member, want []Login) []Login {
	rows := p.open.kept[m.ID]
	if len(rows) == 0 || m.Status != Active || !m.Linked {
		return want
	}
	read := want
	want = slices.Clone(read)
	for _, row := range rows {
		var kept []Login
		for _, l := range compareActive(row.Before, row.After).ended {
			was, is := slices.IndexFunc(m.Logins, l.isSame), slices.IndexFunc(read, l.isSame)
			if was < 0 || !m.Logins[was].Active || read[is].Active { // no row of a login is ever removed (R8)
				continue
			}
			want[is] = m.Logins[was]
			kept = append(kept, want[is])
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
