package store

import (
	"database/sql"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"ringroster/store/memberrows"
	"ringroster/store/sqlrows"
	"ringroster/sync"
	"ringroster/sync/guard"
	"ringroster/sync/plan"
)

// office is what RingCentral reports in these tests: people with an extension and
// one agent record each, the first of them an administrator too. Some records do
// not say whose extension it is.
func office(people int) *sync.Snapshot {
	s := &sync.Snapshot{Account: "acme", TakenAt: monday, Identity: sync.Identity{OwnerID: "700"}}
	sub := sync.SubAccount{ID: "1", Name: "Main", Active: true, Read: true, Groups: []sync.Group{{ID: "10", Name: "Sales"}}}
	for i := range people {
		id, first := fmt.Sprint(700+i), fmt.Sprintf("First%d", i)
		x := sync.Extension{ID: id, Type: "User", Status: "Enabled", FirstName: first, LastName: "Last", Email: first + "@example.com", HasContact: true}
		s.Extensions = append(s.Extensions, x)
		a := sync.Agent{ID: fmt.Sprint(500 + i), RCUserID: id, FirstName: first, LastName: "Last", Email: x.Email, UserName: first, Type: "AGENT", Active: true}
		if i%10 == 1 {
			a.RCUserID = ""
		}
		sub.Groups[0].Agents = append(sub.Groups[0].Agents, a)
	}
	s.Admins = []sync.Admin{{UserID: "301", RCUserID: "700", FirstName: "First0", LastName: "Last", Email: "First0@example.com"}}
	s.SubAccounts = []sync.SubAccount{sub}
	return s
}

// noLimits hold nobody of so few.
var noLimits = sync.Limits{
	Deactivations: sync.Limit{Percent: 100, Floor: 100}, Onboardings: sync.Limit{Percent: 100, Floor: 100},
	Updates: sync.Limit{Percent: 100, Floor: 100}, Administrators: sync.Limit{Percent: 100, Floor: 100},
}

// readAlways are those of an office who have no rcUserId: of them no seal says enough.
func readAlways(people int) int { return (people + 8) / 10 }

