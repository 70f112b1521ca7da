package reconcile_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"ringroster/sync"
	"ringroster/sync/archive"
	"ringroster/sync/edit"
	"ringroster/sync/fingerprint"
	"ringroster/sync/plan"
)

// underNobody says that an agent has no supervisor, which is not the same as saying nothing.
func underNobody(r *record) { r.supervisors = []string{} }

// reporting are Bea, who supervises, and Ada, whose record says what the options say.
func reporting(options ...option) func(*world) {
	return func(w *world) {
		w.clearAll()
		w.extension("701", "Ada Byron")
		w.extension("702", "Bea Ng")
		w.extension("703", "Cy Dahl")
		w.agent("1/10", "501", "Ada Byron", append([]option{rc("701")}, options...)...)
		w.agent("1/10", "502", "Bea Ng", rc("702"), agentType("SUPERVISOR"))
		w.agent("1/10", "503", "Cy Dahl", rc("703"), agentType("SUPERVISOR"))
	}
}

func TestR8SupervisorsOfAnAgent(t *testing.T) {
	update := func(reason string) []string { return []string{"update 1 rc:701 " + reason} }
	play(t, []scenario{
		{name: "the same, nothing to do", before: reporting(under("502")), then: reporting(under("502"))},
		{name: "in another order", before: reporting(under("502", "503")), then: reporting(under("503", "502", "503"))},
		{name: "another supervisor", before: reporting(under("502")), then: reporting(under("503")), want: update("source_changed"), fields: []string{"logins, source_changed"}},
		{name: "one more", before: reporting(under("502")), then: reporting(under("502", "503")), want: update("source_changed")},
		{name: "the first", before: reporting(underNobody), then: reporting(under("502")), want: update("source_changed")},
		{name: "an empty list: none", before: reporting(under("502")), then: reporting(underNobody), want: update("source_changed")},
		{name: "no list: unknown, never empty", before: reporting(under("502")), then: reporting()},
		{name: "no list and no list", before: reporting(), then: reporting()},
		{name: "none where nothing was known", before: reporting(), then: reporting(underNobody)},
		{
			name: "no list, and another group", before: reporting(under("502")),
			then: func(w *world) {
				reporting()(w)
				first := w.group("1/10")
				w.group("1/11").Agents, first.Agents = first.Agents[:1], first.Agents[1:]
			},
			want: update("source_changed"),
		},
		{
			name: "the roster did not have them before", before: reporting(),
			then: func(w *world) { reporting(under("502"))(w); w.State.NewSupervisors = true },
			want: update("first_fill"), fields: []string{"logins, first_fill"},
		},
		{
			name: "they are new, and something else changes too", before: reporting(),
			then: func(w *world) {
				reporting(under("502"), agentType("MULTI_USER"))(w)
				w.State.NewSupervisors = true
			},
			want: update("source_changed"),
		},
		{
			name: "edited by hand", before: reporting(under("502")),
			then: func(w *world) { w.member(1).Logins[0].Supervisors = "" },
			want: update("local_edit_reverted"), fields: []string{"logins, local_edit_reverted"},
		},
		{
			name: "edited by hand, and no list: nobody knows better", before: reporting(under("502")),
			then: func(w *world) { reporting()(w); w.member(1).Logins[0].Supervisors = `["503"]` },
		},
	})
}

