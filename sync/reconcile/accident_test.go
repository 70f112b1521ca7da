package reconcile_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"

	"ringroster/sync"
)

// accident is one way in which RingCentral, or somebody there, answers wrongly. It is the
// same on every look and on each of its days.
type accident struct {
	name  string
	needs string // the policy without which it changes nothing; "": none
	// plan draws what is hit from what RingCentral truly says on the first day, and gives
	// what the accident makes of a copy of any day; nil: there is nothing to hit.
	plan func(r *rand.Rand, s *sync.Snapshot) func(*sync.Snapshot)
}

var accidents = []accident{
	{"an agent group answers nothing", "", func(r *rand.Rand, s *sync.Snapshot) func(*sync.Snapshot) {
		return onAgents(inGroups(drawGroups(r, s, 1, 2, 1000)), dropped)
	}},
	{"an agent group is not listed", "", func(r *rand.Rand, s *sync.Snapshot) func(*sync.Snapshot) {
		return unlisted(drawGroups(r, s, 1, 2, 1000))
	}},
	{"five small groups are not listed", "", func(r *rand.Rand, s *sync.Snapshot) func(*sync.Snapshot) {
		return unlisted(drawGroups(r, s, 5, 1, 6))
	}},
	{"half of an agent group is missing", "", func(r *rand.Rand, s *sync.Snapshot) func(*sync.Snapshot) {
		group := drawGroups(r, s, 1, 2, 1000)
		if group == nil {
			return nil
		}
		lost := draw(r, activeIn(s, group), func(n int) int { return (n + 1) / 2 })
		return onAgents(lost, dropped)
	}},
	{"a quarter of an agent group is missing", "", func(r *rand.Rand, s *sync.Snapshot) func(*sync.Snapshot) {
		group := drawGroups(r, s, 1, 4, 1000)
		if group == nil {
			return nil
		}
		return onAgents(draw(r, activeIn(s, group), func(n int) int { return (n + 2) / 4 }), dropped)
	}},
	{"one row of an agent group is left", "", func(r *rand.Rand, s *sync.Snapshot) func(*sync.Snapshot) {
		group := drawGroups(r, s, 1, 3, 1000)
		if group == nil {
			return nil
		}
		return onAgents(draw(r, activeIn(s, group), func(n int) int { return n - 1 }), dropped)
	}},
	{"all agent lists are cut at one length", "", cutAll},
	{"one administrator is left", "", func(r *rand.Rand, s *sync.Snapshot) func(*sync.Snapshot) {
		left := s.Admins[r.IntN(len(s.Admins))].UserID
		return func(s *sync.Snapshot) {
			s.Admins = slices.DeleteFunc(s.Admins, func(a sync.Admin) bool { return a.UserID != left })
		}
	}},
	{"a tenth of the groups is not listed", "", func(r *rand.Rand, s *sync.Snapshot) func(*sync.Snapshot) {
		return unlisted(drawGroups(r, s, (groupCount(s)+9)/10, 1, 1000))
	}},
	{"isActive is false in a whole group", "", func(r *rand.Rand, s *sync.Snapshot) func(*sync.Snapshot) {
		return onAgents(inGroups(drawGroups(r, s, 1, 2, 1000)), func(a *sync.Agent) bool { a.Active = false; return true })
	}},
	{"a sub-account is not listed", "", func(r *rand.Rand, s *sync.Snapshot) func(*sync.Snapshot) {
		gone := s.SubAccounts[r.IntN(len(s.SubAccounts))].ID
		return func(s *sync.Snapshot) {
			s.SubAccounts = slices.DeleteFunc(s.SubAccounts, func(sub sync.SubAccount) bool { return sub.ID == gone })
		}
	}},
	{"the extension list lacks 10 to 60 %", "require_ringex", func(r *rand.Rand, s *sync.Snapshot) func(*sync.Snapshot) {
		lost := draw(r, extensionIDs(s), share(0.1+0.5*r.Float64()))
		return func(s *sync.Snapshot) {
			s.Extensions = slices.DeleteFunc(s.Extensions, func(e sync.Extension) bool { return lost[e.ID] })
		}
	}},
	{"10 to 60 % of the role assignments are missing", "role_permission", func(r *rand.Rand, s *sync.Snapshot) func(*sync.Snapshot) {
		lost := draw(r, extensionIDs(s), share(0.1+0.5*r.Float64()))
		return func(s *sync.Snapshot) {
			maps.DeleteFunc(s.Assigned, func(id string, _ []string) bool { return lost[id] })
		}
	}},
	{"wrong e-mails of 35 to 100 %", "", func(r *rand.Rand, s *sync.Snapshot) func(*sync.Snapshot) {
		return renamed(draw(r, peopleOf(s), share(0.35+0.65*r.Float64())), func(_, _, email *string) { *email = "x-" + *email })
	}},
	{"wrong last names of 35 to 100 %", "", func(r *rand.Rand, s *sync.Snapshot) func(*sync.Snapshot) {
		return renamed(draw(r, peopleOf(s), share(0.35+0.65*r.Float64())), func(_, last, _ *string) { *last = "Doe" })
	}},
	{"another company's people are listed", "", strangers},
	{"10 to 100 % become administrators", "", func(r *rand.Rand, s *sync.Snapshot) func(*sync.Snapshot) {
		chosen := draw(r, peopleOf(s), share(0.1+0.9*r.Float64()))
		return func(s *sync.Snapshot) {
			for _, a := range agentsOf(s) {
				if chosen[a.FirstName] && !slices.ContainsFunc(s.Admins, func(x sync.Admin) bool { return x.FirstName == a.FirstName }) {
					s.Admins = append(s.Admins, sync.Admin{UserID: "4" + a.ID, RCUserID: a.RCUserID, FirstName: a.FirstName, LastName: a.LastName, Email: a.Email})
				}
			}
		}
	}},
	{"every list lacks a quarter", "", func(r *rand.Rand, s *sync.Snapshot) func(*sync.Snapshot) { return thinned(r, s, 0.25) }},
	{"3 % of the rows are missing everywhere", "", func(r *rand.Rand, s *sync.Snapshot) func(*sync.Snapshot) { return thinned(r, s, 0.03) }},
}

