package plan

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"ringroster/sync"
)

// onboard decides that a person becomes a new member.
func (p *planner) onboard(person *Person, v *verdict, reason sync.Reason, detail string) {
	if pin := p.rolePin(person); pin != nil {
		detail += "; " + pin.String()
	}
	g := p.newcomersGifts(person, v)
	if g.remark != "" {
		detail += "; " + g.remark
	}
	person.outcome.decision = onboarded
	if reason != sync.ReasonNew || detail != nobodyLikeThem {
		d := person.outcome.more()
		d.reason, d.detail = reason, detail
	}
	if p.in.Trace != nil {
		p.trace(person, nil, "", "settings", "given %s", g)
	}
	p.remark(person, nil, v)
}

// nobodyLikeThem is why somebody is new.
const nobodyLikeThem = "RingCentral reports them and the roster has nobody like them"

// welcome is why a newcomer comes in.
func (d *details) welcome() (reason sync.Reason, detail string) {
	if d.reason == "" {
		return sync.ReasonNew, nobodyLikeThem
	}
	return d.reason, d.detail
}

// bringIn makes the changes of the newcomers, in the order of the plan, in which their
// usernames are made unique (R8). It is done once everybody was decided about: on the
// first day there is one for the whole company.
func (p *planner) bringIn() {
	slices.SortFunc(p.newcomers, compareKeys)
	p.plan.Changes = slices.Grow(p.plan.Changes, len(p.newcomers))
	for _, person := range p.newcomers {
		v, d := p.judgeNewcomer(person), person.outcome.details()
		if free := p.freeName(v.Username); free != v.Username {
			p.renamed[person] = free
		}
		c := sync.Change{
			Kind: sync.Onboard, Person: person.Key(), Name: v.Profile.Name(), Email: v.Profile[sync.Email],
			Next: func() *sync.Member { return p.newMember(person) },
		}
		c.Reason, c.Detail = d.welcome()
		c.AddDetail(p.maps.words(&v, nil))
		p.plan.Changes = append(p.plan.Changes, c)
	}
}

// newcomersGifts is what the settings, and whoever picks the person, give to
// somebody new: by the role with which they come in.
func (p *planner) newcomersGifts(person *Person, v *verdict) *gifts {
	profile := v.Profile
	if pin := p.rolePin(person); pin != nil {
		profile[sync.Role] = pin.Value
	}
	return p.pickedGive(person, p.settingsGive(person, &profile, true))
}

// newMember makes the member that a newcomer becomes, which holds until the next
// call. It needs nothing of the planner that forgetPeople takes away.
func (p *planner) newMember(person *Person) *sync.Member {
	v := p.judgeNewcomer(person)
	m := &p.newcomer
	*m = sync.Member{
		Account: p.in.Snapshot.Account, Status: sync.Active, Managed: true, Linked: true,
		RCUserID: person.RCUserID, AdminIDs: adminIDs(person), Username: cmp.Or(p.renamed[person], v.Username), Profile: v.Profile,
		Logins: p.logins(m.Logins[:0], person, nil), Own: p.newcomersGifts(person, &v).own,
	}
	m.Synced.Roles, m.Synced.Regional = v.Evidence, v.Regional
	rememberExtension(m, person, m)
	m.Synced = sync.AsHeld(m)
	p.maps.apply(m, v.Known)
	if pin := p.rolePin(person); pin != nil {
		m.Pins, m.Profile[sync.Role] = sync.WithPin(nil, *pin), pin.Value
	}
	return m
}

// nameOthers gives members their first usernames, in the order of the plan (R8).
func (p *planner) nameOthers() {
	for i := range p.plan.Changes {
		if c := &p.plan.Changes[i]; p.nameless[c.Member] {
			next := c.Next()
			next.Username = p.freeName(next.Username)
			c.Fields = append(c.Fields, sync.FieldChange{Field: "username", Before: "", After: next.Username, Reason: sync.ReasonSource})
		}
	}
}

// freeName makes a username unique, and takes it.
func (p *planner) freeName(base string) string {
	if p.named == nil {
		p.named = make(map[uint64]bool, len(p.usernames)+len(p.newcomers))
		for _, name := range p.usernames {
			p.named[name] = true
		}
	}
	name := base
	hash := sync.HashText(sync.FoldText(name))
	for n := 2; p.named[hash]; n++ {
		name = fmt.Sprintf("%s.%d", base, n)
		hash = sync.HashText(sync.FoldText(name))
	}
	p.named[hash] = true
	return name
}

// gifts collects what somebody gets, and from where.
type gifts struct {
	own     sync.Own
	sources [sync.OwnCount][]string
	remark  string // what rules and operators gave, in words: the rest is the same for all
}

// add lays what one source gives over what came before: single values override,
// lists add.
func (g *gifts) add(source string, given *sync.Given) {
	if given.ActivityID != "" {
		g.own[sync.ActivityID] = given.ActivityID
		g.sources[sync.ActivityID] = []string{source}
	}
	for f, list := range map[sync.OwnField][]string{sync.Teams: given.Teams, sync.Categories: given.Categories} {
		if len(list) > 0 {
			g.own.SetList(f, append(g.own.List(f), list...))
			g.sources[f] = append(slices.Clip(g.sources[f]), source) // others may share them
		}
	}
	if len(given.Permissions) > 0 {
		granted := g.own.Granted()
		maps.Copy(granted, given.Permissions)
		g.own.SetGranted(granted)
		g.sources[sync.Permissions] = append(slices.Clip(g.sources[sync.Permissions]), source)
	}
}

