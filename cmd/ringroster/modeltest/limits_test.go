package modeltest

import (
	"fmt"
	"maps"
	"slices"
	"time"
)

// What holds all leavers of an account (R21, R23, R24), and what a run leaves for that.

// limits is R21, R23 and the missing owner: what holds all leavers of the account.
func (p *planning) limits() map[string]bool {
	why := map[string]bool{}
	active := 0
	for _, m := range p.before {
		if m.watched() {
			active++
		}
	}
	if fresh := p.fresh(shortWindow); fresh >= 2 && fresh == active || p.over(shortWindow, 1, active) || p.over(longWindow, 3, active) {
		why["limit"] = true
	}
	if len(p.before) > 0 && p.accepted != p.settingsText {
		why["settings_changed"] = true
	}
	if p.ownerMissing() {
		why["owner_missing"] = true
	}
	return why
}

// counts says whether a member is one of L: it would leave, rejected or not.
func (p *planning) counts(id int64) bool {
	return p.before[id].watched() && p.leaving[id] != ""
}

// refused says whether somebody rejected that a member leaves. A disabled extension is
// another question than an absence (R26).
func (p *planning) refused(id int64) bool {
	row, reason := p.open[heldKey{id, "status"}], p.leaving[id]
	return row != nil && row.state == "rejected" && (reason != "ringex_disabled" || row.reason == reason)
}

// isRejected says whether somebody rejected a change of a member's field.
func (p *planning) isRejected(id int64, field string) bool {
	row := p.open[heldKey{id, field}]
	return row != nil && row.state == "rejected"
}

// fresh counts those of L who would leave since a window's begin.
func (p *planning) fresh(window time.Duration) (l int) {
	for id := range p.before {
		if since, known := p.leavingSince[id]; p.counts(id) && (!known || !since.Before(p.now.Add(-window))) {
			l++
		}
	}
	return l
}

// over is R21 for one window.
func (p *planning) over(window time.Duration, times, active int) bool {
	from, l := p.now.Add(-window), p.fresh(window)
	if l == 0 {
		return false
	}
	for _, d := range p.left {
		if m := p.before[d.member]; !d.at.Before(from) && !m.active {
			l++
			active++
		}
	}
	p.lookText += fmt.Sprintf("; within %s would leave %d, with those who left %v, of %d active", window, l, p.left, active)
	floor := p.floor
	if times > 1 {
		floor *= 2
	}
	return l*100 > times*p.percent*active && l >= floor
}

// ownerMissing says whether the owner of the token would leave, or is lost from a list
// that had them.
func (p *planning) ownerMissing() bool {
	for _, m := range p.sorted() {
		if p.before[m.id].rc != fmt.Sprint(modelOwner) || !p.before[m.id].watched() {
			continue
		}
		now := m.reportedOn()
		return p.leaving[m.id] != "" || p.ownerLost || p.wasOn(p.before[m.id], p.company)[adminList] != nil && !now[adminList]
	}
	return false
}

// lastAdministrator is R24: nobody active would be an administrator any more. What pins and
// edits by hand make of a role does not count.
func (p *planning) lastAdministrator() {
	for _, m := range p.members {
		if m.administrator() {
			return
		}
	}
	if slices.ContainsFunc(p.newcomers, (*modelMember).administrator) {
		return
	}
	why := map[string]bool{"last_administrator": true}
	for _, m := range p.sorted() {
		was := p.before[m.id]
		switch {
		case !was.administrator() || !was.watched():
		case p.leavers[m.id] != "":
			p.row(heldKey{m.id, "status"}, "waiting", "inactive", p.leavers[m.id], why)
			m.active, m.reason = true, ""
			delete(p.leavers, m.id)
		case m.values["role"] != was.values["role"]:
			p.row(heldKey{m.id, "role"}, "waiting", m.values["role"], "", why)
			m.values["role"], m.synced["role"], m.admin = was.values["role"], was.synced["role"], was.admin
			p.judgeUpdate(m)
		}
	}
}

func (m *modelMember) administrator() bool {
	return m.active && m.linked && m.synced["role"] == "Administrator"
}

// remember takes over what a full run leaves for the next one: what it saw, since when
// somebody would leave, and the settings (R21 to R23).
func (p *planning) remember() {
	s := sighting{p.now, map[int64]map[string]bool{}}
	since, lost := map[int64]time.Time{}, map[int64]map[string]map[string]bool{}
	for id, m := range p.members {
		if m.person != nil && m.active {
			s.on[id] = m.reportedOn()
			holds := listsOf(m.logins, m.admin) // what no run took over, as of somebody in conflict, nobody knows later
			maps.DeleteFunc(s.on[id], func(list string, _ bool) bool { return !holds[list] })
		}
		if p.leaving[id] != "" && p.before[id].watched() {
			if since[id] = p.now; !p.leavingSince[id].IsZero() {
				since[id] = p.leavingSince[id]
			}
		}
		stays := listsOf(m.logins, m.admin) // what the roster still says is undecided
		for list, then := range p.wasOn(p.before[m.id], p.company) {
			if !s.on[id][list] && stays[list] && m.active {
				if lost[id] == nil {
					lost[id] = map[string]map[string]bool{}
				}
				lost[id][list] = maps.Clone(then)
				maps.Copy(lost[id][list], s.on[id])
			}
		}
	}
	maps.DeleteFunc(p.decidedOut, func(id int64, _ bool) bool { return p.members[id].active })
	p.lost, p.leavingSince, p.seen = lost, since, append(p.seen, s)
	p.seenAgain()
	for id := range p.leavers {
		p.left = append(p.left, departure{p.now, id})
	}
	p.settingsOf[p.run], p.hadNumbers = p.settingsText, p.numbers
	if !p.waits(func(row *heldRow) bool { return row.why["settings_changed"] }) && !p.refusedSettings() {
		p.accepted, p.acceptedOf = p.settingsText, p.run
	}
}

// seenAgain takes out of L whom an earlier run made inactive, and who is active now (R21).
func (r *modelRoster) seenAgain() {
	r.left = slices.DeleteFunc(slices.Clone(r.left), func(d departure) bool { return r.members[d.member].active })
}

func (r *modelRoster) waits(also func(*heldRow) bool) bool {
	return slices.ContainsFunc(slices.Collect(maps.Values(r.open)), func(row *heldRow) bool { return row.state == "waiting" && also(row) })
}

// refusedSettings says whether all that a run held for its settings was rejected.
func (r *modelRoster) refusedSettings() bool {
	return slices.ContainsFunc(slices.Collect(maps.Values(r.open)), func(row *heldRow) bool {
		return row.state == "rejected" && row.why["settings_changed"] && row.run > r.acceptedOf && !r.approvedOf[row.run]
	})
}

// accept is the end of R23: with the last leaver that a run held for its settings,
// these are accepted.
func (r *modelRoster) accept(decided []*heldRow) {
	slices.SortFunc(decided, func(a, b *heldRow) int { return int(a.run - b.run) }) // of several, the last run's
	for _, d := range decided {
		same := func(row *heldRow) bool { return row.run == d.run && row.why["settings_changed"] }
		settings, full := r.settingsOf[d.run]                                                                    // an approval's number accepts none
		if full && d.why["settings_changed"] && d.run > r.acceptedOf && !r.waits(same) && !r.refusedSettings() { // never back to older ones
			r.accepted, r.acceptedOf = settings, d.run
		}
	}
}
