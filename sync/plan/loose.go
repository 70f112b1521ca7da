package plan

import (
	"cmp"
	"slices"

	"ringroster/sync"
)

// looseRecord is a record without rcUserId.
type looseRecord struct {
	email, name string // folded; "": none
	key         string
	admin       *sync.Admin
	agent       sync.AgentRecord
}

// looseRecords gives the records without rcUserId in retrieval order.
func (p *people) looseRecords(s *sync.Snapshot) []looseRecord {
	var records []looseRecord
	for i := range s.Admins {
		if a := &s.Admins[i]; a.RCUserID == "" {
			p.unnamed = p.unnamed || a.UserID == "" && a.Email == ""
			records = append(records, looseRecord{
				email: sync.FoldEmail(a.Email), name: foldName(a.FirstName, a.LastName),
				key: sync.AdminKey(nameless(a.UserID, i)), admin: a,
			})
		}
	}
	at := 0
	for r := range s.Agents {
		at++
		if r.RCUserID == "" {
			p.unnamed = p.unnamed || r.ID == "" && r.Email == ""
			records = append(records, looseRecord{
				email: sync.FoldEmail(r.Email), name: foldName(r.FirstName, r.LastName),
				key: sync.AgentKey(sync.LoginKey(r.Sub.ID, nameless(r.ID, at))), agent: r,
			})
		}
	}
	return records
}

// foldName is a name by which records are told apart; "": none.
func foldName(first, last string) string {
	if first, last = sync.FoldText(first), sync.FoldText(last); first+last != "" {
		return first + "\n" + last
	}
	return ""
}

// mailbox is who has an e-mail that a record without rcUserId has.
type mailbox struct {
	owner *Person // with rcUserId; shared: several have it
	name  string  // on records without one that are not the owner's
	names int     // how many such names: 0, 1, or 2 for more
}

// joinLoose places the records without rcUserId (R6): with the one person who has
// their e-mail and their name, else with each other where both are the same, else
// alone. A mailbox that people share makes nobody one person with another, so a record
// that has no name joins only whoever has its e-mail alone.
func (p *people) joinLoose(s *sync.Snapshot) {
	records := p.looseRecords(s)
	p.anyLoose = len(records) > 0
	boxes := p.mailboxes(records)
	type identity struct{ email, name string }
	people, owners := map[identity]*Person{}, map[*Person]bool{}
	for i := range records {
		r, box := &records[i], boxes[records[i].email]
		id := identity{r.email, r.name}
		if r.name == "" && box.owner == nil && box.names == 1 {
			id.name = box.name
		}
		person := people[id]
		switch {
		case box.isOwners(r.name):
			person = box.owner
			owners[person] = true
		case person == nil || id.email == "" || id.name == "":
			person = p.add(Person{looseKey: r.key})
			people[id] = person
		case sync.CompareLooseKeys(r.key, person.looseKey) < 0:
			person.looseKey = r.key
		}
		if r.admin != nil {
			person.Admins = append(person.Admins, r.admin)
		} else {
			p.addAgent(person, r.agent)
		}
	}
	for person := range owners {
		p.order(person)
	}
}

// isOwners says whether a record of that name is the owner's.
func (b *mailbox) isOwners(name string) bool {
	switch {
	case b.owner == nil || b.owner == shared:
		return false
	case name == "":
		return b.names == 0
	}
	return b.owner.bears(name)
}

// bears says whether a record of the person has the name, folded.
func (p *Person) bears(name string) bool {
	return slices.ContainsFunc(p.Agents, func(r sync.AgentRecord) bool { return foldName(r.FirstName, r.LastName) == name }) ||
		slices.ContainsFunc(p.Admins, func(a *sync.Admin) bool { return foldName(a.FirstName, a.LastName) == name })
}

// areOf says whether each record of somebody, whose login a member holds, can be the member's: it has
// the e-mail or a part of the name, or says neither. Where two of the people who may be the member
// have one e-mail, that takes a part of the name; where others have it too, the first name.
func (p *people) areOf(person *Person, m *sync.Member, among []*Person) bool {
	is := func(first, last, email string) bool {
		switch {
		case first+last == "":
			return email == "" || hasEmail(m, email)
		case p.isSharedBeyond(email, among):
			return sync.SameValue(sync.FirstName, first, m.Synced.Profile[sync.FirstName])
		case p.isShared(email):
			return memberHasPartOf(m, first, last)
		}
		return hasEmail(m, email) || memberHasPartOf(m, first, last)
	}
	return !slices.ContainsFunc(person.Agents, func(r sync.AgentRecord) bool { return !is(r.FirstName, r.LastName, r.Email) }) &&
		!slices.ContainsFunc(person.Admins, func(a *sync.Admin) bool { return !is(a.FirstName, a.LastName, a.Email) })
}