// share is that part of n, at least one.
func share(part float64) func(int) int {
	return func(n int) int { return max(1, int(part*float64(n))) }
}

// draw chooses some of all by lot.
func draw(r *rand.Rand, all []string, some func(int) int) map[string]bool {
	all = slices.Clone(all)
	r.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	chosen := map[string]bool{}
	for _, id := range all[:min(len(all), some(len(all)))] {
		chosen[id] = true
	}
	return chosen
}

// drawGroups chooses n agent groups with at least and at most so many active agents.
func drawGroups(r *rand.Rand, s *sync.Snapshot, n, least, most int) map[string]bool {
	var fit []string
	for i := range s.SubAccounts {
		for _, g := range s.SubAccounts[i].Groups {
			active := len(activeIn(s, map[string]bool{g.ID: true}))
			if active >= least && active <= most {
				fit = append(fit, g.ID)
			}
		}
	}
	if len(fit) < n {
		return nil
	}
	return draw(r, fit, func(int) int { return n })
}

func groupCount(s *sync.Snapshot) (n int) {
	for i := range s.SubAccounts {
		n += len(s.SubAccounts[i].Groups)
	}
	return n
}

func activeIn(s *sync.Snapshot, groups map[string]bool) (ids []string) {
	for i := range s.SubAccounts {
		for _, g := range s.SubAccounts[i].Groups {
			if !groups[g.ID] {
				continue
			}
			for j := range g.Agents {
				if g.Agents[j].Active {
					ids = append(ids, g.Agents[j].ID)
				}
			}
		}
	}
	return ids
}

func extensionIDs(s *sync.Snapshot) (ids []string) {
	for i := range s.Extensions[1:] { // without the owner's
		ids = append(ids, s.Extensions[1+i].ID)
	}
	return ids
}

func agentsOf(s *sync.Snapshot) (all []*sync.Agent) {
	for i := range s.SubAccounts {
		for j := range s.SubAccounts[i].Groups {
			g := &s.SubAccounts[i].Groups[j]
			for k := range g.Agents {
				all = append(all, &g.Agents[k])
			}
		}
	}
	return all
}

