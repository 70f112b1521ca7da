package reconcile_test

import (
	"slices"
	"strings"
	"testing"

	"ringroster/sync"
)

// Under the role rules whoever has an extension and no agent record belongs (R9). A list
// that lost records makes such people of agents.
func TestR9NobodyComesInForWantOfALostRecord(t *testing.T) {
	off := func(w *world) {
		w.agent("1/10", "5301", "Dee Fox", rc("7301"), inactive)
		w.extension("7301", "Dee Fox")
	}
	joins := func(w *world) {
		w.agent("1/10", "5301", "Dee Fox", rc("7301"))
		w.extension("7301", "Dee Fox")
		everybodyHolds(w)
	}
	plain := func(w *world) { w.extension("7301", "Dee Fox"); everybodyHolds(w) }
	for _, c := range []struct {
		name         string
		before, then func(*world)
		list         int // so many of the group's twelve and more are still listed
		want, healed []string
	}{
		{"their record says that they are inactive", off, nil, 0, []string{"note rc:7301 record_unproved"}, []string{"note rc:7301 no_access"}},
		{"it is one of the rows that are missing", off, nil, 3, []string{"note rc:7301 record_unproved"}, []string{"note rc:7301 no_access"}},
		{"it is new: it says what their logins and their username are", nil, joins, 0, []string{"note rc:7301 record_unproved"}, []string{"onboard rc:7301 new"}},
		{"they never had one: nobody knows that today", nil, plain, 0, []string{"note rc:7301 record_unproved"}, []string{"onboard rc:7301 new"}},
		{"nothing is lost: they have none", nil, plain, 12, []string{"onboard rc:7301 new"}, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := seventeen(t, usualLimits, func(w *world) {
				if c.before != nil {
					c.before(w)
				}
				everybodyHolds(w)
			})
			if c.then != nil {
				c.then(w)
			}
			heal := w.lists()
			w.shorten("1/10", c.list)
			same(t, about(w.today(t), "rc:7301"), c.want)
			w.mustStay(t)
			heal()
			same(t, about(w.tomorrow().today(t), "rc:7301"), c.healed)
		})
	}
}

// A former agent does not come back because the list that says they are one is lost; whoever
// never was an agent comes back whatever that list lost.
func TestR9NobodyComesBackForWantOfALostRecord(t *testing.T) {
	t.Run("they were an agent", func(t *testing.T) {
		w := seventeen(t, usualLimits, func(w *world) {
			w.agent("1/10", "5301", "Dee Fox", rc("7301"))
			w.extension("7301", "Dee Fox")
			everybodyHolds(w)
		})
		w.group("1/10").Agents[12].Active = false
		same(t, lines(w.today(t)), []string{"deactivate 205 rc:7301 access_revoked", "note 205 rc:7301 no_access"})
		w.shorten("1/10", 0)
		same(t, about(w.tomorrow().today(t), "rc:7301"), []string{"note 205 rc:7301 record_unproved"})
	})
	t.Run("they never were", func(t *testing.T) {
		w := seventeen(t, usualLimits, func(w *world) {
			w.extension("7301", "Dee Fox")
			everybodyHolds(w)
		})
		w.Snapshot.Assigned["7301"] = nil
		same(t, lines(w.today(t)), []string{"deactivate 205 access_revoked"})
		w.Snapshot.Assigned["7301"] = []string{"1"}
		w.shorten("1/10", 0)
		same(t, about(w.tomorrow().today(t), "rc:7301"), []string{"reactivate 205 rc:7301 returned"})
	})
}

// everybodyHolds has a permission decide who belongs, and gives it to all but the owner.
func everybodyHolds(w *world) {
	w.Policy.Access = sync.Access{Rule: sync.AccessPermission, Name: "WFM"}
	w.Snapshot.Roles, w.Snapshot.Assigned = nil, nil
	var all []string
	for i := range w.Snapshot.Extensions {
		all = append(all, w.Snapshot.Extensions[i].ID)
	}
	w.role("1", "WFM User", []string{"WFM"}, all[1:]...)
}

// about are the lines of a plan that name a person.
func about(plan *sync.Plan, person string) (all []string) {
	for _, line := range lines(plan) {
		if slices.Contains(strings.Fields(line), person) {
			all = append(all, line)
		}
	}
	return all
}

// A group says of all its people that they are inactive, and of an administrator's record
// without an rcUserId neither name nor e-mail: it is theirs by its id (R5), and is put back.
func TestAccidentALostRecordThatIsTheirsByItsIDAlone(t *testing.T) {
	w := seventeen(t, usualLimits, func(w *world) {
		w.boss(4)
		w.group("1/10").Agents[3].RCUserID = ""
	})
	g := w.group("1/10")
	g.Agents = slices.Clone(g.Agents)
	for i := range g.Agents {
		g.Agents[i].Active = false
	}
	a := &g.Agents[3]
	a.FirstName, a.LastName, a.Email = "", "", ""
	for _, m := range w.members {
		if m.RCUserID == "7004" {
			for range 3 {
				w.today(t)
				same(t, w.active(m.ID), []string{"1/5004"})
				w.tomorrow()
			}
		}
	}
}
