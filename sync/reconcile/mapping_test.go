package reconcile_test

import (
	"cmp"
	"encoding/json"
	"fmt"
	"iter"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"ringroster/sync"
	"ringroster/sync/edit"
	"ringroster/sync/fingerprint"
	"ringroster/sync/guard"
	"ringroster/sync/plan"
)

// mapTo puts entries of `map` in the settings: {"site", "HQ", "Dallas"}.
func (w *world) mapTo(t rapid.TB, entries ...[3]string) {
	t.Helper()
	w.Policy.Map = nil
	for _, e := range entries {
		f, ok := sync.ParseField(e[0])
		if !ok {
			t.Fatal(e)
		}
		w.Policy.Map = append(w.Policy.Map, sync.Mapping{Field: f, From: e[1], To: e[2]})
	}
	text, err := json.Marshal(w.Policy.Map)
	if err != nil {
		t.Fatal(err)
	}
	w.Policy.Deciding = []sync.Setting{{Key: "map", Value: string(text), Default: "[]"}}
}

// accept makes the settings of now the accepted ones.
func (w *world) accept() { w.State.Accepted = guard.Accept(&w.Policy, w.Snapshot).Settings }

// TestR8MappedValuesOverDays: what RingCentral says, and what the settings make of it,
// change by themselves, each with its reason (R19).
func TestR8MappedValuesOverDays(t *testing.T) {
	w := newWorld()
	w.mapTo(t, [3]string{"site", "HQ*", "Dallas"})
	w.accept()
	w.agent("1/10", "501", "Ada Byron", rc("701"))
	w.extension("701", "Ada Byron", site("HQ"))
	e := &w.Snapshot.Extensions[1]
	hold := func(site, synced string) {
		t.Helper()
		if m := w.member(1); m.Profile[sync.Site] != site || m.Synced.Profile[sync.Site] != synced {
			t.Errorf("holds %q, synced %q, want %q and %q", m.Profile[sync.Site], m.Synced.Profile[sync.Site], site, synced)
		}
	}
	detail := func(p *sync.Plan, want string) {
		t.Helper()
		if len(p.Changes) != 1 || p.Changes[0].Detail != want {
			t.Errorf("changes %+v, want the detail %q", p.Changes, want)
		}
	}
	detail(w.sync(t), `RingCentral reports them and the roster has nobody like them; map makes site "Dallas" of RingCentral's "HQ"`)
	hold("Dallas", "HQ")
	same(t, lines(w.sync(t)), nil)

	e.Site = "HQ 2" // another value with the same meaning
	same(t, lines(w.sync(t)), nil)
	hold("Dallas", "HQ 2")

	w.member(1).Profile[sync.Site] = "By Hand"
	plan := w.sync(t)
	same(t, fields(plan), []string{"site: By Hand -> Dallas, local_edit_reverted"})
	detail(plan, `map makes site "Dallas" of RingCentral's "HQ 2"`)

	e.Site = "Bern"
	plan = w.sync(t)
	same(t, fields(plan), []string{"site: Dallas -> Bern, source_changed"})
	detail(plan, "")
	e.Site = "HQ"
	same(t, fields(w.sync(t)), []string{"site: Bern -> Dallas, source_changed"})

	w.mapTo(t, [3]string{"site", "HQ*", "Austin"})
	same(t, fields(w.sync(t)), []string{"site: Dallas -> Austin, settings_changed"})
	same(t, fields(w.sync(t)), nil) // as long as these settings wait to be accepted, too
	w.accept()
	w.mapTo(t)
	same(t, fields(w.sync(t)), []string{"site: Austin -> HQ, settings_changed"})
	hold("HQ", "HQ")
	w.accept()

	w.Snapshot.Extensions = w.Snapshot.Extensions[:1] // nobody says what the site is (R8)
	w.mapTo(t, [3]string{"site", "HQ*", "Austin"})
	same(t, fields(w.sync(t)), nil)
	hold("HQ", "HQ")
}