// isActive says whether somebody has an active agent record, or an administrator's.
func (p *Person) isActive() bool {
	return len(p.Admins) > 0 || slices.ContainsFunc(p.Agents, func(r sync.AgentRecord) bool { return r.Active })
}

// hasPartOf says whether a record of somebody has the first or the last name of a member.
func (p *Person) hasPartOf(m *sync.Member) bool {
	return slices.ContainsFunc(p.Agents, func(r sync.AgentRecord) bool { return memberHasPartOf(m, r.FirstName, r.LastName) }) ||
		slices.ContainsFunc(p.Admins, func(a *sync.Admin) bool { return memberHasPartOf(m, a.FirstName, a.LastName) })
}

// isAnother says whether somebody's records have names, and nothing of a member's.
func (p *Person) isAnother(m *sync.Member) bool {
	says := func(first, last, email string) bool {
		return first+last == "" || memberHasPartOf(m, first, last) || hasEmail(m, email)
	}
	return p.hasRecord() &&
		!slices.ContainsFunc(p.Agents, func(r sync.AgentRecord) bool { return says(r.FirstName, r.LastName, r.Email) }) &&
		!slices.ContainsFunc(p.Admins, func(a *sync.Admin) bool { return says(a.FirstName, a.LastName, a.Email) })
}

// shared marks an e-mail that several people have.
var shared = new(Person)

// mailboxes tells of each e-mail of the records who has it.
func (p *people) mailboxes(records []looseRecord) map[string]mailbox {
	boxes := make(map[string]mailbox, len(records))
	for i := range records {
		if email := records[i].email; email != "" {
			boxes[email] = mailbox{}
		}
	}
	if len(boxes) == 0 {
		return boxes
	}
	for _, person := range p.all { // all of them have an rcUserId yet
		for email := range person.recordEmails {
			email = sync.FoldEmail(email)
			box, wanted := boxes[email]
			switch {
			case !wanted || box.owner == person:
			case box.owner == nil:
				boxes[email] = mailbox{owner: person}
			default:
				boxes[email] = mailbox{owner: shared}
			}
		}
	}
	for i := range records {
		r := &records[i]
		box := boxes[r.email]
		if r.email == "" || r.name == "" || r.name == box.name || box.isOwners(r.name) {
			continue
		}
		box.name, box.names = r.name, min(box.names+1, 2)
		boxes[r.email] = box
	}
	return boxes
}

// strays are people without rcUserId who have a login or administrator id that the member
// of a person with one held at the last sync; or with one that no member has, where the records
// bear the member's name and e-mail: they were given it before the others (R5). Whoever has one
// of several logins of theirs, and nothing else, is a stranger.
func (p *planner) strays(person *Person, m *sync.Member) []*Person {
	if !p.people.anyLoose && !person.lacks(m) {
		return nil
	}
	return slices.DeleteFunc(p.holdersOfLogins(m, true), func(other *Person) bool {
		return other == person || other.RCUserID != "" && (person == nil || !p.isAhead(other, m) || person.isAnother(m)) ||
			person.hasRecord() && other.isStranger(m)
	})
}

// isStranger says whether the records that somebody has of a member's bear nothing of theirs:
// neither a name nor the e-mail nor, of agents, the user name. Of an administrator record the
// roster knows too little to say so, and one without a name says nothing.
func (p *Person) isStranger(m *sync.Member) bool {
	stranger := false
	for _, r := range p.Agents {
		at := slices.IndexFunc(m.Logins, func(l sync.Login) bool { return l.Active && l.SubAccountID == r.Sub.ID && l.AgentID == r.ID })
		switch {
		case at < 0:
		case r.FirstName+r.LastName == "", memberHasPartOf(m, r.FirstName, r.LastName), hasEmail(m, r.Email),
			m.Logins[at].UserName == "", sync.SameText(m.Logins[at].UserName, r.UserName):
			return false
		default:
			stranger = true
		}
	}
	return stranger && !slices.ContainsFunc(p.Admins, func(a *sync.Admin) bool { return slices.Contains(m.AdminIDs, a.UserID) })
}

