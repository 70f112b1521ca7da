-- The corporate contacts, beside the members and independent of them.

-- +goose Up

-- What is known of an account's contacts beside themselves; whose ids the account
-- is bound to is said once.
ALTER TABLE accounts ADD COLUMN contacts_version INTEGER NOT NULL DEFAULT 0;
-- NULL: none accepted yet, which to older sqlite3 programs is no JSON.
ALTER TABLE accounts ADD COLUMN contacts_settings TEXT CHECK (contacts_settings IS NULL OR json_valid(contacts_settings));
ALTER TABLE accounts ADD COLUMN contacts_snapshot_at TEXT;

-- Rows go away here, and here alone. Their numbers are never given again, since
-- the history outlives them.
CREATE TABLE contact_entries (
  contact_id       INTEGER PRIMARY KEY AUTOINCREMENT,
  account          TEXT NOT NULL CHECK (account <> ''),
  rc_id            TEXT NOT NULL CHECK (rc_id <> ''),
  type             TEXT NOT NULL DEFAULT '',
  status           TEXT NOT NULL DEFAULT '',      -- RingCentral's, or 'Removed': kept, and no longer listed
  first_name       TEXT NOT NULL DEFAULT '',
  last_name        TEXT NOT NULL DEFAULT '',
  name             TEXT NOT NULL DEFAULT '',
  email            TEXT NOT NULL DEFAULT '',
  extension_number TEXT NOT NULL DEFAULT '',
  phone_numbers    TEXT NOT NULL DEFAULT '[]' CHECK (json_valid(phone_numbers)),
  department       TEXT NOT NULL DEFAULT '',
  job_title        TEXT NOT NULL DEFAULT '',
  site             TEXT NOT NULL DEFAULT '',
  rejected         TEXT NOT NULL DEFAULT '',
  updated_at       TEXT NOT NULL
) STRICT;

CREATE UNIQUE INDEX contact_entries_rc_id ON contact_entries (account, rc_id);

-- What a search looks through: folded text, in rows of its own, so that looking at
-- all of them reads little.
CREATE TABLE contact_search (
  contact_id INTEGER PRIMARY KEY REFERENCES contact_entries (contact_id) ON DELETE CASCADE,
  text       TEXT NOT NULL
) STRICT;

-- What happened to which contact. A removed one has its last values in before.
CREATE TABLE contact_history (
  change_id  INTEGER PRIMARY KEY,
  run_id     INTEGER NOT NULL,
  contact_id INTEGER NOT NULL,
  account    TEXT NOT NULL,
  rc_id      TEXT NOT NULL,
  name       TEXT NOT NULL,
  kind       TEXT NOT NULL,
  field      TEXT,                                -- NULL: add, remove
  before     TEXT,                                -- NULL: add
  after      TEXT,                                -- NULL: remove
  reason     TEXT NOT NULL
) STRICT;

CREATE INDEX contact_history_contact ON contact_history (contact_id);
CREATE INDEX contact_history_run ON contact_history (run_id);

-- A held set is of leavers or of contacts, and an account may have one of each.
ALTER TABLE held_sets ADD COLUMN job TEXT NOT NULL DEFAULT 'members';
DROP INDEX held_sets_open;
CREATE UNIQUE INDEX held_sets_open ON held_sets (account, job) WHERE state = 'open';

CREATE TABLE held_contacts (
  account    TEXT NOT NULL,
  run_id     INTEGER NOT NULL,
  contact_id INTEGER NOT NULL,                    -- gone, once it was approved
  name       TEXT NOT NULL,
  email      TEXT NOT NULL,
  type       TEXT NOT NULL,
  reason     TEXT NOT NULL,
  state      TEXT NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'approved', 'rejected')),
  PRIMARY KEY (account, run_id, contact_id),
  FOREIGN KEY (account, run_id) REFERENCES held_sets (account, run_id)
) STRICT, WITHOUT ROWID;

CREATE VIEW contacts AS
SELECT contact_id, account, rc_id, type, status, first_name, last_name, name, email,
       extension_number, phone_numbers, department, job_title, site, updated_at
  FROM contact_entries;

CREATE VIEW contact_changes AS
SELECT c.change_id, c.run_id, c.contact_id, c.account, c.rc_id, c.name, c.kind, c.field,
       c.before, c.after, c.reason, r.actor, r.on_behalf_of, r.note, r.finished_at AS at
  FROM contact_history c
  LEFT JOIN runs r ON r.run_id = c.run_id AND r.account = c.account; -- of contacts, or of who was forgotten
