package modeltest

import (
	"strings"
)

// match is R5.
func (p *planning) match(people []*reported) {
	found := map[*reported]bool{}
	for _, m := range p.sorted() {
		for _, q := range people {
			if q.rc != "" && q.rc == m.rc {
				m.person, found[q] = q, true
			}
		}
	}
	for rank := range 4 {
		claims := map[*reported][]*modelMember{}
		for _, m := range p.sorted() {
			if q := m.claim(people, found); m.rank() == rank && m.person == nil && q != nil {
				claims[q] = append(claims[q], m)
			}
		}
		for q, members := range claims {
			found[q] = true
			if len(members) == 1 || !members[0].managed {
				members[0].person = q
				continue
			}
			q.outcome = conflict
			for _, m := range members {
				p.conflicted[m.id] = true
			}
		}
	}
	p.mismatch()
	for _, m := range p.sorted() {
		if m.person != nil && m.person.outcome == "" {
			p.judge(m, false)
		}
	}
}

// mismatch is the end of R5: a login that somebody else held until now, and that
// passes to the member whom the RingEX id means, is a conflict for both.
func (p *planning) mismatch() {
	for _, m := range p.sorted() {
		if m.person != nil || m.rank() > 0 || p.conflicted[m.id] {
			continue
		}
		for _, o := range p.sorted() {
			if q := o.person; q != nil && m.holds(q, o) {
				q.outcome = conflict
				p.conflicted[m.id], p.conflicted[o.id] = true, true
			}
		}
	}
}

// holds says whether a member held an id of a person at the last sync that the
// other did not hold.
func (m *modelMember) holds(q *reported, other *modelMember) bool {
	if q.admin != "" && q.admin == m.admin && q.admin != other.admin {
		return true
	}
	for key, record := range q.logins {
		if row, ok := other.logins[key]; m.logins[key].active && (!ok || !row.active && record.active) {
			return true
		}
	}
	return false
}

// rank says who of several goes first: somebody active before somebody who left,
// and a member whom syncs change before a detached one, since detaching settles
// such a conflict (R20).
func (m *modelMember) rank() int {
	rank := 0
	if !m.active {
		rank += 2
	}
	if !m.managed {
		rank++
	}
	return rank
}

// claim is whom a member's logins point to: those held at the last sync go before
// earlier ones.
func (m *modelMember) claim(people []*reported, found map[*reported]bool) *reported {
	for _, held := range []bool{true, false} {
		for _, q := range people {
			if !found[q] && m.knows(q, held) {
				return q
			}
		}
	}
	return nil
}

// knows says whether a login is enough: where two RingEX ids differ, names must
// agree, or one of them and the e-mail, if that is nobody else's.
func (m *modelMember) knows(q *reported, held bool) bool {
	same := func(field string) bool {
		return q.values[field] != "" && strings.EqualFold(q.values[field], m.synced[field])
	}
	if q.rc != "" && m.rc != "" && m.name() != q.name && (q.sharesEmail || !same("email") || !same("first_name") && !same("last_name")) {
		return false
	}
	if held && q.admin != "" && q.admin == m.admin {
		return true
	}
	for key := range q.logins {
		if row, ok := m.logins[key]; ok && row.active == held {
			return true
		}
	}
	return false
}
