package reconcile_test

import (
	"fmt"
	"slices"

	"pgregory.net/rapid"

	"ringroster/sync"
)

// The generators below make small worlds on purpose: few names, e-mails and ids,
// so that they collide in every way that the rules speak of.

var (
	someFirst  = rapid.SampledFrom([]string{"Ada", "ada ", "Bob", "Ngô Đình", ""})
	someLast   = rapid.SampledFrom([]string{"Byron", "O'Neil", ""})
	someEmail  = rapid.SampledFrom([]string{"a@example.com", "A@Example.com", "b@example.com", "c@example.com", "d@example.com", ""})
	someRC     = rapid.SampledFrom([]string{"701", "702", "703", "704", "705", "900", "", "", "", "", ""})
	someType   = rapid.SampledFrom([]string{"AGENT", "SUPERVISOR", "MULTI_USER", "ROBOT", ""})
	seldom     = rapid.Map(rapid.IntRange(0, 7), func(n int) bool { return n == 5 })
	someRegion = rapid.SampledFrom([]sync.Region{{TimeZone: "America/Denver", Language: "en-US"}, {TimeZone: "Asia/Tokyo", Language: "ja-JP"}, {TimeZone: "", Language: "en-GB"}, {TimeZone: "Europe/Paris", Language: ""}, {}})
	someFaulty = rapid.Map(seldom, func(bad bool) string { return map[bool]string{true: "cut short"}[bad] })
)

// arbitraryWorld is any snapshot, any roster and any settings that the types and
// the other packages allow: ids are distinct within a list (R1), a record without
// an id is faulty, rc user ids and usernames are unique in the roster.
func arbitraryWorld(t *rapid.T) *world {
	w := newWorld()
	arbitrarySnapshot(t, w.Snapshot)
	arbitraryRoles(t, w)
	arbitraryPolicy(t, &w.Policy)
	w.members = arbitraryMembers(t)
	w.lastID = 100
	if seldom.Draw(t, "settings changed") {
		w.State.Accepted = map[string]string{"owner_id": `"another"`}
	}
	w.State.Recent[0].Deactivated = rapid.IntRange(0, 2).Draw(t, "recent leavers")
	w.State.Open = arbitraryOpen(t, w.members)
	if rapid.Bool().Draw(t, "second look") {
		second := &sync.Snapshot{Account: "acme"}
		arbitraryRecords(t, second)
		w.Snapshot = w.Snapshot.WithSecondLook(second, &sync.Look{RingCX: true})
	}
	return w
}

func arbitrarySnapshot(t *rapid.T, s *sync.Snapshot) {
	arbitraryRecords(t, s)
	if seldom.Draw(t, "owner missing") {
		s.Extensions = nil
	}
	for _, id := range rapid.SliceOfDistinct(rapid.SampledFrom([]string{"701", "702", "703", "704", "705", "706"}), rapid.ID).Draw(t, "extensions") {
		e := sync.Extension{
			ID: id, HasContact: !seldom.Draw(t, "no contact"),
			Type:   rapid.SampledFrom([]string{"User", "User", "DigitalUser", "Department"}).Draw(t, "extension type"),
			Status: rapid.SampledFrom([]string{"Enabled", "Enabled", "Disabled", "Unassigned", "Frozen"}).Draw(t, "status"),
			Number: rapid.SampledFrom([]string{"", "12"}).Draw(t, "number"),
		}
		if e.HasContact {
			e.FirstName, e.LastName, e.Email = someFirst.Draw(t, "first"), someLast.Draw(t, "last"), someEmail.Draw(t, "email")
			if e.HasReferences = seldom.Draw(t, "references"); e.HasReferences {
				e.EmployeeID = rapid.SampledFrom([]string{"", "E1"}).Draw(t, "reference")
			}
			e.Department = rapid.SampledFrom([]string{"", "Sales"}).Draw(t, "department")
		}
		s.Extensions = append(s.Extensions, e)
	}
	if rapid.Bool().Draw(t, "regional settings") {
		s.Regional = &sync.Regional{Account: someRegion.Draw(t, "the account's"), Own: map[string]sync.Region{}}
		if rapid.Bool().Draw(t, "custom field") {
			s.Regional.CustomField, s.Regional.CustomOnly = "Number", rapid.Bool().Draw(t, "and no more")
		}
		for _, id := range rapid.SliceOfDistinct(rapid.SampledFrom([]string{"701", "702", "703", "706"}), rapid.ID).Draw(t, "looked up") {
			region := someRegion.Draw(t, "region")
			if region.HasEmployeeID = s.Regional.CustomField != "" && rapid.Bool().Draw(t, "number read"); region.HasEmployeeID {
				region.EmployeeID = rapid.SampledFrom([]string{"", "E1", "E2"}).Draw(t, "employee id")
			}
			s.Regional.Own[id] = region
		}
	}
	if seldom.Draw(t, "capped") {
		s.Lists = []sync.List{{Name: "agents", Length: 1000, Total: -1}}
	}
}

