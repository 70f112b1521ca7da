package store

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"ringroster/store/sqlrows"
	"ringroster/sync"
	"ringroster/sync/contacts"
)

// pastFixture is an account whose runs begin at hours after monday.
type pastFixture struct {
	*testing.T
	s   *Store
	who map[string]*sync.Member
}

// newPastFixture has a first full run, at hour 0, that brought three people in.
func newPastFixture(t *testing.T) *pastFixture {
	f := &pastFixture{T: t, s: newTestStore(t), who: map[string]*sync.Member{}}
	var all []sync.Change
	for _, name := range []string{"Ann", "Bob", "Cy"} {
		f.who[name] = person("acme", name, "Lee")
		all = append(all, onboard(f.who[name]))
	}
	f.run(0, sync.Scheduled, true, all...)
	return f
}

// run commits changes as a run that begins at an hour and ends ten minutes later.
func (f *pastFixture) run(hour float64, trigger sync.Trigger, full bool, changes ...sync.Change) {
	f.Helper()
	at := f.at(hour)
	run, err := f.s.Begin(f.Context(), sync.Run{Accounts: []string{"acme"}, Trigger: trigger, Actor: "wfm-sync", StartedAt: at})
	if err == nil {
		end := at.Add(10 * time.Minute)
		c := &sync.Commit{Run: run, Account: "acme", FinishedAt: end, Status: sync.Succeeded, Plan: planOf(f.T, f.s, "acme", changes...), Full: full}
		if full {
			c.TakenAt = end
		}
		err = f.s.Commit(f.Context(), c)
	}
	if err != nil {
		f.Fatal(err)
	}
}

func (f *pastFixture) at(hour float64) time.Time {
	return monday.Add(time.Duration(hour * float64(time.Hour)))
}

func (f *pastFixture) state(hour float64) sync.State {
	f.Helper()
	state, err := f.s.State(f.Context(), "acme", f.at(hour))
	if err != nil {
		f.Fatal(err)
	}
	return state
}

// TestR35FirstFullRun: a run for one person before it is not the one that brings everybody in.
func TestR35FirstFullRun(t *testing.T) {
	f := &pastFixture{T: t, s: newTestStore(t), who: map[string]*sync.Member{}}
	first := func() sync.RunID {
		id, err := f.s.FirstFull(t.Context(), "acme")
		if err != nil {
			t.Fatal(err)
		}
		return id
	}
	f.run(0, sync.Manual, false, onboard(person("acme", "Ann", "Lee")))
	if got := first(); got != 0 {
		t.Errorf("after a run for one person: %d", got)
	}
	f.run(1, sync.Manual, true, onboard(person("acme", "Bob", "Lee")))
	f.run(2, sync.Scheduled, true)
	if got := first(); got != 2 {
		t.Errorf("got run %d", got)
	}
}

// change makes an update of one field, as the source wants it.
func (f *pastFixture) change(name, field, before, after string) sync.Change {
	m := f.who[name]
	return sync.Change{
		Kind: sync.Update, Member: m.ID, Name: m.Profile.Name(), Reason: sync.ReasonSource, Next: func() *sync.Member { return m },
		Fields: []sync.FieldChange{{Field: field, Before: before, After: after, Reason: sync.ReasonSource}},
	}
}

// logins makes somebody's logins active in these groups alone.
func (f *pastFixture) logins(name string, groups ...string) sync.Change {
	m := f.who[name]
	before := sync.LoginsJSON(m.Logins)
	m.Logins = slices.Clone(m.Logins)
	for i := range m.Logins {
		m.Logins[i].Active = false
	}
	for _, group := range groups {
		l := sync.Login{SubAccountID: "99990001", AgentGroupID: group, AgentID: "a-" + name + group, AgentType: "AGENT", Active: true}
		if i := slices.IndexFunc(m.Logins, func(x sync.Login) bool { return x.AgentGroupID == group }); i >= 0 {
			m.Logins[i].Active = true
		} else {
			m.Logins = append(m.Logins, l)
		}
	}
	synced(m)
	return f.change(name, "logins", before, sync.LoginsJSON(m.Logins))
}

