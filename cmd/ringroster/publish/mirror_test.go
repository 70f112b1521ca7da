package publish

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"ringroster/cmd/ringroster/publish/postgrestest"
	"ringroster/store/deliver"
)

const warehouse = "  - {name: warehouse, to: {postgres: {}}}\n"

// newMirror is a publisher to a database of its own.
func newMirror(t *testing.T, server *postgrestest.Server, database string) *drop {
	t.Setenv("RINGROSTER_PUBLISH_WAREHOUSE_URL", server.Database(database))
	d := newDrop(t, warehouse)
	d.sql(`UPDATE members SET logins = json_array(json_array('1', 'Main', '5', 'Sales', 'a' || member_id, 'AGENT', 'u' || member_id, 'rt', 1))`)
	d.run()
	return d
}

// run writes a run with a change of each member.
func (d *drop) run() {
	d.Helper()
	d.sql(`INSERT INTO runs (run_id, account, trigger, status, started_at, finished_at, actor)
		SELECT coalesce(max(run_id), 0) + 1, 'acme', 'manual', 'succeeded', '2026-11-30T03:00:00Z', '2026-11-30T03:00:05Z', 'chief' FROM runs`)
	d.sql(`INSERT INTO changes (run_id, member_id, kind, field, before, after, reason)
		SELECT (SELECT max(run_id) FROM runs), member_id, 'update', 'email', '', email, 'source_changed' FROM members`)
}

// equal says that the mirror has what the roster has.
func (d *drop) equal() {
	d.Helper()
	all, behind, err := d.Verify(d.Context(), "warehouse")
	if err != nil || behind != 0 || len(all) != 5 {
		d.Fatalf("compared %d tables, %d changes behind: %v", len(all), behind, err)
	}
	for _, c := range all {
		if !c.Equal() {
			d.Errorf("%+v", c)
		}
	}
}

// TestMirror runs against one server; each has a database of its own.
func TestMirror(t *testing.T) {
	server := postgrestest.Start(t, "")
	for name, test := range map[string]func(*testing.T, *postgrestest.Server){
		"follows": testMirrorFollows, "guard": testMirrorGuard, "publisher": testMirrorPublisher,
		"by other hands": testMirrorByOtherHands, "faults": testMirrorFaults, "odd text": testMirrorOddText,
		"contacts": testMirrorContacts, "accounts": testMirrorAccounts, "restarted": testMirrorRestarted, "earlier version": testMirrorOfAnEarlierVersion, "TLS": testTLS,
	} {
		t.Run(name, func(t *testing.T) { test(t, server) })
	}
}

// What is new goes there alone, and nothing where nothing is.
func testMirrorFollows(t *testing.T, server *postgrestest.Server) {
	d := newMirror(t, server, "follows")
	d.want(d.after(0), "warehouse delivered 31: 31 new, 0 changed, 0 gone")
	d.equal()
	d.want(d.after(time.Minute), "")
	got := server.Query("follows", `SELECT member_id, email, managed, teams->>0, created_at < now(), last_seen_at IS NULL, supervisors FROM ringroster.roster WHERE member_id = 3`)
	d.want(got, "3|ann3@example.com|t|night|t|t|[]\n")
	if got := server.Query("follows", `SELECT count(*) FROM information_schema.columns c WHERE table_schema = 'ringroster' AND table_name IN ('roster', 'contacts') AND col_description(format('ringroster.%I', table_name)::regclass, ordinal_position) IS NULL`); got != "0\n" {
		t.Errorf("%s columns have no comment", got)
	}
	// A run that finds no news: a row of runs, and the time of the snapshot.
	d.sql(`INSERT INTO runs (run_id, account, trigger, status, started_at) VALUES (2, 'acme', 'schedule', 'running', '2026-11-30T04:00:00Z')`)
	d.want(d.after(time.Minute), "warehouse delivered 32: 1 new, 0 changed, 0 gone")
	d.sql(`UPDATE runs SET status = 'succeeded', finished_at = '2026-11-30T04:00:05Z' WHERE run_id = 2`)
	d.sql(`UPDATE accounts SET last_snapshot_at = '2026-11-30T04:00:01Z'`)
	d.want(d.after(time.Minute), "warehouse delivered 32: 0 new, 1 changed, 0 gone")
	d.equal()
	// An edit by another hand is looked for among all rows.
	d.sql(`UPDATE members SET email = 'other@example.com' WHERE member_id = 4`)
	d.want(d.after(time.Minute), "warehouse delivered 32: 0 new, 1 changed, 0 gone")
	d.equal()
	// So is a history that was pruned.
	d.sql(`DELETE FROM changes WHERE change_id < 4`)
	d.sql(`INSERT INTO changes (run_id, member_id, kind, field, before, after, reason) VALUES (2, 9, 'update', 'site', '', 'x', 'source_changed')`)
	d.want(d.after(time.Minute), "warehouse delivered 30: 1 new, 0 changed, 3 gone")
	d.equal()
}

