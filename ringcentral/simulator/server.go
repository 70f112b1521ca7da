package simulator

import (
	"bytes"
	"crypto/rand"
	"io"
	"maps"
	"net/http"
	"net/url"
	"path"
	"strings"
	stdsync "sync"
	"time"
)

// Operation names one thing RingCentral can be asked, in counters and faults.
type Operation string

// The operations served, RingEX's first.
const (
	OpToken            Operation = "token"                 // POST /restapi/oauth/token
	OpRevoke           Operation = "revoke"                // POST /restapi/oauth/revoke
	OpAccount          Operation = "account"               // GET /restapi/v1.0/account/~
	OpExtensions       Operation = "extensions"            // GET …/account/~/extension
	OpOwnRegional      Operation = "own_regional_settings" // GET …/account/~/extension/{id}
	OpRoles            Operation = "roles"                 // GET …/account/~/user-role
	OpAssignedRoles    Operation = "assigned_roles"        // GET …/account/~/assigned-role
	OpDirectory        Operation = "directory"             // GET …/account/~/directory/entries
	OpRegionalSettings Operation = "regional_settings"     // GET /restapi/v2/accounts/~/regional-settings: the account's
	OpExchange         Operation = "exchange"              // POST /api/auth/login/rc/accesstoken
	OpRefresh          Operation = "refresh"               // POST /api/auth/token/refresh
	OpAdministrators   Operation = "administrators"        // GET …/integration/v1/admin/users/{main}
	OpSubAccounts      Operation = "sub_accounts"          // GET …/admin/accounts/{main}/subaccounts
	OpGroups           Operation = "groups"                // GET …/admin/accounts/{sub}/agentGroups
	OpAgents           Operation = "agents"                // GET …/agentGroups/{group}/agents
	OpAuditTrail       Operation = "audit_trail"           // POST …/account/~/audit-trail/search
	OpAuditLog         Operation = "audit_log"             // PUT /voice/api/v1/admin/auditLogs/search
	OpUnknown          Operation = "unknown"               // anything else: answered 404
)

// side is the half of RingCentral an operation belongs to; it decides tokens, limits and error bodies.
type side int

const (
	nobody side = iota // no credentials asked
	auth               // RingEX token endpoint: Basic credentials
	ringex             // RingEX bearer token
	login              // RingCX token endpoints: the token is in the form
	ringcx             // RingCX bearer token
)

type route struct {
	op      Operation
	pattern string
	side    side
	group   string // rate limit group: ringcentral/API.md 3; "exchange" and "ringcx" are ours (5.3)
	handle  func(*Server, *request) answer
}

const (
	exAccount = "/restapi/v1.0/account/{account}"
	cxAdmin   = "/voice/api/integration/v1/admin"
)

// routes is built by a function, since handlers lead back to it.
func routes() []route {
	return []route{
		{OpToken, "POST /restapi/oauth/token", auth, "auth", (*Server).token},
		{OpRevoke, "POST /restapi/oauth/revoke", auth, "auth", (*Server).revoke},
		{OpAccount, "GET " + exAccount, ringex, "light", (*Server).account},
		{OpExtensions, "GET " + exAccount + "/extension", ringex, "medium", (*Server).extensions},
		{OpOwnRegional, "GET " + exAccount + "/extension/{extension}", ringex, "light", (*Server).extension},
		{OpRoles, "GET " + exAccount + "/user-role", ringex, "medium", (*Server).roles},
		{OpAssignedRoles, "GET " + exAccount + "/assigned-role", ringex, "medium", (*Server).assignedRoles},
		{OpDirectory, "GET " + exAccount + "/directory/entries", ringex, "medium", (*Server).directory},
		{OpRegionalSettings, "GET /restapi/v2/accounts/{account}/regional-settings", ringex, "light", (*Server).regionalSettings},
		{OpAuditTrail, "POST " + exAccount + "/audit-trail/search", ringex, "heavy", (*Server).auditTrail},
		{OpExchange, "POST /api/auth/login/rc/accesstoken", login, "exchange", (*Server).exchange},
		{OpRefresh, "POST /api/auth/token/refresh", login, "ringcx", (*Server).refresh},
		{OpAdministrators, "GET " + cxAdmin + "/users/{main}", ringcx, "ringcx", (*Server).administrators},
		{OpSubAccounts, "GET " + cxAdmin + "/accounts/{main}/subaccounts", ringcx, "ringcx", (*Server).subAccounts},
		{OpGroups, "GET " + cxAdmin + "/accounts/{sub}/agentGroups", ringcx, "ringcx", (*Server).groups},
		{OpAgents, "GET " + cxAdmin + "/accounts/{sub}/agentGroups/{group}/agents", ringcx, "ringcx", (*Server).agents},
		{OpAuditLog, "PUT /voice/api/v1/admin/auditLogs/search", ringcx, "ringcx", (*Server).auditLog},
	}
}

// Options of a Server that are not part of the world.
type Options struct {
	// OnRequest, when set, sees every request before it is answered, with its whole body.
	// Calls come from several goroutines at once.
	OnRequest func(r *http.Request, body []byte)
}

// Server answers as RingCentral would, over a world. Safe for concurrent use; it opens no socket, starts
// no goroutine, and tells time by the time package alone, so it runs inside a testing/synctest bubble.
type Server struct {
	mux       *http.ServeMux
	onRequest func(*http.Request, []byte)

	// Taken before mu where both are.
	worldMu stdsync.RWMutex // guards world and what it holds
	world   *World

	mu        stdsync.Mutex // guards all below; never held while answering
	views     map[viewKey]*view
	sessions  sessions
	limiter   limiter
	calls     map[Operation]int
	refused   int
	faultHits map[string]int
	looks     looks
}

