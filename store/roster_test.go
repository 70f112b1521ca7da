package store

import (
	"encoding/json"
	"os/exec"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"ringroster/store/sqlrows"
	"ringroster/store/views"
	"ringroster/sync"
)

// The views are a contract with other programs.
func TestViewsHaveExactlyTheirColumns(t *testing.T) {
	s := newTestStore(t)
	for view, tc := range map[string]struct {
		want   string
		listed string
		row    any
	}{
		"roster": {
			`member_id, account, status, role, username, first_name, last_name, email, extension_number,
			activity_id, data_source, rc_user_id, department, job_title, site, managed, deactivation_reason, created_at,
			created_by, updated_at, updated_by, deactivated_at, reactivated_at, last_seen_at, absent_days,
			time_zone, language, teams, categories, permissions, pins, cost_center, employee_id, supervisors`,
			strings.Join(views.RosterColumns(), ", "),
			views.RosterRow{},
		},
		"roster_logins": {
			`member_id, account, sub_account_id, sub_account, agent_group_id, agent_group, agent_id, agent_type,
			user_name, data_source, active, supervisor_agent_ids`, "", nil,
		},
		"roster_supervisors": {`member_id, supervisor_member_id, sub_account_id`, "", nil},
		"roster_changes": {
			`change_id, run_id, member_id, account, kind, field, before, after, reason, actor, on_behalf_of, note, at,
			reported_before, reported_after, source_actor, source_at, source`,
			views.ChangeColumns,
			views.ChangeRow{},
		},
		"roster_runs": {
			`run_id, account, job, trigger, status, held_reasons, started_at, finished_at, people, unchanged, onboarded,
			linked, updated, reactivated, deactivated, held, conflicts, api_calls, actor, version, error`,
			views.RunColumns,
			views.RunRow{},
		},
		"roster_held": {
			`run_id, account, member_id, person, kind, field, before, after, reason, held_since, decision,
			decided_at, decided_by, note, held_id, job, contact_id, name, email, detail, why, on_behalf_of, decided_run,
			source_actor, source_at, source, role`, "", nil,
		},
	} {
		t.Run(view, func(t *testing.T) {
			want := names(tc.want)
			got, err := sqlrows.Collect(sqlrows.Stream(t.Context(), s.db.Reads, scanText, `SELECT name FROM pragma_table_info(?) ORDER BY cid`, view))
			if diff := cmp.Diff(want, got); diff != "" || err != nil {
				t.Error("view:", diff, err)
			}
			if tc.row == nil {
				return
			}
			if diff := cmp.Diff(want, names(tc.listed)); diff != "" {
				t.Error("list of columns:", diff)
			}
			if diff := cmp.Diff(want, jsonTags(tc.row)); diff != "" {
				t.Error("JSON keys:", diff)
			}
		})
	}
}

func names(list string) []string {
	var all []string
	for name := range strings.SplitSeq(list, ",") {
		all = append(all, strings.TrimSpace(name))
	}
	return all
}

func jsonTags(row any) []string {
	var tags []string
	for field := range reflect.TypeOf(row).Fields() {
		tags = append(tags, field.Tag.Get("json"))
	}
	return tags
}

func TestMemberMadeByHand(t *testing.T) {
	s := newTestStore(t)
	execute(t, s.Path(), `INSERT INTO members (account, first_name, last_name, email)
		VALUES ('acme', 'Özlem', 'Çelik', 'ozlem@example.com')`)
	want := &sync.Member{ID: 1, Account: "acme", Status: sync.Active, Managed: true}
	want.Own = sync.Own{sync.Teams: "[]", sync.Categories: "[]", sync.Permissions: "{}"}
	want.Profile[sync.FirstName], want.Profile[sync.LastName] = "Özlem", "Çelik"
	want.Profile[sync.Email] = "ozlem@example.com"
	if diff := cmp.Diff([]*sync.Member{want}, members(t, s, "acme")); diff != "" {
		t.Error(diff)
	}
	row := rosterRows(t, s, views.Filter{Search: "ÖZLEM ç"})[0]
	if _, err := time.Parse(time.RFC3339, row.CreatedAt); err != nil || row.CreatedBy != "sql" || row.LastSeenAt != nil {
		t.Errorf("row %+v, %v", row, err)
	}
}

