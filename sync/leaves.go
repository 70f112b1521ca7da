package sync

import (
	"fmt"
	"slices"
	"strings"
)

// Left is one thing that a leaver leaves behind.
type Left struct {
	What   Reason `json:"what"`
	Detail string `json:"detail"`
}

// What a leaver leaves behind, beside ReasonLastAdmin.
const (
	LeftSupervised             Reason = "supervises"
	LeftNoAgent                Reason = "group_without_agent"
	LeftNoSupervisor           Reason = "group_without_supervisor"
	LeftSubAccountNoAgent      Reason = "sub_account_without_agent"
	LeftSubAccountNoSupervisor Reason = "sub_account_without_supervisor"
)

// mostNamed is how many of the supervised are named; the others are counted.
const mostNamed = 10

// lastAdministrator is what both the guard and the leaver say (R24).
const lastAdministrator = "no active administrator would be left"

// LeftText joins what is left behind to one text; "" for nothing.
func LeftText(left []Left) string {
	details := make([]string, len(left))
	for i, l := range left {
		details[i] = l.Detail
	}
	return strings.Join(details, "; ")
}

// LeavesBehind stands in a Sentence between the reason and what is left behind,
// which may name others.
const LeavesBehind = "; leaves behind: "

// Sentence is the reason of a change in words, with what is left behind.
func (c *Change) Sentence() string {
	if len(c.Leaves) == 0 {
		return c.Detail
	}
	return c.Detail + LeavesBehind + LeftText(c.Leaves)
}

// place is a sub-account, an agent group of one, or an agent record of one.
type place struct{ sub, group string }

// aftermath is how it will be when all leavers of a plan, held ones included, are
// gone: what was is in their logins, what remains in the snapshot.
type aftermath struct {
	lists map[place]*listAfter
	// bosses are the leavers, by their place among the candidates, who have the
	// agent record of a sub-account.
	bosses     map[place][]int
	supervised [][]*Person // by leaver
}

// listAfter is a list in which a leaver was active.
type listAfter struct {
	agents, supervisors   bool   // an active one remains
	noAgent, noSupervisor string // what is said where none does
}

// leavesBehind says of each leaver, planned or held, what it leaves behind once
// all of them are gone. Of a list that was not read nothing is known, and one
// that RingCentral no longer lists is not left behind. Without leavers it costs
// nothing, else one pass over the records.
func (p *planner) leavesBehind(leavers []*leaver, lastAdmins map[int64]bool) map[int64][]Left {
	if len(leavers) == 0 {
		return nil
	}
	a := &aftermath{
		lists: map[place]*listAfter{}, bosses: map[place][]int{}, supervised: make([][]*Person, len(leavers)),
	}
	going := map[*Person]bool{}
	for i := range leavers {
		l := leavers[i]
		going[l.person] = true
		a.expect(i, l, p.people)
	}
	a.nameLists(p.in.Snapshot)
	for _, person := range p.people.all {
		if !going[person] && person.remains() {
			a.add(person)
		}
	}
	left := make(map[int64][]Left, len(leavers))
	for i := range leavers {
		m := leavers[i].member
		left[m.ID] = a.left(i, m)
		if lastAdmins[m.ID] {
			left[m.ID] = append(left[m.ID], Left{ReasonLastAdmin, lastAdministrator})
		}
	}
	return left
}

// remains says whether a person who does not leave has, or could have, a place
// on the roster: what is in conflict is not yet decided. Whom an operator
// declined has none, and whoever was forgotten must not be named.
func (p *Person) remains() bool {
	o := &p.outcome
	declined := o.decision == skipped && o.details().note.Reason == NoteDeclined
	return !declined && (o.belongs || o.active || o.decision == inConflict)
}

// expect notes where a leaver was active, and which agent records are theirs:
// not one that is somebody else's by now.
func (a *aftermath) expect(i int, l *leaver, people *people) {
	for j := range l.member.Logins {
		login := &l.member.Logins[j]
		if login.Active {
			a.lists[place{sub: login.SubAccountID}] = nil
			a.lists[place{login.SubAccountID, login.AgentGroupID}] = nil
		}
		if holder := people.holder(login); holder == nil || holder == l.person {
			a.boss(i, place{login.SubAccountID, login.AgentID})
		}
	}
	if l.person != nil {
		for _, r := range l.person.Agents {
			a.boss(i, place{r.Sub.ID, r.ID})
		}
	}
}

