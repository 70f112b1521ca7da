package simulator

import (
	"cmp"
	"fmt"
	"math/rand/v2"
)

// The credentials of a generated world. They open nothing but a simulator.
const (
	DemoClientID      = "demo-client-id"
	DemoClientSecret  = "demo-client-secret" //nolint:gosec // opens nothing but a simulator
	DemoMainAccountID = "99990000"
	DemoAccountID     = 400100001 // RingEX
	DemoOwnerID       = 700000001 // extension of the JWT's owner
	// DemoJWT reads as a JWT of subject 700000001 that expires in the year 2100; its signature is nobody's.
	DemoJWT = "eyJhbGciOiJFUzI1NiIsInR5cCI6IkpXVCJ9." +
		"eyJpc3MiOiJodHRwczovL3NpbXVsYXRvci5leGFtcGxlLmNvbSIsInN1YiI6IjcwMDAwMDAwMSIsImlhdCI6MTc2NzIyNTYwMCwiZXhwIjo0MTAyNDQ0ODAwfQ." +
		"c2ltdWxhdG9y"
)

// superAdmin is the id of the role that makes an administrator in RingEX.
const superAdmin = "1"

// GenerateOptions say what world to make; zero means the default.
type GenerateOptions struct {
	People      int // humans with a RingCX record, the JWT's owner among them; at least 1
	Seed        uint64
	SubAccounts int // active ones: 2; one inactive comes on top
	Groups      int // agent groups in the active sub-accounts together: one for every 25 people, at least 4
}

// Generate makes a plausible world of one account with the Demo credentials, always the same for the same
// arguments. Of its people some are inactive agents, administrators, both, in several sub-accounts,
// without RingEX identity, or disabled in RingEX: worlds of 50 people and more have all of these.
func Generate(people int, seed uint64) *World {
	return GenerateWith(GenerateOptions{People: people, Seed: seed})
}

// GenerateWith is Generate with control over the shape.
func GenerateWith(o GenerateOptions) *World {
	o.People = max(1, o.People)
	o.SubAccounts = max(1, cmp.Or(o.SubAccounts, 2))
	o.Groups = max(o.SubAccounts, cmp.Or(o.Groups, max(4, o.People/25)))
	g := &generator{
		GenerateOptions: o, emails: map[string]int{},
		rng:     rand.New(rand.NewPCG(o.Seed, 0x52696e67)), //nolint:gosec // a world that can be made again, no secret
		account: newDemoAccount(), nextAgent: 1386700, nextAdmin: 3200, nextExtension: DemoOwnerID,
	}
	g.addSubAccounts()
	g.addOwner()
	for i := 1; i < o.People; i++ {
		g.addPerson(i)
	}
	g.assignSupervisors()
	g.addOthers()
	return &World{Accounts: []*Account{g.account}}
}

func newDemoAccount() *Account {
	return &Account{
		ClientID: DemoClientID, ClientSecret: DemoClientSecret, JWT: DemoJWT, OwnerID: DemoOwnerID,
		ID: DemoAccountID, Company: "Example Contact Centre", MainNumber: "+12055550100", MainAccountID: DemoMainAccountID,
		EnvID: "eo1", TimeZone: "US/Pacific", Language: "en-US",
		Sites: []*Site{{"main-site", "Main Site", "10"}, {"801", "Site 2 - Manila", "20"}, {"802", "Montréal", "30"}},
		Roles: []*Role{
			{ID: superAdmin, Name: "Super Admin", Description: "Primary company administrator role", Permissions: []string{"AccountAdministration", "ReadExtensions", "ReadUserRoles", "ReadAssignedRoles"}},
			{ID: "3", Name: "Standard", Description: "Everyday use", Permissions: []string{"ReadOwnExtension", "InternalCalls"}},
			{ID: "5", Name: "Workforce Management", Description: "Planners and their agents", Custom: true, Permissions: []string{"WEMAccess", "ReadOwnExtension"}},
		},
	}
}

