package reconcile_test

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"ringroster/sync"
	"ringroster/sync/archive"
	"ringroster/sync/plan"
)

// twoGroups is a company in which the first six are supervisors of one group and agents of
// another; twelve more are agents of that alone.
func twoGroups(t *testing.T) *world {
	t.Helper()
	w := newWorld()
	w.team("1/20", 0, 18)
	for i, a := range w.group("1/20").Agents[:6] {
		w.agent("1/10", "8"+string(rune('1'+i)), a.FirstName+" Roy", rc(a.RCUserID), agentType("SUPERVISOR"))
	}
	sub := w.sub("1")
	sub.Groups[0], sub.Groups[1] = sub.Groups[1], sub.Groups[0] // the supervisors are read first
	w.today(t)
	if role := w.member(1).Profile[sync.Role]; role != sync.RoleSupervisor {
		t.Fatalf("member 1 is %s", role)
	}
	return w.tomorrow()
}

// told is the explanation of the next run by what its plan will be made of.
func (w *world) told(t *testing.T, who string) *plan.Trace {
	t.Helper()
	w.State = w.state()
	return w.explain(t, who)
}

func traceLines(t *plan.Trace) string {
	var text strings.Builder
	for _, f := range t.Facts {
		text.WriteString(f.Rule + " " + f.Source + ": " + f.Text + "\n")
	}
	return text.String()
}

// While a list is not believed, a plan is made of two drafts: whoever has a record in such a
// list and one elsewhere is in both, and is one person. What is told is what was decided of
// them, not what one draft alone says (R22, R32).
func TestR32ExplainSaysWhatWaitsOfWhomAListLost(t *testing.T) {
	w := twoGroups(t)
	w.group("1/10").Agents = nil
	for _, who := range []string{"p001@example.com", "rc:7001", "7001", "1", "P001 Roy", "5001", "81", "agent:1/81"} {
		trace := w.told(t, who)
		if err := trace.Several("acme"); err != nil {
			t.Error(err)
		}
		for rule, text := range map[string]string{
			"R10":     "the role stays as it is",
			"R19":     `role: "Supervisor" would become "Agent", source_changed`,
			"R21-R24": "held: list_emptied, ",
		} {
			if !says(trace, rule, text) {
				t.Errorf("%s: %s does not say %q:\n%s", who, rule, text, traceLines(trace))
			}
		}
		for _, wrong := range []string{"unchanged", "retrieval order: Agent, Supervisor", " becomes "} {
			if strings.Contains(traceLines(trace), wrong) {
				t.Errorf("%s: says %q:\n%s", who, wrong, traceLines(trace))
			}
		}
		if got := trace.Sentence(); !strings.HasPrefix(got, "member 1, rc:7001: held: list_emptied") {
			t.Errorf("%s: so %s", who, got)
		}
	}
	if trace := w.told(t, "p007@example.com"); !strings.HasSuffix(trace.Sentence(), "unchanged: the roster holds what RingCentral reports") {
		t.Errorf("of somebody else: %s", traceLines(trace))
	}
}

// Who has a record that is not believed to be lost, and leaves by what is left, is one as well.
func TestR32ExplainSaysThatALeaverOfAnUnbelievedListWaits(t *testing.T) {
	w := twoGroups(t)
	w.group("1/10").Agents = nil
	w.group("1/20").Agents[0].Active = false
	trace := w.told(t, "p001@example.com")
	if err := trace.Several("acme"); err != nil {
		t.Error(err)
	}
	if !says(trace, "R14", "would leave, reason access_revoked") || !strings.Contains(trace.Sentence(), "held: list_emptied") || strings.Contains(traceLines(trace), "unchanged") {
		t.Error(traceLines(trace))
	}
}

