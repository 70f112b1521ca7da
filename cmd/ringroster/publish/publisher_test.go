package publish

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	_ "modernc.org/sqlite"

	"ringroster/cmd/ringroster/config"
	"ringroster/store"
	"ringroster/store/deliver"
	"ringroster/store/storetest"
)

var monday = time.Date(2026, 11, 30, 3, 0, 0, 0, time.UTC)

// drop is a publisher with a roster, a folder and a clock of its own.
type drop struct {
	*testing.T
	*Publisher
	store   *store.Store
	dir     string
	clock   time.Time
	telling sync.Mutex // destinations are served side by side
	reports []string
}

// begin makes an empty roster.
var begin = storetest.Copies(store.Open, store.Options{New: true})

// newDrop has ten members of acme on the roster; the settings stand under publish, with
// DROP for the folder.
func newDrop(t *testing.T, publish string) *drop {
	t.Helper()
	d := &drop{T: t, dir: t.TempDir(), clock: monday}
	path := filepath.Join(t.TempDir(), "roster.db")
	err := begin(path)
	if err != nil {
		t.Fatal(err)
	}
	if d.store, err = store.Open(t.Context(), path, store.Options{}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = d.store.Close() })
	d.Publisher = d.another(publish)
	d.sql(`INSERT INTO accounts (account, version) VALUES ('acme', 1), ('other', 1)`)
	for i := range 10 {
		d.sql(`INSERT INTO members (account, first_name, last_name, email, teams) VALUES ('acme', ?, 'Lee', ?, '["night","home"]')`,
			fmt.Sprintf("Ann%d", i+1), fmt.Sprintf("ann%d@example.com", i+1))
	}
	return d
}

// another is a publisher for the same roster and clock.
func (d *drop) another(publish string) *Publisher {
	d.Helper()
	file := filepath.Join(d.TempDir(), "config.yaml")
	text := "accounts:\n  - {name: acme, main_account_id: 1, client_id: x}\n  - {name: other, main_account_id: 2, client_id: x}\ncontacts: {enabled: true}\npublish:\n" + publish
	if err := os.WriteFile(file, []byte(strings.ReplaceAll(text, "DROP", d.dir)), 0o600); err != nil {
		d.Fatal(err)
	}
	s, err := config.Load(file)
	if err != nil {
		d.Fatal(err)
	}
	p := New(s, d.store, "1.0", func(r Report) {
		text := fmt.Sprintf("%s %s", r.Destination, r.Outcome)
		switch {
		case r.Err != nil:
			text += fmt.Sprintf(": %v", r.Err)
		case r.Outcome == Waiting:
			text += ": " + r.Why()
		default:
			text += fmt.Sprintf(" %d: %d new, %d changed, %d gone", r.Rows, r.Added, r.Changed, r.Removed)
		}
		if r.Known {
			text += " (known)"
		}
		d.telling.Lock()
		defer d.telling.Unlock()
		d.reports = append(d.reports, text)
	})
	p.now = func() time.Time { return d.clock }
	return p
}

// sql changes the roster by hand.
func (d *drop) sql(text string, args ...any) {
	d.Helper()
	db, err := sql.Open("sqlite", d.store.Path())
	if err == nil {
		_, err = db.ExecContext(d.Context(), text, args...)
		err = errors.Join(err, db.Close())
	}
	if err != nil {
		d.Fatal(err)
	}
}

// deactivate does to members what a run does.
func (d *drop) deactivate(ids string) {
	d.sql(`INSERT INTO changes (run_id, member_id, kind, field, before, after, reason)
		SELECT 1, member_id, 'deactivate', 'status', 'active', 'inactive', 'removed' FROM members WHERE member_id IN (` + ids + `)`)
	d.sql(`UPDATE members SET status = 'inactive' WHERE member_id IN (` + ids + `)`)
}

// after makes a pass after a time, and says what came of it.
func (d *drop) after(wait time.Duration) string {
	d.Helper()
	d.clock = d.clock.Add(wait)
	d.reports = nil
	if err := d.Deliver(d.Context(), ""); err != nil {
		d.Fatal(err)
	}
	return strings.Join(d.reports, "; ")
}

