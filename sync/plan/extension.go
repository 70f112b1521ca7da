package plan

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"ringroster/sync"
)

// The roster remembers which extension was somebody's, also of those who have it by e-mail alone,
// or kept it: several people or extensions may have the e-mail, and names and e-mails are changed
// in one place first (R7). What it remembers goes before an e-mail.

// freeExtensions are those of humans that no record has by rcUserId or e-mail.
type freeExtensions struct {
	byID, byNumber, byEmail, byName, byWords map[string]*sync.Extension // of the last three: who alone has it

	numbers map[string]bool // of all extensions
}

func (p *people) indexFree() *freeExtensions {
	if p.free != nil {
		return p.free
	}
	taken := make(map[*sync.Extension]bool, len(p.all))
	for _, person := range p.all {
		taken[person.Ext] = taken[person.Ext] || person.hasRecord()
	}
	index := func() map[string]*sync.Extension { return map[string]*sync.Extension{} }
	p.free = &freeExtensions{index(), index(), index(), index(), index(), map[string]bool{}}
	for i := range p.snapshot.Extensions {
		e := &p.snapshot.Extensions[i]
		p.free.numbers[e.Number] = true
		if !isHuman(e) || taken[e] {
			continue
		}
		if e.ID != "" {
			p.free.byID[e.ID] = e
		}
		if e.Number != "" {
			p.free.byNumber[e.Number] = e
		}
		alone := func(of map[string]*sync.Extension, key string) {
			if _, several := of[key]; several {
				of[key] = nil
			} else if key != "" {
				of[key] = e
			}
		}
		alone(p.free.byEmail, sync.FoldEmail(e.Email))
		alone(p.free.byName, foldName(e.FirstName, e.LastName))
		if _, said, _ := strings.Cut(words(e), ":"); e.Email != "" && e.FirstName+e.LastName != "" {
			alone(p.free.byWords, said)
		}
	}
	return p.free
}

// extensionID is the id of the extension that is remembered as a member's; "": none.
func extensionID(m *sync.Member) string {
	id, _, _ := strings.Cut(m.Synced.Extension, ":")
	return id
}

// formerExtension finds the extension that was a member's, if nobody else has it and it is
// theirs still, for a person who has none; nil: there is none.
func (p *people) formerExtension(person *Person, m *sync.Member) *sync.Extension {
	if person.Ext != nil || m.Synced.Profile[sync.ExtensionNumber]+m.Synced.Extension+m.RCUserID == "" {
		return nil
	}
	free := p.indexFree()
	if e := p.remembered(person, m, free.byID); e != nil {
		return e
	}
	if _, said, _ := strings.Cut(m.Synced.Extension, ":"); free.byWords[said] != nil { // another, with all of the name and e-mail
		return free.byWords[said]
	}
	if e := free.byNumber[m.Synced.Profile[sync.ExtensionNumber]]; e != nil && (bears(e, person, m) || isAsRemembered(e, m.Synced.Extension) || p.isMadeAnew(e, person, m)) {
		return e
	}
	if e := free.byEmail[sync.FoldEmail(m.Synced.Profile[sync.Email])]; e != nil && person.hasNoEmail() && !p.isRecords(e.Email) && p.isMadeAnew(e, person, m) {
		return e
	}
	return p.namedAnew(person, m)
}

// namedAnew finds the one extension with all of somebody's name, which nobody else has, where the one
// that was theirs is not listed any more: it was made anew. Where theirs is listed, it is a namesake's.
func (p *people) namedAnew(person *Person, m *sync.Member) *sync.Extension {
	if p.extension(cmp.Or(m.RCUserID, extensionID(m))) != nil || p.extension(extensionID(m)) != nil || p.indexFree().numbers[m.Synced.Profile[sync.ExtensionNumber]] {
		return nil
	}
	e := p.indexFree().byName[foldName(m.Synced.Profile[sync.FirstName], m.Synced.Profile[sync.LastName])]
	if e == nil || !person.bears(foldName(e.FirstName, e.LastName)) || m.Synced.Profile[sync.ExtensionNumber] == "" {
		return nil
	}
	return e
}

