package reconcile_test

import (
	"slices"
	"testing"

	"ringroster/sync"
)

// An extension that cannot be read takes nobody out, and gives nobody another role: who it could
// be is a conflict (R19).
func TestR19AnExtensionThatCannotBeRead(t *testing.T) {
	unread := func(edit func(*sync.Extension)) func(*world) {
		return func(w *world) {
			e := &w.Snapshot.Extensions[2] // Bob's
			*e = sync.Extension{ID: e.ID, Number: e.Number, Type: e.Type, Status: e.Status, Email: e.Email, Faulty: "cut short"}
			edit(e)
		}
	}
	conflict, gone := []string{"conflict 1 agent:1/502 faulty_record"}, []string{"deactivate 1 agent:1/502 no_extension", "note 1 agent:1/502 no_extension"}
	for _, c := range []struct {
		name string
		then func(*world)
		want []string
	}{
		{"its e-mail says whose it is", unread(func(e *sync.Extension) { e.Number = "" }), conflict},
		{"its number does", unread(func(e *sync.Extension) { e.Email = "" }), conflict},
		{"neither", unread(func(e *sync.Extension) { e.Email, e.Number = "", "" }), conflict},
		{"not even its id and type", unread(func(e *sync.Extension) { *e = sync.Extension{Faulty: "cut short"} }), conflict},
		{"it is another's, by its e-mail", unread(func(e *sync.Extension) { e.Email, e.Number = "zoe@example.com", "" }), gone},
		{"its id does, with another number", unread(func(e *sync.Extension) { e.Email, e.Number = "", "9" }), conflict},
		{"it is another's, by its id and number", unread(func(e *sync.Extension) { e.ID, e.Email, e.Number = "709", "", "9" }), gone},
		{"it is no human's", unread(func(e *sync.Extension) { e.Email, e.Number, e.Type = "", "", "Department" }), gone},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld()
			w.Policy.RequireRingEX = true
			w.agent("1/10", "501", "Ada Byron", rc("701"))
			w.agent("1/10", "502", "Bob Roy")
			w.extension("701", "Ada Byron", number("1"))
			w.extension("702", "Bob Roy", number("2"))
			w.today(t)
			w.tomorrow()
			c.then(w)
			same(t, lines(w.plan(t)), c.want)
		})
	}
}

// What an agent record, its group or its sub-account does not say is as the roster knows it (R8);
// where it does not know it, and the settings ask, that is a conflict (R19).
func TestR19NamesThatDoNotCome(t *testing.T) {
	before := func(w *world) {
		w.agent("1/10", "501", "Ada Byron", rc("701"), agentType("SUPERVISOR"))
		w.extension("701", "Ada Byron")
	}
	by := func(m sync.Match) func(*world) {
		return func(w *world) { before(w); w.Policy.Scope.Include = []sync.Match{m, {Role: sync.RoleAdministrator}} }
	}
	nameless := func(w *world) {
		w.sub("1").Name, w.group("1/10").Name, w.group("1/10").Agents[0].Type = "", "", ""
	}
	joins := func(place string) func(*world) {
		return func(w *world) {
			w.agent(place, "502", "Bob Roy", rc("702"))
			w.extension("702", "Bob Roy")
			w.group(place).Name = ""
		}
	}
	play(t, []scenario{
		{name: "no scope", before: before, then: nameless},
		{name: "a group's name", before: by(sync.Match{AgentGroup: "Group 10"}), then: nameless},
		{name: "a sub-account's name", before: by(sync.Match{SubAccount: "Sub 1"}), then: nameless},
		{name: "nobody asks for it", before: by(sync.Match{SubAccount: "1"}), then: joins("1/11"), want: []string{"onboard rc:702 new"}},
		{name: "of a newcomer", before: by(sync.Match{AgentGroup: "Group 10"}), then: joins("1/11"), want: []string{"conflict rc:702 faulty_record"}},
		{name: "a rule of onboarding asks for it", before: func(w *world) {
			before(w)
			w.Policy.Onboarding.Rules = []sync.Rule{{Name: "ten", When: sync.Match{AgentGroup: "Group 10"}}}
		}, then: joins("1/11"), want: []string{"conflict rc:702 faulty_record"}},
		{name: "they moved there", before: by(sync.Match{AgentGroup: "Group 1*"}), then: func(w *world) {
			agents := w.group("1/10").Agents
			w.group("1/10").Agents = nil
			w.group("1/11").Agents, w.group("1/11").Name = agents, ""
		}, want: []string{"conflict 1 rc:701 faulty_record"}},
		{name: "exclude names it", before: func(w *world) {
			before(w)
			w.Policy.Scope.Exclude = []sync.Match{{AgentGroup: "Group 11"}}
		}, then: joins("1/11"), want: []string{"conflict rc:702 faulty_record"}},
	})
}

// What is not known of one member keeps nobody else who has the e-mail, whoever is met first
// (R19).
func TestR19ADoubtIsNobodyElses(t *testing.T) {
	for _, order := range [][]int{{0, 1, 2}, {0, 2, 1}, {1, 2, 0}, {2, 1, 0}} {
		w := newWorld()
		w.Policy.RequireRingEX = true
		for _, id := range []string{"1", "2", "3"} {
			w.agent("1/10", "50"+id, "P"+id+" Roy", rc("70"+id), email("team@example.com"))
			w.extension("70"+id, "P"+id+" Roy", email("team@example.com"))
		}
		w.agent("1/10", "504", "Cy Poe", rc("704"))
		w.extension("704", "Cy Poe")
		w.sync(t)
		w.member(3).Status, w.member(3).Synced.Status = sync.Inactive, sync.Inactive
		// The first is gone, nobody knows whether the second has an extension.
		w.group("1/10").Agents = slices.Delete(w.group("1/10").Agents, 2, 3)[1:]
		w.Snapshot.Extensions = append(slices.Delete(w.Snapshot.Extensions, 1, 4), sync.Extension{Faulty: "cut short"})
		members := w.members
		w.members = []*sync.Member{members[order[0]], members[order[1]], members[order[2]], members[3]}
		same(t, lines(w.plan(t)), []string{"deactivate 1 removed", "conflict 2 rc:702 faulty_record"})
	}
}
