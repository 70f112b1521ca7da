package plan

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"ringroster/sync"
)

// Trace collects what decides about one person or member while a plan is made:
// the planner with its trace on is what explains, there is no second one (R32).
type Trace struct {
	// Who is an e-mail, a name, a member id, an rc user id, an agent or
	// administrator id, a username, or a person key.
	Who   string
	Facts []Fact

	people  map[string]*Person // by key, of both drafts of a plan; nil: somebody whom Who does not mean
	members map[int64]bool
	absent  map[int64]string // members called Who whom RingCentral does not report, as candidates
}

// Fact is one line of an explanation.
type Fact struct {
	About  string `json:"about"`  // "rc:700000101" or "member 12"
	Rule   string `json:"rule"`   // "R9"; "" for a plain fact
	Source string `json:"source"` // where it comes from: "RingCX agent record", "roster", "settings"
	Text   string `json:"text"`
}

// Found reports whether anybody matched Who.
func (t *Trace) Found() bool { return len(t.Facts) > 0 }

// Several is an *AmbiguousError where Who is what several people of the account are
// called, or else several members whom RingCentral does not report; nil: one at most.
func (t *Trace) Several(account string) error {
	e := &sync.AmbiguousError{Who: t.Who, Account: account, What: "people"}
	for _, person := range t.people {
		if person != nil && !person.ghost && matchesAny(t.Who, person.names()) {
			e.Candidates = append(e.Candidates, person.candidate())
		}
	}
	id, _ := strconv.ParseInt(t.Who, 10, 64)
	if _, byID := t.absent[id]; !byID && len(e.Candidates) == 0 {
		e.What, e.Candidates = "members", slices.Collect(maps.Values(t.absent))
	}
	if len(e.Candidates) < 2 {
		return nil
	}
	slices.Sort(e.Candidates)
	return e
}

// Reset forgets what an earlier plan of the same run noted.
func (t *Trace) Reset() {
	if t != nil {
		t.Facts, t.people, t.members, t.absent = nil, nil, nil, nil
	}
}

// matchesPerson says whether Who means this person.
func (t *Trace) matchesPerson(p *Person) bool {
	key := p.Key()
	known, ok := t.people[key]
	if !ok && matchesAny(t.Who, p.names()) {
		known = p
	}
	t.note(key, known)
	return known != nil
}

func (t *Trace) note(key string, meant *Person) {
	if t.people == nil {
		t.people = map[string]*Person{}
	}
	t.people[key] = meant
}

// means says whether Who means whom an entry of a plan names: a person, by key, or a member.
func (t *Trace) means(person string, member int64) bool {
	return t != nil && (t.people[person] != nil || member != 0 && t.members[member])
}

// IsOfAnother says whether an onboarding was about another human than the person of a key whom Who
// means: somebody had the agent id before them (R35).
func (t *Trace) IsOfAnother(h *sync.HeldChange, key string) bool {
	person := t.people[key]
	return person != nil && h.State == sync.Rejected && isOfAnother(h, person)
}

// names is everything a person can be called.
func (p *Person) names() []string {
	names := append(p.keys(), p.RCUserID)
	for _, r := range p.Agents {
		names = append(names, r.ID, r.Email, r.UserName, r.FirstName+" "+r.LastName)
	}
	for _, a := range p.Admins {
		names = append(names, a.UserID, a.Email, a.UserName, a.FirstName+" "+a.LastName)
	}
	if e := p.Ext; e != nil {
		names = append(names, e.Email, e.FirstName+" "+e.LastName)
		if e.EmployeeID != "" {
			names = append(names, sync.EmployeeKey+e.EmployeeID)
		}
	}
	return names
}

func (t *Trace) matchesMember(m *sync.Member) bool {
	return m.ID != 0 && t.members[m.ID] || t.calls(m)
}

