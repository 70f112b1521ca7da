package sync

import (
	"strconv"
	"strings"
)

// Person is one human whom RingCentral reports: every record of theirs in one
// account, joined (R6), with the RingEX extension attached (R7).
type Person struct {
	Key      string // rc:ID, agent:SUB/ID, admin:ID
	RCUserID string
	Admins   []*Admin
	Agents   []AgentRecord // in retrieval order
	Ext      *Extension
	ExtByID  bool // attached by rcUserId; else by e-mail

	outcome outcome // how the plan decided; its own bookkeeping
}

// AgentRecord is one agent record with the place where it was found.
type AgentRecord struct {
	*Agent
	Sub   *SubAccount
	Group *Group
}

// people indexes everybody reported in one snapshot.
type people struct {
	all     []*Person
	byRC    map[string]*Person
	byLogin map[string]*Person // loginKey
	byAdmin map[string]*Person
	emails  map[string]bool       // folded; of everybody
	exts    map[string]*Extension // by id, of every type
	// unnamed is true when a faulty record names nobody: it could be anybody's,
	// so nobody can be called absent. One that has an e-mail could be theirs who
	// have it.
	unnamed bool
	faulty  map[string]bool // e-mails, folded
}

func loginKey(subAccount, agent string) string { return subAccount + "/" + agent }

// fold is how e-mails and names are compared: without case and outer space.
func fold(s string) string { return strings.ToLower(strings.TrimSpace(s)) }

// personTypes are the extension types that belong to humans (R7).
var personTypes = map[string]bool{
	"User": true, "DigitalUser": true, "VirtualUser": true, "FlexibleUser": true, "Limited": true,
}

// joinPeople turns the records of a snapshot into people. Under a role rule
// (R9) an extension makes a person too, if holds says that it has the role.
func joinPeople(s *Snapshot, holds func(*Extension) bool) *people {
	records := 0
	for i := range s.SubAccounts {
		for j := range s.SubAccounts[i].Groups {
			records += len(s.SubAccounts[i].Groups[j].Agents)
		}
	}
	p := &people{
		all:     make([]*Person, 0, records),
		byRC:    make(map[string]*Person, records),
		byLogin: make(map[string]*Person, records),
		byAdmin: make(map[string]*Person, len(s.Admins)),
		emails:  make(map[string]bool, records),
		exts:    make(map[string]*Extension, len(s.Extensions)),
		faulty:  map[string]bool{},
	}
	p.joinLinked(s)
	p.joinLoose(s)
	p.attachExtensions(s, holds)
	p.index()
	return p
}

// joinLinked joins the records that bear an rcUserId.
func (p *people) joinLinked(s *Snapshot) {
	for i := range s.Admins {
		if a := &s.Admins[i]; a.RCUserID != "" {
			person := p.linked(a.RCUserID)
			person.Admins = append(person.Admins, a)
		}
	}
	for record := range s.agents {
		if record.RCUserID != "" {
			person := p.linked(record.RCUserID)
			person.Agents = append(person.Agents, record)
		}
	}
}

func (p *people) linked(rcUserID string) *Person {
	person := p.byRC[rcUserID]
	if person == nil {
		person = &Person{Key: "rc:" + rcUserID, RCUserID: rcUserID}
		p.byRC[rcUserID] = person
		p.all = append(p.all, person)
	}
	return person
}

// agents yields every agent record of a snapshot in retrieval order.
func (s *Snapshot) agents(yield func(AgentRecord) bool) {
	for i := range s.SubAccounts {
		sub := &s.SubAccounts[i]
		for j := range sub.Groups {
			group := &sub.Groups[j]
			for k := range group.Agents {
				if !yield(AgentRecord{&group.Agents[k], sub, group}) {
					return
				}
			}
		}
	}
}

// joinLoose places the records without rcUserId: with the one person who has
// their e-mail, else with each other by e-mail, else alone (R6).
func (p *people) joinLoose(s *Snapshot) {
	owners := p.ownersByEmail(looseEmails(s))
	loose := map[string]*Person{}
	place := func(email, key string) *Person {
		email = fold(email)
		if owner := owners[email]; email != "" && owner != nil && owner != shared {
			return owner
		}
		person := loose[email]
		if email == "" || person == nil {
			person = &Person{Key: key}
			p.all = append(p.all, person)
			if email != "" {
				loose[email] = person
			}
		}
		if person.RCUserID == "" && lessKey(key, person.Key) {
			person.Key = key
		}
		return person
	}
	for i := range s.Admins {
		if a := &s.Admins[i]; a.RCUserID == "" {
			p.unnamed = p.unnamed || a.UserID == "" && a.Email == ""
			person := place(a.Email, "admin:"+nameless(a.UserID, i))
			person.Admins = append(person.Admins, a)
		}
	}
	at := 0
	for record := range s.agents {
		at++
		if record.RCUserID == "" {
			p.unnamed = p.unnamed || record.ID == "" && record.Email == ""
			person := place(record.Email, "agent:"+loginKey(record.Sub.ID, nameless(record.ID, at)))
			person.Agents = append(person.Agents, record)
		}
	}
}

