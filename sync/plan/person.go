package plan

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"ringroster/sync"
)

// Person is one human whom RingCentral reports: every record of theirs in one
// account, joined (R6), with the RingEX extension attached (R7).
type Person struct {
	RCUserID string
	Admins   []*sync.Admin
	Agents   []sync.AgentRecord // in retrieval order
	Ext      *sync.Extension
	ExtByID  bool // attached by rcUserId; else by e-mail
	ExtKept  bool // by neither: it was theirs

	// putBack says that the person has a record that a list lost which is not believed, and
	// ghost that they have no other (lost.go); admitted that they lost a RingEX role so.
	putBack, ghost, admitted bool
	restored                 []*sync.Agent // of the agent records those that were put back

	doubt    string  // what is not known of them and decides, once they were judged (logins.go)
	looseKey string  // of somebody without rcUserId
	outcome  outcome // how the plan decides: gone once it has
}

// Key names a person in output (R6): rc:ID, agent:SUB/ID, admin:ID.
func (p *Person) Key() string {
	if p.looseKey != "" {
		return p.looseKey
	}
	return "rc:" + p.RCUserID
}

// keys are the person's key, and those that each of their records alone would give
// them.
func (p *Person) keys() []string {
	keys := []string{p.Key()}
	for _, r := range p.Agents {
		keys = append(keys, sync.AgentKey(sync.LoginKey(r.Sub.ID, r.ID)))
	}
	for _, a := range p.Admins {
		keys = append(keys, sync.AdminKey(a.UserID))
	}
	return keys
}

// isDisabled says whether RingEX says that the person is gone (R7).
func (p *Person) isDisabled() bool { return p.ExtByID && p.Ext.Status == "Disabled" }

// compareKeys orders people by their keys.
func compareKeys(a, b *Person) int {
	if a.looseKey+b.looseKey == "" { // nearly always: no need to make the keys
		return strings.Compare(a.RCUserID, b.RCUserID)
	}
	return strings.Compare(a.Key(), b.Key())
}

