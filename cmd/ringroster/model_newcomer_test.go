package main

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
