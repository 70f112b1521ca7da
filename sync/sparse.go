package sync

import "time"

// Where the settings, or operators, bring only a few people of a list to the roster, the
// roster cannot tell that the list lost the others. So of such sparse lists the number of
// active records is kept (R22).

// name is how a list is called where its length is kept.
func (k listKey) name() string {
	if k.kind == administrators {
		return "administrators"
	}
	return k.sub + "/" + k.group
}

// isSparse says of a list with so many active records whether the roster has so few of its
// people that it does not tell what the list loses.
func isSparse(records, onRoster int) bool { return records >= 2 && records >= 2*onRoster }

// sparseSince stands among the names of sparse lists, where no list has it, with the time
// (Unix) of the run that counted their records: for sparseSpan the numbers only grow, so
// that a list which loses its records one an hour is judged like one that loses them in a
// day.
const (
	sparseSince = "since"
	sparseSpan  = 20 * time.Hour
)

// sparse gives the sparse lists with how many active records each has, or had since
// sparseSince; of those that are not believed, how many they had.
func (p *planner) sparse(found *Findings) map[string]int {
	type count struct{ records, onRoster int }
	counts := map[listKey]*count{}
	add := func(list listKey, person *Person) {
		c := counts[list]
		if c == nil {
			c = &count{}
			counts[list] = c
		}
		c.records++
		switch d := person.outcome.decision; {
		case d == unchanged, d == changed, d == onboarded, d == heldBack, d == inConflict && person.outcome.active:
			c.onRoster++ // who is detached is none: nobody follows their records
		}
	}
	for _, person := range p.people.all {
		for _, r := range person.Agents {
			if r.Active {
				add(listKey{agentGroupList, r.Sub.ID, r.Group.ID}, person)
			}
		}
		for range person.Admins {
			add(listKey{kind: administrators}, person)
		}
	}
	sparse := map[string]int{}
	for list, c := range counts {
		if isSparse(c.records, c.onRoster) {
			sparse[list.name()] = c.records
		}
	}
	since := time.Unix(int64(p.in.State.Sparse[sparseSince]), 0)
	if p.in.Now.Sub(since) < sparseSpan {
		for list, before := range p.in.State.Sparse {
			sparse[list] = max(sparse[list], before)
		}
	}
	for list := range found.Lists {
		delete(sparse, list.name())
		if before := p.in.State.Sparse[list.name()]; before > 0 {
			sparse[list.name()] = before
		}
	}
	if len(sparse) > 0 && sparse[sparseSince] == 0 {
		sparse[sparseSince] = int(p.in.Now.Unix())
	}
	return sparse
}

// measureSparse adds to the rolls of sparse lists how many active records they had and have.
func (p *planner) measureSparse() {
	if len(p.in.State.Sparse) == 0 {
		return
	}
	records := map[listKey]int{{kind: administrators}: len(p.in.Snapshot.Admins)}
	for r := range p.in.Snapshot.agents {
		if r.Active {
			records[listKey{agentGroupList, r.Sub.ID, r.Group.ID}]++
		}
	}
	for list, roll := range p.rolls.by {
		if list.kind == administrators || list.kind == agentGroupList {
			roll.Before, roll.Records = p.in.State.Sparse[list.name()], records[list]
		}
	}
}

// sparseEmptied says of a sparse list that lost somebody that none of its records is left: the
// roster does not know the others.
func (r *Roll) sparseEmptied() bool { return r.Lost > 0 && r.Before >= 2 && r.Records == 0 }

// sparseShrunk says likewise that no more of them are left than are gone.
func (r *Roll) sparseShrunk() bool {
	return r.Lost > 0 && r.Before-r.Records >= 3 && r.Records <= r.Before-r.Records
}
