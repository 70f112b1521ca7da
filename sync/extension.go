package sync

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
)

// Whoever gets no extension by rcUserId or e-mail keeps the one that was theirs: several people
// or extensions may have the e-mail, and names and e-mails are changed in one place first (R7).
// The roster knows it by its number, and by what it remembers of one that was kept so.

// freeExtensions are those of humans that no record has by rcUserId or e-mail.
type freeExtensions struct{ byID, byNumber map[string]*Extension }

func (p *people) indexFree() {
	taken := make(map[*Extension]bool, len(p.all))
	for _, person := range p.all {
		taken[person.Ext] = taken[person.Ext] || person.hasRecord()
	}
	p.free = &freeExtensions{map[string]*Extension{}, map[string]*Extension{}}
	for i := range p.snapshot.Extensions {
		e := &p.snapshot.Extensions[i]
		if !e.isHuman() || taken[e] {
			continue
		}
		if e.ID != "" {
			p.free.byID[e.ID] = e
		}
		if e.Number != "" {
			p.free.byNumber[e.Number] = e
		}
	}
}

// formerExtension finds the extension that was a member's, if nobody else has it and it is
// theirs still, for a person who has none; nil: there is none.
func (p *people) formerExtension(person *Person, m *Member) *Extension {
	number, remembered := m.Synced.Profile[ExtensionNumber], m.Synced.Extension
	if person.Ext != nil || number+remembered+m.RCUserID == "" {
		return nil
	}
	if p.free == nil {
		p.indexFree()
	}
	if e := p.free.byID[m.RCUserID]; e != nil && person.RCUserID == "" { // their record has lost it (R5)
		return e
	}
	id, _, _ := strings.Cut(remembered, ":")
	for _, e := range []*Extension{p.free.byID[id], p.free.byNumber[number]} {
		switch {
		case e == nil:
		case e.bears(person, m), e.isAsRemembered(remembered), e.Number == number && p.isMadeAnew(e, person, m):
			return e
		}
	}
	return nil
}

// isMadeAnew says whether an extension with the number of a member's former one is theirs, though
// no e-mail says so: with a part of their name, or of somebody whose record has an rcUserId that
// nothing else has, all of it.
func (p *people) isMadeAnew(e *Extension, person *Person, m *Member) bool {
	if e.Number == "" {
		return false
	}
	if person.RCUserID == "" {
		return e.hasPartOf(person, m)
	}
	return e.isNamed(person, m) && (e.ID == m.RCUserID || p.extension(m.RCUserID) == nil) && p.extension(person.RCUserID) == nil
}

// hasPartOf says whether an extension has the first or the last name of a person, as it is now or
// was at the last sync.
func (e *Extension) hasPartOf(person *Person, m *Member) bool {
	part := func(first, last string) bool {
		return first != "" && sameValue(FirstName, first, e.FirstName) || last != "" && sameValue(LastName, last, e.LastName)
	}
	return m.hasPartOf(e.FirstName, e.LastName) ||
		slices.ContainsFunc(person.Agents, func(r AgentRecord) bool { return part(r.FirstName, r.LastName) }) ||
		slices.ContainsFunc(person.Admins, func(a *Admin) bool { return part(a.FirstName, a.LastName) })
}

// keepExtension gives a person the extension that was their member's. The person whom that
// extension made by itself (R9) is nobody beside them.
func (p *planner) keepExtension(person *Person, m *Member) {
	e := p.people.formerExtension(person, m)
	if e == nil {
		return
	}
	if owner := p.owners[e.ID]; owner != 0 && owner != m.ID && !e.isNamed(person, m) {
		return // of whom the roster knows that it is theirs by rcUserId
	}
	holder := p.people.byRC[e.ID]
	if holder != person && holder.hasRecord() { // since they were given a stray's
		return
	}
	person.Ext, person.ExtKept = e, e.ID == "" || e.ID != m.RCUserID || person.RCUserID != ""
	delete(p.people.free.byID, e.ID)
	delete(p.people.free.byNumber, e.Number)
	awaited := func(m *Member) bool { return m.RCUserID == e.ID }
	if holder != nil && holder != person && holder.outcome.decision == undecided && !slices.ContainsFunc(p.joining, awaited) {
		holder.outcome.decision = hidden
		delete(p.people.byRC, e.ID)
	}
}

