package modeltest

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"ringroster/cmd/ringroster/config"
)

// modelMember is a member as the rules need it.
type modelMember struct {
	id         int64
	active     bool
	managed    bool
	linked     bool
	rc         string
	admin      string
	values     map[string]string // synced fields by column
	synced     map[string]string // as RingCentral said them at the last sync
	mapped     map[string]string // what the settings made of these, if anything
	logins     map[loginKey]loginRow
	own        map[string]string // what belongs to the roster, by column
	pins       map[string]modelPin
	reason     string // of the deactivation
	absentDays int
	absentOn   string
	person     *reported // found in this plan
}

func (m *modelMember) email() string { return strings.ToLower(m.values["email"]) }

func (m *modelMember) name() string {
	v := m.synced
	if !m.linked {
		v = m.values
	}
	return fullName(v["first_name"], v["last_name"])
}

// mayBeNamed says whether no part of somebody's name is another than the member's.
func (m *modelMember) mayBeNamed(q *reported) bool {
	first, last, _ := strings.Cut(m.name(), "\x00")
	itsFirst, itsLast, _ := strings.Cut(q.name, "\x00")
	return (first == "" || itsFirst == "" || first == itsFirst) && (last == "" || itsLast == "" || last == itsLast)
}

// modelRoster is the roster and what the guard remembers.
type modelRoster struct {
	members      map[int64]*modelMember
	open         map[heldKey]*heldRow // what waits, is suspect or was rejected
	seen         []sighting           // by the full runs so far
	lost         map[int64]map[string]map[string]bool
	leavingSince map[int64]time.Time
	left         []departure      // by runs that nobody approved
	decidedOut   map[int64]bool   // whom an operator, and no run, made inactive
	accepted     string           // settings
	acceptedOf   int64            // the run whose settings these are
	settingsOf   map[int64]string // of each full run
	approvedOf   map[int64]bool   // runs of whose held changes some were approved
	percent      int
	floor        int
	grace        int
	manual       bool   // onboarding.mode
	hadNumbers   bool   // the last full run asked for employee numbers
	lookText     string // what the last full run lost, for whoever reads a failure
}

func (r *modelRoster) sorted() []*modelMember {
	all := slices.Collect(maps.Values(r.members))
	slices.SortFunc(all, func(a, b *modelMember) int { return int(a.id - b.id) })
	return all
}

// verdicts is what one run should come to.
type verdicts struct {
	failed    bool
	beyond    bool // the model does not know what comes of it: the play ends
	people    []*reported
	newcomers []*modelMember
	waiting   int                  // newcomers who are held: what becomes of them the model does not know
	leavers   map[int64]string     // deactivated
	held      map[heldKey]bool     // what waits now
	reasons   map[string]string    // why a field changes, by member and field
	told      map[string][2]string // what RingCentral said of it before and after
}

// came counts the people with one outcome.
func (v *verdicts) came(outcome outcome) (n int) {
	for _, q := range v.people {
		if q.outcome == outcome && !q.ghost {
			n++
		}
	}
	return n
}

// planning is one plan of one run.
type planning struct {
	*modelRoster
	verdicts
	occasion
	conflicted map[int64]bool
	leaving    map[int64]string // who would leave, whatever keeps them
	before     map[int64]*modelMember
}

// occasion is when and over what a run plans.
type occasion struct {
	company      *company
	picks        *picks // an import brings in nobody else
	run          int64
	now          time.Time
	today        string
	looks        int     // how often the run read the lists
	settingsText string  // what decides (R23)
	oneLook      bool    // an agent list is not believed by one of the looks alone
	missedOnce   []int64 // members of whom one look has nothing: it says of no role that it is lower
	ownerLost    bool    // RingEX listed the owner of the token at the last full run, and does not now
	mappings     []config.Mapping
	numbers      bool // the extension list is asked for employee numbers
}

// fullRun plays one full run on the model.
func (r *modelRoster) fullRun(o occasion, b *blink) *verdicts {
	p, _ := r.decide(o, b)
	if p.failed {
		return &p.verdicts
	}
	p.remember()
	*r = *p.modelRoster
	return &p.verdicts
}

// decide plans, guard included. wanted is the plan without a guard.
func (r *modelRoster) decide(o occasion, b *blink) (p, wanted *planning) {
	start := &planning{modelRoster: r, occasion: o}
	p, doubts := start.look(b)
	if p.failed {
		return p, p
	}
	wanted, _ = start.look(b)
	p.guard(start.plan(p.putBack(doubts)), doubts)
	return p, wanted
}

// plan is all of a plan but the guard.
func (p *planning) plan(people []*reported) *planning {
	n := &planning{
		modelRoster: p.clone(), occasion: p.occasion,
		conflicted: map[int64]bool{}, leaving: map[int64]string{}, before: p.members,
	}
	n.reasons, n.told, n.people = map[string]string{}, map[string][2]string{}, people
	for _, q := range people {
		if !n.numbers {
			delete(q.values, "employee_id")
		}
	}
	if n.failed = len(people) == 0; n.failed { // R1
		return n
	}
	n.match(people)
	n.matchByEmail(people)
	for _, m := range n.sorted() {
		if m.active && m.person == nil {
			n.leaving[m.id] = "removed"
			if h := n.company.extensionOf(m.rc); h != nil {
				n.leaving[m.id] = map[bool]string{true: "ringex_disabled", false: "access_revoked"}[h.disabled]
			}
		}
	}
	return n
}

