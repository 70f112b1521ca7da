package simulator

import (
	"slices"
	"time"
)

// maxSessions is how many sessions one user may have with one app; a sixth ends the first (ringcentral/API.md 1.4).
const maxSessions = 5

// tokenKind says what a token is good for.
type tokenKind int

const (
	exAccess tokenKind = iota
	exRefresh
	cxAccess
	cxRefresh
)

// token is one issued token; a client sees only its name.
type token struct {
	kind    tokenKind
	client  string // client id of the account
	session string
	expires time.Time
}

// sessions holds what is valid. Tokens that are over stay until their session is, so that their error
// says "expired"; RingCX sessions are apart from RingEX's and end with their refresh token.
type sessions struct {
	tokens map[string]token
	live   map[string][]string // client id: RingEX sessions, oldest first
}

func newSessions() sessions {
	return sessions{tokens: map[string]token{}, live: map[string][]string{}}
}

// open starts a RingEX session and ends the oldest when there are too many.
func (s *sessions) open(client string) (id string) {
	id = newID("session-")
	live := append(s.live[client], id)
	for len(live) > maxSessions {
		s.drop(live[0])
		live = live[1:]
	}
	s.live[client] = live
	return id
}

func (s *sessions) issue(prefix string, t token) (name string) {
	name = newID(prefix)
	s.tokens[name] = t
	return name
}

// drop forgets all tokens of a session.
func (s *sessions) drop(session string) {
	for name, t := range s.tokens {
		if t.session == session {
			delete(s.tokens, name)
		}
	}
}

// dropAccess forgets the access tokens of a session.
func (s *sessions) dropAccess(session string) {
	for name, t := range s.tokens {
		if t.session == session && (t.kind == exAccess || t.kind == cxAccess) {
			delete(s.tokens, name)
		}
	}
}

// end closes a RingEX session.
func (s *sessions) end(client, session string) {
	s.drop(session)
	s.live[client] = slices.DeleteFunc(s.live[client], func(id string) bool { return id == session })
}

// sweep forgets RingCX tokens an hour after their end; nobody asks for those any more.
func (s *sessions) sweep(at time.Time) {
	for name, t := range s.tokens {
		if at.Sub(t.expires) > time.Hour {
			delete(s.tokens, name)
		}
	}
}
