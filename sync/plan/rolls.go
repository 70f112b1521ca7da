package plan

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"ringroster/sync"
	"ringroster/sync/guard"
)

// lists collects what each list lost while members are met.
type lists struct {
	rolls  guard.Rolls
	lost   []lost
	former map[int64]bool // inactive members who were met: some are met twice, with a person and without
	// Of the members whom RingCX lists: whose extension the roster knows, and of these, whose
	// RingEX does not list.
	extended, unextended int
	ended                []int64 // active members whose extension has ended
}

// enroll notes on which lists a member was, and from which it is lost now that person
// (nil: nobody) was found for it. Who was on a list is told by the roster: its active
// logins, administrator ids and last-synced roles, and what it held of them until a few
// hours ago (State.Gone). Whose loss an operator rejected counts: the list is wrong.
func (p *planner) enroll(m *sync.Member, person *Person) {
	gone, lately := p.in.State.Gone[m.ID]
	if !m.Managed || !m.Linked || m.Status != sync.Active && !lately {
		return
	}
	if m.Status != sync.Active {
		if p.lists.former[m.ID] {
			return
		}
		if p.lists.former == nil {
			p.lists.former = map[int64]bool{}
		}
		p.lists.former[m.ID] = true
	}
	p.enrollExtension(m, person)
	var seen [16]guard.List
	lists := seen[:0]
	on := func(list guard.List, now bool) {
		if slices.Contains(lists, list) {
			return
		}
		lists = append(lists, list)
		if !now && list.Kind != sync.Administrators && p.hasMoved(m, person, list) {
			p.lists.rolls.Of(list).Moved++
			return
		}
		roll := p.lists.rolls.Of(list)
		roll.Was++
		if !now {
			roll.Lost++
			p.lists.lost = append(p.lists.lost, lost{list: list, member: p.keepMember(m), person: person})
		}
	}
	// Of a login that an earlier run ended, no record is missing beside another on the list.
	wasOn := func(l *sync.Login, held bool) {
		if p.unread[l.SubAccountID] {
			return // the settings leave it out: nothing is known of it
		}
		see := func(list guard.List) {
			now := p.isIn(m, person, l, list.Group)
			if on(list, now); held && now && lacks(m, person, l, list) {
				p.lists.lost = append(p.lists.lost, lost{list, p.keepMember(m), person, true})
			}
		}
		if l.AgentGroupID != "" {
			see(guard.List{Kind: sync.AgentGroupList, Sub: l.SubAccountID, Group: l.AgentGroupID})
		}
		see(guard.List{Kind: sync.SubAccountList, Sub: l.SubAccountID})
	}
	if m.Status == sync.Active {
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
		on(guard.List{Kind: sync.Administrators}, person != nil && len(person.Admins) > 0)
	}
	p.enrollRingEX(m, person, on)
}

// enrollRingEX is enroll for the lists of RingEX, where they decide.
func (p *planner) enrollRingEX(m *sync.Member, person *Person, on func(guard.List, bool)) {
	if p.in.Policy.RequireRingEX {
		e := p.people.extension(m.RCUserID)
		if person != nil {
			e = person.Ext
		}
		on(guard.List{Kind: sync.ExtensionList}, e != nil && e.Status != "Unassigned")
	}
	if p.access != nil && wasAdmitted(m) {
		e := p.people.extension(m.RCUserID)
		if person != nil {
			e = person.Ext
		}
		on(guard.List{Kind: sync.RoleList}, p.access.admits(e))
	}
}

// wasAdmitted says whether a member had its place, or part of it, by a RingEX role: by
// another record than an administrator's.
func wasAdmitted(m *sync.Member) bool {
	return slices.ContainsFunc(strings.Split(m.Synced.Roles, ","), func(kind string) bool {
		return kind != "" && kind != "administrator"
	})
}

// isIn says whether somebody has an active record in the sub-account of a login, and in
// the group, if one is given. A record that cannot be read could be active. A member in
// a conflict of ids is where its login is, whoever has it.
func (p *planner) isIn(m *sync.Member, person *Person, l *sync.Login, group string) bool {
	if person == nil {
		if !p.conflicted[m.ID] {
			return false
		}
		if person = p.people.holder(l); person == nil {
			return false
		}
	}
	return slices.ContainsFunc(person.Agents, func(r sync.AgentRecord) bool {
		return (r.Active || r.Faulty != "") && r.Sub.ID == l.SubAccountID && (group == "" || r.Group.ID == group)
	})
}

// lacks says whether somebody who is still on a list has lost one of several records there,
// and gained none.
func lacks(m *sync.Member, person *Person, l *sync.Login, list guard.List) bool {
	if person == nil {
		return false
	}
	there := false
	for _, r := range person.Agents {
		if !r.Active || r.Sub.ID != list.Sub || list.Kind == sync.AgentGroupList && r.Group.ID != list.Group {
			continue
		}
		if there = there || r.ID == l.AgentID; !m.HeldID(sync.LoginKey(r.Sub.ID, r.ID)) {
			return false
		}
	}
	return !there
}

