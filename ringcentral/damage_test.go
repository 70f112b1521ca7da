package ringcentral

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"ringroster/ringcentral/simulator"
	"ringroster/sync"
	"ringroster/sync/guard"
	"ringroster/sync/plan"
)

// damagedFields are the fields of each list by which anything is decided, by the end of its path.
var damagedFields = []struct{ list, fields string }{
	{"/users/99990000", "userId rcUserId firstName lastName email userName"},
	{"/subaccounts", "subAccountId subAccountName isActive"},
	{"/agentGroups", "agentGroupId groupName"},
	{"/1001/agents", "agentId rcUserId agentGroupId firstName lastName email userName agentType isActive"},
	{"/extension", "id extensionNumber type status contact contact.firstName contact.email contact.department contact.jobTitle site site.name"},
	{"/user-role", "id displayName permissions"},
	{"/assigned-role", "extensionId roles"},
}

var damages = []struct {
	name  string
	value any
}{
	{"null", nil},
	{"missing", missing{}},
	{"a number", 7.5},
	{"an empty object", map[string]any{}},
	{"a list of nothing", []any{map[string]any{}}},
	{"a word", "abc"},
}

// missing stands for a field that is taken away.
type missing struct{}

// says are the damages that are none: by them a record says something. RingEX leaves out what
// is empty, a person without rcUserId is not linked (API.md 2.2, 6.1), and a word is a text.
func says(field, damage string) bool {
	switch damage {
	case "a word":
		return !strings.HasSuffix(strings.ToLower(field), "id") && !strings.HasPrefix(field, "is")
	case "null", "missing":
		return slices.Contains([]string{"contact.department", "contact.jobTitle", "site", "site.name", "rcUserId"}, field)
	case "an empty object":
		return field == "site"
	}
	return false
}

var damageRules = []struct {
	name string
	set  func(*sync.Policy)
}{
	{"listed", func(*sync.Policy) {}},
	{"require_ringex", func(p *sync.Policy) { p.RequireRingEX = true }},
	{"role_name", func(p *sync.Policy) { p.Access = sync.Access{Rule: sync.AccessRole, Name: "Planner"} }},
	{"role_permission", func(p *sync.Policy) { p.Access = sync.Access{Rule: sync.AccessPermission, Name: "WEMAccess"} }},
	{"scope by group", func(p *sync.Policy) {
		p.Scope.Include = []sync.Match{{AgentGroup: "Group One"}, {AgentGroup: "Group Two"}, {Role: "Administrator"}}
	}},
	{"scope by sub-account", func(p *sync.Policy) {
		p.Scope.Include = []sync.Match{{SubAccount: "Production"}, {Role: "Administrator"}}
	}},
	{"scope by department", func(p *sync.Policy) { p.Scope.Include = []sync.Match{{Department: "Sales"}} }},
	{"scope by site and title", func(p *sync.Policy) { p.Scope.Include = []sync.Match{{Site: "Leeds", Title: "Clerk"}} }},
}

// One field of one record is damaged, in any list: nobody leaves, or loses a role or a login, by
// it, whatever the rule by which people belong (R8, R19).
func TestNobodyLeavesByADamagedField(t *testing.T) {
	before, err := damaged(t, "", 0, "", nil)
	if err != nil {
		t.Fatal(err)
	}
	policies, rosters := make([]sync.Policy, len(damageRules)), make([][]*sync.Member, len(damageRules))
	for i, rule := range damageRules {
		p := &policies[i]
		*p = sync.Policy{RolePrecedence: "first", Access: sync.Access{Rule: sync.AccessListed}, Deactivate: true, DataSource: "rt"}
		most := sync.Limit{Percent: 100, Floor: 5000}
		p.Limits = sync.Limits{Deactivations: most, Onboardings: most, Updates: most, Administrators: most}
		rule.set(p)
		if rosters[i] = onboarded(t, before, p); len(rosters[i]) < 6 {
			t.Fatalf("%s: %d members", rule.name, len(rosters[i]))
		}
	}
	for _, list := range damagedFields {
		for field := range strings.FieldsSeq(list.fields) {
			for _, damage := range damages {
				if says(field, damage.name) {
					continue
				}
				for n := range 8 {
					s, err := damaged(t, list.list, n, field, damage.value)
					if errors.Is(err, errNoRecord) {
						break
					}
					if err != nil {
						continue // the account fails, and nobody is touched
					}
					for i, rule := range damageRules {
						name := fmt.Sprintf("%s: record %d of %s, %s: %s", rule.name, n, list.list, field, damage.name)
						mustLoseNothing(t, name, s, &policies[i], before, rosters[i])
					}
				}
			}
		}
	}
}

// mustLoseNothing plans with a damaged snapshot.
func mustLoseNothing(t *testing.T, name string, s *sync.Snapshot, policy *sync.Policy, before *sync.Snapshot, members []*sync.Member) {
	t.Helper()
	plan, err := plan.Make(planned(s, policy, before, members))
	if err != nil {
		return
	}
	changes := plan.Changes
	if plan.Held != nil {
		changes = slices.Concat(changes, plan.Held.Changes)
	}
	for i := range changes {
		c := &changes[i]
		for _, f := range c.Fields {
			if c.Kind == sync.Deactivate || f.Field == "role" || f.Field == "logins" && len(sync.EndedLogins(f.Before, f.After)) > 0 {
				t.Errorf("%s: %s %s %s: %s -> %s", name, c.Name, c.Kind, f.Field, f.Before, f.After)
			}
		}
	}
}

