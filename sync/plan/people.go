package plan

import (
	"slices"
	"strings"

	"ringroster/sync"
)

// people indexes everybody reported in one snapshot.
type people struct {
	snapshot *sync.Snapshot
	all      []*Person
	byRC     map[string]*Person
	// unnamed is true when a faulty record names nobody: it could be anybody's,
	// so nobody can be called absent. One that has an e-mail could be theirs who
	// have it.
	unnamed  bool
	anyLoose bool              // there are records without rcUserId
	unread   []*sync.Extension // that cannot be read, and that nobody was given

	ghosts  map[int64]*Person  // by member: of whom every list lost all records (lost.go)
	spare   []Person           // room for the next
	records []sync.AgentRecord // the only agent record of nearly everybody stands here

	// Where a day brings little news, few ask for these: made when first needed.
	byKey    map[string]*Person // of those without rcUserId
	byLogin  map[string]*Person // sync.LoginKey
	byAdmin  map[string]*Person
	emails   map[string]*Person         // folded; of everybody
	sharers  map[string][]*Person       // those who have one that several have
	faulty   map[string]bool            // those of faulty records
	exts     map[string]*sync.Extension // by id, of every type
	free     *freeExtensions
	byExt    map[*sync.Extension]*Person // who has it by e-mail, or kept it
	unreadBy map[unreadKey]*sync.Extension
	places   map[any]int // of records, in retrieval order
}

// personTypes are the extension types that belong to humans (R7).
var personTypes = map[string]bool{
	"User": true, "DigitalUser": true, "VirtualUser": true, "FlexibleUser": true, "Limited": true,
}

// joinPeople turns the records of a snapshot into people. Under a role rule
// (R9) an extension makes a person too, if holds says that it has the role.
func joinPeople(s *sync.Snapshot, holds func(*sync.Extension) bool) *people {
	records := 0
	for i := range s.SubAccounts {
		for j := range s.SubAccounts[i].Groups {
			records += len(s.SubAccounts[i].Groups[j].Agents)
		}
	}
	p := &people{
		snapshot: s,
		all:      make([]*Person, 0, records+len(s.Admins)),
		byRC:     make(map[string]*Person, records+len(s.Admins)),
		records:  make([]sync.AgentRecord, 0, records),
	}
	p.joinLinked(s)
	p.joinLoose(s)
	p.attachExtensions(s, holds)
	return p
}

// add makes a person. They stand in rows: of memory they cost a piece for each peopleInRow.
func (p *people) add(person Person) *Person {
	if len(p.spare) == cap(p.spare) {
		p.spare = make([]Person, 0, peopleInRow)
	}
	p.spare = append(p.spare, person)
	added := &p.spare[len(p.spare)-1]
	p.all = append(p.all, added)
	return added
}

const peopleInRow = 273 // they fill 32 KiB

// addAgent gives a person one more agent record.
func (p *people) addAgent(person *Person, r sync.AgentRecord) {
	if person.Agents != nil {
		person.Agents = append(person.Agents, r)
		return
	}
	p.records = append(p.records, r)
	n := len(p.records)
	person.Agents = p.records[n-1 : n : n]
}

// joinLinked joins the records that bear an rcUserId.
func (p *people) joinLinked(s *sync.Snapshot) {
	for i := range s.Admins {
		if a := &s.Admins[i]; a.RCUserID != "" {
			person := p.linked(a.RCUserID)
			person.Admins = append(person.Admins, a)
		}
	}
	for record := range s.Agents {
		if record.RCUserID != "" {
			p.addAgent(p.linked(record.RCUserID), record)
		}
	}
}

func (p *people) linked(rcUserID string) *Person {
	person := p.byRC[rcUserID]
	if person == nil {
		person = p.add(Person{RCUserID: rcUserID})
		p.byRC[rcUserID] = person
	}
	return person
}

