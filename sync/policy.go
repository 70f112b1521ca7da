package sync

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

// Access is the rule with the permission id or role name it asks for.
type Access struct {
	Rule AccessRule `json:"rule"`
	Name string     `json:"name,omitempty"` // "" for listed
}

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
