package reconcile_test

import (
	"slices"
	"testing"
	"time"

	"ringroster/sync"
	"ringroster/sync/edit"
)

// one is a world in which Ada is member 1 and Bob, who stays, member 2.
func one(w *world) {
	w.agent("1/10", "501", "Ada Byron", rc("701"))
	w.extension("701", "Ada Byron")
	w.agent("1/10", "502", "Bob Roy", rc("702"))
	w.extension("702", "Bob Roy")
}

// without leaves Bob alone in RingCX; Ada's extension stays as the options say,
// or is gone without any.
func without(options ...option) func(*world) {
	return func(w *world) {
		w.clearAll()
		w.agent("1/10", "502", "Bob Roy", rc("702"))
		w.extension("702", "Bob Roy")
		if options != nil {
			w.extension("701", "Ada Byron", options...)
		}
	}
}

// adaIs keeps Ada's record with the given options, and her extension with status.
func adaIs(extension string, options ...option) func(*world) {
	return func(w *world) {
		w.clearAll()
		w.agent("1/10", "501", "Ada Byron", append(options, rc("701"))...)
		w.agent("1/10", "502", "Bob Roy", rc("702"))
		w.extension("702", "Bob Roy")
		if extension != "" {
			w.extension("701", "Ada Byron", status(extension))
		}
	}
}

func with(settings func(*sync.Policy), change func(*world)) func(*world) {
	return func(w *world) {
		settings(&w.Policy)
		change(w)
	}
}

func TestR14TheFirstReasonThatFits(t *testing.T) {
	ringEX := func(p *sync.Policy) { p.RequireRingEX = true }
	noAda := func(p *sync.Policy) { p.Scope.Exclude = []sync.Match{{Email: "ada@*"}} }
	both := func(p *sync.Policy) { ringEX(p); noAda(p) }
	play(t, []scenario{
		{
			name: "ringex_disabled goes before all", before: one, then: with(both, adaIs("Disabled", inactive)),
			want: []string{"deactivate 1 rc:701 ringex_disabled", "note 1 rc:701 ringex_disabled"},
		},
		{
			name: "no_extension before out_of_scope", before: one, then: with(both, adaIs("", inactive)),
			want: []string{"deactivate 1 rc:701 no_extension", "note 1 rc:701 no_extension"},
		},
		{
			name: "Unassigned is no extension", before: one, then: with(ringEX, adaIs("Unassigned")),
			want: []string{"deactivate 1 rc:701 no_extension", "note 1 rc:701 no_extension"},
		},
		{
			name: "out_of_scope before access_revoked", before: one, then: with(noAda, adaIs("Enabled", inactive)),
			want: []string{"deactivate 1 rc:701 out_of_scope", "note 1 rc:701 out_of_scope"},
		},
		{
			name: "access_revoked: the record was switched to isActive false", before: one, then: adaIs("Enabled", inactive),
			want: []string{"deactivate 1 rc:701 access_revoked", "note 1 rc:701 no_access"},
		},
		{
			name: "access_revoked: the extension alone is left", before: one, then: without(status("Enabled")),
			want: []string{"deactivate 1 access_revoked"},
		},
		{
			name: "ringex_disabled without a record", before: one, then: without(status("Disabled")),
			want: []string{"deactivate 1 ringex_disabled"},
		},
		{
			name: "no_extension without a record", before: one, then: with(ringEX, without(status("Unassigned"))),
			want: []string{"deactivate 1 no_extension"},
		},
		{name: "removed", before: one, then: without(), want: []string{"deactivate 1 removed"}},
		{
			name: "nobody leaves twice", before: one, between: without(), then: without(),
			want: nil,
		},
	})
}

func TestR15NeverLinkedNeverALeaver(t *testing.T) {
	play(t, []scenario{{
		name: "an imported member whom nobody reports",
		then: func(w *world) {
			one(w)
			w.imported("Zoe Fox", nil)
		},
		want: []string{"onboard rc:701 new", "onboard rc:702 new", "note 1 never_linked"},
	}})
}

