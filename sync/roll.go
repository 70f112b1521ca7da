package sync

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// listKind says what a list that decides is a list of (R22).
type listKind uint8

const (
	administrators listKind = iota // the list of them
	subAccountList                 // the agent groups of a sub-account, and with them everybody in it
	agentGroupList
	extensionList
	roleList
	directoryList // the company directory
	crowdList     // contacts of one type, or of one site
)

// listKey names a list.
type listKey struct {
	kind       listKind
	sub, group string // of contacts: the field, and its value
}

func (k listKey) String() string {
	switch k.kind {
	case administrators:
		return "the administrators list"
	case subAccountList:
		return "sub-account " + k.sub
	case agentGroupList:
		return "agent group " + k.group + " of sub-account " + k.sub
	case extensionList:
		return "the extension list"
	case roleList:
		return "the RingEX roles"
	case directoryList:
		return "the company directory"
	}
	return k.sub + " " + k.group
}

// compareLists orders lists by kind, sub-account and group.
func compareLists(a, b listKey) int {
	return cmp.Or(cmp.Compare(a.kind, b.kind), strings.Compare(a.sub, b.sub), strings.Compare(a.group, b.group))
}

// Roll is what one list that decides lost (R22): a fact for the guard.
type Roll struct {
	list    listKey
	Was     int  // who was on it and has not moved to another list since
	Lost    int  // of these, who is not on it now
	Proved  int  // of the lost, of whom RingEX says that they have gone
	Moved   int  // who was on it and has moved: in neither of the two
	Length  int  // how many records it has now
	Before  int  // how many active records it had, where the roster has few of its people; else 0
	Records int  // how many it has now; of a sub-account 0
	Total   bool // the server says how many it has, so that nothing can have cut it
	Gone    bool // the list itself is no longer there, or no longer active
}

// isDissolved says whether more than two thirds of those who were on a list gained another
// place, and RingEX proves of the few who are lost, but for one, that they have gone: an
// outage of RingCX gives nobody a place, and ends no extension (R22). Of whom RingEX knows
// nothing it proves nothing.
func (r *Roll) isDissolved() bool { return r.Lost*3 < r.Was+r.Moved && r.Lost-r.Proved < 2 }

// hangsOnProofs says whether a list is believed for what RingEX proves, and for nothing else.
func (r *Roll) hangsOnProofs() bool {
	unproved := *r
	unproved.Proved = 0
	fits := func(r *Roll) bool { return slices.ContainsFunc(doubts, func(d doubt) bool { return d.fits(r) }) }
	return !fits(r) && fits(&unproved)
}

// left is how many of those who were on the list are on it now.
func (r *Roll) left() int { return r.Was - r.Lost }

// lost is somebody of whom a list had a record that it has not now.
type lost struct {
	list   listKey
	member *Member
	person *Person // who was found for the member; nil: nobody
	part   bool    // another record of theirs is still on it
}

// rolls are the rolls of all lists.
type rolls map[listKey]*Roll

// lists collects what each list lost while members are met.
type lists struct {
	rolls  rolls
	lost   []lost
	former map[int64]bool // inactive members who were met: some are met twice, with a person and without
	// Of the members whom RingCX lists: whose extension the roster knows, and of these, whose
	// RingEX does not list.
	extended, unextended int
	ended                []int64 // active members whose extension has ended
}

// roll finds the roll of a list.
func (r *rolls) roll(list listKey) *Roll {
	if *r == nil {
		*r = rolls{}
	}
	if (*r)[list] == nil {
		(*r)[list] = &Roll{list: list}
	}
	return (*r)[list]
}

// sorted gives all rolls in the order of their lists.
func (r rolls) sorted() []Roll {
	all := make([]Roll, 0, len(r))
	for _, roll := range r {
		all = append(all, *roll)
	}
	slices.SortFunc(all, func(a, b Roll) int { return compareLists(a.list, b.list) })
	return all
}

