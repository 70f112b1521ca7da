package simulator

import (
	"cmp"
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// loginToken checks the token in the form of RingCX's two login calls (ringcentral/API.md 5.1, 5.2);
// RingCentral documents the statuses and not the bodies, so they are text here.
func (s *Server) loginToken(r *request) *answer {
	name, kind := r.form.Get("refresh_token"), cxRefresh
	if r.op == OpExchange {
		name, kind = cmp.Or(r.form.Get("rcAccessToken"), r.query.Get("rcAccessToken")), exAccess
		if said := cmp.Or(r.form.Get("rcTokenType"), r.query.Get("rcTokenType")); said != "Bearer" {
			return new(cxError(r, http.StatusBadRequest))
		}
	}
	t, ok := s.lookup(name)
	if !ok || t.kind != kind || !now().Before(t.expires) || s.client(t.client) == nil {
		return new(textAnswer(http.StatusUnauthorized, "Token is invalid"))
	}
	r.account = s.client(t.client)
	return nil
}

// bearerCX checks a RingCX access token, the WFO_ACCESS role (ringcentral/API.md 5.3, 6.6) and whose main account it is.
func (s *Server) bearerCX(r *request) *answer {
	name, _, wellFormed := bearer(r)
	t, known := s.lookup(name)
	switch {
	case !wellFormed || !known || t.kind != cxAccess || s.client(t.client) == nil:
		return new(textAnswer(http.StatusUnauthorized, "Jwt is invalid"))
	case !now().Before(t.expires):
		return new(textAnswer(http.StatusUnauthorized, "Jwt is expired"))
	}
	r.account = s.client(t.client)
	if r.account.NoWFOAccess && r.op != OpAuditLog {
		return new(cxError(r, http.StatusForbidden))
	}
	if id := r.param("main"); id != "" && id != r.account.MainAccountID {
		return new(s.strange(r, func(a *Account) bool { return a.MainAccountID == id }))
	}
	return nil
}

// strange answers for an id that is not the caller's: forbidden when somebody else has it, else not found.
func (s *Server) strange(r *request, has func(*Account) bool) answer {
	if slices.ContainsFunc(s.world.Accounts, has) {
		return cxError(r, http.StatusForbidden)
	}
	return cxError(r, http.StatusNotFound)
}

// cxTokenWire is the schema AccessTokenUserDetails.
type cxTokenWire struct {
	RefreshToken  string            `json:"refreshToken,omitempty"`
	AccessToken   string            `json:"accessToken"`
	TokenType     string            `json:"tokenType"`
	MainAccountID string            `json:"mainAccountId,omitempty"`
	AgentDetails  []agentDetailWire `json:"agentDetails"`
	AdminID       int64             `json:"adminId,omitempty"`
	AdminURL      string            `json:"adminUrl,omitempty"`
	AgentURL      string            `json:"agentUrl,omitempty"`
	SSOLogin      bool              `json:"ssoLogin"`
}

// agentDetailWire is the schema AgentV2, as far as the documented sample goes.
type agentDetailWire struct {
	AgentID           int64  `json:"agentId"`
	FirstName         string `json:"firstName"`
	LastName          string `json:"lastName"`
	Email             string `json:"email"`
	Username          string `json:"username"`
	AgentType         string `json:"agentType"`
	RCUserID          int64  `json:"rcUserId"`
	AccountID         string `json:"accountId"`
	AccountName       string `json:"accountName"`
	AgentGroupID      *int64 `json:"agentGroupId"` // null in RingCentral's own sample
	AllowLoginControl bool   `json:"allowLoginControl"`
	AllowLoginUpdates bool   `json:"allowLoginUpdates"`
}

// exchange is POST /api/auth/login/rc/accesstoken: a RingCX token for a RingEX one.
func (s *Server) exchange(r *request) answer {
	a := r.account
	body := cxTokenWire{
		MainAccountID: a.MainAccountID, AgentDetails: a.ownerLogins(),
		AdminURL: "/voice/admin/", AgentURL: "/voice/agent/", SSOLogin: true,
	}
	if i := slices.IndexFunc(a.Administrators, func(m *Administrator) bool { return m.RCUserID == a.OwnerID }); i >= 0 {
		body.AdminID = a.Administrators[i].ID
	}
	if body.AdminID == 0 && len(body.AgentDetails) == 0 {
		return cxError(r, http.StatusForbidden)
	}
	return s.grantCX(r, body, newID("cx-session-"), r.query.Get("includeRefresh") == "true")
}

// refresh is POST /api/auth/token/refresh; the refresh token is used up.
func (s *Server) refresh(r *request) answer {
	name := r.form.Get("refresh_token")
	s.mu.Lock()
	t, ok := s.sessions.tokens[name]
	delete(s.sessions.tokens, name)
	s.mu.Unlock()
	if !ok { // another request took it meanwhile
		return textAnswer(http.StatusUnauthorized, "Token is invalid")
	}
	return s.grantCX(r, cxTokenWire{}, t.session, true)
}

// grantCX issues RingCX's tokens (ringcentral/API.md 5.1 to 5.3).
func (s *Server) grantCX(r *request, body cxTokenWire, session string, withRefresh bool) answer {
	life, at := s.world.Lifetimes, now()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sessions.sweep(at)
	body.TokenType = "Bearer"
	access := at.Add(cmp.Or(time.Duration(life.RingCX), 5*time.Minute))
	body.AccessToken = s.sessions.issue("cx-", token{cxAccess, r.account.ClientID, session, access})
	if withRefresh {
		until := at.Add(cmp.Or(time.Duration(life.RingCXRefresh), time.Hour))
		body.RefreshToken = s.sessions.issue("cxr-", token{cxRefresh, r.account.ClientID, session, until})
	}
	return jsonAnswer(http.StatusOK, body)
}

// ownerLogins are the agent records of the JWT's owner.
func (a *Account) ownerLogins() []agentDetailWire {
	logins := []agentDetailWire{}
	for sub, m := range a.agents() {
		if m.RCUserID == 0 || m.RCUserID != a.OwnerID {
			continue
		}
		w := agentDetailWire{
			AgentID: m.ID, FirstName: m.FirstName, LastName: m.LastName, Email: m.Email, Username: m.userName(sub),
			AgentType: cmp.Or(m.Type, "AGENT"), RCUserID: m.RCUserID, AccountID: sub.ID, AccountName: sub.Name,
			AllowLoginControl: true, AllowLoginUpdates: true,
		}
		logins = append(logins, w)
	}
	return logins
}

type subAccountWire struct {
	ID       string `json:"subAccountId"`
	Name     string `json:"subAccountName"`
	IsActive bool   `json:"isActive"`
}

// subAccounts lists inactive ones too (ringcentral/API.md 6.4a).
func (s *Server) subAccounts(r *request) answer {
	list := []subAccountWire{}
	for _, sub := range r.account.SubAccounts {
		list = append(list, subAccountWire{sub.ID, sub.Name, !sub.Inactive})
	}
	return jsonAnswer(http.StatusOK, list)
}

// administrators of the main account (ringcentral/API.md 6.4b).
func (s *Server) administrators(r *request) answer { return arrayAnswer(s.view(r).administrators()) }

type groupWire struct {
	ID   int64  `json:"agentGroupId"`
	Name string `json:"groupName"`
}

// groups of a sub-account, an inactive one too (ringcentral/API.md 6.4c).
func (s *Server) groups(r *request) answer {
	sub, refusal := s.subAccount(r)
	if refusal != nil {
		return *refusal
	}
	list := []groupWire{}
	for _, g := range sub.Groups {
		list = append(list, groupWire{g.ID, g.Name})
	}
	return jsonAnswer(http.StatusOK, list)
}

// agents of a group, inactive ones too; group ids are int32 (ringcentral/API.md 6.4d).
func (s *Server) agents(r *request) answer {
	sub, refusal := s.subAccount(r)
	if refusal != nil {
		return *refusal
	}
	id, err := strconv.ParseInt(r.param("group"), 10, 32)
	if err != nil {
		return cxError(r, http.StatusBadRequest)
	}
	i := slices.IndexFunc(sub.Groups, func(g *Group) bool { return g.ID == id })
	if i < 0 {
		return cxError(r, http.StatusNotFound)
	}
	return arrayAnswer(s.view(r).agents(sub, sub.Groups[i]))
}

// subAccount finds the one asked for among the caller's.
func (s *Server) subAccount(r *request) (*SubAccount, *answer) {
	id := r.param("sub")
	if sub := r.account.subAccount(id); sub != nil {
		return sub, nil
	}
	return nil, new(s.strange(r, func(a *Account) bool { return a.subAccount(id) != nil }))
}

func (a *Account) subAccount(id string) *SubAccount {
	i := slices.IndexFunc(a.SubAccounts, func(s *SubAccount) bool { return s.ID == id })
	if i < 0 {
		return nil
	}
	return a.SubAccounts[i]
}

// arrayAnswer is a list as RingCX sends it: no paging, no totals.
func arrayAnswer(body json.RawMessage) answer {
	return answer{status: http.StatusOK, kind: jsonType, body: body}
}

// userName is the record's login before RingCX adds the environment (ringcentral/API.md 6.3: e-mail, sub-account, number).
func (m *Agent) userName(sub *SubAccount) string {
	return cmp.Or(m.UserName, tagged(m.Email, sub.ID+"_"+number(m.ID)))
}

// userName of an administrator; the sample's are tagged wfo1 and so on.
func (m *Administrator) userName() string {
	return cmp.Or(m.UserName, tagged(m.Email, "wfo"+number(m.ID)))
}

// tagged puts "+tag" before the @ of an address.
func tagged(email, tag string) string {
	local, domain, found := strings.Cut(email, "@")
	if !found {
		return email + "+" + tag
	}
	return local + "+" + tag + "@" + domain
}
