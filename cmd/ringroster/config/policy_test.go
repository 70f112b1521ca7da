package config

import (
	"fmt"
	"maps"
	"testing"

	"ringroster/sync"

	"github.com/google/go-cmp/cmp"
)

// given is what everybody is given unless the settings say otherwise.
func given(permissions map[sync.Permission]bool, teams ...string) sync.Given {
	g := sync.Given{Teams: []string{}, Categories: []string{}, Permissions: map[sync.Permission]bool{
		sync.AgentLogin: true, sync.SupervisorAccess: false, sync.InboundCalls: true, sync.OutboundCalls: false,
	}}
	g.Teams = append(g.Teams, teams...)
	maps.Copy(g.Permissions, permissions)
	return g
}

func TestPolicyOfTheDefaults(t *testing.T) {
	s := load(t, minimal)
	got := s.Policy(&s.Accounts[0])
	got.Deciding = nil
	limits := sync.Limits{
		Deactivations: sync.Limit{Percent: 5, Floor: 5}, Onboardings: sync.Limit{Percent: 30, Floor: 20},
		Updates: sync.Limit{Percent: 30, Floor: 20}, Administrators: sync.Limit{Percent: 20, Floor: 3},
	}
	want := sync.Policy{
		DataSource: "ringcx-realtime", RolePrecedence: "first", RoleMap: []sync.RoleMapping{},
		Access: sync.Access{Rule: sync.AccessListed}, Scope: sync.Scope{Include: []sync.Match{}, Exclude: []sync.Match{}},
		RequiredFields: []sync.Field{}, Map: []sync.Mapping{}, Onboarding: sync.Onboarding{Defaults: given(nil)}, Unread: sync.FieldSet(0).With(sync.EmployeeID), Deactivate: true, Limits: limits, Protect: []sync.Match{},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// full sets everything that decides.
const full = `
accounts:
  - name: acme
    base_url: http://localhost:1/
    ringcx_url: http://localhost:2/
    main_account_id: 0123
    sub_accounts: "2, 1"
    client_id: abc
    default_activity_id: Site 1
role_precedence: lead
role_map: [{agent_type: SUPERVISOR, role: Lead}]
wem_access: {rule: role_permission, permission: WFM}
require_ringex: true
scope: {include: [{sub_account: 1}], exclude: [{email: "*@example.com", title: T}]}
required_fields: [email, last_name]
map: [{field: job_title, from: "CSR*", to: Agent}]
onboarding:
  mode: manual
  defaults: {teams: [all], permissions: {outbound_calls: true}}
  rules:
    - {name: sales, when: {agent_group: "Sales*"}, set: {activity_id: Site 2, teams: [sales], categories: [b2c]}}
    - {name: leads, when: {role: Lead, site: "Site *"}, set: {permissions: {supervisor_access: true, agent_login: false}}}
employee_id: {custom_field: Number}
deactivate: false
limits:
  deactivations: {percent: 20, floor: 2}
  onboardings: {percent: 21, floor: 3}
  updates: {percent: 22, floor: 4}
  administrators: {percent: 23, floor: 5}
deactivation_grace: {days: 3}
protect: [{role: Administrator}]
regional_settings: {enabled: true, lookups_per_run: 50}
`

func TestPolicyOfAllThatCanBeSet(t *testing.T) {
	s := load(t, full)
	got := s.Policy(&s.Accounts[0])
	got.Deciding = nil
	want := sync.Policy{
		DataSource: "ringcx-realtime", DefaultActivityID: "Site 1", RolePrecedence: "Lead",
		RoleMap: []sync.RoleMapping{{AgentType: "SUPERVISOR", Role: "Lead"}},
		Access:  sync.Access{Rule: sync.AccessPermission, Name: "WFM"}, RequireRingEX: true,
		Scope: sync.Scope{
			Include: []sync.Match{{SubAccount: "1"}},
			Exclude: []sync.Match{{Email: "*@example.com", Title: "T"}},
		},
		RequiredFields: []sync.Field{sync.Email, sync.LastName},
		Map:            []sync.Mapping{{Field: sync.JobTitle, From: "CSR*", To: "Agent"}},
		Onboarding: sync.Onboarding{
			Manual: true, Defaults: given(map[sync.Permission]bool{sync.OutboundCalls: true}, "all"),
			Rules: []sync.Rule{
				{Name: "sales", When: sync.Match{AgentGroup: "Sales*"}, Set: sync.Given{
					ActivityID: "Site 2", Teams: []string{"sales"}, Categories: []string{"b2c"}, Permissions: map[sync.Permission]bool{},
				}},
				{Name: "leads", When: sync.Match{Role: "Lead", Site: "Site *"}, Set: sync.Given{
					Permissions: map[sync.Permission]bool{sync.SupervisorAccess: true, sync.AgentLogin: false},
				}},
			},
		},
		RegionalLookups: 50,
		Limits: sync.Limits{
			Deactivations: sync.Limit{Percent: 20, Floor: 2}, Onboardings: sync.Limit{Percent: 21, Floor: 3},
			Updates: sync.Limit{Percent: 22, Floor: 4}, Administrators: sync.Limit{Percent: 23, Floor: 5},
		},
		GraceDays: 3, Protect: []sync.Match{{Role: "Administrator"}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestR23DecidingSettingsAreReadableWithTheirDefaults(t *testing.T) {
	s := load(t, full)
	want := []sync.Setting{
		{Key: "main_account_id", Value: `"0123"`, Default: `""`},
		{Key: "base_url", Value: `"http://localhost:1"`, Default: `"https://platform.ringcentral.com"`},
		{Key: "ringcx_url", Value: `"http://localhost:2"`, Default: `"https://ringcx.ringcentral.com"`},
		{Key: "sub_accounts", Value: `["2","1"]`, Default: `[]`},
		{Key: "wem_access", Value: `{"rule":"role_permission","permission":"WFM"}`, Default: `{"rule":"listed"}`},
		{Key: "require_ringex", Value: `true`, Default: `false`},
		{Key: "scope", Value: `{"include":[{"sub_account":"1"}],"exclude":[{"email":"*@example.com","title":"T"}]}`, Default: `{"include":[],"exclude":[]}`},
		{Key: "required_fields", Value: `["email","last_name"]`, Default: `[]`},
		{Key: "role_map", Value: `[{"agent_type":"SUPERVISOR","role":"Lead"}]`, Default: `[]`},
		{Key: "role_precedence", Value: `"Lead"`, Default: `"first"`},
		{Key: "map", Value: `[{"field":"job_title","from":"CSR*","to":"Agent"}]`, Default: "[]"},
		{Key: "deactivate", Value: `false`, Default: `true`},
		{Key: "protect", Value: `[{"role":"Administrator"}]`, Default: `[]`},
		{Key: "deactivation_grace", Value: `{"days":3}`, Default: `{"days":0}`},
	}
	if diff := cmp.Diff(want, s.Policy(&s.Accounts[0]).Deciding); diff != "" {
		t.Error(diff)
	}
}

func TestContactPolicy(t *testing.T) {
	s := load(t, full+"contacts: {enabled: true, delete_remaining: false}\n")
	want := sync.ContactPolicy{Limit: sync.Limit{Percent: 20, Floor: 2}, Deciding: []sync.Setting{
		{Key: "main_account_id", Value: `"0123"`, Default: `""`},
		{Key: "base_url", Value: `"http://localhost:1"`, Default: `"https://platform.ringcentral.com"`},
		{Key: "contacts.delete_remaining", Value: `false`, Default: `true`},
	}}
	if diff := cmp.Diff(want, s.ContactPolicy(&s.Accounts[0])); diff != "" {
		t.Error(diff)
	}
	if s = load(t, minimal); !s.ContactPolicy(&s.Accounts[0]).DeleteRemaining {
		t.Error("what RingCentral no longer has is kept unless it is asked for")
	}
}

func TestR23SpellingDecidesNothing(t *testing.T) {
	s := load(t, minimal+"    sub_accounts: [1, 2]\n    base_url: https://platform.example.com\nscope: {include: []}\n")
	other := load(t, minimal+"    sub_accounts: \"1,2\"\n    base_url: https://platform.example.com/\nscope:\n  include:\n  exclude: []\nrole_map:\n")
	if diff := cmp.Diff(s.Policy(&s.Accounts[0]).Deciding, other.Policy(&other.Accounts[0]).Deciding); diff != "" {
		t.Error(diff)
	}
}

func TestR10PrecedenceNamesARoleThatSomeMappingYields(t *testing.T) {
	for _, test := range []struct{ precedence, roleMap, want string }{
		{"first", "", "first"},
		{"LAST", "", "last"},
		{"supervisor", "", "Supervisor"},
		{"ADMINISTRATOR", "", "Administrator"},
		{"team lead", "{agent_type: SUPERVISOR, role: Team Lead}", "Team Lead"},
		{"supervisor", "{agent_type: supervisor, role: Lead}, {agent_type: Multi_Supervisor, role: Lead}", ""},
		{"scheduler", "", ""},
		{"", "", ""},
	} {
		t.Run(test.precedence, func(t *testing.T) {
			text := fmt.Sprintf("%srole_precedence: %q\nrole_map: [%s]\n", minimal, test.precedence, test.roleMap)
			s, err := Load(write(t, text))
			switch {
			case test.want == "" && err == nil:
				t.Error("was accepted")
			case test.want != "" && err != nil:
				t.Error(err)
			case err == nil && s.RolePrecedence != test.want:
				t.Errorf("got %s", s.RolePrecedence)
			}
		})
	}
}
