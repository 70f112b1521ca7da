package store

import (
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"ringroster/store/contactrows"
	"ringroster/store/heldrows"
	"ringroster/store/schema"
	"ringroster/store/sqlrows"
	"ringroster/store/views"
	"ringroster/sync"
)

// shownViews are what every version has shown, with the columns of its time: a later
// version may show more, and must still show these. Beside the views stand what
// a sync remembers.
var shownViews = []view{
	{1, `SELECT member_id, account, status, role, username, first_name, last_name, email, extension_number, activity_id,
	        data_source, rc_user_id, department, job_title, site, managed, deactivation_reason, created_at, created_by,
	        updated_at, updated_by, deactivated_at, reactivated_at, last_seen_at, absent_days FROM roster`},
	{1, `SELECT member_id, account, sub_account_id, sub_account, agent_group_id, agent_group, agent_id, agent_type,
	        user_name, data_source, active FROM roster_logins`},
	{1, `SELECT change_id, run_id, member_id, account, kind, field, before, after, reason, actor, on_behalf_of, note, at
	   FROM roster_changes`},
	{1, `SELECT run_id, account, job, trigger, status, held_reasons, started_at, finished_at, people, unchanged, onboarded,
	        linked, updated, reactivated, deactivated, held, conflicts, api_calls, actor, version, error FROM roster_runs`},
	{6, `SELECT member_id, time_zone, language, teams, categories, permissions, pins FROM roster`},
	{6, `SELECT contact_id, account, rc_id, type, status, first_name, last_name, name, email, extension_number, phone_numbers,
	        department, job_title, site, updated_at FROM contacts`},
	{6, `SELECT change_id, run_id, contact_id, kind, field, before, after, reason, actor FROM contact_changes`},
	{11, `SELECT run_id, account, member_id, person, kind, field, before, after, reason, held_since, decision, decided_at,
	        decided_by, note FROM roster_held`},
	{15, `SELECT member_id, account, first_name, last_name, department, job_title, cost_center FROM roster`},
	{16, `SELECT member_id, account, first_name, last_name, department, job_title, employee_id FROM roster`},
	{19, `SELECT change_id, run_id, member_id, kind, field, reported_before, reported_after FROM roster_changes`},
	{23, `SELECT change_id, run_id, member_id, kind, field, source_actor, source_at, source FROM roster_changes`},
	{23, `SELECT run_id, account, member_id, kind, field, held_id, source_actor, source_at FROM roster_held`},
	{26, `SELECT run_id, account, member_id, person, kind, field, held_id, role FROM roster_held`},
	{20, `SELECT member_id, account, status, role, first_name, last_name, supervisors FROM roster`},
	{20, `SELECT member_id, sub_account_id, agent_id, agent_type, user_name, active, supervisor_agent_ids FROM roster_logins`},
	{20, `SELECT m.member_id, s.supervisor_member_id, s.sub_account_id, m.account, m.first_name, b.first_name AS supervisor, m.status
	   FROM roster_supervisors s JOIN roster m USING (member_id) JOIN roster b ON b.member_id = s.supervisor_member_id`},
}

// laterFields are synced fields that came after the first version, and the version they came
// with.
var laterFields = map[string]int{"cost_center": 15, "employee_id": 16}

// view is what a version, and every later one, shows.
type view struct {
	since int
	query string
}

// TestUpgrade opens a copy of the database of every schema version that was ever
// released, and finds what it held. testdata/vN.sqlite was made by the program of
// that version against its simulator, and vN.txt is what its views showed; once
// a version is released, neither changes. UPDATE=1 writes a vN.txt that is
// missing.
func TestUpgrade(t *testing.T) {
	files, err := filepath.Glob(filepath.Join("testdata", "v*.sqlite"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no databases in testdata: %v", err)
	}
	newest, err := schema.Latest(schema.Migrations())
	if err != nil {
		t.Fatal(err)
	}
	if name := filepath.Join("testdata", fmt.Sprintf("v%d.sqlite", newest)); !slices.Contains(files, name) {
		t.Errorf("there is no %s: testdata/make makes it", name)
	}
	blank := newTestStore(t)
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			golden := strings.TrimSuffix(file, ".sqlite") + ".txt"
			var version int
			if _, err := fmt.Sscanf(filepath.Base(file), "v%d.sqlite", &version); err != nil {
				t.Fatal(err)
			}
			s := openCopy(t, file, `INSERT INTO requests (request, asked_at) VALUES ('`+requestOf(version)+`', '2026-11-22T16:00:00Z')`)
			got := show(t, s, version)
			want, err := os.ReadFile(golden)
			if os.IsNotExist(err) && os.Getenv("UPDATE") != "" {
				want, err = []byte(got), os.WriteFile(golden, []byte(got), 0o600)
			}
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), got); diff != "" {
				t.Errorf("the upgraded database shows something else:\n%s", diff)
			}
			checkWhole(t, s)
			checkDerived(t, blank, s)
			checkStory(t, s, version)
			checkHeld(t, s, version)
			if version < openSets {
				checkRaised(t, s)
			}
			goOn(t, s)
		})
	}
}

