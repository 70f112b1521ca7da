package store

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"ringroster/store/sqlrows"
	"ringroster/store/views"
	"ringroster/sync"
	"ringroster/sync/edit"
)

// onboardings are the texts that the history shows, by member.
func onboardings(t testing.TB, s *Store) map[int64]any {
	t.Helper()
	texts := map[int64]any{}
	for c, err := range sqlrows.Stream(t.Context(), s.db.Reads, (*views.ChangeRow).Scan,
		`SELECT `+views.ChangeColumns+` FROM roster_changes WHERE kind = 'onboard' ORDER BY change_id`) {
		if err != nil {
			t.Fatal(err)
		}
		texts[c.MemberID] = parsed(t, c.After)
	}
	return texts
}

func parsed(t testing.TB, text string) (doc any) {
	t.Helper()
	if err := json.Unmarshal([]byte(text), &doc); err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return doc
}

// writtenOut are the members whose onboarding has a text of its own.
func writtenOut(t testing.TB, s *Store) string {
	t.Helper()
	return strings.Join(rowsAs(t, s, `SELECT member_id FROM changes WHERE kind = 'onboard' AND after <> '' ORDER BY 1`), " ")
}

// odd is somebody all of whose values need care in JSON.
func odd(m *sync.Member) *sync.Member {
	m.Profile[sync.FirstName], m.Profile[sync.LastName] = "D’An\"gelo\\", "<Łukasz> & Söhne\u2028\x7f\n\t"
	m.Profile[sync.Site], m.Own[sync.ActivityID] = `{"json":[null]}`, "'; DROP TABLE members; --"
	m.Own[sync.Categories] = `["b2c","née \u003cx\u003e"]`
	m.Pins = []sync.Pin{{Field: sync.Site, Value: `"`, Reason: "stays", By: "chief"}}
	l := m.Logins[0]
	l.AgentID, l.UserName, l.Active = "9", "<a&b>", false
	m.Logins = append([]sync.Login{l}, m.Logins...)
	synced(m)
	return m
}

// withLateFields adds to the text of an onboarding the synced fields that came later, empty.
func withLateFields(text string) string {
	late := ""
	for _, f := range sync.Fields() {
		if f > sync.Language {
			late += `"` + f.String() + `":"",`
		}
	}
	return strings.Replace(text, `"language":"",`, `"language":"",`+late, 1)
}

func TestAnOnboardingShowsTheMemberAsItCame(t *testing.T) {
	s := newTestStore(t)
	bare := &sync.Member{Account: "acme", Status: sync.Active, Managed: true, Username: "bare"}
	apply(t, s, monday, planOf(t, s, "acme", onboard(odd(person("acme", "Ann", "Lee"))), onboard(bare)))
	want := map[int64]any{
		1: parsed(t, withLateFields(`{"account":"acme","status":"active","managed":1,"username":"Ann.Lee","rc_user_id":"rc-Ann",
			"activity_id":"'; DROP TABLE members; --","first_name":"D’An\"gelo\\","last_name":"<Łukasz> & Söhne\u2028\u007f\n\t",
			"email":"Ann@example.com","role":"Agent","extension_number":"101","department":"","job_title":"",
			"site":"{\"json\":[null]}","data_source":"ringcx-realtime","time_zone":"","language":"",
			"teams":["sales"],"categories":["b2c","née <x>"],"permissions":{"agent_login":true},
			"pins":[{"field":"site","value":"\"","reason":"stays","by":"chief"}],
			"logins":[{"sub_account_id":"99990001","sub_account":"Main","agent_group_id":"7","agent_group":"Sales",
			"agent_id":"9","agent_type":"AGENT","user_name":"<a&b>","data_source":"ringcx-realtime","active":false},
			{"sub_account_id":"99990001","sub_account":"Main","agent_group_id":"7","agent_group":"Sales",
			"agent_id":"a-Ann","agent_type":"AGENT","user_name":"Ann","data_source":"ringcx-realtime","active":true}]}`)),
		2: parsed(t, withLateFields(`{"account":"acme","status":"active","managed":1,"username":"bare","rc_user_id":"","activity_id":"",
			"first_name":"","last_name":"","email":"","role":"","extension_number":"","department":"","job_title":"",
			"site":"","data_source":"","time_zone":"","language":"","teams":[],"categories":[],"permissions":{},"pins":[],"logins":[]}`)),
	}
	if diff := cmp.Diff(want, onboardings(t, s)); diff != "" {
		t.Error(diff)
	}
	if out := writtenOut(t, s); out != "" {
		t.Errorf("the text repeats the row of %s", out)
	}
}

