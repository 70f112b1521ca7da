package reconcile_test

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"ringroster/sync"
	"ringroster/sync/plan"
)

// The order of the lists matters for `first`, `last` and "the first non-empty"
// alone: where all records of a human say the same, it changes nothing.
func TestLawListOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := arbitraryWorld(t)
		agreeAbout(w.Snapshot, w.members)
		w.Policy.RolePrecedence = sync.RoleAdministrator
		want := w.plan(t)
		shuffle(t, w.Snapshot)
		got := w.plan(t)
		for _, p := range []*sync.Plan{want, got} {
			ignoreEvidence(p)
		}
		if diff := cmp.Diff(want, got, nexts); diff != "" {
			t.Errorf("-as listed +shuffled:\n%s", diff)
		}
	})
}

// agreeAbout makes records alike: a human's e-mail follows from the rcUserId, which may be
// that of a member who holds the login (R5), the name from the e-mail, and every agent is
// of one type.
func agreeAbout(s *sync.Snapshot, members []*sync.Member) {
	emails := map[string]string{"701": "a@example.com", "702": "b@example.com", "703": "a@example.com", "704": "c@example.com", "705": "d@example.com", "900": "e@example.com"}
	names := map[string]string{"a@example.com": "Ada", "b@example.com": "Bob", "c@example.com": "Cyd", "d@example.com": "Dov", "e@example.com": "Otto"}
	agree := func(id, rcUserID string, email, first, last, userName, faulty *string) {
		for _, m := range members {
			if rcUserID == "" && m.HeldID(id) {
				rcUserID = m.RCUserID
			}
		}
		if known := emails[rcUserID]; known != "" {
			*email = known
		}
		*email = sync.FoldEmail(*email)
		*first, *last, *userName, *faulty = names[*email], "", "", ""
	}
	for i := range s.Admins {
		a := &s.Admins[i]
		agree(a.UserID, a.RCUserID, &a.Email, &a.FirstName, &a.LastName, &a.UserName, &a.Faulty)
	}
	s.Admins = slices.DeleteFunc(s.Admins, func(a sync.Admin) bool { return a.UserID == "" })
	for i := range s.SubAccounts {
		for j := range s.SubAccounts[i].Groups {
			g := &s.SubAccounts[i].Groups[j]
			for k := range g.Agents {
				a := &g.Agents[k]
				agree(sync.LoginKey(s.SubAccounts[i].ID, a.ID), a.RCUserID, &a.Email, &a.FirstName, &a.LastName, &a.UserName, &a.Faulty)
				a.Type = "AGENT"
			}
			g.Agents = slices.DeleteFunc(g.Agents, func(a sync.Agent) bool { return a.ID == "" })
		}
	}
}

func shuffle(t *rapid.T, s *sync.Snapshot) {
	s.Admins = rapid.Permutation(s.Admins).Draw(t, "admins")
	s.Extensions = rapid.Permutation(s.Extensions).Draw(t, "extensions")
	s.SubAccounts = rapid.Permutation(s.SubAccounts).Draw(t, "sub-accounts")
	for i := range s.SubAccounts {
		sub := &s.SubAccounts[i]
		sub.Groups = rapid.Permutation(sub.Groups).Draw(t, "groups")
		for j := range sub.Groups {
			sub.Groups[j].Agents = rapid.Permutation(sub.Groups[j].Agents).Draw(t, "agents")
		}
	}
}

// ignoreEvidence leaves out the list of records behind a role, which stands in
// retrieval order.
func ignoreEvidence(p *sync.Plan) {
	for i := range p.Changes {
		next := p.Changes[i].Next()
		next.Synced.Roles = ""
		p.Changes[i].Next = next.Itself
	}
	for _, m := range p.Marks {
		m.Synced.Roles = ""
	}
}

