package main

import (
	"maps"
	"slices"
)

// leave is R14, R16, R17 and R21 to R24: who is gone, who of them stays, who is
// held, who leaves.
func (p *planning) leave(recent int) {
	for _, m := range p.sorted() {
		if m.active && m.person == nil {
			p.leaving[m] = "removed"
			if listed, disabled := p.company.extension(m.rc); m.rc != "" && listed {
				p.leaving[m] = map[bool]string{true: "ringex_disabled", false: "access_revoked"}[disabled]
			}
		}
	}
	candidates := map[int64]string{}
	for m, reason := range p.leaving {
		if p.stays(m, reason) {
			continue
		}
		candidates[m.id] = reason
	}
	p.absent = slices.ContainsFunc(slices.Collect(maps.Keys(candidates)), func(id int64) bool {
		return candidates[id] != "ringex_disabled" || p.members[id].person == nil
	})
	p.leavers, p.held = map[int64]string{}, map[int64]string{}
	all := p.suspicious(candidates, recent)
	for id, reason := range candidates {
		m := p.members[id]
		alone := m.administrator() && p.noAdministratorLeft(candidates)
		switch {
		case (all || alone) && p.approved[id] != reason:
			p.held[id] = reason
			p.book(m, reason)
		case p.approved == nil || p.approved[id] == reason:
			p.leavers[id] = reason
			p.book(m, reason)
			m.active, m.reason, m.rejected = false, reason, ""
		}
	}
	if p.approved != nil {
		p.held = nil
	}
}

// stays says whether a step of the ladder keeps somebody.
func (p *planning) stays(m *modelMember, reason string) bool {
	if !m.managed || !m.linked || p.conflicted[m.id] {
		return true
	}
	days := m.absentDays
	if m.absentOn < p.today {
		days++
	}
	if m.rejected == reason || reason == "removed" && days <= p.grace {
		p.book(m, reason)
		return true
	}
	return false
}

// book counts an absence, at most once a UTC day (R17), and drops a rejection of
// another reason (R26).
func (p *planning) book(m *modelMember, reason string) {
	switch {
	case reason != "removed":
		m.absentDays, m.absentOn = 0, ""
	case m.absentOn < p.today:
		m.absentDays, m.absentOn = m.absentDays+1, p.today
	}
	if m.rejected != reason {
		m.rejected = ""
	}
}

// suspicious says whether all leavers are held.
func (p *planning) suspicious(leavers map[int64]string, recent int) bool {
	active := 0
	lists := map[string][2]int{} // active members, leavers
	for _, m := range p.before {
		if !m.active || !m.managed || !m.linked {
			continue
		}
		active++
		in := map[string]bool{}
		for key, row := range m.logins {
			if row.active {
				in[key.sub], in[key.sub+"/"+row.group] = true, true
			}
		}
		for list := range in {
			n := lists[list]
			n[0]++
			if leavers[m.id] != "" {
				n[1]++
			}
			lists[list] = n
		}
	}
	n := len(leavers)
	if n == 0 {
		return false
	}
	if n >= 2 && n >= active || (n+recent)*100 > p.percent*active && n+recent >= p.floor { // R21
		return true
	}
	for _, list := range lists { // R22
		if list[0] >= p.floor && list[0] == list[1] {
			return true
		}
	}
	if p.accepted == nil || p.accepted.roleMap != p.accept.roleMap { // R23
		return true
	}
	return slices.ContainsFunc(p.accepted.subs, func(sub string) bool { return !slices.Contains(p.accept.subs, sub) })
}

// noAdministratorLeft is R24: RingCentral would make nobody active an administrator any
// more. What pins and edits by hand make of a role does not count.
func (p *planning) noAdministratorLeft(leavers map[int64]string) bool {
	for id, m := range p.members {
		if m.administrator() && leavers[id] == "" {
			return false
		}
	}
	return !slices.ContainsFunc(p.newcomers, (*modelMember).administrator)
}

func (m *modelMember) administrator() bool {
	return m.active && m.linked && m.synced["role"] == "Administrator"
}

// settle takes over what a full run that was applied leaves for the next one
// (R23, R25).
func (r *modelRoster) settle(run int64, v *verdicts) {
	switch {
	case len(v.held) == 0:
		r.waiting, r.accepted = nil, v.accept
	case r.waiting != nil && maps.Equal(r.waiting.members, v.held):
		r.waiting.accept = v.accept // keeps its number
	default:
		r.waiting = &modelHeld{run: run, members: v.held, accept: v.accept}
	}
}

// decided is an operator's word about held members: whole, when nobody of the
// set is left undecided.
func (r *modelRoster) decided(members map[int64]string, accept *accepted) {
	for id := range members {
		delete(r.waiting.members, id)
	}
	if len(r.waiting.members) == 0 {
		r.waiting, r.accepted = nil, accept
	}
}
