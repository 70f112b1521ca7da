package reconcile_test

import (
	"fmt"
	"slices"
	"testing"

	"ringroster/sync"
	"ringroster/sync/edit"
	"ringroster/sync/plan"
)

var (
	denver = sync.Region{TimeZone: "America/Denver", Language: "en-US"}
	tokyo  = sync.Region{TimeZone: "Asia/Tokyo", Language: "ja-JP"}
	paris  = sync.Region{TimeZone: "Europe/Paris", Language: "fr-FR"}
)

// regional syncs time zone and language: the account's own, and what this run
// looked up, as pairs of extension id and region.
func (w *world) regional(account sync.Region, own ...any) {
	w.Snapshot.Regional = &sync.Regional{Account: account, Own: map[string]sync.Region{}}
	for i := 0; i < len(own); i += 2 {
		w.Snapshot.Regional.Own[own[i].(string)] = own[i+1].(sync.Region)
	}
	w.Policy.RegionalLookups = 10
}

// ada is the one person of most stories, with an extension.
func ada(w *world) {
	w.agent("1/10", "501", "Ada Byron", rc("701"))
	w.extension("701", "Ada Byron")
}

// adaWith is Ada in a world with regional settings.
func adaWith(account sync.Region, own ...any) func(*world) {
	return func(w *world) { ada(w); w.regional(account, own...) }
}

func TestTimeZoneAndLanguage(t *testing.T) {
	edit := func(w *world) { w.member(1).Profile[sync.TimeZone] = "Europe/Rome" }
	for _, c := range []struct {
		name   string
		before func(*world) // nil: the roster begins empty
		then   func(*world)
		want   []string // changes of time zone and language
	}{
		{
			name: "a newcomer, not looked up yet: the account's own stand in", then: adaWith(denver),
			want: []string{"onboard: America/Denver en-US"},
		},
		{
			name: "a newcomer who was looked up", then: adaWith(denver, "701", tokyo),
			want: []string{"onboard: Asia/Tokyo ja-JP"},
		},
		{
			name: "a newcomer without an extension: the account's own", then: func(w *world) { w.agent("1/10", "501", "Ada Byron"); w.regional(denver) },
			want: []string{"onboard: America/Denver en-US"},
		},
		{name: "nothing is known", then: adaWith(sync.Region{}), want: []string{"onboard:  "}},
		{name: "not synced", then: ada, want: []string{"onboard:  "}},
		{
			name: "a later run looks them up", before: adaWith(denver), then: func(w *world) { w.regional(denver, "701", tokyo) },
			want: []string{"time_zone: America/Denver -> Asia/Tokyo, source_changed", "language: en-US -> ja-JP, source_changed"},
		},
		{name: "their own are the account's: no change", before: adaWith(denver), then: func(w *world) { w.regional(denver, "701", denver) }},
		{name: "their own stay while nobody looks again", before: adaWith(denver, "701", tokyo), then: func(w *world) { w.regional(denver) }},
		{name: "the account's own change: whoever has their own keeps them", before: adaWith(denver, "701", tokyo), then: func(w *world) { w.regional(paris) }},
		{
			name: "the account's own change: they stand in for the others", before: adaWith(denver), then: func(w *world) { w.regional(paris) },
			want: []string{"time_zone: America/Denver -> Europe/Paris, source_changed", "language: en-US -> fr-FR, source_changed"},
		},
		{name: "the account tells nothing any more", before: adaWith(denver), then: func(w *world) { w.regional(sync.Region{}) }},
		{
			name: "R19 an edit by hand is reverted, though nobody looks them up again", before: adaWith(denver, "701", tokyo),
			then: func(w *world) { w.regional(denver); edit(w) },
			want: []string{"time_zone: Europe/Rome -> Asia/Tokyo, local_edit_reverted"},
		},
		{
			name: "R19 an edit of what stands in is reverted", before: adaWith(denver), then: edit,
			want: []string{"time_zone: Europe/Rome -> America/Denver, local_edit_reverted"},
		},
		{name: "switched off again: nothing changes, edits stay", before: adaWith(denver, "701", tokyo), then: func(w *world) { w.Snapshot.Regional = nil; edit(w) }},
		{
			name: "switched on for members who are there", before: ada, then: func(w *world) { w.regional(denver) },
			want: []string{"time_zone:  -> America/Denver, source_changed", "language:  -> en-US, source_changed"},
		},
		{
			name: "R8 the extension is not listed now: unknown", before: adaWith(denver, "701", tokyo),
			then: func(w *world) { w.Snapshot.Extensions = w.Snapshot.Extensions[:1]; w.regional(paris); edit(w) },
		},
		{
			name: "R8 an unassigned extension: unknown", before: adaWith(denver, "701", tokyo),
			then: func(w *world) {
				w.Snapshot.Extensions[1].HasContact, w.Snapshot.Extensions[1].Status = false, "Unassigned"
				w.regional(paris)
			},
		},
		{
			name: "a time zone that no table knows: the language alone", before: adaWith(denver), then: func(w *world) { w.regional(denver, "701", sync.Region{Language: "ja-JP"}) },
			want: []string{"language: en-US -> ja-JP, source_changed"},
		},
		{
			name: "likewise of a newcomer: the account's stands in", then: adaWith(denver, "701", sync.Region{Language: "ja-JP"}),
			want: []string{"onboard: America/Denver ja-JP"},
		},
		{
			name: "R12 the same human under a new id keeps theirs until they are looked up", before: adaWith(denver, "701", tokyo),
			then: func(w *world) {
				w.clearAll()
				w.agent("1/10", "501", "Ada Byron", rc("702"))
				w.extension("702", "Ada Byron")
				w.regional(denver)
			},
		},
		{
			name: "R7 an extension attached by e-mail is not looked up", before: func(w *world) {
				w.agent("1/10", "501", "Ada Byron")
				w.extension("701", "Ada Byron")
				w.regional(denver)
			},
			then: func(w *world) { w.regional(denver, "701", tokyo) },
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld()
			if c.before != nil {
				c.before(w)
				w.sync(t)
			}
			c.then(w)
			plan := w.plan(t)
			same(t, regions(plan), c.want)
			mustKeepLaws(t, plan, w.members)
			w.members = apply(plan, w.members, &w.lastID)
			if again := w.plan(t); len(again.Changes)+len(again.Marks) > 0 {
				t.Errorf("the next plan still has %v", lines(again))
			}
		})
	}
}

