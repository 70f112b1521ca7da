-- What RingCentral said, beside what `map` made of it.

-- +goose Up

-- Of a change: NULL where `map` did not make before, or after. Of an onboarding,
-- reported_after is an object of the fields of which it did.
ALTER TABLE changes ADD COLUMN reported_before TEXT;
ALTER TABLE changes ADD COLUMN reported_after TEXT;

DROP VIEW roster_changes;
CREATE VIEW roster_changes AS
SELECT c.change_id, c.run_id, c.member_id, m.account, c.kind, c.field, c.before,
       CASE WHEN c.after = '' AND c.kind = 'onboard'
            THEN (SELECT o.text FROM onboarded o WHERE o.member_id = c.member_id)
            ELSE c.after END AS after,
       c.reason, r.actor, r.on_behalf_of, r.note, r.finished_at AS at, c.reported_before, c.reported_after
  FROM changes c
  JOIN members m ON m.member_id = c.member_id
  LEFT JOIN runs r ON r.run_id = c.run_id AND r.account = m.account AND r.job = 'members';

-- members.synced says from now on what the roster was given: of those who have what an
-- entry gives, that is it.
UPDATE members SET synced = json_set(synced, '$.mapped_site', site)
 WHERE synced <> '' AND coalesce(synced ->> '$.site', '') <> site
   AND EXISTS (SELECT 1 FROM accounts a, json_each(a.settings, '$.map') e
                WHERE a.account = members.account AND e.value ->> '$.field' = 'site' AND e.value ->> '$.to' = members.site);
UPDATE members SET synced = json_set(synced, '$.mapped_department', department)
 WHERE synced <> '' AND coalesce(synced ->> '$.department', '') <> department
   AND EXISTS (SELECT 1 FROM accounts a, json_each(a.settings, '$.map') e
                WHERE a.account = members.account AND e.value ->> '$.field' = 'department' AND e.value ->> '$.to' = members.department);
UPDATE members SET synced = json_set(synced, '$.mapped_job_title', job_title)
 WHERE synced <> '' AND coalesce(synced ->> '$.job_title', '') <> job_title
   AND EXISTS (SELECT 1 FROM accounts a, json_each(a.settings, '$.map') e
                WHERE a.account = members.account AND e.value ->> '$.field' = 'job_title' AND e.value ->> '$.to' = members.job_title);
