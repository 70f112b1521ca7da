-- Held changes: each of one kind, or of one field, with a life of its own, in place of
-- sets of leavers that were replaced as a whole.

-- +goose Up

-- The open set of an account are its rows in the states waiting, suspect and rejected;
-- the others are history. Their numbers are never used again: requests name them.
CREATE TABLE held_changes (
  held_id      INTEGER PRIMARY KEY AUTOINCREMENT,
  account      TEXT NOT NULL,
  job          TEXT NOT NULL DEFAULT 'members',
  run_id       INTEGER NOT NULL,                 -- the run that first showed it as it is now
  member_id    INTEGER,                          -- NULL: an onboarding, or a contact's
  contact_id   INTEGER,
  person       TEXT NOT NULL DEFAULT '',
  ids          TEXT NOT NULL DEFAULT '[]' CHECK (json_valid(ids)), -- of an onboarding: all keys of the person
  kind         TEXT NOT NULL,
  field        TEXT NOT NULL,
  before       TEXT NOT NULL,
  after        TEXT NOT NULL,
  name         TEXT NOT NULL,
  email        TEXT NOT NULL,
  reason       TEXT NOT NULL,
  detail       TEXT NOT NULL,
  why          TEXT NOT NULL CHECK (json_valid(why)), -- [{"reason": …, "detail": …}, …]
  held_since   TEXT NOT NULL,
  state        TEXT NOT NULL CHECK (state IN ('waiting', 'suspect', 'rejected', 'approved', 'ended')),
  decided_at   TEXT,                             -- NULL: nobody decided
  decided_by   TEXT NOT NULL DEFAULT '',
  on_behalf_of TEXT NOT NULL DEFAULT '',
  note         TEXT NOT NULL DEFAULT '',
  decided_run  INTEGER,
  present_days INTEGER NOT NULL DEFAULT 0,       -- of a rejection: UTC days on which runs saw it needless
  present_on   TEXT NOT NULL DEFAULT '',
  closed_at    TEXT                              -- NULL: open
) STRICT;

CREATE INDEX held_changes_open ON held_changes (account, job) WHERE closed_at IS NULL;
CREATE INDEX held_changes_closed ON held_changes (closed_at) WHERE closed_at IS NOT NULL;
CREATE INDEX held_changes_member ON held_changes (member_id) WHERE member_id IS NOT NULL;
CREATE INDEX held_changes_contact ON held_changes (contact_id) WHERE contact_id IS NOT NULL;

-- The deciding settings of runs that hold leavers since they changed: accepted once all of
-- these are decided (R23).
CREATE TABLE run_settings (
  account  TEXT NOT NULL,
  job      TEXT NOT NULL,
  run_id   INTEGER NOT NULL,
  settings TEXT NOT NULL CHECK (json_valid(settings)), -- as accounts.settings
  PRIMARY KEY (account, job, run_id)
) STRICT, WITHOUT ROWID;

-- What runs did within a window is asked by when they began.
CREATE INDEX runs_started ON runs (account, job, started_at);

-- What waits keeps the number that was shown, and its reasons.
INSERT INTO held_changes (account, job, run_id, member_id, kind, field, before, after, name, email, reason, detail, why, held_since, state)
SELECT h.account, 'members', h.run_id, h.member_id, 'deactivate', 'status', 'active', 'inactive',
       trim(m.first_name || ' ' || m.last_name), m.email, h.reason, h.detail, s.reasons, s.opened_at, 'waiting'
  FROM held_members h
  JOIN held_sets s ON s.account = h.account AND s.run_id = h.run_id
  JOIN members m ON m.member_id = h.member_id
 WHERE s.state = 'open' AND h.state = 'open'
 ORDER BY h.account, h.run_id, h.member_id;

-- Who approved is told by the run that deactivated the member.
INSERT INTO held_changes (account, job, run_id, member_id, kind, field, before, after, name, email, reason, detail, why, held_since, state,
                          decided_at, decided_by, on_behalf_of, note, decided_run, closed_at)
SELECT h.account, 'members', h.run_id, h.member_id, 'deactivate', 'status', 'active', 'inactive',
       trim(m.first_name || ' ' || m.last_name), m.email, h.reason, h.detail, s.reasons, s.opened_at, 'approved',
       coalesce(r.finished_at, s.opened_at), coalesce(r.actor, ''), coalesce(r.on_behalf_of, ''), coalesce(r.note, ''), r.run_id,
       coalesce(r.finished_at, s.opened_at)
  FROM held_members h
  JOIN held_sets s ON s.account = h.account AND s.run_id = h.run_id
  JOIN members m ON m.member_id = h.member_id
  LEFT JOIN runs r ON r.account = h.account AND r.job = 'members' AND r.run_id = (
         SELECT min(c.run_id) FROM changes c JOIN runs a ON a.run_id = c.run_id AND a.account = h.account AND a.job = 'members'
          WHERE c.member_id = h.member_id AND c.kind = 'deactivate' AND a.trigger = 'approve' AND c.run_id > h.run_id)
 WHERE h.state = 'approved'
 ORDER BY h.account, h.run_id, h.member_id;