// peopleOf are the active agents, by their first names, which are unique in a company.
func peopleOf(s *sync.Snapshot) (names []string) {
	for _, a := range agentsOf(s) {
		if a.Active {
			names = append(names, a.FirstName)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// inGroups is every agent record that stands in one of the groups.
type inGroups map[string]bool

func dropped(*sync.Agent) bool { return false }

// onAgents changes the records that are chosen, by agent id or by group; those of which to
// gives false are dropped.
func onAgents[M ~map[string]bool](chosen M, to func(*sync.Agent) bool) func(*sync.Snapshot) {
	if chosen == nil {
		return nil
	}
	_, byGroup := any(chosen).(inGroups)
	return func(s *sync.Snapshot) {
		for i := range s.SubAccounts {
			for j := range s.SubAccounts[i].Groups {
				g := &s.SubAccounts[i].Groups[j]
				g.Agents = slices.DeleteFunc(g.Agents, func(a sync.Agent) bool { return chosen[either(byGroup, g.ID, a.ID)] && !to(&a) })
				for k := range g.Agents {
					if chosen[either(byGroup, g.ID, g.Agents[k].ID)] {
						to(&g.Agents[k])
					}
				}
			}
		}
	}
}

func either(first bool, a, b string) string {
	if first {
		return a
	}
	return b
}

func unlisted(groups map[string]bool) func(*sync.Snapshot) {
	if groups == nil {
		return nil
	}
	return func(s *sync.Snapshot) {
		for i := range s.SubAccounts {
			sub := &s.SubAccounts[i]
			sub.Groups = slices.DeleteFunc(sub.Groups, func(g sync.Group) bool { return groups[g.ID] })
		}
	}
}

// cutAll cuts every agent list at one length that some are longer than.
func cutAll(r *rand.Rand, s *sync.Snapshot) func(*sync.Snapshot) {
	longest := 0
	for i := range s.SubAccounts {
		for _, g := range s.SubAccounts[i].Groups {
			longest = max(longest, len(g.Agents))
		}
	}
	lengths := slices.DeleteFunc([]int{10, 20, 25, 50}, func(n int) bool { return n >= longest })
	if len(lengths) == 0 {
		return nil
	}
	n := lengths[r.IntN(len(lengths))]
	return func(s *sync.Snapshot) {
		for i := range s.SubAccounts {
			for j := range s.SubAccounts[i].Groups {
				g := &s.SubAccounts[i].Groups[j]
				g.Agents = g.Agents[:min(n, len(g.Agents))]
			}
		}
	}
}

// renamed gives the chosen people wrong values in all their records.
func renamed(chosen map[string]bool, wrong func(first, last, email *string)) func(*sync.Snapshot) {
	return func(s *sync.Snapshot) {
		for _, a := range agentsOf(s) {
			if chosen[a.FirstName] {
				wrong(&a.FirstName, &a.LastName, &a.Email)
			}
		}
		for i := range s.Admins {
			if a := &s.Admins[i]; chosen[a.FirstName] {
				wrong(&a.FirstName, &a.LastName, &a.Email)
			}
		}
	}
}

// strangers adds people of whom nobody ever heard, 35 to 100 % of the company's number.
func strangers(r *rand.Rand, s *sync.Snapshot) func(*sync.Snapshot) {
	n := share(0.35 + 0.65*r.Float64())(len(peopleOf(s)))
	group := slices.Collect(maps.Keys(drawGroups(r, s, 1, 0, 1000)))[0]
	return func(s *sync.Snapshot) {
		for i := range s.SubAccounts {
			for j := range s.SubAccounts[i].Groups {
				g := &s.SubAccounts[i].Groups[j]
				for k := 0; k < n && g.ID == group; k++ {
					name := fmt.Sprintf("Stranger%d", k)
					g.Agents = append(g.Agents, sync.Agent{
						ID: fmt.Sprint(9_000_000 + k), RCUserID: fmt.Sprint(8_000_000 + k), FirstName: name, LastName: "Doe",
						Email: strings.ToLower(name) + "@example.org", Type: "AGENT", Active: true,
					})
				}
			}
		}
		for k := range n {
			id := fmt.Sprint(8_000_000 + k)
			s.Extensions = append(s.Extensions, sync.Extension{ID: id, Type: "User", Status: "Enabled"})
			if s.Assigned != nil {
				s.Assigned[id] = []string{"1"}
			}
		}
	}
}

// thinned drops a part of every agent list and of the administrators.
func thinned(r *rand.Rand, s *sync.Snapshot, part float64) func(*sync.Snapshot) {
	some := func(n int) int { return int(part*float64(n) + r.Float64()) }
	lost := map[string]bool{}
	for i := range s.SubAccounts {
		for _, g := range s.SubAccounts[i].Groups {
			maps.Copy(lost, draw(r, activeIn(s, map[string]bool{g.ID: true}), some))
		}
	}
	var admins []string
	for _, a := range s.Admins {
		admins = append(admins, a.UserID)
	}
	fewer := draw(r, admins, some)
	thin := onAgents(lost, dropped)
	return func(s *sync.Snapshot) {
		thin(s)
		s.Admins = slices.DeleteFunc(s.Admins, func(a sync.Admin) bool { return fewer[a.UserID] })
	}
}

// clone is a copy that an accident may change.
func clone(s *sync.Snapshot) *sync.Snapshot {
	c := *s
	c.Admins, c.Extensions, c.Assigned = slices.Clone(s.Admins), slices.Clone(s.Extensions), maps.Clone(s.Assigned)
	c.SubAccounts = slices.Clone(s.SubAccounts)
	for i := range c.SubAccounts {
		c.SubAccounts[i].Groups = slices.Clone(c.SubAccounts[i].Groups)
		for j := range c.SubAccounts[i].Groups {
			g := &c.SubAccounts[i].Groups[j]
			g.Agents = slices.Clone(g.Agents)
		}
	}
	return &c
}
