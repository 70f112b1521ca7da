package reconcile_test

import (
	"strings"
	"testing"

	"ringroster/sync"
)

func TestR19WhyAFieldChanges(t *testing.T) {
	ada := func(w *world) {
		w.agent("1/10", "501", "Ada Byron", rc("701"))
		w.agent("2/20", "601", "Ada Byron", rc("701"), agentType("SUPERVISOR"))
		w.extension("701", "Ada Byron", number("12"))
	}
	play(t, []scenario{
		{name: "nothing changed, nothing to do", before: ada},
		{
			name: "source_changed: RingCentral reports another value", before: ada,
			then:   func(w *world) { w.Snapshot.Extensions[1].Number = "13" },
			want:   []string{"update 1 rc:701 source_changed"},
			fields: []string{"extension_number: 12 -> 13, source_changed"},
		},
		{
			name: "local_edit_reverted: RingCentral still reports what the last sync wrote", before: ada,
			then:   func(w *world) { w.member(1).Profile[sync.ExtensionNumber] = "99" },
			want:   []string{"update 1 rc:701 local_edit_reverted"},
			fields: []string{"extension_number: 99 -> 12, local_edit_reverted"},
		},
		{
			name: "first_fill: the roster did not have the field", before: ada,
			then: func(w *world) {
				w.State.New = w.State.New.With(sync.CostCenter, sync.Department)
				w.Snapshot.Extensions[1].CostCenter = "4100"
				w.member(1).Profile[sync.Department] = "by hand"
			},
			want:   []string{"update 1 rc:701 first_fill"},
			fields: []string{"department: by hand -> , local_edit_reverted", "cost_center:  -> 4100, first_fill"},
		},
		{
			name: "edited by hand, and changed at the source as well: the source", before: ada,
			then: func(w *world) {
				w.member(1).Profile[sync.ExtensionNumber] = "99"
				w.Snapshot.Extensions[1].Number = "13"
			},
			want:   []string{"update 1 rc:701 source_changed"},
			fields: []string{"extension_number: 99 -> 13, source_changed"},
		},
		{
			name: "edited by hand to what RingCentral reports now: nothing", before: ada,
			then: func(w *world) {
				w.member(1).Profile[sync.ExtensionNumber] = "13"
				w.Snapshot.Extensions[1].Number = "13"
			},
		},
		{
			name: "role, settings_changed: the same records, another precedence", before: ada,
			then:   func(w *world) { w.Policy.RolePrecedence = "last" },
			want:   []string{"update 1 rc:701 settings_changed"},
			fields: []string{"role: Agent -> Supervisor, settings_changed"},
		},
		{
			name: "role, settings_changed: another role_map", before: ada,
			then:   func(w *world) { w.Policy.RoleMap = []sync.RoleMapping{{AgentType: "AGENT", Role: "Clerk"}} },
			want:   []string{"update 1 rc:701 settings_changed"},
			fields: []string{"role: Agent -> Clerk, settings_changed"},
		},
		{
			name: "role, source_changed: a supervisor made administrator", before: ada,
			then:   func(w *world) { w.admin("301", "Ada Byron", rc("701")) },
			want:   []string{"update 1 rc:701 source_changed"},
			fields: []string{"role: Agent -> Administrator, source_changed"},
		},
		{
			name: "role, local_edit_reverted", before: ada,
			then:   func(w *world) { w.member(1).Profile[sync.Role] = "Boss" },
			want:   []string{"update 1 rc:701 local_edit_reverted"},
			fields: []string{"role: Boss -> Agent, local_edit_reverted"},
		},
		{
			name: "data_source is synced", before: ada,
			then:   func(w *world) { w.Policy.DataSource = "other" },
			want:   []string{"update 1 rc:701 settings_changed"},
			fields: []string{"data_source: rt -> other, settings_changed", "logins, settings_changed"},
		},
		{
			name: "logins, source_changed: moved to another group", before: ada,
			then: func(w *world) {
				w.clear()
				w.agent("1/11", "501", "Ada Byron", rc("701"))
				w.agent("2/20", "601", "Ada Byron", rc("701"), agentType("SUPERVISOR"))
			},
			want:   []string{"update 1 rc:701 source_changed"},
			fields: []string{"logins, source_changed"},
		},
		{
			name: "logins, local_edit_reverted", before: ada,
			then: func(w *world) {
				m := *w.member(1)
				m.Logins = append([]sync.Login(nil), m.Logins...)
				m.Logins[0].UserName = "edited"
				*w.member(1) = m
			},
			want:   []string{"update 1 rc:701 local_edit_reverted"},
			fields: []string{"logins, local_edit_reverted"},
		},
		{
			name: "rc_user_id, local_edit_reverted", before: ada,
			then:   func(w *world) { w.member(1).RCUserID = "" },
			want:   []string{"update 1 rc:701 local_edit_reverted"},
			fields: []string{"rc_user_id:  -> 701, local_edit_reverted"},
		},
		{
			name: "several reasons in one update: the source stands for all", before: ada,
			then: func(w *world) {
				w.member(1).Profile[sync.Site] = "Bern"
				w.Policy.DataSource = "other"
				w.Snapshot.Extensions[1].Number = "13"
			},
			want: []string{"update 1 rc:701 source_changed"},
			fields: []string{
				"extension_number: 12 -> 13, source_changed", "site: Bern -> , local_edit_reverted",
				"data_source: rt -> other, settings_changed", "logins, settings_changed",
			},
		},
		{
			name: "default_activity_id applies at onboarding alone", before: ada,
			then: func(w *world) { w.Policy.DefaultActivityID = "Site 2" },
		},
		{
			name: "a detached member is left alone", before: ada,
			then: func(w *world) {
				w.member(1).Managed = false
				w.member(1).Profile[sync.Site] = "Bern"
				w.Snapshot.Extensions[1].Number = "13"
			},
			want: []string{"note 1 rc:701 not_managed"},
		},
	})
}

