package simulator

import (
	"errors"
	"fmt"
	"iter"
	"slices"
)

// validate reports every impossible value of a world that came from a file. Worlds edited by Change are
// not checked: a test may want an impossible one.
func (w *World) validate() error {
	var p problems
	if len(w.Accounts) == 0 {
		p.add("accounts: give at least one")
	}
	clients := uniq{}
	for at, a := range each(&p, "accounts", w.Accounts) {
		p.unique(clients, at+".client_id", a.ClientID)
		a.validate(at, &p)
	}
	if err := w.Behaviour.validate(); err != nil {
		p = append(p, err)
	}
	return errors.Join(p...)
}

func (b *Behaviour) validate() error {
	var p problems
	for at, f := range each(&p, "faults", b.Faults) {
		if err := f.validate(); err != nil {
			p.add("%s: %w", at, err)
		}
	}
	if err := b.Limits.validate(); err != nil {
		p.add("limits: %w", err)
	}
	if min(b.Latency, b.AuditDelay, b.Lifetimes.RingEX, b.Lifetimes.RingEXRefresh, b.Lifetimes.RingCX, b.Lifetimes.RingCXRefresh, b.Lifetimes.Claimed) < 0 {
		p.add("latency, audit_delay and lifetimes must not be negative")
	}
	return errors.Join(p...)
}

func (a *Account) validate(at string, p *problems) {
	for _, need := range [][2]string{{"client_secret", a.ClientSecret}, {"jwt", a.JWT}, {"main_account_id", a.MainAccountID}} {
		if need[1] == "" {
			p.add("%s.%s: is missing", at, need[0])
		}
	}
	if a.ID <= 0 {
		p.add("%s.id: give the RingEX account id, a positive number", at)
	}
	p.zone(at, a.TimeZone)
	roles, sites := a.validateNames(at, p)
	a.validateExtensions(at, p, roles, sites)
	a.validateRingCX(at, p)
}

func (a *Account) validateNames(at string, p *problems) (roles, sites uniq) {
	roles, sites = uniq{}, uniq{}
	for here, r := range each(p, at+".roles", a.Roles) {
		p.unique(roles, here+".id", r.ID)
	}
	for here, s := range each(p, at+".sites", a.Sites) {
		p.unique(sites, here+".id", s.ID)
	}
	contacts := uniq{}
	for here, c := range each(p, at+".contacts", a.Contacts) {
		p.unique(contacts, here+".id", c.ID)
	}
	return roles, sites
}

func (a *Account) validateExtensions(at string, p *problems, roles, sites uniq) {
	ids := uniq{}
	for here, e := range each(p, at+".extensions", a.Extensions) {
		p.unique(ids, here+".id", number(e.ID))
		p.zone(here, e.TimeZone)
		if e.Site != "" && !sites[e.Site] {
			p.add("%s.site: no site has the id %q", here, e.Site)
		}
		for _, r := range e.Roles {
			if !roles[r] {
				p.add("%s.roles: no role has the id %q", here, r)
			}
		}
	}
	if !ids[number(a.OwnerID)] {
		p.add("%s.owner_id: no extension has the id %d; whoever owns the JWT has one", at, a.OwnerID)
	}
}

func (a *Account) validateRingCX(at string, p *problems) {
	admins, subs, groups, agents := uniq{}, uniq{}, uniq{}, uniq{}
	for here, m := range each(p, at+".administrators", a.Administrators) {
		p.unique(admins, here+".id", number(m.ID))
	}
	for here, s := range each(p, at+".sub_accounts", a.SubAccounts) {
		p.unique(subs, here+".id", s.ID)
		for here, g := range each(p, here+".groups", s.Groups) {
			p.unique(groups, here+".id", number(g.ID))
			for here, m := range each(p, here+".agents", g.Agents) {
				p.unique(agents, here+".id", number(m.ID))
			}
		}
	}
}

// each walks a list with each item's place in the file; an empty item ("- " and nothing) is a problem.
func each[T any](p *problems, at string, list []*T) iter.Seq2[string, *T] {
	return func(yield func(string, *T) bool) {
		for i, item := range list {
			here := fmt.Sprintf("%s[%d]", at, i)
			if item == nil {
				p.add("%s: is empty", here)
			} else if !yield(here, item) {
				return
			}
		}
	}
}

type uniq map[string]bool

type problems []error

func (p *problems) add(format string, args ...any) { *p = append(*p, fmt.Errorf(format, args...)) }

// unique wants an id that is there and was not seen before.
func (p *problems) unique(seen uniq, at, id string) {
	switch {
	case id == "" || id == "0":
		p.add("%s: is missing", at)
	case seen[id]:
		p.add("%s: %s is given twice", at, id)
	}
	seen[id] = true
}

func (p *problems) zone(at, name string) {
	if name != "" && !slices.ContainsFunc(zones, func(z zone) bool { return z.name == name }) {
		p.add("%s.time_zone: %q is not one the simulator knows (%s)", at, name, zoneNames())
	}
}