// calls says whether Who means this member by itself.
func (t *Trace) calls(m *sync.Member) bool {
	names := []string{strconv.FormatInt(m.ID, 10), m.Username, m.RCUserID, m.Profile.Name(), m.Profile[sync.Email]}
	if m.RCUserID != "" {
		names = append(names, "rc:"+m.RCUserID)
	}
	if number := m.Profile[sync.EmployeeID]; number != "" {
		names = append(names, sync.EmployeeKey+number)
	}
	for _, l := range m.Logins {
		names = append(names, l.AgentID, sync.AgentKey(l.Key()))
	}
	for _, id := range m.AdminIDs {
		names = append(names, id, sync.AdminKey(id))
	}
	return matchesAny(t.Who, names)
}

// matchesAny compares an operator's word for somebody with what they are called.
func matchesAny(who string, names []string) bool {
	compared := sync.FoldText
	if strings.Contains(who, "@") {
		compared = sync.FoldEmail
	}
	who = compared(who)
	return slices.ContainsFunc(names, func(n string) bool { return n != "" && compared(n) == who })
}

// meant says whether Who means a person or the member found for them; either may be missing.
// Once one of the two is meant, so is the other.
func (p *planner) meant(person *Person, m *sync.Member) bool {
	t := p.in.Trace
	if t == nil {
		return false
	}
	byPerson := person != nil && t.matchesPerson(person)
	byMember := m != nil && t.matchesMember(m)
	if !byPerson && !byMember {
		return false
	}
	if person != nil && !byPerson {
		t.note(person.Key(), person)
	}
	if m != nil && m.ID != 0 {
		if t.members == nil {
			t.members = map[int64]bool{}
		}
		t.members[m.ID] = true
		if person == nil && t.calls(m) {
			if t.absent == nil {
				t.absent = map[int64]string{}
			}
			t.absent[m.ID] = memberCandidate(m)
		}
	}
	return true
}

// trace adds a line about a person and the member found for them, while a plan is made; either
// may be missing.
func (p *planner) trace(person *Person, m *sync.Member, rule, source, format string, args ...any) {
	if !p.meant(person, m) {
		return
	}
	key, member := "", int64(0)
	if person != nil {
		key = person.Key()
	}
	if m != nil {
		member = m.ID
	}
	p.in.Trace.add(key, member, rule, source, format, args...)
}

// add adds a line about a person, by key, and a member; either may be missing.
func (t *Trace) add(person string, member int64, rule, source, format string, args ...any) {
	about := person
	if member != 0 {
		about = strings.TrimSuffix(fmt.Sprintf("%s, %s", memberKey(member), person), ", ")
	}
	fact := Fact{About: about, Rule: rule, Source: source, Text: fmt.Sprintf(format, args...)}
	if !slices.Contains(t.Facts, fact) {
		t.Facts = append(t.Facts, fact)
	}
}

// tracePerson lists the records behind a person and what they came to.
func (p *planner) tracePerson(person *Person, m *sync.Member, v *verdict) {
	if p.in.Trace == nil {
		return
	}
	for _, a := range person.Admins {
		if person.putBack && a.FirstName+a.LastName+a.Email == "" {
			p.trace(person, m, "R22", "kept record", "administrator %s, as if the list that is not believed still had it", a.UserID)
			continue
		}
		p.trace(person, m, "", "RingCX administrators", "administrator %s: %s %s <%s>", a.UserID, a.FirstName, a.LastName, a.Email)
	}
	for _, r := range person.Agents {
		if person.putBack && r.FirstName+r.LastName+r.Email == "" {
			p.trace(person, m, "R22", "kept record", "agent %s of group %s (%s) in sub-account %s (%s), as if the list that is not believed still had it",
				r.ID, r.Group.ID, r.Group.Name, r.Sub.ID, r.Sub.Name)
			continue
		}
		p.trace(person, m, "", "RingCX agents", "agent %s of group %s (%s) in sub-account %s (%s): %s %s <%s>, type %s, active %t",
			r.ID, r.Group.ID, r.Group.Name, r.Sub.ID, r.Sub.Name, r.FirstName, r.LastName, r.Email, r.Type, r.Active)
		p.traceSupervisors(person, m, r)
	}
	p.traceExtension(person, m, v)
	switch {
	case len(v.Roles) == 0:
	case !v.Known.Has(sync.Role):
		p.trace(person, m, "R10", "settings", "roles, those of kept records last: %s; where these stood among the others nobody knows: the role stays as it is",
			strings.Join(v.Roles, ", "))
	default:
		p.trace(person, m, "R10", "settings", "roles in retrieval order: %s; role_precedence %q gives %s",
			strings.Join(v.Roles, ", "), p.in.Policy.RolePrecedence, v.Profile[sync.Role])
	}
	if v.Belongs {
		p.trace(person, m, "R9", "settings", "belongs on the roster (wem_access rule %s; records that grant it: %s)",
			cmp.Or(string(p.in.Policy.Access.Rule), string(sync.AccessListed)), v.Evidence)
	} else {
		p.trace(person, m, "R14", "settings", "does not belong on the roster: %s", v.Why)
	}
}

