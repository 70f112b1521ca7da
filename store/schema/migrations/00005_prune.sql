-- What is gone of the history (history.keep_days), and what counts members.

-- +goose Up

-- 1: some of its changes are gone, so it cannot be undone (R29).
ALTER TABLE runs ADD COLUMN pruned INTEGER NOT NULL DEFAULT 0 CHECK (pruned IN (0, 1));

-- Whose earlier changes are gone.
CREATE TABLE pruned_members (
  member_id INTEGER PRIMARY KEY REFERENCES members (member_id)
) STRICT;

-- How far pruning has come, so that it need not look at everything again: of the
-- runs up to aged nothing is left that a run up to seen has made superfluous.
CREATE TABLE pruning (
  id   INTEGER PRIMARY KEY CHECK (id = 1),
  aged INTEGER NOT NULL,
  seen INTEGER NOT NULL
) STRICT;

INSERT INTO pruning (id, aged, seen) VALUES (1, 0, 0);

-- Counting members and finding them must not read the wide rows of all.
CREATE INDEX members_status ON members (account, status, role);
CREATE INDEX members_rejected ON members (account) WHERE rejected <> '';
