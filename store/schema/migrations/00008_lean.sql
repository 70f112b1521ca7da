-- Less is written for each member: logins stand in the member's row, a seal needs no
-- index, and what is the same for everybody who came is not said for each. And less is
-- kept of a day on which little is new.

-- +goose Up

DROP VIEW roster;
DROP VIEW roster_logins;
DROP VIEW roster_changes;
DROP VIEW onboarded;

-- Members are made anew, so that the history's references to them must hold at the
-- end only. This goes for the one transaction of the migration.
PRAGMA defer_foreign_keys = 1;

CREATE TABLE members_7 AS
SELECT m.*, (SELECT coalesce(json_group_array(json_array(
               sub_account_id, sub_account, agent_group_id, agent_group,
               agent_id, agent_type, user_name, data_source, active)), '[]')
               FROM (SELECT * FROM logins WHERE member_id = m.member_id ORDER BY sub_account_id, agent_id)) AS logins
  FROM members m ORDER BY member_id;

DROP TABLE logins;
DROP TABLE members;

CREATE TABLE members (
  member_id           INTEGER PRIMARY KEY,
  account             TEXT NOT NULL CHECK (account <> ''),
  -- What a sync leaves behind about somebody of whom nothing else is noted: a digest
  -- of all that a plan looks at, and the names to find them by. NULL: the plan reads
  -- the row. It stands near the row's beginning, where a plan that looks at everybody's
  -- finds it soonest. The program writes it together with the rest; whoever else
  -- touches the row breaks it, and raises the account's version, so that no plan made
  -- from what stood there before is carried out.
  seal                TEXT,
  status              TEXT NOT NULL DEFAULT 'active' CHECK (status IN ('active', 'inactive')),
  managed             INTEGER NOT NULL DEFAULT 1 CHECK (managed IN (0, 1)),
  linked              INTEGER NOT NULL DEFAULT 0 CHECK (linked IN (0, 1)),
  rc_user_id          TEXT NOT NULL DEFAULT '',
  username            TEXT NOT NULL DEFAULT '',
  first_name          TEXT NOT NULL DEFAULT '',
  last_name           TEXT NOT NULL DEFAULT '',
  email               TEXT NOT NULL DEFAULT '',
  role                TEXT NOT NULL DEFAULT '',
  extension_number    TEXT NOT NULL DEFAULT '',
  department          TEXT NOT NULL DEFAULT '',
  job_title           TEXT NOT NULL DEFAULT '',
  site                TEXT NOT NULL DEFAULT '',
  data_source         TEXT NOT NULL DEFAULT '',
  time_zone           TEXT NOT NULL DEFAULT '',  -- IANA name
  language            TEXT NOT NULL DEFAULT '',  -- BCP 47 tag
  activity_id         TEXT NOT NULL DEFAULT '',
  teams               TEXT NOT NULL DEFAULT '[]',
  categories          TEXT NOT NULL DEFAULT '[]',
  permissions         TEXT NOT NULL DEFAULT '{}', -- {}: never given
  pins                TEXT NOT NULL DEFAULT '[]', -- synced fields that an operator holds against the sync
  -- By sub-account id and agent id: [[sub_account_id, sub_account, agent_group_id,
  -- agent_group, agent_id, agent_type, user_name, data_source, active], …].
  logins              TEXT NOT NULL DEFAULT '[]',
  deactivation_reason TEXT NOT NULL DEFAULT '',
  -- What the last sync left, to tell a change of the source from a change by hand;
  -- '': what the row holds.
  synced              TEXT NOT NULL DEFAULT '{}',
  synced_roles        TEXT NOT NULL DEFAULT '',
  synced_logins       TEXT NOT NULL DEFAULT '',
  synced_regional     TEXT NOT NULL DEFAULT '',  -- the extension whose own settings were read; '': none yet
  admin_ids           TEXT NOT NULL DEFAULT '[]',
  absent_days         INTEGER NOT NULL DEFAULT 0,
  absent_on           TEXT NOT NULL DEFAULT '',
  last_seen_at        TEXT,                      -- kept while absent; the view computes it otherwise
  rejected            TEXT NOT NULL DEFAULT '',
  created_at          TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%SZ', 'now')),
  created_by          TEXT NOT NULL DEFAULT 'sql',
  updated_at          TEXT,                      -- NULL, and updated_by: not since it was created
  updated_by          TEXT,
  deactivated_at      TEXT,
  reactivated_at      TEXT,
  search              TEXT                       -- names and numbers, case-folded; NULL: fold when asked
) STRICT;

