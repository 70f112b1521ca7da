package reconcile_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"ringroster/sync"
	"ringroster/sync/edit"
	"ringroster/sync/fingerprint"
	"ringroster/sync/plan"
)

// reference says which ids of other systems an extension has: its employee number, or none.
func reference(id string) option {
	return func(r *record) { r.ext.EmployeeID, r.ext.HasReferences = id, true }
}

func TestR8EmployeeNumberFromTheExtensionList(t *testing.T) {
	with := func(options ...option) func(*world) {
		return func(w *world) {
			w.clearAll()
			w.agent("1/10", "501", "Ada Byron", rc("701"))
			w.extension("701", "Ada Byron", options...)
		}
	}
	play(t, []scenario{
		{name: "the same, nothing to do", before: with(reference("E7")), then: with(reference("E7"))},
		{
			name: "another number", before: with(reference("E7")), then: with(reference("E8")),
			want: []string{"update 1 rc:701 source_changed"}, fields: []string{"employee_id: E7 -> E8, source_changed"},
		},
		{
			name: "the list says that there is none", before: with(reference("E7")), then: with(reference("")),
			want: []string{"update 1 rc:701 source_changed"}, fields: []string{"employee_id: E7 -> , source_changed"},
		},
		{name: "the list says nothing of references: unknown, never empty", before: with(reference("E7")), then: with()},
		{name: "no contact block: unknown", before: with(reference("E7")), then: with(reference("E8"), noContact)},
		{
			name: "edited by hand", before: with(reference("E7")),
			then: func(w *world) { w.member(1).Profile[sync.EmployeeID] = "E9" },
			want: []string{"update 1 rc:701 local_edit_reverted"}, fields: []string{"employee_id: E9 -> E7, local_edit_reverted"},
		},
		{
			name: "the source is named for the first time", before: with(),
			then: func(w *world) { with(reference("E7"))(w); w.State.New = w.State.New.With(sync.EmployeeID) },
			want: []string{"update 1 rc:701 first_fill"}, fields: []string{"employee_id:  -> E7, first_fill"},
		},
	})
}

// What operators give is the roster's own: no sync changes it, and a seal knows it.
func TestR8EmployeeNumberOfTheRostersOwn(t *testing.T) {
	w := newWorld()
	one(w)
	w.sync(t)
	w.edit(t, edit.Fill(sync.EmployeeID, map[int64]string{1: "E7", 99: "nobody's"}))
	if m := w.member(1); m.Profile[sync.EmployeeID] != "E7" || m.Synced.Profile[sync.EmployeeID] != "E7" {
		t.Fatalf("member 1 has %q, synced %q", m.Profile[sync.EmployeeID], m.Synced.Profile[sync.EmployeeID])
	}
	if fingerprint.Seal(w.member(1)) == "" {
		t.Error("no seal knows the member: every run would read the row")
	}
	passed := 0
	w.Members = w.sealed(&passed)
	plan, err := plan.Make(w.Input)
	if err != nil || len(plan.Changes)+len(plan.Marks) > 0 || passed != len(w.members) {
		t.Errorf("the next plan has %v, %v; %d of %d members were known", lines(plan), err, passed, len(w.members))
	}
	w.edit(t, edit.SetFields(1, map[string]string{"employee_id": "E8"}))
	same(t, lines(w.plan(t)), nil)
	if _, err := w.tryEdit(edit.SetFields(1, map[string]string{"site": "Bern"})); err == nil {
		t.Error("a field of RingCentral's was set as if it were the roster's own")
	}
	w.edit(t, edit.Forget(1))
	if _, err := w.tryEdit(edit.Fill(sync.EmployeeID, map[int64]string{1: "E9"})); err == nil || !strings.Contains(err.Error(), "forgotten") {
		t.Errorf("somebody forgotten was given a number: %v", err)
	}
}

// custom has employee numbers looked up, and what this run read of them.
func (w *world) custom(own ...string) {
	w.Snapshot.Regional = &sync.Regional{CustomField: "Number", CustomOnly: true, Own: map[string]sync.Region{}}
	for i := 0; i < len(own); i += 2 {
		w.Snapshot.Regional.Own[own[i]] = sync.Region{EmployeeID: own[i+1], HasEmployeeID: true}
	}
	w.Policy.RegionalLookups = 2
}