func (r *modelRoster) clone() *modelRoster {
	c := *r
	c.members = map[int64]*modelMember{}
	for id, m := range r.members {
		n := *m
		n.values, n.synced, n.logins, n.person = maps.Clone(m.values), maps.Clone(m.synced), maps.Clone(m.logins), nil
		n.own, n.pins, n.mapped = maps.Clone(m.own), maps.Clone(m.pins), maps.Clone(m.mapped)
		c.members[id] = &n
	}
	c.open = map[heldKey]*heldRow{}
	for key, row := range r.open {
		n := *row
		c.open[key] = &n
	}
	return &c
}

// judge is the decision table.
func (p *planning) judge(m *modelMember, byEmail bool) {
	q := m.person
	switch {
	case !q.belongs:
		q.outcome = skipped
		if m.active {
			p.leaving[m.id] = q.why
		}
	case !m.managed, !m.active && (m.reason == "undone" || m.reason == "forgotten") && !p.picks.mean(q),
		!m.active && m.reason == "ringex_disabled" && !q.extByID: // R8: whether it still is, nobody knows
		q.outcome = skipped
	case m.reused(q): // R13
		q.outcome = conflict
		p.conflicted[m.id] = true
	default:
		p.apply(m, byEmail)
	}
}

func (m *modelMember) reused(q *reported) bool {
	if !m.linked || m.rc != "" && q.rc != "" && q.rc != m.rc || m.synced["first_name"]+m.synced["last_name"]+m.synced["email"] == "" { // nothing of them is left to differ
		return false
	}
	for _, field := range []string{"first_name", "last_name", "email"} {
		value, known := q.values[field]
		if !known || strings.EqualFold(value, m.synced[field]) && (field != "email" || !q.sharesEmail) {
			return false
		}
	}
	return true
}

// apply gives a member what RingCentral reports.
func (p *planning) apply(m *modelMember, byEmail bool) {
	q := m.person
	before := *m
	before.values, before.logins, before.pins = maps.Clone(m.values), maps.Clone(m.logins), maps.Clone(m.pins)
	if !m.linked {
		m.synced, m.mapped = maps.Clone(m.values), map[string]string{}
	}
	if !m.active || !m.linked {
		p.pinRole(m, q)
	}
	for field := range m.known(q) {
		p.applyField(m, field)
	}
	m.endPins(p.today)
	if q.rc != "" {
		m.rc = q.rc
	}
	m.mergeLogins(q, p.company)
	p.give(m, before.active)
	m.admin, m.active, m.reason, m.absentDays, m.absentOn = q.admin, true, "", 0, ""
	q.byEmail = byEmail
	m.linked = true
	switch {
	case !before.linked:
		q.outcome = link
	case !before.active:
		q.outcome = reactivate
	case byEmail, before.rc != m.rc, !sameValues(before.values, m.values), !maps.Equal(before.logins, m.logins), !maps.Equal(before.pins, m.pins):
		q.outcome = update
	default:
		q.outcome = same
	}
}

// applyField is R19 for one field that is known, or pinned.
func (p *planning) applyField(m *modelMember, field string) {
	value, known := m.person.values[field]
	before, last, told := m.values[field], m.synced[field], m.told(field)
	reason := "source_changed"
	switch {
	case m.linked && last == value && before == m.given(field):
		reason = "settings_changed" // of map
	case m.linked && last == value:
		reason = "local_edit_reverted"
	case m.linked && field == "employee_id" && !p.hadNumbers && before == "":
		reason = "first_fill"
	}
	if known {
		m.say(field, value, p.mappings)
	}
	value = m.given(field)
	switch pin, pinned := m.pins[field]; {
	case pinned && pin.ended(p.today): // also when nobody reports the field
		reason = "pin_ended"
	case pinned && pin.fresh:
		value, reason = pin.Value, "operator"
	case pinned:
		value, reason = pin.Value, "local_edit_reverted"
	case field == "role", field == "data_source":
		reason = "" // whether the settings are to blame is nothing the model knows
	}
	m.values[field] = value
	if value != before {
		p.reasons[fmt.Sprint(m.id, field)] = reason
		p.told[fmt.Sprint(m.id, field)] = [2]string{told, m.told(field)}
	}
}

// mergeLogins is the end of R8: rows are never removed, and of sub-accounts that
// were not read nothing is known.
func (m *modelMember) mergeLogins(q *reported, c *company) {
	for key, row := range m.logins {
		for sub := range subCount {
			if _, listed := q.logins[key]; !listed && key.sub == subID(sub) && c.open(sub) {
				row.active = false
				m.logins[key] = row
			}
		}
	}
	m.takeLogins(q)
}
