package sync

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Onboarding says who comes to the roster by itself, and with what.
type Onboarding struct {
	Manual   bool   `json:"manual,omitempty"` // nobody does: operators pick them
	Defaults Given  `json:"defaults,omitzero"`
	Rules    []Rule `json:"rules,omitempty"` // all that match apply, in this order
}

// Rule gives something to the people it matches.
type Rule struct {
	Name string `json:"name"`
	When Match  `json:"when"`
	Set  Given  `json:"set"`
}

// Given are values for the roster's own fields; what is empty gives nothing.
type Given struct {
	ActivityID  string              `json:"activity_id,omitempty"`
	Teams       []string            `json:"teams,omitempty"`
	Categories  []string            `json:"categories,omitempty"`
	Permissions map[Permission]bool `json:"permissions,omitempty"`
}

// gifts collects what somebody gets, and from where.
type gifts struct {
	own     Own
	sources [ownCount][]string
	remark  string // what rules and operators gave, in words: the rest is the same for all
}

// add lays what one source gives over what came before: single values override,
// lists add.
func (g *gifts) add(source string, given *Given) {
	if given.ActivityID != "" {
		g.own[ActivityID] = given.ActivityID
		g.sources[ActivityID] = []string{source}
	}
	for f, list := range map[OwnField][]string{Teams: given.Teams, Categories: given.Categories} {
		if len(list) > 0 {
			g.own.setList(f, append(g.own.List(f), list...))
			g.sources[f] = append(slices.Clip(g.sources[f]), source) // others may share them
		}
	}
	if len(given.Permissions) > 0 {
		granted := g.own.Granted()
		maps.Copy(granted, given.Permissions)
		g.own.setGranted(granted)
		g.sources[Permissions] = append(slices.Clip(g.sources[Permissions]), source)
	}
}

// of names the fields to which a source gave something.
func (g *gifts) of(source string) string {
	var names []string
	for f, sources := range g.sources {
		if slices.Contains(sources, source) {
			names = append(names, OwnField(f).String())
		}
	}
	return strings.Join(names, ", ")
}

// String says which source gave what, with the values.
func (g *gifts) String() string {
	var parts []string
	for f, sources := range g.sources {
		if len(sources) > 0 {
			parts = append(parts, fmt.Sprintf("%s %s by %s", OwnField(f), g.own.Text(OwnField(f)), strings.Join(sources, ", ")))
		}
	}
	return strings.Join(parts, "; ")
}

// settingsGive works out what a person gets who comes to the roster: the
// defaults, the account's activity when they are new (R19), and every rule that
// matches. profile is what the member will hold: rules look at the role with
// which somebody is brought in.
func (p *planner) settingsGive(person *Person, profile *Profile, isNew bool) *gifts {
	who := giftKey{isNew: isNew}
	for i := range p.in.Policy.Onboarding.Rules {
		if p.in.Policy.Onboarding.Rules[i].When.matches(profile, person) {
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
	rules [MaxRules / 8]byte // which match, a bit each
}

// MaxRules bounds onboarding.rules.
const MaxRules = 256

// gather adds up what the rules of a set give, with what comes before them.
func (p *planner) gather(who giftKey) *gifts {
	g, policy := &gifts{}, &p.in.Policy
	g.add("onboarding.defaults", &policy.Onboarding.Defaults)
	if who.isNew {
		g.add("default_activity_id", &Given{ActivityID: policy.DefaultActivityID})
	}
	for i := range policy.Onboarding.Rules {
		if rule := &policy.Onboarding.Rules[i]; who.rules[i/8]&(1<<(i%8)) != 0 {
			g.add(rule.source(), &rule.Set)
		}
	}
	g.remark = p.inWords(g)
	for f := range ownCount {
		g.own[f] = g.own.Text(f)
	}
	return g
}

// source is how what the rule gives is explained.
func (r *Rule) source() string { return "rule " + r.Name }

// inWords says what rules and operators gave, as far as anything of it is left.
func (p *planner) inWords(g *gifts) string {
	var parts []string
	say := func(source string) {
		if names := g.of(source); names != "" {
			parts = append(parts, source+" gives "+names)
		}
	}
	for i := range p.in.Policy.Onboarding.Rules {
		say(p.in.Policy.Onboarding.Rules[i].source())
	}
	say(byImport)
	return strings.Join(parts, "; ")
}

// matches says whether an entry describes somebody: the keys about agent records
// with one active record, the others with the person.
func (m *Match) matches(profile *Profile, person *Person) bool {
	return m.matchesPerson(profile) && (!m.aboutAgents() ||
		slices.ContainsFunc(person.Agents, func(r AgentRecord) bool { return r.Active && m.matchesRecord(r, false) }))
}

// give hands a member what the settings give, as far as it has nothing: somebody
// made by hand who is linked for the first time. Over that goes what whoever
// picked them says. It returns what rules and operators gave, in words.
func (p *planner) give(person *Person, m, next *Member) (fields []FieldChange, gave string) {
	handMade := !m.Linked && m.Synced.Status == ""
	if !handMade && !p.picked[person] {
		return nil, ""
	}
	g := &gifts{own: m.Own}
	if handMade {
		profile := next.original()
		settings := p.settingsGive(person, &profile, false)
		for f := range ownCount {
			if m.Own.empty(f) {
				g.own[f], g.sources[f] = settings.own[f], settings.sources[f]
			}
		}
	}
	g = p.pickedGive(person, g)
	next.Own = g.own
	if fields = next.ownChanges(&m.Own, ReasonOnboarding); fields == nil {
		return nil, ""
	}
	p.trace(person, m, "", "settings", "given %s", g)
	return fields, p.inWords(g)
}