func TestR8EmployeeNumberOfACustomField(t *testing.T) {
	with := func(own ...string) func(*world) {
		return func(w *world) { w.clearAll(); ada(w); w.custom(own...) }
	}
	play(t, []scenario{
		{name: "never looked up: unknown", before: with(), then: with(), want: []string{"note regional_settings_wait"}},
		{
			name: "looked up for the first time", before: with(), then: with("701", "E7"),
			want: []string{"update 1 rc:701 first_fill"}, fields: []string{"employee_id:  -> E7, first_fill"},
		},
		{name: "it stays while nobody looks again", before: with("701", "E7"), then: with()},
		{
			name: "looked up again, and another", before: with("701", "E7"), then: with("701", "E8"),
			want: []string{"update 1 rc:701 source_changed"}, fields: []string{"employee_id: E7 -> E8, source_changed"},
		},
		{
			name: "looked up again, and empty", before: with("701", "E7"), then: with("701", ""),
			want: []string{"update 1 rc:701 source_changed"}, fields: []string{"employee_id: E7 -> , source_changed"},
		},
		{
			name: "read, and the record has no custom fields: unknown", before: with("701", "E7"),
			then: func(w *world) { with()(w); w.Snapshot.Regional.Own["701"] = sync.Region{} },
		},
		{
			name: "edited by hand", before: with("701", "E7"),
			then: func(w *world) { with()(w); w.member(1).Profile[sync.EmployeeID] = "E9" },
			want: []string{"update 1 rc:701 local_edit_reverted"}, fields: []string{"employee_id: E9 -> E7, local_edit_reverted"},
		},
		{
			name: "time zone and language are not synced", before: with("701", "E7"),
			then: func(w *world) { with()(w); w.member(1).Profile[sync.TimeZone] = "Europe/Rome" },
		},
	})
}

// Whoever was never read comes first, then those of whom it is longest ago; nobody is read twice
// a day, and with time zone and language alone nobody is read again.
func TestLookupsOfACustomFieldGoOnOldestFirst(t *testing.T) {
	w := newWorld()
	for i := 1; i <= 5; i++ {
		w.agent("1/10", fmt.Sprint(500+i), fmt.Sprintf("P%d Ng", i), rc(fmt.Sprint(700+i)))
		w.extension(fmt.Sprint(700+i), fmt.Sprintf("P%d Ng", i))
	}
	w.custom()
	w.sync(t)
	read := map[string]int{} // the day on which each extension was read last
	for day := 1; day <= 6; day++ {
		w.Now = noon.AddDate(0, 0, day)
		w.custom()
		plan := w.plan(t)
		if len(plan.Lookups) != 2 {
			t.Fatalf("day %d: looks up %v", day, plan.Lookups)
		}
		waiting := slices.ContainsFunc(plan.Notes, func(n sync.Note) bool { return n.Reason == sync.NoteRegionalWaits })
		if waiting != (len(read) < 5) {
			t.Errorf("day %d: with %d of 5 read, says that some wait: %t", day, len(read), waiting)
		}
		for _, id := range plan.Lookups {
			for other, last := range read {
				if was, again := read[id]; again && last < was && !slices.Contains(plan.Lookups, other) {
					t.Errorf("day %d: %s was read on day %d, and comes before %s of day %d", day, id, was, other, last)
				}
			}
			if _, again := read[id]; again && len(read) < 5 && day < 3 {
				t.Errorf("day %d: %s is read again before everybody was", day, id)
			}
		}
		w.custom(plan.Lookups[0], "E", plan.Lookups[1], "E")
		w.sync(t)
		for _, id := range plan.Lookups {
			read[id] = day
		}
	}
	w.custom()
	for range 2 { // five were read within the last three days; the rest of this day's
		plan := w.plan(t)
		w.custom()
		for _, id := range plan.Lookups {
			w.Snapshot.Regional.Own[id] = sync.Region{EmployeeID: "E", HasEmployeeID: true}
		}
		w.sync(t)
		w.custom()
	}
	if plan := w.plan(t); len(plan.Lookups) > 0 {
		t.Errorf("%v are read twice on one day", plan.Lookups)
	}
	w.Now = w.Now.AddDate(0, 1, 0)
	w.Snapshot.Regional = nil
	if plan := w.plan(t); len(plan.Lookups)+len(plan.Changes) > 0 {
		t.Errorf("with it off: looks up %v, changes %v", plan.Lookups, lines(plan))
	}
}

