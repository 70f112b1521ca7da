-- Who did at RingCentral what a change follows, as far as its logs told.

-- +goose Up

-- JSON: the log, when, the actor's id, e-mail and name, what they did and how the log calls
-- it; NULL: not known, or not asked.
ALTER TABLE changes ADD COLUMN source TEXT;
ALTER TABLE held_changes ADD COLUMN source TEXT CHECK (json_valid(source));

DROP VIEW roster_changes;
CREATE VIEW roster_changes AS
SELECT c.change_id, c.run_id, c.member_id, m.account, c.kind, c.field, c.before,
       CASE WHEN c.after = '' AND c.kind = 'onboard'
            THEN (SELECT o.text FROM onboarded o WHERE o.member_id = c.member_id)
            ELSE c.after END AS after,
       c.reason, r.actor, r.on_behalf_of, r.note, r.finished_at AS at, c.reported_before, c.reported_after,
       c.source ->> '$.actor' AS source_actor, c.source ->> '$.at' AS source_at, c.source
  FROM changes c
  JOIN members m ON m.member_id = c.member_id
  LEFT JOIN runs r ON r.run_id = c.run_id AND r.account = m.account AND r.job = 'members';

DROP VIEW roster_held;
CREATE VIEW roster_held AS
SELECT run_id, account, member_id, person, kind, field, before, after, reason, held_since, state AS decision,
       decided_at, decided_by, note, held_id, job, contact_id, name, email, detail, why, on_behalf_of, decided_run,
       source ->> '$.actor' AS source_actor, source ->> '$.at' AS source_at, source
  FROM held_changes
 WHERE state IN ('waiting', 'approved', 'rejected');