// TestR21RecentLeavers: who was made inactive counts for 23 hours and for 7 days after the
// start of the run, unless an operator approved or undid it, or the member came back.
func TestR21RecentLeavers(t *testing.T) {
	leave := func(f *pastFixture, name string) sync.Change { return deactivate(f.who[name], sync.ReasonRemoved) }
	for name, c := range map[string]struct {
		given     func(f *pastFixture)
		day, week int
	}{
		"by a full run":           {func(f *pastFixture) { f.run(200, sync.Scheduled, true, leave(f, "Ann"), leave(f, "Bob")) }, 2, 2},
		"by a run of one person":  {func(f *pastFixture) { f.run(200, sync.Manual, false, leave(f, "Ann")) }, 1, 1},
		"by hand":                 {func(f *pastFixture) { f.run(200, sync.ByHand, false, leave(f, "Ann")) }, 1, 1},
		"approved":                {func(f *pastFixture) { f.run(200, sync.Approve, false, leave(f, "Ann")) }, 0, 0},
		"by an undo":              {func(f *pastFixture) { f.run(200, sync.Undoing, false, leave(f, "Ann")) }, 0, 0},
		"22.9 hours ago":          {func(f *pastFixture) { f.run(178.1, sync.Scheduled, true, leave(f, "Ann")) }, 1, 1},
		"23.1 hours ago":          {func(f *pastFixture) { f.run(177.9, sync.Scheduled, true, leave(f, "Ann")) }, 0, 1},
		"6.9 days ago":            {func(f *pastFixture) { f.run(201-6.9*24, sync.Scheduled, true, leave(f, "Ann")) }, 0, 1},
		"7.1 days ago":            {func(f *pastFixture) { f.run(201-7.1*24, sync.Scheduled, true, leave(f, "Ann")) }, 0, 0},
		"a clock that was set on": {func(f *pastFixture) { f.run(300, sync.Scheduled, true, leave(f, "Ann")) }, 1, 1},
		"back since": {func(f *pastFixture) {
			f.run(198, sync.Scheduled, true, leave(f, "Ann"))
			f.run(199, sync.Undoing, false, reactivate(f.who["Ann"]))
		}, 0, 0},
		"back, and approved to leave again": {func(f *pastFixture) {
			f.run(198, sync.Scheduled, true, leave(f, "Ann"))
			f.run(199, sync.Scheduled, true, reactivate(f.who["Ann"]))
			f.run(200, sync.Approve, false, leave(f, "Ann"))
		}, 0, 0},
		"back by hand, in SQL": {func(f *pastFixture) {
			f.run(198, sync.Scheduled, true, leave(f, "Ann"))
			byHand(f.T, f.s, `UPDATE members SET status = 'active'`)
		}, 0, 0},
		"of another account": {func(f *pastFixture) {
			eve := person("beta", "Eve", "Lee")
			apply(f.T, f.s, f.at(199), planOf(f.T, f.s, "beta", onboard(eve)))
			apply(f.T, f.s, f.at(200), planOf(f.T, f.s, "beta", deactivate(eve, sync.ReasonRemoved)))
		}, 0, 0},
	} {
		t.Run(name, func(t *testing.T) {
			f := newPastFixture(t)
			c.given(f)
			got := f.state(201).Recent
			if got[0].Deactivated != c.day || got[1].Deactivated != c.week {
				t.Errorf("%d within the day and %d within the week, want %d and %d", got[0].Deactivated, got[1].Deactivated, c.day, c.week)
			}
		})
	}
}