func TestR16APinDoesNotWeakenProtection(t *testing.T) {
	lead := func(w *world) {
		w.agent("1/10", "501", "Ada Byron", rc("701"), agentType("SUPERVISOR"))
		w.agent("1/10", "502", "Bob Roy", rc("702"))
		w.extension("702", "Bob Roy")
		w.Policy.Protect = []sync.Match{{Role: "Supervisor"}}
	}
	play(t, []scenario{{
		name: "RingCentral's role counts as well as the pinned one", before: lead,
		then: func(w *world) {
			w.edit(t, edit.PinField(1, sync.Pin{Field: sync.Role, Value: sync.RoleAgent, Reason: "x", By: "chief"}))
			w.edit(t, edit.PinField(2, sync.Pin{Field: sync.Role, Value: sync.RoleSupervisor, Reason: "x", By: "chief"}))
			w.clearAll()
			w.admin("301", "Otto Owner", rc("900"))
		},
		want: []string{"onboard rc:900 new", "note 1 protected", "note 2 protected"},
	}})
}

// The whole ladder, from the top: each step is tried with every lower one applying
// as well, so that the order is tested too.
func TestR16TheLadderInOrder(t *testing.T) {
	w := newWorld()
	one(w)
	w.sync(t)
	without()(w)
	w.Policy.Deactivate = false
	w.Policy.Protect = []sync.Match{{Role: "agent", AgentGroup: "Group 10"}}
	w.Policy.GraceDays = 1
	w.Policy.Limits.Deactivations = sync.Limit{Percent: 0, Floor: 0}
	m := w.member(1)
	w.rejected(1, sync.ReasonRemoved)
	m.Managed, m.Linked = false, false
	w.agent("1/10", "503", "Cy Poe", rc("702"), email("ada@example.com"), faulty("cut short"))
	for _, step := range []struct {
		want string
		end  func() // what ends the step, so that the next one applies
	}{
		{"note 1 not_managed", func() { m.Managed = true }},
		{"note 1 never_linked", func() { m.Linked = true }},
		{"note 1 in_conflict", func() { without()(w) }},
		{"note 1 deactivate_off", func() { w.Policy.Deactivate = true }},
		{"note 1 protected", func() { w.Policy.Protect[0].AgentGroup = "Group 11" }},
		{"note 1 rejected", func() { w.State.Open = nil }},
		{"note 1 in_grace", func() { m.AbsentDays = 1 }},
		{"hold limit", func() { w.Policy.Limits.Deactivations.Floor = 50 }},
		{"deactivate 1 removed", func() {}},
	} {
		got := lines(w.plan(t))
		if !slices.Contains(got, step.want) {
			t.Errorf("want %q, got %q", step.want, got)
		}
		step.end()
	}
}

func TestR16FaultyRecordsKeepWhoTheyCouldBe(t *testing.T) {
	play(t, []scenario{
		{
			name: "a record that names nobody could be anybody's", before: one,
			then: func(w *world) {
				without()(w)
				w.agent("1/10", "", "", email(""), faulty("no agentId"))
			},
			want: []string{"conflict agent:1/?2 faulty_record", "note 1 in_conflict"},
		},
		{
			name: "one with an e-mail could be theirs who have it", before: one,
			then: func(w *world) {
				without(status("Enabled"))(w)
				w.agent("1/10", "", "", email("Ada@example.com"), faulty("no agentId"))
			},
			want: []string{"conflict agent:1/?2 faulty_record", "note 1 in_conflict"},
		},
		{
			name: "somebody else's keeps nobody", before: one,
			then: func(w *world) {
				without()(w)
				w.agent("1/10", "503", "Cy Poe", faulty("no isActive"))
			},
			want: []string{"deactivate 1 removed", "conflict agent:1/503 faulty_record"},
		},
	})
}

