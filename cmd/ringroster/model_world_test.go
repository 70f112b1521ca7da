package main

import (
	"fmt"
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
	groupCount = 2 // in each sub-account
)

// human is one human under one RingCentral identity; who returns under new ids
// is another.
type human struct {
	rc                 int64 // the extension
	unlinked           bool  // RingCX does not know the extension
	first, last, email string
	number, dept       string
	records            []*record
	admin              int64 // administrator id, 0: none
	left               bool  // RingCX lists no record
	noExtension        bool  // RingEX does not list the extension
	disabled           bool
}

// record is one agent record.
type record struct {
	id         int64
	sub, group int
	kind       string
	inactive   bool
}

// place is one agent group.
type place struct{ sub, group int }

type company struct {
	humans  []*human
	closed  [subCount]bool // inactive sub-accounts
	counter int64
}

func (c *company) next() int64 { c.counter++; return c.counter }

func (c *company) hire(first, last, email string, at place, kind string) *human {
	n := c.next()
	h := &human{rc: modelOwner + n, first: first, last: last, email: email, number: strconv.FormatInt(100+n, 10), dept: "Sales"}
	if kind == "" {
		h.admin = 3000 + n
	} else {
		h.records = []*record{{id: 5000 + n, sub: at.sub, group: at.group, kind: kind}}
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

func subID(sub int) string           { return strconv.Itoa(99990001 + sub) }
func groupID(sub, group int) string  { return strconv.Itoa(1001 + sub*groupCount + group) }
func rcID(h *human) string           { return strconv.FormatInt(h.rc, 10) }
func loginKeyOf(r *record) loginKey  { return loginKey{subID(r.sub), strconv.FormatInt(r.id, 10)} }
func userName(r *record) string      { return fmt.Sprint("agent", r.id) }
func (c *company) open(sub int) bool { return !c.closed[sub] }

// serve puts the company into the simulator.
func (c *company) serve(a *simulator.Account) {
	a.ID, a.OwnerID, a.SubAccounts, a.Administrators, a.Extensions = simulator.DemoAccountID, modelOwner, nil, nil, nil
	for sub := range subCount {
		s := &simulator.SubAccount{ID: subID(sub), Name: fmt.Sprintf("Sub %d", sub), Inactive: c.closed[sub]}
		for group := range groupCount {
			id, _ := strconv.ParseInt(groupID(sub, group), 10, 64)
			s.Groups = append(s.Groups, &simulator.Group{ID: id, Name: fmt.Sprintf("Group %d", group)})
		}
		a.SubAccounts = append(a.SubAccounts, s)
	}
	for _, h := range c.humans {
		h.serve(a)
	}
}

func (h *human) serve(a *simulator.Account) {
	if !h.noExtension {
		e := &simulator.Extension{ID: h.rc, Number: h.number, FirstName: h.first, LastName: h.last, Email: h.email, Department: h.dept}
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
		g := a.SubAccounts[r.sub].Groups[r.group]
		g.Agents = append(g.Agents, &simulator.Agent{
			ID: r.id, RCUserID: rc, FirstName: h.first, LastName: h.last, Email: h.email, Type: r.kind, Inactive: r.inactive, UserName: userName(r),
		})
	}
	if h.admin != 0 {
		a.Administrators = append(a.Administrators, &simulator.Administrator{
			ID: h.admin, RCUserID: rc, FirstName: h.first, LastName: h.last, Email: h.email,
		})
	}
}

// reported is a person as the rules see them (R6 to R10).
type reported struct {
	rc      string
	admin   string
	ext     *human // whose extension is attached
	extByID bool
	values  map[string]string // what the roster should hold; unknown fields are missing (R8)
	logins  map[loginKey]loginRow
	belongs bool
	why     string // when not
	name    string // folded
	outcome outcome
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
)

type (
	loginKey struct{ sub, agent string }
	loginRow struct {
		group, kind, user string
		active            bool
	}
)

// people lists whom RingCX reports, as if the hidden group were empty.
func (c *company) people(hidden *place) []*reported {
	var all []*reported
	taken := map[*human]bool{}
	of := map[*reported]*human{}
	for _, h := range c.humans {
		p := &reported{logins: map[loginKey]loginRow{}, name: fullName(h.first, h.last)}
		if h.left {
			continue
		}
		for _, r := range h.records {
			if c.open(r.sub) && (hidden == nil || *hidden != place{r.sub, r.group}) {
				p.logins[loginKeyOf(r)] = loginRow{groupID(r.sub, r.group), r.kind, userName(r) + "+eo1", !r.inactive}
			}
		}
		if h.admin != 0 {
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
		all, of[p] = append(all, p), h
	}
	c.attachByEmail(all, of, taken)
	for _, p := range all {
		p.judge(of[p], hidden)
	}
	return all
}

// attachByEmail is the second half of R7: exactly one person, exactly one
// extension.
func (c *company) attachByEmail(all []*reported, of map[*reported]*human, taken map[*human]bool) {
	for _, p := range all {
		email := of[p].email
		if p.ext != nil || email == "" {
			continue
		}
		rivals := 0
		for _, q := range all {
			if !q.extByID && strings.EqualFold(of[q].email, email) {
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

// judge is R8 to R10 and R14 under the default settings.
func (p *reported) judge(h *human, hidden *place) {
	role := ""
	if p.admin != "" {
		role = "Administrator" // administrators come first (R3)
	}
	for sub := range subCount {
		for group := range groupCount {
			for _, r := range h.records {
				shown := p.logins[loginKeyOf(r)].active && (hidden == nil || *hidden != place{r.sub, r.group})
				if role == "" && shown && (place{r.sub, r.group} == place{sub, group}) {
					role = map[bool]string{true: "Supervisor", false: "Agent"}[strings.HasSuffix(r.kind, "SUPERVISOR")]
				}
			}
		}
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
	for field, value := range map[string]string{"first_name": h.first, "last_name": h.last, "email": h.email} {
		if p.ext != nil && value == "" {
			value = map[string]string{"first_name": p.ext.first, "last_name": p.ext.last, "email": p.ext.email}[field]
		}
		if value != "" || p.rc == "" || p.ext != nil {
			p.values[field] = value
		}
	}
	if p.ext != nil {
		p.values["extension_number"], p.values["department"] = p.ext.number, p.ext.dept
	}
}

// extension tells whether RingEX lists an extension, and whether it is disabled.
func (c *company) extension(rc string) (listed, disabled bool) {
	for _, h := range c.humans {
		if rcID(h) == rc && !h.noExtension {
			return true, h.disabled
		}
	}
	return false, false
}

func fullName(first, last string) string { return strings.ToLower(first + "\x00" + last) }
