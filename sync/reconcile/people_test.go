package reconcile_test

import (
	"testing"

	"ringroster/sync"
)

func TestR6JoiningRecords(t *testing.T) {
	play(t, []scenario{
		{
			name: "one rcUserId is one person, whatever else differs",
			then: func(w *world) {
				w.admin("301", "Ada Byron", rc("701"))
				w.agent("1/10", "501", "A. King", rc("701"), email("other@example.com"))
				w.extension("701", "Ada Byron")
			},
			want: []string{"onboard rc:701 new"},
		},
		{
			name: "a record without rcUserId joins the one person who has its e-mail, in any case",
			then: func(w *world) {
				w.agent("1/10", "501", "Ada Byron", rc("701"))
				w.agent("2/20", "601", "Ada Byron", email(" ADA@Example.com"))
				w.admin("301", "Ada Byron", email("Ada@example.com"))
				w.extension("701", "Ada Byron")
			},
			want: []string{"onboard rc:701 new"},
		},
		{
			name: "it joins nobody where two have its e-mail",
			then: func(w *world) {
				w.agent("1/10", "501", "Ada Byron", rc("701"), email("team@example.com"))
				w.agent("1/10", "502", "Bob Roy", rc("702"), email("team@example.com"))
				w.agent("1/10", "503", "Cy Poe", email("team@example.com"))
				w.extension("701", "Ada Byron")
				w.extension("702", "Bob Roy")
			},
			want: []string{"onboard agent:1/503 new", "onboard rc:701 new", "onboard rc:702 new"},
		},
		{
			name: "several records without rcUserId and one e-mail are one person, named after the first agent",
			then: func(w *world) {
				w.admin("301", "Ada Byron")
				w.agent("2/20", "601", "Ada Byron")
				w.agent("1/10", "77", "Ada Byron")
			},
			want: []string{"onboard agent:1/77 new"},
		},
		{
			name: "it joins who has its name, as R33 compares it",
			then: func(w *world) {
				w.agent("1/10", "501", "Ada O\u2019Hara", rc("701"))
				w.agent("2/20", "601", "ADA O'Hara\u200b")
				w.agent("2/20", "602", "Bob Roy", email("ada@example.com"))
				w.extension("701", "Ada O'Hara")
			},
			want: []string{"onboard agent:2/602 new", "onboard rc:701 new"},
		},
		{
			name: "without a name it joins whoever has its e-mail alone",
			then: func(w *world) {
				w.agent("1/10", "501", "Ada Byron", rc("701"))
				w.agent("2/20", "601", "", email("ada@example.com"))
				w.admin("301", "", email("bob@example.com"))
				w.agent("2/20", "602", "Bob Roy")
				w.extension("701", "Ada Byron")
			},
			want: []string{"onboard agent:2/602 new", "onboard rc:701 new"},
		},
		{
			name: "without a name it joins nobody where people share the mailbox, named or not",
			then: func(w *world) {
				w.agent("1/10", "501", "Ada Byron", rc("701"), email("team@example.com"))
				w.agent("2/20", "601", "Bob Roy", email("team@example.com"))
				w.agent("2/20", "602", "", email("team@example.com"))
				w.agent("2/20", "603", "", email("desk@example.com"))
				w.agent("2/20", "604", "", email("desk@example.com"))
				w.extension("701", "Ada Byron", email("team@example.com"))
			},
			want: []string{
				"onboard agent:2/601 new", "onboard agent:2/602 new", "onboard agent:2/603 new", "onboard agent:2/604 new", "onboard rc:701 new",
			},
		},
		{
			name: "three people who share a mailbox are three people, each with all of their records",
			then: func(w *world) {
				w.agent("1/10", "501", "Ada Lovelace", email("team@example.com"))
				w.agent("1/10", "502", "Grace Hopper", email("team@example.com"))
				w.agent("1/11", "503", "Hedy Lamarr", email("Team@example.com"))
				w.agent("2/20", "77", "Grace  Hopper", email("team@example.com"))
			},
			want: []string{"onboard agent:1/501 new", "onboard agent:1/503 new", "onboard agent:2/77 new"},
		},
		{
			name:   "a faulty record without a name is that of whoever has its e-mail alone (R19)",
			before: func(w *world) { w.agent("1/10", "501", "Ada Byron") },
			then:   func(w *world) { w.agent("1/10", "502", "", email("ada@example.com"), faulty("it has no isActive")) },
			want:   []string{"conflict 1 agent:1/501 faulty_record"},
		},
		{
			name: "where people share the mailbox, nobody with that e-mail leaves for it (R19)",
			before: func(w *world) {
				w.agent("1/10", "501", "Ada Lovelace", email("team@example.com"))
				w.agent("1/10", "502", "Grace Hopper", email("team@example.com"))
				w.agent("1/10", "503", "Hedy Lamarr", email("team@example.com"))
			},
			then: func(w *world) {
				w.clear()
				w.agent("1/10", "502", "Grace Hopper", email("team@example.com"))
				w.agent("1/10", "503", "Hedy Lamarr", email("team@example.com"))
				w.agent("1/10", "", "", email("team@example.com"), faulty("it has no id"))
			},
			want: []string{"conflict agent:1/?3 faulty_record", "note 1 in_conflict"},
		},
		{
			name: "the rest stand alone",
			then: func(w *world) {
				w.admin("301", "Ada Byron", email(""))
				w.admin("302", "Ada Byron", email(""))
				w.agent("1/10", "501", "Ada Byron", email(""))
			},
			want: []string{"onboard admin:301 new", "onboard admin:302 new", "onboard agent:1/501 new"},
		},
	})
}