// hasNoEmail says that no record of somebody has an e-mail: theirs was the extension's.
func (p *Person) hasNoEmail() bool {
	for range p.recordEmails {
		return false
	}
	return p.hasRecord()
}

// remembered finds the extension that the roster knows by its id to be a member's: by the
// rcUserId that their record has lost (R5), else as the one that they had, if it is theirs still.
func (p *people) remembered(person *Person, m *sync.Member, byID map[string]*sync.Extension) *sync.Extension {
	if e := byID[m.RCUserID]; e != nil && person.RCUserID == "" {
		return e
	}
	if e := byID[extensionID(m)]; e != nil && (bears(e, person, m) || isAsRemembered(e, m.Synced.Extension) || person.RCUserID == "" && extensionHasPartOf(e, person, m)) {
		return e
	}
	return nil
}

// isMadeAnew says whether an extension with the number, or the e-mail, of a member's former one is
// theirs, though it is another: with a part of their name, or of somebody whose record has an
// rcUserId that nothing else has, all of it.
func (p *people) isMadeAnew(e *sync.Extension, person *Person, m *sync.Member) bool {
	if person.RCUserID == "" {
		return extensionHasPartOf(e, person, m)
	}
	return isNamed(e, person, m) && (e.ID == m.RCUserID || p.extension(m.RCUserID) == nil) && p.extension(person.RCUserID) == nil
}

// extensionHasPartOf says whether an extension has the first or the last name of a person, as it is now or
// was at the last sync.
func extensionHasPartOf(e *sync.Extension, person *Person, m *sync.Member) bool {
	part := func(first, last string) bool {
		return first != "" && sync.SameValue(sync.FirstName, first, e.FirstName) || last != "" && sync.SameValue(sync.LastName, last, e.LastName)
	}
	return memberHasPartOf(m, e.FirstName, e.LastName) ||
		slices.ContainsFunc(person.Agents, func(r sync.AgentRecord) bool { return part(r.FirstName, r.LastName) }) ||
		slices.ContainsFunc(person.Admins, func(a *sync.Admin) bool { return part(a.FirstName, a.LastName) })
}

// keepExtension gives a person the extension that was their member's. The person whom that
// extension made by itself (R9) is nobody beside them.
func (p *planner) keepExtension(person *Person, m *sync.Member) {
	e := p.people.formerExtension(person, m)
	if e == nil {
		return
	}
	if owner := p.owners[e.ID]; owner != 0 && owner != m.ID && !isNamed(e, person, m) {
		return // of whom the roster knows that it is theirs by rcUserId
	}
	holder := p.people.byRC[e.ID]
	if holder != person && holder.hasRecord() { // since they were given a stray's
		return
	}
	person.Ext, person.ExtKept = e, e.ID == "" || e.ID != m.RCUserID || person.RCUserID != ""
	delete(p.people.free.byID, e.ID)
	delete(p.people.free.byNumber, e.Number)
	delete(p.people.free.byEmail, sync.FoldEmail(e.Email))
	delete(p.people.free.byName, foldName(e.FirstName, e.LastName))
	_, said, _ := strings.Cut(words(e), ":")
	delete(p.people.free.byWords, said)
	awaited := func(m *sync.Member) bool { return m.RCUserID == e.ID }
	if holder != nil && holder != person && holder.outcome.decision == undecided && !slices.ContainsFunc(p.joining, awaited) {
		holder.outcome.decision = hidden
		delete(p.people.byRC, e.ID)
	}
}

// mayKeep says whether a person whom a member was found for may have another extension, once
// everybody was met, than the one that an e-mail gave them, or none.
func (p *people) mayKeep(person *Person, m *sync.Member) bool {
	if person.ExtByID {
		return false
	}
	id := extensionID(m)
	return id != "" && (person.Ext == nil || person.Ext.ID != id) || p.formerExtension(person, m) != nil
}

