package modeltest

import (
	"maps"
	"slices"
	"strings"
)

// matchByEmail is R12.
func (p *planning) matchByEmail(people []*reported) {
	matched := map[*reported]bool{}
	for _, m := range p.members {
		matched[m.person] = true
	}
	groups := map[string][]*reported{}
	for _, q := range people {
		email := strings.ToLower(q.values["email"])
		switch {
		case matched[q], q.outcome != "":
		case !q.belongs:
			q.outcome = skipped
		case email == "":
			p.hire(q)
		default:
			groups[email] = append(groups[email], q)
		}
	}
	unmatched := slices.DeleteFunc(p.sorted(), func(m *modelMember) bool {
		return m.person != nil && m.person.belongs || p.conflicted[m.id]
	})
	for email, group := range groups {
		p.settle(email, group, unmatched)
	}
}

func (p *planning) settle(email string, group []*reported, unmatched []*modelMember) {
	if group, unmatched = p.settleNamesakes(email, group, unmatched); len(group) == 0 {
		return
	}
	var candidates []*modelMember
	inUse := false
	for _, m := range p.sorted() { // also whoever comes back in this run
		inUse = inUse || m.active && m.email() == email && !slices.Contains(unmatched, m)
	}
	for _, m := range unmatched {
		sameName := slices.ContainsFunc(group, func(q *reported) bool { return q.name == m.name() })
		switch {
		case m.email() != email:
		case !m.linked, !m.active && sameName, m.active && len(group) > 1, m.active && slices.ContainsFunc(group, func(q *reported) bool { return m.mayBeNamed(q) }): // whatever lists still show of the old ids
			candidates = append(candidates, m)
		case m.active:
			inUse = true // until it has left
		}
	}
	switch {
	case inUse:
		conflicts(group)
	case len(candidates) > 1, len(candidates) == 1 && len(group) > 1:
		conflicts(group)
		for _, m := range candidates {
			p.conflicted[m.id] = true
		}
	case len(candidates) == 1:
		candidates[0].person = group[0]
		delete(p.leaving, candidates[0].id)
		p.judge(candidates[0], true)
	default:
		for _, q := range group {
			p.hire(q)
		}
	}
}

// settleNamesakes decides about newcomers who have the name of one member that is nobody by now, if
// no other newcomer and no other such member has it, and gives the others.
func (p *planning) settleNamesakes(email string, group []*reported, unmatched []*modelMember) ([]*reported, []*modelMember) {
	var others []*reported
	for _, q := range group {
		var same []*modelMember
		for _, m := range unmatched {
			if m.active && m.linked && m.email() == email && m.name() == q.name && q.name != fullName("", "") {
				same = append(same, m)
			}
		}
		alone := !slices.ContainsFunc(group, func(r *reported) bool { return r != q && r.name == q.name })
		if len(same) != 1 || !alone {
			others = append(others, q)
			continue
		}
		same[0].person = q
		delete(p.leaving, same[0].id)
		p.judge(same[0], true)
		unmatched = slices.DeleteFunc(slices.Clone(unmatched), func(m *modelMember) bool { return m == same[0] })
	}
	return others, unmatched
}

func conflicts(group []*reported) {
	for _, q := range group {
		q.outcome = conflict
	}
}

// hire onboards somebody new, unless newcomers wait to be picked.
func (p *planning) hire(q *reported) {
	if p.manual && !p.picks.mean(q) {
		q.outcome = skipped
		return
	}
	q.outcome = onboard
	m := &modelMember{
		active: true, managed: true, linked: true, rc: q.rc, admin: q.admin, person: q,
		values: maps.Clone(q.values), synced: maps.Clone(q.values), logins: map[loginKey]loginRow{},
		own: ownOfNobody(), pins: map[string]modelPin{}, mapped: map[string]string{},
	}
	for field, value := range q.values {
		m.say(field, value, p.mappings)
		m.values[field] = m.given(field)
	}
	m.takeLogins(q)
	p.pinRole(m, q)
	for field, pin := range m.pins {
		m.values[field] = pin.Value
	}
	m.endPins(p.today)
	p.giveSettings(m, true)
	p.givePicked(m)
	p.newcomers = append(p.newcomers, m)
}
