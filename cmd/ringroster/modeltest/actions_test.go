package modeltest

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"time"

	"pgregory.net/rapid"

	"ringroster/ringcentral/simulator"
	"ringroster/sync"
	"ringroster/sync/edit"
)

// actions are what can happen in a day of the company, of the operators, and of
// the machine. "" is what rapid does after each.
func (g *game) actions() map[string]func(*rapid.T) {
	return map[string]func(*rapid.T){
		"":                      func(*rapid.T) { g.compare() },
		"somebody joins":        func(*rapid.T) { g.join() },
		"somebody leaves":       func(*rapid.T) { g.leaveOne(g.human()) },
		"many disappear":        func(*rapid.T) { g.disappear() },
		"somebody returns":      func(*rapid.T) { g.comeBack() },
		"somebody changes":      func(*rapid.T) { g.change(g.human()) },
		"somebody changes more": func(*rapid.T) { g.change(g.human()) },
		"a record changes":      func(*rapid.T) { g.changeRecord(g.human()) },
		"a supervisor changes":  func(*rapid.T) { g.supervise(g.human()) },
		"supervisors are told":  func(*rapid.T) { g.company.silent = g.n(2, "silent") == 0 },
		"e-mails are swapped":   func(*rapid.T) { g.swap(g.human(), g.human()) },
		"a sub-account closes":  func(*rapid.T) { g.closeSub() },
		"the settings change":   func(*rapid.T) { g.changeSettings() },
		"edit by SQL":           func(*rapid.T) { g.editBySQL() },
		"insert by SQL":         func(*rapid.T) { g.insertBySQL() },
		"detach, attach, set":   func(*rapid.T) { g.editMember() },
		"approve":               func(*rapid.T) { g.approve() },
		"reject":                func(*rapid.T) { g.reject() },
		"clear a rejection":     func(*rapid.T) { g.clearRejection() },
		"pin":                   func(*rapid.T) { g.pin() },
		"unpin":                 func(*rapid.T) { g.unpin() },
		"import":                func(*rapid.T) { g.importPeople() },
		"the mode changes":      func(*rapid.T) { g.changeMode() },
		"forget":                func(*rapid.T) { g.forget() },
		"undo":                  func(*rapid.T) { g.undo() },
		"a sync":                func(*rapid.T) { g.later(61 * time.Minute); g.sync() },
		"the nightly sync":      func(*rapid.T) { g.later(25*time.Hour + 7*time.Minute); g.sync() },
		"another nightly sync":  func(*rapid.T) { g.later(25*time.Hour + 7*time.Minute); g.sync() },
		"RingCentral fails":     func(*rapid.T) { g.later(61 * time.Minute); g.fail() },
		"the process dies":      func(*rapid.T) { g.later(61 * time.Minute); g.die() },
		"the clock is moved":    func(*rapid.T) { g.slow = time.Duration(g.n(60, "hours")) * time.Hour },
		"map changes":           func(*rapid.T) { g.changeMap() },
		"numbers have a source": func(*rapid.T) { g.changeSource() },
		"a number changes":      func(*rapid.T) { g.changeNumber(g.human()) },
		"a number is given":     func(*rapid.T) { g.setNumber() },
		"an outage":             func(*rapid.T) { g.outage() },
		"another outage":        func(*rapid.T) { g.outage() },
		"outages end":           func(*rapid.T) { g.endOutages() },
		"a reorganisation":      func(*rapid.T) { g.reorganise() },
		"agents are made anew":  func(*rapid.T) { g.madeAnew() },
		"a wave":                func(*rapid.T) { g.wave() },
		"hourly syncs":          func(*rapid.T) { g.hours() },
		"limits are edited":     func(*rapid.T) { g.editLimits() },
		"approve again":         func(*rapid.T) { g.approve() },
		"a list blinks":         func(*rapid.T) { g.later(61 * time.Minute); g.blink() },
	}
}

// later lets time pass, in the bubble's clock.
func (g *game) later(d time.Duration) { time.Sleep(d) }

