-- What systems elsewhere were given of the roster.

-- +goose Up

-- How what goes to a destination stood when it was delivered last. The try and its errors
-- stand in destinations.
CREATE TABLE published (
  kind        TEXT NOT NULL,                -- of what: roster or contacts; of changes the cursor says it all
  name        TEXT NOT NULL,                -- of the destination
  version     TEXT NOT NULL DEFAULT '',     -- of roster and settings that it was made from; '': none was delivered
  change_id   INTEGER NOT NULL DEFAULT 0,   -- the last change that is in it
  given       BLOB NOT NULL DEFAULT x'',    -- the numbers of its rows, with a hash of each
  given_rows  INTEGER NOT NULL DEFAULT 0,
  restored    INTEGER NOT NULL DEFAULT 0,   -- 1: the roster was restored or copied: given may not be what was delivered last
  held        TEXT NOT NULL DEFAULT '',     -- why the next one waits for an approval; '': it does not
  held_for    TEXT NOT NULL DEFAULT '',     -- the version that would be delivered
  held_since  TEXT,
  held_rows   INTEGER NOT NULL DEFAULT 0,   -- it would have
  leaving     BLOB NOT NULL DEFAULT x'',    -- the numbers of the rows that it would lack
  leaving_rows INTEGER NOT NULL DEFAULT 0,
  approved_by TEXT NOT NULL DEFAULT '',     -- '': nobody has
  approved_at TEXT,
  PRIMARY KEY (kind, name)
) STRICT;

-- How often members were changed by another hand than the program's.
ALTER TABLE accounts ADD COLUMN edits INTEGER NOT NULL DEFAULT 0;

-- Whose changes receivers are told of. A roster that was restored or copied may use numbers
-- of changes again: it has another epoch.
ALTER TABLE numbering ADD COLUMN roster_id TEXT NOT NULL DEFAULT '';
ALTER TABLE numbering ADD COLUMN epoch INTEGER NOT NULL DEFAULT 1;
UPDATE numbering SET roster_id = lower(hex(randomblob(8)));
