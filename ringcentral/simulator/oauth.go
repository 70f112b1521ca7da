package simulator

import (
	"cmp"
	"mime"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

const (
	grantJWT     = "urn:ietf:params:oauth:grant-type:jwt-bearer"
	grantRefresh = "refresh_token"
)

// basic checks the app's credentials on the token endpoints (ringcentral/API.md 1.1, 1.6).
func (s *Server) basic(r *request) *answer {
	if kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type")); kind != formType {
		return new(oauthError(http.StatusUnsupportedMediaType, "invalid_request", "", "Unsupported Media Type"))
	}
	id, secret, ok := r.BasicAuth()
	if !ok {
		return new(oauthError(http.StatusBadRequest, "invalid_request", "OAU-123", "Authorization header is not specified"))
	}
	r.account = s.client(id)
	if r.account == nil || r.account.ClientSecret != secret {
		return new(oauthError(http.StatusBadRequest, "invalid_client", "OAU-153", "Invalid client: "+id))
	}
	return nil
}

// client finds an account by its app; the world must stand still.
func (s *Server) client(id string) *Account {
	i := slices.IndexFunc(s.world.Accounts, func(a *Account) bool { return a.ClientID == id })
	if i < 0 {
		return nil
	}
	return s.world.Accounts[i]
}

// bearer reads the token of an Authorization header.
func bearer(r *request) (name string, present, wellFormed bool) {
	header := r.Header.Get("Authorization")
	scheme, name, _ := strings.Cut(header, " ")
	return name, header != "", strings.EqualFold(scheme, "bearer") && name != ""
}

// bearerEX checks a RingEX access token: there, of the right kind, alive (ringcentral/API.md 1.4, 1.6, 4).
func (s *Server) bearerEX(r *request) *answer {
	name, present, wellFormed := bearer(r)
	switch {
	case !present:
		return new(gatewayError(http.StatusUnauthorized, "AGW-401", "Authorization header is not specified"))
	case !wellFormed:
		return new(gatewayError(http.StatusUnauthorized, "AGW-402", "Invalid Authorization header"))
	}
	t, known := s.lookup(name)
	switch {
	case strings.Count(name, ".") == 2 || known && t.kind != exAccess:
		return new(exError(http.StatusUnauthorized, "OAU-129", "Access token corrupted"))
	case !known || s.client(t.client) == nil:
		return new(exError(http.StatusUnauthorized, "OAU-213", "Token not found"))
	case !now().Before(t.expires):
		return new(exError(http.StatusUnauthorized, "OAU-128", "Access token expired"))
	}
	r.account = s.client(t.client)
	return s.permitted(r)
}

// userPermission is what RingEX asks of the JWT's owner (x-user-permission in ringex.openapi.json).
var userPermission = map[Operation]string{
	OpAccount: "ReadCompanyInfo", OpExtensions: "ReadExtensions", OpOwnRegional: "ReadExtensions",
	OpRoles: "ReadUserRoles", OpAssignedRoles: "ReadAssignedRoles", OpAuditTrail: "ReadAuditTrail",
}

// permitted checks scope, permission and whose account is asked for (ringcentral/API.md 1.7, 2.8).
func (s *Server) permitted(r *request) *answer {
	a := r.account
	if !slices.Contains(a.scopes(), "ReadAccounts") {
		return new(exError(http.StatusForbidden, "CMN-401",
			"In order to call this API endpoint, application needs to have [ReadAccounts] permission"))
	}
	if r.op == OpAuditTrail && !slices.Contains(a.scopes(), "ReadAuditTrail") {
		return new(exError(http.StatusForbidden, "CMN-401",
			"In order to call this API endpoint, application needs to have [ReadAuditTrail] permission"))
	}
	if need := userPermission[r.op]; slices.Contains(a.MissingPermissions, need) {
		return new(exError(http.StatusForbidden, "CMN-408",
			"In order to call this API endpoint, user needs to have ["+need+"] permission."))
	}
	if id := r.param("account"); id != "~" && id != number(a.ID) {
		if r.op == OpDirectory {
			return new(plainError(http.StatusNotFound, "ADG-107", "Account not found."))
		}
		return new(exError(http.StatusNotFound, "CMN-102", "Resource for parameter [accountId] is not found", "accountId"))
	}
	return nil
}

// scopes of the app, ReadAccounts when the world does not say.
func (a *Account) scopes() []string {
	if a.Scopes == nil {
		return []string{"ReadAccounts"}
	}
	return a.Scopes
}

// lookup finds a token by what the client sends.
func (s *Server) lookup(name string) (token, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	t, ok := s.sessions.tokens[name]
	return t, ok
}

// tokenWire is the schema TokenInfo.
type tokenWire struct {
	AccessToken      string `json:"access_token"`
	TokenType        string `json:"token_type"`
	ExpiresIn        int    `json:"expires_in"`
	RefreshToken     string `json:"refresh_token,omitempty"`
	RefreshExpiresIn int    `json:"refresh_token_expires_in,omitempty"`
	Scope            string `json:"scope"`
	OwnerID          string `json:"owner_id"`
	EndpointID       string `json:"endpoint_id"`
	SessionID        string `json:"session_id"`
}

// token is POST /restapi/oauth/token: the JWT bearer and refresh_token grants.
func (s *Server) token(r *request) answer {
	switch r.form.Get("grant_type") {
	case grantJWT:
		return s.grantByJWT(r)
	case grantRefresh:
		return s.grantByRefresh(r)
	case "":
		return oauthError(http.StatusBadRequest, "invalid_request", "OAU-250", "Parameter [grant_type] is not specified")
	default:
		return oauthError(http.StatusBadRequest, "unsupported_grant_type", "OAU-250", "Unsupported grant type")
	}
}