// arbitraryRecords fills in what a second look reads too.
func arbitraryRecords(t *rapid.T, s *sync.Snapshot) {
	for _, id := range rapid.SliceOfDistinct(rapid.SampledFrom([]string{"301", "302", "303"}), rapid.ID).Draw(t, "admins") {
		a := sync.Admin{
			UserID: id, RCUserID: someRC.Draw(t, "rc"), FirstName: someFirst.Draw(t, "first"), LastName: someLast.Draw(t, "last"),
			Email: someEmail.Draw(t, "email"), Faulty: someFaulty.Draw(t, "faulty"),
		}
		if a.Faulty != "" && rapid.Bool().Draw(t, "no id") {
			a.UserID = ""
		}
		s.Admins = append(s.Admins, a)
	}
	for sub := range rapid.IntRange(0, 2).Draw(t, "sub-accounts") {
		ids := rapid.Permutation([]string{"501", "502", "503", "504", "505"}).Draw(t, "ids")
		groups := make([]sync.Group, rapid.IntRange(0, 2).Draw(t, "groups"))
		for i := range groups {
			groups[i] = sync.Group{ID: fmt.Sprint(10 + i), Name: "Group"}
			for range rapid.IntRange(0, 2).Draw(t, "agents") {
				groups[i].Agents = append(groups[i].Agents, arbitraryAgent(t, ids[0]))
				ids = ids[1:]
			}
		}
		s.SubAccounts = append(s.SubAccounts, sync.SubAccount{ID: fmt.Sprint(sub + 1), Active: true, Read: true, Groups: groups})
	}
	if seldom.Draw(t, "unread") {
		s.SubAccounts = append(s.SubAccounts, sync.SubAccount{ID: "3", Active: true})
	}
}

func arbitraryAgent(t *rapid.T, id string) sync.Agent {
	a := sync.Agent{
		ID: id, RCUserID: someRC.Draw(t, "rc"), FirstName: someFirst.Draw(t, "first"), LastName: someLast.Draw(t, "last"),
		Email: someEmail.Draw(t, "email"), UserName: someFirst.Draw(t, "user name"), Type: someType.Draw(t, "type"),
		Active: !seldom.Draw(t, "inactive"), Faulty: someFaulty.Draw(t, "faulty"),
		Supervisors: rapid.OneOf(rapid.Just(sync.AgentIDs("")), rapid.Map(
			rapid.SliceOfN(rapid.SampledFrom([]string{"501", "502", "503", "999"}), 0, 2), sync.NewAgentIDs)).Draw(t, "supervisors"),
	}
	if a.Faulty != "" && rapid.Bool().Draw(t, "no id") {
		a.ID = ""
	}
	return a
}

func arbitraryRoles(t *rapid.T, w *world) {
	w.role("1", "WFM User", []string{"WFM"}, rapid.SliceOfDistinct(rapid.SampledFrom([]string{"701", "702", "703", "706"}), rapid.ID).Draw(t, "holders")...)
	w.Policy.Access = rapid.SampledFrom([]sync.Access{
		{Rule: sync.AccessListed}, {Rule: sync.AccessListed}, {Rule: sync.AccessPermission, Name: "wfm"}, {Rule: sync.AccessRole, Name: "WFM User"},
	}).Draw(t, "access")
}