// hasGained says whether somebody has an administrator's record, or an active one in another
// agent group than those of some logins.
func hasGained(person *Person, then []sync.Login) bool {
	return person != nil && (len(person.Admins) > 0 || slices.ContainsFunc(person.Agents, func(r sync.AgentRecord) bool {
		return (r.Active || r.Faulty != "") && !slices.ContainsFunc(then, func(l sync.Login) bool {
			return l.SubAccountID == r.Sub.ID && l.AgentGroupID == r.Group.ID
		})
	}))
}

// hasMoved says whether somebody who is lost from a list has gained an active record in
// another agent group since, or an administrator's: a record that they had before, whatever
// group it is in now, and though it had ended meanwhile, says nothing of why another one is gone.
func (p *planner) hasMoved(m *sync.Member, person *Person, list guard.List) bool {
	if person == nil || list.Kind != sync.AgentGroupList && list.Kind != sync.SubAccountList {
		return false
	}
	if len(person.Admins) > 0 && len(m.AdminIDs) == 0 {
		return true
	}
	return slices.ContainsFunc(person.Agents, func(r sync.AgentRecord) bool {
		if !r.Active || r.Sub.ID == list.Sub && (list.Kind == sync.SubAccountList || r.Group.ID == list.Group) {
			return false
		}
		return !slices.ContainsFunc(m.Logins, func(l sync.Login) bool {
			return l.SubAccountID == r.Sub.ID && (l.Active && l.AgentGroupID == r.Group.ID || l.AgentID == r.ID && (!l.Active || !list.Has(&l)))
		})
	})
}

