package sync

import (
	"slices"
	"testing"
)

// What one look alone says takes nobody away (R2).
func TestAccidentOneReadingIsNotEnough(t *testing.T) {
	rings := func(w *world) { w.Policy.RequireRingEX = true; staff(w) }
	holders := func(w *world) {
		staff(w)
		w.extension("8001", "Zoe Fox") // without any record (R9)
		w.Policy.Access = Access{AccessPermission, "WFM"}
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
	if m := s.member("acme", 5); m.Status != Active {
		t.Error("member 5 left on one reading of their extension")
	}
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
