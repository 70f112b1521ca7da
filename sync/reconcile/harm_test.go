package reconcile_test

import (
	"fmt"
	"slices"
	"time"

	"ringroster/sync"
	"ringroster/sync/guard"
)

// truth is what somebody is by the records of a snapshot. It is written from the rules, and
// shares nothing with the planner.
type truth struct {
	belongs  bool
	values   map[string]string   // by field
	lists    map[guard.List]bool // on which lists that decide they are
	logins   map[string]bool     // active
	disabled bool
	leaving  bool // for more than a day
}

// census is everybody of a snapshot, by rcUserId, by login without one, or by administrator
// id without one.
type census struct {
	people  map[string]*truth
	lengths map[guard.List]int // of the lists that are there: records
}

func count(s *sync.Snapshot, policy *sync.Policy) *census {
	c := &census{people: map[string]*truth{}, lengths: map[guard.List]int{{Kind: sync.Administrators}: len(s.Admins)}}
	of := func(rc, other string) *truth {
		key := either(rc != "", "rc:"+rc, other)
		if c.people[key] == nil {
			c.people[key] = &truth{values: map[string]string{}, lists: map[guard.List]bool{}, logins: map[string]bool{}}
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
		p := of(a.RCUserID, sync.AdminKey(a.UserID))
		p.belongs, p.lists[guard.List{Kind: sync.Administrators}] = true, true
		p.values = map[string]string{"first_name": a.FirstName, "last_name": a.LastName, "email": a.Email, "role": sync.RoleAdministrator}
	}
	for i := range s.SubAccounts {
		sub := &s.SubAccounts[i]
		c.lengths[guard.List{Kind: sync.SubAccountList, Sub: sub.ID}] = len(sub.Groups)
		for _, g := range sub.Groups {
			list := guard.List{Kind: sync.AgentGroupList, Sub: sub.ID, Group: g.ID}
			c.lengths[list] = len(g.Agents)
			for _, a := range g.Agents {
				if !a.Active || policy.Access.Rule == sync.AccessPermission && len(s.Assigned[a.RCUserID]) == 0 {
					continue
				}
				p := of(a.RCUserID, sync.AgentKey(sync.LoginKey(sub.ID, a.ID)))
				if !p.belongs {
					role := either(a.Type == "AGENT", "Agent", "Supervisor")
					p.values = map[string]string{"first_name": a.FirstName, "last_name": a.LastName, "email": a.Email, "role": role}
				}
				p.belongs, p.lists[list], p.lists[guard.List{Kind: sync.SubAccountList, Sub: sub.ID}] = true, true, true
				p.logins[sync.LoginKey(sub.ID, a.ID)] = true
			}
		}
	}
	for key, p := range c.people {
		if policy.RequireRingEX {
			p.belongs = p.belongs && extensions[key]
			if extensions[key] {
				p.lists[guard.List{Kind: sync.ExtensionList}] = true
			}
		}
		p.belongs = p.belongs && !p.disabled
	}
	return c
}

// who finds the truth about a member; nil: nobody is reported.
func (c *census) who(m *sync.Member) *truth {
	if m.RCUserID != "" {
		return c.people["rc:"+m.RCUserID]
	}
	for _, l := range m.Logins {
		if p := c.people[sync.AgentKey(l.Key())]; p != nil && l.Active {
			return p
		}
	}
	for _, id := range m.AdminIDs {
		if p := c.people[sync.AdminKey(id)]; p != nil {
			return p
		}
	}
	return nil
}

// excess is what of an accident is above the thresholds, so that nothing of it may be applied:
// the thresholds as the rules have them (R21, R22, R35).
type excess struct {
	leavers   bool
	lists     map[guard.List]string
	fields    map[string]bool
	arrivals  bool
	admins    bool
	wrongMany map[string]int
	old       map[*truth]*truth // as everybody was before the accident
	moved     map[*truth]bool   // who gained a place elsewhere since: their loss of another excuses itself
}

// remember is what the roster knows of its active members: on which lists they are.
func remember(members []*sync.Member, policy *sync.Policy, now time.Time) (c *census, active int) {
	c = &census{people: map[string]*truth{}}
	for _, m := range members {
		if m.Status != sync.Active || !m.Linked {
			continue
		}
		active++
		p := &truth{belongs: true, lists: map[guard.List]bool{}, values: map[string]string{}}
		p.leaving = !m.LeavingSince.IsZero() && !m.LeavingSince.After(now.Add(-23*time.Hour))
		for _, f := range []sync.Field{sync.FirstName, sync.LastName, sync.Email, sync.Role} {
			p.values[f.String()] = m.Profile[f]
		}
		keys := []string{"rc:" + m.RCUserID}
		for _, l := range m.Logins {
			if l.Active {
				p.lists[guard.List{Kind: sync.AgentGroupList, Sub: l.SubAccountID, Group: l.AgentGroupID}] = true
				p.lists[guard.List{Kind: sync.SubAccountList, Sub: l.SubAccountID}] = true
				keys = append(keys, sync.AgentKey(l.Key()))
			}
		}
		p.lists[guard.List{Kind: sync.Administrators}] = len(m.AdminIDs) > 0
		p.lists[guard.List{Kind: sync.ExtensionList}] = policy.RequireRingEX
		for _, key := range keys {
			c.people[key] = p
		}
	}
	return c, active
}

// measureAccident compares what is seen of a day with the truth of that day, of those of whom
// the roster knows it already.
func measureAccident(before, today, seen *census, active int) *excess {
	x := &excess{lists: map[guard.List]string{}, fields: map[string]bool{}, wrongMany: map[string]int{}, moved: map[*truth]bool{}, old: map[*truth]*truth{}}
	was, lost := map[guard.List]int{}, map[guard.List]int{}
	gone, arrived, admins, promoted := 0, 0, 0, 0
	administrator := guard.List{Kind: sync.Administrators}
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
			if !old.lists[list] && (list.Kind == sync.AgentGroupList || list.Kind == sync.Administrators) {
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
	over := func(n int, l sync.Limit, of int) bool { return n >= l.Floor && n*100 > l.Percent*of }
	x.leavers, x.arrivals, x.admins = over(gone, sync.Limit{Percent: 5, Floor: 5}, active), over(arrived, sync.Limit{Percent: 30, Floor: 20}, active), over(promoted, sync.Limit{Percent: 20, Floor: 3}, admins)
	for field, n := range x.wrongMany {
		x.fields[field] = over(n, sync.Limit{Percent: 30, Floor: 20}, active)
	}
	x.judgeLists(today, seen, was, lost)
	return x
}

// excuses says whether somebody's loss of a list says nothing about the list.
func (x *excess) excuses(p *truth, list guard.List) bool {
	return x.moved[p] && (list.Kind == sync.AgentGroupList || list.Kind == sync.SubAccountList)
}

func (x *excess) judgeLists(today, seen *census, was, lost map[guard.List]int) {
	longest, cut := 0, 0
	for list, n := range seen.lengths {
		if list.Kind == sync.AgentGroupList {
			longest = max(longest, n)
		}
	}
	isCut := func(list guard.List) bool {
		return list.Kind == sync.AgentGroupList && seen.lengths[list] == longest && today.lengths[list] > longest
	}
	for list, n := range lost {
		if isCut(list) && (n >= 2 || n == 1 && was[list] > longest) {
			cut++
		}
	}
	for list, n := range lost {
		length, there := seen.lengths[list]
		there = there || list.Kind == sync.ExtensionList
		left := was[list] - n
		switch {
		case n == 0:
		case list.Kind == sync.SubAccountList && !there:
			x.lists[list] = "not listed"
		case list.Kind == sync.AgentGroupList && !there && n >= 2:
			x.lists[list] = "not listed"
		case n >= 2 && left == 0:
			x.lists[list] = "empty"
		case n >= 3 && left <= n:
			x.lists[list] = "more lost than left"
		case list.Kind == sync.Administrators && n >= 2 && n*10 >= was[list]:
			x.lists[list] = "a tenth of the administrators"
		case list.Kind == sync.AgentGroupList && (slices.Contains([]int{1000, 2000}, length) || n >= 2 && slices.Contains([]int{50, 100, 200, 250, 500, 5000}, length)):
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

func (h *harm) note(others int, why string, c *sync.Change, what string) {
	if h.others += others; others == 0 {
		h.leavers++
	}
	h.wrong = append(h.wrong, fmt.Sprintf("%s (%s) of member %d (%s)", what, c.Kind, c.Member, c.Name))
	if why != "" {
		h.broken = append(h.broken, fmt.Sprintf("%s is applied, although %s", h.wrong[len(h.wrong)-1], why))
	}
}

// harmOf judges what a plan applies.
func harmOf(plan *sync.Plan, members map[int64]*sync.Member, today, seen *census, x *excess) *harm {
	h := &harm{}
	for i := range plan.Changes {
		c := &plan.Changes[i]
		if c.Kind == sync.Onboard {
			next := c.Next()
			if p := today.who(next); p == nil || !p.belongs {
				h.note(1, textIf(x.arrivals, "so many come in"), c, "the onboarding")
			} else if p.values["role"] != next.Profile[sync.Role] {
				h.note(1, textIf(x.admins && next.Profile[sync.Role] == sync.RoleAdministrator, "so many gain the role"), c, "the role")
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
		if c.Kind == sync.Deactivate {
			h.note(0, x.whyLost(p, seen.who(members[c.Member]), nil), c, "the deactivation")
			continue
		}
		h.judgeFields(c, members[c.Member], p, seen, x)
	}
	return h
}

// whyLost says why somebody missing from lists may not lose what they had by them; only: by
// those. Of who came to a list on the day of its accident nobody knows that they should be on it.
func (x *excess) whyLost(p, seen *truth, only func(guard.List) bool) string {
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

func (h *harm) judgeFields(c *sync.Change, was *sync.Member, p *truth, seen *census, x *excess) {
	for _, f := range c.Fields {
		switch value, known := p.values[f.Field]; {
		case f.Field == sync.LoginsField:
			next := c.Next()
			for _, l := range was.Logins {
				lost := slices.ContainsFunc(next.Logins, func(n sync.Login) bool { return n.Key() == l.Key() && !n.Active })
				if l.Active && lost && p.logins[l.Key()] {
					h.note(1, x.whyLost(p, seen.who(was), func(list guard.List) bool {
						return list == guard.List{Kind: sync.AgentGroupList, Sub: l.SubAccountID, Group: l.AgentGroupID} || list == guard.List{Kind: sync.SubAccountList, Sub: l.SubAccountID}
					}), c, "the loss of login "+l.Key())
				}
			}
		case known && f.After != value:
			why := textIf(x.fields[f.Field] && c.Kind != sync.Reactivate, "so many would get another "+f.Field) // R35
			if f.Field == sync.Role.String() && f.After == sync.RoleAdministrator {
				why += textIf(x.admins, "so many gain the role")
			}
			if f.Field == sync.Role.String() && value == sync.RoleAdministrator {
				why += x.whyLost(p, seen.who(was), func(list guard.List) bool { return list.Kind == sync.Administrators })
			}
			h.note(1, why, c, f.Field+" "+f.After)
		}
	}
}
