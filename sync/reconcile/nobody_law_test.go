package reconcile_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"ringroster/sync"
	"ringroster/sync/edit"
	"ringroster/sync/plan"
)

// siege is a company that nobody ever leaves. Its lists lose most of their people now and
// then, people move, and operators do all that they can but approve.
type siege struct {
	*world
	t       *rapid.T
	next    int            // number of the next agent
	done    [][]sync.Done  // of every run and edit, to be undone
	outages []func()       // on top of what is true
	touched map[int64]bool // an operator made them inactive, or may have
}

// Nobody who is there becomes inactive, or loses the role of an administrator, unless an
// operator approved that.
func TestLawNobodyWhoIsThereLeaves(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) { lawNobodyLeaves(t, nil) })
}

func lawNobodyLeaves(t *rapid.T, twin sync.Roster) {
	s := &siege{world: newWorld(), t: t, touched: map[int64]bool{}}
	s.tell(t, twin)
	s.Policy.Limits = rapid.SampledFrom([]sync.Limits{noLimits, usualLimits, laxLimits}).Draw(t, "limits")
	for g := range rapid.IntRange(2, 5).Draw(t, "groups") {
		s.hire(fmt.Sprintf("%d/%d", 1+g%2, 10+g), rapid.IntRange(5, 12).Draw(t, "size"))
	}
	for n := range rapid.IntRange(0, 4).Draw(t, "administrators") {
		s.boss(1 + 3*n)
	}
	s.drawAccess()
	s.run()
	for range rapid.IntRange(3, 14).Draw(t, "days") {
		s.day()
	}
}

// drawAccess has RingEX decide about access, or not.
func (s *siege) drawAccess() {
	switch s.draw(4, "access") {
	case 0:
		s.Policy.RequireRingEX = true
	case 1:
		s.Policy.Access = sync.Access{Rule: sync.AccessPermission, Name: "WEM"}
		var ids []string
		for n := 1; n <= s.next+40; n++ {
			ids = append(ids, fmt.Sprintf("7%03d", n))
		}
		s.role("1", "Agents", []string{"WEM"}, ids...)
	}
}

func (s *siege) draw(n int, what string) int { return rapid.IntRange(0, n-1).Draw(s.t, what) }

func (s *siege) hire(place string, n int) {
	for i := s.next; i < s.next+n; i++ {
		id := fmt.Sprintf("%03d", i+1)
		options := []option{rc("7" + id)}
		if s.Policy.Access.Rule != sync.AccessPermission && s.draw(8, "no rcUserId") == 0 {
			options = nil
		}
		s.agent(place, "5"+id, "P"+id+" Roy", options...)
		s.extension("7"+id, "P"+id+" Roy", number(id))
	}
	s.next += n
}

// day is what happens, a full run while lists fail, and what operators do then.
func (s *siege) day() {
	for range s.draw(3, "things") {
		s.happen()
	}
	s.later(time.Duration([]int{1, 5, 21, 24, 25, 26, 72, 240}[s.draw(8, "hours")]) * time.Hour)
	restore, extensions := s.lists(), slices.Clone(s.Snapshot.Extensions)
	roles, assigned := s.Snapshot.Roles, s.Snapshot.Assigned
	switch s.draw(4, "outage") {
	case 0:
		s.outages = append(s.outages, s.fail())
	case 1:
		s.outages = nil
	}
	for _, lose := range s.outages {
		lose()
	}
	n := len(s.Snapshot.Admins)
	for range s.Snapshot.Agents {
		n++
	}
	if n > 0 {
		if s.draw(5, "one person") == 0 && len(s.members) > 0 {
			s.alone(s.members[s.draw(len(s.members), "whom")])
		}
		s.run()
	}
	restore()
	s.Snapshot.Extensions, s.Snapshot.Roles, s.Snapshot.Assigned = extensions, roles, assigned
	for range s.draw(3, "operator") {
		s.operate()
	}
}

func (s *siege) run() {
	before := s.members
	plan := s.today(s.t)
	s.done = append(s.done, doneBy(plan, s.members))
	s.check(before)
}

// alone syncs one person.
func (s *siege) alone(m *sync.Member) {
	before := s.members
	in := s.Input
	in.State = s.state()
	in.Members, in.Only = s.stream, fmt.Sprint(m.ID)
	plan, err := plan.Make(in)
	if err != nil {
		return
	}
	s.end(&sync.Commit{Plan: plan}, sync.Manual)
	s.done = append(s.done, doneBy(plan, s.members))
	s.check(before)
}

