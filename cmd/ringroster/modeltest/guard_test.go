package modeltest

import (
	"maps"
	"slices"
	"time"
)

// The guard (R2, R16, R17, R21 to R26) in the plainest way there is: a run plans
// twice, once with what RingCentral reports and once as if what distrusted lists lost
// were still there, and holds what the two plans do differently.

// heldKey is what a held change is about: two with the same key replace each other.
type heldKey struct {
	member int64
	field  string // "status": a leaver
}

// heldRow is one change that waits, or that somebody rejected.
type heldRow struct {
	run     int64             // the run that first showed it as it is now
	state   string            // waiting, suspect, rejected
	before  string            // what it takes the place of
	after   string            // the new value
	reason  string            // of a leaver
	ended   map[loginKey]bool // of logins: those that would not be active any more
	why     map[string]bool
	present int // UTC days on which full runs saw what was rejected put right
	on      string
}

// sighting is what a full run saw: on which lists each member was.
type sighting struct {
	at time.Time
	on map[int64]map[string]bool
}

// departure is a member that a run made inactive.
type departure struct {
	at     time.Time
	member int64
}

// guard decides about everything that a full run would change. kept is the plan with the
// lost records put back.
func (p *planning) guard(kept *planning, doubts map[string]string) {
	p.leavers, p.held = map[int64]string{}, map[heldKey]bool{}
	all := p.limits()
	p.disputed(kept)
	lost, _ := p.losses()
	for _, m := range p.sorted() {
		if was := p.before[m.id]; was.watched() && p.leaving[m.id] != "" {
			p.leaver(m, p.why(m, kept, lost, doubts, all), p.inDoubt(m, lost, doubts))
		} else {
			p.present(m)
		}
	}
	for _, m := range p.sorted() {
		if p.before[m.id].watched() && p.leaving[m.id] == "" && m.person != nil && m.person.outcome != skipped && m.person.outcome != conflict {
			p.updates(m, kept, lost, doubts, p.inDoubt(m, lost, doubts))
			p.judgeUpdate(m)
		}
	}
	p.lastAdministrator()
}

// disputed holds newcomers whose address is only theirs because of what was lost.
func (p *planning) disputed(kept *planning) {
	for i, q := range p.people { // putBack keeps the order
		if kept.people[i].outcome == conflict && q.outcome == onboard {
			q.outcome = heldBack
			p.waiting++
			p.newcomers = slices.DeleteFunc(p.newcomers, func(m *modelMember) bool { return m.person == q })
		}
		// That a link or a return is held as a whole is more than the model knows.
		p.beyond = p.beyond || kept.people[i].outcome != q.outcome && (q.outcome == link || q.outcome == reactivate)
	}
}

// why says for what a leaver would be held.
func (p *planning) why(m *modelMember, kept *planning, lost map[string][]*modelMember, doubts map[string]string, all map[string]bool) map[string]bool {
	why := maps.Clone(all)
	for list, reason := range doubts {
		if kept.leaving[m.id] == "" && slices.Contains(lost[list], m) {
			why[reason] = true
		}
	}
	return why
}

// inDoubt says whether a leaver is lost from an agent list while another is not believed. Where
// an operator rejected all that those lists lost, it concerns those lost at about that time, and
// those whom RingEX lists yet.
func (p *planning) inDoubt(m *modelMember, lost map[string][]*modelMember, doubts map[string]string) bool {
	until, always := time.Time{}, p.now.AddDate(1, 0, 0) // a clock set back makes what was seen before later than now
	if p.oneLook {
		until = always
	}
	isLost := p.lostPart(m)
	for list, gone := range lost {
		isLost = isLost || subOf(list) != "" && slices.Contains(gone, m)
		if subOf(list) == "" || doubts[list] == "" {
			continue
		}
		for _, other := range gone {
			switch t := p.since(other).Add(listWindow); {
			case !p.isRejected(other.id, "status") && !p.keepsAll(other, list):
				until = always
			case t.After(until):
				until = t
			}
		}
	}
	h := p.company.extensionOf(p.before[m.id].rc)
	listed := h != nil && !h.disabled && !until.IsZero()                                          // they may have moved to such a list
	return isLost && p.leaving[m.id] != "ringex_disabled" && (listed || !p.since(m).After(until)) // a statement is no absence
}

// lostPart says whether one of several records that somebody had on an agent list is gone from
// it, and they have none there that is new.
func (p *planning) lostPart(m *modelMember) bool {
	was := p.before[m.id].logins
	for key, row := range was {
		for list := range listsOf(map[loginKey]loginRow{key: row}, "") {
			there, fresh := 0, false
			for other, now := range m.activeLogins() {
				if _, had := was[other]; listsOf(map[loginKey]loginRow{other: now}, "")[list] {
					there, fresh = there+1, fresh || !had || other == key
				}
			}
			if there > 0 && !fresh {
				return true
			}
		}
	}
	return false
}

// activeLogins are those that RingCentral reports.
func (m *modelMember) activeLogins() map[loginKey]loginRow {
	active := map[loginKey]loginRow{}
	if m.person != nil {
		maps.Copy(active, m.person.logins)
	}
	maps.DeleteFunc(active, func(_ loginKey, row loginRow) bool { return !row.active })
	return active
}

