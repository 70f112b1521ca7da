package reconcile_test

import (
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"ringroster/sync"
)

// For every list and every subset of its records that is lost, nobody whose place hung on it
// leaves, or loses a login or a role, unless the loss is below the thresholds of R22. The
// limits hold nobody here.
func TestLawLostRecords(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w, where := drawnCompany(t)
		list := rapid.SampledFrom(where).Draw(t, "list")
		was, left := w.loseSome(t, list)
		lost := was - left
		distrusted := lost >= 2 && left == 0 || lost >= 3 && left <= lost || list == "administrators" && lost >= 2 && lost*10 >= was
		before := map[int64]*sync.Member{}
		for _, m := range w.members {
			before[m.ID] = m
		}
		for range rapid.IntRange(1, 4).Draw(t, "days") {
			plan := w.today(t)
			if !distrusted {
				return
			}
			if plan.Held == nil {
				t.Fatalf("%d of %d lost from %s, and nothing is held", lost, was, list)
			}
			for _, m := range w.members {
				mustKeepPlace(t, before[m.ID], m)
			}
			w.tomorrow()
		}
	})
}

func mustKeepPlace(t *rapid.T, was, is *sync.Member) {
	t.Helper()
	if is.Status != sync.Active || is.Profile[sync.Role] != was.Profile[sync.Role] {
		t.Errorf("member %d is %s, %s, and was %s", is.ID, is.Status, is.Profile[sync.Role], was.Profile[sync.Role])
	}
	for i := range was.Logins {
		if !slices.ContainsFunc(is.Logins, func(l sync.Login) bool { return l.Key() == was.Logins[i].Key() && l.Active == was.Logins[i].Active }) {
			t.Errorf("member %d lost login %s", is.ID, was.Logins[i].Key())
		}
	}
}

// drawnCompany is a company after two days, in which some have a second record or administer,
// and the lists that it has.
func drawnCompany(t *rapid.T) (w *world, lists []string) {
	w = newWorld()
	next := 0
	for g := range rapid.IntRange(2, 6).Draw(t, "groups") {
		place := fmt.Sprintf("%d/%d", 1+g%2, 10+g)
		size := rapid.IntRange(1, 14).Draw(t, "size")
		w.team(place, next, size)
		next += size
		lists = append(lists, place)
	}
	for n := 1; n <= next; n++ {
		switch rapid.IntRange(0, 9).Draw(t, "besides") {
		case 0:
			w.boss(n)
		case 1:
			place := rapid.SampledFrom(lists).Draw(t, "second place")
			id := fmt.Sprintf("%03d", n)
			w.agent(place, "8"+id, "P"+id+" Roy", rc("7"+id))
		}
	}
	if len(w.Snapshot.Admins) > 0 {
		lists = append(lists, "administrators")
	}
	lists = append(lists, "1/", "2/") // sub-accounts
	w.today(t)
	w.tomorrow().today(t)
	w.tomorrow()
	return w, lists
}

// loseSome takes a subset of the records of a list away, and says how many people were on the
// list and are left.
func (w *world) loseSome(t *rapid.T, list string) (was, left int) {
	percent := rapid.SampledFrom([]int{100, 90, 70, 50, 30}).Draw(t, "percent")
	lose := func() bool { return rapid.IntRange(1, 100).Draw(t, "lost") <= percent }
	if list == "administrators" {
		was = len(w.Snapshot.Admins)
		w.Snapshot.Admins = slices.DeleteFunc(slices.Clone(w.Snapshot.Admins), func(sync.Admin) bool { return lose() })
		return was, len(w.Snapshot.Admins)
	}
	people, there := map[string]bool{}, map[string]bool{}
	how := rapid.SampledFrom([]string{"rows are missing", "isActive is false"}).Draw(t, "how")
	for i := range w.Snapshot.SubAccounts {
		s := &w.Snapshot.SubAccounts[i]
		for j := range s.Groups {
			g := &s.Groups[j]
			if list != s.ID+"/" && list != s.ID+"/"+g.ID {
				continue
			}
			var agents []sync.Agent
			for _, a := range g.Agents {
				people[a.RCUserID] = true
				gone := lose()
				if !gone {
					there[a.RCUserID] = true
				}
				if a.Active = !gone; !gone || how == "isActive is false" {
					agents = append(agents, a)
				}
			}
			g.Agents = agents
		}
	}
	return len(people), len(there)
}
