package main

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"ringroster/sync"
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
	run     int64  // the run that first showed it as it is now
	state   string // waiting, suspect, rejected
	after   string // the new value
	reason  string // of a leaver
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

const (
	adminList   = "administrators"
	listWindow  = 20 * time.Hour
	shortWindow = 23 * time.Hour
	longWindow  = 7 * 24 * time.Hour
)

// listsOf are the lists that somebody with these active records is on.
func listsOf(logins map[loginKey]loginRow, admin string) map[string]bool {
	on := map[string]bool{}
	for key, row := range logins {
		if row.active {
			on["sub "+key.sub], on["group "+key.sub+"/"+row.group] = true, true
		}
	}
	if admin != "" {
		on[adminList] = true
	}
	return on
}

// subOf is the sub-account of an agent list; "": it is the administrators' list.
func subOf(list string) string {
	_, rest, _ := strings.Cut(list, " ")
	sub, _, _ := strings.Cut(rest, "/")
	return sub
}

func (m *modelMember) reportedOn() map[string]bool {
	if m.person == nil {
		return nil
	}
	return listsOf(m.person.logins, m.person.admin)
}

// watched says whether the guard looks at a member at all.
func (m *modelMember) watched() bool { return m.active && m.managed && m.linked }

// wasOn gives, for each list that a member was on, all the lists that it was on then
// (R22).
func (r *modelRoster) wasOn(m *modelMember, c *company) map[string]map[string]bool {
	was := map[string]map[string]bool{}
	for list, on := range r.lost[m.id] { // lost since, and undecided
		was[list] = on
	}
	first := slices.IndexFunc(r.seen, func(s sighting) bool { return !s.at.Before(r.seen[len(r.seen)-1].at.Add(-listWindow)) })
	for _, s := range r.seen[max(first, 0):] {
		for list := range s.on[m.id] {
			was[list] = s.on[m.id]
		}
	}
	for list := range listsOf(m.logins, "") { // nobody is struck off in a sub-account that is not read (R8)
		if c.subClosed(subOf(list)) {
			was[list] = listsOf(m.logins, m.admin)
		}
	}
	return was
}

// moved says whether somebody who is not on a list any more has gained a record in another
// group, or an administrator's, since they were. Nobody is excused from the administrators.
func moved(list string, then, now map[string]bool) bool {
	return list != adminList && slices.ContainsFunc(slices.Collect(maps.Keys(now)), func(l string) bool {
		return !then[l] && (l == adminList || strings.HasPrefix(l, "group "))
	})
}

// losses are the members that one look lost from each list, and those that are left.
func (p *planning) losses() (lost, left map[string][]*modelMember) {
	lost, left = map[string][]*modelMember{}, map[string][]*modelMember{}
	for _, m := range p.sorted() {
		if was := p.before[m.id]; p.decidedOut[m.id] && !was.active || !was.managed {
			continue
		}
		now := m.reportedOn()
		for list, then := range p.wasOn(p.before[m.id], p.company) {
			switch {
			case now[list]:
				left[list] = append(left[list], m)
			case moved(list, then, now):
			default:
				lost[list] = append(lost[list], m)
			}
		}
	}
	return lost, left
}

// distrusted are the lists that one look gives no reason to believe, and why.
func (p *planning) distrusted() map[string]string {
	doubts := map[string]string{}
	lost, left := p.losses()
	for list, gone := range lost {
		n, rest := len(gone), len(left[list])
		switch {
		case strings.HasPrefix(list, "sub ") && p.company.subClosed(subOf(list)):
			doubts[list] = "sub_account_gone"
		case strings.HasPrefix(list, "group ") && !p.company.groupListed(strings.TrimPrefix(list, "group ")):
			if n >= 2 {
				doubts[list] = "agent_group_gone"
			}
		case n >= 2 && rest == 0:
			doubts[list] = "list_emptied"
		case n >= 3 && rest <= n, list == adminList && n >= 2 && n*10 >= n+rest:
			doubts[list] = "list_shrunk"
		}
	}
	for list := range doubts { // what its groups say already need not be said of the whole
		said := 0
		for group := range doubts {
			if strings.HasPrefix(group, "group "+subOf(list)+"/") {
				said += len(lost[group])
			}
		}
		if strings.HasPrefix(list, "sub ") && doubts[list] != "sub_account_gone" && said >= len(lost[list]) {
			delete(doubts, list)
		}
	}
	p.cut(doubts, lost, left)
	return doubts
}