// extended finds who without an rcUserId has an extension by e-mail.
func (p *people) extended(id string) *Person {
	if p.byExt == nil {
		p.byExt = map[string]*Person{}
		for _, person := range p.all {
			if person.RCUserID == "" && person.Ext != nil && person.Ext.ID != "" {
				p.byExt[person.Ext.ID] = person
			}
		}
	}
	return p.byExt[id]
}

// settleHolders finds, for members whom no id finds, who has their extension, where that alone
// makes a person (R9). It has no record to say that it is still theirs: so it must bear their
// name, or their e-mail and one of their names, or be as it was when they kept it.
func (p *planner) settleHolders() {
	if p.access == nil {
		return
	}
	slices.SortFunc(p.unmatched, func(a, b *Member) int { return cmp.Compare(a.ID, b.ID) })
	p.unmatched = slices.DeleteFunc(p.unmatched, func(m *Member) bool {
		e := p.people.formerExtension(&Person{}, m)
		if m.Status != Active || p.conflicted[m.ID] || e == nil || !p.people.resembles(m, e.FirstName, e.LastName, e.Email) && !e.isAsRemembered(m.Synced.Extension) {
			return false
		}
		holder := p.people.byRC[e.ID]
		if holder == nil || holder.hasRecord() || holder.outcome.decision != undecided {
			return false
		}
		p.decide(holder, m, byLogin)
		return true
	})
}

// bears says whether an extension has the name or an e-mail of a person, as it is now or was at
// the last sync. Of another rcUserId than theirs, the name alone is a namesake's.
func (e *Extension) bears(person *Person, m *Member) bool {
	email, could := FoldEmail(e.Email), person.RCUserID == "" || e.ID == ""
	switch {
	case could && e.isNamed(person, m):
		return true
	case email == "":
		return could && e.FirstName+e.LastName == "" && e.Status != "Unassigned"
	}
	for has := range person.recordEmails {
		if FoldEmail(has) == email {
			return true
		}
	}
	return FoldEmail(m.Synced.Profile[Email]) == email
}

// isNamed says whether an extension has the name of a person, as it is now or was at the last sync.
func (e *Extension) isNamed(person *Person, m *Member) bool {
	return e.FirstName+e.LastName != "" && (sameName(m, e.FirstName, e.LastName) || person.bears(foldName(e.FirstName, e.LastName)))
}

// remembered is what the roster remembers of an extension that somebody kept: its id, and
// digests of its name and e-mail.
func (e *Extension) remembered() string {
	words := []string{e.ID, foldName(e.FirstName, e.LastName), FoldEmail(e.Email)}
	for i, word := range words[1:] {
		if word != "" {
			words[i+1] = strconv.FormatUint(hashOf(word), 16)
		}
	}
	return strings.Join(words, ":")
}

// isAsRemembered says whether an extension has the name or the e-mail with which it was kept.
func (e *Extension) isAsRemembered(text string) bool {
	was, now := strings.Split(text, ":"), strings.Split(e.remembered(), ":")
	return len(was) == 3 && (now[1] != "" && now[1] == was[1] || now[2] != "" && now[2] == was[2])
}

// rememberExtension notes an extension that a person kept. One that bears nothing of theirs is
// remembered as it was when it did, or step by step it could become another human's.
func (next *Member) rememberExtension(person *Person, m *Member) {
	switch e := person.Ext; {
	case e == nil:
	case !person.ExtKept:
		next.Synced.Extension = ""
	case e.bears(person, m) && e.FirstName+e.LastName+e.Email != "":
		next.Synced.Extension = e.remembered()
	}
}
