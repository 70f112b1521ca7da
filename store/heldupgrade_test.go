package store

import (
	"database/sql"
	"errors"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"ringroster/store/heldrows"
	"ringroster/sync"
)

// TestUpgradeOfHeldSets: what the fixtures' story has nothing of: contacts, settings that
// wait, decisions that several runs may have made, a rejection that waits anew.
func TestUpgradeOfHeldSets(t *testing.T) {
	s := openCopy(t, filepath.Join("testdata", "v9.sqlite"), `
		UPDATE held_sets SET reasons = '[{"reason":"settings_changed","detail":"scope"}]' WHERE run_id = 6;
		INSERT INTO held_sets (account, run_id, job, state, superseded_by, reasons, accepted, opened_at) VALUES
		  ('demo', 5, 'members', 'superseded', 6, '[]', 'null', '2026-11-01T00:00:00Z'),
		  ('demo', 20, 'contacts', 'open', NULL, '[{"reason":"limit","detail":"3"}]', '{"Settings":{"owner_id":"\"7\""}}', '2026-11-29T00:00:00Z'),
		  ('demo', 19, 'contacts', 'closed', NULL, '[{"reason":"limit","detail":"2"}]', 'null', '2026-11-20T00:00:00Z');
		INSERT INTO held_members (account, run_id, member_id, reason, detail, state) VALUES
		  ('demo', 5, 8, 'removed', 'before', 'rejected'), ('demo', 5, 9, 'removed', 'before', 'rejected'), ('demo', 5, 3, 'removed', 'before', 'open');
		UPDATE members SET rejected = 'removed' WHERE member_id = 9;
		INSERT INTO runs (run_id, account, job, trigger, status, started_at, finished_at, actor, note)
		  VALUES (12, 'demo', 'members', 'reject', 'succeeded', '2026-11-28T20:00:00Z', '2026-11-28T20:00:00Z', 'other', 'as well'),
		         (21, 'demo', 'contacts', 'reject', 'succeeded', '2026-11-28T21:00:00Z', '2026-11-28T21:00:00Z', 'kim', 'they stay');
		INSERT INTO held_contacts (account, run_id, contact_id, name, email, type, reason, state) VALUES
		  ('demo', 20, 1, 'One', 'one@example.com', 'User', 'removed', 'open'), ('demo', 19, 2, 'Two', 'two@example.com', 'User', 'removed', 'rejected');
		UPDATE contact_entries SET rejected = 'removed' WHERE contact_id IN (2, 3);
		UPDATE accounts SET contacts_settings = json_set(contacts_settings, '$."contacts.delete_remaining"', json('false'));
		INSERT INTO requests (request, asked_at, state, error) VALUES ('{"Approval":{"demo":{"Held":6}},"Run":{}}', '2026-11-22T16:00:00Z', 'taken', '')`)
	got := rowsAs(t, s, `SELECT job, run_id, coalesce(member_id, contact_id), kind, state, decided_by, coalesce(decided_run, 0), coalesce(why ->> '$[0].reason', '')
		FROM held_changes WHERE coalesce(member_id, contact_id) < 10 ORDER BY job DESC, coalesce(member_id, contact_id), run_id`)
	want := []string{
		"members|3|4|deactivate|rejected|chief|3|undone",
		"members|6|7|deactivate|approved|chief|7|settings_changed",
		"members|5|8|deactivate|ended||0|",                    // the run before the set that took its place is none that rejected
		"members|6|8|deactivate|rejected||0|settings_changed", // two runs may have
		"members|5|9|deactivate|ended||0|",                    // it waits: that is the question today
		"members|6|9|deactivate|waiting||0|settings_changed",
		"contacts|20|1|mark|waiting||0|limit",
		"contacts|19|2|mark|rejected|kim|21|limit",
		"contacts|0|3|mark|rejected||0|",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("held (-want +got):\n%s", diff)
	}
	checkWhole(t, s)
	if got := rowsAs(t, s, `SELECT contact_id, leaving_since FROM contact_entries WHERE leaving_since IS NOT NULL ORDER BY 1`); len(got) != 3 || got[0] != "1|2026-11-21T00:00:00Z" {
		t.Errorf("contacts leave since %v", got)
	}
	// R23: the settings that wait are accepted once all that waits for them is decided.
	var ids []int64
	state, err := s.State(t.Context(), "demo", monday)
	for _, h := range state.Open {
		if h.State == sync.Waiting {
			ids = append(ids, h.ID)
		}
	}
	byHand(t, s, `UPDATE run_settings SET settings = json_set(settings, '$.deactivate', json('false')); UPDATE accounts SET settings = '{}'`)
	inForce, readErr := heldrows.ParseSettings(sql.NullString{String: rowsAs(t, s, `SELECT settings FROM run_settings ORDER BY run_id DESC LIMIT 1`)[0], Valid: true})
	commit := &sync.Commit{
		Settings: &sync.Accepted{Settings: inForce},
		Run:      beginRun(t, s, monday, "demo", sync.Approve), Account: "demo", FinishedAt: monday, Status: sync.Succeeded,
		Plan: planOf(t, s, "demo"), Settled: &sync.Settled{Decision: sync.Approve, Held: ids},
	}
	if err := errors.Join(err, readErr, s.Commit(t.Context(), commit)); err != nil {
		t.Fatal(err)
	}
	state, err = s.State(t.Context(), "demo", monday)
	if err != nil || state.Accepted["deactivate"] != "false" || state.Accepted["wem_access"] != `{"rule":"listed"}` {
		t.Errorf("accepted are %v, %v", state.Accepted, err)
	}
}

// TestUpgradeEndsTheSettingsOfApprovals: what waited as the settings of an approval is accepted
// by no decision any more (R23).
func TestUpgradeEndsTheSettingsOfApprovals(t *testing.T) {
	s := openCopy(t, filepath.Join("testdata", "v25.sqlite"), `
		INSERT INTO runs (run_id, account, job, trigger, status, started_at)
		  VALUES (90, 'demo', 'members', 'scheduled', 'held', '2026-11-28T20:00:00Z'), (91, 'demo', 'members', 'approve', 'succeeded', '2026-11-28T21:00:00Z');
		INSERT INTO run_settings (account, job, run_id, settings) VALUES ('demo', 'members', 90, '{"deactivate":true}'), ('demo', 'members', 91, '{"deactivate":false}')`)
	want := []string{`90|{"deactivate":true}`, "91|null"}
	if diff := cmp.Diff(want, rowsAs(t, s, `SELECT run_id, settings FROM run_settings WHERE run_id >= 90 ORDER BY 1`)); diff != "" {
		t.Error(diff)
	}
}
