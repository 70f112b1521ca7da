package simulator

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestGenerateIsRepeatableAndSeeded(t *testing.T) {
	if diff := cmp.Diff(Generate(60, 1), Generate(60, 1)); diff != "" {
		t.Errorf("same seed, other world:\n%s", diff)
	}
	if cmp.Equal(Generate(60, 1), Generate(60, 2)) {
		t.Error("another seed, the same world")
	}
}

func TestGeneratedWorldsAreValid(t *testing.T) {
	for _, people := range []int{-1, 0, 1, 2, 10, 1000} {
		if err := Generate(people, 9).validate(); err != nil {
			t.Errorf("%d people: %v", people, err)
		}
	}
}

// census counts the humans RingCX lists, by what they are.
func census(a *Account) map[string]int {
	count := map[string]int{}
	agents, admins, subs := map[string]bool{}, map[string]bool{}, map[string]string{}
	for _, m := range a.Administrators {
		admins[m.Email] = true
	}
	for sub, m := range a.agents() {
		if sub.Inactive {
			continue
		}
		agents[m.Email] = true
		count["agent type "+m.Type]++
		if admins[m.Email] {
			count["both"]++
		}
		if subs[m.Email] != "" && subs[m.Email] != sub.ID {
			count["several sub-accounts"]++
		}
		subs[m.Email] = sub.ID
		if m.RCUserID == 0 {
			count["not linked"]++
		}
		if m.Inactive {
			count["inactive"]++
		}
		if strings.ContainsAny(m.LastName, "'’") {
			count["apostrophe"]++
		}
		if m.FirstName[0] >= 0x80 {
			count["other script"]++
		}
	}
	for _, e := range a.Extensions {
		count["status "+e.Status]++
		count["type "+e.Type]++
		count["site "+e.Site]++
		count["department "+e.Department]++
	}
	for email := range admins {
		if !agents[email] {
			count["admin only"]++
		}
	}
	count["people"] = len(agents) + count["admin only"]
	return count
}

func TestSmallWorldsAreDiverse(t *testing.T) {
	for _, seed := range []uint64{1, 2, 3} {
		got := census(Generate(60, seed).Accounts[0])
		if got["people"] != 60 {
			t.Errorf("seed %d: %d people, want 60", seed, got["people"])
		}
		for _, want := range []string{
			"both", "admin only", "several sub-accounts", "not linked", "inactive", "apostrophe", "other script",
			"agent type ", "agent type SUPERVISOR", "agent type MULTI_SUPERVISOR", "agent type MULTI_USER",
			"status Disabled", "status NotActivated", "status Unassigned", "type Department", "type IvrMenu", "type DigitalUser",
			"type Limited", "site main-site", "site 801", "department Sales", "department Support",
		} {
			if got[want] == 0 {
				t.Errorf("seed %d: nobody is %q", seed, want)
			}
		}
	}
}

func TestShapeIsAsOrdered(t *testing.T) {
	a := GenerateWith(GenerateOptions{People: 500, Seed: 1, SubAccounts: 3, Groups: 7}).Accounts[0]
	if len(a.SubAccounts) != 4 || !a.SubAccounts[3].Inactive {
		t.Fatalf("%d sub-accounts, want 3 and an inactive one", len(a.SubAccounts))
	}
	groups := 0
	for _, sub := range a.SubAccounts[:3] {
		for _, g := range sub.Groups {
			groups++
			if n := len(g.Agents); n < 500/7 || n > 560/7 {
				t.Errorf("group %d has %d agents", g.ID, n)
			}
		}
	}
	if groups != 7 {
		t.Errorf("%d groups, want 7", groups)
	}
}