func TestR19RequiredFields(t *testing.T) {
	ada := func(w *world) {
		w.agent("1/10", "501", "Ada Byron", rc("701"))
		w.extension("701", "Ada Byron", number("12"))
	}
	number := func(p *sync.Policy) { p.RequiredFields = []sync.Field{sync.Email, sync.ExtensionNumber} }
	play(t, []scenario{
		{
			name: "a newcomer without one: missing_required, and stops nothing else",
			then: with(number, func(w *world) {
				ada(w)
				w.agent("1/10", "502", "Bob Roy", rc("702"))
			}),
			want: []string{"onboard rc:701 new", "conflict rc:702 missing_required"},
		},
		{
			name: "a member who loses one keeps the last value and takes all other updates", before: with(number, ada),
			then: func(w *world) {
				w.Snapshot.Extensions[1].Number = ""
				w.Snapshot.Extensions[1].Site = "Bern"
			},
			want:   []string{"update 1 rc:701 source_changed", "note 1 rc:701 required_field_kept"},
			fields: []string{"site:  -> Bern, source_changed"},
		},
		{
			name: "somebody coming back keeps it too", before: with(number, ada),
			between: func(w *world) { w.clear(); w.admin("399", "Zoe Fox"); w.extension("399", "Zoe Fox") },
			then: func(w *world) {
				w.Policy.RequiredFields = []sync.Field{sync.ExtensionNumber}
				w.clearAll()
				w.agent("1/10", "501", "Ada Byron", rc("701"))
				w.extension("701", "Ada Byron")
			},
			want: []string{"reactivate 1 rc:701 returned", "note 1 rc:701 required_field_kept"},
		},
		{
			name:   "an imported member without one is not linked",
			before: func(w *world) { w.imported("Ada Byron", nil) },
			then: with(number, func(w *world) {
				w.agent("1/10", "501", "Ada Byron", rc("701"))
				w.extension("701", "Ada Byron")
			}),
			want: []string{"conflict 1 rc:701 missing_required"},
		},
		{
			name: "unknown is not lost", before: with(number, ada),
			then: func(w *world) { w.Snapshot.Extensions = w.Snapshot.Extensions[:1] },
			want: []string{"note 1 rc:701 extension_missing"},
		},
	})
}

func TestR19FaultyRecords(t *testing.T) {
	play(t, []scenario{
		{
			name: "a faulty record is a conflict of its own and stops nothing else",
			then: func(w *world) {
				w.agent("1/10", "501", "Ada Byron", rc("701"), faulty("no isActive"))
				w.agent("1/10", "502", "Bob Roy", rc("702"))
				w.admin("301", "Cy Poe", faulty("no userId"))
				w.extension("702", "Bob Roy")
			},
			want: []string{"onboard rc:702 new", "conflict admin:301 faulty_record", "conflict rc:701 faulty_record"},
		},
		{
			name: "its member stays as it is", before: one,
			then: func(w *world) {
				w.clear()
				w.agent("1/10", "501", "Ada King", rc("701"), inactive, faulty("no isActive"))
				w.agent("1/10", "502", "Bob Roy", rc("702"))
			},
			want: []string{"conflict 1 rc:701 faulty_record"},
		},
	})
}

