package reconcile_test

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"ringroster/sync"
	"ringroster/sync/synctest"
)

func TestR35TheTableIsTheCode(t *testing.T) {
	same(t, []string{"onboardings", "updates", "administrators"}, synctest.CodeWords(synctest.RuleTable(t, "R35", 1), 0))
}

// The table above plan.Make, the one in R32 and the decisions below have the same rows in the
// same order, and each row is what the planner does.
func TestR32TheTableIsTheCode(t *testing.T) {
	source, err := os.ReadFile("../plan/plan.go")
	if err != nil {
		t.Fatal(err)
	}
	var comment [][]string
	for line := range strings.Lines(string(source)) {
		if row, ok := strings.CutPrefix(line, "//\t"); ok && !strings.HasPrefix(row, "--") {
			comment = append(comment, regexp.MustCompile(` {2,}`).Split(strings.TrimSpace(row), -1))
		}
	}
	rows := synctest.RuleTable(t, "R32", 1)
	for i := range rows {
		for j := range rows[i] {
			rows[i][j] = strings.ReplaceAll(rows[i][j], "`", "")
		}
	}
	same(t, comment[1:], rows)
	var played [][]string
	for _, d := range decisions {
		played = append(played, []string{d.person, d.member})
	}
	for i := range rows {
		rows[i] = rows[i][:2]
	}
	same(t, played, rows)
}

func TestR32EachRowOfTheTable(t *testing.T) {
	for _, d := range decisions {
		d.name = d.person + ", member: " + d.member
		play(t, []scenario{d.scenario})
		_, after, _ := strings.Cut(strings.Join(d.want, "; "), d.says)
		if d.says != "" && after == strings.Join(d.want, "; ") {
			t.Errorf("%s: %q is not in %v", d.name, d.says, d.want)
		}
	}
	if !slices.ContainsFunc(decisions, func(d decisionRow) bool { return d.says == "onboard" }) {
		t.Error("nobody comes in")
	}
}

// decisionRow is a row of the table, with a story in which it is the first that fits:
// where it can, a later row would fit as well.
type decisionRow struct {
	person, member, says string
	scenario
}

func adaAs(options ...option) func(*world) {
	return func(w *world) {
		w.agent("1/10", "501", "Ada Byron", append([]option{rc("701")}, options...)...)
		w.extension("701", "Ada Byron")
	}
}

func adaAway(w *world) { w.clearAll(); w.admin("399", "Zoe Roy") }

func manual(w *world) { w.Policy.Onboarding.Manual = true }

func wantsLastName(w *world) { w.Policy.RequiredFields = []sync.Field{sync.LastName} }

// doing does several things.
func doing(things ...func(*world)) func(*world) {
	return func(w *world) {
		for _, do := range things {
			do(w)
		}
	}
}

func becauseOf(r sync.Reason) func(*world) {
	return func(w *world) {
		if len(w.members) > 0 && w.members[0].Status == sync.Inactive {
			w.members[0].DeactivationReason = r
		}
	}
}

