-- The roster, its history and its runs.
--
-- Conventions: text is '' when there is nothing to say; a time is RFC 3339 in
-- UTC with seconds ('2006-01-02T15:04:05Z', so that it sorts as text), and NULL
-- while it has not come. Tables are ours to change; the views are the contract.
--
-- A member can be made by hand: account, first_name, last_name and email are
-- enough. The next sync links it by e-mail.

-- +goose Up

PRAGMA application_id = 1381123138; -- "RRDB": tells our files from other programs' databases

-- One row per account that had a successful run.
CREATE TABLE accounts (
  account            TEXT PRIMARY KEY,
  version            INTEGER NOT NULL DEFAULT 0,
  main_account_id    TEXT NOT NULL DEFAULT '',
  ringex_account_id  TEXT NOT NULL DEFAULT '',
  owner_id           TEXT NOT NULL DEFAULT '',
  settings           TEXT CHECK (json_valid(settings)),      -- NULL: none accepted yet
  sub_accounts       TEXT NOT NULL DEFAULT '[]' CHECK (json_valid(sub_accounts)),
  admins             INTEGER NOT NULL DEFAULT 0,
  last_snapshot_at   TEXT
) STRICT, WITHOUT ROWID;

-- Two names for one main account would fight over its people.
CREATE UNIQUE INDEX accounts_main ON accounts (main_account_id) WHERE main_account_id <> '';

CREATE TABLE members (
  member_id           INTEGER PRIMARY KEY,
  account             TEXT NOT NULL CHECK (account <> ''),
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
  activity_id         TEXT NOT NULL DEFAULT '',
  deactivation_reason TEXT NOT NULL DEFAULT '',
  -- What the last sync left, to tell a change of the source from a change by hand.
  synced              TEXT NOT NULL DEFAULT '{}',
  synced_roles        TEXT NOT NULL DEFAULT '',
  synced_logins       TEXT NOT NULL DEFAULT '',
  admin_ids           TEXT NOT NULL DEFAULT '[]',
  absent_days         INTEGER NOT NULL DEFAULT 0,
  absent_on           TEXT NOT NULL DEFAULT '',
  last_seen_at        TEXT,              -- kept while absent; the view computes it otherwise
  rejected            TEXT NOT NULL DEFAULT '',
  created_at          TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%SZ', 'now')),
  created_by          TEXT NOT NULL DEFAULT 'sql',
  updated_at          TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%SZ', 'now')),
  updated_by          TEXT NOT NULL DEFAULT 'sql',
  deactivated_at      TEXT,
  reactivated_at      TEXT,
  search              TEXT               -- names and numbers, case-folded; NULL: fold when asked
) STRICT;

CREATE UNIQUE INDEX members_username ON members (account, username) WHERE username <> '';
CREATE UNIQUE INDEX members_rc_user_id ON members (account, rc_user_id) WHERE rc_user_id <> '';

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

CREATE TABLE logins (
  member_id      INTEGER NOT NULL REFERENCES members (member_id),
  sub_account_id TEXT NOT NULL,
  agent_id       TEXT NOT NULL,
  sub_account    TEXT NOT NULL DEFAULT '',
  agent_group_id TEXT NOT NULL DEFAULT '',
  agent_group    TEXT NOT NULL DEFAULT '',
  agent_type     TEXT NOT NULL DEFAULT '',
  user_name      TEXT NOT NULL DEFAULT '',
  data_source    TEXT NOT NULL DEFAULT '',
  active         INTEGER NOT NULL DEFAULT 1 CHECK (active IN (0, 1)),
  PRIMARY KEY (member_id, sub_account_id, agent_id)
) STRICT, WITHOUT ROWID;

-- One row per run and account; one run_id covers all accounts of a run.
CREATE TABLE runs (
  run_id       INTEGER NOT NULL,
  account      TEXT NOT NULL,
  job          TEXT NOT NULL DEFAULT 'members',
  trigger      TEXT NOT NULL,
  status       TEXT NOT NULL CHECK (status IN ('running', 'succeeded', 'held', 'failed')),
  held_reasons TEXT NOT NULL DEFAULT '[]' CHECK (json_valid(held_reasons)),
  started_at   TEXT NOT NULL,
  finished_at  TEXT,
  full         INTEGER NOT NULL DEFAULT 0 CHECK (full IN (0, 1)),
  people       INTEGER NOT NULL DEFAULT 0,
  unchanged    INTEGER NOT NULL DEFAULT 0,
  onboarded    INTEGER NOT NULL DEFAULT 0,
  linked       INTEGER NOT NULL DEFAULT 0,
  updated      INTEGER NOT NULL DEFAULT 0,
  reactivated  INTEGER NOT NULL DEFAULT 0,
  deactivated  INTEGER NOT NULL DEFAULT 0,
  held         INTEGER NOT NULL DEFAULT 0,
  conflicts    INTEGER NOT NULL DEFAULT 0,
  api_calls    INTEGER NOT NULL DEFAULT 0,
  actor        TEXT NOT NULL DEFAULT '',
  on_behalf_of TEXT NOT NULL DEFAULT '',
  note         TEXT NOT NULL DEFAULT '',
  version      TEXT NOT NULL DEFAULT '',
  error        TEXT NOT NULL DEFAULT '',
  PRIMARY KEY (run_id, account, job)
) STRICT, WITHOUT ROWID;