func (p *planner) traceExtension(person *Person, m *sync.Member, v *verdict) {
	e := person.Ext
	if e == nil {
		p.trace(person, m, "R7", "RingEX extensions", "no extension is attached")
		return
	}
	by := "by e-mail"
	switch {
	case person.ExtByID:
		by = "by rcUserId"
	case person.ExtKept:
		by = "as the one that was theirs"
	}
	var says strings.Builder
	for f, value := range e.Fields {
		fmt.Fprintf(&says, ", %s %q", strings.ReplaceAll(f.String(), "_", " "), value)
	}
	if e.HasReferences {
		fmt.Fprintf(&says, ", employee id %q", e.EmployeeID)
	}
	p.trace(person, m, "R7", "RingEX extensions", "extension %s (type %s) is %s, attached %s; %s", e.ID, e.Type, e.Status, by, says.String()[2:])
	if words := p.maps.words(v, nil); words != "" {
		p.trace(person, m, "R8", "settings", "%s", words)
	}
}

// traceResting says of an inactive member whom nobody is why nothing happens.
func (p *planner) traceResting(m *sync.Member) {
	if p.in.Trace != nil {
		p.traceMember(nil, m)
		p.trace(nil, m, "R18", "plan", "stays inactive (%s): RingCentral reports nobody with this id, or this name and e-mail",
			cmp.Or(string(m.DeactivationReason), "set by hand"))
	}
}

func (p *planner) traceMember(person *Person, m *sync.Member) {
	if p.in.Trace == nil {
		return
	}
	p.trace(person, m, "", "roster", "member %d%s: %s, role %s, managed %t, linked %t, rc user id %q, %d logins",
		m.ID, when(m.Profile.Name() != "", fmt.Sprintf(" %q", m.Profile.Name())), m.Status, m.Profile[sync.Role], m.Managed, m.Linked, m.RCUserID, len(m.Logins))
	for _, f := range sync.Fields() {
		if pin := m.Pin(f); pin != nil {
			p.trace(person, m, "", "roster", "%s", pin)
		} else if m.Linked && m.Profile[f] != m.Synced.Given(f) && !p.open.Of(m.ID, f.String()).AsksOfPin() {
			p.trace(person, m, "R19", "roster", "%s is %q, but the last sync wrote %q: edited by hand", f, m.Profile[f], m.Synced.Given(f))
		}
	}
}

// Sentence is what it all came to: the last thing the plan decided.
func (t *Trace) Sentence() string {
	for _, f := range slices.Backward(t.Facts) {
		if f.Source == "plan" || f.Source == "guard" {
			return f.About + ": " + f.Text
		}
	}
	return "nothing is decided about " + t.Who
}

// Tell adds a fact about a member, if the trace is about them.
func (t *Trace) Tell(member int64, fact Fact) {
	name := fmt.Sprintf("member %d", member)
	for i := range t.Facts {
		if about := t.Facts[i].About; about == name || strings.HasPrefix(about, name+", ") {
			fact.About = about
			t.Facts = append(t.Facts, fact)
			return
		}
	}
}