// TestR8FiltersSeeRingCentralsValue: also where only the last sync knows it.
func TestR8FiltersSeeRingCentralsValue(t *testing.T) {
	given := func(t *testing.T) *world {
		w := newWorld()
		w.mapTo(t, [3]string{"site", "HQ", "Dallas"})
		w.accept()
		for _, id := range []string{"1", "2", "3"} {
			w.agent("1/10", "50"+id, "Ada Byron"+id, rc("70"+id), email("ada"+id+"@example.com"))
			w.extension("70"+id, "Ada Byron"+id, email("ada"+id+"@example.com"), site("HQ"))
		}
		return w
	}
	t.Run("scope", func(t *testing.T) {
		w := given(t)
		w.Policy.Scope.Exclude = []sync.Match{{Site: "Dallas"}}
		same(t, lines(w.sync(t)), []string{"onboard rc:701 new", "onboard rc:702 new", "onboard rc:703 new"})
		w.Snapshot.Extensions = slices.DeleteFunc(w.Snapshot.Extensions, func(e sync.Extension) bool { return e.ID == "701" })
		same(t, lines(w.plan(t)), []string{"note 1 rc:701 extension_missing"})
		w.Policy.Scope.Exclude[0].Site = "HQ"
		same(t, lines(w.plan(t))[:1], []string{"hold limit"})
	})
	t.Run("protect", func(t *testing.T) {
		w := given(t)
		w.sync(t)
		g := w.group("1/10")
		g.Agents = g.Agents[1:]
		w.Snapshot.Extensions = slices.DeleteFunc(w.Snapshot.Extensions, func(e sync.Extension) bool { return e.ID == "701" })
		w.Policy.Protect = []sync.Match{{Site: "hq"}}
		same(t, lines(w.plan(t)), []string{"note 1 protected"})
		w.Policy.Protect[0].Site = "Dallas"
		same(t, lines(w.plan(t)), []string{"deactivate 1 removed"})
	})
	t.Run("when, of somebody new", func(t *testing.T) {
		w := given(t)
		w.Policy.Onboarding.Rules = []sync.Rule{{Name: "hq", When: sync.Match{Site: "HQ"}, Set: sync.Given{ActivityID: "Site HQ"}}, {Name: "dallas", When: sync.Match{Site: "Dallas"}, Set: sync.Given{ActivityID: "never"}}}
		w.sync(t)
		if got := w.member(1).Own[sync.ActivityID]; got != "Site HQ" {
			t.Errorf("given %q", got)
		}
	})
	t.Run("when, of a member made by hand", func(t *testing.T) {
		w := given(t)
		w.Policy.Onboarding.Rules = []sync.Rule{{Name: "hq", When: sync.Match{Site: "HQ"}, Set: sync.Given{ActivityID: "Site HQ"}}, {Name: "dallas", When: sync.Match{Site: "Dallas"}, Set: sync.Given{ActivityID: "never"}}}
		w.imported("Ada Byron1", func(m *sync.Member) { m.Profile[sync.Email] = "ada1@example.com" })
		w.sync(t)
		if m := w.member(1); m.Own[sync.ActivityID] != "Site HQ" || m.Profile[sync.Site] != "Dallas" {
			t.Errorf("given %q at %q", m.Own[sync.ActivityID], m.Profile[sync.Site])
		}
	})
}

// TestR8SealedMembersAreMapped: one who is known by their seal is read when `map` begins
// to concern them, and one whose values are mapped has no seal.
// knows says whether a plan knows a member by its seal.
func (w *world) knows(t *testing.T, seal sync.Sealed) (known bool) {
	t.Helper()
	in := w.input()
	members := in.Members
	in.Members = func(k sync.Known) iter.Seq[*sync.Member] {
		known = k(seal)
		return members(nil)
	}
	if _, err := plan.Make(in); err != nil {
		t.Fatal(err)
	}
	return known
}

func TestR8SealedMembersAreMapped(t *testing.T) {
	w := newWorld()
	w.agent("1/10", "501", "Ada Byron", rc("701"))
	w.extension("701", "Ada Byron", site("HQ"))
	w.sync(t)
	seal := sync.Sealed{ID: 1, Text: fingerprint.Seal(w.member(1))}
	if !w.knows(t, seal) {
		t.Fatal("not known by the seal")
	}
	w.mapTo(t, [3]string{"site", "HQ", "Dallas"})
	if w.knows(t, seal) {
		t.Error("known by the seal, though the site is mapped now")
	}
	w.sync(t)
	if text := fingerprint.Seal(w.member(1)); text != "" {
		t.Error("a member with a mapped value is sealed")
	}
}

