package main

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// modelMember is a member as the rules need it.
type modelMember struct {
	id         int64
	active     bool
	managed    bool
	linked     bool
	rc         string
	admin      string
	values     map[string]string // synced fields by column
	synced     map[string]string // as the last sync left them
	logins     map[loginKey]loginRow
	activity   string
	reason     string // of the deactivation
	rejected   string // the reason an operator refused
	absentDays int
	absentOn   string
	person     *reported // found in this plan
}

func (m *modelMember) email() string { return strings.ToLower(m.values["email"]) }

func (m *modelMember) name() string {
	v := m.synced
	if !m.linked {
		v = m.values
	}
	return fullName(v["first_name"], v["last_name"])
}

// modelRoster is the roster and what the guard remembers.
type modelRoster struct {
	members  map[int64]*modelMember
	accepted *accepted
	waiting  *modelHeld
	percent  int
	floor    int
	grace    int
}

type accepted struct {
	roleMap int // stands for the deciding settings
	subs    []string
	admins  int
}

type modelHeld struct {
	run     int64
	members map[int64]string // undecided, with the reason shown
	accept  *accepted        // what deciding about all of it accepts
}

func (r *modelRoster) sorted() []*modelMember {
	all := slices.Collect(maps.Values(r.members))
	slices.SortFunc(all, func(a, b *modelMember) int { return int(a.id - b.id) })
	return all
}

// verdicts is what one run should come to.
type verdicts struct {
	failed                                                             bool
	people, onboard, link, update, reactivate, same, conflict, skipped int
	newcomers                                                          []*modelMember
	leavers                                                            map[int64]string // deactivated
	held                                                               map[int64]string
	reasons                                                            map[string]string // why a field changes, by member and field
	accept                                                             *accepted
}

// planning is one run of the rules.
type planning struct {
	*modelRoster
	verdicts
	company    *company
	reported   []*reported
	absent     bool // somebody seems to have left by being missing
	today      string
	approved   map[int64]string // an approval applies nothing else
	conflicted map[int64]bool
	torn       map[*reported]bool // claimed by several members
	leaving    map[*modelMember]string
	before     map[int64]*modelMember
}

// run plays one full run on the model, or one approval. When somebody seems to be
// gone, the lists are read a second time, and hide nobody then (R2).
func (r *modelRoster) run(c *company, hidden *place, today string, roleMap, recent int, approved map[int64]string) *verdicts {
	p := r.plan(c, hidden, today, roleMap, recent, approved)
	if p.absent {
		p = r.plan(c, nil, today, roleMap, recent, approved)
	}
	if approved == nil {
		r.members = p.members
		return &p.verdicts
	}
	for id := range p.leavers { // an approval applies these alone
		r.members[id] = p.members[id]
	}
	return &p.verdicts
}

func (r *modelRoster) plan(c *company, hidden *place, today string, roleMap, recent int, approved map[int64]string) *planning {
	p := &planning{
		modelRoster: r.clone(), company: c, today: today, approved: approved,
		conflicted: map[int64]bool{}, torn: map[*reported]bool{}, leaving: map[*modelMember]string{}, before: r.clone().members,
	}
	p.reasons = map[string]string{}
	people := c.people(hidden)
	p.reported = people
	p.accept = &accepted{roleMap: roleMap}
	for sub := range subCount {
		if c.open(sub) {
			p.accept.subs = append(p.accept.subs, subID(sub))
		}
	}
	for _, q := range people {
		if q.admin != "" {
			p.accept.admins++
		}
	}
	if len(people) == 0 || p.accept.admins == 0 && r.accepted != nil && r.accepted.admins > 0 { // R1
		p.failed = true
		return p
	}
	p.people = len(people)
	p.match(people)
	p.matchByEmail(people)
	p.leave(recent)
	return p
}

