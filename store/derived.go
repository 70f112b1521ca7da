package store

import (
	"bytes"
	"io/fs"
	"reflect"
	"strings"

	"ringroster/sync"
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
SELECT ` + list(RosterColumns(), rosterColumn) + `
  FROM members m LEFT JOIN accounts a ON a.account = m.account;

-- A member as the history of its onboarding tells it. The account is called as it
-- is today, as in all of the history.
CREATE VIEW onboarded AS
SELECT m.member_id, json_object(` + list(onboardedTexts, pair("m.")) + `, ` + list(fieldColumns, pair("m.")) + `, ` + list(onboardedJSON, func(column string) string {
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
  activity_id, teams, categories, permissions, pins, logins, ` + list(fieldColumns, itself) + ` ON members
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
  UPDATE members SET synced = json_object('status', old.status, 'rc_user_id', old.rc_user_id, ` + list(fieldColumns, pair("old.")) + `)
   WHERE member_id = new.member_id AND synced = '' AND old.synced = '';
  UPDATE members SET seal = NULL WHERE member_id = new.member_id AND seal IS NOT NULL;
  UPDATE accounts SET version = version + 1, edits = edits + 1 WHERE account IN (old.account, new.account);
END;
-- +goose StatementEnd
`
}

// fieldColumns are the columns of the synced fields.
var fieldColumns = columnNames(sync.Fields()...)

// plainFields are the synced fields whose columns no index has.
var (
	plainFields       = fieldsWithout(sync.Role)
	plainFieldColumns = columnNames(plainFields...)
)

// What an onboarding tells beside the synced fields.
var (
	onboardedTexts = []string{"account", "status", "managed", "username", "rc_user_id", "activity_id"}
	onboardedJSON  = []string{"teams", "categories", "permissions", "pins"}
)

// rosterColumns are the columns of the view roster, in their order.
var rosterColumns = func() (names []string) {
	for f := range reflect.TypeFor[RosterRow]().Fields() {
		names = append(names, f.Tag.Get("json"))
	}
	return names
}()

// supervisorsColumn is the one column that is worked out of others' rows.
const supervisorsColumn = "supervisors"

// unseen says of a row m of members that it was not in the last snapshot: a linked member
// that is neither absent nor inactive was.
const unseen = `m.linked = 0 OR m.status = 'inactive' OR m.absent_days > 0`

// rosterColumn is a column of the view: nearly always one of the member's.
func rosterColumn(name string) string {
	switch name {
	case "updated_at", "updated_by":
		created := strings.Replace(name, "updated", "created", 1)
		return `coalesce(m.` + name + `, m.` + created + `) AS ` + name
	case "last_seen_at":
		return `CASE WHEN ` + unseen + ` THEN m.last_seen_at
            ELSE a.last_snapshot_at END AS last_seen_at`
	case supervisorsColumn:
		return `CASE WHEN instr(m.logins, ',1,["') = 0 THEN '[]' ELSE (
           SELECT json_group_array(id)
             FROM (SELECT DISTINCT r.supervisor_member_id AS id FROM reports r WHERE r.member_id = m.member_id ORDER BY 1))
            END AS supervisors`
	}
	return `m.` + name
}

// columnNames are the columns of synced fields.
func columnNames(fields ...sync.Field) []string {
	names := make([]string, len(fields))
	for i, f := range fields {
		names[i] = f.String()
	}
	return names
}

// fieldsWithout are all synced fields but some.
func fieldsWithout(fields ...sync.Field) (others []sync.Field) {
	without := sync.FieldSet(0).With(fields...)
	for _, f := range sync.Fields() {
		if !without.Has(f) {
			others = append(others, f)
		}
	}
	return others
}

// list joins what each of some columns comes to with commas.
func list(columns []string, each func(string) string) string {
	texts := make([]string, len(columns))
	for i, column := range columns {
		texts[i] = each(column)
	}
	return strings.Join(texts, ", ")
}

// itself is a column by its name, for list.
func itself(column string) string { return column }

// assigned is a column in an UPDATE that is given its value.
func assigned(column string) string { return column + ` = ?` }

// value is where an INSERT is given the value of a column.
func value(string) string { return `?` }

// pair is a column's name and value, for json_object.
func pair(row string) func(string) string {
	return func(column string) string { return `'` + column + `', ` + row + column }
}

// withDerived are migrations of which the newest makes what is derived anew.
func withDerived(files fs.FS) (fs.FS, error) {
	names, err := fs.Glob(files, "*.sql")
	if err != nil || len(names) == 0 {
		return files, err
	}
	newest := names[len(names)-1]
	text, err := fs.ReadFile(files, newest)
	return &extended{files, newest, append(text, derivedSchema()...)}, err
}

// extended are files of which one has another text.
type extended struct {
	fs.FS
	name string
	text []byte
}

// Open opens a file.
func (e *extended) Open(name string) (fs.File, error) {
	f, err := e.FS.Open(name)
	if err == nil && name == e.name {
		f = &extendedFile{f, bytes.NewReader(e.text)}
	}
	return f, err
}

// extendedFile is read from another text than its own.
type extendedFile struct {
	fs.File
	text *bytes.Reader
}

// Read reads the other text.
func (f *extendedFile) Read(into []byte) (int, error) { return f.text.Read(into) }
