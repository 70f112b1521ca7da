package simulator

import (
	"cmp"
	"encoding/json"
	"iter"
	"strconv"
	stdsync "sync"
)

// view is one account's records, encoded: each list on its first use, once per version of the world and
// address it is asked under. Handlers only pick and join.
type view struct {
	account *Account
	base    string
	vary    bool

	extensions     func() []json.RawMessage
	extensionIndex func() map[int64]int
	assignedRoles  func() []json.RawMessage
	entries        func() []entry
	administrators func() json.RawMessage

	mu     stdsync.Mutex
	groups map[*Group]json.RawMessage
	below  map[*SubAccount]map[int64][]int64 // supervisor: supervisees
}

type viewKey struct {
	client, base string
}

// view gives the caller's view; the world stands still meanwhile.
func (s *Server) view(r *request) *view {
	s.mu.Lock()
	defer s.mu.Unlock()
	key := viewKey{r.account.ClientID, r.base}
	v := s.views[key]
	if v == nil {
		if len(s.views) > 2*len(s.world.Accounts)+2 { // strange Host headers must not fill the memory
			clear(s.views)
		}
		v = newView(r.account, r.base, s.world.Variations)
		s.views[key] = v
	}
	return v
}

// newView prepares the lists and encodes none.
func newView(a *Account, base string, vary bool) *view {
	v := &view{account: a, base: base, vary: vary, groups: map[*Group]json.RawMessage{}, below: map[*SubAccount]map[int64][]int64{}}
	v.extensions = stdsync.OnceValue(func() []json.RawMessage {
		return encodeAll(a.Extensions, func(e *Extension) any { return v.extension(e) })
	})
	v.extensionIndex = stdsync.OnceValue(func() map[int64]int {
		index := make(map[int64]int, len(a.Extensions))
		for i, e := range a.Extensions {
			index[e.ID] = i
		}
		return index
	})
	v.assignedRoles = stdsync.OnceValue(v.encodeAssignedRoles)
	v.entries = stdsync.OnceValue(v.encodeEntries)
	v.administrators = stdsync.OnceValue(func() json.RawMessage {
		return array(encodeAll(a.Administrators, func(m *Administrator) any { return v.administrator(m) }))
	})
	return v
}

// agentWire is an agent as the examples show it; the schema Agent is another endpoint's (ringcentral/API.md 6.4).
type agentWire struct {
	RCUserID    any     `json:"rcUserId"`
	ID          int64   `json:"agentId"`
	GroupID     *int64  `json:"agentGroupId"`
	FirstName   string  `json:"firstName"`
	LastName    string  `json:"lastName"`
	EngageName  string  `json:"engageUserName"`
	UserName    string  `json:"userName"`
	Email       string  `json:"email"`
	Type        string  `json:"agentType"`
	IsActive    bool    `json:"isActive"`
	Supervisors any     `json:"supervisorAgentIds,omitempty"`
	Supervisees []int64 `json:"superviseeAgentIds"`
	EnvID       string  `json:"envID"`
	Novelty     string  `json:"loyaltyTier,omitempty"` // a field nobody knows: see variations.go
}

// agents gives the encoded list of a group.
func (v *view) agents(sub *SubAccount, g *Group) json.RawMessage {
	v.mu.Lock()
	defer v.mu.Unlock()
	if body, ok := v.groups[g]; ok {
		return body
	}
	below, ok := v.below[sub]
	if !ok {
		below = supervisees(sub)
		v.below[sub] = below
	}
	body := array(encodeAll(g.Agents, func(m *Agent) any { return v.agent(sub, g, m, below[m.ID]) }))
	v.groups[g] = body
	return body
}

func (v *view) agent(sub *SubAccount, g *Group, m *Agent, below []int64) agentWire {
	name, env := m.userName(sub), cmp.Or(v.account.EnvID, "eo1")
	w := agentWire{
		RCUserID: nullable(m.RCUserID), ID: m.ID, GroupID: &g.ID, FirstName: m.FirstName, LastName: m.LastName,
		EngageName: name, UserName: tagged(name, env), Email: m.Email, Type: cmp.Or(m.Type, "AGENT"), IsActive: !m.Inactive,
		Supervisors: append([]int64{}, m.Supervisors...), Supervisees: append([]int64{}, below...), EnvID: env,
	}
	if v.vary {
		varyAgent(&w, m)
	}
	if v.account.NoSupervisors {
		w.Supervisors = nil
	}
	return w
}

// supervisees turns "who supervises me" around.
func supervisees(sub *SubAccount) map[int64][]int64 {
	below := map[int64][]int64{}
	for _, g := range sub.Groups {
		for _, m := range g.Agents {
			for _, s := range m.Supervisors {
				below[s] = append(below[s], m.ID)
			}
		}
	}
	return below
}

// adminWire is an administrator as the examples show it (ringcentral/API.md 6.4b).
type adminWire struct {
	RCUserID   any    `json:"rcUserId"`
	ID         int64  `json:"userId"`
	EngageName string `json:"engageUserName"`
	UserName   string `json:"userName"`
	Email      string `json:"email"`
	FirstName  string `json:"firstName"`
	LastName   string `json:"lastName"`
	ParentPath string `json:"parentPath"`
	EnvID      string `json:"envID"`
	Novelty    string `json:"loyaltyTier,omitempty"`
}

func (v *view) administrator(m *Administrator) adminWire {
	name, env := m.userName(), cmp.Or(v.account.EnvID, "eo1")
	w := adminWire{
		RCUserID: nullable(m.RCUserID), ID: m.ID, EngageName: name, UserName: tagged(name, env), Email: m.Email,
		FirstName: m.FirstName, LastName: m.LastName, ParentPath: "2181.2979", EnvID: env,
	}
	if v.vary {
		varyAdministrator(&w, m)
	}
	return w
}

// agents walks all agent records of an account, in list order.
func (a *Account) agents() iter.Seq2[*SubAccount, *Agent] {
	return func(yield func(*SubAccount, *Agent) bool) {
		for _, sub := range a.SubAccounts {
			for _, g := range sub.Groups {
				for _, m := range g.Agents {
					if !yield(sub, m) {
						return
					}
				}
			}
		}
	}
}

// encodeAll encodes each item of a list by itself, so that pages can be joined from them.
func encodeAll[T any](list []T, wire func(T) any) []json.RawMessage {
	out := make([]json.RawMessage, len(list))
	for i, item := range list {
		out[i] = encode(wire(item))
	}
	return out
}

func encode(v any) json.RawMessage { return jsonAnswer(0, v).body }

// array joins encoded records into a JSON array.
func array(records []json.RawMessage) json.RawMessage {
	return appendArray(make([]byte, 0, size(records)), records)
}

func appendArray(b []byte, records []json.RawMessage) []byte {
	b = append(b, '[')
	for i, r := range records {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(b, r...)
	}
	return append(b, ']')
}

// size is how long the array of records is.
func size(records []json.RawMessage) int {
	n := 2 + len(records)
	for _, r := range records {
		n += len(r)
	}
	return n
}

// nullable is an id in RingCX's JSON, where none is null.
func nullable(id int64) any {
	if id == 0 {
		return nil
	}
	return id
}

func number(id int64) string { return strconv.FormatInt(id, 10) }