// lessKey orders the keys a person without rcUserId could have: agent records
// before administrators, shorter numbers first, whatever the retrieval order.
func lessKey(a, b string) bool {
	if aAgent, bAgent := strings.HasPrefix(a, "agent:"), strings.HasPrefix(b, "agent:"); aAgent != bAgent {
		return aAgent
	}
	if len(a) != len(b) {
		return len(a) < len(b)
	}
	return a < b
}

// nameless stands in for the id that a faulty record lacks.
func nameless(id string, position int) string {
	if id == "" {
		return "?" + strconv.Itoa(position)
	}
	return id
}

// shared marks an e-mail that several people have.
var shared = new(Person)

func looseEmails(s *Snapshot) map[string]bool {
	emails := map[string]bool{}
	for i := range s.Admins {
		if s.Admins[i].RCUserID == "" {
			emails[fold(s.Admins[i].Email)] = true
		}
	}
	for record := range s.agents {
		if record.RCUserID == "" {
			emails[fold(record.Email)] = true
		}
	}
	return emails
}

// ownersByEmail says who of the people so far has each of the given e-mails.
func (p *people) ownersByEmail(wanted map[string]bool) map[string]*Person {
	owners := map[string]*Person{}
	if len(wanted) == 0 {
		return owners
	}
	for _, person := range p.all {
		for email := range person.recordEmails {
			if e := fold(email); wanted[e] {
				if owner := owners[e]; owner != nil && owner != person {
					owners[e] = shared
				} else {
					owners[e] = person
				}
			}
		}
	}
	return owners
}

// recordEmails yields the e-mails of the person's RingCX records.
func (p *Person) recordEmails(yield func(string) bool) {
	for _, r := range p.Agents {
		if r.Email != "" && !yield(r.Email) {
			return
		}
	}
	for _, a := range p.Admins {
		if a.Email != "" && !yield(a.Email) {
			return
		}
	}
}

// attachExtensions gives people their RingEX extension: by rcUserId, else by
// e-mail where exactly one extension of a human and one person share it (R7).
func (p *people) attachExtensions(s *Snapshot, holds func(*Extension) bool) {
	taken := map[*Extension]bool{}
	for i := range s.Extensions {
		e := &s.Extensions[i]
		p.exts[e.ID] = e
		if person := p.byRC[e.ID]; person != nil {
			person.Ext, person.ExtByID = e, true
			taken[e] = true
		}
	}
	p.attachByEmail(s, taken)
	if holds != nil {
		p.joinHolders(s, holds, taken)
	}
}

// joinHolders makes people of the extensions that have no record and hold the
// role that access asks for (R9).
func (p *people) joinHolders(s *Snapshot, holds func(*Extension) bool, taken map[*Extension]bool) {
	for i := range s.Extensions {
		if e := &s.Extensions[i]; !taken[e] && personTypes[e.Type] && holds(e) {
			person := p.linked(e.ID)
			person.Ext, person.ExtByID = e, true
		}
	}
}

func (p *people) attachByEmail(s *Snapshot, taken map[*Extension]bool) {
	wanting := map[string]*Person{}
	for _, person := range p.all {
		if person.Ext != nil {
			continue
		}
		for email := range person.recordEmails {
			e := fold(email)
			if other := wanting[e]; other != nil && other != person {
				wanting[e] = shared
			} else {
				wanting[e] = person
			}
		}
	}
	if len(wanting) == 0 {
		return
	}
	found := map[*Person]*Extension{}
	double := map[*Person]bool{}
	for i := range s.Extensions {
		e := &s.Extensions[i]
		person := wanting[fold(e.Email)]
		if e.Email == "" || person == nil || person == shared || !personTypes[e.Type] {
			continue
		}
		if found[person] != nil || taken[e] {
			double[person] = true
		}
		found[person] = e
	}
	for person, e := range found {
		if !double[person] {
			person.Ext = e
			taken[e] = true
		}
	}
}

// index completes the lookups by login, administrator id and e-mail.
func (p *people) index() {
	for _, person := range p.all {
		for _, r := range person.Agents {
			if r.ID != "" {
				p.byLogin[loginKey(r.Sub.ID, r.ID)] = person
			}
		}
		for _, a := range person.Admins {
			if a.UserID != "" {
				p.byAdmin[a.UserID] = person
			}
		}
		faulty := person.faulty() != ""
		for email := range person.recordEmails {
			p.emails[fold(email)] = true
			if faulty {
				p.faulty[fold(email)] = true
			}
		}
		if person.Ext != nil && person.Ext.Email != "" {
			p.emails[fold(person.Ext.Email)] = true
		}
	}
}

// reported says whether the id stands anywhere in the snapshot: with a record
// or as an extension of any type.
func (p *people) reported(rcUserID string) bool {
	return p.byRC[rcUserID] != nil || p.exts[rcUserID] != nil
}

// couldBeFaulty says whether the record of a member whom nobody reports may be
// one of those that cannot be read.
func (p *people) couldBeFaulty(m *Member) bool {
	return p.unnamed || p.faulty[fold(m.Profile[Email])] || p.faulty[fold(m.Synced.Profile[Email])]
}
