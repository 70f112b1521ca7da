-- What was written twice is written once: the text of an onboarding repeats its
-- member, and what a sync left repeats what the roster holds.

-- +goose Up

-- Who searches for an apostrophe means both.
UPDATE contact_search SET text = replace(text, '’', '''') WHERE instr(text, '’');
INSERT INTO own_hand (id) VALUES (1);
UPDATE members SET search = replace(search, '’', '''') WHERE instr(search, '’');
DELETE FROM own_hand;

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
                    'sub_account_id', sub_account_id, 'sub_account', sub_account,
                    'agent_group_id', agent_group_id, 'agent_group', agent_group,
                    'agent_id', agent_id, 'agent_type', agent_type, 'user_name', user_name,
                    'data_source', data_source, 'active', json(iif(active, 'true', 'false'))))
             FROM (SELECT * FROM logins
                    WHERE member_id = m.member_id ORDER BY sub_account_id, agent_id)))) AS text
  FROM members m;

DROP VIEW roster_changes;

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

DROP TRIGGER members_inserted;
DROP TRIGGER members_updated;
DROP TRIGGER logins_inserted;
DROP TRIGGER logins_updated;
DROP TRIGGER logins_deleted;

-- The guards against other hands are called hand_… now, and are down while the
-- program itself writes members: it takes them out and puts them back in the same
-- transaction, which costs less than asking, for each row, whose hand it is.
DROP TABLE own_hand;

-- This one is enough for the program: it writes logins only behind the INSERT or the
-- UPDATE of their member.
-- +goose StatementBegin
CREATE TRIGGER members_changing BEFORE UPDATE OF member_id, status, managed, rc_user_id, username,
  first_name, last_name, email, role, extension_number, department, job_title, site, data_source,
  activity_id, time_zone, language, teams, categories, permissions, pins ON members
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

-- INSERT OR REPLACE fires no trigger for the row that goes.
-- +goose StatementBegin
CREATE TRIGGER hand_replacing_members BEFORE INSERT ON members
BEGIN
  UPDATE changes SET after = coalesce((SELECT o.text FROM onboarded o WHERE o.member_id = changes.member_id), '')
   WHERE member_id = new.member_id AND after = '' AND kind = 'onboard';
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

-- +goose StatementBegin
CREATE TRIGGER hand_inserting_logins BEFORE INSERT ON logins
BEGIN
  UPDATE changes SET after = coalesce((SELECT o.text FROM onboarded o WHERE o.member_id = changes.member_id), '')
   WHERE member_id = new.member_id AND after = '' AND kind = 'onboard';
  UPDATE members SET seal = NULL WHERE member_id = new.member_id;
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER hand_updating_logins BEFORE UPDATE ON logins
BEGIN
  UPDATE changes SET after = coalesce((SELECT o.text FROM onboarded o WHERE o.member_id = changes.member_id), '')
   WHERE member_id IN (old.member_id, new.member_id) AND after = '' AND kind = 'onboard';
  UPDATE members SET seal = NULL WHERE member_id IN (old.member_id, new.member_id);
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER logins_deleting BEFORE DELETE ON logins
BEGIN
  UPDATE changes SET after = coalesce((SELECT o.text FROM onboarded o WHERE o.member_id = changes.member_id), '')
   WHERE member_id = old.member_id AND after = '' AND kind = 'onboard';
  UPDATE members SET seal = NULL WHERE member_id = old.member_id;
END;
-- +goose StatementEnd
