package reconcile_test

import (
	"slices"
	"testing"

	"ringroster/sync"
)

// What one look alone says takes nobody away (R2).
func TestAccidentOneReadingIsNotEnough(t *testing.T) {
	rings := func(w *world) { w.Policy.RequireRingEX = true; staff(w) }
	holders := func(w *world) {
		staff(w)
		w.extension("8001", "Zoe Fox") // without any record (R9)
		w.Policy.Access = sync.Access{Rule: sync.AccessPermission, Name: "WFM"}
		var all []string
		for i := range w.Snapshot.Extensions {
			all = append(all, w.Snapshot.Extensions[i].ID)
		}
		w.role("1", "WFM User", []string{"WFM"}, all[1:]...)
	}
	for _, c := range []struct {
		name          string
		before        func(*world)
		first, second func(*world) // what each look shows otherwise
		want          []string     // lines of the plan
	}{
		{"require_ringex: an extension is missing from one reading", rings, func(w *world) { w.dropExtensions(5) }, nil, nil},
		{"… of somebody whom RingCX did not list either, at first", rings, func(w *world) { w.dropExtensions(5); w.drop(5) }, nil, nil},
		{"… from the second as well: they leave", rings, func(w *world) { w.dropExtensions(5) }, func(w *world) { w.dropExtensions(5) }, []string{"deactivate 5 rc:7005 no_extension", "note 5 rc:7005 no_extension"}},
		{"role_permission: an assignment is missing from one reading", holders, func(w *world) { delete(w.Snapshot.Assigned, "7005") }, nil, nil},
		{"role_permission: an extension is missing from one reading", holders, func(w *world) { w.dropExtensions(5) }, nil, nil},
		{"… of somebody who has no other record", holders, func(w *world) { w.Snapshot.Extensions = w.Snapshot.Extensions[:len(w.Snapshot.Extensions)-1] }, nil, nil},
		{"an extension is disabled in the first look alone", staff, disable(5), nil, nil},
		{"… and not there at the second: their agent record is", staff, disable(5), func(w *world) { w.dropExtensions(5) }, []string{"note 5 rc:7005 extension_missing"}},
		{"… in the second look alone", staff, func(w *world) { w.drop(9) }, disable(5), nil},
		{"… in both: they leave", staff, disable(5), disable(5), []string{"deactivate 5 rc:7005 ringex_disabled", "note 5 rc:7005 ringex_disabled"}},
		{"isActive is false in the first look alone", staff, switchOff(5), nil, nil},
		{"… in the second look alone", staff, func(w *world) { w.drop(9) }, switchOff(5), nil},
		{"a role is lost in the first look alone", func(w *world) { staff(w); w.boss(1, 2) }, func(w *world) { w.Snapshot.Admins = w.Snapshot.Admins[:1] }, nil, nil},
		{"a login is lost in the first look alone", func(w *world) { staff(w); w.agent("1/11", "9005", "P005 Roy", rc("7005")) }, func(w *world) {
			w.shorten("1/11", 12)
		}, nil, nil},
		{"a group that is empty at first, and lacks two at the second look: the first look is judged alone", staff, func(w *world) { w.shorten("1/10", 0) }, func(w *world) { w.shorten("1/10", 10) }, []string{
			"hold list_emptied", "held deactivate 11 access_revoked", "held deactivate 12 access_revoked",
		}},
		{"… and the other way round", staff, func(w *world) { w.shorten("1/10", 10) }, func(w *world) { w.shorten("1/10", 0) }, []string{
			"hold list_emptied", "held deactivate 11 access_revoked", "held deactivate 12 access_revoked",
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := newSite(t, func(w *world) { c.before(w) })
			look := func(then func(*world)) func(*world) {
				return func(w *world) {
					c.before(w)
					if then != nil {
						then(w)
					}
				}
			}
			d := s.reports("acme", look(c.first))
			d.second = s.worldOf(look(c.second))
			plan := s.sync(t, "acme")[0].Plan
			if d.looks == 0 {
				t.Error("no second look")
			}
			same(t, lines(plan), c.want)
		})
	}
}

func disable(n int) func(*world) {
	return func(w *world) { w.Snapshot.Extensions[n].Status = "Disabled" } // the owner's is the first
}

func switchOff(n int) func(*world) {
	return func(w *world) {
		g := w.group("1/10")
		g.Agents = slices.Clone(g.Agents)
		g.Agents[n-1].Active = false
	}
}

// What a second look shows for the first time is looked at twice itself.
func TestR2WhatTheSecondLookUncovers(t *testing.T) {
	before := func(w *world) { w.Policy.RequireRingEX = true; staff(w) }
	s := newSite(t, before)
	d := s.reports("acme", func(w *world) {
		before(w)
		w.drop(9) // a reason to look again
		w.dropExtensions(5)
		w.group("1/10").Agents[4].Faulty = "cut short" // so that they are in conflict, and nobody asks
	})
	d.second = s.worldOf(before)
	s.sync(t, "acme")
	if m := s.member("acme", 5); m.Status != sync.Active {
		t.Error("member 5 left on one reading of their extension")
	}
}