// What the first version kept of its runs can be read no more, so nobody can be
// forgotten in it: it goes, and forgetting succeeds.
func TestForgettingDropsWhatCannotBeRead(t *testing.T) {
	s := openCopy(t, filepath.Join("testdata", "v1.sqlite"))
	keepRun(t, s, "demo", &sync.Keep{Last: 7, Pieces: piece("nothing that is kept looks like this")})
	apply(t, s, monday, forgetting(t, s, "demo", 1))
	for _, table := range []string{"snapshots", "snapshot_parts", "snapshot_pieces"} {
		if got := rowsAs(t, s, `SELECT * FROM `+table+` WHERE account = 'demo' ORDER BY 1`); len(got) > 0 {
			t.Errorf("%s holds %d rows that nobody can read", table, len(got))
		}
	}
}

// Names with a typographic apostrophe were folded otherwise before version 7. To fold
// them anew is no edit by hand: seals and the version stay.
func TestUpgradeFoldsApostrophes(t *testing.T) {
	path := filepath.Join(t.TempDir(), "roster.db")
	writeFile(t, path, readFile(t, filepath.Join("testdata", "v6.sqlite")))
	execute(t, path, `INSERT INTO own_hand (id) VALUES (1);
		UPDATE members SET seal = 'seal', first_name = 'Adá', last_name = 'D’Angelo', search = 'adá d’angelo' WHERE member_id = 3;
		DELETE FROM own_hand;
		UPDATE contact_search SET text = 'adá d’angelo' WHERE contact_id = 3`)
	s := openTestStore(t, path)
	for _, apostrophe := range []string{"'", "’"} {
		if got := rosterRows(t, s, views.Filter{Search: "D" + apostrophe + "ANGELO"}); len(got) != 1 || got[0].MemberID != 3 {
			t.Errorf("found members %v", got)
		}
		contacts, err := sqlrows.Collect(s.ContactRows(t.Context(), contactrows.Filter{Search: "D" + apostrophe + "ANGELO"}))
		if err != nil || len(contacts) != 1 || contacts[0].ContactID != 3 {
			t.Errorf("found contacts %v, %v", contacts, err)
		}
	}
	before := openCopy(t, filepath.Join("testdata", "v6.sqlite"))
	for _, query := range []string{`SELECT seal FROM members WHERE member_id = 3 AND seal = 'seal' ORDER BY 1`, `SELECT version FROM accounts ORDER BY 1`} {
		if got := rowsAs(t, s, query); len(got) != 1 || strings.Contains(query, "version") && got[0] != rowsAs(t, before, query)[0] {
			t.Errorf("%s: %v", query, got)
		}
	}
}