// What a record tells is kept with the login, through whatever else it goes.
func TestR8SupervisorsOfALoginStay(t *testing.T) {
	supervisors := func(w *world) (all []string) {
		for _, l := range w.member(1).Logins {
			all = append(all, fmt.Sprintf("%s %s %t", l.Key(), l.Supervisors, l.Active))
		}
		return all
	}
	t.Run("each login has those of its sub-account", func(t *testing.T) {
		w := newWorld()
		reporting(under("502"))(w)
		w.agent("2/20", "501", "Ada Byron", rc("701"), under("502", "9"))
		w.sync(t)
		same(t, supervisors(w), []string{`1/501 ["502"] true`, `2/501 ["9","502"] true`})
		reporting()(w)
		w.agent("2/20", "501", "Ada Byron", rc("701"), underNobody)
		w.sync(t)
		same(t, supervisors(w), []string{`1/501 ["502"] true`, "2/501  true"})
	})
	t.Run("a login that turns inactive", func(t *testing.T) {
		w := newWorld()
		reporting(under("502"))(w)
		w.agent("2/20", "501", "Ada Byron", rc("701"), under("9"))
		w.sync(t)
		reporting(under("502"))(w)
		w.sync(t)
		same(t, supervisors(w), []string{`1/501 ["502"] true`, `2/501 ["9"] false`})
	})
	t.Run("the loss of a login is held, and another login's supervisors with it", func(t *testing.T) {
		w := newWorld()
		reporting(under("502"))(w)
		w.agent("2/20", "601", "Ada Byron", rc("701"), under("9"))
		w.agent("2/20", "602", "Bea Ng", rc("702"), under("9"))
		w.today(t)
		reporting(under("503"))(w) // all who were in group 20 are lost
		plan := w.tomorrow().today(t)
		same(t, supervisors(w), []string{`1/501 ["503"] true`, `2/601 ["9"] true`})
		if len(plan.Open) != 2 {
			t.Errorf("%d changes wait, not 2: %v", len(plan.Open), lines(plan))
		}
	})
}

// R22: of a record that an unbelieved list lost, nothing is known.
func TestR22ALostRecordKeepsItsSupervisors(t *testing.T) {
	w := newWorld()
	reporting(under("502"))(w)
	w.today(t)
	w.clear()
	plan := w.tomorrow().today(t)
	if got := w.member(1).Logins[0]; got.Supervisors != `["502"]` || !got.Active {
		t.Errorf("the login is %+v after %v", got, lines(plan))
	}
	reporting(under("503"))(w)
	w.tomorrow().today(t)
	if got := w.member(1).Logins[0].Supervisors; got != `["503"]` {
		t.Errorf("after the list is back: %s", got)
	}
}

// R35: supervisors are no loss and no identity, so that no limit counts them.
func TestR35SupervisorsHaveNoLimit(t *testing.T) {
	crew := func(boss string) func(*world) {
		return func(w *world) {
			w.clearAll()
			for i := range 60 {
				id := fmt.Sprint(100 + i)
				w.extension("7"+id, "P"+id+" Roy")
				w.agent("1/10", "5"+id, "P"+id+" Roy", rc("7"+id), under(boss))
			}
		}
	}
	w := newWorld()
	w.Policy.Limits = usualLimits
	crew("5100")(w)
	w.today(t)
	crew("5101")(w)
	if plan := w.tomorrow().today(t); len(plan.Changes) != 60 || plan.Held != nil {
		t.Errorf("60 agents have another supervisor: %v", lines(plan))
	}
}