-- What happened to whom. Account, author and time stand in members and runs.
CREATE TABLE changes (
  change_id INTEGER PRIMARY KEY,
  run_id    INTEGER NOT NULL,
  member_id INTEGER NOT NULL REFERENCES members (member_id),
  kind      TEXT NOT NULL,
  field     TEXT,                         -- NULL: onboard
  before    TEXT,                         -- NULL: onboard
  after     TEXT NOT NULL,
  reason    TEXT NOT NULL
) STRICT;

CREATE INDEX changes_member ON changes (member_id);
CREATE INDEX changes_run ON changes (run_id);

-- Leavers waiting for an operator: at most one open set per account.
CREATE TABLE held_sets (
  account       TEXT NOT NULL,
  run_id        INTEGER NOT NULL,
  state         TEXT NOT NULL CHECK (state IN ('open', 'closed', 'superseded')),
  superseded_by INTEGER,                  -- the run whose set took its place
  reasons       TEXT NOT NULL CHECK (json_valid(reasons)),
  accepted      TEXT NOT NULL DEFAULT 'null' CHECK (json_valid(accepted)), -- what deciding about all of it accepts
  opened_at     TEXT NOT NULL,
  PRIMARY KEY (account, run_id)
) STRICT, WITHOUT ROWID;

CREATE UNIQUE INDEX held_sets_open ON held_sets (account) WHERE state = 'open';

CREATE TABLE held_members (
  account   TEXT NOT NULL,
  run_id    INTEGER NOT NULL,
  member_id INTEGER NOT NULL REFERENCES members (member_id),
  reason    TEXT NOT NULL,
  detail    TEXT NOT NULL,
  state     TEXT NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'approved', 'rejected')),
  PRIMARY KEY (account, run_id, member_id),
  FOREIGN KEY (account, run_id) REFERENCES held_sets (account, run_id)
) STRICT, WITHOUT ROWID;

-- What operators asked a running service to do.
CREATE TABLE requests (
  request_id INTEGER PRIMARY KEY,
  request    TEXT NOT NULL CHECK (json_valid(request)),
  asked_at   TEXT NOT NULL,
  state      TEXT NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'taken', 'done', 'failed')),
  run_id     INTEGER,
  error      TEXT NOT NULL DEFAULT ''
) STRICT;

-- What the last full runs of an account were decided from: snapshot, settings
-- and members, as gzip of JSON lines. snapshots.keep says how many.
CREATE TABLE snapshots (
  account  TEXT NOT NULL,
  run_id   INTEGER NOT NULL,
  taken_at TEXT NOT NULL,
  data     BLOB NOT NULL,
  PRIMARY KEY (account, run_id)
) STRICT;

-- Who holds the lock, for people to read: the lock itself is on a file.
CREATE TABLE lock_holder (
  id    INTEGER PRIMARY KEY CHECK (id = 1),
  pid   INTEGER NOT NULL,
  host  TEXT NOT NULL,
  since TEXT NOT NULL
) STRICT;

-- A linked member that is neither absent nor inactive was in the last snapshot.
CREATE VIEW roster AS
SELECT m.member_id, m.account, m.status, m.role, m.username, m.first_name, m.last_name,
       m.email, m.extension_number, m.activity_id, m.data_source, m.rc_user_id,
       m.department, m.job_title, m.site, m.managed, m.deactivation_reason,
       m.created_at, m.created_by, m.updated_at, m.updated_by,
       m.deactivated_at, m.reactivated_at,
       CASE WHEN m.linked = 0 OR m.status = 'inactive' OR m.absent_days > 0 THEN m.last_seen_at
            ELSE a.last_snapshot_at END AS last_seen_at,
       m.absent_days
  FROM members m LEFT JOIN accounts a ON a.account = m.account;

CREATE VIEW roster_logins AS
SELECT l.member_id, m.account, l.sub_account_id, l.sub_account, l.agent_group_id,
       l.agent_group, l.agent_id, l.agent_type, l.user_name, l.data_source, l.active
  FROM logins l JOIN members m ON m.member_id = l.member_id;

CREATE VIEW roster_changes AS
SELECT c.change_id, c.run_id, c.member_id, m.account, c.kind, c.field, c.before, c.after,
       c.reason, r.actor, r.on_behalf_of, r.note, r.finished_at AS at
  FROM changes c
  JOIN members m ON m.member_id = c.member_id
  LEFT JOIN runs r ON r.run_id = c.run_id AND r.account = m.account AND r.job = 'members';

CREATE VIEW roster_runs AS
SELECT run_id, account, job, trigger, status, held_reasons, started_at, finished_at,
       people, unchanged, onboarded, linked, updated, reactivated, deactivated, held,
       conflicts, api_calls, actor, version, error
  FROM runs;