type generator struct {
	GenerateOptions
	rng     *rand.Rand
	account *Account
	groups  []*Group // of the active sub-accounts
	homes   []*SubAccount
	emails  map[string]int // how often each address came up
	placed  int            // agents placed, for even groups

	nextAgent, nextAdmin, nextExtension int64
}

// addSubAccounts deals the groups out to the active sub-accounts in turn and adds the inactive one.
func (g *generator) addSubAccounts() {
	titles := []string{"Example Production", "Example Service", "Example Partners", "Example Outbound"}
	for i := range g.SubAccounts {
		title := fmt.Sprintf("Example Sub-Account %d", i+1)
		if i < len(titles) {
			title = titles[i]
		}
		g.account.SubAccounts = append(g.account.SubAccounts, &SubAccount{ID: number(99990001 + int64(i)), Name: title})
	}
	for i := range g.Groups {
		sub := g.account.SubAccounts[i%g.SubAccounts]
		group := &Group{ID: int64(1001 + i), Name: groupNames[i%len(groupNames)]}
		if i >= len(groupNames) {
			group.Name = fmt.Sprintf("%s %d", group.Name, i/len(groupNames)+1)
		}
		sub.Groups = append(sub.Groups, group)
		g.groups, g.homes = append(g.groups, group), append(g.homes, sub)
	}
	closed := &Group{ID: int64(1001 + g.Groups), Name: "Closed"}
	g.account.SubAccounts = append(g.account.SubAccounts, &SubAccount{
		ID: number(99990001 + int64(g.SubAccounts)), Name: "Example Test", Inactive: true, Groups: []*Group{closed},
	})
}

// person is a human before records are made of them.
type person struct {
	first, last, email string
	extension          int64
}

// invent makes up a name, a third of them not in Latin script, and an address nobody else has.
func (g *generator) invent() person {
	row := names[0]
	if g.rng.IntN(3) == 0 {
		row = names[1+g.rng.IntN(len(names)-1)]
	}
	first, last := row.first[g.rng.IntN(len(row.first))], row.last[g.rng.IntN(len(row.last))]
	local := first.ascii + "." + last.ascii
	g.emails[local]++
	if n := g.emails[local]; n > 1 {
		local = fmt.Sprintf("%s%d", local, n)
	}
	return person{first: first.text, last: last.text, email: local + "@example.com"}
}

// addOwner makes the service user of the JWT: in RingEX and an administrator in RingCX.
func (g *generator) addOwner() {
	p := person{first: "Sync", last: "Service", email: "sync.service@example.com"}
	g.extend(&p, &Extension{Department: "IT", JobTitle: "Service user", Roles: []string{superAdmin}})
	g.administrate(p)
}

// addPerson makes one human. What is rare follows from i, so that small worlds have it too.
func (g *generator) addPerson(i int) {
	p := g.invent()
	e := &Extension{
		Department: departments[g.rng.IntN(len(departments))], JobTitle: jobTitles[g.rng.IntN(len(jobTitles))],
		Roles: []string{"3"}, Site: g.account.Sites[g.rng.IntN(len(g.account.Sites))].ID,
	}
	g.colour(e, i)
	if i%16 == 2 {
		e.CostCenter = costCenters[i/16%len(costCenters)]
	}
	linked := i%15 != 4
	if linked || i%2 == 0 {
		g.extend(&p, e)
	}
	if !linked {
		p.extension = 0
	}
	if i%40 == 7 {
		g.administrate(p)
		return
	}
	a := g.place(p, i)
	switch {
	case i%25 == 3:
		g.administrate(p)
	case i%12 == 5:
		g.place(p, i+10).Type = "MULTI_USER"
	case i%20 == 9:
		a.Inactive = true
	}
}

// colour gives an extension what only some have.
func (g *generator) colour(e *Extension, i int) {
	switch {
	case i%30 == 11:
		e.Status = "NotActivated"
	case i%50 == 13:
		e.Status = "Disabled"
	case i%45 == 17:
		e.Type = "DigitalUser"
	case i%33 == 14:
		e.Roles = append(e.Roles, "5")
	case i%22 == 8:
		e.TimeZone, e.Language = zones[g.rng.IntN(len(zones))].name, languages[g.rng.IntN(len(languages))].LocaleCode
	}
}

