package plan

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"ringroster/sync"
	"ringroster/sync/guard"
)

// lost is somebody of whom a list had a record that it has not now.
type lost struct {
	list   guard.List
	member *sync.Member
	person *Person // who was found for the member; nil: nobody
	part   bool    // another record of theirs is still on it
}

// keepMember is a copy that outlives the stream, one for each member.
func (p *planner) keepMember(m *sync.Member) *sync.Member {
	if n := len(p.lists.lost); n > 0 && p.lists.lost[n-1].member.ID == m.ID {
		return p.lists.lost[n-1].member
	}
	kept := m.Copy()
	kept.Logins = slices.Clone(m.Logins)
	return kept
}

// RingEX proves that somebody has gone where their extension ends with their records of
// RingCX (R22). One that ended long before proves nothing: people are listed without. So it
// is kept since when the extension of whom is not there any more.

// hasExtension says whether the roster knows an extension of a member.
func hasExtension(m *sync.Member) bool {
	return m.RCUserID != "" && m.Synced.Profile[sync.ExtensionNumber] != ""
}

// enrollExtension counts a member who is listed, and has an extension as far as the roster
// knows, for what it proves that the extension list lacks somebody.
func (p *planner) enrollExtension(m *sync.Member, person *Person) {
	if m.Status != sync.Active {
		return
	}
	if p.hasEnded(m) {
		p.lists.ended = append(p.lists.ended, m.ID)
	}
	if person == nil || !hasExtension(m) {
		return
	}
	p.lists.extended++
	if p.people.extension(m.RCUserID) == nil {
		p.lists.unextended++
	}
}

// hasEnded says whether the extension of a member is disabled, or nobody has it any more, or
// it is not listed, and the roster knows that they had one.
func (p *planner) hasEnded(m *sync.Member) bool {
	if e := p.people.extension(m.RCUserID); e != nil {
		return e.Status == "Disabled" || e.Status == "Unassigned"
	}
	return hasExtension(m)
}

// isInRingEX says whether RingEX lists the extension of a member, and it has not ended.
func (p *planner) isInRingEX(m *sync.Member) bool {
	return m.RCUserID != "" && p.people.extension(m.RCUserID) != nil && !p.hasEnded(m)
}

// hasGone says whether RingEX proves that somebody has gone: their extension has ended, and
// not long before. One that is not listed proves it while hardly any other is missing. Who
// never had one may as well be there.
func (p *planner) hasGone(m *sync.Member) bool {
	since, before := p.in.State.Ended[m.ID]
	if p.in.State.Ended == nil || before && p.in.Now.Sub(since) > sync.SameDay || !p.hasEnded(m) {
		return false
	}
	return p.people.extension(m.RCUserID) != nil || p.lists.unextended*10 <= p.lists.extended && !p.extensionsDoubtful()
}

// ended gives the members whose extension has ended, each with the start of the first full
// run that saw it.
func (p *planner) ended() map[int64]time.Time {
	ended := map[int64]time.Time{}
	for _, id := range p.lists.ended {
		ended[id] = p.in.Now
		if since, before := p.in.State.Ended[id]; before {
			ended[id] = since
		}
	}
	return ended
}

// lostFrom gives what is lost from the lists that are not believed, and can be kept: by
// member, so that the order of lists and members changes nothing.
func (p *planner) lostFrom(found *guard.Findings) []lost {
	all := slices.DeleteFunc(slices.Clone(p.lists.lost), func(l lost) bool {
		return found.Lists[l.list] == nil || l.member.Status != sync.Active
	})
	slices.SortStableFunc(all, func(a, b lost) int {
		return cmp.Or(cmp.Compare(a.member.ID, b.member.ID), guard.CompareLists(a.list, b.list))
	})
	return all
}

