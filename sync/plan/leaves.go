package plan

import (
	"fmt"
	"slices"
	"strings"

	"ringroster/sync"
)

// mostNamed is how many of the supervised are named; the others are counted.
const mostNamed = 10

// lastAdministrator is what both the guard and the leaver say (R24).
const lastAdministrator = "no active administrator would be left"

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
func (p *planner) leavesBehind(leavers []*leaver, lastAdmins map[int64]bool) map[int64][]sync.Left {
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
	left := make(map[int64][]sync.Left, len(leavers))
	for i := range leavers {
		m := leavers[i].member
		left[m.ID] = a.left(i, m)
		if lastAdmins[m.ID] {
			left[m.ID] = append(left[m.ID], sync.Left{What: sync.ReasonLastAdmin, Detail: lastAdministrator})
		}
	}
	return left
}

// remains says whether a person who does not leave has, or could have, a place
// on the roster: what is in conflict is not yet decided. Whom an operator
// declined has none, and whoever was forgotten must not be named.
func (p *Person) remains() bool {
	o := &p.outcome
	declined := o.decision == skipped && o.details().note.Reason == sync.NoteDeclined
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
func (a *aftermath) nameLists(s *sync.Snapshot) {
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
	role, _ := (&sync.Policy{}).RoleOf(agentType)
	return role == sync.RoleSupervisor
}

// left is what one leaver leaves behind.
func (a *aftermath) left(i int, m *sync.Member) []sync.Left {
	var left []sync.Left
	if people := a.supervised[i]; len(people) > 0 {
		left = append(left, sync.Left{What: sync.LeftSupervised, Detail: supervisedText(people)})
	}
	seen := map[place]bool{}
	empty := func(key place, noAgent, noSupervisor sync.Reason) {
		l := a.lists[key]
		switch {
		case l == nil || seen[key]:
		case !l.agents:
			left = append(left, sync.Left{What: noAgent, Detail: l.noAgent})
		case !l.supervisors && supervised(m, key):
			left = append(left, sync.Left{What: noSupervisor, Detail: l.noSupervisor})
		}
		seen[key] = true
	}
	for j := range m.Logins {
		if l := &m.Logins[j]; l.Active {
			empty(place{sub: l.SubAccountID}, sync.LeftSubAccountNoAgent, sync.LeftSubAccountNoSupervisor)
			empty(place{l.SubAccountID, l.AgentGroupID}, sync.LeftNoAgent, sync.LeftNoSupervisor)
		}
	}
	return left
}

// supervised says whether the member was an active supervisor in a list.
func supervised(m *sync.Member, key place) bool {
	return slices.ContainsFunc(m.Logins, func(l sync.Login) bool {
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

// keepLastAdministrator holds whoever leaves, or loses the role, where nobody active would
// be an administrator any more (R24). Gains count, as they are applied.
func (s *settling) keepLastAdministrator() {
	p := s.kept
	left := s.read.tally.Admins
	losing := false
	for i := range p.plan.Changes {
		c := &p.plan.Changes[i]
		switch was, is := c.Was.IsAdministrator(), c.Next().IsAdministrator(); {
		case was && !is:
			left--
			losing = true
		case is && !was:
			left++
		}
	}
	for _, person := range p.newcomers {
		if p.judgeNewcomer(person).Profile[sync.Role] == sync.RoleAdministrator {
			left++
		}
	}
	for _, l := range s.goes {
		if l.member.IsAdministrator() {
			left--
			losing = true
		}
	}
	if left > 0 || !losing {
		return
	}
	why := sync.HoldReason{Reason: sync.ReasonLastAdmin, Detail: lastAdministrator}
	s.goes = slices.DeleteFunc(s.goes, func(l *leaver) bool {
		if l.member.IsAdministrator() {
			s.whyGoes[l.member.ID] = []sync.HoldReason{why}
			s.waits = append(s.waits, l)
			p.bookAbsence(l, true)
			return true
		}
		return false
	})
	for _, l := range s.waits { // they would be the last ones, too
		if l.member.IsAdministrator() && !slices.Contains(s.whyGoes[l.member.ID], why) {
			s.whyGoes[l.member.ID] = append(s.whyGoes[l.member.ID], why)
		}
	}
	for i := range p.plan.Changes {
		if c := &p.plan.Changes[i]; c.Was.IsAdministrator() && !c.Next().IsAdministrator() {
			s.holdFields(c, map[string][]sync.HoldReason{sync.Role.String(): {why}}, nil)
		}
	}
	s.dropEmpty()
}

// noteSupervisors notes each agent record to which members of the roster report, and whose
// holder is not on it after this plan.
func (p *planner) noteSupervisors() {
	leaves := map[int64]bool{}
	for i := range p.plan.Changes {
		if c := &p.plan.Changes[i]; c.Kind == sync.Deactivate {
			leaves[c.Member] = true
		}
	}
	missing := p.supervisorsOf(leaves)
	for _, person := range p.people.all {
		if len(missing) == 0 {
			return
		}
		for _, r := range person.Agents {
			if r.Active && person.staysOn(leaves) {
				delete(missing, place{r.Sub.ID, r.ID})
			}
		}
	}
	for i := range p.leavers { // of whom nothing may be listed, and who stay all the same
		for j := range p.leavers[i].member.Logins {
			if l := &p.leavers[i].member.Logins[j]; l.Active && !leaves[p.leavers[i].member.ID] {
				delete(missing, place{l.SubAccountID, l.AgentID})
			}
		}
	}
	for record, under := range missing {
		p.noteSupervisor(record, under)
	}
}

// supervisorsOf counts, by the agent record of the supervisor, those who report to it and
// are on the roster after this plan.
func (p *planner) supervisorsOf(leaves map[int64]bool) map[place]int {
	type told struct {
		sub string
		ids sync.AgentIDs
	}
	under := map[told]int{}
	last, run := told{}, 0 // a group often has one supervisor
	for _, person := range p.people.all {
		for _, r := range person.Agents {
			if r.Supervisors == "" || r.Supervisors == sync.NoAgents || !r.Active || !person.staysOn(leaves) {
				continue
			}
			if now := (told{r.Sub.ID, r.Supervisors}); now != last {
				under[last] += run
				last, run = now, 0
			}
			run++
		}
	}
	under[last] += run
	records := map[place]int{}
	for t, people := range under {
		for _, id := range t.ids.List() {
			records[place{t.sub, id}] += people
		}
	}
	return records
}

// staysOn says whether a person is on the roster after a plan by which some members leave.
func (p *Person) staysOn(leaves map[int64]bool) bool {
	o := &p.outcome
	return o.decision == onboarded || o.decision == changed || o.active && !leaves[o.found]
}

func (p *planner) noteSupervisor(record place, under int) {
	login := sync.Login{SubAccountID: record.sub, AgentID: record.group}
	n := sync.Note{
		Person: sync.AgentKey(login.Key()), Reason: sync.NoteSupervisorMissing,
		Detail: fmt.Sprintf("%d members of the roster report to agent %s of sub-account %s, who is not on it", under, login.AgentID, login.SubAccountID),
	}
	if under == 1 {
		n.Detail = fmt.Sprintf("a member of the roster reports to agent %s of sub-account %s, who is not on it", login.AgentID, login.SubAccountID)
	}
	if person := p.people.holder(&login); person != nil {
		n.Member, n.Person, n.Name = person.outcome.found, person.Key(), person.display()
	}
	p.plan.Notes = append(p.plan.Notes, n)
}

// traceSupervisors says to whom an agent record reports.
func (p *planner) traceSupervisors(person *Person, m *sync.Member, r sync.AgentRecord) {
	to := "nobody"
	var names []string
	for _, id := range r.Supervisors.List() {
		name := "agent " + id
		if boss := p.people.holder(&sync.Login{SubAccountID: r.Sub.ID, AgentID: id}); boss != nil {
			name += " (" + boss.display() + ")"
		}
		names = append(names, name)
	}
	switch {
	case r.Supervisors == "":
		to = "whom, RingCentral does not say: the roster keeps what it knows"
	case names != nil:
		to = strings.Join(names, ", ")
	}
	p.trace(person, m, "R8", "RingCX agents", "agent %s reports to %s", r.ID, to)
}