func (g *game) n(most int, label string) int { return rapid.IntRange(0, most-1).Draw(g.rt, label) }

func (g *game) drawKind() string {
	return rapid.SampledFrom([]string{"AGENT", "AGENT", "MULTI_USER", "SUPERVISOR", ""}).Draw(g.rt, "kind")
}

// human draws somebody, but never whose JWT it is.
func (g *game) human() *human { return g.company.humans[1+g.n(len(g.company.humans)-1, "who")] }

func (g *game) group() *agentGroup {
	groups := slices.DeleteFunc(slices.Clone(g.company.groups), func(a *agentGroup) bool { return a.gone })
	return groups[g.n(len(groups), "group")]
}

// join hires somebody new: with an address of their own, one of a member made by
// hand, or one that somebody had before them or still has.
func (g *game) join() {
	n := len(g.company.humans)
	first, last, email := fmt.Sprintf("First%d", n), fmt.Sprintf("Last%d", n), fmt.Sprintf("p%d@example.com", n)
	switch g.n(4, "address") {
	case 0:
		email = g.human().email
	case 1:
		if len(g.inserted) > 0 {
			email = rapid.SampledFrom(g.inserted).Draw(g.rt, "by hand")
		}
	}
	h := g.company.hire(first, last, email, g.group(), g.drawKind())
	h.unlinked = g.n(5, "unlinked") == 0
	h.noExtension = h.unlinked
	if g.n(3, "support") == 0 {
		h.dept = "Support"
	}
}

func (g *game) leaveOne(h *human) {
	switch g.n(4, "how") {
	case 0, 1:
		h.left, h.noExtension = true, true
	case 2:
		h.left = true
	case 3:
		h.disabled = true
	}
}

func (g *game) disappear() {
	for _, h := range g.company.humans[1:] {
		if g.n(3, "disappears") == 0 {
			h.left, h.noExtension = true, true
		}
	}
}

// comeBack lets somebody return: as they were, or under new ids.
func (g *game) comeBack() {
	h := g.human()
	if !h.left && !h.disabled {
		return
	}
	if g.n(2, "new ids") == 1 && h.left {
		kind := "AGENT"
		g.company.hire(h.first, h.last, h.email, g.group(), kind)
		h.noExtension = h.noExtension || g.n(2, "old extension") == 0
		return
	}
	h.left, h.disabled, h.noExtension = false, false, h.unlinked && h.noExtension
}

// change is an ordinary change of somebody's data.
func (g *game) change(h *human) {
	switch g.n(8, "what") {
	case 0:
		h.last = fmt.Sprintf("Married%d", g.company.next())
	case 1:
		h.email = fmt.Sprintf("Moved%d@Example.com", g.company.next())
	case 2:
		h.number, h.dept = strconv.FormatInt(900+g.company.next(), 10), rapid.SampledFrom([]string{"Support", "Sales", ""}).Draw(g.rt, "department")
		h.title = rapid.SampledFrom(modelTitles).Draw(g.rt, "title")
	case 3:
		h.disabled = !h.disabled
	case 4:
		if !h.unlinked && !h.left {
			h.noExtension = !h.noExtension
		}
	case 5: // the address of somebody else, too
		if other := g.human(); !h.unlinked && !other.unlinked {
			h.email = other.email
		}
	case 6: // RingCX loses, or finds, the RingEX id
		h.unlinked = !h.unlinked
	case 7: // somebody else altogether, under the same id (R13)
		n := g.company.next()
		h.first, h.last, h.email = fmt.Sprintf("Other%d", n), fmt.Sprintf("Human%d", n), fmt.Sprintf("other%d@example.com", n)
	}
}