// attachExtensions gives people their RingEX extension: by rcUserId, else by
// e-mail where exactly one extension of a human and one person share it (R7).
func (p *people) attachExtensions(s *sync.Snapshot, holds func(*sync.Extension) bool) {
	taken := make([]bool, len(s.Extensions))
	for i := range s.Extensions {
		e := &s.Extensions[i]
		if person := p.byRC[e.ID]; person != nil {
			person.Ext, person.ExtByID = e, true
			taken[i] = true
		}
	}
	p.attachByEmail(s, taken)
	if holds != nil {
		p.joinHolders(s, holds, taken)
	}
	for i := range s.Extensions {
		if e := &s.Extensions[i]; e.Faulty != "" && isHuman(e) && !taken[i] {
			p.unread = append(p.unread, e)
		}
	}
}

// joinHolders makes people of the extensions that have no record and hold the
// role that access asks for (R9).
func (p *people) joinHolders(s *sync.Snapshot, holds func(*sync.Extension) bool, taken []bool) {
	for i := range s.Extensions {
		if e := &s.Extensions[i]; !taken[i] && e.ID != "" && isHuman(e) && holds(e) {
			person := p.linked(e.ID)
			person.Ext, person.ExtByID = e, true
			taken[i] = true
		}
	}
}

// attachByEmail attaches an extension where one person and one extension have the e-mail; of several,
// where one person and one extension have the name as well.
func (p *people) attachByEmail(s *sync.Snapshot, taken []bool) {
	wanting := map[string]*Person{}
	rivals := map[string][]*Person{} // of the e-mails that several have
	for _, person := range p.all {
		if person.Ext != nil {
			continue
		}
		for email := range person.recordEmails {
			e := sync.FoldEmail(email)
			switch other := wanting[e]; other {
			case nil:
				wanting[e] = person
			case person:
			case shared:
				rivals[e] = append(rivals[e], person)
			default:
				wanting[e], rivals[e] = shared, []*Person{other, person}
			}
		}
	}
	if len(wanting) == 0 {
		return
	}
	places := map[*Person][]int{}
	for i := range s.Extensions {
		e := &s.Extensions[i]
		email := sync.FoldEmail(e.Email)
		person := wanting[email]
		if person == shared {
			person = only(rivals[email], func(r *Person) bool { return r.bears(foldName(e.FirstName, e.LastName)) })
		}
		if email == "" || person == nil || !isHuman(e) {
			continue
		}
		places[person] = append(places[person], i)
	}
	for person, all := range places {
		at := all[0]
		if len(all) > 1 {
			named := slices.DeleteFunc(all, func(i int) bool {
				return !person.bears(foldName(s.Extensions[i].FirstName, s.Extensions[i].LastName))
			})
			if len(named) != 1 {
				continue
			}
			at = named[0]
		}
		if !taken[at] {
			person.Ext = &s.Extensions[at]
			taken[at] = true
		}
	}
}

// only is the one of some people who fits; nil: none or several do.
func only(people []*Person, fits func(*Person) bool) (one *Person) {
	for _, person := range people {
		switch {
		case !fits(person) || person == one:
		case one != nil:
			return nil
		default:
			one = person
		}
	}
	return one
}

// hasRecord says whether somebody is more than an extension with a role (R9).
func (p *Person) hasRecord() bool { return p != nil && len(p.Agents)+len(p.Admins) > 0 }

// named finds a person by the name in a seal.
func (p *people) named(sealName string) *Person {
	if person := p.byRC[sealName]; person != nil || !strings.Contains(sealName, ":") {
		return person
	}
	if p.byKey == nil {
		p.byKey = map[string]*Person{}
		for _, person := range p.all {
			if person.looseKey != "" {
				p.byKey[person.looseKey] = person
			}
		}
	}
	return p.byKey[sealName]
}

// byName finds a person by their key.
func (p *people) byName(key string) *Person { return p.named(strings.TrimPrefix(key, "rc:")) }

