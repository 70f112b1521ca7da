package sync

import (
	"fmt"
	"slices"
	"time"
)

// truth is what somebody is by the records of a snapshot. It is written from the rules, and
// shares nothing with the planner.
type truth struct {
	belongs  bool
	values   map[string]string // by field
	lists    map[listKey]bool  // on which lists that decide they are
	logins   map[string]bool   // active
	disabled bool
	leaving  bool // for more than a day
}

// census is everybody of a snapshot, by rcUserId, by login without one, or by administrator
// id without one.
type census struct {
	people  map[string]*truth
	lengths map[listKey]int // of the lists that are there: records
}

func count(s *Snapshot, policy *Policy) *census {
	c := &census{people: map[string]*truth{}, lengths: map[listKey]int{{kind: administrators}: len(s.Admins)}}
	of := func(rc, other string) *truth {
		key := either(rc != "", "rc:"+rc, other)
		if c.people[key] == nil {
			c.people[key] = &truth{values: map[string]string{}, lists: map[listKey]bool{}, logins: map[string]bool{}}
		}
		return c.people[key]
	}
	extensions := map[string]bool{}
	for i := range s.Extensions {
		e := &s.Extensions[i]
		extensions["rc:"+e.ID] = true
		if e.Status == "Disabled" {
			of(e.ID, "").disabled = true
		}
	}
	for _, a := range s.Admins {
		p := of(a.RCUserID, adminKey(a.UserID))
		p.belongs, p.lists[listKey{kind: administrators}] = true, true
		p.values = map[string]string{"first_name": a.FirstName, "last_name": a.LastName, "email": a.Email, "role": RoleAdministrator}
	}
	for i := range s.SubAccounts {
		sub := &s.SubAccounts[i]
		c.lengths[listKey{kind: subAccountList, sub: sub.ID}] = len(sub.Groups)
		for _, g := range sub.Groups {
			list := listKey{agentGroupList, sub.ID, g.ID}
			c.lengths[list] = len(g.Agents)
			for _, a := range g.Agents {
				if !a.Active || policy.Access.Rule == AccessPermission && len(s.Assigned[a.RCUserID]) == 0 {
					continue
				}
				p := of(a.RCUserID, agentKey(loginKey(sub.ID, a.ID)))
				if !p.belongs {
					role := either(a.Type == "AGENT", "Agent", "Supervisor")
					p.values = map[string]string{"first_name": a.FirstName, "last_name": a.LastName, "email": a.Email, "role": role}
				}
				p.belongs, p.lists[list], p.lists[listKey{kind: subAccountList, sub: sub.ID}] = true, true, true
				p.logins[loginKey(sub.ID, a.ID)] = true
			}
		}
	}
	for key, p := range c.people {
		if policy.RequireRingEX {
			p.belongs = p.belongs && extensions[key]
			if extensions[key] {
				p.lists[listKey{kind: extensionList}] = true
			}
		}
		p.belongs = p.belongs && !p.disabled
	}
	return c
}

// who finds the truth about a member; nil: nobody is reported.
func (c *census) who(m *Member) *truth {
	if m.RCUserID != "" {
		return c.people["rc:"+m.RCUserID]
	}
	for _, l := range m.Logins {
		if p := c.people[agentKey(l.key())]; p != nil && l.Active {
			return p
		}
	}
	for _, id := range m.AdminIDs {
		if p := c.people[adminKey(id)]; p != nil {
			return p
		}
	}
	return nil
}

// excess is what of an accident is above the thresholds, so that nothing of it may be applied:
// the thresholds as the rules have them (R21, R22, R35).
type excess struct {
	leavers   bool
	lists     map[listKey]string
	fields    map[string]bool
	arrivals  bool
	admins    bool
	wrongMany map[string]int
	old       map[*truth]*truth // as everybody was before the accident
	moved     map[*truth]bool   // who gained a place elsewhere since: their loss of another excuses itself
}