// since is when a member would have left first.
func (p *planning) since(m *modelMember) time.Time {
	if t := p.leavingSince[m.id]; !t.IsZero() {
		return t
	}
	return p.now
}

// absent says whether something that a leaver had is missing (R17).
func (p *planning) absent(id int64) bool {
	was, q := p.before[id], p.members[id].person
	if p.leaving[id] == "ringex_disabled" {
		return false
	}
	if q == nil || was.admin != "" && q.admin == "" {
		return true
	}
	for key, row := range was.logins {
		if _, listed := q.logins[key]; row.active && !listed {
			return true
		}
	}
	return false
}

// leaver takes the ladder's first step that applies (R16).
func (p *planning) leaver(m *modelMember, why map[string]bool, doubted bool) {
	key, reason := heldKey{m.id, "status"}, p.leaving[m.id]
	row := p.open[key]
	days := m.absentDays
	if m.absentOn < p.today {
		days++
	}
	rejected := p.refused(m.id)
	if row != nil && row.state == "rejected" && !rejected {
		if row.state = "ended"; len(why) == 0 {
			why["rejected"] = true
		}
	}
	stays := p.conflicted[m.id] || !rejected && p.absent(m.id) && days <= p.grace
	if len(why) == 0 && (p.isRejected(m.id, "role") || len(p.keeps(m.id)) > 0) { // R26
		why["rejected"] = true
	}
	if len(why) == 0 && row == nil && doubted {
		why["list_in_doubt"] = true
	}
	guarded := len(why) > 0 || row != nil && !rejected
	switch {
	case stays && guarded && !rejected:
		p.row(key, "suspect", "inactive", reason, why)
	case stays, rejected:
	case guarded:
		p.row(key, "waiting", "inactive", reason, why)
	default:
		p.leavers[m.id] = reason
		m.active, m.reason = false, reason
	}
	if !p.conflicted[m.id] {
		p.book(m)
	}
}

// book counts an absence, at most once a UTC day (R17).
func (p *planning) book(m *modelMember) {
	switch {
	case !p.absent(m.id):
		m.absentDays, m.absentOn = 0, ""
	case m.absentOn < p.today:
		m.absentDays, m.absentOn = m.absentDays+1, p.today
	}
}

// row opens a held change, or keeps it. It has a new number when it comes into the set
// and when its value is new.
func (p *planning) row(key heldKey, state, after, reason string, why map[string]bool) {
	row := p.open[key]
	if row == nil {
		row = &heldRow{}
		p.open[key] = row
	}
	before := p.taken(key)
	if row.run == 0 || row.after != after || row.before != before || state == "waiting" && row.state != state || row.asksMore(reason, why) {
		row.run = p.run
	}
	row.state, row.before, row.after, row.reason = state, before, after, reason
	if len(why) > 0 {
		row.why = why
	}
	if state == "waiting" {
		p.held[key] = true
	}
}

// taken is what a change would take away: of logins those that end.
func (p *planning) taken(key heldKey) string {
	was := p.before[key.member]
	if key.field != "logins" {
		return was.values[key.field]
	}
	ended := map[loginKey]loginRow{}
	for login, row := range was.logins {
		if row.active && !p.members[key.member].logins[login].active {
			ended[login] = loginRow{group: row.group}
		}
	}
	return loginRowsText(ended)
}

// asksMore says whether a row asks what it did not: a leaver whom the settings leave out and who
// was missing, or the other way round, or a kind of reason for which it was not held.
func (r *heldRow) asksMore(reason string, why map[string]bool) bool {
	if r.state == "waiting" && (r.reason == "out_of_scope") != (reason == "out_of_scope") {
		return true
	}
	kinds := map[string]bool{"limit": true}
	kind := func(reason string) string {
		if reason == "list_in_doubt" || slices.Contains(listReasons, reason) {
			return "a list"
		}
		return reason
	}
	for reason := range r.why {
		kinds[kind(reason)] = true
	}
	for reason := range why {
		if !kinds[kind(reason)] {
			return true
		}
	}
	return false
}

// present ends what a run found needless (R25), and counts the days of a rejection
// (R26).
func (p *planning) present(m *modelMember) {
	if !p.before[m.id].active {
		p.dropOpen(m.id)
		return
	}
	if !m.managed { // detaching ends what waits; what was rejected outlives it (R26)
		for key, row := range p.open {
			if key.member == m.id && row.state != "rejected" {
				delete(p.open, key)
			}
		}
	}
	key := heldKey{m.id, "status"}
	row := p.open[key]
	switch q := m.person; {
	case row == nil:
	case p.conflicted[m.id] || q == nil || !q.belongs: // neither present nor a leaver
	case row.state != "rejected", row.right(p.today):
		delete(p.open, key)
	}
}

// right counts a day on which what was rejected was put right; the third ends it.
func (r *heldRow) right(today string) bool {
	if r.on < today {
		r.present, r.on = r.present+1, today
	}
	return r.present >= 3
}