// cut finds lists that are as long as the longest, where two were longer before.
func (p *planning) cut(doubts map[string]string, lost, left map[string][]*modelMember) {
	length, longest := map[string]int{}, 0
	for _, q := range p.people {
		for key, row := range q.logins {
			list := "group " + key.sub + "/" + row.group
			length[list]++
			longest = max(longest, length[list])
		}
	}
	var lists []string
	for list, n := range length {
		if n == longest && len(lost[list])+len(left[list]) > n {
			lists = append(lists, list)
		}
	}
	if len(lists) >= 2 {
		for _, list := range lists {
			if doubts[list] != "" {
				continue
			}
			doubts[list] = "list_cap"
		}
	}
}

func (c *company) subClosed(sub string) bool {
	return sub != "" && !slices.ContainsFunc([]int{0, 1}, func(i int) bool { return subID(i) == sub && c.open(i) })
}

func (c *company) groupListed(path string) bool {
	return slices.ContainsFunc(c.groups, func(g *agentGroup) bool { return subID(g.sub)+"/"+g.text() == path && !g.unlisted && c.open(g.sub) })
}

// putBack copies what RingCentral reports, and adds the records that members lost from
// distrusted lists, as the roster has them.
func (p *planning) putBack(doubts map[string]string) []*reported {
	var people []*reported
	copied, taken := map[*reported]*reported{}, map[any]*reported{}
	for _, q := range p.people {
		c := *q
		c.logins, c.outcome, c.belongs, c.why = maps.Clone(q.logins), "", false, ""
		copied[q], people, taken[c.admin] = &c, append(people, &c), &c
		for key := range q.logins {
			taken[key] = &c
		}
	}
	lost, _ := p.losses()
	restored := map[*reported]bool{}
	for list := range doubts {
		for _, m := range lost[list] {
			was := p.before[m.id]
			if !was.active {
				continue
			}
			if m.person == nil {
				m.person = &reported{rc: was.rc, logins: map[loginKey]loginRow{}, name: was.name(), ghost: true}
				copied[m.person] = m.person
			}
			q := copied[m.person]
			for key, row := range was.logins {
				if listsOf(map[loginKey]loginRow{key: row}, "")[list] && (taken[key] == nil || taken[key] == q) {
					q.logins[key], restored[q] = row, true
				}
			}
			if list == adminList && taken[was.admin] == nil {
				q.admin, restored[q] = was.admin, true
			}
		}
	}
	for _, m := range p.sorted() {
		if q := m.person; q != nil && q.ghost {
			if m.person = nil; len(q.logins) > 0 || q.admin != "" {
				people = append(people, q)
			}
			if h := p.company.extensionOf(q.rc); h != nil {
				q.ext, q.extByID = h, true
			}
		}
	}
	for _, q := range people {
		p.company.judge(q)
		if restored[q] { // what a lost record said is unknown, and so is whether it comes first
			for _, field := range limitedFields {
				delete(q.values, field)
			}
		}
	}
	return people
}

// look gives what all looks say together, and the lists that one of them gave no reason
// to believe (R2).
func (p *planning) look(b *blink) (read *planning, doubts map[string]string) {
	read = p.plan(p.company.people(b.at(1)))
	doubts = read.distrusted()
	looks := read.lossText()
	if p.looks > 1 && !read.failed {
		second := p.plan(p.company.people(b.at(2)))
		for list, reason := range second.distrusted() {
			if doubts[list] == "" {
				doubts[list] = reason
			}
		}
		looks += "; at the second look " + second.lossText()
		read = p.plan(p.company.people(nil)) // where the looks differ, the one that keeps the member counts
		read.failed = second.failed
		lost, _ := read.losses()
		maps.DeleteFunc(doubts, func(list, _ string) bool { return len(lost[list]) == 0 }) // the other look shows them
	}
	read.lookText = fmt.Sprintf("%s: %v", looks, doubts)
	return read, doubts
}

// lossText says for whoever reads a failure who is lost from which list, and who is left.
func (p *planning) lossText() string {
	var b strings.Builder
	lost, left := p.losses()
	for list, gone := range lost {
		fmt.Fprintf(&b, "%s lost %v left %v, ", list, idsOf(gone), idsOf(left[list]))
	}
	return b.String()
}

func idsOf(members []*modelMember) (ids []int64) {
	for _, m := range members {
		ids = append(ids, m.id)
	}
	return ids
}