// regions renders what a plan does to time zones and languages.
func regions(p *sync.Plan) []string {
	var out []string
	for _, c := range p.Changes {
		if c.Kind == sync.Onboard {
			out = append(out, fmt.Sprintf("onboard: %s %s", c.Next().Profile[sync.TimeZone], c.Next().Profile[sync.Language]))
		}
		for _, f := range c.Fields {
			if f.Field == "time_zone" || f.Field == "language" {
				out = append(out, fmt.Sprintf("%s: %s -> %s, %s", f.Field, f.Before, f.After, f.Reason))
			}
		}
	}
	return out
}

func TestWhoIsToBeLookedUp(t *testing.T) {
	change := func(edit func(*sync.Extension)) func(*world) {
		return func(w *world) { edit(&w.Snapshot.Extensions[1]) }
	}
	for _, c := range []struct {
		name   string
		before func(*world)
		then   func(*world)
		want   []string
	}{
		{name: "a newcomer", then: adaWith(denver), want: []string{"701"}},
		{name: "a newcomer who was looked up in this run", then: adaWith(denver, "701", tokyo)},
		{name: "nobody, when they are not synced", then: ada},
		{name: "a member whose own were never read", before: adaWith(denver), want: []string{"701"}},
		{name: "a member whose own were read", before: adaWith(denver, "701", tokyo)},
		{name: "a number that changed", before: adaWith(denver, "701", tokyo), then: change(func(e *sync.Extension) { e.Number = "99" }), want: []string{"701"}},
		{name: "a site that changed", before: adaWith(denver, "701", tokyo), then: change(func(e *sync.Extension) { e.Site = "Dallas" }), want: []string{"701"}},
		{name: "a status that changed", before: adaWith(denver, "701", tokyo), then: change(func(e *sync.Extension) { e.Status = "Frozen" }), want: []string{"701"}},
		{name: "somebody else's extension", before: adaWith(denver, "701", tokyo), then: func(w *world) { w.extension("702", "Cy Poe") }},
		{
			name: "the same human under a new id", before: adaWith(denver, "701", tokyo),
			then: func(w *world) {
				w.clearAll()
				w.agent("1/10", "501", "Ada Byron", rc("702"))
				w.extension("702", "Ada Byron")
			},
			want: []string{"702"},
		},
		{name: "somebody without an extension", then: func(w *world) { w.agent("1/10", "501", "Ada Byron", rc("701")); w.regional(denver) }},
		{name: "an unassigned extension", then: func(w *world) {
			w.agent("1/10", "501", "Ada Byron", rc("701"))
			w.extension("701", "Ada Byron", noContact)
			w.regional(denver)
		}},
		{name: "an extension attached by e-mail", then: func(w *world) {
			w.agent("1/10", "501", "Ada Byron")
			w.extension("701", "Ada Byron")
			w.regional(denver)
		}},
		{name: "whoever does not belong", then: func(w *world) {
			w.agent("1/10", "501", "Ada Byron", rc("701"), inactive)
			w.extension("701", "Ada Byron")
			w.regional(denver)
		}},
		{name: "a leaver", before: adaWith(denver), then: func(w *world) { w.Snapshot.Extensions[1].Status = "Disabled" }},
		{name: "a detached member", before: adaWith(denver), then: func(w *world) { w.member(1).Managed = false }},
		{name: "a conflict", then: func(w *world) {
			w.agent("1/10", "501", "Ada Byron", rc("701"), faulty("cut"))
			w.extension("701", "Ada Byron")
			w.regional(denver)
		}},
		{name: "what was undone (R29)", before: adaWith(denver, "701", tokyo), then: func(w *world) { w.member(1).UndoRegional(sync.TimeZone) }, want: []string{"701"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld()
			if c.before != nil {
				c.before(w)
				w.sync(t)
				if w.Snapshot.Regional != nil {
					w.regional(denver)
				}
			}
			if c.then != nil {
				c.then(w)
			}
			plan := w.plan(t)
			same(t, plan.Lookups, c.want)
			waits := slices.ContainsFunc(plan.Notes, func(n sync.Note) bool { return n.Reason == sync.NoteRegionalWaits })
			if waits != (len(c.want) > 0) {
				t.Errorf("said that somebody waits: %t", waits)
			}
		})
	}
}

