package ringcentral

import (
	"context"
	"fmt"
	"slices"

	"ringroster/sync"
)

// The integration API made for workforce management (API.md 6.4). Whoever
// owns the JWT needs WFO_ACCESS; the lists are arrays without totals.
var (
	listAdmins      = &operation{name: "administrators", service: ringCX, groups: []string{ringcx}, bearer: true, policy: apiPolicy, integration: true, aboutMain: true}
	listSubAccounts = &operation{name: "sub-accounts", service: ringCX, groups: []string{ringcx}, bearer: true, policy: apiPolicy, integration: true, aboutMain: true}
	listGroups      = &operation{name: "agent-groups", service: ringCX, groups: []string{ringcx}, bearer: true, policy: apiPolicy, integration: true}
	listAgents      = &operation{name: "agents", service: ringCX, groups: []string{ringcx}, bearer: true, policy: apiPolicy, integration: true}
)

const integration = "/voice/api/integration/v1/admin"

// wireAdmin is a row of getUserList; its example tells more than its schema
// (API.md 6.4b).
type wireAdmin struct {
	UserID    id     `json:"userId"`
	RCUserID  id     `json:"rcUserId"`
	FirstName string `json:"firstName"`
	LastName  string `json:"lastName"`
	Email     string `json:"email"`
	UserName  string `json:"userName"`
}

func (w *wireAdmin) admin(fault string) sync.Admin {
	if fault == "" && w.UserID == "" {
		fault = "it has no userId"
	}
	fault = tidy(fault, field{"firstName", &w.FirstName}, field{"lastName", &w.LastName}, field{"email", &w.Email}, field{"userName", &w.UserName})
	return sync.Admin{
		UserID: string(w.UserID), RCUserID: string(w.RCUserID),
		FirstName: w.FirstName, LastName: w.LastName, Email: w.Email, UserName: w.UserName, Faulty: fault,
	}
}

// administrators reads the administrators of the main account.
func (c *client) administrators(ctx context.Context, mainID string) ([]sync.Admin, error) {
	r := &request{op: listAdmins, what: "administrators", url: c.at(ringCX, integration+"/users/%s", mainID)}
	return call(ctx, c, r, decodeAdmins)
}

func decodeAdmins(body []byte) ([]sync.Admin, error) {
	rows, faults, err := decodeList[wireAdmin](body, nil)
	if err != nil {
		return nil, err
	}
	admins := make([]sync.Admin, len(rows))
	for i := range rows {
		a := rows[i].admin(faults[i])
		if a.UserID == "" && a.RCUserID == "" && a.Email == "" {
			return nil, nonsense("record %d names nobody", i+1)
		}
		admins[i] = a
	}
	return admins, nil
}

// subAccounts lists the sub-accounts of the main account (SubAccount, all three
// fields required).
func (c *client) subAccounts(ctx context.Context, mainID string) ([]sync.SubAccount, error) {
	r := &request{op: listSubAccounts, what: "sub-accounts", url: c.at(ringCX, integration+"/accounts/%s/subaccounts", mainID)}
	return call(ctx, c, r, decodeSubAccounts)
}

func decodeSubAccounts(body []byte) ([]sync.SubAccount, error) {
	rows, faults, err := decodeList[struct {
		ID     id     `json:"subAccountId"`
		Name   string `json:"subAccountName"`
		Active *bool  `json:"isActive"`
	}](body, nil)
	if err != nil {
		return nil, err
	}
	subs := make([]sync.SubAccount, len(rows))
	for i, w := range rows {
		if fault := tidy(faults[i], field{"subAccountName", &w.Name}); w.ID == "" || w.Active == nil || fault != "" {
			return nil, nonsense("record %d lacks subAccountId or isActive, or is damaged %s", i+1, fault)
		}
		subs[i] = sync.SubAccount{ID: string(w.ID), Name: w.Name, Active: *w.Active}
	}
	return subs, nil
}

// agentGroups lists the agent groups of a sub-account (API.md 6.4c).
func (c *client) agentGroups(ctx context.Context, sub string) ([]sync.Group, error) {
	r := &request{op: listGroups, what: "agent groups of " + sub, url: c.at(ringCX, integration+"/accounts/%s/agentGroups", sub)}
	return call(ctx, c, r, decodeGroups)
}