// reclaimExtensions takes from people what an e-mail alone gave them where it was a member's whom
// another person is. An extension with the name of who has it by e-mail stays theirs, unless
// it is the other's name as well.
func (p *planner) reclaimExtensions() {
	waiting := slices.Concat(p.joining, p.loose)
	slices.SortFunc(waiting, func(a, b *sync.Member) int { return cmp.Compare(a.ID, b.ID) })
	taken := false
	for _, m := range waiting {
		person := p.people.byRC[m.RCUserID]
		if person == nil || m.RCUserID == "" {
			found := p.holdersOfLogins(m, true)
			if len(found) != 1 {
				continue
			}
			person = found[0]
		}
		if m.Status != sync.Active || person.ExtByID || person.Ext != nil && isNamed(person.Ext, person, m) {
			continue
		}
		e := p.people.remembered(person, m, p.people.extensionsByID())
		if e == nil || e == person.Ext || !isHuman(e) || e.Status == "Unassigned" {
			continue
		}
		holder := p.people.byExtension(e)
		if holder != nil && (holder.ExtByID || holder.outcome.decision != undecided || holder.bears(foldName(e.FirstName, e.LastName)) && !isNamed(e, person, m)) {
			continue
		}
		if holder != nil {
			p.trace(holder, nil, "R7", "plan", "extension %s has their e-mail, and is that of member %d as it was", e.ID, m.ID)
			holder.Ext = nil
		}
		person.Ext, taken = nil, true // keepExtension gives it
	}
	if taken {
		p.people.free, p.people.byExt = nil, nil
	}
}

// lendExtensions gives people whom no id finds on the roster the extension of the member who has
// their name and e-mail: that they were made anew (R12) is only asked of who belongs.
func (p *planner) lendExtensions() {
	leaving := map[string]*sync.Member{}
	for _, m := range p.unmatched {
		if email := sync.FoldEmail(m.Profile[sync.Email]); email != "" && m.Status == sync.Active && m.Linked && !p.conflicted[m.ID] {
			if leaving[email] != nil {
				m = nil // several
			}
			leaving[email] = m
		}
	}
	if len(leaving) == 0 {
		return
	}
	for _, person := range p.people.all {
		if person.outcome.decision != undecided || person.Ext != nil || !person.hasRecord() {
			continue
		}
		for email := range person.recordEmails {
			if m := leaving[sync.FoldEmail(email)]; m != nil && person.bears(foldName(m.Synced.Profile[sync.FirstName], m.Synced.Profile[sync.LastName])) {
				p.keepExtension(person, m)
				break
			}
		}
	}
}

// byExtension finds who has an extension otherwise than by their rcUserId.
func (p *people) byExtension(e *sync.Extension) *Person {
	if p.byExt == nil {
		p.byExt = map[*sync.Extension]*Person{}
		for _, person := range p.all {
			if person.Ext != nil && !person.ExtByID {
				p.byExt[person.Ext] = person
			}
		}
	}
	return p.byExt[e]
}

// extended finds who without an rcUserId has an extension by e-mail.
func (p *people) extended(id string) *Person {
	e := p.extension(id)
	if person := p.byExtension(e); e != nil && person != nil && person.RCUserID == "" {
		return person
	}
	return nil
}

// settleHolders finds, for members whom no id finds, who has their extension: somebody made anew, to
// whom the extension's e-mail gave it; or, under a role rule, whom the extension alone makes (R9).
func (p *planner) settleHolders() {
	slices.SortFunc(p.unmatched, func(a, b *sync.Member) int { return cmp.Compare(a.ID, b.ID) })
	p.unmatched = slices.DeleteFunc(p.unmatched, func(m *sync.Member) bool {
		if m.Status != sync.Active || m.Synced.Extension+m.Synced.Profile[sync.ExtensionNumber]+m.RCUserID == "" {
			return false
		}
		if e := p.people.remembered(&Person{}, m, p.people.extensionsByID()); e != nil {
			holder := p.people.byExtension(e)
			if !p.conflicted[m.ID] && holder.hasRecord() && holder.outcome.decision == undecided && holder.isMadeAnewOf(m, e) {
				p.decide(holder, m, byEmail)
				return true
			}
		}
		return p.access != nil && p.settleMade(m)
	})
}