// grantByJWT opens a session for the owner of the JWT. The codes for a JWT that is wrong are not documented;
// OAU-213 stands for all (ringcentral/API.md 1.6).
func (s *Server) grantByJWT(r *request) answer {
	a := r.account
	switch assertion := r.form.Get("assertion"); {
	case a.NoJWTFlow:
		return oauthError(http.StatusBadRequest, "unauthorized_client", "OAU-251", "Unauthorized for this grant type")
	case assertion == "":
		return oauthError(http.StatusBadRequest, "invalid_request", "", "Parameter [assertion] is not specified")
	case assertion != a.JWT:
		return oauthError(http.StatusBadRequest, "invalid_grant", "OAU-213", "Token not found")
	}
	if refusal := a.ownerRefused(); refusal != nil {
		return *refusal
	}
	access, refresh, bad := s.lifetimes(r)
	if bad != "" {
		return oauthError(http.StatusBadRequest, "invalid_request", "CMN-101", "Parameter ["+bad+"] value is invalid")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.grant(r, s.sessions.open(a.ClientID), access, refresh)
}

// ownerRefused answers for a JWT whose user is gone or suspended (ringcentral/API.md 1.2, 1.6).
func (a *Account) ownerRefused() *answer {
	i := slices.IndexFunc(a.Extensions, func(e *Extension) bool { return e.ID == a.OwnerID })
	switch {
	case i < 0:
		return new(oauthError(http.StatusBadRequest, "invalid_grant", "OAU-232", "Extension not found"))
	case a.Extensions[i].Status == "Disabled" || a.Extensions[i].Status == "Frozen":
		return new(oauthError(http.StatusBadRequest, "invalid_grant", "OAU-236", "Extension is disabled or frozen"))
	}
	return nil
}

// lifetimes reads the wished lifetimes (seconds; schema BaseTokenRequest), or names the one that is wrong.
func (s *Server) lifetimes(r *request) (access, refresh time.Duration, bad string) {
	access, ok := seconds(r.form.Get("access_token_ttl"), 600, 3600, 3600)
	if !ok {
		return 0, 0, "access_token_ttl"
	}
	refresh, ok = seconds(r.form.Get("refresh_token_ttl"), 1, 2592000, 604800)
	if !ok {
		return 0, 0, "refresh_token_ttl"
	}
	life := s.world.Lifetimes
	return cmp.Or(time.Duration(life.RingEX), access), cmp.Or(time.Duration(life.RingEXRefresh), refresh), ""
}

// seconds reads a lifetime within bounds; usual when it is not given.
func seconds(text string, least, most, usual int) (time.Duration, bool) {
	if text == "" {
		return time.Duration(usual) * time.Second, true
	}
	n, err := strconv.Atoi(text)
	return time.Duration(n) * time.Second, err == nil && n >= least && n <= most
}

// grant issues the tokens of a session; s.mu is held.
func (s *Server) grant(r *request, session string, access, refresh time.Duration) answer {
	a, at := r.account, now()
	said := cmp.Or(time.Duration(s.world.Lifetimes.Claimed), access)
	body := tokenWire{
		AccessToken: s.sessions.issue("ex-", token{exAccess, a.ClientID, session, at.Add(access)}),
		TokenType:   "bearer", ExpiresIn: int(said / time.Second), Scope: strings.Join(a.scopes(), " "),
		OwnerID: number(a.OwnerID), EndpointID: cmp.Or(r.form.Get("endpoint_id"), "simulator"), SessionID: session,
	}
	if a.RefreshTokens {
		body.RefreshToken = s.sessions.issue("exr-", token{exRefresh, a.ClientID, session, at.Add(refresh)})
		body.RefreshExpiresIn = int(refresh / time.Second)
	}
	return jsonAnswer(http.StatusOK, body)
}

// grantByRefresh takes a refresh token, once, and ends the access token it came with (ringcentral/API.md 1.3).
func (s *Server) grantByRefresh(r *request) answer {
	access, refresh, bad := s.lifetimes(r)
	if bad != "" {
		return oauthError(http.StatusBadRequest, "invalid_request", "CMN-101", "Parameter ["+bad+"] value is invalid")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	name := r.form.Get("refresh_token")
	t, ok := s.sessions.tokens[name]
	switch {
	case !ok || t.kind != exRefresh || t.client != r.account.ClientID:
		return oauthError(http.StatusBadRequest, "invalid_grant", "OAU-213", "Token not found")
	case !now().Before(t.expires):
		return oauthError(http.StatusBadRequest, "invalid_grant", "OAU-210", "Token expired")
	}
	delete(s.sessions.tokens, name)
	s.sessions.dropAccess(t.session)
	return s.grant(r, t.session, access, refresh)
}

// revoke is POST /restapi/oauth/revoke: it ends the whole session of any of its tokens (ringcentral/API.md 1.5).
func (s *Server) revoke(r *request) answer {
	s.mu.Lock()
	defer s.mu.Unlock()
	t, ok := s.sessions.tokens[cmp.Or(r.form.Get("token"), r.query.Get("token"))]
	if !ok || t.client != r.account.ClientID || t.kind > exRefresh {
		return oauthError(http.StatusBadRequest, "invalid_request", "OAU-213", "Token not found")
	}
	s.sessions.end(t.client, t.session)
	return answer{status: http.StatusOK}
}

// LiveSessions tells how many RingEX sessions an app has open, of at most five.
func (s *Server) LiveSessions(clientID string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.sessions.live[clientID])
}
