package plan

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"ringroster/sync"
)

// access answers R9's question for extensions: does the role or permission that
// wem_access asks for come with this one? It is nil under the rule listed.
type access struct {
	holders map[string]bool // RingEX role ids that carry it
	roles   map[string][]string
}

// newAccess finds the RingEX roles that the access rule asks for. A name that no
// role has, or an assigned role that the role list lacks or that cannot be read, is an
// error: taken for a fact it would revoke somebody's access (R9).
func newAccess(rule sync.Access, s *sync.Snapshot) (*access, error) {
	if rule.Rule == sync.AccessListed || rule.Rule == "" {
		return nil, nil
	}
	a := &access{holders: map[string]bool{}, roles: s.Assigned}
	known := map[string]*sync.RingEXRole{}
	for i := range s.Roles {
		role := &s.Roles[i]
		known[role.ID] = role
		if rule.Rule == sync.AccessRole && sync.SameText(role.Name, rule.Name) ||
			rule.Rule == sync.AccessPermission && slices.ContainsFunc(role.Permissions, func(p string) bool { return sync.SameText(p, rule.Name) }) {
			a.holders[role.ID] = true
		}
	}
	if err := a.mustDecide(rule, known); err != nil {
		return nil, err
	}
	if len(a.holders) == 0 {
		return nil, fmt.Errorf("wem_access asks for %q, but none of the account's %d RingEX roles has that %s: correct wem_access",
			rule.Name, len(s.Roles), map[sync.AccessRule]string{sync.AccessRole: "name", sync.AccessPermission: "permission"}[rule.Rule])
	}
	return a, nil
}

// mustDecide is an error where an extension has a role that is not listed, or, without the
// one that is asked for, a role of which nobody knows whether it is that.
func (a *access) mustDecide(rule sync.Access, known map[string]*sync.RingEXRole) error {
	for _, extension := range slices.Sorted(maps.Keys(a.roles)) {
		admitted := a.admits(&sync.Extension{ID: extension})
		for _, id := range a.roles[extension] {
			switch role := known[id]; {
			case role == nil:
				return fmt.Errorf("extension %s has the RingEX role %s, which the account's role list lacks: the list cannot be trusted; try again later", extension, id)
			case !admitted && cannotTell(&rule, role):
				return fmt.Errorf("extension %s has the RingEX role %s (%s), which cannot be read, %s: somebody's access cannot be decided; try again later, and if it stays so, correct the role in RingCentral",
					extension, id, cmp.Or(role.Name, "without a name"), cmp.Or(role.Faulty, "it has no displayName"))
			}
		}
	}
	return nil
}

// cannotTell says whether a role could be the one that the rule asks for, and does not say so.
func cannotTell(rule *sync.Access, role *sync.RingEXRole) bool {
	if rule.Rule == sync.AccessRole {
		return role.Name == ""
	}
	return role.Faulty != ""
}

func (a *access) admits(e *sync.Extension) bool {
	return e != nil && slices.ContainsFunc(a.roles[e.ID], func(id string) bool { return a.holders[id] })
}

// verdict is what one person's records come to: whether they belong, and as what.
type verdict struct {
	Belongs  bool
	Why      sync.Reason // when not: the first of R14 that fits
	Roles    []string    // in retrieval order; they hold until somebody else is judged
	Evidence string      // the records the roles came from
	Profile  sync.Profile
	Known    sync.FieldSet
	New      sync.FieldSet // fields that were never looked up for the member
	Username string
	Unknown  []string // agent types that no mapping knows
	Doubt    string   // what is not known and decides whether they belong, or as what; "": nothing
	Regional string   // key of the regional settings that this run read; "": none
}

// grants are the records that give somebody a place on the roster (R9).
type grants struct {
	admins    []*sync.Admin
	agents    []sync.AgentRecord
	extension bool // an extension holder without any record
}

func (g *grants) none() bool { return len(g.admins)+len(g.agents) == 0 && !g.extension }

// judge decides whether a person belongs, with which role and values. synced
// stands in for values that nobody reports (R8); it is nil for a newcomer.
func (p *planner) judge(person *Person, synced *sync.Profile) verdict {
	g := p.granted(person)
	v := p.assess(person, g)
	switch {
	case person.isDisabled():
		v.Why = sync.ReasonDisabled
		return v
	case p.in.Policy.RequireRingEX && (person.Ext == nil || person.Ext.Status == "Unassigned"):
		v.Why = sync.ReasonNoExtension
		return v
	}
	scoped := p.inScope(person, g, &v, synced)
	switch {
	case scoped == nil:
		v.Why = sync.ReasonOutOfScope
	case scoped.none():
		v.Why = sync.ReasonAccessRevoked
	case scoped != g:
		doubt := v.Doubt
		v = p.assess(person, scoped)
		v.Belongs, v.Doubt = true, doubt
	default:
		v.Belongs = true
	}
	return v
}

// granted collects the records that grant access under wem_access (R9). What it
// gives holds until the next call.
func (p *planner) granted(person *Person) *grants {
	g := &p.grants
	*g = grants{admins: person.Admins}
	if p.access == nil && !slices.ContainsFunc(person.Agents, func(r sync.AgentRecord) bool { return !r.Active }) {
		g.agents = person.Agents // the common case needs no copy
		return g
	}
	admitted := p.access == nil || p.access.admits(person.Ext) || person.admitted
	for _, r := range person.Agents {
		if r.Active && admitted {
			g.agents = append(g.agents, r)
		}
	}
	g.extension = p.access != nil && admitted && len(person.Agents)+len(person.Admins) == 0
	return g
}