func (a *aftermath) boss(i int, record place) {
	if !slices.Contains(a.bosses[record], i) {
		a.bosses[record] = append(a.bosses[record], i)
	}
}

// nameLists finds the lists among those that were read.
func (a *aftermath) nameLists(s *Snapshot) {
	find := func(key place, format string, args ...any) {
		if _, wanted := a.lists[key]; wanted {
			name := fmt.Sprintf(format, args...)
			a.lists[key] = &listAfter{
				noAgent: name + " is left without an active agent", noSupervisor: name + " is left without an active supervisor",
			}
		}
	}
	for i := range s.SubAccounts {
		sub := &s.SubAccounts[i]
		if !sub.Read {
			continue
		}
		find(place{sub: sub.ID}, "sub-account %s", titled(sub.ID, sub.Name))
		for j := range sub.Groups {
			g := &sub.Groups[j]
			find(place{sub.ID, g.ID}, "agent group %s of sub-account %s", titled(g.ID, g.Name), titled(sub.ID, sub.Name))
		}
	}
}

// titled is a thing by its name and its id.
func titled(id, name string) string {
	if name == "" {
		return id
	}
	return fmt.Sprintf("%s (%s)", name, id)
}

// add counts somebody who remains. A faulty record could be an active
// supervisor's.
func (a *aftermath) add(person *Person) {
	for _, r := range person.Agents {
		if !r.Active && r.Faulty == "" {
			continue
		}
		for _, key := range [...]place{{sub: r.Sub.ID}, {r.Sub.ID, r.Group.ID}} {
			if l := a.lists[key]; l != nil {
				l.agents = true
				l.supervisors = l.supervisors || r.Faulty != "" || supervises(r.Type)
			}
		}
		for _, id := range r.Supervisors.List() {
			for _, boss := range a.bosses[place{r.Sub.ID, id}] {
				if under := a.supervised[boss]; len(under) == 0 || under[len(under)-1] != person {
					a.supervised[boss] = append(under, person)
				}
			}
		}
	}
}

// supervises says what RingCX calls an agent, whatever role_map makes of it.
func supervises(agentType string) bool {
	role, _ := (&Policy{}).RoleOf(agentType)
	return role == RoleSupervisor
}

// left is what one leaver leaves behind.
func (a *aftermath) left(i int, m *Member) []Left {
	var left []Left
	if people := a.supervised[i]; len(people) > 0 {
		left = append(left, Left{LeftSupervised, supervisedText(people)})
	}
	seen := map[place]bool{}
	empty := func(key place, noAgent, noSupervisor Reason) {
		l := a.lists[key]
		switch {
		case l == nil || seen[key]:
		case !l.agents:
			left = append(left, Left{noAgent, l.noAgent})
		case !l.supervisors && m.supervised(key):
			left = append(left, Left{noSupervisor, l.noSupervisor})
		}
		seen[key] = true
	}
	for j := range m.Logins {
		if l := &m.Logins[j]; l.Active {
			empty(place{sub: l.SubAccountID}, LeftSubAccountNoAgent, LeftSubAccountNoSupervisor)
			empty(place{l.SubAccountID, l.AgentGroupID}, LeftNoAgent, LeftNoSupervisor)
		}
	}
	return left
}

// supervised says whether the member was an active supervisor in a list.
func (m *Member) supervised(key place) bool {
	return slices.ContainsFunc(m.Logins, func(l Login) bool {
		return l.Active && l.SubAccountID == key.sub && (key.group == "" || l.AgentGroupID == key.group) && supervises(l.AgentType)
	})
}

func supervisedText(people []*Person) string {
	names := make([]string, len(people))
	for i, person := range people {
		names[i] = person.display()
	}
	slices.Sort(names)
	text := fmt.Sprintf("supervises %d agents who remain: ", len(names))
	if len(names) == 1 {
		text = "supervises 1 agent who remains: "
	}
	if more := len(names) - mostNamed; more > 1 {
		return fmt.Sprintf("%s%s and %d more", text, strings.Join(names[:mostNamed], ", "), more)
	}
	return text + strings.Join(names, ", ")
}