// check is the law.
func (s *siege) check(before []*sync.Member) {
	s.t.Helper()
	for _, was := range before {
		m := s.member(was.ID)
		if s.touched[m.ID] || !was.Managed || !was.Linked {
			continue
		}
		if was.Status == sync.Active && m.Status != sync.Active {
			s.t.Errorf("%s: member %d (%s) left as %s", s.Now, m.ID, m.Profile.Name(), m.DeactivationReason)
		}
		if sync.RoleRank[m.Profile[sync.Role]] < sync.RoleRank[was.Profile[sync.Role]] && was.Profile[sync.Role] == was.Synced.Profile[sync.Role] {
			s.t.Errorf("%s: member %d (%s) was %s and is %s", s.Now, m.ID, m.Profile.Name(), was.Profile[sync.Role], m.Profile[sync.Role])
		}
	}
}

func (s *siege) places() (all []string) {
	for _, sub := range s.Snapshot.SubAccounts {
		for _, g := range sub.Groups {
			if len(g.Agents) > 0 {
				all = append(all, sub.ID+"/"+g.ID)
			}
		}
	}
	return all
}

// happen is something that becomes of the company. Groups stay large enough for R22 to judge.
func (s *siege) happen() {
	places := s.places()
	place := places[s.draw(len(places), "place")]
	g := s.group(place)
	switch s.draw(7, "what happens") {
	case 0:
		s.hire(place, 1+s.draw(5, "hired"))
	case 1: // some move, or all: then the group is gone
		to := places[s.draw(len(places), "to")]
		if s.draw(3, "new") == 0 {
			to = fmt.Sprintf("%d/%d", 1+s.draw(2, "sub"), 60+s.draw(3, "group"))
		}
		n := []int{1, 2, len(g.Agents)}[s.draw(3, "movers")]
		if to == place || len(g.Agents)-n < 5 && len(g.Agents) != n {
			return
		}
		moving := slices.Clone(g.Agents[:n])
		g.Agents = slices.Clone(g.Agents[n:])
		if t := s.group(to); len(t.Agents)+n >= 5 {
			t.Agents = append(slices.Clip(t.Agents), moving...)
		} else {
			s.group(place).Agents = append(moving, s.group(place).Agents...)
		}
		if n > 2 && len(s.group(place).Agents) == 0 {
			sub, id, _ := strings.Cut(place, "/")
			s.unlist(sub, id)
		}
	case 2:
		g.Agents = slices.Clone(g.Agents)
		g.Agents[0].ID = "9" + g.Agents[0].ID[1:] + fmt.Sprint(s.draw(9, "anew"))
	case 3: // a second record
		to := places[s.draw(len(places), "second")]
		a := g.Agents[s.draw(len(g.Agents), "who")]
		if s.nowhere("6" + a.ID[1:]) {
			a.ID = "6" + a.ID[1:]
			s.group(to).Agents = append(slices.Clip(s.group(to).Agents), a)
		}
	case 4:
		g.Name += "!"
	case 5:
		g.Agents = slices.Clone(g.Agents)
		if g.Agents[0].RCUserID == "" {
			return // who gets another id, too, is nobody known
		}
		g.Agents[0].LastName = []string{"Roy", "King"}[s.draw(2, "name")]
	case 6:
		if !s.Policy.RequireRingEX {
			i := 1 + s.draw(len(s.Snapshot.Extensions)-1, "extension")
			e := &s.Snapshot.Extensions[i]
			e.Status = map[string]string{"Enabled": "Unassigned", "Unassigned": "Enabled"}[e.Status]
		}
	}
}

func (s *siege) nowhere(id string) bool {
	for r := range s.Snapshot.Agents {
		if r.ID == id {
			return false
		}
	}
	return true
}

// fail draws a list that loses most of its people.
func (s *siege) fail() func() {
	places := s.places()
	place, keep := places[s.draw(len(places), "failing")], s.draw(2, "rows")
	sub, id, _ := strings.Cut(place, "/")
	kind := s.draw(8, "what fails")
	return func() {
		there := slices.ContainsFunc(s.Snapshot.SubAccounts, func(x sync.SubAccount) bool {
			return x.ID == sub && slices.ContainsFunc(x.Groups, func(g sync.Group) bool { return g.ID == id && len(g.Agents) >= 5 })
		})
		switch {
		case kind == 0 && len(s.Snapshot.Admins) >= 2:
			if left := s.Snapshot.Admins[:min(keep, len(s.Snapshot.Admins)-2)]; s.losesTwo(left) {
				s.Snapshot.Admins = left
			}
		case kind == 1:
			s.Snapshot.Extensions = s.Snapshot.Extensions[:1+min(keep, len(s.Snapshot.Extensions)-1)]
		case kind == 2 && s.Snapshot.Assigned != nil:
			s.Snapshot.Assigned = map[string][]string{"7001": {"1"}}
		case !there:
		case kind == 3:
			s.unlist(sub, id)
		case kind == 4:
			s.shorten(place, keep)
		case kind == 5:
			g := s.group(place)
			g.Agents = slices.Clone(g.Agents)
			for i := range g.Agents {
				g.Agents[i].Active = i < keep
			}
		case kind == 6:
			s.sub(sub).Groups = nil
		case kind == 7:
			s.Snapshot.SubAccounts = slices.DeleteFunc(slices.Clone(s.Snapshot.SubAccounts), func(x sync.SubAccount) bool { return x.ID == sub })
		}
	}
}

