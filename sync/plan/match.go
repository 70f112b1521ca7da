package plan

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"ringroster/sync"
)

// meet takes one member from the stream: found by rcUserId it is decided at
// once, found by login it waits until everybody was met, since rcUserId goes
// before anything else (R5).
func (p *planner) meet(m *sync.Member) {
	p.members++
	if m.Username != "" {
		p.usernames = append(p.usernames, sync.HashText(sync.FoldText(m.Username)))
	}
	p.tally.Count(m)
	person := p.people.byRC[m.RCUserID]
	if m.RCUserID != "" && m.Status == sync.Active && !person.hasRecord() {
		p.owners[m.RCUserID] = m.ID
	}
	if m.RCUserID != "" && person != nil {
		if len(p.strays(person, m)) > 0 || p.people.mayKeep(person, m) {
			p.joining = append(p.joining, m)
			return
		}
		p.decide(person, m, byID)
		return
	}
	if len(p.foundByLogin(m)) > 0 {
		p.loose = append(p.loose, m)
		return
	}
	p.strand(m)
}

// strand keeps a member whom no id finds, as far as anything can still happen:
// an active one may be a leaver, any may be found by e-mail.
func (p *planner) strand(m *sync.Member) {
	if m.Status == sync.Inactive {
		p.traceMember(nil, m)
		p.trace(nil, m, "R14", "plan", "stays inactive (%s): RingCentral reports nobody with their ids who belongs on the roster", cmp.Or(string(m.DeactivationReason), "set by hand"))
	}
	if _, lately := p.in.State.Gone[m.ID]; m.Status == sync.Active || lately || p.people.hasEmail(m.Profile[sync.Email]) {
		p.unmatched = append(p.unmatched, m)
		return
	}
	p.traceResting(m)
}

// foundByLogin gives the people who have a login or administrator id that the
// member held at the last sync, or under a role rule its extension (R5), failing that
// a login it held before, in key order.
func (p *planner) foundByLogin(m *sync.Member) []*Person {
	if found := p.holdersOfLogins(m, true); len(found) > 0 {
		return found
	}
	return p.holdersOfLogins(m, false)
}

func (p *planner) holdersOfLogins(m *sync.Member, held bool) []*Person {
	var found []*Person
	add := func(person *Person) {
		if person != nil && !slices.Contains(found, person) {
			found = append(found, person)
		}
	}
	byLogin, byAdmin := p.people.holders()
	for i := range m.Logins {
		if l := &m.Logins[i]; l.Active == held {
			add(byLogin[l.Key()])
		}
	}
	for _, id := range m.AdminIDs {
		if held {
			add(byAdmin[id])
		}
	}
	if held && p.access != nil {
		add(p.people.extended(m.RCUserID))
	}
	slices.SortFunc(found, compareKeys)
	return found
}

// settleLoose decides about members that were found by login alone. Whether a
// person was found by rcUserId is known for everybody by now, so that the order
// of the stream does not matter.
func (p *planner) settleLoose() {
	p.reclaimExtensions()
	p.joinStrays()
	slices.SortFunc(p.loose, func(a, b *sync.Member) int { return cmp.Compare(a.ID, b.ID) })
	free := p.freeOf(p.loose)   // before the first conflict changes what is undecided
	wanted := map[*Person]int{} // of how many members somebody may be one
	for _, person := range slices.Concat(free...) {
		wanted[person]++
	}
	claims := map[*Person][]*sync.Member{}
	var claimed []*Person
	var elsewhere []*sync.Member
	for i, m := range p.loose {
		switch {
		case len(free[i]) == 0:
			elsewhere = append(elsewhere, m)
		case len(free[i]) > 1 && !p.tellApart(free[i], m, wanted):
			p.tear(free[i], m)
		default:
			person := free[i][0]
			if claims[person] == nil {
				claimed = append(claimed, person)
			}
			claims[person] = append(claims[person], m)
		}
	}
	for _, person := range claimed {
		p.settleClaims(person, claims[person])
	}
	for _, m := range elsewhere {
		p.mismatch(m)
	}
	p.lendExtensions()
	p.settleHolders()
}

