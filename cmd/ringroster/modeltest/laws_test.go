package modeltest

import (
	"database/sql"
	"slices"

	"ringroster/store/heldrows"
	"ringroster/sync"
)

// Laws that hold whatever the rules say in detail, asserted on the program's own database.

// heed looks at what a run did, after it: nobody left whom an earlier run showed as held,
// unless somebody approved since they were last seen present. present are the members that
// RingCentral showed to this run, if it was one of the whole account.
func (g *game) heed(run sync.RunID, full bool) {
	for row := range g.history(`run_id = ? AND field = 'status' AND after = 'inactive'`, run) {
		if g.shown[row.MemberID] {
			g.rt.Fatalf("run %d made member %d inactive (%s), whom an earlier run showed as held, and nobody approved", run, row.MemberID, row.Reason)
		}
	}
	if full {
		for _, q := range g.company.people(nil) {
			for id, m := range g.members {
				if q.belongs && m.is(q) {
					delete(g.shown, id)
				}
			}
		}
	}
	g.query(`SELECT member_id FROM roster_held WHERE decision = 'waiting' AND kind = 'deactivate' AND member_id IS NOT NULL`, nil, func(rows *sql.Rows) {
		var id int64
		g.must(rows.Scan(&id))
		g.shown[id] = true
	})
}

// heedApproval: an approval changes nobody who was not shown, and nothing else of them.
func (g *game) heedApproval(run sync.RunID, shown []heldrows.Row) {
	for row := range g.history(`run_id = ?`, run) {
		if !slices.ContainsFunc(shown, func(h heldrows.Row) bool { return *h.MemberID == row.MemberID && h.Field == text(row.Field) }) {
			g.rt.Fatalf("the approval changed %s of member %d, which was not shown", text(row.Field), row.MemberID)
		}
		delete(g.shown, row.MemberID)
	}
}

// heedViews: all that roster_runs counts as held by a full run waits in
// roster_held, and nobody inactive waits there.
func (g *game) heedViews(run sync.RunID) {
	var held, waiting, inactive int
	g.must(g.db.QueryRowContext(g.ctx, `SELECT held FROM roster_runs WHERE run_id = ?`, run).Scan(&held))
	g.must(g.db.QueryRowContext(g.ctx, `
		SELECT count(DISTINCT coalesce('member ' || h.member_id, h.person)), count(*) FILTER (WHERE m.status = 'inactive' AND h.kind = 'deactivate')
		  FROM roster_held h LEFT JOIN members m USING (member_id) WHERE h.decision = 'waiting'`).Scan(&waiting, &inactive))
	if held > waiting || inactive > 0 { // what is no change just now, as of who is in conflict, goes on waiting
		g.rt.Fatalf("run %d says that %d are held; %d wait, of them %d inactive", run, held, waiting, inactive)
	}
}

// believes fails a run that took something from somebody after one look (R2). Only a
// disabled extension by itself depends on no list of RingCX.
func (g *game) believes(plan *sync.Plan, v *verdicts, before map[int64]*modelMember) {
	looks := g.looks.Load()
	for id, was := range before {
		m := g.members[id]
		lost := was.synced["role"] == "Administrator" && m.synced["role"] != "Administrator"
		for key, row := range was.logins {
			lost = lost || row.active && !m.logins[key].active
		}
		for key, row := range m.logins { // who gained one has moved
			lost = lost && (!row.active || was.logins[key].active && was.logins[key].group == row.group)
		}
		if v.leavers[id] != "" {
			lost = v.leavers[id] != "ringex_disabled"
		}
		if lost && was.watched() && looks < 2 {
			g.rt.Fatalf("member %d lost something, and the lists were read %d times: %v\n %+v\n %+v%s", id, looks, v.leavers, was, m, g.planText(plan))
		}
	}
}