// losesTwo says whether an administrators list lacks two whom the guard looks at: who is
// detached is none (R22).
func (s *siege) losesTwo(left []sync.Admin) bool {
	lost := 0
	for _, m := range s.members {
		if m.Managed && m.Linked && m.Status == sync.Active && len(m.AdminIDs) > 0 && !slices.ContainsFunc(left, func(a sync.Admin) bool { return slices.Contains(m.AdminIDs, a.UserID) }) {
			lost++
		}
	}
	return lost >= 2
}

// edited carries out an edit, unless it is refused.
func (s *siege) edited(by sync.Trigger, edit sync.Edit) {
	plan, settled, err := edit(s.state(), slices.Values(s.members))
	if err != nil {
		return
	}
	s.end(&sync.Commit{Plan: plan, Settled: settled}, by)
	s.done = append(s.done, doneBy(plan, s.members))
}

// operate is something that an operator does to somebody, or to the settings.
func (s *siege) operate() {
	if len(s.members) == 0 {
		return
	}
	m := s.members[s.draw(len(s.members), "member")]
	choose := func(h *sync.HeldChange) bool { return s.draw(3, "chosen") > 0 }
	switch s.draw(15, "operator") {
	case 0, 1:
		if !m.Managed || s.isOneOfMany(m) {
			s.edited(sync.ByHand, edit.Manage(m.ID, !m.Managed))
		}
	case 2:
		s.reject(s.t, s.lastRun, choose)
	case 3:
		s.clearing(s.t, choose)
	case 4:
		if m.RCUserID != "" {
			s.edited(sync.ByHand, edit.LinkTo(m.ID, "rc:"+m.RCUserID))
		}
	case 5:
		if len(m.Logins) > 0 {
			l := m.Logins[s.draw(len(m.Logins), "login")]
			s.edited(sync.ByHand, edit.LinkTo(m.ID, "agent:"+l.SubAccountID+"/"+l.AgentID))
		}
	case 6:
		s.edited(sync.ByHand, edit.PinField(m.ID, sync.Pin{Field: sync.Role, Value: sync.RoleSupervisor}))
	case 7:
		s.edited(sync.ByHand, edit.Unpin(m.ID, sync.Role))
	case 8:
		if n := len(s.done); n > 0 {
			done := s.done[max(0, n-1-s.draw(6, "undone"))]
			for _, d := range done {
				if d.Kind == sync.Onboard || d.Kind == sync.Reactivate {
					s.touched[d.Member] = true
				}
			}
			s.edited(sync.Undoing, edit.Undo(done, nil, s.draw(2, "force") == 0))
		}
	case 9:
		s.Policy.Protect = [][]sync.Match{nil, {{AgentGroup: "1?"}}, {{Email: "p00*"}}}[s.draw(3, "protect")]
	case 10:
		excluded := s.draw(3, "excluded")
		s.scopeOut(fmt.Sprint(excluded), [][]string{nil, {"p00?@*"}, {"p01?@*"}}[excluded]...)
	case 11:
		s.Policy.Deactivate = s.draw(3, "deactivate") > 0
		s.Policy.GraceDays = 2 * s.draw(2, "grace")
	case 12:
		if s.isOneOfMany(m) {
			s.touched[m.ID] = true
			s.edited(sync.ByHand, edit.Forget(m.ID))
		}
	case 13: // whoever is approved is no accident any more
		if s.isOneOfMany(m) {
			before := s.members
			s.approve(s.t, s.lastRun, func(h *sync.HeldChange) bool {
				s.touched[m.ID] = s.touched[m.ID] || h.Member == m.ID
				return h.Member == m.ID
			})
			s.check(before)
		}
	case 14:
		s.later(-time.Duration(s.draw(48, "set back")) * time.Hour)
	}
}

// isOneOfMany says whether the lists of a member are judged as before without them.
func (s *siege) isOneOfMany(m *sync.Member) bool {
	mates := func(on func(*sync.Member) bool) (n int) {
		for _, x := range s.members {
			if x.Managed && x.Linked && x.Status == sync.Active && x.ID != m.ID && on(x) {
				n++
			}
		}
		return n
	}
	if len(m.AdminIDs) > 0 && mates(func(x *sync.Member) bool { return len(x.AdminIDs) > 0 }) < 2 {
		return false
	}
	for _, l := range m.Logins {
		if mates(func(x *sync.Member) bool {
			return slices.ContainsFunc(x.Logins, func(y sync.Login) bool {
				return y.Active && y.SubAccountID == l.SubAccountID && y.AgentGroupID == l.AgentGroupID
			})
		}) < 4 {
			return false
		}
	}
	return true
}