// measure adds to the rolls what the lists themselves tell: how long they are, and which
// are no longer there.
func (p *planner) measure() {
	s := p.in.Snapshot
	lengths := map[guard.List]int{{Kind: sync.Administrators}: len(s.Admins)}
	for i := range s.SubAccounts {
		sub := &s.SubAccounts[i]
		if !sub.Active || !sub.Read {
			continue
		}
		lengths[guard.List{Kind: sync.SubAccountList, Sub: sub.ID}] = len(sub.Groups)
		for j := range sub.Groups {
			lengths[guard.List{Kind: sync.AgentGroupList, Sub: sub.ID, Group: sub.Groups[j].ID}] = len(sub.Groups[j].Agents)
		}
	}
	for list, roll := range p.lists.rolls {
		switch list.Kind {
		case sync.ExtensionList, sync.RoleList:
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
		if list.Kind == sync.AgentGroupList && p.lists.rolls[list] == nil {
			p.lists.rolls.Of(list).Length = length
		}
	}
}

// findings are what the guard says of this draft.
func (p *planner) findings() guard.Findings {
	p.measure()
	f := guard.Facts{
		Noun: "active members", Now: p.in.Now, Limit: p.in.Policy.Limits.Deactivations, Active: p.tally.Active,
		Recent:       [2]int{p.in.State.Recent[0].Deactivated, p.in.State.Recent[1].Deactivated},
		Rolls:        p.lists.rolls.Sorted(),
		OwnerMissing: p.missingOwner(), SettingsChanged: p.movedSettings(),
	}
	for i := range p.leavers {
		if l := &p.leavers[i]; l.counts() {
			f.Leavers = append(f.Leavers, l.member.LeavingSince)
		}
	}
	found := guard.Check(&f)
	maps.DeleteFunc(found.Lists, func(list guard.List, _ []sync.HoldReason) bool { return p.lists.rolls[list].Lost == 0 })
	found.Believe(p.lists.rolls, p.in.Snapshot.Doubts)
	maps.DeleteFunc(found.Lists, func(list guard.List, _ []sync.HoldReason) bool {
		return list.Kind == sync.SubAccountList && !p.lists.rolls[list].Gone && p.isCovered(list.Sub, &found)
	})
	return found
}

// movedSettings says which deciding settings are not those accepted (R23).
func (p *planner) movedSettings() string {
	// With an empty set of settings "nothing was accepted yet" is about the members there.
	return guard.MovedSettings(p.in.State.Accepted, guard.DecidingSettings(&p.in.Policy, p.in.Snapshot), "members")
}

// isCovered says whether all that a sub-account lost is lost from agent groups that are not
// believed: then they say it already.
func (p *planner) isCovered(sub string, found *guard.Findings) bool {
	return !slices.ContainsFunc(p.lists.lost, func(l lost) bool {
		return l.list == (guard.List{Kind: sync.SubAccountList, Sub: sub}) && slices.ContainsFunc(l.logins(), func(login sync.Login) bool {
			there := l.person != nil && slices.ContainsFunc(l.person.Agents, func(r sync.AgentRecord) bool {
				return r.Active && sync.LoginKey(r.Sub.ID, r.ID) == login.Key()
			})
			return !there && found.Lists[guard.List{Kind: sync.AgentGroupList, Sub: sub, Group: login.AgentGroupID}] == nil
		})
	})
}

// missingOwner says that whoever authenticated would leave, or is lost from a list that
// had them (R22): they are there, or nobody could have authenticated as them.
func (p *planner) missingOwner() string {
	owner := p.in.Snapshot.Identity.OwnerID
	if owner == "" {
		return ""
	}
	if p.extensionsDoubtful() {
		return fmt.Sprintf("the extension list lacks %s, who authenticated", owner)
	}
	for i := range p.leavers {
		if l := &p.leavers[i]; l.counts() && l.member.RCUserID == owner {
			return fmt.Sprintf("member %d (%s) would leave, who authenticated", l.member.ID, owner)
		}
	}
	for i := range p.lists.lost {
		if l := &p.lists.lost[i]; l.list.Kind == sync.Administrators && l.member.RCUserID == owner {
			return fmt.Sprintf("the administrators list lacks member %d (%s), who authenticated", l.member.ID, owner)
		}
	}
	return ""
}

// Where the settings, or operators, bring only a few people of a list to the roster, the
// roster cannot tell that the list lost the others. So of such sparse lists the number of
// active records is kept: the most of a week (R22). Of the others the last one is: an
// operator may detach most of their people before the next run.

// sparseWeek is for how many days a sparse list is compared with the most records that it had.
const sparseWeek = 7

// records counts the active records of every list of which a length may be kept: of the
// extension list the extensions that somebody has, of the roles the extensions that one
// admits (R9).
func (p *planner) records() map[guard.List]int {
	s := p.in.Snapshot
	records := map[guard.List]int{{Kind: sync.Administrators}: len(s.Admins)}
	for r := range s.Agents {
		if r.Active {
			records[guard.List{Kind: sync.AgentGroupList, Sub: r.Sub.ID, Group: r.Group.ID}]++
		}
	}
	if p.in.Policy.RequireRingEX || p.access != nil {
		for i := range s.Extensions {
			if s.Extensions[i].Status != "Unassigned" {
				records[guard.List{Kind: sync.ExtensionList}]++
			}
			if p.access != nil && p.access.admits(&s.Extensions[i]) {
				records[guard.List{Kind: sync.RoleList}]++
			}
		}
	}
	return records
}

// lengths gives the lists with how many active records each has; of the sparse ones that are
// not believed or lost many, and of those that had more within a week, how many they had.
func (p *planner) lengths(found *guard.Findings) map[string]sync.Length {
	onRoster := map[guard.List]int{}
	for _, person := range p.people.all {
		switch d := person.outcome.decision; {
		case d == unchanged, d == changed, d == onboarded, d == heldBack, d == inConflict && person.outcome.active:
		default:
			continue // who is detached is none: nobody follows their records
		}
		for _, r := range person.Agents {
			if r.Active {
				onRoster[guard.List{Kind: sync.AgentGroupList, Sub: r.Sub.ID, Group: r.Group.ID}]++
			}
		}
		onRoster[guard.List{Kind: sync.Administrators}] += len(person.Admins)
		if person.Ext != nil && p.in.Policy.RequireRingEX {
			onRoster[guard.List{Kind: sync.ExtensionList}]++
		}
		if p.access != nil && p.access.admits(person.Ext) {
			onRoster[guard.List{Kind: sync.RoleList}]++
		}
	}
	lengths, today := map[string]sync.Length{}, p.today()
	for list, n := range p.records() {
		if n >= 2 {
			lengths[list.Name()] = sync.Length{Records: n, On: today, Dense: !guard.IsSparse(n, onRoster[list])}
		}
	}
	for list, roll := range p.lists.rolls {
		before := p.in.State.Lengths[list.Name()]
		before.On = cmp.Or(before.On, today) // of an unknown day: a week from now on
		switch {
		case roll.Before == 0 || roll.Was == 0, roll.Records >= before.Records:
		case found.Lists[list] != nil, roll.LacksMany(), before.On > p.in.Now.AddDate(0, 0, -sparseWeek).UTC().Format(time.DateOnly):
			before.Dense = false
			lengths[list.Name()] = before
		}
	}
	return lengths
}

// measureSparse adds to the rolls how many active records their lists have, and had where they
// are sparse, or have become so since.
func (p *planner) measureSparse() {
	if len(p.lists.lost) == 0 && len(p.in.State.Lengths) == 0 {
		return
	}
	records := p.records()
	for list, roll := range p.lists.rolls {
		if list.Kind == sync.SubAccountList {
			continue
		}
		roll.Records = records[list]
		if before := p.in.State.Lengths[list.Name()]; !before.Dense || guard.IsSparse(before.Records, roll.Was+roll.Moved) {
			roll.Before = before.Records
		}
	}
}
