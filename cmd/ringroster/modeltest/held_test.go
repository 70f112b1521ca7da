package modeltest

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"ringroster/store/heldrows"
	"ringroster/sync"
)

// whose are the rows in a state, sorted.
func (r *modelRoster) whose(state string) (keys []heldKey) {
	for key, row := range r.open {
		if row.state == state {
			keys = append(keys, key)
		}
	}
	slices.SortFunc(keys, func(a, b heldKey) int {
		if a.member != b.member {
			return int(a.member - b.member)
		}
		return map[bool]int{true: -1, false: 1}[a.field < b.field]
	})
	return keys
}

// chosen are held changes, all or some, as an operator chooses them: what one run or
// an earlier one showed.
func (g *game) chosen() ([]heldrows.Row, []heldKey) {
	waiting := g.whose("waiting")
	if len(waiting) == 0 {
		return nil, nil
	}
	run := g.open[waiting[g.n(len(waiting), "shown by")]].run
	var chosen []heldKey
	spared := map[int64]bool{}
	for _, key := range waiting {
		if _, drawn := spared[key.member]; !drawn && g.open[key].run <= run {
			spared[key.member] = g.n(4, "except") == 0
		}
		if g.open[key].run <= run && !spared[key.member] {
			chosen = append(chosen, key)
		}
	}
	rows, err := g.st.Held(g.ctx, heldrows.Filter{Account: "demo", Job: sync.JobMembers, States: []string{string(sync.Waiting)}})
	g.must(err)
	rows = slices.DeleteFunc(rows, func(h heldrows.Row) bool { return int64(h.RunID) > run || spared[*h.MemberID] })
	if len(rows) != len(chosen) {
		g.rt.Fatalf("run %d showed %d changes to decide about, the rules know %d", run, len(rows), len(chosen))
	}
	return rows, chosen
}

func (g *game) approve() {
	rows, chosen := g.chosen()
	if len(chosen) == 0 {
		return
	}
	g.later(61 * time.Minute)
	g.serve()
	before := g.dump()
	req := g.request(sync.Approve, "operator")
	req.Approve = map[string]*sync.Approval{"demo": {Run: sync.RunID(slices.Max(runsOf(rows))), Held: heldIDs(rows)}}
	id, results, err := g.runner().Sync(g.ctx, req)
	g.must(err)
	g.lastRun = id
	v := g.release(g.occasion(id), chosen)
	if v.failed != (results[0].Status == sync.Failed) {
		g.rt.Fatalf("approval: %s (%v), the rules say failed: %v", results[0].Status, results[0].Err, v.failed)
	}
	if v.failed {
		g.unchanged(before)
		return
	}
	g.checkReasons(id, v)
	g.heedApproval(id, rows)
	g.counts.approved++
}

func runsOf(rows []heldrows.Row) (runs []int64) {
	for i := range rows {
		runs = append(runs, int64(rows[i].RunID))
	}
	return runs
}

func heldIDs(rows []heldrows.Row) (ids []int64) {
	for i := range rows {
		ids = append(ids, rows[i].HeldID)
	}
	return ids
}

// release plays an approval: what is still planned of the chosen changes, and nothing
// else (R25).
func (r *modelRoster) release(o occasion, chosen []heldKey) *verdicts {
	p, read := r.decide(o, nil)
	r.lookText = p.lookText
	v := &p.verdicts
	v.leavers = map[int64]string{}
	if v.failed {
		return v
	}
	var decided []*heldRow
	for _, key := range chosen {
		m, row := r.members[key.member], r.open[key]
		want := read.members[m.id]
		leaves := read.leaving[m.id] != "" && p.before[m.id].watched()
		planned := (key.field == "status") == leaves && !read.conflicted[m.id] && p.open[key] != nil && p.open[key].state == "waiting" && p.open[key].after == row.after
		leaving := r.open[heldKey{m.id, "status"}]
		switch {
		case p.open[key] != nil && p.open[key].state == "waiting" && p.open[key].run != row.run: // another question by now
			anew := *p.open[key]
			r.open[key] = &anew
			continue
		case (key.field == "role" && modelRank[want.values["role"]] < modelRank[m.values["role"]] || key.field == "logins") && leaving != nil && leaving.state != "rejected":
			continue // whether they leave is open
		case !planned:
			continue
		case key.field == "status":
			read.book(m)
			m.active, m.reason = false, read.leaving[m.id]
			v.leavers[m.id], r.decidedOut[m.id] = m.reason, true
		case key.field != "logins":
			if key.field == "role" {
				r.unsee(m.id, func(list string) bool { return list == adminList })
			}
			m.values[key.field], m.synced[key.field] = want.values[key.field], want.synced[key.field]
		default:
			for login, now := range want.logins {
				if m.logins[login].active && !now.active && !r.keeps(m.id)[login] {
					gone := listsOf(map[loginKey]loginRow{login: m.logins[login]}, "")
					r.unsee(m.id, func(list string) bool { return gone[list] })
					m.logins[login] = now
				}
			}
		}
		decided = append(decided, row)
		delete(r.open, key)
		if r.approvedOf == nil {
			r.approvedOf = map[int64]bool{}
		}
		r.approvedOf[row.run] = true
	}
	r.accept(decided)
	return v
}

