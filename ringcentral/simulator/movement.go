package simulator

import (
	"slices"
	"strconv"
)

// The faults that are true: people move between groups and sessions end while a client reads.

// place finds the sub-account and group a request for agents is about; the caller's world stands still.
func (r *request) place() (sub *SubAccount, at int) {
	if r.account == nil {
		return nil, -1
	}
	if sub = r.account.subAccount(r.param("sub")); sub == nil {
		return nil, -1
	}
	id, _ := strconv.ParseInt(r.param("group"), 10, 64)
	return sub, slices.IndexFunc(sub.Groups, func(g *Group) bool { return g.ID == id })
}

// whose finds the account of a request before it is answered.
func (s *Server) whose(r *request) {
	name, _, _ := bearer(r)
	if t, ok := s.lookup(name); ok && r.account == nil {
		r.account = s.client(t.client)
	}
}

// moveUnseen moves the last agent of the group asked for into the group listed before it, so that a
// client that read that one already sees the agent in neither.
func moveUnseen(s *Server, _ *Fault, r *request) {
	s.Change(func(*World) {
		s.whose(r)
		if sub, at := r.place(); at > 0 {
			moveLast(sub.Groups[at], sub.Groups[at-1])
		}
	})
}

// moveTwice moves the last agent of the group just answered into the next one: seen in both.
func moveTwice(s *Server, _ *Fault, r *request, a answer) answer {
	s.Change(func(*World) {
		if sub, at := r.place(); at >= 0 && at+1 < len(sub.Groups) {
			moveLast(sub.Groups[at], sub.Groups[at+1])
		}
	})
	return a
}

func moveLast(from, to *Group) {
	if n := len(from.Agents); n > 0 {
		to.Agents = append(to.Agents, from.Agents[n-1])
		from.Agents = from.Agents[:n-1]
	}
}

// otherGroupFault answers with the agents of another group of the sub-account.
func otherGroupFault(s *Server, _ *Fault, r *request, a answer) answer {
	s.worldMu.RLock()
	defer s.worldMu.RUnlock()
	sub, at := r.place()
	if at < 0 || len(sub.Groups) < 2 {
		return a
	}
	a.body = s.view(r).agents(sub, sub.Groups[(at+1)%len(sub.Groups)])
	return a
}

// loseToken ends the caller's session, as a sixth session elsewhere would; RingCX's token expires instead.
func loseToken(s *Server, _ *Fault, r *request) {
	name, _, _ := bearer(r)
	s.mu.Lock()
	defer s.mu.Unlock()
	t, ok := s.sessions.tokens[name]
	switch {
	case !ok:
	case t.kind == cxAccess:
		t.expires = now()
		s.sessions.tokens[name] = t
	default:
		s.sessions.end(t.client, t.session)
	}
}