func TestR7Extensions(t *testing.T) {
	ada := func(w *world) { w.agent("1/10", "501", "Ada Byron", rc("701")) }
	play(t, []scenario{
		{
			name: "enrich and do not create",
			then: func(w *world) { w.extension("701", "Ada Byron") },
		},
		{
			name: "of any status but Disabled change nothing", before: ada,
			then: func(w *world) { w.extension("701", "Ada Byron", status("Frozen")) },
		},
		{
			name: "NotActivated changes nothing", before: ada,
			then: func(w *world) { w.extension("701", "Ada Byron", status("NotActivated")) },
		},
		{
			name: "a status nobody has heard of changes nothing", before: ada,
			then: func(w *world) { w.extension("701", "Ada Byron", status("disabled")) },
		},
		{
			name: "Unassigned changes nothing", before: ada,
			then: func(w *world) { w.extension("701", "Ada Byron", status("Unassigned"), noContact) },
		},
		{
			name: "Disabled means gone", before: ada,
			then: func(w *world) { w.extension("701", "Ada Byron", status("Disabled")) },
			want: []string{"deactivate 1 rc:701 ringex_disabled", "note 1 rc:701 ringex_disabled"},
		},
		{
			name: "Disabled means gone for administrators too",
			before: func(w *world) {
				w.admin("301", "Ada Byron", rc("701"))
				w.admin("302", "Bob Roy")
			},
			then: func(w *world) { w.extension("701", "Ada Byron", status("Disabled")) },
			want: []string{"deactivate 2 rc:701 ringex_disabled", "note 2 rc:701 ringex_disabled"},
		},
		{
			name:   "Disabled means nothing where the e-mail alone attaches it",
			before: func(w *world) { w.agent("1/10", "501", "Ada Byron") },
			then:   func(w *world) { w.extension("701", "Ada Byron", status("Disabled"), department("Sales", "")) },
			want:   []string{"update 1 agent:1/501 source_changed"},
			fields: []string{"department:  -> Sales, source_changed"},
		},
	})
}

func TestR7AttachByEmail(t *testing.T) {
	ada := func(w *world) { w.agent("1/10", "501", "Ada Byron") }
	attached := []string{"site:  -> Bern, source_changed"}
	for _, c := range []struct {
		name  string
		given func(*world)
		want  []string
	}{
		{"a user", func(w *world) { w.extension("701", "Ada Byron", site("Bern"), email("ADA@example.com")) }, attached},
		{"a user whose e-mail R33 takes for the same", func(w *world) {
			w.extension("701", "Ada Byron", site("Bern"), email("\ufeff\uff21da@example.com\u200b"))
		}, attached},
		{"a digital user", func(w *world) { w.extension("701", "Ada Byron", site("Bern"), extType("DigitalUser")) }, attached},
		{"a virtual user", func(w *world) { w.extension("701", "Ada Byron", site("Bern"), extType("VirtualUser")) }, attached},
		{"a flexible user", func(w *world) { w.extension("701", "Ada Byron", site("Bern"), extType("FlexibleUser")) }, attached},
		{"a limited extension", func(w *world) { w.extension("701", "Ada Byron", site("Bern"), extType("Limited")) }, attached},
		{"no department", func(w *world) { w.extension("701", "Ada Byron", site("Bern"), extType("Department")) }, nil},
		{"none of two", func(w *world) {
			w.extension("701", "Ada Byron", site("Bern"))
			w.extension("702", "Ada Byron", site("Basel"))
		}, nil},
		{"of two the one that has the name", func(w *world) {
			w.agent("1/10", "502", "Bob Roy", rc("702"))
			w.extension("701", "Ada Byron", site("Bern"))
			w.extension("702", "Bob Roy", email("ada@example.com"))
		}, attached},
		{"none of two that have other names", func(w *world) {
			w.extension("701", "Zoe Fox", site("Bern"), email("ada@example.com"))
			w.extension("702", "Bob Roy", email("ada@example.com"))
		}, nil},
		{"not one that is somebody's by rcUserId", func(w *world) {
			w.agent("1/10", "502", "Bob Roy", rc("702"))
			w.extension("702", "Bob Roy", email("ada@example.com"), number("12"))
		}, nil},
		{"of people who share the e-mail the one who has its name", func(w *world) {
			w.agent("1/10", "502", "Bob Roy", rc("702"), email("ada@example.com"))
			w.agent("1/10", "503", "Cy Poe", rc("703"), email("ada@example.com"))
			w.extension("701", "Ada Byron", site("Bern"))
		}, attached},
		{"none of them where nobody has its name", func(w *world) {
			w.agent("1/10", "502", "Bob Roy", rc("702"), email("ada@example.com"))
			w.extension("701", "Zoe Fox", site("Bern"), email("ada@example.com"))
		}, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld()
			ada(w)
			w.sync(t)
			c.given(w)
			same(t, fields(w.plan(t)), c.want)
		})
	}
}