func (g *game) reject() {
	rows, chosen := g.chosen()
	if len(chosen) == 0 {
		return
	}
	g.settle(&sync.Settled{Decision: sync.Reject, Held: heldIDs(rows)})
	var decided []*heldRow
	for _, key := range chosen {
		row := g.open[key]
		decided = append(decided, row)
		if row.state = "rejected"; key.field == "logins" {
			delete(g.open, key)
			g.open[key.keptKey(row.ended)] = row
		}
	}
	g.accept(decided)
	g.counts.rejected++
}

// clearRejection makes what somebody rejected suspect again (R26).
func (g *game) clearRejection() {
	rejected := g.whose("rejected")
	if len(rejected) == 0 {
		return
	}
	member := rejected[0].member
	rows, err := g.st.Held(g.ctx, heldrows.Filter{Member: member, States: []string{string(sync.Rejected)}})
	g.must(err)
	g.settle(&sync.Settled{Decision: sync.Clear, Held: heldIDs(rows)})
	for _, key := range rejected {
		if key.member != member {
			continue
		}
		row := g.open[key]
		row.state, row.present, row.on = "suspect", 0, ""
		if !key.isKept() {
			continue
		}
		delete(g.open, key)
		key.field = "logins"
		g.over = g.over || g.open[key] != nil // what becomes of both, the model does not know
		g.open[key] = row
	}
}

// unsee forgets that a member was on lists: an operator decided about it.
func (r *modelRoster) unsee(member int64, lists func(string) bool) {
	for _, s := range r.seen {
		maps.DeleteFunc(s.on[member], func(list string, _ bool) bool { return lists(list) })
	}
	maps.DeleteFunc(r.lost[member], func(list string, _ map[string]bool) bool { return lists(list) })
}

// dropOpen ends what is open about somebody who is detached or forgotten (R25).
func (g *game) dropOpen(member int64) {
	delete(g.shown, member)
	g.modelRoster.dropOpen(member)
}

func (r *modelRoster) dropOpen(member int64) {
	maps.DeleteFunc(r.open, func(key heldKey, _ *heldRow) bool { return key.member == member })
}

// compareHeld is R25: what is open is what the rules say, under the same numbers, for
// the same reasons.
func (g *game) compareHeld() {
	rows, err := g.st.Held(g.ctx, heldrows.Filter{Job: sync.JobMembers})
	g.must(err)
	got, want := map[string]bool{}, map[string]bool{}
	var details strings.Builder
	for _, h := range rows {
		key, why := heldKey{*h.MemberID, h.Field}, map[string]bool{}
		for _, reason := range h.Why {
			why[string(reason.Reason)] = true
			fmt.Fprintf(&details, "\n  %d %s: %s: %s", *h.MemberID, h.Field, reason.Reason, reason.Detail)
		}
		got[openText(key, h.State, int64(h.RunID))+g.whyText(key, string(h.Reason), why)] = true
	}
	for key, row := range g.open {
		want[openText(key, row.state, row.run)+g.whyText(key, row.reason, row.why)] = true
	}
	if !maps.Equal(want, got) {
		g.rt.Fatalf("open are\n  %q,\nthe rules say\n  %q%s\n  %s", slices.Sorted(maps.Keys(got)), slices.Sorted(maps.Keys(want)), details.String(), g.lookText)
	}
}

func openText(key heldKey, state string, run int64) string {
	if key.isKept() {
		key.field = "logins"
	}
	if state == "suspect" { // under no number can anybody decide about it
		return fmt.Sprintf("%d %s %s", key.member, key.field, state)
	}
	return fmt.Sprintf("%d %s %s since run %d", key.member, key.field, state, run)
}

// listReasons say that a list is distrusted. Where a member hangs on several, any of them
// tells why.
var listReasons = []string{"list_emptied", "list_shrunk", "list_cap", "agent_group_gone", "sub_account_gone"}

// whyText is why a leaver is held. Which of several lists is to blame for a field of
// somebody present, no rule says.
func (g *game) whyText(key heldKey, reason string, why map[string]bool) string {
	row := g.open[key]
	if row == nil || key.field != "status" || row.run != int64(g.lastRun) { // why it goes on, nobody asks
		return ""
	}
	said := maps.Clone(why)
	for _, reason := range listReasons {
		if said[reason] {
			delete(said, reason)
			said["a list"] = true
		}
	}
	if len(said) > 1 { // held anyway
		delete(said, "a list")
	}
	return fmt.Sprint(" as ", reason, " for ", slices.Sorted(maps.Keys(said)))
}