// believes fails a run that took something from somebody after one look (R2). Only a
// disabled extension by itself depends on no list of RingCX.
func (g *game) believes(plan *sync.Plan, v *verdicts, before map[int64]*modelMember) {
	looks := g.looks.Load()
	for id, was := range before {
		m := g.members[id]
		lost := was.synced["role"] == "Administrator" && m.synced["role"] != "Administrator"
		for key, row := range was.logins {
			lost = lost || row.active && !m.logins[key].active
		}
		for key, row := range m.logins { // who gained one has moved
			lost = lost && (!row.active || was.logins[key].active && was.logins[key].group == row.group)
		}
		if v.leavers[id] != "" {
			lost = v.leavers[id] != "ringex_disabled"
		}
		if lost && was.watched() && looks < 2 {
			g.rt.Fatalf("member %d lost something, and the lists were read %d times: %v\n %+v\n %+v%s", id, looks, v.leavers, was, m, g.planText(plan))
		}
	}
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
			p.leaver(m, kept, p.why(m, kept, lost, doubts, all))
		} else {
			p.present(m)
		}
	}
	for _, m := range p.sorted() {
		if p.before[m.id].watched() && p.leaving[m.id] == "" && m.person != nil && m.person.outcome != skipped && m.person.outcome != conflict {
			p.updates(m, kept, lost, doubts)
			p.judgeUpdate(m)
		}
	}
	p.lastAdministrator()
}

// disputed gives newcomers no address that they would only have because of what was lost.
func (p *planning) disputed(kept *planning) {
	for i, q := range p.people { // putBack keeps the order
		hired := slices.ContainsFunc(p.newcomers, func(m *modelMember) bool { return m.person == q })
		if kept.people[i].outcome == conflict && (hired || q.outcome == skipped && q.belongs) {
			q.outcome = conflict
			p.newcomers = slices.DeleteFunc(p.newcomers, func(m *modelMember) bool { return m.person == q })
		}
		// That a link or a return is held as a whole is more than the model knows.
		p.beyond = p.beyond || kept.people[i].outcome != q.outcome && (q.outcome == link || q.outcome == reactivate)
	}
}

// why says for what a leaver would be held.
func (p *planning) why(m *modelMember, kept *planning, lost map[string][]*modelMember, doubts map[string]string, all map[string]bool) map[string]bool {
	why, leaves := maps.Clone(all), kept.leaving[m.id] != ""
	for list, gone := range lost {
		if !slices.Contains(gone, m) {
			continue
		}
		for doubted, reason := range doubts {
			switch {
			case doubted == list && !leaves:
				why[reason] = true
			case subOf(list) != "" && subOf(list) == subOf(doubted) && leaves && p.leaving[m.id] != "ringex_disabled": // a statement is no absence
				why["list_in_doubt"] = true
			}
		}
	}
	return why
}

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

// leaver takes the ladder's first step that applies (R16).
func (p *planning) leaver(m *modelMember, kept *planning, why map[string]bool) {
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
	stays := p.conflicted[m.id] || !rejected && reason == "removed" && days <= p.grace
	doubted := why["list_in_doubt"] // waits without a question of its own
	delete(why, "list_in_doubt")
	if len(why) == 0 && (p.isRejected(m.id, "role") || p.isRejected(m.id, "logins")) { // R26
		why["rejected"] = true
	}
	guarded := len(why) > 0 || row != nil && !rejected
	switch {
	case stays && guarded && !rejected:
		p.row(key, "suspect", "inactive", reason, why)
	case stays, rejected:
	case guarded:
		p.row(key, "waiting", "inactive", reason, why)
	case doubted:
		return // no absence, either
	default:
		p.leavers[m.id] = reason
		m.active, m.reason = false, reason
	}
	if !p.conflicted[m.id] {
		p.book(m, reason)
	}
}