// putBack joins the lost records to the people as if their lists still had them, each where
// it stood, with its id, type and group (R22). What it said of names and e-mail is unknown.
// A record whose id is another person's now stays away.
func (p *people) putBack(all []lost) {
	if len(all) == 0 {
		return
	}
	byLogin, byAdmin := p.holders()
	homes := make([]*Person, len(all)) // before anybody is added
	for i := range all {
		homes[i] = p.home(&all[i])
	}
	for i := range all {
		l := &all[i]
		switch home := homes[i]; l.list.Kind {
		case sync.Administrators:
			for _, id := range l.member.AdminIDs {
				// Whoever else has it now: no administrator's id passes on. Of whom there is nothing
				// else, that other may be them.
				if holder := byAdmin[id]; holder == nil || home != nil || holder == p.ghosts[l.member.ID] {
					byAdmin[id] = p.restored(l, home, sync.AdminKey(id))
					byAdmin[id].putBackAdmin(id)
				}
			}
		case sync.ExtensionList:
			if home != nil && (home.Ext == nil || home.Ext.Status == "Unassigned") {
				home.Ext, home.ExtByID = &sync.Extension{ID: l.member.RCUserID, Type: "User", Status: "Enabled"}, l.member.RCUserID != ""
			}
		case sync.RoleList:
			if home == nil { // an extension without any record (R9)
				home = p.restored(l, nil, sync.AgentKey(l.member.RCUserID))
			}
			home.admitted = true
		case sync.AgentGroupList, sync.SubAccountList:
			for _, login := range l.logins() {
				holder, home := byLogin[login.Key()], home
				if holder.isStrayOf(home) {
					home = holder // they are joined once the member is met (R5)
				}
				if holder == nil || holder == home || holder == p.ghosts[l.member.ID] {
					byLogin[login.Key()] = p.restored(l, home, sync.AgentKey(login.Key()))
					byLogin[login.Key()].putBackAgent(p.snapshot, login)
				}
			}
		}
	}
	p.byLogin, p.byAdmin, p.byKey = nil, nil, nil
}

// home finds the person to whom the lost records belong; nil: nobody has any other.
func (p *people) home(l *lost) *Person {
	if l.person != nil {
		return p.byName(l.person.Key())
	}
	return p.byRC[l.member.RCUserID]
}

// isStrayOf says whether a record without an rcUserId is of somebody who has one, by a login
// that their member held.
func (p *Person) isStrayOf(home *Person) bool {
	return p != nil && home != nil && p != home && p.RCUserID == "" && home.RCUserID != ""
}

// restored is the person who gets a lost record back: home, if there is one, else somebody
// of whom nothing else is listed.
func (p *people) restored(l *lost, home *Person, key string) *Person {
	if home == nil {
		home = p.ghosts[l.member.ID]
	}
	if home == nil {
		ghost := Person{RCUserID: l.member.RCUserID, ghost: true}
		if ghost.RCUserID == "" {
			ghost.looseKey = key
		}
		home = p.add(ghost)
		if ghost.RCUserID != "" {
			p.byRC[ghost.RCUserID] = home
			if e := p.extension(ghost.RCUserID); e != nil {
				home.Ext, home.ExtByID = e, true
			}
		}
		if p.ghosts == nil {
			p.ghosts = map[int64]*Person{}
		}
		p.ghosts[l.member.ID] = home
	}
	home.putBack = true
	return home
}

// logins are the member's logins that a list lost.
func (l *lost) logins() (lost []sync.Login) {
	for _, login := range l.member.Logins {
		if login.Active && l.list.Has(&login) {
			lost = append(lost, login)
		}
	}
	return lost
}

func (p *Person) putBackAdmin(id string) {
	if !slices.ContainsFunc(p.Admins, func(a *sync.Admin) bool { return a.UserID == id }) {
		p.Admins = append(slices.Clip(p.Admins), &sync.Admin{UserID: id, RCUserID: p.RCUserID})
	}
}

func (p *Person) putBackAgent(s *sync.Snapshot, login sync.Login) {
	agent := &sync.Agent{ID: login.AgentID, RCUserID: p.RCUserID, UserName: login.UserName, Type: login.AgentType, Active: true}
	i := slices.IndexFunc(p.Agents, func(r sync.AgentRecord) bool { return r.Sub.ID == login.SubAccountID && r.ID == login.AgentID })
	sub, group := placeOf(s, login)
	p.restored = append(p.restored, agent)
	switch {
	case i < 0:
		p.Agents = append(slices.Clip(p.Agents), sync.AgentRecord{Agent: agent, Sub: sub, Group: group})
	case !p.Agents[i].Active && p.Agents[i].Faulty == "":
		p.Agents = slices.Clone(p.Agents)
		p.Agents[i] = sync.AgentRecord{Agent: agent, Sub: sub, Group: group}
	}
}

// placeOf finds the sub-account and group of a login; those that are no longer listed are as
// the roster last knew them.
func placeOf(s *sync.Snapshot, login sync.Login) (*sync.SubAccount, *sync.Group) {
	sub := &sync.SubAccount{ID: login.SubAccountID, Name: login.SubAccount, Active: true, Read: true}
	if i := slices.IndexFunc(s.SubAccounts, func(x sync.SubAccount) bool { return x.ID == login.SubAccountID }); i >= 0 {
		sub = &s.SubAccounts[i]
	}
	if i := slices.IndexFunc(sub.Groups, func(g sync.Group) bool { return g.ID == login.AgentGroupID }); i >= 0 {
		return sub, &sub.Groups[i]
	}
	return sub, &sync.Group{ID: login.AgentGroupID, Name: login.AgentGroup}
}

