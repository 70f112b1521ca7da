package main

import (
	"ringroster/store"
	"ringroster/sync"
)

// undo takes back one of the last runs (R29).
func (g *game) undo() {
	run := g.lastRun - sync.RunID(g.n(4, "runs back"))
	_, edits, err := undoing(g.ctx, g.st, run, false)
	if err != nil {
		return // it changed nothing
	}
	earlier := map[int64]string{}
	var rows []*store.ChangeRow
	for row := range g.history(`run_id = ?`, run) {
		rows = append(rows, row)
		for past := range g.history(`member_id = ? AND change_id < ? AND field = 'status' AND after = 'inactive'`, row.MemberID, row.ChangeID) {
			earlier[row.MemberID] = string(past.Reason)
		}
	}
	g.edit(sync.Undoing, edits["demo"])
	for _, row := range rows {
		g.undoRow(g.members[row.MemberID], row, earlier[row.MemberID])
	}
	g.counts.undone++
}

// undoRow puts one field back, if it is still as the run left it.
func (g *game) undoRow(m *modelMember, row *store.ChangeRow, earlier string) {
	before, synced := text(row.Before), string(row.Reason) != "local_edit_reverted"
	switch field := text(row.Field); field {
	case "": // an onboarding
		if m.active {
			m.active, m.reason = false, "undone"
		}
	case "status":
		now := map[bool]string{true: "active", false: "inactive"}[m.active]
		if now != row.After {
			return
		}
		if m.active = before == "active"; m.active {
			m.reason, m.rejected, m.absentDays, m.absentOn = "", string(row.Reason), 0, ""
		} else {
			m.reason = earlier
		}
	case "managed":
		if flagText(m.managed) == row.After {
			m.managed = before == "1"
		}
	case "activity_id":
		if m.activity == row.After {
			m.activity = before
		}
	case "deactivation_reason":
		if !m.active && m.reason == row.After {
			m.reason = before
		}
	case "rc_user_id":
		if m.rc == row.After {
			m.rc = before
			m.linked = m.linked && row.Kind != sync.Link
		}
	case "logins":
		if loginRowsText(m.logins) == loginRowsText(g.parseLogins(row.After)) {
			m.undoLogins(g.parseLogins(before))
		}
	default:
		if m.values[field] == row.After {
			m.values[field] = before
			if synced {
				m.synced[field] = before
			}
		}
	}
}

// undoLogins puts the rows back; those that came since become inactive (R8).
func (m *modelMember) undoLogins(before map[loginKey]loginRow) {
	for key, row := range m.logins {
		if _, ok := before[key]; !ok {
			row.active = false
			before[key] = row
		}
	}
	m.logins = before
}