// freeOf gives the people of whom each member may still be one. A login that a member
// held before counts for nothing against one who held a login of that person now.
func (p *planner) freeOf(members []*sync.Member) [][]*Person {
	free := make([][]*Person, len(members))
	held := map[*Person]bool{}
	former := make([]bool, len(members))
	for i, m := range members {
		could := func(person *Person) bool { return person.outcome.decision == undecided && p.couldBe(person, m) }
		for _, person := range p.holdersOfLogins(m, true) {
			if could(person) {
				free[i], held[person] = append(free[i], person), true
			}
		}
		if former[i] = len(p.holdersOfLogins(m, true)) == 0; !former[i] {
			continue
		}
		for _, person := range p.holdersOfLogins(m, false) {
			if could(person) {
				free[i] = append(free[i], person)
			}
		}
	}
	for i := range free {
		if former[i] {
			free[i] = slices.DeleteFunc(free[i], func(person *Person) bool { return held[person] })
		}
	}
	return free
}

// whoIsAnother is what settles that several members are found for one person: most likely the
// login of one who left was given to another, whose name the person has.
func (p *planner) whoIsAnother(person *Person, rivals []*sync.Member) string {
	v := p.assess(person, p.granted(person))
	others := slices.DeleteFunc(slices.Clone(rivals), func(m *sync.Member) bool { return sameName(m, v.Profile[sync.FirstName], v.Profile[sync.LastName]) })
	if len(others) == len(rivals) || len(others) == 0 {
		others = rivals[1:]
	}
	commands := make([]string, len(others))
	for i, m := range others {
		commands[i] = fmt.Sprintf("ringroster roster link %d none", m.ID)
	}
	return "the login is not theirs any more: " + strings.Join(commands, "; ")
}

// tellApart puts the person first whose member m is, of several whom a login of theirs finds it
// for: the one who has its last-synced name. Of the others, whose records are the member's as well
// and no other member is wanted for, are theirs, and whoever else there is, is new (R5).
func (p *planner) tellApart(people []*Person, m *sync.Member, wanted map[*Person]int) bool {
	named := func(person *Person) bool {
		v := p.assess(person, p.granted(person))
		return sameName(m, v.Profile[sync.FirstName], v.Profile[sync.LastName])
	}
	theirs := func(person *Person) bool { return wanted[person] == 1 && p.people.areOf(person, m, people) }
	at := slices.IndexFunc(people, named)
	if at < 0 || slices.ContainsFunc(people[at+1:], func(person *Person) bool { return named(person) && !theirs(person) }) {
		return false
	}
	people[0], people[at] = people[at], people[0]
	for _, person := range people[1:] {
		if theirs(person) {
			p.people.join(people[0], person)
			person.outcome.decision = hidden
			p.trace(people[0], m, "R5", "plan", "given the records of %s, which are member %d's by their login, and by a part of the name or the e-mail", person.Key(), m.ID)
			continue
		}
		p.parted[person] = append(p.parted[person], m.ID)
		p.trace(person, m, "R5", "plan", "not member %d, a login of which is theirs: another with such a login has its name", m.ID)
	}
	return true
}

// couldBe says whether a login is enough to take person for m. Where both have
// an rcUserId and they differ, or an operator said that the member is another human than
// who has its ids (R13), the record must still bear the member's name, or its e-mail
// and part of the name: agent records pass from a leaver to a newcomer.
func (p *planner) couldBe(person *Person, m *sync.Member) bool {
	if person.RCUserID == "" && isAway(m) && person.isAnother(m) {
		return false
	}
	if m.RCUserID == "" || person.RCUserID == "" && !strings.HasPrefix(m.RCUserID, sync.FormerID) {
		return true
	}
	return p.bearsOf(person, m, p.people.resembles) || p.isUnclear(person, m)
}