// What RingCX says of somebody at the second look alone takes nobody away either: it is looked
// at twice itself (R2).
func TestR2WhatTheSecondLookAloneSays(t *testing.T) {
	lead := func(w *world) { staff(w); w.group("1/10").Agents[4].Type = "SUPERVISOR" }
	someoneLeaves := func(w *world) { lead(w); w.drop(9) } // a reason to look again
	edit := func(change func(*sync.Agent)) func(*world) {
		return func(w *world) {
			someoneLeaves(w)
			g := w.group("1/10")
			g.Agents = slices.Clone(g.Agents)
			change(&g.Agents[4])
		}
	}
	damaged := edit(func(a *sync.Agent) { a.Faulty, a.Active = "it has no isActive", false })
	for _, c := range []struct {
		name          string
		policy        func(*sync.Policy)
		first, second func(*world)
		stays         func(*sync.Member) bool
	}{
		{"inactive, of whom nothing could be read at first", nil, damaged, edit(func(a *sync.Agent) { a.Active = false }), func(m *sync.Member) bool { return m.Status == sync.Active }},
		{"a lower role", nil, someoneLeaves, edit(func(a *sync.Agent) { a.Type = "AGENT" }), func(m *sync.Member) bool { return m.Profile[sync.Role] == sync.RoleSupervisor }},
		{
			"another e-mail, which the scope leaves out", func(p *sync.Policy) { p.Scope.Exclude = []sync.Match{{Email: "*@example.org"}} }, someoneLeaves,
			edit(func(a *sync.Agent) { a.Email = "p005@example.org" }), func(m *sync.Member) bool { return m.Status == sync.Active },
		},
		{
			"nothing, of a record whose id could not be read at first, as another's cannot then", nil,
			edit(func(a *sync.Agent) { a.ID, a.RCUserID, a.Faulty, a.Active = "", "", "it has no agentId", true }),
			func(w *world) {
				someoneLeaves(w)
				w.drop(5)
				w.group("1/12").Agents[0] = sync.Agent{Email: "p025@example.com", Faulty: "it has no agentId", Active: true}
			}, func(m *sync.Member) bool { return m.Status == sync.Active },
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			company := withPolicy(c.policy)
			s := newSite(t, company(lead))
			d := s.reports("acme", company(c.first))
			d.second, d.third = s.worldOf(company(c.second)), s.worldOf(company(someoneLeaves))
			if err := s.sync(t, "acme")[0].Err; err != nil {
				t.Fatal(err)
			}
			if m := s.member("acme", 5); !c.stays(m) {
				t.Errorf("member 5 is %s, %s", m.Status, m.Profile[sync.Role])
			}
		})
	}
}

// What one reading of the extensions says of whoever leaves by it takes nobody away (R2): of the
// people of a dissolved group that they have gone, or what leaves somebody out of scope.
func TestR2WhatExtensionsSayIsReadTwice(t *testing.T) {
	numbered := func(w *world) {
		staff(w)
		for i := range w.Snapshot.Extensions {
			w.Snapshot.Extensions[i].Number, w.Snapshot.Extensions[i].Department = w.Snapshot.Extensions[i].ID, "Sales"
		}
	}
	dissolved := func(w *world) {
		numbered(w)
		g := w.group("1/10")
		w.group("1/11").Agents = slices.Concat(w.group("1/11").Agents, g.Agents[3:])
		g.Agents = nil
	}
	support := func(n int) func(*world) {
		return func(w *world) { numbered(w); w.Snapshot.Extensions[n].Department = "Support" }
	}
	inSales := func(p *sync.Policy) { p.Scope.Include = []sync.Match{{Department: "Sales"}} }
	for _, c := range []struct {
		name          string
		policy        func(*sync.Policy)
		first, second func(*world)
		want          []int64 // inactive then
	}{
		{"a group is dissolved, and RingEX has none of three: they left with that", nil, lacking(dissolved, 1, 2, 3), lacking(dissolved, 1, 2, 3), from(1, 3)},
		{"… or in one reading alone", nil, lacking(dissolved, 1, 2, 3), dissolved, nil},
		{"a department that is out of scope", inSales, support(5), support(5), from(5, 5)},
		{"… in one reading alone", inSales, support(5), numbered, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			company := withPolicy(c.policy)
			s := newSite(t, company(numbered))
			s.sync(t, "acme")
			d := s.reports("acme", company(c.first))
			d.second = s.worldOf(company(c.second))
			if err := s.sync(t, "acme")[0].Err; err != nil {
				t.Fatal(err)
			}
			w := world{members: s.roster.members["acme"]}
			same(t, w.inactive(), c.want)
		})
	}
}

func lacking(then func(*world), extensions ...int) func(*world) {
	return func(w *world) { then(w); w.dropExtensions(extensions...) }
}

// A day on which nobody leaves takes no second look, and one on which agents move or are
// promoted neither.
func TestR2OrdinaryDaysAreReadOnce(t *testing.T) {
	for name, then := range map[string]func(*world){
		"nothing":       func(*world) {},
		"newcomers":     func(w *world) { w.team("1/10", 300, 3) },
		"renamed":       func(w *world) { w.group("1/10").Agents[3].LastName = "Fox" },
		"promoted":      func(w *world) { w.group("1/10").Agents[3].Type = "SUPERVISOR" },
		"administrator": func(w *world) { w.boss(4) },
		"moved":         func(w *world) { w.drop(4); w.agent("1/11", "5004", "P004 Roy", rc("7004")) },
	} {
		t.Run(name, func(t *testing.T) {
			s := newSite(t, staff)
			d := s.reports("acme", func(w *world) { staff(w); then(w) })
			if s.sync(t, "acme"); d.looks != 0 {
				t.Errorf("%d second looks at %+v", d.looks, d.look)
			}
		})
	}
}