// enroll notes on which lists a member was, and from which it is lost now that person
// (nil: nobody) was found for it. Who was on a list is told by the roster: its active
// logins, administrator ids and last-synced roles, and what it held of them until a few
// hours ago (State.Gone). Whose loss an operator rejected counts: the list is wrong.
func (p *planner) enroll(m *Member, person *Person) {
	gone, lately := p.in.State.Gone[m.ID]
	if !m.Managed || !m.Linked || m.Status != Active && !lately {
		return
	}
	if m.Status != Active {
		if p.lists.former[m.ID] {
			return
		}
		if p.lists.former == nil {
			p.lists.former = map[int64]bool{}
		}
		p.lists.former[m.ID] = true
	}
	p.enrollExtension(m, person)
	var seen [16]listKey
	lists := seen[:0]
	on := func(list listKey, now bool) {
		if slices.Contains(lists, list) {
			return
		}
		lists = append(lists, list)
		if !now && list.kind != administrators && p.hasMoved(m, person, list) {
			p.lists.rolls.roll(list).Moved++
			return
		}
		roll := p.lists.rolls.roll(list)
		roll.Was++
		if !now {
			roll.Lost++
			p.lists.lost = append(p.lists.lost, lost{list: list, member: p.keepMember(m), person: person})
		}
	}
	// Of a login that an earlier run ended, no record is missing beside another on the list.
	wasOn := func(l *Login, held bool) {
		if p.unread[l.SubAccountID] {
			return // the settings leave it out: nothing is known of it
		}
		see := func(list listKey) {
			now := p.isIn(m, person, l, list.group)
			if on(list, now); held && now && lacks(m, person, l, list) {
				p.lists.lost = append(p.lists.lost, lost{list, p.keepMember(m), person, true})
			}
		}
		if l.AgentGroupID != "" {
			see(listKey{agentGroupList, l.SubAccountID, l.AgentGroupID})
		}
		see(listKey{kind: subAccountList, sub: l.SubAccountID})
	}
	if m.Status == Active {
		for i := range m.Logins {
			if m.Logins[i].Active {
				wasOn(&m.Logins[i], true)
			}
		}
	}
	for i := range gone {
		wasOn(&gone[i], false)
	}
	for _, then := range p.in.State.Moved[m.ID] {
		for i := range then {
			if !p.conflicted[m.ID] && !hasGained(person, then) { // they lost since what they moved to
				wasOn(&then[i], false)
			}
		}
	}
	if len(m.AdminIDs) > 0 || p.in.State.GoneAdmins[m.ID] {
		on(listKey{kind: administrators}, person != nil && len(person.Admins) > 0)
	}
	p.enrollRingEX(m, person, on)
}

// enrollRingEX is enroll for the lists of RingEX, where they decide.
func (p *planner) enrollRingEX(m *Member, person *Person, on func(listKey, bool)) {
	if p.in.Policy.RequireRingEX {
		e := p.people.extension(m.RCUserID)
		if person != nil {
			e = person.Ext
		}
		on(listKey{kind: extensionList}, e != nil && e.Status != "Unassigned")
	}
	if p.access != nil && m.wasAdmitted() {
		e := p.people.extension(m.RCUserID)
		if person != nil {
			e = person.Ext
		}
		on(listKey{kind: roleList}, p.access.admits(e))
	}
}

// wasAdmitted says whether a member had its place, or part of it, by a RingEX role: by
// another record than an administrator's.
func (m *Member) wasAdmitted() bool {
	return slices.ContainsFunc(strings.Split(m.Synced.Roles, ","), func(kind string) bool {
		return kind != "" && kind != "administrator"
	})
}

// isIn says whether somebody has an active record in the sub-account of a login, and in
// the group, if one is given. A record that cannot be read could be active. A member in
// a conflict of ids is where its login is, whoever has it.
func (p *planner) isIn(m *Member, person *Person, l *Login, group string) bool {
	if person == nil {
		if !p.conflicted[m.ID] {
			return false
		}
		if person = p.people.holder(l); person == nil {
			return false
		}
	}
	return slices.ContainsFunc(person.Agents, func(r AgentRecord) bool {
		return (r.Active || r.Faulty != "") && r.Sub.ID == l.SubAccountID && (group == "" || r.Group.ID == group)
	})
}

// lacks says whether somebody who is still on a list has lost one of several records there,
// and gained none.
func lacks(m *Member, person *Person, l *Login, list listKey) bool {
	if person == nil {
		return false
	}
	there := false
	for _, r := range person.Agents {
		if !r.Active || r.Sub.ID != list.sub || list.kind == agentGroupList && r.Group.ID != list.group {
			continue
		}
		if there = there || r.ID == l.AgentID; !m.heldID(loginKey(r.Sub.ID, r.ID)) {
			return false
		}
	}
	return !there
}