// isAway says whether a member is inactive, or not synced, and its identity is known yet: whoever has a
// login that was theirs, and nothing else of theirs, is another human, whom nobody need be asked about.
func isAway(m *sync.Member) bool {
	return (m.Status == sync.Inactive || !m.Managed) && m.DeactivationReason != sync.ReasonForgotten && m.Linked
}

// isUnclear says whether somebody with another rcUserId than the member they are found for by
// login has part of its name, and an e-mail that others have too: whether that is the same human,
// nobody knows (R13), unless an operator said so.
func (p *planner) isUnclear(person *Person, m *sync.Member) bool {
	return !strings.HasPrefix(m.RCUserID, sync.FormerID) && !p.bearsOf(person, m, p.people.resembles) &&
		p.bearsOf(person, m, func(m *sync.Member, first, last, email string) bool {
			return memberHasPartOf(m, first, last) && hasEmail(m, email)
		})
}

// bearsOf says whether a record that the member ever held is like it.
func (p *planner) bearsOf(person *Person, m *sync.Member, like func(m *sync.Member, first, last, email string) bool) bool {
	return slices.ContainsFunc(person.Agents, func(r sync.AgentRecord) bool {
		return m.EverHeld(sync.LoginKey(r.Sub.ID, r.ID)) && like(m, r.FirstName, r.LastName, r.Email)
	}) || slices.ContainsFunc(person.Admins, func(a *sync.Admin) bool {
		return m.EverHeld(a.UserID) && like(m, a.FirstName, a.LastName, a.Email)
	})
}

// resembles says whether a record bears a member's name, or its e-mail, if nobody else has that,
// and one of its two names: as RingCentral last reported them.
func (p *people) resembles(m *sync.Member, first, last, email string) bool {
	return sameName(m, first, last) || memberHasPartOf(m, first, last) && hasEmail(m, email) && !p.isShared(email)
}

// memberHasPartOf says whether RingCentral last reported one of two names for the member.
func memberHasPartOf(m *sync.Member, first, last string) bool {
	was := &m.Synced.Profile
	return first != "" && sync.SameValue(sync.FirstName, first, was[sync.FirstName]) || last != "" && sync.SameValue(sync.LastName, last, was[sync.LastName])
}

// hasEmail says the same of an e-mail.
func hasEmail(m *sync.Member, email string) bool {
	return email != "" && sync.SameValue(sync.Email, email, m.Synced.Profile[sync.Email])
}

// sameName compares the name that RingCentral last reported for a member.
func sameName(m *sync.Member, first, last string) bool {
	profile := &m.Synced.Profile
	if !m.Linked {
		profile = &m.Profile
	}
	return sync.SameText(profile[sync.FirstName], first) && sync.SameText(profile[sync.LastName], last)
}

// mayBeNamed says whether a name is not another than the one that RingCentral last reported for
// the member: what one of the two lacks contradicts nothing.
func mayBeNamed(m *sync.Member, first, last string) bool {
	was := &m.Synced.Profile
	return (first == "" || was[sync.FirstName] == "" || sync.SameText(was[sync.FirstName], first)) &&
		(last == "" || was[sync.LastName] == "" || sync.SameText(was[sync.LastName], last))
}

// settleClaims gives a person the one member that claims it by login: an active
// one before inactive ones, a managed one before detached ones, so that detaching
// settles a conflict (R20).
func (p *planner) settleClaims(person *Person, members []*sync.Member) {
	if person.outcome.decision == inConflict { // torn by another member
		for _, m := range members {
			p.involve(m)
		}
		return
	}
	best := slices.MinFunc(members, func(a, b *sync.Member) int { return cmp.Compare(rank(a), rank(b)) })
	rivals := slices.DeleteFunc(slices.Clone(members), func(m *sync.Member) bool { return rank(m) != rank(best) })
	if len(rivals) > 1 && best.Managed {
		for _, m := range members {
			p.involve(m)
		}
		p.conflict(person, rivals[0], sync.ConflictAmbiguousLink,
			fmt.Sprintf("members %s all held a login of this person", memberIDs(rivals)),
			p.whoIsAnother(person, rivals))
		return
	}
	for _, m := range members {
		if m != best {
			p.strand(m)
		}
	}
	p.decide(person, best, byLogin)
}

