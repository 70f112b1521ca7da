package sync

import "slices"

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

// chooseRole picks one of the roles a person's records grant, which stand in
// retrieval order: administrators first, then agents (R3, R10).
func chooseRole(precedence string, roles []string) string {
	if len(roles) == 0 {
		return ""
	}
	if SameText(precedence, "last") {
		return roles[len(roles)-1]
	}
	for _, role := range roles {
		if SameText(precedence, role) {
			return role
		}
	}
	return roles[0]
}
