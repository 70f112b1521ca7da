package reconcile_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"ringroster/sync"
)

// newcomer plans a world in which everybody is new and gives the one with key.
func newcomerOf(t *testing.T, key string, given func(*world)) *sync.Member {
	t.Helper()
	w := newWorld()
	given(w)
	for _, c := range w.plan(t).Changes {
		if c.Person == key {
			return c.Next()
		}
	}
	t.Fatalf("nobody is onboarded as %s", key)
	return nil
}

func TestR8WhoseValue(t *testing.T) {
	for _, c := range []struct {
		name  string
		given func(*world)
		want  sync.Profile
	}{
		{
			name: "agents before administrators, each field on its own, else RingEX",
			given: func(w *world) {
				w.admin("301", "Admin Name", rc("701"), email("admin@example.com"))
				w.agent("1/10", "501", "", rc("701"), email(""), named("", ""))
				w.agent("2/20", "601", "", rc("701"), email(""), named("Ada", ""))
				w.extension("701", "Ext Name", number("12"), department("Sales", "Lead"), site("Bern"))
			},
			want: sync.Profile{"Ada", "Name", "admin@example.com", "Administrator", "12", "Sales", "Lead", "Bern", "rt"},
		},
		{
			name: "an agent record that grants nothing has no say",
			given: func(w *world) {
				w.agent("1/10", "501", "Old Name", rc("701"), inactive, email("old@example.com"))
				w.agent("1/10", "502", "Ada Byron", rc("701"))
			},
			want: sync.Profile{"Ada", "Byron", "ada@example.com", "Agent", "", "", "", "", "rt"},
		},
		{
			name: "any script, apostrophes, no last name",
			given: func(w *world) {
				w.agent("1/10", "501", "", rc("701"), named("Nguyễn Thị Ánh’s", ""), email("anh@example.com"))
			},
			want: sync.Profile{"Nguyễn Thị Ánh’s", "", "anh@example.com", "Agent", "", "", "", "", "rt"},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			if diff := cmp.Diff(c.want, newcomerOf(t, "rc:701", c.given).Profile); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

func TestR8UnknownIsNotEmpty(t *testing.T) {
	full := func(w *world) {
		w.agent("1/10", "501", "Ada Byron", rc("701"))
		w.extension("701", "Ada Byron", number("12"), department("Sales", "Lead"), site("Bern"))
	}
	again := func(options ...option) func(*world) {
		return func(w *world) {
			w.clearAll()
			w.agent("1/10", "501", "Ada Byron", rc("701"))
			if options != nil {
				w.extension("701", "Ada Byron", options...)
			}
		}
	}
	play(t, []scenario{
		{
			name: "no extension: its fields keep their values, and a note says so", before: full,
			then: again(), want: []string{"note 1 rc:701 extension_missing"},
		},
		{
			name: "a record that is there and says empty clears", before: full,
			then:   again(number("12"), site("")),
			want:   []string{"update 1 rc:701 source_changed"},
			fields: []string{"department: Sales -> , source_changed", "job_title: Lead -> , source_changed", "site: Bern -> , source_changed"},
		},
		{
			name: "no contact block: department and title are unknown", before: full,
			then: again(number("12"), site("Bern"), noContact),
		},
		{
			name: "a record that could not be read: all is unknown", before: full,
			then: again(noContact),
		},
		{
			name: "RingCX says no last name: unknown while RingEX does not report them", before: full,
			then: func(w *world) {
				w.clearAll()
				w.agent("1/10", "501", "Ada", rc("701"))
			},
			want: []string{"note 1 rc:701 extension_missing"},
		},
		{
			name: "RingCX says no last name, and neither does RingEX", before: full,
			then: func(w *world) {
				w.clearAll()
				w.agent("1/10", "501", "Ada", rc("701"))
				w.extension("701", "Ada", number("12"), department("Sales", "Lead"), site("Bern"))
			},
			want:   []string{"update 1 rc:701 source_changed"},
			fields: []string{"last_name: Byron -> , source_changed"},
		},
		{
			name: "scope uses the last-synced value of what is unknown",
			before: func(w *world) {
				full(w)
				w.Policy.Scope.Include = []sync.Match{{Department: "Sales"}}
			},
			then: again(), want: []string{"note 1 rc:701 extension_missing"},
		},
		{
			name: "what an imported member brought along counts after its link too",
			before: func(w *world) {
				w.imported("Ada Byron", func(m *sync.Member) { m.Profile[sync.Department] = "Sales" })
				w.agent("1/10", "501", "Ada Byron", rc("701"))
				w.Policy.Scope.Exclude = []sync.Match{{Department: "?", Site: "nowhere"}}
			},
			then: func(w *world) { w.Policy.Scope.Include = []sync.Match{{Department: "Sales"}} },
			want: []string{"note 1 rc:701 extension_missing"},
		},
	})
}

func TestR8Usernames(t *testing.T) {
	for _, c := range []struct {
		name  string
		given func(*world)
		want  string
	}{
		{"the record's own", func(w *world) { w.agent("1/10", "501", "Ada Byron", userName("ada.b")) }, "ada.b"},
		{"of an agent before an administrator", func(w *world) {
			w.admin("301", "Ada Byron", userName("boss"))
			w.agent("1/10", "501", "Ada Byron", userName("ada.b"))
		}, "ada.b"},
		{"else the e-mail", func(w *world) { w.agent("1/10", "501", "Ada Byron") }, "ada@example.com"},
		{"else the person key", func(w *world) { w.agent("1/10", "501", "Ada Byron", email("")) }, "agent:1/501"},
		{"taken, in another case", func(w *world) {
			w.imported("Bob Roy", func(m *sync.Member) { m.Username = "ADA.B" })
			w.agent("1/10", "501", "Ada Byron", userName("ada.b"))
		}, "ada.b.2"},
		{"taken twice", func(w *world) {
			w.imported("Bob Roy", func(m *sync.Member) { m.Username = "ada.b" })
			w.imported("Cy Poe", func(m *sync.Member) { m.Username = "ada.b.2" })
			w.agent("1/10", "501", "Ada Byron", userName("ada.b"))
		}, "ada.b.3"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := newcomerOf(t, "agent:1/501", c.given).Username; got != c.want {
				t.Errorf("username %q, want %q", got, c.want)
			}
		})
	}
	t.Run("two newcomers of one name, in the order of the plan", func(t *testing.T) {
		w := newWorld()
		w.agent("1/10", "502", "Ada Byron", userName("ada"), email("two@example.com"))
		w.agent("1/10", "501", "Ada Byron", userName("ada"), email("one@example.com"))
		w.sync(t)
		same(t, []string{w.member(1).Username, w.member(2).Username}, []string{"ada", "ada.2"})
	})
	t.Run("never changed after", func(t *testing.T) {
		w := newWorld()
		w.agent("1/10", "501", "Ada Byron", userName("ada"))
		w.sync(t)
		w.clear()
		w.agent("1/10", "501", "Ada King", userName("ada.king"))
		w.sync(t)
		same(t, []string{w.member(1).Username}, []string{"ada"})
	})
	t.Run("an imported member without one is given one of its own", func(t *testing.T) {
		w := newWorld()
		w.imported("Bob Roy", func(m *sync.Member) { m.Username = "ada" })
		w.imported("Ada Byron", nil)
		w.agent("1/10", "501", "Ada Byron", userName("ada"))
		w.sync(t)
		same(t, []string{w.member(1).Username, w.member(2).Username}, []string{"ada", "ada.2"})
	})
}

func TestR8LoginsAreNeverRemoved(t *testing.T) {
	w := newWorld()
	w.agent("1/10", "501", "Ada Byron", rc("701"))
	w.agent("2/20", "601", "Ada Byron", rc("701"), agentType("SUPERVISOR"))
	w.sync(t)
	state := func() map[string]bool {
		active := map[string]bool{}
		for _, l := range w.member(1).Logins {
			active[l.SubAccountID+"/"+l.AgentGroupID+"/"+l.AgentID] = l.Active
		}
		return active
	}
	for _, step := range []struct {
		name  string
		given func()
		want  map[string]bool
	}{
		{"moved to another group", func() {
			w.clear()
			w.agent("1/11", "501", "Ada Byron", rc("701"))
			w.agent("2/20", "601", "Ada Byron", rc("701"), agentType("SUPERVISOR"))
		}, map[string]bool{"1/11/501": true, "2/20/601": true}},
		{"the record is gone", func() { w.group("2/20").Agents = nil }, map[string]bool{"1/11/501": true, "2/20/601": false}},
		{"a new record comes", func() { w.agent("1/11", "502", "Ada Byron", rc("701")) }, map[string]bool{"1/11/501": true, "1/11/502": true, "2/20/601": false}},
		{"switched to isActive false", func() { w.group("1/11").Agents[0].Active = false }, map[string]bool{"1/11/501": false, "1/11/502": true, "2/20/601": false}},
		{"of a sub-account that is not read nothing is known", func() {
			w.clear()
			w.sub("1").Read = false
			w.admin("301", "Ada Byron", rc("701"))
		}, map[string]bool{"1/11/501": false, "1/11/502": true, "2/20/601": false}},
	} {
		step.given()
		w.sync(t)
		if diff := cmp.Diff(step.want, state()); diff != "" {
			t.Errorf("%s: -want +got:\n%s", step.name, diff)
		}
	}
}
