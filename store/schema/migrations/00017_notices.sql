-- What people are told, and how far each of them has been told it.

-- +goose Up

-- A log: written in the transactions that it tells of, read by each destination from its
-- cursor on.
CREATE TABLE notices (
  seq        INTEGER PRIMARY KEY AUTOINCREMENT, -- what cursors count
  notice_id  TEXT NOT NULL UNIQUE,              -- at random: receivers know a repetition by it
  subject    TEXT NOT NULL UNIQUE,              -- what it tells of: nothing is told twice
  kind       TEXT NOT NULL,
  topic      TEXT NOT NULL,                     -- kinds that make one conversation
  account    TEXT NOT NULL,                     -- '': of no single one
  job        TEXT NOT NULL,
  thread     TEXT NOT NULL,                     -- the notice_id that began the conversation
  goes_on    INTEGER NOT NULL,                  -- 1: the conversation is not over
  only_for   TEXT,                              -- a reminder's destination; NULL: for all
  written_at TEXT NOT NULL,
  facts      TEXT NOT NULL CHECK (json_valid(facts))
) STRICT;

CREATE INDEX notices_topic ON notices (topic, account, job, seq);

-- Who is to be told, one row for each recipient.
CREATE TABLE destinations (
  name          TEXT NOT NULL,
  recipient     TEXT NOT NULL,                  -- an address of mail; '': the destination has one end
  kind          TEXT NOT NULL,                  -- of what: notices
  since         TEXT NOT NULL,                  -- when it came to the settings
  cursor        INTEGER NOT NULL,               -- the last that was delivered, refused or given up
  tries         INTEGER NOT NULL DEFAULT 0,     -- in vain, since something was delivered
  failing_since TEXT,
  next_try      TEXT,                           -- NULL: at once
  delivered_at  TEXT,
  error         TEXT NOT NULL DEFAULT '',       -- of the last try; '': it went well
  PRIMARY KEY (kind, name, recipient)
) STRICT, WITHOUT ROWID;

-- Conflicts that were told of, to know new ones.
CREATE TABLE told_conflicts (
  account   TEXT NOT NULL,
  person    TEXT NOT NULL,
  member_id INTEGER NOT NULL,                   -- 0: none
  reason    TEXT NOT NULL,
  PRIMARY KEY (account, person, member_id, reason)
) STRICT, WITHOUT ROWID;

-- Up to when days and weeks were told of, or had nothing to tell.
CREATE TABLE digests (
  kind    TEXT PRIMARY KEY,                      -- changes or weekly
  through TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX notices_thread ON notices (thread);