// Whatever happens to a member, and by whomever, the history of its onboarding
// stays what it was. It is written out when something in it changes, for whom it
// changes, and not before.
func TestAnOnboardingStaysWhatItWas(t *testing.T) {
	byProgram := func(edit func(m *sync.Member)) func(*testing.T, *Store) {
		return func(t *testing.T, s *Store) {
			m := members(t, s, "acme")[1]
			edit(m)
			c := rename(m, m.Profile[sync.LastName])
			apply(t, s, monday, planOf(t, s, "acme", c))
		}
	}
	sql := func(statements ...string) func(*testing.T, *Store) {
		return func(t *testing.T, s *Store) {
			for _, statement := range statements {
				byHand(t, s, `PRAGMA foreign_keys = 0; `+statement)
			}
		}
	}
	type edit struct {
		name string
		do   func(*testing.T, *Store)
		out  string // who is written out
	}
	edits := []edit{
		{"a name, by the program", byProgram(func(m *sync.Member) { m.Profile[sync.LastName] = "Lim" }), "2"},
		{"a status, by the program", byProgram(func(m *sync.Member) { m.Status = sync.Inactive }), "2"},
		{"a login, by the program", byProgram(func(m *sync.Member) { m.Logins[0].UserName = "other" }), "2"},
		{"one more login, by the program", byProgram(func(m *sync.Member) {
			m.Logins = append(m.Logins, sync.Login{SubAccountID: "99990002", AgentID: "1", Active: true})
		}), "2"},
		{"bookkeeping, by the program", func(t *testing.T, s *Store) {
			m := members(t, s, "acme")[1]
			m.AbsentDays, m.Synced.Profile[sync.Site] = 3, "elsewhere"
			p := planOf(t, s, "acme")
			p.Marks, p.Seals = []*sync.Member{m}, []sync.Sealed{{ID: 3, Text: "seal"}}
			apply(t, s, monday, p)
		}, ""},
		{"the account's name", func(t *testing.T, s *Store) {
			if err := errors.Join(s.RenameAccount(t.Context(), "acme", "beta"), s.RenameAccount(t.Context(), "beta", "acme")); err != nil {
				t.Fatal(err)
			}
		}, ""},
		{"two edits in a row", sql(`UPDATE members SET first_name = 'X' WHERE member_id = 2`, `UPDATE members SET first_name = 'Y', email = '' WHERE member_id = 2`), "2"},
		{"by hand, then by the program", func(t *testing.T, s *Store) {
			sql(`UPDATE members SET first_name = 'X' WHERE member_id = 2`)(t, s)
			byProgram(func(m *sync.Member) { m.Profile[sync.LastName] = "Lim" })(t, s)
		}, "2"},
		{"everybody at once", sql(`UPDATE members SET site = 'Bern'`), "1 2 3"},
		{"with triggers that fire triggers", sql(`PRAGMA recursive_triggers = 1; UPDATE members SET site = 'Bern' WHERE member_id = 2`), "2"},
		{"one more login", sql(`UPDATE members SET logins = json_insert(logins, '$[#]', json_array('1', '', '', '', '900', '', '', '', 1)) WHERE member_id = 2`), "2"},
		{"a login, changed", sql(`UPDATE members SET logins = json_set(logins, '$[0][8]', 0) WHERE member_id = 2`), "2"},
		{"a login, moved to somebody else", sql(`
			UPDATE members SET logins = json_insert(logins, '$[#]', (SELECT json(m.logins -> 0) FROM members m WHERE m.member_id = 2)) WHERE member_id = 3;
			UPDATE members SET logins = json_remove(logins, '$[0]') WHERE member_id = 2`), "2 3"},
		{"a login, deleted", sql(`UPDATE members SET logins = json_remove(logins, '$[0]') WHERE member_id = 2`), "2"},
		{"all logins", sql(`UPDATE members SET logins = '[]' WHERE member_id = 2`), "2"},
		{"the row, replaced", sql(`INSERT OR REPLACE INTO members (member_id, account, first_name) VALUES (2, 'acme', 'Other')`), "2"},
		{"the row, with another id and back", sql(`UPDATE members SET member_id = 9 WHERE member_id = 2`, `UPDATE members SET member_id = 2 WHERE member_id = 9`), "2"},
		{"the row, deleted, and somebody else with its id", sql(`DELETE FROM members WHERE member_id = 2`, `INSERT INTO members (member_id, account, first_name) VALUES (2, 'acme', 'Other')`), "2"},
		{"a seal", sql(`UPDATE members SET seal = NULL, absent_days = 4, synced = '{}'`), ""},
	}
	for _, column := range []string{
		"rc_user_id", "username", "first_name", "last_name", "email", "role", "extension_number", "department",
		"job_title", "site", "data_source", "activity_id", "time_zone", "language",
	} {
		edits = append(edits, edit{column + ", by hand", sql(`UPDATE members SET ` + column + ` = 'by hand' WHERE member_id = 2`), "2"})
	}
	for column, value := range map[string]string{"status": `'inactive'`, "managed": `0`, "teams": `'[]'`, "categories": `'["x"]'`, "permissions": `'{}'`, "pins": `'[]'`} {
		edits = append(edits, edit{column + ", by hand", sql(`UPDATE members SET ` + column + ` = ` + value + ` WHERE member_id = 2`), "2"})
	}
	for _, edit := range edits {
		t.Run(edit.name, func(t *testing.T) {
			s := newTestStore(t)
			apply(t, s, monday, planOf(t, s, "acme", onboard(person("acme", "Ann", "Lee")), onboard(odd(person("acme", "Bob", "Ray"))), onboard(person("acme", "Cy", "Ng"))))
			want := onboardings(t, s)
			edit.do(t, s)
			if diff := cmp.Diff(want, onboardings(t, s)); diff != "" {
				t.Errorf("-was +is:\n%s", diff)
			}
			if out := writtenOut(t, s); out != edit.out {
				t.Errorf("%q are written out, want %q", out, edit.out)
			}
		})
	}
}