// Edges that no one rule speaks of alone; each case names its rules.
func TestEdges(t *testing.T) {
	play(t, []scenario{
		{
			name: "R5 an e-mail change and a rename on the same day", before: one,
			then: func(w *world) {
				w.clearAll()
				w.agent("1/10", "501", "Ada King", rc("701"), email("king@example.com"))
				w.agent("1/10", "502", "Bob Roy", rc("702"))
				w.extension("701", "Ada King", email("king@example.com"))
				w.extension("702", "Bob Roy")
			},
			want:   []string{"update 1 rc:701 source_changed"},
			fields: []string{"last_name: Byron -> King, source_changed", "email: ada@example.com -> king@example.com, source_changed"},
		},
		{
			name: "R5, R12 two people swap their e-mails", before: one,
			then: func(w *world) {
				w.clear()
				w.agent("1/10", "501", "Ada Byron", rc("701"), email("bob@example.com"))
				w.agent("1/10", "502", "Bob Roy", rc("702"), email("ada@example.com"))
			},
			want: []string{"update 1 rc:701 source_changed", "update 2 rc:702 source_changed"},
		},
		{
			name: "R5 two people without rcUserId swap their e-mails",
			before: func(w *world) {
				w.agent("1/10", "501", "Ada Byron")
				w.agent("1/10", "502", "Bob Roy")
			},
			then: func(w *world) {
				w.clear()
				w.agent("1/10", "501", "Ada Byron", email("bob@example.com"))
				w.agent("1/10", "502", "Bob Roy", email("ada@example.com"))
			},
			want: []string{"update 1 agent:1/501 source_changed", "update 2 agent:1/502 source_changed"},
		},
		{
			name: "R8 an e-mail that differs in case alone is the source's spelling", before: one,
			then: func(w *world) {
				w.clear()
				w.agent("1/10", "501", "Ada Byron", rc("701"), email("Ada@Example.com"))
				w.agent("1/10", "502", "Bob Roy", rc("702"))
			},
			want:   []string{"update 1 rc:701 source_changed"},
			fields: []string{"email: ada@example.com -> Ada@Example.com, source_changed"},
		},
		{
			name: "R12 names agree without regard to case and outer space, in any script",
			before: func(w *world) {
				w.agent("1/10", "501", "", rc("701"), named("Ольга", "Ó’Néill"), email("o@example.com"))
			},
			then: func(w *world) {
				w.clear()
				w.agent("1/10", "502", "", rc("702"), named(" ольга", "ó’néill "), email("O@example.com"))
			},
			want: []string{"update 1 rc:702 recreated", "note 1 rc:702 extension_missing"},
		},
		{
			name: "R10, R14 one of three records becomes inactive: the person stays", before: func(w *world) {
				w.Policy.RolePrecedence = "Supervisor"
				w.agent("1/10", "501", "Ada Byron", rc("701"))
				w.agent("2/20", "601", "Ada Byron", rc("701"), agentType("SUPERVISOR"))
				w.agent("3/30", "801", "Ada Byron", rc("701"), agentType("MULTI_USER"))
				w.extension("701", "Ada Byron")
			},
			then:   func(w *world) { w.group("2/20").Agents[0].Active = false },
			want:   []string{"update 1 rc:701 source_changed"},
			fields: []string{"role: Supervisor -> Agent, source_changed", "logins, source_changed"},
		},
		{
			name: "R5, R19 a record that gains its rcUserId joins the administrator of that id", before: func(w *world) {
				w.admin("301", "Ada Byron", rc("701"), email("boss@example.com"))
				w.extension("701", "Ada Byron")
			},
			then: func(w *world) { w.agent("1/10", "501", "Ada Byron", rc("701")) },
			want: []string{"update 1 rc:701 source_changed"},
			fields: []string{
				"email: boss@example.com -> ada@example.com, source_changed", "logins, source_changed",
			},
		},
	})
}

// Every conflict says what to do, and the sentence names the member or the person.
func TestR20EveryConflictHasARemedy(t *testing.T) {
	w := newWorld()
	one(w)
	w.sync(t)
	w.clear()
	w.agent("1/10", "501", "Eve Kay", rc("701"))                          // identity_reused
	w.agent("1/10", "503", "Cy Poe", rc("703"), email("bob@example.com")) // email_in_use
	w.agent("1/10", "502", "Bob Roy", rc("702"))                          // present
	w.agent("1/10", "504", "Dee Fox", rc("704"), faulty("no isActive"))   // faulty_record
	w.agent("1/10", "505", "Fay Lux", rc("705"), email(""))               // missing_required
	w.Policy.RequiredFields = []sync.Field{sync.Email}
	want := map[sync.Reason]string{
		sync.ConflictReused: "ringroster roster link 1 rc:701", sync.ConflictEmailInUse: "ringroster roster link 2 rc:703",
		sync.ConflictFaulty: "ringroster sync", sync.ConflictMissing: "required_fields",
	}
	plan := w.plan(t)
	for _, c := range plan.Conflicts {
		if want[c.Reason] == "" || !strings.Contains(c.Remedy, want[c.Reason]) {
			t.Errorf("%s: remedy %q", c.Reason, c.Remedy)
		}
		delete(want, c.Reason)
	}
	if len(want) > 0 {
		t.Errorf("no such conflicts: %v", want)
	}
}
