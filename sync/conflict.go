package sync

import (
	"cmp"
	"fmt"
)

// conflict withdraws whatever was decided about a person and says why nothing
// can be. The members concerned cannot leave meanwhile (R16). Every conflict
// names the command that settles it (R20).
func (p *planner) conflict(person *Person, m *Member, reason Reason, detail, remedy string) {
	c := &Conflict{Person: person.Key(), Name: person.display(), Reason: reason, Detail: detail, Remedy: remedy}
	o := &person.outcome
	if o.found != 0 {
		p.conflicted[o.found] = true
		c.Member = o.found
	}
	if m != nil {
		p.conflicted[m.ID] = true
		c.Member = m.ID
	}
	o.decision = inConflict
	d := o.more()
	d.conflict = c
	d.change, d.note, d.mark = nil, nil, nil
	p.meant(person, m) // it is told once no reading withdraws it
}

// display is a person's name for people to read.
func (p *Person) display() string {
	var profile Profile
	profile[FirstName], profile[LastName] = p.name()
	for email := range p.recordEmails {
		profile[Email] = cmp.Or(profile[Email], email)
	}
	return cmp.Or(profile.Name(), p.Key())
}

// name is the first name and last name among the person's records.
func (p *Person) name() (first, last string) {
	for _, r := range p.Agents {
		first, last = cmp.Or(first, r.FirstName), cmp.Or(last, r.LastName)
	}
	for _, a := range p.Admins {
		first, last = cmp.Or(first, a.FirstName), cmp.Or(last, a.LastName)
	}
	if p.Ext != nil {
		first, last = cmp.Or(first, p.Ext.FirstName), cmp.Or(last, p.Ext.LastName)
	}
	return first, last
}

// faulty is what is wrong with one of the person's records, or not known of them, or "".
func (p *Person) faulty() string { return cmp.Or(p.recordFault(), p.doubt) }

// recordFault is what is wrong with one of the person's records, whoever's they are, or "".
func (p *Person) recordFault() string {
	for _, a := range p.Admins {
		if a.Faulty != "" {
			return fmt.Sprintf("administrator record %q: %s", a.UserID, a.Faulty)
		}
	}
	for _, r := range p.Agents {
		if r.Faulty != "" {
			return fmt.Sprintf("agent record %q of group %s in sub-account %s: %s", r.ID, r.Group.ID, r.Sub.ID, r.Faulty)
		}
	}
	if e := p.Ext; e != nil && e.Faulty != "" {
		return fmt.Sprintf("extension record %s: %s", cmp.Or(e.ID, "without an id"), e.Faulty)
	}
	return ""
}

func (p *planner) conflictFaulty(person *Person, m *Member) {
	p.conflict(person, m, ConflictFaulty, person.faulty(),
		"correct the record in RingCentral, then: ringroster sync")
}

// identityReused says whether an rcUserId, or the login of a record without one, seems to have
// passed to another human: first name, last name and e-mail all differ from what it last meant. An
// e-mail that others have too does not say whose it is, and a record without a name says nothing.
// Where some of it agrees, as the last name does in a family, it is another human all the same who
// has the name and e-mail of a colleague (R13).
func (p *planner) identityReused(person *Person, m *Member, v *verdict) bool {
	last := &m.Synced.Profile
	switch {
	case !m.Linked:
		return false
	case m.RCUserID != "" && person.RCUserID != "" && person.RCUserID != m.RCUserID:
		return p.isUnclear(person, m)
	case last[FirstName]+last[LastName]+last[Email] == "", // of somebody forgotten nothing is left to compare
		v.Profile[FirstName]+v.Profile[LastName] == "":
		return false
	}
	differs, agrees := false, false
	for _, f := range []Field{FirstName, LastName, Email} {
		switch shared := f == Email && p.people.isShared(last[f]); {
		case v.Profile[f]+last[f] == "": // what nobody ever said is no agreement
		case !v.Known.Has(f):
			return false
		case sameValue(f, v.Profile[f], last[f]) && !shared:
			agrees = true
		default:
			differs = true
		}
	}
	return differs && (!agrees || person.RCUserID == "" && !sameName(m, v.Profile[FirstName], v.Profile[LastName]) && p.isColleague(v))
}

// isColleague says whether an active member found by login has all of somebody's name and e-mail.
func (p *planner) isColleague(v *verdict) bool {
	if p.looseBy == nil {
		p.looseBy = map[string]bool{}
		for _, m := range p.loose {
			if was := &m.Synced.Profile; m.Status == Active && was[Email] != "" {
				p.looseBy[foldName(was[FirstName], was[LastName])+"\n"+FoldEmail(was[Email])] = true
			}
		}
	}
	return p.looseBy[foldName(v.Profile[FirstName], v.Profile[LastName])+"\n"+FoldEmail(v.Profile[Email])]
}

func (p *planner) conflictReused(person *Person, m *Member, v *verdict) {
	was := &m.Synced.Profile
	p.conflict(person, m, ConflictReused,
		fmt.Sprintf("%s was %s <%s> at the last sync and is %s <%s> now: the id seems to belong to another human",
			person.Key(), was.Name(), was[Email], v.Profile.Name(), v.Profile[Email]),
		fmt.Sprintf("the same human: ringroster roster link %d %s; another one: ringroster roster link %d none", m.ID, person.Key(), m.ID))
}

func (p *planner) conflictMissing(person *Person, m *Member, v *verdict) {
	for _, f := range p.in.Policy.RequiredFields {
		if v.Profile[f] == "" {
			p.conflict(person, m, ConflictMissing, fmt.Sprintf("%s is required and RingCentral reports none", f),
				"fill it in in RingCentral, or change required_fields, then: ringroster sync")
			return
		}
	}
}

// skip says that nothing happens to a person, and why (R32).
func (p *planner) skip(person *Person, m *Member, reason Reason, detail string) {
	person.outcome.decision = skipped
	p.note(person, m, reason, detail)
}

// note adds a line about a person and the member found for them.
func (p *planner) note(person *Person, m *Member, reason Reason, detail string) {
	n := Note{Person: person.Key(), Name: person.display(), Reason: reason, Detail: detail}
	if m != nil {
		n.Member = m.ID
	}
	if m != nil && m.DeactivationReason == ReasonForgotten {
		n.Name = "" // nobody wants to read it in a log again
	}
	if person.outcome.decision == skipped {
		p.meant(person, m) // likewise
		person.outcome.more().note = &n
		return
	}
	p.trace(person, m, "R32", "plan", "%s: %s", reason, detail)
	p.plan.Notes = append(p.plan.Notes, n)
}