// A member who is gone by no decision of a run waits, as with files.
func testMirrorGuard(t *testing.T, server *postgrestest.Server) {
	d := newMirror(t, server, "guard")
	d.after(0)
	d.sql(`DELETE FROM changes`)
	d.sql(`DELETE FROM members WHERE member_id < 7`)
	d.want(d.after(time.Minute), "warehouse waiting: 6 of 10 rows would be missing whom no run deactivated")
	d.want(server.Query("guard", `SELECT count(*) FROM ringroster.roster`), "10\n")
	d.want(d.after(time.Hour), "")
	pre, err := d.Preview(t.Context(), "warehouse")
	if err != nil || len(pre.LeavingIDs) != 6 || pre.MoreThanHeld != 0 {
		t.Fatalf("the preview is %+v, %v", pre, err)
	}
	if err := d.Approve(t.Context(), pre, "chief"); err != nil {
		t.Fatal(err)
	}
	d.want(d.after(time.Minute), "warehouse delivered 9: 0 new, 0 changed, 22 gone")
	d.equal()
	d.sql(`DELETE FROM members`)
	d.want(d.after(time.Minute), "warehouse waiting: no row would be left of 4")
}

// A mirror is one roster's; a later epoch of it takes it, and no other does.
func testMirrorPublisher(t *testing.T, server *postgrestest.Server) {
	d := newMirror(t, server, "publisher")
	d.after(0)
	d.sql(`UPDATE numbering SET epoch = epoch + 5`)
	d.sql(`UPDATE published SET restored = 1`)
	d.want(d.after(time.Minute), "warehouse delivered 31: 0 new, 0 changed, 0 gone") // what is there is known
	d.sql(`UPDATE numbering SET epoch = epoch - 1`)
	d.sql(`UPDATE members SET site = 'x'`)
	if got := d.after(time.Minute); !strings.Contains(got, "is published by a later epoch of this roster (6, this is 5)") {
		t.Errorf("got %q", got)
	}
	d.sql(`UPDATE numbering SET epoch = 9, roster_id = 'another'`)
	if got := d.after(time.Hour); !strings.Contains(got, "is published by another roster") || !strings.Contains(got, "drop the schema") {
		t.Errorf("got %q", got)
	}
	if _, _, err := d.Verify(t.Context(), "warehouse"); err == nil || !strings.Contains(err.Error(), "published by another roster") {
		t.Errorf("got %v", err)
	}
	server.Query("publisher", `DROP SCHEMA ringroster CASCADE`)
	d.want(d.after(time.Hour), "warehouse delivered 31: 31 new, 0 changed, 0 gone")
	d.equal()
}