func (d *drop) want(got, want string) {
	d.Helper()
	if got != want {
		d.Errorf("got %q, want %q", got, want)
	}
}

const activeOnes = "  - {name: drop, filter: {status: active}, columns: [{from: member_id}, {name: Mail, from: email}], to: {dir: DROP, file: a.csv}}\n"

// TestWhatIsNewIsDelivered: at once, once, and each day in any case.
func TestWhatIsNewIsDelivered(t *testing.T) {
	d := newDrop(t, activeOnes)
	d.want(d.after(0), "drop delivered 10: 10 new, 0 changed, 0 gone")
	d.sql(`ALTER TABLE members RENAME COLUMN email TO elsewhere`) // nothing is read
	d.want(d.after(time.Hour), "")
	d.sql(`ALTER TABLE members RENAME COLUMN elsewhere TO email`)
	d.sql(`UPDATE members SET email = 'ann.one@example.com' WHERE member_id = 1`)
	d.want(d.after(time.Minute), "drop delivered 10: 0 new, 1 changed, 0 gone")
	if got := listed(t, d.dir)["a.csv"]; !strings.HasPrefix(got, "member_id,Mail\n1,ann.one@example.com\n2,ann2@example.com\n") {
		t.Errorf("the file has %q", got)
	}
	d.want(d.after(23*time.Hour), "")
	d.want(d.after(time.Hour), "drop delivered 10: 0 new, 0 changed, 0 gone")
	d.sql(`INSERT INTO members (account, first_name, last_name, email) VALUES ('acme', 'Zoe', 'Lim', 'zoe@example.com')`)
	d.want(d.after(time.Minute), "drop delivered 11: 1 new, 0 changed, 0 gone")
	// Other settings are something new, too.
	d.Publisher = d.another(strings.ReplaceAll(activeOnes, "Mail", "Address"))
	d.want(d.after(time.Minute), "drop delivered 11: 0 new, 0 changed, 0 gone")
	d.want(d.after(time.Minute), "")
}

// TestTheGuardWaitsForAnApproval: what nobody decided about is not delivered, and said once.
func TestTheGuardWaitsForAnApproval(t *testing.T) {
	d := newDrop(t, activeOnes)
	d.after(0)
	d.deactivate(`1, 2, 3, 4, 5, 6`) // the guard of runs decided about them
	d.want(d.after(time.Minute), "drop delivered 4: 0 new, 0 changed, 6 gone")
	d.sql(`UPDATE members SET status = 'active'`)
	d.want(d.after(time.Minute), "drop delivered 10: 6 new, 0 changed, 0 gone")

	d.sql(`UPDATE members SET status = 'inactive' WHERE member_id < 6`)
	before := listed(t, d.dir)
	d.want(d.after(time.Minute), "drop waiting: 5 of 10 rows would be missing whom no run deactivated")
	d.want(d.after(48*time.Hour), "")
	d.sql(`UPDATE members SET first_name = 'Anne' WHERE member_id = 7`)
	d.want(d.after(time.Minute), "drop waiting: 5 of 10 rows would be missing whom no run deactivated (known)")
	if diff := cmp.Diff(before, listed(t, d.dir)); diff != "" {
		t.Error(diff)
	}

	// More are missing: that is to be shown before it can be approved.
	d.sql(`UPDATE members SET status = 'inactive' WHERE member_id = 6`)
	pre, err := d.Preview(t.Context(), "drop")
	if err != nil || pre.MoreThanHeld != 1 || len(pre.LeavingIDs) != 6 {
		t.Errorf("the preview is %+v, %v", pre, err)
	}
	d.want(d.after(time.Minute), "drop waiting: 6 of 10 rows would be missing whom no run deactivated")
	if err := d.Approve(t.Context(), pre, "chief"); err == nil {
		t.Error("what was seen before could be approved")
	}
	if pre, err = d.Preview(t.Context(), "drop"); err != nil || pre.MoreThanHeld != 0 {
		t.Fatalf("the preview is %+v, %v", pre, err)
	}
	if err := d.Approve(t.Context(), pre, "chief"); err != nil {
		t.Fatal(err)
	}
	d.sql(`UPDATE members SET status = 'active' WHERE member_id = 6`)
	d.want(d.after(0), "drop delivered 5: 0 new, 0 changed, 5 gone")
	d.want(d.after(time.Minute), "")
}