func TestR2TheSecondLook(t *testing.T) {
	second := func(given func(*world)) func(*world) {
		return func(w *world) {
			other := newWorld()
			given(other)
			w.Snapshot = w.Snapshot.WithSecondLook(other.Snapshot, &sync.Look{RingCX: true})
		}
	}
	ada := func(w *world) { w.agent("1/11", "501", "Ada Byron", rc("701")) }
	play(t, []scenario{
		{
			name: "missing from both: a leaver", before: one,
			then: func(w *world) { without()(w); second(func(*world) {})(w) },
			want: []string{"deactivate 1 removed"},
		},
		{
			name: "found again, in another group: stays", before: one,
			then: func(w *world) { without()(w); second(ada)(w) },
			want: []string{"update 1 rc:701 source_changed", "note 1 rc:701 extension_missing"},
		},
		{
			name: "found again: stays, though RingEX always listed them", before: one,
			then: func(w *world) { without(status("Enabled"))(w); second(ada)(w) },
			want: []string{"update 1 rc:701 source_changed"},
		},
		{
			name: "found again by login alone", before: func(w *world) { one(w); w.agent("1/10", "503", "Cy Poe") },
			then: func(w *world) { dropAgent(w, "503"); second(func(w *world) { w.agent("1/11", "503", "Cy Poe") })(w) },
			want: []string{"update 1 agent:1/503 source_changed"},
		},
		{
			name: "found again by administrator id", before: func(w *world) { one(w); w.admin("301", "Cy Poe") },
			then: func(w *world) { w.Snapshot.Admins = nil; second(func(w *world) { w.admin("301", "Cy Poe") })(w) },
			want: nil,
		},
		{
			name: "a login that passed to somebody else is nobody's second look", before: one,
			then: func(w *world) {
				without()(w)
				w.agent("1/10", "501", "Eve Kay", rc("705"))
				w.extension("705", "Eve Kay")
				w.Snapshot = w.Snapshot.WithSecondLook(w.Snapshot, &sync.Look{RingCX: true})
			},
			want: []string{"onboard rc:705 new", "deactivate 1 removed"},
		},
		{
			name: "who is disabled leaves all the same", before: one,
			then: func(w *world) { without(status("Disabled"))(w); second(ada)(w) },
			want: []string{"deactivate 1 rc:701 ringex_disabled", "note 1 rc:701 ringex_disabled"},
		},
	})
}

func dropAgent(w *world, id string) {
	for i := range w.Snapshot.SubAccounts {
		for j := range w.Snapshot.SubAccounts[i].Groups {
			g := &w.Snapshot.SubAccounts[i].Groups[j]
			g.Agents = slices.DeleteFunc(g.Agents, func(a sync.Agent) bool { return a.ID == id })
		}
	}
}

// Grace counts UTC days on which nobody reported somebody, each once.
func TestR17Grace(t *testing.T) {
	w := newWorld()
	w.Policy.GraceDays = 2
	one(w)
	w.sync(t)
	days := func() int { return w.member(1).AbsentDays }
	for _, step := range []struct {
		name  string
		at    time.Time
		given func(*world)
		want  string
		days  int
	}{
		{"the first day", noon, without(), "note 1 in_grace", 1},
		{"the same day once more", noon.Add(11 * time.Hour), without(), "note 1 in_grace", 1},
		{"the next UTC day, in another zone", noon.Add(12 * time.Hour).In(time.FixedZone("west", -8*3600)), without(), "note 1 in_grace", 2},
		{"seen: from the beginning", noon.AddDate(0, 0, 2), one, "", 0},
		{"absent again", noon.AddDate(0, 0, 3), without(), "note 1 in_grace", 1},
		{"a day without a run counts nothing", noon.AddDate(0, 0, 9), without(), "note 1 in_grace", 2},
		{"found at the second look: seen", noon.AddDate(0, 0, 10), func(w *world) {
			without()(w)
			other := newWorld()
			one(other)
			w.Snapshot = w.Snapshot.WithSecondLook(other.Snapshot, &sync.Look{RingCX: true})
		}, "note 1 rc:701 extension_missing", 0},
		{"reported, but not belonging: no absence, and no grace", noon.AddDate(0, 0, 11), with(func(p *sync.Policy) { p.Deactivate = false }, adaIs("", inactive)), "note 1 rc:701 deactivate_off", 0},
		{"day one", noon.AddDate(0, 0, 12), without(), "note 1 deactivate_off", 1},
		{"day two", noon.AddDate(0, 0, 13), with(func(p *sync.Policy) { p.Deactivate = true }, without()), "note 1 in_grace", 2},
		{"day three: gone", noon.AddDate(0, 0, 14), without(), "deactivate 1 removed", 3},
	} {
		w.Now = step.at
		if step.name == "seen: from the beginning" {
			w.clearAll()
		}
		step.given(w)
		got := lines(w.sync(t))
		if step.want != "" && !slices.Contains(got, step.want) || step.want == "" && len(got) > 0 || days() != step.days {
			t.Errorf("%s: %q and %d days absent, want %q and %d", step.name, got, days(), step.want, step.days)
		}
	}
}