// changeRecord changes what somebody is: role, group, records.
func (g *game) changeRecord(h *human) {
	switch g.n(4, "what") {
	case 0:
		h.admin = map[bool]int64{true: 3000 + g.company.next()}[h.admin == 0]
	case 1:
		h.records = append(h.records, &record{id: 5000 + g.company.next(), group: g.group(), kind: "SUPERVISOR"})
	case 2:
		if len(h.records) > 0 {
			r := h.records[g.n(len(h.records), "record")]
			r.inactive = !r.inactive
		}
	case 3:
		if len(h.records) > 0 { // a group's agents keep their ids when they move within the sub-account
			r := h.records[g.n(len(h.records), "record")]
			if to := g.group(); to.sub == r.group.sub && !to.gone {
				r.group = to
			}
		}
	}
}

func (g *game) swap(a, b *human) {
	if a.gone() || b.gone() {
		return
	}
	a.email, b.email = b.email, a.email
}

func (g *game) closeSub() {
	sub := g.n(subCount, "sub")
	g.company.closed[sub] = !g.company.closed[sub]
}

// changeSettings changes one that decides who belongs, without effect on anybody.
func (g *game) changeSettings() {
	g.roleMap++
	g.settings.RoleMap = g.settings.RoleMap[:0]
	g.settings.RoleMap = append(g.settings.RoleMap, struct {
		AgentType string `mapstructure:"agent_type" json:"agent_type"`
		Role      string `mapstructure:"role" json:"role"`
	}{fmt.Sprintf("TYPE_%d", g.roleMap), "Agent"})
}

func (g *game) member() *modelMember {
	if len(g.members) == 0 {
		g.rt.Skip("nobody is on the roster")
	}
	return g.sorted()[g.n(len(g.members), "member")]
}

// editBySQL is an operator with an SQL client: no history tells it, the next sync
// reverts it.
func (g *game) editBySQL() {
	m := g.member()
	if m.reason == "forgotten" {
		return
	}
	column := rapid.SampledFrom([]string{"first_name", "last_name", "email", "role", "department", "job_title", "employee_id", "status"}).Draw(g.rt, "column")
	value := fmt.Sprintf("hand%d@example.com", g.company.next())
	if column == "status" {
		if m.reason != "" || !m.active {
			return // the program's own decision is not taken back like this
		}
		value, m.active, g.decidedOut[m.id] = "inactive", false, true
	} else {
		m.values[column] = value
	}
	_, err := g.db.ExecContext(g.ctx, `UPDATE members SET `+column+` = ? WHERE member_id = ?`, value, m.id)
	g.must(err)
	g.replayed[m.id][column] = value
	g.bySQL[m.id] = append(g.bySQL[m.id], sqlEdit{g.replayedTo, column, value})
}

// insertBySQL makes a member by hand, for the next sync to link.
func (g *game) insertBySQL() {
	email := g.human().email
	if g.n(2, "fresh") == 0 || email == "" {
		email = fmt.Sprintf("byhand%d@example.com", g.company.next())
		g.inserted = append(g.inserted, email)
	}
	own := ownOfNobody()
	if g.n(3, "own") == 0 {
		own["activity_id"], own["teams"] = "By hand", `["night"]`
	}
	result, err := g.db.ExecContext(g.ctx,
		`INSERT INTO members (account, first_name, last_name, email, activity_id, teams) VALUES ('demo', 'By', 'Hand', ?, ?, ?)`,
		email, own["activity_id"], own["teams"])
	g.must(err)
	id, err := result.LastInsertId()
	g.must(err)
	values := map[string]string{"first_name": "By", "last_name": "Hand", "email": email}
	g.members[id] = &modelMember{
		id: id, active: true, managed: true, values: values, synced: map[string]string{}, logins: map[loginKey]loginRow{},
		own: own, pins: map[string]modelPin{}, mapped: map[string]string{},
	}
	g.replayed[id] = g.view()[id]
	delete(g.replayed[id], "absent_days")
	delete(g.replayed[id], "supervisors")
	g.begun[id] = maps.Clone(g.replayed[id])
}

// edit makes an operator's edit through the program.
func (g *game) edit(trigger sync.Trigger, edit sync.Edit) {
	id, _, err := g.runner().Edit(g.ctx, g.request(trigger, "operator").Run, edit)
	g.must(err)
	g.lastRun = id
}