// isMadeAnewOf says whether somebody who has a member's extension is that human: by all of the name, or by a
// part of it while the extension has a name or an e-mail with which it was the member's. One that has
// neither any more was given to somebody else.
func (p *Person) isMadeAnewOf(m *sync.Member, e *sync.Extension) bool {
	return p.bears(foldName(m.Synced.Profile[sync.FirstName], m.Synced.Profile[sync.LastName])) ||
		p.hasPartOf(m) && isAsRemembered(e, m.Synced.Extension)
}

// settleMade is settleHolders where the extension alone makes a person. It has no record to say that
// it is still the member's: so it must bear their name, or their e-mail and one of their names, or be
// as it was when they kept it. Of a member in conflict it makes nobody new either: their record is
// listed.
func (p *planner) settleMade(m *sync.Member) bool {
	e := p.people.formerExtension(&Person{}, m)
	if e == nil || !p.people.resembles(m, e.FirstName, e.LastName, e.Email) && !isAsRemembered(e, m.Synced.Extension) {
		return false
	}
	holder := p.people.byRC[e.ID]
	if holder == nil || holder.hasRecord() || holder.outcome.decision != undecided {
		return false
	}
	if p.conflicted[m.ID] {
		p.skip(holder, nil, sync.NoteRecordUnproved, fmt.Sprintf("the extension is that of member %d, who is in conflict (R7)", m.ID))
		return false
	}
	p.decide(holder, m, byLogin)
	return true
}

// bears says whether an extension has the name or an e-mail of a person, as it is now or was at
// the last sync. Of another rcUserId than theirs, the name alone is a namesake's.
func bears(e *sync.Extension, person *Person, m *sync.Member) bool {
	email, could := sync.FoldEmail(e.Email), person.RCUserID == "" || e.ID == ""
	switch {
	case could && isNamed(e, person, m):
		return true
	case email == "":
		return could && e.FirstName+e.LastName == "" && e.Status != "Unassigned"
	}
	for has := range person.recordEmails {
		if sync.FoldEmail(has) == email {
			return true
		}
	}
	return sync.FoldEmail(m.Synced.Profile[sync.Email]) == email
}

// isNamed says whether an extension has the name of a person, as it is now or was at the last sync.
func isNamed(e *sync.Extension, person *Person, m *sync.Member) bool {
	return e.FirstName+e.LastName != "" && (sameName(m, e.FirstName, e.LastName) || person.bears(foldName(e.FirstName, e.LastName)))
}

// words are what the roster remembers of an extension: its id, and digests of its name and e-mail.
func words(e *sync.Extension) string {
	words := []string{e.ID, foldName(e.FirstName, e.LastName), sync.FoldEmail(e.Email)}
	for i, word := range words[1:] {
		if word != "" {
			words[i+1] = strconv.FormatUint(sync.HashText(word), 16)
		}
	}
	return strings.Join(words, ":")
}

// isAsRemembered says whether an extension has the name or the e-mail with which it was kept.
func isAsRemembered(e *sync.Extension, text string) bool {
	was, now := strings.Split(text, ":"), strings.Split(words(e), ":")
	return len(was) == 3 && (now[1] != "" && now[1] == was[1] || now[2] != "" && now[2] == was[2])
}

// rememberExtension notes the extension of a person who has it by e-mail, or kept it; who has it
// by rcUserId needs no note. One that was kept, and bears nothing of theirs, is remembered as it
// was when it did, or step by step it could become another human's.
func rememberExtension(next *sync.Member, person *Person, was *sync.Member) {
	switch e := person.Ext; {
	case e == nil:
	case person.ExtByID || e.ID != "" && e.ID == next.RCUserID:
		next.Synced.Extension = ""
	case !person.ExtKept, (bears(e, person, was) || isNamed(e, person, was)) && e.FirstName+e.LastName+e.Email != "":
		next.Synced.Extension = words(e)
	}
}