// What an operator edits by SQL differs from what the last sync left (R19).
func TestManualEditsAreVisible(t *testing.T) {
	s := newTestStore(t)
	apply(t, s, monday, planOf(t, s, "acme", onboard(person("acme", "Ann", "Lee")), onboard(person("acme", "Bob", "Ray"))))
	execute(t, s.Path(), `UPDATE members SET last_name = 'Ärmel', status = 'inactive', rc_user_id = '' WHERE first_name = 'Ann'`)
	all := members(t, s, "acme")
	ann, bob := all[0], all[1]
	if ann.Profile[sync.LastName] != "Ärmel" || ann.Synced.Profile[sync.LastName] != "Lee" ||
		ann.Status != sync.Inactive || ann.Synced.Status != sync.Active ||
		ann.RCUserID != "" || ann.Synced.RCUserID != "rc-Ann" {
		t.Errorf("edited: %+v", ann)
	}
	if bob.Profile != bob.Synced.Profile || bob.Status != bob.Synced.Status || bob.RCUserID != bob.Synced.RCUserID {
		t.Errorf("not edited: %+v", bob)
	}
	if rows := rosterRows(t, s, views.Filter{Search: "äRMEL"}); len(rows) != 1 {
		t.Errorf("the edited name is found %d times", len(rows))
	}
	if rows := rosterRows(t, s, views.Filter{Search: "ann lee"}); len(rows) != 0 {
		t.Error("the old name is still found")
	}
}

// A search finds what contains it in any case, whether a sync or a hand wrote it last.
func TestSearch(t *testing.T) {
	s := newTestStore(t)
	odd := person("acme", "Élodie", "D’Arc")
	odd.Profile[sync.Email], odd.Username, odd.Profile[sync.ExtensionNumber] = "ÉLODIE@Example.com", "agent-ſeven", "x101"
	apply(t, s, monday, planOf(t, s, "acme", onboard(odd), onboard(person("acme", "bo", "li"))))
	wanted := func(search string, want int) {
		t.Helper()
		if rows := rosterRows(t, s, views.Filter{Search: search}); len(rows) != want {
			t.Errorf("%q finds %d, want %d", search, len(rows), want)
		}
	}
	for search, want := range map[string]int{
		"élodie d'arc": 1, "ÉLODIE": 1, "lodie@EXAMPLE": 1, "agent-Seven": 1, "X10": 1, "101": 2,
		"bo li": 1, "BO@example": 1, "bo.LI": 1, "@example.com": 2, "libo": 0, "li\nbo": 0,
	} {
		wanted(search, want)
	}

	for _, email := range []string{"elodie@example.com", "elodie.arc@example.com"} {
		odd.Profile[sync.Email] = email
		apply(t, s, monday, planOf(t, s, "acme", rename(odd, "D’Arc")))
	}
	wanted("ÉLODIE@", 0)
	wanted("Elodie.Arc@", 1)
	if anew := rowsAs(t, s, `SELECT member_id FROM members WHERE search IS NULL ORDER BY 1`); len(anew) > 0 {
		t.Errorf("after a sync members %v are folded anew for every search", anew)
	}
	execute(t, s.Path(), `UPDATE members SET email = 'Éa@example.com' WHERE first_name = 'bo'`)
	wanted("éA@", 1)
	wanted("bo@", 0)
}

