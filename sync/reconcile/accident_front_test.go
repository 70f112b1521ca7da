package reconcile_test

import (
	"slices"
	"testing"

	"ringroster/sync"
)

// A record that one look alone shows stands in front of somebody's others: it takes no role, and
// by its e-mail no place (R2, R10, R11).
func TestR2ARecordInFrontInOneLookAlone(t *testing.T) {
	lead := func(w *world) { staff(w); w.group("1/12").Agents[4].Type = "SUPERVISOR" }
	someoneLeaves := func(w *world) { lead(w); w.drop(9) } // a reason to look again
	front := func(email string) func(*world) {
		return func(w *world) {
			someoneLeaves(w)
			g := w.group("1/10")
			g.Agents = append([]sync.Agent{{ID: "6029", RCUserID: "7029", FirstName: "P029", LastName: "Roy", Email: email, Type: "AGENT", Active: true}}, g.Agents...)
		}
	}
	lower, elsewhere := front("p029@example.com"), front("p029@example.org")
	ours := func(p *sync.Policy) { p.Scope.Exclude = []sync.Match{{Email: "*@example.org"}} }
	demoted := func(m *sync.Member) bool { return m.Profile[sync.Role] == sync.RoleAgent }
	gone := func(m *sync.Member) bool { return m.Status == sync.Inactive }
	for _, c := range []struct {
		name                 string
		policy               func(*sync.Policy)
		first, second, third func(*world)
		is                   func(*sync.Member) bool
		want                 bool
	}{
		{"a lower role, at the first look", nil, lower, someoneLeaves, someoneLeaves, demoted, false},
		{"… at the second", nil, someoneLeaves, lower, someoneLeaves, demoted, false},
		{"… from the second on", nil, someoneLeaves, lower, lower, demoted, true},
		{"… at every look", nil, lower, lower, lower, demoted, true},
		{"an e-mail that is out of scope, at the first look", ours, elsewhere, someoneLeaves, someoneLeaves, gone, false},
		{"… at the second", ours, someoneLeaves, elsewhere, someoneLeaves, gone, false},
		{"… from the second on", ours, someoneLeaves, elsewhere, elsewhere, gone, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			company := withPolicy(c.policy)
			s := newSite(t, company(lead))
			d := s.reports("acme", company(c.first))
			d.second, d.third = s.worldOf(company(c.second)), s.worldOf(company(c.third))
			if err := s.sync(t, "acme")[0].Err; err != nil {
				t.Fatal(err)
			}
			if m := s.member("acme", 29); c.is(m) != c.want {
				t.Errorf("member 29 is %s, %s", m.Status, m.Profile[sync.Role])
			}
		})
	}
}

// Their places keep their order where one look lacks some of them: whose record stands first is
// no matter of which look showed it (R3).
func TestR3TheOrderOfPlacesOutlivesALook(t *testing.T) {
	lead := func(w *world) {
		staff(w)
		w.group("1/10").Agents[4].Type = "SUPERVISOR"
		w.agent("1/12", "6005", "P005 Roy", rc("7005"))
		w.agent("2/30", "6006", "P005 Roy", rc("7005"))
	}
	someoneLeaves := func(w *world) { lead(w); w.drop(29) }
	for name, lacks := range map[string]func(*world){
		"agent group": func(w *world) { someoneLeaves(w); w.unlist("1", "10") },
		"sub-account": func(w *world) { someoneLeaves(w); w.Snapshot.SubAccounts = w.Snapshot.SubAccounts[1:] },
		"record": func(w *world) {
			someoneLeaves(w)
			g := w.group("1/10")
			g.Agents = slices.Delete(slices.Clone(g.Agents), 4, 5)
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSite(t, lead)
			d := s.reports("acme", someoneLeaves)
			d.second, d.third = s.worldOf(lacks), s.worldOf(lacks)
			if err := s.sync(t, "acme")[0].Err; err != nil {
				t.Fatal(err)
			}
			if m := s.member("acme", 5); m.Profile[sync.Role] != sync.RoleSupervisor {
				t.Errorf("member 5 is %s", m.Profile[sync.Role])
			}
		})
	}
}
