package sync

import "slices"

// withSecondLook joins two readings of the RingCX lists, taken in one run (R2).
// They have no totals, and people move between groups while we read: whoever
// either of them shows is there, and only who is missing from both is gone.
// Where both show a record, the later one counts. What was read once stays.
func (s *Snapshot) withSecondLook(second *Snapshot) *Snapshot {
	joined := *s
	joined.TakenAt = second.TakenAt
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
	return &joined
}

// withFirstLook adds the agents of a sub-account that only the first look showed,
// wherever they stood.
func (a SubAccount) withFirstLook(first *SubAccount) SubAccount {
	seen := map[string]bool{}
	for _, g := range a.Groups {
		for i := range g.Agents {
			seen[g.Agents[i].ID] = true
		}
	}
	a.Groups = slices.Clone(a.Groups)
	for _, g := range first.Groups {
		missing := slices.DeleteFunc(slices.Clone(g.Agents), func(x Agent) bool { return seen[x.ID] })
		if len(missing) == 0 {
			continue
		}
		i := slices.IndexFunc(a.Groups, func(x Group) bool { return x.ID == g.ID })
		if i < 0 {
			a.Groups = append(a.Groups, Group{ID: g.ID, Name: g.Name})
			i = len(a.Groups) - 1
		}
		a.Groups[i].Agents = slices.Concat(a.Groups[i].Agents, missing)
	}
	a.Read = a.Read || first.Read
	return a
}

// joinBy appends to later what only earlier has.
func joinBy[T any](later, earlier []T, key func(T) string) []T {
	seen := make(map[string]bool, len(later))
	for _, x := range later {
		seen[key(x)] = true
	}
	joined := slices.Clip(later)
	for _, x := range earlier {
		if !seen[key(x)] {
			joined = append(joined, x)
		}
	}
	return joined
}