func TestRosterFilters(t *testing.T) {
	s := newTestStore(t)
	strasse := person("acme", "Jürgen", "Weiß")
	lead := person("acme", "Σοφία", "Ng")
	lead.Profile[sync.Role], lead.Own[sync.ActivityID] = "Supervisor", "Site 2"
	lead.Own[sync.Teams] = `["o’hara - NIGHT"]`
	lead.Logins[0].SubAccountID, lead.Logins[0].SubAccount = "99990002", "Overflow"
	former := person("acme", "O'Neil", "100%")
	former.Logins[0].Active = false
	apply(t, s, monday, planOf(t, s, "acme", onboard(strasse), onboard(lead), onboard(former)))
	apply(t, s, monday, planOf(t, s, "acme", deactivate(former, sync.ReasonRemoved)))
	apply(t, s, monday, planOf(t, s, "beta", onboard(person("beta", "Zoe", "Li"))))

	for name, tc := range map[string]struct {
		filter views.Filter
		want   string
	}{
		"everybody":              {views.Filter{}, "Jürgen Σοφία O'Neil Zoe"},
		"account":                {views.Filter{Account: "beta"}, "Zoe"},
		"status":                 {views.Filter{Status: sync.Inactive}, "O'Neil"},
		"role in any case":       {views.Filter{Role: "supervisor"}, "Σοφία"},
		"role in full width":     {views.Filter{Role: "Ｓupervisor\u00a0"}, "Σοφία"},
		"team, its apostrophe":   {views.Filter{Team: "O'Hara – Night"}, "Σοφία"},
		"sub-account by id":      {views.Filter{SubAccount: "99990001"}, "Jürgen Zoe"},
		"sub-account by name":    {views.Filter{SubAccount: "overflow"}, "Σοφία"},
		"activity":               {views.Filter{Activity: "Site 2"}, "Σοφία"},
		"name across the space":  {views.Filter{Search: "jürgen w"}, "Jürgen"},
		"umlaut in capitals":     {views.Filter{Search: "JÜRGEN"}, "Jürgen"},
		"Greek, final sigma":     {views.Filter{Search: "ΣΟΦΊΑ"}, "Σοφία"},
		"e-mail":                 {views.Filter{Search: "ZOE@EXAMPLE"}, "Zoe"},
		"username":               {views.Filter{Search: "zoe.li"}, "Zoe"},
		"extension number":       {views.Filter{Search: "101"}, "Jürgen Σοφία O'Neil Zoe"},
		"no wildcards":           {views.Filter{Search: "%"}, "O'Neil"},
		"a quote is a character": {views.Filter{Search: "o'n"}, "O'Neil"},
		"or an apostrophe":       {views.Filter{Search: "o’n"}, "O'Neil"},
		"not across fields":      {views.Filter{Search: "li zoe"}, ""},
		"all must fit":           {views.Filter{Search: "zoe", Account: "acme"}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			var got []string
			for _, r := range rosterRows(t, s, tc.filter) {
				got = append(got, r.FirstName)
			}
			if g := strings.Join(got, " "); g != tc.want {
				t.Errorf("got %q, want %q", g, tc.want)
			}
		})
	}
}

func TestFind(t *testing.T) {
	s := newTestStore(t)
	ann, bob := person("acme", "Ann", "Lee"), person("acme", "Bob", "Ray")
	bob.Profile[sync.Email] = "ANN@example.com" // a shared mailbox
	cy := person("acme", "Cy", "O’Hara")
	cy.Profile[sync.Email] = "Cy.O’Hara@example.com"
	ann.AdminIDs = []string{"901"}
	apply(t, s, monday, planOf(t, s, "acme", onboard(ann), onboard(bob), onboard(cy)))
	for who, want := range map[string]string{
		"cy.o’hara@\u200bEXAMPLE.com": "Cy",
		"cy.o'hara@example.com":       "", // R33: in e-mails apostrophes tell people apart
		"rc:rc-Bob":                   "Bob",
		"rc:1":                        "",
		"agent:99990001/a-Ann":        "Ann",
		"agent:99990002/a-Ann":        "",
		"agent:a-Ann":                 "",
		"admin:901":                   "Ann",
		"901":                         "Ann",
		"admin:1":                     "",
		"ann lee":                     "Ann",
		"ANN  Lee":                    "Ann",
		"Ann":                         "",
		"Lee":                         "",
		"1":                           "Ann",
		"rc-Bob":                      "Bob",
		"Bob.Ray":                     "Bob",
		"a-Ann":                       "Ann",
		"ann@EXAMPLE.com":             "Ann Bob",
		"nn@example.com":              "",
		"nobody":                      "",
		"":                            "",
	} {
		rows, err := s.Find(t.Context(), who)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, r := range rows {
			got = append(got, r.FirstName)
		}
		if g := strings.Join(got, " "); g != want {
			t.Errorf("%q finds %q, want %q", who, g, want)
		}
	}
	logins, err := s.Logins(t.Context(), ann.ID)
	if diff := cmp.Diff(ann.Logins, logins); diff != "" || err != nil {
		t.Error(diff, err)
	}
}

