package reconcile_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"ringroster/sync"
	"ringroster/sync/reconcile"
)

// looks is a siege in which every run looks twice, and either look may show of some people
// what is not so, of no person both.
type looks struct {
	siege
	fooled map[string]int // by rcUserId, or agent id: which look showed something wrong of them
}

// Nobody leaves, or loses a role or a login, by what one look alone says (R2).
func TestLawOneLookTakesNobody(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		l := &looks{siege: siege{world: newWorld(), t: t, touched: map[int64]bool{}}}
		l.Policy.Limits = rapid.SampledFrom([]sync.Limits{noLimits, usualLimits, laxLimits}).Draw(t, "limits")
		for g := range rapid.IntRange(2, 4).Draw(t, "groups") {
			l.hire(fmt.Sprintf("%d/%d", 1+g%2, 10+g), rapid.IntRange(5, 9).Draw(t, "size"))
		}
		for n := range rapid.IntRange(0, 4).Draw(t, "administrators") {
			l.boss(1 + 3*n)
		}
		for r := range l.Snapshot.Agents {
			r.Type = []string{"AGENT", "SUPERVISOR"}[l.draw(2, "type")]
		}
		l.drawAccess()
		l.looksAt(l.Snapshot, l.Snapshot)
		for range rapid.IntRange(1, 5).Draw(t, "days") {
			l.later(time.Duration([]int{1, 21, 25}[l.draw(3, "hours")]) * time.Hour)
			l.lookTwice()
		}
	})
}

// lookTwice is a run whose looks are both wrong, of different people, and in which a list may
// have failed besides.
func (l *looks) lookTwice() {
	l.fooled = map[string]int{}
	truth := l.Snapshot
	if l.draw(2, "outage") == 0 {
		l.Snapshot = clone(truth)
		l.fail()()
	}
	first, second := clone(l.Snapshot), clone(l.Snapshot)
	for range 1 + l.draw(3, "first") {
		l.fool(first, 1)
	}
	for range l.draw(3, "second") {
		l.fool(second, 2)
	}
	l.looksAt(first, second)
	l.Snapshot = truth
}

// looksAt is a run of the service, of which any further look is right.
func (l *looks) looksAt(first, second *sync.Snapshot) {
	before := l.members
	r := &memory{
		members: map[string][]*sync.Member{"acme": l.members}, books: map[string]*books{"acme": &l.books},
		lastID: l.lastID, lastRun: l.lastRun,
	}
	runner := reconcile.Runner{
		Roster: r, Observer: &log{}, Now: func() time.Time { return l.Now },
		Policy: func(string) sync.Policy { return l.Policy },
		Connect: func(string) (sync.Directory, error) {
			return &fakeDirectory{first: first, second: second, third: l.Snapshot}, nil
		},
	}
	if _, results, err := runner.Sync(l.t.Context(), reconcile.Request{Run: sync.Run{Accounts: []string{"acme"}, Trigger: sync.Scheduled}}); err != nil {
		l.t.Fatal(err)
	} else if results[0].Err != nil && len(before) == 0 {
		l.t.Fatal(results[0].Err)
	}
	l.members, l.lastID, l.lastRun = r.members["acme"], r.lastID, r.lastRun
	l.check(before)
	l.checkLogins(before)
}

// checkLogins is the law for logins.
func (l *looks) checkLogins(before []*sync.Member) {
	for _, was := range before {
		m := l.member(was.ID)
		for i := range was.Logins {
			if was.Logins[i].Active && !slices.ContainsFunc(m.Logins, func(x sync.Login) bool { return x.Active && x.Key() == was.Logins[i].Key() }) {
				l.t.Errorf("%s: member %d (%s) lost login %s", l.Now, m.ID, m.Profile.Name(), was.Logins[i].Key())
			}
		}
	}
}

// may says whether a look may be wrong of somebody.
func (l *looks) may(look int, who string) bool {
	if l.fooled[who] == 0 {
		l.fooled[who] = look
	}
	return l.fooled[who] == look
}

// fool makes a look wrong of some people of one group, or of administrators.
func (l *looks) fool(s *sync.Snapshot, look int) {
	if len(s.SubAccounts) == 0 {
		return
	}
	sub := &s.SubAccounts[l.draw(len(s.SubAccounts), "sub")]
	if len(sub.Groups) == 0 {
		return
	}
	g := &sub.Groups[l.draw(len(sub.Groups), "group")]
	share := 1 + l.draw(3, "share")
	kind := l.draw(16, "wrong")
	var agents []sync.Agent
	for _, a := range g.Agents {
		if l.draw(share, "this one") > 0 || !l.may(look, either(a.RCUserID != "", a.RCUserID, a.ID)) {
			agents = append(agents, a)
			continue
		}
		if a, there := l.wrong(s, a, kind); there {
			agents = append(agents, a)
		}
	}
	g.Agents = agents
	if kind == 11 {
		s.Admins = slices.DeleteFunc(s.Admins, func(a sync.Admin) bool { return l.draw(2, "no admin") == 0 && l.may(look, a.RCUserID) })
	}
	if kind == 12 {
		for i := range s.Admins {
			if a := &s.Admins[i]; l.draw(2, "faulty admin") == 0 && l.may(look, a.RCUserID) {
				a.Faulty = "cut short"
				if l.draw(2, "no id") == 0 {
					a.UserID, a.RCUserID = "", ""
				}
			}
		}
	}
}

func (l *looks) wrong(s *sync.Snapshot, a sync.Agent, kind int) (sync.Agent, bool) {
	extension := func(change func(*sync.Extension)) {
		for i := range s.Extensions {
			if s.Extensions[i].ID == a.RCUserID && a.RCUserID != "" {
				change(&s.Extensions[i])
			}
		}
	}
	switch kind {
	case 0:
		return a, false
	case 1:
		a.Active = false
	case 2:
		a.Faulty = "cut short"
	case 3:
		a.Faulty, a.Active = "cut short", false
	case 4:
		a.Faulty, a.ID, a.RCUserID = "cut short", "", ""
	case 5:
		a.RCUserID = ""
	case 6:
		a.Type = "AGENT"
	case 7:
		a.FirstName, a.LastName, a.Email = "", "", ""
	case 8:
		extension(func(e *sync.Extension) { e.Status = "Disabled" })
	case 9:
		extension(func(e *sync.Extension) { e.Status = "Unassigned" })
	case 10:
		s.Extensions = slices.DeleteFunc(s.Extensions, func(e sync.Extension) bool { return e.ID == a.RCUserID })
	case 13:
		if s.Assigned != nil && a.RCUserID != "7001" {
			delete(s.Assigned, a.RCUserID)
		}
	case 14:
		a.LastName = "King"
	case 15:
		a.Faulty, a.Active, a.Email, a.RCUserID = "cut short", false, "", ""
	}
	return a, true
}