// TestR35Recent: what other changes count, each member once for each.
func TestR35Recent(t *testing.T) {
	boss := func(name string) *sync.Member {
		m := person("acme", name, "Lee")
		m.Profile[sync.Role] = sync.RoleAdministrator
		synced(m)
		return m
	}
	for name, c := range map[string]struct {
		given func(f *pastFixture)
		want  sync.Recent
	}{
		"the first full run": {func(*pastFixture) {}, sync.Recent{}},
		"newcomers": {
			func(f *pastFixture) {
				f.run(1, sync.Scheduled, true, onboard(person("acme", "Dan", "Lee")), onboard(boss("Eve")))
			},
			sync.Recent{Onboarded: 2, Administrators: 1},
		},
		"a newcomer whose values changed since": {
			func(f *pastFixture) {
				eve := boss("Eve")
				f.run(1, sync.Scheduled, true, onboard(eve))
				eve.Profile[sync.Role] = "Agent"
				synced(eve)
				f.run(2, sync.ByHand, false, sync.Change{
					Kind: sync.EditMember, Member: eve.ID, Name: "Eve", Reason: sync.ReasonOperator, Next: func() *sync.Member { return eve },
					Fields: []sync.FieldChange{{Field: "role", Before: sync.RoleAdministrator, After: "Agent", Reason: sync.ReasonOperator}},
				})
			},
			sync.Recent{Onboarded: 1, Administrators: 1},
		},
		"imported": {func(f *pastFixture) { f.run(1, sync.Importing, false, onboard(boss("Eve"))) }, sync.Recent{}},
		"approved": {func(f *pastFixture) { f.run(1, sync.Approve, false, onboard(boss("Eve"))) }, sync.Recent{}},
		"the source": {func(f *pastFixture) {
			f.run(1, sync.Scheduled, true, f.change("Ann", "email", "a@example.com", "b@example.com"))
		}, updated("email", 1)},
		"a pin that ended": {func(f *pastFixture) {
			c := f.change("Ann", "role", "Supervisor", "Agent")
			c.Reason, c.Fields[0].Reason = sync.ReasonPinEnded, sync.ReasonPinEnded
			f.run(1, sync.Scheduled, true, c)
		}, updated("role", 1)},
		"twice": {
			func(f *pastFixture) {
				f.run(1, sync.Scheduled, true, f.change("Ann", "email", "a@example.com", "b@example.com"), f.change("Bob", "last_name", "Lee", "Ng"))
				f.run(2, sync.Scheduled, true, f.change("Ann", "email", "b@example.com", "a@example.com"))
			},
			sync.Recent{Updated: map[string]int{"email": 1, "last_name": 1}},
		},
		"a first fill":        {func(f *pastFixture) { f.run(1, sync.Scheduled, true, f.change("Ann", "email", "", "b@example.com")) }, sync.Recent{}},
		"a field of no limit": {func(f *pastFixture) { f.run(1, sync.Scheduled, true, f.change("Ann", "site", "Bern", "Rome")) }, sync.Recent{}},
		"undone":              {func(f *pastFixture) { f.run(1, sync.Undoing, false, f.change("Ann", "role", "Agent", "Supervisor")) }, sync.Recent{}},
		"by hand":             {func(f *pastFixture) { f.run(1, sync.ByHand, false, f.change("Ann", "role", "Agent", "Administrator")) }, sync.Recent{}},
		"a new administrator": {func(f *pastFixture) {
			f.run(1, sync.Scheduled, true, f.change("Ann", "role", "Agent", "Administrator"))
		}, sync.Recent{Administrators: 1, Updated: map[string]int{"role": 1}}},
		"the role was lost": {func(f *pastFixture) {
			f.run(1, sync.Scheduled, true, f.change("Ann", "role", "Administrator", "Agent"))
		}, updated("role", 1)},
		"a login ended":        {func(f *pastFixture) { f.run(1, sync.Scheduled, true, f.logins("Ann")) }, updated("logins", 1)},
		"a login came":         {func(f *pastFixture) { f.run(1, sync.Scheduled, true, f.logins("Ann", "7", "8")) }, sync.Recent{}},
		"moved to another one": {func(f *pastFixture) { f.run(1, sync.Scheduled, true, f.logins("Ann", "8")) }, sync.Recent{}},
	} {
		t.Run(name, func(t *testing.T) {
			f := newPastFixture(t)
			c.given(f)
			if diff := cmp.Diff([2]sync.Recent{c.want, c.want}, f.state(3).Recent); diff != "" {
				t.Error(diff)
			}
			if diff := cmp.Diff([2]sync.Recent{{}, c.want}, f.state(48).Recent); diff != "" {
				t.Error("two days later:", diff)
			}
			if diff := cmp.Diff([2]sync.Recent{}, f.state(8*24).Recent); diff != "" {
				t.Error("eight days later:", diff)
			}
		})
	}
}