func TestR8ASupervisorWhoIsNotOnTheRosterIsNoted(t *testing.T) {
	missing := "note agent:1/999 supervisor_missing"
	none := func(*world) {}
	without := func(name string, options ...option) func(*world) { // Bea's record is another one
		return func(w *world) {
			reporting(append([]option{under("502")}, options...)...)(w)
			w.group("1/10").Agents = slices.Delete(w.group("1/10").Agents, 1, 2)
			if name != "" {
				w.agent("1/10", "502", name, rc("702"), inactive, agentType("SUPERVISOR"))
			}
		}
	}
	for _, tc := range []struct {
		name         string
		before, then func(*world)
		want         []string
		detail       string
	}{
		{"all are there", none, reporting(under("502", "503")), []string{"onboard rc:701 new", "onboard rc:702 new", "onboard rc:703 new"}, ""},
		{"RingCX lists nobody with the id", reporting(under("999")), none, []string{missing}, "a member of the roster reports to agent 999 of sub-account 1, who is not on it"},
		{
			"several report to them", reporting(under("999")),
			func(w *world) { w.group("1/10").Agents[2].Supervisors = `["502","999"]` },
			[]string{"update 3 rc:703 source_changed", missing},
			"2 members of the roster report to agent 999 of sub-account 1, who is not on it",
		},
		{"the same id in another sub-account", func(w *world) {
			reporting(under("999"))(w)
			w.agent("2/20", "999", "Bea Ng", rc("702"))
		}, none, []string{missing}, ""},
		{"they leave, while others report to them", reporting(under("502")), without("Bea Ng"), []string{"deactivate 2 rc:702 access_revoked", "note 2 rc:702 no_access", "note 2 rc:702 supervisor_missing"}, ""},
		{"they would leave, and stay", reporting(under("502")), func(w *world) {
			without("Bea Ng")(w)
			w.Policy.Deactivate = false
		}, []string{"note 2 rc:702 deactivate_off", "note 2 rc:702 no_access"}, ""},
		{"who reports to them is inactive", reporting(under("999"), inactive), none, []string{"note rc:701 no_access"}, ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			w := newWorld()
			tc.before(w)
			if len(w.Snapshot.SubAccounts) > 0 {
				w.sync(t)
			}
			tc.then(w)
			plan := w.plan(t)
			same(t, lines(plan), tc.want)
			mustKeepLaws(t, plan, w.members)
			if i := slices.IndexFunc(plan.Notes, func(n sync.Note) bool { return n.Reason == sync.NoteSupervisorMissing }); tc.detail != "" && plan.Notes[i].Detail != tc.detail {
				t.Error(plan.Notes[i].Detail)
			}
		})
	}
}

// A seal knows supervisors: whose supervisor changed is read, and nobody else.
func TestSupervisorsAreInTheSeal(t *testing.T) {
	w := newWorld()
	reporting(under("502"))(w)
	w.sync(t)
	for _, tc := range []struct {
		name    string
		then    func(*world)
		passed  int
		changes []string
	}{
		{"nothing new", reporting(under("502")), 3, nil},
		{"another supervisor", reporting(under("503")), 2, []string{"update 1 rc:701 source_changed"}},
		{"RingCX tells none", reporting(underNobody), 2, []string{"update 1 rc:701 source_changed"}},
		{"RingCX says nothing: the row is read, and stays", reporting(), 2, nil},
	} {
		t.Run(tc.name, func(t *testing.T) {
			tc.then(w)
			passed := 0
			in := w.input()
			in.Members = w.sealed(&passed)
			plan, err := plan.Make(in)
			if err != nil || passed != tc.passed {
				t.Errorf("%d members were known, not %d: %v", passed, tc.passed, err)
			}
			same(t, lines(plan), tc.changes)
		})
	}
}

// A seal and a digest from before there were supervisors hold for who has none.
func TestSealsFromBeforeThereWereSupervisorsHold(t *testing.T) {
	logins := []sync.Login{{SubAccountID: "1", SubAccount: "Sub 1", AgentGroupID: "10", AgentGroup: "Group 10", AgentID: "501", AgentType: "AGENT", DataSource: "rt", Active: true}}
	if got := sync.LoginsFingerprint(logins); got != "a7d37b019e7a34d" {
		t.Errorf("the logins' digest is %s", got)
	}
	m := &sync.Member{Status: sync.Active, Managed: true, Linked: true, RCUserID: "701", Username: "ada", Logins: logins}
	m.Synced = sync.AsHeld(m)
	if got := fingerprint.Seal(m); got != "4z0sI4GhetjImn1GpyCYMQ701\x7fada\x7f\x7f\x7f" {
		t.Errorf("the seal is %q", got)
	}
}