// A clock that is set back makes us careful: no UTC day counts twice.
func TestR17AClockSetBackCountsNothing(t *testing.T) {
	w := newWorld()
	w.Policy.GraceDays = 5
	one(w)
	w.sync(t)
	for i, at := range []time.Time{noon, noon.AddDate(0, 0, -1), noon, noon.AddDate(0, 0, -3), noon.Add(time.Hour)} {
		w.Now = at
		without()(w)
		w.sync(t)
		if days := w.member(1).AbsentDays; days != 1 {
			t.Errorf("step %d: %d days absent", i, days)
		}
	}
}

// Grace is for whom something is missing, and not for whom all that there is says that they
// left.
func TestR17GraceIsForAbsences(t *testing.T) {
	grace := func(p *sync.Policy) { p.GraceDays = 3 }
	rings := func(p *sync.Policy) { p.GraceDays, p.RequireRingEX = 3, true }
	holds := func(p *sync.Policy) { p.GraceDays, p.Access = 3, sync.Access{Rule: sync.AccessPermission, Name: "WFM"} }
	two := func(w *world) {
		one(w)
		w.agent("1/11", "502", "Ada Byron", rc("701"))
	}
	admitted := func(w *world) {
		one(w)
		w.role("1", "WFM User", []string{"WFM"}, "701", "702")
	}
	waits := func(reason string) []string { return []string{"note 1 rc:701 in_grace", "note 1 rc:701 " + reason} }
	leaves := func(reason, note string) []string {
		return []string{"deactivate 1 rc:701 " + reason, "note 1 rc:701 " + note}
	}
	play(t, []scenario{
		{name: "nothing is listed", before: one, then: with(grace, without()), want: []string{"note 1 in_grace"}},
		{name: "the extension alone is listed", before: one, then: with(grace, without(status("Enabled"))), want: []string{"note 1 in_grace"}},
		{name: "… and disabled", before: one, then: with(grace, without(status("Disabled"))), want: []string{"deactivate 1 ringex_disabled"}},
		{name: "the record is inactive", before: one, then: with(grace, adaIs("Enabled", inactive)), want: leaves("access_revoked", "no_access")},
		{name: "one of two records is inactive, the other is missing", before: two, then: with(grace, adaIs("Enabled", inactive)), want: waits("no_access")},
		{name: "require_ringex: the extension is missing", before: one, then: with(rings, adaIs("")), want: waits("no_extension")},
		{name: "require_ringex: nobody has the extension", before: one, then: with(rings, adaIs("Unassigned")), want: leaves("no_extension", "no_extension")},
		{name: "role_permission: the role is missing", before: admitted, then: with(holds, func(w *world) { delete(w.Snapshot.Assigned, "701") }), want: waits("no_access")},
	})
}

// A leaver's status changes and nothing else; when they were last seen is kept.
func TestR14WhatALeaverLooksLike(t *testing.T) {
	w := newWorld()
	one(w)
	w.sync(t)
	before := *w.member(1)
	without()(w)
	plan := w.sync(t)
	same(t, fields(plan), []string{"status: active -> inactive, removed"})
	want := before
	want.Status, want.Synced.Status, want.DeactivationReason = sync.Inactive, sync.Inactive, sync.ReasonRemoved
	want.AbsentDays, want.AbsentOn, want.LastSeenAt = 1, "2026-03-02", w.State.LastSeen
	same(t, []*sync.Member{w.member(1)}, []*sync.Member{&want})
}
