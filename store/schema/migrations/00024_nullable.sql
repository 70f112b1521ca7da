-- In SQLite before 3.45 json_valid(NULL) is 0 and not NULL: its integrity_check says of every
-- NULL in a column that is checked by json_valid alone that the check failed. These columns are
-- made anew, with checks that say what is meant.

-- +goose Up

DROP VIEW roster_held;

ALTER TABLE held_changes ADD COLUMN source_new TEXT CHECK (source_new IS NULL OR json_valid(source_new));
UPDATE held_changes SET source_new = source WHERE source IS NOT NULL;
ALTER TABLE held_changes DROP COLUMN source;
ALTER TABLE held_changes RENAME COLUMN source_new TO source;

CREATE VIEW roster_held AS
SELECT run_id, account, member_id, person, kind, field, before, after, reason, held_since, state AS decision,
       decided_at, decided_by, note, held_id, job, contact_id, name, email, detail, why, on_behalf_of, decided_run,
       source ->> '$.actor' AS source_actor, source ->> '$.at' AS source_at, source
  FROM held_changes
 WHERE state IN ('waiting', 'approved', 'rejected');

ALTER TABLE accounts ADD COLUMN settings_new TEXT CHECK (settings_new IS NULL OR json_valid(settings_new));
UPDATE accounts SET settings_new = settings WHERE settings IS NOT NULL;
ALTER TABLE accounts DROP COLUMN settings;
ALTER TABLE accounts RENAME COLUMN settings_new TO settings;

ALTER TABLE accounts ADD COLUMN ended_new TEXT CHECK (ended_new IS NULL OR json_valid(ended_new));
UPDATE accounts SET ended_new = ended_extensions WHERE ended_extensions IS NOT NULL;
ALTER TABLE accounts DROP COLUMN ended_extensions;
ALTER TABLE accounts RENAME COLUMN ended_new TO ended_extensions;