// Every onboarding has its own reason and place, although many are written at once.
func TestTheHistoryOfNewcomersKeepsOrderAndReasons(t *testing.T) {
	s := newTestStore(t)
	ann, bob, cy := onboard(person("acme", "Ann", "Lee")), onboard(person("acme", "Bob", "Ray")), onboard(person("acme", "Cy", "Ng"))
	apply(t, s, monday, planOf(t, s, "acme", ann))
	bob.Reason = sync.ReasonRecycledEmail
	dee, eve := onboard(person("acme", "Dee", "Ho")), onboard(person("acme", "Eve", "Po"))
	apply(t, s, monday, planOf(t, s, "acme", bob, cy, dee, rename(members(t, s, "acme")[0], "Lim"), eve))
	apply(t, s, monday, planOf(t, s, "beta", onboard(person("beta", "Fay", "Qu"))))
	want := []string{
		"1|1|1|onboard|NULL|new", "2|2|2|onboard|NULL|recycled_email", "3|2|3|onboard|NULL|new", "4|2|4|onboard|NULL|new",
		"5|2|1|update|last_name|source_changed", "6|2|5|onboard|NULL|new", "7|3|6|onboard|NULL|new",
	}
	if diff := cmp.Diff(want, rowsAs(t, s, `SELECT change_id, run_id, member_id, kind, field, reason FROM changes ORDER BY 1`)); diff != "" {
		t.Error(diff)
	}
	checkReplay(t, s)
}

// The history calls an account as it is called today, in what was written out as well.
func TestARenamedAccountInOnboardings(t *testing.T) {
	s := newTestStore(t)
	apply(t, s, monday, planOf(t, s, "acme", onboard(person("acme", "Ann", "Lee")), onboard(person("acme", "Bob", "Ray"))))
	byHand(t, s, `UPDATE members SET site = 'Bern' WHERE member_id = 2`)
	if err := s.RenameAccount(t.Context(), "acme", "corp"); err != nil {
		t.Fatal(err)
	}
	for id, doc := range onboardings(t, s) {
		if account := doc.(map[string]any)["account"]; account != "corp" {
			t.Errorf("member %d came to account %v", id, account)
		}
	}
}

// A number may be given again after its member was deleted by hand: the onboarding of
// whoever has it then stays what it was, too.
func TestAnOnboardingUnderANumberThatWasGivenBefore(t *testing.T) {
	s := newTestStore(t)
	apply(t, s, monday, planOf(t, s, "acme", onboard(person("acme", "Ann", "Lee")), onboard(person("acme", "Bob", "Ray"))))
	byHand(t, s, `PRAGMA foreign_keys = 0; DELETE FROM members WHERE member_id = 2`)
	apply(t, s, monday, planOf(t, s, "acme", onboard(person("acme", "Cy", "Ng"))))
	texts := func() []string {
		return rowsAs(t, s, `SELECT change_id, after FROM roster_changes WHERE kind = 'onboard' ORDER BY 1`)
	}
	want := texts()
	apply(t, s, monday, planOf(t, s, "acme", rename(members(t, s, "acme")[1], "Changed")))
	byHand(t, s, `UPDATE members SET site = 'Bern' WHERE member_id = 2`)
	if diff := cmp.Diff(want, texts()); diff != "" {
		t.Error(diff)
	}
}

