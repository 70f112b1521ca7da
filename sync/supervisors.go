package sync

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// AgentIDs are ids of agent records of one sub-account, as a JSON list in order, each once,
// so that two can be compared. "" says that nobody told any, "[]" that there are none.
type AgentIDs string

// noAgents says that there are none.
const noAgents AgentIDs = "[]"

// NewAgentIDs puts ids in order; nil: nobody told any.
func NewAgentIDs(ids []string) AgentIDs {
	if ids == nil {
		return ""
	}
	if len(ids) > 1 {
		ids = slices.Clone(ids)
		slices.SortFunc(ids, func(a, b string) int { return cmp.Or(cmp.Compare(len(a), len(b)), strings.Compare(a, b)) })
		ids = slices.Compact(ids)
	}
	text := append(make([]byte, 0, 64), '[')
	for i, id := range ids {
		if i > 0 {
			text = append(text, ',')
		}
		text = AppendText(text, id)
	}
	return AgentIDs(append(text, ']'))
}

// List are the ids one by one; nil: there are none.
func (a AgentIDs) List() []string {
	var ids []string
	if a != "" && a != noAgents {
		_ = json.Unmarshal([]byte(a), &ids) // what somebody edited into something else names nobody
	}
	return ids
}

// MarshalJSON writes the list.
func (a AgentIDs) MarshalJSON() ([]byte, error) { return []byte(cmp.Or(a, noAgents)), nil }

// UnmarshalJSON reads a list in any order; null: nobody told any.
func (a *AgentIDs) UnmarshalJSON(text []byte) error {
	var ids []string
	err := json.Unmarshal(text, &ids)
	*a = NewAgentIDs(ids)
	return err
}

// noteSupervisors notes each agent record to which members of the roster report, and whose
// holder is not on it after this plan.
func (p *planner) noteSupervisors() {
	leaves := map[int64]bool{}
	for i := range p.plan.Changes {
		if c := &p.plan.Changes[i]; c.Kind == Deactivate {
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
		ids AgentIDs
	}
	under := map[told]int{}
	last, run := told{}, 0 // a group often has one supervisor
	for _, person := range p.people.all {
		for _, r := range person.Agents {
			if r.Supervisors == "" || r.Supervisors == noAgents || !r.Active || !person.staysOn(leaves) {
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
	login := Login{SubAccountID: record.sub, AgentID: record.group}
	n := Note{
		Person: agentKey(login.key()), Reason: NoteSupervisorMissing,
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
func (p *planner) traceSupervisors(person *Person, m *Member, r AgentRecord) {
	to := "nobody"
	var names []string
	for _, id := range r.Supervisors.List() {
		name := "agent " + id
		if boss := p.people.holder(&Login{SubAccountID: r.Sub.ID, AgentID: id}); boss != nil {
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
