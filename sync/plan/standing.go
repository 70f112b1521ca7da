package plan

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"ringroster/sync"
)

// Standing is how one person stands: who RingCentral says they are, whether the
// roster has them, and what a sync would do. It is the planner's own decision
// (R32), told to whoever asks for everybody.
type Standing struct {
	Person          string       `json:"person"` // key
	RCUserID        string       `json:"rc_user_id"`
	Name            string       `json:"name"` // else the e-mail, else the key
	FirstName       string       `json:"first_name"`
	LastName        string       `json:"last_name"`
	Email           string       `json:"email"`
	ExtensionNumber string       `json:"extension_number"`
	Roles           []string     `json:"roles"`  // of the records that grant access, each once, in retrieval order
	Logins          []sync.Login `json:"logins"` // their agent records, in retrieval order

	Belongs  bool   `json:"belongs"`   // has a place on the roster, after access and scope (R14)
	OnRoster bool   `json:"on_roster"` // an active member stands for them now
	Member   *int64 `json:"member_id"` // who stands, or stood, for them; nil: nobody
	// Outcome is what a sync would do: the kind of a change, or unchanged, skipped,
	// conflict, or held.
	Outcome string      `json:"outcome"`
	Reason  sync.Reason `json:"reason"`
	Detail  string      `json:"detail"`
	Remedy  string      `json:"remedy"` // the command that settles a conflict (R20)

	names []string // everything they can be called
	keys  []string // their own, and those of their records
}

// Called says whether who means this person: as for Trace.Who.
func (s *Standing) Called(who string) bool { return matchesAny(who, s.names) }

// HasKey says whether a person key is theirs, or would be if they had but one of
// their records (R6).
func (s *Standing) HasKey(key string) bool { return slices.Contains(s.keys, key) }

// The outcomes of a Standing that are no change.
const (
	OutcomeUnchanged = "unchanged"
	OutcomeSkipped   = "skipped"
	OutcomeConflict  = "conflict"
	OutcomeHeld      = "held"
)

// judged notes what was found about a person.
func (p *planner) judged(person *Person, v *verdict) {
	person.outcome.belongs = v.Belongs
	if p.in.Everybody == nil {
		return
	}
	kept := *v
	kept.Roles = slices.Clone(v.Roles)
	p.verdicts[person] = kept
}

// tellEverybody tells of each person, once everything is decided.
func (p *planner) tellEverybody() {
	if p.in.Everybody == nil {
		return
	}
	names := make(map[*Person]string, len(p.people.all)) // folded, to sort by
	for _, person := range p.people.all {
		if _, known := p.verdicts[person]; !known { // in conflict by their ids alone
			v := p.judge(person, nil)
			p.judged(person, &v)
		}
		v := p.verdicts[person]
		names[person] = sync.FoldText(v.Profile.Name())
	}
	leaving := p.leaving()
	for _, person := range slices.SortedFunc(slices.Values(p.people.all), func(a, b *Person) int {
		return cmp.Or(strings.Compare(names[a], names[b]), compareKeys(a, b))
	}) {
		if person.ghost {
			continue // nobody reports them
		}
		if !p.in.Everybody(p.standing(person, leaving)) {
			return
		}
	}
}

// leaving are the outcomes of those who are still reported and leave.
func (p *planner) leaving() map[string]Standing {
	leaving := map[string]Standing{}
	note := func(outcome string, changes []sync.Change, waits bool) {
		for i := range changes {
			c := &changes[i]
			if !waits && c.Kind != sync.Deactivate {
				continue
			}
			for _, who := range []string{c.Person, memberKey(c.Member)} {
				leaving[who] = Standing{Outcome: outcome, Reason: c.Reason, Detail: c.Detail}
			}
		}
	}
	if p.plan.Held != nil {
		note(OutcomeHeld, p.plan.Held.Changes, true)
	}
	note(string(sync.Deactivate), p.plan.Changes, false)
	return leaving
}

// memberKey names a member among people.
func memberKey(id int64) string { return fmt.Sprintf("member %d", id) }

func (p *planner) standing(person *Person, leaving map[string]Standing) *Standing {
	o, d, v := &person.outcome, person.outcome.details(), p.verdicts[person]
	s, leaves := leaving[person.Key()]
	if !leaves && o.decision == heldBack {
		s, leaves = leaving[memberKey(o.found)]
	}
	switch {
	case leaves && o.decision != changed && o.decision != inConflict:
	case o.decision == changed:
		s.Outcome, s.Reason, s.Detail = string(d.change.Kind), d.change.Reason, d.change.Detail
	case o.decision == onboarded:
		s.Outcome = string(sync.Onboard)
		s.Reason, s.Detail = d.welcome()
	case o.decision == inConflict:
		s.Outcome, s.Reason, s.Detail, s.Remedy = OutcomeConflict, d.conflict.Reason, d.conflict.Detail, d.conflict.Remedy
	case o.decision == skipped:
		s.Outcome, s.Reason, s.Detail = OutcomeSkipped, d.note.Reason, d.note.Detail
	default:
		s.Outcome = OutcomeUnchanged
	}
	s.Person, s.RCUserID, s.Belongs, s.OnRoster = person.Key(), person.RCUserID, o.belongs, o.active
	if found := o.found; found != 0 {
		s.Member = &found
	}
	s.Name = cmp.Or(v.Profile.Name(), person.Key())
	s.FirstName, s.LastName, s.Email = v.Profile[sync.FirstName], v.Profile[sync.LastName], v.Profile[sync.Email]
	s.ExtensionNumber, s.names, s.keys = v.Profile[sync.ExtensionNumber], person.names(), person.keys()
	s.Roles, s.Logins = []string{}, make([]sync.Login, 0, len(person.Agents))
	for _, role := range v.Roles {
		if !slices.Contains(s.Roles, role) {
			s.Roles = append(s.Roles, role)
		}
	}
	for _, r := range person.Agents {
		if !slices.Contains(person.restored, r.Agent) { // which nobody lists now
			s.Logins = append(s.Logins, p.login(person, r, nil))
		}
	}
	return &s
}
