package config

import (
	"encoding/json"

	"ringroster/sync"
)

// Policy is what the settings decide about the people of one account.
func (s *Settings) Policy(a *Account) sync.Policy {
	p := sync.Policy{
		DataSource:        a.DataSource,
		DefaultActivityID: a.DefaultActivityID,
		RolePrecedence:    s.RolePrecedence,
		RoleMap:           s.roleMap(),
		Access:            s.access(),
		RequireRingEX:     s.RequireRingEX,
		Scope:             sync.Scope{Include: matches(s.Scope.Include), Exclude: matches(s.Scope.Exclude)},
		RequiredFields:    s.requiredFields(),
		Map:               s.mappings(),
		Onboarding:        s.onboarding(),
		Deactivate:        s.Deactivate,
		Limits:            s.Limits.limits(),
		GraceDays:         s.DeactivationGrace.Days,
		Protect:           matches(s.Protect),
	}
	if s.EmployeeID.Own() {
		p.Unread = p.Unread.With(sync.EmployeeID)
	}
	if s.RegionalSettings.Enabled || s.EmployeeID.CustomField != "" {
		p.RegionalLookups = s.RegionalSettings.LookupsPerRun
	}
	account := DefaultAccount()
	p.Deciding = deciding(s.deciding(a), Defaults().deciding(&account))
	return p
}

// ContactPolicy is what the settings decide about the contacts of one account.
func (s *Settings) ContactPolicy(a *Account) sync.ContactPolicy {
	account := DefaultAccount()
	return sync.ContactPolicy{
		DeleteRemaining: s.Contacts.DeleteRemaining,
		Limit:           sync.Limit(s.Limits.Deactivations),
		Deciding: deciding([]decider{
			{"main_account_id", a.MainAccountID},
			{"base_url", a.BaseURL},
			{"contacts.delete_remaining", s.Contacts.DeleteRemaining},
		}, []decider{
			{"main_account_id", account.MainAccountID},
			{"base_url", account.BaseURL},
			{"contacts.delete_remaining", Defaults().Contacts.DeleteRemaining},
		}),
	}
}

// deciding joins values with their defaults.
func deciding(now, defaults []decider) (all []sync.Setting) {
	for i, d := range now {
		all = append(all, sync.Setting{Key: d.key, Value: readable(d.value), Default: readable(defaults[i].value)})
	}
	return all
}

// decider is one deciding setting.
type decider struct {
	key   string
	value any
}

// deciding lists the settings whose change holds leavers (R23), apart from the
// token's owner, whom only a run knows. They are stored: neither keys nor the
// form of values may change lightly.
func (s *Settings) deciding(a *Account) []decider {
	return []decider{
		{"main_account_id", a.MainAccountID},
		{"base_url", a.BaseURL},
		{"ringcx_url", a.RingCXURL},
		{"sub_accounts", a.SubAccounts},
		{"wem_access", s.WEMAccess},
		{"require_ringex", s.RequireRingEX},
		{"scope", s.Scope},
		{"required_fields", s.RequiredFields},
		{"role_map", s.RoleMap},
		{"role_precedence", s.RolePrecedence},
		{"map", s.Map},
		{"deactivate", s.Deactivate},
		{"protect", s.Protect},
		{"deactivation_grace", s.DeactivationGrace},
	}
}

// readable is a value as JSON. Nothing in deciding can fail to be that.
func readable(value any) string {
	text, err := json.Marshal(value)
	if err != nil {
		panic(err)
	}
	return string(text)
}

func (l *Limits) limits() sync.Limits {
	return sync.Limits{
		Deactivations: sync.Limit(l.Deactivations), Onboardings: sync.Limit(l.Onboardings),
		Updates: sync.Limit(l.Updates), Administrators: sync.Limit(l.Administrators),
	}
}

func (s *Settings) access() sync.Access {
	// Only the name that goes with the rule can be set.
	return sync.Access{Rule: sync.AccessRule(s.WEMAccess.Rule), Name: s.WEMAccess.Permission + s.WEMAccess.Role}
}

func (s *Settings) roleMap() []sync.RoleMapping {
	roles := make([]sync.RoleMapping, len(s.RoleMap))
	for i, m := range s.RoleMap {
		roles[i] = sync.RoleMapping(m)
	}
	return roles
}

func (s *Settings) requiredFields() []sync.Field {
	fields := make([]sync.Field, len(s.RequiredFields))
	for i, name := range s.RequiredFields {
		fields[i], _ = sync.ParseField(name)
	}
	return fields
}

func (s *Settings) mappings() []sync.Mapping {
	all := make([]sync.Mapping, len(s.Map))
	for i, m := range s.Map {
		field, _ := sync.ParseField(m.Field)
		all[i] = sync.Mapping{Field: field, From: m.From, To: m.To}
	}
	return all
}

func (s *Settings) onboarding() sync.Onboarding {
	o := sync.Onboarding{Manual: s.Onboarding.Mode == Manual, Defaults: s.Onboarding.Defaults.given()}
	for _, r := range s.Onboarding.Rules {
		o.Rules = append(o.Rules, sync.Rule{Name: r.Name, When: matches([]Match{r.When})[0], Set: r.Set.given()})
	}
	return o
}

func (g *Given) given() sync.Given {
	given := sync.Given{ActivityID: g.ActivityID, Teams: g.Teams, Categories: g.Categories, Permissions: map[sync.Permission]bool{}}
	for p, on := range map[sync.Permission]*bool{
		sync.AgentLogin: g.Permissions.AgentLogin, sync.SupervisorAccess: g.Permissions.SupervisorAccess,
		sync.InboundCalls: g.Permissions.InboundCalls, sync.OutboundCalls: g.Permissions.OutboundCalls,
	} {
		if on != nil {
			given.Permissions[p] = *on
		}
	}
	return given
}

func matches(entries []Match) []sync.Match {
	all := make([]sync.Match, len(entries))
	for i, m := range entries {
		all[i] = sync.Match{
			Email: m.Email, SubAccount: string(m.SubAccount), AgentGroup: string(m.AgentGroup),
			Department: m.Department, Title: m.Title, Site: m.Site, Role: m.Role, EmployeeID: m.EmployeeID,
		}
	}
	return all
}
