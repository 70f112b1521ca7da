package modeltest

import (
	"fmt"
	"maps"
	"slices"
)

// updates holds what a present member would lose because of what is missing.
func (p *planning) updates(m *modelMember, kept *planning, lost map[string][]*modelMember, doubts map[string]string, doubted bool) {
	why := map[string]bool{}
	for list, reason := range doubts {
		if slices.Contains(lost[list], m) {
			why[reason] = true
		}
	}
	p.loginRow(m, kept.members[m.id], lost, doubts, why, doubted)
	for _, field := range limitedFields {
		p.updateField(m, kept, field, why, doubted)
	}
}

// modelRank is how high a role is.
var modelRank = map[string]int{"Administrator": 2, "Supervisor": 1}

// limitedFields are those, besides the logins, that can be held.
var limitedFields = []string{"role", "first_name", "last_name", "email"}

// updateField holds a field where the two plans differ, and keeps what was held.
func (p *planning) updateField(m *modelMember, kept *planning, field string, why map[string]bool, doubted bool) {
	was, key := p.before[m.id], heldKey{m.id, field}
	row, value, other := p.open[key], m.values[field], kept.members[m.id]
	switch {
	case value == was.values[field]:
		if row != nil && (row.state != "rejected" || field != "role" || row.right(p.today)) { // a rejected value is refused while it is said (R36)
			delete(p.open, key)
		}
		if m.synced[field] != other.synced[field] { // the roster shows something else anyway
			m.synced[field] = was.synced[field] // none of these can be mapped
		}
		return
	case row != nil && row.state == "rejected" && (field == "role" || row.after == value):
	case field == "role" && row == nil && slices.Contains(p.missedOnce, m.id) && modelRank[value] < modelRank[was.values["role"]]: // R2
	case value != other.values[field]:
		p.row(key, "waiting", value, "", why)
	case field == "role" && row == nil && (doubted || p.settingsText != p.accepted) && p.reasons[fmt.Sprint(m.id, "role")] == "" && was.synced["role"] != value &&
		modelRank[value] < modelRank[was.values["role"]]:
		switch {
		case p.settingsText != p.accepted: // R23
			p.row(key, "waiting", value, "", map[string]bool{"settings_changed": true})
		default: // R22
			p.row(key, "waiting", value, "", map[string]bool{"list_in_doubt": true})
		}
	case row != nil && row.state != "rejected":
		p.row(key, "waiting", value, "", nil)
	default:
		delete(p.open, key) // another value than was rejected
		return
	}
	m.values[field], m.synced[field] = was.values[field], was.synced[field]
	if field == "role" {
		m.admin = was.admin
	}
}

// judgeUpdate says what became of a present member, once it is known what is held.
func (p *planning) judgeUpdate(m *modelMember) {
	q, was := m.person, p.before[m.id]
	if q.outcome != update && q.outcome != same {
		return
	}
	switch {
	case q.byEmail || was.rc != m.rc || !sameValues(was.values, m.values) || !maps.Equal(was.logins, m.logins) || !maps.Equal(was.pins, m.pins):
		q.outcome = update
	case slices.ContainsFunc(append(limitedFields, "logins"), func(field string) bool { return p.held[heldKey{m.id, field}] }):
		q.outcome = heldBack
	default:
		q.outcome = same
	}
}

// loginRow holds logins that would turn inactive.
func (p *planning) loginRow(m, kept *modelMember, lost map[string][]*modelMember, doubts map[string]string, why map[string]bool, doubted bool) {
	key, was := heldKey{m.id, "logins"}, p.before[m.id]
	p.keepLogins(m)
	ended, held := map[loginKey]bool{}, map[loginKey]loginRow{}
	for login, before := range was.logins {
		now := m.logins[login]
		if before.active && !now.active {
			ended[login] = true
			if kept.logins[login].active { // put back, into a group that may have another name since
				now.name, now.active = kept.logins[login].name, true
				held[login] = now // what else a record says of itself is applied
			}
		}
	}
	hold := func(why map[string]bool) {
		p.row(key, "waiting", loginRowsText(m.logins), "", why)
		p.open[key].ended = ended
	}
	row := p.open[key]
	stands := row != nil && (len(row.ended) == 0 || slices.ContainsFunc(slices.Collect(maps.Keys(ended)), func(login loginKey) bool { return row.ended[login] }))
	switch {
	case len(held) > 0 && row != nil, stands && !maps.Equal(m.logins, was.logins): // nothing of what was shown is applied
		hold(why)
		m.logins = was.logins
		return
	case row != nil && len(p.vanishedLogins(m, lost, doubts)) > 0: // what was asked goes on
	case row != nil:
		delete(p.open, key)
	}
	switch {
	case len(held) > 0:
		hold(why)
	case doubted && losesLogin(was.logins, m.logins): // R22
		hold(map[string]bool{"list_in_doubt": true})
		m.logins = was.logins
		return
	}
	maps.Copy(m.logins, held)
	if gone := p.vanishedLogins(m, lost, doubts); len(gone) > 0 && p.open[key] == nil {
		p.open[key] = &heldRow{run: p.run, state: "suspect", ended: gone, why: map[string]bool{"sub_account_gone": true}}
	}
}

// vanishedLogins are those of a present member in sub-accounts that are not listed.
func (p *planning) vanishedLogins(m *modelMember, lost map[string][]*modelMember, doubts map[string]string) map[loginKey]bool {
	gone := map[loginKey]bool{}
	for login, row := range p.before[m.id].logins {
		list := "sub " + login.sub
		if row.active && p.company.subClosed(login.sub) && doubts[list] != "" && slices.Contains(lost[list], m) {
			gone[login] = true
		}
	}
	return gone
}

// losesLogin says whether a login is not active any more where it was, and none is in its stead.
func losesLogin(was, is map[loginKey]loginRow) bool {
	only := func(a, b map[loginKey]loginRow) bool {
		for login, row := range a {
			if row.active && !b[login].active {
				return true
			}
		}
		return false
	}
	return only(was, is) && !only(is, was)
}
