package ringcentral

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net/http"
	"slices"
)

// kindOf is the kind of an error, or -1 when it is none of ours.
func kindOf(err error) kind {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.kind
	}
	return -1
}

func hasStatus(err error, status int) bool {
	e, ok := errors.AsType[*Error](err)
	return ok && e.kind == kindAnswer && e.Status == status
}

// codeOf is RingCentral's own code for a refusal; "" when there is none.
func codeOf(err error) string {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Code
	}
	return ""
}

// A remedy is what to do about one class of refusals.
type remedy struct {
	codes  []string // RingCentral's codes, and OAuth's words
	advice string
}

// Refusals of the token request (API.md 1.6). OAuth's word decides where no
// code does, since the codes for refused JWTs are not documented.
var tokenRemedies = []remedy{
	{
		[]string{"OAU-123", "OAU-127", "OAU-146", "OAU-153", "OAU-165", "invalid_client"},
		"check client_id and client_secret, and that base_url is where the app was registered",
	},
	{
		[]string{"OAU-112", "OAU-125", "OAU-151", "OAU-250", "OAU-251", "unauthorized_client", "unsupported_grant_type"},
		"the app does not allow JWT: in the Developer Console set its auth to \"JWT auth flow\"",
	},
	{
		[]string{"OAU-136", "OAU-141", "OAU-142", "OAU-222", "OAU-232", "OAU-236"},
		"the user who owns the JWT is gone or disabled: create a JWT for a user who is enabled",
	},
	{
		[]string{"OAU-167"},
		"the account's policy does not let this host sign in: allow its address",
	},
	{
		[]string{"invalid_scope", "insufficient_scope"},
		"give the app the ReadAccounts scope in the Developer Console",
	},
	{
		[]string{"OAU-210", "OAU-213", "invalid_grant", "invalid_request", "expired_token", "access_denied"},
		"the JWT was refused: it is expired, revoked, cut, or not for this app; create a new one in the Developer Console",
	},
}

// Refusals of RingEX calls (API.md 4).
var ringEXRemedies = []remedy{
	{[]string{"CMN-401"}, "give the app the ReadAccounts scope in the Developer Console"},
	{[]string{"CMN-402", "CMN-403", "CMN-404", "CMN-408"}, ""}, // the operation knows the permission
}

// advise ends an error in what an operator can do, and decides whether anything
// less would help.
func (c *client) advise(e *Error, op *operation) {
	if e.web {
		e.Advice = fmt.Sprintf("something between here and RingCentral answers instead: check %s and HTTPS_PROXY", op.service.setting())
		return
	}
	switch e.kind {
	case kindAnswer:
		c.adviseRefusal(e, op)
	case kindRedirect:
		e.Advice = fmt.Sprintf("redirects are never followed with credentials: check %s", op.service.setting())
	case kindProxy:
		e.Advice = proxyAdvice(e)
	case kindUntrusted:
		e.Advice = "if a proxy inspects TLS here, name its CA in ca_file"
	}
}

const proxyLogin = "give HTTPS_PROXY the user and password that the proxy asks for: http://USER:PASSWORD@HOST:PORT"

func proxyAdvice(e *Error) string {
	if proxy, ok := errors.AsType[*proxyRefusal](e.cause); ok && proxy.status == http.StatusProxyAuthRequired {
		return proxyLogin
	}
	return "check HTTPS_PROXY, and that the proxy lets this host reach RingCentral"
}

// perhapsMoved: the integration lists are the last operations left under their base
// path; their siblings moved (API.md 11.5).
const perhapsMoved = "if it is right, RingCentral may have moved this list (out of " + integration + "): a newer version of ringroster will know where to"

func (c *client) adviseRefusal(e *Error, op *operation) {
	denied := slices.Contains([]int{http.StatusBadRequest, http.StatusUnauthorized, http.StatusForbidden}, e.Status)
	switch {
	case op == getToken && denied:
		e.permanent = true
		e.Advice = "check client_id, client_secret and the JWT"
		e.apply(tokenRemedies)
	case op == exchangeToken && (denied || e.Status == http.StatusNotFound):
		e.permanent = e.Status != http.StatusUnauthorized
		e.Advice = "the owner of the JWT must be a RingCX administrator of this account; developer-only accounts have no RingCX"
	case e.Status == http.StatusUnauthorized:
		e.Advice = "a token just given was refused: perhaps another program signs in with the same JWT and app, which may have five sessions"
	case e.Status == http.StatusForbidden && op == searchAuditLog:
		e.Advice = "check \"Audit log access\" for the administrator who owns the JWT, in RingCX Admin (Users > Administrators)"
	case e.Status == http.StatusForbidden && op == searchAuditTrail:
		e.Advice = "give the app the ReadAuditTrail permission in the Developer Console, and the owner of the JWT the role Super Admin or Billing Admin"
	case e.Status == http.StatusForbidden && op.service == ringCX:
		e.permanent = true
		e.Advice = "grant WFO_ACCESS (Access WEM) to the administrator who owns the JWT"
	case e.Status == http.StatusForbidden:
		e.permanent = true
		e.Advice = fmt.Sprintf("give the owner of the JWT a role with the %s permission", op.permission)
		e.apply(ringEXRemedies)
	case e.Status == http.StatusNotFound && op.aboutMain:
		e.permanent = true
		e.Advice = fmt.Sprintf("check main_account_id (%s); %s", c.MainAccountID, perhapsMoved)
	case e.Status == http.StatusNotFound && op.integration:
		e.Advice = fmt.Sprintf("check %s; %s", op.service.setting(), perhapsMoved)
	case e.Status == http.StatusNotFound && op == readExtension:
		e.Advice = "it is gone since the list was read, or hidden from the owner of the JWT"
	case e.Status == http.StatusNotFound:
		e.Advice = fmt.Sprintf("check %s", op.service.setting())
	case e.Status == http.StatusProxyAuthRequired:
		e.Advice = proxyLogin
	}
}

// remedy is the advice, or what helps with all errors of its kind.
func (e *Error) remedy() string {
	if e.Advice != "" {
		return e.Advice
	}
	switch e.kind {
	case kindAnswer:
		if e.Status >= http.StatusInternalServerError || e.Status == http.StatusTooManyRequests {
			return "RingCentral has troubles, or too many asked: run again later; the service does so by itself"
		}
		return ""
	case kindTransport:
		return "check the network, HTTPS_PROXY and the addresses in the settings, then run again; the service does so by itself"
	case kindNonsense, kindTooLarge, kindMoved:
		return "such an answer is not taken for a fact: run again later; if it stays so, tell RingCentral's support, with the request id"
	default:
		return ""
	}
}

// apply takes the first remedy that fits the error's codes.
func (e *Error) apply(remedies []remedy) {
	for _, r := range remedies {
		if slices.Contains(r.codes, e.Code) || slices.Contains(r.codes, e.word) {
			e.permanent = true
			e.Advice = first(r.advice, e.Advice)
			return
		}
	}
}

// untrusted reports whether an error is about the other side's certificate.
func untrusted(err error) bool {
	if _, ok := errors.AsType[*tls.CertificateVerificationError](err); ok {
		return true
	}
	_, ok := errors.AsType[x509.UnknownAuthorityError](err)
	return ok
}
