package sync

import (
	"cmp"
	"encoding/json"
	"time"
)

// Where the settings, or operators, bring only a few people of a list to the roster, the
// roster cannot tell that the list lost the others. So of such sparse lists the number of
// active records is kept: the most of a week (R22). Of the others the last one is: an
// operator may detach most of their people before the next run.

// Length is how many active records a list had, and on which UTC day it last had so many.
type Length struct {
	Records int    `json:"records"`
	On      string `json:"on"`
	Dense   bool   `json:"dense,omitempty"` // the roster had most of its people
}

// UnmarshalJSON also reads a bare number, as schema version 13 kept it: of an unknown day.
func (l *Length) UnmarshalJSON(text []byte) error {
	if json.Unmarshal(text, &l.Records) == nil {
		return nil
	}
	type plain Length
	return json.Unmarshal(text, (*plain)(l))
}

// sparseWeek is for how many days a sparse list is compared with the most records that it had.
const sparseWeek = 7

// name is how a list is called where its length is kept.
func (k listKey) name() string {
	switch k.kind {
	case administrators:
		return "administrators"
	case extensionList:
		return "extensions"
	case roleList:
		return "roles"
	}
	return k.sub + "/" + k.group
}

// records counts the active records of every list of which a length may be kept: of the
// extension list the extensions that somebody has, of the roles the extensions that one
// admits (R9).
func (p *planner) records() map[listKey]int {
	s := p.in.Snapshot
	records := map[listKey]int{{kind: administrators}: len(s.Admins)}
	for r := range s.agents {
		if r.Active {
			records[listKey{agentGroupList, r.Sub.ID, r.Group.ID}]++
		}
	}
	if p.in.Policy.RequireRingEX || p.access != nil {
		for i := range s.Extensions {
			if s.Extensions[i].Status != "Unassigned" {
				records[listKey{kind: extensionList}]++
			}
			if p.access != nil && p.access.admits(&s.Extensions[i]) {
				records[listKey{kind: roleList}]++
			}
		}
	}
	return records
}

// isSparse says of a list with so many active records whether the roster has so few of its
// people that it does not tell what the list loses.
func isSparse(records, onRoster int) bool { return records >= 2 && records >= 2*onRoster }

// lengths gives the lists with how many active records each has; of the sparse ones that are
// not believed or lost many, and of those that had more within a week, how many they had.
func (p *planner) lengths(found *Findings) map[string]Length {
	onRoster := map[listKey]int{}
	for _, person := range p.people.all {
		switch d := person.outcome.decision; {
		case d == unchanged, d == changed, d == onboarded, d == heldBack, d == inConflict && person.outcome.active:
		default:
			continue // who is detached is none: nobody follows their records
		}
		for _, r := range person.Agents {
			if r.Active {
				onRoster[listKey{agentGroupList, r.Sub.ID, r.Group.ID}]++
			}
		}
		onRoster[listKey{kind: administrators}] += len(person.Admins)
		if person.Ext != nil && p.in.Policy.RequireRingEX {
			onRoster[listKey{kind: extensionList}]++
		}
		if p.access != nil && p.access.admits(person.Ext) {
			onRoster[listKey{kind: roleList}]++
		}
	}
	lengths, today := map[string]Length{}, p.today()
	for list, n := range p.records() {
		if n >= 2 {
			lengths[list.name()] = Length{n, today, !isSparse(n, onRoster[list])}
		}
	}
	for list, roll := range p.lists.rolls {
		before := p.in.State.Lengths[list.name()]
		before.On = cmp.Or(before.On, today) // of an unknown day: a week from now on
		switch {
		case roll.Before == 0 || roll.Was == 0, roll.Records >= before.Records:
		case found.Lists[list] != nil, roll.lacksMany(), before.On > p.in.Now.AddDate(0, 0, -sparseWeek).UTC().Format(time.DateOnly):
			before.Dense = false
			lengths[list.name()] = before
		}
	}
	return lengths
}

// measureSparse adds to the rolls how many active records their lists have, and had where they
// are sparse, or have become so since.
func (p *planner) measureSparse() {
	if len(p.lists.lost) == 0 && len(p.in.State.Lengths) == 0 {
		return
	}
	records := p.records()
	for list, roll := range p.lists.rolls {
		if list.kind == subAccountList {
			continue
		}
		roll.Records = records[list]
		if before := p.in.State.Lengths[list.name()]; !before.Dense || isSparse(before.Records, roll.Was+roll.Moved) {
			roll.Before = before.Records
		}
	}
}

// lacksAll says of a sparse list that none of its records is left.
func (r *Roll) lacksAll() bool { return r.Before >= 2 && r.Records == 0 }

// lacksMany says likewise that no more of them are left than are gone.
func (r *Roll) lacksMany() bool {
	return r.Before-r.Records >= 3 && r.Records <= r.Before-r.Records || r.lacksAll()
}

// sparseEmptied says of a sparse list that lost somebody that none of its records is left: the
// roster does not know the others.
func (r *Roll) sparseEmptied() bool { return r.Lost > 0 && r.lacksAll() }

// sparseShrunk says likewise that no more of them are left than are gone.
func (r *Roll) sparseShrunk() bool { return r.Lost > 0 && r.lacksMany() }
