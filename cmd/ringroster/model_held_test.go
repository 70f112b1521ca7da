package main

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"ringroster/sync"
)

// chosen are members of the held set, all or some, as the command chooses them.
func (g *game) chosen() (chosenSet, bool) {
	if g.waiting == nil {
		return chosenSet{}, false
	}
	var d decision
	for _, id := range slices.Sorted(maps.Keys(g.waiting.members)) {
		if g.n(3, "except") == 0 {
			d.except = append(d.except, fmt.Sprint(id))
		}
	}
	sets, err := (&app{}).openSets(g.ctx, g.st, fmt.Sprint(g.waiting.run), d)
	if len(d.except) == len(g.waiting.members) { // nobody is left to decide about
		if err == nil {
			g.rt.Fatalf("run %d: all but everybody was taken for somebody", g.waiting.run)
		}
		return chosenSet{}, false
	}
	g.must(err)
	return sets[0], true
}

func (g *game) approve() {
	set, ok := g.chosen()
	if !ok {
		return
	}
	g.later(time.Hour)
	g.serve()
	before := g.dump()
	req := g.request(sync.Approve, "operator")
	req.Approve = map[string]*sync.Approval{"demo": {Held: set.RunID, Members: set.chosen, Whole: set.whole}}
	id, results, err := g.runner().Sync(g.ctx, req)
	g.must(err)
	g.lastRun = id
	approved := map[int64]string{}
	for member, reason := range set.chosen {
		approved[member] = string(reason)
	}
	v := g.run(&g.company, nil, g.today(), g.roleMap, g.recent(), approved)
	if v.failed != (results[0].Status == sync.Failed) {
		g.rt.Fatalf("approval: %s (%v), the rules say failed: %v", results[0].Status, results[0].Err, v.failed)
	}
	if v.failed {
		g.unchanged(before)
		return
	}
	g.left = append(g.left, departure{g.now(), len(v.leavers)}) // approved leavers count, too (R21)
	g.checkReasons(id, v)
	g.decided(approved, v.accept)
	g.counts.approved++
}

func (g *game) reject() {
	set, ok := g.chosen()
	if !ok {
		return
	}
	g.edit(sync.Reject, sync.RejectHeld(set.RunID, set.chosen, set.whole))
	decided := map[int64]string{}
	for member, reason := range set.chosen {
		decided[member], g.members[member].rejected = string(reason), string(reason)
	}
	g.decided(decided, g.waiting.accept)
	g.counts.rejected++
}

func (g *game) clearRejection() {
	for _, m := range g.sorted() {
		if m.rejected != "" {
			m.rejected = ""
			g.edit(sync.Reject, sync.ClearRejection(m.id))
			return
		}
	}
}