INSERT INTO members
SELECT member_id, account, seal, status, managed, linked, rc_user_id, username, first_name, last_name, email, role,
       extension_number, department, job_title, site, data_source, time_zone, language, activity_id,
       teams, categories, permissions, pins, logins, deactivation_reason,
       synced, synced_roles, synced_logins, synced_regional, admin_ids, absent_days, absent_on, last_seen_at, rejected,
       created_at, created_by, updated_at, updated_by, deactivated_at, reactivated_at, search
  FROM members_7 ORDER BY member_id;

DROP TABLE members_7;

-- What tells members apart comes first, the account last: that costs least to compare.
CREATE UNIQUE INDEX members_username ON members (username, account) WHERE username <> '';
CREATE UNIQUE INDEX members_rc_user_id ON members (rc_user_id, account) WHERE rc_user_id <> '';
CREATE INDEX members_status ON members (account, status, role);         -- counting must not read the wide rows of all
CREATE INDEX members_rejected ON members (account) WHERE rejected <> '';
CREATE INDEX members_pinned ON members (account) WHERE pins <> '[]';    -- they are few, and `status` asks

-- A linked member that is neither absent nor inactive was in the last snapshot.
CREATE VIEW roster AS
SELECT m.member_id, m.account, m.status, m.role, m.username, m.first_name, m.last_name,
       m.email, m.extension_number, m.activity_id, m.data_source, m.rc_user_id,
       m.department, m.job_title, m.site, m.managed, m.deactivation_reason,
       m.created_at, m.created_by,
       coalesce(m.updated_at, m.created_at) AS updated_at, coalesce(m.updated_by, m.created_by) AS updated_by,
       m.deactivated_at, m.reactivated_at,
       CASE WHEN m.linked = 0 OR m.status = 'inactive' OR m.absent_days > 0 THEN m.last_seen_at
            ELSE a.last_snapshot_at END AS last_seen_at,
       m.absent_days, m.time_zone, m.language, m.teams, m.categories, m.permissions, m.pins
  FROM members m LEFT JOIN accounts a ON a.account = m.account;

CREATE VIEW roster_logins AS
SELECT m.member_id, m.account, l.value ->> 0 AS sub_account_id, l.value ->> 1 AS sub_account,
       l.value ->> 2 AS agent_group_id, l.value ->> 3 AS agent_group,
       l.value ->> 4 AS agent_id, l.value ->> 5 AS agent_type, l.value ->> 6 AS user_name,
       l.value ->> 7 AS data_source, l.value ->> 8 AS active
  FROM members m, json_each(m.logins) l;

-- A member as the history of its onboarding tells it. The account is called as it
-- is today, as in all of the history.
CREATE VIEW onboarded AS
SELECT m.member_id, json_object(
         'account', m.account, 'status', m.status, 'managed', m.managed, 'username', m.username,
         'rc_user_id', m.rc_user_id, 'activity_id', m.activity_id,
         'first_name', m.first_name, 'last_name', m.last_name, 'email', m.email, 'role', m.role,
         'extension_number', m.extension_number, 'department', m.department, 'job_title', m.job_title,
         'site', m.site, 'data_source', m.data_source, 'time_zone', m.time_zone, 'language', m.language,
         'teams', json(m.teams), 'categories', json(m.categories), 'permissions', json(m.permissions),
         'pins', json(m.pins),
         'logins', json((
           SELECT json_group_array(json_object(
                    'sub_account_id', l.value ->> 0, 'sub_account', l.value ->> 1,
                    'agent_group_id', l.value ->> 2, 'agent_group', l.value ->> 3,
                    'agent_id', l.value ->> 4, 'agent_type', l.value ->> 5, 'user_name', l.value ->> 6,
                    'data_source', l.value ->> 7, 'active', json(iif(l.value ->> 8, 'true', 'false'))))
             FROM json_each(m.logins) l))) AS text
  FROM members m;

