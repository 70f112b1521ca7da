package modeltest

import (
	"maps"
	"slices"
	"strings"

	"ringroster/cmd/ringroster/undo"
	"ringroster/store/views"
	"ringroster/sync"
)

// undo takes back one of the last runs (R29).
func (g *game) undo() {
	run := g.lastRun - sync.RunID(g.n(4, "runs back"))
	done, err := g.st.Run(g.ctx, run)
	g.must(err)
	if len(done) == 0 {
		return // there was none
	}
	_, edits, err := undo.Edits(g.ctx, g.st, done, false)
	if err != nil {
		return // it changed nothing
	}
	var rows []*views.ChangeRow
	for row := range g.history(`run_id = ?`, run) {
		rows = append(rows, row)
	}
	erased := map[int64]bool{}
	for id, m := range g.members {
		erased[id] = m.reason == "forgotten"
	}
	g.edit(sync.Undoing, edits["demo"])
	slices.SortStableFunc(rows, func(a, b *views.ChangeRow) int { // pins decide about the fields that they hold
		return strings.Compare(flagText(text(a.Field) != "pins"), flagText(text(b.Field) != "pins"))
	})
	for _, row := range rows {
		if m := g.members[row.MemberID]; !erased[m.id] { // what was erased cannot come back
			g.undoRow(m, row)
		}
	}
	g.counts.undone++
}

// undoRow puts one field back, if it is still as the run left it.
func (g *game) undoRow(m *modelMember, row *views.ChangeRow) {
	before, synced := text(row.Before), row.Kind != sync.EditMember && row.Reason != sync.ReasonLocalEdit && row.Reason != sync.ReasonPinEnded
	switch field := text(row.Field); field {
	case "": // an onboarding
		if m.active {
			m.active, m.reason, g.decidedOut[m.id] = false, "undone", true
		}
	case "status":
		now := map[bool]string{true: "active", false: "inactive"}[m.active]
		if now != row.After || row.Reason == "forgotten" { // that cannot be undone
			return
		}
		if m.active = before == "active"; m.active {
			m.reason, m.absentDays, m.absentOn = "", 0, ""
			delete(g.leavingSince, m.id)
			g.seenAgain()
			g.open[heldKey{m.id, "status"}] = &heldRow{
				run: int64(g.lastRun), state: "rejected", after: "inactive", reason: string(row.Reason), why: map[string]bool{"undone": true},
			}
		} else {
			m.reason = g.reasonBefore(m.id, row.ChangeID)
		}
	case "managed":
		if flagText(m.managed) == row.After {
			m.managed = before == "1"
		}
	case "activity_id", "teams", "categories", "permissions":
		if m.own[field] == canonical(field, row.After) {
			m.own[field] = canonical(field, before)
		}
	case "pins":
		if pinsText(m.pins) == pinsText(parsePins(row.After)) {
			m.pins = parsePins(before)
		}
	case "deactivation_reason":
		if !m.active && m.reason == row.After {
			m.reason = before
		}
	case "rc_user_id":
		if m.rc == row.After {
			m.rc = before
			m.linked = m.linked && (row.Kind != sync.Link || before == row.After) // no row would tell of it
		}
	case "logins":
		if loginRowsText(m.logins) == loginRowsText(g.parseLogins(row.After)) {
			m.undoLogins(g.parseLogins(before))
			on := listsOf(m.logins, "") // an operator said so
			g.unsee(m.id, func(list string) bool { return list != adminList && !on[list] })
			if last := g.seen[len(g.seen)-1].on; last[m.id] != nil {
				maps.Copy(last[m.id], on)
			}
		}
	default:
		pin, pinned := m.pins[field] // one that is not undone, as other pins came since, keeps its value
		if m.values[field] == row.After && (row.Kind != sync.EditMember || !pinned || pin.Value == before) {
			if synced || field == "employee_id" && m.synced[field] == m.values[field] { // it may be the roster's own
				m.synced[field], m.mapped[field] = before, ""
			}
			if synced && row.ReportedBefore != nil {
				m.synced[field], m.mapped[field] = *row.ReportedBefore, before
			}
			m.values[field] = before
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

// reasonBefore is why a member was inactive before a change of its history.
// Nobody is forgotten again by undoing what came after: their onboarding is
// undone.
func (g *game) reasonBefore(member, change int64) (reason string) {
	for row := range g.history(`member_id = ? AND change_id < ?`, member, change) {
		switch text(row.Field) {
		case "status":
			reason = map[bool]string{true: string(row.Reason)}[row.After == "inactive"]
		case "deactivation_reason":
			reason = row.After
		}
	}
	if reason == "forgotten" {
		return "undone"
	}
	return reason
}