// lookFor asks for a second look at every list on which it depends that somebody leaves
// (R2). Only a disabled extension by itself depends on no list of RingCX.
func (p *planner) lookFor(l *leaver) {
	if l.reason != sync.ReasonDisabled || l.person == nil {
		p.plan.Look.AtRingCX(l.member.ID, sync.StatusField)
	}
	p.lookAtRingEX(l.member, l.reason == sync.ReasonDisabled || l.reason == sync.ReasonOutOfScope && readsExtensions(&p.in.Policy.Scope))
}

// lookAtRingEX asks for a second look at what RingEX says of a member, where it decides.
func (p *planner) lookAtRingEX(m *sync.Member, decides bool) {
	k := &p.plan.Look
	if m.RCUserID != "" && !strings.HasPrefix(m.RCUserID, sync.FormerID) && (decides || p.in.Policy.RequireRingEX || p.access != nil) && !slices.Contains(k.Extensions, m.RCUserID) {
		k.Extensions = append(k.Extensions, m.RCUserID)
	}
	k.Roles = k.Roles || p.access != nil
}

// lookForLoss asks for a second look where a change takes a role or an active login away.
// A role that is another one by what a record says, and no lower, depends on no list.
func (p *planner) lookForLoss(c *sync.Change) {
	for i := range c.Fields {
		if f := &c.Fields[i]; takesAway(c, f) {
			p.plan.Look.AtRingCX(c.Member, f.Field)
			p.lookAtRingEX(c.Was, false)
		}
	}
}

// takesAway says whether RingCentral takes a role or a login from an active member.
func takesAway(c *sync.Change, f *sync.FieldChange) bool {
	return c.Kind == sync.Update && guard.BySource(f.Reason) &&
		(f.Field == sync.Role.String() && sync.RoleRank[f.After] <= sync.RoleRank[f.Before] || f.Field == sync.LoginsField && len(sync.EndedLogins(f.Before, f.After)) > 0)
}

// lookForLosses asks for a second look at what this plan takes away, and at what it shows as
// held for the first time.
func (s *settling) lookForLosses() {
	for i := range s.kept.plan.Changes {
		s.kept.lookForLoss(&s.kept.plan.Changes[i])
	}
	for i := range s.held {
		c := s.held[i]
		c.Fields = slices.DeleteFunc(slices.Clone(c.Fields), func(f sync.FieldChange) bool {
			row := s.open.Asking(c.Member, &f)
			return row != nil && row.State == sync.Waiting
		})
		s.kept.lookForLoss(&c)
	}
}

// lookForProofs asks for a second look at the extensions that prove of the people of a dissolved
// list that they have gone, where anything hangs on that (R22).
func (s *settling) lookForProofs() {
	if !s.kept.plan.Look.RingCX {
		return
	}
	for i := range s.read.lists.lost {
		l := &s.read.lists.lost[i]
		if !l.part && s.read.lists.rolls[l.list].HangsOnProofs() && s.read.hasGone(l.member) {
			s.kept.lookAtRingEX(l.member, true)
		}
	}
}

// JudgeLook gives the lists that one look alone gives no reason to believe, and what it alone
// takes away (R2).
func JudgeLook(in Input) ([]sync.Doubt, map[sync.Loss]bool, error) {
	p, err := draft(in, nil)
	if err != nil {
		return nil, nil, err
	}
	found := p.findings()
	return found.Doubts(), p.losses(), nil
}

// losses are what a draft takes away.
func (p *planner) losses() map[sync.Loss]bool {
	losses := map[sync.Loss]bool{}
	for i := range p.leavers {
		losses[sync.Loss{Member: p.leavers[i].member.ID, Field: sync.StatusField}] = true
	}
	for _, person := range p.people.all {
		if person.outcome.decision != changed {
			continue
		}
		c := person.outcome.details().change
		for i := range c.Fields {
			if takesAway(c, &c.Fields[i]) {
				losses[sync.Loss{Member: c.Member, Field: c.Fields[i].Field}] = true
			}
		}
	}
	return losses
}

// oneLookKeeps says whether a look that was taken for a loss does not show it: then it is none
// (R2).
func (p *planner) oneLookKeeps(member int64, field string) bool {
	if p.kept == nil {
		p.kept = make(map[sync.Loss]bool, len(p.in.Snapshot.Kept))
		for _, loss := range p.in.Snapshot.Kept {
			p.kept[loss] = true
		}
	}
	return p.kept[sync.Loss{Member: member, Field: field}]
}