// A record that is missing from the lists concerns those who had it, and nobody
// else leaves for it.
func TestLawOneMissingRecord(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := arbitraryWorld(t)
		w.Policy.Scope, w.Policy.Access = sync.Scope{}, sync.Access{} // the extension may attach to somebody else, with its department and roles
		forgetLooseEmails(w.Snapshot)
		before := w.plan(t)
		gone := dropOne(t, w)
		if gone == nil {
			return
		}
		stayed := stayers(before, w.members)
		for _, c := range allChanges(w.plan(t)) {
			if c.Kind == sync.Deactivate && stayed[c.Member] && !isAbout(gone, w.member(c.Member)) {
				t.Errorf("member %d leaves (%s) because a record of %s is missing\n%v\nbefore: %v", c.Member, c.Reason, gone.Person, lines(w.plan(t)), lines(before))
			}
		}
	})
}

// forgetLooseEmails keeps records without rcUserId to themselves: by e-mail they
// would join somebody else once that is the only one who has it (R6).
func forgetLooseEmails(s *sync.Snapshot) {
	for i := range s.Admins {
		if s.Admins[i].RCUserID == "" {
			s.Admins[i].Email = ""
		}
	}
	for r := range s.Agents {
		if r.RCUserID == "" {
			r.Email = ""
		}
	}
}

// dropOne removes one record of RingCX, if there is any, and gives the person
// whose record it was.
func dropOne(t *rapid.T, w *world) *plan.Standing {
	s := w.Snapshot
	var keys []string
	for r := range s.Agents {
		keys = append(keys, "agent:"+r.Sub.ID+"/"+r.ID)
	}
	for _, a := range s.Admins {
		keys = append(keys, "admin:"+a.UserID)
	}
	if len(keys) == 0 {
		return nil
	}
	missing := rapid.SampledFrom(keys).Draw(t, "missing")
	in := w.input()
	var person *plan.Standing
	in.Everybody = func(s *plan.Standing) bool {
		if s.HasKey(missing) {
			person = s
		}
		return person == nil
	}
	if _, err := plan.Make(in); err != nil {
		t.Fatal(err)
	}
	for i := range s.SubAccounts {
		sub := &s.SubAccounts[i]
		for j := range sub.Groups {
			sub.Groups[j].Agents = slices.DeleteFunc(slices.Clone(sub.Groups[j].Agents), func(a sync.Agent) bool {
				return "agent:"+sub.ID+"/"+a.ID == missing
			})
		}
	}
	s.Admins = slices.DeleteFunc(slices.Clone(s.Admins), func(a sync.Admin) bool { return "admin:"+a.UserID == missing })
	return person
}

// isAbout says whether anything in the person's records names the member.
func isAbout(person *plan.Standing, m *sync.Member) bool {
	return person.RCUserID != "" && person.RCUserID == m.RCUserID || person.Called(m.Profile[sync.Email]) ||
		slices.ContainsFunc(m.Logins, func(l sync.Login) bool { return person.HasKey("agent:" + l.SubAccountID + "/" + l.AgentID) }) ||
		slices.ContainsFunc(m.AdminIDs, func(id string) bool { return person.HasKey("admin:" + id) })
}

// stayers are the members who neither leave, nor would if the ladder did not keep
// them, nor stay by their e-mail alone.
func stayers(p *sync.Plan, members []*sync.Member) map[int64]bool {
	stayed := map[int64]bool{}
	for _, m := range members {
		stayed[m.ID] = true
	}
	for _, c := range allChanges(p) {
		stayed[c.Member] = stayed[c.Member] && c.Kind != sync.Deactivate && c.Reason != sync.ReasonRecreated
	}
	for _, n := range p.Notes {
		if slices.Contains([]sync.Reason{sync.NoteInConflict, sync.NoteDeactivateOff, sync.NoteProtected, sync.NoteRejected, sync.NoteInGrace}, n.Reason) {
			stayed[n.Member] = false
		}
	}
	return stayed
}
