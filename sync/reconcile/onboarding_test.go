package reconcile_test

import (
	"strings"
	"testing"

	"ringroster/sync"
	"ringroster/sync/edit"
	"ringroster/sync/plan"
)

var someOnboarding = sync.Onboarding{
	Defaults: sync.Given{
		Teams:       []string{"everybody"},
		Permissions: map[sync.Permission]bool{sync.AgentLogin: true, sync.SupervisorAccess: false, sync.InboundCalls: true, sync.OutboundCalls: false},
	},
	Rules: []sync.Rule{
		{Name: "sales", When: sync.Match{AgentGroup: "Group 1*"}, Set: sync.Given{ActivityID: "Site 2", Teams: []string{"sales"}, Categories: []string{"b2c"}}},
		{Name: "leads", When: sync.Match{Role: "supervisor"}, Set: sync.Given{Teams: []string{"leads", "sales"}, Permissions: map[sync.Permission]bool{sync.SupervisorAccess: true}}},
		{Name: "berne", When: sync.Match{Site: "Bern"}, Set: sync.Given{ActivityID: "Site Bern"}},
	},
}

func TestWhatANewMemberIsGiven(t *testing.T) {
	for _, c := range []struct {
		name   string
		agent  []option
		ext    []option
		want   sync.Own
		detail string
	}{
		{
			"the defaults and the account's activity",
			[]option{rc("701")},
			nil,
			sync.Own{"Site 1", `["everybody"]`, "[]", `{"agent_login":true,"supervisor_access":false,"inbound_calls":true,"outbound_calls":false}`},
			"nobody like them",
		},
		{
			"all rules that match, in their order: values override, lists add",
			[]option{rc("701"), agentType("SUPERVISOR")},
			[]option{site("Bern")},
			sync.Own{"Site Bern", `["everybody","leads","sales"]`, "[]", `{"agent_login":true,"supervisor_access":true,"inbound_calls":true,"outbound_calls":false}`},
			"nobody like them; rule leads gives teams, permissions; rule berne gives activity_id",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld()
			w.Policy.Onboarding = someOnboarding
			w.agent("1/20", "501", "Ada Byron", c.agent...)
			w.extension("701", "Ada Byron", c.ext...)
			plan := w.sync(t)
			same(t, []sync.Own{w.member(1).Own}, []sync.Own{c.want})
			if got := plan.Changes[0].Detail; !strings.HasSuffix(got, c.detail) {
				t.Errorf("detail %q\nwant  %q", got, c.detail)
			}
		})
	}
	t.Run("an inactive record matches no rule", func(t *testing.T) {
		w := newWorld()
		w.Policy.Onboarding = someOnboarding
		w.agent("1/10", "501", "Ada Byron", rc("701"), inactive)
		w.agent("1/20", "502", "Ada Byron", rc("701"))
		w.sync(t)
		same(t, w.member(1).Own.List(sync.Teams), []string{"everybody"})
	})
}

func TestGivenOnce(t *testing.T) {
	ada := with(func(p *sync.Policy) { p.Onboarding = someOnboarding }, func(w *world) { w.agent("1/10", "501", "Ada Byron") })
	play(t, []scenario{
		{
			name: "rules of later change nobody who is there", before: ada,
			then: func(w *world) { w.Policy.Onboarding = sync.Onboarding{Defaults: sync.Given{Teams: []string{"other"}}} },
		},
		{
			name: "what an operator sets stays", before: ada,
			then: func(w *world) {
				w.edit(t, edit.SetFields(1, map[string]string{"teams": "", "outbound_calls": "true", "activity_id": "Site 9"}))
			},
		},
		{
			name: "a member made by hand gets what it lacks when it is linked",
			before: with(func(p *sync.Policy) { p.Onboarding = someOnboarding }, func(w *world) {
				w.clear()
				w.admin("1", "Otto Owner", rc("900"))
				w.imported("Ada Byron", func(m *sync.Member) { m.Own[sync.Teams] = `["night"]` })
			}),
			then: func(w *world) { w.agent("1/10", "501", "Ada Byron") },
			want: []string{"link 1 agent:1/501 email"},
			fields: []string{
				"role:  -> Agent, source_changed", "data_source:  -> rt, source_changed", "logins, source_changed",
				"activity_id:  -> Site 2, onboarding_settings", `categories: [] -> ["b2c"], onboarding_settings`,
				`permissions: {} -> {"agent_login":true,"supervisor_access":false,"inbound_calls":true,"outbound_calls":false}, onboarding_settings`,
				"username:  -> ada@example.com, source_changed",
			},
		},
		{
			name: "a member tied to another person keeps what it has", before: ada,
			then: func(w *world) {
				w.edit(t, edit.SetFields(1, map[string]string{"categories": ""}))
				w.edit(t, edit.LinkTo(1, "agent:1/501"))
			},
			want: []string{"link 1 agent:1/501 identity"}, fields: []string{},
		},
	})
}

