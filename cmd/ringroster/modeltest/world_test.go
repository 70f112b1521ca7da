package modeltest

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"ringroster/ringcentral/simulator"
)

// The company of the model: humans who come and go. RingCentral's lists are made
// of them, and the model of the rules looks at nothing else.

const (
	modelOwner = 700000001 // whose JWT it is: an administrator, who stays
	subCount   = 2
	groupCount = 2 // in each sub-account, before any reorganisation
)

// human is one human under one RingCentral identity; who returns under new ids
// is another.
type human struct {
	rc                 int64 // the extension
	unlinked           bool  // RingCX does not know the extension
	first, last, email string
	number, dept       string
	title              string
	employee           string
	referred           bool // the list says by which numbers others know them
	records            []*record
	admin              int64 // administrator id, 0: none
	left               bool  // RingCX lists no record
	adminHidden        bool  // an outage: the administrators list lacks them
	noExtension        bool  // RingEX does not list the extension
	disabled           bool
}

// record is one agent record.
type record struct {
	id       int64
	group    *agentGroup
	kind     string
	under    []int64 // the agents who supervise this one
	inactive bool
	hidden   bool // an outage: its list lacks it
	dimmed   bool // an outage: its list says isActive: false
}

type agentGroup struct {
	sub      int
	id       int64
	name     string
	unlisted bool // an outage: its sub-account does not list it
	gone     bool // merged into another, or renumbered
}

// blink is an outage that only one of the two looks of a run meets (R2): a list is
// empty.
type blink struct {
	group *agentGroup // nil: the administrators
	look  int
}

// at is what a look meets of it.
func (b *blink) at(look int) *blink {
	if b != nil && b.look == look {
		return b
	}
	return nil
}

type company struct {
	humans   []*human
	groups   []*agentGroup  // as listed: by sub-account, then by id
	closed   [subCount]bool // inactive sub-accounts
	unlisted [subCount]bool // sub-accounts that RingCentral does not list
	silent   bool           // RingCX says nothing of supervisors
	counter  int64
}

// found makes the company's first groups.
func (c *company) found() {
	for sub := range subCount {
		for group := range groupCount {
			c.groups = append(c.groups, &agentGroup{sub: sub, id: int64(1001 + sub*groupCount + group), name: fmt.Sprintf("Group %d", group)})
		}
	}
}

// addGroup makes a new group.
func (c *company) addGroup(sub int) *agentGroup {
	n := c.next()
	g := &agentGroup{sub: sub, id: 2000 + n, name: fmt.Sprintf("Team %d", n)}
	c.groups = append(c.groups, g)
	slices.SortStableFunc(c.groups, func(a, b *agentGroup) int { return a.sub - b.sub })
	return g
}

// shown says what RingCentral lists of a record at one look.
func (c *company) shown(r *record, b *blink) (listed, active bool) {
	listed = c.open(r.group.sub) && !r.group.unlisted && !r.hidden && (b == nil || b.group != r.group)
	return listed, listed && !r.inactive && !r.dimmed
}

func (c *company) next() int64 { c.counter++; return c.counter }

func (c *company) hire(first, last, email string, at *agentGroup, kind string) *human {
	n := c.next()
	h := &human{rc: modelOwner + n, first: first, last: last, email: email, number: strconv.FormatInt(100+n, 10), dept: "Sales"}
	if kind == "" {
		h.admin = 3000 + n
	} else {
		h.records = []*record{{id: 5000 + n, group: at, kind: kind}}
	}
	c.humans = append(c.humans, h)
	return h
}

func (h *human) gone() bool { return h.left && h.noExtension }

// ownAddress gives somebody without RingEX id an address of their own when it is
// shared: it is their identity (R6).
func (c *company) ownAddress(h *human) {
	shared := slices.ContainsFunc(c.humans, func(o *human) bool {
		return o != h && !o.gone() && strings.EqualFold(o.email, h.email) && (o.unlinked || h.unlinked)
	})
	if !h.gone() && (shared || h.unlinked && h.email == "") {
		h.email = fmt.Sprintf("own%d@example.com", c.next())
	}
}

