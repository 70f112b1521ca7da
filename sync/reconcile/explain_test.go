package reconcile_test

import (
	"slices"
	"strings"
	"testing"

	"ringroster/sync"
	"ringroster/sync/plan"
	"ringroster/sync/reconcile"
)

// explain makes the plan with its trace on and gives the facts as lines: rule,
// source, text.
func (w *world) explain(t *testing.T, who string) *plan.Trace {
	t.Helper()
	in := w.input()
	in.Trace = &plan.Trace{Who: who}
	plan, err := plan.Make(in)
	if err != nil {
		t.Fatal(err)
	}
	same(t, lines(plan), lines(w.plan(t))) // looking changes nothing
	return in.Trace
}

func says(t *plan.Trace, rule, text string) bool {
	return slices.ContainsFunc(t.Facts, func(f plan.Fact) bool { return f.Rule == rule && strings.Contains(f.Text, text) })
}

func TestR32ExplainFindsPeopleByWhateverTheyAreCalled(t *testing.T) {
	w := newWorld()
	w.agent("1/10", "501", "Ada Byron", rc("701"), userName("ada.b"))
	w.admin("301", "Ada Byron", rc("701"), email("boss@example.com"))
	w.extension("701", "Ada Byron")
	w.agent("1/10", "502", "Bob Roy", rc("702"))
	w.sync(t)
	for _, who := range []string{
		"ada@example.com", "BOSS@example.com", "Ada Byron", " ada byron ", "1", "701", "rc:701", "501", "301", "ada.b",
	} {
		t.Run(who, func(t *testing.T) {
			trace := w.explain(t, who)
			if !trace.Found() || !says(trace, "R19", "unchanged") || !says(trace, "R9", "belongs on the roster") {
				t.Errorf("facts %+v", trace.Facts)
			}
			for _, f := range trace.Facts {
				if f.About != "member 1, rc:701" || f.Source == "" || f.Text == "" {
					t.Errorf("a fact about somebody else, or an empty one: %+v", f)
				}
			}
		})
	}
	t.Run("nobody", func(t *testing.T) {
		if trace := w.explain(t, "nobody@example.com"); trace.Found() {
			t.Errorf("facts %+v", trace.Facts)
		}
	})
}

func TestR32ExplainSaysWhatDecides(t *testing.T) {
	for _, c := range []struct {
		name  string
		who   string
		then  func(*world)
		facts map[string]string // rule -> what one of its facts says
	}{
		{
			name: "an update names the field, before and after", who: "ada@example.com",
			then:  adaIs("Enabled", named("Ada", "King")),
			facts: map[string]string{"R19": `last_name: "Byron" becomes "King", source_changed`, "R7": "extension 701", "R10": "gives Agent"},
		},
		{
			name: "an edit by hand", who: "ada@example.com",
			then:  func(w *world) { w.member(1).Profile[sync.Site] = "Bern" },
			facts: map[string]string{"R19": `site is "Bern", but the last sync wrote "": edited by hand`},
		},
		{
			name: "somebody who does not belong", who: "701",
			then:  adaIs("Enabled", inactive),
			facts: map[string]string{"R14": "does not belong on the roster: access_revoked", "R16": "is deactivated", "R32": "no_access"},
		},
		{
			name: "a leaver, by member id", who: "1",
			then:  without(),
			facts: map[string]string{"R14": "would leave, reason removed", "R16": "is deactivated, reason removed"},
		},
		{
			name: "a leaver whom the ladder keeps", who: "ada byron",
			then:  with(func(p *sync.Policy) { p.Deactivate = false }, without()),
			facts: map[string]string{"R16": "stays: deactivate_off"},
		},
		{
			name: "a held leaver", who: "ada byron",
			then:  with(func(p *sync.Policy) { p.Limits.Deactivations = sync.Limit{Percent: 0, Floor: 0} }, without()),
			facts: map[string]string{"R21-R24": "held: limit"},
		},
		{
			name: "a newcomer", who: "503",
			then:  func(w *world) { w.agent("1/10", "503", "Cy Poe") },
			facts: map[string]string{"R14": "onboard, reason new", "": "agent 503 of group 10 (Group 10) in sub-account 1 (Sub 1)"},
		},
		{
			name: "a conflict, and the command that settles it", who: "cy poe",
			then:  func(w *world) { w.agent("1/10", "503", "Cy Poe", email("bob@example.com"), rc("703")) },
			facts: map[string]string{"R20": "conflict email_in_use"},
		},
		{
			name: "an inactive member whom nobody reports", who: "Zoe Fox",
			then:  func(w *world) { w.imported("Zoe Fox", func(m *sync.Member) { m.Status = sync.Inactive }) },
			facts: map[string]string{"": `"Zoe Fox": inactive`, "R18": "stays inactive (set by hand)"},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld()
			one(w)
			w.sync(t)
			c.then(w)
			trace := w.explain(t, c.who)
			for rule, text := range c.facts {
				if !says(trace, rule, text) {
					t.Errorf("%s does not say %q: %+v", rule, text, trace.Facts)
				}
			}
		})
	}
}

// What several are called is told of none of them: of the people whom RingCentral reports,
// or else of the members whom it does not.
func TestExplainOfSeveral(t *testing.T) {
	w := newWorld()
	w.agent("1/10", "501", "Ada Byron", rc("701"), email("ada@example.com"))
	w.agent("1/10", "502", "Ada Byron", rc("702"), email("ada2@example.com"))
	w.agent("1/10", "503", "Bob Roy", rc("703"))
	w.agent("1/10", "504", "Cy Poe", rc("704"))
	w.sync(t)
	for _, id := range []int64{1, 2} {
		w.member(id).Status, w.member(id).DeactivationReason = sync.Inactive, sync.ReasonRemoved
	}
	w.clear()
	w.agent("1/10", "503", "Bob Roy", rc("703"))
	w.agent("1/10", "504", "Cy Poe", rc("704"))
	w.imported("Cy Poe", func(m *sync.Member) { m.Status, m.Profile[sync.Email] = sync.Inactive, "cy@example.org" })
	for who, want := range map[string]string{
		"ada byron":        `"ada byron" means 2 members of account acme: name one of them by what stands first: 1 (Ada Byron, ada@example.com, inactive, rc:701); 2 (Ada Byron, ada2@example.com, inactive, rc:702)`,
		"ada2@example.com": "",
		"1":                "",
		"bob roy":          "",
		"cy poe":           "",
		"rc:704":           "",
	} {
		got := ""
		if err := w.explain(t, who).Several("acme"); err != nil {
			got = err.Error()
		}
		if got != want {
			t.Errorf("%s: got %q, want %q", who, got, want)
		}
	}
}

// An explanation shows the last plan of a run alone, not one that the second look
// overtook.
func TestR32ExplainForgetsThePlanBeforeTheSecondLook(t *testing.T) {
	s := newSite(t, one)
	s.reports("acme", without())
	s.directories["acme"].second = s.worldOf(one)
	trace := &plan.Trace{Who: "ada@example.com"}
	s.Preview(t.Context(), reconcile.Request{Run: sync.Run{Accounts: []string{"acme"}}, Trace: trace})
	if says(trace, "R14", "would leave") || !says(trace, "R19", "unchanged") {
		t.Errorf("facts %+v", trace.Facts)
	}
}