func TestManualMode(t *testing.T) {
	manual := func(p *sync.Policy) { p.Onboarding.Manual = true }
	agent := func(w *world, id, name string, options ...option) {
		w.agent("1/10", "5"+id, name, append(options, rc("7"+id))...)
		w.extension("7"+id, name)
	}
	ada := func(w *world) { agent(w, "01", "Ada Byron") }
	pick := func(p plan.Picks) func(*world) {
		return with(manual, func(w *world) { ada(w); w.Picks = &p })
	}
	play(t, []scenario{
		{name: "nobody is onboarded by itself", then: with(manual, ada), want: []string{"note rc:701 manual_mode"}},
		{
			name: "updates, leavers and returners are synced all the same",
			before: func(w *world) {
				ada(w)
				agent(w, "02", "Bob Ray")
				agent(w, "03", "Cid Moe", inactive)
				agent(w, "04", "Dan Poe")
				agent(w, "05", "Eve Roe")
			},
			between: func(w *world) { w.group("1/10").Agents[1].Active = false },
			then: with(manual, func(w *world) {
				w.group("1/10").Agents[1].Active = true
				w.group("1/10").Agents[0].LastName = "King"
				w.group("1/10").Agents[3].Active = false
			}),
			want: []string{
				"reactivate 2 rc:702 returned", "update 1 rc:701 source_changed", "deactivate 3 rc:704 access_revoked",
				"note rc:703 no_access", "note 3 rc:704 no_access",
			},
		},
		{name: "who is picked comes in", then: pick(plan.Picks{Who: []string{"ada@example.com"}}), want: []string{"onboard rc:701 new"}},
		{
			name: "a picked role is pinned", then: pick(plan.Picks{Who: []string{"rc:701"}, Role: sync.RoleSupervisor, By: "chief"}),
			want: []string{"onboard rc:701 new"},
		},
		{
			name: "somebody whose onboarding was undone comes back when picked", before: ada,
			then: func(w *world) {
				m := w.member(1)
				m.Status, m.Synced.Status, m.DeactivationReason = sync.Inactive, sync.Inactive, sync.ReasonUndone
				w.Picks = &plan.Picks{Who: []string{"701"}, Give: sync.Given{Teams: []string{"late"}}, Role: sync.RoleSupervisor, By: "chief"}
			},
			want: []string{"reactivate 1 rc:701 returned", "note 1 rc:701 pinned"},
			fields: []string{
				"status: inactive -> active, source_changed", "role: Agent -> Supervisor, operator",
				`pins: [] -> [{"field":"role","value":"Supervisor","reason":"brought in with this role","by":"chief"}], operator`,
				`teams: [] -> ["late"], onboarding_settings`,
			},
		},
		{
			name: "somebody forgotten comes back when picked, and only then", before: ada,
			then: func(w *world) {
				m := w.member(1)
				m.Status, m.Synced.Status, m.DeactivationReason = sync.Inactive, sync.Inactive, sync.ReasonForgotten
			},
			want: []string{"note 1 rc:701 declined"},
		},
		{
			name: "picking brings in nobody else, and changes nobody", before: ada,
			then: func(w *world) {
				agent(w, "02", "Bob Ray")
				agent(w, "03", "Cid Moe")
				w.group("1/10").Agents[0].LastName = "King"
				w.Picks = &plan.Picks{Who: []string{"bob@example.com", "ada@example.com"}}
			},
			want: []string{"onboard rc:702 new"},
		},
	})
}

