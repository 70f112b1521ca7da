-- As what somebody would come in, or back, belongs to what is asked. Until now only the detail
-- said it. '': held before this, or nobody comes in by it.

-- +goose Up

ALTER TABLE held_changes ADD COLUMN role TEXT NOT NULL DEFAULT '';

DROP VIEW roster_held;
CREATE VIEW roster_held AS
SELECT run_id, account, member_id, person, kind, field, before, after, reason, held_since, state AS decision,
       decided_at, decided_by, note, held_id, job, contact_id, name, email, detail, why, on_behalf_of, decided_run,
       source ->> '$.actor' AS source_actor, source ->> '$.at' AS source_at, source, role
  FROM held_changes
 WHERE state IN ('waiting', 'approved', 'rejected');

-- No number of an approval accepts settings (R23).
UPDATE run_settings SET settings = 'null'
 WHERE EXISTS (SELECT 1 FROM runs r
                WHERE r.run_id = run_settings.run_id AND r.account = run_settings.account AND r.job = run_settings.job AND r.trigger = 'approve');
