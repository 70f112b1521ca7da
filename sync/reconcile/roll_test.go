package reconcile_test

import (
	"fmt"
	"slices"
	"testing"

	"ringroster/sync"
)

// crew adds n agents to a group, of whom the first are inactive.
func (w *world) crew(place, prefix string, n, inactives int) {
	for i := range n {
		var options []option
		if i < inactives {
			options = append(options, inactive)
		}
		id := fmt.Sprintf("%s%02d", prefix, i)
		w.agent(place, "5"+id, "P"+id+" Roy", append(options, rc("7"+id))...)
		w.extension("7"+id, "P"+id+" Roy", number(id))
	}
}

// TestR22ListsCutAtOneLength: records that are not active count for the length at which a
// list is cut, and nobody stored how many there were.
func TestR22ListsCutAtOneLength(t *testing.T) {
	w := newWorld()
	w.crew("1/10", "1", 12, 3)
	w.crew("1/11", "2", 12, 3)
	w.crew("1/12", "3", 4, 0)
	w.sync(t)
	for _, place := range []string{"1/10", "1/11"} {
		g := w.group(place)
		g.Agents = g.Agents[:10]
	}
	same(t, w.holds(t), []string{"list_cap", "list_cap"}) // one for each

	w.crew("1/12", "4", 7, 0) // one list is longer than that
	same(t, w.holds(t), nil)
}

// TestR22ADissolvedGroup: where nearly everybody of a group gained another place, and RingEX
// no longer lists the extensions of the few others, but for one, they left. An outage of
// RingCX does neither.
func TestR22ADissolvedGroup(t *testing.T) {
	for _, c := range []struct {
		name        string
		moved, lost int
		listed      bool
		inRingEX    int // of the lost
		want        []string
	}{
		{"less than a third is lost", 5, 2, false, 0, nil},
		{"a third is lost", 4, 2, false, 0, []string{"agent_group_gone"}},
		{"less than a third, and the group is still listed", 5, 2, true, 0, nil},
		{"a third, and the group is still listed", 4, 2, true, 0, []string{"list_emptied"}},
		{"less than a third, three of them", 7, 3, true, 0, nil},
		{"nobody moved", 0, 3, false, 0, []string{"agent_group_gone"}},
		{"less than a third, and RingEX still has one", 5, 2, false, 1, nil},
		{"less than a third, and RingEX still has two", 5, 2, false, 2, []string{"agent_group_gone"}},
		{"less than a third, the group is still listed, and RingEX still has two", 5, 2, true, 2, []string{"list_emptied"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld()
			w.crew("1/10", "1", c.moved+c.lost, 0)
			w.crew("1/11", "2", 4, 0)
			w.sync(t)
			from, to := w.group("1/10"), w.group("1/11")
			to.Agents = append(to.Agents, from.Agents[:c.moved]...)
			for _, a := range from.Agents[c.moved : c.moved+c.lost-c.inRingEX] {
				w.Snapshot.Extensions = slices.DeleteFunc(w.Snapshot.Extensions, func(e sync.Extension) bool { return e.ID == a.RCUserID })
			}
			if from.Agents = nil; !c.listed {
				sub := w.sub("1")
				sub.Groups = sub.Groups[1:]
			}
			same(t, w.holds(t), c.want)
		})
	}
}

// TestR22WhatRingEXProvesInAnyOrder: how many extensions are missing is known once everybody
// was met. Those who are lost here have another place, so that they are met with the others.
func TestR22WhatRingEXProvesInAnyOrder(t *testing.T) {
	w := newWorld()
	w.crew("1/10", "1", 10, 0)
	w.crew("1/11", "2", 30, 0)
	w.crew("1/12", "3", 1, 0)
	from, to := w.group("1/10"), w.group("1/11")
	for i := range 3 {
		a := from.Agents[i]
		a.ID = "9" + a.ID
		w.group("1/12").Agents = append(w.group("1/12").Agents, a)
	}
	w.sync(t)
	to.Agents = append(to.Agents, from.Agents[3:]...)
	gone := from.Agents[:3]
	w.Snapshot.Extensions = slices.DeleteFunc(w.Snapshot.Extensions, func(e sync.Extension) bool {
		return slices.ContainsFunc(gone, func(a sync.Agent) bool { return a.RCUserID == e.ID })
	})
	from.Agents = nil
	same(t, w.holds(t), nil)
	slices.Reverse(w.members)
	same(t, w.holds(t), nil)
}

// TestR35ReactivatedAsAdministrators: who comes back with the role and had it not before
// gains it; who comes back with the role they had does not.
func TestR35ReactivatedAsAdministrators(t *testing.T) {
	for _, had := range []bool{false, true} {
		t.Run(fmt.Sprintf("had it: %t", had), func(t *testing.T) {
			w := crowd(10)
			admins := func() {
				for i := range 3 {
					w.admin(fmt.Sprint(400+i), fmt.Sprintf("P%03d Roy", i+1), rc(fmt.Sprintf("7%03d", i+1)))
				}
			}
			if had {
				admins()
			}
			w.sync(t)
			for _, id := range []int64{1, 2, 3} {
				m := w.member(id)
				m.Status, m.Synced.Status, m.DeactivationReason = sync.Inactive, sync.Inactive, sync.ReasonRemoved
			}
			if !had {
				admins()
			}
			w.Policy.Limits.Administrators = sync.Limit{Percent: 20, Floor: 3}
			same(t, w.holds(t), map[bool][]string{false: {"administrator_limit"}, true: nil}[had])
		})
	}
}