func TestPicksThatCannotComeIn(t *testing.T) {
	for _, c := range []struct {
		name  string
		world func(*world)
		who   []string
		want  []string
	}{
		{"nobody is called so", nil, []string{"nobody@example.com"}, []string{`nobody called "nobody@example.com"`, "ringroster directory"}},
		{"two are called so", func(w *world) {
			w.agent("1/10", "502", "Ada Byron", rc("702"))
		}, []string{"Ada Byron"}, []string{"means 2 people", "rc:701 (Ada Byron, ada@example.com, agent 501); rc:702 (Ada Byron, "}},
		{"somebody without access", func(w *world) {
			w.agent("1/10", "502", "Bob Ray", rc("702"), inactive)
		}, []string{"702", "701"}, []string{"rc:702 (Bob Ray) cannot come in: no_access"}},
		{"a conflict", func(w *world) {
			w.agent("1/10", "502", "Bob Ray", faulty("cut short"))
		}, []string{"502"}, []string{"is a conflict, faulty_record", "settle it with"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld()
			w.agent("1/10", "501", "Ada Byron", rc("701"))
			if c.world != nil {
				c.world(w)
			}
			w.Picks = &plan.Picks{Who: c.who}
			_, err := plan.Make(w.input())
			for _, want := range c.want {
				if err == nil || !strings.Contains(err.Error(), want) {
					t.Errorf("got %v, want %s", err, want)
				}
			}
		})
	}
}

func TestSetOwnFields(t *testing.T) {
	for _, c := range []struct {
		name, value string
		want        sync.Own
		err         string
	}{
		{"activity_id", "Site 2", sync.Own{sync.ActivityID: "Site 2"}, ""},
		{"teams", "b, a,b", sync.Own{sync.Teams: `["a","b"]`}, ""},
		{"teams", `["a,b","c"]`, sync.Own{sync.Teams: `["a,b","c"]`}, ""},
		{"categories", "", sync.Own{sync.Categories: "[]"}, ""},
		{"teams", "a,,b", sync.Own{}, "empty name"},
		{"teams", `["a"`, sync.Own{}, "no list of names"},
		{"agent_login", "true", sync.Own{sync.Permissions: `{"agent_login":true}`}, ""},
		{"agent_login", "yes", sync.Own{}, "true or false"},
		{"permissions", `{"inbound_calls":false,"agent_login":true}`, sync.Own{sync.Permissions: `{"agent_login":true,"inbound_calls":false}`}, ""},
		{"permissions", `{"fly":true}`, sync.Own{}, `no permission "fly"`},
		{"permissions", `all`, sync.Own{}, "permissions are JSON"},
		{"shoe_size", "44", sync.Own{}, "none of the roster's own fields"},
	} {
		t.Run(c.name+"="+c.value, func(t *testing.T) {
			var o sync.Own
			err := o.Set(c.name, c.value)
			if (err == nil) != (c.err == "") || err != nil && !strings.Contains(err.Error(), c.err) {
				t.Fatalf("error %v, want %q", err, c.err)
			}
			if err == nil && o != c.want {
				t.Errorf("got %q, want %q", o, c.want)
			}
		})
	}
}