// remember is what the roster knows of its active members: on which lists they are.
func remember(members []*Member, policy *Policy, now time.Time) (c *census, active int) {
	c = &census{people: map[string]*truth{}}
	for _, m := range members {
		if m.Status != Active || !m.Linked {
			continue
		}
		active++
		p := &truth{belongs: true, lists: map[listKey]bool{}, values: map[string]string{}}
		p.leaving = !m.LeavingSince.IsZero() && !m.LeavingSince.After(now.Add(-23*time.Hour))
		for _, f := range []Field{FirstName, LastName, Email, Role} {
			p.values[f.String()] = m.Profile[f]
		}
		keys := []string{"rc:" + m.RCUserID}
		for _, l := range m.Logins {
			if l.Active {
				p.lists[listKey{agentGroupList, l.SubAccountID, l.AgentGroupID}] = true
				p.lists[listKey{kind: subAccountList, sub: l.SubAccountID}] = true
				keys = append(keys, agentKey(l.key()))
			}
		}
		p.lists[listKey{kind: administrators}] = len(m.AdminIDs) > 0
		p.lists[listKey{kind: extensionList}] = policy.RequireRingEX
		for _, key := range keys {
			c.people[key] = p
		}
	}
	return c, active
}

// measureAccident compares what is seen of a day with the truth of that day, of those of whom
// the roster knows it already.
func measureAccident(before, today, seen *census, active int) *excess {
	x := &excess{lists: map[listKey]string{}, fields: map[string]bool{}, wrongMany: map[string]int{}, moved: map[*truth]bool{}, old: map[*truth]*truth{}}
	was, lost := map[listKey]int{}, map[listKey]int{}
	gone, arrived, admins, promoted := 0, 0, 0, 0
	administrator := listKey{kind: administrators}
	for key, p := range today.people {
		old, now := before.people[key], seen.people[key]
		if now == nil {
			now = &truth{}
		}
		if old == nil || !old.belongs || !p.belongs {
			continue
		}
		x.old[p] = old
		if !now.belongs && !old.leaving {
			gone++
		}
		for list := range now.lists {
			if !old.lists[list] && (list.kind == agentGroupList || list.kind == administrators) {
				x.moved[p] = true
			}
		}
		for list := range p.lists {
			if !old.lists[list] || !now.lists[list] && x.excuses(p, list) {
				continue
			}
			was[list]++
			if !now.lists[list] {
				lost[list]++
			}
		}
		if p.lists[administrator] {
			admins++
		} else if now.lists[administrator] {
			promoted++
		}
		for field, value := range p.values {
			if now.belongs && old.values[field] == value && now.values[field] != value {
				x.wrongMany[field]++
			}
		}
	}
	for key, p := range seen.people {
		if p.belongs && today.people[key] == nil {
			arrived++
		}
	}
	over := func(n int, l Limit, of int) bool { return n >= l.Floor && n*100 > l.Percent*of }
	x.leavers, x.arrivals, x.admins = over(gone, Limit{5, 5}, active), over(arrived, Limit{30, 20}, active), over(promoted, Limit{20, 3}, admins)
	for field, n := range x.wrongMany {
		x.fields[field] = over(n, Limit{30, 20}, active)
	}
	x.judgeLists(today, seen, was, lost)
	return x
}

// excuses says whether somebody's loss of a list says nothing about the list.
func (x *excess) excuses(p *truth, list listKey) bool {
	return x.moved[p] && (list.kind == agentGroupList || list.kind == subAccountList)
}

func (x *excess) judgeLists(today, seen *census, was, lost map[listKey]int) {
	longest, cut := 0, 0
	for list, n := range seen.lengths {
		if list.kind == agentGroupList {
			longest = max(longest, n)
		}
	}
	isCut := func(list listKey) bool {
		return list.kind == agentGroupList && seen.lengths[list] == longest && today.lengths[list] > longest
	}
	for list, n := range lost {
		if isCut(list) && (n >= 2 || n == 1 && was[list] > longest) {
			cut++
		}
	}
	for list, n := range lost {
		length, there := seen.lengths[list]
		there = there || list.kind == extensionList
		left := was[list] - n
		switch {
		case n == 0:
		case list.kind == subAccountList && !there:
			x.lists[list] = "not listed"
		case list.kind == agentGroupList && !there && n >= 2:
			x.lists[list] = "not listed"
		case n >= 2 && left == 0:
			x.lists[list] = "empty"
		case n >= 3 && left <= n:
			x.lists[list] = "more lost than left"
		case list.kind == administrators && n >= 2 && n*10 >= was[list]:
			x.lists[list] = "a tenth of the administrators"
		case list.kind == agentGroupList && (slices.Contains([]int{1000, 2000}, length) || n >= 2 && slices.Contains([]int{50, 100, 200, 250, 500, 5000}, length)):
			x.lists[list] = "of a round length"
		case isCut(list) && cut >= 2 && (n >= 2 || was[list] > longest):
			x.lists[list] = "cut like others"
		}
	}
}