var decisions = []decisionRow{
	{"two people or two members, one id", "any", "identity_mismatch", scenario{
		before: func(w *world) {
			adaAs()(w)
			w.agent("1/10", "502", "Bob Roy", rc("702"))
			w.extension("702", "Bob Roy")
		},
		then: func(w *world) {
			w.clear()
			w.agent("1/10", "501", "Ada Byron", rc("702"))
		},
		want: []string{"conflict 1 rc:702 identity_mismatch", "note 1 in_conflict"},
	}},
	{"anybody", "was forgotten", "declined", scenario{
		before: adaAs(), between: adaAway, then: doing(becauseOf(sync.ReasonForgotten), adaAs(faulty("cut short"))),
		want: []string{"note 1 rc:701 declined"},
	}},
	{"a faulty record", "any, or none", "faulty_record", scenario{
		before: adaAs(), then: func(w *world) { adaAway(w); adaAs(faulty("cut short"), inactive)(w) },
		want: []string{"onboard admin:399 new", "conflict 1 rc:701 faulty_record"},
	}},
	{"does not belong", "active", "deactivate 1 rc:701", scenario{
		before: adaAs(), then: func(w *world) { adaAway(w); adaAs(inactive)(w); wantsLastName(w) },
		want: []string{"onboard admin:399 new", "deactivate 1 rc:701 access_revoked", "note 1 rc:701 no_access"},
	}},
	{"does not belong", "inactive, or none", "no_access", scenario{
		before: adaAs(), between: adaAway, then: doing(adaAs(inactive), manual),
		want: []string{"note 1 rc:701 no_access"},
	}},
	{"belongs", "not managed", "not_managed", scenario{
		before: adaAs(), then: func(w *world) { w.member(1).Managed = false; w.clear(); adaAs(named("Ada", ""))(w); wantsLastName(w) },
		want: []string{"note 1 rc:701 not_managed"},
	}},
	{"belongs", "inactive, was disabled", "extension_unproved", scenario{
		before: adaAs(), between: adaAway, then: func(w *world) {
			becauseOf(sync.ReasonDisabled)(w)
			w.agent("1/10", "501", "Ada Byron", rc("701"))
		},
		want: []string{"note 1 rc:701 extension_unproved"},
	}},
	{"belongs", "inactive, undone", "declined", scenario{
		before: adaAs(), between: adaAway, then: doing(becauseOf(sync.ReasonUndone), adaAs(named("Bob", "Roy"), email("bob@example.com"))),
		want: []string{"note 1 rc:701 declined"},
	}},
	{"belongs", "same id, another human", "identity_reused", scenario{
		before: adaAs(), then: func(w *world) {
			w.clear()
			w.agent("1/10", "501", "Bob Roy", rc("701"))
			w.Policy.RequiredFields = []sync.Field{sync.JobTitle}
		},
		want: []string{"conflict 1 rc:701 identity_reused"},
	}},
	{"belongs, lacks a required field", "inactive or never linked, and without one", "missing_required", scenario{
		before: adaAs(), between: adaAway, then: func(w *world) { adaAs()(w); w.Policy.RequiredFields = []sync.Field{sync.JobTitle} },
		want: []string{"conflict 1 rc:701 missing_required"},
	}},
	{"belongs", "never linked", "link", scenario{
		before: func(w *world) { w.imported("Ada Byron", func(m *sync.Member) { m.Status = sync.Inactive }) }, then: adaAs(),
		want: []string{"link 1 rc:701 email"},
	}},
	{"belongs", "inactive", "reactivate", scenario{
		before: adaAs(), between: adaAway, then: adaAs(named("Ada", "King")),
		want: []string{"reactivate 1 rc:701 returned"},
	}},
	{"belongs", "active, differs", "update", scenario{
		before: adaAs(), then: func(w *world) { w.clear(); w.agent("1/10", "501", "Ada King", rc("701")) },
		want: []string{"update 1 rc:701 source_changed"},
	}},
	{"belongs", "active, the same", "", scenario{before: adaAs(), then: manual}},
	{"belongs", "none", "extension_unproved", scenario{
		before: adaAs(), then: func(w *world) {
			w.Snapshot.Extensions = w.Snapshot.Extensions[1:] // without the owner's
			w.agent("1/10", "502", "Adam King", rc("702"), email("ada@example.com"))
		},
		want: []string{"note rc:702 extension_unproved"},
	}},
	{"belongs", "none, the e-mail is a member's", "email_in_use", scenario{
		before: adaAs(), then: func(w *world) {
			w.agent("1/10", "502", "Adam", email("ada@example.com"))
			wantsLastName(w)
			manual(w)
			w.State.Open = []sync.HeldChange{{ID: 1, State: sync.Rejected, Kind: sync.Onboard, IDs: []string{"agent:1/502"}}}
		},
		want: []string{"conflict agent:1/502 email_in_use"},
	}},
	{"belongs", "none, the onboarding was rejected", "declined", scenario{
		then: func(w *world) {
			doing(adaAs(named("Ada", "")), manual, wantsLastName)(w)
			w.State.Open = []sync.HeldChange{{ID: 1, State: sync.Rejected, Kind: sync.Onboard, IDs: []string{"rc:701"}}}
		},
		want: []string{"note rc:701 declined"},
	}},
	{"belongs", "none, manual mode", "manual_mode", scenario{
		then: doing(adaAs(), manual, func(w *world) { w.Policy.RequiredFields = []sync.Field{sync.JobTitle} }), want: []string{"note rc:701 manual_mode"},
	}},
	{"belongs, lacks a required field", "none", "missing_required", scenario{
		then: doing(adaAs(), func(w *world) { w.Policy.RequiredFields = []sync.Field{sync.JobTitle} }), want: []string{"conflict rc:701 missing_required"},
	}},
	{"belongs", "none", "onboard", scenario{then: adaAs(), want: []string{"onboard rc:701 new"}}},
	{"nobody", "active", "deactivate 1", scenario{
		before: adaAs(), then: adaAway, want: []string{"onboard admin:399 new", "deactivate 1 removed"},
	}},
	{"nobody", "inactive", "", scenario{before: adaAs(), between: adaAway, then: adaAway}},
}