// planOffice plans a snapshot as a run does, and counts the members that were
// read whole. Without seals, all are.
func planOffice(t testing.TB, s *Store, snapshot *sync.Snapshot, seals bool) (p *sync.Plan, whole int) {
	t.Helper()
	state, err := s.State(t.Context(), "acme", monday)
	if err != nil {
		t.Fatal(err)
	}
	policy := sync.Policy{DataSource: "rt", RolePrecedence: "first", Deactivate: true, Limits: noLimits}
	if state.Accepted == nil {
		state.Accepted = guard.Accept(&policy, snapshot).Settings
	}
	p, err = plan.Make(plan.Input{
		Snapshot: snapshot, State: state, Policy: policy, Now: monday.Add(time.Hour),
		Members: func(known sync.Known) iter.Seq[*sync.Member] {
			if !seals {
				known = nil
			}
			return func(yield func(*sync.Member) bool) {
				for m, err := range s.Members(t.Context(), "acme", known) {
					if err != nil {
						t.Fatal(err)
					}
					whole++
					if !yield(m) {
						return
					}
				}
			}
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	return p, whole
}

// atWork has the office on its roster, everybody sealed.
func atWork(t testing.TB, people int) (*Store, *sync.Snapshot) {
	t.Helper()
	s, snapshot := newTestStore(t), office(people)
	p, _ := planOffice(t, s, snapshot, true)
	apply(t, s, monday, p)
	if p, whole := planOffice(t, s, snapshot, true); whole != readAlways(people) || len(p.Changes) > 0 || p.Summary.Unchanged != people {
		t.Fatalf("%d read whole after the first run, %+v", whole, p.Summary)
	}
	return s, snapshot
}

// byHand edits with a client that knows nothing of ringroster.
func byHand(t testing.TB, s *Store, statement string, args ...any) {
	t.Helper()
	if err := tryByHand(t, s, statement, args...); err != nil {
		t.Fatal(statement, err)
	}
}

func tryByHand(t testing.TB, s *Store, statement string, args ...any) error {
	t.Helper()
	db, err := sql.Open("sqlite", s.Path())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	_, err = db.ExecContext(t.Context(), statement, args...)
	return err
}

// What a list cannot hold is refused when it is written, not when a run reads it.
func TestListsByHandMustBeLists(t *testing.T) {
	login := func(values string) string { return `UPDATE members SET logins = '[[` + values + `]]'` }
	for statement, want := range map[string]string{
		`UPDATE members SET teams = 'sales'`:                                                       "must be JSON",
		`INSERT INTO members (account, permissions) VALUES ('acme', '')`:                           "must be JSON",
		`UPDATE members SET pins = '{}'`:                                                           "pins must be",
		`UPDATE members SET pins = '[1]'`:                                                          "pins must be",
		`UPDATE members SET pins = 'site'`:                                                         "pins must be",
		`UPDATE members SET logins = '['`:                                                          "logins must be",
		`UPDATE members SET logins = '{}'`:                                                         "logins must be",
		`UPDATE members SET logins = '5'`:                                                          "logins must be",
		`UPDATE members SET logins = '["1"]'`:                                                      "a login must be",
		`INSERT INTO members (account, logins) VALUES ('acme', '[[]]')`:                            "a login must be",
		login(`"1", "", "", "", "9", "", "", 1`):                                                   "a login must be",
		login(`"1", "", "", "", 9, "", "", "", 1`):                                                 "a login must be",
		login(`"1", null, "", "", "9", "", "", "", 1`):                                             "a login must be",
		login(`"1", "", "", "", "9", "", "", "", true`):                                            "a login must be",
		login(`"1", "", "", "", "9", "", "", "", 1.0`):                                             "a login must be",
		login(`"1", "", "", "", "9", "", "", "", 2`):                                               "a login must be",
		login(`"1", "", "", "", "9", "", "", "", 1`):                                               "",
		`UPDATE members SET teams = '["x"]', pins = '[]', logins = '[]', permissions = '{}'`:       "",
		`INSERT INTO members (account, first_name, email) VALUES ('acme', 'Ada', 'a@example.com')`: "",
	} {
		s, _ := atWork(t, 2)
		err := tryByHand(t, s, statement)
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", statement, err, want)
		}
	}
}

// nexts compares the members that changes lead to.
var nexts = cmp.Transformer("Next", func(next func() *sync.Member) *sync.Member { return next() })

// The promise: operators may edit tables with any SQLite client, and the next
// plan notices. Every column is edited in turn, rows are added, replaced, moved
// and removed; the plan by seals is the plan of everybody read whole.
func TestEditsByHandBreakSeals(t *testing.T) {
	edits := []string{
		`UPDATE members SET logins = json_insert(logins, '$[#]', json_array('1', '', '', '', '900', '', '', '', 1)) WHERE member_id = 2`,
		`UPDATE members SET logins = json_set(logins, '$[0][6]', 'other') WHERE member_id = 2`,
		`UPDATE members SET logins = '[]' WHERE member_id = 2`,
		`UPDATE members SET logins = json_array(json_array('9', '', '', '', '9', '', '', '', 0), json(logins -> 0)) WHERE member_id = 2`,
		`UPDATE members SET logins = json_array(json(logins -> 0), json(logins -> 0)) WHERE member_id = 2`,
		`UPDATE members SET logins = '[]'; DELETE FROM changes; DELETE FROM members WHERE member_id = 2`,
		`INSERT OR REPLACE INTO members (member_id, account, first_name) VALUES (2, 'acme', 'Replaced')`,
		`UPDATE members SET account = 'beta' WHERE member_id = 2`,
		`UPDATE members SET email = upper(email)`,
		`INSERT INTO members (account, first_name, last_name, email) VALUES ('acme', 'First2', 'Last', 'First2@example.com')`,
		`CREATE TEMP TABLE copy AS SELECT * FROM members WHERE member_id = 2;
		 UPDATE copy SET member_id = 99, rc_user_id = '799', username = 'copy';
		 INSERT INTO members SELECT * FROM copy`,
		`PRAGMA recursive_triggers = 1; UPDATE members SET first_name = 'Ada' WHERE member_id = 2`,
	}
	s := newTestStore(t)
	for _, column := range columnsOf(t, s, "members") {
		value := map[string]string{
			"member_id": `member_id`, "status": `'inactive'`, "managed": `0`, "linked": `0`, "synced": `'{}'`,
			"teams": `'["x"]'`, "categories": `'["x"]'`, "permissions": `'{"agent_login":false}'`,
			"pins": `'[{"field":"site","value":"Bern"}]'`, "admin_ids": `'["9"]'`, "absent_days": `3`, "last_seen_at": `'2026-01-01T00:00:00Z'`, "leaving_since": `'2026-01-01T00:00:00Z'`,
			"seal": `NULL`, "logins": `json_array(json_array('1', '2', '', '4', '9', '6', '7', '8', 1))`,
		}[column]
		if value == "" {
			value = `'by hand'`
		}
		edits = append(edits, `UPDATE members SET `+column+` = `+value+` WHERE member_id = 2`)
	}
	for i := range 8 {
		edits = append(edits, fmt.Sprintf(`UPDATE members SET logins = json_set(logins, '$[0][%d]', 'by hand') WHERE member_id = 2`, i))
	}
	edits = append(edits, `UPDATE members SET logins = json_set(logins, '$[0][8]', 0) WHERE member_id = 2`)
	for _, edit := range edits {
		t.Run(edit, func(t *testing.T) {
			s, snapshot := atWork(t, 4)
			byHand(t, s, `PRAGMA foreign_keys = 0; `+edit)
			want, _ := planOffice(t, s, snapshot, false)
			got, _ := planOffice(t, s, snapshot, true)
			if diff := cmp.Diff(want, got, cmpopts.EquateEmpty(), cmpopts.IgnoreFields(sync.Plan{}, "Seals"), cmpopts.IgnoreUnexported(sync.Change{}), nexts); diff != "" {
				t.Errorf("-read whole +by seals:\n%s", diff)
			}
			// Once it is settled, everybody is sealed again, or is read whole.
			for range 3 {
				apply(t, s, monday, got)
				got, _ = planOffice(t, s, snapshot, true)
			}
			want, _ = planOffice(t, s, snapshot, false)
			if diff := cmp.Diff(want, got, cmpopts.EquateEmpty(), cmpopts.IgnoreFields(sync.Plan{}, "Seals"), cmpopts.IgnoreUnexported(sync.Change{}), nexts); diff != "" {
				t.Errorf("afterwards: -read whole +by seals:\n%s", diff)
			}
		})
	}
}

// A seal that could shift those of others is an error, never somebody else's.
func TestAForgedSealIsNobodyElses(t *testing.T) {
	s, _ := atWork(t, 4)
	byHand(t, s, `DROP TRIGGER hand_updated_members; UPDATE members SET seal = 'x' || char(10) || 'y' WHERE member_id = 2`)
	everybody := func() (n int, err error) {
		for _, err := range s.Members(t.Context(), "acme", func(sync.Sealed) bool { return true }) {
			if err != nil {
				return n, err
			}
			n++
		}
		return n, nil
	}
	if _, err := everybody(); err == nil || !strings.Contains(err.Error(), "SET seal = NULL") {
		t.Errorf("read as if nothing were wrong: %v", err)
	}
	byHand(t, s, `UPDATE members SET seal = NULL`)
	if n, err := everybody(); n != 4 || err != nil {
		t.Errorf("the remedy leaves %d members, %v", n, err)
	}
}

func columnsOf(t *testing.T, s *Store, table string) []string {
	t.Helper()
	columns, err := sqlrows.Collect(sqlrows.Stream(t.Context(), s.db.Reads, scanText, `SELECT name FROM pragma_table_info(?) ORDER BY cid`, table))
	if err != nil || len(columns) == 0 {
		t.Fatal(columns, err)
	}
	return columns
}

// A plan is not carried out over an edit that came after it was made: its seals
// would hide the edit.
func TestAnEditByHandMovesTheRoster(t *testing.T) {
	for _, edit := range []string{
		`UPDATE members SET first_name = 'Ada' WHERE member_id = 2`,
		`UPDATE members SET logins = '[]' WHERE member_id = 2`,
	} {
		s, snapshot := atWork(t, 4)
		p, _ := planOffice(t, s, snapshot, true)
		byHand(t, s, edit)
		run := beginRun(t, s, monday, "acme", sync.Scheduled)
		err := s.Commit(t.Context(), &sync.Commit{Run: run, Account: "acme", FinishedAt: monday, Status: sync.Succeeded, Plan: p})
		if !errors.Is(err, sync.ErrMoved) {
			t.Errorf("%s: %v", edit, err)
		}
	}
}

// Members without a seal, as an upgrade leaves them, get one from the next run.
func TestTheNextRunSealsWhomItFindsUnchanged(t *testing.T) {
	s, snapshot := atWork(t, 2*memberrows.BatchSize+10)
	byHand(t, s, `UPDATE members SET seal = NULL`)
	p, whole := planOffice(t, s, snapshot, true)
	if whole != 2*memberrows.BatchSize+10 || len(p.Seals) != whole || len(p.Changes)+len(p.Marks) > 0 {
		t.Fatalf("%d read whole, %d to seal, %d changes", whole, len(p.Seals), len(p.Changes))
	}
	apply(t, s, monday, p)
	loose := readAlways(2*memberrows.BatchSize + 10)
	if _, whole := planOffice(t, s, snapshot, true); whole != loose {
		t.Errorf("%d read whole", whole)
	}
	t.Run("and reads whole whom the source changes", func(t *testing.T) {
		agents := snapshot.SubAccounts[0].Groups[0].Agents
		agents[3].UserName, agents[memberrows.BatchSize+5].FirstName = "another", "Ada"
		snapshot.SubAccounts[0].Groups[0].Agents = slices.Delete(agents, 7, 8)
		p, whole := planOffice(t, s, snapshot, true)
		if whole != loose+3 || len(p.Changes) != 3 || len(p.Seals) > 0 {
			t.Errorf("%d read whole, %d changes, %d to seal", whole, len(p.Changes), len(p.Seals))
		}
	})
	t.Run("and an account keeps its seals under another name", func(t *testing.T) {
		if err := s.RenameAccount(t.Context(), "acme", "other"); err != nil {
			t.Fatal(err)
		}
		var broken int
		if err := s.db.Reads.QueryRowContext(t.Context(), `SELECT count(*) FROM members WHERE seal IS NULL`).Scan(&broken); err != nil || broken > 0 {
			t.Error(broken, err)
		}
	})
}