// Texts were folded otherwise before version 12: what that changes is found all the same,
// and of everybody else nothing moves.
func TestR33UpgradeFoldsAnew(t *testing.T) {
	path := filepath.Join(t.TempDir(), "roster.db")
	writeFile(t, path, readFile(t, filepath.Join("testdata", "v9.sqlite")))
	execute(t, path, `
		UPDATE members SET first_name = 'Işık', last_name = 'Groß–Bauer', username = 'Işık’s' WHERE member_id = 6;
		UPDATE members SET search = 'işik groß–bauer' || char(10) || 'işik''s' WHERE member_id = 6;
		UPDATE contact_entries SET first_name = 'Işık', last_name = 'Groß–Bauer' WHERE contact_id = 3;
		UPDATE contact_search SET text = 'işik groß–bauer' || char(10) || '+12055550103' WHERE contact_id = 3`)
	s, err := Open(t.Context(), path, Options{New: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	for _, search := range []string{"işık gross-bauer", "IS\u0327ıK GROSS\u2010BAUER", "Gross\u2014Bauer"} {
		if got := rosterRows(t, s, views.Filter{Search: search}); len(got) != 1 || got[0].MemberID != 6 {
			t.Errorf("%q finds members %v", search, got)
		}
		contacts, err := sqlrows.Collect(s.ContactRows(t.Context(), contactrows.Filter{Search: search}))
		if err != nil || len(contacts) != 1 || contacts[0].ContactID != 3 {
			t.Errorf("%q finds contacts %v, %v", search, contacts, err)
		}
	}
	if got := rosterRows(t, s, views.Filter{Search: "işık's"}); len(got) != 1 {
		t.Errorf("the username finds %v", got)
	}
	if contacts, err := sqlrows.Collect(s.ContactRows(t.Context(), contactrows.Filter{Search: "+1 (205) 555-0103"})); err != nil || len(contacts) != 1 {
		t.Errorf("the phone number finds %v, %v", contacts, err)
	}
	if got := rowsAs(t, s, `SELECT member_id FROM members WHERE seal IS NOT NULL ORDER BY 1`); !slices.Equal(got, []string{"1", "3"}) {
		t.Errorf("members %v still have a seal", got)
	}
	if got := rowsAs(t, s, `SELECT search FROM members WHERE member_id = 6 ORDER BY 1`); got[0] != "işık gross-bauer\nişık's" {
		t.Errorf("the text is %q", got)
	}
}

// openCopy opens, and so upgrades, a copy of a file in which first is done.
func openCopy(t *testing.T, file string, first ...string) *Store {
	t.Helper()
	path := filepath.Join(t.TempDir(), "roster.db")
	writeFile(t, path, readFile(t, file))
	for _, statement := range first {
		execute(t, path, statement)
	}
	s, err := Open(t.Context(), path, Options{New: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

// openSets is the version that has held changes in place of held sets.
const openSets = 11

// requestOf is a request as a program of a version leaves it.
func requestOf(version int) string {
	if version < openSets {
		return `{"Approval":{"demo":{"Held":6,"Members":{"9":"removed"},"Whole":false}},"Run":{"Actor":"operator"}}`
	}
	return `{"Approval":{"demo":{"Run":6,"Held":[4]}},"Run":{"Actor":"operator"}}`
}

// show is what the views of a version show.
func show(t *testing.T, s *Store, version int) string {
	t.Helper()
	var b strings.Builder
	for _, v := range shownViews {
		if v.since > version {
			continue
		}
		rows, err := s.db.Reads.QueryContext(t.Context(), v.query+` ORDER BY 1, 2, 3, 7`)
		if err != nil {
			t.Fatal(err)
		}
		showRows(t, &b, rows)
	}
	text := b.String()
	for field, since := range laterFields { // an onboarding tells them too, empty
		if since > version {
			text = strings.ReplaceAll(text, `"`+field+`":"",`, "")
		}
	}
	return text
}

func showRows(t *testing.T, b *strings.Builder, rows *sql.Rows) {
	t.Helper()
	defer func() { _ = rows.Close() }()
	columns, err := rows.Columns()
	if err != nil {
		t.Fatal(err)
	}
	fmt.Fprintln(b, strings.Join(columns, "|"))
	values := make([]any, len(columns))
	for rows.Next() {
		into := make([]any, len(columns))
		for i := range values {
			into[i] = &values[i]
		}
		if err := rows.Scan(into...); err != nil {
			t.Fatal(err)
		}
		for i, value := range values {
			if value == nil {
				value = "NULL"
			}
			fmt.Fprintf(b, "%v%s", value, map[bool]string{true: "\n", false: "|"}[i == len(values)-1])
		}
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	fmt.Fprintln(b)
}

func checkWhole(t *testing.T, s *Store) {
	t.Helper()
	for _, query := range []string{
		`SELECT integrity_check FROM pragma_integrity_check WHERE integrity_check <> 'ok'`,
		`SELECT "table" || ' ' || coalesce(rowid, '') FROM pragma_foreign_key_check`,
	} {
		var wrong string
		if err := s.db.Reads.QueryRowContext(t.Context(), query).Scan(&wrong); !errors.Is(err, sql.ErrNoRows) {
			t.Errorf("%s: %q, %v", query, wrong, err)
		}
	}
}

// checkStory looks at what happened in every one of the databases, through the
// program's own eyes: somebody left, one was held and approved, one rejected, one
// undone, one detached, one made by hand.
func checkStory(t *testing.T, s *Store, version int) {
	t.Helper()
	state, err := s.State(t.Context(), "demo", monday)
	if err != nil {
		t.Fatal(err)
	}
	if len(state.Open) != 6 || state.Accepted["wem_access"] == "" || state.Bound.MainAccountID != "99990000" {
		t.Errorf("the account is remembered as %+v", state)
	}
	found := map[string]int{}
	for m, err := range s.Members(t.Context(), "demo", nil) {
		if err != nil {
			t.Fatal(err)
		}
		for what, is := range map[string]bool{
			"active": m.Status == sync.Active, "inactive": m.Status == sync.Inactive, "detached": !m.Managed,
			"made by hand": !m.Linked, "leaving": !m.LeavingSince.IsZero(), "undone": m.DeactivationReason == sync.ReasonUndone,
			"absent": m.AbsentDays > 0, "edited": m.Own[sync.ActivityID] == "Site 9",
			"as last synced": (m.Synced.Profile == m.Profile || m.Synced.Mapped != (sync.Mapped{})) && m.Synced.Logins != "",
			"mapped":         m.Synced.Mapped != (sync.Mapped{}),
		} {
			if is {
				found[what]++
			}
		}
	}
	want := map[string]int{
		"active": 12, "inactive": 2, "detached": 1, "made by hand": 1, "leaving": 6, "undone": 1, "absent": 7, "edited": 1, "as last synced": 11,
	}
	if version >= 19 {
		want["mapped"] = 1
	}
	if diff := cmp.Diff(want, found); diff != "" {
		t.Errorf("members (-want +got):\n%s", diff)
	}
}

// checkHeld sees that what was held, approved or rejected still is.
func checkHeld(t *testing.T, s *Store, version int) {
	t.Helper()
	run := "6"
	if version >= 24 { // since then a change of the settings asks anew
		run = "12"
	}
	want := []string{
		// Since the old program called the members of a set open or rejected.
		"9|" + run + "|status|waiting||", "10|" + run + "|status|waiting||", "11|" + run + "|status|waiting||", "12|" + run + "|status|waiting||",
		"4|3|status|rejected|chief|wrong feed", "8|6|status|rejected|operator|incident", "7|6|status|approved|chief|",
	}
	var got []string
	rows, err := s.Held(t.Context(), heldrows.Filter{Decided: 9})
	if err != nil {
		t.Fatal(err)
	}
	for _, h := range rows {
		got = append(got, fmt.Sprintf("%d|%d|%s|%s|%s|%s", *h.MemberID, h.RunID, h.Field, h.State, h.DecidedBy, h.Note))
		if h.Name == "" || h.Email == "" || h.Kind != sync.Deactivate || h.Before != "active" || h.After != "inactive" || len(h.Why) == 0 {
			t.Errorf("%+v", h)
		}
		if h.MemberID != nil && *h.MemberID != 4 && h.Why[0].Reason != sync.ReasonLimit {
			t.Errorf("member %d is held since %v", *h.MemberID, h.Why)
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("held (-want +got):\n%s", diff)
	}
}

// checkRaised sees that the upgrade from held sets makes nobody newly absent, and that what
// was asked for before it has to be asked for again.
func checkRaised(t *testing.T, s *Store) {
	t.Helper()
	if again := rowsAs(t, s, `SELECT member_id FROM members m WHERE leaving_since IS NOT NULL
		AND leaving_since > (SELECT strftime('%Y-%m-%dT%H:%M:%SZ', max(started_at), '-7 days') FROM runs) ORDER BY 1`); len(again) > 0 {
		t.Errorf("members %v left within a window of the guard", again)
	}
	r, err := s.Request(t.Context(), 1)
	if err != nil || r.State != "failed" || r.Error != "ringroster was upgraded after it was asked" || r.Run.Actor != "operator" {
		t.Errorf("the request is %+v, %v", r, err)
	}
}

// goOn sees that work goes on in the upgraded database.
func goOn(t *testing.T, s *Store) {
	t.Helper()
	apply(t, s, monday, planOf(t, s, "demo", onboard(person("demo", "Ann", "Lee"))))
	rows, err := s.Find(t.Context(), "ann@example.com")
	if err != nil || len(rows) != 1 {
		t.Errorf("somebody who was onboarded after the upgrade is not found: %v, %v", rows, err)
	}
}