func planned(s *sync.Snapshot, policy *sync.Policy, before *sync.Snapshot, members []*sync.Member) plan.Input {
	in := plan.Input{Snapshot: s, Policy: *policy, Now: s.TakenAt}
	in.State.Accepted = guard.Accept(policy, before).Settings
	in.Members = func(sync.Known) iter.Seq[*sync.Member] { return slices.Values(members) }
	return in
}

// onboarded is the roster after a first run.
func onboarded(t *testing.T, s *sync.Snapshot, policy *sync.Policy) (members []*sync.Member) {
	t.Helper()
	plan, err := plan.Make(planned(s, policy, s, nil))
	if err != nil {
		t.Fatal(err)
	}
	for i := range plan.Changes {
		m := *plan.Changes[i].Next()
		m.ID, m.Logins = int64(i+1), slices.Clone(m.Logins)
		members = append(members, &m)
	}
	return members
}

var errNoRecord = errors.New("the list has no such record")

// damaged reads the small company below with a field of the nth record of a list damaged.
func damaged(t *testing.T, list string, n int, field string, value any) (snapshot *sync.Snapshot, err error) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		s := simulator.New(smallCompany(), simulator.Options{})
		cfg := demoConfig(s)
		cfg.Roles = true
		there := list == ""
		cfg.Transport = roundTrip(func(r *http.Request) (*http.Response, error) {
			resp, err := s.Transport().RoundTrip(r)
			if err != nil || list == "" || !strings.HasSuffix(r.URL.Path, list) {
				return resp, err
			}
			body, err := io.ReadAll(resp.Body)
			_ = resp.Body.Close()
			if spoilt, ok := damage(body, n, field, value); ok {
				body, there = spoilt, true
			}
			resp.Body, resp.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
			return resp, err
		})
		d := mustNew(t, cfg)
		snapshot, err = d.Snapshot(t.Context(), nil)
		d.Close(t.Context())
		if !there {
			err = errNoRecord
		}
	})
	return snapshot, err
}

func damage(body []byte, n int, field string, value any) ([]byte, bool) {
	var whole any
	if json.Unmarshal(body, &whole) != nil {
		return nil, false
	}
	records, isList := whole.([]any)
	if !isList {
		records, _ = whole.(map[string]any)["records"].([]any)
	}
	if n >= len(records) {
		return nil, false
	}
	record, _ := records[n].(map[string]any)
	outer, inner, nested := strings.Cut(field, ".")
	if nested {
		record, _ = record[outer].(map[string]any)
		field = inner
	}
	if record == nil {
		return body, true
	}
	if value == any(missing{}) {
		delete(record, field)
	} else {
		record[field] = value
	}
	spoilt, err := json.Marshal(whole)
	return spoilt, err == nil
}

// smallCompany are people with and without an rcUserId, with two records, as an administrator
// alone, and with a role alone.
func smallCompany() *simulator.World {
	w := simulator.GenerateWith(simulator.GenerateOptions{People: 1, Seed: 1})
	a := acme(w)
	owner := *a.Extensions[slices.IndexFunc(a.Extensions, func(e *simulator.Extension) bool { return e.ID == simulator.DemoOwnerID })]
	admin := *a.Administrators[slices.IndexFunc(a.Administrators, func(m *simulator.Administrator) bool { return m.RCUserID == simulator.DemoOwnerID })]
	a.Sites = []*simulator.Site{{ID: "801", Name: "Leeds"}}
	a.Roles = []*simulator.Role{{ID: "5", Name: "Planner", Permissions: []string{"WEMAccess"}}, {ID: "6", Name: "Reader", Permissions: []string{"ReadOwnExtension"}}}
	owner.Department, owner.JobTitle, owner.Site, owner.Roles = "Sales", "Clerk", "801", []string{"5"}
	a.Extensions, a.Administrators = []*simulator.Extension{&owner}, []*simulator.Administrator{&admin}
	one, two := &simulator.Group{ID: 1001, Name: "Group One"}, &simulator.Group{ID: 1002, Name: "Group Two"}
	a.SubAccounts = []*simulator.SubAccount{{ID: "99990001", Name: "Production", Groups: []*simulator.Group{one, two}}}
	for i, name := range []string{"Ada", "Bob", "Cy", "Dee", "Eve", "Fay"} {
		id, email := int64(700001001+i), strings.ToLower(name)+"@example.com"
		a.Extensions = append(a.Extensions, &simulator.Extension{
			ID: id, Number: fmt.Sprint(2001 + i), FirstName: name, LastName: "Roy", Email: email,
			Department: "Sales", JobTitle: "Clerk", Site: "801", Roles: []string{"5", "6"},
		})
		agent := simulator.Agent{ID: int64(1500 + i), FirstName: name, LastName: "Roy", Email: email, Type: "SUPERVISOR", RCUserID: id}
		switch name {
		case "Bob", "Dee":
			agent.RCUserID = 0
		case "Cy":
			two.Agents = append(two.Agents, &simulator.Agent{ID: 1601, FirstName: name, LastName: "Roy", Email: email, RCUserID: id})
		case "Eve":
			a.Administrators = append(a.Administrators, &simulator.Administrator{ID: 1701, FirstName: name, LastName: "Roy", Email: email, RCUserID: id})
			continue
		case "Fay":
			continue // under the role rules
		}
		one.Agents = append(one.Agents, &agent)
	}
	return w
}