func updated(field string, n int) sync.Recent { return sync.Recent{Updated: map[string]int{field: n}} }

// TestR22Gone: the logins that runs ended since the first full run of the 20 hours before
// the last one.
func TestR22Gone(t *testing.T) {
	for name, c := range map[string]struct {
		given func(f *pastFixture)
		want  string
	}{
		"no run but the first": {func(*pastFixture) {}, ""},
		"hourly runs": {func(f *pastFixture) {
			f.run(1, sync.Scheduled, true, f.logins("Ann"))
			f.run(2, sync.Scheduled, true, deactivate(f.who["Bob"], sync.ReasonRemoved))
			f.run(3, sync.Scheduled, true)
		}, "Ann 7, Bob 7"},
		"daily runs": {func(f *pastFixture) {
			f.run(24, sync.Scheduled, true, f.logins("Ann"))
			f.run(48, sync.Scheduled, true)
		}, ""},
		"what the first of the window did itself": {func(f *pastFixture) {
			f.run(28.1, sync.Scheduled, true, f.logins("Ann"))
			f.run(40, sync.Scheduled, true, f.logins("Bob"))
			f.run(48, sync.Scheduled, true, f.logins("Cy"))
		}, "Bob 7, Cy 7"},
		"a run of an approval is no full one": {func(f *pastFixture) {
			f.run(1, sync.Approve, false, f.logins("Ann"), deactivate(f.who["Bob"], sync.ReasonRemoved))
			f.run(2, sync.Scheduled, true)
		}, ""},
		"a run of one person": {func(f *pastFixture) {
			f.run(1, sync.Manual, false, deactivate(f.who["Bob"], sync.ReasonRemoved))
			f.run(2, sync.Scheduled, true)
		}, "Bob 7"},
		"who is back": {func(f *pastFixture) {
			f.run(1, sync.Scheduled, true, deactivate(f.who["Bob"], sync.ReasonRemoved))
			f.run(2, sync.Scheduled, true, reactivate(f.who["Bob"]))
		}, ""},
		"after the last full run": {func(f *pastFixture) {
			f.run(1, sync.Scheduled, true, f.logins("Ann"))
			f.run(2, sync.ByHand, false, f.logins("Bob"))
		}, "Ann 7"},
		"a failed run sees nothing": {func(f *pastFixture) {
			f.run(24, sync.Scheduled, true, f.logins("Ann"))
			run := beginRun(f.T, f.s, f.at(25), "acme", sync.Scheduled)
			c := &sync.Commit{Run: run, Account: "acme", FinishedAt: f.at(25), Status: sync.Failed, Full: true, Err: errors.New("closed")}
			if err := f.s.Commit(f.Context(), c); err != nil {
				f.Fatal(err)
			}
		}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			f := newPastFixture(t)
			c.given(f)
			names := map[int64]string{}
			for name, m := range f.who {
				names[m.ID] = name
			}
			gone := f.state(50).Gone
			var got []string
			for _, member := range slices.Sorted(maps.Keys(gone)) {
				for _, l := range gone[member] {
					got = append(got, fmt.Sprintf("%s %s", names[member], l.AgentGroupID))
				}
			}
			if strings.Join(got, ", ") != c.want {
				t.Errorf("gone are %v, want %s", got, c.want)
			}
		})
	}
}