// holders gives who has the logins and administrator ids.
func (p *people) holders() (byLogin, byAdmin map[string]*Person) {
	if p.byLogin == nil {
		p.byLogin, p.byAdmin = make(map[string]*Person, len(p.all)), map[string]*Person{}
		for _, person := range p.all {
			for _, r := range person.Agents {
				if r.ID != "" {
					p.byLogin[sync.LoginKey(r.Sub.ID, r.ID)] = person
				}
			}
			for _, a := range person.Admins {
				if a.UserID != "" {
					p.byAdmin[a.UserID] = person
				}
			}
		}
	}
	return p.byLogin, p.byAdmin
}

// holder is who has a login.
func (p *people) holder(l *sync.Login) *Person {
	byLogin, _ := p.holders()
	return byLogin[l.Key()]
}

// extension finds an extension of any type by its id.
func (p *people) extension(id string) *sync.Extension { return p.extensionsByID()[id] }

func (p *people) extensionsByID() map[string]*sync.Extension {
	if p.exts == nil {
		p.exts = make(map[string]*sync.Extension, len(p.snapshot.Extensions))
		for i := range p.snapshot.Extensions {
			e := &p.snapshot.Extensions[i]
			p.exts[e.ID] = e
		}
	}
	return p.exts
}

// hasEmail says whether anybody, or any extension, has the e-mail, in any case.
func (p *people) hasEmail(email string) bool {
	p.indexEmails()
	return p.emails[sync.FoldEmail(email)] != nil
}

// isRecords says whether a record of anybody has the e-mail.
func (p *people) isRecords(email string) bool {
	p.indexEmails()
	holder := p.emails[sync.FoldEmail(email)]
	return holder != nil && holder != nobody
}

// isShared says whether several people have the e-mail: then it says of none who they are.
func (p *people) isShared(email string) bool {
	p.indexEmails()
	return p.emails[sync.FoldEmail(email)] == shared
}

// isSharedBeyond says whether anybody else has an e-mail than some people who may be one.
func (p *people) isSharedBeyond(email string, among []*Person) bool {
	p.indexEmails()
	return slices.ContainsFunc(p.sharers[sync.FoldEmail(email)], func(person *Person) bool { return !slices.Contains(among, person) })
}

// indexEmails may come at any time while members are met: what it finds does not depend on
// whom they were met for.
func (p *people) indexEmails() {
	if p.emails != nil {
		return
	}
	p.emails = make(map[string]*Person, len(p.all))
	p.sharers = map[string][]*Person{}
	for _, person := range p.all {
		for email := range person.recordEmails {
			switch e, other := sync.FoldEmail(email), p.emails[sync.FoldEmail(email)]; other {
			case nil:
				p.emails[e] = person
			case person:
			case shared:
				p.sharers[e] = append(p.sharers[e], person)
			default:
				p.emails[e], p.sharers[e] = shared, []*Person{other, person}
			}
		}
	}
	for i := range p.snapshot.Extensions {
		if e := sync.FoldEmail(p.snapshot.Extensions[i].Email); e != "" && p.emails[e] == nil {
			p.emails[e] = nobody
		}
	}
}

// nobody marks an e-mail that extensions alone have.
var nobody = new(Person)

// couldBeFaulty says whether the record of a member whom nobody reports may be
// one of those that cannot be read.
func (p *people) couldBeFaulty(m *sync.Member) bool {
	if p.faulty == nil {
		p.faulty = map[string]bool{}
		for _, person := range p.all {
			if person.recordFault() == "" {
				continue
			}
			for email := range person.recordEmails {
				p.faulty[sync.FoldEmail(email)] = true
			}
		}
	}
	return p.unnamed || p.faulty[sync.FoldEmail(m.Profile[sync.Email])] || p.faulty[sync.FoldEmail(m.Synced.Profile[sync.Email])]
}