// What came back needs no approval any more.
func TestAWaitEndsByItself(t *testing.T) {
	d := newDrop(t, activeOnes)
	d.after(0)
	d.sql(`UPDATE members SET status = 'inactive' WHERE member_id < 9`)
	d.want(d.after(time.Minute), "drop waiting: 8 of 10 rows would be missing whom no run deactivated")
	d.sql(`UPDATE members SET status = 'active'`)
	d.want(d.after(time.Minute), "drop delivered 10: 0 new, 0 changed, 0 gone")
	rows, err := d.store.Publications(t.Context())
	if err != nil || rows[0].Held != (deliver.Withheld{}) {
		t.Errorf("it stands as %+v, %v", rows, err)
	}
}

func TestAnEmptyFileIsNeverDeliveredUnasked(t *testing.T) {
	d := newDrop(t, strings.Replace(activeOnes, "name: drop,", "name: drop, max_shrink: {percent: 100, floor: 100}, accounts: [other],", 1))
	d.want(d.after(0), "drop waiting: no row would be left of 0")
	pre, err := d.Preview(t.Context(), "drop")
	if err == nil {
		err = d.Approve(t.Context(), pre, "chief")
	}
	if err != nil {
		t.Fatal(err)
	}
	d.want(d.after(0), "drop delivered 0: 0 new, 0 changed, 0 gone")
	if diff := cmp.Diff(map[string]string{"a.csv": "member_id,Mail\n"}, listed(t, d.dir)); diff != "" {
		t.Error(diff)
	}
	d.want(d.after(24*time.Hour), "drop delivered 0: 0 new, 0 changed, 0 gone")
}

// TestWhatFailsIsTriedAgain: with growing waits, the same error said once; others go on.
func TestWhatFailsIsTriedAgain(t *testing.T) {
	d := newDrop(t, activeOnes+"  - {name: gone, to: {dir: DROP/gone, file: b.csv}}\n")
	failed := "gone failed: write " + d.dir + "/gone/b.csv: no such file or directory"
	got := d.after(0)
	if !strings.Contains(got, failed) || !strings.Contains(got, "drop delivered 10") {
		t.Errorf("got %q", got)
	}
	d.want(d.after(30*time.Second), "")
	d.want(d.after(30*time.Second), failed+" (known)")
	d.want(d.after(time.Minute), "")
	if err := os.Mkdir(filepath.Join(d.dir, "gone"), 0o755); err != nil {
		t.Fatal(err)
	}
	d.want(d.after(time.Minute), "gone delivered 10: 10 new, 0 changed, 0 gone")
}

