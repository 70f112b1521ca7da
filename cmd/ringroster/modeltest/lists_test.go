package modeltest

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// Lists that lost people (R22), and the two looks at them (R2).

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
	first := slices.IndexFunc(r.seen, func(s sighting) bool { return !s.at.Before(r.seen[len(r.seen)-1].at.Add(-listWindow)) })
	for _, s := range r.seen[max(first, 0):] {
		for list := range s.on[m.id] {
			was[list] = s.on[m.id]
		}
	}
	// What was lost since is undecided, and newer.
	maps.Copy(was, r.lost[m.id])
	for list := range listsOf(m.logins, "") { // nobody is struck off in a sub-account that is not read (R8)
		if c.subClosed(subOf(list)) {
			was[list] = listsOf(m.logins, m.admin)
		}
	}
	return was
}

// moved says whether somebody who is not on a list any more has gained a record in another
// group, or an administrator's, since they were on those then. Nobody is excused from the
// administrators, nor by a record that they had before, in whatever group.
func (p *planning) moved(m *modelMember, list string, then map[string]bool) bool {
	if list == adminList || m.person == nil {
		return false
	}
	for key, row := range m.person.logins {
		had := p.before[m.id].logins[key]
		if row.active && !then["group "+key.sub+"/"+row.group] && (!had.active || listsOf(map[loginKey]loginRow{key: had}, "")[list]) {
			return true
		}
	}
	return m.person.admin != "" && !then[adminList]
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
			case p.moved(m, list, then):
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
		case list != adminList && p.dissolved(list, gone, rest):
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
	p.vanished(doubts, lost, left)
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

// dissolved says whether most who were on a list have moved, and RingEX proves of the others,
// but for one, that they have gone: then it was dissolved, and they left with that.
func (p *planning) dissolved(list string, lost []*modelMember, left int) bool {
	away, unproved := 0, 0
	for _, m := range p.sorted() {
		then := p.wasOn(p.before[m.id], p.company)[list]
		if now := m.reportedOn(); p.before[m.id].managed && then != nil && !now[list] && p.moved(m, list, then) {
			away++
		}
	}
	for _, m := range lost {
		if !p.hasGone(p.before[m.id]) {
			unproved++
		}
	}
	return 3*len(lost) < len(lost)+left+away && unproved < 2
}

// hasGone says whether RingEX proves it: by a disabled extension, or by one that is listed
// no more while the owner's is, and nine in ten of those still there.
func (p *planning) hasGone(m *modelMember) bool {
	if h := p.company.extensionOf(m.rc); h != nil {
		return h.disabled
	}
	known, missing := 0, 0
	for _, other := range p.sorted() {
		if was := p.before[other.id]; was.watched() && other.person != nil && was.hadExtension() {
			known++
			if p.company.extensionOf(was.rc) == nil {
				missing++
			}
		}
	}
	return m.hadExtension() && missing*10 <= known && p.company.extensionOf(fmt.Sprint(modelOwner)) != nil
}

func (m *modelMember) hadExtension() bool { return m.rc != "" && m.synced["extension_number"] != "" }

// vanished finds groups that are not listed or answer nothing, and lost two together.
func (p *planning) vanished(doubts map[string]string, lost, left map[string][]*modelMember) {
	there := map[string]bool{}
	for _, q := range p.people {
		for list := range listsOf(q.logins, "") {
			there[list] = true
		}
	}
	n := 0
	empty := map[string]string{}
	for list, gone := range lost {
		path, isGroup := strings.CutPrefix(list, "group ")
		if listed := p.company.groupListed(path); isGroup && (!listed || !there[list]) {
			for _, m := range gone { // of a dissolved one, whom RingEX proves to have gone is no loss
				if !p.dissolved(list, gone, len(left[list])) || !p.hasGone(p.before[m.id]) {
					n++
				}
			}
			empty[list] = map[bool]string{true: "list_emptied", false: "agent_group_gone"}[listed]
		}
	}
	for list, reason := range empty {
		if n >= 2 && doubts[list] == "" {
			doubts[list] = reason
		}
	}
}

// cut finds lists that are as long as the longest, where two had more active records, or
// lost two.
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
		if gone := len(lost[list]); n == longest && (gone >= 2 || gone == 1 && 1+len(left[list]) > n) {
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

// groupName is what the group of a login is called now, while it is listed.
func (c *company) groupName(sub string, row loginRow) string {
	i := slices.IndexFunc(c.groups, func(g *agentGroup) bool {
		return subID(g.sub) == sub && g.text() == row.group && !g.unlisted && c.open(g.sub)
	})
	if i < 0 {
		return row.name
	}
	return c.groups[i].name
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
					row.name = p.company.groupName(key.sub, row)
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
		few := read.hidesSparse(b.at(1)) || second.hidesSparse(b.at(2))
		for list, reason := range second.distrusted() {
			if doubts[list] == "" {
				doubts[list] = reason
			}
		}
		looks += "; at the second look " + second.lossText()
		once := slices.Concat(read.unseen(), second.unseen())
		read = p.plan(p.company.people(nil)) // where the looks differ, the one that keeps the member counts
		read.missedOnce = once
		read.failed, read.beyond = second.failed, few
		lost, _ := read.losses()
		maps.DeleteFunc(doubts, func(list, _ string) bool { // the other look shows them
			read.oneLook = read.oneLook || subOf(list) != "" && len(lost[list]) == 0
			return len(lost[list]) == 0
		})
	}
	read.lookText = fmt.Sprintf("%s: %v", looks, doubts)
	return read, doubts
}

// unseen are the members of whom one look has nothing.
func (p *planning) unseen() (ids []int64) {
	for _, m := range p.sorted() {
		if m.person == nil {
			ids = append(ids, m.id)
		}
	}
	return ids
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

// hidesSparse says whether a look met nobody of a group that the roster lost somebody from and of
// which it has half of the active records or fewer: that such a list is judged by how many it had
// (R22), the model does not know.
func (p *planning) hidesSparse(b *blink) bool {
	if b == nil || b.group == nil {
		return false
	}
	list, records := "group "+subID(b.group.sub)+"/"+b.group.text(), 0
	for _, q := range p.company.people(nil) {
		for login, row := range q.logins {
			if row.active && listsOf(map[loginKey]loginRow{login: row}, "")[list] {
				records++
			}
		}
	}
	lost, _ := p.losses()
	return len(lost[list]) > 0 && records >= 2*len(lost[list])
}