// forgetting is the plan of `roster forget`.
func forgetting(t *testing.T, s *Store, account string, member int64) *sync.Plan {
	t.Helper()
	p, _, err := edit.Forget(member)(sync.State{}, slices.Values(members(t, s, account)))
	if err != nil {
		t.Fatal(err)
	}
	p.Account, p.Version = account, planOf(t, s, account).Version
	return p
}

// What is erased must not be copied out of the way.
func TestForgettingErasesTheOnboarding(t *testing.T) {
	for name, before := range map[string]func(t *testing.T, s *Store){
		"as it stands":       func(*testing.T, *Store) {},
		"written out before": func(t *testing.T, s *Store) { byHand(t, s, `UPDATE members SET site = 'Bern'`) },
	} {
		t.Run(name, func(t *testing.T) {
			s := newTestStore(t)
			apply(t, s, monday, planOf(t, s, "acme", onboard(person("acme", "Ann", "Lee")), onboard(person("acme", "Bob", "Ray"))))
			before(t, s)
			apply(t, s, monday, forgetting(t, s, "acme", 1))
			for _, table := range []string{"members", "roster_logins", "changes", "roster_changes", "onboarded"} {
				for _, row := range rowsAs(t, s, `SELECT * FROM `+table+` ORDER BY 1`) {
					if strings.Contains(row, "Lee") || strings.Contains(row, "Ann@") || strings.Contains(row, `"101"`) && !strings.Contains(row, "Bob") {
						t.Errorf("%s still says %s", table, row)
					}
				}
			}
			doc := onboardings(t, s)[1].(map[string]any)
			if doc["status"] != "active" || doc["rc_user_id"] != "rc-Ann" || doc["first_name"] != "" || doc["site"] != "" {
				t.Errorf("the onboarding tells %v", doc)
			}
		})
	}
}

// Law: no series of edits, by the program and by hand, changes what the history
// says of an onboarding, nor what the last sync is known to have left.
func TestRandomEditsLeaveTheOnboardingAlone(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		s := newTestStore(t)
		p := planOf(t, s, "acme")
		for i := range 3 {
			m := person("acme", fmt.Sprint("P", i), rapid.String().Draw(rt, "last"))
			m.Logins[0].UserName = rapid.String().Draw(rt, "user")
			m.Profile[sync.Site] = rapid.String().Draw(rt, "site")
			synced(m)
			p.Changes = append(p.Changes, onboard(m))
		}
		apply(t, s, monday, p)
		texts := onboardings(t, s)
		for range rapid.IntRange(1, 5).Draw(rt, "edits") {
			was := members(t, s, "acme")
			m := was[rapid.IntRange(0, 2).Draw(rt, "who")]
			text := rapid.StringMatching(`[a-z]{0,5}`).Draw(rt, "text")
			switch rapid.IntRange(0, 6).Draw(rt, "what") {
			case 0:
				apply(t, s, monday, planOf(t, s, "acme", rename(m, text)))
			case 1:
				m.AbsentDays++
				mark := planOf(t, s, "acme")
				mark.Marks = []*sync.Member{m}
				apply(t, s, monday, mark)
			case 2:
				for i := range m.Logins {
					m.Logins[i].UserName = text
				}
				apply(t, s, monday, planOf(t, s, "acme", rename(m, text)))
			case 3:
				byHand(t, s, `UPDATE members SET site = ?, status = 'inactive' WHERE member_id = ?`, text, m.ID)
			case 4:
				byHand(t, s, `UPDATE members SET logins = json_set(logins, '$[0][6]', ?) WHERE member_id = ? AND logins <> '[]'`, text, m.ID)
			case 5:
				byHand(t, s, `UPDATE members SET logins = json_insert(logins, '$[#]', json_array('1', '', '', '', ?, '', '', '', 0)) WHERE member_id = ?`, text, m.ID)
			case 6:
				byHand(t, s, `UPDATE members SET logins = json_remove(logins, '$[#-1]') WHERE member_id = ?`, m.ID)
			}
			for i, now := range members(t, s, "acme") {
				if now.Synced != was[i].Synced {
					rt.Fatalf("the last sync left %+v, now %+v", was[i].Synced, now.Synced)
				}
			}
		}
		if diff := cmp.Diff(texts, onboardings(t, s)); diff != "" {
			rt.Fatalf("-was +is:\n%s", diff)
		}
	})
}