// regionalCrowd is n people of whom nobody was looked up yet.
func regionalCrowd(n, lookups int) *world {
	w := newWorld()
	for i := range n {
		id := fmt.Sprint(1000 + i)
		w.agent("1/10", id, fmt.Sprintf("P%03d Doe", i), rc(id))
		w.extension(id, fmt.Sprintf("P%03d Doe", i))
	}
	w.regional(denver)
	w.Policy.RegionalLookups = lookups
	return w
}

// run plans, looks up who is named, but not the given, and plans and applies with
// that: as a run does.
func (w *world) run(t *testing.T, failing ...string) (looked []string) {
	t.Helper()
	w.Snapshot.Regional.Own = map[string]sync.Region{}
	looked = w.plan(t).Lookups
	for _, id := range looked {
		if !slices.Contains(failing, id) {
			w.Snapshot.Regional.Own[id] = tokyo
		}
	}
	w.sync(t)
	w.State.Version++
	return looked
}

func (w *world) unread() (n int) {
	for _, m := range w.members {
		if m.Synced.Regional == "" {
			n++
		}
	}
	return n
}

func TestTheRestComesInTheNextRuns(t *testing.T) {
	w := regionalCrowd(7, 3)
	var left []int
	for range 4 {
		if looked := w.run(t); len(looked) > 3 {
			t.Fatalf("%d were looked up", len(looked))
		}
		left = append(left, w.unread())
	}
	same(t, left, []int{4, 1, 0, 0})
	same(t, w.plan(t).Lookups, nil)
}

// Twice as many as one run looks up fail for ever: everybody else gets their turn.
func TestThoseWhoFailKeepNobodyWaiting(t *testing.T) {
	w := regionalCrowd(60, 10)
	var failing []string
	for i := range 20 {
		failing = append(failing, fmt.Sprint(1000+i))
	}
	for range 30 {
		w.run(t, failing...)
	}
	if left := w.unread(); left != len(failing) {
		t.Errorf("%d people have never been read, want the %d who fail", left, len(failing))
	}
}

func TestR28OnePersonIsLookedUpAlone(t *testing.T) {
	w := regionalCrowd(20, 1)
	for _, who := range []string{"p007@example.com", "p019@example.com"} {
		plan, err := w.only(t, who)
		if err != nil {
			t.Fatal(err)
		}
		same(t, plan.Lookups, []string{plan.Changes[0].Next().RCUserID})
	}
}

// R29: an undone time zone holds until the next run that reads it again, never
// for ever.
func TestR29AnUndoneTimeZoneIsReadAgain(t *testing.T) {
	w := newWorld()
	adaWith(denver)(w)
	w.sync(t)
	w.regional(denver, "701", tokyo)
	done := doneBy(w.sync(t), w.members)
	w.edit(t, edit.Undo(done, nil, false))
	if got := w.member(1).Profile[sync.TimeZone]; got != "America/Denver" {
		t.Fatalf("after the undo: %s", got)
	}
	w.regional(paris)
	same(t, regions(w.plan(t)), nil)
	same(t, w.run(t), []string{"701"})
	if got := w.member(1).Profile[sync.TimeZone]; got != "Asia/Tokyo" {
		t.Errorf("after the next run: %s", got)
	}
}

func TestR32RegionalSettingsAreExplained(t *testing.T) {
	w := newWorld()
	adaWith(denver)(w)
	in := w.input()
	in.Trace = &plan.Trace{Who: "ada@example.com"}
	if _, err := plan.Make(in); err != nil {
		t.Fatal(err)
	}
	want := `their own are not known, to be read: time zone "", language ""; the account's own are "America/Denver" and "en-US"`
	if !slices.ContainsFunc(in.Trace.Facts, func(f plan.Fact) bool { return f.Text == want }) {
		t.Errorf("facts %+v", in.Trace.Facts)
	}
}