func (g *game) settle(settled *sync.Settled) {
	id, err := g.runner().Settle(g.ctx, g.request(sync.Reject, "operator").Run, settled)
	g.must(err)
	g.lastRun = id
}

// refused is an edit that the rules do not allow.
func (g *game) refused(edit sync.Edit, why string) {
	g.rt.Helper()
	before := g.dump()
	if _, _, err := g.runner().Edit(g.ctx, g.request(sync.ByHand, "operator").Run, edit); err == nil {
		g.rt.Fatalf("an edit was made that must be refused: %s", why)
	}
	g.unchanged(before)
}

func (g *game) editMember() {
	m := g.member()
	switch g.n(3, "what") {
	case 0:
		if m.reason == "undone" { // attaching takes the undone onboarding back, too
			m.managed, m.reason = true, ""
			g.edit(sync.ByHand, edit.Manage(m.id, true))
			return
		}
		m.managed = !m.managed
		delete(g.shown, m.id)
		delete(g.leavingSince, m.id) // attaching begins the count anew (R21)
		g.edit(sync.ByHand, edit.Manage(m.id, m.managed))
		if key := (heldKey{m.id, "status"}); m.managed && m.active && m.linked && g.open[key] == nil { // R25
			g.open[key] = &heldRow{state: "suspect", after: "inactive", reason: "removed", why: map[string]bool{"attached": true}}
		}
	case 1:
		g.setOwn(m)
	case 2:
		value := fmt.Sprintf("Set%d", g.company.next())
		switch {
		case m.managed:
			g.refused(edit.SetFields(m.id, map[string]string{"last_name": value}), "it belongs to RingCentral")
			return
		case m.reason == "forgotten":
			return
		}
		m.values["last_name"] = value
		g.edit(sync.ByHand, edit.SetFields(m.id, map[string]string{"last_name": value}))
	}
}

// fail breaks RingCentral for one run.
func (g *game) fail() {
	faults := []*simulator.Fault{
		{Kind: "status", Op: simulator.OpAgents, Status: 403, Skip: g.n(4, "skip")},
		{Kind: "status", Op: simulator.OpExtensions, Status: 503},
		{Kind: "cut_json", Op: simulator.OpGroups},
		{Kind: "empty_body", Op: simulator.OpAdministrators},
		{Kind: "html", Op: simulator.OpToken},
		{Kind: "null", Op: simulator.OpSubAccounts},
	}
	fault := faults[g.n(len(faults), "fault")]
	g.server.Change(func(w *simulator.World) { w.Faults = []*simulator.Fault{fault} })
	g.syncWith(g.ctx, nil, true)
	g.server.Change(func(w *simulator.World) { w.Faults = nil })
}

// die ends the process somewhere in a run: the roster is the one before, or the
// one after.
func (g *game) die() {
	ctx, cancel := context.WithCancel(g.ctx)
	defer cancel()
	d := &dyingContext{Context: ctx, cancel: cancel}
	d.left.Store(int64(g.n(120, "dies after")) + 1)
	g.dying = d
	g.syncWith(d, nil, true)
	g.dying = nil
	g.counts.died++
	if g.n(3, "restart") == 0 {
		path := g.st.Path()
		g.must(g.st.Close())
		g.openStore(path)
	}
}

// blink empties one list at one of the two looks (R2).
func (g *game) blink() {
	b := &blink{look: 1 + g.n(2, "look")}
	fault := &simulator.Fault{Kind: "emptied", Op: simulator.OpAdministrators, Skip: b.look - 1, Count: 1}
	if g.n(3, "administrators") > 0 {
		b.group = g.group()
		fault.Op, fault.Path = simulator.OpAgents, fmt.Sprintf("*/accounts/%s/agentGroups/%s/agents", subID(b.group.sub), b.group.text())
	}
	g.server.Change(func(w *simulator.World) { w.Faults = []*simulator.Fault{fault} })
	g.syncWith(g.ctx, b, false)
	g.server.Change(func(w *simulator.World) { w.Faults = nil })
}