func (r *modelRoster) clone() *modelRoster {
	c := *r
	c.members = map[int64]*modelMember{}
	for id, m := range r.members {
		n := *m
		n.values, n.synced, n.logins, n.person = maps.Clone(m.values), maps.Clone(m.synced), maps.Clone(m.logins), nil
		c.members[id] = &n
	}
	return &c
}

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
	for _, active := range []bool{true, false} { // somebody active goes before somebody who left
		claims := map[*reported][]*modelMember{}
		for _, m := range p.sorted() {
			if q := m.claim(people, found); m.active == active && m.person == nil && q != nil {
				claims[q] = append(claims[q], m)
			}
		}
		for q, members := range claims {
			found[q] = true
			if len(members) == 1 {
				members[0].person = q
				continue
			}
			p.conflict++
			p.torn[q] = true
			for _, m := range members {
				p.conflicted[m.id] = true
			}
		}
	}
	for _, m := range p.sorted() {
		if m.person != nil {
			p.decide(m, false)
		}
	}
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
// agree.
func (m *modelMember) knows(q *reported, held bool) bool {
	if q.rc != "" && m.rc != "" && m.name() != q.name {
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

// decide is the decision table.
func (p *planning) decide(m *modelMember, byEmail bool) {
	q := m.person
	switch {
	case !q.belongs:
		p.skipped++
		if m.active {
			p.leaving[m] = q.why
		}
	case !m.managed, !m.active && m.reason == "undone",
		!m.active && m.reason == "ringex_disabled" && !q.extByID: // R8: whether it still is, nobody knows
		p.skipped++
	case m.reused(q): // R13
		p.conflict++
		p.conflicted[m.id] = true
	default:
		p.apply(m, byEmail)
	}
}

func (m *modelMember) reused(q *reported) bool {
	if !m.linked || q.rc == "" || q.rc != m.rc {
		return false
	}
	for _, field := range []string{"first_name", "last_name", "email"} {
		value, known := q.values[field]
		if !known || strings.EqualFold(value, m.synced[field]) {
			return false
		}
	}
	return true
}

// apply gives a member what RingCentral reports.
func (p *planning) apply(m *modelMember, byEmail bool) {
	q := m.person
	before := *m
	before.values, before.logins = maps.Clone(m.values), maps.Clone(m.logins)
	if !m.linked {
		m.synced = maps.Clone(m.values)
	}
	for field, value := range q.values {
		if before.values[field] != value && field != "role" && field != "data_source" {
			p.reasons[fmt.Sprint(m.id, field)] = map[bool]string{true: "local_edit_reverted", false: "source_changed"}[m.linked && m.synced[field] == value]
		}
	}
	maps.Copy(m.values, q.values)
	maps.Copy(m.synced, q.values)
	if q.rc != "" {
		m.rc = q.rc
	}
	m.mergeLogins(q, p.company)
	m.admin, m.active, m.reason, m.rejected, m.absentDays, m.absentOn = q.admin, true, "", "", 0, ""
	m.linked = true
	switch {
	case !before.linked:
		p.link++
	case !before.active:
		p.reactivate++
	case byEmail, before.rc != m.rc, !maps.Equal(before.values, m.values), !maps.Equal(before.logins, m.logins):
		p.update++
	default:
		p.same++
	}
}

// mergeLogins is the end of R8: rows are never removed, and of sub-accounts that
// were not read nothing is known.
func (m *modelMember) mergeLogins(q *reported, c *company) {
	for key, row := range m.logins {
		for sub := range subCount {
			if _, listed := q.logins[key]; !listed && key.sub == subID(sub) && c.open(sub) {
				row.active = false
				m.logins[key] = row
			}
		}
	}
	maps.Copy(m.logins, q.logins)
}

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
		case matched[q], p.torn[q]:
		case !q.belongs:
			p.skipped++
		case email == "":
			p.hire(q)
		default:
			groups[email] = append(groups[email], q)
		}
	}
	unmatched := slices.DeleteFunc(p.sorted(), func(m *modelMember) bool {
		return m.person != nil && (m.person.belongs || m.active) || p.conflicted[m.id] && m.person == nil
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
		listed, _ := p.company.extension(m.rc)
		listed = listed || slices.ContainsFunc(p.reported, func(q *reported) bool { return q.rc != "" && q.rc == m.rc })
		switch {
		case m.email() != email:
		case !m.linked, !m.active && sameName, m.active && len(group) > 1, m.active && sameName && !listed:
			candidates = append(candidates, m)
		case m.active:
			inUse = true // until it has left
		}
	}
	switch {
	case inUse:
		p.conflict += len(group)
	case len(candidates) > 1, len(candidates) == 1 && len(group) > 1:
		p.conflict += len(group)
		for _, m := range candidates {
			p.conflicted[m.id] = true
		}
	case len(candidates) == 1:
		candidates[0].person = group[0]
		p.decide(candidates[0], true)
	default:
		for _, q := range group {
			p.hire(q)
		}
	}
}

func (p *planning) hire(q *reported) {
	p.onboard++
	m := &modelMember{
		active: true, managed: true, linked: true, rc: q.rc, admin: q.admin, activity: modelActivity,
		values: maps.Clone(q.values), synced: maps.Clone(q.values), logins: maps.Clone(q.logins), person: q,
	}
	p.newcomers = append(p.newcomers, m)
}