// rank orders members that claim one person: the lowest has the claim.
func rank(m *sync.Member) int {
	rank := 0
	if m.Status != sync.Active {
		rank += 2
	}
	if !m.Managed {
		rank++
	}
	return rank
}

// tear reports a member whose logins now belong to several people (R5). One of them
// may be somebody else on the roster, who then has no login left to be found by.
func (p *planner) tear(people []*Person, m *sync.Member) {
	p.involve(m)
	for _, person := range people {
		p.dispute(person)
		p.conflict(person, m, sync.ConflictAmbiguousLink,
			fmt.Sprintf("member %d held logins of several people: %s", m.ID, personKeys(people)),
			fmt.Sprintf("the member is this human: ringroster roster link %d %s; none of these: ringroster roster link %d none", m.ID, person.Key(), m.ID))
	}
}

// dispute notes the names and e-mails of somebody of whom a conflict leaves open who they are: whichever
// member has one may be them, and does not leave (R16).
func (p *planner) dispute(person *Person) {
	p.inDispute = append(p.inDispute, person)
	for email := range person.recordEmails {
		p.disputed[sync.FoldEmail(email)] = true
	}
	for _, r := range person.Agents {
		p.disputed[foldName(r.FirstName, r.LastName)] = true
	}
	for _, a := range person.Admins {
		p.disputed[foldName(a.FirstName, a.LastName)] = true
	}
	delete(p.disputed, "")
}

// disputeNameless disputes the e-mail of agent records that somebody was given by it alone, since
// they say no name, and whose login their member never had (R6): it may be another's mailbox too.
func (p *planner) disputeNameless(person *Person, m *sync.Member) {
	for _, r := range person.Agents {
		if r.FirstName+r.LastName == "" && r.Email != "" && r.RCUserID == "" && !m.EverHeld(sync.LoginKey(r.Sub.ID, r.ID)) {
			p.disputed[sync.FoldEmail(r.Email)] = true
		}
	}
}

// mismatch handles a member whose logins belong to people who were found
// elsewhere. When an active member held one until now, that is R5's conflict for
// both. A login that the other member held at the last sync already, or that an
// inactive or detached one held, was passed on.
func (p *planner) mismatch(m *sync.Member) {
	people := slices.DeleteFunc(p.holdersOfLogins(m, true), func(person *Person) bool {
		return person.outcome.found == 0 || !slices.ContainsFunc(person.outcome.details().gained, m.HeldID)
	})
	if rank(m) > 0 || len(people) == 0 || strings.HasPrefix(m.RCUserID, sync.FormerID) {
		p.strand(m)
		return
	}
	p.involve(m)
	for _, person := range people {
		p.conflict(person, m, sync.ConflictIdentity,
			fmt.Sprintf("rcUserId %s points to member %d, a login to member %d", person.RCUserID, person.outcome.found, m.ID),
			fmt.Sprintf("ringroster roster detach %d", m.ID))
	}
}

// involve keeps a member from leaving while it is part of a conflict (R16).
func (p *planner) involve(m *sync.Member) {
	p.conflicted[m.ID] = true
	if m.Status == sync.Active {
		p.unmatched = append(p.unmatched, m)
	}
}

func memberIDs(members []*sync.Member) string {
	ids := make([]string, len(members))
	for i, m := range members {
		ids[i] = fmt.Sprint(m.ID)
	}
	return strings.Join(ids, ", ")
}

func personKeys(people []*Person) string {
	keys := make([]string, len(people))
	for i, person := range people {
		keys[i] = person.Key()
	}
	return strings.Join(keys, ", ")
}
