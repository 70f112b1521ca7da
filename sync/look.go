package sync

import (
	"cmp"
	"maps"
	"slices"
	"strings"
)

// WithSecondLook joins two readings of the lists, taken in one run (R2). Those of RingCX
// have no totals, and people move between groups while we read: whoever
// either of them shows is there, and only who is missing from both is gone.
// Where both show a record, the later one counts. What was read once stays.
func (s *Snapshot) WithSecondLook(second *Snapshot, look *Look) *Snapshot {
	joined := *s
	joined.TakenAt = second.TakenAt
	if look.Roles {
		joined.withSecondRoles(second)
	}
	if len(look.Extensions) > 0 {
		joined.Extensions = withSecondExtensions(s.Extensions, second.Extensions, look.Extensions)
	}
	if look.RingCX {
		joined.withSecondLists(s, second)
	}
	return &joined
}

func (joined *Snapshot) withSecondLists(s, second *Snapshot) {
	joined.Admins = joinBy(second.Admins, s.Admins, func(a Admin) string { return a.UserID })
	joined.SubAccounts = make([]SubAccount, 0, len(second.SubAccounts))
	for _, sub := range second.SubAccounts {
		if i := slices.IndexFunc(s.SubAccounts, func(x SubAccount) bool { return x.ID == sub.ID }); i >= 0 {
			sub = sub.withFirstLook(&s.SubAccounts[i])
		}
		joined.SubAccounts = append(joined.SubAccounts, sub)
	}
	joined.SubAccounts = joinBy(joined.SubAccounts, s.SubAccounts, func(x SubAccount) string { return x.ID })
	joined.Lists = slices.Clone(s.Lists)
	for _, l := range second.Lists {
		if !slices.Contains(joined.Lists, l) {
			joined.Lists = append(joined.Lists, l)
		}
	}
}

// withFirstLook adds the agents of a sub-account that only the first look showed,
// wherever they stood.
func (a SubAccount) withFirstLook(first *SubAccount) SubAccount {
	active := map[string]bool{} // in the first look
	for _, g := range first.Groups {
		for i := range g.Agents {
			active[g.Agents[i].ID] = active[g.Agents[i].ID] || g.Agents[i].Active
		}
	}
	place := map[string]string{} // of each agent, the group
	listed := map[string]bool{}
	a.Groups = slices.Clone(a.Groups)
	for i := range a.Groups {
		g := &a.Groups[i]
		listed[g.ID] = true
		g.Agents = slices.Clone(g.Agents)
		for j := range g.Agents {
			agent := &g.Agents[j]
			place[agent.ID] = g.ID
			agent.Active = agent.Active || active[agent.ID]
		}
	}
	a.Groups = joinBy(a.Groups, first.Groups, func(g Group) string { return g.ID })
	before := map[string][]Agent{} // of each group, less whom the second look shows elsewhere
	for _, g := range first.Groups {
		before[g.ID] = slices.DeleteFunc(slices.Clone(g.Agents), func(x Agent) bool {
			now, there := place[x.ID]
			return there && now != g.ID
		})
	}
	for i := range a.Groups {
		g := &a.Groups[i]
		if !listed[g.ID] {
			g.Agents = nil
		}
		g.Agents = joinBy(g.Agents, before[g.ID], func(x Agent) string { return x.ID })
	}
	a.Groups = slices.DeleteFunc(a.Groups, func(g Group) bool { return !listed[g.ID] && len(g.Agents) == 0 })
	a.Read, a.Active = a.Read || first.Read, a.Active || first.Active
	return a
}

// joinBy adds to later what only earlier has, each after what stood before it there: whose record
// stands first must not hang on which look showed it (R3).
func joinBy[T any](later, earlier []T, key func(T) string) []T {
	seen := make(map[string]bool, len(later))
	for _, x := range later {
		seen[key(x)] = true
	}
	after, last := map[string][]T{}, ""
	for _, x := range earlier {
		if k := key(x); seen[k] {
			last = k
		} else {
			after[last] = append(after[last], x)
		}
	}
	joined := after[""]
	delete(after, "")
	for _, x := range later {
		joined = append(append(joined, x), after[key(x)]...)
		delete(after, key(x))
	}
	return joined
}

// ReplacedBy is the snapshot as if only the second look had been taken.
func (s *Snapshot) ReplacedBy(second *Snapshot, look *Look) *Snapshot {
	alone := *s
	alone.Doubts, alone.Kept = nil, nil
	if look.RingCX {
		alone.Admins, alone.SubAccounts = second.Admins, second.SubAccounts
	}
	if look.Roles {
		alone.Roles, alone.Assigned = second.Roles, second.Assigned
	}
	if len(look.Extensions) > 0 {
		alone.Extensions = slices.DeleteFunc(slices.Clone(s.Extensions), func(e Extension) bool { return slices.Contains(look.Extensions, e.ID) })
		alone.Extensions = append(alone.Extensions, second.Extensions...)
	}
	return &alone
}