-- Who rejected is told where one run alone rejected something of the set. A rejection is in
-- force where the member still has it, it is the last, and nothing of the member waits.
INSERT INTO held_changes (account, job, run_id, member_id, kind, field, before, after, name, email, reason, detail, why, held_since, state,
                          decided_at, decided_by, on_behalf_of, note, decided_run, closed_at)
SELECT account, 'members', run_id, member_id, 'deactivate', 'status', 'active', 'inactive',
       name, email, reason, detail, reasons, opened_at, iif(in_force, 'rejected', 'ended'),
       coalesce(finished_at, opened_at), coalesce(actor, ''), coalesce(on_behalf_of, ''), coalesce(note, ''), decided_run,
       iif(in_force, NULL, coalesce(finished_at, opened_at))
  FROM (
    SELECT h.account, h.run_id, h.member_id, h.reason, h.detail, s.reasons, s.opened_at,
           trim(m.first_name || ' ' || m.last_name) AS name, m.email, r.run_id AS decided_run,
           r.finished_at, r.actor, r.on_behalf_of, r.note,
           m.rejected <> ''
             AND NOT EXISTS (SELECT 1 FROM held_members l WHERE l.member_id = h.member_id AND l.state = 'rejected' AND l.run_id > h.run_id)
             AND NOT EXISTS (SELECT 1 FROM held_changes o WHERE o.member_id = h.member_id AND o.state = 'waiting') AS in_force
      FROM held_members h
      JOIN held_sets s ON s.account = h.account AND s.run_id = h.run_id
      JOIN members m ON m.member_id = h.member_id
      LEFT JOIN runs r ON r.account = h.account AND r.job = 'members' AND r.run_id = (
             SELECT iif(count(*) = 1, min(a.run_id), NULL) FROM runs a
              WHERE a.account = h.account AND a.job = 'members' AND a.trigger = 'reject' AND a.status = 'succeeded'
                AND a.run_id > h.run_id AND a.run_id < coalesce(s.superseded_by, a.run_id + 1))
     WHERE h.state = 'rejected')
 ORDER BY account, run_id, member_id;

-- Rejections that no held set tells of came with the undoing of a deactivation.
INSERT INTO held_changes (account, job, run_id, member_id, kind, field, before, after, name, email, reason, detail, why, held_since, state,
                          decided_at, decided_by, on_behalf_of, note, decided_run)
SELECT m.account, 'members', coalesce(r.run_id, 0), m.member_id, 'deactivate', 'status', 'active', 'inactive',
       trim(m.first_name || ' ' || m.last_name), m.email, m.rejected, 'rejected before the upgrade',
       '[{"reason":"undone","detail":"an operator undid this deactivation"}]',
       coalesce(r.finished_at, m.last_seen_at, m.updated_at, m.created_at), 'rejected',
       coalesce(r.finished_at, m.last_seen_at, m.updated_at, m.created_at), coalesce(r.actor, ''), coalesce(r.on_behalf_of, ''),
       coalesce(r.note, ''), r.run_id
  FROM members m
  LEFT JOIN runs r ON r.account = m.account AND r.job = 'members' AND r.run_id = (
         SELECT max(c.run_id) FROM changes c JOIN runs u ON u.run_id = c.run_id AND u.account = m.account AND u.job = 'members'
          WHERE c.member_id = m.member_id AND c.field = 'status' AND c.after = 'active' AND u.trigger = 'undo')
 WHERE m.rejected <> '' AND m.status = 'active'
   AND NOT EXISTS (SELECT 1 FROM held_changes h WHERE h.member_id = m.member_id AND h.closed_at IS NULL)
 ORDER BY m.member_id;

-- Contacts: those that wait, and those whose removal is rejected.
INSERT INTO held_changes (account, job, run_id, contact_id, kind, field, before, after, name, email, reason, detail, why, held_since, state)
SELECT h.account, 'contacts', h.run_id, h.contact_id,
       iif(a.contacts_settings ->> '$."contacts.delete_remaining"' = 0, 'mark', 'remove'), 'status', e.status, 'Removed',
       h.name, h.email, h.reason, h.type, s.reasons, s.opened_at, 'waiting'
  FROM held_contacts h
  JOIN held_sets s ON s.account = h.account AND s.run_id = h.run_id
  JOIN contact_entries e ON e.contact_id = h.contact_id
  LEFT JOIN accounts a ON a.account = h.account
 WHERE s.state = 'open' AND h.state = 'open'
 ORDER BY h.account, h.run_id, h.contact_id;