// In e-mails, apostrophes and dashes tell people apart (R33).
func TestR7AttachByEmailWithItsApostrophe(t *testing.T) {
	for address, want := range map[string][]string{
		"O'HARA@example.com":      {"site:  -> Bern, source_changed"},
		"o\u2019hara@example.com": nil,
	} {
		w := newWorld()
		w.agent("1/10", "501", "Bob O'Hara", email("o'hara@example.com"))
		w.sync(t)
		w.extension("701", "Bob O'Hara", site("Bern"), email(address))
		same(t, fields(w.plan(t)), want)
	}
}

// Retrieval order is the order of the bodies: administrators, then sub-accounts,
// groups and agents as they stand (R3).
func TestR3RetrievalOrder(t *testing.T) {
	for _, c := range []struct{ precedence, want string }{
		{"first", "Administrator"}, {"last", "Team Lead"}, {"team lead", "Team Lead"}, {"SUPERVISOR", "Supervisor"}, {"Agent", "Administrator"},
	} {
		t.Run(c.precedence, func(t *testing.T) {
			w := newWorld()
			w.Policy.RolePrecedence = c.precedence
			w.Policy.RoleMap = []sync.RoleMapping{{AgentType: "TWO", Role: "Team Lead"}, {AgentType: "ONE", Role: "Clerk"}}
			w.agent("2/20", "601", "Ada Byron", rc("701"), agentType("ONE"))
			w.agent("2/21", "602", "Ada Byron", rc("701"), agentType("SUPERVISOR"))
			w.agent("1/10", "501", "Ada Byron", rc("701"), agentType("TWO"))
			w.admin("301", "Ada Byron", rc("701"))
			w.sync(t)
			if got := w.member(1).Profile[sync.Role]; got != c.want {
				t.Errorf("role %q, want %q", got, c.want)
			}
		})
	}
}

// A record that loses its rcUserId keeps its place, however it joins its person: by e-mail and
// name (R6) or by a login that the member holds (R5). So the role stays, and names (R10, R8).
func TestR3ARecordWithoutItsRCUserIDKeepsItsPlace(t *testing.T) {
	for name, change := range map[string]func(*sync.Agent){
		"by e-mail and name": func(*sync.Agent) {},
		"by login":           func(a *sync.Agent) { a.FirstName, a.Email = "", "" },
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld()
			w.admin("301", "Bob Roy", rc("702"))
			w.admin("302", "Bob Roy", rc("702"))
			w.agent("1/10", "501", "Ada Byron", rc("701"), agentType("SUPERVISOR"))
			w.agent("2/20", "601", "Ada Byron", rc("701"))
			w.extension("701", "Ada Byron")
			w.extension("702", "Bob Roy")
			w.sync(t)
			ada := &w.group("1/10").Agents[0]
			ada.RCUserID = ""
			change(ada)
			w.Snapshot.Admins[0].RCUserID = ""
			same(t, lines(w.plan(t)), nil)
			if trace := w.explain(t, "rc:701"); !says(trace, "R10", "roles in retrieval order: Supervisor, Agent; ") {
				t.Errorf("facts %+v", trace.Facts)
			}
		})
	}
}
