package schema

import (
	"strings"

	"ringroster/store/sqlrows"
	"ringroster/store/views"
)

// The views and triggers that name every synced field are made from the tables of fields,
// and made anew at the end of the newest migration: a migration that adds a field is an
// ALTER TABLE. TestUpgrade fails where their text changes without a migration.

// derivedSchema is their SQL.
func derivedSchema() string {
	return `
DROP VIEW roster;
DROP VIEW onboarded;
DROP TRIGGER members_changing;
DROP TRIGGER hand_updated_members;

CREATE VIEW roster AS
SELECT ` + sqlrows.List(views.RosterColumns(), rosterColumn) + `
  FROM members m LEFT JOIN accounts a ON a.account = m.account;

-- A member as the history of its onboarding tells it. The account is called as it
-- is today, as in all of the history.
CREATE VIEW onboarded AS
SELECT m.member_id, json_object(` + sqlrows.List(onboardedTexts, sqlrows.Pair("m.")) + `, ` + sqlrows.List(sqlrows.FieldColumns, sqlrows.Pair("m.")) + `, ` + sqlrows.List(onboardedJSON, func(column string) string {
		return `'` + column + `', json(m.` + column + `)`
	}) + `,
         'logins', json((
           SELECT json_group_array(json_patch(json_object(
                    'sub_account_id', l.value ->> 0, 'sub_account', l.value ->> 1,
                    'agent_group_id', l.value ->> 2, 'agent_group', l.value ->> 3,
                    'agent_id', l.value ->> 4, 'agent_type', l.value ->> 5, 'user_name', l.value ->> 6,
                    'data_source', l.value ->> 7, 'active', json(iif(l.value ->> 8, 'true', 'false'))),
                    iif(json_array_length(l.value) > 9, json_object('supervisor_agent_ids', l.value -> 9), '{}')))
             FROM json_each(m.logins) l))) AS text
  FROM members m;

-- +goose StatementBegin
CREATE TRIGGER members_changing BEFORE UPDATE OF member_id, status, managed, rc_user_id, username,
  activity_id, teams, categories, permissions, pins, logins, ` + sqlrows.List(sqlrows.FieldColumns, sqlrows.Itself) + ` ON members
BEGIN
  UPDATE changes SET after = coalesce((SELECT o.text FROM onboarded o WHERE o.member_id = changes.member_id), '')
   WHERE member_id = old.member_id AND after = '' AND kind = 'onboard';
END;
-- +goose StatementEnd

-- '' in members.synced says what the row holds. Before it says anything else, what it
-- held is written out.
-- +goose StatementBegin
CREATE TRIGGER hand_updated_members AFTER UPDATE ON members
WHEN NOT EXISTS (SELECT 1 FROM own_hand)
BEGIN
  UPDATE members SET synced = json_object('status', old.status, 'rc_user_id', old.rc_user_id, ` + sqlrows.List(sqlrows.FieldColumns, sqlrows.Pair("old.")) + `)
   WHERE member_id = new.member_id AND synced = '' AND old.synced = '';
  UPDATE members SET seal = NULL WHERE member_id = new.member_id AND seal IS NOT NULL;
  UPDATE accounts SET version = version + 1, edits = edits + 1 WHERE account IN (old.account, new.account);
END;
-- +goose StatementEnd
`
}

// What an onboarding tells beside the synced fields.
var (
	onboardedTexts = []string{"account", "status", "managed", "username", "rc_user_id", "activity_id"}
	onboardedJSON  = []string{"teams", "categories", "permissions", "pins"}
)

// rosterColumn is a column of the view: nearly always one of the member's.
func rosterColumn(name string) string {
	switch name {
	case "updated_at", "updated_by":
		created := strings.Replace(name, "updated", "created", 1)
		return `coalesce(m.` + name + `, m.` + created + `) AS ` + name
	case "last_seen_at":
		return `CASE WHEN ` + views.Unseen + ` THEN m.last_seen_at
            ELSE a.last_snapshot_at END AS last_seen_at`
	case views.SupervisorsColumn:
		return `CASE WHEN instr(m.logins, ',1,["') = 0 THEN '[]' ELSE (
           SELECT json_group_array(id)
             FROM (SELECT DISTINCT r.supervisor_member_id AS id FROM reports r WHERE r.member_id = m.member_id ORDER BY 1))
            END AS supervisors`
	}
	return `m.` + name
}