// inScope keeps the grants that scope leaves (R11); nil: scope left none of
// them, or excludes somebody who has none.
func (p *planner) inScope(person *Person, g *grants, v *verdict, synced *sync.Profile) *grants {
	scope := &p.in.Policy.Scope
	if len(scope.Include)+len(scope.Exclude) == 0 {
		return g
	}
	profile := v.Profile
	for f := range sync.FieldCount {
		if synced != nil && !v.Known.Has(f) {
			profile[f] = synced[f]
		}
	}
	if read := regionOf(p.in.Snapshot.Regional, person); read.HasEmployeeID {
		profile[sync.EmployeeID] = read.EmployeeID
	}
	if profile[sync.EmployeeID] == "" {
		scope = unnumbered(scope)
	}
	left := &grants{}
	for _, r := range g.agents {
		if !admitsAgent(scope, &profile, r, true) {
			continue
		}
		left.agents = append(left.agents, r)
		if isUnnamed(&r) && !admitsAgent(scope, &profile, r, false) {
			v.Doubt = unnamed(&r)
		}
	}
	if admitsPerson(scope, &profile) {
		left.admins, left.extension = g.admins, g.extension
	} else if g.none() {
		return nil
	}
	if left.none() && !g.none() {
		return nil
	}
	return left
}

// assess reads roles and field values from the granting records, or from all
// records when none grants anything, so that even a skipped person has a name.
func (p *planner) assess(person *Person, g *grants) verdict {
	v := verdict{}
	p.assessRoles(&v, g)
	if g.none() {
		g = &grants{admins: person.Admins, agents: person.Agents}
	}
	v.Profile[sync.Role] = chooseRole(p.in.Policy.RolePrecedence, v.Roles)
	v.Profile[sync.DataSource] = p.in.Policy.DataSource
	v.Known = v.Known.With(sync.Role, sync.DataSource)
	assessNames(&v, person, g)
	if person.putBack { // of a lost record neither is known, nor where it stood among the others
		v.Known &^= 1<<sync.Role | 1<<sync.FirstName | 1<<sync.LastName | 1<<sync.Email
	}
	assessExtension(&v, person)
	if v.Username = cmp.Or(v.Username, v.Profile[sync.Email]); v.Username == "" {
		v.Username = person.Key()
	}
	return v
}

// assessRoles lists the roles of the granting records in retrieval order (R3, R10).
func (p *planner) assessRoles(v *verdict, g *grants) {
	kinds := make([]string, 0, 4)
	v.Roles = p.roles[:0]
	for range g.admins {
		v.Roles = append(v.Roles, sync.RoleAdministrator)
		kinds = append(kinds, "administrator")
	}
	for _, r := range g.agents {
		role, known := p.in.Policy.RoleOf(r.Type)
		if !known && !slices.Contains(v.Unknown, r.Type) {
			v.Unknown = append(v.Unknown, r.Type)
		}
		v.Roles = append(v.Roles, role)
		kinds = append(kinds, r.Type)
	}
	if g.extension {
		v.Roles = append(v.Roles, sync.RoleAgent)
		kinds = append(kinds, "extension")
	}
	p.roles, v.Evidence = v.Roles, strings.Join(kinds, ",")
}

// assessNames takes names and e-mail from RingCX, agents before administrators,
// else from RingEX (R8). Nothing anywhere is a fact only when everybody who
// should report did: the extension of somebody linked to RingEX is one of them.
func assessNames(v *verdict, person *Person, g *grants) {
	set := func(f sync.Field, value string) {
		if v.Profile[f] == "" {
			v.Profile[f] = value
		}
	}
	for _, r := range g.agents {
		set(sync.FirstName, r.FirstName)
		set(sync.LastName, r.LastName)
		set(sync.Email, r.Email)
		v.Username = cmp.Or(v.Username, r.UserName)
	}
	for _, a := range g.admins {
		set(sync.FirstName, a.FirstName)
		set(sync.LastName, a.LastName)
		set(sync.Email, a.Email)
		v.Username = cmp.Or(v.Username, a.UserName)
	}
	if e := person.Ext; e != nil {
		set(sync.FirstName, e.FirstName)
		set(sync.LastName, e.LastName)
		set(sync.Email, e.Email)
	}
	allReported := person.RCUserID == "" || person.Ext != nil && person.Ext.HasContact
	for _, f := range []sync.Field{sync.FirstName, sync.LastName, sync.Email} {
		if v.Profile[f] != "" || allReported {
			v.Known = v.Known.With(f)
		}
	}
}

// assessExtension takes what only RingEX knows (R8).
func assessExtension(v *verdict, person *Person) {
	e := person.Ext
	if e == nil || !e.HasContact {
		return
	}
	for f, value := range e.Fields {
		v.Profile[f] = value
		v.Known = v.Known.With(f)
	}
	if e.HasReferences {
		v.Profile[sync.EmployeeID] = e.EmployeeID
		v.Known = v.Known.With(sync.EmployeeID)
	}
}

// chooseRole picks one of the roles a person's records grant, which stand in
// retrieval order: administrators first, then agents (R3, R10).
func chooseRole(precedence string, roles []string) string {
	if len(roles) == 0 {
		return ""
	}
	if sync.SameText(precedence, "last") {
		return roles[len(roles)-1]
	}
	for _, role := range roles {
		if sync.SameText(precedence, role) {
			return role
		}
	}
	return roles[0]
}
