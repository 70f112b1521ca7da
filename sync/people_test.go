package sync

import "testing"

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
		{"a digital user", func(w *world) { w.extension("701", "Ada Byron", site("Bern"), extType("DigitalUser")) }, attached},
		{"a virtual user", func(w *world) { w.extension("701", "Ada Byron", site("Bern"), extType("VirtualUser")) }, attached},
		{"a flexible user", func(w *world) { w.extension("701", "Ada Byron", site("Bern"), extType("FlexibleUser")) }, attached},
		{"a limited extension", func(w *world) { w.extension("701", "Ada Byron", site("Bern"), extType("Limited")) }, attached},
		{"no department", func(w *world) { w.extension("701", "Ada Byron", site("Bern"), extType("Department")) }, nil},
		{"none of two", func(w *world) {
			w.extension("701", "Ada Byron", site("Bern"))
			w.extension("702", "Ada Byron", site("Basel"))
		}, nil},
		{"none of two, also when one of them is somebody's by rcUserId", func(w *world) {
			w.agent("1/10", "502", "Bob Roy", rc("702"))
			w.extension("701", "Ada Byron", site("Bern"))
			w.extension("702", "Bob Roy", email("ada@example.com"))
		}, nil},
		{"not one that is somebody's by rcUserId", func(w *world) {
			w.agent("1/10", "502", "Bob Roy", rc("702"))
			w.extension("702", "Bob Roy", email("ada@example.com"), number("12"))
		}, nil},
		{"none for two people who share the e-mail", func(w *world) {
			w.agent("1/10", "502", "Bob Roy", rc("702"), email("ada@example.com"))
			w.agent("1/10", "503", "Cy Poe", rc("703"), email("ada@example.com"))
			w.extension("701", "Ada Byron", site("Bern"))
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

// Retrieval order is the order of the bodies: administrators, then sub-accounts,
// groups and agents as they stand (R3).
func TestR3RetrievalOrder(t *testing.T) {
	for _, c := range []struct{ precedence, want string }{
		{"first", "Administrator"}, {"last", "Team Lead"}, {"team lead", "Team Lead"}, {"SUPERVISOR", "Supervisor"}, {"Agent", "Administrator"},
	} {
		t.Run(c.precedence, func(t *testing.T) {
			w := newWorld()
			w.Policy.RolePrecedence = c.precedence
			w.Policy.RoleMap = []RoleMapping{{"TWO", "Team Lead"}, {"ONE", "Clerk"}}
			w.agent("2/20", "601", "Ada Byron", rc("701"), agentType("ONE"))
			w.agent("2/21", "602", "Ada Byron", rc("701"), agentType("SUPERVISOR"))
			w.agent("1/10", "501", "Ada Byron", rc("701"), agentType("TWO"))
			w.admin("301", "Ada Byron", rc("701"))
			w.sync(t)
			if got := w.member(1).Profile[Role]; got != c.want {
				t.Errorf("role %q, want %q", got, c.want)
			}
		})
	}
}
