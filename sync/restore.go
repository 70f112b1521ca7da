package sync

import (
	"cmp"
	"slices"
)

// lostFrom gives what is lost from the lists that are not believed, and can be kept: by
// member, so that the order of lists and members changes nothing.
func (p *planner) lostFrom(found *Findings) []lost {
	all := slices.DeleteFunc(slices.Clone(p.lists.lost), func(l lost) bool {
		return found.Lists[l.list] == nil || l.member.Status != Active
	})
	slices.SortStableFunc(all, func(a, b lost) int {
		return cmp.Or(cmp.Compare(a.member.ID, b.member.ID), compareLists(a.list, b.list))
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
		switch home := homes[i]; l.list.kind {
		case administrators:
			for _, id := range l.member.AdminIDs {
				// Whoever else has it now: no administrator's id passes on. Of whom there is nothing
				// else, that other may be them.
				if holder := byAdmin[id]; holder == nil || home != nil || holder == p.ghosts[l.member.ID] {
					byAdmin[id] = p.restored(l, home, adminKey(id))
					byAdmin[id].putBackAdmin(id)
				}
			}
		case extensionList:
			if home != nil && (home.Ext == nil || home.Ext.Status == "Unassigned") {
				home.Ext, home.ExtByID = &Extension{ID: l.member.RCUserID, Type: "User", Status: "Enabled"}, l.member.RCUserID != ""
			}
		case roleList:
			if home == nil { // an extension without any record (R9)
				home = p.restored(l, nil, agentKey(l.member.RCUserID))
			}
			home.admitted = true
		case agentGroupList, subAccountList:
			for _, login := range l.logins() {
				holder, home := byLogin[login.key()], home
				if holder.isStrayOf(home) {
					home = holder // they are joined once the member is met (R5)
				}
				if holder == nil || holder == home || holder == p.ghosts[l.member.ID] {
					byLogin[login.key()] = p.restored(l, home, agentKey(login.key()))
					byLogin[login.key()].putBackAgent(p.snapshot, login)
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
func (l *lost) logins() (lost []Login) {
	for _, login := range l.member.Logins {
		if login.Active && l.list.has(&login) {
			lost = append(lost, login)
		}
	}
	return lost
}

func (p *Person) putBackAdmin(id string) {
	if !slices.ContainsFunc(p.Admins, func(a *Admin) bool { return a.UserID == id }) {
		p.Admins = append(slices.Clip(p.Admins), &Admin{UserID: id, RCUserID: p.RCUserID})
	}
}

func (p *Person) putBackAgent(s *Snapshot, login Login) {
	agent := &Agent{ID: login.AgentID, RCUserID: p.RCUserID, UserName: login.UserName, Type: login.AgentType, Active: true}
	i := slices.IndexFunc(p.Agents, func(r AgentRecord) bool { return r.Sub.ID == login.SubAccountID && r.ID == login.AgentID })
	sub, group := s.place(login)
	p.restored = append(p.restored, agent)
	switch {
	case i < 0:
		p.Agents = append(slices.Clip(p.Agents), AgentRecord{agent, sub, group})
	case !p.Agents[i].Active && p.Agents[i].Faulty == "":
		p.Agents = slices.Clone(p.Agents)
		p.Agents[i] = AgentRecord{agent, sub, group}
	}
}

// place finds the sub-account and group of a login; those that are no longer listed are as
// the roster last knew them.
func (s *Snapshot) place(login Login) (*SubAccount, *Group) {
	sub := &SubAccount{ID: login.SubAccountID, Name: login.SubAccount, Active: true, Read: true}
	if i := slices.IndexFunc(s.SubAccounts, func(x SubAccount) bool { return x.ID == login.SubAccountID }); i >= 0 {
		sub = &s.SubAccounts[i]
	}
	if i := slices.IndexFunc(sub.Groups, func(g Group) bool { return g.ID == login.AgentGroupID }); i >= 0 {
		return sub, &sub.Groups[i]
	}
	return sub, &Group{ID: login.AgentGroupID, Name: login.AgentGroup}
}