func subID(sub int) string          { return strconv.Itoa(99990001 + sub) }
func (g *agentGroup) text() string  { return strconv.FormatInt(g.id, 10) }
func rcID(h *human) string          { return strconv.FormatInt(h.rc, 10) }
func loginKeyOf(r *record) loginKey { return loginKey{subID(r.group.sub), strconv.FormatInt(r.id, 10)} }
func userName(r *record) string     { return fmt.Sprint("agent", r.id) }
func (c *company) open(sub int) bool {
	return !c.closed[sub] && !c.unlisted[sub]
}

// serve puts the company into the simulator.
func (c *company) serve(a *simulator.Account) {
	a.ID, a.OwnerID, a.SubAccounts, a.Administrators, a.Extensions = simulator.DemoAccountID, modelOwner, nil, nil, nil
	a.NoSupervisors = c.silent
	groups := map[*agentGroup]*simulator.Group{}
	for sub := range subCount {
		s := &simulator.SubAccount{ID: subID(sub), Name: fmt.Sprintf("Sub %d", sub), Inactive: c.closed[sub]}
		for _, g := range c.groups {
			if g.sub == sub {
				groups[g] = &simulator.Group{ID: g.id, Name: g.name}
			}
			if g.sub == sub && !g.unlisted {
				s.Groups = append(s.Groups, groups[g])
			}
		}
		if !c.unlisted[sub] {
			a.SubAccounts = append(a.SubAccounts, s)
		}
	}
	for _, h := range c.humans {
		h.serve(a, groups)
	}
}

func (h *human) serve(a *simulator.Account, groups map[*agentGroup]*simulator.Group) {
	if !h.noExtension {
		e := &simulator.Extension{ID: h.rc, Number: h.number, FirstName: h.first, LastName: h.last, Email: h.email, Department: h.dept, JobTitle: h.title}
		if h.referred {
			e.References = map[string]string{}
			if h.employee != "" {
				e.References["CustomerDirectoryId"] = h.employee
			}
		}
		if h.disabled {
			e.Status = "Disabled"
		}
		a.Extensions = append(a.Extensions, e)
	}
	if h.left {
		return
	}
	rc := h.rc
	if h.unlinked {
		rc = 0
	}
	for _, r := range h.records {
		if g := groups[r.group]; !r.hidden {
			g.Agents = append(g.Agents, &simulator.Agent{
				ID: r.id, RCUserID: rc, FirstName: h.first, LastName: h.last, Email: h.email, Type: r.kind, Inactive: r.inactive || r.dimmed, UserName: userName(r),
				Supervisors: r.under,
			})
		}
	}
	if h.admin != 0 && !h.adminHidden {
		a.Administrators = append(a.Administrators, &simulator.Administrator{
			ID: h.admin, RCUserID: rc, FirstName: h.first, LastName: h.last, Email: h.email,
		})
	}
}

// reported is a person as the rules see them (R6 to R10).
type reported struct {
	human       *human // whose records these are; nil: only lost records that are put back (R22)
	rc          string
	admin       string
	ext         *human // whose extension is attached
	extByID     bool
	values      map[string]string // what the roster should hold; unknown fields are missing (R8)
	logins      map[loginKey]loginRow
	belongs     bool
	why         string // when not
	name        string // folded
	sharesEmail bool   // somebody else who is reported has the e-mail of their records
	outcome     outcome
	byEmail     bool // found a member by it
	ghost       bool // made of lost records that are put back (R22), and nothing else
}

// outcome is what became of a person in one plan (R32).
type outcome string

const (
	onboard    outcome = "onboard"
	link       outcome = "link"
	reactivate outcome = "reactivate"
	update     outcome = "update"
	same       outcome = "same"
	conflict   outcome = "conflict"
	skipped    outcome = "skipped"
	heldBack   outcome = "held"
)

type (
	loginKey struct{ sub, agent string }
	loginRow struct {
		group, name, kind, user, under string
		active                         bool
	}
)

