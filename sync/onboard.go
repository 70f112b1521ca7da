package sync

import (
	"cmp"
	"fmt"
	"slices"
)

// onboard decides that a person becomes a new member.
func (p *planner) onboard(person *Person, v *verdict, reason Reason, detail string) {
	if pin := p.rolePin(person); pin != nil {
		detail += "; " + pin.String()
	}
	g := p.newcomersGifts(person, v)
	if g.remark != "" {
		detail += "; " + g.remark
	}
	person.outcome.decision = onboarded
	if reason != ReasonNew || detail != nobodyLikeThem {
		d := person.outcome.more()
		d.reason, d.detail = reason, detail
	}
	if p.in.Trace != nil {
		p.trace(person, nil, "", "settings", "given %s", g)
	}
	p.remark(person, nil, v)
}

// nobodyLikeThem is why somebody is new.
const nobodyLikeThem = "RingCentral reports them and the roster has nobody like them"

// welcome is why a newcomer comes in.
func (d *details) welcome() (reason Reason, detail string) {
	if d.reason == "" {
		return ReasonNew, nobodyLikeThem
	}
	return d.reason, d.detail
}

// bringIn makes the changes of the newcomers, in the order of the plan, in which their
// usernames are made unique (R8). It is done once everybody was decided about: on the
// first day there is one for the whole company.
func (p *planner) bringIn() {
	slices.SortFunc(p.newcomers, compareKeys)
	p.plan.Changes = slices.Grow(p.plan.Changes, len(p.newcomers))
	for _, person := range p.newcomers {
		v, d := p.judgeNewcomer(person), person.outcome.details()
		if free := p.freeName(v.Username); free != v.Username {
			p.renamed[person] = free
		}
		c := Change{
			Kind: Onboard, Person: person.Key(), Name: v.Profile.Name(), Email: v.Profile[Email],
			Next: func() *Member { return p.newMember(person) },
		}
		c.Reason, c.Detail = d.welcome()
		c.addDetail(p.maps.words(&v, nil))
		p.plan.Changes = append(p.plan.Changes, c)
	}
}

// newcomersGifts is what the settings, and whoever picks the person, give to
// somebody new: by the role with which they come in.
func (p *planner) newcomersGifts(person *Person, v *verdict) *gifts {
	profile := v.Profile
	if pin := p.rolePin(person); pin != nil {
		profile[Role] = pin.Value
	}
	return p.pickedGive(person, p.settingsGive(person, &profile, true))
}

// newMember makes the member that a newcomer becomes, which holds until the next
// call. It needs nothing of the planner that forgetPeople takes away.
func (p *planner) newMember(person *Person) *Member {
	v := p.judgeNewcomer(person)
	m := &p.newcomer
	*m = Member{
		Account: p.in.Snapshot.Account, Status: Active, Managed: true, Linked: true,
		RCUserID: person.RCUserID, AdminIDs: adminIDs(person), Username: cmp.Or(p.renamed[person], v.Username), Profile: v.Profile,
		Logins: p.logins(m.Logins[:0], person, nil), Own: p.newcomersGifts(person, &v).own,
	}
	m.Synced.Roles, m.Synced.Regional = v.Evidence, v.Regional
	m.rememberExtension(person, m)
	m.Synced = asHeld(m)
	p.maps.apply(m, v.Known)
	if pin := p.rolePin(person); pin != nil {
		m.Pins, m.Profile[Role] = pinned(nil, *pin), pin.Value
	}
	return m
}

// nameOthers gives members their first usernames, in the order of the plan (R8).
func (p *planner) nameOthers() {
	for i := range p.plan.Changes {
		if c := &p.plan.Changes[i]; p.nameless[c.Member] {
			next := c.Next()
			next.Username = p.freeName(next.Username)
			c.Fields = append(c.Fields, FieldChange{Field: "username", Before: "", After: next.Username, Reason: ReasonSource})
		}
	}
}

// freeName makes a username unique, and takes it.
func (p *planner) freeName(base string) string {
	if p.named == nil {
		p.named = make(map[uint64]bool, len(p.usernames)+len(p.newcomers))
		for _, name := range p.usernames {
			p.named[name] = true
		}
	}
	name := base
	hash := hashOf(FoldText(name))
	for n := 2; p.named[hash]; n++ {
		name = fmt.Sprintf("%s.%d", base, n)
		hash = hashOf(FoldText(name))
	}
	p.named[hash] = true
	return name
}