// Rows that another hand changed there are found and put right; tables are not touched.
func testMirrorByOtherHands(t *testing.T, server *postgrestest.Server) {
	d := newMirror(t, server, "hands")
	d.sql(`INSERT INTO contact_entries (account, rc_id, name, updated_at) VALUES ('acme', '1', 'Desk', '2026-11-30T00:00:00Z')`)
	d.after(0)
	server.Query("hands", `
		UPDATE ringroster.roster_members SET email = 'x', teams = '[]' WHERE member_id = 3;
		DELETE FROM ringroster.roster_logins WHERE member_id = 4;
		INSERT INTO ringroster.contacts (contact_id, account) VALUES (99, 'acme')`)
	all, _, err := d.Verify(t.Context(), "warehouse")
	if err != nil {
		t.Fatal(err)
	}
	var said []string
	for _, c := range all {
		said = append(said, c.Some...)
	}
	d.want(strings.Join(said, "; "), "member_id 3: other email, teams; member_id 4, sub_account_id 1, agent_id a4: is missing; contact_id 99: is not on the roster")
	if reports, err := d.Now(t.Context(), "warehouse"); err != nil || reports[0].Outcome != Delivered {
		t.Fatalf("got %+v, %v", reports, err)
	}
	d.equal()
	for statement, want := range map[string]string{
		`ALTER TABLE ringroster.contacts DROP COLUMN email`:                        "column email of ringroster.contacts was changed by another hand: it is to be text, and is missing; put it back, or drop the schema",
		`ALTER TABLE ringroster.roster_runs ALTER COLUMN people TYPE text`:         "column people of ringroster.roster_runs was changed by another hand: it is to be integer, and is text",
		`DROP TABLE ringroster.roster_changes`:                                     "column change_id of ringroster.roster_changes was changed by another hand",
		`ALTER TABLE ringroster.roster_logins ADD CHECK (member_id < 0) NOT VALID`: "violates check constraint",
	} {
		server.Query("hands", `DROP SCHEMA ringroster CASCADE`)
		d.clock = d.clock.Add(time.Hour)
		if _, err := d.Now(t.Context(), "warehouse"); err != nil {
			t.Fatal(err)
		}
		server.Query("hands", statement)
		d.sql(`UPDATE members SET logins = json_set(logins, '$[0][6]', hex(randomblob(4)))`)
		if got := d.after(time.Minute); !strings.Contains(got, want) {
			t.Errorf("after %s: got %q", statement, got)
		}
	}
}

// TestMirrorFaults: whatever fails says what to do, leaves the state there, and is tried again.
func testMirrorFaults(t *testing.T, server *postgrestest.Server) {
	d := newMirror(t, server, "faults")
	d.after(0)
	state := func() string {
		return server.Query("faults", `SELECT email FROM ringroster.roster ORDER BY member_id`)
	}
	before := state()
	d.sql(`UPDATE members SET email = 'new' || member_id || '@example.com'`)
	server.Query("faults", `
		CREATE ROLE reader LOGIN PASSWORD 'pl@nted/secret'; GRANT USAGE ON SCHEMA ringroster TO reader;
		GRANT SELECT ON ALL TABLES IN SCHEMA ringroster TO reader`)
	set := func(url string) { t.Setenv("RINGROSTER_PUBLISH_WAREHOUSE_URL", url) }
	right := os.Getenv("RINGROSTER_PUBLISH_WAREHOUSE_URL")
	secret := postgrestest.Password()[0]
	tests := []struct {
		name    string
		prepare func()
		want    string
	}{
		{"permission denied", func() { set(server.URL("reader", secret, "faults")) }, "permission denied for table"},
		{"wrong password", func() { set(server.URL("postgres", secret+"!", "faults")) }, "password authentication failed"},
		{"no such database", func() { set(server.URL("postgres", secret, "none")) }, `database "none" does not exist`},
		{"no address", func() { set("postgres://postgres:" + secret + "@host/x") }, "must be an address such as postgres://USER:PASSWORD@db.example.com/warehouse"},
		{"cut half-way", func() {
			set(strings.Replace(right, fmt.Sprint(server.Port), fmt.Sprint(cutter(t, server.Port, 3000)), 1) + "?sslmode=disable")
		}, "PostgreSQL at 127.0.0.1"},
		{"down", func() { set(right); server.Down() }, "connection refused"},
	}
	for _, tt := range tests {
		tt.prepare()
		got := d.after(2 * time.Hour)
		if !strings.HasPrefix(got, "warehouse failed: ") || !strings.Contains(got, tt.want) {
			t.Errorf("%s: got %q", tt.name, got)
		}
		for _, secret := range postgrestest.Password() {
			if strings.Contains(got, secret) {
				t.Errorf("%s: the password stands in %q", tt.name, got)
			}
		}
	}
	server.Up()
	d.want(state(), before)
	found := d.Check(t.Context())
	if found[0].Err != nil || !strings.Contains(found[0].Found, "schema ringroster mirrors roster ") {
		t.Errorf("check says %+v", found[0])
	}
	d.want(d.after(2*time.Hour), "warehouse delivered 31: 0 new, 10 changed, 0 gone")
	d.equal()
}