// people lists whom RingCX reports at one look.
func (c *company) people(b *blink) []*reported {
	var all []*reported
	taken := map[*human]bool{}
	for _, h := range c.humans {
		p := &reported{human: h, logins: map[loginKey]loginRow{}, name: fullName(h.first, h.last)}
		if h.left {
			continue
		}
		for _, r := range h.records {
			if listed, active := c.shown(r, b); listed {
				p.logins[loginKeyOf(r)] = loginRow{r.group.text(), r.group.name, r.kind, userName(r) + "+eo1", c.underText(r), active}
			}
		}
		if h.admin != 0 && !h.adminHidden && (b == nil || b.group != nil) {
			p.admin = strconv.FormatInt(h.admin, 10)
		}
		if len(p.logins) == 0 && p.admin == "" {
			continue
		}
		if !h.unlinked {
			p.rc = rcID(h)
			if !h.noExtension {
				p.ext, p.extByID, taken[h] = h, true, true
			}
		}
		all = append(all, p)
	}
	c.attachByEmail(all, taken)
	for _, p := range all {
		p.sharesEmail = slices.ContainsFunc(all, func(q *reported) bool {
			return q != p && p.human.email != "" && strings.EqualFold(q.human.email, p.human.email)
		})
		c.judge(p)
	}
	return all
}

// attachByEmail is the second half of R7: exactly one person, exactly one
// extension.
func (c *company) attachByEmail(all []*reported, taken map[*human]bool) {
	for _, p := range all {
		email := p.human.email
		if p.ext != nil || email == "" {
			continue
		}
		rivals := 0
		for _, q := range all {
			if !q.extByID && strings.EqualFold(q.human.email, email) {
				rivals++
			}
		}
		var free []*human
		for _, h := range c.humans {
			if !h.noExtension && !taken[h] && strings.EqualFold(h.email, email) {
				free = append(free, h)
			}
		}
		if rivals == 1 && len(free) == 1 {
			p.ext = free[0]
		}
	}
}

// first is the first record that grants somebody access, agents before administrators
// (R8); "": none does.
func (c *company) first(p *reported) any {
	for _, g := range c.groups {
		for _, key := range slices.SortedFunc(maps.Keys(p.logins), func(a, b loginKey) int { return strings.Compare(a.agent, b.agent) }) {
			if row := p.logins[key]; row.active && key.sub == subID(g.sub) && row.group == g.text() {
				return key
			}
		}
	}
	return p.admin
}

// judge is R8 to R10 and R14 under the default settings.
func (c *company) judge(p *reported) {
	role := ""
	if first, agent := c.first(p).(loginKey); agent {
		role = map[bool]string{true: "Supervisor", false: "Agent"}[strings.HasSuffix(p.logins[first].kind, "SUPERVISOR")]
	}
	if p.admin != "" {
		role = "Administrator" // administrators come first (R3)
	}
	switch {
	case p.extByID && p.ext.disabled:
		p.why = "ringex_disabled"
	case role == "":
		p.why = "access_revoked"
	default:
		p.belongs = true
	}
	p.values = map[string]string{"role": role, "data_source": "ringcx-realtime"}
	if p.ext != nil {
		p.values["extension_number"], p.values["department"], p.values["job_title"] = p.ext.number, p.ext.dept, p.ext.title
		if p.ext.referred {
			p.values["employee_id"] = p.ext.employee
		}
	}
	h := p.human
	if h == nil {
		return // what the lost records said of names is unknown (R22)
	}
	for field, value := range map[string]string{"first_name": h.first, "last_name": h.last, "email": h.email} {
		if p.ext != nil && value == "" {
			value = map[string]string{"first_name": p.ext.first, "last_name": p.ext.last, "email": p.ext.email}[field]
		}
		if value != "" || p.rc == "" || p.ext != nil {
			p.values[field] = value
		}
	}
}

// extensionOf finds the extension with an id that RingEX lists.
func (c *company) extensionOf(rc string) *human {
	for _, h := range c.humans {
		if rcID(h) == rc && !h.noExtension {
			return h
		}
	}
	return nil
}

func fullName(first, last string) string { return strings.ToLower(first + "\x00" + last) }