// Whoever asks for a delivery now need not wait for the next try after one that failed, but for
// somebody who is at it: two of them would write to one file.
func TestNobodyDeliversBesideAnother(t *testing.T) {
	for _, failed := range []bool{false, true} {
		t.Run(fmt.Sprint("failed before: ", failed), func(t *testing.T) {
			d := newDrop(t, "  - {name: hr, to: {dir: DROP, file: a.csv}}\n")
			d.after(0)
			d.sql(`INSERT INTO members (account, first_name, last_name, email) VALUES ('acme', 'New', 'Lee', 'new@example.com')`)
			if failed {
				d.sql(`UPDATE destinations SET tries = 3, next_try = '2026-11-30T04:00:00Z', error = 'no'`)
			}
			rows, err := d.store.Publications(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if mine, err := d.store.Claim(t.Context(), &rows[0].Destination, d.clock, lease); err != nil || !mine {
				t.Fatal(mine, err)
			}
			now := func() string {
				reports, err := d.Now(t.Context(), "hr")
				if err != nil || len(reports) != 1 {
					t.Fatalf("%+v, %v", reports, err)
				}
				return fmt.Sprint(reports[0].Outcome, " ", reports[0].Err)
			}
			d.want(now(), "failed "+errBusy.Error())
			d.clock = d.clock.Add(lease) // whoever it was has died
			d.want(now(), "delivered <nil>")
		})
	}
}

// TestWhoReportsToOne: a filter names the supervisor as commands do. Whom it does not name, or
// names twice, is a fault that is said, and no empty file.
func TestWhoReportsToOne(t *testing.T) {
	d := newDrop(t, strings.Replace(activeOnes, "status: active", "supervisor: ann1@example.com", 1))
	d.sql(`DROP TRIGGER hand_editing_members`) // runs alone know supervisors
	d.sql(`UPDATE members SET logins = json_array(json_array('1', 'Main', '5', 'Sales', 'a' || member_id, 'AGENT', 'u' || member_id, 'rt', 1, json_array(iif(member_id IN (2, 3), 'a1', 'a9'))))`)
	d.want(d.after(0), "drop delivered 2: 2 new, 0 changed, 0 gone")
	d.want(listed(t, d.dir)["a.csv"], "member_id,Mail\n2,ann2@example.com\n3,ann3@example.com\n")
	d.sql(`UPDATE members SET email = 'boss@example.com' WHERE member_id = 1`)
	d.want(d.after(time.Minute), "drop failed: filter.supervisor: there is no member \"ann1@example.com\"")
	d.sql(`UPDATE members SET email = 'ann1@example.com' WHERE member_id IN (1, 7)`)
	d.want(d.after(time.Hour), "drop failed: filter.supervisor: \"ann1@example.com\" can be any of 2 members: write the member id")
}

// A member id names that member, whoever else has the number; and a member of an account that is
// not delivered is nobody's supervisor there.
func TestWhoReportsToANumber(t *testing.T) {
	d := newDrop(t, strings.Replace(activeOnes, "filter: {status: active}", "accounts: [acme], filter: {supervisor: \"1\"}", 1))
	d.sql(`DROP TRIGGER hand_editing_members`)
	d.sql(`UPDATE members SET admin_ids = '["1"]' WHERE member_id = 9`)
	d.sql(`UPDATE members SET logins = json_array(json_array('1', 'Main', '5', 'Sales', 'a' || member_id, 'AGENT', 'u' || member_id, 'rt', 1, json_array(iif(member_id IN (2, 3), 'a1', 'a9'))))`)
	d.want(d.after(0), "drop delivered 2: 2 new, 0 changed, 0 gone")
	d.sql(`UPDATE members SET account = 'other' WHERE member_id = 1`)
	d.sql(`UPDATE members SET admin_ids = '[]'`)
	d.want(d.after(time.Minute), "drop failed: filter.supervisor: there is no member \"1\"")
}

// A roster that was copied does not know what was delivered since.
func TestACopiedRosterAsksFirst(t *testing.T) {
	d := newDrop(t, activeOnes)
	d.after(0)
	var epoch, later int64
	read := func(into *int64) {
		db, err := sql.Open("sqlite", d.store.Path())
		if err == nil {
			err = errors.Join(db.QueryRowContext(t.Context(), `SELECT epoch FROM numbering`).Scan(into), db.Close())
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	read(&epoch)
	d.sql(`UPDATE numbering SET place = 'elsewhere'`)
	d.want(d.after(time.Minute), "drop waiting: the roster was restored, copied or taken over since the last delivery, so that which rows would be missing is not known")
	if read(&later); later <= epoch {
		t.Errorf("its epoch went from %d to %d", epoch, later)
	}
	pre, err := d.Preview(t.Context(), "drop")
	if err == nil {
		err = d.Approve(t.Context(), pre, "chief")
	}
	if err != nil {
		t.Fatal(err)
	}
	d.want(d.after(0), "drop delivered 10: 0 new, 0 changed, 0 gone")
}

// Nor does one that came to a roster which was copied before: it may have been delivered to
// before that.
func TestANewDestinationOfACopiedRosterAsksFirst(t *testing.T) {
	d := newDrop(t, activeOnes)
	d.sql(`UPDATE numbering SET epoch = 2`)
	d.want(d.after(0), "drop waiting: the roster was restored, copied or taken over since the last delivery, so that which rows would be missing is not known")
}

// Another max_shrink is looked at at once.
func TestOtherLimitsAreLookedAtAtOnce(t *testing.T) {
	d := newDrop(t, activeOnes)
	d.after(0)
	d.sql(`UPDATE members SET status = 'inactive' WHERE member_id < 6`)
	d.want(d.after(time.Minute), "drop waiting: 5 of 10 rows would be missing whom no run deactivated")
	d.Publisher = d.another(strings.Replace(activeOnes, "name: drop,", "name: drop, max_shrink: {percent: 60},", 1))
	d.want(d.after(time.Minute), "drop delivered 5: 0 new, 0 changed, 5 gone")
}

// A stop is no try, and leaves nothing behind.
func TestAStopIsNoTry(t *testing.T) {
	d := newDrop(t, activeOnes)
	ctx, cancel := context.WithCancel(t.Context())
	d.destinations[0].end = &stopping{d.destinations[0].end, cancel}
	if err := d.Deliver(ctx, ""); !errors.Is(err, context.Canceled) {
		t.Errorf("it ended with %v", err)
	}
	rows, err := d.store.Publications(t.Context())
	if err != nil || rows[0].Tries != 0 || !rows[0].NextTry.IsZero() || len(d.reports) != 0 || len(listed(t, d.dir)) != 0 {
		t.Errorf("it stands as %+v, %v; reports %q", rows, err, d.reports)
	}
}

// TestFormats: the same rows as CSV and as JSON.
func TestFormats(t *testing.T) {
	d := newDrop(t, `
  - {name: csv, delimiter: ";", columns: [{from: first_name}, {from: teams}, {name: Teams, from: teams, join: "|"}, {from: deactivated_at}, {from: managed}], to: {dir: DROP, file: a.csv}}
  - {name: json, format: ndjson, columns: [{from: first_name}, {from: teams}, {name: Teams, from: teams, join: "|"}, {from: deactivated_at}, {from: managed}], to: {dir: DROP, file: a.json}}
`)
	d.sql(`DELETE FROM members WHERE member_id > 2`)
	d.sql(`UPDATE members SET first_name = '=1+1; "x" <é>' WHERE member_id = 2`)
	d.after(0)
	want := map[string]string{
		"a.csv": `first_name;teams;Teams;deactivated_at;managed
Ann1;"[""night"",""home""]";night|home;;1
"'=1+1; ""x"" <é>";"[""night"",""home""]";night|home;;1
`,
		"a.json": `{"first_name":"Ann1","teams":["night","home"],"Teams":"night|home","deactivated_at":null,"managed":1}
{"first_name":"=1+1; \"x\" <é>","teams":["night","home"],"Teams":"night|home","deactivated_at":null,"managed":1}
`,
	}
	if diff := cmp.Diff(want, listed(t, d.dir)); diff != "" {
		t.Error(diff)
	}
}

// TestContacts are published as members are, by a version of their own.
func TestContacts(t *testing.T) {
	d := newDrop(t, "  - {name: desk, what: contacts, columns: [{from: contact_id}, {from: name}, {from: phone_numbers}], to: {dir: DROP, file: c.csv}}\n")
	d.want(d.after(0), "desk waiting: no row would be left of 0")
	d.sql(`INSERT INTO contact_entries (account, rc_id, name, updated_at) VALUES ('acme', '7', 'Front Desk', '2026-11-30T00:00:00Z')`)
	d.want(d.after(time.Minute), "desk delivered 1: 1 new, 0 changed, 0 gone")
	if diff := cmp.Diff(map[string]string{"c.csv": "contact_id,name,phone_numbers\n1,Front Desk,[]\n"}, listed(t, d.dir)); diff != "" {
		t.Error(diff)
	}
	d.sql(`UPDATE members SET first_name = 'Other'`)
	d.want(d.after(time.Minute), "")
	d.sql(`UPDATE contact_entries SET name = 'Desk'`)
	d.sql(`INSERT INTO contact_history (run_id, contact_id, account, rc_id, name, kind, field, before, after, reason) VALUES (1, 1, 'acme', '7', 'Desk', 'update', 'name', 'Front Desk', 'Desk', 'source_changed')`)
	d.want(d.after(time.Minute), "desk delivered 1: 0 new, 1 changed, 0 gone")
}
