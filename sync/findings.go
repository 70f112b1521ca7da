package sync

import (
	"fmt"
	"maps"
	"slices"
)

// findings are what the guard says of this draft.
func (p *planner) findings() Findings {
	p.measure()
	f := Facts{
		Noun: "active members", Now: p.in.Now, Limit: p.in.Policy.Limits.Deactivations, Active: p.tally.active,
		Recent:       [2]int{p.in.State.Recent[0].Deactivated, p.in.State.Recent[1].Deactivated},
		Rolls:        p.lists.rolls.sorted(),
		OwnerMissing: p.missingOwner(), SettingsChanged: p.movedSettings(),
	}
	for i := range p.leavers {
		if l := &p.leavers[i]; l.counts() {
			f.Leavers = append(f.Leavers, l.member.LeavingSince)
		}
	}
	found := Check(&f)
	maps.DeleteFunc(found.Lists, func(list listKey, _ []HoldReason) bool { return p.lists.rolls[list].Lost == 0 })
	found.believe(p.lists.rolls, p.in.Snapshot.Doubts)
	maps.DeleteFunc(found.Lists, func(list listKey, _ []HoldReason) bool {
		return list.kind == subAccountList && !p.lists.rolls[list].Gone && p.isCovered(list.sub, &found)
	})
	return found
}

// movedSettings says which deciding settings are not those accepted (R23).
func (p *planner) movedSettings() string {
	// With an empty set of settings "nothing was accepted yet" is about the members there.
	return movedSettings(p.in.State.Accepted, DecidingSettings(&p.in.Policy, p.in.Snapshot), "members")
}

// isCovered says whether all that a sub-account lost is lost from agent groups that are not
// believed: then they say it already.
func (p *planner) isCovered(sub string, found *Findings) bool {
	return !slices.ContainsFunc(p.lists.lost, func(l lost) bool {
		return l.list == (listKey{kind: subAccountList, sub: sub}) && slices.ContainsFunc(l.logins(), func(login Login) bool {
			there := l.person != nil && slices.ContainsFunc(l.person.Agents, func(r AgentRecord) bool {
				return r.Active && loginKey(r.Sub.ID, r.ID) == login.key()
			})
			return !there && found.Lists[listKey{agentGroupList, sub, login.AgentGroupID}] == nil
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
		if l := &p.lists.lost[i]; l.list.kind == administrators && l.member.RCUserID == owner {
			return fmt.Sprintf("the administrators list lacks member %d (%s), who authenticated", l.member.ID, owner)
		}
	}
	return ""
}