INSERT INTO held_changes (account, job, run_id, contact_id, kind, field, before, after, name, email, reason, detail, why, held_since, state,
                          decided_at, decided_by, on_behalf_of, note, decided_run)
SELECT e.account, 'contacts', coalesce(h.run_id, 0), e.contact_id,
       iif(a.contacts_settings ->> '$."contacts.delete_remaining"' = 0, 'mark', 'remove'), 'status', e.status, 'Removed',
       coalesce(h.name, nullif(trim(e.first_name || ' ' || e.last_name), ''), nullif(e.name, ''), nullif(e.email, ''), e.rc_id), e.email,
       e.rejected, e.type, coalesce(s.reasons, '[]'), coalesce(s.opened_at, e.updated_at), 'rejected',
       coalesce(r.finished_at, s.opened_at, e.updated_at), coalesce(r.actor, ''), coalesce(r.on_behalf_of, ''), coalesce(r.note, ''), r.run_id
  FROM contact_entries e
  LEFT JOIN held_contacts h ON h.contact_id = e.contact_id AND h.state = 'rejected' AND h.run_id = (
         SELECT max(l.run_id) FROM held_contacts l WHERE l.contact_id = e.contact_id AND l.state = 'rejected')
  LEFT JOIN held_sets s ON s.account = h.account AND s.run_id = h.run_id
  LEFT JOIN runs r ON r.account = h.account AND r.job = 'contacts' AND r.run_id = (
         SELECT iif(count(*) = 1, min(d.run_id), NULL) FROM runs d
          WHERE d.account = h.account AND d.job = 'contacts' AND d.trigger = 'reject' AND d.status = 'succeeded'
            AND d.run_id > h.run_id AND d.run_id < coalesce(s.superseded_by, d.run_id + 1))
  LEFT JOIN accounts a ON a.account = e.account
 WHERE e.rejected <> ''
   AND NOT EXISTS (SELECT 1 FROM held_changes w WHERE w.contact_id = e.contact_id AND w.state = 'waiting')
 ORDER BY e.contact_id;

INSERT INTO run_settings (account, job, run_id, settings)
SELECT s.account, s.job, s.run_id,
       (SELECT json_group_object(v.key, json(v.value)) FROM json_each(coalesce(s.accepted -> '$.Settings', s.accepted -> '$.settings')) v)
  FROM held_sets s
 WHERE s.state = 'open' AND s.accepted <> 'null'
   AND EXISTS (SELECT 1 FROM json_each(s.reasons) r WHERE r.value ->> '$.reason' = 'settings_changed')
   AND EXISTS (SELECT 1 FROM held_changes w WHERE w.account = s.account AND w.job = s.job AND w.run_id = s.run_id AND w.state = 'waiting')
 ORDER BY s.account, s.run_id;

-- Since when a whole run found that the member would leave; NULL: it would not (R21).
ALTER TABLE members ADD COLUMN leaving_since TEXT;
ALTER TABLE contact_entries ADD COLUMN leaving_since TEXT;

-- Nobody is newly absent by an upgrade: of whom this is known, it began before any window
-- of the guard.
UPDATE members
   SET leaving_since = strftime('%Y-%m-%dT%H:%M:%SZ', coalesce(last_seen_at, (
         SELECT min(h.held_since) FROM held_changes h WHERE h.member_id = members.member_id AND h.closed_at IS NULL), 'now'), '-8 days')
 WHERE status = 'active' AND linked = 1 AND managed = 1
   AND (absent_days > 0 OR rejected <> ''
        OR EXISTS (SELECT 1 FROM held_changes h WHERE h.member_id = members.member_id AND h.closed_at IS NULL));

UPDATE contact_entries
   SET leaving_since = strftime('%Y-%m-%dT%H:%M:%SZ', (
         SELECT min(h.held_since) FROM held_changes h WHERE h.contact_id = contact_entries.contact_id AND h.closed_at IS NULL), '-8 days')
 WHERE contact_id IN (SELECT contact_id FROM held_changes WHERE contact_id IS NOT NULL AND closed_at IS NULL);

DROP INDEX members_rejected;
ALTER TABLE members DROP COLUMN rejected;
ALTER TABLE contact_entries DROP COLUMN rejected;
ALTER TABLE accounts DROP COLUMN sub_accounts;
ALTER TABLE accounts DROP COLUMN admins;
DROP TABLE held_members;
DROP TABLE held_contacts;
DROP TABLE held_sets;

-- What requests name is no more.
UPDATE requests SET request = json_remove(request, '$.Approval');

-- Suspects, and what ended by itself, are no operator's business.
CREATE VIEW roster_held AS
SELECT run_id, account, member_id, person, kind, field, before, after, reason, held_since, state AS decision,
       decided_at, decided_by, note, held_id, job, contact_id, name, email, detail, why, on_behalf_of, decided_run
  FROM held_changes
 WHERE state IN ('waiting', 'approved', 'rejected');