func arbitraryPolicy(t *rapid.T, p *sync.Policy) {
	someMatch := rapid.SampledFrom([]sync.Match{
		{Email: "a*"}, {Department: "Sales"}, {AgentGroup: "10"}, {SubAccount: "2", AgentGroup: "Group"}, {Role: "agent"}, {Site: ""},
	})
	p.RolePrecedence = rapid.SampledFrom([]string{"first", "last", "Supervisor"}).Draw(t, "precedence")
	p.RequireRingEX = seldom.Draw(t, "require_ringex")
	p.Scope.Include = rapid.SliceOfN(someMatch, 0, 1).Draw(t, "include")
	p.Scope.Exclude = rapid.SliceOfN(someMatch, 0, 1).Draw(t, "exclude")
	p.Protect = rapid.SliceOfN(someMatch, 0, 1).Draw(t, "protect")
	p.RequiredFields = rapid.SliceOfDistinct(rapid.SampledFrom([]sync.Field{sync.FirstName, sync.LastName, sync.Email, sync.ExtensionNumber}), rapid.ID).Draw(t, "required")
	if rapid.Bool().Draw(t, "nothing required") {
		p.RequiredFields = nil
	}
	p.Deactivate = !seldom.Draw(t, "deactivate off")
	for _, limit := range []*sync.Limit{&p.Limits.Deactivations, &p.Limits.Onboardings, &p.Limits.Updates, &p.Limits.Administrators} {
		*limit = sync.Limit{Percent: rapid.SampledFrom([]int{0, 10, 100}).Draw(t, "percent"), Floor: rapid.SampledFrom([]int{0, 5, 50}).Draw(t, "floor")}
	}
	p.Onboarding.Manual = seldom.Draw(t, "manual")
	p.Onboarding.Rules = []sync.Rule{{Name: "some", When: someMatch.Draw(t, "when"), Set: sync.Given{Teams: []string{"a"}, Permissions: map[sync.Permission]bool{sync.AgentLogin: true}}}}
	p.RegionalLookups = rapid.IntRange(1, 3).Draw(t, "lookups per run")
	p.Map = rapid.SampledFrom([][]sync.Mapping{nil, nil, {{Field: sync.Department, From: "Sales", To: "Sellers"}}, {{Field: sync.Department, From: "*", To: "Everybody"}}}).Draw(t, "map")
	p.GraceDays = rapid.SampledFrom([]int{0, 0, 1}).Draw(t, "grace")
}

func arbitraryMembers(t *rapid.T) []*sync.Member {
	var members []*sync.Member
	taken := map[string]bool{"": true}
	for id := range rapid.IntRange(0, 6).Draw(t, "members") {
		m := arbitraryMember(t, int64(id+1))
		if taken["rc"+m.RCUserID] {
			m.RCUserID = ""
		}
		if taken["name"+m.Username] {
			m.Username = ""
		}
		taken["rc"+m.RCUserID], taken["name"+m.Username] = true, true
		members = append(members, m)
	}
	return members
}