// nameless stands in for the id that a faulty record lacks.
func nameless(id string, position int) string {
	if id == "" {
		return "?" + strconv.Itoa(position)
	}
	return id
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

// conflict withdraws whatever was decided about a person and says why nothing
// can be. The members concerned cannot leave meanwhile (R16). Every conflict
// names the command that settles it (R20).
func (p *planner) conflict(person *Person, m *sync.Member, reason sync.Reason, detail, remedy string) {
	c := &sync.Conflict{Person: person.Key(), Name: person.display(), Reason: reason, Detail: detail, Remedy: remedy}
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
	var profile sync.Profile
	profile[sync.FirstName], profile[sync.LastName] = p.name()
	for email := range p.recordEmails {
		profile[sync.Email] = cmp.Or(profile[sync.Email], email)
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

func (p *planner) conflictFaulty(person *Person, m *sync.Member) {
	p.conflict(person, m, sync.ConflictFaulty, person.faulty(),
		"correct the record in RingCentral, then: ringroster sync")
}

// identityReused says whether an rcUserId, or the login of a record without one, seems to have
// passed to another human: first name, last name and e-mail all differ from what it last meant. An
// e-mail that others have too does not say whose it is, and a record without a name says nothing.
// Where some of it agrees, as the last name does in a family, it is another human all the same who
// has the name and e-mail of a colleague (R13).
func (p *planner) identityReused(person *Person, m *sync.Member, v *verdict) bool {
	last := &m.Synced.Profile
	switch {
	case !m.Linked:
		return false
	case m.RCUserID != "" && person.RCUserID != "" && person.RCUserID != m.RCUserID:
		return p.isUnclear(person, m)
	case last[sync.FirstName]+last[sync.LastName]+last[sync.Email] == "", // of somebody forgotten nothing is left to compare
		v.Profile[sync.FirstName]+v.Profile[sync.LastName] == "":
		return false
	}
	differs, agrees := false, false
	for _, f := range []sync.Field{sync.FirstName, sync.LastName, sync.Email} {
		switch shared := f == sync.Email && (p.people.isShared(last[f]) || person.ExtKept && person.hasNoEmail()); {
		case v.Profile[f]+last[f] == "": // what nobody ever said is no agreement
		case !v.Known.Has(f):
			return false
		case sync.SameValue(f, v.Profile[f], last[f]) && !shared:
			agrees = true
		default:
			differs = true
		}
	}
	return differs && (!agrees || person.RCUserID == "" && !sameName(m, v.Profile[sync.FirstName], v.Profile[sync.LastName]) && p.isColleague(v))
}

// isColleague says whether an active member whom no rcUserId finds has all of somebody's name and
// e-mail.
func (p *planner) isColleague(v *verdict) bool {
	if p.looseBy == nil {
		p.looseBy = map[string]bool{}
		for _, m := range slices.Concat(p.loose, p.unmatched) {
			if was := &m.Synced.Profile; m.Status == sync.Active && was[sync.Email] != "" {
				p.looseBy[foldName(was[sync.FirstName], was[sync.LastName])+"\n"+sync.FoldEmail(was[sync.Email])] = true
			}
		}
	}
	return p.looseBy[foldName(v.Profile[sync.FirstName], v.Profile[sync.LastName])+"\n"+sync.FoldEmail(v.Profile[sync.Email])]
}

func (p *planner) conflictReused(person *Person, m *sync.Member, v *verdict) {
	p.dispute(person)
	was := &m.Synced.Profile
	p.conflict(person, m, sync.ConflictReused,
		fmt.Sprintf("%s was %s <%s> at the last sync and is %s <%s> now: the id seems to belong to another human",
			person.Key(), was.Name(), was[sync.Email], v.Profile.Name(), v.Profile[sync.Email]),
		fmt.Sprintf("the same human: ringroster roster link %d %s; another one: ringroster roster link %d none", m.ID, person.Key(), m.ID))
}

func (p *planner) conflictMissing(person *Person, m *sync.Member, v *verdict) {
	for _, f := range p.in.Policy.RequiredFields {
		if v.Profile[f] == "" {
			p.conflict(person, m, sync.ConflictMissing, fmt.Sprintf("%s is required and RingCentral reports none", f),
				"fill it in in RingCentral, or change required_fields, then: ringroster sync")
			return
		}
	}
}

// skip says that nothing happens to a person, and why (R32).
func (p *planner) skip(person *Person, m *sync.Member, reason sync.Reason, detail string) {
	person.outcome.decision = skipped
	p.note(person, m, reason, detail)
}

// note adds a line about a person and the member found for them.
func (p *planner) note(person *Person, m *sync.Member, reason sync.Reason, detail string) {
	n := sync.Note{Person: person.Key(), Name: person.display(), Reason: reason, Detail: detail}
	if m != nil {
		n.Member = m.ID
	}
	if m != nil && m.DeactivationReason == sync.ReasonForgotten {
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

// outcome is what became of a person. One stands in each of them, so it holds no
// more than what becomes of nearly everybody.
type outcome struct {
	decision decision
	belongs  bool     // the verdict's
	active   bool     // the member found is
	wasAdmin bool     // likewise, before the run
	found    int64    // the member found by id, 0: none
	email    uint64   // hash of that member's e-mail after this plan, folded; 0 of an inactive one
	rest     *details // nil: none of them
}

type decision uint8

const (
	undecided decision = iota
	unchanged
	changed
	onboarded
	skipped
	inConflict
	heldBack // all of what would happen to them waits for an operator
	hidden   // nobody: a person of lost records alone (lost.go)
)

// details are what there is to know of a few.
type details struct {
	gained   []string     // ids of the records that the member found did not hold
	reason   sync.Reason  // of a newcomer; "": the usual one
	detail   string       // with it
	change   *sync.Change // of a member
	conflict *sync.Conflict
	note     *sync.Note
	mark     *sync.Member
	unread   string // the extension whose own regional settings are to be read; "": none
	readOn   string // the day on which they were read last; "": never, or they may have changed
}

// details are for reading; more is for adding to them.
func (o *outcome) details() details {
	if o.rest == nil {
		return details{}
	}
	return *o.rest
}

func (o *outcome) more() *details {
	if o.rest == nil {
		o.rest = &details{}
	}
	return o.rest
}

// count adds the person to a summary (R32).
func (o *outcome) count(s *sync.Summary) {
	switch o.decision {
	case onboarded:
		s.Onboard++
	case changed:
		switch o.details().change.Kind {
		case sync.Link:
			s.Link++
		case sync.Reactivate:
			s.Reactivate++
		default:
			s.Update++
		}
	case skipped:
		s.Skipped++
	case inConflict:
		s.Conflicts++
	case heldBack:
		s.HeldPeople++
	case hidden:
	default:
		s.Unchanged++
	}
}

// candidate tells a person from others of the same name.
func (p *Person) candidate() string {
	var about []string
	add := func(text string) {
		if text = strings.TrimSpace(text); text != "" && !slices.Contains(about, text) {
			about = append(about, text)
		}
	}
	for _, r := range p.Agents {
		add(r.FirstName + " " + r.LastName)
		add(r.Email)
		add("agent " + r.ID)
	}
	for _, a := range p.Admins {
		add(a.FirstName + " " + a.LastName)
		add(a.Email)
		add("administrator " + a.UserID)
	}
	if e := p.Ext; e != nil {
		add(e.FirstName + " " + e.LastName)
		add(e.Email)
		add("extension " + e.Number)
	}
	return fmt.Sprintf("%s (%s)", p.Key(), strings.Join(about, ", "))
}

// memberCandidate tells a member whom RingCentral does not report from others of the same name.
func memberCandidate(m *sync.Member) string {
	about := []string{m.Profile.Name(), m.Profile[sync.Email], string(m.Status), m.PersonKey()}
	about = slices.DeleteFunc(about, func(s string) bool { return s == "" })
	return fmt.Sprintf("%d (%s)", m.ID, strings.Join(about, ", "))
}

// isPartlyNamed says whether a newcomer has the first or the last name of who was found for a member.
func (p *planner) isPartlyNamed(n *newcomer, member int64) bool {
	return slices.ContainsFunc(p.people.all, func(person *Person) bool {
		first, last := person.name()
		return person.outcome.found == member && (first != "" && sync.SameText(first, n.verdict.Profile[sync.FirstName]) ||
			last != "" && sync.SameText(last, n.verdict.Profile[sync.LastName]))
	})
}
