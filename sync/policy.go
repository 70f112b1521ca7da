package sync

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

// Policy is the part of the settings that decides about people.
type Policy struct {
	DataSource        string        `json:"data_source,omitempty"`
	DefaultActivityID string        `json:"default_activity_id,omitempty"` // at onboarding alone
	RolePrecedence    string        `json:"role_precedence,omitempty"`     // "first", "last", or a role's name in any case
	RoleMap           []RoleMapping `json:"role_map,omitempty"`
	Access            Access        `json:"access,omitzero"`
	RequireRingEX     bool          `json:"require_ringex,omitempty"`
	Scope             Scope         `json:"scope,omitzero"`
	RequiredFields    []Field       `json:"required_fields,omitempty"`
	Map               []Mapping     `json:"map,omitempty"`
	Onboarding        Onboarding    `json:"onboarding,omitzero"`
	RegionalLookups   int           `json:"regional_lookups,omitempty"` // at most so many in one run
	Unread            FieldSet      `json:"unread,omitempty"`           // fields of which the settings name no source

	Deactivate bool    `json:"deactivate,omitempty"`
	Limits     Limits  `json:"limits,omitzero"`
	GraceDays  int     `json:"grace_days,omitempty"` // R17
	Protect    []Match `json:"protect,omitempty"`

	// Deciding lists the settings whose change holds leavers (R23). The
	// planner adds the token's owner.
	Deciding []Setting `json:"deciding,omitempty"`
}

// Limits are how much may change without an operator (R21, R35).
type Limits struct {
	Deactivations  Limit `json:"deactivations"`  // of active members, or of contacts
	Onboardings    Limit `json:"onboardings"`    // of active members
	Updates        Limit `json:"updates"`        // of one field, of active members
	Administrators Limit `json:"administrators"` // who gains the role, of those who have it
}

// RoleMapping gives a RingCX agent type a role (R10).
type RoleMapping struct {
	AgentType string `json:"agent_type,omitempty"`
	Role      string `json:"role,omitempty"`
}

// AccessRule says whom, of those RingCX lists as active agents, the roster wants.
type AccessRule string

// The rules (R9). Administrators of the main account always belong.
const (
	AccessListed     AccessRule = "listed"
	AccessPermission AccessRule = "role_permission"
	AccessRole       AccessRule = "role_name"
)

// Scope filters who belongs (R11).
type Scope struct {
	Include []Match `json:"include,omitempty"`
	Exclude []Match `json:"exclude,omitempty"`
}

// Match is one entry of a filter. Every key that is set must match; values are
// globs without regard to case, * for any run of characters and ? for one.
type Match struct {
	Email      string `json:"email,omitempty"`
	SubAccount string `json:"sub_account,omitempty"` // id or name
	AgentGroup string `json:"agent_group,omitempty"` // id or name
	Department string `json:"department,omitempty"`
	Title      string `json:"title,omitempty"`
	Site       string `json:"site,omitempty"`
	Role       string `json:"role,omitempty"`
	EmployeeID string `json:"employee_id,omitempty"`
}

// Setting is one deciding setting: its key as the operator writes it, its value
// and its default as JSON.
type Setting struct {
	Key     string `json:"key"`
	Value   string `json:"value"`
	Default string `json:"default"`
}

// The roles that RingCX records yield unless role_map says otherwise (R10).
const (
	RoleAgent         = "Agent"
	RoleSupervisor    = "Supervisor"
	RoleAdministrator = "Administrator"
)

// defaultRoles gives each known agent type (schema Agent, agentType) its role.
var defaultRoles = []RoleMapping{
	{"AGENT", RoleAgent},
	{"MULTI_USER", RoleAgent},
	{"SUPERVISOR", RoleSupervisor},
	{"MULTI_SUPERVISOR", RoleSupervisor},
}

// RoleOf gives the role of an agent type; known is false for a type that
// neither role_map nor the defaults have, which counts as an agent (R10).
func (p *Policy) RoleOf(agentType string) (role string, known bool) {
	for _, mappings := range [...][]RoleMapping{p.RoleMap, defaultRoles} {
		for _, m := range mappings {
			if SameText(m.AgentType, agentType) {
				return m.Role, true
			}
		}
	}
	return RoleAgent, false
}

// YieldableRoles lists every role that some record can yield, so that a role
// named in role_precedence can be checked (R10).
func (p *Policy) YieldableRoles() []string {
	roles := []string{RoleAdministrator, RoleAgent}
	for _, m := range defaultRoles {
		role, _ := p.RoleOf(m.AgentType)
		roles = append(roles, role)
	}
	for _, m := range p.RoleMap {
		roles = append(roles, m.Role)
	}
	slices.Sort(roles)
	return slices.Compact(roles)
}

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

// MaxRules bounds onboarding.rules.
const MaxRules = 256

// Mapping is an entry of `map` in the settings: what the roster holds instead of a value
// of RingCentral's (R8). Filters see RingCentral's own.
type Mapping struct {
	Field Field  `json:"field"`
	From  string `json:"from"` // compared as in R33; * stands for any run of characters
	To    string `json:"to"`
}

// MappedFields are those that can be mapped.
var MappedFields = [...]Field{Site, Department, JobTitle}

// Limit is how much of one kind may change without an operator: nothing is held below
// Floor, and above it nothing up to Percent of those concerned.
type Limit struct {
	Percent int `json:"percent"`
	Floor   int `json:"floor"`
}

// String is the limit as it is given on a command line.
func (l Limit) String() string { return fmt.Sprintf("%d/%d", l.Percent, l.Floor) }

// Access is the rule with the permission id or role name it asks for.
type Access struct {
	Rule AccessRule `json:"rule"`
	Name string     `json:"name,omitempty"` // "" for listed
}

// Glob reports whether value matches pattern, both folded (R33): * stands for any
// run of characters, ? for one. Folding makes two characters of a few, such as ß: they
// are one for ? all the same.
func Glob(pattern, value string) bool {
	return matches(FoldText(pattern), FoldText(value)) ||
		strings.Contains(pattern, "?") && matches(strings.ToLower(pattern), strings.ToLower(value))
}

func matches(p, v string) bool {
	star, mark := -1, 0
	i, j := 0, 0
	for j < len(v) {
		switch {
		case i < len(p) && p[i] == '*':
			star, mark = i, j
			i++
		case i < len(p) && p[i] == '?':
			i++
			j += runeAt(v, j)
		case i < len(p) && p[i] == v[j]:
			i++
			j++
		case star >= 0:
			mark += runeAt(v, mark)
			i, j = star+1, mark
		default:
			return false
		}
	}
	for i < len(p) && p[i] == '*' {
		i++
	}
	return i == len(p)
}

// runeAt is how long the character at i is.
func runeAt(s string, i int) int {
	_, size := utf8.DecodeRuneInString(s[i:])
	return size
}