// What an operator rejected is told as that, by a plan and by what a run kept, also where the
// list is believed again (R36).
func TestR36ExplainSaysWhatIsRefused(t *testing.T) {
	w := twoGroups(t)
	w.group("1/10").Agents = nil
	w.today(t)
	w.refuse(t)
	w.tomorrow().today(t)
	w.tomorrow()
	for name, then := range map[string]func(){
		"the list is not believed": func() {},
		"the list is believed": func() {
			w.agent("1/10", "91", "P007 Roy", rc("7007"))
			w.agent("1/10", "92", "P008 Roy", rc("7008"))
			for i := range 8 {
				w.agent("1/10", "10"+string(rune('1'+i)), "Q Roy", rc("9"+string(rune('1'+i))))
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			then()
			now := w.told(t, "p001@example.com")
			in := w.input()
			_, data := keepWhile(t, in, 7)
			past := &plan.Trace{Who: "p001@example.com"}
			for p, err := range archive.ReadPasts(bytes.NewReader(data)) {
				if err != nil {
					t.Fatal(err)
				}
				if _, err := p.Plan("", past); err != nil {
					t.Fatal(err)
				}
			}
			for _, trace := range []*plan.Trace{now, past} {
				if !says(trace, "R36", "role stays \"Supervisor\": an operator rejected \"Agent\" (R36); `ringroster reject --clear 1` ends that") ||
					!says(trace, "R36", "81 in Group 10 stays: an operator rejected that it ends") {
					t.Error(traceLines(trace))
				}
				if text := traceLines(trace); strings.Contains(text, " become") || strings.Contains(text, "unchanged") || strings.Contains(text, "held:") {
					t.Error(text)
				}
			}
			if !slices.Equal(now.Facts, past.Facts) {
				t.Errorf("now:\n%s\nthen:\n%s", traceLines(now), traceLines(past))
			}
		})
	}
}

// What one look alone keeps is told as that (R2).
func TestR2ExplainSaysWhatOneLookKeeps(t *testing.T) {
	w := twoGroups(t)
	w.group("1/10").Agents[0].Type = "AGENT"
	w.Snapshot.Kept = []sync.Loss{{Member: 1, Field: sync.Role.String()}}
	trace := w.told(t, "1")
	if !says(trace, "R2", "role stays") || strings.Contains(traceLines(trace), `role: "Supervisor" becomes`) || strings.Contains(traceLines(trace), "unchanged") {
		t.Error(traceLines(trace))
	}
}

// Of an update a part is applied and a part waits: each is told as what it is.
func TestR32ExplainTellsAPartOfAnUpdate(t *testing.T) {
	w := twoGroups(t)
	w.group("1/10").Agents = nil
	w.Snapshot.Extensions[1].Site = "Bern"
	trace := w.told(t, "1")
	if !says(trace, "R19", `site: "" becomes "Bern"`) || !says(trace, "R19", `role: "Supervisor" would become "Agent"`) ||
		!strings.Contains(trace.Sentence(), "held: list_emptied") {
		t.Error(traceLines(trace))
	}
}

// Law: what an explanation says that is applied, and held, of a person is what the plan has of
// them; and nobody is several people.
func TestLawAnExplanationIsThePlan(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := arbitraryWorld(t)
		planned := w.plan(t)
		want := map[string][]string{} // by person
		add := func(changes []sync.Change, verb string) {
			for i := range changes {
				for _, f := range changes[i].Fields {
					if person := changes[i].Person; person != "" && changes[i].Kind != sync.Deactivate {
						want[person] = append(want[person], fmt.Sprintf("%s: %q %s %q, %s", f.Field, f.Before, verb, f.After, f.Reason))
					}
				}
			}
		}
		add(planned.Changes, "becomes")
		if planned.Held != nil {
			add(planned.Held.Changes, "would become")
		}
		for _, id := range []string{"701", "702", "703", "704", "705"} {
			person := "rc:" + id
			in := w.input()
			in.Trace = &plan.Trace{Who: person}
			if _, err := plan.Make(in); err != nil {
				t.Fatal(err)
			}
			if err := in.Trace.Several("acme"); err != nil {
				t.Error(err)
			}
			var got []string
			for _, f := range in.Trace.Facts {
				if f.Rule == "R19" && f.Source == "plan" && strings.HasSuffix(f.About, person) && strings.Contains(f.Text, " become") {
					got = append(got, f.Text)
				}
			}
			same(t, got, want[person])
		}
	})
}