// Confirms says whether a second look was taken at some extensions alone, and shows each as the first
// did: then a plan of both is the plan of one.
func (s *Snapshot) Confirms(first *Snapshot, look *Look) bool {
	if look.RingCX || look.Roles {
		return false
	}
	of := func(all []Extension) map[string]Extension {
		looked := make(map[string]Extension, len(look.Extensions))
		for i := range all {
			if _, wanted := slices.BinarySearch(look.Extensions, all[i].ID); wanted {
				looked[all[i].ID] = all[i]
			}
		}
		return looked
	}
	return slices.IsSorted(look.Extensions) && maps.Equal(of(s.Extensions), of(first.Extensions))
}

// withSecondExtensions joins two readings of some extensions: one that either shows is there,
// and only Disabled in both is disabled. One that was disabled and is gone at the second look
// is gone: that keeps whom no rule wants an extension of.
func withSecondExtensions(first, second []Extension, looked []string) []Extension {
	joined := slices.DeleteFunc(slices.Clone(first), func(e Extension) bool {
		return e.Status == "Disabled" && slices.Contains(looked, e.ID) && !slices.ContainsFunc(second, func(x Extension) bool { return x.ID == e.ID })
	})
	for _, e := range second {
		i := slices.IndexFunc(joined, func(x Extension) bool { return x.ID == e.ID })
		switch {
		case i < 0:
			joined = append(joined, e)
		case joined[i].Status == e.Status:
			joined[i] = e
		case joined[i].Status == "Disabled" || joined[i].Status == "Unassigned":
			joined[i] = e
		}
	}
	return joined
}

// withSecondRoles joins two readings of who has which RingEX role: what either shows is so.
func (s *Snapshot) withSecondRoles(second *Snapshot) {
	s.Roles = slices.Clone(s.Roles)
	for _, role := range second.Roles {
		i := slices.IndexFunc(s.Roles, func(x RingEXRole) bool { return x.ID == role.ID })
		if i < 0 {
			s.Roles = append(s.Roles, role)
			continue
		}
		s.Roles[i].Permissions = joinBy(role.Permissions, s.Roles[i].Permissions, func(p string) string { return p })
	}
	assigned := maps.Clone(s.Assigned)
	if assigned == nil {
		assigned = map[string][]string{}
	}
	for extension, roles := range second.Assigned {
		assigned[extension] = joinBy(roles, assigned[extension], func(role string) string { return role })
	}
	s.Assigned = assigned
}

// WithRegional adds what was looked up in this run.
func (s *Snapshot) WithRegional(own map[string]Region, warnings []Warning) *Snapshot {
	joined := *s
	regional := *s.Regional
	regional.Own = maps.Clone(regional.Own)
	if regional.Own == nil {
		regional.Own = make(map[string]Region, len(own))
	}
	maps.Copy(regional.Own, own)
	joined.Regional = &regional
	joined.Warnings = slices.Concat(s.Warnings, warnings)
	return &joined
}

// Any says whether anything is to be read.
func (k *Look) Any() bool { return k.RingCX || k.Roles || len(k.Extensions) > 0 }

// AtRingCX has the lists of RingCX read for a loss.
func (k *Look) AtRingCX(member int64, field string) {
	if k.Losses == nil {
		k.Losses = map[Loss]bool{}
	}
	k.RingCX, k.Losses[Loss{member, field}] = true, true
}

// Less is what is to be read beyond what was: the lists of RingCX once more for a loss that
// the looks at them showed one after the other, and for which none was taken yet.
func (k *Look) Less(was *Look) Look {
	more := false
	for loss := range k.Losses {
		more = more || !was.Losses[loss]
	}
	return Look{
		RingCX: k.RingCX && (more || !was.RingCX), Losses: k.Losses, Roles: k.Roles && !was.Roles,
		Extensions: slices.DeleteFunc(slices.Clone(k.Extensions), func(id string) bool { return slices.Contains(was.Extensions, id) }),
	}
}

// With is what either reads.
func (k *Look) With(more *Look) Look {
	losses := maps.Clone(more.Losses)
	if losses == nil {
		losses = map[Loss]bool{}
	}
	maps.Copy(losses, k.Losses)
	return Look{RingCX: k.RingCX || more.RingCX, Losses: losses, Roles: k.Roles || more.Roles, Extensions: slices.Concat(k.Extensions, more.Extensions)}
}

// Without are the losses for which looks were taken and that a look does not show.
func (k *Look) Without(losses map[Loss]bool) (kept []Loss) {
	for loss := range k.Losses {
		if !losses[loss] {
			kept = append(kept, loss)
		}
	}
	slices.SortFunc(kept, func(a, b Loss) int { return cmp.Or(cmp.Compare(a.Member, b.Member), strings.Compare(a.Field, b.Field)) })
	return kept
}

// RoleRank orders roles by what they permit.
var RoleRank = map[string]int{RoleAdministrator: 2, RoleSupervisor: 1}