// harm is what a plan applies although it is not so.
type harm struct {
	leavers, others int
	wrong           []string // in words
	broken          []string // what of it was above the thresholds
}

func (h *harm) note(others int, why string, c *Change, what string) {
	if h.others += others; others == 0 {
		h.leavers++
	}
	h.wrong = append(h.wrong, fmt.Sprintf("%s (%s) of member %d (%s)", what, c.Kind, c.Member, c.Name))
	if why != "" {
		h.broken = append(h.broken, fmt.Sprintf("%s is applied, although %s", h.wrong[len(h.wrong)-1], why))
	}
}

// harmOf judges what a plan applies.
func harmOf(plan *Plan, members map[int64]*Member, today, seen *census, x *excess) *harm {
	h := &harm{}
	for i := range plan.Changes {
		c := &plan.Changes[i]
		if c.Kind == Onboard {
			next := c.Next()
			if p := today.who(next); p == nil || !p.belongs {
				h.note(1, textIf(x.arrivals, "so many come in"), c, "the onboarding")
			} else if p.values["role"] != next.Profile[Role] {
				h.note(1, textIf(x.admins && next.Profile[Role] == RoleAdministrator, "so many gain the role"), c, "the role")
			}
			continue
		}
		p := today.who(members[c.Member])
		if p == nil {
			p = today.who(c.Next())
		}
		if p == nil || !p.belongs {
			continue
		}
		if c.Kind == Deactivate {
			h.note(0, x.whyLost(p, seen.who(members[c.Member]), nil), c, "the deactivation")
			continue
		}
		h.judgeFields(c, members[c.Member], p, seen, x)
	}
	return h
}

// whyLost says why somebody missing from lists may not lose what they had by them; only: by
// those. Of who came to a list on the day of its accident nobody knows that they should be on it.
func (x *excess) whyLost(p, seen *truth, only func(listKey) bool) string {
	if x.leavers && only == nil && x.old[p] != nil {
		return "so many leave"
	}
	for list := range p.lists {
		known := x.old[p] != nil && x.old[p].lists[list]
		if why := x.lists[list]; why != "" && known && !x.excuses(p, list) && (seen == nil || !seen.lists[list]) && (only == nil || only(list)) {
			return fmt.Sprintf("%s is %s", list, why)
		}
	}
	return ""
}

func (h *harm) judgeFields(c *Change, was *Member, p *truth, seen *census, x *excess) {
	for _, f := range c.Fields {
		switch value, known := p.values[f.Field]; {
		case f.Field == loginsField:
			next := c.Next()
			for _, l := range was.Logins {
				lost := slices.ContainsFunc(next.Logins, func(n Login) bool { return n.key() == l.key() && !n.Active })
				if l.Active && lost && p.logins[l.key()] {
					h.note(1, x.whyLost(p, seen.who(was), func(list listKey) bool {
						return list == listKey{agentGroupList, l.SubAccountID, l.AgentGroupID} || list == listKey{kind: subAccountList, sub: l.SubAccountID}
					}), c, "the loss of login "+l.key())
				}
			}
		case known && f.After != value:
			why := textIf(x.fields[f.Field] && c.Kind != Reactivate, "so many would get another "+f.Field) // R35
			if f.Field == Role.String() && f.After == RoleAdministrator {
				why += textIf(x.admins, "so many gain the role")
			}
			if f.Field == Role.String() && value == RoleAdministrator {
				why += x.whyLost(p, seen.who(was), func(list listKey) bool { return list.kind == administrators })
			}
			h.note(1, why, c, f.Field+" "+f.After)
		}
	}
}
