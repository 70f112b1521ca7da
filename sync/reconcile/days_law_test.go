package reconcile_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"ringroster/sync"
)

// chronicle is a sequence of days that rapid draws: what becomes of a company, what
// RingCentral shows of it, and what operators do. It keeps by itself what the laws need.
type chronicle struct {
	*world
	t    *rapid.T
	next int // number of the next agent

	outage func() // on top of what is true; nil: none

	// By member: shown as held and not approved since they were last seen present; and on
	// which days they were seen present since a rejection.
	shown    map[int64]bool
	rejected map[int64]map[string]bool
}

// The laws of R22, R25 and R26 over days: see mustKeepPromises and mustKeepNumbers.
func TestLawDays(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) { lawDays(t, nil) })
}

func lawDays(t *rapid.T, twin sync.Roster) {
	c := &chronicle{world: newWorld(), t: t, shown: map[int64]bool{}, rejected: map[int64]map[string]bool{}}
	c.tell(t, twin)
	c.Policy.Limits = rapid.SampledFrom([]sync.Limits{noLimits, usualLimits, laxLimits}).Draw(t, "limits")
	for g := range rapid.IntRange(2, 5).Draw(t, "groups") {
		c.hire(fmt.Sprintf("%d/%d", 1+g%2, 10+g), rapid.IntRange(1, 13).Draw(t, "size"))
	}
	c.hire("1/10", 1)
	for range rapid.IntRange(0, 4).Draw(t, "administrators") {
		c.promote()
	}
	c.today(t)
	for range rapid.IntRange(3, 12).Draw(t, "days") {
		c.day()
	}
}

func (c *chronicle) draw(n int, what string) int { return rapid.IntRange(0, n-1).Draw(c.t, what) }

// day is one full run, with what happens before it and after.
func (c *chronicle) day() {
	for range c.draw(3, "things") {
		c.happen()
	}
	if c.draw(3, "by the hour") == 0 {
		c.later(time.Hour)
	} else {
		c.tomorrow()
	}
	restore, extensions := c.lists(), slices.Clone(c.Snapshot.Extensions)
	switch c.draw(4, "outage") {
	case 0:
		c.outage = c.fail()
	case 1:
		c.outage = nil
	}
	if c.outage != nil {
		c.outage()
	}
	if c.people() > 0 { // else the run fails (R1)
		c.full()
		if c.draw(2, "operator") == 0 {
			c.operate()
		}
	}
	restore()
	c.Snapshot.Extensions = extensions
}

func (c *chronicle) people() (n int) {
	for range c.Snapshot.Agents {
		n++
	}
	return n + len(c.Snapshot.Admins)
}

// full is a full run, after which the laws are checked.
func (c *chronicle) full() {
	open, members := c.books.state.Open, c.members
	plan := c.today(c.t)
	c.mustKeepPromises(members, nil)
	c.mustKeepNumbers(open, plan)
	day := c.Now.Format(time.DateOnly)
	for _, m := range c.members {
		if !m.Managed { // detached: that ends both
			delete(c.shown, m.ID)
			delete(c.rejected, m.ID)
		}
		if c.isPresent(m) {
			delete(c.shown, m.ID)
			if days := c.rejected[m.ID]; days != nil {
				if days[day] = true; len(days) >= sync.PresentDays {
					delete(c.rejected, m.ID)
				}
			}
		}
	}
	for i := range plan.Open {
		if h := &plan.Open[i]; isLeaver(h) && h.State == sync.Waiting {
			c.shown[h.Member] = true
			if h.Reason == sync.ReasonDisabled { // a statement ends a rejection (R26)
				delete(c.rejected, h.Member)
			}
		}
	}
}

// isPresent says, of what RingCentral shows, whether somebody belongs: nobody here shares
// an e-mail.
func (c *chronicle) isPresent(m *sync.Member) bool {
	if !m.Managed || slices.ContainsFunc(c.Policy.Scope.Exclude, func(x sync.Match) bool { return sync.Glob(x.Email, m.Synced.Profile[sync.Email]) }) {
		return false
	}
	there, disabled := false, false // by rcUserId alone (R7)
	see := func(email, rcUserID string, grants bool) {
		if email != m.Synced.Profile[sync.Email] {
			return
		}
		there = there || grants
		disabled = disabled || slices.ContainsFunc(c.Snapshot.Extensions, func(e sync.Extension) bool {
			return e.Status == "Disabled" && e.ID == rcUserID
		})
	}
	for r := range c.Snapshot.Agents {
		see(r.Email, r.RCUserID, r.Active && r.Faulty == "")
	}
	for _, a := range c.Snapshot.Admins {
		see(a.Email, a.RCUserID, a.Faulty == "")
	}
	return there && !disabled
}