// Text that SQL, COPY or JSON take for something else arrives as it is; NUL, which PostgreSQL
// cannot hold, as the mark of what cannot be shown.
func testMirrorOddText(t *testing.T, server *postgrestest.Server) {
	d := newMirror(t, server, "odd")
	odd := "\\N \\. 'x' \"y\"\ttab\nline\r é \\u0000 \x01"
	d.sql(`UPDATE members SET first_name = ?, last_name = 'a' || char(0) || 'b', teams = json_array(?, 'a' || char(0) || 'b')`, odd, odd)
	d.after(0)
	d.equal()
	d.want(server.Query("odd", `SELECT first_name = teams->>0, last_name = U&'a\FFFDb', teams->>1 = U&'a\FFFDb', length(first_name) FROM ringroster.roster WHERE member_id = 1`),
		fmt.Sprintf("t|t|t|%d\n", len([]rune(odd))))
}

// Contacts are in it; what a run removed is no loss.
func testMirrorContacts(t *testing.T, server *postgrestest.Server) {
	d := newMirror(t, server, "contacts")
	for i := range 8 {
		d.sql(`INSERT INTO contact_entries (account, rc_id, name, updated_at) VALUES ('acme', ?, 'Desk', '2026-11-30T00:00:00Z')`, fmt.Sprint(i))
	}
	d.want(d.after(0), "warehouse delivered 39: 39 new, 0 changed, 0 gone")
	d.sql(`INSERT INTO contact_history (run_id, contact_id, account, rc_id, name, kind, reason) SELECT 1, contact_id, account, rc_id, name, 'remove', 'x' FROM contact_entries WHERE contact_id < 7`)
	d.sql(`DELETE FROM contact_entries WHERE contact_id < 7`)
	d.want(d.after(time.Minute), "warehouse delivered 33: 0 new, 0 changed, 6 gone")
	d.equal()
	d.sql(`DELETE FROM contact_entries`)
	d.sql(`UPDATE members SET site = 'x' WHERE member_id = 1`)
	d.want(d.after(time.Minute), "warehouse waiting: no row would be left of 2")
	if losing, err := d.Losing(t.Context(), deliver.OfContacts, []int64{1, 2}); err != nil || losing["warehouse"] != 2 {
		t.Errorf("losing %v, %v", losing, err)
	}
}

// A mirror of some accounts has nothing of others.
func testMirrorAccounts(t *testing.T, server *postgrestest.Server) {
	d := newMirror(t, server, "accounts")
	d.sql(`UPDATE members SET account = 'other' WHERE member_id > 6`)
	d.Publisher = d.another("  - {name: warehouse, accounts: [acme], to: {postgres: {schema: wfm}}}\n")
	d.want(d.after(0), "warehouse delivered 19: 19 new, 0 changed, 0 gone")
	d.equal()
	d.sql(`INSERT INTO changes (run_id, member_id, kind, field, before, after, reason) VALUES (1, 9, 'update', 'site', '', 'x', 'source_changed'), (1, 2, 'update', 'site', '', 'x', 'source_changed')`)
	d.want(d.after(time.Minute), "warehouse delivered 20: 1 new, 0 changed, 0 gone")
	d.equal()
	d.want(server.Query("accounts", `SELECT DISTINCT account FROM wfm.roster`), "acme\n")
}

// testMirrorOfAnEarlierVersion: the columns that a later version has are added, and filled. What
// depends on the view stays.
func testMirrorOfAnEarlierVersion(t *testing.T, server *postgrestest.Server) {
	d := newMirror(t, server, "earlier")
	d.after(0)
	var names []string
	for _, c := range deliver.Mirrored()[0].Columns {
		names = append(names, "m."+c.Name)
	}
	older := strings.Replace(strings.Join(names[:len(names)-1], ", "), "m.last_seen_at, m.absent_days", "NULL::timestamptz AS last_seen_at, 0 AS absent_days", 1)
	server.Query("earlier", `
		DROP VIEW ringroster.roster;
		CREATE VIEW ringroster.roster AS SELECT `+older+` FROM ringroster.roster_members m;
		CREATE VIEW dashboard AS SELECT email FROM ringroster.roster;
		ALTER TABLE ringroster.roster_members DROP COLUMN supervisors;
		DROP TABLE ringroster.contacts;
		UPDATE ringroster.publisher SET layout = 'earlier'`)
	d.sql(`UPDATE members SET site = 'x' WHERE member_id = 1`)
	d.want(d.after(time.Minute), "warehouse delivered 31: 0 new, 10 changed, 0 gone")
	d.equal()
	d.want(server.Query("earlier", `SELECT count(*) FROM dashboard; SELECT count(*) FROM pg_indexes WHERE schemaname = 'ringroster' AND indexname LIKE '%\_key'`), "10\n7\n")
}
