package modeltest

import (
	"fmt"
	"slices"
	"strings"

	"pgregory.net/rapid"
)

// unsaid stands for the supervisors of a record that says nothing of them.
const unsaid = "unsaid"

// underText is what a record says of its supervisors.
func (c *company) underText(r *record) string {
	if c.silent {
		return unsaid
	}
	ids := slices.Compact(slices.Sorted(slices.Values(r.under)))
	return strings.Trim(fmt.Sprint(ids), "[]")
}

// takeLogins takes over what the records of a person say; where one says nothing of
// supervisors, the row keeps those that it has (R8).
func (m *modelMember) takeLogins(q *reported) {
	for key, row := range q.logins {
		if row.under == unsaid {
			row.under = m.logins[key].under
		}
		m.logins[key] = row
	}
}

// supervisorsOf are the active members who have an active login that an active one of an
// active member names, as the view roster shows them.
func (g *game) supervisorsOf(m *modelMember) string {
	ids := []int64{}
	for key, row := range m.logins {
		for under := range strings.FieldsSeq(row.under) {
			for id, boss := range g.members {
				if m.active && row.active && boss.active && boss.logins[loginKey{key.sub, under}].active {
					ids = append(ids, id)
				}
			}
		}
	}
	slices.Sort(ids)
	return strings.ReplaceAll(fmt.Sprint(slices.Compact(ids)), " ", ",")
}

// supervise puts somebody's records under others, under nobody, or under agents whom no
// list shows, as those of another sub-account.
func (g *game) supervise(h *human) {
	for _, r := range h.records {
		r.under = nil
		for range g.n(3, "supervisors") {
			if boss := g.human(); len(boss.records) > 0 {
				r.under = append(r.under, rapid.SampledFrom(boss.records).Draw(g.rt, "supervisor").id)
			}
		}
	}
}