// isAhead says whether somebody whom no member is has records of a member, with another rcUserId
// and all of its name and e-mail.
func (p *planner) isAhead(other *Person, m *sync.Member) bool {
	like := func(m *sync.Member, first, last, email string) bool {
		return sameName(m, first, last) && hasEmail(m, email)
	}
	return other.outcome.decision == undecided && other.outcome.found == 0 && p.bearsOf(other, m, like)
}

// lacks says whether somebody has not all of the records that their member held.
func (p *Person) lacks(m *sync.Member) bool {
	return p != nil && (slices.ContainsFunc(m.Logins, func(l sync.Login) bool {
		return l.Active && !slices.ContainsFunc(p.Agents, func(r sync.AgentRecord) bool { return r.Sub.ID == l.SubAccountID && r.ID == l.AgentID })
	}) || slices.ContainsFunc(m.AdminIDs, func(id string) bool {
		return !slices.ContainsFunc(p.Admins, func(a *sync.Admin) bool { return a.UserID == id })
	}))
}

// joinStrays gives people with an rcUserId the records without one whose logins their
// members hold (R5), and decides about those members. A stray that a member without one
// holds a login of as well is that member's to find.
func (p *planner) joinStrays() {
	if len(p.joining) == 0 {
		return
	}
	slices.SortFunc(p.joining, func(a, b *sync.Member) int { return cmp.Or(cmp.Compare(rank(a), rank(b)), cmp.Compare(a.ID, b.ID)) })
	claimed := map[*Person]bool{}
	for _, m := range p.loose {
		for _, stray := range p.strays(nil, m) {
			claimed[stray] = true
		}
	}
	for _, m := range p.joining { // who is found by rcUserId is nobody's stray
		claimed[p.people.byRC[m.RCUserID]] = true
	}
	joined := map[*Person]bool{}
	for _, m := range p.joining {
		person := p.people.byRC[m.RCUserID]
		for _, stray := range p.strays(person, m) {
			if claimed[stray] || p.isColleagues(stray, m) {
				continue
			}
			joined[stray] = true
			p.people.join(person, stray)
			delete(p.people.byRC, stray.RCUserID)
			if p.picked[stray] {
				p.picked[person] = true
			}
			p.trace(person, m, "R5", "plan", "given the records of %s, whose login member %d holds", stray.Key(), m.ID)
		}
		p.decide(person, m, byID)
	}
	p.people.all = slices.DeleteFunc(p.people.all, func(person *Person) bool { return joined[person] })
}

// isColleagues says whether a stray has all of the name and e-mail of another active member than m.
func (p *planner) isColleagues(stray *Person, m *sync.Member) bool {
	if stray.RCUserID != "" {
		return false
	}
	v := p.assess(stray, p.granted(stray))
	return !sameName(m, v.Profile[sync.FirstName], v.Profile[sync.LastName]) && p.isColleague(&v)
}

// join gives a person the records of a stray.
func (p *people) join(person, stray *Person) {
	p.holders()
	person.Agents = slices.Concat(person.Agents, stray.Agents)
	person.Admins = slices.Concat(person.Admins, stray.Admins)
	p.order(person)
	if person.Ext == nil {
		person.Ext = stray.Ext
	}
	person.putBack, person.restored = person.putBack || stray.putBack, append(slices.Clip(person.restored), stray.restored...)
	for _, r := range stray.Agents {
		p.byLogin[sync.LoginKey(r.Sub.ID, r.ID)] = person
	}
	for _, a := range stray.Admins {
		p.byAdmin[a.UserID] = person
	}
}

// order puts a person's records, which were joined one after the other, into retrieval order
// (R3). Where those stood that were put back, nobody knows: they come last.
func (p *people) order(person *Person) {
	if p.places == nil {
		p.places = map[any]int{}
		for i := range p.snapshot.Admins {
			p.places[&p.snapshot.Admins[i]] = len(p.places) + 1
		}
		for r := range p.snapshot.Agents {
			p.places[r.Agent] = len(p.places) + 1
		}
	}
	place := func(record any) int { return cmp.Or(p.places[record], len(p.places)+1) }
	slices.SortStableFunc(person.Agents, func(a, b sync.AgentRecord) int { return cmp.Compare(place(a.Agent), place(b.Agent)) })
	slices.SortStableFunc(person.Admins, func(a, b *sync.Admin) int { return cmp.Compare(place(a), place(b)) })
}