func TestHistoryRows(t *testing.T) {
	s := newTestStore(t)
	ann := person("acme", "Ann", "Lee")
	apply(t, s, monday, planOf(t, s, "acme", onboard(ann)))
	after := `{"account":"acme","status":"active","managed":1,"username":"Ann.Lee","rc_user_id":"rc-Ann","activity_id":"Site 1",` +
		`"first_name":"Ann","last_name":"Lee","email":"Ann@example.com","role":"Agent","extension_number":"101","department":"",` +
		`"job_title":"","site":"","data_source":"ringcx-realtime","time_zone":"","language":"",` +
		`"teams":["sales"],"categories":[],"permissions":{"agent_login":true},"pins":[],` +
		`"logins":[{"sub_account_id":"99990001","sub_account":"Main","agent_group_id":"7","agent_group":"Sales","agent_id":"a-Ann",` +
		`"agent_type":"AGENT","user_name":"Ann","data_source":"ringcx-realtime","active":true}]}`
	apply(t, s, monday.AddDate(0, 0, 1), planOf(t, s, "acme", rename(ann, "Lim")))
	got, err := sqlrows.Collect(s.History(t.Context(), ann.ID))
	if err != nil {
		t.Fatal(err)
	}
	want := []views.ChangeRow{
		{
			ChangeID: 1, RunID: 1, MemberID: 1, Account: "acme", Kind: sync.Onboard, After: withLateFields(after),
			Reason: sync.ReasonNew, Actor: new("wfm-sync"), OnBehalfOf: new(""), Note: new(""), At: new("2026-11-23T03:00:00Z"),
		},
		{
			ChangeID: 2, RunID: 2, MemberID: 1, Account: "acme", Kind: sync.Update,
			Field: new("last_name"), Before: new("Lee"), After: "Lim",
			Reason: sync.ReasonSource, Actor: new("wfm-sync"), OnBehalfOf: new(""), Note: new(""), At: new("2026-11-24T03:00:00Z"),
		},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestRunsNewestFirst(t *testing.T) {
	s := newTestStore(t)
	p := planOf(t, s, "acme", onboard(person("acme", "Ann", "Lee")))
	p.Summary = sync.Summary{People: 5, Onboard: 1, Unchanged: 3, Conflicts: 1}
	apply(t, s, monday, p)
	beginRun(t, s, monday, "acme", sync.Manual)
	rows, err := sqlrows.Collect(s.Runs(t.Context(), 0))
	if err != nil {
		t.Fatal(err)
	}
	want := []views.RunRow{
		{
			RunID: 2, Account: "acme", Job: "members", Trigger: sync.Manual, Status: sync.Running,
			HeldReasons: json.RawMessage("[]"), StartedAt: "2026-11-23T02:58:00Z", Actor: "wfm-sync", Version: "1.0",
		},
		{
			RunID: 1, Account: "acme", Job: "members", Trigger: sync.Scheduled, Status: sync.Succeeded,
			HeldReasons: json.RawMessage("[]"), StartedAt: "2026-11-23T02:58:00Z", FinishedAt: new("2026-11-23T03:00:00Z"),
			People: 5, Unchanged: 3, Onboarded: 1, Conflicts: 1, Actor: "wfm-sync", Version: "1.0",
		},
	}
	if diff := cmp.Diff(want, rows); diff != "" {
		t.Error(diff)
	}
	if rows, err := sqlrows.Collect(s.Runs(t.Context(), 1)); err != nil || len(rows) != 1 || rows[0].RunID != 2 {
		t.Errorf("limited: %+v, %v", rows, err)
	}
}

// libraries.md 0b: another libc than the one modernc.org/sqlite pins crashes.
func TestLibcIsTheOneSQLitePins(t *testing.T) {
	list := func(format, module string) string {
		out, err := exec.CommandContext(t.Context(), "go", "list", "-m", "-f", format, module).Output()
		if err != nil {
			t.Fatalf("go list %s: %v", module, err)
		}
		return strings.TrimSpace(string(out))
	}
	got := list("{{.Version}}", "modernc.org/libc")
	pins := string(readFile(t, list("{{.GoMod}}", "modernc.org/sqlite")))
	if !strings.Contains(pins, "modernc.org/libc "+got+"\n") {
		t.Errorf("modernc.org/libc is %s, but modernc.org/sqlite wants another:\n%s", got, pins)
	}
}

func rosterRows(t testing.TB, s *Store, f views.Filter) []views.RosterRow {
	t.Helper()
	rows, err := sqlrows.Collect(s.Roster(t.Context(), f))
	if err != nil {
		t.Fatal(err)
	}
	return rows
}