// mustKeepPromises: no member leaves whom any earlier run showed as held and nobody approved
// since they were last seen present; what is rejected stays.
func (c *chronicle) mustKeepPromises(before []*sync.Member, approved []int64) {
	c.t.Helper()
	for _, was := range before {
		m := c.member(was.ID)
		if was.Status != sync.Active || m.Status == sync.Active || slices.Contains(approved, m.ID) {
			continue
		}
		if c.shown[m.ID] && !c.isPresent(m) {
			c.t.Errorf("R25: member %d was held, nobody approved that they leave, and they left as %s", m.ID, m.DeactivationReason)
		}
		if c.rejected[m.ID] != nil {
			c.t.Errorf("R26: member %d left as %s, which was rejected", m.ID, m.DeactivationReason)
		}
	}
}

// mustKeepNumbers: the open set after a run is what R25 says, given the one before.
func (c *chronicle) mustKeepNumbers(before []sync.HeldChange, plan *sync.Plan) {
	c.t.Helper()
	after := map[int64]*sync.HeldChange{}
	about := map[string]bool{}
	for i := range plan.Open {
		h := &plan.Open[i]
		after[h.ID] = h
		key := fmt.Sprintf("%d %s %s", h.Member, h.Field, h.Person)
		if h.Field == sync.LoginsField && h.State == sync.Rejected { // of these each keeps its own logins (R26)
			key += fmt.Sprint(ended(h))
		}
		if about[key] {
			c.t.Errorf("R25: %s stands twice in the open set", key)
		}
		about[key] = true
	}
	for i := range before {
		h := &before[i]
		now := after[h.ID]
		switch {
		case now != nil && now.Since != h.Since:
			c.t.Errorf("held change %d: since %s, and then %s", h.ID, h.Since, now.Since)
		case now == nil:
			c.mustHaveEnded(h, plan)
		case !isAnother(h, now) && now.Run != h.Run:
			c.t.Errorf("R25: change %d is what it was, and run %d became %d: %+v", h.ID, h.Run, now.Run, now)
		case now.State == sync.Waiting && isAnother(h, now) && now.Run != c.lastRun:
			c.t.Errorf("R25: change %d is another and keeps the number %d: %+v", h.ID, h.Run, now)
		}
	}
}

// isAnother says whether a row asks something that it did not ask: another value, something else
// that it takes the place of, the settings' doing in place of RingCentral's or the other way
// round, or a kind of reason for which it was not held. Limits ask nothing more, and all lists
// ask the same.
func isAnother(was, now *sync.HeldChange) bool {
	if was.State != now.State || was.Kind != now.Kind {
		return true
	}
	if was.Field == sync.LoginsField && was.Kind == sync.Update { // what they gain besides is applied
		if !slices.Equal(ended(was), ended(now)) {
			return true
		}
	} else if was.Before != now.Before || was.After != now.After {
		return true
	}
	if was.Kind == sync.Onboard && (was.Name != now.Name || was.Email != now.Email || was.Role != now.Role) {
		return true
	}
	settings := []sync.Reason{sync.ReasonOutOfScope, sync.ReasonSettings}
	if slices.Contains(settings, was.Reason) != slices.Contains(settings, now.Reason) {
		return true
	}
	told := map[string]bool{"limit": true, "onboarding_limit": true, "update_limit": true}
	word := func(r sync.Reason) string {
		if strings.HasPrefix(string(r), "list_") || strings.HasSuffix(string(r), "_gone") {
			return "a list"
		}
		return string(r)
	}
	for _, r := range was.Why {
		told[word(r.Reason)] = true
	}
	return slices.ContainsFunc(now.Why, func(r sync.HoldReason) bool { return !told[word(r.Reason)] })
}

// mustHaveEnded: a row that is gone was about somebody who is present again, who was
// detached, or about a value that the source does not say any more.
func (c *chronicle) mustHaveEnded(h *sync.HeldChange, plan *sync.Plan) {
	c.t.Helper()
	if h.State == sync.Rejected && slices.ContainsFunc(plan.Open, func(x sync.HeldChange) bool {
		return x.Member == h.Member && x.Field == h.Field && (h.Member != 0 || x.Person == h.Person)
	}) {
		return // the rejection is history, and a new row stands in its place (R26)
	}
	if h.Member == 0 {
		if slices.ContainsFunc(plan.Changes, func(x sync.Change) bool { return x.Kind == sync.Onboard && x.Person == h.Person }) {
			c.t.Errorf("R25: %s came in although they were held: %+v", h.Person, h)
		}
		return
	}
	m := c.member(h.Member)
	if isLeaver(h) && !c.isPresent(m) && m.Managed {
		c.t.Errorf("R25: held change %d of member %d ended by itself: %+v", h.ID, m.ID, h)
	}
	for i := range plan.Changes {
		x := &plan.Changes[i]
		if h.State != sync.Rejected && x.Member == m.ID && x.Kind == h.Kind && slices.ContainsFunc(x.Fields, func(f sync.FieldChange) bool { return f.Field == h.Field && !isBack(h, &f) }) {
			c.t.Errorf("R25: %s of member %d was held and is applied: %v", h.Field, m.ID, x.Fields)
		}
	}
}