// TestR21RecentContacts: contacts that went within the windows, and are gone still.
func TestR21RecentContacts(t *testing.T) {
	s := newTestStore(t)
	all := []*sync.Contact{contact("1", "Ann", "Lee"), contact("2", "Bea", "Ng"), contact("3", "Cem", "Oz"), contact("4", "Dan", "Po"), contact("5", "Eva", "Qi")}
	recent := func(hours int) string {
		t.Helper()
		at := monday.Add(time.Duration(hours) * time.Hour)
		contacts, err := s.ContactState(t.Context(), "acme", at)
		members, err2 := s.State(t.Context(), "acme", at)
		if err := errors.Join(err, err2); err != nil || members.Recent[1].Deactivated != 0 {
			t.Errorf("members %+v, %v", members.Recent, err)
		}
		return fmt.Sprint(contacts.Recent[0].Deactivated, " ", contacts.Recent[1].Deactivated)
	}
	importContacts(t, s, monday, nil, all...)
	importContacts(t, s, monday, nil, all[:4]...)
	importContacts(t, s, monday.Add(48*time.Hour), func(in *contacts.Input) { in.Policy.DeleteRemaining = false }, all[:3]...)
	for hours, want := range map[int]string{1: "2 2", 24: "1 2", 49: "1 2", 72: "0 2", 7*24 + 1: "0 1", 10 * 24: "0 0"} {
		if got := recent(hours); got != want {
			t.Errorf("%d hours later: %s, want %s", hours, got, want)
		}
	}
	importContacts(t, s, monday.Add(50*time.Hour), nil, all...)
	if got := recent(51); got != "0 0" {
		t.Errorf("once they are listed again: %s", got)
	}
}

// A normal day reads the few runs of the windows, by indexes, and no more.
func TestRecentReadsByIndex(t *testing.T) {
	s := newTestStore(t)
	for _, query := range []string{recentSQL, endedSQL} {
		steps, err := sqlrows.Collect(sqlrows.Stream(t.Context(), s.db.Reads, scanStep, `EXPLAIN QUERY PLAN `+query, recentArgs("acme", 1, monday)...))
		if err != nil {
			t.Fatal(err)
		}
		for _, step := range steps {
			if table, all := strings.CutPrefix(step, "SCAN "); all && !strings.HasPrefix(table, "counted") {
				t.Errorf("%s\nreads everything: %s", query, strings.Join(steps, "; "))
			}
		}
	}
}

// What a full run knew beside the members comes back in the next: also as older versions
// wrote it, a number without a day, or with what they knew besides.
func TestR22WhatTheLastFullRunKnew(t *testing.T) {
	f := newPastFixture(t)
	p := planOf(t, f.s, "acme")
	p.Ended, p.Lengths = map[int64]time.Time{3: monday}, map[string]sync.Length{"administrators": {Records: 4, On: "2026-11-23"}}
	apply(t, f.s, monday, p)
	got := f.state(1)
	if diff := cmp.Diff([]any{p.Ended, p.Lengths}, []any{got.Ended, got.Lengths}); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if _, err := f.s.db.Writes.ExecContext(t.Context(), `
		UPDATE accounts SET ended_extensions = NULL,
		       list_lengths = '{"1/10": 12, "1/11": {"records": 7, "since": "2026-11-01"}, "1/12": {"records": 5, "on": "2026-11-22"}}'`); err != nil {
		t.Fatal(err)
	}
	state := f.state(1)
	if diff := cmp.Diff(map[string]sync.Length{"1/10": {Records: 12}, "1/11": {Records: 7}, "1/12": {Records: 5, On: "2026-11-22"}}, state.Lengths); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if state.Ended != nil {
		t.Errorf("no run looked, and ended are %v", state.Ended)
	}
}