func arbitraryMember(t *rapid.T, id int64) *sync.Member {
	m := &sync.Member{
		ID: id, Account: "acme", Status: sync.Active, Managed: !seldom.Draw(t, "unmanaged"), Linked: !seldom.Draw(t, "unlinked"),
		RCUserID: someRC.Draw(t, "rc"), Username: someFirst.Draw(t, "username"),
		AdminIDs: rapid.SliceOfNDistinct(rapid.SampledFrom([]string{"301", "302"}), 0, 1, rapid.ID).Draw(t, "admin ids"),
	}
	m.Profile[sync.FirstName], m.Profile[sync.LastName], m.Profile[sync.Email] = someFirst.Draw(t, "first"), someLast.Draw(t, "last"), someEmail.Draw(t, "email")
	m.Profile[sync.Role] = rapid.SampledFrom([]string{sync.RoleAgent, sync.RoleAdministrator}).Draw(t, "role")
	for _, agent := range rapid.SliceOfNDistinct(rapid.SampledFrom([]string{"501", "502", "503"}), 0, 2, rapid.ID).Draw(t, "logins") {
		m.Logins = append(m.Logins, sync.Login{
			SubAccountID: rapid.SampledFrom([]string{"1", "2", "3"}).Draw(t, "sub"), AgentGroupID: "10",
			AgentID: agent, DataSource: "rt", Active: !seldom.Draw(t, "login inactive"),
		})
	}
	slices.SortFunc(m.Logins, sync.CompareLogins)
	m.Synced = sync.Synced{Profile: m.Profile, Status: sync.Active, RCUserID: m.RCUserID, Logins: sync.LoginsFingerprint(m.Logins)}
	if rapid.Bool().Draw(t, "regional settings read") {
		m.Synced.Regional = rapid.SampledFrom([]string{"701:0", "702:0", "undone"}).Draw(t, "read of")
		m.Profile[sync.TimeZone], m.Synced.Profile[sync.TimeZone] = "America/Denver", "America/Denver"
	}
	if seldom.Draw(t, "mapped") {
		m.Profile[sync.Department] = rapid.SampledFrom([]string{"Sellers", "By Hand"}).Draw(t, "department")
		m.Synced.Report(sync.Department, rapid.SampledFrom([]string{"", "Sales"}).Draw(t, "reported"), "Sellers")
	}
	if seldom.Draw(t, "edited") {
		m.Synced.Profile[sync.Email], m.Synced.Logins = someEmail.Draw(t, "synced email"), ""
	}
	if rapid.IntRange(0, 2).Draw(t, "inactive") == 0 {
		m.Status, m.Synced.Status = sync.Inactive, sync.Inactive
		m.DeactivationReason = rapid.SampledFrom([]sync.Reason{sync.ReasonRemoved, sync.ReasonUndone, sync.ReasonForgotten, ""}).Draw(t, "reason")
	}
	if seldom.Draw(t, "pinned") {
		f := rapid.SampledFrom([]sync.Field{sync.FirstName, sync.Email, sync.Role, sync.Site}).Draw(t, "pinned field")
		m.Pins = []sync.Pin{{Field: f, Value: rapid.SampledFrom([]string{"Ada", "a@example.com", sync.RoleAdministrator}).Draw(t, "pin"), Until: rapid.SampledFrom([]string{"", "2026-03-01", "2026-03-02"}).Draw(t, "until")}}
	}
	if m.Status == sync.Active && m.Linked {
		m.AbsentDays = rapid.IntRange(0, 2).Draw(t, "absent days")
	}
	if !m.Linked {
		m.Synced = sync.Synced{}
	}
	return m
}

// arbitraryOpen is any open set of a roster.
func arbitraryOpen(t *rapid.T, members []*sync.Member) (open []sync.HeldChange) {
	for _, m := range members {
		if !seldom.Draw(t, "open") {
			continue
		}
		h := sync.HeldChange{
			ID: int64(len(open) + 1), Run: 3, Since: noon.AddDate(0, 0, -2), Member: m.ID, Kind: sync.Deactivate, Field: sync.StatusField,
			State:  rapid.SampledFrom([]sync.HeldState{sync.Waiting, sync.Suspect, sync.Rejected}).Draw(t, "state"),
			Before: string(sync.Active), After: string(sync.Inactive), Reason: sync.ReasonRemoved, Why: []sync.HoldReason{{Reason: sync.ReasonLimit, Detail: "x"}},
		}
		if rapid.Bool().Draw(t, "of an update") {
			h.Kind, h.Field = sync.Update, rapid.SampledFrom([]string{"email", "role", "logins"}).Draw(t, "field")
			h.After = someEmail.Draw(t, "after")
		}
		open = append(open, h)
	}
	if seldom.Draw(t, "an arrival waits") {
		open = append(open, sync.HeldChange{
			ID: int64(len(open) + 1), Run: 3, State: rapid.SampledFrom([]sync.HeldState{sync.Waiting, sync.Rejected}).Draw(t, "state"),
			Kind: sync.Onboard, Person: "rc:701", IDs: []string{"rc:701"}, Why: []sync.HoldReason{{Reason: sync.ReasonOnboardLimit, Detail: "x"}},
		})
	}
	return open
}
