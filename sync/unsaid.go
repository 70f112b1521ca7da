package sync

import (
	"cmp"
	"fmt"
	"slices"
)

// What a record does not say is unknown, and nobody leaves, or loses a role or a login, by it
// (R8). The roster often knows; where it does not, that is a conflict (R19).

// remember fills in what agent records do not say, as the member's logins have it: the type,
// and the names of group and sub-account.
func (p *Person) remember(m *Member) {
	for i := range p.Agents {
		r := &p.Agents[i]
		if r.Type != "" && !r.isUnnamed() {
			continue
		}
		for j := range m.Logins {
			l := &m.Logins[j]
			if l.SubAccountID != r.Sub.ID {
				continue
			}
			if r.Sub.Name == "" && l.SubAccount != "" {
				sub := *r.Sub
				sub.Name, r.Sub = l.SubAccount, &sub
			}
			if r.Group.Name == "" && l.AgentGroupID == r.Group.ID && l.AgentGroup != "" {
				group := *r.Group
				group.Name, r.Group = l.AgentGroup, &group
			}
			if r.Type == "" && l.AgentID == r.ID && l.AgentType != "" {
				agent := *r.Agent
				agent.Type, r.Agent = l.AgentType, &agent
			}
		}
	}
}

func (r *AgentRecord) isUnnamed() bool { return r.Group.Name == "" || r.Sub.Name == "" }

// unnamed says in words what has no name.
func (r *AgentRecord) unnamed() string {
	what := fmt.Sprintf("sub-account %s", r.Sub.ID)
	if r.Group.Name == "" {
		what = fmt.Sprintf("agent group %s of %s", r.Group.ID, what)
	}
	return what + " comes without its name, which the settings ask for"
}

// unsureRule says why nobody knows which onboarding rules match a newcomer; "": everybody does.
func (p *planner) unsureRule(person *Person) string {
	for _, r := range person.Agents {
		if r.Active && r.isUnnamed() && slices.ContainsFunc(p.in.Policy.Onboarding.Rules, func(rule Rule) bool {
			return rule.When.matchesRecord(r, true) != rule.When.matchesRecord(r, false)
		}) {
			return r.unnamed()
		}
	}
	return ""
}

// unreadExtension says why nobody knows whether a member has an extension who would leave, or
// have another role, for want of one; "": everybody does.
func (p *planner) unreadExtension(person *Person, m *Member, v *verdict) string {
	switch {
	case m.Status != Active || person.Ext != nil || !p.in.Policy.RequireRingEX && p.access == nil:
		return ""
	case v.Belongs && (!v.Known.Has(Role) || v.Profile[Role] == m.Synced.Profile[Role]):
		return ""
	}
	return p.people.unreadOf(person, m)
}

// unreadOf says which extension that cannot be read, and that nobody has by rcUserId or e-mail,
// could be a member's: by its e-mail, else by its number, else by nothing that speaks against
// it; "": none.
func (p *people) unreadOf(person *Person, m *Member) string {
	if len(p.unread) == 0 {
		return ""
	}
	if p.unreadBy == nil {
		p.indexUnread()
	}
	for _, key := range unreadKeys(person, m) {
		if e := p.unreadBy[key]; e != nil {
			return fmt.Sprintf("no extension is theirs that can be read, and extension record %s could be: %s", cmp.Or(e.ID, "without an id"), e.Faulty)
		}
	}
	return ""
}

// unreadKey is what an extension that cannot be read tells of itself; without an e-mail and a
// number, or without an e-mail whatever the number, whether it has an id.
type unreadKey struct {
	email, number string
	says          unreadSays
}

type unreadSays uint8

const (
	saysAddress unreadSays = iota // its e-mail, or without one its number
	saysNeither                   // of the two
	saysNeitherNorID
	saysNoEmail // whatever the number
	saysNoEmailNorID
)

// indexUnread makes the index of unreadOf: of each key the first extension.
func (p *people) indexUnread() {
	p.unreadBy = map[unreadKey]*Extension{}
	for _, e := range slices.Backward(p.unread) {
		keys := []unreadKey{{email: FoldEmail(e.Email)}}
		if e.Email == "" {
			keys = []unreadKey{{number: e.Number}, {says: saysNoEmail}}
			if e.ID == "" {
				keys = append(keys, unreadKey{says: saysNoEmailNorID})
			}
			if e.Number == "" {
				keys[0] = unreadKey{says: saysNeither}
			}
			if e.ID+e.Number == "" {
				keys = append(keys, unreadKey{says: saysNeitherNorID})
			}
		}
		for _, key := range keys {
			p.unreadBy[key] = e
		}
	}
}

// unreadKeys are those of the extensions that could be a member's. One that tells its id alone is
// not theirs who have another.
func unreadKeys(person *Person, m *Member) (keys []unreadKey) {
	emails := []string{m.Profile[Email], m.Synced.Profile[Email]}
	if person != nil {
		emails = slices.AppendSeq(emails, person.recordEmails)
	}
	for _, email := range emails {
		if email != "" {
			keys = append(keys, unreadKey{email: FoldEmail(email)})
		}
	}
	number, rest := m.Synced.Profile[ExtensionNumber], saysNoEmail
	if number != "" {
		keys, rest = append(keys, unreadKey{number: number}), saysNeither
	}
	if m.RCUserID != "" {
		rest++ // …NorID
	}
	return append(keys, unreadKey{says: rest})
}

// isHuman says whether an extension is a human's (R7), as one may be that does not say what it is.
func (e *Extension) isHuman() bool { return personTypes[e.Type] || e.Type == "" && e.Faulty != "" }