func TestR23AChangeOfMapHoldsLeavers(t *testing.T) {
	w := newWorld()
	w.mapTo(t)
	w.accept()
	for _, id := range []string{"1", "2", "3"} {
		w.agent("1/10", "50"+id, "Ada Byron"+id, rc("70"+id), email("ada"+id+"@example.com"))
		w.extension("70"+id, "Ada Byron"+id, email("ada"+id+"@example.com"), site("HQ"))
	}
	w.sync(t)
	g := w.group("1/10")
	g.Agents = g.Agents[1:]
	w.mapTo(t, [3]string{"site", "HQ", "Dallas"})
	plan := w.plan(t)
	same(t, lines(plan), []string{"update 2 rc:702 settings_changed", "update 3 rc:703 settings_changed", "hold settings_changed", "held deactivate 1 access_revoked"})
}

// bothValues lists what a plan changes, with RingCentral's own values.
func bothValues(p *sync.Plan) (all []string) {
	for i := range p.Changes {
		for _, f := range p.Changes[i].Fields {
			own := func(value *string) string {
				return textIf(value != nil, fmt.Sprintf(" (%s)", cmp.Or(*cmp.Or(value, new("")), "nothing")))
			}
			all = append(all, fmt.Sprintf("%s: %s%s -> %s%s", f.Field, f.Before, own(f.ReportedBefore), f.After, own(f.ReportedAfter)))
		}
	}
	return all
}

// adaAt is somebody at a site that `map` makes "Dallas".
func adaAt(t *testing.T, site string) (*world, *sync.Extension) {
	t.Helper()
	w := newWorld()
	w.mapTo(t, [3]string{"site", "HQ*", "Dallas"})
	w.accept()
	w.agent("1/10", "501", "Ada Byron", rc("701"))
	w.extension("701", "Ada Byron", func(r *record) { r.ext.Site = site })
	w.sync(t)
	return w, &w.Snapshot.Extensions[1]
}

// TestR19MapChangesAgainBeforeItIsAccepted: what the sync wrote is no edit, whichever
// settings it was written under.
func TestR19MapChangesAgainBeforeItIsAccepted(t *testing.T) {
	w, _ := adaAt(t, "HQ")
	for _, to := range []string{"Austin", "Boston"} {
		w.mapTo(t, [3]string{"site", "HQ*", to})
		plan := w.sync(t)
		same(t, []sync.Reason{plan.Changes[0].Reason, plan.Changes[0].Fields[0].Reason}, []sync.Reason{sync.ReasonSettings, sync.ReasonSettings})
	}
	w.member(1).Profile[sync.Site] = "Austin"
	same(t, fields(w.sync(t)), []string{"site: Austin -> Boston, local_edit_reverted"})
}

func TestR8ChangesTellBothValues(t *testing.T) {
	w, e := adaAt(t, "HQ")
	for _, day := range []struct {
		name string
		then func()
		want []string
	}{
		{"another value, not mapped", func() { e.Site = "Bern" }, []string{"site: Dallas (HQ) -> Bern"}},
		{"mapped again", func() { e.Site = "HQ 2" }, []string{"site: Bern -> Dallas (HQ 2)"}},
		{"the same meaning: nobody sees a change", func() { e.Site = "HQ 3" }, nil},
		{"an edit is undone", func() { w.member(1).Profile[sync.Site] = "By Hand" }, []string{"site: By Hand -> Dallas (HQ 3)"}},
		{"another map", func() { w.mapTo(t, [3]string{"site", "HQ*", "Austin"}) }, []string{"site: Dallas (HQ 3) -> Austin (HQ 3)"}},
		{"what is empty is mapped, too", func() {
			w.mapTo(t, [3]string{"site", "*", "Remote"})
			e.Site = ""
		}, []string{"site: Austin (HQ 3) -> Remote (nothing)"}},
		{"no map", func() { w.mapTo(t) }, []string{"site: Remote (nothing) -> "}},
	} {
		day.then()
		if got := bothValues(w.sync(t)); !slices.Equal(got, day.want) {
			t.Errorf("%s: %q, want %q", day.name, got, day.want)
		}
	}
}

// TestR8UnpinnedAndMapped: who is given a field back has at once what the next run leaves.
func TestR8UnpinnedAndMapped(t *testing.T) {
	w, e := adaAt(t, "Bern")
	w.edit(t, edit.PinField(1, sync.Pin{Field: sync.Site, Value: "Rome"}))
	e.Site = "HQ"
	w.sync(t)
	plan, err := w.tryEdit(edit.Unpin(1, sync.Site))
	if err != nil {
		t.Fatal(err)
	}
	same(t, bothValues(plan)[:1], []string{"site: Rome -> Dallas (HQ)"})
	w.members = apply(plan, w.members, &w.lastID)
	same(t, lines(w.sync(t)), nil)
}