// extend gives a person an extension.
func (g *generator) extend(p *person, e *Extension) {
	p.extension = g.nextExtension
	g.nextExtension++
	e.ID, e.Number = p.extension, number(101+p.extension-DemoOwnerID)
	e.FirstName, e.LastName, e.Email = p.first, p.last, p.email
	e.Phones = []string{fmt.Sprintf("+1205555%04d", (p.extension-DemoOwnerID)%10000)}
	g.account.Extensions = append(g.account.Extensions, e)
}

// administrate makes a person an administrator.
func (g *generator) administrate(p person) {
	g.account.Administrators = append(g.account.Administrators, &Administrator{
		ID: g.nextAdmin, RCUserID: p.extension, FirstName: p.first, LastName: p.last, Email: p.email,
	})
	g.nextAdmin++
}

// place makes a person an agent of the next group.
func (g *generator) place(p person, i int) *Agent {
	group := g.groups[g.placed%len(g.groups)]
	g.placed++
	a := &Agent{ID: g.nextAgent, RCUserID: p.extension, FirstName: p.first, LastName: p.last, Email: p.email}
	g.nextAgent++
	switch {
	case i%10 == 0:
		a.Type = "SUPERVISOR"
	case i%35 == 1:
		a.Type = "MULTI_SUPERVISOR"
	}
	group.Agents = append(group.Agents, a)
	return a
}

// assignSupervisors puts each agent under the first supervisor of the group.
func (g *generator) assignSupervisors() {
	for _, group := range g.groups {
		var boss int64
		for _, a := range group.Agents {
			if boss == 0 && (a.Type == "SUPERVISOR" || a.Type == "MULTI_SUPERVISOR") {
				boss = a.ID
			}
		}
		for _, a := range group.Agents {
			if boss != 0 && a.ID != boss {
				a.Supervisors = []int64{boss}
			}
		}
	}
}

// addOthers adds what is no contact-centre human: licences, queues and machines, RingEX users without
// RingCX, directory contacts, and the agents of the inactive sub-account.
func (g *generator) addOthers() {
	for range 1 + g.People/100 {
		g.other(&Extension{Status: "Unassigned"})
	}
	for _, group := range g.groups {
		g.other(&Extension{Type: "Department", Name: group.Name + " Queue"})
	}
	for _, kind := range []string{"IvrMenu", "Announcement", "Voicemail", "ParkLocation", "PagingOnly", "ApplicationExtension", "Site", "Room"} {
		g.other(&Extension{Type: kind, Name: "Example " + kind})
	}
	g.other(&Extension{Type: "Limited", Name: "Lobby Phone", FirstName: "Lobby", LastName: "Phone"})
	for range 1 + g.People/20 {
		p := g.invent()
		g.extend(&p, &Extension{Department: "Office", JobTitle: "Clerk", Roles: []string{"3"}, Site: "main-site"})
	}
	closed := g.account.SubAccounts[g.SubAccounts].Groups[0]
	for range 2 {
		p := g.invent()
		closed.Agents = append(closed.Agents, &Agent{ID: g.nextAgent, FirstName: p.first, LastName: p.last, Email: p.email})
		g.nextAgent++
	}
	g.account.Contacts = []*Contact{
		{ID: "ext-1", Name: "Example Courier", Phones: []string{"+12055559901"}},
		{ID: "ext-2", FirstName: "Ada", LastName: "Example", Email: "ada@partner.example.com", Department: "Partner", Phones: []string{"+442079460000", "+12055559902"}},
	}
}

func (g *generator) other(e *Extension) {
	e.ID = g.nextExtension
	g.nextExtension++
	if e.Status != "Unassigned" {
		e.Number = number(101 + e.ID - DemoOwnerID)
	}
	g.account.Extensions = append(g.account.Extensions, e)
}