// hasGained says whether somebody has an administrator's record, or an active one in another
// agent group than those of some logins.
func hasGained(person *Person, then []Login) bool {
	return person != nil && (len(person.Admins) > 0 || slices.ContainsFunc(person.Agents, func(r AgentRecord) bool {
		return (r.Active || r.Faulty != "") && !slices.ContainsFunc(then, func(l Login) bool {
			return l.SubAccountID == r.Sub.ID && l.AgentGroupID == r.Group.ID
		})
	}))
}

// hasMoved says whether somebody who is lost from a list has gained an active record in
// another agent group since, or an administrator's: a record that they had before, whatever
// group it is in now, and though it had ended meanwhile, says nothing of why another one is gone.
func (p *planner) hasMoved(m *Member, person *Person, list listKey) bool {
	if person == nil || list.kind != agentGroupList && list.kind != subAccountList {
		return false
	}
	if len(person.Admins) > 0 && len(m.AdminIDs) == 0 {
		return true
	}
	return slices.ContainsFunc(person.Agents, func(r AgentRecord) bool {
		if !r.Active || r.Sub.ID == list.sub && (list.kind == subAccountList || r.Group.ID == list.group) {
			return false
		}
		return !slices.ContainsFunc(m.Logins, func(l Login) bool {
			return l.SubAccountID == r.Sub.ID && (l.Active && l.AgentGroupID == r.Group.ID || l.AgentID == r.ID && (!l.Active || !list.has(&l)))
		})
	})
}

// has says whether a login is on an agent list.
func (k listKey) has(l *Login) bool {
	return l.SubAccountID == k.sub && (k.kind == subAccountList || l.AgentGroupID == k.group)
}

// measure adds to the rolls what the lists themselves tell: how long they are, and which
// are no longer there.
func (p *planner) measure() {
	s := p.in.Snapshot
	lengths := map[listKey]int{{kind: administrators}: len(s.Admins)}
	for i := range s.SubAccounts {
		sub := &s.SubAccounts[i]
		if !sub.Active || !sub.Read {
			continue
		}
		lengths[listKey{kind: subAccountList, sub: sub.ID}] = len(sub.Groups)
		for j := range sub.Groups {
			lengths[listKey{agentGroupList, sub.ID, sub.Groups[j].ID}] = len(sub.Groups[j].Agents)
		}
	}
	for list, roll := range p.lists.rolls {
		switch list.kind {
		case extensionList, roleList:
			roll.Total = true
		default:
			length, there := lengths[list]
			roll.Length, roll.Gone = length, !there
		}
	}
	for i := range p.lists.lost {
		if l := &p.lists.lost[i]; !l.part && p.hasGone(l.member) {
			p.lists.rolls[l.list].Proved++
		}
	}
	p.measureSparse()
	// One that nobody is known to have been on can still show where all lists are cut.
	for list, length := range lengths {
		if list.kind == agentGroupList && p.lists.rolls[list] == nil {
			p.lists.rolls.roll(list).Length = length
		}
	}
}

// keepMember is a copy that outlives the stream, one for each member.
func (p *planner) keepMember(m *Member) *Member {
	if n := len(p.lists.lost); n > 0 && p.lists.lost[n-1].member.ID == m.ID {
		return p.lists.lost[n-1].member
	}
	kept := m.copy()
	kept.Logins = slices.Clone(m.Logins)
	return kept
}

// losses says in words what a list lost.
func (r *Roll) losses() string {
	text := fmt.Sprintf("%s: %d of %d are not on it any more", r.list, r.Lost, r.Was)
	if r.Before > 0 {
		text += fmt.Sprintf(", and %d of its %d active records are left", r.Records, r.Before)
	}
	return text
}

// tally counts the roster as it was before the run, for the guard.
type tally struct {
	active int // active, managed, linked
	admins int // active, administrators as RingCentral says
}

// count adds a member.
func (t *tally) count(m *Member) {
	if m.isAdministrator() {
		t.admins++
	}
	if m.Status == Active && m.Managed && m.Linked {
		t.active++
	}
}