-- '' after an onboarding: the member as it stands. The text is written out before
-- anything in it changes, by the triggers below.
CREATE VIEW roster_changes AS
SELECT c.change_id, c.run_id, c.member_id, m.account, c.kind, c.field, c.before,
       CASE WHEN c.after = '' AND c.kind = 'onboard'
            THEN (SELECT o.text FROM onboarded o WHERE o.member_id = c.member_id)
            ELSE c.after END AS after,
       c.reason, r.actor, r.on_behalf_of, r.note, r.finished_at AS at
  FROM changes c
  JOIN members m ON m.member_id = c.member_id
  LEFT JOIN runs r ON r.run_id = c.run_id AND r.account = m.account AND r.job = 'members';

-- Folding beyond ASCII needs the program, so a change made by hand only drops
-- the folded text. The program writes text and fields together.
-- +goose StatementBegin
CREATE TRIGGER members_search AFTER UPDATE OF first_name, last_name, email, username, extension_number ON members
WHEN new.search IS old.search
 AND (new.first_name, new.last_name, new.email, new.username, new.extension_number)
     IS NOT (old.first_name, old.last_name, old.email, old.username, old.extension_number)
BEGIN
  UPDATE members SET search = NULL WHERE member_id = new.member_id;
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER members_changing BEFORE UPDATE OF member_id, status, managed, rc_user_id, username,
  first_name, last_name, email, role, extension_number, department, job_title, site, data_source,
  activity_id, time_zone, language, teams, categories, permissions, pins, logins ON members
BEGIN
  UPDATE changes SET after = coalesce((SELECT o.text FROM onboarded o WHERE o.member_id = changes.member_id), '')
   WHERE member_id = old.member_id AND after = '' AND kind = 'onboard';
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER members_deleting BEFORE DELETE ON members
BEGIN
  UPDATE changes SET after = coalesce((SELECT o.text FROM onboarded o WHERE o.member_id = changes.member_id), '')
   WHERE member_id = old.member_id AND after = '' AND kind = 'onboard';
END;
-- +goose StatementEnd

-- The guards against other hands are called hand_…, and are down while the program
-- itself writes members: it takes them out and puts them back in the same transaction.

-- INSERT OR REPLACE fires no trigger for the row that goes.
-- +goose StatementBegin
CREATE TRIGGER hand_replacing_members BEFORE INSERT ON members
BEGIN
  UPDATE changes SET after = coalesce((SELECT o.text FROM onboarded o WHERE o.member_id = changes.member_id), '')
   WHERE member_id = new.member_id AND after = '' AND kind = 'onboard';
END;
-- +goose StatementEnd