// New serves a world, which belongs to the server from then on: change it through Change only.
func New(w *World, o Options) *Server {
	s := &Server{
		mux: http.NewServeMux(), onRequest: o.OnRequest, world: w,
		views: map[viewKey]*view{}, sessions: newSessions(), limiter: limiter{}, calls: map[Operation]int{}, faultHits: map[string]int{}, looks: looks{},
	}
	for _, r := range routes() {
		s.mux.HandleFunc(r.pattern, s.serve(r))
	}
	s.mux.HandleFunc("/", s.serve(strayRoute))
	return s
}

// ServeHTTP implements http.Handler. A path that is not clean is unknown to RingCentral; the mux would redirect.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if p := r.URL.Path; strings.TrimSuffix(path.Clean(p), "/") != strings.TrimSuffix(p, "/") {
		s.serve(strayRoute)(w, r)
		return
	}
	s.mux.ServeHTTP(w, r)
}

var strayRoute = route{op: OpUnknown, handle: unknown}

// Change edits the live world; requests wait meanwhile and see it whole or not at all.
// Sessions, rate limit windows and counters stay.
func (s *Server) Change(edit func(*World)) {
	s.worldMu.Lock()
	defer s.worldMu.Unlock()
	edit(s.world)
	s.mu.Lock()
	defer s.mu.Unlock()
	clear(s.views)
}

// Calls tells how many requests each operation has received, faults and refusals included.
func (s *Server) Calls() map[Operation]int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return maps.Clone(s.calls)
}

// TooManyRequests tells how many 429 the limits have sent; those of faults are not counted.
func (s *Server) TooManyRequests() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.refused
}

// ResetCounters sets Calls, TooManyRequests and FaultHits to nothing.
func (s *Server) ResetCounters() {
	s.mu.Lock()
	defer s.mu.Unlock()
	clear(s.calls)
	clear(s.faultHits)
	s.refused = 0
}

// request is one call on its way to a handler.
type request struct {
	*http.Request
	route
	query   url.Values
	body    []byte
	form    url.Values // body of a POST
	base    string     // scheme and host, for the URIs in answers
	account *Account   // whose credentials these are; nil until known
}

// param is a path segment.
func (r *request) param(name string) string { return r.PathValue(name) }

// serve is the way of every request: count, show, delay, fault or answer, send.
func (s *Server) serve(rt route) http.HandlerFunc {
	return func(w http.ResponseWriter, hr *http.Request) {
		body, err := io.ReadAll(http.MaxBytesReader(w, hr.Body, 1<<20))
		if err != nil {
			answer{status: http.StatusRequestEntityTooLarge}.send(w, hr)
			return
		}
		s.mu.Lock()
		s.calls[rt.op]++
		s.mu.Unlock()
		if s.onRequest != nil {
			hr.Body = io.NopCloser(bytes.NewReader(body))
			s.onRequest(hr, body)
		}
		r := &request{Request: hr, route: rt, query: hr.URL.Query(), base: baseURL(hr), body: body}
		r.form, _ = url.ParseQuery(string(body)) // what is no form has none of the fields wanted
		hits, delay := s.hit(r)
		if !wait(hr.Context(), delay) {
			return
		}
		s.answer(r, hits).send(w, hr)
	}
}

// answer runs a request past faults, credentials and limits to its handler.
func (s *Server) answer(r *request, hits []*Fault) answer {
	for _, f := range hits {
		if kind := faultKinds[f.Kind]; kind.replace != nil {
			return kind.replace(f, r)
		}
	}
	for _, f := range hits {
		if kind := faultKinds[f.Kind]; kind.prepare != nil {
			kind.prepare(s, f, r)
		}
	}
	a := s.genuine(r)
	for _, f := range hits {
		if kind := faultKinds[f.Kind]; kind.edit != nil && a.status == http.StatusOK {
			a = kind.edit(s, f, r, a)
		}
	}
	return a
}

// genuine is the answer without faults; the world stands still while it is made.
func (s *Server) genuine(r *request) answer {
	s.worldMu.RLock()
	defer s.worldMu.RUnlock()
	if refusal := s.authenticate(r); refusal != nil {
		return refusal.trace(r)
	}
	q := s.admit(r)
	if !q.ok {
		return q.mark(r, tooMany(r, q))
	}
	return q.mark(r, r.handle(s, r))
}

// authenticate finds out who asks; it answers when that is nobody.
func (s *Server) authenticate(r *request) *answer {
	switch r.side {
	case auth:
		return s.basic(r)
	case ringex:
		return s.bearerEX(r)
	case login:
		return s.loginToken(r)
	case ringcx:
		return s.bearerCX(r)
	case nobody:
	}
	return nil
}

// unknown answers what RingCentral does not serve (ringcentral/API.md 4: AGW-404; 5.4).
func unknown(_ *Server, r *request) answer {
	if r.ofRingCX() {
		return cxError(r, http.StatusNotFound)
	}
	return gatewayError(http.StatusNotFound, "AGW-404", "Resource not found")
}

// ofRingCX tells the half of RingCentral a path belongs to.
func (r *request) ofRingCX() bool {
	return strings.HasPrefix(r.URL.Path, "/voice/") || strings.HasPrefix(r.URL.Path, "/api/")
}

// baseURL is the address the client used.
func baseURL(r *http.Request) string {
	scheme := "http"
	if r.TLS != nil {
		scheme = "https"
	}
	if r.URL.Scheme != "" { // the in-memory transport keeps the whole URL
		scheme = r.URL.Scheme
	}
	return scheme + "://" + r.Host
}

// newID makes a token or request id nobody can guess.
func newID(prefix string) string { return prefix + rand.Text() }

func now() time.Time { return time.Now() }
