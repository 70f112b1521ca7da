package reconcile_test

import "testing"

// merged is the roster of the first edition: three people who share a mailbox are one
// member, named after the first.
func merged(t *testing.T) *world {
	w := newWorld()
	for _, id := range []string{"501", "502", "503"} {
		w.agent("1/10", id, "Ada Lovelace", email("team@example.com"))
	}
	w.sync(t)
	if len(w.members) != 1 || len(w.member(1).Logins) != 3 {
		t.Fatalf("%d members", len(w.members))
	}
	return w
}

func TestR5MergedMembersAreToldApart(t *testing.T) {
	team := email("team@example.com")
	w := merged(t)
	w.clear()
	w.agent("1/10", "502", "Grace Hopper", team)
	w.agent("1/10", "503", "Hedy Lamarr", team)
	w.agent("1/10", "501", "Ada Lovelace", team)
	same(t, lines(w.plan(t)), []string{"onboard agent:1/502 new", "onboard agent:1/503 new", "update 1 agent:1/501 source_changed"})
	w.sync(t)
	for id, name := range map[int64]string{1: "Ada Lovelace", 2: "Grace Hopper", 3: "Hedy Lamarr"} {
		m := w.member(id)
		active := ""
		for _, l := range m.Logins {
			if l.Active {
				active += l.AgentID + " "
			}
		}
		if want := "50" + string(rune('0'+id)) + " "; m.Profile.Name() != name || active != want {
			t.Errorf("member %d is %s with the logins %s, want %s with %s", id, m.Profile.Name(), active, name, want)
		}
	}
	same(t, lines(w.plan(t)), nil)

	w.clear() // Ada goes, though the login rows of the others still stand with her
	w.agent("1/10", "502", "Grace Hopper", team)
	w.agent("1/10", "503", "Hedy Lamarr", team)
	same(t, lines(w.plan(t)), []string{"deactivate 1 removed"})
	w.sync(t)
	same(t, lines(w.plan(t)), nil)

	w.agent("1/10", "509", "Ada Lovelace", team) // and comes back
	same(t, lines(w.plan(t)), []string{"conflict agent:1/509 email_in_use"})
}

func TestR5RecordsJoinWhoHoldsTheirLogin(t *testing.T) {
	ada := func(w *world) {
		w.agent("1/10", "501", "Ada Byron", rc("701"))
		w.agent("2/20", "601", "Ada Byron", rc("701"))
		w.extension("701", "Ada Byron")
	}
	play(t, []scenario{
		{
			name: "a record that loses its rcUserId, with another name and e-mail", before: ada,
			then: func(w *world) {
				a := &w.group("2/20").Agents[0]
				a.RCUserID, a.FirstName, a.Email = "", "A.", "a.byron@example.com"
			},
			want: nil,
		},
		{
			name: "an administrator's record", before: func(w *world) { ada(w); w.admin("301", "Ada Byron", rc("701")) },
			then: func(w *world) { a := &w.Snapshot.Admins[0]; a.RCUserID, a.FirstName = "", "A." },
			want: nil,
		},
		{
			name: "with all that is one person with it (R6)", before: ada,
			then: func(w *world) {
				a := &w.group("2/20").Agents[0]
				a.RCUserID, a.FirstName = "", "A."
				w.agent("2/21", "602", "A. Byron", email("ada@example.com"))
			},
			want: []string{"update 1 rc:701 source_changed"}, fields: []string{"logins, source_changed"},
		},
		{
			name: "a login that it held before is no reason", before: ada,
			between: func(w *world) { w.group("2/20").Agents = nil },
			then:    func(w *world) { w.agent("2/20", "601", "Bob Roy") },
			want:    []string{"onboard agent:2/601 new"},
		},
		{
			name: "two members hold the login: the first has it", before: func(w *world) { ada(w); w.agent("1/10", "502", "Bob Roy", rc("702")); w.extension("702", "Bob Roy") },
			then: func(w *world) {
				w.member(2).Logins = append(w.member(2).Logins, w.member(1).Logins[1])
				a := &w.group("2/20").Agents[0]
				a.RCUserID, a.FirstName, a.Email = "", "Cy", "cy@example.com"
			},
			want: []string{"update 2 rc:702 source_changed"}, fields: []string{"logins, source_changed"},
		},
	})
}
