package reconcile_test

import (
	"fmt"
	"slices"
	"strings"

	"ringroster/sync"
	"ringroster/sync/edit"
)

// hire adds agents to a group.
func (c *chronicle) hire(place string, n int) {
	c.team(place, c.next, n)
	c.next += n
}

// somePlace is a group that there is; "": there is none.
func (c *chronicle) somePlace() string {
	var places []string
	for _, s := range c.Snapshot.SubAccounts {
		for _, g := range s.Groups {
			places = append(places, s.ID+"/"+g.ID)
		}
	}
	if len(places) == 0 {
		return ""
	}
	return places[c.draw(len(places), "place")]
}

// someAgents picks up to n agents of a group.
func (c *chronicle) someAgents(place string, n int) []sync.Agent {
	agents := c.group(place).Agents
	if len(agents) == 0 {
		return nil
	}
	first := c.draw(len(agents), "first agent")
	return slices.Clone(agents[first:min(len(agents), first+1+c.draw(n, "agents"))])
}

// promote makes an agent an administrator, too.
func (c *chronicle) promote() {
	if place := c.somePlace(); place != "" {
		for _, a := range c.someAgents(place, 1) {
			c.admin("3"+a.ID, a.FirstName+" "+a.LastName, rc(a.RCUserID), email(a.Email))
			c.Snapshot.Admins = slices.CompactFunc(c.Snapshot.Admins, func(a, b sync.Admin) bool { return a.UserID == b.UserID })
		}
	}
}

// happen is something that is true of the company from now on, or that an operator sets.
func (c *chronicle) happen() {
	place := c.somePlace()
	if place == "" {
		c.hire("1/10", 3)
		return
	}
	g := c.group(place)
	switch c.draw(12, "what happens") {
	case 0:
		c.hire(place, 1+c.draw(8, "hired"))
	case 1: // some leave
		gone := c.someAgents(place, 4)
		g.Agents = slices.DeleteFunc(slices.Clone(g.Agents), func(a sync.Agent) bool { return slices.Contains(ids(gone), a.ID) })
		if c.draw(2, "RingEX follows") == 0 {
			c.Snapshot.Extensions = slices.DeleteFunc(slices.Clone(c.Snapshot.Extensions), func(e sync.Extension) bool {
				return slices.ContainsFunc(gone, func(a sync.Agent) bool { return a.RCUserID == e.ID })
			})
		}
	case 2: // some move, or all: a group is merged, or split
		moving := c.someAgents(place, 13)
		to := c.somePlace()
		if c.draw(2, "a new group") == 0 {
			to = fmt.Sprintf("%d/%d", 1+c.draw(2, "sub"), 60+c.draw(9, "group"))
		}
		if to != place {
			g.Agents = slices.DeleteFunc(slices.Clone(g.Agents), func(a sync.Agent) bool { return slices.Contains(ids(moving), a.ID) })
			c.group(to).Agents = append(slices.Clip(c.group(to).Agents), moving...)
		}
	case 3:
		g.ID = fmt.Sprint(80 + c.draw(9, "renumbered")*10 + len(g.ID)) // may meet another: then they are one
		c.mergeGroups()
	case 4:
		g.Name += "!"
	case 5: // made anew, with or without the rcUserId
		g.Agents = slices.Clone(g.Agents)
		for _, a := range c.someAgents(place, 4) {
			i := slices.IndexFunc(g.Agents, func(x sync.Agent) bool { return x.ID == a.ID })
			c.next++
			g.Agents[i].ID = fmt.Sprintf("9%03d", c.next)
			if c.draw(2, "without rcUserId") == 0 {
				g.Agents[i].RCUserID = ""
			}
		}
	case 6:
		c.promote()
	case 7:
		for i := range c.Snapshot.Extensions[1:] {
			if c.draw(20, "disabled") == 0 {
				c.Snapshot.Extensions[i+1].Status = "Disabled"
			}
		}
	case 8:
		c.Policy.Protect = [][]sync.Match{nil, {{AgentGroup: g.ID}}, {{Email: "p00*"}}}[c.draw(3, "protect")]
	case 9:
		c.scopeOut(fmt.Sprint(c.draw(3, "scope")), [][]string{nil, {"p00?@*"}, {"p01?@*"}}[c.draw(3, "excluded")]...)
	case 10:
		c.Policy.Deactivate = c.draw(3, "deactivate") > 0
		c.Policy.GraceDays = 2 * c.draw(2, "grace")
	case 11:
		if len(c.members) > 0 {
			m := c.members[c.draw(len(c.members), "member")]
			c.edit(c.t, edit.Manage(m.ID, !m.Managed))
		}
	}
}

func ids(agents []sync.Agent) (all []string) {
	for i := range agents {
		all = append(all, agents[i].ID)
	}
	return all
}

// mergeGroups makes one of groups with one id.
func (c *chronicle) mergeGroups() {
	for i := range c.Snapshot.SubAccounts {
		s := &c.Snapshot.SubAccounts[i]
		var groups []sync.Group
		for _, g := range s.Groups {
			if at := slices.IndexFunc(groups, func(x sync.Group) bool { return x.ID == g.ID }); at >= 0 {
				groups[at].Agents = slices.Concat(groups[at].Agents, g.Agents)
			} else {
				groups = append(groups, g)
			}
		}
		s.Groups = groups
	}
}

// fail draws something that RingCentral gets wrong for a while.
func (c *chronicle) fail() func() {
	place, n := c.somePlace(), c.draw(6, "rows")
	kind := c.draw(8, "what fails")
	return func() {
		sub, id, _ := strings.Cut(place, "/")
		there := slices.ContainsFunc(c.Snapshot.SubAccounts, func(s sync.SubAccount) bool {
			return s.ID == sub && slices.ContainsFunc(s.Groups, func(g sync.Group) bool { return g.ID == id })
		})
		switch {
		case kind == 0 && len(c.Snapshot.Admins) > 0:
			c.Snapshot.Admins = c.Snapshot.Admins[:min(n, len(c.Snapshot.Admins))]
		case kind == 1:
			c.Snapshot.Extensions = c.Snapshot.Extensions[:1+min(n, len(c.Snapshot.Extensions)-1)]
		case kind == 2:
			c.Snapshot.Admins = append(slices.Clip(c.Snapshot.Admins), sync.Admin{Faulty: "cut short"})
		case !there:
		case kind == 3:
			c.unlist(sub, id)
		case kind == 4:
			c.shorten(place, min(n, len(c.group(place).Agents)))
		case kind == 5:
			g := c.group(place)
			g.Agents = slices.Clone(g.Agents)
			for i := range g.Agents {
				g.Agents[i].Active = i < n
			}
		case kind == 6:
			c.sub(sub).Groups = nil
		case kind == 7:
			c.Snapshot.SubAccounts = slices.DeleteFunc(slices.Clone(c.Snapshot.SubAccounts), func(s sync.SubAccount) bool { return s.ID == sub })
		}
	}
}
