package simulator

import "testing"

func TestRingCXRefuses(t *testing.T) {
	for _, x := range []struct {
		name, path string
		edit       func(*World)
		status     int
		code       string
	}{
		{"a main account that does not exist", "/users/1", nil, 404, ""},
		{"the RingEX number for the main account", "/accounts/400100001/subaccounts", nil, 404, ""},
		{"somebody else's main account", "/users/88880000", func(w *World) {
			w.Accounts = append(w.Accounts, &Account{ClientID: "other", MainAccountID: "88880000"})
		}, 403, "access.denied.exception"},
		{"a sub-account that does not exist", "/accounts/1/agentGroups", nil, 404, ""},
		{"a group that does not exist", "/accounts/99990001/agentGroups/5/agents", nil, 404, ""},
		{"a group of another sub-account", "/accounts/99990001/agentGroups/1002/agents", nil, 404, ""},
		{"a group that is no number", "/accounts/99990001/agentGroups/x/agents", nil, 400, ""},
		{"an owner without WFO_ACCESS", "/users/99990000", func(w *World) { w.Accounts[0].NoWFOAccess = true }, 403, "access.denied.exception"},
		{"a path that does not exist", "/user/99990000", nil, 404, ""},
	} {
		t.Run(x.name, func(t *testing.T) {
			c := newCaller(t, Generate(5, 1))
			c.signIn()
			if x.edit != nil {
				c.server.Change(x.edit)
			}
			got := c.cxGet(x.path)
			got.want(t, x.status, x.code)
			if want := "/voice/api/integration/v1/admin" + x.path + " - GET"; c.errorURI(got) != want {
				t.Errorf("requestUri %q, want %q", c.errorURI(got), want)
			}
			if got.header.Get("X-Rate-Limit-Limit") != "" {
				t.Error("RingCX tells no limits")
			}
		})
	}
}

func (c *caller) errorURI(r reply) string {
	return decodeOK[struct{ RequestURI string }](c.t, reply{200, nil, r.body}).RequestURI
}

func TestAgentsAreThoseOfTheirGroup(t *testing.T) {
	c := newCaller(t, specWorld())
	c.signIn()
	seen := map[any]bool{}
	for _, sub := range c.records(c.cxGet("/accounts/99990000/subaccounts")) {
		path := "/accounts/" + sub["subAccountId"].(string) + "/agentGroups"
		for _, g := range c.records(c.cxGet(path)) {
			for _, a := range c.records(c.cxGet(path + "/" + number(int64(g["agentGroupId"].(float64))) + "/agents")) {
				if a["agentGroupId"] != g["agentGroupId"] || seen[a["agentId"]] {
					t.Errorf("wrong group, or seen before: %v", a)
				}
				seen[a["agentId"]] = true
			}
		}
	}
	n := 0
	for range c.server.world.Accounts[0].agents() {
		n++
	}
	if len(seen) != n {
		t.Errorf("saw %d agents of %d", len(seen), n)
	}
}

func TestSuperviseesMirrorSupervisors(t *testing.T) {
	w := Generate(2, 1)
	w.Accounts[0].SubAccounts = []*SubAccount{{ID: "1", Groups: []*Group{{ID: 7, Agents: []*Agent{
		{ID: 10, Email: "boss@example.com"}, {ID: 11, Email: "a@example.com", Supervisors: []int64{10}},
	}}}}}
	c := newCaller(t, w)
	c.signIn()
	got := c.cxGet("/accounts/1/agentGroups/7/agents").body
	const want = `[{"rcUserId":null,"agentId":10,"agentGroupId":7,"firstName":"","lastName":"","engageUserName":"boss+1_10@example.com",` +
		`"userName":"boss+1_10+eo1@example.com","email":"boss@example.com","agentType":"AGENT","isActive":true,"supervisorAgentIds":[],"superviseeAgentIds":[11],"envID":"eo1"},` +
		`{"rcUserId":null,"agentId":11,"agentGroupId":7,"firstName":"","lastName":"","engageUserName":"a+1_11@example.com",` +
		`"userName":"a+1_11+eo1@example.com","email":"a@example.com","agentType":"AGENT","isActive":true,"supervisorAgentIds":[10],"superviseeAgentIds":[],"envID":"eo1"}]`
	if got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}