// TestR29UndoOfAMappedChange: with the field goes back what RingCentral said then, so that
// filters do not take what the settings made of it for RingCentral's own.
func TestR29UndoOfAMappedChange(t *testing.T) {
	w, e := adaAt(t, "HQ")
	before := *w.member(1)
	e.Site = "Bern"
	done := doneBy(w.sync(t), w.members)
	plan, err := w.tryEdit(edit.Undo(done, nil, false))
	if err != nil {
		t.Fatal(err)
	}
	same(t, bothValues(plan), []string{"site: Bern -> Dallas (HQ)"})
	w.members = apply(plan, w.members, &w.lastID)
	same(t, []sync.Synced{w.member(1).Synced}, []sync.Synced{before.Synced})
	same(t, fields(w.sync(t)), []string{"site: Dallas -> Bern, source_changed"})
	e.Site = "HQ"
	w.sync(t)
	w.mapTo(t, [3]string{"site", "HQ*", "Austin"})
	w.edit(t, edit.Undo(doneBy(w.sync(t), w.members), nil, false))
	same(t, []sync.Synced{w.member(1).Synced}, []sync.Synced{before.Synced})
	same(t, fields(w.sync(t)), []string{"site: Dallas -> Austin, settings_changed"})
}

// TestR8WhatNobodyReportsIsNotMapped: not even by an entry for everything.
func TestR8WhatNobodyReportsIsNotMapped(t *testing.T) {
	w := newWorld()
	w.mapTo(t, [3]string{"site", "*", "Remote"})
	w.accept()
	w.agent("1/10", "501", "Ada Byron")
	w.agent("1/10", "502", "Bob Roy", rc("702"))
	w.extension("702", "Bob Roy", site("HQ"))
	plan := w.sync(t)
	if ada, bob := w.member(1).Profile[sync.Site], w.member(2).Profile[sync.Site]; ada != "" || bob != "Remote" || plan.Changes[0].Detail != saidOfNewcomers {
		t.Errorf("%q and %q, %q", ada, bob, plan.Changes[0].Detail)
	}
	same(t, lines(w.sync(t)), nil)
}

func TestR8UnusedEntriesOfMap(t *testing.T) {
	w := newWorld()
	w.mapTo(t, [3]string{"site", "HQ", "Dallas"}, [3]string{"site", "H*", "Houston"}, [3]string{"job_title", "CSR*", "Agent"}, [3]string{"department", "*", "All"})
	w.accept()
	w.extension("701", "Ada Byron", site("HQ"))
	w.extension("702", "Bob Roy", site("Bern"))
	same(t, plan.UnusedMappings(w.Policy.Map, w.Snapshot), []string{
		`map[1] fits no extension's site that an earlier entry leaves: from "H*"; there are "Bern", "HQ"`,
		`map[2] fits no extension's job_title that an earlier entry leaves: from "CSR*"; there is none`,
	})
	w.agent("1/10", "501", "Ada Byron", rc("701"))
	same(t, lines(w.plan(t)), []string{"onboard rc:701 new", "note map_unused", "note map_unused"})
}

func TestR8ExplainShowsBothValues(t *testing.T) {
	w := newWorld()
	w.mapTo(t, [3]string{"site", "HQ", "Dallas"})
	w.accept()
	w.agent("1/10", "501", "Ada Byron", rc("701"))
	w.extension("701", "Ada Byron", site("HQ"))
	w.sync(t)
	w.Trace = &plan.Trace{Who: "701"}
	w.plan(t)
	var texts []string
	for _, f := range w.Trace.Facts {
		texts = append(texts, f.Rule+" "+f.Text)
	}
	if !slices.Contains(texts, `R8 map makes site "Dallas" of RingCentral's "HQ"`) {
		t.Errorf("told: %q", texts)
	}
	if slices.ContainsFunc(w.Trace.Facts, func(f plan.Fact) bool { return f.Rule == "R19" && f.Source == "roster" }) {
		t.Errorf("what the settings made is said to be edited by hand: %q", texts)
	}
}