-- What holds lists must hold them.
-- +goose StatementBegin
CREATE TRIGGER hand_filling_members BEFORE INSERT ON members
BEGIN
  SELECT RAISE(ABORT, 'teams, categories and permissions must be JSON')
   WHERE NOT (json_valid(new.teams) AND json_valid(new.categories) AND json_valid(new.permissions));
  SELECT RAISE(ABORT, 'pins must be a JSON array of objects')
   WHERE NOT json_valid(new.pins) OR json_type(new.pins) <> 'array'
      OR EXISTS (SELECT 1 FROM json_each(new.pins) WHERE type <> 'object');
  SELECT RAISE(ABORT, 'logins must be a JSON array of logins')
   WHERE NOT json_valid(new.logins) OR json_type(new.logins) <> 'array';
  SELECT RAISE(ABORT, 'a login must be an array of eight texts and 0 or 1')
    FROM json_each(new.logins) l
   WHERE l.type <> 'array' OR json_array_length(l.value) <> 9
      OR EXISTS (SELECT 1 FROM json_each(iif(l.type = 'array', l.value, '[]')) v
                  WHERE iif(v.key < 8, v.type <> 'text', v.type <> 'integer' OR v.value NOT IN (0, 1)));
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER hand_editing_members BEFORE UPDATE OF teams, categories, permissions, pins, logins ON members
BEGIN
  SELECT RAISE(ABORT, 'teams, categories and permissions must be JSON')
   WHERE NOT (json_valid(new.teams) AND json_valid(new.categories) AND json_valid(new.permissions));
  SELECT RAISE(ABORT, 'pins must be a JSON array of objects')
   WHERE NOT json_valid(new.pins) OR json_type(new.pins) <> 'array'
      OR EXISTS (SELECT 1 FROM json_each(new.pins) WHERE type <> 'object');
  SELECT RAISE(ABORT, 'logins must be a JSON array of logins')
   WHERE NOT json_valid(new.logins) OR json_type(new.logins) <> 'array';
  SELECT RAISE(ABORT, 'a login must be an array of eight texts and 0 or 1')
    FROM json_each(new.logins) l
   WHERE l.type <> 'array' OR json_array_length(l.value) <> 9
      OR EXISTS (SELECT 1 FROM json_each(iif(l.type = 'array', l.value, '[]')) v
                  WHERE iif(v.key < 8, v.type <> 'text', v.type <> 'integer' OR v.value NOT IN (0, 1)));
END;
-- +goose StatementEnd

-- A row put in by hand counts as edited by hand.
-- +goose StatementBegin
CREATE TRIGGER hand_inserted_members AFTER INSERT ON members
BEGIN
  UPDATE members SET seal = NULL WHERE member_id = new.member_id;
END;
-- +goose StatementEnd

-- '' in members.synced says what the row holds. Before it says anything else, what it
-- held is written out.
-- +goose StatementBegin
CREATE TRIGGER hand_updated_members AFTER UPDATE ON members
BEGIN
  UPDATE members SET synced = json_object(
           'status', old.status, 'rc_user_id', old.rc_user_id,
           'first_name', old.first_name, 'last_name', old.last_name, 'email', old.email, 'role', old.role,
           'extension_number', old.extension_number, 'department', old.department, 'job_title', old.job_title,
           'site', old.site, 'data_source', old.data_source, 'time_zone', old.time_zone, 'language', old.language)
   WHERE member_id = new.member_id AND synced = '' AND old.synced = '';
  UPDATE members SET seal = NULL WHERE member_id = new.member_id AND seal IS NOT NULL;
  UPDATE accounts SET version = version + 1 WHERE account IN (old.account, new.account);
END;
-- +goose StatementEnd

CREATE TABLE pieces_7 AS SELECT * FROM snapshot_pieces ORDER BY piece_id;

DROP TABLE snapshot_pieces;

CREATE TABLE snapshot_pieces (
  piece_id INTEGER PRIMARY KEY,
  account  TEXT NOT NULL,
  name     TEXT NOT NULL,
  -- Of a whole list: which it is, and a mark for each of its records. What a later run
  -- keeps of the same list is this piece and what to change in it.
  list     TEXT NOT NULL DEFAULT '',
  marks    BLOB,
  data     BLOB NOT NULL                         -- last, since whoever looks for the others must not read it
) STRICT;

INSERT INTO snapshot_pieces (piece_id, account, name, data)
SELECT piece_id, account, name, data FROM pieces_7 ORDER BY piece_id;

DROP TABLE pieces_7;

CREATE UNIQUE INDEX snapshot_pieces_name ON snapshot_pieces (account, name);
