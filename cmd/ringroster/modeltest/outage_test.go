package modeltest

import (
	"fmt"
	"slices"
	"time"

	"pgregory.net/rapid"

	"ringroster/cmd/ringroster/config"
)

// Accidents and reorganisations: what a guard must tell apart.

// outage lets a list lose people, for as long as nobody ends it: it is empty, it keeps one
// row, half of them, or the first so many; its records say that they are inactive; or it is
// not listed at all.
func (g *game) outage() {
	kind := rapid.SampledFrom([]string{"empty", "one row", "halved", "cut", "inactive", "group", "sub-account", "administrators"}).Draw(g.rt, "outage")
	group := g.group()
	records := g.company.recordsOf(group)
	keep := map[string]int{"one row": 1, "halved": len(records) / 2}[kind]
	switch kind {
	case "group":
		group.unlisted = true
		return
	case "sub-account":
		g.company.unlisted[group.sub] = true
		return
	case "administrators":
		keep = g.n(4, "administrators left")
		for _, h := range g.company.humans[1:] { // without the owner of the token nothing is read at all
			if h.admin != 0 && !h.left {
				h.adminHidden = keep <= 0
				keep--
			}
		}
		return
	case "cut":
		keep = 1 + g.n(4, "cut at")
		for _, other := range g.company.groups { // all lists alike
			if rows := g.company.recordsOf(other); len(rows) > keep {
				hide(rows[keep:])
			}
		}
		return
	case "inactive":
		for _, r := range records {
			r.dimmed = true
		}
		return
	}
	hide(records[min(keep, len(records)):])
}

func hide(records []*record) {
	for _, r := range records {
		r.hidden = true
	}
}

// recordsOf are the records that a group's list shows, in its order.
func (c *company) recordsOf(group *agentGroup) (records []*record) {
	for _, h := range c.humans {
		for _, r := range h.records {
			if r.group == group && !h.left && !r.hidden {
				records = append(records, r)
			}
		}
	}
	return records
}

// endOutages makes all lists whole again.
func (g *game) endOutages() {
	g.company.unlisted = [subCount]bool{}
	for _, group := range g.company.groups {
		group.unlisted = group.gone
	}
	for _, h := range g.company.humans {
		h.adminHidden = false
		for _, r := range h.records {
			r.hidden, r.dimmed = false, false
		}
	}
}

// reorganise moves people between groups: merged, split, or renumbered; or it renames one.
func (g *game) reorganise() {
	from := g.group()
	if from.gone {
		return
	}
	half := false
	var to *agentGroup
	switch rapid.SampledFrom([]string{"merged", "split", "renumbered", "renamed"}).Draw(g.rt, "reorganised") {
	case "merged":
		to = g.group()
		if to == from || to.gone || to.sub != from.sub {
			return
		}
	case "split":
		to, half = g.company.addGroup(from.sub), true
	case "renumbered":
		to = g.company.addGroup(from.sub)
	case "renamed":
		from.name = fmt.Sprint("Renamed ", g.company.next())
		return
	}
	n := 0
	for _, h := range g.company.humans {
		for _, r := range h.records {
			if n++; r.group == from && (!half || n%2 == 0) {
				r.group = to
			}
		}
	}
	if !half {
		from.gone, from.unlisted = true, true
	}
}

// madeAnew gives somebody, or a whole group, new RingCX and RingEX ids.
func (g *game) madeAnew() {
	group := g.group()
	for _, h := range slices.Clone(g.company.humans[1:]) {
		if h.gone() || len(h.records) != 1 || h.records[0].group != group || h.unlinked {
			continue
		}
		h.left, h.noExtension = true, true
		g.company.hire(h.first, h.last, h.email, group, h.records[0].kind)
		if g.n(2, "one alone") == 0 {
			return
		}
	}
}

// wave brings in many at once, or gives many another e-mail.
func (g *game) wave() {
	join := g.n(2, "join") == 0 && len(g.company.humans) < 50
	for _, h := range slices.Clone(g.company.humans[1:]) {
		switch {
		case g.n(3, "this one") > 0:
		case join:
			n := len(g.company.humans)
			g.company.hire(fmt.Sprintf("First%d", n), fmt.Sprintf("Last%d", n), fmt.Sprintf("p%d@example.com", n), g.group(), "AGENT")
		default:
			h.email = fmt.Sprintf("wave%d@example.com", g.company.next())
		}
	}
}

// hours is part of a day of hourly runs, in which the lists dwindle.
func (g *game) hours() {
	for range 1 + g.n(4, "hours") {
		if h := g.human(); g.n(2, "dwindle") == 0 {
			h.left, h.noExtension = true, true
		}
		g.later(61 * time.Minute)
		if g.sync(); g.over {
			return
		}
		g.compare()
	}
}

// editLimits changes the limit on leavers, which decides nothing by itself (R23), or the
// grace, which does.
func (g *game) editLimits() {
	if g.n(3, "grace") == 0 {
		g.grace = g.n(3, "days")
		g.settings.DeactivationGrace.Days = g.grace
		return
	}
	g.percent, g.floor = rapid.SampledFrom([]int{5, 10, 25, 60}).Draw(g.rt, "percent"), rapid.SampledFrom([]int{1, 2, 5}).Draw(g.rt, "floor")
	g.settings.Limits.Deactivations = config.Limit{Percent: g.percent, Floor: g.floor}
}