// isBack says whether the logins whose end was held are all active in a new value, in whatever
// group.
func isBack(h *sync.HeldChange, f *sync.FieldChange) bool {
	now := activeLogins(f.After)
	return h.Field == sync.LoginsField && len(ended(h)) > 0 && !slices.ContainsFunc(ended(h), func(l [3]string) bool {
		return !slices.ContainsFunc(now, func(x [3]string) bool { return x[0] == l[0] && x[1] == l[1] })
	})
}

// ended are the logins that a held change would end.
func ended(h *sync.HeldChange) [][3]string {
	after := activeLogins(h.After)
	return slices.DeleteFunc(activeLogins(h.Before), func(l [3]string) bool {
		return slices.ContainsFunc(after, func(x [3]string) bool { return x[0] == l[0] && x[1] == l[1] })
	})
}

// activeLogins are those of a value that are active: sub-account, agent and group.
func activeLogins(text string) (all [][3]string) {
	var logins []sync.Login
	_ = json.Unmarshal([]byte(text), &logins)
	for _, l := range logins {
		if l.Active {
			all = append(all, [3]string{l.SubAccountID, l.AgentID, l.AgentGroupID})
		}
	}
	return all
}

// operate is what an operator does about held changes: approve or reject some of them, by
// one of the numbers that were shown, or clear rejections.
func (c *chronicle) operate() {
	keep := c.draw(4, "choose") // one in four is left out, or none
	choose := func(h *sync.HeldChange) bool { return keep == 3 || (h.ID+int64(keep))%4 != 0 }
	run := c.lastRun - sync.RunID(c.draw(4, "an older number"))
	chosen := map[int64]bool{}
	var leavers []int64
	for _, id := range c.shownRows(run, choose) {
		chosen[id.ID] = true
		if isLeaver(&id) {
			leavers = append(leavers, id.Member)
		}
	}
	rows := slices.Clone(c.books.state.Open)
	switch c.draw(4, "decision") {
	case 0:
		members := c.members
		plan := c.approve(c.t, run, choose)
		c.mustApproveWhatWasShown(plan, rows, chosen)
		c.mustKeepPromises(members, leavers)
		for _, id := range leavers {
			if c.member(id).Status == sync.Inactive { // else it is asked anew
				delete(c.shown, id)
			}
		}
	case 1:
		c.reject(c.t, run, choose)
		for _, id := range leavers {
			c.rejected[id] = map[string]bool{}
		}
	case 2:
		c.clearing(c.t, choose)
		for i := range rows {
			if rows[i].State == sync.Rejected && isLeaver(&rows[i]) && choose(&rows[i]) {
				delete(c.rejected, rows[i].Member)
				c.shown[rows[i].Member] = true
			}
		}
	}
}

func (c *chronicle) shownRows(run sync.RunID, choose func(*sync.HeldChange) bool) (rows []sync.HeldChange) {
	ids := c.world.shown(run, choose)
	for _, h := range c.books.state.Open {
		if slices.Contains(ids, h.ID) {
			rows = append(rows, h)
		}
	}
	return rows
}

// mustApproveWhatWasShown: an approval changes nobody who was not shown, and nothing to
// another value.
func (c *chronicle) mustApproveWhatWasShown(plan *sync.Plan, rows []sync.HeldChange, chosen map[int64]bool) {
	c.t.Helper()
	for i := range plan.Changes {
		x := &plan.Changes[i]
		if x.Kind == sync.Onboard {
			if !slices.ContainsFunc(rows, func(h sync.HeldChange) bool {
				return chosen[h.ID] && h.Kind == sync.Onboard && slices.Contains(h.IDs, x.Person)
			}) {
				c.t.Errorf("R25: the approval brought %s in, whom nobody chose", x.Person)
			}
			continue
		}
		for _, f := range x.Fields {
			if f.Field == "username" || x.Kind != sync.Update && x.Kind != sync.Deactivate {
				continue
			}
			if !slices.ContainsFunc(rows, func(h sync.HeldChange) bool {
				return chosen[h.ID] && h.Member == x.Member && h.Kind == x.Kind && h.Field == f.Field && h.After == f.After && (h.Before == f.Before || f.Field == sync.LoginsField)
			}) {
				c.t.Errorf("R25: the approval set %s of member %d to %q, which nobody chose", f.Field, x.Member, f.After)
			}
		}
	}
}
