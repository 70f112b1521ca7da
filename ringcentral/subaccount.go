package ringcentral

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	stdsync "sync"

	"ringroster/sync"
)

func (r *reading) subAccounts(ctx context.Context, mainID string) error {
	listed, err := proved(ctx, func(ctx context.Context) ([]sync.SubAccount, error) {
		subs, err := r.c.subAccounts(ctx, mainID)
		if err != nil {
			return nil, err
		}
		return subs, distinct("sub-accounts", subs, func(s *sync.SubAccount) string { return s.ID })
	})
	if err != nil {
		return err
	}
	r.progress(sync.Progress{Step: "sub-accounts", Done: 1, Of: 1}, 0)
	if r.s.SubAccounts, err = choose(listed, r.c.SubAccounts, mainID); err != nil {
		return err
	}
	g, ctx := newTasks(ctx)
	g.SetLimit(mostInFlight)
	for i := range r.s.SubAccounts {
		if sub := &r.s.SubAccounts[i]; sub.Read {
			g.Go(func() error { return r.subAccount(ctx, sub) })
		}
	}
	return g.Wait()
}

// choose puts the configured sub-accounts first, in their order, and marks what
// is to be read: those, or every active one when none is configured.
func choose(listed []sync.SubAccount, configured []string, mainID string) ([]sync.SubAccount, error) {
	if len(configured) == 0 {
		for i := range listed {
			listed[i].Read = listed[i].Active
		}
		return listed, nil
	}
	var chosen []sync.SubAccount
	for _, want := range configured {
		i := slices.IndexFunc(listed, func(s sync.SubAccount) bool { return s.ID == want })
		if i < 0 {
			return nil, unknownSubAccount(want, append(chosen, listed...), mainID)
		}
		listed[i].Read = true
		chosen = append(chosen, listed[i])
		listed = slices.Delete(listed, i, i+1)
	}
	return append(chosen, listed...), nil
}

func unknownSubAccount(want string, listed []sync.SubAccount, mainID string) *Error {
	var names []string
	for _, s := range listed[:min(len(listed), 20)] {
		names = append(names, s.ID+" "+s.Name)
	}
	return &Error{
		Op: "sub-accounts", kind: kindSettings, permanent: true,
		Message: fmt.Sprintf("sub-account %s is not listed for main account %s", clean(want), clean(mainID)),
		Advice:  "check sub_accounts; those listed are: " + first(strings.Join(names, ", "), "none"),
	}
}

// subReading reads one sub-account: its groups, and every group's agents. Its
// lists prove each other (R1): no agent stands in two groups, none in another
// than it says, and a group that answers 404 is gone from the list. Where they
// disagree, those concerned are read again.
type subReading struct {
	r      *reading
	sub    *sync.SubAccount
	listed bool // the list of groups stands

	mu     stdsync.Mutex
	agents map[string][]sync.Agent // by group; absent: to be read
	doubt  error                   // why this round proves nothing
}

// subAccount fills in the groups of a sub-account.
func (r *reading) subAccount(ctx context.Context, sub *sync.SubAccount) error {
	s := &subReading{r: r, sub: sub, agents: map[string][]sync.Agent{}}
	_, err := proved(ctx, func(ctx context.Context) (struct{}, error) { return struct{}{}, s.round(ctx) })
	if err != nil {
		return err
	}
	for i := range sub.Groups {
		sub.Groups[i].Agents = s.agents[sub.Groups[i].ID]
	}
	return nil
}

// round reads what does not stand yet, and tries to prove the whole.
func (s *subReading) round(ctx context.Context) error {
	s.doubt = nil
	if !s.listed {
		if err := s.list(ctx); err != nil {
			return err
		}
	}
	g, gctx := newTasks(ctx)
	g.SetLimit(mostInFlight)
	for _, group := range s.sub.Groups {
		if !s.has(group.ID) {
			g.Go(func() error { return s.group(gctx, group.ID) })
		}
	}
	if err := g.Wait(); err != nil {
		return err
	}
	s.distinctAgents()
	return s.doubt
}

func (s *subReading) list(ctx context.Context) error {
	groups, err := s.r.c.agentGroups(ctx, s.sub.ID)
	if err != nil {
		return err
	}
	if err := distinct("agent groups of "+s.sub.ID, groups, func(g *sync.Group) string { return g.ID }); err != nil {
		return err
	}
	s.sub.Groups, s.listed = groups, true
	s.r.progress(sync.Progress{Step: "agent groups", SubAccount: s.sub.Name, Done: 1, Of: 1}, 0)
	return nil
}

func (s *subReading) has(group string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	_, ok := s.agents[group]
	return ok
}

// group reads the agents of one group. What only shows that people or groups
// moved is left for the next round.
func (s *subReading) group(ctx context.Context, group string) error {
	agents, err := s.r.c.agents(ctx, s.sub.ID, group)
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case err == nil:
		s.agents[group] = agents
		s.r.progress(sync.Progress{Step: "agents", SubAccount: s.sub.Name, Done: len(s.agents), Of: len(s.sub.Groups)}, len(agents))
	case hasStatus(err, http.StatusNotFound):
		s.listed = false
		s.doubt = &Error{
			Op: fmt.Sprintf("agents of %s/%s", s.sub.ID, group), kind: kindMoved, cause: err,
			Message: "the group is listed, but its agents are not found",
		}
	case isMoved(err):
		s.doubt = err
	default:
		return err
	}
	return nil
}

// distinctAgents forgets the lists that share an agent: somebody moved from one
// to the other while they were read, and may be in a third by now.
func (s *subReading) distinctAgents() {
	people := 0
	for _, list := range s.agents {
		people += len(list)
	}
	in := make(map[string]string, people)
	for _, g := range s.sub.Groups {
		list := s.agents[g.ID]
		for i := range list {
			agent := list[i].ID
			other, twice := in[agent]
			if agent == "" || !twice {
				in[agent] = g.ID
				continue
			}
			s.doubt = moved("agents of "+s.sub.ID, "agent %s came twice, in groups %s and %s", clean(agent), clean(other), clean(g.ID))
			delete(s.agents, other)
			delete(s.agents, g.ID)
		}
	}
}