// of names the fields to which a source gave something.
func (g *gifts) of(source string) string {
	var names []string
	for f, sources := range g.sources {
		if slices.Contains(sources, source) {
			names = append(names, sync.OwnField(f).String())
		}
	}
	return strings.Join(names, ", ")
}

// String says which source gave what, with the values.
func (g *gifts) String() string {
	var parts []string
	for f, sources := range g.sources {
		if len(sources) > 0 {
			parts = append(parts, fmt.Sprintf("%s %s by %s", sync.OwnField(f), g.own.Text(sync.OwnField(f)), strings.Join(sources, ", ")))
		}
	}
	return strings.Join(parts, "; ")
}

// settingsGive works out what a person gets who comes to the roster: the
// defaults, the account's activity when they are new (R19), and every rule that
// matches. profile is what the member will hold: rules look at the role with
// which somebody is brought in.
func (p *planner) settingsGive(person *Person, profile *sync.Profile, isNew bool) *gifts {
	who := giftKey{isNew: isNew}
	for i := range p.in.Policy.Onboarding.Rules {
		if matches(&p.in.Policy.Onboarding.Rules[i].When, profile, person) {
			who.rules[i/8] |= 1 << (i % 8)
		}
	}
	if p.given[who] == nil { // most people get what others got before
		p.given[who] = p.gather(who)
	}
	return p.given[who]
}

// pickedGive lays over it what whoever picked the person says.
func (p *planner) pickedGive(person *Person, g *gifts) *gifts {
	if !p.picked[person] {
		return g
	}
	more := *g
	more.add(byImport, &p.in.Picks.Give)
	more.remark = p.inWords(&more)
	return &more
}

// byImport names what an operator gives to whom they pick.
const byImport = "import"

// giftKey is all that decides what somebody gets by themselves.
type giftKey struct {
	isNew bool
	rules [sync.MaxRules / 8]byte // which match, a bit each
}

// gather adds up what the rules of a set give, with what comes before them.
func (p *planner) gather(who giftKey) *gifts {
	g, policy := &gifts{}, &p.in.Policy
	g.add("onboarding.defaults", &policy.Onboarding.Defaults)
	if who.isNew {
		g.add("default_activity_id", &sync.Given{ActivityID: policy.DefaultActivityID})
	}
	for i := range policy.Onboarding.Rules {
		if rule := &policy.Onboarding.Rules[i]; who.rules[i/8]&(1<<(i%8)) != 0 {
			g.add(ruleSource(rule), &rule.Set)
		}
	}
	g.remark = p.inWords(g)
	for f := range sync.OwnCount {
		g.own[f] = g.own.Text(f)
	}
	return g
}

// ruleSource is how what the rule gives is explained.
func ruleSource(r *sync.Rule) string { return "rule " + r.Name }

// inWords says what rules and operators gave, as far as anything of it is left.
func (p *planner) inWords(g *gifts) string {
	var parts []string
	say := func(source string) {
		if names := g.of(source); names != "" {
			parts = append(parts, source+" gives "+names)
		}
	}
	for i := range p.in.Policy.Onboarding.Rules {
		say(ruleSource(&p.in.Policy.Onboarding.Rules[i]))
	}
	say(byImport)
	return strings.Join(parts, "; ")
}

// matches says whether an entry describes somebody: the keys about agent records
// with one active record, the others with the person.
func matches(m *sync.Match, profile *sync.Profile, person *Person) bool {
	return matchesPerson(m, profile) && (!aboutAgents(m) ||
		slices.ContainsFunc(person.Agents, func(r sync.AgentRecord) bool { return r.Active && matchesRecord(m, r, false) }))
}

// give hands a member what the settings give, as far as it has nothing: somebody
// made by hand who is linked for the first time. Over that goes what whoever
// picked them says. It returns what rules and operators gave, in words.
func (p *planner) give(person *Person, m, next *sync.Member) (fields []sync.FieldChange, gave string) {
	handMade := !m.Linked && m.Synced.Status == ""
	if !handMade && !p.picked[person] {
		return nil, ""
	}
	g := &gifts{own: m.Own}
	if handMade {
		profile := next.Original()
		settings := p.settingsGive(person, &profile, false)
		for f := range sync.OwnCount {
			if m.Own.IsEmpty(f) {
				g.own[f], g.sources[f] = settings.own[f], settings.sources[f]
			}
		}
	}
	g = p.pickedGive(person, g)
	next.Own = g.own
	if fields = next.OwnChanges(&m.Own, sync.ReasonOnboarding); fields == nil {
		return nil, ""
	}
	p.trace(person, m, "", "settings", "given %s", g)
	return fields, p.inWords(g)
}

// isDeclined says whether an operator rejected the onboarding of a person whom nobody picks.
func (p *planner) isDeclined(person *Person) bool {
	h := p.arrival(person)
	return h != nil && h.State == sync.Rejected && !p.picked[person]
}

// welcomeAs onboards somebody, by the last rows of the table above Make.
func (p *planner) welcomeAs(n *newcomer, reason sync.Reason, detail string) {
	switch {
	case p.isDeclined(n.person):
		p.skip(n.person, nil, sync.NoteDeclined, "an operator rejected their onboarding (R36); `ringroster import` brings them in, `reject --clear` offers them again")
	case p.in.Policy.Onboarding.Manual && !p.picked[n.person]:
		p.skipManual(n.person)
	case !p.keepRequired(n.person, nil, &n.verdict):
		p.conflictMissing(n.person, nil, &n.verdict)
	default:
		p.onboard(n.person, &n.verdict, reason, detail)
	}
}