// book counts an absence, at most once a UTC day (R17).
func (p *planning) book(m *modelMember, reason string) {
	switch {
	case reason != "removed":
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
	if row.run == 0 || row.after != after || state == "waiting" && row.state != state {
		row.run = p.run
	}
	row.state, row.after, row.reason = state, after, reason
	if len(why) > 0 {
		row.why = why
	}
	if state == "waiting" {
		p.held[key] = true
	}
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

// updates holds what a present member would lose because of what is missing.
func (p *planning) updates(m *modelMember, kept *planning, lost map[string][]*modelMember, doubts map[string]string) {
	why := map[string]bool{}
	for list, reason := range doubts {
		if slices.Contains(lost[list], m) {
			why[reason] = true
		}
	}
	p.loginRow(m, kept.members[m.id], why)
	for _, field := range limitedFields {
		p.updateField(m, kept, field, why)
	}
}

// limitedFields are those, besides the logins, that can be held.
var limitedFields = []string{"role", "first_name", "last_name", "email"}

// updateField holds a field where the two plans differ, and keeps what was held.
func (p *planning) updateField(m *modelMember, kept *planning, field string, why map[string]bool) {
	was, key := p.before[m.id], heldKey{m.id, field}
	row, value, other := p.open[key], m.values[field], kept.members[m.id]
	switch {
	case value == was.values[field]:
		if row != nil && (row.state != "rejected" || field != "role" || row.right(p.today)) { // a rejected value is refused while it is said (R36)
			delete(p.open, key)
		}
		if m.synced[field] != other.synced[field] { // the roster shows something else anyway
			m.synced[field] = was.synced[field]
		}
		return
	case row != nil && row.state == "rejected" && (field == "role" || row.after == value):
	case value != other.values[field]:
		p.row(key, "waiting", value, "", why)
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
	case q.byEmail || was.rc != m.rc || !maps.Equal(was.values, m.values) || !maps.Equal(was.logins, m.logins) || !maps.Equal(was.pins, m.pins):
		q.outcome = update
	case slices.ContainsFunc(append(limitedFields, "logins"), func(field string) bool { return p.held[heldKey{m.id, field}] }):
		q.outcome = heldBack
	default:
		q.outcome = same
	}
}

// loginRow holds logins that would turn inactive.
func (p *planning) loginRow(m, kept *modelMember, why map[string]bool) {
	key, was := heldKey{m.id, "logins"}, p.before[m.id]
	row := p.open[key]
	ended, held := map[loginKey]loginRow{}, map[loginKey]loginRow{}
	for login, before := range was.logins {
		now := m.logins[login]
		moved := row != nil && now.active && now.group != before.group // once something of the value waits, so does this
		if before.active && (!now.active || moved) {
			ended[login] = now
			if kept.logins[login].active || row != nil {
				held[login] = before
			}
		}
	}
	switch {
	case len(ended) == 0:
		if row != nil && (row.state != "rejected" || row.right(p.today)) {
			delete(p.open, key)
		}
		return
	case row != nil && row.state == "rejected":
	case len(held) > 0:
		p.row(key, "waiting", loginRowsText(ended), "", why)
	}
	maps.Copy(m.logins, held)
}

// remember takes over what a full run leaves for the next one: what it saw, since when
// somebody would leave, and the settings (R21 to R23).
func (p *planning) remember() {
	s := sighting{p.now, map[int64]map[string]bool{}}
	since, lost := map[int64]time.Time{}, map[int64]map[string]map[string]bool{}
	for id, m := range p.members {
		if m.person != nil && m.active {
			s.on[id] = m.reportedOn()
		}
		if p.leaving[id] != "" && p.before[id].watched() {
			if since[id] = p.now; !p.leavingSince[id].IsZero() {
				since[id] = p.leavingSince[id]
			}
		}
		stays := listsOf(m.logins, m.admin) // what the roster still says is undecided
		for list, then := range p.wasOn(p.before[m.id], p.company) {
			if !s.on[id][list] && moved(list, then, s.on[id]) && !stays[list] {
				p.unsee(id, func(l string) bool { return l == list })
			}
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
	p.settingsOf[p.run] = p.settingsText
	if !p.waits(func(row *heldRow) bool { return row.why["settings_changed"] }) {
		p.accepted = p.settingsText
	}
}

// seenAgain takes out of L whom an earlier run made inactive, and who is active now (R21).
func (r *modelRoster) seenAgain() {
	r.left = slices.DeleteFunc(slices.Clone(r.left), func(d departure) bool { return r.members[d.member].active })
}

func (r *modelRoster) waits(also func(*heldRow) bool) bool {
	return slices.ContainsFunc(slices.Collect(maps.Values(r.open)), func(row *heldRow) bool { return row.state == "waiting" && also(row) })
}

// accept is the end of R23: with the last leaver that a run held for its settings,
// these are accepted.
func (r *modelRoster) accept(decided []*heldRow) {
	slices.SortFunc(decided, func(a, b *heldRow) int { return int(a.run - b.run) }) // of several, the last run's
	for _, d := range decided {
		same := func(row *heldRow) bool { return row.run == d.run && row.why["settings_changed"] }
		if d.why["settings_changed"] && !r.waits(same) {
			r.accepted = r.settingsOf[d.run]
		}
	}
}