// A run of an older version knew no supervisors, though it kept what RingCX said of them.
func TestAPastWithoutSupervisorsIsReadAsItWas(t *testing.T) {
	w := newWorld()
	reporting(under("502"))(w)
	w.sync(t)
	for _, m := range w.members { // as that version left them
		m.Logins[0].Supervisors, m.Synced.Extension = "", ""
		m.Synced = sync.AsHeld(m)
	}
	in, passed := w.input(), 0
	old := *in.Snapshot
	for r := range old.Agents {
		r.Supervisors = ""
	}
	in.Snapshot, in.Members = &old, w.sealed(&passed)
	_, data := keepWhile(t, in, 7)
	text := strings.Replace(unzipped(t, data), `{"ringroster_snapshot":4,`, `{"ringroster_snapshot":2,`, 1)
	text = strings.Replace(text, `"type":"AGENT"`, `"type":"AGENT","supervisors":["502"]`, 1)
	for past, err := range archive.ReadPasts(strings.NewReader(string(zipped(t, text)))) {
		if err != nil {
			t.Fatal(err)
		}
		plan, err := past.Plan("", nil)
		if err != nil || len(plan.Changes) > 0 || passed != 3 {
			t.Errorf("%v, %d known: %v", err, passed, lines(plan))
		}
	}
}

func TestForgottenMembersHaveNoSupervisors(t *testing.T) {
	w := newWorld()
	reporting(under("502"))(w)
	w.sync(t)
	before := sync.LoginsJSON(w.member(1).Logins)
	if !strings.Contains(before, `,"active":true,"supervisor_agent_ids":["502"]}]`) {
		t.Error(before)
	}
	blank, err := edit.ForgetText("logins", before)
	if err != nil || strings.Contains(blank, "502") {
		t.Error(blank, err)
	}
	w.edit(t, edit.Forget(1))
	if l := w.member(1).Logins[0]; l.Supervisors != "" {
		t.Errorf("%+v", l)
	}
}

func TestUndoGivesSupervisorsBack(t *testing.T) {
	w := newWorld()
	reporting(under("502"))(w)
	w.sync(t)
	reporting(under("503"))(w)
	plan := w.sync(t)
	f := plan.Changes[0].Fields[0]
	w.edit(t, edit.Undo([]sync.Done{{Member: 1, Kind: sync.Update, Field: f.Field, Before: f.Before, After: f.After, Reason: f.Reason}}, nil, false))
	if got := w.member(1).Logins[0].Supervisors; got != `["502"]` {
		t.Error(got)
	}
	same(t, fields(w.plan(t)), []string{"logins, source_changed"})
}

func TestR8SupervisorsAreExplained(t *testing.T) {
	for _, tc := range []struct {
		name string
		with option
		want string
	}{
		{"of the roster", under("502", "999"), "agent 501 reports to agent 502 (Bea Ng), agent 999"},
		{"none", underNobody, "agent 501 reports to nobody"},
		{"unknown", func(*record) {}, "agent 501 reports to whom, RingCentral does not say: the roster keeps what it knows"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			w := newWorld()
			reporting(tc.with)(w)
			trace := w.explain(t, "ada@example.com")
			if !slices.ContainsFunc(trace.Facts, func(f plan.Fact) bool { return f.Rule == "R8" && f.Text == tc.want }) {
				t.Errorf("%+v", trace.Facts)
			}
		})
	}
}

func TestAgentIDs(t *testing.T) {
	for _, tc := range []struct {
		text string
		want sync.AgentIDs
		list []string
	}{
		{"null", "", nil},
		{"[]", "[]", nil},
		{`["30","4","30"]`, `["4","30"]`, []string{"4", "30"}},
		{`["a\"b"]`, `["a\"b"]`, []string{`a"b`}},
	} {
		var got sync.AgentIDs
		if err := json.Unmarshal([]byte(tc.text), &got); err != nil || got != tc.want || !slices.Equal(got.List(), tc.list) {
			t.Errorf("%s: %s, %q, %v", tc.text, got, got.List(), err)
		}
		if text, err := json.Marshal(got); err != nil || got != "" && string(text) != string(got) {
			t.Errorf("%s: %s, %v", tc.text, text, err)
		}
	}
}