// TestR11EmployeeNumberInFilters: a number that is not known leaves nobody out.
func TestR11EmployeeNumberInFilters(t *testing.T) {
	listed := func(options ...option) func(*world) {
		return func(w *world) {
			w.clearAll()
			w.agent("1/10", "501", "Ada Byron", rc("701"))
			w.extension("701", "Ada Byron", options...)
		}
	}
	include := func(pattern string) func(*world) {
		return func(w *world) { w.Policy.Scope = sync.Scope{Include: []sync.Match{{EmployeeID: pattern}}}; w.accept() }
	}
	exclude := func(pattern string) func(*world) {
		return func(w *world) { w.Policy.Scope = sync.Scope{Exclude: []sync.Match{{EmployeeID: pattern}}}; w.accept() }
	}
	all := func(steps ...func(*world)) func(*world) {
		return func(w *world) {
			for _, step := range steps {
				step(w)
			}
		}
	}
	out := []string{"deactivate 1 rc:701 out_of_scope", "note 1 rc:701 out_of_scope"}
	play(t, []scenario{
		{name: "included", before: listed(reference("E7")), then: include("E*")},
		{name: "not included", before: listed(reference("X7")), then: include("E*"), want: out},
		{name: "excluded", before: listed(reference("X7")), then: exclude("X*"), want: out},
		{name: "the list says nothing of references", before: listed(), then: include("E*")},
		{name: "the list says that there is none", before: listed(reference("")), then: include("E*")},
		{name: "nobody without a number is excluded", before: listed(), then: exclude("*")},
		{name: "what was known stands in", before: listed(reference("X7")), then: all(listed(), include("E*")), want: out},
		{name: "what was known includes", before: listed(reference("E7")), then: all(listed(), include("E*"))},
		{
			name: "the other keys of an entry count all the same", before: listed(site("HQ")),
			then: func(w *world) {
				w.Policy.Scope = sync.Scope{Include: []sync.Match{{EmployeeID: "E*", Site: "Bern"}}}
				w.accept()
			}, want: out,
		},
		{
			name: "a custom field never read", before: func(w *world) { ada(w); w.custom() },
			then: all(include("E*"), func(w *world) { w.custom() }), want: []string{"note regional_settings_wait"},
		},
		{
			name: "a custom field read in this run", before: func(w *world) { ada(w); w.custom() },
			then: all(include("E*"), func(w *world) { w.custom("701", "X7") }), want: out,
		},
		{
			name: "a custom field read before", before: func(w *world) { ada(w); w.custom("701", "X7") },
			then: all(include("E*"), func(w *world) { w.custom() }), want: out,
		},
		{
			name: "a protected number", before: listed(reference("E7")),
			then: func(w *world) { w.clearAll(); w.Policy.Protect = []sync.Match{{EmployeeID: "e7"}} }, want: []string{"note 1 protected"},
		},
	})
}

// TestR11SealsKnowEmployeeNumbers: somebody known by their seal is judged with their number.
func TestR11SealsKnowEmployeeNumbers(t *testing.T) {
	w := newWorld()
	one(w)
	w.sync(t)
	w.edit(t, edit.Fill(sync.EmployeeID, map[int64]string{1: "X7"}))
	w.sync(t)
	for _, tt := range []struct {
		pattern string
		want    []string
	}{
		{"E*", nil},
		{"X*", []string{"held deactivate 1 rc:701 out_of_scope"}},
	} {
		w.Policy.Scope = sync.Scope{Exclude: []sync.Match{{EmployeeID: tt.pattern}}}
		passed := 0
		w.Members = w.sealed(&passed)
		plan, err := plan.Make(w.Input)
		if err != nil {
			t.Fatal(err)
		}
		got := slices.DeleteFunc(lines(plan), func(line string) bool {
			return !strings.HasPrefix(line, "deactivate") && !strings.HasPrefix(line, "held")
		})
		same(t, got, tt.want)
		if passed != len(w.members)-len(tt.want) {
			t.Errorf("%s: %d of %d members were known by their seal", tt.pattern, passed, len(w.members))
		}
	}
}
