package plan

import (
	"cmp"
	"slices"

	"ringroster/sync"
	"ringroster/sync/fingerprint"
)

// known gives the roster the seals to pass over; nil, where the plan tells of members as
// they stand.
func (p *planner) known() sync.Known {
	if p.in.Picks != nil || p.in.Everybody != nil || p.in.Trace != nil {
		return nil
	}
	return func(s sync.Sealed) bool {
		m := p.expand(s)
		if m == nil {
			return false
		}
		p.meet(m)
		return true
	}
}

// expand gives the member that a seal stands for, if nothing is to be done or said about
// them; else nil, and the roster's row is read. It is met as any other, but for what is
// the roster's own, which a member that stays as it is does not need. It holds until the
// next call.
func (p *planner) expand(s sync.Sealed) *sync.Member {
	w := fingerprint.Split(&s)
	person := p.people.byRC[w.Name]
	if person == nil {
		return nil
	}
	v := p.weigh(&w, person)
	if !p.nothingToSay(person, &v) {
		return nil
	}
	m := p.expect(&w, person, &v)
	var now [fingerprint.DigestLength]byte
	p.room = fingerprint.Digest(m, &now, p.room)
	if string(now[:]) != w.Digest || len(p.strays(person, m)) > 0 {
		return nil
	}
	m.ID, m.Synced = s.ID, sync.AsHeld(m)
	return m
}

// weigh judges the person whom a seal names. What nobody reports is empty in the
// member that is expected, but for the time zone and language, which the seal tells.
func (p *planner) weigh(w *fingerprint.Parts, person *Person) verdict {
	v := p.judge(person, &sync.Profile{sync.EmployeeID: w.EmployeeID})
	if p.in.Snapshot.Regional != nil {
		trace := p.in.Trace
		p.in.Trace = nil // it is told when the member is met
		defer func() { p.in.Trace = trace }()
		m := &p.expected
		m.Synced.Profile[sync.TimeZone], m.Synced.Profile[sync.Language], m.Synced.Regional = w.TimeZone, w.Language, w.Regional
		m.Synced.Profile[sync.EmployeeID] = w.EmployeeID
		p.assessRegional(&v, person, m)
	}
	return v
}

// nothingToSay says whether a member who holds what is expected would be neither
// changed nor noted: the row "active, the same" of the table above Make.
func (p *planner) nothingToSay(person *Person, v *verdict) bool {
	if !v.Belongs || !p.maps.plain(v) || person.Ext == nil && person.RCUserID != "" || len(v.Unknown) > 0 || v.Doubt != "" || person.faulty() != "" {
		return false
	}
	return !slices.ContainsFunc(p.in.Policy.RequiredFields, func(f sync.Field) bool {
		return !v.Known.Has(f) || v.Profile[f] == ""
	})
}

// expect is the member whom a seal names, but for the id, if nothing is to change
// for them. It holds until the next call.
func (p *planner) expect(w *fingerprint.Parts, person *Person, v *verdict) *sync.Member {
	m := &p.expected
	*m = sync.Member{
		Account: p.in.Snapshot.Account, Status: sync.Active, Managed: true, Linked: true,
		RCUserID: person.RCUserID, AdminIDs: adminIDs(person), Username: w.Username, Profile: v.Profile,
		Logins: p.logins(m.Logins[:0], person, nil),
	}
	if m.Username == "" {
		m.Username = fingerprint.LoginName(m)
	}
	if !v.Known.Has(sync.TimeZone) {
		m.Profile[sync.TimeZone] = w.TimeZone
	}
	if !v.Known.Has(sync.Language) {
		m.Profile[sync.Language] = w.Language
	}
	if !v.Known.Has(sync.EmployeeID) {
		m.Profile[sync.EmployeeID] = w.EmployeeID
	}
	m.Synced.Roles, m.Synced.Regional = v.Evidence, cmp.Or(v.Regional, w.Regional)
	if !p.olderSeals {
		rememberExtension(m, person, m)
	}
	m.Synced.Profile[sync.Role] = m.Profile[sync.Role] // a sealed member is as it was synced
	return m
}

// seal books the seal of an unchanged member that has none.
func (p *planner) seal(m *sync.Member) {
	if text := fingerprint.Seal(m); text != "" {
		p.plan.Seals = append(p.plan.Seals, sync.Sealed{ID: m.ID, Text: text})
	}
}

// recall gives the member that a plan recognized, with all of it that a plan looks
// at in a member that stays as it is; nil: of one recognized in the past, today it
// would not.
func (p *planner) recall(s sync.Sealed) *sync.Member {
	w := fingerprint.Split(&s)
	person := p.people.named(w.Name)
	if person == nil {
		return nil
	}
	v := p.weigh(&w, person)
	m := p.expect(&w, person, &v).Copy()
	m.ID, m.Logins = s.ID, slices.Clone(m.Logins)
	m.Synced = sync.AsHeld(m)
	return m
}

// Recaller gives what makes members anew whom a plan of this input knew by their seals;
// older seals say nothing of extensions.
func Recaller(in Input, older bool) (func(sync.Sealed) *sync.Member, error) {
	p, err := newPlanner(in)
	if err != nil {
		return nil, err
	}
	p.olderSeals = older
	return p.recall, nil
}