// What an operator says at import counts for whoever comes in by it: as new, tied
// to a member made by hand, or back.
func TestImportOverWhatTheSettingsGive(t *testing.T) {
	lead := plan.Picks{Who: []string{"rc:701"}, Role: sync.RoleSupervisor, By: "chief", Give: sync.Given{
		ActivityID: "Site 9", Teams: []string{"picked"}, Permissions: map[sync.Permission]bool{sync.OutboundCalls: true},
	}}
	permissions := `{"agent_login":true,"supervisor_access":true,"inbound_calls":true,"outbound_calls":true}`
	for _, c := range []struct {
		name   string
		before func(*world)
		want   sync.Own
	}{
		{"new: rules look at the role they are given", nil, sync.Own{"Site 9", `["everybody","leads","picked","sales"]`, "[]", permissions}},
		{
			"made by hand", func(w *world) {
				w.imported("Ada Byron", func(m *sync.Member) { m.Own = sync.Own{sync.ActivityID: "Site 5", sync.Teams: `["night"]`} })
			}, sync.Own{"Site 9", `["night","picked"]`, "[]", permissions},
		},
		{
			"back, with what they had", func(w *world) {
				w.imported("Ada Byron", func(m *sync.Member) {
					m.Linked, m.Status, m.RCUserID, m.DeactivationReason = true, sync.Inactive, "701", sync.ReasonUndone
					m.Synced.Status, m.Own = sync.Inactive, sync.Own{sync.ActivityID: "Site 5", sync.Teams: `["night"]`}
				})
			}, sync.Own{"Site 9", `["night","picked"]`, "[]", `{"outbound_calls":true}`},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld()
			w.Policy.Onboarding = someOnboarding
			w.agent("1/20", "501", "Ada Byron", rc("701"))
			if c.before != nil {
				c.before(w)
			}
			w.Picks = &lead
			w.sync(t)
			m := w.member(1)
			for f := range sync.OwnCount {
				if got := m.Own.Text(f); got != c.want.Text(f) {
					t.Errorf("%s is %s, want %s", f, got, c.want[f])
				}
			}
			if pin := m.Pin(sync.Role); pin == nil || pin.Value != sync.RoleSupervisor || m.Profile[sync.Role] != sync.RoleSupervisor {
				t.Errorf("the role is %s, pinned %v", m.Profile[sync.Role], m.Pins)
			}
		})
	}
}

// What a member made by hand has is kept, field by field; what is empty, in whatever
// spelling, is given.
func TestALinkedMemberIsGivenWhatIsEmpty(t *testing.T) {
	given := sync.Own{"Site 1", `["everybody"]`, "[]", `{"agent_login":true,"supervisor_access":false,"inbound_calls":true,"outbound_calls":false}`}
	for _, c := range []struct {
		field sync.OwnField
		has   string
		keeps bool
	}{
		{sync.Permissions, "", false},
		{sync.Permissions, "{}", false},
		{sync.Permissions, "{ }", false},
		{sync.Permissions, `{"agent_login":false}`, true},
		{sync.Teams, "[ ]", false},
		{sync.Teams, `["night"]`, true},
		{sync.ActivityID, "Site 5", true},
	} {
		t.Run(c.field.String()+"="+c.has, func(t *testing.T) {
			w := newWorld()
			w.Policy.Onboarding = someOnboarding
			w.imported("Ada Byron", func(m *sync.Member) { m.Own[c.field] = c.has })
			w.agent("1/20", "501", "Ada Byron", rc("701"))
			w.sync(t)
			got, want := w.member(1).Own, given
			if c.keeps {
				want[c.field] = c.has
			}
			if got.Text(c.field) != want.Text(c.field) {
				t.Errorf("it has %s, want %s", got.Text(c.field), want.Text(c.field))
			}
		})
	}
}

// Undoing the run that linked a member made by hand takes back what it was given;
// the run that links it again gives it again.
func TestR29AnUndoneLinkGaveNothing(t *testing.T) {
	w := newWorld()
	w.Policy.Onboarding = someOnboarding
	w.imported("Ada Byron", func(m *sync.Member) { m.Own[sync.Teams] = `["night"]` })
	w.agent("1/20", "501", "Ada Byron", rc("701"))
	linked := w.sync(t)
	given := w.member(1).Own
	w.edit(t, edit.Undo(doneBy(linked, w.members), nil, false))
	if m := w.member(1); m.Linked || m.Own.Text(sync.Permissions) != "{}" || m.Own.Text(sync.Teams) != `["night"]` {
		t.Fatalf("after the undo: linked %t, %v", m.Linked, m.Own)
	}
	w.sync(t)
	same(t, []sync.Own{w.member(1).Own}, []sync.Own{given})
}