func decodeGroups(body []byte) ([]sync.Group, error) {
	rows, faults, err := decodeList[struct {
		ID   id     `json:"agentGroupId"`
		Name string `json:"groupName"`
	}](body, nil)
	if err != nil {
		return nil, err
	}
	groups := make([]sync.Group, len(rows))
	for i, w := range rows {
		if fault := tidy(faults[i], field{"groupName", &w.Name}); w.ID == "" || fault != "" {
			return nil, nonsense("record %d lacks agentGroupId, or is damaged %s", i+1, fault)
		}
		groups[i] = sync.Group{ID: string(w.ID), Name: w.Name}
	}
	return groups, nil
}

// wireAgent is a row of getIntegrationAgentList (API.md 6.4d).
type wireAgent struct {
	AgentID   id     `json:"agentId"`
	RCUserID  id     `json:"rcUserId"`
	GroupID   id     `json:"agentGroupId"`
	FirstName string `json:"firstName"`
	LastName  string `json:"lastName"`
	Email     string `json:"email"`
	UserName  string `json:"userName"`
	AgentType string `json:"agentType"`
	Active    *bool  `json:"isActive"`
	// Supervisors stand in the examples alone, in no schema: where they are absent, nobody
	// knows them.
	Supervisors ids `json:"supervisorAgentIds"`
}

// agent never guesses: whether somebody is active who is not said to be either
// way decides whether they leave.
func (w *wireAgent) agent(fault string, texts *texts) sync.Agent {
	switch {
	case fault != "":
	case w.AgentID == "":
		fault = "it has no agentId"
	case w.Active == nil:
		fault = "it has no isActive"
	}
	fault = tidy(fault, field{"firstName", &w.FirstName}, field{"lastName", &w.LastName}, field{"email", &w.Email},
		field{"userName", &w.UserName}, field{"agentType", &w.AgentType})
	return sync.Agent{
		ID: texts.own(string(w.AgentID)), RCUserID: texts.own(string(w.RCUserID)),
		FirstName: texts.shared(w.FirstName), LastName: texts.shared(w.LastName),
		Email: texts.own(w.Email), UserName: texts.own(w.UserName),
		Type: texts.shared(w.AgentType), Active: w.Active != nil && *w.Active, Faulty: fault,
	}
}

// agents reads the agents of one group. An agent who says to be in another
// group was moving while the lists were read (R1).
func (c *client) agents(ctx context.Context, sub, group string) ([]sync.Agent, error) {
	what := fmt.Sprintf("agents of %s/%s", sub, group)
	r := &request{op: listAgents, what: what, url: c.at(ringCX, integration+"/accounts/%s/agentGroups/%s/agents", sub, group)}
	return call(ctx, c, r, func(body []byte) ([]sync.Agent, error) { return decodeAgents(body, what, group) })
}

var agentRoom shelf[wireAgent]

func decodeAgents(body []byte, what, group string) ([]sync.Agent, error) {
	rows, faults, err := decodeList(body, agentRoom.take())
	if err != nil {
		return nil, err
	}
	agents, texts := make([]sync.Agent, len(rows)), newTexts(len(rows))
	for i := range rows {
		w := &rows[i]
		if w.GroupID != "" && string(w.GroupID) != group {
			return nil, moved(what, "agent %s is in group %s", clean(string(w.AgentID)), clean(string(w.GroupID)))
		}
		a := w.agent(faults[i], texts)
		if a.ID == "" && a.RCUserID == "" && a.Email == "" {
			return nil, nonsense("record %d names nobody", i+1)
		}
		if i > 0 && len(w.Supervisors) > 0 && slices.Equal(w.Supervisors, rows[i-1].Supervisors) {
			a.Supervisors = agents[i-1].Supervisors // a group often has one supervisor: kept once
		} else {
			a.Supervisors = sync.NewAgentIDs(w.Supervisors)
		}
		agents[i] = a
	}
	agentRoom.put(rows)
	return agents, nil
}
