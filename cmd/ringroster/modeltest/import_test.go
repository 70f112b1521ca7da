package modeltest

import (
	"maps"
	"slices"
	"time"

	"pgregory.net/rapid"

	"ringroster/sync"
	"ringroster/sync/plan"
	"ringroster/sync/reconcile"
)

// picks are the people whom an operator brings in by hand.
type picks struct {
	who         []string // keys
	role        string   // pinned; "": as RingCentral says
	activity    string
	teams       []string
	permissions map[string]bool
}

// mean says whether somebody was picked.
func (p *picks) mean(q *reported) bool {
	return p != nil && q != nil && slices.Contains(p.who, q.key())
}

// key means one person, and nobody else.
func (q *reported) key() string {
	switch {
	case q.rc != "":
		return "rc:" + q.rc
	case len(q.logins) > 0:
		var ids []string
		for key := range q.logins {
			ids = append(ids, key.agent)
		}
		return slices.Min(ids)
	default:
		return "admin:" + q.admin
	}
}

// bring plays `import WHO…`: all of them come in or none, and nobody else is
// touched.
func (r *modelRoster) bring(o occasion, picks *picks) *verdicts {
	o.picks = picks
	p, _ := r.decide(o, nil)
	p.leavers, p.held = nil, nil
	for _, q := range p.people {
		p.failed = p.failed || picks.mean(q) && (q.outcome == skipped || q.outcome == conflict)
	}
	if p.failed {
		return &p.verdicts
	}
	p.people = slices.DeleteFunc(p.people, func(q *reported) bool { return !picks.mean(q) })
	p.newcomers = slices.DeleteFunc(p.newcomers, func(m *modelMember) bool { return !picks.mean(m.person) })
	for id, m := range p.members {
		if picks.mean(m.person) && (m.person.outcome == link || m.person.outcome == reactivate) {
			on := listsOf(m.logins, m.admin) // what the roster still says is undecided
			maps.Copy(on, m.reportedOn())
			r.members[id], r.seen[len(r.seen)-1].on[id] = m, on
		}
	}
	r.seenAgain()
	return &p.verdicts
}

// pinRole keeps the role that somebody was brought in with.
func (p *planning) pinRole(m *modelMember, q *reported) {
	if p.picks.mean(q) && p.picks.role != "" {
		m.pins["role"] = modelPin{Value: p.picks.role, Reason: "brought in with this role", By: "operator", fresh: true}
	}
}

// givePicked is what whoever picked somebody says, over everything else.
func (p *planning) givePicked(m *modelMember) {
	if !p.picks.mean(m.person) {
		return
	}
	if p.picks.activity != "" {
		m.own["activity_id"] = p.picks.activity
	}
	m.own["teams"] = listWith(m.own["teams"], p.picks.teams...)
	m.own["permissions"] = permissionsWith(m.own["permissions"], p.picks.permissions)
}

// drawPicks picks somebody RingCentral reports, or two, on the roster or not.
func (g *game) drawPicks() *picks {
	people := g.company.people(nil)
	p := &picks{permissions: map[string]bool{}}
	for range 1 + g.n(2, "two") {
		if len(people) > 0 {
			p.who = append(p.who, g.likely(people).key())
		}
	}
	if g.n(2, "role") == 0 {
		p.role = rapid.SampledFrom([]string{"Agent", "Supervisor"}).Draw(g.rt, "role")
	}
	if g.n(2, "activity") == 0 {
		p.activity = "Site 9"
	}
	if g.n(2, "gifts") == 0 {
		p.teams, p.permissions["outbound_calls"] = []string{"picked"}, true
	}
	return p
}

// likely draws somebody, preferably who is not there.
func (g *game) likely(people []*reported) *reported {
	away := slices.DeleteFunc(slices.Clone(people), func(q *reported) bool {
		return slices.ContainsFunc(g.sorted(), func(m *modelMember) bool { return m.active && m.linked && m.is(q) })
	})
	if len(away) > 0 && g.n(4, "away") > 0 {
		people = away
	}
	return people[g.n(len(people), "picked")]
}

func (p *picks) request() *plan.Picks {
	r := &plan.Picks{Who: p.who, Role: p.role, By: "operator", Give: sync.Given{ActivityID: p.activity, Teams: p.teams, Permissions: map[sync.Permission]bool{}}}
	for name, on := range p.permissions {
		r.Give.Permissions[sync.Permission(name)] = on
	}
	return r
}

// importPeople brings chosen people in.
func (g *game) importPeople() {
	g.later(time.Hour)
	g.serve()
	picks := g.drawPicks()
	if len(picks.who) == 0 {
		return
	}
	before := g.dump()
	req := g.request(sync.Importing, "operator")
	req.Picks = picks.request()
	r := g.runner()
	reviewed, err := g.preview(r, req)
	v := g.bring(g.occasion(0), picks)
	if v.failed != (err != nil) {
		g.rt.Fatalf("import of %v: %v, the rules say failed: %v", picks.who, err, v.failed)
	}
	if came := v.came(onboard) + v.came(link) + v.came(reactivate); !v.failed && (reviewed == nil) != (came == 0) {
		g.rt.Fatalf("import of %v: %d changes, the rules bring in %d", picks.who, len(reviewed), came)
	}
	if reviewed == nil { // or refused, before there was a run
		g.unchanged(before)
		return
	}
	req.Reviewed = map[string]plan.Reviewed{"demo": reviewed}
	id, results, err := r.Sync(g.ctx, req)
	g.must(err)
	g.must(results[0].Err)
	g.lastRun = id
	g.adopt(v)
	g.checkReasons(id, v)
	g.checkTold(id, v)
	s := results[0].Plan.Summary
	want := sync.Summary{Onboard: v.came(onboard), Link: v.came(link), Reactivate: v.came(reactivate)}
	if s.Onboard != want.Onboard || s.Link != want.Link || s.Reactivate != want.Reactivate {
		g.rt.Fatalf("the import of %v came to %+v, the rules come to %+v", picks.who, s, want)
	}
	g.counts.imported += want.Onboard + want.Link + want.Reactivate
}

// preview is what importing would do, as somebody reviews it: nil where that is nothing.
func (g *game) preview(r *reconcile.Runner, req reconcile.Request) (plan.Reviewed, error) {
	result := r.Preview(g.ctx, req)[0]
	if result.Err != nil {
		return nil, result.Err
	}
	var reviewed plan.Reviewed
	for i := range result.Plan.Changes {
		text, err := result.Plan.Changes[i].MarshalJSON()
		g.must(err)
		reviewed = append(reviewed, text)
	}
	return reviewed, nil
}

// changeMode lets newcomers wait until they are picked, or come by themselves.
func (g *game) changeMode() {
	g.manual = g.n(2, "manual") == 0
	g.settings.Onboarding.Mode = map[bool]string{true: "manual", false: "automatic"}[g.manual]
}
